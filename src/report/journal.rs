//! Results as they come: a line of JSON for each case, so that a run that is killed has lost nothing.
//!
//! The first line is `{"journal": 1, "cases": N, "report": {…}}` with a report of no cases; each other line is `{"agent", "case", "measured",
//! "echoes", "unproved"}`. Of several lines for one case of an agent the last counts. A last line that is cut is left out.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde::{Deserialize, Serialize};

use super::{
    Case, MeasuredCase, Report, Rule, Stopped, Summary, Why, breach, build::named, json::ReadError,
};
use crate::session::Verdict;

/// The version of the journal that is written, and the newest that is read.
pub const JOURNAL: u64 = 1;

/// Why nothing came where an echo was awaited, when the client never sends any.
pub const NO_ECHO: &str = "the client has sent no message back in any case";

#[derive(Serialize, Deserialize)]
struct Head {
    journal: u64,
    cases: u64,
    report: Report,
}

#[derive(Deserialize)]
struct Line {
    agent: String,
    case: Case,
    measured: MeasuredCase,
    #[serde(default)]
    echoes: bool,
    #[serde(default)]
    unproved: bool,
}

#[derive(Serialize)]
struct Out<'a> {
    agent: &'a str,
    case: &'a Case,
    measured: &'a MeasuredCase,
    echoes: bool,
    unproved: bool,
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Begins a journal of a run of so many cases.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(path: &Path, none: Report, cases: u64) -> io::Result<Journal> {
        let file = Mutex::new(File::create(path)?);
        let journal = Journal {
            path: path.into(),
            file,
        };
        let (head, report) = (JOURNAL, none);
        journal.write(&Head {
            journal: head,
            cases,
            report,
        })?;
        Ok(journal)
    }

    /// Adds what came of a case. `echoes`: the client has sent a message in a case that needs an echo. `unproved`: nothing came in such a case,
    /// which says nothing unless the client echoes in another.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(
        &self,
        agent: &str,
        case: &Case,
        measured: &MeasuredCase,
        echoes: bool,
        unproved: bool,
    ) -> io::Result<()> {
        self.write(&Out {
            agent,
            case,
            measured,
            echoes,
            unproved,
        })
    }

    fn write(&self, line: &impl Serialize) -> io::Result<()> {
        let mut octets = serde_json::to_vec(line)?;
        octets.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(|e| e.into_inner());
        // One call for each line: what is killed between two has written whole ones.
        file.write_all(&octets)
    }

    /// Its results are somewhere else by now.
    pub fn remove(&self) {
        // It does no harm where it stays.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What a journal tells, as reports of a run that was interrupted.
pub(super) fn read(octets: &[u8]) -> Result<Vec<Report>, ReadError> {
    let mut lines = octets.split_inclusive(|&octet| octet == b'\n');
    let head: Head =
        serde_json::from_slice(lines.next().unwrap_or_default()).map_err(ReadError::Malformed)?;
    if head.journal > JOURNAL {
        return Err(ReadError::Newer(head.journal));
    }
    let mut order = Vec::new();
    let mut agents: HashMap<String, BTreeMap<u64, Line>> = HashMap::new();
    for line in lines.filter(|line| line.ends_with(b"\n")) {
        let line: Line = serde_json::from_slice(line).map_err(ReadError::Malformed)?;
        let results = agents.entry(line.agent.clone()).or_insert_with(|| {
            order.push(line.agent.clone());
            BTreeMap::new()
        });
        results.insert(line.case.position, line);
    }
    let reports = order.into_iter().filter_map(|name| {
        let results = agents.remove(&name)?;
        Some(report(&head, name, results))
    });
    Ok(reports.collect())
}

fn report(head: &Head, name: String, results: BTreeMap<u64, Line>) -> Report {
    let mut report = head.report.clone();
    let echoes = results.values().any(|line| line.echoes);
    let (cases, measured): (Vec<Case>, Vec<MeasuredCase>) = results
        .into_values()
        .map(|mut line| {
            if line.unproved && !echoes {
                (line.case.verdict, line.case.timed_out) = (Verdict::NotApplicable, false);
                line.case.reason = NO_ECHO.into();
                line.case.findings.clear();
            }
            (line.case, line.measured)
        })
        .unzip();
    report.target.agent = Some(name);
    report.target.echo = Some(echoes);
    report.summary = Summary::of(&cases);
    report.breaches = breach::group(&cases);
    report.rules = named(&cases).into_iter().filter_map(Rule::find).collect();
    report.stopped = Some(Stopped {
        why: Why::Interrupted,
        not_run: head.cases.saturating_sub(cases.len() as u64),
    });
    (report.cases, report.measured.cases) = (cases, measured);
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::bundle;

    #[test]
    fn a_journal_that_was_cut_keeps_what_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("j");
        let octets = include_bytes!("../../tests/golden/report/report.json");
        let report = Report::from_json(octets).expect("a report");
        let mut none = report.clone();
        none.keep(|_| false);
        let journal = Journal::begin(&path, none, 100).expect("written");
        let (case, measured) = (&report.cases[0], MeasuredCase::default());
        for agent in ["b", "a", "b"] {
            journal
                .add(agent, case, &measured, false, agent == "a")
                .expect("written");
        }
        let whole = std::fs::read(&path).expect("read");
        let reports = bundle::from_json(&whole).expect("a journal");
        let agents: Vec<_> = reports
            .iter()
            .filter_map(|r| r.target.agent.as_deref())
            .collect();
        assert_eq!(agents, ["b", "a"]);
        assert_eq!(reports[0].cases, std::slice::from_ref(case));
        assert_eq!(reports[1].cases[0].verdict, Verdict::NotApplicable);
        assert_eq!(reports[0].stopped.map(|s| s.not_run), Some(99));
        let again = reports[0].to_json();
        assert!(
            Report::from_json(again.as_bytes()).is_ok(),
            "counts fit the cases"
        );
        // Killed within the last line.
        let cut = &whole[..whole.len() - 7];
        assert_eq!(bundle::from_json(cut).expect("a journal").len(), 2);
        journal.remove();
        assert!(!path.exists());
    }
}
