//! Verdicts and what they rest on.

use serde::{Deserialize, Serialize};

use crate::case::Level;

/// The outcome of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As the rule says.
    Pass,
    /// Allowed, or not forbidden, but not what most readers expect.
    Tolerated,
    /// A rule is broken.
    Fail,
    /// The target does not offer what the case is about.
    NotApplicable,
    /// The target closed lawfully, or a premise did not hold.
    Inconclusive,
    /// No connection, or the suite's own fault: never a verdict on the target.
    Error,
}

/// The verdict on one case with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What the case says of the target.
    pub verdict: Verdict,
    /// One sentence that a person understands.
    pub reason: String,
    /// What proves it; at least one when the verdict is `fail`.
    pub findings: Vec<Finding>,
    /// The connection ended without a Close frame of the target.
    pub dropped: bool,
    /// The failure is that nothing came in time.
    pub timed_out: bool,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's id in `cases/rules.tsv`.
    pub rule: String,
    /// What breaking it weighs.
    pub level: Level,
    /// What went wrong, in words.
    pub what: String,
    /// What the suite had sent (notation), where a line of the case is at stake.
    pub sent: Option<String>,
    /// What was expected (notation).
    pub expected: Option<String>,
    /// What came (notation).
    pub received: Option<String>,
    /// The first octets that prove it, in hex.
    pub octets: Option<String>,
    /// Seen by the observer, not by a line of the case.
    pub observed: bool,
}
