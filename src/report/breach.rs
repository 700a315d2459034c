//! What many cases see is told once.

use std::{cmp::Reverse, collections::HashMap};

use serde::{Deserialize, Serialize};

use super::{Case, Finding, Report, Standing};
use crate::case::Level;

/// A broken rule with the cases that saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// The rule's id.
    pub rule: String,
    /// The strongest level with which it was found.
    pub level: Level,
    /// What went wrong, in the words of the first case.
    pub what: String,
    /// Seen by the observer, not by a line of a case.
    pub observed: bool,
    /// How many cases saw it.
    pub cases: u64,
    /// The first of them in the order of the catalogue.
    pub first: String,
    /// What came in the first case, in the notation.
    #[serde(default)]
    pub received: Option<String>,
    /// The first octets that prove it; below `measured`, at the first case, where they differ from run to run.
    #[serde(default)]
    pub octets: Option<String>,
}

/// What makes two findings the same. The observer has one breach for each rule. Lines of two cases break a rule in the
/// same way when they waited for the same and the same came: the words alone may hide that different things were sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String, Option<Words>);

type Words = (String, Option<String>, Option<String>);

impl From<&Finding> for Key {
    fn from(f: &Finding) -> Key {
        let words = (!f.observed).then(|| (f.what.clone(), f.expected.clone(), f.received.clone()));
        Key(f.rule.clone(), words)
    }
}

/// Groups the findings of `cases`: each breach that the observer saw, and what lines of two or more cases found alike.
pub fn group(cases: &[Case]) -> Vec<Breach> {
    let mut breaches: Vec<(Breach, usize)> = Vec::new();
    let mut places: HashMap<Key, usize> = HashMap::new();
    for (at, case) in cases.iter().enumerate() {
        for f in &case.findings {
            let place = *places.entry(f.into()).or_insert_with(|| {
                breaches.push((first(case, f), at));
                breaches.len() - 1
            });
            let (breach, last) = &mut breaches[place];
            breach.level = breach.level.max(f.level);
            if *last != at {
                breach.cases += 1;
                *last = at;
            }
        }
    }
    let told = breaches.into_iter().map(|(breach, _)| breach);
    told.filter(|b| b.observed || b.cases > 1).collect()
}

impl Report {
    /// Breaches, the strongest and the most frequent first.
    pub fn breaches_by_weight(&self) -> Vec<&Breach> {
        let mut breaches: Vec<_> = self.breaches.iter().collect();
        breaches.sort_by_key(|b| (Reverse(b.level), Reverse(b.cases)));
        breaches
    }

    /// What the gravest of the cases that saw it is worth.
    pub fn worth(&self, breach: &Breach) -> Standing {
        let same = |f: &Finding| {
            f.rule == breach.rule
                && f.observed == breach.observed
                && (f.observed || f.what == breach.what)
        };
        let saw = self
            .cases
            .iter()
            .filter(|case| case.findings.iter().any(same));
        let gravest = saw
            .map(|case| self.standing(case))
            .max_by_key(|standing| match standing {
                Standing::Bad => 4,
                Standing::Broken => 3,
                Standing::Told => 2,
                Standing::Known => 1,
                Standing::Good | Standing::Open => 0,
            });
        gravest.unwrap_or(Standing::Open)
    }

    /// Whether the case fails by nothing but breaches that the observer saw in other cases too: told once, it is told.
    pub fn fails_by_breaches(&self, case: &Case) -> bool {
        let shared = |b: &Breach, f: &Finding| b.observed && b.cases > 1 && b.rule == f.rule;
        let told = |f: &Finding| f.observed && self.breaches.iter().any(|b| shared(b, f));
        !case.findings.is_empty() && case.findings.iter().all(told)
    }
}

fn first(case: &Case, f: &Finding) -> Breach {
    Breach {
        rule: f.rule.clone(),
        level: f.level,
        what: f.what.clone(),
        observed: f.observed,
        cases: 1,
        first: case.id.clone(),
        received: f.received.clone(),
        octets: f.octets.clone(),
    }
}
