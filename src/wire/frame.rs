//! Frames on the wire (RFC 6455, section 5.2): an encoder that can break every rule and a decoder that reads whatever comes.

use bytes::Bytes;

/// A frame's opcode: four bits (RFC 6455, sections 5.2 and 11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opcode(u8);

impl Opcode {
    pub const CONTINUATION: Opcode = Opcode(0x0);
    pub const TEXT: Opcode = Opcode(0x1);
    pub const BINARY: Opcode = Opcode(0x2);
    pub const CLOSE: Opcode = Opcode(0x8);
    pub const PING: Opcode = Opcode(0x9);
    pub const PONG: Opcode = Opcode(0xA);
    /// The low four bits of `value`.
    pub const fn new(value: u8) -> Opcode {
        Opcode(value & 0x0f)
    }
    pub const fn value(self) -> u8 {
        self.0
    }
    /// 8 to 15 (RFC 6455, section 5.5).
    pub const fn is_control(self) -> bool {
        self.0 >= 8
    }
    /// 3 to 7 and 11 to 15 (RFC 6455, section 5.2).
    pub const fn is_reserved(self) -> bool {
        matches!(self.0, 3..=7 | 11..=15)
    }
}

/// The form in which a payload length is written (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// In the 7-bit field.
    Seven,
    /// 126 and 16 bits.
    Sixteen,
    /// 127 and 64 bits.
    SixtyFour,
}

impl Form {
    /// The shortest form that holds `length`.
    pub const fn shortest(length: u64) -> Form {
        match length {
            0..=125 => Form::Seven,
            126..=0xffff => Form::Sixteen,
            _ => Form::SixtyFour,
        }
    }
}

/// A frame header as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub fin: bool,
    /// RSV1, RSV2, RSV3.
    pub rsv: [bool; 3],
    pub opcode: Opcode,
    /// The masking key when the MASK bit is set.
    pub key: Option<[u8; 4]>,
    pub form: Form,
    /// The declared payload length, as written (the top bit included).
    pub length: u64,
}

/// A frame that was read: header, and payload with the masking removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub header: Header,
    pub payload: Bytes,
}
