//! Steps: what the suite sends and what the target may do, one line each.

use std::{ops::Range, time::Duration};

use super::{
    Body, CloseWanted, Cut, FrameStep, HandshakeStep, MaskChoice, Outcome, Payload, Send,
    cursor::{Cursor, Local, Result},
    document::{MAX_PIECES, MAX_SILENCE},
    fault::{Fault, nearest, shown},
    head,
};
use crate::wire::frame::Form;

/// What the suite sends, by name.
pub(super) const SENDS: &[&str] = &[
    "text", "binary", "cont", "ping", "pong", "op=N", "close", "bytes", "request", "response",
    "eof", "reset", "pause",
];

/// What the target may do, by name.
pub(super) const OUTCOMES: &[&str] = &[
    "text", "binary", "ping", "pong", "close", "fail", "eof", "reset", "silence", "response",
    "refusal", "request",
];

const FRAME: &[&str] = &[
    "fin", "rsv1", "rsv2", "rsv3", "masked", "unmasked", "key", "form", "length", "frag", "times",
    "chop", "cut",
];
const BYTES: &[&str] = &["chop", "cut"];
const FLAGS: &[&str] = &["rsv1", "rsv2", "rsv3", "masked", "unmasked"];

/// What stands behind `>`.
pub(super) fn send(cursor: &mut Cursor) -> Result<Send> {
    if cursor.done() {
        return Err((cursor.end(), Fault::EmptyStep));
    }
    let (name, span) = cursor.name();
    let opcode = match name {
        "text" => 1,
        "binary" => 2,
        "cont" => 0,
        "ping" => 9,
        "pong" => 10,
        "op" if cursor.take('=') => cursor.number(0, 15)? as u8,
        "close" => {
            let code = match cursor.done() || !cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
                true => None,
                false => Some(cursor.number(0, 0xffff)? as u16),
            };
            let body = match code {
                Some(code) => Some((code, payload(cursor)?)),
                None => None,
            };
            return frame(cursor, Body::Close(body)).map(Send::Frame);
        }
        "bytes" => {
            cursor.done();
            let octets = cursor.payload()?;
            let from = cursor.at();
            let mut cut = Cut::Whole;
            attributes(cursor, BYTES, false, |key, cursor, span| {
                cut_attribute(key, cursor, span, &mut cut)
            })?;
            pieces(from, cursor, octets.len(), 1, cut)?;
            return Ok(Send::Bytes(octets, cut));
        }
        "request" => {
            let step = head::handshake(cursor, head::REQUEST)?;
            return Ok(Send::Request(Box::new(step)));
        }
        "response" => {
            cursor.done();
            let code = cursor.number(100, 999)? as u16;
            let step: HandshakeStep = head::handshake(cursor, head::RESPONSE)?;
            return Ok(Send::Response(code, Box::new(step)));
        }
        "eof" | "reset" | "pause" => {
            let send = match name {
                "eof" => Send::Eof,
                "reset" => Send::Reset,
                _ => Send::Pause,
            };
            return cursor.finish().map(|()| send);
        }
        _ => return Err(unknown_step(cursor, name, span)),
    };
    let payload = payload(cursor)?;
    frame(cursor, Body::Data(opcode, payload)).map(Send::Frame)
}

fn unknown_step(cursor: &mut Cursor, name: &str, span: Range<usize>) -> Local {
    let (name, span) = match name {
        "" => cursor.word(),
        name => (name, span),
    };
    let fault = match OUTCOMES.iter().find(|o| **o == name) {
        Some(outcome) => Fault::OutcomeSent(outcome),
        None => Fault::UnknownStep(shown(name), nearest(name, SENDS.iter().copied())),
    };
    (span, fault)
}

fn payload(cursor: &mut Cursor) -> Result<Payload> {
    Ok(cursor.optional_payload()?.unwrap_or_default())
}

fn frame(cursor: &mut Cursor, body: Body) -> Result<FrameStep> {
    let mut step = FrameStep::new(body);
    let from = cursor.at();
    attributes(cursor, FRAME, false, |key, cursor, span| {
        match key {
            "fin" => match value(cursor)? {
                ("0", _) => step.fin = false,
                (found, span) => return Err(bad_value(key, found, span, "fin=0")),
            },
            "rsv1" => step.rsv[0] = true,
            "rsv2" => step.rsv[1] = true,
            "rsv3" => step.rsv[2] = true,
            "masked" | "unmasked" => {
                let (this, other) = match key {
                    "masked" => (MaskChoice::Masked, "unmasked"),
                    _ => (MaskChoice::Unmasked, "masked"),
                };
                match step.mask {
                    MaskChoice::Habit => step.mask = this,
                    // `key=` implies masked.
                    MaskChoice::Key(_) if key == "masked" => {}
                    MaskChoice::Key(_) => return Err((span, Fault::Conflict(key, "key"))),
                    _ => return Err((span, Fault::Conflict(key, other))),
                }
            }
            "key" => {
                if step.mask == MaskChoice::Unmasked {
                    return Err((span, Fault::Conflict("key", "unmasked")));
                }
                let from = cursor.at();
                let octets = cursor.payload()?;
                match <[u8; 4]>::try_from(octets.octets(0)) {
                    Ok(octets) => step.mask = MaskChoice::Key(octets),
                    Err(_) => {
                        let span = from..cursor.at();
                        let found = format!("a payload of length {}", octets.len());
                        let expected = "four octets: key=x\"00 00 00 00\"";
                        return Err((
                            span,
                            Fault::AttributeValue {
                                key,
                                found,
                                expected,
                            },
                        ));
                    }
                }
            }
            "form" => {
                step.form = Some(match value(cursor)? {
                    ("7", _) => Form::Seven,
                    ("16", _) => Form::Sixteen,
                    ("64", _) => Form::SixtyFour,
                    (found, span) => {
                        return Err(bad_value(key, found, span, "form=7, form=16 or form=64"));
                    }
                })
            }
            "length" => step.length = Some(cursor.number(0, u64::MAX)?),
            "frag" => step.frag = Some(cursor.number(1, Payload::MAX as u64)? as usize),
            "times" => step.times = cursor.number(1, MAX_PIECES as u64)? as u32,
            _ => return cut_attribute(key, cursor, span, &mut step.cut),
        }
        Ok(())
    })?;
    let (octets, frames) = step.weight();
    pieces(from, cursor, octets, frames, step.cut)?;
    Ok(step)
}

/// So that no step grows beyond what a session can hold.
pub(super) fn pieces(
    from: usize,
    cursor: &Cursor,
    octets: usize,
    frames: usize,
    cut: Cut,
) -> Result<()> {
    let cuts = match cut {
        Cut::Chop(n) => octets.div_ceil(n),
        Cut::Whole | Cut::At(_) => 1,
    };
    match frames.max(cuts) > MAX_PIECES {
        true => Err((from..cursor.at(), Fault::TooManyPieces)),
        false => Ok(()),
    }
}

/// The value of an attribute as one word.
pub(super) fn value<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, Range<usize>)> {
    Ok(match cursor.peek() {
        None | Some(' ') => ("", cursor.point()),
        _ => cursor.word(),
    })
}

fn bad_value(key: &'static str, found: &str, span: Range<usize>, expected: &'static str) -> Local {
    (
        span,
        Fault::AttributeValue {
            key,
            found: shown(found),
            expected,
        },
    )
}

pub(super) fn cut_attribute(
    key: &'static str,
    cursor: &mut Cursor,
    span: Range<usize>,
    cut: &mut Cut,
) -> Result<()> {
    if *cut != Cut::Whole {
        return Err((span, Fault::Conflict("chop", "cut")));
    }
    let n = cursor.number(1, 2 * Payload::MAX as u64)? as usize;
    *cut = if key == "chop" {
        Cut::Chop(n)
    } else {
        Cut::At(n)
    };
    Ok(())
}

/// Reads `key=value` and flags to the end of the line, or up to `or`.
pub(super) fn attributes<'a>(
    cursor: &mut Cursor<'a>,
    all: &'static [&'static str],
    alternatives: bool,
    mut each: impl FnMut(&'static str, &mut Cursor<'a>, Range<usize>) -> Result<()>,
) -> Result<()> {
    let mut seen = Vec::new();
    while !(cursor.done() || alternatives && at_or(cursor)) {
        let (name, span) = cursor.name();
        if name.is_empty() {
            return Cursor::finish(cursor);
        }
        let Some(key) = all.iter().find(|key| **key == name) else {
            let near = nearest(name, all.iter().copied());
            return Err((span, Fault::UnknownAttribute(shown(name), near, all)));
        };
        if seen.contains(key) {
            return Err((span, Fault::RepeatedAttribute(key)));
        }
        seen.push(key);
        match (FLAGS.contains(key), cursor.take('=')) {
            (true, true) => return Err((span, Fault::FlagValue(key))),
            (false, false) => return Err((span, Fault::NoValue(key))),
            _ => each(key, cursor, span)?,
        }
        if !matches!(cursor.peek(), None | Some(' ')) {
            return Cursor::finish(cursor);
        }
    }
    Ok(())
}

fn at_or(cursor: &Cursor) -> bool {
    let mut ahead = cursor.clone();
    ahead.word().0 == "or"
}

/// What stands behind `<`, and behind `~` and `?` in front of the why.
pub(super) fn outcomes(cursor: &mut Cursor) -> Result<Vec<Outcome>> {
    let mut all = Vec::new();
    loop {
        if cursor.done() {
            return Err((cursor.end(), Fault::EmptyStep));
        }
        all.push(outcome(cursor)?);
        if cursor.done() {
            return Ok(all);
        }
        if !at_or(cursor) {
            return cursor.finish().map(|()| all);
        }
        cursor.word();
    }
}

fn outcome(cursor: &mut Cursor) -> Result<Outcome> {
    let (name, span) = cursor.name();
    let outcome = match name {
        "text" | "binary" => {
            cursor.done();
            let payload = cursor.payload()?;
            let mut times = 1;
            attributes(cursor, &["times"], true, |_, cursor, _| {
                times = cursor.number(1, MAX_PIECES as u64)? as u32;
                Ok(())
            })?;
            match name {
                "text" => Outcome::Text(payload, times),
                _ => Outcome::Binary(payload, times),
            }
        }
        "ping" => Outcome::Ping(cursor.optional_payload()?),
        "pong" => {
            cursor.done();
            Outcome::Pong(cursor.payload()?)
        }
        "close" => Outcome::Close(close(cursor)?),
        "fail" => Outcome::Fail(code(cursor, 0, 0xffff)?),
        "eof" => Outcome::Eof,
        "reset" => Outcome::Reset,
        "silence" => Outcome::Silence(time(cursor)?),
        "response" => Outcome::Response(head::status(cursor)?, Vec::new()),
        "refusal" => Outcome::Refusal(code(cursor, 400, 599)?, Vec::new()),
        "request" => Outcome::Request(Vec::new()),
        name => return Err(unknown_outcome(cursor, name, span)),
    };
    Ok(outcome)
}

fn unknown_outcome(cursor: &mut Cursor, name: &str, span: Range<usize>) -> Local {
    let (name, span) = match name {
        "" => cursor.word(),
        name => (name, span),
    };
    let fault = match SENDS.iter().find(|s| **s == name) {
        Some(step) => Fault::StepExpected(step),
        None if name == "op" => Fault::StepExpected("op"),
        None => Fault::UnknownOutcome(shown(name), nearest(name, OUTCOMES.iter().copied())),
    };
    (span, fault)
}

/// A code, if digits come next.
fn code(cursor: &mut Cursor, low: u64, high: u64) -> Result<Option<u16>> {
    cursor.done();
    match cursor.peek() {
        Some(c) if c.is_ascii_digit() => Ok(Some(cursor.number(low, high)? as u16)),
        _ => Ok(None),
    }
}

fn close(cursor: &mut Cursor) -> Result<CloseWanted> {
    let mut ahead = cursor.clone();
    if ahead.word().0 == "empty" {
        *cursor = ahead;
        return Ok(CloseWanted::Empty);
    }
    Ok(match code(cursor, 0, 0xffff)? {
        Some(code) => CloseWanted::Code(code, cursor.optional_payload()?),
        None => CloseWanted::Any,
    })
}

fn time(cursor: &mut Cursor) -> Result<Duration> {
    let (word, span) = cursor.word();
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let unit = match &word[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1000),
        _ => None,
    };
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse::<u64>().ok()?.checked_mul(unit?))
        .flatten()
        .map(Duration::from_millis)
        .filter(|t| !t.is_zero() && *t <= MAX_SILENCE)
        .ok_or((span, Fault::Time(shown(word))))
}
