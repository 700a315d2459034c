//! From what was found to the judgement.

use crate::{
    case::{Case, Level, Mark},
    rules,
    session::{
        Session,
        verdict::{Finding, Judgement, Verdict},
    },
    wire::observer::Breach,
};

/// What a session has gathered for its verdict.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub findings: Vec<Finding>,
    /// Reasons for `tolerated`, each told once.
    pub tolerated: Vec<String>,
    pub not_applicable: Option<String>,
    pub inconclusive: Option<String>,
    pub error: Option<String>,
    pub timed_out: bool,
    pub dropped: bool,
}

/// The most findings of one case; further ones say nothing new.
const MAX_FINDINGS: usize = 16;

impl Found {
    /// The observer told of a breach; `octets` prove it.
    pub fn breach(&mut self, breach: &Breach, octets: &[u8]) {
        let what = breach.to_string();
        if breach.is_warning() {
            return self.tolerate(format!("{what} ({})", section(breach.rule())));
        }
        let told = self
            .findings
            .iter()
            .any(|f| f.observed && f.rule == breach.rule());
        if told || self.findings.len() >= MAX_FINDINGS {
            return;
        }
        self.findings.push(Finding {
            rule: breach.rule().into(),
            level: weight(breach.rule()),
            what,
            sent: None,
            expected: None,
            received: None,
            octets: Some(hex(octets)),
            observed: true,
        });
    }

    /// Adds a reason for `tolerated`.
    pub fn tolerate(&mut self, why: String) {
        if self.tolerated.len() < MAX_FINDINGS && !self.tolerated.contains(&why) {
            self.tolerated.push(why);
        }
    }

    /// The judgement on a case that is over.
    pub fn judge(&mut self, case: &Case) -> Judgement {
        let (verdict, reason) = if let Some(finding) = self.findings.first() {
            (Verdict::Fail, finding.what.clone())
        } else if let Some(why) = self.error.take() {
            (Verdict::Error, why)
        } else if let Some(why) = self.inconclusive.take() {
            (Verdict::Inconclusive, why)
        } else if let Some(why) = self.not_applicable.take() {
            (Verdict::NotApplicable, why)
        } else if !self.tolerated.is_empty() {
            (Verdict::Tolerated, self.tolerated.join("; "))
        } else {
            (Verdict::Pass, case.title.clone())
        };
        Judgement {
            verdict,
            reason,
            findings: std::mem::take(&mut self.findings),
            dropped: self.dropped,
            timed_out: self.timed_out,
        }
    }
}

impl Session {
    /// The target breaks the case's first rule.
    pub(super) fn fail(
        &mut self,
        what: String,
        expected: Option<String>,
        received: Option<String>,
    ) {
        let rule = self.case.checks.first().cloned().unwrap_or_default();
        self.found_finding(rule, rules::level(&self.case), what, expected, received);
    }

    /// The target breaks this rule.
    pub(super) fn fail_rule(
        &mut self,
        rule: &str,
        what: String,
        expected: Option<String>,
        received: Option<String>,
    ) {
        self.found_finding(rule.into(), weight(rule), what, expected, received);
    }

    fn found_finding(
        &mut self,
        rule: String,
        level: Level,
        what: String,
        expected: Option<String>,
        received: Option<String>,
    ) {
        let expected = expected.or_else(|| {
            let outcomes: Vec<_> = self
                .group()?
                .iter()
                .filter(|alternative| alternative.mark == Mark::Required)
                .flat_map(|alternative| &alternative.outcomes)
                .map(ToString::to_string)
                .collect();
            Some(outcomes.join(" or "))
        });
        // What came long before proves nothing about what did not come.
        let last = received.as_ref().and(self.transcript.last('<'));
        let octets = last.map(|entry| hex(&entry.octets));
        self.found.findings.push(Finding {
            rule,
            level,
            what,
            sent: self.transcript.last('>').map(|entry| entry.text.clone()),
            expected,
            received: Some(received.unwrap_or_else(|| "nothing".into())),
            octets,
            observed: false,
        });
        self.judge();
    }
}

/// At most 64 octets as hex pairs.
pub(super) fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for (index, octet) in octets.iter().take(64).enumerate() {
        let blank = if index == 0 { "" } else { " " };
        let _ = write!(out, "{blank}{octet:02x}");
    }
    if octets.len() > 64 {
        let _ = write!(out, " ... ({} octets)", octets.len());
    }
    out
}

/// What a breach of a rule weighs.
pub(super) fn weight(rule: &str) -> Level {
    rules::find(rule).map_or(Level::May, rules::Rule::weight)
}

/// Where a rule stands.
fn section(rule: &str) -> String {
    rules::find(rule).map_or_else(|| rule.to_owned(), rules::Rule::section)
}
