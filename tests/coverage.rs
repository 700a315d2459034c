//! What can be seen on the wire has a case, role by role.

use wsspec::{case::Role, catalogue::Catalogue, coverage::Coverage};

/// The sources whose every rule that can be seen has a case.
const SOURCES: [&str; 5] = ["6455", "9110", "9112", "9931", "whatwg"];

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
            if !side.is_covered() {
                wrong.push(format!("{role} {id}: no case"));
            }
        }
    }
    assert!(seen > 400, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
