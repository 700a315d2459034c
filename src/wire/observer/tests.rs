use std::slice;

use super::*;
use crate::wire::{
    close::CloseBody,
    frame::{Decoder, Form},
};

mod lawful;
mod rules;
mod samples;

use samples::{breaches_of_clients, breaches_of_servers};

const KEYS: [[u8; 4]; 6] = [
    [0x5a, 0x11, 0xc8, 0x03],
    [0x91, 0xe2, 0x07, 0x7d],
    [0x0c, 0x4f, 0xb3, 0xaa],
    [0xd7, 0x38, 0x60, 0x1e],
    [0x26, 0x99, 0xf5, 0x44],
    [0xbb, 0x72, 0x1a, 0xe9],
];

fn observer(target: Role, sent: &[u16]) -> Observer {
    let mut observer = Observer::new(target);
    observer.open(&Agreement::default());
    sent.iter().for_each(|&code| observer.sent_close(code));
    observer
}

/// What is told of each of these frames of a server.
fn told(sent: &[u16], frames: &[Frame]) -> Vec<Breach> {
    let mut observer = observer(Role::Server, sent);
    frames
        .iter()
        .flat_map(|frame| observer.frame(frame))
        .collect()
}

/// What is told of each of these frames of a client, masked with a fresh key each.
fn told_of_client(sent: &[u16], frames: &[Frame]) -> Vec<Breach> {
    let mut observer = observer(Role::Client, sent);
    let masked = frames.iter().cloned().zip(KEYS);
    masked
        .flat_map(|(frame, key)| observer.frame(&frame.with_key(key)))
        .collect()
}

fn close(code: u16, reason: &[u8]) -> Frame {
    Frame::close(&CloseBody::new(code, reason))
}

fn with_rsv(frame: Frame, rsv: [bool; 3]) -> Frame {
    let header = Header {
        rsv,
        ..frame.header
    };
    Frame { header, ..frame }
}

fn with_form(frame: Frame, form: Form) -> Frame {
    let header = Header {
        form,
        ..frame.header
    };
    Frame { header, ..frame }
}

fn fragment(frame: Frame) -> Frame {
    frame.with_fin(false)
}

#[test]
fn tells_each_breach_once_and_nothing_else() {
    for (frames, breach, warning) in breaches_of_servers() {
        assert_eq!(told(&[], &frames), slice::from_ref(&breach), "{frames:?}");
        assert_eq!(breach.is_warning(), warning, "{breach}");
        // A client that masks is told the same, but for what binds servers only.
        if breach.rule() != "6455-5.1-5" && breach.rule() != "6455-7.4.1-13" {
            assert_eq!(told_of_client(&[], &frames), [breach], "{frames:?}");
        }
    }
    for (frames, breach, warning) in breaches_of_clients() {
        let mut observer = observer(Role::Client, &[]);
        let told: Vec<Breach> = frames
            .iter()
            .flat_map(|frame| observer.frame(frame))
            .collect();
        assert_eq!(told, slice::from_ref(&breach), "{frames:?}");
        assert_eq!(breach.is_warning(), warning, "{breach}");
    }
}

#[test]
fn tells_of_all_that_is_wrong_with_one_frame() {
    let frame = with_rsv(
        fragment(Frame::ping(vec![0; 200]).with_key(KEYS[0])),
        [false, true, false],
    );
    let rules: Vec<&str> = told(&[], &[with_form(frame, Form::SixtyFour)])
        .iter()
        .map(Breach::rule)
        .collect();
    assert_eq!(
        rules,
        [
            "6455-5.1-5",
            "6455-5.2-2",
            "6455-5.2-12",
            "6455-5.4-9",
            "6455-5.5-1"
        ]
    );
}

#[test]
fn weighs_an_echoed_code_less_where_the_rfc_does() {
    for (code, hard) in [
        (1004, false),
        (1016, false),
        (2999, false),
        (1005, true),
        (1006, true),
        (1015, true),
        (0, true),
        (999, true),
        (5000, true),
        (65535, true),
    ] {
        // Some other code that was sent makes no echo.
        let own = told(&[1000], &[close(code, b"")]);
        assert!(
            matches!(&own[..], [breach] if !breach.is_warning()),
            "{code}: {own:?}"
        );
        let echo = told(&[code], &[close(code, b"")]);
        assert!(
            matches!(&echo[..], [breach] if breach.is_warning() != hard),
            "{code}: {echo:?}"
        );
        assert!(echo[0].to_string().contains("echo"), "{}", echo[0]);
    }
    assert_eq!(told(&[1010], &[close(1010, b"")]), []);
    assert_eq!(told_of_client(&[1010], &[close(1010, b"")]), []);
}

#[test]
fn accepts_what_the_rfc_allows() {
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4999,
    ] {
        assert_eq!(told(&[], &[close(code, "gr\u{fc}\u{df}e".as_bytes())]), []);
    }
    assert_eq!(
        told_of_client(&[], &[close(1010, b"permessage-deflate")]),
        []
    );
    assert_eq!(told(&[], &[close(1000, &[b'r'; 123])]), []);
    assert_eq!(
        told(
            &[],
            &[
                Frame::ping(vec![0xff; 125]),
                Frame::close(&CloseBody::Empty)
            ]
        ),
        []
    );
    // A single frame may end inside a character (5.6), a message may be cut off by a Close (5.5.1).
    let cut = [
        fragment(Frame::new(Opcode::TEXT, &b"\xe2\x82"[..])),
        fragment(Frame::continuation("")),
        close(1001, b""),
    ];
    assert_eq!(told(&[], &cut), []);
    // A key may come twice by chance, may be zero, and masks nothing in an empty frame (5.3).
    let mut client = observer(Role::Client, &[]);
    for frame in [
        Frame::ping("a").with_key([0; 4]),
        Frame::ping("a").with_key([0; 4]),
        Frame::ping("a").with_key(KEYS[0]),
        Frame::pong("").with_key([0; 4]),
        Frame::pong("").with_key([0; 4]),
        Frame::pong("").with_key([0; 4]),
        Frame::ping("a").with_key(KEYS[0]),
    ] {
        assert_eq!(client.frame(&frame), []);
    }
}

#[test]
fn judges_the_header_of_a_frame_that_never_ends() {
    let stream = |octets: &[u8]| {
        let (mut decoder, mut observer) = (Decoder::new(1000), observer(Role::Server, &[]));
        decoder.feed(octets);
        let mut told = Vec::new();
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => told.extend(observer.frame(&frame)),
                Ok(None) => break,
                Err(error) => {
                    told.extend(observer.unreadable(&error));
                    break;
                }
            }
        }
        told.extend(observer.end(&decoder.pending()));
        told
    };
    // An endpoint may close at any time and by any means (7.1.1, 7.3).
    assert_eq!(stream(b"\x81\x05Hel"), []);
    assert_eq!(stream(b"\x81"), []);
    assert_eq!(
        stream(b"\x88\x00\x82\x05a"),
        [Breach::DataAfterClose {
            opcode: Opcode::BINARY,
            length: 5
        }]
    );
    // A legal length beyond what is read is no breach.
    assert_eq!(stream(b"\x82\x7f\0\0\0\0\x00\x01\x00\x00"), []);
    assert_eq!(
        stream(b"\xa2\x7e\xff\xff"),
        [Breach::ReservedBits {
            opcode: Opcode::BINARY,
            rsv: [false, true, false]
        }]
    );
    assert_eq!(
        stream(b"\x82\x7f\x80\0\0\0\0\0\0\x01a"),
        [Breach::LengthTopBit {
            length: 1 << 63 | 1
        }]
    );
}

#[test]
fn says_what_was_seen() {
    let says = |breach: Breach, text: &str| assert_eq!(breach.to_string(), text);
    says(
        Breach::MaskedByServer {
            opcode: Opcode::PING,
            key: [0, 0xff, 1, 2],
        },
        "masked a ping frame, although it is the server",
    );
    says(
        Breach::ReservedBits {
            opcode: Opcode::CLOSE,
            rsv: [true, false, true],
        },
        "set RSV1 and RSV3 on a Close frame, which no negotiated extension gives a meaning",
    );
    says(
        Breach::LengthNotShortest {
            opcode: Opcode::TEXT,
            form: Form::SixtyFour,
            length: 300,
        },
        "wrote the length 300 of a text frame in the 64-bit form; the shortest is the 16-bit form",
    );
    says(
        Breach::TextNotUtf8 {
            offset: 3,
            octet: Some(0x90),
        },
        "sent text that is not UTF-8: octet 0x90 at offset 3 of the message cannot be",
    );
    says(
        Breach::CodeOutOfRange {
            code: 0xe803,
            echo: false,
        },
        "sent close code 59395; codes lie between 1000 and 4999 (with its octets swapped it is 1000)",
    );
    says(
        Breach::CodeNoStatus { echo: true },
        "sent close code 1005, which stands for the absence of a code (an echo of the code it was sent)",
    );
}
