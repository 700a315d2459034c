//! TAP 14: a test point for each case, with a YAML block for each that does not simply pass.
//!
//! What warns and what is known is marked TODO, which TAP does not count as a failure. A run that was lost ends in `Bail out!`.

use std::fmt::Write;

use super::{
    Case, Report, Standing, Trouble,
    view::{Page, name, word},
};
use crate::{escape::line, session::Verdict};

/// The view, with a line feed at its end.
pub fn render(report: &Report, _: &Page) -> String {
    let mut out = String::from("TAP version 14\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "# wsspec {}: {} {}",
        line(&report.generator.version),
        report.target.role,
        name(&report.target)
    );
    for warning in report.warnings() {
        let _ = writeln!(out, "# warning: {}", line(&warning.sentence));
    }
    let _ = writeln!(out, "1..{}", report.cases.len());
    for (at, case) in report.cases.iter().enumerate() {
        point(&mut out, report, at + 1, case);
    }
    let ending = report.ending();
    for Trouble { sentence, .. } in report.troubles() {
        let _ = writeln!(out, "Bail out! {}", line(&sentence));
    }
    if let Some(ending) = ending.filter(|_| report.troubles().is_empty()) {
        let _ = writeln!(out, "# {}", line(&ending));
    }
    out
}

fn point(out: &mut String, report: &Report, number: usize, case: &Case) {
    let standing = report.standing(case);
    let ok = match standing {
        Standing::Good | Standing::Open => "ok",
        Standing::Bad | Standing::Told | Standing::Known | Standing::Broken => "not ok",
    };
    let reason = text(&case.reason);
    let directive = match standing {
        Standing::Open => format!(" # SKIP {}: {reason}", word(case.verdict)),
        Standing::Told => format!(" # TODO warning, fails a {}: {reason}", case.level),
        Standing::Known => match &case.known {
            Some(known) => format!(
                " # TODO known ({}: {}): {reason}",
                text(&known.at),
                text(&known.reason)
            ),
            None => " # TODO known".to_owned(),
        },
        _ => String::new(),
    };
    let _ = writeln!(out, "{ok} {number} - {}{directive}", text(&case.id));
    if matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable) {
        return;
    }
    out.push_str("  ---\n");
    let mut said = |key: &str, value: &str| {
        let _ = writeln!(out, "  {key}: {}", quoted(value));
    };
    said("verdict", word(case.verdict));
    said("level", &case.level.to_string());
    said("message", &case.reason);
    if let Some(finding) = case.findings.first() {
        said("rule", &finding.rule);
        if let Some(rule) = report.rule(&finding.rule) {
            said("clause", &rule.clause);
            said("demands", &rule.text);
        }
        for (key, value) in [
            ("sent", &finding.sent),
            ("expected", &finding.expected),
            ("received", &finding.received),
        ] {
            if let Some(value) = value {
                said(key, value);
            }
        }
    }
    said("replay", &case.replay);
    out.push_str("  ...\n");
}

/// A description or the words of a directive: `\` and `#` stand for themselves.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in line(text).chars() {
        if matches!(c, '\\' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A double-quoted scalar of YAML, which takes the escapes of JSON.
fn quoted(text: &str) -> String {
    // A string is always JSON.
    serde_json::to_string(&*line(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_begins_a_directive_or_ends_a_scalar() {
        assert_eq!(text(r"a # SKIP \ b"), r"a \# SKIP \\ b");
        assert_eq!(text("a\nok 2"), r"a\\nok 2");
        assert_eq!(quoted("a\"\n  ...\n"), r#""a\"\\n  ...\\n""#);
    }
}
