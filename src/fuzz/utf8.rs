//! UTF-8 (RFC 3629) against the standard library.

use super::Stream;
use crate::wire::utf8::Utf8;

/// Reads a stream as UTF-8.
///
/// # Panics
/// When what is said of it depends on how it is cut, or is not what the standard library says of the whole.
pub fn utf8(stream: &Stream) {
    let (wanted, finish) = wanted(&stream.octets);
    let mut utf8 = Utf8::default();
    let (mut said, mut come) = (Ok(()), 0);
    for piece in stream.cuts() {
        come += piece.len() as u64;
        said = utf8.feed(piece);
        if let Err(offset) = wanted {
            // Told as soon as the octet has come, and from then on.
            assert_eq!(said.is_err(), offset < come, "after {come} octets");
        }
    }
    assert_eq!(said, wanted);
    assert_eq!(utf8.finish(), finish);
}

/// The first octet that no text can have there; and what is wrong once the text has ended.
pub(super) fn wanted(octets: &[u8]) -> (Result<(), u64>, Result<(), u64>) {
    let Err(error) = std::str::from_utf8(octets) else {
        return (Ok(()), Ok(()));
    };
    let begin = error.valid_up_to();
    match error.error_len() {
        None => (Ok(()), Err(begin as u64)),
        Some(length) => {
            // The length counts what could have begun a character; an octet that begins none counts too.
            let begins = matches!(octets[begin], 0xc2..=0xf4);
            let offset = (begin + if begins { length } else { 0 }) as u64;
            (Err(offset), Err(offset))
        }
    }
}
