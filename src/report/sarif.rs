//! SARIF 2.1.0 (OASIS), for tools that gather results: rules of the RFCs are rules, findings are results, cases are logical locations.
//!
//! There is no source file that a result could point into, so there are no physical locations.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    Case, Finding, MeasuredCase, Report, Rule, Standing, json,
    view::{Page, name, word},
};
use crate::{case::Level, escape::line};

/// The view, with a line feed at its end.
pub fn render(report: &Report, _: &Page) -> String {
    let mut rules: Vec<Value> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for rule in &report.rules {
        if !places.contains_key(rule.id.as_str()) {
            places.insert(&rule.id, rules.len());
            rules.push(descriptor(rule));
        }
    }
    let mut results = Vec::new();
    for (at, case) in report.cases.iter().enumerate() {
        match report.standing(case) {
            standing @ (Standing::Bad | Standing::Told | Standing::Known) => {
                let none = MeasuredCase::default();
                let whole = report.measured_of(at).unwrap_or(&none).restore(case);
                for finding in &whole.findings {
                    let rule = places.get(finding.rule.as_str());
                    results.push(result(standing, case, finding, rule));
                }
                if whole.findings.is_empty() {
                    results.push(plain(standing, case));
                }
            }
            Standing::Good | Standing::Broken | Standing::Open => {}
        }
    }
    let troubles = report.troubles();
    let broken = report
        .cases
        .iter()
        .filter(|case| report.standing(case) == Standing::Broken);
    let mut notes: Vec<Value> = troubles
        .iter()
        .map(|trouble| notification("error", &trouble.sentence))
        .collect();
    notes
        .extend(broken.map(|case| notification("error", &format!("{}: {}", case.id, case.reason))));
    let mut invocation = Map::new();
    invocation.insert("executionSuccessful".into(), notes.is_empty().into());
    let warnings = report.warnings();
    notes.extend(
        warnings
            .iter()
            .map(|warning| notification("warning", &warning.sentence)),
    );
    if let Some(started) = &report.measured.started {
        invocation.insert("startTimeUtc".into(), line(started).into());
    }
    invocation.insert("toolExecutionNotifications".into(), notes.into());
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": line(&report.generator.name),
                "version": line(&report.generator.version),
                "rules": rules,
            }},
            "invocations": [invocation],
            "automationDetails": {"id": format!("wsspec/{}/", report.target.role)},
            "properties": {
                "target": name(&report.target),
                "seed": report.target.seed,
                "catalogue": line(&report.catalogue.digest),
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    json::written(&log)
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": line(&rule.id),
        "shortDescription": {"text": line(&rule.text)},
        "help": {"text": line(&rule.clause)},
        "defaultConfiguration": {"level": level(rule.level)},
        "properties": {"inferred": rule.inferred},
    })
}

/// The weight of a result. What is known is suppressed too, which not every tool heeds.
fn weight(standing: Standing, level: Level) -> &'static str {
    match (standing, level) {
        (Standing::Bad, _) => "error",
        (Standing::Told, Level::Must | Level::Should) => "warning",
        _ => "note",
    }
}

fn suppressions(standing: Standing, case: &Case) -> Value {
    match (standing, &case.known) {
        (Standing::Known, Some(known)) => json!([{
            "kind": "external",
            "status": "accepted",
            "justification": format!("{}: {}", line(&known.at), line(&known.reason)),
        }]),
        _ => json!([]),
    }
}

/// A case that broke no rule, and is not what it has to be all the same: with `--strict` for instance.
fn plain(standing: Standing, case: &Case) -> Value {
    json!({
        "level": weight(standing, case.level),
        "kind": "fail",
        "message": {"text": format!("{}: {}", word(case.verdict), line(&case.reason))},
        "locations": [{"logicalLocations": [{
            "name": line(&case.id),
            "fullyQualifiedName": line(&case.id),
            "kind": "member",
        }]}],
        "partialFingerprints": {"ruleAndCase/v1": line(&case.id)},
        "suppressions": suppressions(standing, case),
        "properties": {
            "title": line(&case.title),
            "replay": line(&case.replay),
        },
    })
}

fn result(standing: Standing, case: &Case, finding: &Finding, rule: Option<&usize>) -> Value {
    let mut text = line(&finding.what).into_owned();
    for (label, value) in [
        ("sent", &finding.sent),
        ("expected", &finding.expected),
        ("received", &finding.received),
        ("octets", &finding.octets),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("; {label}: {}", line(value)));
        }
    }
    let mut result = json!({
        "ruleId": line(&finding.rule),
        "level": weight(standing, finding.level.min(case.level)),
        "kind": "fail",
        "message": {"text": text},
        "locations": [{"logicalLocations": [{
            "name": line(&case.id),
            "fullyQualifiedName": line(&case.id),
            "kind": "member",
        }]}],
        "partialFingerprints": {"ruleAndCase/v1": format!("{} {}", line(&finding.rule), line(&case.id))},
        "suppressions": suppressions(standing, case),
        "properties": {
            "title": line(&case.title),
            "replay": line(&case.replay),
            "observed": finding.observed,
            "unstable": case.unstable,
            "timedOut": case.timed_out,
        },
    });
    if let (Some(place), Some(fields)) = (rule, result.as_object_mut()) {
        fields.insert("ruleIndex".into(), (*place).into());
    }
    result
}

fn notification(level: &str, text: &str) -> Value {
    json!({"level": level, "message": {"text": line(text)}})
}

/// What SARIF calls a must, a should and a may.
fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "error",
        Level::Should => "warning",
        Level::May => "note",
    }
}
