use super::*;
use crate::wire::handshake::{HeadReader, Response, Values};

const LAWFUL: &str = "GET /chat?a=b HTTP/1.1\r\nHost: h:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn judged(octets: &str) -> Result<Key, Refusal> {
    acceptable(
        &Request::read(octets.as_bytes()).expect("a request"),
        |_| false,
    )
}

/// The lawful request with one part changed.
fn changed(part: &str, by: &str) -> String {
    assert!(LAWFUL.contains(part), "{part:?} is not there to change");
    LAWFUL.replacen(part, by, 1)
}

#[test]
fn lawful_requests_are_accepted() {
    let key = Key(b"dGhlIHNhbXBsZSBub25jZQ==".to_vec());
    assert_eq!(judged(LAWFUL), Ok(key));
    for (part, by) in [
        ("GET /chat?a=b", "\r\nGET /chat?a=b"),
        ("GET /chat?a=b", "GET /"),
        ("GET /chat?a=b", "GET http://other/x?y"),
        ("GET /chat?a=b", "GET HTTPS://other"),
        ("HTTP/1.1", "HTTP/1.2"),
        ("Host: h:9001", "hOST:[::1]:9001\t"),
        ("Upgrade: websocket", "upgrade: foo, WebSocket"),
        ("Upgrade: websocket", "Upgrade: foo\r\nUpgrade: websocket"),
        ("Connection: Upgrade", "CONNECTION: keep-alive ,, uPGRADE"),
        (
            "Connection: Upgrade",
            "Connection: keep-alive\r\nConnection: upgrade",
        ),
        ("dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC=="),
        ("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Protocol: a,, B\r\nSec-WebSocket-Protocol: b\r\n\r\n",
        ),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: x, x; a=\"1\"\r\n\r\n",
        ),
        (
            "\r\n\r\n",
            "\r\nOrigin: null\r\nCookie: \u{e4}\r\nX-Any:\r\n\r\n",
        ),
    ] {
        let octets = changed(part, by);
        assert!(judged(&octets).is_ok(), "{octets}: {:?}", judged(&octets));
    }
}

/// Changes of which each fails exactly this check, with this status.
const UNLAWFUL: [(Check, u16, &str, &str); 61] = [
    (Check::RequestLine, 400, "GET /", "GET  /"),
    (Check::RequestLine, 400, "GET /", "GET\t/"),
    (Check::RequestLine, 400, " HTTP/1.1\r\n", " HTTP/1.1 \r\n"),
    (Check::BareLf, 400, "websocket\r\n", "websocket\n"),
    (Check::BareLf, 400, "\r\n\r\n", "\r\n\n"),
    (Check::BareCr, 400, "Host:", "X: a\rb\r\nHost:"),
    (Check::Nul, 400, "Host:", "X: a\0b\r\nHost:"),
    (Check::Control, 400, "Host:", "X: a\x01b\r\nHost:"),
    (Check::BlankBeforeHeaders, 400, "Host:", " X: a\r\nHost:"),
    (Check::HeaderLine, 400, "Host:", "X\r\nHost:"),
    (Check::HeaderName, 400, "Host:", "X Y: a\r\nHost:"),
    (Check::HeaderName, 400, "Host:", ": a\r\nHost:"),
    (Check::BlankBeforeColon, 400, "Host:", "Host :"),
    (Check::BlankBeforeColon, 400, "Upgrade:", "Upgrade\t:"),
    (Check::ObsFold, 400, "Host: h", "Host:\r\n h"),
    (Check::HttpVersion, 400, "HTTP/1.1", "http/1.1"),
    (Check::HttpVersion, 400, "HTTP/1.1", "HTTP/1.10"),
    (Check::HttpVersion, 400, "HTTP/1.1", "HTTP/1"),
    (Check::HttpMajor, 505, "HTTP/1.1", "HTTP/2.0"),
    (Check::HttpMajor, 505, "HTTP/1.1", "HTTP/0.9"),
    (Check::Http10, 426, "HTTP/1.1", "HTTP/1.0"),
    (Check::Method, 405, "GET", "POST"),
    (Check::Method, 405, "GET", "HEAD"),
    (Check::Method, 501, "GET", "get"),
    (Check::Target, 400, "/chat?a=b", "*"),
    (Check::Target, 400, "/chat?a=b", "h:80"),
    (Check::Target, 400, "/chat?a=b", "ws://h/"),
    (Check::Target, 400, "/chat?a=b", "http://u@h/"),
    (Check::Target, 400, "/chat?a=b", "http:///x"),
    (Check::Target, 400, "/chat?a=b", "/a#b"),
    (Check::Target, 400, "/chat?a=b", "/%zz"),
    (Check::Target, 400, "/chat?a=b", "/\u{e4}"),
    (Check::HostMissing, 400, "Host: h:9001\r\n", ""),
    (Check::HostRepeated, 400, "Host:", "Host: h:9001\r\nHost:"),
    (Check::HostInvalid, 400, "h:9001", ""),
    (Check::HostInvalid, 400, "h:9001", "a b"),
    (Check::HostInvalid, 400, "h:9001", "h:abc"),
    (Check::HostInvalid, 400, "h:9001", "http://h"),
    (
        Check::BodyFraming,
        400,
        "Host:",
        "Content-Length: -1\r\nHost:",
    ),
    (
        Check::BodyFraming,
        400,
        "Host:",
        "Content-Length: 5\r\nContent-Length: 6\r\nHost:",
    ),
    (Check::Body, 413, "Host:", "Content-Length: 5\r\nHost:"),
    (
        Check::Body,
        413,
        "Host:",
        "Transfer-Encoding: chunked\r\nHost:",
    ),
    (Check::Upgrade, 426, "Upgrade: websocket\r\n", ""),
    (Check::Upgrade, 426, "websocket", "websockets"),
    (
        Check::Connection,
        400,
        "Connection: Upgrade",
        "Connection: keep-alive",
    ),
    (
        Check::Connection,
        400,
        "Connection: Upgrade",
        "Connection: x-upgrade, Upgraded",
    ),
    (
        Check::VersionMissing,
        400,
        "Sec-WebSocket-Version: 13\r\n",
        "",
    ),
    (
        Check::VersionRepeated,
        400,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ),
    (Check::Version, 426, "13", "14"),
    (Check::Version, 426, "13", "013"),
    (Check::Version, 426, "13", "13, 8"),
    (Check::KeyMissing, 400, "Sec-WebSocket-Key:", "X:"),
    (
        Check::KeyRepeated,
        400,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ),
    (Check::Key, 400, "dGhlIHNhbXBsZSBub25jZQ==", ""),
    (
        Check::Key,
        400,
        "dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25j",
    ),
    (
        Check::Key,
        400,
        "dGhlIHNhbXBsZSBub25jZQ==",
        "dGhl IHNhbXBsZSBub25jZQ==",
    ),
    (
        Check::Subprotocols,
        400,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol:\r\n\r\n",
    ),
    (
        Check::Subprotocols,
        400,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol: a b\r\n\r\n",
    ),
    (
        Check::Subprotocols,
        400,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol: a, a\r\n\r\n",
    ),
    (
        Check::Extensions,
        400,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Extensions:\r\n\r\n",
    ),
    (
        Check::Extensions,
        400,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Extensions: a; b=\"c d\"\r\n\r\n",
    ),
];

#[test]
fn each_departure_fails_its_own_check_and_no_other() {
    for (check, status, part, by) in UNLAWFUL {
        let octets = changed(part, by);
        let refusal = judged(&octets).expect_err(&octets);
        assert_eq!(
            (refusal.check, refusal.status),
            (Some(check), status),
            "{octets}"
        );
        let request = Request::read(octets.as_bytes()).unwrap();
        let without = acceptable(&request, |left_out| left_out == check);
        assert!(without.is_ok(), "{octets}: {without:?}");
    }
}

#[test]
fn each_check_can_fail() {
    for check in Check::ALL {
        // An unknown coding in front of chunked is a body as well.
        let tried = check == Check::TransferCoding || UNLAWFUL.iter().any(|row| row.0 == check);
        assert!(tried, "{check:?}");
    }
    let octets = changed("Host:", "Transfer-Encoding: gzip, chunked\r\nHost:");
    let refusal = judged(&octets).unwrap_err();
    assert_eq!(
        (refusal.check, refusal.status),
        (Some(Check::TransferCoding), 501)
    );
}

#[test]
fn a_refusal_is_a_whole_response_with_what_its_status_asks_for() {
    for (_, status, part, by) in UNLAWFUL {
        let octets = judged(&changed(part, by)).unwrap_err().octets();
        let mut reader = HeadReader::response();
        reader.feed(&octets);
        let response: Response = reader.next().unwrap().unwrap();
        assert_eq!(
            (response.status, &response.head.flaws[..]),
            (status, &[][..])
        );
        assert!(response.head.has_token("Connection", "close"));
        let length = BodyLength::of(&response, "GET").unwrap();
        assert_eq!(length, BodyLength::Exactly(reader.take_rest().len() as u64));
        match status {
            405 => assert_eq!(response.head.value("Allow"), Some(&b"GET"[..])),
            426 => {
                assert!(response.head.has_token("Upgrade", "websocket"));
                assert!(response.head.has_token("Connection", "upgrade"));
                assert!(response.head.has_token("Sec-WebSocket-Version", "13"));
            }
            _ => {}
        }
    }
    let head = judged(&changed("GET", "HEAD")).unwrap_err().octets();
    assert!(head.ends_with(b"\r\n\r\n"));
}

#[test]
fn heads_that_cannot_be_read_have_their_status() {
    for (error, status) in [
        (
            HeadError::TooLong {
                limit: 9,
                in_first_line: true,
            },
            414,
        ),
        (
            HeadError::TooLong {
                limit: 9,
                in_first_line: false,
            },
            431,
        ),
        (HeadError::TooManyLines(9), 431),
        (HeadError::Truncated(9), 400),
    ] {
        assert_eq!(Refusal::of(&error).status, status);
    }
}

#[test]
fn the_host_of_an_absolute_target_stands_in_for_an_empty_one() {
    let octets = changed("/chat?a=b", "http://h/").replace("h:9001", "");
    assert!(judged(&octets).is_ok());
}

#[test]
fn the_ordinary_request_of_the_suite_is_accepted() {
    let values = Values {
        key: b"dGhlIHNhbXBsZSBub25jZQ==".to_vec(),
        host: "localhost:9001".into(),
        target: "/".into(),
        ..Values::default()
    };
    let request = Request::read(&write::request(&Default::default(), &values)).unwrap();
    assert_eq!(acceptable(&request, |_| false), Ok(Key(values.key)));
    assert!(!expects_continue(&request));
}
