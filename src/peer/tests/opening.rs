//! The opening handshake, in both roles.

use super::{ANSWER, REQUEST, answer, client, masked};
use crate::peer::{End, Peer};

/// What a server says to these octets, and how TCP ends.
fn server(octets: &[u8]) -> (Vec<u8>, Option<End>) {
    let mut peer = Peer::server(None, 1);
    peer.receive(octets);
    (peer.output(), peer.end())
}

fn status(octets: &[u8]) -> String {
    let (answer, end) = server(octets);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.get(9..12).unwrap_or_default().to_owned();
    let wanted = (status != "101").then_some(End::Fin);
    assert_eq!(end, wanted, "{answer}");
    status
}

#[test]
fn a_client_asks_in_order() {
    let (peer, request) = client();
    assert_eq!(peer.end(), None);
    let lines: Vec<_> = request.split("\r\n").collect();
    let key = lines[4].strip_prefix("Sec-WebSocket-Key: ").unwrap();
    crate::wire::handshake::accept::decode_key(key.as_bytes()).unwrap();
    assert_eq!(
        lines[..4],
        [
            "GET /chat?a=b HTTP/1.1",
            "Host: server.example.com",
            "Upgrade: websocket",
            "Connection: Upgrade"
        ]
    );
    assert_eq!(
        lines[5..],
        [
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: echo, chat",
            "",
            ""
        ]
    );
}

#[test]
fn a_client_judges_the_answer() {
    // RFC 6455, section 4.1; `true`: it opens.
    let with = |line: &'static str| move |answer: String| answer + line + "\r\n";
    let instead = |a: &'static str, b: &'static str| {
        move |answer: String| {
            assert!(answer.contains(a));
            answer.replacen(a, b, 1)
        }
    };
    type Change = Box<dyn Fn(String) -> String>;
    let changes: Vec<(bool, Change)> = vec![
        (
            true,
            Box::new(instead("Upgrade: websocket", "UPGRADE:\t WebSocket ")),
        ),
        (
            true,
            Box::new(instead(
                "Connection: Upgrade",
                "connection: keep-alive, UPGRADE",
            )),
        ),
        (
            true,
            Box::new(instead(
                "Connection: Upgrade",
                "Connection: keep-alive\r\nConnection: Upgrade",
            )),
        ),
        (
            true,
            Box::new(instead(
                "Connection: Upgrade",
                "Connection: keep-alive,\r\n Upgrade",
            )),
        ),
        (true, Box::new(instead("Accept: ", "Accept:"))),
        (true, Box::new(instead("Switching Protocols", ""))),
        (
            true,
            Box::new(instead(
                "HTTP/1.1",
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1",
            )),
        ),
        (true, Box::new(with("Sec-WebSocket-Protocol: chat"))),
        (true, Box::new(with("Set-Cookie: a=b"))),
        (true, Box::new(with("Content-Length: 5"))),
        (
            false,
            Box::new(instead("101 Switching Protocols", "200 OK")),
        ),
        (false, Box::new(instead("HTTP/1.1", "HTTP/1.0"))),
        (false, Box::new(instead("HTTP/1.1", "HTTP/2.0"))),
        (false, Box::new(instead("Upgrade: websocket\r\n", ""))),
        (
            false,
            Box::new(instead("Upgrade: websocket", "Upgrade: websockets")),
        ),
        (false, Box::new(instead("Upgrade: websocket", "Upgrade: "))),
        (false, Box::new(instead("Connection: Upgrade\r\n", ""))),
        (
            false,
            Box::new(instead("Connection: Upgrade", "Connection: xUpgrade")),
        ),
        (false, Box::new(instead("Accept: ", "Accept: x"))),
        (false, Box::new(instead("=\r\n", "\r\n"))),
        (
            false,
            Box::new(|answer| {
                answer.replace(&answer[answer.find("Sec-WebSocket-A").unwrap()..], "")
            }),
        ),
        (
            false,
            Box::new(with("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")),
        ),
        (false, Box::new(with("Sec-WebSocket-Protocol: superchat"))),
        (false, Box::new(with("Sec-WebSocket-Protocol: Chat"))),
        (false, Box::new(with("Sec-WebSocket-Protocol: echo, chat"))),
        (false, Box::new(with("Sec-WebSocket-Protocol:"))),
        (
            false,
            Box::new(with(
                "Sec-WebSocket-Protocol: echo\r\nSec-WebSocket-Protocol: chat",
            )),
        ),
        (
            false,
            Box::new(with("Sec-WebSocket-Extensions: permessage-deflate")),
        ),
        (false, Box::new(with("X : y"))),
        (false, Box::new(with("X: \0"))),
        (false, Box::new(with("no colon"))),
    ];
    for (opens, change) in changes {
        let (mut peer, request) = client();
        let answer = answer(&request, &change);
        // A ping behind the answer shows that it is open; octet by octet makes no difference.
        let octets = [answer.as_bytes(), b"\x89\x00"].concat();
        octets.iter().for_each(|octet| peer.receive(&[*octet]));
        let said = peer.output();
        match opens {
            true => assert_eq!(
                (&said[..2], peer.end()),
                (&b"\x8a\x80"[..], None),
                "{answer}"
            ),
            false => assert_eq!(
                (&said[..], peer.end()),
                (&b""[..], Some(End::Fin)),
                "{answer}"
            ),
        }
    }
}

#[test]
fn a_server_judges_the_request() {
    let with = |line: &str| status(format!("{REQUEST}{line}\r\n\r\n").as_bytes());
    let instead = |a: &str, b: &str| {
        assert!(REQUEST.contains(a));
        status(format!("{}\r\n", REQUEST.replacen(a, b, 1)).as_bytes())
    };
    for (a, b) in [
        ("Upgrade: websocket", "uPGRADE: WebSocket"),
        ("Upgrade: websocket", "Upgrade: h2c, websocket"),
        ("Connection: Upgrade", "Connection: keep-alive , UPGRADE"),
        (
            "Connection: Upgrade",
            "Connection: keep-alive\r\nConnection: upgrade",
        ),
        ("GET /chat", "\r\nGET /chat"),
        ("GET /chat", "GET http://server.example.com/chat"),
        ("GET /chat", "GET HTTPS://[::1]:80?x"),
        ("HTTP/1.1", "HTTP/1.2"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC=="),
        (
            "Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Key:\t dGhlIHNhbXBsZSBub25jZQ== ",
        ),
        ("server.example.com", "[::1]:9001"),
        ("server.example.com", "localhost:"),
    ] {
        assert_eq!(instead(a, b), "101", "{b}");
    }
    for line in [
        "Origin: null",
        "X-Foo: \u{e4}",
        "Content-Length: 0",
        "Sec-WebSocket-Protocol: a,,b",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x; y=\"z\"",
        "Sec-WebSocket-Accept: x",
    ] {
        assert_eq!(with(line), "101", "{line}");
    }
    for (wanted, a, b) in [
        ("405", "GET", "POST"),
        ("501", "GET", "get"),
        ("426", "HTTP/1.1", "HTTP/1.0"),
        ("505", "HTTP/1.1", "HTTP/2.0"),
        ("400", "HTTP/1.1", "http/1.1"),
        ("400", "HTTP/1.1", "HTTP/1.10"),
        ("400", "GET /chat", "GET *"),
        ("400", "GET /chat", "GET server.example.com:80"),
        ("400", "GET /chat", "GET /chat#top"),
        ("400", "Host: server.example.com\r\n", ""),
        ("400", "server.example.com", "a b"),
        ("400", "server.example.com", "host:abc"),
        ("400", "server.example.com", "http://host"),
        ("400", "server.example.com", ""),
        ("426", "Upgrade: websocket\r\n", ""),
        ("426", "Upgrade: websocket", "Upgrade: websocket13"),
        ("400", "Connection: Upgrade\r\n", ""),
        ("400", "Connection: Upgrade", "Connection: Upgraded"),
        ("400", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
        ("400", "dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4P"),
        ("400", "Sec-WebSocket-Version: 13\r\n", ""),
        ("426", "Version: 13", "Version: 8"),
        ("426", "Version: 13", "Version: 013"),
        ("426", "Version: 13", "Version: 269"),
        ("426", "Version: 13", "Version: 13, 8"),
        ("400", "Upgrade: websocket", "Upgrade : websocket"),
        ("400", "Upgrade: websocket", "Upgrade:\r\n websocket"),
        ("400", "\r\nHost", "\rHost"),
        ("400", "Host", " Host"),
    ] {
        assert_eq!(instead(a, b), wanted, "{b}");
    }
    for (wanted, line) in [
        ("400", "Host: server.example.com"),
        ("400", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        ("400", "Sec-WebSocket-Version: 13"),
        ("400", "Sec-WebSocket-Protocol:"),
        ("400", "Sec-WebSocket-Protocol: a b"),
        ("400", "Sec-WebSocket-Protocol: a, a"),
        ("400", "Sec-WebSocket-Extensions: a; =1"),
        ("400", "Sec-WebSocket-Extensions:"),
        ("413", "Content-Length: 65537"),
        ("400", "Content-Length: -1"),
        ("400", "Content-Length: 0, 1"),
        ("501", "Transfer-Encoding: gzip, chunked"),
        ("400", "X: \0"),
    ] {
        assert_eq!(with(line), wanted, "{line}");
    }
    assert_eq!(
        status(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        "400"
    );
    assert_eq!(status(&[b'a'; 600_000]), "414");
    assert_eq!(
        status(format!("{REQUEST}X: {}", "x".repeat(600_000)).as_bytes()),
        "431"
    );
    assert_eq!(
        status(format!("{REQUEST}{}\r\n", "X: y\r\n".repeat(200)).as_bytes()),
        "101"
    );
}

#[test]
fn a_refused_version_is_told_the_right_one() {
    // RFC 6455, section 4.4; RFC 9110, section 15.5.22.
    let (said, _) = server(format!("{}\r\n", REQUEST.replace("13", "14")).as_bytes());
    let said = String::from_utf8(said).unwrap();
    for line in [
        "HTTP/1.1 426 Upgrade Required",
        "Connection: Upgrade, close",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
    ] {
        assert!(said.split("\r\n").any(|l| l == line), "{said}");
    }
}

#[test]
fn content_is_read_and_thrown_away() {
    // RFC 9112, section 6: whatever it looks like, it is no frame.
    for (line, content) in [
        ("Content-Length: 6", &b"\x89\x80\0\0\0\0"[..]),
        (
            "Transfer-Encoding: chunked",
            b"6\r\n\x89\x80\0\0\0\0\r\n0\r\n\r\n",
        ),
    ] {
        let head = format!("{REQUEST}{line}\r\n\r\n");
        let octets = [head.as_bytes(), content, &masked(9, b"!")].concat();
        let mut peer = Peer::server(None, 1);
        octets.iter().for_each(|octet| peer.receive(&[*octet]));
        let wanted = [format!("{ANSWER}\r\n").as_bytes(), b"\x8a\x01!"].concat();
        assert_eq!(peer.output(), wanted);
    }
}

#[test]
fn an_expectation_is_answered_first() {
    let (said, _) = server(format!("{REQUEST}Expect: 100-continue\r\n\r\n").as_bytes());
    let wanted = format!("HTTP/1.1 100 Continue\r\n\r\n{ANSWER}\r\n");
    assert_eq!(String::from_utf8(said).unwrap(), wanted);
}

#[test]
fn the_first_known_subprotocol_is_taken() {
    for (lines, chosen) in [
        (
            "Sec-WebSocket-Protocol: mqtt, superchat, chat\r\n",
            Some("superchat"),
        ),
        (
            "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Protocol: chat\r\n",
            Some("chat"),
        ),
        ("Sec-WebSocket-Protocol: CHAT\r\n", None),
    ] {
        let (said, _) = server(format!("{REQUEST}{lines}\r\n").as_bytes());
        let chosen = chosen.map_or(String::new(), |name| {
            format!("Sec-WebSocket-Protocol: {name}\r\n")
        });
        assert_eq!(
            String::from_utf8(said).unwrap(),
            format!("{ANSWER}{chosen}\r\n")
        );
    }
}

#[test]
fn frames_may_come_with_the_request() {
    let octets = [format!("{REQUEST}\r\n").as_bytes(), &masked(9, b"!")].concat();
    let (said, end) = server(&octets);
    assert_eq!(
        (said, end),
        (
            [format!("{ANSWER}\r\n").as_bytes(), b"\x8a\x01!"].concat(),
            None
        )
    );
}
