//! What holds for every input: the bodies of the fuzz targets (`fuzz/`), and of the tests that run their seeds.
//!
//! Each is a function of one input that says nothing when all is well and panics when something is not: not only when code of this
//! crate panics, but when an answer is wrong. Inputs are octets, or types that are made of octets by [`arbitrary`].
//!
//! [`frames::agree`] and [`messages::agree`] hold any other implementation against ours: one's own decoder too (`fuzz/README.md`).

use std::fmt;

mod close;
pub mod frames;
mod heads;
mod lists;
pub mod messages;
mod peer;
mod report;
mod session;
mod stream;
mod utf8;

pub use crate::case::fuzz::notation;
pub use close::close;
pub use frames::frames;
pub use heads::{request, response};
pub use lists::lists;
pub use messages::{Script, messages};
pub use peer::{Visit, peer};
pub use report::report;
pub use session::{Deed, Dialogue, session};
pub use stream::Stream;
pub use utf8::utf8;

/// What an implementation has read out of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<T> {
    /// In order.
    pub read: Vec<T>,
    /// How it ended.
    pub end: End,
}

/// How an implementation stopped reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It waits for more octets, or has read a Close frame and is done.
    More,
    /// It read no further because of what came, in its own words.
    Refused(String),
    /// It read no further because of a limit of its own (RFC 6455, section 10.4).
    Limit,
}

/// A rule of the RFCs that explains why two implementations read a stream differently, by its id in `cases/rules.tsv`.
pub type Explained = &'static str;

/// RFC 6455, section 10.4: limits are for each implementation to choose.
const LIMITS: Explained = "6455-10.4-1";

/// Text that is shown to people: nothing in it can harm a terminal.
#[track_caller]
fn printable(what: impl fmt::Display, text: &str) {
    // By the code charts, not by the list that the suite itself goes by: controls but line feed, marks of direction, what is not seen.
    let hostile = |c: char| {
        matches!(u32::from(c),
            0..=9 | 0xb..=0x1f | 0x7f..=0x9f | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe0fff)
    };
    assert!(!text.contains(hostile), "{what} does not print: {text:?}");
}
