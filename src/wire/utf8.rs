//! Incremental UTF-8 (RFC 3629): where a stream of octets stops being valid, however it is cut.

use std::ops::RangeInclusive;

/// Validates a stream piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Utf8 {
    /// Octets of whole characters so far.
    whole: u64,
    /// The character that is under way.
    partial: Option<Partial>,
    wrong: Option<u64>,
}

/// A character of which `have` octets are there and `need` are missing; the next one has to lie in `low..=high`.
#[derive(Clone, Copy, Debug)]
struct Partial {
    have: u8,
    need: u8,
    low: u8,
    high: u8,
}

impl Partial {
    /// The table of RFC 3629, section 4. `None`: no lead octet of several.
    fn begin(lead: u8) -> Option<Partial> {
        let (need, range): (u8, RangeInclusive<u8>) = match lead {
            0xc2..=0xdf => (1, 0x80..=0xbf),
            0xe0 => (2, 0xa0..=0xbf),
            0xe1..=0xec | 0xee..=0xef => (2, 0x80..=0xbf),
            0xed => (2, 0x80..=0x9f),
            0xf0 => (3, 0x90..=0xbf),
            0xf1..=0xf3 => (3, 0x80..=0xbf),
            0xf4 => (3, 0x80..=0x8f),
            _ => return None,
        };
        Some(Partial {
            have: 1,
            need,
            low: *range.start(),
            high: *range.end(),
        })
    }
}

impl Utf8 {
    /// Reads on. `Err(offset)`: the offset, from the start of the stream, of the first octet that cannot
    /// be part of valid UTF-8. Once wrong it stays wrong.
    pub fn feed(&mut self, octets: &[u8]) -> Result<(), u64> {
        if let Some(offset) = self.wrong {
            return Err(offset);
        }
        let mut rest = octets;
        while self.partial.is_some() {
            let Some((&octet, tail)) = rest.split_first() else {
                return Ok(());
            };
            self.step(octet)?;
            rest = tail;
        }
        // The bulk is the standard library's; only what it stops at goes through the table, octet by octet.
        let valid = match std::str::from_utf8(rest) {
            Ok(_) => rest.len(),
            Err(error) => error.valid_up_to(),
        };
        self.whole += valid as u64;
        rest[valid..].iter().try_for_each(|&octet| self.step(octet))
    }

    fn step(&mut self, octet: u8) -> Result<(), u64> {
        match self.partial {
            None if octet < 0x80 => self.whole += 1,
            None => match Partial::begin(octet) {
                Some(partial) => self.partial = Some(partial),
                None => return self.fail(0),
            },
            Some(Partial {
                have,
                need,
                low,
                high,
            }) => {
                if !(low..=high).contains(&octet) {
                    return self.fail(have);
                }
                self.partial = (need > 1).then_some(Partial {
                    have: have + 1,
                    need: need - 1,
                    low: 0x80,
                    high: 0xbf,
                });
                if need == 1 {
                    self.whole += u64::from(have) + 1;
                }
            }
        }
        Ok(())
    }

    fn fail(&mut self, have: u8) -> Result<(), u64> {
        let offset = self.whole + u64::from(have);
        self.wrong = Some(offset);
        Err(offset)
    }

    /// Whether the stream may end here; `Err(offset)`: inside a character that began there, or wrong before.
    pub fn finish(&self) -> Result<(), u64> {
        match (self.wrong, self.partial) {
            (Some(offset), _) => Err(offset),
            (None, Some(_)) => Err(self.whole),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The first octet that no valid text can have there, found by asking the standard library about each prefix.
    fn oracle(octets: &[u8]) -> (Result<(), u64>, Result<(), u64>) {
        for end in 1..=octets.len() {
            if let Err(error) = std::str::from_utf8(&octets[..end])
                && error.error_len().is_some()
            {
                return (Err(end as u64 - 1), Err(end as u64 - 1));
            }
        }
        let finish = match std::str::from_utf8(octets) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.valid_up_to() as u64),
        };
        (Ok(()), finish)
    }

    fn judge(octets: &[u8], cuts: &[usize]) -> (Result<(), u64>, Result<(), u64>) {
        let mut utf8 = Utf8::default();
        let (mut at, mut fed) = (0, Ok(()));
        for &cut in cuts.iter().chain([&octets.len()]) {
            let end = cut.clamp(at, octets.len());
            fed = utf8.feed(&octets[at..end]);
            at = end;
        }
        (fed, utf8.finish())
    }

    #[test]
    fn agrees_with_std_on_all_sequences_of_two_octets_and_on_the_bounds_of_longer_ones() {
        const EDGES: [u8; 14] = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xf4, 0xf5, 0xff,
        ];
        for first in 0..=255 {
            for second in 0..=255 {
                let two = [first, second];
                assert_eq!(judge(&two, &[1]), oracle(&two), "{two:02x?}");
            }
            for (second, third) in EDGES.iter().flat_map(|&s| EDGES.map(|t| (s, t))) {
                for fourth in EDGES {
                    let four = [first, second, third, fourth];
                    let wanted = oracle(&four);
                    assert_eq!(judge(&four, &[]), wanted, "{four:02x?}");
                    assert_eq!(judge(&four, &[1, 2, 3]), wanted, "{four:02x?}");
                }
            }
        }
    }

    #[test]
    fn names_the_octet_that_cannot_be() {
        // RFC 3629, section 4: F4 is followed by 80 to 8F.
        assert_eq!(judge(b"ab\xf4\x90\x80\x80", &[]), (Err(3), Err(3)));
        assert_eq!(judge(b"ab\xed\xa0\x80", &[3]), (Err(3), Err(3)));
        assert_eq!(judge(b"ab\xc0\x80", &[]), (Err(2), Err(2)));
        assert_eq!(judge("κόσ".as_bytes(), &[1]), (Ok(()), Ok(())));
        assert_eq!(judge(b"ab\xe2\x82", &[3]), (Ok(()), Err(2)));
        // U+0000, a byte order mark, noncharacters and U+10FFFF are valid.
        assert_eq!(
            judge("\0\u{feff}\u{fffe}\u{10ffff}".as_bytes(), &[]).1,
            Ok(())
        );
    }

    #[test]
    fn stays_wrong() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.feed(b"ok\xff"), Err(2));
        assert_eq!(utf8.feed(b"fine"), Err(2));
        assert_eq!(utf8.finish(), Err(2));
    }

    proptest! {
        #[test]
        fn agrees_with_std_however_it_is_cut(
            parts in prop::collection::vec(
                prop_oneof![
                    any::<String>().prop_map(String::into_bytes),
                    prop::collection::vec(any::<u8>(), 0..4),
                    prop::sample::select(vec![&b"\xe2\x82"[..], b"\xf0\x90\x8d", b"\xed\x9f\xbf", b"\xf4\x8f"]).prop_map(<[u8]>::to_vec),
                ],
                0..5,
            ),
            mut cuts in prop::collection::vec(0..80usize, 0..6),
        ) {
            let octets = parts.concat();
            cuts.sort_unstable();
            prop_assert_eq!(judge(&octets, &cuts), oracle(&octets));
        }
    }
}
