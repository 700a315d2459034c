//! Reads along one line: words, numbers, strings and payloads.

use std::ops::Range;

use super::{
    fault::{Fault, nearest, shown},
    payload::{Part, Payload, What},
};

/// A fault and where it stands in the line.
pub(super) type Local = (Range<usize>, Fault);
/// What reading gives.
pub(super) type Result<T> = std::result::Result<T, Local>;

/// A position in a line.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Cursor { text, at: 0 }
    }

    /// Octets from the start of the line.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The end of the line as a place to point at.
    pub fn end(&self) -> Range<usize> {
        let end = self.text.trim_end().len();
        end..end
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Skips blanks and tells whether the line is at its end.
    pub fn done(&mut self) -> bool {
        self.take_while(|c| c == ' ');
        self.rest().is_empty()
    }

    /// Takes this one if it comes next.
    pub fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    pub fn take_while(&mut self, mut keep: impl FnMut(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// What stands here up to the next blank, and where.
    pub fn word(&mut self) -> (&'a str, Range<usize>) {
        self.take_while(|c| c == ' ');
        let from = self.at;
        let word = self.take_while(|c| c != ' ');
        (word, from..self.at)
    }

    /// A name: letters, digits, `-` and `_`.
    pub fn name(&mut self) -> (&'a str, Range<usize>) {
        self.take_while(|c| c == ' ');
        let from = self.at;
        let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        (name, from..self.at)
    }

    /// The line must be at its end.
    pub fn finish(&mut self) -> Result<()> {
        if self.done() {
            return Ok(());
        }
        let from = self.at;
        Err((from..self.end().end, Fault::Leftover(shown(self.rest()))))
    }

    /// A whole number within bounds; `0x…` too.
    pub fn number(&mut self, low: u64, high: u64) -> Result<u64> {
        let from = self.at;
        let word =
            self.take_while(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.');
        let span = from..self.at;
        if word.is_empty() {
            return Err((self.point(), Fault::NoNumber));
        }
        let value = match word.strip_prefix("0x") {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u64::from_str_radix(hex, 16),
            None if word.bytes().all(|b| b.is_ascii_digit()) => word.parse(),
            _ => return Err((span, Fault::Number(shown(word)))),
        };
        match value {
            Ok(value) if (low..=high).contains(&value) => Ok(value),
            Ok(_) => Err((span, Fault::OutOfRange(shown(word), low, high))),
            Err(_) if word == "0x" => Err((span, Fault::Number(shown(word)))),
            Err(_) => Err((span, Fault::OutOfRange(shown(word), low, high))),
        }
    }

    /// The next character as a place to point at.
    pub fn point(&self) -> Range<usize> {
        match self.peek() {
            Some(c) => self.at..self.at + c.len_utf8(),
            None => self.end(),
        }
    }

    /// Whether a payload begins here.
    pub fn at_payload(&self) -> bool {
        let rest = self.rest();
        let word = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-');
        rest.starts_with('"') || (word.len() < rest.len() && word.starts_with(['(', '"']))
    }

    /// A payload, if one begins here.
    pub fn optional_payload(&mut self) -> Result<Option<Payload>> {
        self.done();
        if self.at_payload() {
            self.payload().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Parts joined by `+`.
    pub fn payload(&mut self) -> Result<Payload> {
        let from = self.at;
        let mut parts = Vec::new();
        loop {
            let what = self.atom()?;
            let times = match self.take('*') {
                true => self.number(0, u64::from(u32::MAX))? as u32,
                false => 1,
            };
            if !(what.is_empty() && matches!(what, What::Text(_) | What::Hex(_))) {
                parts.push(Part { what, times });
            }
            let mut ahead = self.clone();
            ahead.done();
            if !ahead.take('+') {
                break;
            }
            ahead.done();
            *self = ahead;
        }
        let payload = Payload(parts);
        if payload.len() > Payload::MAX {
            return Err((from..self.at, Fault::PayloadSize));
        }
        Ok(payload)
    }

    fn atom(&mut self) -> Result<What> {
        if self.peek() == Some('"') {
            return self.string().map(What::Text);
        }
        let (name, span) = self.name();
        match (name, self.peek()) {
            ("x", Some('"')) => self.hex().map(What::Hex),
            ("ascii" | "utf8" | "random", Some('(')) => {
                self.take('(');
                let n = self.number(0, Payload::MAX as u64)? as usize;
                if !self.take(')') {
                    return Err((self.point(), Fault::Leftover(shown(self.rest()))));
                }
                Ok(match name {
                    "ascii" => What::Ascii(n),
                    "utf8" => What::Utf8(n),
                    _ => What::Random(n),
                })
            }
            ("", _) => Err((self.point(), Fault::NoPayload)),
            (_, Some('(' | '"')) => Err((
                span,
                Fault::UnknownPayload(shown(name), nearest(name, ["ascii", "utf8", "random", "x"])),
            )),
            _ => Err((span, Fault::NoPayload)),
        }
    }

    /// `"…"`: its octets.
    pub fn string(&mut self) -> Result<Vec<u8>> {
        let from = self.at;
        if !self.take('"') {
            return Err((self.point(), Fault::NoPayload));
        }
        let mut octets = Vec::new();
        loop {
            let at = self.at;
            match self.peek() {
                None => return Err((from..self.end().end, Fault::Unterminated)),
                Some('"') => {
                    self.at += 1;
                    return Ok(octets);
                }
                Some('\\') => {
                    self.at += 1;
                    self.escape(at, &mut octets)?;
                }
                Some(c) => {
                    self.at += c.len_utf8();
                    octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }

    /// Behind a backslash that stands at `from`.
    fn escape(&mut self, from: usize, octets: &mut Vec<u8>) -> Result<()> {
        let Some(c) = self.peek() else {
            return Err((from..self.at, Fault::Unterminated));
        };
        self.at += c.len_utf8();
        match c {
            '\\' | '"' => octets.push(c as u8),
            'n' => octets.push(b'\n'),
            'r' => octets.push(b'\r'),
            't' => octets.push(b'\t'),
            '0' => octets.push(0),
            'x' => {
                let mut left = 2;
                let digits = self.take_while(|c| {
                    c.is_ascii_hexdigit() && {
                        left -= 1;
                        left >= 0
                    }
                });
                match u8::from_str_radix(digits, 16) {
                    Ok(octet) if digits.len() == 2 => octets.push(octet),
                    _ => return Err(self.bad_escape(from)),
                }
            }
            'u' if self.take('{') => {
                let digits = self.take_while(|c| c.is_ascii_hexdigit());
                let c = (1..=6)
                    .contains(&digits.len())
                    .then(|| {
                        u32::from_str_radix(digits, 16)
                            .ok()
                            .and_then(char::from_u32)
                    })
                    .flatten();
                match c {
                    Some(c) if self.take('}') => {
                        octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    _ => return Err(self.bad_escape(from)),
                }
            }
            _ => return Err(self.bad_escape(from)),
        }
        Ok(())
    }

    fn bad_escape(&self, from: usize) -> Local {
        (
            from..self.at,
            Fault::Escape(shown(&self.text[from..self.at])),
        )
    }

    /// Behind the `x` of `x"f4 90"`.
    fn hex(&mut self) -> Result<Vec<u8>> {
        let from = self.at;
        self.take('"');
        let mut octets = Vec::new();
        loop {
            self.take_while(|c| c == ' ');
            let at = self.at;
            let high = match self.peek() {
                None => return Err((from..self.end().end, Fault::Unterminated)),
                Some('"') => {
                    self.at += 1;
                    return Ok(octets);
                }
                Some(c) => c.to_digit(16),
            };
            let Some(high) = high else {
                return Err(self.bad_digit());
            };
            self.at += 1;
            match self.peek() {
                Some(' ' | '"') => return Err((at..self.at, Fault::HexOdd)),
                Some(c) => match c.to_digit(16) {
                    Some(low) => octets.push(((high << 4) | low) as u8),
                    None => return Err(self.bad_digit()),
                },
                None => return Err((from..self.end().end, Fault::Unterminated)),
            }
            self.at += 1;
        }
    }

    fn bad_digit(&self) -> Local {
        let digit = self.peek().map_or_else(String::new, |c| c.to_string());
        (self.point(), Fault::HexDigit(shown(&digit)))
    }
}

/// The string that ends the line, if the line ends with one that stands alone: where it begins.
pub(super) fn last_string(line: &str) -> Result<Option<usize>> {
    let mut cursor = Cursor::new(line);
    let mut last = None;
    // What stood before: blanks do not count.
    let mut before = ' ';
    while let Some(c) = cursor.peek() {
        if c == '"' {
            let from = cursor.at();
            let alone = line[..from].ends_with(' ') && before != '+';
            let hex = line[..from].ends_with('x')
                && !line[..from - 1].ends_with(|c: char| c.is_ascii_alphanumeric());
            if hex {
                cursor.hex().map(drop)?
            } else {
                cursor.string().map(drop)?
            };
            last = (alone && cursor.clone().done()).then_some(from);
            before = '"';
        } else {
            cursor.take(c);
            if c != ' ' {
                before = c;
                last = None;
            }
        }
    }
    Ok(last)
}
