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
//! ```
//!
//! A line stands for the cases that its first word names, as a word of a selection does (`catalogue::names`), and says that *each* of them has
//! this verdict, or one of these; `{a,b}` is a or b. With `because=`, a glob over the reason of the report, it stands only for those that say so. Where several
//! lines stand for a case, the last one counts; a case for which no line stands is expected to pass.
//! `role=` and `target=` (a glob over the URL, or over the name that `--target-name` gives, as in `target="ws 8.*"`) keep a line to such runs; `until=` is the last day on which it counts. A value with blanks stands in
//! quotes. The reason behind `#` is not optional.

use std::{
    collections::BTreeSet,
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{case::Role, catalogue, escape, session::Verdict};

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
    #[error("`{0}` is no verdict; expected {names}", names = VERDICTS.map(|(name, _)| name).join(", "))]
    Verdict(String),
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

/// The names of the verdicts, as reports have them.
const VERDICTS: [(&str, Verdict); 6] = [
    ("pass", Verdict::Pass),
    ("tolerated", Verdict::Tolerated),
    ("fail", Verdict::Fail),
    ("not-applicable", Verdict::NotApplicable),
    ("inconclusive", Verdict::Inconclusive),
    ("error", Verdict::Error),
];

/// The name of a verdict.
pub(super) fn name(verdict: Verdict) -> &'static str {
    let named = VERDICTS.iter().find(|(_, other)| *other == verdict);
    // Every verdict is in the table.
    named.map_or("", |(name, _)| name)
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

    /// Holds a run against the file: `results` are the id, the verdict and its reason, of each case that ran.
    pub fn compare<'a>(
        &self,
        run: &Run,
        results: impl IntoIterator<Item = (&'a str, Verdict, &'a str)>,
    ) -> Difference {
        let lines: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| line.applies(run) == Applies::Yes)
            .collect();
        let mut deciding = BTreeSet::new();
        let mut difference = Difference {
            file: self.file.clone(),
            ..Difference::default()
        };
        for (case, verdict, reason) in results {
            let line = lines.iter().rev().find(|line| line.is_about(case, reason));
            deciding.extend(line.map(|line| line.number));
            let expected = line.map_or(&[Verdict::Pass][..], |line| &line.verdicts);
            if !expected.contains(&verdict) {
                difference.deviations.push(Deviation {
                    case: case.to_owned(),
                    expected: expected.to_vec(),
                    line: line.map(|line| line.number),
                    verdict,
                    reason: reason.to_owned(),
                });
            }
        }
        let idle = lines.iter().filter(|line| !deciding.contains(&line.number));
        difference.idle = idle.map(|&line| line.clone()).collect();
        difference
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
        let verdicts = words.next().ok_or(Fault::Short)?;
        let verdicts = verdicts.split('|').map(|verdict| {
            let known = VERDICTS.iter().find(|(name, _)| *name == verdict);
            let fault = || Fault::Verdict(escape::line(verdict).into_owned());
            known.map(|(_, verdict)| *verdict).ok_or_else(fault)
        });
        let verdicts = verdicts.collect::<Result<_, _>>()?;
        let mut line = Line {
            number,
            text,
            globs: expand(&word)?,
            word,
            verdicts,
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

/// What differs between a run and its known deviations. Its text has one line for each thing; none where all is as foreseen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The file.
    pub file: String,
    /// The cases whose verdict is not as foreseen.
    pub deviations: Vec<Deviation>,
    /// The lines that were decisive for no case that ran. Where the whole catalogue ran they can go.
    pub idle: Vec<Line>,
}

/// A case whose verdict is not as foreseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Its id.
    pub case: String,
    /// The verdicts that were foreseen.
    pub expected: Vec<Verdict>,
    /// The line that foresees it; `None`: none does, so it was to pass.
    pub line: Option<usize>,
    /// The verdict that came.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

impl Difference {
    /// Whether all is as foreseen, and no line is idle.
    pub fn is_empty(&self) -> bool {
        self.deviations.is_empty() && self.idle.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = escape::line(&self.file);
        for deviation in &self.deviations {
            let (case, reason) = (
                escape::line(&deviation.case),
                escape::line(&deviation.reason),
            );
            let came = name(deviation.verdict);
            match deviation.line {
                None => writeln!(f, "not foreseen: {case} is {came}: {reason}")?,
                Some(line) => {
                    let expected: Vec<_> = deviation.expected.iter().map(|v| name(*v)).collect();
                    let expected = expected.join(" or ");
                    writeln!(
                        f,
                        "no longer holds: {file}:{line} says {expected}, but {case} is {came}: {reason}"
                    )?;
                }
            }
        }
        for line in &self.idle {
            let (number, word) = (line.number, escape::line(&line.word));
            writeln!(f, "decides nothing: {file}:{number}: {word}")?;
        }
        Ok(())
    }
}

/// A day of the calendar. Days compare as they follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    #[cfg(test)]
    pub(super) const fn new(year: u16, month: u8, day: u8) -> Date {
        Date { year, month, day }
    }

    /// The day of a moment, in UTC.
    pub fn of(moment: SystemTime) -> Date {
        let seconds = moment
            .duration_since(UNIX_EPOCH)
            .map_or(0, |past| past.as_secs());
        let mut days = seconds / 86_400;
        let mut year = 1970;
        while days >= 365 + u64::from(is_leap(year)) && year < u16::MAX {
            days -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        let mut month = 1;
        while days >= u64::from(days_of(year, month)) && month < 12 {
            days -= u64::from(days_of(year, month));
            month += 1;
        }
        // Fewer than 31 are left, but for a moment behind the year 65535.
        let day = u8::try_from(days + 1).unwrap_or(31);
        Date { year, month, day }
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u16, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Date, Fault> {
        let part = |range: std::ops::Range<usize>| {
            let digits = text.get(range)?;
            digits.bytes().all(|c| c.is_ascii_digit()).then_some(())?;
            digits.parse::<u16>().ok()
        };
        let octets = text.as_bytes();
        let date = (octets.len() == 10 && octets[4] == b'-' && octets[7] == b'-')
            .then(|| Some((part(0..4)?, part(5..7)?, part(8..10)?)))
            .flatten();
        match date {
            Some((year, month @ 1..=12, day @ 1..=31))
                if day <= days_of(year, month as u8).into() =>
            {
                let (month, day) = (month as u8, day as u8);
                Ok(Date { year, month, day })
            }
            _ => Err(Fault::Day(escape::line(text).into_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RUN: Run = Run {
        role: Role::Server,
        target: "ws://127.0.0.1:9001/echo",
        name: "ws 8.23.0",
        today: Date {
            year: 2026,
            month: 11,
            day: 22,
        },
    };

    fn known(text: &str) -> Known {
        Known::parse("known.txt", text.as_bytes()).unwrap()
    }

    fn difference(text: &str, results: &[(&str, Verdict)]) -> String {
        let results = results
            .iter()
            .map(|(case, verdict)| (*case, *verdict, "why"));
        known(text).compare(&RUN, results).to_string()
    }

    use Verdict::{Fail, Pass, Tolerated};

    #[test]
    fn what_is_foreseen_is_no_difference() {
        let text = "# a comment\n\na/b/c[{x,y}] fail # one\r\na/d tolerated # two";
        let results = [
            ("a/b/c[x]", Fail),
            ("a/b/c[y]", Fail),
            ("a/b/c[z]", Pass),
            ("a/d/e", Tolerated),
            ("a/d/f[1]", Tolerated),
        ];
        assert_eq!(difference(text, &results), "");
        assert!(
            known(text)
                .compare(&RUN, [("a/b/c[x]", Fail, ""), ("a/d/e", Tolerated, "")])
                .is_empty()
        );
    }

    #[test]
    fn each_thing_that_differs_is_a_line() {
        let text = "a/b fail # one\na/c tolerated # two\nno/such fail # three";
        let results = [
            ("a/b/1", Fail),
            ("a/b/2", Pass),
            ("a/c/1", Fail),
            ("d", Tolerated),
        ];
        assert_eq!(
            difference(text, &results),
            "no longer holds: known.txt:1 says fail, but a/b/2 is pass: why\n\
             no longer holds: known.txt:2 says tolerated, but a/c/1 is fail: why\n\
             not foreseen: d is tolerated: why\n\
             decides nothing: known.txt:3: no/such\n"
        );
    }

    #[test]
    fn the_last_line_that_names_a_case_counts() {
        let text = "a fail # all\na/b pass # but this\na/b/c tolerated # and this";
        let results = [("a/x", Fail), ("a/b/x", Pass), ("a/b/c", Tolerated)];
        assert_eq!(difference(text, &results), "");
        assert_eq!(
            difference(text, &[("a/b/c", Tolerated)]),
            "decides nothing: known.txt:1: a\ndecides nothing: known.txt:2: a/b\n"
        );
    }

    #[test]
    fn a_verdict_may_depend_on_more_than_the_case() {
        let text = "a fail|tolerated # why";
        assert_eq!(difference(text, &[("a", Fail)]), "");
        assert_eq!(difference(text, &[("a", Tolerated)]), "");
        assert_eq!(
            difference(text, &[("a", Pass)]),
            "no longer holds: known.txt:1 says fail or tolerated, but a is pass: why\n"
        );
        let error = Known::parse("f", b"a fail| # why").unwrap_err();
        assert!(error.to_string().contains("`` is no verdict"), "{error}");
    }

    #[test]
    fn fields_keep_a_line_to_some_runs() {
        for (field, counts) in [
            ("role=server", true),
            ("role=client", false),
            ("target=ws://*/echo", true),
            ("target=wss://*", false),
            ("until=2026-11-22", true),
            ("until=2026-11-21", false),
            ("until=2027-01-01", true),
            ("role=server target=* until=9999-12-31", true),
            ("role=server target=wss:* until=9999-12-31", false),
        ] {
            let text = format!("a fail {field} # why");
            assert_eq!(
                difference(&text, &[("a", Fail)]).is_empty(),
                counts,
                "{field}"
            );
            // A line that is not about this run is not idle in it.
            assert_eq!(
                difference(&text, &[("a", Pass)]).is_empty(),
                !counts,
                "{field}"
            );
        }
    }

    #[test]
    fn a_line_may_stand_for_what_has_one_reason() {
        let text = "* tolerated because=\"no # Close*\" # one\na/b fail because=other # two";
        let known = known(text);
        let compare = |results: &[(&str, Verdict, &str)]| {
            known.compare(&RUN, results.iter().copied()).to_string()
        };
        assert_eq!(
            compare(&[
                ("a/b", Fail, "other"),
                ("c", Tolerated, "no # Close frame"),
                ("d", Pass, "")
            ]),
            ""
        );
        assert_eq!(
            compare(&[("a/b", Fail, "no # Close"), ("c", Tolerated, "no Close")]),
            "no longer holds: known.txt:1 says tolerated, but a/b is fail: no # Close\n\
             not foreseen: c is tolerated: no Close\n\
             decides nothing: known.txt:2: a/b\n"
        );
    }

    #[test]
    fn errors_name_file_and_line() {
        for (line, expected) in [
            ("a fail", "there is no reason"),
            ("a fail #  ", "there is no reason"),
            ("a # why", "expected a case, then its verdict"),
            (
                "a failed # why",
                "`failed` is no verdict; expected pass, tolerated, fail, not-applicable, inconclusive, error",
            ),
            ("a fail sometimes # why", "`sometimes` is no field"),
            ("a fail x=1 # why", "`x=1` is no field"),
            ("a fail target= # why", "`target=` is no field"),
            ("a fail because= # why", "`because=` is no field"),
            (
                "a fail because=a because=b # why",
                "`because=b` is no field",
            ),
            ("a fail because=\"no # why", "a quote is left open"),
            (
                "a fail role=server role=server # why",
                "`role=server` is no field",
            ),
            ("a fail role=both # why", "`both` is no role"),
            ("a fail until=2026-02-29 # why", "`2026-02-29` is no day"),
            ("a fail until=26-2-1 # why", "`26-2-1` is no day"),
            ("a fail until=2026-+2-01 # why", "is no day"),
            ("a{b fail # why", "the braces of `a{b` do not fit"),
            ("a}b fail # why", "the braces of `a}b` do not fit"),
            ("a{b{c,d} fail # why", "do not fit"),
            (
                "{,,,,,,,,,,,}{,,,,,,,,,,,}{,,,,,,,,,,,} fail # why",
                "more than 1000 globs",
            ),
            ("a\x1b fail x # why", "`x` is no field"),
        ] {
            let text = format!("# first\n{line}\n");
            let error = Known::parse("known.txt", text.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(error.starts_with("known.txt:2: "), "{error}");
            assert!(error.contains(expected), "{error}");
        }
        let error = Known::parse("known.txt", b"a fail # \xff").unwrap_err();
        assert_eq!(error.to_string(), "known.txt:1: the line is not UTF-8");
        let error = Known::read(Path::new("no/such/file")).unwrap_err();
        assert!(
            error.to_string().starts_with("cannot read no/such/file: "),
            "{error}"
        );
    }

    #[test]
    fn braces_make_all_combinations() {
        assert_eq!(expand(&"{a}".repeat(17)), Err(Fault::Many));
        assert_eq!(expand(&"a".repeat(5000)), Err(Fault::Many));
        let words = expand("x/{a,b}[{1,2}*]").unwrap();
        assert_eq!(words, ["x/a[1*]", "x/a[2*]", "x/b[1*]", "x/b[2*]"]);
        assert_eq!(expand("x{,y}").unwrap(), ["x", "xy"]);
        assert_eq!(expand("x").unwrap(), ["x"]);
        assert_eq!(expand("{x,y[{1,2}]}").unwrap(), ["x", "y[1]", "x", "y[2]"]);
    }

    #[test]
    fn days_follow_the_calendar() {
        let day = |days: u64| Date::of(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 86_399));
        for (days, text) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (364, "1970-12-31"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day(days), text.parse().unwrap(), "{text}");
        }
        assert!("2026-09-30".parse::<Date>().unwrap() < "2026-10-01".parse().unwrap());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}", octets: Vec<u8>) {
            let _ = Known::parse("f", text.as_bytes());
            let _ = Known::parse("f", &octets);
            let _ = expand(&text);
        }
    }
}
