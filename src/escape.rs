//! Text that a target sent, made fit for one line of a terminal, a table or a log.
//!
//! A target chooses its headers, reasons and payloads: shown as they come they could move the cursor, set colours or a
//! title, turn the direction of the line around them, hide text or add lines. They are shown in the notation's escapes instead.

use std::{borrow::Cow, fmt::Write};

/// Whether a character may do more than stand on its line: controls (C0 with ESC and the line ends, DEL, C1), line and
/// paragraph separators, marks that change the direction, invisible ones, and those that are for private agreement.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, grapheme joiner, fillers of Hangul, inherent vowels of Khmer, Mongolian separator.
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}'
            // Marks, embeddings, overrides and isolates of direction (Unicode Standard Annex 9).
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Zero width, line and paragraph separators, invisible operators, byte order mark.
            | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{feff}'
            // Numeral signs and other prefixes that draw over what follows.
            | '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{110bd}' | '\u{110cd}'
            // Controls of hieroglyphs, shorthand and music.
            | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Interlinear annotations, noncharacters, variation selectors, tags.
            | '\u{fff0}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
            // Private use.
            | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
        || (c as u32) & 0xfffe == 0xfffe
}

/// The text on one line. What is in the notation already stays as it is.
///
/// The runner of a GitHub workflow takes a line of a log that begins with `::` or `##[` for a command, blanks before it or not:
/// the first character of such a text is escaped too.
pub fn line(text: &str) -> Cow<'_, str> {
    let start = text.trim_start();
    let command = start.starts_with("::") || start.starts_with("##[");
    match command || text.contains(is_hostile) {
        false => Cow::Borrowed(text),
        true if command => {
            let blanks = text.len() - start.len();
            let first = start.as_bytes().first().copied().unwrap_or_default();
            let mut out = String::with_capacity(text.len() + 8);
            text[..blanks].chars().for_each(|c| push(&mut out, c));
            // Writing to a string cannot fail.
            let _ = write!(out, r"\x{first:02x}");
            start.chars().skip(1).for_each(|c| push(&mut out, c));
            Cow::Owned(out)
        }
        true => {
            let mut out = String::with_capacity(text.len() + 8);
            text.chars().for_each(|c| push(&mut out, c));
            Cow::Owned(out)
        }
    }
}

/// The lines of a text, each made fit. A line feed parts them; it is for text whose lines the suite broke itself.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split('\n').map(line)
}

/// Octets that may be no text at all, on one line. A backslash is doubled, so that no two inputs look the same.
pub fn octets(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len() + 8);
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str(r"\\"),
                c => push(&mut out, c),
            }
        }
        for octet in chunk.invalid() {
            let _ = write!(out, r"\x{octet:02x}");
        }
    }
    out
}

fn push(out: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = match c {
        '\n' => out.write_str(r"\n"),
        '\r' => out.write_str(r"\r"),
        '\t' => out.write_str(r"\t"),
        '\0' => out.write_str(r"\0"),
        c if c.is_ascii_control() => write!(out, r"\x{:02x}", c as u32),
        c if is_hostile(c) => write!(out, r"\u{{{:x}}}", c as u32),
        c => out.write_char(c),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_plain_characters() {
        let seen = [
            (
                "plain, naïve, 日本語, नमस्ते, ☃",
                "plain, naïve, 日本語, नमस्ते, ☃",
            ),
            ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
            ("\u{9b}31m\u{85}\x7f", r"\u{9b}31m\u{85}\x7f"),
            ("a\r\nb\tc\0", r"a\r\nb\tc\0"),
            (
                "\u{202e}evil\u{2066}\u{200f}",
                r"\u{202e}evil\u{2066}\u{200f}",
            ),
            (
                "a\u{2028}b\u{2029}c\u{feff}\u{200b}",
                r"a\u{2028}b\u{2029}c\u{feff}\u{200b}",
            ),
            (
                "\u{e0041}\u{fffe}\u{1ffff}\u{e000}",
                r"\u{e0041}\u{fffe}\u{1ffff}\u{e000}",
            ),
            (r#"text "a\n\x1b""#, r#"text "a\n\x1b""#),
            ("::error::x", r"\x3a:error::x"),
            ("  ##[group]x\n", r"  \x23#[group]x\n"),
            ("a::b", "a::b"),
        ];
        for (given, shown) in seen {
            assert_eq!(line(given), shown);
        }
        assert!(matches!(line("plain"), Cow::Borrowed(_)));
        assert_eq!(lines("a\n\x1bb").collect::<Vec<_>>(), ["a", r"\x1bb"]);
    }

    #[test]
    fn octets_that_are_no_text() {
        assert_eq!(
            octets(b"a\\\xff\xc3\xa9\x1b\xed\xa0\x80"),
            r"a\\\xffé\x1b\xed\xa0\x80"
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_hostile_remains(text in ".*", raw: Vec<u8>) {
            proptest::prop_assert!(!line(&text).contains(is_hostile));
            proptest::prop_assert!(!octets(&raw).contains(is_hostile));
        }
    }
}
