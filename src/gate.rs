//! What a report is worth: the exit code.

use std::process::ExitCode;

use crate::report::{Report, Standing, Why};

pub mod known;
pub mod terms;
pub mod write;

pub use terms::Terms;

/// How the program ends. The codes are documented and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: the target conforms, as far as the cases that ran can tell; or the command did what it should.
    Conforms,
    /// 1: at least one confirmed failure that is not known, of the level that `--level` says or above.
    Deviates,
    /// 2: a command line or a case file that makes no sense, or a report that could not be written: not a matter of the target.
    Usage,
    /// 3: the target could not be reached, or was lost, or a case could not be played.
    Unreached,
    /// 4: nothing was selected, nothing of what ran showed anything, or a known deviation does not hold any more.
    Nothing,
    /// 130: SIGINT, as shells have it (128 and the signal's number).
    Interrupted,
    /// 143: SIGTERM, SIGHUP.
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

/// The exit code of a run that came to its end. The first that holds:
///
/// - A target that was lost and did not come back: 3, whatever else was found, for the rest is not known. One that crashed: 3, though it was started
///   again, unless the crash is known.
/// - A case that deviates ([`Standing::Bad`]): 1.
/// - An `error` that is not known, or a case that a client did not ask for: 3. A case that was not played must not look like one that went well.
/// - A known deviation that does not hold any more: 4.
/// - No case that showed anything (all of them not applicable or inconclusive, or none at all): 4. Green means that something was seen.
pub fn judge(report: &Report) -> Exit {
    let verdicts = &report.summary.verdicts;
    let known = report.count(Standing::Known);
    let seen = verdicts.pass + verdicts.tolerated + verdicts.fail + known;
    let not_asked = report
        .stopped
        .is_some_and(|stopped| stopped.why == Why::NotAsked);
    if report.lost.iter().any(|lost| !lost.back) || report.crashed().next().is_some() {
        Exit::Unreached
    } else if report.count(Standing::Bad) > 0 {
        Exit::Deviates
    } else if report.count(Standing::Broken) > 0 || not_asked {
        Exit::Unreached
    } else if seen == 0 || !report.stale().is_empty() {
        Exit::Nothing
    } else {
        Exit::Conforms
    }
}

/// The exit code of a run in which several clients came: 1 before 3 before 4.
pub fn gravest(reports: &[Report]) -> Exit {
    let exits: Vec<Exit> = reports.iter().map(judge).collect();
    let order = [Exit::Deviates, Exit::Unreached, Exit::Nothing];
    let gravest = order.into_iter().find(|exit| exits.contains(exit));
    gravest.unwrap_or(Exit::Conforms)
}

#[cfg(test)]
mod tests;
