//! Opening handshakes: the attributes of `request` and `response`, and the header lines below them.

use std::ops::Range;

use super::{
    Cut, HandshakeStep, HeaderCheck, HeaderEdit, Payload, StatusWanted,
    cursor::{Cursor, Result},
    fault::{Fault, nearest, shown},
    parse::{attributes, cut_attribute, pieces},
    payload::What,
};
use crate::wire::handshake::{fields::is_token, values};

/// The attributes of a request.
pub(super) const REQUEST: &[&str] = &[
    "method", "target", "version", "line", "eol", "end", "body", "chop", "cut",
];
/// The attributes of a response.
pub(super) const RESPONSE: &[&str] = &[
    "version", "reason", "line", "eol", "end", "body", "chop", "cut",
];

/// How a header line is written below what the suite sends.
const EDITS: &[&str] = &["Name: value", "+ Name: value", "- Name", "= P"];
/// How it is checked below what the target sends.
const CHECKS: &[&str] = &["Name: value", "+ Name", "- Name"];

/// More lines than an ordinary request has.
const ORDINARY_LINES: usize = 16;

/// What follows `request`, or `response CODE`.
pub(super) fn handshake(
    cursor: &mut Cursor,
    all: &'static [&'static str],
) -> Result<HandshakeStep> {
    let mut step = HandshakeStep::default();
    let start = cursor.at();
    attributes(cursor, all, false, |key, cursor, span| {
        let from = cursor.at();
        if matches!(key, "chop" | "cut") {
            return cut_attribute(key, cursor, span, &mut step.cut);
        }
        if matches!(key, "method" | "version") {
            let text = String::from_utf8(cursor.string()?)
                .map_err(|_| (from..cursor.at(), Fault::NotText(key)))?;
            if let Some((_, fault)) = unknown_value(text.as_bytes()) {
                return Err((from..cursor.at(), fault));
            }
            match key {
                "method" => step.method = Some(text),
                _ => step.version = Some(text),
            }
            return Ok(());
        }
        let payload = with_values(cursor)?;
        let field = match key {
            "target" => &mut step.target,
            "reason" => &mut step.reason,
            "line" => &mut step.line,
            "eol" => &mut step.eol,
            "end" => &mut step.end,
            _ => &mut step.body,
        };
        *field = Some(payload);
        Ok(())
    })?;
    pieces(start, cursor, step.weight(), 1, step.cut)?;
    Ok(step)
}

/// A payload whose strings may hold values.
fn with_values(cursor: &mut Cursor) -> Result<Payload> {
    let from = cursor.at();
    let payload = cursor.payload()?;
    let unknown = payload.0.iter().find_map(|part| match &part.what {
        What::Text(text) => unknown_value(text),
        _ => None,
    });
    match unknown {
        Some((_, fault)) => Err((from..cursor.at(), fault)),
        None => Ok(payload),
    }
}

/// Where a `$` stands that names no value.
fn unknown_value(text: &[u8]) -> Option<(Range<usize>, Fault)> {
    let in_name = |b: &&u8| b.is_ascii_alphabetic() || **b == b'.';
    let name = |at: usize| at + text[at..].iter().take_while(in_name).count();
    // `$accept.flippd` would be read as `$accept` and a tail, and is a slip.
    let slip = || {
        const STEM: &[u8] = b"$accept.";
        let at = text.windows(STEM.len()).position(|w| w == STEM)?;
        let rest = &text[at + 1..];
        let long = values::NAMES.iter().filter(|n| n.contains('.'));
        let right = long.into_iter().any(|n| rest.starts_with(n.as_bytes()));
        let tail = text
            .get(at + STEM.len())
            .is_some_and(u8::is_ascii_alphabetic);
        let doubled = at > 0 && text[at - 1] == b'$';
        (tail && !right && !doubled).then_some(at)
    };
    let at = values::unknown(text).or_else(slip)?;
    let end = name(at + 1);
    let found = String::from_utf8_lossy(&text[at..end]);
    let near = nearest(&found[1..], values::NAMES);
    Some((at..end, Fault::UnknownValue(shown(&found), near)))
}

/// A header line below what the suite sends.
pub(super) fn edit(text: &str) -> Result<HeaderEdit> {
    let mut cursor = Cursor::new(text);
    match mark(text) {
        Some('=') => {
            cursor.take('=');
            cursor.done();
            let payload = with_values(&mut cursor)?;
            cursor.finish().map(|()| HeaderEdit::Raw(payload))
        }
        Some('-') => {
            cursor.take('-');
            name_only(&mut cursor).map(HeaderEdit::Remove)
        }
        Some(_) => {
            cursor.take('+');
            name_and_value(&mut cursor, EDITS).map(|(n, v)| HeaderEdit::Add(n, v))
        }
        None => name_and_value(&mut cursor, EDITS).map(|(n, v)| HeaderEdit::Set(n, v)),
    }
}

/// A header line below what the target sends.
pub(super) fn check(text: &str) -> Result<HeaderCheck> {
    let mut cursor = Cursor::new(text);
    match mark(text) {
        Some('=') => Err((0..text.len(), Fault::HeaderLine(CHECKS))),
        Some('-') => {
            cursor.take('-');
            name_only(&mut cursor).map(HeaderCheck::Absent)
        }
        Some(_) => {
            cursor.take('+');
            name_only(&mut cursor).map(HeaderCheck::Present)
        }
        None => name_and_value(&mut cursor, CHECKS).map(|(n, v)| HeaderCheck::Is(n, v)),
    }
}

/// A mark stands alone: `+Name: value` is a name that begins with `+`.
fn mark(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let mark = characters.next().filter(|c| "+-=".contains(*c))?;
    matches!(characters.next(), None | Some(' ')).then_some(mark)
}

fn name_only(cursor: &mut Cursor) -> Result<String> {
    cursor.done();
    let from = cursor.at();
    let name = cursor.rest().to_string();
    match is_name(&name) {
        true => Ok(name),
        false => Err((from..from + name.len(), Fault::HeaderName(shown(&name)))),
    }
}

fn name_and_value(cursor: &mut Cursor, forms: &'static [&'static str]) -> Result<(String, String)> {
    cursor.done();
    let from = cursor.at();
    let name = cursor.take_while(|c| c != ':');
    let span = from..cursor.at();
    if !cursor.take(':') {
        return Err((span, Fault::HeaderLine(forms)));
    }
    if !is_name(name) {
        return Err((span, Fault::HeaderName(shown(name))));
    }
    cursor.done();
    let (at, text) = (cursor.at(), cursor.rest());
    match unknown_value(text.as_bytes()) {
        Some((span, fault)) => Err((at + span.start..at + span.end, fault)),
        None => Ok((name.into(), text.into())),
    }
}

/// A token (RFC 9110, section 5.6.2) whose line is neither a comment nor a row.
pub(super) fn is_name(name: &str) -> bool {
    is_token(name.as_bytes()) && !name.starts_with(['#', '|'])
}

/// `101`, or `4xx`.
pub(super) fn status(cursor: &mut Cursor) -> Result<StatusWanted> {
    let (word, span) = cursor.word();
    let class = word.strip_suffix("xx").and_then(|class| class.parse().ok());
    match (class, word.parse()) {
        (Some(class @ 1..=9), _) if word.len() == 3 => Ok(StatusWanted::Class(class)),
        (None, Ok(code @ 100..=999)) if word.len() == 3 => Ok(StatusWanted::Code(code)),
        _ => Err((span, Fault::Status(shown(word)))),
    }
}

impl HandshakeStep {
    /// How many octets it writes, roughly: the ordinary lines are short.
    pub(super) fn weight(&self) -> usize {
        let attributes = [
            &self.target,
            &self.reason,
            &self.line,
            &self.end,
            &self.body,
        ];
        let lines = self.headers.len() + ORDINARY_LINES;
        let ends = self
            .eol
            .as_ref()
            .map_or(2, Payload::len)
            .saturating_mul(lines);
        let headers = self.headers.iter().map(|header| match header {
            HeaderEdit::Set(n, v) | HeaderEdit::Add(n, v) => n.len() + v.len(),
            HeaderEdit::Remove(_) => 0,
            HeaderEdit::Raw(payload) => payload.len(),
        });
        let payloads = attributes.into_iter().flatten().map(Payload::len);
        payloads
            .chain(headers)
            .fold(ends, |sum: usize, n| sum.saturating_add(n))
    }

    /// Whether it is cut into more pieces than a step may have.
    pub(super) fn too_many_pieces(&self) -> bool {
        match self.cut {
            Cut::Chop(n) => self.weight().div_ceil(n) > super::document::MAX_PIECES,
            Cut::Whole | Cut::At(_) => false,
        }
    }
}
