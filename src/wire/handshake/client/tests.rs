use super::*;

const LAWFUL: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn request() -> Request {
    Request::read(
        b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: chat, Talk\r\nSec-WebSocket-Extensions: x; a\r\n\r\n",
    )
    .unwrap()
}

fn response(octets: &str) -> Response {
    Response::read(octets.as_bytes()).expect("a response")
}

fn changed(part: &str, by: &str) -> String {
    assert!(LAWFUL.contains(part), "{part:?} is not there to change");
    LAWFUL.replacen(part, by, 1)
}

#[test]
fn lawful_responses_are_accepted() {
    for (part, by) in [
        ("Upgrade", "Upgrade"),
        (" Switching Protocols", " "),
        (" Switching Protocols", ""),
        ("HTTP/1.1", "HTTP/1.2"),
        ("websocket\r\n", "WebSocket\n"),
        ("Upgrade: websocket", "UPGRADE:\r\n  websocket \t"),
        (
            "Connection: Upgrade",
            "Connection: keep-alive\r\nconnection: x, uPGRADE",
        ),
        ("xOo=\r\n", "xOo= \t\r\n"),
        (
            "\r\n\r\n",
            "\r\nSec-WebSocket-Extensions: x\r\nSec-WebSocket-Extensions: x; b=1\r\n\r\n",
        ),
        (
            "\r\n\r\n",
            "\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\nX:\r\n\r\n",
        ),
    ] {
        let octets = changed(part, by);
        let agreed = acceptable(&request(), &response(&octets), |_| false);
        assert_eq!(agreed, Ok(Agreement::default()), "{octets}");
    }
    let octets = changed("\r\n\r\n", "\r\nSec-WebSocket-Protocol: Talk\r\n\r\n");
    let agreed = acceptable(&request(), &response(&octets), |_| false).unwrap();
    assert_eq!(agreed.subprotocol.as_deref(), Some("Talk"));
}

/// Changes of which each fails exactly this check.
const UNLAWFUL: [(Check, &str, &str); 36] = [
    (Check::Status, "101", "200"),
    (Check::Status, "101", "100"),
    (Check::StatusLine, "HTTP/1.1 101", "\r\nHTTP/1.1 101"),
    (Check::StatusLine, "HTTP/1.1 101", "HTTP/1.1  101"),
    (Check::StatusLine, "HTTP/1.1", "HTTP/1.10"),
    (Check::StatusLine, "101", "0101"),
    (Check::HttpVersion, "HTTP/1.1", "HTTP/1.0"),
    (Check::HttpVersion, "HTTP/1.1", "HTTP/2.0"),
    (Check::HeaderLines, "Upgrade:", "X: a\rb\r\nUpgrade:"),
    (Check::HeaderLines, "Upgrade:", "X: a\0b\r\nUpgrade:"),
    (Check::HeaderLines, "Upgrade:", "X: a\x7fb\r\nUpgrade:"),
    (Check::HeaderLines, "Upgrade:", " X: a\r\nUpgrade:"),
    (Check::HeaderLines, "Upgrade:", "X\r\nUpgrade:"),
    (Check::HeaderLines, "Upgrade:", "X Y: z\r\nUpgrade:"),
    (Check::HeaderLines, "Upgrade:", "Upgrade :"),
    (Check::UpgradeMissing, "Upgrade: websocket\r\n", ""),
    (Check::Upgrade, "websocket", "h2c"),
    (Check::Upgrade, "websocket", "websockets"),
    (Check::Upgrade, "websocket", ""),
    (Check::Upgrade, "websocket", "foo, websocket"),
    (Check::Connection, "Connection: Upgrade\r\n", ""),
    (
        Check::Connection,
        "Connection: Upgrade",
        "Connection: Upgraded, x-upgrade",
    ),
    (Check::AcceptMissing, "Sec-WebSocket-Accept", "X"),
    (
        Check::AcceptRepeated,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    ),
    (Check::Accept, "s3p", "S3p"),
    (Check::Accept, "xOo=", "xOo"),
    (Check::Accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", ""),
    (
        Check::ExtensionsGrammar,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Extensions: x;\r\n\r\n",
    ),
    (
        Check::ExtensionsGrammar,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Extensions:\r\n\r\n",
    ),
    (
        Check::Extensions,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Extensions: x, y\r\n\r\n",
    ),
    (
        Check::Extensions,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Extensions: X\r\n\r\n",
    ),
    (
        Check::SubprotocolRepeated,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
    ),
    (
        Check::SubprotocolEmpty,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol:\r\n\r\n",
    ),
    (
        Check::Subprotocol,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol: other\r\n\r\n",
    ),
    (
        Check::Subprotocol,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol: Chat\r\n\r\n",
    ),
    (
        Check::Subprotocol,
        "\r\n\r\n",
        "\r\nSec-WebSocket-Protocol: chat, Talk\r\n\r\n",
    ),
];

#[test]
fn each_departure_fails_its_own_check_and_no_other() {
    for (check, part, by) in UNLAWFUL {
        let octets = changed(part, by);
        let rejection = acceptable(&request(), &response(&octets), |_| false).expect_err(&octets);
        assert_eq!(rejection.check, check, "{octets}");
        assert!(!rejection.reason.is_empty());
        let without = acceptable(&request(), &response(&octets), |left_out| left_out == check);
        assert!(without.is_ok(), "{octets}: {without:?}");
    }
}

#[test]
fn each_check_can_fail() {
    for check in Check::ALL {
        assert!(UNLAWFUL.iter().any(|row| row.0 == check), "{check:?}");
    }
}
