//! What a report is worth: the exit code.

use std::process::ExitCode;

use crate::report::{Report, Why};

pub mod known;

/// How the program ends. The codes are documented and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: the target conforms, as far as the cases that ran can tell; or the command did what it should.
    Conforms,
    /// 1: at least one confirmed failure of a must or a should.
    Deviates,
    /// 2: a command line or a case file that makes no sense, or a report that could not be written: not a matter of the target.
    Usage,
    /// 3: the target could not be reached, or was lost, or a case could not be played.
    Unreached,
    /// 4: nothing was selected, or nothing of what ran showed anything.
    Nothing,
    /// 130: SIGINT, as shells have it (128 and the signal's number).
    Interrupted,
    /// 143: SIGTERM.
    Terminated,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Conforms => 0,
            Exit::Deviates => 1,
            Exit::Usage => 2,
            Exit::Unreached => 3,
            Exit::Nothing => 4,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// The exit code of a run that came to its end.
///
/// - A target that was lost and did not come back: 3, whatever else was found, for the rest is not known.
/// - A `fail` of a case at level must or should: 1. A may tells, and fails nobody.
/// - An `error`, or a case that a client did not ask for: 3. A case that was not played must not look like one that went well.
/// - No case that showed anything (all of them not applicable or inconclusive, or none at all): 4. Green means that something was seen.
pub fn judge(report: &Report) -> Exit {
    let verdicts = &report.summary.verdicts;
    let fails = &report.summary.fails;
    let not_asked = report
        .stopped
        .is_some_and(|stopped| stopped.why == Why::NotAsked);
    if report.lost.iter().any(|lost| !lost.back) {
        Exit::Unreached
    } else if fails.must + fails.should > 0 {
        Exit::Deviates
    } else if verdicts.error > 0 || not_asked {
        Exit::Unreached
    } else if verdicts.pass + verdicts.tolerated + verdicts.fail == 0 {
        Exit::Nothing
    } else {
        Exit::Conforms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Level, Role},
        report::{Builder, Catalogue, End, Lost, Start},
    };

    /// A report with so many passes and not applicable ones.
    fn report(passes: u64, not_applicable: u64) -> Report {
        let start = Start {
            role: Role::Server,
            url: None,
            headers: vec![],
            origin: None,
            subprotocols: vec![],
            delivery: None,
            seed: 0,
            catalogue: Catalogue {
                cases: 0,
                digest: String::new(),
                selected: vec![],
                shard: None,
            },
            command: vec![],
            started: std::time::UNIX_EPOCH,
        };
        let mut report = Builder::new(start).finish(End::default());
        report.summary.verdicts.pass = passes;
        report.summary.verdicts.not_applicable = not_applicable;
        report
    }

    fn failing(level: Level) -> Report {
        let mut report = report(5, 0);
        report.summary.verdicts.fail = 1;
        match level {
            Level::Must => report.summary.fails.must = 1,
            Level::Should => report.summary.fails.should = 1,
            Level::May => report.summary.fails.may = 1,
        }
        report
    }

    fn lost(back: bool) -> Lost {
        Lost {
            case: None,
            reason: String::new(),
            back,
        }
    }

    #[test]
    fn green_means_that_something_was_seen() {
        assert_eq!(judge(&report(1, 0)), Exit::Conforms);
        assert_eq!(judge(&report(1, 9)), Exit::Conforms);
        assert_eq!(judge(&report(0, 9)), Exit::Nothing);
        assert_eq!(judge(&report(0, 0)), Exit::Nothing);
        let mut inconclusive = report(0, 0);
        inconclusive.summary.verdicts.inconclusive = 3;
        assert_eq!(judge(&inconclusive), Exit::Nothing);
        let mut tolerated = report(0, 0);
        tolerated.summary.verdicts.tolerated = 1;
        assert_eq!(judge(&tolerated), Exit::Conforms);
    }

    #[test]
    fn a_failure_weighs_what_its_level_weighs() {
        assert_eq!(judge(&failing(Level::Must)), Exit::Deviates);
        assert_eq!(judge(&failing(Level::Should)), Exit::Deviates);
        assert_eq!(judge(&failing(Level::May)), Exit::Conforms);
    }

    #[test]
    fn what_could_not_be_played_is_not_green() {
        let mut error = report(5, 0);
        error.summary.verdicts.error = 1;
        assert_eq!(judge(&error), Exit::Unreached);
        let mut both = failing(Level::Must);
        both.summary.verdicts.error = 1;
        assert_eq!(judge(&both), Exit::Deviates);
    }

    #[test]
    fn a_lost_target_outweighs_what_it_did_before() {
        let mut report = failing(Level::Must);
        report.lost.push(lost(true));
        assert_eq!(judge(&report), Exit::Deviates);
        report.lost.push(lost(false));
        assert_eq!(judge(&report), Exit::Unreached);
    }
}
