//! Targets that are none, or turn into none: each run ends in time, with its sentence and its exit code.
#![cfg(unix)]

mod common;

use std::{
    io::{Read, Write},
    process::Command,
    sync::mpsc,
    time::Duration,
};

use common::*;
use wsspec::{report::Why, session::Verdict, wire::frame::Frame};

/// Runs against a target that is not to be had: exit code 3, one sentence with these parts, and nothing on standard output.
#[track_caller]
fn unreached(url: &str, options: &[&str], parts: &[&str]) {
    let ran = ran(&[&["server", url], options].concat());
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(ran.out.is_empty(), "{}", ran.out);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} in {}", ran.err);
    }
}

#[test]
fn a_dead_port() {
    let address = dead_port();
    unreached(
        &ws(address),
        &[],
        &[
            &format!("cannot connect to {address}"),
            "is the server running",
        ],
    );
    unreached(
        &format!("wss://{address}/"),
        &["--insecure"],
        &["cannot connect to"],
    );
}

#[test]
fn a_name_without_address() {
    unreached(
        "ws://nowhere.invalid/",
        &[],
        &[
            "cannot find the address of nowhere.invalid",
            "check the name",
        ],
    );
}

#[test]
fn a_url_that_is_none() {
    for (url, part) in [
        ("http://h/", "write ws://h/"),
        ("ws://", "has no host"),
        ("ws://h:99999/", "`99999` is not a port"),
        ("ws://u:p@h/", "user name"),
        ("ws://h/#x", "fragment"),
        ("ftp://h/", "not the scheme"),
        ("ws://h/a b", "%20"),
        ("ws://[::1/", "is not a host"),
    ] {
        let ran = ran(&["server", url]);
        assert_eq!(ran.code, Some(2), "{url}: {}", ran.err);
        assert!(
            ran.err.starts_with("error: ") && ran.err.contains(part),
            "{url}: {}",
            ran.err
        );
        assert!(ran.out.is_empty());
    }
}

#[test]
fn options_that_make_no_sense() {
    let url = "ws://127.0.0.1:9/";
    for (args, part) in [
        (&[url, "ws://other/"][..], "two URLs"),
        (&[url, "--timeout", "5"], "with its unit"),
        (&[url, "--jobs", "0"], "1 to 1024"),
        (&[url, "--seed", "-1"], "'-1'"),
        (&[url, "--header", "no-colon"], "NAME:VALUE"),
        (&[url, "--header", "Upgrade: h2c"], "for the cases to set"),
        (
            &[url, "--header", "Origin: a", "--origin", "b"],
            "leave one out",
        ),
        (&[url, "--subprotocol", "a b"], "token"),
        (&[url, "--insecure"], "--insecure is about TLS"),
        (
            &["wss://h/", "--insecure", "--ca", "x"],
            "cannot be used with",
        ),
        (
            &["wss://127.0.0.1:9/", "--ca", "/nowhere/ca.pem"],
            "/nowhere/ca.pem",
        ),
        (
            &["wss://127.0.0.1:9/", "--insecure", "--server-name", "a b"],
            "`a b` is not a name",
        ),
        (&[url, "--cases", "/nowhere"], "/nowhere"),
        (&[url, "--report", "pdf"], "no format `pdf`"),
        (
            &[url, "--report", "json=/nowhere/r.json"],
            "/nowhere/r.json",
        ),
        (&[url, "--delivery", "pigeon"], "pigeon"),
    ] {
        let ran = ran(&[&["server"], args].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(part), "{args:?}: {}", ran.err);
    }
}

#[test]
fn nothing_selected() {
    for (words, part) in [
        (&["no/such/case"][..], "no case is called `no/such/case`"),
        (&["localhost:9001"], "write ws://localhost:9001"),
        (
            &["control", "--exclude", "control"],
            "nothing is left to run",
        ),
        (&["handshake/client-request"], "are for clients"),
    ] {
        let ran = ran(&[&["server"], words].concat());
        assert_eq!(ran.code, Some(4), "{words:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(part), "{words:?}: {}", ran.err);
    }
}

#[test]
fn http_without_websocket() {
    let missing = answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    unreached(
        &format!("ws://{missing}/chat"),
        &[],
        &["`HTTP/1.1 404 Not Found`", "no WebSocket at /chat"],
    );
    let page = answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    unreached(&ws(page), &[], &["`HTTP/1.1 200 OK`", "ordinary page"]);
}

#[test]
fn tls_where_plain_text_was_asked_for() {
    let alert = answers(b"\x15\x03\x03\x00\x02\x02\x46");
    unreached(
        &ws(alert),
        &[],
        &["TLS came", &format!("try wss://{alert}/")],
    );
}

#[test]
fn plain_text_where_tls_was_asked_for() {
    let plain = serve(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let url = format!("wss://{plain}/");
    unreached(
        &url,
        &["--insecure"],
        &[
            "asked 127.0.0.1",
            "plain text",
            &format!("try ws://{plain}/"),
        ],
    );
}

#[test]
fn a_port_that_says_nothing() {
    let silent = serve(|mut stream| while stream.read(&mut [0; 1024]).is_ok_and(|n| n > 0) {});
    unreached(
        &ws(silent),
        &["--timeout", "100ms"],
        &["said nothing for 100ms", "--timeout"],
    );
    let url = format!("wss://{silent}/");
    unreached(
        &url,
        &["--timeout", "100ms", "--insecure"],
        &["TLS with", "100ms"],
    );
}

#[test]
fn a_head_without_end() {
    let endless = serve(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n");
        while stream.write_all(b"X-Y: z\r\n").is_ok() {}
    });
    unreached(
        &ws(endless),
        &[],
        &["the empty line that ends them has not come", "HTTP/1.1"],
    );
    let one_line = serve(|mut stream| while stream.write_all(b"HTTP/1.1 101 Sw").is_ok() {});
    unreached(&ws(one_line), &[], &["has not come"]);
}

#[test]
fn a_port_that_closes_at_once() {
    let closing = serve(drop);
    unreached(
        &ws(closing),
        &[],
        &["the connection at once, without a single octet"],
    );
    let half = answers("HTTP/1.1 101 Swi");
    unreached(&ws(half), &[], &["in the middle of its answer"]);
}

#[test]
fn octets_that_are_no_http() {
    let garbage = answers(*b"\xff\xfe\x00\x80\xc3\x28 garbage \x1b[31m\xf0\x9f");
    unreached(&ws(garbage), &[], &["no HTTP/1.1", "ff fe 00 80"]);
    let ssh = answers("SSH-2.0-OpenSSH_9.6\r\n");
    unreached(&ws(ssh), &[], &["SSH"]);
    // Octets of a target must not reach a terminal as they are; `finish` looks for ESC.
    let escape = answers("HTTP/1.1 404 \x1b]0;owned\x07\x1b[31mNo\r\nLocation: \x1b[2J\r\n\r\n");
    unreached(&ws(escape), &[], &["HTTP/1.1 404"]);
    let escape = answers("HTTP/1.1 301 Go\r\nLocation: \x1b[2Jhome\r\n\r\n");
    unreached(&ws(escape), &[], &["HTTP/1.1 301", "home"]);
}

/// A target that sends these frames for ever, and how much memory a run against it may take.
#[track_caller]
fn floods(frames: &[Frame], verdict: Verdict) {
    let mut octets = Vec::new();
    while octets.len() < 64 << 10 {
        frames.iter().for_each(|frame| frame.encode(&mut octets));
    }
    let flood = serve(move |mut stream| {
        if open(&mut stream) {
            while stream.write_all(&octets).is_ok() {}
        }
    });
    // What is kept of a connection is limited, whatever the target sends: 2 GiB of address space hold the program, its threads and that.
    let line = format!(
        "ulimit -v 2097152; exec {} server {} 'control/ping/length[5]' 'control/ping/length[6]' --timeout 200ms --report json",
        env!("CARGO_BIN_EXE_wsspec"),
        ws(flood)
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &line])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let ran = finish(shell.spawn().expect("a shell"));
    let report = wsspec::report::Report::from_json(ran.out.as_bytes());
    let report = report.unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
    assert_eq!(report.cases.len(), 2);
    for case in &report.cases {
        assert_eq!(case.verdict, verdict, "{}: {}", case.id, case.reason);
        assert!(case.transcript.len() <= wsspec::report::build::MAX_LINES);
    }
    assert_eq!(ran.code, Some(1));
}

#[test]
fn messages_without_end() {
    floods(&[Frame::text("unasked"), Frame::ping("x")], Verdict::Fail);
}

#[test]
fn one_message_without_end() {
    floods(
        &[
            Frame::binary(vec![7; 4096]).with_fin(false),
            Frame::continuation(vec![7; 4096]).with_fin(false),
        ],
        Verdict::Fail,
    );
}

#[test]
fn pings_without_end() {
    floods(&[Frame::ping("x")], Verdict::Fail);
}

#[test]
fn a_target_that_dies_is_named_with_the_case_that_saw_it_last() {
    // One case at a time: three flights of the canary, then a connection for each case.
    let door = door(reference(None), |number, _| match number {
        ..8 => Door::Open,
        _ => Door::Gone,
    });
    let url = ws(door);
    let (ran, report) = reported(&[
        &url,
        "control/ping/length",
        "--jobs",
        "1",
        "--timeout",
        "300ms",
    ]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    let fifth = &report.cases[4].id;
    assert_eq!(report.lost.len(), 1);
    assert_eq!(
        report.lost[0].case.as_ref(),
        Some(fifth),
        "{}",
        report.lost[0].reason
    );
    assert!(
        !report.lost[0].back && report.lost[0].reason.contains("refused"),
        "{}",
        report.lost[0].reason
    );
    assert!(
        ran.err.contains("the target was lost") && ran.err.contains(fifth.as_str()),
        "{}",
        ran.err
    );
    let (before, after) = report.cases.split_at(4);
    assert!(before.iter().all(|case| case.verdict == Verdict::Pass));
    assert!(after.iter().all(|case| case.verdict == Verdict::Error));
    assert!(
        after[1].reason.contains(fifth.as_str()),
        "{}",
        after[1].reason
    );
    assert_eq!(report.stopped.as_ref().map(|s| s.why), Some(Why::Lost));
    assert!(
        report
            .canary
            .is_some_and(|c| c.first.verdict == Verdict::Pass && c.last.is_none())
    );
}

#[test]
fn a_target_that_dies_beside_many_cases_keeps_what_was_seen() {
    let door = door(reference(None), |number, _| match number {
        ..60 => Door::Open,
        _ => Door::Gone,
    });
    let url = ws(door);
    let (ran, report) = reported(&[&url, "control", "--timeout", "300ms"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(
        report.summary.verdicts.pass > 30,
        "{:?}",
        report.summary.verdicts
    );
    assert_eq!(
        report.summary.verdicts.fail, 0,
        "a dead target breaks no rule"
    );
    assert!(report.summary.verdicts.error > 0 && report.lost.len() == 1);
}

#[test]
fn a_target_that_dies_behind_the_last_case() {
    let door = door(reference(None), |number, _| match number {
        ..5 => Door::Open,
        _ => Door::Gone,
    });
    let url = ws(door);
    let (ran, report) = reported(&[&url, "control/ping/length[5]", "--timeout", "300ms"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert_eq!(report.cases[0].verdict, Verdict::Pass);
    assert!(
        report.lost[0].reason.contains("behind the last case"),
        "{}",
        report.lost[0].reason
    );
}

#[test]
fn a_target_that_bears_few_connections_fails_nothing() {
    let door = door(reference(None), |_, open| match open {
        // One that is played alone, and those before it that the door has not seen the end of.
        ..4 => Door::Open,
        _ => Door::Shut,
    });
    let url = ws(door);
    let (ran, report) = reported(&[&url, "control/ping", "--jobs", "16"]);
    assert_eq!(
        ran.code,
        Some(0),
        "{:?} {}",
        report.summary.verdicts,
        ran.err
    );
    let verdicts = &report.summary.verdicts;
    assert_eq!(
        verdicts.pass + verdicts.tolerated,
        report.summary.cases,
        "{verdicts:?}"
    );
}

#[test]
fn a_target_that_takes_its_time_fails_nothing() {
    // Longer than a first try waits for a target that answers at once.
    let (behind, late) = (reference(None), Duration::from_millis(400));
    let slow = serve(move |stream| drop(pass(&stream, behind, late)));
    let (ran, report) = reported(&[&ws(slow), "control/oversized", "close/codes/lawful"]);
    let verdicts = &report.summary.verdicts;
    assert_eq!(ran.code, Some(0), "{verdicts:?} {}", ran.err);
    assert_eq!(verdicts.pass + verdicts.tolerated, report.summary.cases);
    assert_eq!(report.summary.unstable, 0, "patience alone has mended it");
}

#[test]
fn a_signal_ends_the_run_with_what_is_known() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (tx, rx) = mpsc::channel();
        // Cases answered up to here; then none is any more, and the run would wait.
        let reference = reference(None);
        let door = door(reference, move |number, _| {
            let _ = tx.send(number);
            Door::Open
        });
        let url = ws(door);
        let child = command(&["server", &url, "--jobs", "1", "--report", "json"])
            .spawn()
            .expect("it starts");
        while rx.recv().expect("connections come") < 40 {}
        let kill = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(kill.is_ok_and(|status| status.success()));
        let ran = finish(child);
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        let report = wsspec::report::Report::from_json(ran.out.as_bytes()).expect("a report");
        let stopped = report.stopped.expect("it was stopped");
        assert_eq!(stopped.why, Why::Interrupted);
        assert!(report.cases.len() >= 30 && stopped.not_run > 0);
        assert!(
            report
                .cases
                .iter()
                .all(|case| case.verdict != Verdict::Error)
        );
    }
}
