//! Reading heads, in whatever pieces they come, in time linear in their octets.
//!
//! Leniently: what can be told apart is read, and each departure from the grammar is told as a [`Flaw`].

use std::marker::PhantomData;

use super::{
    Field, Flaw, Head, Request, Response,
    fields::{is_token, trimmed},
    flaw::shortened,
    start_line,
};

/// How much of a head is read. RFC 9110, section 2.3 leaves limits free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of one head, the empty line included.
    pub octets: usize,
    /// Lines of one head: first line, header lines, and empty lines before them.
    pub lines: usize,
}

impl Limits {
    /// None at all: for octets that are all there.
    pub const NONE: Limits = Limits {
        octets: usize::MAX,
        lines: usize::MAX,
    };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            octets: 64 << 10,
            lines: 1000,
        }
    }
}

/// Why octets are not read as a head.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum HeadError {
    /// Not HTTP/1.1 at all.
    #[error("read an HTTP head, but the other side does not speak HTTP/1.1 here: {0}")]
    Foreign(Foreign),
    /// A response without a status code.
    #[error("read a status line `HTTP/1.1 CODE REASON` (RFC 9112, section 4), but {0:?} came")]
    StatusLine(String),
    /// More octets than [`Limits::octets`].
    #[error("read an HTTP head, but after {limit} octets its end has not come{}", if *.in_first_line { " (nor that of its first line)" } else { "" })]
    TooLong {
        /// The limit.
        limit: usize,
        /// Not even the first line has ended: 414 (RFC 9112, section 3) rather than 431.
        in_first_line: bool,
    },
    /// More lines than [`Limits::lines`].
    #[error("read an HTTP head, but after {0} lines its end has not come")]
    TooManyLines(usize),
    /// The stream ended inside a head.
    #[error(
        "read an HTTP head, but the stream ended after {0} octets, before the empty line that ends it"
    )]
    Truncated(usize),
}

/// What is spoken instead of HTTP/1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Foreign {
    /// A TLS record (RFC 8446, section 5.1).
    #[error("this is TLS; use wss:// instead of ws://")]
    Tls,
    /// An SSH identification (RFC 4253, section 4.2).
    #[error("this is SSH")]
    Ssh,
    /// A SETTINGS frame of HTTP/2 (RFC 9113, section 6.5).
    #[error("this is HTTP/2 without an upgrade")]
    Http2,
    /// Anything else.
    #[error("the first octets begin no HTTP message")]
    Unknown,
}

/// Reads heads of requests or responses.
#[derive(Clone, Debug)]
pub struct HeadReader<M> {
    octets: Vec<u8>,
    /// Where the present head begins in `octets`; what follows is relative to it.
    begin: usize,
    /// How far line ends have been looked for.
    scanned: usize,
    /// Where the present line begins.
    line: usize,
    lines: usize,
    /// The start line.
    first: Option<(usize, usize)>,
    known: bool,
    limits: Limits,
    failed: Option<HeadError>,
    message: PhantomData<M>,
    #[cfg(test)]
    work: usize,
}

impl HeadReader<Request> {
    /// Reads requests.
    pub fn request() -> Self {
        Self::new()
    }
}

impl HeadReader<Response> {
    /// Reads responses, one after another: those before the final one are interim (RFC 9110, section 15.2).
    pub fn response() -> Self {
        Self::new()
    }
}

impl<M: Message> HeadReader<M> {
    fn new() -> Self {
        HeadReader {
            octets: Vec::new(),
            begin: 0,
            scanned: 0,
            line: 0,
            lines: 0,
            first: None,
            known: false,
            limits: Limits::default(),
            failed: None,
            message: PhantomData,
            #[cfg(test)]
            work: 0,
        }
    }

    /// With other limits than the default: 64 KiB and 1000 lines.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes octets that came. After an error they are dropped.
    pub fn feed(&mut self, octets: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        if self.begin > 0 {
            self.octets.drain(..self.begin);
            self.begin = 0;
        }
        self.octets.extend_from_slice(octets);
    }

    /// The next head, once it is complete. What follows it is the next head's, or a body's, or a frame's: [`take_rest`](Self::take_rest).
    ///
    /// # Errors
    /// Any [`HeadError`] but `Truncated`; it stays.
    #[expect(
        clippy::should_implement_trait,
        reason = "there may be more after `None`"
    )]
    pub fn next(&mut self) -> Result<Option<M>, HeadError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.advance();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// The error that came before, or `Truncated` when it ended inside a head.
    pub fn finish(&self) -> Result<(), HeadError> {
        let left = self.octets();
        match &self.failed {
            Some(error) => Err(error.clone()),
            None if left.iter().all(|octet| b"\r\n".contains(octet)) => Ok(()),
            None => Err(HeadError::Truncated(left.len())),
        }
    }

    /// The octets behind the last complete head.
    pub fn octets(&self) -> &[u8] {
        &self.octets[self.begin..]
    }

    /// Takes the octets behind the last complete head away.
    pub fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.octets.split_off(self.begin);
        self.octets.clear();
        self.restart(0);
        rest
    }

    fn restart(&mut self, begin: usize) {
        self.begin = begin;
        (self.scanned, self.line, self.lines) = (0, 0, 0);
        (self.first, self.known) = (None, false);
    }

    fn advance(&mut self) -> Result<Option<M>, HeadError> {
        let all = &self.octets[self.begin..];
        let octets = &all[..all.len().min(self.limits.octets)];
        loop {
            if !self.known && self.first.is_none() {
                match M::known(&octets[self.line..]) {
                    Known::Http => self.known = true,
                    // An empty line may come first. Else no line ends before it is known what it is a line of.
                    Known::NotYet => match octets[self.line..] {
                        [b'\n', ..] | [b'\r', b'\n', ..] => {}
                        _ => break,
                    },
                    Known::Foreign(foreign) => return Err(HeadError::Foreign(foreign)),
                }
            }
            let found = octets[self.scanned..]
                .iter()
                .position(|&octet| octet == b'\n');
            #[cfg(test)]
            {
                self.work += found.map_or(octets.len() - self.scanned, |found| found + 1);
            }
            let Some(found) = found else {
                self.scanned = octets.len();
                break;
            };
            let end = self.scanned + found;
            let empty = matches!(octets[self.line..end], [] | [b'\r']);
            match (empty, self.first) {
                (true, Some(first)) => {
                    let message = M::read(&octets[..=end], first)?;
                    let begin = self.begin + end + 1;
                    self.restart(begin);
                    return Ok(Some(message));
                }
                (false, None) => self.first = Some((self.line, end)),
                _ => {}
            }
            self.lines += 1;
            if self.lines > self.limits.lines {
                return Err(HeadError::TooManyLines(self.limits.lines));
            }
            self.scanned = end + 1;
            self.line = self.scanned;
        }
        match octets.len() < self.limits.octets {
            true => Ok(None),
            false => Err(HeadError::TooLong {
                limit: self.limits.octets,
                in_first_line: self.first.is_none(),
            }),
        }
    }
}

/// What the first octets say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// HTTP/1.x, or close to it.
    Http,
    /// More octets are needed.
    NotYet,
    /// Something else.
    Foreign(Foreign),
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Request {}
    impl Sealed for super::Response {}
}

/// A kind of message with a head: [`Request`] or [`Response`].
pub trait Message: Sized + sealed::Sealed {
    /// What the octets at the start of the first line say; once decided, further octets change nothing.
    fn known(octets: &[u8]) -> Known;
    /// Reads a complete head. `first`: the first line, without its LF.
    ///
    /// # Errors
    /// `StatusLine`
    fn read(raw: &[u8], first: (usize, usize)) -> Result<Self, HeadError>;
}

impl Message for Request {
    fn known(octets: &[u8]) -> Known {
        other_protocol(octets).unwrap_or(match octets {
            // An empty line before the first one (RFC 9112, section 2.2).
            [] | [b'\r'] | [b'\n', ..] | [b'\r', b'\n', ..] => Known::NotYet,
            [b' ' | b'\t' | b'\r', ..] => Known::Http,
            [first, ..] if super::fields::is_token_char(*first) => Known::Http,
            _ => Known::Foreign(Foreign::Unknown),
        })
    }

    fn read(raw: &[u8], first: (usize, usize)) -> Result<Request, HeadError> {
        let mut flaws = Flaws::default();
        let line = flaws.first_line(raw, first);
        let line = start_line::request_line(line, &mut |flaw| flaws.tell(flaw));
        Ok(Request {
            method: line.method,
            target: line.target,
            version: line.version,
            head: header_section(raw, first.1 + 1, flaws),
        })
    }
}

impl Message for Response {
    fn known(octets: &[u8]) -> Known {
        const NAME: &[u8] = b"HTTP";
        if let [0, 0, _, 4, ..] = octets {
            return Known::Foreign(Foreign::Http2);
        }
        let start = octets.iter().position(|octet| !b" \t\r".contains(octet));
        let word = &octets[start.unwrap_or(octets.len())..];
        let seen = word.len().min(NAME.len());
        other_protocol(octets).unwrap_or(match octets {
            [0] | [0, 0] | [0, 0, _] => Known::NotYet,
            [b'\n', ..] | [b'\r', b'\n', ..] => Known::NotYet,
            _ if !word[..seen].eq_ignore_ascii_case(&NAME[..seen]) => {
                Known::Foreign(Foreign::Unknown)
            }
            _ if seen < NAME.len() => Known::NotYet,
            _ => Known::Http,
        })
    }

    fn read(raw: &[u8], first: (usize, usize)) -> Result<Response, HeadError> {
        let mut flaws = Flaws::default();
        let line = flaws.first_line(raw, first);
        let read = start_line::status_line(line, &mut |flaw| flaws.tell(flaw))
            .ok_or_else(|| HeadError::StatusLine(shortened(line)))?;
        Ok(Response {
            version: read.version,
            status: read.status,
            reason: read.reason,
            head: header_section(raw, first.1 + 1, flaws),
        })
    }
}

/// TLS and SSH, which both sides may meet; `NotYet` while only more octets can tell.
fn other_protocol(octets: &[u8]) -> Option<Known> {
    const SSH: &[u8] = b"SSH-";
    match octets {
        [0x14..=0x17] => Some(Known::NotYet),
        [0x14..=0x17, 3, ..] => Some(Known::Foreign(Foreign::Tls)),
        [b'S', ..] if octets.starts_with(SSH) => Some(Known::Foreign(Foreign::Ssh)),
        [b'S', ..] if SSH.starts_with(octets) => Some(Known::NotYet),
        _ => None,
    }
}

/// Flaws, each once.
#[derive(Default)]
struct Flaws(Vec<Flaw>);

impl Flaws {
    /// More than these are not told: a head of nothing but flaws stays cheap.
    const MOST: usize = 32;

    fn tell(&mut self, flaw: Flaw) {
        if self.0.len() < Self::MOST && !self.0.contains(&flaw) {
            self.0.push(flaw);
        }
    }

    /// The first line without its end, with what stands before it and in it told.
    fn first_line<'a>(&mut self, raw: &'a [u8], (start, end): (usize, usize)) -> &'a [u8] {
        if start > 0 {
            self.tell(Flaw::EmptyLineFirst);
            if raw[..start] != b"\r\n".repeat(start / 2) {
                self.tell(Flaw::BareLf);
            }
        }
        self.line(&raw[start..end])
    }

    /// A line (its LF already off) without its CR, with its octets told.
    fn line<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        let line = match line {
            [line @ .., b'\r'] => line,
            _ => {
                self.tell(Flaw::BareLf);
                line
            }
        };
        for &octet in line {
            match octet {
                b'\r' => self.tell(Flaw::BareCr),
                0 => self.tell(Flaw::Nul),
                b'\t' => {}
                0x01..0x20 | 0x7f => self.tell(Flaw::Control(octet)),
                _ => {}
            }
        }
        line
    }
}

/// The header lines from `start` to the empty line that ends `raw` (RFC 9112, section 5).
fn header_section(raw: &[u8], start: usize, mut flaws: Flaws) -> Head {
    let mut headers: Vec<Field> = Vec::new();
    /// What a continuation line belongs to.
    enum Last {
        Start,
        Field,
        Dropped,
    }
    let mut last = Last::Start;
    for line in raw[start..].split(|&octet| octet == b'\n') {
        let line = flaws.line(line);
        match (line, &last) {
            ([], _) => break,
            ([b' ' | b'\t', ..], Last::Start) => flaws.tell(Flaw::BlankBeforeHeaders),
            ([b' ' | b'\t', ..], Last::Dropped) => flaws.tell(Flaw::ObsFold),
            ([b' ' | b'\t', ..], Last::Field) => {
                flaws.tell(Flaw::ObsFold);
                if let Some(Field { value, .. }) = headers.last_mut() {
                    let more = trimmed(line);
                    if !value.is_empty() && !more.is_empty() {
                        value.push(b' ');
                    }
                    value.extend_from_slice(more);
                }
            }
            _ => match line.iter().position(|&octet| octet == b':') {
                None => {
                    flaws.tell(Flaw::NoColon(shortened(line)));
                    last = Last::Dropped;
                }
                Some(colon) => {
                    let name = trimmed(&line[..colon]);
                    if name.len() != colon {
                        flaws.tell(Flaw::BlankBeforeColon(shortened(name)));
                    }
                    if !is_token(name) {
                        flaws.tell(Flaw::Name(shortened(name)));
                    }
                    headers.push(Field {
                        name: String::from_utf8_lossy(name).into_owned(),
                        value: trimmed(&line[colon + 1..]).to_vec(),
                    });
                    last = Last::Field;
                }
            },
        }
    }
    Head {
        raw: raw.to_vec(),
        headers,
        flaws: flaws.0,
    }
}

#[cfg(test)]
mod tests;
