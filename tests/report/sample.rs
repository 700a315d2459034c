//! A run with one of everything.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use wsspec::{
    case::{Case, Document, Level, Role, Step},
    report::{
        Builder, Canary, CaseResult, Catalogue, End, Lost, Probe, Report, Rule, Start, Stopped, Why,
    },
    session::{Entry, Finding, Judgement, Transcript, Verdict},
};

/// Rules in words that do not change with the table of the rules.
pub fn rule(id: &str) -> Option<Rule> {
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

pub fn start() -> Start {
    Start {
        name: None,
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
        terms: Default::default(),
        port: None,
        started: UNIX_EPOCH + Duration::from_secs(1_760_000_000),
    }
}

pub fn result(position: usize, id: &str, verdict: Verdict, reason: &str) -> CaseResult {
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
            profile: None,
            needs: vec![],
            autobahn: vec![],
            class: None,
            heavy: false,
            beside: 0,
            steps: steps("> ping \"now?\"\n  < pong \"now?\""),
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
        patience: Duration::from_secs(2),
        unstable: false,
        crashed: false,
        delivery: Default::default(),
    }
}

/// Steps in the notation, each behind the first two blanks in.
fn steps(steps: &str) -> Vec<Step> {
    let text = format!("case sample\n  title: Sample\n  checks: 6455-5.5.2-2\n\n  {steps}\n");
    let document = Document::parse("sample.wire", "sample", text.as_bytes());
    assert!(document.errors.is_empty(), "{:?}", document.errors);
    document.cases[0].case.steps.clone()
}

pub fn masked() -> Finding {
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

pub fn no_pong() -> Finding {
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

pub fn said(at: u64, who: char, text: &str, octets: &[u8]) -> Entry {
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
pub fn failure(position: usize) -> CaseResult {
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
    case.steps = steps(
        "> text \"frag\" fin=0\n  > ping \"now?\"\n  > cont \"ment\"\n  < pong \"now?\"\n  ~ text \"fragment\" \"the ping waited\"\n    < pong \"now?\"\n  < text \"fragment\"",
    );
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

pub fn tolerated(position: usize) -> CaseResult {
    result(
        position,
        "close/codes/code[1001]",
        Verdict::Tolerated,
        "answered with another code than it was sent",
    )
}

/// One of everything.
pub fn sample() -> Report {
    let mut builder = Builder::new(start());
    let mut plain = result(
        0,
        "handshake/request/plain",
        Verdict::Pass,
        "as the rule says",
    );
    plain.transcript.entries = vec![
        said(
            100,
            '>',
            "text \"Hello\"",
            &[0x81, 0x85, 1, 2, 3, 4, 0x49, 0x67, 0x6f, 0x68, 0x6e],
        ),
        said(300, '<', "text \"Hello\"", b"\x81\x05Hello"),
    ];
    builder.add(plain);
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
        crashes: vec![],
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
