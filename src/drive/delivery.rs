//! How what a case sends is cut on its way: TCP segmentation is no protocol element, so every case has to pass in every cut.

use clap::ValueEnum;

/// A way to hand octets to the transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Delivery {
    /// As the case says: consecutive lines in one piece.
    #[default]
    Whole,
    /// Octet by octet.
    Octets,
    /// Pieces that a case hands over one after the other, in one.
    Coalesced,
}

/// Behind so many octets, `octets` goes on in pieces of [`STRIDE`]: a large payload would take minutes in single ones, and
/// what can be cut in the wrong place (heads, headers, control frames) stands in front.
const SINGLE: usize = 4 << 10;
/// Odd, so that pieces fall out of step with frames and characters.
const STRIDE: usize = 1021;

impl Delivery {
    /// As it is typed.
    pub fn name(self) -> String {
        // No variant is skipped, so each has its value.
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Cuts the pieces of one [`Action::Write`](crate::session::Action::Write).
    pub fn cut(self, pieces: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        match self {
            Delivery::Whole => pieces,
            Delivery::Coalesced => vec![pieces.concat()],
            Delivery::Octets => {
                let octets = pieces.concat();
                let (single, rest) = octets.split_at(octets.len().min(SINGLE));
                single
                    .chunks(1)
                    .chain(rest.chunks(STRIDE))
                    .map(<[u8]>::to_vec)
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_and_loses_nothing() {
        let pieces = vec![b"ab".to_vec(), vec![], b"c".to_vec()];
        assert_eq!(Delivery::Whole.cut(pieces.clone()), pieces);
        assert_eq!(Delivery::Coalesced.cut(pieces.clone()), [b"abc"]);
        assert_eq!(Delivery::Octets.cut(pieces), [b"a", b"b", b"c"]);
        let long: Vec<u8> = (0..10_000).map(|i| i as u8).collect();
        let cut = Delivery::Octets.cut(vec![long.clone()]);
        assert_eq!(cut.concat(), long);
        assert_eq!(
            (cut[0].len(), cut[SINGLE - 1].len(), cut[SINGLE].len()),
            (1, 1, STRIDE)
        );
    }
}
