//! The reports of several agents in one file: `{"bundle": 1, "reports": […]}`, each of them a whole report.

use std::{borrow::Cow, collections::HashSet, fs::File, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    Report, Rule, Stopped, Summary, breach,
    build::named,
    journal,
    json::{MAX_FILE, ReadError, limited, written},
};

/// The version of the bundle that is written, and the newest that is read.
pub const BUNDLE: u64 = 1;

#[derive(Serialize)]
struct Out<'a> {
    bundle: u64,
    reports: &'a [Report],
}

#[derive(Deserialize)]
struct Head {
    bundle: Option<u64>,
    journal: Option<u64>,
}

#[derive(Deserialize)]
struct In<'a> {
    #[serde(borrow)]
    reports: Vec<&'a serde_json::value::RawValue>,
}

/// The reports as they are written to a file: one alone as it is, several as a bundle.
pub fn to_json(reports: &[Report]) -> String {
    match reports {
        [one] => one.to_json(),
        reports => written(&Out {
            bundle: BUNDLE,
            reports,
        }),
    }
}

/// Reads a report, a bundle, or a journal.
///
/// # Errors
/// It is none of them, or one of a newer format, or one that contradicts itself.
pub fn from_json(octets: &[u8]) -> Result<Vec<Report>, ReadError> {
    let first = octets.split(|&octet| octet == b'\n').next();
    let is_journal = first
        .and_then(|line| serde_json::from_slice::<Head>(line).ok())
        .is_some_and(|head| head.journal.is_some());
    if is_journal {
        return journal::read(octets);
    }
    match serde_json::from_slice::<Head>(octets) {
        Ok(Head {
            bundle: Some(bundle),
            ..
        }) if bundle > BUNDLE => Err(ReadError::Newer(bundle)),
        Ok(Head {
            bundle: Some(_), ..
        }) => {
            let bundle: In = serde_json::from_slice(octets).map_err(ReadError::Malformed)?;
            let reports = bundle.reports.iter();
            reports
                .map(|report| Report::from_json(report.get().as_bytes()))
                .collect()
        }
        _ => Report::from_json(octets).map(|report| vec![report]),
    }
}

/// Reads the file at `path`.
///
/// # Errors
/// As [`from_json`], and where it cannot be read or is too long.
pub fn read(path: &Path) -> Result<Vec<Report>, ReadError> {
    from_json(&limited(File::open(path)?, MAX_FILE)?)
}

/// One report that shows them all: the id of each case begins with the name of its agent. For views; it is not stored.
pub fn join(reports: &[Report]) -> Cow<'_, Report> {
    let (first, rest) = match reports {
        [one] => return Cow::Borrowed(one),
        [first, rest @ ..] => (first, rest),
        [] => return Cow::Owned(Report::none()),
    };
    let mut all = first.clone();
    (all.cases, all.measured.cases) = (Vec::new(), Vec::new());
    (all.lost, all.stopped) = (Vec::new(), None);
    let mut names = HashSet::new();
    for report in reports {
        let name = apart(report, &mut names);
        for (at, case) in report.cases.iter().enumerate() {
            let id = format!("{name}/{}", case.id);
            let mut measured = report.measured_of(at).cloned().unwrap_or_default();
            measured.id.clone_from(&id);
            all.measured.cases.push(measured);
            let mut case = case.clone();
            (case.id, case.position) = (id, all.cases.len() as u64);
            all.cases.push(case);
        }
        all.lost.extend(report.lost.iter().cloned());
        if let Some(stopped) = report.stopped {
            let before = all.stopped.map_or(0, |stopped: Stopped| stopped.not_run);
            all.stopped = Some(Stopped {
                not_run: before + stopped.not_run,
                ..stopped
            });
        }
    }
    for (at, line) in all.gate.known.iter_mut().enumerate() {
        // A line may be about one of the clients only.
        let same = reports
            .iter()
            .filter_map(|report| report.gate.known.get(at));
        if let Some(most) = same.max_by_key(|line| line.ran) {
            *line = most.clone();
        }
    }
    all.catalogue.cases = reports.iter().map(|report| report.catalogue.cases).sum();
    if rest
        .iter()
        .any(|other| other.target.echo != all.target.echo)
    {
        all.target.echo = None;
    }
    all.target.agent = Some(format!("{} clients", reports.len()));
    all.summary = Summary::of(&all.cases);
    all.breaches = breach::group(&all.cases);
    all.rules = named(&all.cases)
        .into_iter()
        .filter_map(Rule::find)
        .collect();
    Cow::Owned(all)
}

/// The name of its agent as the first segment of ids; no two are the same.
fn apart(report: &Report, names: &mut HashSet<String>) -> String {
    let name = report.target.agent.as_deref().unwrap_or("client");
    let name = name.replace('/', "_");
    let mut number = 1;
    let mut wanted = name.clone();
    while !names.insert(wanted.clone()) {
        number += 1;
        wanted = format!("{name} ({number})");
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports() -> Vec<Report> {
        let octets = include_bytes!("../../tests/golden/report/report.json");
        let report = Report::from_json(octets).expect("a report");
        let named = |name: &str| {
            let mut report = report.clone();
            report.target.agent = Some(name.to_owned());
            report
        };
        vec![named("a/b"), named("a_b"), named("<i>")]
    }

    #[test]
    fn a_bundle_is_read_as_it_was_written() {
        let reports = reports();
        assert_eq!(
            from_json(to_json(&reports).as_bytes()).expect("read"),
            reports
        );
        let one = &reports[..1];
        let json = to_json(one);
        assert!(json.starts_with("{\n  \"format\": 1"), "an ordinary report");
        assert_eq!(from_json(json.as_bytes()).expect("read"), one);
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        assert!(matches!(
            from_json(b"{\"bundle\": 2, \"reports\": []}"),
            Err(ReadError::Newer(2))
        ));
        assert!(matches!(
            from_json(b"{\"bundle\": 1}"),
            Err(ReadError::Malformed(_))
        ));
        assert!(matches!(
            from_json(b"{\"bundle\": 1, \"reports\": [{\"format\": 9}]}"),
            Err(ReadError::Newer(9))
        ));
        assert!(matches!(from_json(b"{}"), Err(ReadError::Foreign)));
        assert!(from_json(b"").is_err());
    }

    #[test]
    fn joined_reports_keep_apart_what_belongs_to_each() {
        let reports = reports();
        let joined = join(&reports);
        assert_eq!(joined.cases.len(), 3 * reports[0].cases.len());
        let names: Vec<_> = joined
            .summary
            .categories
            .iter()
            .map(|c| c.name.as_str())
            .collect();
        assert_eq!(names, ["a_b", "a_b (2)", "<i>"]);
        assert_eq!(joined.summary, Summary::of(&joined.cases));
        assert_eq!(joined.summary.fails.must, 3 * reports[0].summary.fails.must);
        let html = super::super::html::render(&joined, &super::super::Page::PIPE);
        assert!(!html.contains("<i>"), "a name is never markup");
    }
}
