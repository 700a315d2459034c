//! What a case, and a run as a whole, are worth to a machine that reads a view: red, green, or neither.
//!
//! Each view for machines has its own words for it; that no view is green where the exit code is not is decided here.

use serde::{Deserialize, Serialize};

use super::{Case, Lost, Report, Why};
use crate::{
    case::Level,
    gate::{self, Exit},
    session::Verdict,
};

/// Red, green, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Passed, or did what is tolerated.
    Good,
    /// Broke a rule that is a must or a should.
    Bad,
    /// Broke a rule that is a may: told, and no reason to fail.
    Told,
    /// Could not be played: says nothing about the target, and must not look like a pass.
    Broken,
    /// Not applicable, or inconclusive.
    Open,
}

impl Case {
    /// What the case is worth.
    pub fn standing(&self) -> Standing {
        match (self.verdict, self.level) {
            (Verdict::Pass | Verdict::Tolerated, _) => Standing::Good,
            (Verdict::Fail, Level::May) => Standing::Told,
            (Verdict::Fail, Level::Must | Level::Should) => Standing::Bad,
            (Verdict::NotApplicable | Verdict::Inconclusive, _) => Standing::Open,
            (Verdict::Error, _) => Standing::Broken,
        }
    }
}

/// What a run says about the target: the exit code in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    /// 0.
    Conforms,
    /// 1.
    Deviates,
    /// 3 and 4, and a run that was interrupted: nothing that one could rely on.
    Unknown,
}

/// Why a run cannot be green, whatever its cases say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// A slug that does not change: `target-lost`, `run-ended-early`, `nothing-shown`, `no-echo`.
    pub name: &'static str,
    /// One sentence.
    pub sentence: String,
}

impl Report {
    /// What the run says about the target.
    pub fn conclusion(&self) -> Conclusion {
        match gate::judge(self) {
            _ if !self.troubles().is_empty() => Conclusion::Unknown,
            Exit::Conforms => Conclusion::Conforms,
            Exit::Deviates => Conclusion::Deviates,
            _ => Conclusion::Unknown,
        }
    }

    /// How many cases are worth this.
    pub fn count(&self, standing: Standing) -> u64 {
        let cases = self.cases.iter();
        cases.filter(|case| case.standing() == standing).count() as u64
    }

    /// What is wrong with the run itself, apart from its cases.
    pub fn troubles(&self) -> Vec<Trouble> {
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

    /// Why the run ended before its end, in a sentence; `None`: it did not.
    pub fn ending(&self) -> Option<String> {
        let stopped = self.stopped?;
        let why = match stopped.why {
            Why::Lost => "the target was lost",
            Why::FailFast => "it was to stop at the first failure",
            Why::Interrupted => "it was interrupted",
            Why::NotAsked => {
                return Some(format!(
                    "The client did not ask for all cases. Not run: {}.",
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
    use crate::report::Stopped;

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
        for verdicts in all {
            let mut report = report(&verdicts);
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
