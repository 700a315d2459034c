use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::{
    report::{Exact, exact::Part},
    session::{Entry, Verdict},
};

fn start(role: Role) -> Start {
    Start {
        role,
        name: None,
        url: Some("ws://127.0.0.1:9001".into()),
        headers: vec![("Authorization".into(), "Bearer 12345".into())],
        origin: None,
        subprotocols: Vec::new(),
        delivery: None,
        seed: 7,
        catalogue: Catalogue {
            cases: 3,
            digest: "0".into(),
            selected: Vec::new(),
            shard: None,
        },
        command: [
            "wsspec",
            "server",
            "--header",
            "Authorization: Bearer 12345",
        ]
        .map(String::from)
        .into(),
        terms: Default::default(),
        port: None,
        started: UNIX_EPOCH,
    }
}

fn case(id: &str) -> Arc<case::Case> {
    Arc::new(case::Case {
        id: id.into(),
        title: "Does what it should".into(),
        checks: vec!["6455-5.5.2-2".into()],
        level: None,
        role: None,
        profile: None,
        needs: Vec::new(),
        autobahn: vec!["2.1".into()],
        class: None,
        heavy: false,
        beside: 0,
        steps: Vec::new(),
    })
}

fn finding(rule: &str, what: &str, observed: bool) -> session::Finding {
    session::Finding {
        rule: rule.into(),
        level: Level::Must,
        what: what.into(),
        sent: None,
        expected: (!observed).then(|| "pong".into()),
        received: None,
        octets: Some("81 80".into()),
        observed,
    }
}

fn result(position: usize, id: &str, findings: Vec<session::Finding>) -> CaseResult {
    let verdict = if findings.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    CaseResult {
        position,
        case: case(id),
        level: Level::Must,
        judgement: Judgement {
            verdict,
            reason: "Because.".into(),
            findings,
            dropped: false,
            timed_out: false,
        },
        transcript: Transcript::default(),
        duration: Duration::from_millis(position as u64),
        patience: Duration::from_secs(2),
        unstable: false,
        crashed: false,
        delivery: Default::default(),
    }
}

fn said(who: char, text: &str, octets: &[u8]) -> Entry {
    Entry {
        at: Duration::ZERO,
        who,
        text: text.into(),
        octets: octets.into(),
        length: octets.len(),
    }
}

#[test]
fn cases_stand_in_catalogue_order_and_breaches_are_told_once() {
    let masked = || finding("6455-5.1-5", "masked a frame", true);
    let mut builder = Builder::new(start(Role::Server));
    builder.add(result(2, "close/b/z", vec![masked(), masked()]));
    builder.add(result(
        0,
        "control/a/y",
        vec![masked(), finding("6455-5.5.2-2", "no pong", false)],
    ));
    builder.add(result(1, "control/a/x", vec![]));
    let report = builder.finish(End::default());

    let ids: Vec<_> = report.cases.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["control/a/y", "control/a/x", "close/b/z"]);
    assert_eq!(
        report
            .measured
            .cases
            .iter()
            .map(|c| c.duration_us)
            .collect::<Vec<_>>(),
        [0, 1000, 2000]
    );
    let names: Vec<_> = report
        .summary
        .categories
        .iter()
        .map(|c| (c.name.as_str(), c.cases))
        .collect();
    assert_eq!(names, [("control", 2), ("close", 1)]);
    assert_eq!(
        (report.summary.verdicts.fail, report.summary.fails.must),
        (2, 2)
    );

    let [breach] = &report.breaches[..] else {
        panic!("{:?}", report.breaches)
    };
    assert_eq!((breach.cases, breach.first.as_str()), (2, "control/a/y"));
    // The masking key of a server that masks is measured.
    assert_eq!(breach.octets, None);
    assert_eq!(report.proof(breach), Some("81 80"));
    let rules: Vec<_> = report
        .rules
        .iter()
        .map(|r| (r.id.as_str(), r.clause.as_str()))
        .collect();
    assert_eq!(
        rules,
        [
            ("6455-5.5.2-2", "RFC 6455, section 5.5.2"),
            ("6455-5.1-5", "RFC 6455, section 5.1"),
        ]
    );
}

#[test]
fn lines_of_cases_that_fail_alike_are_one_breach() {
    let mut builder = Builder::new(start(Role::Server));
    for (position, what) in ["no pong", "no pong", "wrong pong"].into_iter().enumerate() {
        let id = format!("a/b/{position}");
        builder.add(result(
            position,
            &id,
            vec![finding("6455-5.5.2-2", what, false)],
        ));
    }
    let report = builder.finish(End::default());
    let told: Vec<_> = report
        .breaches
        .iter()
        .map(|b| (b.what.as_str(), b.cases))
        .collect();
    assert_eq!(told, [("no pong", 2)]);
}

#[test]
fn what_a_server_dates_is_measured_and_its_frames_are_not() {
    let response = "bytes\n  \"HTTP/1.1 101 OK: yes\\r\\n\"\n  \"Date: Sun, 06 Nov 1994\\r\\n\"\n  \"upgrade : websocket\\r\\n\"\n  \"X-Id: \\\"1\"... (900 octets)";
    let settled = "bytes\n  \"HTTP/1.1 101 OK: yes\\r\\n\"\n  \"Date: ...\"\n  \"upgrade : websocket\\r\\n\"\n  \"X-Id: ...\"";
    let mut r = result(0, "a/b/c", vec![]);
    r.transcript.entries = vec![
        said('<', response, b"HTTP"),
        said('<', "pong \"a: b\"", &[0x8a, 0x00]),
        said('!', "bytes\nx: y", b""),
    ];
    let mut builder = Builder::new(start(Role::Server));
    let (case, measured) = builder.add(r);

    assert_eq!(case.transcript[0].text, settled);
    assert_eq!(case.transcript[0].octets, None);
    assert_eq!(case.transcript[1].octets.as_deref(), Some("8a 00"));
    assert_eq!(case.transcript[2].text, "bytes\nx: y");
    assert_eq!(
        measured.exact,
        [Exact {
            of: Part::Transcript,
            at: 0,
            text: Some(response.into()),
            octets: None
        }]
    );
    assert_eq!(measured.restore(case).transcript[0].text, response);
}

#[test]
fn what_a_client_chooses_anew_is_measured() {
    let mut r = result(0, "a/b/c", vec![finding("6455-5.5.2-2", "no pong", false)]);
    r.transcript.entries = vec![
        said(
            '<',
            "bytes\n  \"Sec-WebSocket-Key: AAAA\\r\\n\"\n  \"Host: h\\r\\n\"",
            b"GET",
        ),
        said(
            '>',
            "bytes\n  \"Sec-WebSocket-Accept: BBBB\\r\\n\"",
            b"HTTP",
        ),
        said('>', "ping", &[0x89, 0x00]),
        said('<', "pong", &[0x8a, 0x80, 1, 2, 3, 4]),
    ];
    let mut builder = Builder::new(start(Role::Client));
    let (case, measured) = builder.add(r.clone());
    let texts: Vec<_> = case.transcript.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "bytes\n  \"Sec-WebSocket-Key: ...\"\n  \"Host: h\\r\\n\"",
            "bytes\n  \"Sec-WebSocket-Accept: ...\"",
            "ping",
            "pong"
        ]
    );
    let octets: Vec<_> = case
        .transcript
        .iter()
        .map(|l| l.octets.as_deref())
        .collect();
    assert_eq!(octets, [None, None, Some("89 00"), None]);
    assert_eq!(case.findings[0].octets, None);
    let whole = measured.restore(case);
    assert_eq!(whole.findings[0].octets.as_deref(), Some("81 80"));
    for (line, entry) in whole.transcript.iter().zip(&r.transcript.entries) {
        assert_eq!(line.text, entry.text);
    }
    assert_eq!(
        whole.transcript[3].octets.as_deref(),
        Some("8a 80 01 02 03 04")
    );
}

#[test]
fn secrets_of_the_command_line_are_nowhere() {
    for head in [
        "bytes\n  \"authorization: Bearer 12345\\r\\n\"",
        "bytes\n  \"GET / HTTP/1.1\\rX: y\\rAuthorization : Bearer 12345\\r\\r\"",
        "bytes\n  \"Authorization: Bearer 12345\"... (900 octets, sha1 0)",
        "request\n  Authorization: Bearer 12345",
    ] {
        let mut r = result(
            0,
            "a/b/c[1]",
            vec![finding("6455-5.5.2-2", "no pong", false)],
        );
        r.judgement.findings[0].sent = Some(head.into());
        r.transcript.entries = vec![said('>', head, b"Bearer 12345"), said('<', "eof", b"")];
        let mut builder = Builder::new(start(Role::Server));
        builder.add(r);
        let report = builder.finish(End::default());
        let all = format!("{report:?}");
        assert!(
            !all.contains("12345") && !all.contains(&hex(b"12345")),
            "{all}"
        );
        assert!(
            report.cases[0].transcript[0].text.contains(": (not shown)"),
            "{all}"
        );
        assert_eq!(report.target.headers, ["Authorization"]);
        assert_eq!(
            report.cases[0].replay,
            "wsspec server --header 'Authorization: ...' 'a/b/c[1]'"
        );
    }
}

#[test]
fn a_report_is_bounded() {
    let long = "é".repeat(MAX_TEXT + 5);
    let mut r = result(
        0,
        "a/b/c",
        vec![finding("6455-5.5.2-2", &long, false); MAX_FINDINGS + 1],
    );
    r.transcript.entries = vec![said('>', &long, &[0; 1000]); MAX_LINES + 3];
    r.transcript.left_out = 4;
    let mut builder = Builder::new(start(Role::Server));
    let (case, _) = builder.add(r);
    assert_eq!((case.transcript.len(), case.left_out), (MAX_LINES, 7));
    assert_eq!(case.findings.len(), MAX_FINDINGS);
    assert!(
        case.transcript[0]
            .text
            .ends_with("é ... (5 more characters)")
    );
    assert_eq!(
        case.transcript[0].octets.as_ref().map(String::len),
        Some(MAX_OCTETS * 3 - 1)
    );
    assert_eq!(case.transcript[0].length, 1000);
}

#[test]
fn transcripts_are_bounded_together() {
    let mut builder = Builder::new(start(Role::Server));
    builder.transcripts = MAX_TRANSCRIPTS - 10;
    let mut r = result(0, "a/b/c", vec![]);
    r.transcript.entries = vec![said('>', "ping", &[0x89, 0x00]); 3];
    let (case, _) = builder.add(r);
    assert_eq!((case.transcript.len(), case.left_out), (1, 2));
}

#[test]
fn times_are_written_as_utc() {
    let at = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(at(0), "1970-01-01T00:00:00Z");
    assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
    assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59Z");
    assert_eq!(at(4_102_444_800), "2100-01-01T00:00:00Z");
}

#[test]
fn only_the_header_line_is_taken_out_of_the_command() {
    let hidden = |word| without_value(word, "X-Key", "1");
    assert_eq!(hidden("x-key:1").as_deref(), Some("x-key: ..."));
    assert_eq!(
        hidden("--header=X-Key: 1").as_deref(),
        Some("--header=X-Key: ...")
    );
    for word in ["ws://127.0.0.1:1", "X-Key: 2", "1", "X-Key", "--seed=1"] {
        assert_eq!(hidden(word), None);
    }
}
