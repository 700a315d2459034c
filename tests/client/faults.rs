//! Each defect of the reference client is caught over sockets, and its rule is named.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};
use wsspec::{
    case::{Case, Level, Role},
    catalogue::Catalogue,
    drive::{Delivery, Dialler, Target, TlsOptions},
    listen::{Hall, Options, serve},
    peer::{Fault, driver::Driver, faults},
    rehearse::{names, peer_for, rehearse, setup},
    report, rules,
    run::Item,
    session::Verdict,
};

/// A listener in this process. Nothing depends on its patience but how long a client that does nothing is waited for.
async fn listening(cases: &[Arc<Case>], patience: Duration) -> (Arc<Hall>, Target) {
    let items: Vec<Item> = cases
        .iter()
        .enumerate()
        .map(|(position, case)| Item {
            position,
            level: rules::level(case),
            case: case.clone(),
        })
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let options = Options {
        start: report::Start {
            role: Role::Client,
            name: None,
            url: None,
            headers: vec![],
            origin: None,
            subprotocols: vec![],
            delivery: None,
            seed: 1,
            catalogue: report::Report::none().catalogue,
            command: vec![],
            started: SystemTime::UNIX_EPOCH,
            terms: Default::default(),
            port: None,
        },
        items,
        patience,
        delivery: Delivery::Whole,
        url: url.clone(),
        echo: false,
        journal: None,
        alone: None,
    };
    let (hall, mut news) = Hall::new(options);
    tokio::spawn(serve(listener, hall.clone(), None));
    // Whoever asks for reports goes on when the news are dropped.
    tokio::spawn(async move { while news.recv().await.is_some() {} });
    (hall, Target::parse(&url).expect("a URL"))
}

fn client_cases() -> Vec<Arc<Case>> {
    let catalogue = Catalogue::embedded().expect("the catalogue is in order");
    let cases = catalogue.cases();
    cases
        .filter(|case| case.is_for(Role::Client) && !case.heavy)
        .cloned()
        .collect()
}

async fn drive(target: &Target, fault: Option<&'static Fault>, cases: Vec<String>, jobs: usize) {
    let dialler = Dialler::new(target, &TlsOptions::default(), Duration::from_secs(60)).await;
    let driver = Driver {
        agent: fault.map_or("faultless", |fault| fault.name).to_owned(),
        cases,
        jobs,
        fault,
        browser: fault.is_some_and(|fault| fault.profile().is_some()),
        subprotocols: vec!["echo".to_owned()],
        seed: 7,
    };
    let played = driver.run(target, dialler.expect("loopback")).await;
    played.unwrap_or_else(|error| panic!("{}: {error}", driver.agent));
}

/// What only a client shows that was told the whole URL: tests/client/exec.rs sees to them.
const TOLD: [&str; 2] = ["asks-for-other-path", "asks-without-query"];

/// So many cases are tried for a fault at first, and so many more, so often, where they do not catch it.
const TRIES: usize = 2;
const MORE: usize = 12;
const ROUNDS: usize = 20;
/// What shows that a client sends messages back.
const ECHOES: [&str; 2] = ["framing/lengths/seven[text-1]", "close/behind/two-echoes"];

/// Cases that name the fault's rule hard enough in memory.
fn cases_of(cases: &[Arc<Case>], fault: &'static Fault, most: usize) -> Vec<String> {
    let mut order: Vec<_> = cases
        .iter()
        .filter(|case| case.profile == fault.profile())
        .collect();
    order.sort_by_key(|case| !case.checks.iter().any(|id| id == fault.rule));
    let catches = |case: &&&Arc<Case>| {
        let peer = peer_for(case, Role::Client, Some(fault), 1);
        let judgement = rehearse(case, setup(Role::Client, 1), peer).judgement;
        let hard = judgement.findings.iter().any(|f| f.level > Level::May);
        hard && names(case, &judgement, fault.rule)
    };
    let found = order.iter().filter(catches).take(most);
    found.map(|case| case.id.clone()).collect()
}

fn is_named(hall: &Hall, fault: &Fault) -> bool {
    let report = hall.report(fault.name).expect("it has come");
    report.cases.iter().any(|case| {
        let checks = case.checks.iter().any(|id| id == fault.rule);
        let finds = |f: &report::Finding| f.rule == fault.rule || (!f.observed && checks);
        case.verdict == Verdict::Fail && case.findings.iter().any(finds)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_caught_and_named() {
    let cases = client_cases();
    let (hall, target) = listening(&cases, Duration::from_secs(1)).await;
    let room = Arc::new(Semaphore::new(64));
    let mut flights = JoinSet::new();
    let known: Vec<&'static Fault> = faults::all()
        .filter(|fault| fault.is_for(Role::Client) && !TOLD.contains(&fault.name))
        .collect();
    assert!(known.len() > 200, "{}", known.len());
    for &fault in &known {
        // What several connections show is shown by a handful of any kind.
        let ids: Vec<String> = match fault.shows_at_once() {
            true => cases_of(&cases, fault, TRIES),
            false => {
                let pings = cases
                    .iter()
                    .filter(|case| case.id.starts_with("control/ping/length"));
                pings.take(8).map(|case| case.id.clone()).collect()
            }
        };
        assert!(
            !ids.is_empty(),
            "{}: no case catches it in memory",
            fault.name
        );
        let ids = ECHOES.iter().map(|id| (*id).to_owned()).chain(ids);
        let ids = ids.collect();
        let (target, room) = (target.clone(), room.clone());
        // Side by side: a defect may be to keep TCP open for a minute. What counts does so from one connection to the next.
        let jobs = if fault.shows_at_once() { 16 } else { 1 };
        flights.spawn(async move {
            let _place = room.acquire().await;
            drive(&target, Some(fault), ids, jobs).await;
        });
    }
    while let Some(flown) = flights.join_next().await {
        flown.expect("no panic");
    }
    let mut missed = Vec::new();
    for fault in known {
        // How TCP cuts is not for the suite to say: what was joined on the way may come in pieces the next time.
        for _ in 0..ROUNDS {
            if is_named(&hall, fault) {
                break;
            }
            drive(&target, Some(fault), cases_of(&cases, fault, MORE), 1).await;
        }
        if !is_named(&hall, fault) {
            let report = hall.report(fault.name).expect("it has come");
            let told = report.cases.iter().map(|c| (&c.id, c.verdict, &c.reason));
            let told: Vec<_> = told.collect();
            missed.push(format!("{} ({}): {told:?}", fault.name, fault.rule));
        }
    }
    assert!(
        missed.is_empty(),
        "{} are missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faultless_client_passes_everything() {
    let cases = client_cases();
    let (hall, target) = listening(&cases, Duration::from_secs(120)).await;
    drive(&target, None, Vec::new(), 16).await;
    let report = hall.report("faultless").expect("it has come");
    assert_eq!(report.cases.len(), hall.count(None));
    let other: Vec<_> = report
        .cases
        .iter()
        .filter(|case| case.verdict != Verdict::Pass)
        .map(|case| format!("{}: {:?}: {}", case.id, case.verdict, case.reason))
        .collect();
    assert!(
        other.is_empty(),
        "{} do not pass:\n{}",
        other.len(),
        other.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_clients_at_once_are_served() {
    let ids = ["control/ping/at-once", "control/ping/length[125]"];
    let cases: Vec<_> = client_cases()
        .into_iter()
        .filter(|c| ids.contains(&c.id.as_str()))
        .collect();
    assert_eq!(cases.len(), 2);
    let (hall, target) = listening(&cases, Duration::from_secs(120)).await;
    let dialler = Dialler::new(&target, &TlsOptions::default(), Duration::from_secs(60)).await;
    let dialler = Arc::new(dialler.expect("loopback"));
    let mut flights = JoinSet::new();
    for number in 0..500 {
        let (target, dialler) = (target.clone(), dialler.clone());
        flights.spawn(async move {
            let driver = Driver {
                agent: format!("client {number}"),
                cases: Vec::new(),
                jobs: 2,
                fault: None,
                browser: false,
                subprotocols: vec![],
                seed: number,
            };
            driver.run_with(&target, dialler).await.expect("served")
        });
    }
    while let Some(flown) = flights.join_next().await {
        assert_eq!(flown.expect("no panic"), 2);
    }
    assert_eq!(hall.agents().names().len(), 500);
    for number in 0..500 {
        let report = hall
            .report(&format!("client {number}"))
            .expect("it has come");
        assert_eq!(report.summary.verdicts.pass, 2, "{number}");
    }
}
