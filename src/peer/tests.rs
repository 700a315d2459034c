//! The faultless peer against octets written by hand, in both roles.

mod opening;
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
        browser: false,
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
