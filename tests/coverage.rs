//! What can be seen on the wire has a case, role by role; what has none stands here with its reason.

use wsspec::{
    case::Role,
    catalogue::Catalogue,
    coverage::{Coverage, Side},
};

/// The sources whose every rule that can be seen has a case.
const SOURCES: [&str; 4] = ["6455", "9110", "9112", "9931"];

/// Rules that can be seen and have no case, and why.
const EXCEPTIONS: &[(Role, &str, &str)] = &[
    (
        Role::Client,
        "6455-4.1-4",
        "two connections of one client have to be held against each other, and a case is one connection",
    ),
    (
        Role::Client,
        "6455-4.1-5",
        "several connections of one client have to be held against each other, and a case is one connection",
    ),
    (
        Role::Client,
        "6455-4.3-8",
        "only a client that offers an extension reads its parameters: comes with the cases of permessage-deflate",
    ),
];

fn is_excepted(rule: &str, side: &Side) -> bool {
    EXCEPTIONS
        .iter()
        .any(|&(role, id, _)| role == side.role && id == rule)
}

#[test]
fn each_rule_that_can_be_seen_has_a_case() {
    let catalogue = Catalogue::embedded().expect("the catalogue is in order");
    let coverage = Coverage::of(&catalogue, &[Role::Server, Role::Client]);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for row in coverage
        .rows
        .iter()
        .filter(|row| SOURCES.contains(&row.rule.source()))
    {
        for side in row.sides.iter().filter(|side| side.observable) {
            seen += 1;
            let (id, role) = (row.rule.id, side.role);
            match (side.is_covered(), is_excepted(id, side)) {
                (false, false) => wrong.push(format!("{role} {id}: no case")),
                (true, true) => wrong.push(format!("{role} {id}: has a case, and is excepted")),
                _ => {}
            }
        }
    }
    assert!(seen > 400, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_exception_is_a_rule_that_can_be_seen() {
    for &(role, id, why) in EXCEPTIONS {
        let rule = wsspec::rules::find(id).expect("a rule of the table");
        assert!(rule.is_seen_on(role) && !why.is_empty(), "{role} {id}");
    }
}

#[test]
fn what_cannot_be_seen_says_why() {
    let catalogue = Catalogue::embedded().expect("the catalogue is in order");
    let coverage = Coverage::of(&catalogue, &[Role::Server, Role::Client]);
    let mute: Vec<&str> = coverage
        .rows
        .iter()
        .filter(|row| SOURCES.contains(&row.rule.source()))
        .filter(|row| row.sides.iter().all(|side| !side.observable))
        .map(|row| row.rule)
        .filter(|rule| {
            let binds_endpoints = !["intermediary", "application"].contains(&rule.who);
            let breakable = !rule.violation.is_empty()
                && rule.violation != "-"
                && !rule.violation.starts_with("none");
            binds_endpoints && breakable && rule.note.is_empty()
        })
        .map(|rule| rule.id)
        .collect();
    assert!(mute.is_empty(), "{mute:?}");
}
