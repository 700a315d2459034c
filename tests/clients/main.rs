//! Other people's clients judge the verdicts: each of them plays all cases, and whatever it does not pass has to be foreseen in
//! `reports/known/clients`, with the rule that makes it right to say so.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../docs/clients/tokio_tungstenite.rs"]
#[allow(dead_code, reason = "as a program it has a main function")]
mod tokio_tungstenite;
mod tokio_websockets;

use std::{
    env, fs,
    future::Future,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command},
    thread,
};

use common::known::{difference, locked, made};
use futures_util::{StreamExt, stream};
use wsspec::{case::Role, report::Report};

#[test]
fn tokio_tungstenite_client() {
    judge("tokio-tungstenite", |url| async move {
        let done = tokio_tungstenite::drive(&url, "tokio-tungstenite").await;
        done.expect("the control paths answer");
    });
}

#[test]
fn tokio_websockets_client() {
    judge("tokio-websockets", |url| async move {
        let count = format!("{url}/getCaseCount");
        let count = tokio_tungstenite::ask(&count);
        let count = count.await.ok().and_then(|count| count.parse().ok());
        let path = |number| format!("{url}/runCase?case={number}&agent=tokio-websockets");
        stream::iter(1..=count.unwrap_or(0u32))
            .for_each_concurrent(16, |number| {
                let url = path(number);
                // On a task of its own, since it may panic.
                async move {
                    let _ = tokio::spawn(async move { tokio_websockets::echo(&url).await }).await;
                }
            })
            .await;
        let done = format!("{url}/updateReports?agent=tokio-websockets");
        let done = tokio_tungstenite::ask(&done).await;
        done.expect("the control paths answer");
    });
}

/// Holds a stored report against the file of its name: `tests/clients/run` makes these reports.
#[test]
#[ignore = "tests/clients/run says which report"]
fn foreign() {
    let (name, report) = made();
    hold(&name, &report);
}

/// Has a client play all cases; its version is what the lock file says.
#[track_caller]
fn judge<F: Future<Output = ()>>(name: &str, drive: impl FnOnce(String) -> F) {
    let folder = tempfile::tempdir().expect("a folder");
    let name = format!("{name}-{}", locked(name));
    let file = folder.path().join(format!("{name}.json"));
    let (mut suite, url) = listen(&file);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(drive(url));
    stop(&mut suite);
    if let Ok(folder) = env::var("WSSPEC_REPORTS") {
        let to = Path::new(&folder).join(format!("{name}.json"));
        fs::copy(&file, to).expect("a folder to write to");
    }
    let report = Report::read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
    hold(&name, &report);
}

/// Starts the suite; gives the URL at which it listens.
fn listen(report: &Path) -> (Child, String) {
    let report = format!("json={}", report.display());
    // Some clients wait for ten seconds themselves, for the server to end TCP.
    let words = [
        "client",
        "--listen",
        "127.0.0.1:0",
        "--timeout",
        "15s",
        "--report",
        &report,
    ];
    let mut suite = common::command(&words).spawn().expect("the program starts");
    let mut out = BufReader::new(suite.stdout.take().expect("a pipe"));
    let mut err = suite.stderr.take().expect("a pipe");
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    let url = line.split_whitespace().find(|word| word.contains("://"));
    let url = url.unwrap_or_else(|| panic!("no URL in {line:?}"));
    let url = url.trim_end_matches(',').to_owned();
    // What nobody reads would hold up who writes it.
    thread::spawn(move || out.read_to_end(&mut Vec::new()));
    thread::spawn(move || err.read_to_end(&mut Vec::new()));
    (suite, url)
}

/// Ends the suite in order: it writes the report then.
fn stop(suite: &mut Child) {
    let id = suite.id().to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status();
    assert!(told.is_ok_and(|status| status.success()));
    suite.wait().expect("an end");
}

/// All that differs from what is known of a client is a failure, and so is a line that is true of nothing any more.
#[track_caller]
fn hold(name: &str, report: &Report) {
    let (file, difference) = difference(&format!("clients/{name}"), Role::Client, report);
    assert!(report.cases.len() > 2000, "{} cases", report.cases.len());
    assert!(
        difference.is_empty(),
        "{name} is not as {} says\n\n{difference}",
        file.display()
    );
}
