//! What a run was judged by, as its report keeps it: a view made next year is as red or green as the run was.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Case, Report, Standing};
use crate::{case::Level, escape::line, session::Verdict};

/// What turns a run red, and which deviations were known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The lowest level whose failures turn the run red; those below warn.
    pub level: Level,
    /// Everything is red that is not a plain pass or not applicable.
    #[serde(default)]
    pub strict: bool,
    /// The lines of the files of known deviations, in their order.
    #[serde(default)]
    pub known: Vec<KnownLine>,
}

/// A must fails, and nothing is known.
impl Default for Gate {
    fn default() -> Gate {
        Gate {
            level: Level::Must,
            strict: false,
            known: Vec::new(),
        }
    }
}

/// A line of a file of known deviations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownLine {
    /// `FILE:LINE`.
    pub at: String,
    /// What it says, without the reason.
    pub says: String,
    /// Why it is right to say so.
    pub reason: String,
    /// Whether it was taken into account.
    pub counts: Counts,
    /// It names a case of the catalogue.
    pub exists: bool,
    /// How many cases of the catalogue it names, without heavy ones.
    pub named: u64,
    /// How many of these ran and could be played.
    pub ran: u64,
}

/// Whether a line was taken into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// It was.
    Yes,
    /// Its last day is over.
    Expired,
    /// It is about another role or target.
    Elsewhere,
}

/// What a known deviation says of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreseen {
    /// `FILE:LINE`
    pub at: String,
    /// The verdict that it says, or several: `fail|tolerated`.
    pub says: String,
    /// Why it is right to say so.
    pub reason: String,
    /// The verdict is as it says.
    pub holds: bool,
}

/// A line that does not hold any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// `FILE:LINE`
    pub at: String,
    /// What it says, without the reason.
    pub says: String,
    /// Why it does not hold, in words.
    pub why: String,
}

impl Gate {
    /// What reports without a gate were judged by: they are older than it.
    pub(super) fn of_old() -> Gate {
        Gate {
            level: Level::Should,
            ..Gate::default()
        }
    }

    /// What a case is worth.
    pub fn standing(&self, case: &Case) -> Standing {
        let foreseen = case.known.as_ref().is_some_and(|known| known.holds);
        self.weigh(case.level, case.verdict, case.unstable, foreseen)
    }

    /// What a verdict is worth; `foreseen`: a known deviation says so.
    pub fn weigh(
        &self,
        level: Level,
        verdict: Verdict,
        unstable: bool,
        foreseen: bool,
    ) -> Standing {
        let strict = self.strict && !foreseen;
        match verdict {
            Verdict::Fail | Verdict::Error if foreseen => Standing::Known,
            Verdict::Fail if level >= self.level || strict => Standing::Bad,
            Verdict::Fail => Standing::Told,
            Verdict::Error => Standing::Broken,
            Verdict::Tolerated | Verdict::Inconclusive if strict => Standing::Bad,
            Verdict::Pass if strict && unstable => Standing::Bad,
            Verdict::Pass | Verdict::Tolerated => Standing::Good,
            Verdict::NotApplicable | Verdict::Inconclusive => Standing::Open,
        }
    }

    /// Whether anything but the ordinary was asked for.
    pub fn is_special(&self) -> bool {
        *self != Gate::default()
    }
}

impl Report {
    /// The lines of known deviations that do not hold any more. A line about cases that did not run is not among them.
    pub fn stale(&self) -> Vec<Stale> {
        let mut seen: HashMap<&str, Seen> = HashMap::new();
        for case in &self.cases {
            let Some(known) = &case.known else { continue };
            let seen = seen.entry(&known.at).or_default();
            let refutes = matches!(
                case.verdict,
                Verdict::Pass | Verdict::Tolerated | Verdict::Fail
            );
            // What fails the run is a deviation, and not a line that has had its day.
            let bad = self.gate.standing(case) == Standing::Bad || case.crashed && !known.holds;
            seen.held += u64::from(known.holds);
            seen.bad |= bad;
            if !known.holds && refutes && !bad {
                seen.otherwise += 1;
                seen.first.get_or_insert(case);
            }
        }
        let none = Seen::default();
        let stale = self.gate.known.iter().filter_map(|known| {
            let seen = seen.get(known.at.as_str()).unwrap_or(&none);
            Some(Stale {
                at: known.at.clone(),
                says: known.says.clone(),
                why: why(known, seen)?,
            })
        });
        stale.collect()
    }
}

/// What ran of a line.
#[derive(Default)]
struct Seen<'r> {
    held: u64,
    otherwise: u64,
    first: Option<&'r Case>,
    bad: bool,
}

/// Why a line does not hold; `None`: it does, or nobody knows.
fn why(known: &KnownLine, seen: &Seen) -> Option<String> {
    match (known.counts, seen.first) {
        (Counts::Elsewhere, _) => None,
        (_, _) if !known.exists => Some("no case is called so".into()),
        (Counts::Expired, _) => (known.ran > 0).then(|| "its last day is over".into()),
        (Counts::Yes, Some(case)) => {
            let more = match seen.otherwise {
                1 => String::new(),
                n => format!(", and {} more are not as it says", n - 1),
            };
            let word = super::word(case.verdict);
            Some(format!("{} is {word}{more}", line(&case.id)))
        }
        // Of a part of its cases one cannot say that it holds for none.
        (Counts::Yes, None) => {
            (seen.held == 0 && !seen.bad && known.ran > 0 && known.ran == known.named)
                .then(|| "it holds for no case any more".into())
        }
    }
}

impl Stale {
    /// In a sentence.
    pub fn sentence(&self) -> String {
        format!(
            "{} no longer holds (`{}`): {}; take the line out, or mend it.",
            line(&self.at),
            line(&self.says),
            self.why
        )
    }
}
