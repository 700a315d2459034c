//! Streams with one breach each.

use super::*;

/// Frames of a server, the breaches told, and whether they are warnings only.
pub fn breaches_of_servers() -> Vec<(Vec<Frame>, Breach, bool)> {
    let (text, ping, cont) = (Opcode::TEXT, Opcode::PING, Opcode::CONTINUATION);
    vec![
        (
            vec![Frame::ping("a").with_key(KEYS[0])],
            Breach::MaskedByServer {
                opcode: ping,
                key: KEYS[0],
            },
            false,
        ),
        (
            vec![with_rsv(Frame::text("a"), [true, false, true])],
            Breach::ReservedBits {
                opcode: text,
                rsv: [true, false, true],
            },
            false,
        ),
        (
            vec![Frame::new(Opcode::new(11), "")],
            Breach::ReservedOpcode {
                opcode: Opcode::new(11),
            },
            false,
        ),
        (
            vec![with_form(Frame::text("a"), Form::Sixteen)],
            Breach::LengthNotShortest {
                opcode: text,
                form: Form::Sixteen,
                length: 1,
            },
            false,
        ),
        (
            vec![with_form(Frame::binary(vec![0; 65535]), Form::SixtyFour)],
            Breach::LengthNotShortest {
                opcode: Opcode::BINARY,
                form: Form::SixtyFour,
                length: 65535,
            },
            false,
        ),
        (
            vec![Frame::text("a"), Frame::continuation("bc")],
            Breach::ContinuationWithoutMessage {
                fin: true,
                length: 2,
            },
            false,
        ),
        (
            vec![
                fragment(Frame::binary("a")),
                Frame::text("b"),
                Frame::continuation("c"),
            ],
            Breach::MessageInsideMessage {
                opcode: text,
                fin: true,
            },
            false,
        ),
        (
            vec![
                fragment(Frame::binary("a")),
                fragment(Frame::text("b")),
                Frame::continuation("c"),
            ],
            Breach::MessageInsideMessage {
                opcode: text,
                fin: false,
            },
            false,
        ),
        (
            vec![fragment(Frame::ping("a"))],
            Breach::ControlFragmented { opcode: ping },
            false,
        ),
        (
            vec![Frame::ping(vec![0; 126])],
            Breach::ControlTooLong {
                opcode: ping,
                length: 126,
            },
            false,
        ),
        (
            vec![
                Frame::text("a"),
                fragment(Frame::new(text, &b"ab"[..])),
                Frame::continuation(&b"\xe2\x82"[..]),
            ],
            Breach::TextNotUtf8 {
                offset: 2,
                octet: None,
            },
            false,
        ),
        (
            vec![
                fragment(Frame::new(text, &b"ab\xf4"[..])),
                Frame::ping("between"),
                fragment(Frame::continuation(&b"\x90"[..])),
                // Told once.
                Frame::continuation(&b"\xff"[..]),
                Frame::text("good"),
            ],
            Breach::TextNotUtf8 {
                offset: 3,
                octet: Some(0x90),
            },
            false,
        ),
        (
            vec![Frame::new(Opcode::CLOSE, &b"\x03"[..])],
            Breach::CloseBodyShort { octet: 3 },
            false,
        ),
        (
            vec![close(1000, b"bye \xff")],
            Breach::ReasonNotUtf8 { offset: 4 },
            false,
        ),
        (
            vec![close(1000, b"bye \xe2\x82")],
            Breach::ReasonNotUtf8 { offset: 4 },
            false,
        ),
        (
            // A message may be cut off by the Close, but does not go on behind it.
            vec![
                fragment(Frame::text("a")),
                close(1000, b""),
                Frame::continuation("b"),
            ],
            Breach::DataAfterClose {
                opcode: cont,
                length: 1,
            },
            false,
        ),
        (
            vec![close(1000, b""), Frame::new(text, &b"\xff"[..])],
            Breach::DataAfterClose {
                opcode: text,
                length: 1,
            },
            false,
        ),
        (
            vec![close(1000, b""), Frame::ping("a")],
            Breach::ControlAfterClose { opcode: ping },
            true,
        ),
        (
            vec![close(1000, b""), Frame::close(&CloseBody::Empty)],
            Breach::SecondClose,
            false,
        ),
        (
            vec![close(1004, b"")],
            Breach::CodeReserved { echo: false },
            false,
        ),
        (
            vec![close(1005, b"")],
            Breach::CodeNoStatus { echo: false },
            false,
        ),
        (
            vec![close(1006, b"")],
            Breach::CodeAbnormal { echo: false },
            false,
        ),
        (
            vec![close(1015, b"")],
            Breach::CodeTls { echo: false },
            false,
        ),
        (
            vec![close(1010, b"permessage-deflate")],
            Breach::ExtensionsMissedByServer,
            true,
        ),
        (
            vec![close(1016, b"")],
            Breach::CodeUnassigned {
                code: 1016,
                echo: false,
            },
            false,
        ),
        (
            vec![close(2999, b"")],
            Breach::CodeUnassigned {
                code: 2999,
                echo: false,
            },
            false,
        ),
        (
            vec![close(0, b"")],
            Breach::CodeOutOfRange {
                code: 0,
                echo: false,
            },
            false,
        ),
        (
            vec![close(999, b"")],
            Breach::CodeOutOfRange {
                code: 999,
                echo: false,
            },
            false,
        ),
        (
            vec![close(5000, b"")],
            Breach::CodeOutOfRange {
                code: 5000,
                echo: false,
            },
            false,
        ),
        (
            vec![close(0xe803, b"")],
            Breach::CodeOutOfRange {
                code: 0xe803,
                echo: false,
            },
            false,
        ),
    ]
}

/// Frames of a client as they are, and the breach told.
pub fn breaches_of_clients() -> Vec<(Vec<Frame>, Breach, bool)> {
    let binary = |keys: &[[u8; 4]]| {
        keys.iter()
            .map(|&key| Frame::binary("a").with_key(key))
            .collect::<Vec<_>>()
    };
    let counted = |step: u32, order: fn(u32) -> [u8; 4]| {
        binary(
            &[0, 1, 2, 3, 4]
                .map(|i: u32| order(0xffff_fff0_u32.wrapping_add(i.wrapping_mul(step)))),
        )
    };
    vec![
        (
            vec![Frame::pong("")],
            Breach::UnmaskedByClient {
                opcode: Opcode::PONG,
                length: 0,
            },
            false,
        ),
        (
            vec![Frame::close(&CloseBody::Empty)],
            Breach::UnmaskedClose,
            false,
        ),
        (
            binary(&[[0; 4]; 5]),
            Breach::KeyUsedAgain { key: [0; 4] },
            false,
        ),
        (
            binary(&[KEYS[0], KEYS[1], KEYS[2], KEYS[0], KEYS[1], KEYS[2]]),
            Breach::KeyUsedAgain { key: KEYS[1] },
            false,
        ),
        (
            counted(7, u32::to_be_bytes),
            Breach::KeysPredictable { key: [0, 0, 0, 5] },
            false,
        ),
        (
            counted(u32::MAX, u32::to_le_bytes),
            Breach::KeysPredictable {
                key: [0xed, 0xff, 0xff, 0xff],
            },
            false,
        ),
        (
            vec![close(1010, b"").with_key(KEYS[0])],
            Breach::ExtensionsNotListed,
            true,
        ),
    ]
}
