//! Payloads of the notation: strings, octets and generated data, repeated and joined.

/// Parts joined by `+`; no parts: empty.
///
/// The parser leaves out literals without octets, so `""` and no payload at all are the same value.
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

    /// A payload of one string.
    pub fn text(text: &str) -> Payload {
        Payload::one(What::Text(text.as_bytes().to_vec()))
    }

    /// A payload of one atom; empty when the atom is a literal without octets.
    pub fn one(what: What) -> Payload {
        match what {
            What::Text(octets) | What::Hex(octets) if octets.is_empty() => Payload::default(),
            what => Payload(vec![Part { what, times: 1 }]),
        }
    }

    /// The payload's length in octets.
    pub fn len(&self) -> usize {
        self.0.iter().fold(0, |sum: usize, part| {
            sum.saturating_add(part.what.len().saturating_mul(part.times as usize))
        })
    }

    /// Whether it has no octets.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The octets. Generated parts depend on `seed` and their arguments alone.
    pub fn octets(&self, seed: u64) -> Vec<u8> {
        self.octets_with(seed, |text| text.to_vec())
    }

    /// As [`Payload::octets`], with each string replaced by what `expand` makes of it: the values that
    /// are known only when a handshake runs stand in strings, never in generated data.
    pub fn octets_with(&self, seed: u64, mut expand: impl FnMut(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.len().min(Self::MAX));
        for part in &self.0 {
            let once = match &part.what {
                What::Text(text) => expand(text),
                What::Hex(hex) => hex.clone(),
                What::Ascii(n) => Source::new(seed, 1, *n).ascii(*n),
                What::Utf8(n) => Source::new(seed, 2, *n).utf8(*n),
                What::Random(n) => Source::new(seed, 3, *n).random(*n),
            };
            for _ in 0..part.times {
                octets.extend_from_slice(&once);
            }
        }
        octets
    }
}

impl What {
    /// How many octets it is, once.
    pub fn len(&self) -> usize {
        match self {
            What::Text(octets) | What::Hex(octets) => octets.len(),
            What::Ascii(n) | What::Utf8(n) | What::Random(n) => *n,
        }
    }

    /// Whether it has no octets.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// SplitMix64: written out here, because a case has to give the same octets in every version of the program.
struct Source(u64);

impl Source {
    fn new(seed: u64, kind: u64, n: usize) -> Source {
        let mut source = Source(seed);
        let mixed = source.next() ^ kind.rotate_left(56) ^ n as u64;
        Source(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    fn between(&mut self, low: u32, high: u32) -> u32 {
        low + (((self.next() >> 32) * u64::from(high - low + 1)) >> 32) as u32
    }

    fn ascii(mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.between(0x20, 0x7e) as u8).collect()
    }

    fn random(mut self, n: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(n + 8);
        while octets.len() < n {
            octets.extend_from_slice(&self.next().to_le_bytes());
        }
        octets.truncate(n);
        octets
    }

    /// From 10 octets on there are characters of all four lengths, the longest first. They come from blocks
    /// of assigned characters: no U+FEFF, which decoders may swallow, and no noncharacters.
    fn utf8(mut self, n: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(n);
        let mut first = [4, 3, 2, 1].into_iter();
        while octets.len() < n {
            let left = (n - octets.len()).min(4) as u32;
            let length = first.next().unwrap_or_else(|| self.between(1, 4)).min(left);
            let (low, high) = match length {
                1 => (0x20, 0x7e),
                2 => (0xc0, 0x24f),
                3 => (0x4e00, 0x9fa5),
                _ => (0x1f300, 0x1f5ff),
            };
            let character = char::from_u32(self.between(low, high)).unwrap_or(' ');
            octets.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn payload(what: What, times: u32) -> Payload {
        Payload(vec![Part { what, times }])
    }

    #[test]
    fn parts_are_joined_and_repeated() {
        let p = Payload(vec![
            Part {
                what: What::Text(b"ab".to_vec()),
                times: 2,
            },
            Part {
                what: What::Hex(vec![0xff]),
                times: 1,
            },
        ]);
        assert_eq!(p.octets(7), b"abab\xff");
        assert_eq!(p.len(), 5);
        assert!(Payload::text("").is_empty() && Payload::text("").0.is_empty());
    }

    #[test]
    fn the_octets_of_a_seed_never_change() {
        assert_eq!(payload(What::Ascii(8), 1).octets(1), b"Y|FBBetn");
        assert_eq!(
            payload(What::Random(4), 1).octets(1),
            [0x8a, 0xd5, 0x41, 0xd8]
        );
        assert_eq!(
            payload(What::Utf8(10), 1).octets(1),
            "\u{1f3de}\u{8c6a}\u{f6}S".as_bytes()
        );
    }

    #[test]
    fn a_length_beyond_all_memory_saturates() {
        assert_eq!(payload(What::Ascii(usize::MAX), u32::MAX).len(), usize::MAX);
    }

    proptest! {
        #[test]
        fn generated_parts_are_what_they_say(seed: u64, n in 0usize..300, times in 0u32..4) {
            let ascii = payload(What::Ascii(n), times).octets(seed);
            prop_assert_eq!(ascii.len(), n * times as usize);
            prop_assert!(ascii.iter().all(|b| (0x20..=0x7e).contains(b)));
            prop_assert_eq!(payload(What::Random(n), 1).octets(seed).len(), n);

            let utf8 = String::from_utf8(payload(What::Utf8(n), 1).octets(seed)).expect("valid UTF-8");
            prop_assert_eq!(utf8.len(), n);
            for length in 1..=4 {
                prop_assert!(n < 10 || utf8.chars().any(|c| c.len_utf8() == length));
            }
        }

        #[test]
        fn the_same_expression_gives_the_same_octets(seed: u64, n in 16usize..64) {
            let alone = payload(What::Random(n), 1).octets(seed);
            let joined = Payload(vec![
                Part { what: What::Ascii(3), times: 1 },
                Part { what: What::Random(n), times: 1 },
            ]);
            prop_assert_eq!(&joined.octets(seed)[3..], &alone[..]);
            prop_assert_ne!(payload(What::Random(n), 1).octets(seed ^ 1), alone);
        }
    }
}
