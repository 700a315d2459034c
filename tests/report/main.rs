//! The views of a report, held against files. `SNAPSHOTS=overwrite cargo test --test report` writes them anew.

use std::{path::Path, process::Command};

use proptest::prelude::*;
use snapbox::{Data, file};
use wsspec::{
    escape,
    report::{Builder, End, FORMATS, Lost, MeasuredCase, Page, Report, Teller, text},
    session::Verdict,
};

mod compare;
#[cfg(target_os = "linux")]
mod full;
mod hostile;
mod sample;
mod views;

use hostile::hostile_report;
use sample::{failure, masked, result, rule, sample, start, tolerated};

const NARROW: Page = Page {
    width: Some(80),
    colour: false,
    verbose: false,
};
const WIDE: Page = Page {
    width: Some(160),
    colour: false,
    verbose: false,
};
const COLOURED: Page = Page {
    width: Some(80),
    colour: true,
    verbose: true,
};

fn view(name: &str, report: &Report, page: Page) -> String {
    let format = FORMATS
        .iter()
        .find(|format| format.name == name)
        .expect("a format of the list");
    (format.render)(report, &page)
}

fn same(actual: String, expected: Data) {
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(actual, expected.raw());
}

#[test]
fn json() {
    same(
        view("json", &sample(), Page::PIPE),
        file!["../golden/report/report.json": Text],
    );
}

#[test]
fn table() {
    let report = sample();
    same(
        view("table", &report, NARROW),
        file!["../golden/report/table-80.txt"],
    );
    same(
        view("table", &report, WIDE),
        file!["../golden/report/table-160.txt"],
    );
    same(
        view("table", &report, Page::PIPE),
        file!["../golden/report/table-pipe.txt"],
    );
}

#[test]
fn table_of_nothing() {
    let report = Builder::new(start()).finish(End::default());
    let table = view("table", &report, Page::PIPE);
    assert!(table.ends_with("\nNo case ran.\n"), "{table}");
}

#[test]
fn table_fits_its_page() {
    for width in [72, 80, 100, 119, 120, 160, 300] {
        let table = view(
            "table",
            &sample(),
            Page {
                width: Some(width),
                colour: false,
                verbose: false,
            },
        );
        // Ids are never shortened: the longest one does not fit beside anything on a narrow page.
        for line in table
            .lines()
            .filter(|line| width > 80 || !line.contains("[f4 90 80 80]"))
        {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn text() {
    let mut teller = Teller::new(NARROW, true);
    let mut builder = Builder::new(start());
    let mut told = String::new();
    let mut other = result(2, "control/ping/other", Verdict::Fail, "masked a frame");
    other.judgement.findings = vec![masked()];
    for result in [
        failure(0),
        tolerated(1),
        other,
        result(3, "control/ping/plain", Verdict::Pass, "as it should"),
    ] {
        let (case, measured) = builder.add(result);
        told.push_str(&teller.case(case, measured, rule));
        told.push('\n');
    }
    for back in [true, false] {
        let case = back.then(|| "framing/length/top-bit".to_owned());
        let reason = "the canary got no answer in 2 s".to_owned();
        told.push_str(&text::lost(&Lost { case, reason, back }, NARROW));
        told.push('\n');
    }
    same(told, file!["../golden/report/text.txt"]);
    same(
        view("text", &sample(), Page::PIPE),
        file!["../golden/report/text-pipe.txt"],
    );
}

#[test]
fn colours_change_nothing_else() {
    let bare = Page {
        colour: false,
        ..COLOURED
    };
    for format in FORMATS {
        let coloured = (format.render)(&sample(), &COLOURED);
        assert_eq!(
            without_colours(&coloured),
            (format.render)(&sample(), &bare)
        );
        let for_people = ["table", "text"].contains(&format.name);
        assert_eq!(coloured.contains('\u{1b}'), for_people, "{}", format.name);
    }
}

#[test]
fn equal_runs_differ_in_what_was_measured_only() {
    let first = sample();
    let mut second = sample();
    second.measured = first.measured.clone();
    second.measured.duration_us += 1;
    second.measured.cases[0].at_us = vec![1];
    let cut = |report: &Report| {
        let json = report.to_json();
        json.split_once("\n  \"measured\":")
            .expect("it is there")
            .0
            .to_owned()
    };
    assert_ne!(first.to_json(), second.to_json());
    assert_eq!(cut(&first), cut(&second));
}

/// `wsspec report` in a folder that holds `run.json`: exit code, standard output, standard error.
fn wsspec(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_wsspec"))
        .arg("report")
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the program runs");
    let text = |octets| String::from_utf8(octets).expect("it writes UTF-8");
    (done.status.code(), text(done.stdout), text(done.stderr))
}

fn stored() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("run.json"), sample().to_json()).expect("a file");
    folder
}

#[test]
fn a_stored_report_is_shown_again() {
    let folder = stored();
    let (code, out, err) = wsspec(folder.path(), &["run.json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, view("table", &sample(), Page::PIPE));

    let (code, out, _) = wsspec(
        folder.path(),
        &["run.json", "--report", "text=told.txt", "--report", "json"],
    );
    assert_eq!((code, out), (Some(0), sample().to_json()));
    let told = std::fs::read_to_string(folder.path().join("told.txt")).expect("it was written");
    assert_eq!(told, view("text", &sample(), Page::PIPE));
}

#[test]
fn the_gate_holds_a_stored_report_to_its_exit_code() {
    let folder = stored();
    assert_eq!(wsspec(folder.path(), &["run.json", "--gate"]).0, Some(3));
    let mut deviates = sample();
    deviates.lost.clear();
    std::fs::write(folder.path().join("run.json"), deviates.to_json()).expect("a file");
    assert_eq!(wsspec(folder.path(), &["run.json", "--gate"]).0, Some(1));
    let mut conforms = sample();
    conforms.lost.clear();
    conforms.keep(|case| case.verdict == Verdict::Pass);
    std::fs::write(folder.path().join("good.json"), conforms.to_json()).expect("a file");
    assert_eq!(wsspec(folder.path(), &["good.json", "--gate"]).0, Some(0));
    assert_eq!(
        wsspec(
            folder.path(),
            &["good.json", "run.json", "--matrix", "--gate"]
        )
        .0,
        Some(1)
    );
    assert_eq!(
        wsspec(
            folder.path(),
            &["run.json", "--gate", "--case", "handshake"]
        )
        .0,
        Some(2)
    );
}

#[test]
fn a_case_is_told_with_what_was_said() {
    let folder = stored();
    let (code, out, _) = wsspec(
        folder.path(),
        &[
            "run.json",
            "--case",
            "control/ping/ping-*",
            "--case",
            "handshake",
        ],
    );
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("pass handshake/request/plain (must)\n  > text \"Hello\"\n")
            && out.contains("\n\nFAIL control/ping/ping-between-fragments"),
        "{out}"
    );
    assert!(out.contains("\n  > ping \"now?\"\n"), "{out}");
    assert!(!out.contains("control/ping/size"), "{out}");
    let (code, out, err) = wsspec(folder.path(), &["run.json", "--case", "nothing/*"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("`nothing/*`"), "{err}");
}

#[test]
fn what_is_no_report_is_refused_with_its_name() {
    let folder = stored();
    let file = |text: &str| std::fs::write(folder.path().join("bad.json"), text).expect("a file");
    let refused = |args: &[&str], why: &str| {
        let (code, out, err) = wsspec(folder.path(), args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(why), "{err}");
    };
    refused(
        &["bad.json"],
        "bad.json: cannot read the report: No such file",
    );
    file("{\"format\": 1,\n  \"generator\": 7}");
    refused(&["bad.json"], "bad.json: line 2, column 16: invalid type");
    file("{\"format\": 12}");
    refused(
        &["run.json", "bad.json"],
        "bad.json: the report has format 12",
    );
    refused(
        &["run.json", "--report", "none/x"],
        "there is no format `none/x`",
    );
    refused(
        &["run.json", "--report", "json=none/x"],
        "cannot write the report to `none/x`",
    );
    refused(
        &["run.json", "--report", "json", "--report", "table"],
        "standard output",
    );
}

/// Without the sequences that set colours.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((numbers, rest)) if numbers.bytes().all(|b| b.is_ascii_digit() || b == b';') => {
                out.push_str(rest)
            }
            _ => out.push_str(&format!("\u{1b}[{part}")),
        }
    }
    out
}

fn is_harmless(text: &str) -> Result<(), TestCaseError> {
    // Lines of CSV end so (RFC 4180).
    let text = text.replace("\r\n", "\n");
    for c in text.chars() {
        prop_assert!(c == '\n' || !escape::is_hostile(c), "{:?} in {text}", c);
    }
    Ok(())
}

/// No line is one that the runner of a GitHub workflow would obey.
pub fn commands_nobody(text: &str) -> Result<(), TestCaseError> {
    for line in text.lines().map(str::trim_start) {
        prop_assert!(
            !line.starts_with("::") && !line.starts_with("##["),
            "{}",
            line
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(report in hostile_report()) {
        let json = report.to_json();
        prop_assert_eq!(Report::from_json(json.as_bytes()).expect("it was written by us"), report);
    }

    #[test]
    fn no_view_lets_a_target_reach_the_terminal(report in hostile_report()) {
        for format in FORMATS {
            for page in [NARROW, WIDE, Page::PIPE] {
                let view = (format.render)(&report, &page);
                is_harmless(&view)?;
                if format.name != "github" && page.width.is_none() {
                    commands_nobody(&view)?;
                }
            }
            is_harmless(&without_colours(&(format.render)(&report, &COLOURED)))?;
        }
        let mut teller = Teller::new(NARROW, true);
        let none = MeasuredCase::default();
        for (at, case) in report.cases.iter().enumerate() {
            let measured = report.measured_of(at).unwrap_or(&none);
            is_harmless(&teller.case(case, measured, |id| report.rule(id).cloned()))?;
        }
        for lost in &report.lost {
            is_harmless(&text::lost(lost, WIDE))?;
        }
    }

    #[test]
    fn any_octets_are_read_or_refused(octets: Vec<u8>) {
        let _ = Report::from_json(&octets);
    }
}
