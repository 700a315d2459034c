//! JUnit XML, for CI servers: a suite for each category, a test case for each case.
//!
//! What warns and what is known is skipped with its reason, since nobody is to fail by it. What is wrong with the run itself is a
//! test case of the suite `run`, so that no CI server shows a run as green that is not.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{
    Case, MeasuredCase, Report, Standing, Teller, Trouble,
    view::{Page, name, word},
};
use crate::{escape::line, session::Verdict};

/// The view, with a line feed at its end.
pub fn render(report: &Report, _: &Page) -> String {
    let mut junit = quick_junit::Report::new("wsspec");
    junit.set_time(Duration::from_micros(report.measured.duration_us));
    let role = report.target.role.to_string();
    for category in &report.summary.categories {
        let mut suite = TestSuite::new(&*line(&category.name));
        suite.add_properties(
            properties(report)
                .iter()
                .map(|(key, value)| (*key, value.as_str())),
        );
        let mut time = Duration::ZERO;
        for (at, case) in report.cases.iter().enumerate() {
            if case.category() == category.name {
                let measured = report.measured_of(at).cloned().unwrap_or_default();
                let took = Duration::from_micros(measured.duration_us);
                time = time.saturating_add(took);
                let mut test = test_case(report, case, &measured);
                test.set_classname(class(&role, &case.id));
                test.set_time(took);
                suite.add_test_case(test);
            }
        }
        suite.set_time(time);
        junit.add_test_suite(suite);
    }
    let troubles = report.troubles();
    if !troubles.is_empty() {
        let mut suite = TestSuite::new("run");
        suite.add_properties(
            properties(report)
                .iter()
                .map(|(key, value)| (*key, value.as_str())),
        );
        for trouble in troubles {
            suite.add_test_case(of_run(&trouble, &role));
        }
        junit.add_test_suite(suite);
    }
    // Names and texts are written as they are given: there is nothing that could fail.
    junit.to_string().unwrap_or_default()
}

fn properties(report: &Report) -> Vec<(&'static str, String)> {
    let mut properties = vec![
        ("target", name(&report.target)),
        ("role", report.target.role.to_string()),
        ("seed", report.target.seed.to_string()),
        ("catalogue", line(&report.catalogue.digest).into_owned()),
        ("version", line(&report.generator.version).into_owned()),
    ];
    let warnings = report.warnings().into_iter();
    properties.extend(warnings.map(|warning| ("warning", line(&warning.sentence).into_owned())));
    let started = report.measured.started.as_deref().map(line);
    properties.extend(started.map(|started| ("started", started.into_owned())));
    properties
}

fn test_case(report: &Report, case: &Case, measured: &MeasuredCase) -> TestCase {
    let reason = line(&case.reason).into_owned();
    let status = match report.standing(case) {
        Standing::Good => TestCaseStatus::success(),
        Standing::Bad | Standing::Broken => {
            let bad = report.standing(case) == Standing::Bad;
            let mut status = TestCaseStatus::non_success(match bad {
                true => NonSuccessKind::Failure,
                false => NonSuccessKind::Error,
            });
            let rule = case.findings.first().map(|finding| line(&finding.rule));
            status.set_type(rule.unwrap_or_else(|| word(case.verdict).into()).as_ref());
            status.set_message(reason.as_str());
            status.set_description(told(report, case, measured));
            status
        }
        Standing::Told | Standing::Known | Standing::Open => {
            let mut status = TestCaseStatus::skipped();
            let lead = match (report.standing(case), &case.known) {
                (Standing::Told, _) => format!("warning, fails a {}", case.level),
                (Standing::Known, Some(known)) => {
                    format!("known ({}: {})", line(&known.at), line(&known.reason))
                }
                _ => word(case.verdict).to_owned(),
            };
            status.set_message(format!("{lead}: {reason}"));
            status
        }
    };
    let mut test = TestCase::new(last(&case.id), status);
    if case.verdict == Verdict::Tolerated && report.standing(case) == Standing::Good {
        test.set_system_out(format!("tolerated: {reason}"));
    }
    if report.standing(case) == Standing::Told {
        test.set_system_out(told(report, case, measured));
    }
    test
}

/// The failure in full, with what was said unless many cases fail in the same way.
fn told(report: &Report, case: &Case, measured: &MeasuredCase) -> String {
    let rule = |id: &str| report.rule(id).cloned();
    let teller = Teller::new(Page::PIPE, !report.fails_by_breaches(case));
    teller
        .judging(report.gate.clone())
        .case(case, measured, rule)
}

fn of_run(trouble: &Trouble, role: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(&*line(&trouble.sentence));
    status.set_type(trouble.name);
    let mut test = TestCase::new(trouble.name, status);
    test.set_classname(format!("wsspec.{role}.run"));
    test
}

/// `wsspec.server.control.ping` for `control/ping/answered`: CI servers tell test cases apart by class and name.
fn class(role: &str, id: &str) -> String {
    let mut class = format!("wsspec.{role}");
    for folder in folders(id).split('/').filter(|folder| !folder.is_empty()) {
        class.push('.');
        class.push_str(&line(folder));
    }
    class
}

/// All but the last segment of an id; a `/` in brackets parts nothing.
fn folders(id: &str) -> &str {
    let slug = id.split('[').next().unwrap_or(id);
    slug.rfind('/').map_or("", |at| &id[..at])
}

fn last(id: &str) -> String {
    let folders = folders(id);
    line(id[folders.len()..].trim_start_matches('/')).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_class_and_a_name() {
        let parted = |id| (class("server", id), last(id));
        let expected = |class: &str, name: &str| (class.to_owned(), name.to_owned());
        assert_eq!(
            parted("control/ping/answered"),
            expected("wsspec.server.control.ping", "answered")
        );
        assert_eq!(
            parted("utf8/invalid/octets[f4/90]"),
            expected("wsspec.server.utf8.invalid", "octets[f4/90]")
        );
        assert_eq!(parted("alone"), expected("wsspec.server", "alone"));
        assert_eq!(parted(""), expected("wsspec.server", ""));
    }
}
