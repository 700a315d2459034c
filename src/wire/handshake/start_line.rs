//! Request line and status line (RFC 9112, sections 3 and 4), split leniently on any blanks.

use std::ops::Range;

use super::flaw::{Flaw, shortened};

pub(super) struct RequestLine {
    pub method: String,
    pub target: Vec<u8>,
    pub version: String,
}

pub(super) struct StatusLine {
    pub version: String,
    pub status: u16,
    pub reason: Vec<u8>,
}

/// The blanks that RFC 9112, section 3 lets a recipient take for SP.
fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | 0x0b | 0x0c | b'\r')
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// `HTTP/` DIGIT `.` DIGIT (RFC 9112, section 2.3).
pub(crate) fn is_version(version: &[u8]) -> bool {
    matches!(version, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

pub(super) fn request_line(line: &[u8], tell: &mut impl FnMut(Flaw)) -> RequestLine {
    let words = words(line);
    let one_space = words.first().is_none_or(|word| word.start == 0)
        && words.last().is_none_or(|word| word.end == line.len())
        && words
            .windows(2)
            .all(|pair| line[pair[0].end..pair[1].start] == *b" ");
    if !one_space {
        tell(Flaw::StartLineBlanks);
    }
    if words.len() != 3 {
        tell(Flaw::RequestLine(words.len()));
    }
    // Blanks inside the target belong to no grammar, but keeping them says what went wrong.
    let (method, target, version) = match &words[..] {
        [] => (0..0, 0..0, 0..0),
        [method] => (method.clone(), 0..0, 0..0),
        [method, target] => (method.clone(), target.clone(), 0..0),
        [method, first, .., last, version] => {
            (method.clone(), first.start..last.end, version.clone())
        }
        [method, target, version] => (method.clone(), target.clone(), version.clone()),
    };
    let (method, version) = (&line[method], &line[version]);
    if !super::fields::is_token(method) {
        tell(Flaw::Method(shortened(method)));
    }
    if !is_version(version) {
        tell(Flaw::Version(shortened(version)));
    }
    RequestLine {
        method: text(method),
        target: line[target].to_vec(),
        version: text(version),
    }
}

fn words(line: &[u8]) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, &octet) in line.iter().enumerate() {
        match (is_blank(octet), start) {
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    words.extend(start.map(|from| from..line.len()));
    words
}

/// `None` when there is no number where the status code belongs.
pub(super) fn status_line(line: &[u8], tell: &mut impl FnMut(Flaw)) -> Option<StatusLine> {
    let start = line.iter().position(|&octet| !is_blank(octet))?;
    let mut odd = start > 0;
    let line = &line[start..];
    let end = line.iter().position(|&octet| is_blank(octet))?;
    let (version, rest) = line.split_at(end);
    let digits = rest.iter().position(|&octet| !is_blank(octet))?;
    odd |= rest[..digits] != *b" ";
    let rest = &rest[digits..];
    let end = rest
        .iter()
        .position(|&octet| is_blank(octet))
        .unwrap_or(rest.len());
    let (code, rest) = rest.split_at(end);
    if code.is_empty() || !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let status = std::str::from_utf8(code).ok()?.parse().ok()?;
    if code.len() != 3 {
        tell(Flaw::StatusCode(shortened(code)));
    }
    let reason = match rest {
        [] => {
            tell(Flaw::NoSpaceBehindStatus);
            &[][..]
        }
        [first, reason @ ..] => {
            odd |= *first != b' ';
            reason
        }
    };
    if odd {
        tell(Flaw::StartLineBlanks);
    }
    if !is_version(version) {
        tell(Flaw::Version(shortened(version)));
    }
    Some(StatusLine {
        version: text(version),
        status,
        reason: reason.to_vec(),
    })
}
