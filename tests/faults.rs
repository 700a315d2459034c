//! A case has to be able to fail, and a defect has to be found: the catalogue against the reference peer and its named faults.

use std::{sync::Arc, thread};

use wsspec::{
    case::{Case, Level, Role, document::MAX_SENT},
    catalogue::Catalogue,
    drive::Delivery,
    peer::{Fault, faults},
    rehearse::{fault_of, names, peer_for, rehearse, rehearse_cut, setup},
    rules,
    session::{Session, Verdict},
};

const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// The cases for a target of this role, but for the heavy ones.
fn cases(role: Role) -> Vec<Arc<Case>> {
    let catalogue = Catalogue::embedded().expect("the catalogue is in order");
    catalogue
        .cases()
        .filter(|case| case.is_for(role) && !case.heavy)
        .cloned()
        .collect()
}

/// What `check` says of each item, on all cores; nothing where all is well.
fn complaints<T: Sync>(items: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let check = &check;
    thread::scope(|scope| {
        let rows: Vec<_> = (0..cores)
            .map(|core| {
                scope.spawn(move || {
                    items
                        .iter()
                        .skip(core)
                        .step_by(cores)
                        .filter_map(check)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        rows.into_iter()
            .flat_map(|row| row.join().expect("no panic"))
            .collect()
    })
}

#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn the_faultless_peer_passes_every_case() {
    let mut all = Vec::new();
    for role in ROLES {
        let cases = cases(role);
        assert!(cases.len() > 200);
        all.extend(complaints(&cases, |case| {
            let rehearsed = rehearse(case, setup(role, 1), peer_for(case, role, None, 1));
            (rehearsed.judgement.verdict != Verdict::Pass).then(|| {
                format!(
                    "{role} {}: {:?}: {}",
                    case.id, rehearsed.judgement.verdict, rehearsed.judgement.reason
                )
            })
        }));
    }
    none(all);
}

/// Up to so many octets a heavy case is played in a test.
const MOST: usize = 2 << 20;

#[test]
fn the_faultless_peer_passes_heavy_cases() {
    let catalogue = Catalogue::embedded().expect("the catalogue is in order");
    let heavy: Vec<_> = catalogue
        .cases()
        .filter(|case| case.heavy && case.octets_sent() < MOST)
        .collect();
    assert!(heavy.len() > 20, "{}", heavy.len());
    for role in ROLES {
        none(complaints(&heavy, |case| {
            let peer = case.is_for(role).then(|| peer_for(case, role, None, 1))?;
            let judgement = rehearse(case, setup(role, 1), peer).judgement;
            (judgement.verdict != Verdict::Pass)
                .then(|| format!("{role} {}: {}", case.id, judgement.reason))
        }));
    }
}

#[test]
fn no_case_sends_more_than_a_tester_may() {
    let catalogue = Catalogue::embedded().expect("the catalogue is in order");
    let most = catalogue.cases().map(|case| case.octets_sent()).max();
    assert!(most.is_some_and(|most| most <= MAX_SENT), "{most:?}");
}

#[test]
fn the_faultless_peer_passes_every_case_however_it_is_delivered() {
    let mut all = Vec::new();
    for role in ROLES {
        let cases = cases(role);
        for delivery in [Delivery::Octets, Delivery::Coalesced] {
            all.extend(complaints(&cases, |case| {
                let peer = peer_for(case, role, None, 1);
                let judgement = rehearse_cut(case, setup(role, 1), peer, delivery).judgement;
                (judgement.verdict != Verdict::Pass)
                    .then(|| format!("{role} {} {delivery:?}: {}", case.id, judgement.reason))
            }));
        }
    }
    none(all);
}

#[test]
fn each_fault_is_found_and_its_rule_named() {
    let mut all = Vec::new();
    for role in ROLES {
        let cases = cases(role);
        // tests/client sees to what shows on several connections only.
        let known: Vec<&Fault> = faults::all()
            .filter(|fault| fault.is_for(role) && fault.shows_at_once())
            .collect();
        all.extend(complaints(&known, |fault| {
            let mut order: Vec<_> = cases.iter().collect();
            order.sort_by_key(|case| !case.checks.iter().any(|id| id == fault.rule));
            let found = order.into_iter().any(|case| {
                let judgement =
                    rehearse(case, setup(role, 1), peer_for(case, role, Some(fault), 1)).judgement;
                // What makes a run end with 1: a must where the rule is one, else a should.
                let wanted = rules::find(fault.rule).map_or(Level::Must, rules::Rule::weight);
                let hard = rules::level(case) >= wanted.max(Level::Should);
                hard && names(case, &judgement, fault.rule)
            });
            (!found).then(|| {
                format!(
                    "{role} {} ({}): no case names it hard enough",
                    fault.name, fault.rule
                )
            })
        }));
    }
    none(all);
}

/// What the RFC leaves open, although the rule itself is a must: the rule is inferred, or the lawful reactions are many. Their cases are shoulds.
const LEFT_OPEN: [&str; 3] = [
    "answers-one-octet-close",
    "hashes-blanks-around-key",
    "hashes-repeated-keys",
];

/// A must fails a run, and a should warns: a fault that breaks a must is to be found by a case that fails a run.
#[test]
fn a_fault_of_a_must_fails_a_case_of_a_must() {
    let mut all = Vec::new();
    for role in ROLES {
        let cases = cases(role);
        let musts = faults::all().filter(|fault| {
            fault.is_for(role)
                && fault.shows_at_once()
                && wsspec::rules::find(fault.rule).is_some_and(|rule| rule.level == Level::Must)
        });
        let musts: Vec<&Fault> = musts.collect();
        all.extend(complaints(&musts, |fault| {
            let mut order: Vec<_> = cases.iter().collect();
            order.sort_by_key(|case| !case.checks.iter().any(|id| id == fault.rule));
            let fails = |case: &Arc<Case>| {
                rules::level(case) == Level::Must
                    && rehearse(case, setup(role, 1), peer_for(case, role, Some(fault), 1))
                        .judgement
                        .verdict
                        == Verdict::Fail
            };
            (!order.into_iter().any(fails))
                .then(|| format!("{role} {} ({})", fault.name, fault.rule))
        }));
    }
    all.retain(|complaint| !LEFT_OPEN.iter().any(|name| complaint.contains(name)));
    none(all);
}

#[test]
fn each_case_is_failed_by_a_fault() {
    let mut all = Vec::new();
    for role in ROLES {
        let cases: Vec<_> = cases(role)
            .into_iter()
            .filter(|case| rules::level(case) > Level::May)
            .collect();
        all.extend(complaints(&cases, |case| {
            fault_of(case, role)
                .is_none()
                .then(|| format!("{role} {} {:?}", case.id, case.checks))
        }));
    }
    none(all);
}

#[test]
fn replaying_gives_the_same_judgement() {
    for role in ROLES {
        let cases = cases(role);
        let fault = faults::all().find(|fault| fault.is_for(role));
        none(complaints(&cases, |case| {
            [None, fault].into_iter().find_map(|fault| {
                let rehearsed = rehearse(case, setup(role, 1), peer_for(case, role, fault, 1));
                let again = Session::replay(case.clone(), rehearsed.setup, &rehearsed.events);
                (again != rehearsed.judgement).then(|| format!("{role} {}: {again:?}", case.id))
            })
        }));
    }
}
