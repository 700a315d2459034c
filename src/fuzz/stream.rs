//! A stream of octets, and how TCP cuts it.

use arbitrary::{Arbitrary, Unstructured};

use crate::case::Role;

/// What one end of a connection sends, and the pieces in which it comes.
///
/// As octets: the stream, then one octet that says who sends it (bit 0: the server) and how it is cut (the other bits).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Who sends it.
    pub sender: Role,
    /// How it is cut: 0 not at all, up to 15 into pieces of that many octets, beyond into pieces of changing size; behind each 16 pieces they
    /// are twice as long. At most 127.
    pub cut: u8,
    /// All of it.
    pub octets: Vec<u8>,
}

impl Stream {
    /// The octets from which the stream is made.
    pub fn seed(&self) -> Vec<u8> {
        let mut seed = self.octets.clone();
        seed.push(self.cut << 1 | u8::from(self.sender == Role::Server));
        seed
    }

    /// Its pieces, in order, none of them empty.
    pub fn pieces(&self) -> Vec<&[u8]> {
        pieces(&self.octets, self.cut)
    }

    /// [`pieces`](Stream::pieces) without an allocation.
    pub(super) fn cuts(&self) -> impl Iterator<Item = &[u8]> {
        cuts(&self.octets, self.cut)
    }
}

pub(super) fn pieces(octets: &[u8], cut: u8) -> Vec<&[u8]> {
    cuts(octets, cut).collect()
}

/// How many pieces have one size: behind them it is doubled, so that a long stream does not come in too many.
const ALIKE: u32 = 16;

pub(super) fn cuts(octets: &[u8], cut: u8) -> impl Iterator<Item = &[u8]> {
    let mut state = u64::from(cut);
    split(octets, move |pieces| {
        let size = match cut {
            0 => usize::MAX,
            1..16 => usize::from(cut),
            // Any sequence will do that changes and is the same each time (Knuth's multiplier).
            _ => {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                1 + (state >> 59) as usize
            }
        };
        size.saturating_mul(1 << (pieces / ALIKE).min(16))
    })
}

/// As [`cuts`], in a few pieces only: each is four times as long as the one before.
pub(super) fn few_cuts(octets: &[u8], cut: u8) -> impl Iterator<Item = &[u8]> {
    split(octets, move |pieces| match cut {
        0 => usize::MAX,
        _ => usize::from(cut) << (2 * pieces).min(16),
    })
}

/// Pieces of these sizes, which depend on how many came before.
fn split(octets: &[u8], mut size: impl FnMut(u32) -> usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = octets;
    let mut pieces = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, left) = rest.split_at(size(pieces).min(rest.len()));
        rest = left;
        pieces += 1;
        Some(piece)
    })
}

/// The last octet, and those before it.
pub(super) fn last<'a>(u: &mut Unstructured<'a>) -> arbitrary::Result<(&'a [u8], u8)> {
    let all = u.bytes(u.len())?;
    let (last, octets) = all.split_last().ok_or(arbitrary::Error::NotEnoughData)?;
    Ok((octets, *last))
}

pub(super) fn role(server: u8) -> Role {
    match server & 1 {
        1 => Role::Server,
        _ => Role::Client,
    }
}

impl<'a> Arbitrary<'a> for Stream {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Stream> {
        let (octets, last) = last(u)?;
        Ok(Stream {
            sender: role(last),
            cut: last >> 1,
            octets: octets.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_are_the_stream_and_the_seed_makes_it_again() {
        let octets: Vec<u8> = (0..=255).collect();
        for cut in 0..128 {
            let stream = Stream {
                sender: role(cut),
                cut,
                octets: octets.clone(),
            };
            let pieces = stream.pieces();
            assert_eq!(pieces.concat(), octets);
            assert!(pieces.iter().all(|piece| !piece.is_empty()));
            assert!(cut == 0 || pieces.len() > 7, "{cut}");
            let seed = stream.seed();
            assert_eq!(Stream::arbitrary(&mut Unstructured::new(&seed)), Ok(stream));
        }
    }
}
