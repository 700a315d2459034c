//! Each rule on the opening handshake is either one that is told of, or stands here with the reason why one handshake does not show it.

use std::collections::BTreeSet;

use super::*;
use crate::{case::Level, rules};

/// Rules that are not told of.
const NOT_TOLD: &[(&str, &str)] = &[
    (
        "6455-2-2 6455-2.1-1 6455-4.1-43 6455-4.1-46 6455-4.1-49 6455-4.1-54 6455-4.2.1-7 6455-4.2.1-10 6455-4.2.1-17 6455-4.2.1-18 6455-4.3-7 \
         6455-4.3-8 6455-9.1-1 6455-10.1-1 6455-10.7-1 9110-5.5-1 9112-2.2-2 9112-2.2-4 9112-5.2-2 7692-7-9",
        "how a receiver reads; a case sends the stimulus, and what a sender may not write is told as a flaw",
    ),
    (
        "6455-4.1-39 6455-4.1-41 6455-4.1-42 6455-4.1-44 6455-4.1-45 6455-4.1-47 6455-4.1-48 6455-4.1-50 6455-4.1-51 6455-4.1-53 6455-4.1-55 \
         6455-4.1-57 6455-9.1-2 7692-5-11 7692-5-13 7692-5-16 7692-7-5 7692-7-6 7692-7-7 7692-7-8 7692-7.1.1.2-4",
        "what a client does with a response: seen in what follows",
    ),
    (
        "6455-4.2.1-2 6455-4.2.1-3 6455-4.2.1-4 6455-4.2.1-5 6455-4.2.1-6 6455-4.2.1-9 6455-4.2.1-11 6455-4.2.1-12 6455-4.2.1-13 6455-4.2.1-14 \
         6455-4.2.1-19 6455-4.2.1-20 6455-4.2.2-6 6455-4.2.2-7 6455-4.2.2-9 6455-10.2-1 6455-10.2-2 6455-10.7-4 \
         9112-2.2-3 9112-2.2-5 9112-2.3-1 9112-3-2 9112-3.2-1 9112-3.2-2 9112-5.1-1 9112-5.2-1 9112-6.1-2 9112-6.3-2 9112-6.3-3 \
         7692-7-1 7692-7-2 7692-7-3 7692-7-4",
        "which request a server refuses, and how: a case that sends one says what is right",
    ),
    (
        "6455-3-2 6455-3-3 6455-4.1-2 6455-4.1-4 6455-4.1-5 6455-4.1-6 6455-4.1-7 6455-4.1-9 6455-4.1-10 6455-4.1-11 6455-4.1-12",
        "about connecting, before any octet or over several connections",
    ),
    (
        "6455-4.1-13 6455-4.1-14 6455-4.1-15 6455-4.1-16 6455-4.2.2-1 6455-4.2.2-2 6455-10.6-1 6455-10.6-2 6455-10.6-3",
        "about TLS: the transport's to see",
    ),
    (
        "6455-4.1-1 6455-4.1-17 6455-4.2.1-21 6455-4.2.2-22 6455-10.7-3 9110-5.3-2 9110-7.8-4",
        "about order and time: the session's to judge",
    ),
    ("6455-3-7", "the same sight as 3-6"),
    ("6455-4.3-1", "the same sight as 4.1-26"),
    (
        "6455-4.1-28",
        "whether the client is a browser is not on the wire",
    ),
    (
        "6455-4.2.2-18",
        "the same sight as 4.2.2-17, which names the blanks",
    ),
    ("6455-4.4-2", "the same sight as 4.2.2-8"),
    (
        "6455-9-3 6455-9.1-10 7692-5-14",
        "the same sight as 4.2.2-13",
    ),
    (
        "6455-9-4 6455-9.1-3",
        "told as 4.3-2 and 9.1-6, and by the rules of RFC 7692",
    ),
    (
        "6455-9.1-5",
        "the registry grows; only its own words could judge a name",
    ),
    (
        "6455-9.1-9 6455-10.4-1 6455-10.4-2",
        "about frames and messages",
    ),
    ("6455-11.5-1", "the same sight as 4.1-34 and 4.3-5"),
    ("9931-6.2-1", "the same sight as 6455-4.1-38"),
    (
        "7692-5-1 7692-5-6 7692-5-7 7692-5-15 7692-5-17 7692-7.1.1.2-6 7692-7.1.2.1-5 7692-7.1.2.2-7",
        "seen in the frames that follow",
    ),
    (
        "7692-5-3 7692-5-4 7692-5-12 7692-7.1.1.1-4",
        "about what an endpoint is able to do, or extensions other than this one",
    ),
];

fn is_on_handshakes(id: &str) -> bool {
    let of_6455 = ["2-", "2.", "3-", "4.", "9-", "9.", "10.", "11."];
    // Sections that the observer of frames accounts for.
    let frames = ["9.1-7", "10.3-", "11.7-", "11.8-"];
    match id.split_once('-') {
        Some(("6455", rest)) => {
            of_6455.iter().any(|start| rest.starts_with(start))
                && !frames.iter().any(|start| rest.starts_with(start))
        }
        Some(("7692", rest)) => ["5-", "7-", "7.1"]
            .iter()
            .any(|start| rest.starts_with(start)),
        Some((source, _)) => ["7936", "9110", "9112", "9931"].contains(&source),
        None => false,
    }
}

#[test]
fn every_rule_on_opening_handshakes_is_told_of_or_has_a_reason() {
    let early = EarlyData { octets: 1 };
    let told: BTreeSet<&str> = client::breaches()
        .into_iter()
        .map(|(_, _, breach)| breach)
        .chain(
            client::blanks()
                .into_iter()
                .flat_map(|(_, breaches)| breaches),
        )
        .chain(server::breaches().into_iter().map(|(_, _, breach)| breach))
        .chain([early])
        .map(|breach| breach.rule())
        .collect();
    let not_told: Vec<&str> = NOT_TOLD
        .iter()
        .flat_map(|(ids, _)| ids.split_whitespace())
        .collect();
    for id in told.iter().chain(&not_told) {
        assert!(rules::find(id).is_some(), "{id} is not in rules.tsv");
    }
    // A MAY is told of only as a warning.
    let warned = ["6455-4.2.2-3"];
    for rule in rules::all() {
        let count = usize::from(told.contains(rule.id))
            + not_told.iter().filter(|id| **id == rule.id).count();
        let wanted =
            is_on_handshakes(rule.id) && rule.level != Level::May || warned.contains(&rule.id);
        assert_eq!(count, usize::from(wanted), "{} ({:?})", rule.id, rule.level);
    }
}

#[test]
fn a_breach_of_no_more_than_a_may_is_a_warning() {
    let client = client::breaches().into_iter().map(|(_, _, breach)| breach);
    let server = server::breaches().into_iter().map(|(_, _, breach)| breach);
    for breach in client.chain(server) {
        let rule = rules::find(breach.rule()).unwrap();
        assert!(rule.level != Level::May || breach.is_warning(), "{breach}");
        assert!(rule.in_text || breach.is_warning(), "{breach}: {}", rule.id);
    }
}
