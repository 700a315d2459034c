//! What the catalogue covers: each rule with the cases that are about it, the faults that break it, and how a run fell on it.

use std::collections::{BTreeSet, HashMap};

use crate::{
    case::Role,
    catalogue::Catalogue,
    peer::faults,
    report::{self, Counts},
    rules::{self, Rule},
};

/// Rules, in the order of their table.
#[derive(Clone, Debug)]
pub struct Coverage<'c> {
    /// One row each.
    pub rows: Vec<Row<'c>>,
}

/// A rule, looked at from one side or both.
#[derive(Clone, Debug)]
pub struct Row<'c> {
    /// The rule.
    pub rule: &'static Rule,
    /// What there is for a target of each role that is looked at.
    pub sides: Vec<Side<'c>>,
}

/// What there is about a rule for a target of one role.
#[derive(Clone, Debug)]
pub struct Side<'c> {
    /// The role of the target.
    pub role: Role,
    /// The table says that it can be seen.
    pub observable: bool,
    /// The ids of the cases that are about it, in the order of the catalogue.
    pub cases: Vec<&'c str>,
    /// The faults of the reference peer that break it.
    pub faults: Vec<&'static str>,
    /// How the run fell on it, where there is one.
    pub run: Option<Fell>,
}

/// How the cases of a run fell on a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fell {
    /// The verdicts of the cases that are about it.
    pub verdicts: Counts,
    /// Cases with a finding that names it, whatever they are about.
    pub breaches: u64,
}

impl Side<'_> {
    /// It can be seen, and a case is about it.
    pub fn is_covered(&self) -> bool {
        self.observable && !self.cases.is_empty()
    }
}

/// Rules counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// All of them.
    pub rules: usize,
    /// Those that can be seen.
    pub observable: usize,
    /// Those of them that a case is about, from every side from which they can be seen.
    pub covered: usize,
}

impl Total {
    /// In whole per cent, rounded down: 100 means all.
    pub fn percent(&self) -> usize {
        (100 * self.covered)
            .checked_div(self.observable)
            .unwrap_or(100)
    }
}

impl<'c> Coverage<'c> {
    /// What the catalogue has for targets of these roles.
    pub fn of(catalogue: &'c Catalogue, roles: &[Role]) -> Coverage<'c> {
        let mut cases: HashMap<(&str, Role), Vec<&'c str>> = HashMap::new();
        for case in catalogue.cases() {
            let checks: BTreeSet<&str> = case.checks.iter().map(String::as_str).collect();
            for &role in roles.iter().filter(|role| case.is_for(**role)) {
                for &rule in &checks {
                    cases.entry((rule, role)).or_default().push(&case.id);
                }
            }
        }
        let side = |rule: &'static Rule, role: Role| Side {
            role,
            observable: rule.is_seen_on(role),
            cases: cases.get(&(rule.id, role)).cloned().unwrap_or_default(),
            faults: faults::all()
                .filter(|fault| fault.rule == rule.id && fault.is_for(role))
                .map(|fault| fault.name)
                .collect(),
            run: None,
        };
        let row = |rule: &'static Rule| Row {
            rule,
            sides: roles.iter().map(|&role| side(rule, role)).collect(),
        };
        Coverage {
            rows: rules::all().iter().map(row).collect(),
        }
    }

    /// Adds how a run fell, to the sides of its role.
    pub fn add(&mut self, report: &report::Report) {
        let mut fell: HashMap<&str, Fell> = HashMap::new();
        for case in &report.cases {
            for rule in case.checks.iter().collect::<BTreeSet<_>>() {
                fell.entry(rule).or_default().verdicts.add(case.verdict);
            }
            let named = case.findings.iter().map(|finding| &finding.rule);
            for rule in named.collect::<BTreeSet<_>>() {
                fell.entry(rule).or_default().breaches += 1;
            }
        }
        for row in &mut self.rows {
            for side in &mut row.sides {
                if side.role == report.target.role {
                    side.run = Some(fell.get(row.rule.id).copied().unwrap_or_default());
                }
            }
        }
    }

    /// Leaves the rules out that no word names; gives back the first word that names none.
    pub fn keep<'w>(&mut self, words: &'w [String]) -> Option<&'w str> {
        let vain = words.iter().find(|word| {
            let mut ids = self.rows.iter().map(|row| row.rule.id);
            !ids.any(|id| names(word, id))
        });
        self.rows
            .retain(|row| words.is_empty() || words.iter().any(|word| names(word, row.rule.id)));
        vain.map(String::as_str)
    }

    /// The rules that `wanted` names, counted from the side of one role, or from all that are looked at.
    pub fn total(&self, role: Option<Role>, wanted: impl Fn(&Rule) -> bool) -> Total {
        let mut total = Total::default();
        for row in self.rows.iter().filter(|row| wanted(row.rule)) {
            let looked_at = |side: &&Side| role.is_none_or(|role| side.role == role);
            let seen: Vec<_> = row
                .sides
                .iter()
                .filter(looked_at)
                .filter(|side| side.observable)
                .collect();
            total.rules += 1;
            total.observable += usize::from(!seen.is_empty());
            total.covered += usize::from(!seen.is_empty() && seen.iter().all(|s| s.is_covered()));
        }
        total
    }

    /// The sources of the rules, in the order of the table.
    pub fn sources(&self) -> Vec<&'static str> {
        let mut sources: Vec<_> = self.rows.iter().map(|row| row.rule.source()).collect();
        sources.dedup();
        sources
    }
}

/// Whether a word names a rule: its id, a source (`6455`), a section with those below it (`6455-5.5`), or a glob.
fn names(word: &str, id: &str) -> bool {
    let within = id
        .strip_prefix(word)
        .is_some_and(|rest| rest.starts_with(['-', '.']));
    within || crate::catalogue::names(word, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Document;

    const BOTH: [Role; 2] = [Role::Server, Role::Client];

    fn catalogue() -> Catalogue {
        let file = "case a\n  title: A\n  checks: 6455-5.5.2-2\n  role: server\n  > ping\n  < pong \"\"\n\n\
            case b\n  title: B\n  checks: 6455-5.5.2-2, 6455-5.1-4\n  > ping\n  < pong \"\"\n";
        let document = Document::parse("f", "f", file.as_bytes());
        let mut troubles = Vec::new();
        let catalogue = Catalogue::of(vec![document], &mut troubles);
        assert!(troubles.is_empty(), "{troubles:?}");
        catalogue
    }

    #[test]
    fn a_rule_has_its_cases_and_faults_from_each_side() {
        let catalogue = catalogue();
        let coverage = Coverage::of(&catalogue, &BOTH);
        assert_eq!(coverage.rows.len(), rules::all().len());
        let row = coverage
            .rows
            .iter()
            .find(|row| row.rule.id == "6455-5.5.2-2")
            .expect("a rule of the table");
        let [server, client] = row.sides.as_slice() else {
            panic!("{row:?}")
        };
        assert_eq!(server.cases, ["f/a", "f/b"]);
        assert_eq!(client.cases, ["f/b"]);
        assert!(server.is_covered() && !server.faults.is_empty());
    }

    #[test]
    fn a_rule_is_covered_when_each_side_that_sees_it_has_a_case() {
        let catalogue = catalogue();
        let mut coverage = Coverage::of(&catalogue, &BOTH);
        let all = coverage.total(None, |_| true);
        assert!(all.rules > all.observable && all.observable > all.covered);
        assert_eq!(coverage.keep(&["6455-5.5.2-2".into()]), None);
        let total = coverage.total(None, |_| true);
        assert_eq!((total.rules, total.covered, total.percent()), (1, 1, 100));
        assert_eq!(coverage.total(Some(Role::Client), |_| false).percent(), 100);
    }

    #[test]
    fn words_name_rules_sections_and_sources() {
        for (word, id, named) in [
            ("6455", "6455-5.5.2-2", true),
            ("6455-5.5", "6455-5.5.2-2", true),
            ("6455-5.5", "6455-5.50-2", false),
            ("6455-5.5.2-2", "6455-5.5.2-2", true),
            ("6455-5.5.2-2", "6455-5.5.2-21", false),
            ("*-5.5*", "6455-5.5.2-2", true),
            ("91", "9110-7.8-1", false),
        ] {
            assert_eq!(names(word, id), named, "{word} {id}");
        }
        let catalogue = catalogue();
        let mut coverage = Coverage::of(&catalogue, &BOTH);
        let words = ["6455".to_owned(), "none".to_owned()];
        assert_eq!(coverage.keep(&words), Some("none"));
    }
}
