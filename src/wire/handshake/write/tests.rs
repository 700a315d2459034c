use super::*;
use crate::case::payload::What;
use crate::wire::handshake::{Flaw, Request, Response};

fn values() -> Values {
    Values {
        key: b"dGhlIHNhbXBsZSBub25jZQ==".to_vec(),
        host: "h:9001".into(),
        target: "/t?q".into(),
        ..Values::default()
    }
}

fn step(headers: Vec<HeaderEdit>) -> HandshakeStep {
    HandshakeStep {
        headers,
        ..HandshakeStep::default()
    }
}

fn set(name: &str, value: &str) -> HeaderEdit {
    HeaderEdit::Set(name.into(), value.into())
}

fn add(name: &str, value: &str) -> HeaderEdit {
    HeaderEdit::Add(name.into(), value.into())
}

fn raw(text: &str) -> HeaderEdit {
    HeaderEdit::Raw(Payload::text(text))
}

fn said(octets: Vec<u8>) -> String {
    String::from_utf8(octets).expect("these tests write ASCII")
}

const ORDINARY: &str = "GET /t?q HTTP/1.1\r\nHost: h:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

#[test]
fn the_ordinary_request() {
    assert_eq!(said(request(&step(vec![]), &values())), ORDINARY);
}

#[test]
fn the_ordinary_response() {
    assert_eq!(
        said(response(101, &step(vec![]), &values())),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    );
}

#[test]
fn other_statuses_differ_from_the_ordinary_response_in_their_length_alone() {
    let written = Response::read(&response(404, &step(vec![]), &values())).unwrap();
    assert_eq!(
        (written.status, &written.reason[..]),
        (404, &b"Not Found"[..])
    );
    assert_eq!(written.head.value("Content-Length"), Some(&b"0"[..]));
    assert!(written.head.value("Sec-WebSocket-Accept").is_some());
    for (status, names) in [(103, 0), (204, 3), (304, 3), (426, 4)] {
        let written = Response::read(&response(status, &step(vec![]), &values())).unwrap();
        assert_eq!(written.head.headers.len(), names, "{status}");
        assert_eq!(written.head.flaws, []);
    }
    let with_body = HandshakeStep {
        body: Some(Payload::text("no")),
        ..step(vec![])
    };
    let written = said(response(400, &with_body, &values()));
    assert!(written.contains("Content-Length: 2\r\n") && written.ends_with("\r\n\r\nno"));
}

#[test]
fn edits_change_the_ordinary_lines_at_their_place() {
    let edits = vec![
        raw(" first\r\n"),
        set("UPGRADE", "a, $host"),
        raw(" folded\r\n"),
        HeaderEdit::Remove("connection".into()),
        raw("Connection : Upgrade\r\n"),
        add("X", "1"),
        set("Y", ""),
        raw("no end"),
    ];
    assert_eq!(
        said(request(&step(edits), &values())),
        "GET /t?q HTTP/1.1\r\n first\r\nHost: h:9001\r\nUPGRADE: a, h:9001\r\n folded\r\nConnection : Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nX: 1\r\nY:\r\nno end\r\n"
    );
}

#[test]
fn a_line_set_stands_once_and_a_line_added_stands_beside() {
    let mut values = values();
    values.headers = [
        ("cookie", "a"),
        ("Cookie", "b"),
        ("HOST", "other"),
        ("Origin", "o"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let written = Request::read(&request(&step(vec![add("Host", "$host")]), &values)).unwrap();
    let of = |name| written.head.values(name).collect::<Vec<_>>();
    assert_eq!(of("Host"), [&b"other"[..], b"h:9001"]);
    assert_eq!(of("Cookie"), [b"a", b"b"]);
    let written = Request::read(&request(&step(vec![set("Cookie", "c")]), &values)).unwrap();
    assert_eq!(written.head.values("Cookie").collect::<Vec<_>>(), [b"c"]);
}

#[test]
fn every_part_of_a_message_can_be_said() {
    let step = HandshakeStep {
        method: Some("get".into()),
        target: Some(Payload::text("http://$host$target")),
        version: Some("HTTP/9.9".into()),
        eol: Some(Payload::text("\n")),
        body: Some(Payload::one(What::Hex(vec![0x81, 0x80]))),
        headers: [
            "Upgrade",
            "Connection",
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Version",
        ]
        .map(|name| HeaderEdit::Remove(name.into()))
        .to_vec(),
        ..HandshakeStep::default()
    };
    assert_eq!(
        request(&step, &values()),
        b"get http://h:9001/t?q HTTP/9.9\nHost: h:9001\n\n\x81\x80"
    );
    let without_end = HandshakeStep {
        end: Some(Payload::default()),
        line: Some(Payload::text("GET $target")),
        ..step.clone()
    };
    assert_eq!(
        request(&without_end, &values()),
        b"GET /t?q\nHost: h:9001\n\x81\x80"
    );
    let reason = HandshakeStep {
        reason: Some(Payload::default()),
        version: Some("HTTP/1.0".into()),
        ..HandshakeStep::default()
    };
    let written = response(101, &reason, &values());
    assert!(written.starts_with(b"HTTP/1.0 101 \r\n"));
}

#[test]
fn plain_responses_are_whole() {
    assert_eq!(
        said(plain(426, &[("Upgrade", "websocket")], "no")),
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nContent-Length: 2\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nno"
    );
    let written = Response::read(&plain(400, &[], "")).unwrap();
    assert_eq!(written.head.flaws, [] as [Flaw; 0]);
    assert_eq!(written.head.value("Connection"), Some(&b"close"[..]));
    assert!(written.head.value("Content-Type").is_none());
}
