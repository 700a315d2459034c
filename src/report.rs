//! The report: one versioned JSON file for a run, and the views of it. `docs/report.md` documents the fields.
//!
//! Two equal runs give the same report octet by octet, except below the key `measured`. So nothing outside of it may
//! depend on a clock, an address, a random number of the target or the order in which cases ended.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::{
    case::{Level, Role},
    rules,
    session::Verdict,
};

pub mod badge;
pub mod breach;
pub mod build;
pub mod bundle;
pub mod compare;
pub mod csv;
pub mod destination;
pub mod exact;
pub mod gate;
pub mod github;
pub mod growth;
pub mod html;
pub mod journal;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod matrix;
pub mod merge;
pub mod sarif;
pub mod standing;
pub mod table;
pub mod tap;
pub mod text;
pub mod view;

pub use breach::Breach;
pub use build::{Builder, CaseResult, End, Start};
pub use compare::Comparison;
pub use destination::{Destination, Outputs};
pub use exact::{Exact, Measured, MeasuredCase};
pub use gate::{Foreseen, Gate, KnownLine};
pub use growth::Growth;
pub use matrix::Matrix;
pub use standing::{Conclusion, Standing, Trouble};
pub use text::Teller;
pub use view::{FORMATS, Format, Page, word};

/// The version of the format that is written, and the newest that is read.
pub const FORMAT: u32 = 1;

/// The reason of each case that is not played for want of an echo.
pub const NO_ECHO: &str = "the target does not send a text message back as it came";

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`] of the program that wrote it.
    pub format: u32,
    /// What wrote it.
    pub generator: Generator,
    /// What was tested, and with which options.
    pub target: Target,
    /// What it was tested with.
    pub catalogue: Catalogue,
    /// What turns it red, and the deviations that were known.
    #[serde(default = "Gate::of_old")]
    pub gate: Gate,
    /// The cases counted.
    pub summary: Summary,
    /// Why the run ended before its end; `None`: it did not.
    #[serde(default)]
    pub stopped: Option<Stopped>,
    /// The handshake, echo, ping and close that frame a run; `None` where there was none.
    #[serde(default)]
    pub canary: Option<Canary>,
    /// The cases that lost the target.
    #[serde(default)]
    pub lost: Vec<Lost>,
    /// When it crashed, and the suite, which had started it, started it again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crashes: Vec<Crash>,
    /// What several cases saw, told once.
    pub breaches: Vec<Breach>,
    /// The cases that ran, in the order of the catalogue.
    pub cases: Vec<Case>,
    /// The rules that cases are about and that findings name, in order of their first mention.
    pub rules: Vec<Rule>,
    /// All that differs between two equal runs.
    #[serde(default)]
    pub measured: Measured,
}

/// The program that wrote a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    /// `wsspec`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Default for Generator {
    fn default() -> Generator {
        Generator {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }
}

/// What was tested, and the options that a verdict may depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The role of the target.
    pub role: Role,
    /// What it is called, with its version for instance; `None`: nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The URL as typed; `None`: the built-in reference, or clients that connect.
    #[serde(default)]
    pub url: Option<String>,
    /// Names of the further header lines; their values may be secrets and are not kept.
    #[serde(default)]
    pub headers: Vec<String>,
    /// The value of `Origin`.
    #[serde(default)]
    pub origin: Option<String>,
    /// Subprotocols on offer.
    #[serde(default)]
    pub subprotocols: Vec<String>,
    /// How octets are handed to the transport.
    #[serde(default)]
    pub delivery: Option<String>,
    /// Whether it sends each message back; `None`: nobody asked it.
    #[serde(default)]
    pub echo: Option<bool>,
    /// What seeds keys, masks and generated payloads.
    pub seed: u64,
    /// The name that a client gave itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// The cases that a run was drawn from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// How many cases it holds for the role of the target.
    pub cases: u64,
    /// Digest of all of them: equal digests mean equal cases.
    pub digest: String,
    /// The patterns that selected; empty: everything.
    #[serde(default)]
    pub selected: Vec<String>,
    /// The part of them that ran; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// One part of a run that was divided: `--shard K/N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

/// The cases counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Cases that ran.
    pub cases: u64,
    /// By verdict.
    pub verdicts: Counts,
    /// Verdicts `fail` by the level of the case.
    pub fails: Levels,
    /// Cases whose verdict changed when they ran alone.
    pub unstable: u64,
    /// Cases that wait in vain and therefore fail.
    pub timed_out: u64,
    /// By the first segment of the id, in the order of the catalogue.
    pub categories: Vec<Category>,
}

/// How many cases have each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub struct Counts {
    pub pass: u64,
    pub tolerated: u64,
    pub fail: u64,
    pub not_applicable: u64,
    pub inconclusive: u64,
    pub error: u64,
}

impl Counts {
    /// Counts one case.
    pub fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::Tolerated => &mut self.tolerated,
            Verdict::Fail => &mut self.fail,
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::Error => &mut self.error,
        } += 1;
    }
}

/// How many cases of each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Levels {
    pub must: u64,
    pub should: u64,
    pub may: u64,
}

/// The cases of one folder counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// First segment of the ids.
    pub name: String,
    /// Cases that ran.
    pub cases: u64,
    /// By verdict.
    pub verdicts: Counts,
}

impl Summary {
    /// Counts `cases`.
    pub fn of(cases: &[Case]) -> Summary {
        let mut summary = Summary::default();
        let mut places = HashMap::new();
        for case in cases {
            summary.cases += 1;
            summary.verdicts.add(case.verdict);
            if case.verdict == Verdict::Fail {
                *match case.level {
                    Level::Must => &mut summary.fails.must,
                    Level::Should => &mut summary.fails.should,
                    Level::May => &mut summary.fails.may,
                } += 1;
            }
            summary.unstable += u64::from(case.unstable);
            summary.timed_out += u64::from(case.timed_out);
            let categories = &mut summary.categories;
            let at = *places.entry(case.category()).or_insert_with_key(|name| {
                categories.push(Category {
                    name: (*name).into(),
                    cases: 0,
                    verdicts: Counts::default(),
                });
                categories.len() - 1
            });
            categories[at].cases += 1;
            categories[at].verdicts.add(case.verdict);
        }
        summary
    }
}

impl Report {
    /// A report of nothing.
    pub fn none() -> Report {
        let start = Start {
            port: None,
            role: Role::Client,
            name: None,
            url: None,
            headers: Vec::new(),
            origin: None,
            subprotocols: Vec::new(),
            delivery: None,
            seed: 0,
            catalogue: Catalogue {
                cases: 0,
                digest: String::new(),
                selected: Vec::new(),
                shard: None,
            },
            command: Vec::new(),
            started: std::time::UNIX_EPOCH,
            terms: Default::default(),
        };
        Builder::new(start).finish(End::default())
    }

    /// Leaves the other cases out, and counts again. What was lost and what ended the run stays.
    pub fn keep(&mut self, wanted: impl Fn(&Case) -> bool) {
        let kept: Vec<bool> = self.cases.iter().map(wanted).collect();
        let mut left = kept.iter();
        if self.measured.cases.len() == self.cases.len() {
            self.measured
                .cases
                .retain(|_| left.next().copied().unwrap_or(false));
        } else {
            self.measured.cases.clear();
        }
        let mut left = kept.iter();
        self.cases.retain(|_| left.next().copied().unwrap_or(false));
        self.summary = Summary::of(&self.cases);
        self.breaches = breach::group(&self.cases);
        // Of a line about cases that are left out nothing can be said any more.
        let cases = &self.cases;
        let is_about =
            |at: &str, case: &Case| case.known.as_ref().is_some_and(|known| known.at == at);
        self.gate
            .known
            .retain(|line| cases.iter().any(|case| is_about(&line.at, case)));
    }
}

/// What the canary said before the first case and behind the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Before the first case.
    pub first: Probe,
    /// Behind the last; `None`: the run ended early.
    #[serde(default)]
    pub last: Option<Probe>,
}

/// One flight of the canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// `pass`, or what went wrong.
    pub verdict: Verdict,
    /// One sentence.
    pub reason: String,
}

/// The target was gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The case behind which it was gone; `None`: before the first case, or behind the last.
    #[serde(default)]
    pub case: Option<String>,
    /// One sentence: how that showed.
    pub reason: String,
    /// Whether it came back, so that the run went on.
    pub back: bool,
}

/// The target crashed, and was started again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    /// The case that does it, which was played alone; `None`: it is not known.
    #[serde(default)]
    pub case: Option<String>,
    /// How it ended.
    pub reason: String,
}

/// The end of a run before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Why.
    pub why: Why,
    /// How many cases were selected and not tried.
    pub not_run: u64,
}

/// Why a run ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The target was lost for good.
    Lost,
    /// The first failure was to end it.
    FailFast,
    /// By a signal.
    Interrupted,
    /// The client did not ask for the rest.
    NotAsked,
}

/// One case that ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its id, which never depends on its position.
    pub id: String,
    /// Its place in the catalogue, from 0.
    #[serde(default)]
    pub position: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// The level of the case.
    pub level: Level,
    /// Ids of the rules it is about.
    pub checks: Vec<String>,
    /// What a conforming target does.
    pub title: String,
    /// Why the verdict is what it is, in a sentence.
    pub reason: String,
    /// What the known deviations say of it; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Foreseen>,
    /// Broken rules.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Another verdict came when it ran beside others; this one came when it ran alone.
    #[serde(default)]
    pub unstable: bool,
    /// The verdict with each way of handing octets to the transport, where they differ; the worst of them is the verdict.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub delivery: BTreeMap<String, Verdict>,
    /// The failure is that nothing came in time.
    #[serde(default)]
    pub timed_out: bool,
    /// The connection ended without a Close frame of the target.
    #[serde(default)]
    pub dropped: bool,
    /// It has ended the target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub crashed: bool,
    /// What was to be played, in the notation.
    #[serde(default)]
    pub steps: String,
    /// What was said.
    #[serde(default)]
    pub transcript: Vec<Line>,
    /// Lines left out behind the last of the transcript.
    #[serde(default)]
    pub left_out: u64,
    /// The command that plays it again.
    pub replay: String,
    /// Numbers of the matching Autobahn cases.
    #[serde(default)]
    pub autobahn: Vec<String>,
    /// The class of known bugs that it catches.
    #[serde(default)]
    pub class: Option<String>,
}

impl Case {
    /// The first segment of the id.
    pub fn category(&self) -> &str {
        self.id.split('/').next().unwrap_or(&self.id)
    }
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The weight of the rule in this case.
    pub level: Level,
    /// What went wrong, in words.
    pub what: String,
    /// What the suite had sent, in the notation.
    #[serde(default)]
    pub sent: Option<String>,
    /// What was expected, in the notation.
    #[serde(default)]
    pub expected: Option<String>,
    /// What came, in the notation.
    #[serde(default)]
    pub received: Option<String>,
    /// The first octets that prove it, in hex; below `measured` where they differ from run to run.
    #[serde(default)]
    pub octets: Option<String>,
    /// Seen by the observer, not by a line of the case.
    pub observed: bool,
}

/// A line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `>` the suite, `<` the target, `!` a remark of the suite.
    pub who: char,
    /// In the notation, or the remark; the lines of a handshake are separated by line feeds.
    pub text: String,
    /// The first octets on the wire, in hex; below `measured` where they differ from run to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets: Option<String>,
    /// How many octets on the wire.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub length: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A rule that a case is about, or that a finding names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Its weight.
    pub level: Level,
    /// It is inferred: the RFC says it of the other side, or leaves the reaction open.
    #[serde(default)]
    pub inferred: bool,
    /// Where it stands: `RFC 6455, section 5.5.2`.
    pub clause: String,
    /// The rule in our own words.
    pub text: String,
}

impl Rule {
    /// The rule with this id, as the table of the rules has it.
    pub fn find(id: &str) -> Option<Rule> {
        rules::find(id).map(|rule| Rule {
            id: rule.id.into(),
            level: rule.level,
            inferred: !rule.in_text,
            clause: rule.section(),
            text: rule.requirement.into(),
        })
    }
}
