//! Incremental UTF-8 (RFC 3629): where a stream of octets stops being valid, however it is cut.

/// Validates a stream piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Utf8 {}

impl Utf8 {
    /// Reads on. `Err(offset)`: the offset, from the start of the stream, of the first octet that cannot
    /// be part of valid UTF-8. Once wrong it stays wrong.
    pub fn feed(&mut self, octets: &[u8]) -> Result<(), u64> {
        let _ = octets;
        todo!()
    }
    /// Whether the stream may end here; `Err(offset)`: inside a character that began there, or wrong before.
    pub fn finish(&self) -> Result<(), u64> {
        todo!()
    }
}
