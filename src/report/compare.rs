//! What changed between two runs.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Case, Conclusion, Counts, Report, Standing, json, view};
use crate::{
    case::{Level, Role},
    gate::Exit,
    session::Verdict,
};

pub mod html;
pub mod text;

/// The version of the JSON that is written.
pub const FORMAT: u32 = 1;

/// Two runs, case by case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`FORMAT`].
    pub comparison: u32,
    /// The earlier run.
    pub before: Side,
    /// The later run.
    pub after: Side,
    /// Why a change may come from something else than the target: one sentence each.
    pub remarks: Vec<String>,
    /// The changes counted.
    pub summary: Changes,
    /// What changed, in the order of the catalogue; what only the first has stands last.
    pub changes: Vec<Change>,
}

/// A run that is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// What was tested, as it was typed, or what the file is called.
    pub name: String,
    /// The role of the target.
    pub role: Role,
    /// What the run says about the target.
    pub conclusion: Conclusion,
    /// How many cases ran.
    pub cases: u64,
    /// By verdict.
    pub verdicts: Counts,
    /// The version of the program that wrote it.
    pub version: String,
    /// When the run began.
    pub started: Option<String>,
}

/// Changes counted by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub struct Changes {
    pub newly_failing: u64,
    pub newly_passing: u64,
    pub otherwise: u64,
    pub only_before: u64,
    pub only_after: u64,
    /// Cases of both runs in which nothing changed.
    pub same: u64,
}

/// How a case changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It fails, or could not be played, and did not before.
    NewlyFailing,
    /// It passes, or does what is tolerated, and did not before.
    NewlyPassing,
    /// Another verdict, level or broken rule.
    Otherwise,
    /// The later run does not have it.
    OnlyBefore,
    /// The earlier run does not have it.
    OnlyAfter,
}

/// A case that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// What a conforming target does.
    pub title: String,
    /// How it changed.
    pub kind: Kind,
    /// As it was.
    pub before: Option<State>,
    /// As it is.
    pub after: Option<State>,
}

/// What one run says of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The verdict.
    pub verdict: Verdict,
    /// The level.
    pub level: Level,
    /// Why.
    pub reason: String,
    /// Broken rules, each once.
    pub broken: Vec<String>,
    /// The failure is that nothing came in time.
    pub timed_out: bool,
    /// The verdict was another one beside other cases.
    pub unstable: bool,
}

impl Kind {
    /// All kinds, in the order in which they are told.
    pub const ALL: [Kind; 5] = [
        Kind::NewlyFailing,
        Kind::NewlyPassing,
        Kind::Otherwise,
        Kind::OnlyBefore,
        Kind::OnlyAfter,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::NewlyFailing => "newly failing",
            Kind::NewlyPassing => "newly passing",
            Kind::Otherwise => "changed otherwise",
            Kind::OnlyBefore => "only in the first",
            Kind::OnlyAfter => "only in the second",
        }
    }
}

impl Changes {
    /// How many there are of this kind.
    pub fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::NewlyFailing => self.newly_failing,
            Kind::NewlyPassing => self.newly_passing,
            Kind::Otherwise => self.otherwise,
            Kind::OnlyBefore => self.only_before,
            Kind::OnlyAfter => self.only_after,
        }
    }

    fn add(&mut self, kind: Kind) {
        *match kind {
            Kind::NewlyFailing => &mut self.newly_failing,
            Kind::NewlyPassing => &mut self.newly_passing,
            Kind::Otherwise => &mut self.otherwise,
            Kind::OnlyBefore => &mut self.only_before,
            Kind::OnlyAfter => &mut self.only_after,
        } += 1;
    }
}

impl Side {
    /// The run; `name`: what it is called where the targets are the same.
    pub fn of(report: &Report, name: Option<&str>) -> Side {
        Side {
            name: name.map_or_else(|| view::name(&report.target), String::from),
            role: report.target.role,
            conclusion: report.conclusion(),
            cases: report.summary.cases,
            verdicts: report.summary.verdicts,
            version: report.generator.version.clone(),
            started: report.measured.started.clone(),
        }
    }
}

impl State {
    fn of(case: &Case) -> State {
        let mut broken: Vec<String> = Vec::new();
        for finding in &case.findings {
            if !broken.contains(&finding.rule) {
                broken.push(finding.rule.clone());
            }
        }
        State {
            verdict: case.verdict,
            level: case.level,
            reason: case.reason.clone(),
            broken,
            timed_out: case.timed_out,
            unstable: case.unstable,
        }
    }
}

/// How a case changed; `None`: it did not. Words alone are no change: a later wsspec may choose better ones.
fn changed(before: &Case, after: &Case) -> Option<Kind> {
    let fails = |case: &Case| matches!(case.verdict, Verdict::Fail | Verdict::Error);
    let passes = |case: &Case| matches!(case.verdict, Verdict::Pass | Verdict::Tolerated);
    let rest = |case: &Case| State {
        reason: String::new(),
        ..State::of(case)
    };
    if fails(after) && !fails(before) {
        Some(Kind::NewlyFailing)
    } else if passes(after) && !passes(before) {
        Some(Kind::NewlyPassing)
    } else {
        (rest(before) != rest(after)).then_some(Kind::Otherwise)
    }
}

impl Comparison {
    /// Compares two runs, the earlier one first.
    pub fn of(before: &Report, after: &Report) -> Comparison {
        let known: HashMap<&str, &Case> = before
            .cases
            .iter()
            .map(|case| (case.id.as_str(), case))
            .collect();
        let mut summary = Changes::default();
        let mut changes = Vec::new();
        let mut add = |kind: Kind, before: Option<&Case>, after: Option<&Case>| {
            summary.add(kind);
            if let Some(case) = after.or(before) {
                changes.push(Change {
                    id: case.id.clone(),
                    title: case.title.clone(),
                    kind,
                    before: before.map(State::of),
                    after: after.map(State::of),
                });
            }
        };
        let mut same = 0;
        for case in &after.cases {
            match known.get(case.id.as_str()) {
                None => add(Kind::OnlyAfter, None, Some(case)),
                Some(earlier) => match changed(earlier, case) {
                    Some(kind) => add(kind, Some(earlier), Some(case)),
                    None => same += 1,
                },
            }
        }
        let still: HashMap<&str, &Case> = after
            .cases
            .iter()
            .map(|case| (case.id.as_str(), case))
            .collect();
        for case in before
            .cases
            .iter()
            .filter(|case| !still.contains_key(case.id.as_str()))
        {
            add(Kind::OnlyBefore, Some(case), None);
        }
        summary.same = same;
        Comparison {
            comparison: FORMAT,
            before: Side::of(before, None),
            after: Side::of(after, None),
            remarks: remarks(before, after),
            summary,
            changes,
        }
    }

    /// The changes of this kind, in the order of the catalogue.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(move |change| change.kind == kind)
    }

    /// As JSON, with a line feed at its end.
    pub fn to_json(&self) -> String {
        json::written(self)
    }
}

/// The exit code of a comparison that is a gate: 1 where something fails that did not fail before, 3 where it could not be
/// played or the later run came to no end, 4 where there is nothing to compare. What failed before may go on failing.
pub fn judge(before: &Report, after: &Report) -> Exit {
    let known: HashMap<&str, &Case> = before
        .cases
        .iter()
        .map(|case| (case.id.as_str(), case))
        .collect();
    let worth = |standing: Standing| {
        let red = |case: &&Case| after.standing(case) == standing;
        // What was known to fail did fail.
        let earlier = |case: &&Case| {
            known.get(case.id.as_str()).is_some_and(|case| {
                let was = before.standing(case);
                was == standing || was == Standing::Known
            })
        };
        after.cases.iter().filter(red).any(|case| !earlier(&case))
    };
    let common = after
        .cases
        .iter()
        .any(|case| known.contains_key(case.id.as_str()));
    let breaks = after.breaks();
    let broken = breaks.iter().any(|trouble| trouble.name != "nothing-shown");
    if broken || after.crashed().next().is_some() {
        Exit::Unreached
    } else if !breaks.is_empty() {
        Exit::Nothing
    } else if worth(Standing::Bad) {
        Exit::Deviates
    } else if worth(Standing::Broken) {
        Exit::Unreached
    } else if !common {
        Exit::Nothing
    } else {
        Exit::Conforms
    }
}

fn remarks(before: &Report, after: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    let (a, b) = (&before.target, &after.target);
    let mut differ = |differ: bool, sentence: String| {
        if differ {
            remarks.push(sentence);
        }
    };
    differ(
        a.role != b.role,
        format!(
            "The first run tested a {}, the second a {}.",
            a.role, b.role
        ),
    );
    differ(
        before.catalogue.digest != after.catalogue.digest,
        "The cases themselves are not the same in both runs: a change may come from the case."
            .into(),
    );
    differ(
        before.generator.version != after.generator.version,
        format!(
            "The runs were made by wsspec {} and wsspec {}.",
            before.generator.version, after.generator.version
        ),
    );
    differ(
        a.seed != b.seed,
        format!("The seeds are {} and {}.", a.seed, b.seed),
    );
    let delivery =
        |delivery: &Option<String>| delivery.clone().unwrap_or_else(|| "not known".into());
    differ(
        a.delivery != b.delivery,
        format!(
            "How octets were handed over differs: {}, and {}.",
            delivery(&a.delivery),
            delivery(&b.delivery)
        ),
    );
    differ(
        (&a.origin, &a.subprotocols, &a.headers) != (&b.origin, &b.subprotocols, &b.headers),
        "The opening handshakes asked for different things: origin, subprotocols or further headers.".into(),
    );
    for (which, report) in [("first", before), ("second", after)] {
        if let Some(ending) = report.ending() {
            remarks.push(format!("In the {which}: {ending}"));
        }
        for trouble in report.breaks() {
            if report.ending().as_deref() != Some(&trouble.sentence) {
                remarks.push(format!("In the {which}: {}", trouble.sentence));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests;
