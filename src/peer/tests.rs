//! The faultless peer against octets written by hand, in both roles.

mod properties;

use super::{Ask, End, Peer, faults};
use crate::{
    case::Role,
    wire::frame::{Frame, Header, Opcode, mask},
};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

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

fn open_server() -> Peer {
    let mut peer = Peer::server(None, 1);
    peer.receive(format!("{REQUEST}\r\n").as_bytes());
    assert_eq!(peer.output(), format!("{ANSWER}\r\n").as_bytes());
    peer
}

/// What an open server says to these octets.
fn frames(octets: &[u8]) -> (Vec<u8>, Option<End>) {
    let mut peer = open_server();
    peer.receive(octets);
    (peer.output(), peer.end())
}

/// A masked frame with FIN.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    Frame::new(Opcode::new(opcode), payload.to_vec())
        .with_key([1, 2, 3, 4])
        .encode(&mut octets);
    octets
}

/// Asserts that a server fails the connection with this code, and says nothing to the ping behind the octets.
#[track_caller]
fn fails(code: u16, octets: &[u8]) {
    let octets = [octets, &masked(9, b"still there?")].concat();
    let (said, end) = frames(&octets);
    let [0x88, _, high, low, ..] = said[..] else {
        panic!("{octets:02x?}: {said:02x?}");
    };
    assert_eq!(u16::from_be_bytes([high, low]), code, "{octets:02x?}");
    assert_eq!(
        said.len(),
        said[1] as usize + 2,
        "{octets:02x?}: {said:02x?}"
    );
    assert_eq!(end, Some(End::Fin));
}

#[test]
fn a_server_answers_the_examples_of_the_rfc() {
    // RFC 6455, section 5.7.
    let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(frames(hello), (b"\x81\x05Hello".to_vec(), None));
    let ping = b"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(frames(ping), (b"\x8a\x05Hello".to_vec(), None));
    let fragments = [
        &b"\x01\x83\x37\xfa\x21\x3d\x7f\x9f\x4d"[..],
        ping,
        b"\x80\x82\x01\x02\x03\x04\x6d\x6d",
    ]
    .concat();
    assert_eq!(
        frames(&fragments),
        (b"\x8a\x05Hello\x81\x05Hello".to_vec(), None)
    );
    for length in [256, 65536] {
        let payload = vec![b'*'; length];
        let (said, end) = frames(&masked(2, &payload));
        let header = match length {
            256 => &b"\x82\x7e\x01\x00"[..],
            _ => b"\x82\x7f\0\0\0\0\0\x01\0\0",
        };
        assert_eq!((said, end), ([header, &payload].concat(), None));
    }
}

#[test]
fn a_client_answers_the_examples_of_the_rfc() {
    let mut peer = open_client(b"");
    peer.receive(b"\x01\x03Hel\x89\x05Hello\x80\x02lo\x88\x02\x03\xe8");
    let said = peer.output();
    let mut rest = &said[..];
    let mut keys = Vec::new();
    for (opcode, payload) in [(10, &b"Hello"[..]), (1, b"Hello"), (8, b"\x03\xe8")] {
        let header = Header::read(rest).unwrap();
        let key = header.key.unwrap();
        let (frame, next) = rest.split_at(header.size() + header.length as usize);
        let mut read = frame[header.size()..].to_vec();
        mask(key, 0, &mut read);
        assert!(header.fin && header.rsv == [false; 3] && header.is_shortest());
        assert_eq!((header.opcode.value(), &read[..]), (opcode, payload));
        keys.push(key);
        rest = next;
    }
    assert!(rest.is_empty());
    keys.dedup();
    assert_eq!(keys.len(), 3);
    // The server is to end TCP (RFC 6455, section 7.1.1).
    assert_eq!(peer.end(), None);
    peer.eof();
    assert_eq!(peer.end(), Some(End::Fin));
}

fn client() -> (Peer, String) {
    let ask = Ask {
        host: "server.example.com".into(),
        resource: "/chat?a=b".into(),
        subprotocols: vec!["echo".into(), "chat".into()],
    };
    let mut peer = Peer::client(None, 7, &ask);
    let request = String::from_utf8(peer.output()).unwrap();
    (peer, request)
}

/// The 101 that fits a request, changed.
fn answer(request: &str, change: impl Fn(String) -> String) -> String {
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .unwrap();
    let accept = crate::wire::handshake::accept::accept(key.as_bytes());
    change(ANSWER.replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &accept)) + "\r\n"
}

fn open_client(behind: &[u8]) -> Peer {
    let (mut peer, request) = client();
    peer.receive(&[answer(&request, |answer| answer).as_bytes(), behind].concat());
    peer
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

#[test]
fn a_server_fails_on_what_the_rfc_forbids() {
    fails(1002, b"\x81\x05Hello"); // 5.1
    fails(1002, b"\x89\x00");
    for first in [
        0xc1, 0xa1, 0x91, 0x83, 0x87, 0x8b, 0x8f, 0x09, 0x0a, 0x08, 0x80, 0x00,
    ] {
        fails(1002, &[first, 0x80, 0, 0, 0, 0]); // 5.2, 5.4, 5.5
    }
    fails(1002, b"\x89\xfe\x00\x7e\0\0\0\0"); // 5.5: at the header
    fails(1002, b"\x82\xfe\x00\x05\0\0\0\0"); // 5.2: shortest form
    fails(1002, b"\x82\xff\0\0\0\0\0\0\xff\xff\0\0\0\0");
    fails(1002, b"\x82\xff\x80\0\0\0\0\0\0\x05\0\0\0\0");
    fails(1009, b"\x82\xff\0\0\0\0\x04\0\0\x01\0\0\0\0"); // 10.4
    for second in [0x01, 0x81, 0x02, 0x82] {
        fails(1002, &[0x01, 0x80, 0, 0, 0, 0, second, 0x80, 0, 0, 0, 0]); // 5.4
    }
}

#[test]
fn a_server_fails_on_text_that_is_not_utf_8() {
    for text in [
        "c0 80",
        "e0 80 80",
        "ed a0 80",
        "f4 90 80 80",
        "f5",
        "ff",
        "80",
        "61 c3",
        "e4 b8 61",
    ] {
        let text: Vec<u8> = text
            .split(' ')
            .map(|octet| u8::from_str_radix(octet, 16).unwrap())
            .collect();
        fails(1007, &masked(1, &text));
        // At the offending octet, without waiting for the rest.
        let mut long = masked(1, &[&text[..], &[b'a'; 200]].concat());
        long.truncate(40);
        if text != [b'a', 0xc3] {
            fails(1007, &long);
        }
    }
    for text in [
        "\u{0}",
        "\u{feff}a",
        "\u{ffff}",
        "\u{fdd0}",
        "\u{10ffff}",
        "\u{d7ff}\u{e000}",
    ] {
        let (said, end) = frames(&masked(1, text.as_bytes()));
        assert_eq!((&said[2..], end), (text.as_bytes(), None));
    }
}

#[test]
fn a_server_answers_a_close_and_ends() {
    // RFC 6455, sections 5.5.1 and 7.4. Nothing behind it counts.
    for (body, wanted) in [
        (&b""[..], &b""[..]),
        (b"\x03\xe8", b"\x03\xe8"),
        (b"\x03\xe9bye", b"\x03\xe9"),
        (b"\x03\xf2", b"\x03\xe8"), // 1010 is for clients
        (b"\x03\xf4", b"\x03\xf4"),
        (b"\x0b\xb8", b"\x0b\xb8"),
        (b"\x13\x87", b"\x13\x87"),
    ] {
        let octets = [masked(8, body), masked(9, b"x"), masked(8, b"")].concat();
        let (said, end) = frames(&octets);
        assert_eq!(
            (&said[..1], &said[2..], end),
            (&b"\x88"[..], wanted, Some(End::Fin))
        );
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535u16] {
        fails(1002, &masked(8, &code.to_be_bytes()));
    }
    fails(1002, &masked(8, b"\x03"));
    fails(1007, &masked(8, b"\x03\xe8\xff"));
}

#[test]
fn a_client_fails_on_a_masked_frame_and_waits_for_the_server() {
    let mut peer = open_client(&[masked(1, b"Hello"), b"\x89\x00".to_vec()].concat());
    let said = peer.output();
    assert_eq!(said[0], 0x88);
    assert_eq!(peer.end(), None);
    peer.eof();
    assert_eq!((peer.output().len(), peer.end()), (0, Some(End::Fin)));
}

#[test]
fn the_end_of_the_other_side_is_the_end() {
    let mut peer = open_server();
    peer.receive(&masked(1, b"last words"));
    peer.receive(b"\x81");
    peer.eof();
    assert_eq!(
        (peer.output(), peer.end()),
        (b"\x81\x0alast words".to_vec(), Some(End::Fin))
    );
}

#[test]
fn every_fault_has_a_name_of_its_own_and_a_rule() {
    let rules = include_str!("../../cases/rules.tsv");
    let levels: std::collections::HashMap<_, _> = rules
        .lines()
        .map(|line| line.split('\t').take(3).collect::<Vec<_>>())
        .map(|row| (row[0], (row[1], row[2])))
        .collect();
    let mut names = std::collections::HashSet::new();
    for fault in faults::all() {
        assert!(names.insert(fault.name), "{} twice", fault.name);
        assert!(
            fault
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        );
        assert!(fault.what.ends_with('.') && fault.what.starts_with(char::is_uppercase));
        let (level, _) = levels
            .get(fault.rule)
            .unwrap_or_else(|| panic!("{}: {}", fault.name, fault.rule));
        assert!(
            matches!(*level, "must" | "must-not"),
            "{}: {} is a {level}",
            fault.name,
            fault.rule
        );
        assert!(!fault.acts.is_empty());
    }
    let count = |role| faults::all().filter(|fault| fault.is_for(role)).count();
    assert!(count(Role::Server) >= 90 && count(Role::Client) >= 60);
}

#[test]
fn a_misspelt_fault_finds_its_name() {
    assert_eq!(faults::find("ignores-pings").unwrap().rule, "6455-5.5.2-2");
    let error = faults::find("ignore-ping").unwrap_err().to_string();
    assert!(error.contains("did you mean ignores-pings"), "{error}");
    let error = faults::find("zzzzzzzzzzzz").unwrap_err().to_string();
    assert!(error.contains("--list-faults"), "{error}");
}
