//! Each rule on frames is either one that the observer tells of, or stands here with the reason why it cannot.

use std::collections::BTreeMap;

use super::*;

/// Rules of sections 5 to 8 and their like that no frame on its own can be seen to break.
const NOT_TOLD: &[(&str, &str)] = &[
    // What a receiver does.
    (
        "5.1-3 5.1-6 5.2-3 5.2-4 5.2-5 5.4-5 5.4-6 5.4-10 5.4-13 5.4-15 5.5-2 5.5.1-3 5.5.1-18 5.6-3 6.2-1 6.2-2 6.2-3 6.2-4 6.2-5 6.2-7 8.1-1",
        "binds a receiver: a case sends the stimulus; the sender's side of 5.4-5 is 5.4-3, of 5.4-6 it is 5.4-12",
    ),
    (
        "5.5.1-9 5.5.1-11 5.5.2-2 5.5.2-3 5.5.3-1",
        "what the target should have sent: needs what the suite sent, and time",
    ),
    (
        "7.1.7-1 7.1.7-3 7.1.7-5 7.1.7-7 7.2.1-1 7.2.1-2 7.2.2-1",
        "the reaction to an error that a case provokes",
    ),
    // What is seen, and told under another rule.
    ("5.1-2 6.1-6 5.3-1", "the same sight as 5.1-1"),
    ("5.2-8", "the same sight as 5.2-12"),
    (
        "5.4-4",
        "told as 5.4-3 or 5.4-12; that a message never ends is no breach of its own",
    ),
    (
        "5.4-20",
        "a fragment with another type is a new message inside the old one: 5.4-12",
    ),
    (
        "5.8-1 5.8-2 9.1-7",
        "the use of what no extension gives a meaning is told as 5.2-2 and 5.2-6",
    ),
    ("11.8-1", "the same sight as 5.2-6"),
    (
        "7.4.2-1",
        "told as 11.7-1, which bounds the range in the RFC's own words",
    ),
    ("10.3-1", "told as 5.3-2 and 5.3-4"),
    // What bytes do not show.
    (
        "5.2-7 5.2-9 5.2-10 5.2-14 5.2-15 5.3-5 5.3-7 6.1-2",
        "a breach puts the stream out of step or garbles a payload: what is told then is another rule",
    ),
    (
        "5.3-3",
        "statistics raise a suspicion and prove nothing; a counter and a repeated key are told",
    ),
    (
        "5.4-2 5.4-7 5.4-11 6.1-4",
        "needs to know what the message was meant to be: the echo in a case",
    ),
    (
        "6.1-5 6.1-7",
        "a missing end may be a lawful closing or a lost connection; a case waits for the message",
    ),
    (
        "6.1-1 7.1.3-1",
        "when the target read the suite's Close is not seen; after its own Close it is 5.5.1-8",
    ),
    (
        "5.5.1-14 5.5.1-15 5.5.1-16 7.1.1-1 7.1.1-3 7.1.1-5 7.1.1-6 7.1.2-2",
        "about TCP and time: the session's to judge",
    ),
    (
        "7.1.2-1 7.1.7-8 7.2.1-3 7.2.3-1 7.2.3-2 7.2.3-4 7.3-2 7.3-3",
        "about the will of the application, or other connections",
    ),
    (
        "5.2-16 5.2-17 5.4-16 5.4-17 5.4-18 5.4-19 5.5.1-6 7.1.4-1 7.1.5-1 7.1.6-1 7.1.7-4 10.3-2",
        "not on the wire of one endpoint",
    ),
    ("8.1-2", "about the opening handshake"),
];

/// Rules that the observer tells of although they are only MAY: the sight is a warning.
const WARNINGS_ONLY: [&str; 1] = ["6455-5.5.1-20"];

fn rows() -> BTreeMap<&'static str, &'static str> {
    let rows = include_str!("../../../../cases/rules.tsv").lines().skip(1);
    rows.filter_map(|row| {
        let mut cells = row.split('\t');
        Some((cells.next()?, cells.next()?))
    })
    .collect()
}

fn told_rules() -> Vec<&'static str> {
    let tops = [Breach::LengthTopBit { length: 1 << 63 }];
    let all = breaches_of_servers()
        .into_iter()
        .chain(breaches_of_clients());
    let mut rules: Vec<_> = all
        .map(|(_, breach, _)| breach)
        .chain(tops)
        .map(|b| b.rule())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn every_rule_on_frames_is_told_of_or_has_a_reason() {
    let (rows, told) = (rows(), told_rules());
    let not_told: Vec<String> = NOT_TOLD
        .iter()
        .flat_map(|(ids, _)| ids.split(' ').map(|id| format!("6455-{id}")))
        .collect();
    for id in told
        .iter()
        .copied()
        .chain(not_told.iter().map(String::as_str))
    {
        assert!(rows.contains_key(id), "{id} is not in rules.tsv");
    }
    for (id, level) in &rows {
        let on_frames = ["5.", "6.", "7.", "8.", "9.1-7", "10.3-", "11.7-", "11.8-"]
            .iter()
            .any(|section| {
                id.strip_prefix("6455-")
                    .is_some_and(|rest| rest.starts_with(section))
            });
        let count =
            told.iter().filter(|t| t == &id).count() + not_told.iter().filter(|n| n == id).count();
        let wanted = on_frames && *level != "may" || WARNINGS_ONLY.contains(id);
        assert_eq!(count, usize::from(wanted), "{id} ({level})");
    }
}
