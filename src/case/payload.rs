//! Payloads of the notation: strings, octets and generated data, repeated and joined.

/// Parts joined by `+`; no parts: empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload(pub Vec<Part>);

/// One part, `times` over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What.
    pub what: What,
    /// How often; 1 when not said.
    pub times: u32,
}

/// The atoms of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// `"text"`: octets that print as a string with escapes.
    Text(Vec<u8>),
    /// `x"f4 90"`.
    Hex(Vec<u8>),
    /// `ascii(N)`: N printable ASCII characters from the seed.
    Ascii(usize),
    /// `utf8(N)`: N octets of valid UTF-8 from the seed.
    Utf8(usize),
    /// `random(N)`: N octets from the seed.
    Random(usize),
}

impl Payload {
    /// The most octets that a payload may have: 64 MiB. The parser refuses more.
    pub const MAX: usize = 64 << 20;

    /// The payload's length in octets.
    pub fn len(&self) -> usize {
        todo!()
    }
    /// Whether it has no octets.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The octets. Generated parts depend on `seed` and their arguments alone.
    pub fn octets(&self, seed: u64) -> Vec<u8> {
        let _ = seed;
        todo!()
    }
}
