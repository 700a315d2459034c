//! Other people's servers judge the verdicts: each of them runs the whole catalogue, and whatever it does not pass has to be foreseen in
//! `reports/known`, with the rule that makes it right to say so. A wrong verdict against a server that keeps the protocol shows here first.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod fastwebsockets;
mod soketto;
mod tokio_websockets;
mod tungstenite;

use std::{env, fs, future::Future, net::SocketAddr, path::Path, sync::mpsc, thread};

use common::known::{difference, locked, made, root};
use tokio::net::{TcpListener, TcpStream};
use wsspec::{case::Role, report::Report, session::Verdict};

#[test]
fn tokio_tungstenite() {
    judge("tokio-tungstenite", tungstenite::echo);
}

#[test]
fn tokio_websockets() {
    judge("tokio-websockets", tokio_websockets::echo);
}

#[test]
fn fastwebsockets() {
    judge("fastwebsockets", fastwebsockets::echo);
}

#[test]
fn soketto() {
    judge("soketto", soketto::echo);
}

/// Holds a stored report against the file of its name: `tests/foreign/run` makes these reports.
#[test]
#[ignore = "tests/foreign/run says which report"]
fn foreign() {
    let (name, report) = made();
    hold(&name, &report);
}

/// Runs the catalogue against an implementation, whose version the lock file says.
#[track_caller]
fn judge<F>(name: &str, echo: fn(TcpStream) -> F)
where
    F: Future<Output: Send> + Send + 'static,
{
    let (_, report) = common::reported(&[&format!("ws://{}", serve(echo))]);
    let name = format!("{name}-{}", locked(name));
    if let Ok(folder) = env::var("WSSPEC_REPORTS") {
        let file = Path::new(&folder).join(format!("{name}.json"));
        fs::write(&file, report.to_json()).expect("a folder to write to");
    }
    hold(&name, &report);
}

/// Serves each connection until the test ends.
fn serve<F>(echo: fn(TcpStream) -> F) -> SocketAddr
where
    F: Future<Output: Send> + Send + 'static,
{
    let (tx, rx) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            tx.send(address).expect("the test waits");
            // An accept that fails takes its connection with it, and no other.
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    // Frames that are written in several pieces would wait for the suite's delayed ACK in between.
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(echo(stream));
                }
            }
        });
    });
    rx.recv().expect("an address")
}

/// All that differs from what is known of an implementation is a failure, and so is a line that is true of nothing any more.
#[track_caller]
fn hold(name: &str, report: &Report) {
    let (file, difference) = difference(name, Role::Server, report);
    let unstable = report.cases.iter().filter(|case| case.unstable);
    let unstable: Vec<&str> = unstable.map(|case| case.id.as_str()).collect();
    assert!(
        difference.is_empty() && unstable.is_empty() && report.stopped.is_none(),
        "{name} is not as {} says\n\n{difference}\nverdicts that changed when nothing ran beside: {unstable:?}\nstopped: {:?}\n",
        file.display(),
        report.stopped
    );
    hold_page(name, report);
}

/// What `reports/README.md` says of an implementation has to be what the report says.
#[track_caller]
fn hold_page(name: &str, report: &Report) {
    let page = fs::read_to_string(root().join("reports/README.md")).expect("the page");
    let (library, version) = name.rsplit_once('-').expect("a name with a version");
    assert!(
        page.contains(&format!("\n| {library} | {version} |")),
        "reports/README.md has another version of {name}"
    );
    let mut told = 0;
    for row in page.lines() {
        let cells: Vec<&str> = row
            .split(" | ")
            .map(|cell| cell.trim_matches(['|', ' ']))
            .collect();
        let [who, case, sent, came] = cells[..] else {
            continue;
        };
        let Some(case) = code(case).filter(|_| who.split(", ").any(|who| who == library)) else {
            continue;
        };
        told += 1;
        let (sent, came) = (code(sent).expect("code"), code(came).expect("code"));
        let found = report.cases.iter().find(|other| other.id == case);
        let found = found.unwrap_or_else(|| panic!("{row}: there is no such case"));
        let is_so = found.verdict == Verdict::Fail
            && found.steps.contains(sent)
            && found.findings.iter().any(|finding| {
                finding.what.contains(came)
                    || finding.received.as_deref() == Some(came)
                    || (finding.octets.as_deref()).is_some_and(|octets| octets.starts_with(came))
            });
        assert!(is_so, "{row}\nis not so for {name}: {found:#?}");
    }
    assert!(told > 0, "reports/README.md tells nothing of {name}");
}

/// The text of a code span.
fn code(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}
