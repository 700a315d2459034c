use super::*;
use crate::report::{Lost, breach};

fn whole() -> Report {
    Report::from_json(include_bytes!("../../../tests/golden/report/report.json")).expect("a report")
}

/// The run as `of` shards would have written it: each third case and so on, what is told of a run in the first or the last.
fn shards(of: u64) -> Vec<(String, Report)> {
    let whole = whole();
    let shard = |number: u64| {
        let mut shard = whole.clone();
        let ours = |position: u64| position % of == number - 1;
        let ids: Vec<String> = whole
            .cases
            .iter()
            .filter(|case| ours(case.position))
            .map(|case| case.id.clone())
            .collect();
        shard.keep(|case| ours(case.position));
        shard
            .lost
            .retain(|lost| lost.case.as_ref().is_some_and(|case| ids.contains(case)));
        if shard.lost.is_empty() {
            shard.stopped = None;
        }
        shard
            .rules
            .retain(|rule| named(&shard.cases).contains(&rule.id.as_str()));
        shard.catalogue.shard = Some(Shard { number, of });
        (format!("{number}.json"), shard)
    };
    (1..=of).map(shard).collect()
}

fn without_measured(report: &Report) -> String {
    let json = report.to_json();
    let (rest, _) = json.split_once("\n  \"measured\":").expect("it is there");
    rest.to_owned()
}

#[test]
fn shards_are_the_whole_run_octet_by_octet() {
    for of in [1, 2, 3, 7, 15, 40] {
        let mut shards = shards(of);
        // In whatever order they are given.
        shards.reverse();
        let merged = merge(shards).expect("they fit");
        assert_eq!(
            without_measured(&merged),
            without_measured(&whole()),
            "{of}"
        );
        for (at, case) in merged.cases.iter().enumerate() {
            assert_eq!(
                merged.measured_of(at).map(|measured| &measured.id),
                Some(&case.id)
            );
        }
    }
}

#[test]
fn what_was_measured_is_put_together() {
    let mut shards = shards(2);
    shards[0].1.measured.started = Some("2025-10-09T09:00:00Z".into());
    shards[0].1.measured.rtt_us = Some(1000);
    shards[1].1.measured.machine = "other".into();
    let all = merge(shards).expect("they fit").measured;
    assert_eq!(all.started.as_deref(), Some("2025-10-09T08:53:20Z"));
    assert_eq!(all.duration_us, 2 * whole().measured.duration_us);
    assert_eq!(
        (all.rtt_us, all.machine.as_str()),
        (Some(1000), "any, other")
    );
}

/// What merging says after `change` of the second of three shards.
#[track_caller]
fn refused(change: impl Fn(&mut Report)) -> MergeError {
    let mut shards = shards(3);
    change(&mut shards[1].1);
    merge(shards).expect_err("they do not fit")
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let [one, two] = ["1.json", "2.json"].map(String::from);
    let catalogue = MergeError::Catalogue(one.clone(), two.clone());
    assert_eq!(
        refused(|report| report.catalogue.digest = "other".into()),
        catalogue
    );
    assert_eq!(refused(|report| report.catalogue.cases += 1), catalogue);
    assert_eq!(
        refused(|report| report.catalogue.selected = vec!["close".into()]),
        catalogue
    );
    let target = |field| MergeError::Target(one.clone(), two.clone(), field);
    assert_eq!(refused(|report| report.target.url = None), target("url"));
    assert_eq!(
        refused(|report| report.target.role = crate::case::Role::Client),
        target("role")
    );
    assert_eq!(refused(|report| report.target.seed += 1), target("seed"));
    assert_eq!(
        refused(|report| report.target.delivery = None),
        target("delivery")
    );
    assert_eq!(
        refused(|report| report.target.echo = Some(false)),
        target("echo")
    );
    assert_eq!(
        refused(|report| report.target.headers.clear()),
        target("headers")
    );
    assert_eq!(
        refused(|report| report.target.origin = None),
        target("origin")
    );
    assert_eq!(
        refused(|report| report.target.subprotocols.clear()),
        target("subprotocols")
    );
    let version = MergeError::Generator(one.clone(), "0.0.0".into(), two.clone(), "9.9.9".into());
    assert_eq!(
        refused(|report| report.generator.version = "9.9.9".into()),
        version
    );
    let division =
        |words: &str| MergeError::Division(one.clone(), "1/3".into(), two.clone(), words.into());
    assert_eq!(
        refused(|report| report.catalogue.shard = Some(Shard { number: 2, of: 4 })),
        division("2/4")
    );
    assert_eq!(
        refused(|report| report.catalogue.shard = None),
        division("a run of its own")
    );
    let twice = MergeError::Twice(one.clone(), two.clone(), "1/3".into());
    assert_eq!(
        refused(|report| report.catalogue.shard = Some(Shard { number: 1, of: 3 })),
        twice
    );
    let again = whole().cases[0].clone();
    let overlap = MergeError::Overlap(one.clone(), two.clone(), again.id.clone());
    assert_eq!(refused(|report| report.cases.push(again.clone())), overlap);
    let place = refused(|report| report.cases[0].position = 0);
    assert!(matches!(place, MergeError::Place(..)), "{place}");
    assert_eq!(merge(vec![]), Err(MergeError::Nothing));
    assert_eq!(
        merge(shards(3).into_iter().take(2).collect()),
        Err(MergeError::Missing(3, 3))
    );
}

#[test]
fn whoever_was_not_asked_contradicts_nobody() {
    let mut shards = shards(2);
    shards[0].1.target.echo = None;
    assert_eq!(merge(shards).expect("they fit").target.echo, Some(true));
}

#[test]
fn a_whole_is_as_bad_as_its_worst_shard() {
    let mut shards = shards(3);
    for (_, shard) in &mut shards {
        (shard.stopped, shard.canary) = (None, None);
        shard.lost.clear();
    }
    let lost = |case: Option<&str>| Lost {
        case: case.map(String::from),
        reason: "gone".into(),
        back: true,
    };
    let second = shards[1].1.cases[0].id.clone();
    shards[0].1.stopped = Some(Stopped {
        why: Why::FailFast,
        not_run: 2,
    });
    shards[2].1.stopped = Some(Stopped {
        why: Why::Interrupted,
        not_run: 3,
    });
    shards[0].1.lost = vec![lost(None)];
    shards[1].1.lost = vec![lost(Some(&second))];
    let probe = |verdict| Probe {
        verdict,
        reason: "x".into(),
    };
    for (at, (first, last)) in [
        (Verdict::Pass, Some(Verdict::Pass)),
        (Verdict::Fail, Some(Verdict::Pass)),
        (Verdict::Pass, None),
    ]
    .into_iter()
    .enumerate()
    {
        shards[at].1.canary = Some(Canary {
            first: probe(first),
            last: last.map(probe),
        });
    }
    let merged = merge(shards).expect("they fit");
    assert_eq!(
        merged.stopped,
        Some(Stopped {
            why: Why::Interrupted,
            not_run: 5
        })
    );
    assert_eq!(merged.lost, [lost(Some(&second)), lost(None)]);
    assert_eq!(
        merged.canary,
        Some(Canary {
            first: probe(Verdict::Fail),
            last: None
        })
    );
    assert_eq!(merged.breaches, breach::group(&merged.cases));
}
