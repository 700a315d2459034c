//! A report from a run.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    Canary, Case, Catalogue, Crash, FORMAT, Finding, Generator, Line, Lost, Measured, MeasuredCase,
    Report, Rule, Stopped, Summary, Target, breach, exact::Settler,
};
use crate::{
    case::{self, Level, Role, print},
    gate::Terms,
    session::{self, Judgement, Transcript, Verdict},
};

/// The most characters of one text of a report.
pub const MAX_TEXT: usize = 4000;
/// The most lines of one transcript.
pub const MAX_LINES: usize = 400;
/// The most octets of one line or finding.
pub const MAX_OCTETS: usize = 64;
/// The most findings of one case.
pub const MAX_FINDINGS: usize = 50;
/// The most octets of text that the transcripts of a report hold together; lines beyond are left out and counted.
pub const MAX_TRANSCRIPTS: usize = 32 << 20;

/// What is known when a run begins.
#[derive(Clone, Debug)]
pub struct Start {
    /// The role of the target.
    pub role: Role,
    /// What it is called.
    pub name: Option<String>,
    /// The URL as typed.
    pub url: Option<String>,
    /// Further header lines; only their names are kept, and their values are taken out of transcripts and commands.
    pub headers: Vec<(String, String)>,
    /// The value of `Origin`.
    pub origin: Option<String>,
    /// Subprotocols on offer.
    pub subprotocols: Vec<String>,
    /// How octets are handed to the transport.
    pub delivery: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The cases that the run was drawn from.
    pub catalogue: Catalogue,
    /// The words of the command that plays a case again; the id comes behind them.
    pub command: Vec<String>,
    /// When.
    pub started: SystemTime,
    /// What it is judged by.
    pub terms: Arc<Terms>,
    /// A port that was chosen for this run alone: `{port}` stands for it in the report.
    pub port: Option<u16>,
}

/// A case that ran.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// Its place in the catalogue: results may come in any order.
    pub position: usize,
    /// The case.
    pub case: Arc<case::Case>,
    /// Its level, as its rules and its own word make it.
    pub level: Level,
    /// The verdict.
    pub judgement: Judgement,
    /// What was said.
    pub transcript: Transcript,
    /// How long it took.
    pub duration: Duration,
    /// How long the target was given for one step.
    pub patience: Duration,
    /// Another verdict came when it ran beside others.
    pub unstable: bool,
    /// It has ended the target.
    pub crashed: bool,
    /// The verdict with each way of handing octets to the transport, where they differ.
    pub delivery: BTreeMap<String, Verdict>,
}

/// What is known when a run is over.
#[derive(Clone, Debug, Default)]
pub struct End {
    /// How long it took.
    pub duration: Duration,
    /// The address that was dialled or listened on.
    pub address: Option<String>,
    /// The round trip.
    pub rtt: Option<Duration>,
    /// What the canary said.
    pub canary: Option<Canary>,
    /// The cases that lost the target.
    pub lost: Vec<Lost>,
    /// When the target crashed, with its last lines.
    pub crashes: Vec<(Crash, Vec<String>)>,
    /// Why the run ended before its end.
    pub stopped: Option<Stopped>,
    /// Whether the target sends each message back.
    pub echo: Option<bool>,
}

/// Takes results as they come.
#[derive(Debug)]
pub struct Builder {
    start: Start,
    settler: Settler,
    cases: BTreeMap<usize, (Case, MeasuredCase)>,
    transcripts: usize,
}

impl Builder {
    /// Nothing has run yet.
    pub fn new(mut start: Start) -> Builder {
        for word in &mut start.command {
            for (name, value) in &start.headers {
                if let Some(hidden) = without_value(word, name, value) {
                    *word = hidden;
                }
            }
        }
        let settler = Settler::new(start.role, start.headers.iter().map(|(n, _)| n.as_str()));
        Builder {
            start,
            settler,
            cases: BTreeMap::new(),
            transcripts: 0,
        }
    }

    /// Takes a result and hands back what the report says of it. A second result at the same position replaces the first.
    pub fn add(&mut self, result: CaseResult) -> (&Case, &MeasuredCase) {
        let position = result.position;
        let entry = self.entry(result);
        self.cases.insert(position, entry);
        let (case, measured) = &self.cases[&position];
        (case, measured)
    }

    fn entry(&mut self, result: CaseResult) -> (Case, MeasuredCase) {
        let CaseResult {
            position,
            case,
            level,
            judgement,
            transcript,
            duration,
            patience,
            unstable,
            crashed,
            delivery,
        } = result;
        let mut measured = MeasuredCase {
            id: case.id.clone(),
            duration_us: micros(duration),
            patience_us: judgement.timed_out.then(|| micros(patience)),
            ..MeasuredCase::default()
        };
        let mut findings = Vec::new();
        for (at, finding) in judgement
            .findings
            .into_iter()
            .take(MAX_FINDINGS)
            .enumerate()
        {
            let mut finding = finding;
            finding.what = self.portless(finding.what);
            for text in [
                &mut finding.sent,
                &mut finding.expected,
                &mut finding.received,
            ] {
                *text = text.take().map(|text| self.portless(text));
            }
            let (finding, exact) = self.settler.finding(at, finding.into());
            findings.push(finding);
            measured.exact.extend(exact);
        }
        let mut lines = Vec::new();
        let said = transcript.entries.len() + transcript.left_out;
        for (at, mut entry) in transcript.entries.into_iter().take(MAX_LINES).enumerate() {
            entry.text = bounded(&self.portless(entry.text));
            let hex = hex(&entry.octets);
            self.transcripts += entry.text.len() + hex.len();
            if self.transcripts > MAX_TRANSCRIPTS {
                break;
            }
            let (line, exact): (Line, _) = self.settler.line(at, &entry, hex);
            measured.at_us.push(micros(entry.at));
            measured.exact.extend(exact);
            lines.push(line);
        }
        let replay = command(&self.start.command, &case.id);
        let reason = bounded(&self.portless(judgement.reason));
        let case = Case {
            id: case.id.clone(),
            position: position as u64,
            verdict: judgement.verdict,
            level,
            checks: case.checks.clone(),
            title: bounded(&case.title),
            known: self
                .start
                .terms
                .foresee(&case.id, judgement.verdict, crashed, &reason),
            reason,
            findings,
            unstable,
            delivery,
            timed_out: judgement.timed_out,
            dropped: judgement.dropped,
            crashed,
            steps: bounded(&print::steps(&case.steps, 0)),
            left_out: (said - lines.len()) as u64,
            transcript: lines,
            replay,
            autobahn: case.autobahn.clone(),
            class: case.class.clone(),
        };
        (case, measured)
    }

    /// A text in which the port that was chosen for this run is not told.
    fn portless(&self, text: String) -> String {
        let Some(port) = self.start.port else {
            return text;
        };
        let port = format!(":{port}");
        match text.contains(&port) {
            true => text.replace(&port, ":{port}"),
            false => text,
        }
    }

    /// The report.
    pub fn finish(self, mut end: End) -> Report {
        for lost in &mut end.lost {
            lost.reason = self.portless(std::mem::take(&mut lost.reason));
        }
        for (crash, _) in &mut end.crashes {
            crash.reason = self.portless(std::mem::take(&mut crash.reason));
        }
        let Start {
            role,
            name,
            url,
            headers,
            origin,
            subprotocols,
            delivery,
            seed,
            ..
        } = self.start;
        let (cases, measured): (Vec<Case>, Vec<MeasuredCase>) = self.cases.into_values().unzip();
        let (crashes, last_lines): (Vec<Crash>, Vec<_>) = end.crashes.into_iter().unzip();
        let rules = named(&cases).into_iter().filter_map(Rule::find).collect();
        Report {
            format: FORMAT,
            generator: Generator::default(),
            target: Target {
                role,
                name,
                url,
                headers: headers.into_iter().map(|(name, _)| name).collect(),
                origin,
                subprotocols,
                delivery,
                echo: end.echo,
                seed,
                agent: None,
            },
            catalogue: self.start.catalogue,
            gate: self.start.terms.record(&cases),
            summary: Summary::of(&cases),
            stopped: end.stopped,
            canary: end.canary,
            lost: end.lost,
            crashes,
            breaches: breach::group(&cases),
            cases,
            rules,
            measured: Measured {
                started: Some(timestamp(self.start.started)),
                duration_us: micros(end.duration),
                address: end.address,
                rtt_us: end.rtt.map(micros),
                machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
                last_lines,
                cases: measured,
            },
        }
    }
}

impl From<session::Finding> for Finding {
    fn from(f: session::Finding) -> Finding {
        let text = |text: Option<String>| text.map(|text| bounded(&text));
        Finding {
            rule: f.rule,
            level: f.level,
            what: bounded(&f.what),
            sent: text(f.sent),
            expected: text(f.expected),
            received: text(f.received),
            octets: text(f.octets),
            observed: f.observed,
        }
    }
}

/// The rules that the cases are about and that findings name, in order of their first mention.
pub(super) fn named(cases: &[Case]) -> Vec<&str> {
    let mut seen = HashSet::new();
    let named = cases.iter().flat_map(|case| {
        let found = case.findings.iter().map(|finding| &finding.rule);
        case.checks.iter().chain(found).map(String::as_str)
    });
    named.filter(|id| seen.insert(*id)).collect()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The first octets in hex, separated by blanks.
fn hex(octets: &[u8]) -> String {
    let shown = octets.iter().take(MAX_OCTETS);
    shown
        .map(|octet| format!("{octet:02x}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text of at most [`MAX_TEXT`] characters, and how many were left out behind them.
fn bounded(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        None => text.to_owned(),
        Some((at, _)) => {
            format!(
                "{} ... ({} more characters)",
                &text[..at],
                text[at..].chars().count()
            )
        }
    }
}

/// `NAME: ...` for `NAME: VALUE`, also behind `--header=`; `None`: the word is no such header line.
fn without_value(word: &str, name: &str, value: &str) -> Option<String> {
    let (lead, line) = match word.split_once('=') {
        Some((lead, line)) if lead.starts_with("--") => (format!("{lead}="), line),
        _ => (String::new(), word),
    };
    let (typed, rest) = line.split_once(':')?;
    let same = typed.eq_ignore_ascii_case(name) && rest.trim() == value.trim();
    same.then(|| format!("{lead}{typed}: ..."))
}

/// A command line that a POSIX shell takes: words that need it are quoted (`[` of a row's id is a pattern there).
fn command(words: &[String], id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let quoted = |word: &str| match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    let words = words.iter().map(String::as_str).chain([id]);
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// RFC 3339 in UTC, to the second.
fn timestamp(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, so that a leap day is the last day of one. 719468 days lie between 0000-03-01 and 1970-01-01.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests;
