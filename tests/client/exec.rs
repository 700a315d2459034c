//! `--exec` and `--exec-per-case`: a complete gate.

use std::fs;

use wsspec::{report::Why, session::Verdict};

use super::{common::ran, driver, stored};

#[track_caller]
fn client(words: &[&str]) -> super::Ran {
    ran(&[&["client", "--listen", "127.0.0.1:0"], words].concat())
}

#[test]
fn a_loop_that_conforms_is_green() {
    let exec = driver("--loop --jobs 4");
    let ran = client(&["control", "handshake/client-request", "--exec", &exec]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains(" 0 fail") && ran.err.is_empty(),
        "{}{}",
        ran.out,
        ran.err
    );
}

#[test]
fn a_defect_turns_it_red_and_known_it_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let known = folder.path().join("known");
    let exec = driver("--loop --jobs 4 --fault ignores-empty-pings");
    let words = ["control/ping", "--timeout=300ms", "--exec", &exec];
    let file = known.display().to_string();
    let first = client(&[&words[..], &["--write-known", &file]].concat());
    assert_eq!(first.code, Some(1), "{}{}", first.out, first.err);
    let written = fs::read_to_string(&known).expect("written");
    assert!(written.contains("control/ping/length[0]"), "{written}");
    let second = client(&[&words[..], &["--known", &file]].concat());
    assert_eq!(second.code, Some(0), "{}{}", second.out, second.err);
    // Mended, and still listed.
    let mended = driver("--loop --jobs 4");
    let third = client(&["control/ping", "--exec", &mended, "--known", &file]);
    assert_eq!(third.code, Some(4), "{}{}", third.out, third.err);
}

#[test]
fn a_command_that_does_not_do_its_part_is_told_of() {
    for (exec, code, word) in [
        ("true", 3, "has asked for no case"),
        ("echo alas; exit 7", 3, "exit status 7"),
        ("kill -SEGV $$", 3, "SIGSEGV"),
        ("no-such-program-of-that-name", 3, "exit status 127"),
    ] {
        let ran = client(&["control/ping/at-once", "--exec", exec]);
        assert_eq!(ran.code, Some(code), "{exec}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(word), "{exec}: {}{}", ran.out, ran.err);
    }
    let ran = client(&[
        "control/ping/at-once",
        "--exec",
        "sleep 600",
        "--exec-timeout=200ms",
    ]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("still running after 200ms"), "{}", ran.err);
}

#[test]
fn a_loop_that_stops_half_way_is_not_green() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("r.json");
    let report = format!("--report=json={}", json.display());
    let exec = driver("--loop --case control/ping/at-once");
    let ran = client(&["control/ping", "--exec", &exec, &report]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    let stopped = stored(&json)[0].stopped.expect("not all cases");
    assert!(stopped.why == Why::NotAsked && stopped.not_run > 0);
}

#[test]
fn a_command_for_each_case_conforms_and_gets_all_it_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let output = folder.path().join("output");
    let exec = format!(
        "echo \"$WSSPEC_CASE $WSSPEC_URL\" >> {}; echo said; {}",
        log.display(),
        driver("")
    );
    let kept = format!("--exec-output={}", output.display());
    let ran = client(&[
        "control/ping/length",
        "--exec-per-case",
        &exec,
        "--jobs=3",
        &kept,
    ]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let log = fs::read_to_string(log).expect("a file");
    let cases = log.lines().count();
    assert!(
        cases > 3 && log.contains("control/ping/length[125] ws://127.0.0.1:"),
        "{log}"
    );
    assert!(
        log.contains("/case/control/ping/length%5B125%5D?agent=client"),
        "{log}"
    );
    let output = fs::read_to_string(output).expect("a file");
    assert_eq!(output.matches("said\n").count(), cases, "{output}");
}

#[test]
fn a_command_for_one_case_that_does_not_come_is_named_with_its_last_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("r.json");
    let report = format!("--report=json={}", json.display());
    let exec = "case $WSSPEC_CASE in *0*) echo out of luck; exit 3;; *) sleep 600;; esac";
    let ran = client(&[
        "control/ping/length[0]",
        "control/ping/length[1]",
        "--exec-per-case",
        exec,
        "--exec-timeout=300ms",
        "--jobs=1",
        &report,
    ]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    let cases = &stored(&json)[0].cases;
    assert!(cases.iter().all(|case| case.verdict == Verdict::Error));
    assert!(
        cases[0].reason.contains("exit status 3"),
        "{}",
        cases[0].reason
    );
    assert!(
        cases[0].reason.contains("out of luck"),
        "{}",
        cases[0].reason
    );
    assert!(
        cases[1].reason.contains("still running after 300ms"),
        "{}",
        cases[1].reason
    );
}

#[test]
fn a_client_that_dies_behind_its_case_is_not_green_unless_that_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("r.json");
    let report = format!("--report=json={}", json.display());
    let known = folder.path().join("known").display().to_string();
    let exec = format!(
        "{}; case $WSSPEC_CASE in *125*) echo overrun; kill -SEGV $$;; esac",
        driver("")
    );
    for jobs in ["--jobs=1", "--jobs=3"] {
        let run = |more: &[&str]| {
            let words = [
                "control/ping/length",
                "--exec-per-case",
                &exec,
                jobs,
                &report,
            ];
            client(&[&words[..], more].concat())
        };
        let told = run(&["--write-known", &known]);
        assert_eq!(told.code, Some(3), "{}{}", told.out, told.err);
        let one = &stored(&json)[0];
        let [crash] = &one.crashes[..] else {
            panic!("{:?}", one.crashes)
        };
        assert_eq!(crash.case.as_deref(), Some("control/ping/length[125]"));
        assert!(crash.reason.contains("SIGSEGV"), "{crash:?}");
        assert_eq!(one.measured.last_lines, [["overrun"]]);
        let crashed = one.cases.iter().filter(|case| case.crashed);
        assert!(crashed.map(|case| case.verdict).eq([Verdict::Error]));
        let green = run(&["--known", &known]);
        assert_eq!(green.code, Some(0), "{}{}", green.out, green.err);
        fs::remove_file(&known).expect("it was written");
    }
    // It dies beside other cases, and not alone: that is no less a crash.
    let flag = folder.path().join("flag").display().to_string();
    let once = format!(
        "{}; if mkdir '{flag}' 2>/dev/null; then kill -SEGV $$; fi",
        driver("")
    );
    let words = [
        "control/ping/length",
        "--exec-per-case",
        &once,
        "--jobs=3",
        &report,
    ];
    let told = client(&words);
    assert_eq!(told.code, Some(3), "{}{}", told.out, told.err);
    let one = &stored(&json)[0];
    assert!(
        one.crashes.len() == 1 && one.crashes[0].case.is_none(),
        "{:?}",
        one.crashes
    );
    assert!(one.crashes[0].reason.contains("does not do it alone"));
    assert!(one.cases.iter().all(|case| !case.crashed));
}

#[test]
fn a_client_that_loses_its_way_is_found_where_it_was_told_what_to_ask_for() {
    for (fault, rule) in [
        ("asks-for-other-path", "6455-4.1-21"),
        ("asks-without-query", "6455-3-5"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let json = folder.path().join("r.json");
        let report = format!("--report=json={}", json.display());
        let exec = driver(&format!("--fault {fault}"));
        let ran = client(&[
            "control/ping/at-once",
            "--exec-per-case",
            &exec,
            "--jobs=1",
            &report,
        ]);
        assert_eq!(ran.code, Some(1), "{fault}: {}{}", ran.out, ran.err);
        let found = &stored(&json)[0].cases[0].findings;
        assert!(
            found.iter().any(|finding| finding.rule == rule),
            "{fault}: {found:?}"
        );
    }
}

#[test]
fn over_tls_with_a_certificate_of_the_run() {
    let exec = driver("--loop --ca \"$WSSPEC_CA\"");
    let ran = client(&["control/ping/at-once", "--tls", "--exec", &exec]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("its certificate is in"), "{}", ran.out);
}

#[test]
fn options_that_make_no_sense_are_told() {
    for (words, word) in [
        (
            &["--exec", "a", "--exec-per-case", "b"][..],
            "cannot be used with",
        ),
        (&["--delivery", "all"], "run once with each"),
        (&["--cert", "x.pem"], "--key"),
        (
            &["--cert", "/nowhere.pem", "--key", "/nowhere.key"],
            "/nowhere.pem",
        ),
        (&["--listen", "nonsense"], "nonsense"),
        (&["--agent", ""], "name"),
    ] {
        let ran = ran(&[&["client"], words].concat());
        assert_eq!(ran.code, Some(2), "{words:?}: {}", ran.err);
        assert!(ran.err.contains(word), "{words:?}: {}", ran.err);
    }
    assert_eq!(ran(&["client", "no/such"]).code, Some(4));
}
