//! Writing heads, lawful or not: the ordinary message, changed line by line as a case says (`cases/README.md`).

use super::values::Values;
use crate::case::{HandshakeStep, HeaderEdit, Payload};

/// The request that a case says.
pub fn request(step: &HandshakeStep, values: &Values) -> Vec<u8> {
    let text = |text: &Option<String>, ordinary: &str| {
        text.as_ref()
            .map_or_else(|| ordinary.into(), |text| values.expand(text.as_bytes()))
    };
    let target = step.target.as_ref().map_or_else(
        || values.target.clone().into_bytes(),
        |target| values.octets(target),
    );
    let line = [
        text(&step.method, "GET"),
        target,
        text(&step.version, "HTTP/1.1"),
    ]
    .join(&b' ');
    let ordinary = [
        ("Host", values.host.clone().into_bytes()),
        ("Upgrade", b"websocket".to_vec()),
        ("Connection", b"Upgrade".to_vec()),
        ("Sec-WebSocket-Key", values.key.clone()),
        ("Sec-WebSocket-Version", b"13".to_vec()),
    ];
    compose(line, &ordinary, step, values)
}

/// The response with this status that a case says.
///
/// All but interim responses carry the ordinary header lines, so that nothing but the status is out of order; a final one has a
/// `Content-Length` beside them where HTTP allows one, so that its end is known (RFC 9112, section 6.3).
pub fn response(status: u16, step: &HandshakeStep, values: &Values) -> Vec<u8> {
    let version = step.version.as_deref().unwrap_or("HTTP/1.1");
    let mut line = values.expand(version.as_bytes());
    line.extend_from_slice(format!(" {status:03} ").as_bytes());
    match &step.reason {
        Some(reason) => line.extend(values.octets(reason)),
        None => line.extend_from_slice(reason(status).as_bytes()),
    }
    let mut ordinary = Vec::new();
    if status == 101 || !(100..200).contains(&status) {
        ordinary.extend([
            ("Upgrade", b"websocket".to_vec()),
            ("Connection", b"Upgrade".to_vec()),
            ("Sec-WebSocket-Accept", values.accept().into_bytes()),
        ]);
    }
    if !matches!(status, 100..200 | 204 | 304) {
        let length = step
            .body
            .as_ref()
            .map_or(0, |body| values.octets(body).len());
        ordinary.push(("Content-Length", length.to_string().into_bytes()));
    }
    compose(line, &ordinary, step, values)
}

/// A whole response that is no handshake: with its length and the end of the connection announced (RFC 9112, sections 6.2 and 9.6). With an
/// `Upgrade` line among `headers` the `Connection` line names it (RFC 9110, section 7.8).
pub fn plain(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    use std::fmt::Write;

    let named = |name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    let mut head = format!("HTTP/1.1 {status:03} {}\r\n", reason(status));
    // Writing to a String cannot fail.
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !named("Connection") {
        let upgrade = if named("Upgrade") { "Upgrade, " } else { "" };
        let _ = write!(head, "Connection: {upgrade}close\r\n");
    }
    if !named("Content-Length") && !matches!(status, 100..200 | 204 | 304) {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    if !body.is_empty() && !named("Content-Type") {
        head.push_str("Content-Type: text/plain; charset=utf-8\r\n");
    }
    head.push_str("\r\n");
    head.push_str(body);
    head.into_bytes()
}

/// A line of its own, or octets as they are.
enum Piece {
    Line(String, Vec<u8>),
    Raw(Vec<u8>),
}

impl Piece {
    fn line(name: &str, value: &[u8]) -> Piece {
        let mut line = format!("{name}:").into_bytes();
        if !value.is_empty() {
            line.push(b' ');
            line.extend_from_slice(value);
        }
        Piece::Line(name.to_owned(), line)
    }

    fn is(&self, wanted: &str) -> bool {
        matches!(self, Piece::Line(name, _) if name.eq_ignore_ascii_case(wanted))
    }
}

/// The header lines, and where `= P` goes: behind the line that the last edit concerned.
struct Lines {
    pieces: Vec<Piece>,
    place: usize,
}

impl Lines {
    fn add(&mut self, piece: Piece) {
        self.pieces.push(piece);
        self.place = self.pieces.len();
    }

    fn remove(&mut self, name: &str) -> bool {
        let first = self.pieces.iter().position(|piece| piece.is(name));
        self.pieces.retain(|piece| !piece.is(name));
        self.place = first.unwrap_or(self.place);
        first.is_some()
    }

    fn insert(&mut self, piece: Piece) {
        self.pieces.insert(self.place, piece);
        self.place += 1;
    }

    fn set(&mut self, name: &str, value: &[u8]) {
        match self.remove(name) {
            true => self.insert(Piece::line(name, value)),
            false => self.add(Piece::line(name, value)),
        }
    }
}

fn compose(
    first: Vec<u8>,
    ordinary: &[(&str, Vec<u8>)],
    step: &HandshakeStep,
    values: &Values,
) -> Vec<u8> {
    let mut lines = Lines {
        pieces: Vec::new(),
        place: 0,
    };
    for (name, value) in ordinary {
        lines.add(Piece::line(name, value));
    }
    for (n, (name, value)) in values.headers.iter().enumerate() {
        // Given twice it stands twice; given once it takes the place of the ordinary line.
        let again = values.headers[..n]
            .iter()
            .any(|(before, _)| before.eq_ignore_ascii_case(name));
        match again {
            true => lines.add(Piece::line(name, value.as_bytes())),
            false => lines.set(name, value.as_bytes()),
        }
    }
    lines.place = 0;
    for edit in &step.headers {
        match edit {
            HeaderEdit::Set(name, value) => lines.set(name, &values.expand(value.as_bytes())),
            HeaderEdit::Add(name, value) => {
                lines.add(Piece::line(name, &values.expand(value.as_bytes())));
            }
            HeaderEdit::Remove(name) => {
                lines.remove(name);
            }
            HeaderEdit::Raw(payload) => lines.insert(Piece::Raw(values.octets(payload))),
        }
    }

    let octets = |payload: &Option<Payload>, ordinary: &[u8]| {
        payload
            .as_ref()
            .map_or_else(|| ordinary.to_vec(), |payload| values.octets(payload))
    };
    let eol = octets(&step.eol, b"\r\n");
    let mut message = octets(&step.line, &first);
    message.extend_from_slice(&eol);
    for piece in &lines.pieces {
        match piece {
            Piece::Line(_, line) => message.extend(line.iter().chain(&eol)),
            Piece::Raw(raw) => message.extend_from_slice(raw),
        }
    }
    message.extend(octets(&step.end, &eol));
    message.extend(octets(&step.body, b""));
    message
}

/// The registered phrases (RFC 9110, section 15; RFC 6585; RFC 8297); empty for others, which is lawful (RFC 9112, section 4).
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
