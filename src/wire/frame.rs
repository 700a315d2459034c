//! Frames on the wire (RFC 6455, section 5.2): an encoder that can break every rule and a decoder that reads whatever comes.
//!
//! Neither judges. The encoder writes exactly what a [`Header`] says; [`Decoder`] gives back exactly what stood on the wire.
//! What is wrong with a frame is the observer's to say.

use std::fmt;

use bytes::Bytes;

mod decode;
mod mask;

pub use decode::{DecodeError, Decoder, Pending};
pub use mask::mask;

/// A frame's opcode: four bits (RFC 6455, sections 5.2 and 11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opcode(u8);

impl Opcode {
    /// A fragment after the first.
    pub const CONTINUATION: Opcode = Opcode(0x0);
    /// The first frame of a text message.
    pub const TEXT: Opcode = Opcode(0x1);
    /// The first frame of a binary message.
    pub const BINARY: Opcode = Opcode(0x2);
    /// Close.
    pub const CLOSE: Opcode = Opcode(0x8);
    /// Ping.
    pub const PING: Opcode = Opcode(0x9);
    /// Pong.
    pub const PONG: Opcode = Opcode(0xA);

    /// The low four bits of `value`.
    pub const fn new(value: u8) -> Opcode {
        Opcode(value & 0x0f)
    }
    /// 0 to 15.
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
    /// Text, binary and continuation: what carries messages (RFC 6455, section 5.6; erratum 4672 for continuations).
    pub const fn is_data(self) -> bool {
        self.0 <= 2
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Opcode::CONTINUATION => f.write_str("continuation"),
            Opcode::TEXT => f.write_str("text"),
            Opcode::BINARY => f.write_str("binary"),
            Opcode::CLOSE => f.write_str("Close"),
            Opcode::PING => f.write_str("ping"),
            Opcode::PONG => f.write_str("pong"),
            Opcode(other) => write!(f, "opcode {other}"),
        }
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
    /// How many octets follow the 7-bit field.
    const fn extended(self) -> usize {
        match self {
            Form::Seven => 0,
            Form::Sixteen => 2,
            Form::SixtyFour => 8,
        }
    }
}

/// A frame header as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The FIN bit.
    pub fin: bool,
    /// RSV1, RSV2, RSV3.
    pub rsv: [bool; 3],
    /// Four bits.
    pub opcode: Opcode,
    /// The masking key when the MASK bit is set.
    pub key: Option<[u8; 4]>,
    /// The form of the length, shortest or not.
    pub form: Form,
    /// The declared payload length, as written (the top bit included).
    pub length: u64,
}

impl Header {
    /// The most octets that a header has.
    pub const MAX: usize = 14;

    /// The ordinary header: FIN set, no RSV bit, unmasked, the shortest form.
    pub const fn new(opcode: Opcode, length: u64) -> Header {
        Header {
            fin: true,
            rsv: [false; 3],
            opcode,
            key: None,
            form: Form::shortest(length),
            length,
        }
    }

    /// Appends the header exactly as it says, lawful or not.
    ///
    /// A length that does not fit the form is cut to the form's low bits (7, 16 or 64). In [`Form::Seven`] that can
    /// leave 126 or 127, which a reader takes for the longer forms.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (octets, size) = self.octets();
        out.extend_from_slice(&octets[..size]);
    }

    /// What [`encode`](Header::encode) writes, and how many octets of it there are.
    pub(crate) fn octets(&self) -> ([u8; Header::MAX], usize) {
        let mut octets = [0; Header::MAX];
        let [rsv1, rsv2, rsv3] = self.rsv.map(u8::from);
        let bits = u8::from(self.fin) << 7 | rsv1 << 6 | rsv2 << 5 | rsv3 << 4;
        octets[0] = bits | self.opcode.0;
        let field = match self.form {
            Form::Seven => self.length as u8 & 0x7f,
            Form::Sixteen => {
                octets[2..4].copy_from_slice(&(self.length as u16).to_be_bytes());
                126
            }
            Form::SixtyFour => {
                octets[2..10].copy_from_slice(&self.length.to_be_bytes());
                127
            }
        };
        octets[1] = u8::from(self.key.is_some()) << 7 | field;
        let mut size = 2 + self.form.extended();
        if let Some(key) = self.key {
            octets[size..size + 4].copy_from_slice(&key);
            size += 4;
        }
        (octets, size)
    }

    /// How many octets [`encode`](Header::encode) writes: 2 to 14.
    pub const fn size(&self) -> usize {
        2 + self.form.extended() + if self.key.is_some() { 4 } else { 0 }
    }

    /// Reads a header from the start of `octets`; `None` while it is incomplete. It is [`size`](Header::size) octets long.
    pub fn read(octets: &[u8]) -> Option<Header> {
        let &[first, second, ref rest @ ..] = octets else {
            return None;
        };
        let (form, length, rest) = match second & 0x7f {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (Form::Sixteen, u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (Form::SixtyFour, u64::from_be_bytes(*length), rest)
            }
            short => (Form::Seven, u64::from(short), rest),
        };
        let key = match second & 0x80 {
            0 => None,
            _ => Some(*rest.first_chunk()?),
        };
        Some(Header {
            fin: first & 0x80 != 0,
            rsv: [0x40, 0x20, 0x10].map(|bit| first & bit != 0),
            opcode: Opcode::new(first),
            key,
            form,
            length,
        })
    }

    /// Whether the length stands in the shortest form (RFC 6455, section 5.2).
    pub fn is_shortest(&self) -> bool {
        self.form == Form::shortest(self.length)
    }
}

/// Appends a header and a payload; the payload is masked if the header has a key.
///
/// The header's length is written as it stands, whatever the payload's.
pub fn encode(header: &Header, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(Header::MAX + payload.len());
    header.encode(out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = header.key {
        mask(key, 0, &mut out[start..]);
    }
}

/// A frame that was read: header, and payload with the masking removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// As it stood on the wire.
    pub header: Header,
    /// Unmasked.
    pub payload: Bytes,
}

impl Frame {
    /// A whole, unmasked frame with the length in its shortest form.
    pub fn new(opcode: Opcode, payload: impl Into<Bytes>) -> Frame {
        let payload = payload.into();
        Frame {
            header: Header::new(opcode, payload.len() as u64),
            payload,
        }
    }
    /// A text message in one frame.
    pub fn text(text: impl Into<String>) -> Frame {
        Frame::new(Opcode::TEXT, text.into())
    }
    /// A binary message in one frame.
    pub fn binary(payload: impl Into<Bytes>) -> Frame {
        Frame::new(Opcode::BINARY, payload)
    }
    /// The last fragment of a message.
    pub fn continuation(payload: impl Into<Bytes>) -> Frame {
        Frame::new(Opcode::CONTINUATION, payload)
    }
    /// A ping.
    pub fn ping(payload: impl Into<Bytes>) -> Frame {
        Frame::new(Opcode::PING, payload)
    }
    /// A pong.
    pub fn pong(payload: impl Into<Bytes>) -> Frame {
        Frame::new(Opcode::PONG, payload)
    }
    /// A Close frame with this body.
    pub fn close(body: &super::close::CloseBody) -> Frame {
        Frame::new(Opcode::CLOSE, body.octets())
    }
    /// With this FIN bit.
    pub fn with_fin(mut self, fin: bool) -> Frame {
        self.header.fin = fin;
        self
    }
    /// With this masking key, or unmasked.
    pub fn with_key(mut self, key: impl Into<Option<[u8; 4]>>) -> Frame {
        self.header.key = key.into();
        self
    }
    /// Appends the frame as it stands on the wire, masked if it has a key.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(&self.header, &self.payload, out);
    }
    /// The octets of the header, as they stand on the wire.
    pub fn header_octets(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Header::MAX);
        self.header.encode(&mut out);
        out
    }
    /// How many octets the frame has on the wire.
    pub fn size(&self) -> usize {
        self.header.size() + self.payload.len()
    }
}

#[cfg(test)]
mod tests;
