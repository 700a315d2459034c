//! Shards of a run put together.
//!
//! What comes out is what the whole run would have written, octet by octet, except below `measured`: the cases in the order of the
//! catalogue, everything that follows from them made anew.

use std::collections::{BTreeMap, HashMap};

use super::{
    Canary, Case, Catalogue, Crash, FORMAT, Measured, MeasuredCase, Probe, Report, Rule, Shard,
    Stopped, Summary, Target, Why, breach, build::named,
};
use crate::{escape::line, session::Verdict};

/// Why reports are not the shards of one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Nothing to merge.
    #[error("there is no report to merge; give the files of all shards")]
    Nothing,
    /// Another version wrote it.
    #[error("{0} was written by wsspec {1}, {2} by wsspec {3}; run all shards with one version")]
    Generator(String, String, String, String),
    /// Other cases.
    #[error(
        "{0} and {1} are drawn from different cases; run all shards with the same catalogue and selection"
    )]
    Catalogue(String, String),
    /// Another target, or the same with other options.
    #[error(
        "{0} and {1} differ in `target.{2}`; run all shards against the same target with the same options"
    )]
    Target(String, String, &'static str),
    /// Judged by other levels or known deviations.
    #[error(
        "{0} and {1} were not judged alike; run all shards with the same --level, --strict and --known"
    )]
    Gate(String, String),
    /// One case in two of them.
    #[error(
        "the case {2} is in {0} and in {1}; shards have no case in common: give each file once"
    )]
    Overlap(String, String, String),
    /// Two cases at one place.
    #[error("the cases {0} and {1} have the same place in the catalogue; run the shards again")]
    Place(String, String),
    /// A shard of another division.
    #[error(
        "{0} is shard {1}, {2} is {3}; give the shards of one division, `--shard 1/N` to `--shard N/N`"
    )]
    Division(String, String, String, String),
    /// Not all shards are there.
    #[error("shard {0} of {1} is missing; give the files of all shards")]
    Missing(u64, u64),
    /// The same shard twice.
    #[error("{0} and {1} are both shard {2}; give each shard once")]
    Twice(String, String, String),
}

/// Puts shards together; each comes with what it is called.
///
/// # Errors
///
/// Where they are not the shards of one run.
pub fn merge(shards: Vec<(String, Report)>) -> Result<Report, MergeError> {
    let mut rest = shards.iter();
    let Some((first_name, first)) = rest.next() else {
        return Err(MergeError::Nothing);
    };
    for (name, report) in rest {
        agree((first_name, first), (name, report))?;
    }
    complete(&shards)?;
    let echo = shards.iter().find_map(|(_, report)| report.target.echo);
    let target = Target {
        echo,
        ..first.target.clone()
    };
    let catalogue = Catalogue {
        shard: None,
        ..first.catalogue.clone()
    };
    let generator = first.generator.clone();
    let mut gate = first.gate.clone();
    for (_, report) in &shards[1..] {
        for (whole, part) in gate.known.iter_mut().zip(&report.gate.known) {
            whole.ran = whole.ran.saturating_add(part.ran);
        }
    }
    let canary = canary(&shards);
    let stopped = stopped(&shards);
    let mut lost: Vec<_> = Vec::new();
    let mut crashes: Vec<(Crash, Vec<String>)> = Vec::new();
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let mut measured = Measured::default();
    let mut places: BTreeMap<u64, (String, Case, MeasuredCase)> = BTreeMap::new();
    let mut owners: HashMap<String, String> = HashMap::new();
    for (name, report) in shards {
        let none = |at: usize| MeasuredCase {
            id: report.cases[at].id.clone(),
            ..MeasuredCase::default()
        };
        let each: Vec<MeasuredCase> = (0..report.cases.len())
            .map(|at| report.measured_of(at).cloned().unwrap_or_else(|| none(at)))
            .collect();
        let mut one = report.measured;
        let last_lines = std::mem::take(&mut one.last_lines);
        add(&mut measured, one);
        rules.extend(report.rules.into_iter().map(|rule| (rule.id.clone(), rule)));
        lost.extend(report.lost);
        let mut lines = last_lines.into_iter();
        let told = report.crashes.into_iter();
        crashes.extend(told.map(|crash| (crash, lines.next().unwrap_or_default())));
        for (case, each) in report.cases.into_iter().zip(each) {
            if let Some(other) = owners.insert(case.id.clone(), name.clone()) {
                return Err(MergeError::Overlap(
                    other,
                    name,
                    line(&case.id).into_owned(),
                ));
            }
            if let Some((_, other, _)) = places.get(&case.position) {
                let ids = (line(&other.id).into_owned(), line(&case.id).into_owned());
                return Err(MergeError::Place(ids.0, ids.1));
            }
            places.insert(case.position, (name.clone(), case, each));
        }
    }
    let (cases, each): (Vec<Case>, Vec<MeasuredCase>) = places
        .into_values()
        .map(|(_, case, each)| (case, each))
        .unzip();
    // A case that lost the target is told in the order of the catalogue, a loss before or behind all of them last.
    let place = |id: &Option<String>| {
        let at = cases.iter().position(|case| Some(&case.id) == id.as_ref());
        at.unwrap_or(usize::MAX)
    };
    lost.sort_by_key(|lost| place(&lost.case));
    crashes.sort_by_key(|(crash, _)| place(&crash.case));
    let (crashes, last_lines) = crashes.into_iter().unzip();
    measured.cases = each;
    measured.last_lines = last_lines;
    let rules = named(&cases)
        .into_iter()
        .filter_map(|id| rules.get(id).cloned())
        .collect();
    Ok(Report {
        format: FORMAT,
        generator,
        target,
        catalogue,
        gate,
        summary: Summary::of(&cases),
        stopped,
        canary,
        lost,
        crashes,
        breaches: breach::group(&cases),
        cases,
        rules,
        measured,
    })
}

type Named<'r> = (&'r String, &'r Report);

/// Whether two reports can be of one run.
fn agree((a_name, a): Named, (b_name, b): Named) -> Result<(), MergeError> {
    let names = || (a_name.clone(), b_name.clone());
    if a.generator != b.generator {
        let version = |report: &Report| line(&report.generator.version).into_owned();
        let (a_name, b_name) = names();
        return Err(MergeError::Generator(
            a_name,
            version(a),
            b_name,
            version(b),
        ));
    }
    let cases = |report: &Report| Catalogue {
        shard: None,
        ..report.catalogue.clone()
    };
    if cases(a) != cases(b) {
        let (a, b) = names();
        return Err(MergeError::Catalogue(a, b));
    }
    let terms = |report: &Report| {
        let mut gate = report.gate.clone();
        gate.known.iter_mut().for_each(|line| line.ran = 0);
        gate
    };
    if terms(a) != terms(b) {
        let (a, b) = names();
        return Err(MergeError::Gate(a, b));
    }
    let (one, other) = (&a.target, &b.target);
    let differs = [
        ("role", one.role != other.role),
        ("name", one.name != other.name),
        ("url", one.url != other.url),
        ("headers", one.headers != other.headers),
        ("origin", one.origin != other.origin),
        ("subprotocols", one.subprotocols != other.subprotocols),
        ("delivery", one.delivery != other.delivery),
        // `None`: nobody asked.
        (
            "echo",
            one.echo.zip(other.echo).is_some_and(|(a, b)| a != b),
        ),
        ("seed", one.seed != other.seed),
    ];
    match differs.iter().find(|(_, differs)| *differs) {
        Some((field, _)) => {
            let (a, b) = names();
            Err(MergeError::Target(a, b, field))
        }
        None => Ok(()),
    }
}

/// Whether all shards of a division are there, where it was one.
fn complete(shards: &[(String, Report)]) -> Result<(), MergeError> {
    let words = |shard: Option<Shard>| match shard {
        Some(Shard { number, of }) => format!("{number}/{of}"),
        None => "a run of its own".into(),
    };
    let Some((first_name, first)) = shards.first() else {
        return Ok(());
    };
    let division = first.catalogue.shard.map(|shard| shard.of);
    let mut seen: BTreeMap<u64, &String> = BTreeMap::new();
    for (name, report) in shards {
        let shard = report.catalogue.shard;
        if shard.map(|shard| shard.of) != division {
            return Err(MergeError::Division(
                first_name.clone(),
                words(first.catalogue.shard),
                name.clone(),
                words(shard),
            ));
        }
        if let Some(shard) = shard
            && let Some(other) = seen.insert(shard.number, name)
        {
            return Err(MergeError::Twice(
                other.clone(),
                name.clone(),
                words(Some(shard)),
            ));
        }
    }
    let missing = division.and_then(|of| (1..=of).find(|number| !seen.contains_key(number)));
    match (missing, division) {
        (Some(number), Some(of)) => Err(MergeError::Missing(number, of)),
        _ => Ok(()),
    }
}

/// The first flight that went wrong, else the first; the last one only where all shards came to their end.
fn canary(shards: &[(String, Report)]) -> Option<Canary> {
    let canaries: Vec<&Canary> = shards
        .iter()
        .filter_map(|(_, report)| report.canary.as_ref())
        .collect();
    let worst = |probes: Vec<&Probe>| {
        let bad = probes.iter().find(|probe| probe.verdict != Verdict::Pass);
        bad.or(probes.first()).map(|probe| (*probe).clone())
    };
    let first = worst(canaries.iter().map(|canary| &canary.first).collect())?;
    let lasts: Vec<&Probe> = canaries
        .iter()
        .filter_map(|canary| canary.last.as_ref())
        .collect();
    let last = if lasts.len() == canaries.len() {
        worst(lasts)
    } else {
        None
    };
    Some(Canary { first, last })
}

/// The gravest reason for which a shard ended early, and what was not run in all of them.
fn stopped(shards: &[(String, Report)]) -> Option<Stopped> {
    let stopped = || shards.iter().filter_map(|(_, report)| report.stopped);
    let weight = |why: Why| match why {
        Why::Lost => 0,
        Why::Interrupted => 1,
        Why::NotAsked => 2,
        Why::FailFast => 3,
    };
    let why = stopped()
        .map(|stopped| stopped.why)
        .min_by_key(|why| weight(*why))?;
    let not_run = stopped()
        .map(|stopped| stopped.not_run)
        .fold(0, u64::saturating_add);
    Some(Stopped { why, not_run })
}

/// The earliest begin, the time of all shards together, the longest round trip.
fn add(all: &mut Measured, one: Measured) {
    all.started = match (all.started.take(), one.started) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    all.duration_us = all.duration_us.saturating_add(one.duration_us);
    all.address = all.address.take().or(one.address);
    all.rtt_us = all.rtt_us.max(one.rtt_us);
    if !all
        .machine
        .split(", ")
        .any(|machine| machine == one.machine)
    {
        if !all.machine.is_empty() {
            all.machine.push_str(", ");
        }
        all.machine.push_str(&one.machine);
    }
}

#[cfg(test)]
mod tests;
