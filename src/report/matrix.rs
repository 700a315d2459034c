//! Several targets side by side: which categories each keeps, and in which cases they differ.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Category, Counts, Report, compare::Side, json};
use crate::{case::Level, session::Verdict};

pub mod html;
pub mod text;

/// The version of the JSON that is written.
pub const FORMAT: u32 = 1;

/// Targets by categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// [`FORMAT`].
    pub matrix: u32,
    /// The runs, in the order in which they were given.
    pub targets: Vec<Side>,
    /// Why cells may not be comparable: one sentence each.
    pub remarks: Vec<String>,
    /// The categories, each with a cell for each target.
    pub categories: Vec<Row>,
    /// Cases that a target fails, in the order of the catalogue.
    pub cases: Vec<Case>,
}

/// One category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// First segment of the ids.
    pub name: String,
    /// One for each target.
    pub cells: Vec<Cell>,
}

/// One category of one target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Cases that ran.
    pub cases: u64,
    /// By verdict.
    pub verdicts: Counts,
}

/// A case that a target fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// What a conforming target does.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// How far the targets agree.
    pub agreement: Agreement,
    /// What each target did; `None`: it did not run there.
    pub verdicts: Vec<Option<Verdict>>,
    /// Why, for each target that fails.
    pub reasons: Vec<Option<String>>,
}

/// How far targets agree in a case. Those that it says nothing about (not applicable, inconclusive, not run) do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// One fails, and two or more others pass.
    AllButOne,
    /// Some fail, and some pass.
    Split,
    /// None passes.
    None,
}

impl Agreement {
    /// All of them, in the order in which they are told.
    pub const ALL: [Agreement; 3] = [Agreement::AllButOne, Agreement::Split, Agreement::None];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Agreement::AllButOne => "all but one pass",
            Agreement::Split => "some pass, some fail",
            Agreement::None => "none passes",
        }
    }

    /// `None`: no target fails.
    fn of(verdicts: &[Option<Verdict>]) -> Option<Agreement> {
        let count = |wanted: [Verdict; 2]| {
            verdicts
                .iter()
                .flatten()
                .filter(|verdict| wanted.contains(verdict))
                .count()
        };
        let fail = count([Verdict::Fail, Verdict::Error]);
        match (fail, count([Verdict::Pass, Verdict::Tolerated])) {
            (0, _) => None,
            (_, 0) => Some(Agreement::None),
            (1, 2..) => Some(Agreement::AllButOne),
            _ => Some(Agreement::Split),
        }
    }
}

impl Cell {
    /// Cases that say something about the target.
    pub fn counted(&self) -> u64 {
        let verdicts = &self.verdicts;
        verdicts.pass + verdicts.tolerated + verdicts.fail + verdicts.error
    }

    /// Cases that pass, or do what is tolerated.
    pub fn passed(&self) -> u64 {
        self.verdicts.pass + self.verdicts.tolerated
    }
}

impl Case {
    /// The first segment of the id.
    pub fn category(&self) -> &str {
        self.id.split('/').next().unwrap_or(&self.id)
    }

    /// The place of the only target that fails, where all others pass.
    pub fn odd(&self) -> Option<usize> {
        let fails =
            |verdict: &Option<Verdict>| matches!(verdict, Some(Verdict::Fail | Verdict::Error));
        match self.agreement {
            Agreement::AllButOne => self.verdicts.iter().position(fails),
            Agreement::Split | Agreement::None => None,
        }
    }
}

impl Matrix {
    /// Sets runs side by side, each with the name of its row.
    pub fn of(reports: &[(String, Report)]) -> Matrix {
        // In the order of the catalogue, whichever of the runs has a case.
        let mut order: Vec<(u64, &super::Case)> = Vec::new();
        let mut known: HashMap<&str, ()> = HashMap::new();
        for case in reports.iter().flat_map(|(_, report)| &report.cases) {
            if known.insert(&case.id, ()).is_none() {
                order.push((case.position, case));
            }
        }
        order.sort_by_key(|(position, _)| *position);
        let found: Vec<HashMap<&str, &super::Case>> = reports
            .iter()
            .map(|(_, report)| {
                report
                    .cases
                    .iter()
                    .map(|case| (case.id.as_str(), case))
                    .collect()
            })
            .collect();
        let mut cases = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for (_, case) in order {
            if !names.contains(&case.category()) {
                names.push(case.category());
            }
            let here: Vec<Option<&super::Case>> = found
                .iter()
                .map(|cases| cases.get(case.id.as_str()).copied())
                .collect();
            let verdicts: Vec<Option<Verdict>> = here
                .iter()
                .map(|case| case.map(|case| case.verdict))
                .collect();
            let Some(agreement) = Agreement::of(&verdicts) else {
                continue;
            };
            let why = |case: &&super::Case| matches!(case.verdict, Verdict::Fail | Verdict::Error);
            cases.push(Case {
                id: case.id.clone(),
                title: case.title.clone(),
                level: case.level,
                agreement,
                verdicts,
                reasons: here
                    .iter()
                    .map(|case| case.filter(why).map(|case| case.reason.clone()))
                    .collect(),
            });
        }
        let cell = |report: &Report, name: &str| {
            let category = report
                .summary
                .categories
                .iter()
                .find(|category| category.name == name);
            category.map_or_else(
                Cell::default,
                |Category {
                     cases, verdicts, ..
                 }| Cell {
                    cases: *cases,
                    verdicts: *verdicts,
                },
            )
        };
        let row = |name: &&str| Row {
            name: (*name).into(),
            cells: reports
                .iter()
                .map(|(_, report)| cell(report, name))
                .collect(),
        };
        Matrix {
            matrix: FORMAT,
            targets: reports
                .iter()
                .map(|(name, report)| Side::of(report, Some(name)))
                .collect(),
            remarks: remarks(reports),
            categories: names.iter().map(row).collect(),
            cases,
        }
    }

    /// Cases of a category in which the targets agree so far.
    pub fn within<'m>(
        &'m self,
        category: &'m str,
        agreement: Agreement,
    ) -> impl Iterator<Item = &'m Case> {
        self.cases
            .iter()
            .filter(move |case| case.category() == category && case.agreement == agreement)
    }

    /// All cases of a target.
    pub fn total(&self, target: usize) -> Cell {
        let side = self.targets.get(target);
        side.map_or_else(Cell::default, |side| Cell {
            cases: side.cases,
            verdicts: side.verdicts,
        })
    }

    /// As JSON, with a line feed at its end.
    pub fn to_json(&self) -> String {
        json::written(self)
    }
}

fn remarks(reports: &[(String, Report)]) -> Vec<String> {
    let mut remarks = Vec::new();
    let differ = |key: fn(&Report) -> String| {
        let mut keys: Vec<String> = reports.iter().map(|(_, report)| key(report)).collect();
        keys.dedup();
        keys.len() > 1
    };
    if differ(|report| report.target.role.to_string()) {
        remarks.push(
            "Some of these targets are servers and some are clients: they were not asked the same."
                .into(),
        );
    }
    if differ(|report| report.catalogue.digest.clone()) {
        remarks.push("The cases themselves are not the same in all runs.".into());
    }
    for (name, report) in reports {
        for trouble in report.breaks() {
            remarks.push(format!("{name}: {}", trouble.sentence));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use Verdict::{Error, Fail, Inconclusive, NotApplicable, Pass, Tolerated};

    use super::*;
    use crate::report::Summary;

    fn report(cases: &[(&str, Verdict)]) -> Report {
        let mut report = Report::from_json(include_bytes!("../../tests/golden/report/report.json"))
            .expect("a report");
        let case = report.cases[0].clone();
        let of = |(at, (id, verdict)): (usize, &(&str, Verdict))| super::super::Case {
            id: (*id).into(),
            position: at as u64,
            verdict: *verdict,
            ..case.clone()
        };
        report.cases = cases.iter().enumerate().map(of).collect();
        report.summary = Summary::of(&report.cases);
        (report.lost, report.stopped) = (vec![], None);
        report
    }

    #[test]
    fn targets_agree_as_far_as_they_say_something() {
        for (verdicts, agreement) in [
            (&[Pass, Pass, Fail][..], Some(Agreement::AllButOne)),
            (
                &[Pass, Tolerated, NotApplicable, Error],
                Some(Agreement::AllButOne),
            ),
            (&[Pass, Fail], Some(Agreement::Split)),
            (&[Pass, Pass, Fail, Fail], Some(Agreement::Split)),
            (&[Fail, Fail, Inconclusive], Some(Agreement::None)),
            (&[Fail], Some(Agreement::None)),
            (&[Pass, NotApplicable, Inconclusive], None),
            (&[], None),
        ] {
            let verdicts: Vec<_> = verdicts.iter().copied().map(Some).collect();
            assert_eq!(Agreement::of(&verdicts), agreement, "{verdicts:?}");
        }
        assert_eq!(
            Agreement::of(&[Some(Pass), Some(Pass), Some(Fail), None]),
            Some(Agreement::AllButOne)
        );
    }

    #[test]
    fn cells_count_and_cases_stand_in_the_order_of_the_catalogue() {
        let runs = [
            (
                "one".to_owned(),
                report(&[("a/x", Pass), ("b/x", Pass), ("a/y", Fail)]),
            ),
            (
                "two".to_owned(),
                report(&[("a/x", Pass), ("b/x", Fail), ("a/y", Pass)]),
            ),
            ("three".to_owned(), report(&[("a/x", Pass), ("b/x", Pass)])),
        ];
        let matrix = Matrix::of(&runs);
        let names: Vec<_> = matrix
            .categories
            .iter()
            .map(|row| row.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
        let cell = |row: usize, target: usize| {
            let cell = matrix.categories[row].cells[target];
            (cell.passed(), cell.counted())
        };
        assert_eq!(
            [cell(0, 0), cell(0, 1), cell(0, 2)],
            [(1, 2), (2, 2), (1, 1)]
        );
        assert_eq!(matrix.total(1).passed(), 2);
        let told: Vec<_> = matrix
            .cases
            .iter()
            .map(|case| (case.id.as_str(), case.agreement, case.odd()))
            .collect();
        assert_eq!(
            told,
            [
                ("b/x", Agreement::AllButOne, Some(1)),
                ("a/y", Agreement::Split, None)
            ]
        );
        assert_eq!(matrix.cases[1].verdicts, [Some(Fail), Some(Pass), None]);
    }
}
