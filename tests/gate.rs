//! The gate as people use it: what is known, what is new, what no longer holds, and what a run is worth tomorrow.
#![cfg(unix)]

mod common;

use std::{fs, path::PathBuf};

use common::*;
use wsspec::report::Report;

/// A server whose pings of no length go unanswered, and a folder to work in.
struct Place {
    folder: tempfile::TempDir,
    server: String,
}

impl Place {
    fn new(fault: Option<&str>) -> Place {
        Place {
            folder: tempfile::tempdir().expect("a folder"),
            server: ws(reference(fault)),
        }
    }

    fn file(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).expect("a file");
        self.file(name)
    }

    /// Some cases, one of which the fault fails.
    fn ran(&self, more: &[&str]) -> Ran {
        let words = [
            "server",
            &self.server,
            "control/ping/length",
            "--timeout",
            "300ms",
        ];
        ran(&[&words[..], more].concat())
    }
}

const FAULT: &str = "ignores-empty-pings";
const CASE: &str = "control/ping/length[0]";

#[test]
fn what_is_known_passes_and_what_is_new_fails() {
    let place = Place::new(Some(FAULT));
    is(&place.ran(&[]), 1, &["FAIL control/ping/length[0]"]);
    let known = place.write("known.txt", &format!("{CASE} fail # mended in 2.0\n"));
    let json = format!("json={}", place.file("run.json"));
    let green = place.ran(&["--known", &known, "--report", &json]);
    is(
        &green,
        0,
        &[
            "fail, known",
            "mended in 2.0",
            "1 case fails as known.",
            "1 known",
        ],
    );
    assert!(!green.out.contains("FAIL"), "{}", green.out);

    let other = place.write("other.txt", "control/ping/length[1] tolerated # why\n");
    is(
        &place.ran(&["--known", &other]),
        1,
        &["FAIL control/ping/length[0]"],
    );
    // Both files count.
    is(
        &place.ran(&["--known", &other, "--known", &known]),
        4,
        &["other.txt:1 no longer holds"],
    );

    // What is known ends no run early.
    let fast = ["--known", &known, "--fail-fast", "--jobs", "1"];
    is(&place.ran(&fast), 0, &["1 known"]);
    is(
        &place.ran(&["--fail-fast", "--jobs", "1"]),
        1,
        &["The run ended early"],
    );

    // The stored run is worth what the run was, until somebody judges it anew.
    let run = place.file("run.json");
    is(&ran(&["report", &run, "--gate"]), 0, &["fail, known"]);
    is(&ran(&["report", &run, "--gate", "--known", &other]), 1, &[]);
    let none = place.write("none.txt", "# nothing\n");
    is(&ran(&["report", &run, "--gate", "--known", &none]), 1, &[]);
    let stored = Report::read(run.as_ref()).expect("a report");
    assert_eq!(stored.gate.known.len(), 1);
    let case = stored.cases.iter().find(|case| case.id == CASE);
    let foreseen = case
        .and_then(|case| case.known.as_ref())
        .expect("it is known");
    assert!(foreseen.holds && foreseen.reason == "mended in 2.0");
}

#[test]
fn a_stale_line_ends_with_4_and_is_named_in_every_view() {
    let place = Place::new(None);
    let known = place.write(
        "known.txt",
        &format!("# old\n{CASE} fail # mended in 2.0\n"),
    );
    let json = format!("json={}", place.file("run.json"));
    let named = [
        "known.txt:2 no longer holds",
        "control/ping/length[0] is pass",
    ];
    is(
        &place.ran(&["--known", &known, "--report", &json]),
        4,
        &named,
    );
    let run = place.file("run.json");
    for (format, part) in [
        ("table", "known.txt:2 no longer holds"),
        ("text", "known.txt:2 no longer holds"),
        ("markdown", "known.txt:2 no longer holds"),
        ("html", "known.txt:2 no longer holds"),
        ("junit", "<error message="),
        ("tap", "Bail out!"),
        ("github", "::error "),
        ("sarif", "\"executionSuccessful\": false"),
        ("badge-json", "\"isError\":true"),
        ("badge-svg", "stale"),
    ] {
        is(
            &ran(&["report", &run, "--gate", "--report", format]),
            4,
            &[part],
        );
    }
    // Cases that were not selected make no line stale.
    is(
        &ran(&["server", &place.server, "utf8/valid", "--known", &known]),
        0,
        &[],
    );
    let elsewhere = place.write("e.txt", &format!("{CASE} fail target=\"ws 7.*\" # why\n"));
    is(
        &place.ran(&["--known", &elsewhere, "--target-name", "ws 8.23.0"]),
        0,
        &["ws 8.23.0"],
    );
    is(
        &place.ran(&["--known", &elsewhere, "--target-name", "ws 7.1"]),
        4,
        &[],
    );
    let expired = place.write("x.txt", &format!("{CASE} fail until=2020-01-01 # why\n"));
    is(
        &place.ran(&["--known", &expired]),
        4,
        &["its last day is over"],
    );
}

#[test]
fn known_deviations_are_written_and_kept() {
    let place = Place::new(Some(FAULT));
    let known = place.file("known.txt");
    is(
        &place.ran(&["--write-known", &known]),
        1,
        &["known.txt: 1 new line", "not explained yet"],
    );
    let text = fs::read_to_string(&known).expect("it is written");
    let line = text.lines().last().expect("a line");
    assert!(
        line.starts_with(CASE) && line.contains("# not explained yet: RFC 6455, section 5.5.2 ("),
        "{text}"
    );
    is(&place.ran(&["--known", &known]), 0, &[]);
    let explained =
        format!("# my words\n{CASE} fail # issue 7\ncontrol/ping/length[1] fail # gone\n");
    fs::write(&known, explained).expect("a file");
    is(
        &place.ran(&["--known", &known, "--write-known", &known]),
        4,
        &["0 new lines, 1 gone"],
    );
    let text = fs::read_to_string(&known).expect("it is written");
    assert_eq!(text, format!("# my words\n{CASE} fail # issue 7\n"));
    let missing = place.file("no/such/folder.txt");
    is(
        &place.ran(&["--write-known", &missing]),
        2,
        &["cannot write the known deviations"],
    );
}

#[test]
fn a_should_warns_until_somebody_asks_for_more() {
    let place = Place::new(Some("answers-one-octet-close"));
    let run = |more: &[&str]| {
        let words = [
            "server",
            &place.server,
            "close/bodies",
            "--timeout",
            "300ms",
        ];
        ran(&[&words[..], more].concat())
    };
    let json = format!("json={}", place.file("run.json"));
    let warned = run(&["--report", &json]);
    let report = Report::read(&place.path("run.json")).expect("a report");
    let fails = report.summary.fails;
    assert!(fails.should > 0 && fails.must == 0, "{fails:?}");
    is(
        &warned,
        0,
        &["WARN close/bodies", "fail, warns", "--level should makes"],
    );
    assert!(!warned.out.contains("FAIL"), "{}", warned.out);
    is(&run(&["--level", "should"]), 1, &["FAIL close/bodies"]);
    let stored = place.file("run.json");
    is(&ran(&["report", &stored, "--gate"]), 0, &[]);
    is(
        &ran(&["report", &stored, "--gate", "--level", "should"]),
        1,
        &[],
    );
    is(&ran(&["report", &stored, "--gate", "--strict"]), 1, &[]);
    for (format, part) in [
        ("github", "::warning "),
        ("junit", "<skipped message=\"warning"),
        ("tap", "# TODO warning"),
    ] {
        let view = ran(&["report", &stored, "--report", format]);
        is(&view, 0, &[part]);
        assert!(
            !view.out.contains("::error") && !view.out.contains("<failure"),
            "{}",
            view.out
        );
    }
}

#[test]
fn a_bad_file_is_told_before_the_run() {
    let place = Place::new(None);
    let bad = place.write("known.txt", &format!("{CASE} fail\n"));
    let told = place.ran(&["--known", &bad]);
    is(&told, 2, &["known.txt:1: there is no reason"]);
    is(
        &place.ran(&["--known", "/no/such/file"]),
        2,
        &["cannot read /no/such/file"],
    );
    is(
        &place.ran(&["--write-known", &bad]),
        2,
        &["known.txt:1: there is no reason"],
    );
}

#[test]
fn what_a_file_says_stays_text() {
    let place = Place::new(Some(FAULT));
    let reason = "<script>alert(1)</script> \u{1b}[31m ::error::x ]]> \u{202e}";
    let known = place.write(
        "<k>.txt",
        &format!("{CASE} fail # {reason}\nno/such fail # {reason}\n"),
    );
    let json = format!("json={}", place.file("run.json"));
    place.ran(&["--known", &known, "--report", &json]);
    let run = place.file("run.json");
    for format in wsspec::report::FORMATS {
        let view = ran(&["report", &run, "--report", format.name]);
        is(&view, 0, &[]);
        assert!(
            !view.out.contains('\u{1b}') && !view.out.contains('\u{202e}'),
            "{}",
            format.name
        );
        let markup = matches!(format.name, "html" | "junit" | "markdown");
        assert!(
            !markup || !view.out.contains("<script>alert"),
            "{}",
            format.name
        );
        assert!(
            !view.out.lines().any(|line| line.starts_with("::error::x")),
            "{}",
            format.name
        );
    }
}
