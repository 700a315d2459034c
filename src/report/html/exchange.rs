//! What was to be played, and what was said: steps, two lanes, octets.

use std::fmt::Write;

use maud::{Markup, html};

use super::{
    super::{Case, Line, MeasuredCase, view::shorten},
    millis, shown,
};
use crate::{
    case::Role,
    escape::{line, lines},
};

/// Lines and columns of the gist of a case.
const GIST: (usize, usize) = (14, 110);

/// Steps, coloured by who acts.
pub fn steps(steps: &str) -> Markup {
    html! {
        pre.code {
            @for step in lines(steps.trim_end_matches('\n')) {
                @let class = match step.trim_start().as_bytes().first() {
                    Some(b'>') => "send",
                    Some(b'~' | b'?') => "else",
                    _ => "want",
                };
                span class=(class) { (shown(&step)) }
                "\n"
            }
        }
    }
}

/// The suite on the left, the target on the right, remarks between.
pub fn lanes(case: &Case, measured: &MeasuredCase, target: Role) -> Markup {
    html! {
        div.exchange {
            div.lanes { span { "wsspec, as the " (target.other()) } span { "the " (target) " under test" } }
            @for (at, line) in case.transcript.iter().enumerate() {
                (said(line, measured.at_us.get(at)))
            }
            @if case.left_out > 0 { p.remark { (case.left_out) " more lines were not kept" } }
        }
    }
}

fn said(line: &Line, at: Option<&u64>) -> Markup {
    let side = match line.who {
        '>' => "suite",
        '<' => "target",
        _ => return html! { p.remark { (shown(&line.text)) } },
    };
    let octets = line.octets.as_deref().unwrap_or_default();
    let length = match line.length {
        0 => String::new(),
        1 => "1 octet".into(),
        n => format!("{n} octets"),
    };
    html! {
        div class={ "say " (side) } {
            (text(&line.text))
            div.meta {
                @if let Some(us) = at { span { (millis(*us)) } }
                @match (octets.is_empty(), length.is_empty()) {
                    (true, true) => {}
                    (true, false) => span { (length) },
                    (false, _) => details { summary { (length) } pre.hex { (hex(octets, line.length)) } },
                }
            }
        }
    }
}

/// The notation: a line as it is; of several the first that says something, and the whole on demand.
pub fn text(text: &str) -> Markup {
    let rows: Vec<_> = lines(text).collect();
    let lead = match &rows[..] {
        [_] | [] => return html! { code { (shown(text)) } },
        [first, second, ..] if first == "bytes" => second.trim(),
        [first, ..] => first,
    };
    html! {
        details {
            summary { code { (shown(lead)) } " " small { "and " (rows.len() - 1) " more" } }
            pre { (shown_lines(&rows)) }
        }
    }
}

fn shown_lines(rows: &[impl AsRef<str>]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| shown(row.as_ref())).collect();
    rows.join("\n")
}

/// Rows of sixteen octets with their characters; `length`: how many there were on the wire.
fn hex(octets: &str, length: u64) -> String {
    let parsed: Option<Vec<u8>> = octets
        .split_whitespace()
        .map(|octet| u8::from_str_radix(octet, 16).ok())
        .collect();
    let Some(parsed) = parsed else {
        return shown(octets).into_owned();
    };
    let mut out = String::new();
    for (row, octets) in parsed.chunks(16).enumerate() {
        let digits: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let plain = |octet: &u8| match octet {
            0x20..=0x7e => char::from(*octet),
            _ => '.',
        };
        let plain: String = octets.iter().map(plain).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:04x}  {:<47}  {plain}", row * 16, digits.join(" "));
    }
    let more = length.saturating_sub(parsed.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "... {more} more");
    }
    out.trim_end().to_owned()
}

/// What was said in a few short lines. The opening handshake is left out where the case is not about it.
pub fn gist(case: &Case, steps: &str) -> String {
    let word = steps.split_whitespace().nth(1).unwrap_or_default();
    let opening = matches!(word, "request" | "response");
    let head = |line: &&Line| !opening && line.text.starts_with("bytes\n");
    let usual = case.transcript.iter().take_while(head).count();
    let mut out = String::new();
    let said = &case.transcript[usual..];
    for one in said.iter().take(GIST.0) {
        let mark = if matches!(one.who, '>' | '<') {
            one.who
        } else {
            '#'
        };
        let (first, more) = one.text.split_once('\n').unwrap_or((&one.text, ""));
        let first = match (first, more) {
            ("bytes", more) => more.lines().next().unwrap_or_default().trim(),
            _ => first,
        };
        let _ = writeln!(out, "{mark} {}", shorten(&line(first), GIST.1));
    }
    let more = case.left_out + said.len().saturating_sub(GIST.0) as u64;
    if more > 0 {
        let _ = writeln!(out, "# {more} more lines");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_stand_in_rows_with_their_characters() {
        let dump = hex("81 05 48 65 6c 6c 6f 00 01 02 03 04 05 06 07 08 41", 20);
        assert_eq!(
            dump,
            "0000  81 05 48 65 6c 6c 6f 00 01 02 03 04 05 06 07 08  ..Hello.........\n0010  41                                               A\n... 3 more"
        );
        assert_eq!(hex("<b>", 1), "<b>");
    }
}
