//! What was said on a connection, in the notation; long payloads are shortened and keep length and digest.

use std::time::Duration;

/// The most lines that a transcript keeps.
pub const MAX_ENTRIES: usize = 400;
/// The most octets of one line that are kept as they were on the wire.
pub const MAX_OCTETS: usize = 128;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When, since the connection was asked for.
    pub at: Duration,
    /// `>` the suite, `<` the target, `!` a remark of the suite.
    pub who: char,
    /// The line in the notation (or the remark), without the mark; a handshake has several lines.
    pub text: String,
    /// The first octets on the wire, at most [`MAX_OCTETS`].
    pub octets: Vec<u8>,
    /// How many octets on the wire.
    pub length: usize,
}

/// All lines, up to a limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    /// The first [`MAX_ENTRIES`] lines.
    pub entries: Vec<Entry>,
    /// Lines left out behind the last.
    pub left_out: usize,
}

impl Transcript {
    /// Adds a line; `text` is only asked for while there is room.
    pub(super) fn add(
        &mut self,
        at: Duration,
        who: char,
        octets: &[u8],
        text: impl FnOnce() -> String,
    ) {
        if self.entries.len() >= MAX_ENTRIES {
            self.left_out += 1;
            return;
        }
        self.entries.push(Entry {
            at,
            who,
            text: text(),
            octets: octets[..octets.len().min(MAX_OCTETS)].to_vec(),
            length: octets.len(),
        });
    }

    /// The last line of the suite or of the target.
    pub fn last(&self, who: char) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.who == who)
    }
}
