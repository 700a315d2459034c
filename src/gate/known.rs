//! Known deviations: a plain-text file that says which cases a target does not pass, and why each of them is right to say so.
//!
//! ```text
//! # ws 8.23.0 as an echo server
//! handshake/host                  fail                       # RFC 9112, section 3.2: it does not look at Host
//! handshake/host/invalid[{a,b}]   pass                       # these two it refuses all the same
//! handshake                       fail because="sent a 426*" # RFC 9110, section 15.5.22: it has no Upgrade
//! framing/forms/{data,ping}       tolerated role=server      # RFC 6455, section 5.2: the shortest form binds the sender
//! control/ping/flood[1000]        fail until=2027-01-31      # mended in their next release
//! limits/slow                     pass|tolerated             # RFC 6455, section 10.4: a limit on how many reads it takes
//! fragmentation/many[1000]        crash                      # a stack that overflows; mended in their next release
//! ```
//!
//! A line stands for the cases that its first word names, as a word of a selection does (`catalogue::names`), and says that *each* of them has
//! this verdict, or one of these; `{a,b}` is a or b. With `because=`, a glob over the reason of the report, it stands only for those that say so. Where several
//! lines stand for a case, the last one counts; a case for which no line stands is expected to pass.
//! `crash` says that the case ends the target, whatever the verdict is then: no other word foresees that. An `error` cannot be known: it says nothing about
//! the target, and a case that was not played must not look like one that went well.
//! `role=` and `target=` (a glob over the URL, or over the name that `--target-name` gives, as in `target="ws 8.*"`) keep a line to such runs; `until=` is the last day on which it counts. A value with blanks stands in
//! quotes. The reason behind `#` is not optional.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::{case::Role, catalogue, escape, session::Verdict};

mod date;
mod difference;
#[cfg(test)]
mod tests;

pub use date::Date;
pub use difference::{Deviation, Difference};

/// The most octets of a file.
pub const MAX_FILE: u64 = 1 << 20;
/// The most globs that the braces of one line may make.
pub const MAX_GLOBS: usize = 1000;
/// The most octets of the first word of a line, and the most braces in it.
pub const MAX_WORD: (usize, usize) = (4096, 16);

/// A file of known deviations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The file, as it was named.
    pub file: String,
    /// What it says, in its order.
    pub lines: Vec<Line>,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// All before the reason, as it was written.
    pub text: String,
    /// The first word.
    pub word: String,
    /// What its braces make of it.
    globs: Vec<String>,
    /// The verdict that each of the cases has: one of these, where it depends on more than the case.
    pub verdicts: Vec<Verdict>,
    /// Or each of them ends the target.
    pub crash: bool,
    /// Only for cases whose reason in the report is like this glob.
    pub because: Option<String>,
    /// Only for targets of this role.
    pub role: Option<Role>,
    /// Only for targets whose name or URL is like this glob.
    pub target: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Why it is right to say so.
    pub reason: String,
}

/// Why a file of known deviations cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read {file}: {error}; give a file of known deviations")]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// A line of it makes no sense.
    #[error("{file}:{line}: {fault}")]
    Line {
        /// The file.
        file: String,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing behind `#`.
    #[error(
        "there is no reason; end the line with `# ` and why the verdict is right, with its rule"
    )]
    NoReason,
    /// One word, or none.
    #[error("expected a case, then its verdict, then `# ` and the reason")]
    Short,
    /// The second word.
    #[error("`{0}` is no verdict; expected {names} or {CRASH}", names = FORESEEABLE.map(|(name, _)| name).join(", "))]
    Verdict(String),
    /// The second word, too.
    #[error(
        "an error is no verdict on the target, and cannot be known; `{CRASH}` says that the case ends the target, and --exclude leaves a case out that cannot be played"
    )]
    Error,
    /// A further word.
    #[error(
        "`{0}` is no field; expected role=server, role=client, target=URL or until=YYYY-MM-DD, each at most once"
    )]
    Field(String),
    /// `"` without another one.
    #[error(
        "a quote is left open; a value with blanks stands in quotes, as in because=\"no answer*\""
    )]
    Quote,
    /// `role=`
    #[error("`{0}` is no role; expected role=server or role=client")]
    Role(String),
    /// `until=`
    #[error("`{0}` is no day; expected until=YYYY-MM-DD")]
    Day(String),
    /// `{` and `}` that do not fit.
    #[error("the braces of `{0}` do not fit; `{{a,b}}` is a or b")]
    Braces(String),
    /// More than [`MAX_GLOBS`] or [`MAX_WORD`].
    #[error(
        "the first word stands for more than {MAX_GLOBS} globs, or has more than {} octets or {} braces; write a `*`, or several lines",
        MAX_WORD.0,
        MAX_WORD.1
    )]
    Many,
    /// Not text.
    #[error("the line is not UTF-8")]
    Utf8,
}

/// What a line can say of a case, by the names that reports have.
const FORESEEABLE: [(&str, Verdict); 5] = [
    ("pass", Verdict::Pass),
    ("tolerated", Verdict::Tolerated),
    ("fail", Verdict::Fail),
    ("not-applicable", Verdict::NotApplicable),
    ("inconclusive", Verdict::Inconclusive),
];
/// What else: the case ends the target.
const CRASH: &str = "crash";

/// The name of a verdict; of none, where the case has ended the target.
pub(super) fn name(verdict: Verdict, crashed: bool) -> &'static str {
    let named = FORESEEABLE.iter().find(|(_, other)| *other == verdict);
    match crashed {
        true => CRASH,
        false => named.map_or("error", |(name, _)| name),
    }
}

impl Known {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// It cannot be read, or a line makes no sense: the first such line.
    pub fn read(path: &Path) -> Result<Known, Error> {
        let file = path.display().to_string();
        let mut octets = Vec::new();
        let read = File::open(path).and_then(|f| f.take(MAX_FILE + 1).read_to_end(&mut octets));
        let read = read.and_then(|length| match length as u64 > MAX_FILE {
            true => Err(io::Error::other(format!(
                "it has more than {MAX_FILE} octets"
            ))),
            false => Ok(()),
        });
        match read {
            Ok(()) => Known::parse(&file, &octets),
            Err(error) => Err(Error::Read { file, error }),
        }
    }

    /// Reads the text of a file; `file` is for errors.
    ///
    /// # Errors
    /// The first line that makes no sense.
    pub fn parse(file: &str, text: &[u8]) -> Result<Known, Error> {
        let mut lines = Vec::new();
        for (number, octets) in (1..).zip(text.split(|octet| *octet == b'\n')) {
            let line = str::from_utf8(octets).map_err(|_| Fault::Utf8);
            match line.and_then(|line| Line::parse(number, line)) {
                Ok(line) => lines.extend(line),
                Err(fault) => {
                    let (file, line) = (file.to_owned(), number);
                    return Err(Error::Line { file, line, fault });
                }
            }
        }
        let file = file.to_owned();
        Ok(Known { file, lines })
    }
}

impl Line {
    /// `None`: it says nothing.
    fn parse(number: usize, line: &str) -> Result<Option<Line>, Fault> {
        let (text, words, reason) = words(line)?;
        let text = text.trim().to_owned();
        let mut words = words.into_iter();
        let Some(word) = words.next() else {
            return Ok(None);
        };
        let (mut verdicts, mut crash) = (Vec::new(), false);
        for verdict in words.next().ok_or(Fault::Short)?.split('|') {
            match FORESEEABLE.iter().find(|(name, _)| *name == verdict) {
                Some((_, verdict)) => verdicts.push(*verdict),
                None if verdict == CRASH => crash = true,
                None if verdict == "error" => return Err(Fault::Error),
                None => return Err(Fault::Verdict(escape::line(verdict).into_owned())),
            }
        }
        let mut line = Line {
            number,
            text,
            globs: expand(&word)?,
            word,
            verdicts,
            crash,
            because: None,
            role: None,
            target: None,
            until: None,
            reason: String::new(),
        };
        for field in words {
            let no_field = || Fault::Field(escape::line(&field).into_owned());
            let (key, value) = field.split_once('=').ok_or_else(no_field)?;
            let twice = match key {
                "because" if !value.is_empty() => line.because.replace(value.into()).is_some(),
                "role" => line.role.replace(role_of(value)?).is_some(),
                "target" if !value.is_empty() => line.target.replace(value.into()).is_some(),
                "until" => line.until.replace(value.parse()?).is_some(),
                _ => true,
            };
            if twice {
                return Err(no_field());
            }
        }
        line.reason = reason
            .filter(|reason| !reason.is_empty())
            .ok_or(Fault::NoReason)?;
        Ok(Some(line))
    }

    /// Whether it foresees this: `crashed`, the case has ended the target. Only `crash` foresees that, and whatever the verdict is then.
    pub fn foresees(&self, verdict: Verdict, crashed: bool) -> bool {
        match crashed {
            true => self.crash,
            false => self.verdicts.contains(&verdict),
        }
    }

    /// What it foresees, as it is written.
    pub fn says(&self, or: &str) -> String {
        let verdicts = self.verdicts.iter().map(|verdict| name(*verdict, false));
        let all: Vec<_> = verdicts.chain(self.crash.then_some(CRASH)).collect();
        all.join(or)
    }

    /// Whether it is about such a run, on such a day.
    pub fn applies(&self, run: &Run) -> Applies {
        let is_like = |glob: &str| {
            let names = [run.name, run.target];
            names.iter().any(|name| catalogue::is_like(glob, name))
        };
        if self.role.is_some_and(|role| role != run.role)
            || self.target.as_deref().is_some_and(|glob| !is_like(glob))
        {
            Applies::Elsewhere
        } else if self.until.is_some_and(|until| run.today > until) {
            Applies::Expired
        } else {
            Applies::Yes
        }
    }

    /// Whether it names this case.
    pub fn names(&self, case: &str) -> bool {
        self.globs.iter().any(|glob| catalogue::names(glob, case))
    }

    /// Whether it stands for this case, whose reason is this one.
    pub fn is_about(&self, case: &str, reason: &str) -> bool {
        let is_so = |glob: &str| catalogue::is_like(glob, reason);
        self.because.as_deref().is_none_or(is_so) && self.names(case)
    }
}

/// What stands before `#`, its words without quotes, and what stands behind it.
fn words(line: &str) -> Result<(&str, Vec<String>, Option<String>), Fault> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => {
                words.extend((!word.is_empty()).then_some(word));
                return Ok((&line[..at], words, Some(line[at + 1..].trim().to_owned())));
            }
            c if c.is_whitespace() && !quoted => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            c => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    match quoted {
        true => Err(Fault::Quote),
        false => Ok((line, words, None)),
    }
}

fn role_of(value: &str) -> Result<Role, Fault> {
    match value {
        "server" => Ok(Role::Server),
        "client" => Ok(Role::Client),
        other => Err(Fault::Role(escape::line(other).into_owned())),
    }
}

/// All words that the braces of one make, the innermost first.
fn expand(word: &str) -> Result<Vec<String>, Fault> {
    let misfit = || Fault::Braces(escape::line(word).into_owned());
    if word.len() > MAX_WORD.0 || word.matches('{').count() > MAX_WORD.1 {
        return Err(Fault::Many);
    }
    let mut globs = vec![word.to_owned()];
    while globs.iter().any(|glob| glob.contains(['{', '}'])) {
        let mut next = Vec::new();
        for glob in globs {
            let Some(close) = glob.find('}') else {
                if glob.contains('{') {
                    return Err(misfit());
                }
                next.push(glob);
                continue;
            };
            let open = glob[..close].rfind('{').ok_or_else(misfit)?;
            let (head, choices, rest) = (&glob[..open], &glob[open + 1..close], &glob[close + 1..]);
            next.extend(
                choices
                    .split(',')
                    .map(|choice| format!("{head}{choice}{rest}")),
            );
            if next.len() > MAX_GLOBS {
                return Err(Fault::Many);
            }
        }
        globs = next;
    }
    Ok(globs)
}

/// Whether a line is about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// It is.
    Yes,
    /// It was, until its last day.
    Expired,
    /// It is about another role or target.
    Elsewhere,
}

/// What a comparison needs to know of a run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The role of the target.
    pub role: Role,
    /// Its URL; empty where there is none.
    pub target: &'a str,
    /// What it is called, with its version for instance (`--target-name`); empty where nobody said.
    pub name: &'a str,
    /// The day.
    pub today: Date,
}
