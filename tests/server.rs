//! `wsspec server` as people use it.
#![cfg(unix)]

mod common;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
};

use common::*;
use wsspec::{report::Why, session::Verdict};

#[test]
fn the_reference_server_conforms() {
    let ran = ran(&["server"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.err.is_empty(), "{}", ran.err);
    let last = ran.out.trim_end().lines().last().unwrap_or_default();
    assert!(last.contains(" pass") && last.contains(" 0 fail"), "{last}");
}

#[test]
fn a_fault_is_found_told_and_replayed() {
    let server = ws(reference(Some("ignores-empty-pings")));
    // Quotes and blanks have to survive the shell.
    let origin = "http://it's a \"test\" $HOME";
    let args = [
        &server,
        "control/ping/length[0]",
        "control/ping/length[1]",
        "--timeout",
        "300ms",
        "--origin",
        origin,
    ];
    let ran = ran(&[&["server"], &args[..]].concat());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.starts_with("FAIL control/ping/length[0]"),
        "{}",
        ran.out
    );
    let (_, report) = reported(&args);
    let (failed, passed) = (&report.cases[0], &report.cases[1]);
    assert_eq!(
        (failed.verdict, passed.verdict),
        (Verdict::Fail, Verdict::Pass)
    );
    assert!(failed.timed_out && !failed.unstable);
    // The command as it stands, with the program on the path.
    let program = Path::new(env!("CARGO_BIN_EXE_wsspec"));
    let folder = program.parent().map(Path::to_path_buf).unwrap_or_default();
    for (case, code) in [(failed, 1), (passed, 0)] {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &case.replay])
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        shell
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let again = finish(shell.spawn().expect("a shell"));
        assert_eq!(
            again.code,
            Some(code),
            "{}: {}{}",
            case.replay,
            again.out,
            again.err
        );
        assert!(again.out.contains("1 of "), "{}", again.out);
    }
}

#[test]
fn equal_runs_give_equal_reports() {
    let server = ws(reference(None));
    let report = || {
        let (_, mut report) = reported(&[&server, "control", "utf8", "--seed", "7"]);
        report.measured = Default::default();
        report.to_json()
    };
    assert!(report() == report(), "two equal runs differ");
}

#[test]
fn every_delivery_gives_the_same_verdicts() {
    let server = ws(reference(None));
    for delivery in ["whole", "octets", "coalesced"] {
        let (ran, report) = reported(&[&server, "control", "messages", "--delivery", delivery]);
        assert_eq!(ran.code, Some(0), "{delivery}: {}", ran.err);
        assert!(report.cases.iter().all(|c| c.verdict != Verdict::Fail));
        assert_eq!(report.target.delivery.as_deref(), Some(delivery));
    }
}

#[test]
fn one_pervasive_fault_is_confirmed_a_few_times_only() {
    let server = ws(reference(Some("masks-all-frames")));
    let (ran, report) = reported(&[&server, "control"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        report
            .cases
            .iter()
            .all(|case| case.verdict == Verdict::Fail && !case.unstable)
    );
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let server = ws(reference(Some("ignores-empty-pings")));
    let (ran, report) = reported(&[&server, "control", "--timeout", "300ms", "--fail-fast"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert_eq!(report.summary.verdicts.fail, 1);
    let stopped = report.stopped.expect("it was stopped");
    assert!(stopped.why == Why::FailFast && stopped.not_run > 0);
}

#[test]
fn a_target_without_echo_is_not_blamed_for_it() {
    let server = serve(|mut stream| {
        // Says the same whatever it hears.
        let (opened, mut octets) = (open(&mut stream), [0; 1024]);
        while opened && stream.read(&mut octets).is_ok_and(|n| n > 0) {
            // A Close frame of a client with a code and no reason.
            let close = octets.starts_with(b"\x88\x82");
            let answer: &[u8] = if close { b"\x88\x00" } else { b"\x81\x02ok" };
            if stream.write_all(answer).is_err() || close {
                return;
            }
        }
    });
    let (ran, report) = reported(&[&ws(server), "messages/large/echo", "--timeout", "300ms"]);
    // Green would mean that something was seen.
    assert_eq!(
        ran.code,
        Some(4),
        "{:?} {}",
        report.summary.verdicts,
        ran.err
    );
    assert!(
        report
            .cases
            .iter()
            .all(|case| case.verdict == Verdict::NotApplicable)
    );
    assert!(
        report.cases[0]
            .reason
            .contains("does not send a text message back")
    );
}

#[test]
fn a_target_that_serves_few_at_a_time_is_not_blamed_for_the_others() {
    // It opens every connection, and has room for two at a time: the others wait, and the suite waits with them.
    let behind = reference(Some("ignores-longest-pings"));
    let room = Arc::new((Mutex::new(2), Condvar::new()));
    let server = serve(move |mut near| {
        let mut far = TcpStream::connect(behind).expect("the reference server");
        let opened = far
            .write_all(&read_head(&mut near))
            .and_then(|()| near.write_all(&read_head(&mut far)));
        if opened.is_err() {
            return;
        }
        let (count, came) = &*room;
        let mut free = came
            .wait_while(count.lock().expect("no panic"), |free| *free == 0)
            .expect("no panic");
        *free -= 1;
        drop(free);
        relay(&near, &far);
        *count.lock().expect("no panic") += 1;
        came.notify_one();
    });
    let failed = |url: String| {
        let (ran, report) = reported(&[&url, "control/ping/*", "--timeout", "2s"]);
        assert_eq!(ran.code, Some(1), "{:?} {}", report.summary, ran.err);
        let failed = report
            .cases
            .into_iter()
            .filter(|case| case.verdict == Verdict::Fail);
        failed.map(|case| case.id).collect::<Vec<_>>()
    };
    let (few, many) = (failed(ws(server)), failed(ws(behind)));
    assert!(few.len() > 2, "{few:?}");
    assert_eq!(few, many);
}

#[test]
fn connections_that_are_idle_keep_nobody_out() {
    const ROOM: usize = 20;
    // Beyond its room a server leaves others waiting, or turns them away: that is a limit of its own.
    let limited = |turns_away: bool| {
        let behind = reference(None);
        let room = Arc::new((Mutex::new(ROOM), Condvar::new()));
        serve(move |near| {
            let (count, came) = &*room;
            let free = count.lock().expect("no panic");
            if turns_away && *free == 0 {
                return;
            }
            let mut free = came.wait_while(free, |free| *free == 0).expect("no panic");
            *free -= 1;
            drop(free);
            let far = TcpStream::connect(behind).expect("the reference server");
            relay(&near, &far);
            *count.lock().expect("no panic") += 1;
            came.notify_one();
        })
    };
    for (server, verdict) in [
        (reference(None), Verdict::Pass),
        (limited(true), Verdict::Tolerated),
        (limited(false), Verdict::Fail),
    ] {
        let case = "limits/connections/idle[dozens]";
        let (ran, report) = reported(&[&ws(server), case, "--timeout", "2s"]);
        assert_eq!(report.cases[0].verdict, verdict, "{}", ran.err);
        // A may is told, and fails nobody.
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
}

/// Carries octets both ways until both have ended.
fn relay(near: &TcpStream, far: &TcpStream) {
    thread::scope(|scope| {
        for (mut from, mut to) in [(near, far), (far, near)] {
            scope.spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            });
        }
    });
}

#[test]
fn a_wrong_echo_is_told_and_not_taken_for_none() {
    for fault in ["sends-text-as-binary", "cuts-last-character"] {
        let server = ws(reference(Some(fault)));
        let (ran, report) = reported(&[&server, "messages", "--timeout", "300ms"]);
        assert_eq!(
            ran.code,
            Some(1),
            "{fault}: {:?} {}",
            report.summary.verdicts,
            ran.err
        );
    }
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    for report in ["table", "text", "json"] {
        let server = ws(reference(Some("ignores-empty-pings")));
        let mut child = command(&[
            "server",
            &server,
            "control/ping",
            "--timeout",
            "300ms",
            "--report",
            report,
        ])
        .spawn()
        .expect("it starts");
        drop(child.stdout.take());
        let mut err = String::new();
        let mut stderr = child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut err).expect("UTF-8");
        let code = child.wait().expect("an end").code();
        assert_eq!(code, Some(1), "{report}: {err}");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[test]
fn a_verdict_that_depends_on_the_delivery_is_told_as_such() {
    let server = ws(reference(Some("stalls-on-cut-header")));
    let args = [
        &server,
        "control/ping/length",
        "--timeout",
        "300ms",
        "--delivery",
    ];
    let with = |mode: &str| reported(&[&args[..], &[mode]].concat());
    let (ran, report) = with("all");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert_eq!(report.target.delivery.as_deref(), Some("all"));
    // TCP may join what the suite has cut, so not each case has to see it.
    let depends: Vec<_> = report
        .cases
        .iter()
        .filter(|case| !case.delivery.is_empty())
        .collect();
    assert!(!depends.is_empty());
    for case in depends {
        assert_eq!(case.verdict, Verdict::Fail, "{}", case.reason);
        let verdicts: Vec<_> = case
            .delivery
            .iter()
            .map(|(d, v)| (d.as_str(), *v))
            .collect();
        let differ = [
            ("coalesced", Verdict::Pass),
            ("octets", Verdict::Fail),
            ("whole", Verdict::Pass),
        ];
        assert_eq!(verdicts, differ);
        let words =
            "the verdict depends on the delivery (whole: pass, octets: fail, coalesced: pass): ";
        assert!(case.reason.starts_with(words), "{}", case.reason);
        assert!(case.replay.contains("--delivery all"), "{}", case.replay);
    }
    for mode in ["whole", "coalesced"] {
        let (ran, report) = with(mode);
        assert_eq!(ran.code, Some(0), "{mode}: {}", ran.err);
        assert!(report.cases.iter().all(|case| case.delivery.is_empty()));
    }
}

#[test]
fn a_server_without_fault_conforms_however_it_is_delivered() {
    let server = ws(reference(None));
    let (ran, report) = reported(&[&server, "control/ping", "close/codes", "--delivery", "all"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(report.cases.iter().all(|case| case.delivery.is_empty()));
    assert_eq!(report.summary.verdicts.pass, report.summary.cases);
}
