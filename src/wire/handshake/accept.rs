//! Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455, sections 4.1, 4.2.2 and 4.3; erratum 3150).

use data_encoding::BASE64;
use sha1::{Digest, Sha1};

/// What is hashed behind the key (RFC 6455, section 1.3).
pub const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// base64 of SHA-1 of the key, as sent, and the GUID (RFC 6455, section 4.2.2, step 5.4).
///
/// The key is hashed as it stands: never decoded, whatever it looks like.
pub fn accept(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(GUID);
    BASE64.encode(&hash.finalize())
}

/// Why a key is not what RFC 6455, section 4.1 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyError {
    /// Section 4.3: outside the grammar of base64.
    #[error("it is not base64 (RFC 6455, section 4.3)")]
    NotBase64,
    /// Section 4.1, item 7.
    #[error("it decodes to {0} octets, not to 16 (RFC 6455, section 4.1)")]
    Length(usize),
    /// RFC 4648, section 3.5; erratum 3150 of RFC 6455. Servers have to accept it, clients must not send it.
    #[error("its last character has pad bits that are not zero (RFC 4648, section 3.5)")]
    PadBits,
}

/// The 16 octets of a key (RFC 6455, section 4.1, item 7).
///
/// # Errors
/// [`KeyError::NotBase64`] and [`KeyError::Length`] before [`KeyError::PadBits`]: a key with nothing but pad bits wrong is one that a
/// server still accepts, see [`decode_key_leniently`].
pub fn decode_key(key: &[u8]) -> Result<[u8; 16], KeyError> {
    let octets = decode_key_leniently(key)?;
    match BASE64.decode(key) {
        Ok(_) => Ok(octets),
        Err(_) => Err(KeyError::PadBits),
    }
}

/// As [`decode_key`], and pad bits may be anything (erratum 3150: the example of section 4.1 has them set).
///
/// # Errors
/// [`KeyError::NotBase64`] and [`KeyError::Length`].
pub fn decode_key_leniently(key: &[u8]) -> Result<[u8; 16], KeyError> {
    let octets = decode(key).ok_or(KeyError::NotBase64)?;
    let length = octets.len();
    octets.try_into().map_err(|_| KeyError::Length(length))
}

/// By the grammar of RFC 6455, section 4.3: padding at the end only, pad bits free.
fn decode(value: &[u8]) -> Option<Vec<u8>> {
    // The crate reads padded pieces one after another; the grammar has padding at the end only.
    if value.iter().rev().skip(2).any(|&octet| octet == b'=') {
        return None;
    }
    let mut specification = BASE64.specification();
    specification.check_trailing_bits = false;
    // The alphabet is that of BASE64, which is a valid specification; one flag cannot make it invalid.
    specification
        .encoding()
        .unwrap_or(BASE64)
        .decode(value)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_hashes_the_key_as_sent() {
        for (key, value) in [
            ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ("AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="),
            ("AQIDBAUGBwgJCgsMDQ4PEC==", "OfS0wDaT5NoxF2gqm7Zj2YtetzM="),
        ] {
            assert_eq!(accept(key.as_bytes()), value);
        }
    }

    #[test]
    fn keys_decode_to_sixteen_octets_or_say_why_not() {
        let sixteen = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        assert_eq!(decode_key(b"AQIDBAUGBwgJCgsMDQ4PEA=="), Ok(sixteen));
        assert_eq!(
            decode_key(b"AQIDBAUGBwgJCgsMDQ4PEC=="),
            Err(KeyError::PadBits)
        );
        assert_eq!(
            decode_key_leniently(b"AQIDBAUGBwgJCgsMDQ4PEC=="),
            Ok(sixteen)
        );
        for (key, why) in [
            (&b""[..], KeyError::Length(0)),
            (b"AQIDBAUGBwgJCgsMDQ4P", KeyError::Length(15)),
            (b"AQIDBAUGBwgJCgsMDQ4PEBE=", KeyError::Length(17)),
            (b"AA==AA==", KeyError::NotBase64),
            (b"=", KeyError::NotBase64),
            (b"AQIDBAUGBwgJCgsMDQ4PEA=", KeyError::NotBase64),
            (b"AQIDBAUGBwgJCgsMDQ4PEA", KeyError::NotBase64),
            (b"AQIDBAUGBwgJ CgsMDQ4PEA==", KeyError::NotBase64),
            (b"__--BAUGBwgJCgsMDQ4PEA==", KeyError::NotBase64),
        ] {
            assert_eq!(decode_key(key), Err(why), "{}", key.escape_ascii());
        }
    }
}
