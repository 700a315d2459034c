//! The views of a report, held against files. `SNAPSHOTS=overwrite cargo test --test report` writes them anew.

use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use proptest::prelude::*;
use serde_json::Value;
use snapbox::{Data, file};
use wsspec::{
    case::{Case, Level, Role},
    escape,
    report::{
        Builder, Canary, CaseResult, Catalogue, End, FORMATS, Lost, MeasuredCase, Page, Probe,
        Report, Rule, Start, Stopped, Summary, Teller, Why, text,
    },
    session::{Entry, Finding, Judgement, Transcript, Verdict},
};

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

/// Rules in words that do not change with the table of the rules.
fn rule(id: &str) -> Option<Rule> {
    let (inferred, clause, text) = match id {
        "6455-5.1-5" => (
            false,
            "RFC 6455, section 5.1",
            "A server sends its frames without a mask.",
        ),
        "6455-5.5.2-2" => (
            false,
            "RFC 6455, section 5.5.2",
            "A ping is answered with a pong, unless a Close frame came before it.",
        ),
        "6455-7.4.1-7" => (
            true,
            "RFC 6455, section 7.4.1",
            "An endpoint that receives a Close frame with a code that is never sent on the wire fails the connection.",
        ),
        _ => return None,
    };
    Some(Rule {
        id: id.into(),
        level: Level::Must,
        inferred,
        clause: clause.into(),
        text: text.into(),
    })
}

fn start() -> Start {
    Start {
        role: Role::Server,
        url: Some("ws://127.0.0.1:9001/echo".into()),
        headers: vec![("Authorization".into(), "Bearer 12345".into())],
        origin: Some("http://localhost".into()),
        subprotocols: vec!["chat".into()],
        delivery: Some("whole".into()),
        seed: 7,
        catalogue: Catalogue {
            cases: 20,
            digest: "0123456789abcdef".into(),
            selected: vec![],
            shard: None,
        },
        command: [
            "wsspec",
            "server",
            "ws://127.0.0.1:9001/echo",
            "--seed",
            "7",
        ]
        .map(String::from)
        .into(),
        started: UNIX_EPOCH + Duration::from_secs(1_760_000_000),
    }
}

fn result(position: usize, id: &str, verdict: Verdict, reason: &str) -> CaseResult {
    CaseResult {
        position,
        case: Arc::new(Case {
            id: id.into(),
            title: format!(
                "Does what the case {id} is about, in a title that takes more than one line of a narrow page"
            ),
            checks: vec!["6455-5.5.2-2".into()],
            level: None,
            role: None,
            needs: vec![],
            autobahn: vec![],
            class: None,
            heavy: false,
            steps: vec![],
        }),
        level: Level::Must,
        judgement: Judgement {
            verdict,
            reason: reason.into(),
            findings: vec![],
            dropped: false,
            timed_out: false,
        },
        transcript: Transcript::default(),
        duration: Duration::from_micros(1500),
        unstable: false,
    }
}

fn masked() -> Finding {
    Finding {
        rule: "6455-5.1-5".into(),
        level: Level::Must,
        what: "masked a frame, although it is the server".into(),
        sent: None,
        expected: None,
        received: Some("text \"Hello\" masked".into()),
        octets: Some("81 85 37 fa 21 3d 7f 9f 4d 51 58".into()),
        observed: true,
    }
}

fn no_pong() -> Finding {
    Finding {
        rule: "6455-5.5.2-2".into(),
        level: Level::Must,
        what: "no pong came".into(),
        sent: Some("ping \"now?\"".into()),
        expected: Some("pong \"now?\"".into()),
        received: Some("nothing".into()),
        octets: None,
        observed: false,
    }
}

fn said(at: u64, who: char, text: &str, octets: &[u8]) -> Entry {
    let at = Duration::from_micros(at);
    Entry {
        at,
        who,
        text: text.into(),
        octets: octets.into(),
        length: octets.len(),
    }
}

/// A ping that is not answered by a target that masks and that sends what could harm a terminal.
fn failure(position: usize) -> CaseResult {
    let reason = "no pong came for the ping between two fragments";
    let mut failure = result(
        position,
        "control/ping/ping-between-fragments",
        Verdict::Fail,
        reason,
    );
    let case = Arc::make_mut(&mut failure.case);
    case.title = "Answers a ping that arrives between two fragments".into();
    case.autobahn = vec!["5.6".into(), "5.7".into()];
    case.class = Some("control frames between fragments".into());
    failure.judgement.findings = vec![no_pong(), masked()];
    failure.judgement.timed_out = true;
    failure.unstable = true;
    failure.transcript.entries = vec![
        said(
            110,
            '>',
            "bytes\n  \"GET /echo HTTP/1.1\\r\\n\"\n  \"Host: 127.0.0.1:9001\\r\\n\"\n  \"Authorization: Bearer 12345\\r\\n\"\n  \"\\r\\n\"",
            b"GET /echo HTTP/1.1\r\n",
        ),
        said(
            420,
            '<',
            "bytes\n  \"HTTP/1.1 101 Switching Protocols\\r\\n\"\n  \"Upgrade: websocket\\r\\n\"\n  \"Date: now\\r\\n\"\n  \"\\r\\n\"",
            b"HTTP/1.1 101 Switching Protocols\r\n",
        ),
        said(
            500,
            '>',
            "text \"frag\" fin=0",
            &[0x01, 0x84, 1, 2, 3, 4, 0x67, 0x70, 0x62, 0x63],
        ),
        said(
            510,
            '>',
            "ping \"now?\"",
            &[0x89, 0x84, 1, 2, 3, 4, 0x6f, 0x6d, 0x74, 0x3b],
        ),
        said(
            900,
            '<',
            "text \"\u{1b}]0;owned\u{7}\u{202e}\"",
            &[0x81, 0x85, 0x37],
        ),
        said(2_000_900, '!', "nothing came in 2 s", &[]),
    ];
    failure.transcript.left_out = 2;
    failure
}

fn tolerated(position: usize) -> CaseResult {
    result(
        position,
        "close/codes/code[1001]",
        Verdict::Tolerated,
        "answered with another code than it was sent",
    )
}

/// One of everything.
fn sample() -> Report {
    let mut builder = Builder::new(start());
    builder.add(result(
        0,
        "handshake/request/plain",
        Verdict::Pass,
        "as the rule says",
    ));
    builder.add(failure(1));
    for n in 0..4 {
        let id = format!("control/ping/size[{n}]");
        let mut masks = result(
            2 + n,
            &id,
            Verdict::Fail,
            "masked a frame, although it is the server",
        );
        masks.judgement.findings = vec![masked()];
        builder.add(masks);
    }
    builder.add(tolerated(6));
    let reason = "went on behind a Close frame with code 1005: the pong for the probe came, and no end of TCP";
    let mut derived = result(7, "close/codes/code[1005]", Verdict::Fail, reason);
    derived.level = Level::Should;
    derived.judgement.findings = vec![Finding {
        rule: "6455-7.4.1-7".into(),
        level: Level::Should,
        what: "went on behind a Close frame with code 1005".into(),
        sent: Some("close 1005".into()),
        expected: Some("fail 1002".into()),
        received: Some("pong \"probe\"".into()),
        octets: Some("8a 05 70 72 6f 62 65".into()),
        observed: false,
    }];
    builder.add(derived);
    builder.add(result(
        8,
        "close/opening/end",
        Verdict::Inconclusive,
        "the target closed lawfully with code 1001",
    ));
    for n in 0..5 {
        let id = format!("deflate/window/bits[{}]", n + 9);
        builder.add(result(
            9 + n,
            &id,
            Verdict::NotApplicable,
            "the target does not agree on permessage-deflate",
        ));
    }
    let reason =
        "no connection: the target refuses connections on 127.0.0.1:9001 (connection refused)";
    builder.add(result(
        14,
        "utf8/invalid/a-rather-long-name-for-a-case-with-rows[f4 90 80 80]",
        Verdict::Error,
        reason,
    ));
    let lost = Lost {
        case: Some("deflate/window/bits[13]".into()),
        reason: "the target no longer accepts connections (connection refused)".into(),
        back: false,
    };
    let pass = Probe {
        verdict: Verdict::Pass,
        reason: "answered".into(),
    };
    let gone = Probe {
        verdict: Verdict::Error,
        reason: "connection refused".into(),
    };
    let mut report = builder.finish(End {
        duration: Duration::from_micros(3_214_567),
        address: Some("127.0.0.1:9001".into()),
        rtt: Some(Duration::from_micros(85)),
        canary: Some(Canary {
            first: pass,
            last: Some(gone),
        }),
        lost: vec![lost],
        stopped: Some(Stopped {
            why: Why::Lost,
            not_run: 5,
        }),
        echo: Some(true),
    });
    report.rules = report
        .rules
        .iter()
        .filter_map(|known| rule(&known.id))
        .collect();
    report.generator.version = "0.0.0".into();
    report.measured.machine = "any".into();
    report
}

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
        file!["golden/report/report.json": Text],
    );
}

#[test]
fn table() {
    let report = sample();
    same(
        view("table", &report, NARROW),
        file!["golden/report/table-80.txt"],
    );
    same(
        view("table", &report, WIDE),
        file!["golden/report/table-160.txt"],
    );
    same(
        view("table", &report, Page::PIPE),
        file!["golden/report/table-pipe.txt"],
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
    same(told, file!["golden/report/text.txt"]);
    same(
        view("text", &sample(), Page::PIPE),
        file!["golden/report/text-pipe.txt"],
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
        assert_eq!(coloured.contains('\u{1b}'), format.name != "json");
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

    let (code, out, _) = wsspec(folder.path(), &["run.json", "run.json"]);
    assert_eq!((code, out.matches("15 of 20 cases").count()), (Some(0), 2));
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
        wsspec(folder.path(), &["good.json", "run.json", "--gate"]).0,
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
        out.starts_with(
            "pass handshake/request/plain (must)\n\nFAIL control/ping/ping-between-fragments"
        ),
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
        &["run.json", "run.json", "--report", "json"],
        "json holds one report",
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

/// What could harm a terminal or a table, and what looks like it.
const PIECES: &[&str] = &[
    "\u{1b}[2J",
    "\u{1b}]0;t\u{7}",
    "\u{9b}1m",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{202e}",
    "\u{2066}",
    "\u{2028}",
    "\u{200b}",
    "\u{feff}",
    "\\",
    "\"",
    "'",
    "[f4]",
    ": ",
    "bytes\n  \"Date: x",
    "é",
    "日本",
    "e\u{301}",
    "…",
    " ",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(PIECES).prop_map(String::from),
        any::<char>().prop_map(String::from),
        "[a-z]{1,9}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Each text of a report replaced by the next of `texts`.
fn replace(value: &mut Value, key: &str, texts: &mut dyn Iterator<Item = String>) {
    match value {
        Value::String(text) if !["verdict", "level", "role", "who", "of", "why"].contains(&key) => {
            *text = texts.next().unwrap_or_default();
        }
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| replace(value, key, texts)),
        Value::Object(fields) => fields
            .iter_mut()
            .for_each(|(key, value)| replace(value, key, texts)),
        _ => {}
    }
}

fn hostile_report() -> impl Strategy<Value = Report> {
    prop::collection::vec(hostile(), 50).prop_map(|texts| {
        let mut value = serde_json::to_value(sample()).expect("a report is JSON");
        replace(&mut value, "", &mut texts.into_iter().cycle());
        let mut report: Report = serde_json::from_value(value).expect("it has all fields");
        for (at, case) in report.cases.iter_mut().enumerate() {
            case.id.push_str(&at.to_string());
            report.measured.cases[at].id = case.id.clone();
        }
        report.summary = Summary::of(&report.cases);
        report
    })
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
    for c in text.chars() {
        prop_assert!(c == '\n' || !escape::is_hostile(c), "{:?} in {text}", c);
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
                is_harmless(&(format.render)(&report, &page))?;
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
