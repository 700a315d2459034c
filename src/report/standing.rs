//! What a case, and a run as a whole, are worth to a machine that reads a view: red, green, or neither.
//!
//! Each view for machines has its own words for it; that no view is green where the exit code is not is decided here.

use serde::{Deserialize, Serialize};

use super::{Case, Crash, Lost, Report, Why};
use crate::{
    case::Level,
    gate::{self, Exit},
    session::Verdict,
};

/// What cases say of a client that keeps a connection on which the handshake was refused, and asks for its next case there.
const AGAIN: &str = "asks again on the same connection";

/// Red, green, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Passed, or did what is tolerated.
    Good,
    /// Broke a rule of the gate's level or above; with `--strict`, did not simply pass.
    Bad,
    /// Broke a rule below the gate's level: a warning, and no reason to fail.
    Told,
    /// Broke a rule, or ended the target, as the known deviations say.
    Known,
    /// Could not be played: says nothing about the target, and must not look like a pass.
    Broken,
    /// Not applicable, or inconclusive.
    Open,
}

/// What a run says about the target: the exit code in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    /// 0.
    Conforms,
    /// 1.
    Deviates,
    /// 4, where the cases are as they should be, and a known deviation does not hold any more.
    Stale,
    /// 3, 4 where nothing was shown, and a run that was interrupted: nothing that one could rely on.
    Unknown,
}

/// Why a run cannot be green, whatever its cases say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// A slug that does not change: `target-lost`, `target-crashed`, `run-ended-early`, `nothing-shown`, `known-stale`, `no-echo`.
    pub name: &'static str,
    /// One sentence.
    pub sentence: String,
}

impl Report {
    /// What the run says about the target.
    pub fn conclusion(&self) -> Conclusion {
        match gate::judge(self) {
            _ if !self.breaks().is_empty() => Conclusion::Unknown,
            Exit::Conforms => Conclusion::Conforms,
            Exit::Deviates => Conclusion::Deviates,
            Exit::Nothing => Conclusion::Stale,
            _ => Conclusion::Unknown,
        }
    }

    /// What a case is worth.
    pub fn standing(&self, case: &Case) -> Standing {
        self.gate.standing(case)
    }

    /// How many cases are worth this.
    pub fn count(&self, standing: Standing) -> u64 {
        let cases = self.cases.iter();
        cases.filter(|case| self.standing(case) == standing).count() as u64
    }

    /// What is wrong apart from the cases: with the run itself, and with what was known.
    pub fn troubles(&self) -> Vec<Trouble> {
        let mut troubles = self.breaks();
        troubles.extend(self.crashed().map(|crash| Trouble {
            name: "target-crashed",
            sentence: crash.sentence(),
        }));
        troubles.extend(self.stale().iter().map(|stale| Trouble {
            name: "known-stale",
            sentence: stale.sentence(),
        }));
        troubles
    }

    /// The crashes of the target that are not known: a line of known deviations can say `crash` of the case that does it.
    pub fn crashed(&self) -> impl Iterator<Item = &Crash> {
        let is_known = |id: &String| {
            let case = self.cases.iter().find(|case| case.id == *id);
            case.is_some_and(|case| case.crashed && self.standing(case) == Standing::Known)
        };
        let crashes = self.crashes.iter();
        crashes.filter(move |crash| !crash.case.as_ref().is_some_and(is_known))
    }

    /// What is wrong with the run itself: why nobody can rely on it.
    pub fn breaks(&self) -> Vec<Trouble> {
        let gone = self.lost.iter().filter(|lost| !lost.back);
        let mut troubles: Vec<Trouble> = gone
            .map(|lost| Trouble {
                name: "target-lost",
                sentence: lost.sentence(),
            })
            .collect();
        if let Some(stopped) = &self.stopped
            && (matches!(stopped.why, Why::Interrupted | Why::NotAsked)
                || troubles.is_empty() && stopped.why == Why::Lost)
        {
            troubles.push(Trouble {
                name: "run-ended-early",
                sentence: self.ending().unwrap_or_default(),
            });
        }
        let seen = &self.summary.verdicts;
        if troubles.is_empty() && seen.pass + seen.tolerated + seen.fail + seen.error == 0 {
            troubles.push(Trouble {
                name: "nothing-shown",
                sentence: match self.summary.cases {
                    0 => "No case ran.".into(),
                    _ => "No case showed anything: all are not applicable or inconclusive.".into(),
                },
            });
        }
        troubles
    }

    /// What the run could not look at, as far as that is easily overlooked: the exit code does not tell it.
    pub fn warnings(&self) -> Vec<Trouble> {
        let unasked =
            |case: &&Case| case.verdict == Verdict::NotApplicable && case.reason == super::NO_ECHO;
        let left = self.cases.iter().filter(unasked).count();
        if self.target.echo != Some(false) || left == 0 {
            return Vec::new();
        }
        vec![Trouble {
            name: "no-echo",
            sentence: format!(
                "The target does not send messages back: {left} of {} cases need that and were not played. \
                 Point wsspec at an endpoint that echoes, and they are.",
                self.summary.cases
            ),
        }]
    }

    /// What else there is to know of how the run was judged, in sentences; none where there is nothing.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let (known, warned) = (self.count(Standing::Known), self.count(Standing::Told));
        if self.gate.strict {
            remarks.push(
                "Strict: whatever is not a plain pass or not applicable is a failure.".into(),
            );
        }
        if !self.gate.known.is_empty() {
            let cases = if known == 1 {
                "case fails"
            } else {
                "cases fail"
            };
            remarks.push(format!("{known} {cases} as known."));
        }
        if warned > 0 {
            let of = |level: Level| {
                let cases = self.cases.iter().filter(|case| case.level == level);
                cases
                    .filter(|case| self.standing(case) == Standing::Told)
                    .count()
            };
            let counts = [(of(Level::Should), "should"), (of(Level::May), "may")];
            let told = counts.iter().filter(|(count, _)| *count > 0);
            let told: Vec<_> = told
                .map(|(count, level)| format!("{count} {level}"))
                .collect();
            let (cases, them) = match warned {
                1 => ("1 case warns".to_owned(), "it"),
                n => (format!("{n} cases warn"), "them"),
            };
            let level = if counts[0].0 > 0 { "should" } else { "may" };
            remarks.push(format!(
                "{cases} ({}); --level {level} makes {them} fail.",
                told.join(", ")
            ));
        }
        remarks
    }

    /// Why the run ended before its end, in a sentence; `None`: it did not.
    pub fn ending(&self) -> Option<String> {
        let stopped = self.stopped?;
        let why = match stopped.why {
            Why::Lost => "the target was lost",
            Why::FailFast => "it was to stop at the first failure",
            Why::Interrupted => "it was interrupted",
            Why::NotAsked => {
                let again = self.cases.iter();
                let again = again.filter(|case| case.reason.contains(AGAIN)).count();
                let advice = match again {
                    0 => String::new(),
                    _ => format!(
                        " In {again} of those that it asked for it asked again on the same connection, where no other case can be played: \
                         take a new connection for each case (HTTP libraries call that keep-alive off)."
                    ),
                };
                return Some(format!(
                    "The client did not ask for all cases. Not run: {}.{advice}",
                    stopped.not_run
                ));
            }
        };
        Some(format!(
            "The run ended early: {why}. Not run: {}.",
            stopped.not_run
        ))
    }
}

impl Crash {
    /// What happened, in a sentence or two.
    pub fn sentence(&self) -> String {
        let place = match &self.case {
            Some(case) => format!(" in {case}"),
            None => String::new(),
        };
        let reason = self.reason.trim_end_matches('.');
        format!("The target crashed{place}: {reason}. It was started again, and the run went on.")
    }
}

impl Lost {
    /// What happened, in a sentence or two.
    pub fn sentence(&self) -> String {
        let place = match &self.case {
            Some(case) => format!(" behind {case}"),
            None => String::new(),
        };
        let after = match self.back {
            true => "It came back, and the run went on.",
            false => "It did not come back: nothing more can be said about it.",
        };
        let reason = self.reason.trim_end_matches('.');
        format!("The target was lost{place}: {reason}. {after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Foreseen, Stopped};

    fn report(verdicts: &[(Verdict, Level)]) -> Report {
        let mut report: Report =
            Report::from_json(include_bytes!("../../tests/golden/report/report.json"))
                .expect("a report");
        let case = report.cases[0].clone();
        report.cases = verdicts
            .iter()
            .map(|(verdict, level)| Case {
                verdict: *verdict,
                level: *level,
                ..case.clone()
            })
            .collect();
        report.summary = crate::report::Summary::of(&report.cases);
        (report.lost, report.stopped) = (vec![], None);
        report
    }

    const VERDICTS: [Verdict; 6] = [
        Verdict::Pass,
        Verdict::Tolerated,
        Verdict::Fail,
        Verdict::NotApplicable,
        Verdict::Inconclusive,
        Verdict::Error,
    ];

    #[test]
    fn cases_that_wanted_an_echo_in_vain_are_a_warning() {
        let mut report = report(&[
            (Verdict::Pass, Level::Must),
            (Verdict::NotApplicable, Level::Must),
        ]);
        report.target.echo = Some(false);
        assert!(report.warnings().is_empty(), "for another reason");
        report.cases[1].reason = crate::report::NO_ECHO.into();
        let [warning] = &report.warnings()[..] else {
            panic!("{:?}", report.warnings())
        };
        assert!(
            warning.sentence.contains("1 of 2 cases"),
            "{}",
            warning.sentence
        );
        assert_eq!(report.conclusion(), Conclusion::Conforms);
        report.target.echo = Some(true);
        assert!(report.warnings().is_empty());
    }

    #[test]
    fn green_is_where_the_exit_code_is_0_and_nowhere_else() {
        let mut all = vec![vec![]];
        for verdict in VERDICTS {
            for level in [Level::May, Level::Should, Level::Must] {
                all.push(vec![(verdict, level)]);
                all.extend(VERDICTS.map(|other| vec![(verdict, level), (other, Level::Must)]));
            }
        }
        for (verdicts, at) in all.into_iter().zip(0..) {
            let mut report = report(&verdicts);
            report.gate.level = [Level::Must, Level::Should, Level::May][at % 3];
            report.gate.strict = at % 2 == 0;
            if at % 5 == 0
                && let Some(case) = report.cases.first_mut()
            {
                case.known = Some(Foreseen {
                    at: "known.txt:1".into(),
                    says: "fail".into(),
                    reason: "why".into(),
                    holds: at % 10 == 0,
                });
            }
            let red = |report: &Report| {
                report.count(Standing::Bad) + report.count(Standing::Broken) > 0
                    || !report.troubles().is_empty()
            };
            let conforms = gate::judge(&report) == Exit::Conforms;
            assert_eq!(red(&report), !conforms, "{verdicts:?}");
            assert_eq!(
                report.conclusion() == Conclusion::Conforms,
                conforms,
                "{verdicts:?}"
            );
            for (why, green) in [
                (Why::Interrupted, false),
                (Why::Lost, false),
                (Why::NotAsked, false),
                (Why::FailFast, conforms),
            ] {
                report.stopped = Some(Stopped { why, not_run: 1 });
                assert_eq!(red(&report), !green, "{verdicts:?} {why:?}");
            }
        }
    }

    #[test]
    fn a_client_that_keeps_connections_is_told_what_that_costs() {
        let mut report = report(&[(Verdict::Tolerated, Level::Must)]);
        report.stopped = Some(Stopped {
            why: Why::NotAsked,
            not_run: 1,
        });
        let plainly = report.ending().expect("a sentence");
        assert!(!plainly.contains("connection"), "{plainly}");
        // The words are those of the catalogue.
        let catalogue = crate::catalogue::Catalogue::embedded().expect("the catalogue is in order");
        let case = catalogue.cases();
        let case = case.filter(|case| case.id == "handshake/client-status/status[200]");
        let steps = case
            .map(|case| format!("{:?}", case.steps))
            .collect::<String>();
        assert!(steps.contains(AGAIN), "{steps}");
        report.cases[0].reason = AGAIN.into();
        let advised = report.ending().expect("a sentence");
        assert!(
            advised.contains("take a new connection for each case"),
            "{advised}"
        );
    }

    #[test]
    fn a_target_that_was_lost_leaves_nothing_green() {
        let mut report = report(&[(Verdict::Pass, Level::Must)]);
        for back in [true, false] {
            report.lost = vec![Lost {
                case: Some("a/b/c".into()),
                reason: "refused".into(),
                back,
            }];
            assert_eq!(report.conclusion() == Conclusion::Conforms, back);
            assert_eq!(report.troubles().is_empty(), back);
        }
        let told = &report.troubles()[0].sentence;
        assert!(
            told.starts_with("The target was lost behind a/b/c: refused. It did not come back"),
            "{told}"
        );
    }
}
