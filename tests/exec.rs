//! Servers that the program starts: they are waited for, ended with all that they started, and started again when they crash.
#![cfg(target_os = "linux")]

mod common;

use std::{
    env, fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use common::*;
use wsspec::report::Report;

const URL: &str = "ws://127.0.0.1:{port}";
/// No test comes near it, unless it is to fail.
const LONG: Duration = Duration::from_secs(120);

/// A folder to work in.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).expect("a file");
        self.file(name)
    }

    /// Tells the numbers of its processes in the files `shell` and `child`, then goes on.
    fn with_child(&self, line: &str) -> String {
        format!(
            "sleep 1000 & echo $! > '{}'; echo $$ > '{}'; {line}",
            self.file("child"),
            self.file("shell")
        )
    }

    /// Neither of them runs any more.
    #[track_caller]
    fn nothing_runs(&self) {
        for name in ["shell", "child"] {
            let id = fs::read_to_string(self.path(name)).expect("it was started");
            let begun = Instant::now();
            while runs(id.trim()) {
                assert!(begun.elapsed() < LONG, "the {name} {id} still runs");
                thread::yield_now();
            }
        }
    }
}

/// Whether a process is there; a zombie is not.
fn runs(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim();
    !state.is_empty() && !state.starts_with(['Z', 'X'])
}

/// A line that starts the reference server, with a fault or without.
fn echo(fault: &str) -> String {
    let program = env!("CARGO_BIN_EXE_wsspec");
    let fault = match fault {
        "" => String::new(),
        fault => format!(" --fault {fault}"),
    };
    format!("exec '{program}' echo --listen 127.0.0.1:{{port}}{fault}")
}

/// A line that starts [`a_server_that_dies`], which dies when a frame begins with these octets.
fn dying(octets: &str) -> String {
    let program = env::current_exe().expect("the test itself");
    format!(
        "PORT={{port}} DIES_OF='{octets}' exec '{}' --ignored --exact --nocapture a_server_that_dies",
        program.display()
    )
}

fn run(more: &[&str]) -> Ran {
    ran(&[&["server", "--timeout", "2s"], more].concat())
}

/// Not a test: a server that another test starts.
#[test]
#[ignore = "it is the target of another test"]
fn a_server_that_dies() {
    let (Ok(port), Ok(trigger)) = (env::var("PORT"), env::var("DIES_OF")) else {
        return;
    };
    let octet = |octet: &str| u8::from_str_radix(octet, 16).expect("hex");
    let trigger: Vec<u8> = trigger.split(' ').map(octet).collect();
    let behind = reference(None);
    let listener = match env::var_os("WORKER") {
        // The listener of the supervisor is its standard input.
        Some(_) => TcpListener::from(io::stdin().as_fd().try_clone_to_owned().expect("a socket")),
        None => TcpListener::bind(format!("127.0.0.1:{port}")).expect("the port is free"),
    };
    if let Ok(workers) = env::var("WORKERS")
        && env::var_os("WORKER").is_none()
    {
        return supervise(&listener, workers.parse().expect("a number"));
    }
    for near in listener.incoming().flatten() {
        let trigger = trigger.clone();
        thread::spawn(move || pass_until(&near, behind, &trigger));
    }
}

/// Holds the port, and starts a new worker for each that dies.
fn supervise(listener: &TcpListener, count: usize) {
    let start = || {
        let socket = listener.try_clone().expect("a socket");
        let program = env::current_exe().expect("the test itself");
        let mut worker = Command::new(program);
        worker.args(env::args().skip(1)).env("WORKER", "1");
        worker
            .stdin(OwnedFd::from(socket))
            .spawn()
            .expect("a worker")
    };
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                loop {
                    let _ = start().wait();
                }
            });
        }
    });
}

/// Passes octets on, unless what comes begins with these.
fn pass_until(near: &TcpStream, behind: std::net::SocketAddr, trigger: &[u8]) -> io::Result<()> {
    let far = &TcpStream::connect(behind)?;
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = io::copy(&mut { far }, &mut { near });
            let _ = near.shutdown(Shutdown::Write);
        });
        let (mut octets, mut late) = ([0; 4096], false);
        while let Ok(n @ 1..) = { near }.read(&mut octets) {
            if octets[..n].starts_with(trigger) {
                if env::var_os("LATE").is_none() {
                    eprintln!("cannot go on: \u{1b}[31m<script>");
                    std::process::abort();
                }
                late = true;
            }
            { far }.write_all(&octets[..n])?;
        }
        // The case is over, and has passed.
        if late {
            std::process::abort();
        }
        far.shutdown(Shutdown::Write)
    })
}

#[test]
fn a_server_is_started_tested_and_ended() {
    let place = Place::new();
    let json = format!("json={}", place.file("run.json"));
    let html = format!("html={}", place.file("out.html"));
    let line = place.with_child(&echo("ignores-empty-pings"));
    let cases = ["control/ping/length", "--report", &json, "--report", &html];
    let all = |more: &[&str]| run(&[&["--exec", &line, URL][..], &cases, more].concat());
    is(
        &all(&[]),
        1,
        &[
            "FAIL control/ping/length[0]",
            "what the server printed is in ",
        ],
    );
    place.nothing_runs();
    let known = place.write("known.txt", "control/ping/length[0] fail # known\n");
    let log = place.file("log");
    is(
        &all(&["--known", &known, "--exec-log", &log]),
        0,
        &["1 known"],
    );
    place.nothing_runs();
    assert!(
        fs::read_to_string(&log)
            .expect("the log")
            .contains("listening on")
    );
    let stale = place.write("stale.txt", "control/ping/length fail # known\n");
    is(
        &all(&["--known", &stale]),
        4,
        &["stale.txt:1 no longer holds"],
    );
    place.nothing_runs();

    // The port of a run is nowhere in what equal runs have in common, and the case is played again by its command.
    let mut report = Report::read(&place.path("run.json")).expect("a report");
    report.measured = Default::default();
    let text = report.to_json();
    assert!(text.contains("Host: 127.0.0.1:{port}"), "{text}");
    let replay = &report.cases[0].replay;
    assert!(
        replay.contains("--exec") && replay.contains("'ws://127.0.0.1:{port}'"),
        "{replay}"
    );
}

#[test]
fn a_line_can_tell_that_it_is_ready() {
    let line = echo("");
    let ready = run(&[
        "--exec",
        &line,
        URL,
        "control/ping/length[1]",
        "--wait",
        "listening on ws://*",
    ]);
    is(&ready, 0, &["1 pass"]);
    let never = [
        "--exec",
        &line,
        URL,
        "--wait",
        "never said",
        "--wait-timeout",
        "300ms",
    ];
    is(
        &run(&never),
        3,
        &[
            "it printed no line like `never said` within 300ms",
            "| listening on",
        ],
    );
}

#[test]
fn a_server_may_take_its_port_from_the_environment() {
    let line = echo("").replace("{port}", "\"$PORT\"");
    is(
        &run(&["--exec", &line, URL, "control/ping/length[1]"]),
        0,
        &["1 pass"],
    );
    is(&run(&["--exec", "exit 7", URL]), 3, &["exit status 7"]);
}

#[test]
fn one_that_does_not_start_is_told_with_what_it_said() {
    let place = Place::new();
    let json = format!("json={}", place.file("run.json"));
    let line = "echo cannot read the configuration: $'\\033[31m' {port}; exit 7";
    let told = [
        "the target was started with",
        "exit status 7",
        "| cannot read the configuration",
    ];
    is(&run(&["--exec", line, URL, "--report", &json]), 3, &told);
    let line = place.with_child("echo I listen elsewhere than {port}; wait");
    let late = run(&["--exec", &line, URL, "--wait-timeout", "300ms"]);
    is(
        &late,
        3,
        &[
            "nothing took a connection at 127.0.0.1:",
            "| I listen elsewhere",
        ],
    );
    place.nothing_runs();
    // It takes connections and is no WebSocket server; then it is gone.
    let line = place.with_child("echo hello {port}; exec sh -c 'while :; do :; done'");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = format!("ws://{}", listener.local_addr().expect("an address"));
    let line = line.replace("{port}", "");
    is(
        &run(&["--exec", &line, &taken]),
        3,
        &["somebody listens at 127.0.0.1:"],
    );
    assert!(
        !place.path("shell").exists()
            || !runs(
                fs::read_to_string(place.path("shell"))
                    .expect("a number")
                    .trim()
            )
    );
}

#[test]
fn what_makes_no_sense_is_told() {
    for (words, part) in [
        (&["--exec", "x"][..], "add ws://127.0.0.1:{port}"),
        (
            &["--exec", "x {port}", "ws://127.0.0.1:9"],
            "`{port}` is in --exec, and not in the URL",
        ),
        (&[URL], "is for --exec"),
        (&["ws://127.0.0.1:9", "--wait", "x"], "--exec"),
        (
            &["--exec", "x {port}", URL, "--exec-log", "/no/such/file"],
            "--exec-log names another file",
        ),
    ] {
        is(&run(words), 2, &[part]);
    }
}

/// A ping of 125 octets from a client: it kills the target in the case that is named so.
const PING_125: &str = "89 fd";
const CASE: &str = "control/ping/length[125]";

#[test]
fn a_crash_in_the_middle_names_the_case_and_the_run_goes_on() {
    let place = Place::new();
    let json = format!("json={}", place.file("run.json"));
    let line = dying(PING_125);
    let all = |more: &[&str]| {
        let words = [
            "--exec",
            &line,
            URL,
            "control/ping/length",
            "--report",
            &json,
        ];
        run(&[&words[..], more].concat())
    };
    for jobs in ["8", "1"] {
        let crashed = all(&["--jobs", jobs]);
        let parts = [
            "The target crashed in control/ping/length[125]: killed by signal 6, SIGABRT.",
            r"cannot go on: \x1b[31m<script>",
        ];
        is(&crashed, 3, &parts);
        let report = Report::read(&place.path("run.json")).expect("a report");
        assert_eq!(report.crashes.len(), 1);
        assert_eq!(report.crashes[0].case.as_deref(), Some(CASE));
        assert!(report.lost.is_empty() && report.stopped.is_none());
        let good = report.summary.verdicts.pass;
        assert_eq!(good + 1, report.summary.cases, "{:?}", report.summary);
    }
    let stored = place.file("run.json");
    is(
        &ran(&["report", &stored, "--gate"]),
        3,
        &["CRASH of the target in control/ping/length[125]"],
    );
    for (format, part) in [
        ("junit", "target-crashed"),
        ("tap", "Bail out!"),
        ("github", "::error"),
        ("badge-json", "\"isError\":true"),
    ] {
        is(
            &ran(&["report", &stored, "--gate", "--report", format]),
            3,
            &[part],
        );
    }
    for format in ["html", "markdown", "text"] {
        let view = ran(&["report", &stored, "--report", format]);
        is(&view, 0, &[r"cannot go on: \x1b[31m"]);
        let markup = matches!(format, "html");
        assert!(!markup || !view.out.contains("<script>\n"), "{}", view.out);
    }
    // A crash can be known like anything else.
    let known = place.file("known.txt");
    is(&all(&["--write-known", &known]), 3, &["1 new line"]);
    let text = fs::read_to_string(&known).expect("it is written");
    assert!(
        text.contains(&format!("{CASE} ")) && text.contains(" crash # "),
        "{text}"
    );
    is(&all(&["--known", &known]), 0, &["1 known"]);
    // By that word alone: whoever knows that the case fails does not know that the target dies of it.
    let fails = place.write("fails.txt", &format!("{CASE} fail # known\n"));
    is(&all(&["--known", &fails]), 3, &["The target crashed in"]);
    let error = place.write("error.txt", &format!("{CASE} error # known\n"));
    is(
        &all(&["--known", &error]),
        2,
        &["`crash` says that the case ends the target"],
    );
}

#[test]
fn a_worker_that_dies_behind_its_supervisor_is_seen_by_those_beside_it() {
    let place = Place::new();
    let json = format!("json={}", place.file("run.json"));
    // An unmasked frame: whoever dies of it drops the connection, as is due.
    const CASE: &str = "masking/unmasked/octets[hello]";
    let all = |workers: &str, trigger: &str, more: &[&str]| {
        let line = format!("WORKERS={workers} {}", dying(trigger));
        let words = ["--exec", &line, URL, "masking/unmasked", "--report", &json];
        run(&[&words[..], more].concat())
    };
    // With several workers, the one that dies may have none of the other connections: rare, and no matter for a test.
    let told = all("1", "81 05 48", &[]);
    let named = format!("The target crashed in {CASE}: ");
    is(&told, 3, &[&named, "were cut off with its own"]);
    let report = Report::read(&place.path("run.json")).expect("a report");
    let blamed = report.crashes.iter().map(|crash| crash.case.as_deref());
    assert!(blamed.eq([Some(CASE)]), "{:?}", report.crashes);
    let crashed = report.cases.iter().filter(|case| case.crashed);
    assert!(crashed.map(|case| case.id.as_str()).eq([CASE]));
    let known = place.write("known.txt", &format!("{CASE} crash # mended in 2.0\n"));
    is(&all("1", "81 05 48", &["--known", &known]), 0, &["1 known"]);
    // Nobody dies: nothing is told.
    is(&all("2", "ff ff ff", &[]), 0, &[]);
}

#[test]
fn a_target_that_takes_its_time_to_fall_gets_the_right_case_blamed() {
    let place = Place::new();
    let json = format!("json={}", place.file("run.json"));
    let line = format!("LATE=1 {}", dying(PING_125));
    for jobs in ["8", "1"] {
        let words = [
            "--exec",
            &line,
            URL,
            "control/ping/length",
            "utf8/valid",
            "--jobs",
            jobs,
        ];
        let crashed = run(&[&words[..], &["--report", &json]].concat());
        is(
            &crashed,
            3,
            &["The target crashed in control/ping/length[125]: killed by signal 6"],
        );
        let report = Report::read(&place.path("run.json")).expect("a report");
        let blamed = report.crashes.iter().map(|crash| crash.case.as_deref());
        assert!(blamed.eq([Some(CASE)]), "{:?}", report.crashes);
        let good = report.summary.verdicts.pass;
        assert_eq!(good + 1, report.summary.cases, "{:?}", report.summary);
    }
}

#[test]
fn one_that_does_not_come_back_is_given_up_with_its_results() {
    let place = Place::new();
    let json = format!("json={}", place.file("run.json"));
    let flag = place.file("flag");
    let line = format!(
        "if [ -e '{flag}' ]; then echo no more; exit 9; fi; touch '{flag}'; {}",
        dying(PING_125)
    );
    let lost = run(&[
        "--exec",
        &line,
        URL,
        "control/ping/length",
        "--report",
        &json,
        "--wait-timeout",
        "700ms",
    ]);
    is(
        &lost,
        3,
        &[
            "the target was lost: it crashed",
            "exit status 9",
            "| no more",
        ],
    );
    let report = Report::read(&place.path("run.json")).expect("a report");
    assert!(report.lost.iter().any(|lost| !lost.back));
}

#[test]
fn a_signal_ends_the_target_too() {
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 143)] {
        let place = Place::new();
        // It takes connections, answers nothing, and heeds no SIGTERM: the run waits until it is told to end.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let ready = place.file("ready");
        let line = format!("trap '' TERM; : > '{ready}'; sleep 1000");
        let line = place.with_child(&line);
        let child = command(&[
            "server",
            "--exec",
            &line,
            &format!("ws://{address}"),
            "--wait-timeout",
            "50m",
        ]);
        let child = { child }.spawn();
        let child = child.expect("the program starts");
        let begun = Instant::now();
        while !place.path("ready").exists() {
            assert!(begun.elapsed() < LONG, "it does not start");
            thread::sleep(Duration::from_millis(5));
        }
        let killed = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(killed.expect("kill runs").success());
        is(&finish(child), code, &[]);
        place.nothing_runs();
    }
}
