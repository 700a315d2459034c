//! How what a case sends is cut on its way: TCP segmentation is no protocol element, so every case has to pass in every cut.

#[cfg(feature = "cli")]
use clap::{ValueEnum, builder::PossibleValue};

/// A way to hand octets to the transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(ValueEnum))]
pub enum Delivery {
    /// As the case says: consecutive lines in one piece.
    #[default]
    Whole,
    /// Octet by octet; behind the first 4 KiB of what is sent at once, in pieces of 1021 octets.
    Octets,
    /// What is sent at once in one piece, whatever pieces the case cuts it into.
    Coalesced,
}

/// Behind so many octets, `octets` goes on in pieces of [`STRIDE`]: a large payload would take minutes in single ones, and
/// what can be cut in the wrong place (heads, headers, control frames) stands in front.
const SINGLE: usize = 4 << 10;
/// Prime, so that pieces fall out of step with frames and characters.
const STRIDE: usize = 1021;

impl Delivery {
    /// All of them.
    pub const EACH: [Delivery; 3] = [Delivery::Whole, Delivery::Octets, Delivery::Coalesced];

    /// As it is typed.
    pub fn name(self) -> String {
        match self {
            Delivery::Whole => "whole",
            Delivery::Octets => "octets",
            Delivery::Coalesced => "coalesced",
        }
        .to_owned()
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

/// What a run does with the deliveries: takes one, or plays each case with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deliveries {
    /// This one.
    One(Delivery),
    /// Each, one after the other.
    All,
}

impl Default for Deliveries {
    fn default() -> Deliveries {
        Deliveries::One(Delivery::default())
    }
}

#[cfg(feature = "cli")]
impl ValueEnum for Deliveries {
    fn value_variants<'a>() -> &'a [Deliveries] {
        const EACH: [Deliveries; 4] = [
            Deliveries::One(Delivery::Whole),
            Deliveries::One(Delivery::Octets),
            Deliveries::One(Delivery::Coalesced),
            Deliveries::All,
        ];
        &EACH
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Deliveries::One(delivery) => delivery.to_possible_value(),
            Deliveries::All => Some(
                PossibleValue::new("all")
                    .help("Each case with each of them; the worst verdict counts"),
            ),
        }
    }
}

impl Deliveries {
    /// As it is typed.
    pub fn name(self) -> String {
        match self {
            Deliveries::One(delivery) => delivery.name(),
            Deliveries::All => "all".to_owned(),
        }
    }

    /// Those that each case is played with, in this order; at least one.
    pub fn each(&self) -> &[Delivery] {
        match self {
            Deliveries::One(delivery) => std::slice::from_ref(delivery),
            Deliveries::All => &Delivery::EACH,
        }
    }

    /// What goes on beside the cases is sent so.
    pub fn first(&self) -> Delivery {
        self.each().first().copied().unwrap_or_default()
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

    #[test]
    fn each_is_asked_for_by_its_name() {
        for (name, each) in [
            ("whole", &[Delivery::Whole][..]),
            ("octets", &[Delivery::Octets]),
            ("coalesced", &[Delivery::Coalesced]),
            (
                "all",
                &[Delivery::Whole, Delivery::Octets, Delivery::Coalesced],
            ),
        ] {
            let read = Deliveries::from_str(name, false).unwrap();
            assert_eq!((read.name().as_str(), read.each()), (name, each));
        }
        assert_eq!(Deliveries::default().first(), Delivery::Whole);
    }
}
