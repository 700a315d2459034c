use super::*;
use crate::report::{Finding, Summary};

fn report(cases: &[(&str, Verdict)]) -> Report {
    let mut report = Report::from_json(include_bytes!("../../../tests/golden/report/report.json"))
        .expect("a report");
    let case = report.cases[0].clone();
    let of = |(id, verdict): &(&str, Verdict)| Case {
        id: (*id).into(),
        verdict: *verdict,
        ..case.clone()
    };
    report.cases = cases.iter().map(of).collect();
    report.summary = Summary::of(&report.cases);
    (report.lost, report.stopped) = (vec![], None);
    report
}

use Verdict::{Error, Fail, Inconclusive, NotApplicable, Pass, Tolerated};

fn kinds(before: &[(&str, Verdict)], after: &[(&str, Verdict)]) -> Vec<(String, Kind)> {
    let comparison = Comparison::of(&report(before), &report(after));
    let changes = comparison.changes.iter();
    changes
        .map(|change| (change.id.clone(), change.kind))
        .collect()
}

#[test]
fn each_change_has_its_kind() {
    for (before, after, kind) in [
        (Pass, Fail, Some(Kind::NewlyFailing)),
        (Tolerated, Error, Some(Kind::NewlyFailing)),
        (NotApplicable, Fail, Some(Kind::NewlyFailing)),
        (Fail, Pass, Some(Kind::NewlyPassing)),
        (Error, Tolerated, Some(Kind::NewlyPassing)),
        (Inconclusive, Pass, Some(Kind::NewlyPassing)),
        (Pass, Tolerated, Some(Kind::Otherwise)),
        (Pass, NotApplicable, Some(Kind::Otherwise)),
        (Fail, Error, Some(Kind::Otherwise)),
        (Fail, Inconclusive, Some(Kind::Otherwise)),
        (Pass, Pass, None),
        (Fail, Fail, None),
    ] {
        let told: Vec<_> = kinds(&[("a/b", before)], &[("a/b", after)])
            .iter()
            .map(|(_, kind)| *kind)
            .collect();
        assert_eq!(told, Vec::from_iter(kind), "{before:?} {after:?}");
    }
}

#[test]
fn order_is_that_of_the_later_run_and_what_is_gone_stands_last() {
    let told = kinds(
        &[("a/gone", Pass), ("a/one", Pass), ("a/same", Pass)],
        &[("a/new", Pass), ("a/one", Fail), ("a/same", Pass)],
    );
    let expected = [
        ("a/new", Kind::OnlyAfter),
        ("a/one", Kind::NewlyFailing),
        ("a/gone", Kind::OnlyBefore),
    ];
    assert_eq!(told, expected.map(|(id, kind)| (id.to_owned(), kind)));
}

#[test]
fn another_broken_rule_is_a_change_and_other_words_are_none() {
    let mut before = report(&[("a/b", Fail)]);
    before.cases[0].findings = vec![Finding {
        rule: "6455-5.1-5".into(),
        level: Level::Must,
        what: "masked".into(),
        sent: None,
        expected: None,
        received: None,
        octets: None,
        observed: true,
    }];
    let mut after = before.clone();
    after.cases[0].reason = "in other words".into();
    after.cases[0].findings[0].what = "in other words".into();
    assert_eq!(Comparison::of(&before, &after).summary.same, 1);
    after.cases[0].findings[0].rule = "6455-5.5.2-2".into();
    let comparison = Comparison::of(&before, &after);
    assert_eq!(
        (comparison.summary.same, comparison.summary.otherwise),
        (0, 1)
    );
}

#[test]
fn what_failed_before_may_go_on_failing() {
    let judged = |before: &[(&str, Verdict)], after: &[(&str, Verdict)]| {
        judge(&report(before), &report(after))
    };
    assert_eq!(judged(&[("a/b", Fail)], &[("a/b", Fail)]), Exit::Conforms);
    assert_eq!(judged(&[("a/b", Pass)], &[("a/b", Fail)]), Exit::Deviates);
    assert_eq!(
        judged(
            &[("a/b", Fail), ("a/c", Pass)],
            &[("a/b", Fail), ("a/c", Error)]
        ),
        Exit::Unreached
    );
    assert_eq!(
        judged(&[("a/b", Pass)], &[("a/b", Pass), ("a/c", Fail)]),
        Exit::Deviates
    );
    assert_eq!(judged(&[("a/b", Pass)], &[("a/c", Pass)]), Exit::Nothing);
    assert_eq!(
        judged(&[("a/b", Pass)], &[("a/b", NotApplicable)]),
        Exit::Nothing
    );
    let mut lost = report(&[("a/b", Pass)]);
    lost.lost.push(crate::report::Lost {
        case: None,
        reason: "gone".into(),
        back: false,
    });
    assert_eq!(judge(&report(&[("a/b", Pass)]), &lost), Exit::Unreached);
    let mut may = report(&[("a/b", Fail)]);
    may.cases[0].level = Level::May;
    assert_eq!(judge(&report(&[("a/b", Pass)]), &may), Exit::Conforms);
}

#[test]
fn what_makes_runs_hard_to_compare_is_told() {
    let before = report(&[("a/b", Pass)]);
    assert_eq!(Comparison::of(&before, &before).remarks, [""; 0]);
    let mut after = before.clone();
    after.target.role = Role::Client;
    after.catalogue.digest = "other".into();
    after.generator.version = "9.9.9".into();
    after.target.seed = 8;
    after.target.delivery = None;
    after.target.subprotocols.clear();
    after.stopped = Some(crate::report::Stopped {
        why: crate::report::Why::Interrupted,
        not_run: 3,
    });
    let remarks = Comparison::of(&before, &after).remarks;
    assert_eq!(remarks.len(), 7, "{remarks:?}");
    assert_eq!(
        remarks[6],
        "In the second: The run ended early: it was interrupted. Not run: 3."
    );
}
