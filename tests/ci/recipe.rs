//! The one line that `docs/ci.md` begins with, as a fresh clone runs it: with the sample server, and with servers that are worse.

use std::{fs, net::TcpStream, path::Path, process::Command};

use tempfile::TempDir;

use crate::{blocks, root};

const PAGE: &str = include_str!("../../docs/ci.md");
const SERVER: &str = include_str!("../../examples/server.js");

struct Ran {
    code: Option<i32>,
    said: String,
    folder: TempDir,
}

/// The line, in a folder with the sample server after `change`, and with more words behind it. `None`: there is no Node.js.
fn recipe(change: impl Fn(&str) -> String, known: &str, more: &str) -> Option<Ran> {
    if Command::new("node").arg("--version").output().is_err() {
        println!("there is no Node.js: the line was not tried");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let examples = folder.path().join("examples");
    fs::create_dir(&examples).expect("a folder");
    fs::write(examples.join("server.js"), change(SERVER)).expect("a file");
    let mut file = fs::read_to_string(root().join("examples/server.known.txt")).expect("a file");
    file.push_str(known);
    fs::write(examples.join("server.known.txt"), file).expect("a file");
    let line = blocks(PAGE, "sh")[0].trim();
    let program = Path::new(env!("CARGO_BIN_EXE_wsspec"))
        .parent()
        .expect("a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(program.to_owned()).chain(std::env::split_paths(&path));
    let done = Command::new("sh")
        .args(["-c", &format!("{line} --report json=run.json {more}")])
        .current_dir(folder.path())
        .env("PATH", std::env::join_paths(path).expect("a path"))
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    Some(Ran {
        code: done.status.code(),
        said: said.into_owned(),
        folder,
    })
}

/// Puts `new` in the place of `old`, which has to be there.
fn with(server: &str, old: &str, new: &str) -> String {
    assert!(server.contains(old), "{old}");
    server.replace(old, new)
}

const PONG: &str = "socket.write(frame(PONG, payload))";

#[test]
fn the_sample_server_is_started_tested_and_stopped() {
    let Some(ran) = recipe(str::to_owned, "", "") else {
        return;
    };
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    for report in ["wsspec.xml", "wsspec.html"] {
        assert!(ran.folder.path().join(report).is_file(), "{report}");
    }
    let report = fs::read(ran.folder.path().join("run.json")).expect("the report");
    let report = wsspec::report::Report::from_json(&report).expect("a report");
    assert!(report.summary.cases > 2000 && report.summary.verdicts.pass > 2000);
    let address = report.measured.address.expect("an address");
    assert!(
        TcpStream::connect(&address).is_err(),
        "something still listens on {address}"
    );
}

#[test]
fn a_new_defect_is_1() {
    let change = |server: &str| with(server, PONG, "socket.write(frame(0x40 | PONG, payload))");
    let Some(ran) = recipe(change, "", "control/ping/payload") else {
        return;
    };
    assert_eq!(ran.code, Some(1), "{}", ran.said);
    assert!(
        ran.said.contains("FAIL control/ping/payload["),
        "{}",
        ran.said
    );
}

#[test]
fn a_line_that_no_longer_holds_is_4() {
    let known = "control/ping/payload fail # it had no pongs once\n";
    let Some(ran) = recipe(str::to_owned, known, "control/ping/payload") else {
        return;
    };
    assert_eq!(ran.code, Some(4), "{}", ran.said);
    assert!(
        ran.said.contains("examples/server.known.txt:5"),
        "{}",
        ran.said
    );
}

#[test]
fn a_server_that_never_starts_is_3() {
    let change = |server: &str| format!("console.error('no licence'); process.exit(5);\n{server}");
    let Some(ran) = recipe(change, "", "control/ping/payload") else {
        return;
    };
    assert_eq!(ran.code, Some(3), "{}", ran.said);
    assert!(
        ran.said.contains("no licence"),
        "what it said last is shown: {}",
        ran.said
    );
}

#[test]
fn a_crash_is_3_and_the_case_is_named() {
    let change = |server: &str| {
        with(
            server,
            PONG,
            "(payload.length === 125 ? process.exit(7) : socket.write(frame(PONG, payload)))",
        )
    };
    let Some(ran) = recipe(change, "", "'control/ping/length'") else {
        return;
    };
    assert_eq!(ran.code, Some(3), "{}", ran.said);
    assert!(
        ran.said.contains("control/ping/length[125]"),
        "{}",
        ran.said
    );
}
