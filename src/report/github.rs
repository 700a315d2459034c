//! Annotations of a GitHub workflow: commands on standard output that the runner shows at the job.
//!
//! What several cases saw is told once. GitHub shows ten of a kind for a step: what matters most comes first.

use std::fmt::Write;

use super::{
    Breach, Case, Report, Standing,
    table::totals,
    view::{Page, name, word},
};
use crate::{case::Level, escape::line};

/// The most cases with an annotation of their own.
const MOST: usize = 50;

/// The view: a command on each line.
pub fn render(report: &Report, _: &Page) -> String {
    let mut out = String::new();
    for trouble in report.troubles() {
        command(&mut out, "error", "the run", &line(&trouble.sentence));
    }
    for warning in report.warnings() {
        command(&mut out, "warning", "the run", &line(&warning.sentence));
    }
    for breach in report.breaches_by_weight() {
        told_once(&mut out, report, breach);
    }
    let apart = report.cases.iter().filter(|case| {
        matches!(
            report.standing(case),
            Standing::Bad | Standing::Broken | Standing::Told
        ) && !report.fails_by_breaches(case)
    });
    let mut apart: Vec<&Case> = apart.collect();
    apart.sort_by_key(|case| {
        (
            report.standing(case) == Standing::Told,
            std::cmp::Reverse(case.level),
        )
    });
    for case in apart.iter().take(MOST) {
        let kind = match report.standing(case) {
            Standing::Told => warning(case.level),
            _ => "error",
        };
        command(&mut out, kind, &line(&case.id), &sentences(report, case));
    }
    let more = apart.len().saturating_sub(MOST);
    let more = match more {
        0 => String::new(),
        n => format!(" {n} more cases fail and have no annotation."),
    };
    let sum = format!(
        "{}: {}.{more}",
        name(&report.target),
        totals(report, &Page::PIPE)
    );
    command(&mut out, "notice", "summary", &sum);
    out
}

fn told_once(out: &mut String, report: &Report, breach: &Breach) {
    let kind = match report.worth(breach) {
        Standing::Bad | Standing::Broken if breach.level >= report.gate.level => "error",
        Standing::Bad | Standing::Broken | Standing::Told => warning(breach.level),
        // All its cases are known.
        _ => return,
    };
    let cases = match breach.cases {
        1 => "1 case".into(),
        n => format!("{n} cases"),
    };
    let mut text = format!(
        "{} ({cases}, first {})",
        line(&breach.what),
        line(&breach.first)
    );
    rule(&mut text, report, &breach.rule);
    command(out, kind, &line(&breach.rule), &text);
}

/// What fails nobody.
fn warning(level: Level) -> &'static str {
    match level {
        Level::Must | Level::Should => "warning",
        Level::May => "notice",
    }
}

fn sentences(report: &Report, case: &Case) -> String {
    let mut text = format!("{}: {}", word(case.verdict), line(&case.reason));
    if let Some(finding) = case.findings.first() {
        rule(&mut text, report, &finding.rule);
    }
    let _ = write!(text, "\n{}", line(&case.replay));
    text
}

fn rule(text: &mut String, report: &Report, id: &str) {
    if let Some(rule) = report.rule(id) {
        let _ = write!(text, "\n{}: {}", line(&rule.clause), line(&rule.text));
    }
}

/// A workflow command: what would end its title or its line is written with a percent sign.
fn command(out: &mut String, kind: &str, title: &str, text: &str) {
    let mut escape = |text: &str, title: bool| {
        for c in text.chars() {
            match c {
                '%' => out.push_str("%25"),
                '\r' => out.push_str("%0D"),
                '\n' => out.push_str("%0A"),
                ':' if title => out.push_str("%3A"),
                ',' if title => out.push_str("%2C"),
                c => out.push(c),
            }
        }
    };
    escape(&format!("::{kind} title="), false);
    escape(&format!("wsspec: {title}"), true);
    escape("::", false);
    escape(text, false);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_title_or_a_command() {
        let mut out = String::new();
        command(&mut out, "error", "a::b, 5%", "one\r\n::error::two, 5%");
        assert_eq!(
            out,
            "::error title=wsspec%3A a%3A%3Ab%2C 5%25::one%0D%0A::error::two, 5%25\n"
        );
    }
}
