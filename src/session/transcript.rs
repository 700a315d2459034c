//! What was said on a connection, in the notation; long payloads are shortened and keep length and digest.

use std::time::Duration;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: Duration,
    /// `>` the suite, `<` the target, `!` a remark of the suite.
    pub who: char,
    /// The line in the notation (or the remark), without the mark; a handshake has several lines.
    pub text: String,
    /// The first octets on the wire.
    pub octets: Vec<u8>,
    /// How many octets on the wire.
    pub length: usize,
}

/// All lines, up to a limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    pub entries: Vec<Entry>,
    /// Lines left out behind the last.
    pub left_out: usize,
}
