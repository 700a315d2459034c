//! Payloads as text: strings and octets, whole in a case and shortened in a transcript.

use std::fmt::{self, Display, Formatter, Write};

use sha1::{Digest, Sha1};

use super::payload::{Part, Payload, What};
use crate::escape::is_hostile;

/// What is longer than this many octets is shortened in a transcript.
pub const SHORT: usize = 100;
/// How many octets of it are still shown.
const SHOWN: usize = 32;

/// `{}` is all of it; `{:#}` shortens literals of more than 100 octets.
impl Display for Payload {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("\"\"");
        }
        for (i, Part { what, times }) in self.0.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { " + " })?;
            match what {
                What::Text(text) if f.alternate() => f.write_str(&short(text, true))?,
                What::Hex(octets) if f.alternate() => f.write_str(&short(octets, false))?,
                What::Text(text) => write!(f, "{}", Quoted(text))?,
                What::Hex(octets) => write!(f, "{}", Hex(octets))?,
                What::Ascii(n) => write!(f, "ascii({n})")?,
                What::Utf8(n) => write!(f, "utf8({n})")?,
                What::Random(n) => write!(f, "random({n})")?,
            }
            if *times != 1 {
                write!(f, "*{times}")?;
            }
        }
        Ok(())
    }
}

/// A string of the notation.
pub(super) struct Quoted<'a>(pub &'a [u8]);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '"' | '\\' => write!(f, "\\{c}")?,
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    '\t' => f.write_str("\\t")?,
                    '\0' => f.write_str("\\0")?,
                    // Braces are a row's in a case, bars its cells'.
                    '{' | '}' | '|' => write!(f, "\\x{:02x}", u32::from(c))?,
                    c if !is_hostile(c) => f.write_char(c)?,
                    c if c.is_ascii() => write!(f, "\\x{:02x}", u32::from(c))?,
                    c => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                }
            }
            chunk
                .invalid()
                .iter()
                .try_for_each(|octet| write!(f, "\\x{octet:02x}"))?;
        }
        f.write_char('"')
    }
}

/// Octets of the notation.
pub(super) struct Hex<'a>(pub &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str("x\"")?;
        for (i, octet) in self.0.iter().enumerate() {
            write!(f, "{}{octet:02x}", if i == 0 { "" } else { " " })?;
        }
        f.write_char('"')
    }
}

/// Octets that came or went, as a payload of the notation: a string where `text` says so or where all of it prints.
/// More than 100 octets are shortened: `"aaa"... (65536 octets, sha1 1f0c…)`, all forty digits of it.
pub fn octets(octets: &[u8], text: bool) -> String {
    let plain = |s: &str| s.chars().all(|c| !is_hostile(c));
    short(octets, text || std::str::from_utf8(octets).is_ok_and(plain))
}

fn short(octets: &[u8], text: bool) -> String {
    if octets.len() <= SHORT {
        return literal(octets, text);
    }
    let mut end = SHOWN;
    // Not inside a character, if the text has any.
    while text && end > SHOWN - 4 && octets[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    let digest = data_encoding::HEXLOWER.encode(&Sha1::digest(octets));
    let shown = literal(&octets[..end], text);
    format!("{shown}... ({} octets, sha1 {digest})", octets.len())
}

fn literal(octets: &[u8], text: bool) -> String {
    if text {
        Quoted(octets).to_string()
    } else {
        Hex(octets).to_string()
    }
}
