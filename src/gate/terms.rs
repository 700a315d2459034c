//! What a run is judged by: the level, and the deviations that are known.

use super::known::{Applies, Known, Line, Run};
use crate::{
    case::Level,
    report::{Case, Foreseen, Gate, KnownLine, Report, Standing, gate::Counts},
    session::Verdict,
};

/// A case of the catalogue, as far as a line of known deviations has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// It only runs where it is asked for.
    pub heavy: bool,
}

/// What a run is judged by.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    gate: Gate,
    lines: Vec<(Line, String, Counts)>,
    cases: Vec<Entry>,
}

impl Terms {
    /// `cases`: those of the catalogue for the role of the target, for lines that name none of them.
    pub fn new(
        level: Level,
        strict: bool,
        known: Vec<Known>,
        run: &Run,
        cases: Vec<Entry>,
    ) -> Terms {
        let mut lines = Vec::new();
        for file in known {
            for line in file.lines {
                let at = format!("{}:{}", file.file, line.number);
                let counts = match line.applies(run) {
                    Applies::Yes => Counts::Yes,
                    Applies::Expired => Counts::Expired,
                    Applies::Elsewhere => Counts::Elsewhere,
                };
                lines.push((line, at, counts));
            }
        }
        Terms {
            gate: Gate {
                level,
                strict,
                known: Vec::new(),
            },
            lines,
            cases,
        }
    }

    /// The level and how strict it is.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What the known deviations say of a case with this verdict for this reason; `None`: nothing. The last line that stands for it counts.
    /// `crashed`: it has ended the target.
    pub fn foresee(
        &self,
        id: &str,
        verdict: Verdict,
        crashed: bool,
        reason: &str,
    ) -> Option<Foreseen> {
        let mut lines = self.lines.iter().rev();
        let (line, at, _) =
            lines.find(|(line, _, counts)| *counts == Counts::Yes && line.is_about(id, reason))?;
        Some(Foreseen {
            at: at.clone(),
            says: line.says("|"),
            reason: line.reason.clone(),
            holds: line.foresees(verdict, crashed),
        })
    }

    /// What a case is worth.
    pub fn standing(
        &self,
        id: &str,
        level: Level,
        verdict: Verdict,
        crashed: bool,
        reason: &str,
    ) -> Standing {
        let foreseen = self.foresee(id, verdict, crashed, reason);
        let holds = foreseen.is_some_and(|foreseen| foreseen.holds);
        self.gate.weigh(level, verdict, false, holds)
    }

    /// What the report keeps, where these cases ran.
    pub fn record(&self, cases: &[Case]) -> Gate {
        let known = self.lines.iter().map(|(line, at, counts)| {
            let named = |heavy: bool| {
                let cases = self.cases.iter();
                cases.filter(move |case| (heavy || !case.heavy) && line.names(&case.id))
            };
            let light: Vec<&str> = named(false).map(|case| case.id.as_str()).collect();
            let ran = cases
                .iter()
                .filter(|case| case.verdict != Verdict::Error || case.crashed)
                .filter(|case| line.names(&case.id));
            KnownLine {
                at: at.clone(),
                says: line.text.clone(),
                reason: line.reason.clone(),
                counts: *counts,
                exists: named(true).next().is_some(),
                named: light.len() as u64,
                ran: ran.filter(|case| light.contains(&case.id.as_str())).count() as u64,
            }
        });
        Gate {
            known: known.collect(),
            ..self.gate.clone()
        }
    }

    /// Judges a report anew, whatever it was judged by before.
    pub fn judge(&self, report: &mut Report) {
        for case in &mut report.cases {
            case.known = self.foresee(&case.id, case.verdict, case.crashed, &case.reason);
        }
        report.gate = self.record(&report.cases);
    }
}
