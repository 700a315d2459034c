//! Where the body behind a head ends (RFC 9112, sections 6 and 7.1), so that a refusal is known to be complete. Its octets are skipped.

use super::{Head, Request, Response, flaw::shortened};

/// How long the body is (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// So many octets, possibly none.
    Exactly(u64),
    /// In chunks, until the last.
    Chunked,
    /// Until the stream ends.
    UntilClose,
}

/// Why the length of a body cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FramingError {
    /// RFC 9112, section 6.3, item 5.
    #[error("Content-Length is {0:?}, not one decimal number")]
    ContentLength(String),
    /// RFC 9112, section 6.1: a request with both is refused, or read by Transfer-Encoding; a sender must not send both (6.2).
    #[error("both Content-Length and Transfer-Encoding are there")]
    Both,
    /// RFC 9112, section 6.3, item 4.
    #[error("Transfer-Encoding is {0:?}, which does not end in chunked, once")]
    NotChunked(String),
    /// RFC 9112, section 6.1.
    #[error("Transfer-Encoding stands in an HTTP/1.0 message")]
    CodingInHttp10,
}

impl BodyLength {
    /// Of a response to a request with this method.
    ///
    /// # Errors
    /// [`FramingError::ContentLength`]; the stream cannot be read on then (RFC 9112, section 6.3, item 5).
    pub fn of(response: &Response, method: &str) -> Result<BodyLength, FramingError> {
        if matches!(response.status, 100..200 | 204 | 304) || method == "HEAD" {
            return Ok(BodyLength::Exactly(0));
        }
        if response.head.count("Transfer-Encoding") > 0 {
            return Ok(match ends_chunked(&response.head) {
                true => BodyLength::Chunked,
                false => BodyLength::UntilClose,
            });
        }
        let length = content_length(&response.head)?;
        Ok(length.map_or(BodyLength::UntilClose, BodyLength::Exactly))
    }

    /// Of a request.
    ///
    /// # Errors
    /// Any [`FramingError`]: each of them a server answers with 400 and a close (RFC 9112, sections 6.1 and 6.3).
    pub fn of_request(request: &Request) -> Result<BodyLength, FramingError> {
        let head = &request.head;
        let length = content_length(head)?;
        let Some(coding) = head.joined("Transfer-Encoding") else {
            return Ok(BodyLength::Exactly(length.unwrap_or(0)));
        };
        if length.is_some() {
            Err(FramingError::Both)
        } else if request.version == "HTTP/1.0" {
            Err(FramingError::CodingInHttp10)
        } else if !ends_chunked(head) {
            Err(FramingError::NotChunked(shortened(&coding)))
        } else {
            Ok(BodyLength::Chunked)
        }
    }
}

/// The transfer codings other than `chunked`, as they stand.
pub fn other_codings(head: &Head) -> impl Iterator<Item = &[u8]> {
    head.elements("Transfer-Encoding")
        .filter(|coding| !coding.eq_ignore_ascii_case(b"chunked"))
}

fn ends_chunked(head: &Head) -> bool {
    let chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let codings: Vec<_> = head.elements("Transfer-Encoding").collect();
    matches!(&codings[..], [others @ .., last] if chunked(last) && !others.iter().any(|c| chunked(c)))
}

/// The same number repeated counts once (RFC 9112, section 6.3, item 5); one too large to count is as good as endless.
fn content_length(head: &Head) -> Result<Option<u64>, FramingError> {
    let Some(joined) = head.joined("Content-Length") else {
        return Ok(None);
    };
    let wrong = || FramingError::ContentLength(shortened(&joined));
    let mut numbers = head.elements("Content-Length").map(|element| {
        let digits = element.iter().all(u8::is_ascii_digit);
        digits.then(|| {
            element.iter().fold(0u64, |number, digit| {
                number
                    .saturating_mul(10)
                    .saturating_add(u64::from(digit - b'0'))
            })
        })
    });
    let first = numbers.next().flatten().ok_or_else(wrong)?;
    match numbers.all(|number| number == Some(first)) {
        true => Ok(Some(first)),
        false => Err(wrong()),
    }
}

/// Why the end of a body is not found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BodyError {
    /// More octets than the limit.
    #[error("skipped the body of an HTTP response, but after {0} octets its end has not come")]
    TooLong(u64),
    /// RFC 9112, section 7.1.
    #[error(
        "skipped a body in chunks (RFC 9112, section 7.1), but octet {0:#04x} stands where {1} belongs"
    )]
    Chunk(u8, &'static str),
    /// RFC 9112, section 7.1: a size that no one can count.
    #[error(
        "skipped a body in chunks (RFC 9112, section 7.1), but the size of a chunk has more than 16 digits"
    )]
    ChunkSize,
    /// The stream ended inside the body.
    #[error("skipped the body of an HTTP response, but the stream ended after {0} octets of it")]
    Truncated(u64),
}

/// Skips a body.
#[derive(Clone, Debug)]
pub struct BodyReader {
    state: State,
    used: u64,
    limit: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Octets(u64),
    UntilClose,
    /// Digits of a size and what they say.
    Size(u8, u64),
    /// Behind the size, with the size.
    SizeRest(u64),
    Data(u64),
    /// The line end behind a chunk; `true`: CR has come.
    DataEnd(bool),
    /// A trailer line with so many octets so far (0, 1 or more).
    Trailer(u8),
    Done,
}

impl BodyReader {
    /// For a body of this length; `limit`: the most octets to skip, those between chunks included.
    pub fn new(length: BodyLength, limit: u64) -> BodyReader {
        let state = match length {
            BodyLength::Exactly(0) => State::Done,
            BodyLength::Exactly(octets) => State::Octets(octets),
            BodyLength::Chunked => State::Size(0, 0),
            BodyLength::UntilClose => State::UntilClose,
        };
        BodyReader {
            state,
            used: 0,
            limit,
        }
    }

    /// Whether the end has come.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Skips on; how many of the octets belong to the body.
    ///
    /// # Errors
    /// Any [`BodyError`] but `Truncated`. The reader is of no use afterwards.
    pub fn feed(&mut self, octets: &[u8]) -> Result<usize, BodyError> {
        let mut left = octets;
        while let (&[octet, ref rest @ ..], false) = (left, self.is_done()) {
            let span = match self.state {
                State::Octets(n) | State::Data(n) => usize::try_from(n).unwrap_or(usize::MAX),
                State::UntilClose => usize::MAX,
                _ => 1,
            };
            let span = span.min(left.len());
            self.used = self.used.saturating_add(span as u64);
            if self.used > self.limit {
                return Err(BodyError::TooLong(self.limit));
            }
            self.state = self.step(octet, span as u64)?;
            left = match span {
                1 => rest,
                _ => &left[span..],
            };
        }
        Ok(octets.len() - left.len())
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// `Truncated`, unless the body was complete or reaches to the end of the stream.
    pub fn finish(&self) -> Result<(), BodyError> {
        match self.state {
            State::Done | State::UntilClose => Ok(()),
            _ => Err(BodyError::Truncated(self.used)),
        }
    }

    /// The state behind `span` octets, the first of which is `octet`. A bare LF ends a line (RFC 9112, section 2.2).
    fn step(&self, octet: u8, span: u64) -> Result<State, BodyError> {
        Ok(match (self.state, octet) {
            (State::Octets(n), _) if n == span => State::Done,
            (State::Octets(n), _) => State::Octets(n - span),
            (State::Size(digits, size), _) if octet.is_ascii_hexdigit() => {
                if digits == 16 {
                    return Err(BodyError::ChunkSize);
                }
                let digit = char::from(octet).to_digit(16).unwrap_or(0);
                State::Size(digits + 1, size << 4 | u64::from(digit))
            }
            (State::Size(0, _), _) => return Err(BodyError::Chunk(octet, "the size of a chunk")),
            (State::Size(_, size) | State::SizeRest(size), b'\n') => match size {
                0 => State::Trailer(0),
                _ => State::Data(size),
            },
            (State::Size(_, size), b'\r' | b';' | b' ' | b'\t') => State::SizeRest(size),
            (State::Size(..), _) => {
                return Err(BodyError::Chunk(octet, "the end of the size of a chunk"));
            }
            (State::Data(n), _) if n == span => State::DataEnd(false),
            (State::Data(n), _) => State::Data(n - span),
            (State::DataEnd(false), b'\r') => State::DataEnd(true),
            (State::DataEnd(_), b'\n') => State::Size(0, 0),
            (State::DataEnd(_), _) => {
                return Err(BodyError::Chunk(octet, "the line end of a chunk"));
            }
            (State::Trailer(0), b'\r') => State::Trailer(1),
            (State::Trailer(0 | 1), b'\n') => State::Done,
            (State::Trailer(_), b'\n') => State::Trailer(0),
            (State::Trailer(_), _) => State::Trailer(2),
            (state, _) => state,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(status: u16, lines: &str) -> Result<BodyLength, FramingError> {
        let octets = format!("HTTP/1.1 {status} \r\n{lines}\r\n");
        BodyLength::of(&Response::read(octets.as_bytes()).unwrap(), "GET")
    }

    fn of_request(version: &str, lines: &str) -> Result<BodyLength, FramingError> {
        let octets = format!("GET / {version}\r\n{lines}\r\n");
        BodyLength::of_request(&Request::read(octets.as_bytes()).unwrap())
    }

    const CHUNKED: &str = "Transfer-Encoding: gzip\r\ntransfer-encoding: ,Chunked\r\n";

    #[test]
    fn the_length_of_a_response() {
        use BodyLength::*;
        assert_eq!(of(400, "Content-Length: 5\r\n"), Ok(Exactly(5)));
        assert_eq!(
            of(400, "Content-Length: 5,5\r\nContent-Length: 05\r\n"),
            Ok(Exactly(5))
        );
        assert_eq!(
            of(400, "Content-Length: 99999999999999999999\r\n"),
            Ok(Exactly(u64::MAX))
        );
        assert_eq!(of(400, ""), Ok(UntilClose));
        assert_eq!(of(400, CHUNKED), Ok(Chunked));
        assert_eq!(
            of(400, &format!("{CHUNKED}Content-Length: 1\r\n")),
            Ok(Chunked)
        );
        assert_eq!(
            of(400, "Transfer-Encoding: chunked, gzip\r\n"),
            Ok(UntilClose)
        );
        for status in [100, 101, 199, 204, 304] {
            assert_eq!(of(status, "Content-Length: 5\r\n"), Ok(Exactly(0)));
        }
        for wrong in ["-1", "+5", "0x5", "5,6", "", "5 5", ","] {
            let length = of(400, &format!("Content-Length: {wrong}\r\n"));
            assert_eq!(length, Err(FramingError::ContentLength(wrong.into())));
        }
        let head = Response::read(b"HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n").unwrap();
        assert_eq!(BodyLength::of(&head, "HEAD"), Ok(Exactly(0)));
    }

    #[test]
    fn the_length_of_a_request() {
        use BodyLength::*;
        assert_eq!(of_request("HTTP/1.1", ""), Ok(Exactly(0)));
        assert_eq!(
            of_request("HTTP/1.1", "Content-Length: 7\r\n"),
            Ok(Exactly(7))
        );
        assert_eq!(of_request("HTTP/1.1", CHUNKED), Ok(Chunked));
        assert_eq!(
            of_request("HTTP/1.0", CHUNKED),
            Err(FramingError::CodingInHttp10)
        );
        assert_eq!(
            of_request("HTTP/1.1", &format!("{CHUNKED}Content-Length: 7\r\n")),
            Err(FramingError::Both)
        );
        for wrong in ["gzip", "chunked, identity", "chunked, chunked", ""] {
            let length = of_request("HTTP/1.1", &format!("Transfer-Encoding: {wrong}\r\n"));
            assert_eq!(length, Err(FramingError::NotChunked(wrong.into())));
        }
    }

    fn skip(length: BodyLength, octets: &[u8]) -> Result<(usize, bool), BodyError> {
        let mut reader = BodyReader::new(length, 1000);
        let used = reader.feed(octets)?;
        Ok((used, reader.is_done()))
    }

    #[test]
    fn bodies_end_where_they_end() {
        use BodyLength::*;
        assert_eq!(skip(Exactly(0), b"abc"), Ok((0, true)));
        assert_eq!(skip(Exactly(3), b"abcd"), Ok((3, true)));
        assert_eq!(skip(Exactly(3), b"ab"), Ok((2, false)));
        assert_eq!(skip(UntilClose, b"abc"), Ok((3, false)));
        for (body, used) in [
            (&b"0\r\n\r\nx"[..], 5),
            (b"3\r\nabc\r\n0\r\n\r\nx", 13),
            (
                b"000a;x=\"y\"\r\n0123456789\r\n0 \r\nA: b\r\nC:\r\n\r\nx",
                40,
            ),
            (b"1\na\n0\n\nx", 7),
        ] {
            assert_eq!(
                skip(Chunked, body),
                Ok((used, true)),
                "{}",
                body.escape_ascii()
            );
        }
        for body in [
            &b"\r\n"[..],
            b"g",
            b"1x",
            b"-1\r\n",
            b"1\r\nab",
            b"1\r\na\rb",
            b"12345678123456781\r\n",
        ] {
            assert!(skip(Chunked, body).is_err(), "{}", body.escape_ascii());
        }
    }

    #[test]
    fn the_end_of_the_stream_is_judged() {
        for (length, octets, end) in [
            (
                BodyLength::Exactly(3),
                &b"ab"[..],
                Err(BodyError::Truncated(2)),
            ),
            (BodyLength::Exactly(2), b"ab", Ok(())),
            (BodyLength::UntilClose, b"ab", Ok(())),
            (
                BodyLength::Chunked,
                b"1\r\na\r\n0\r\n",
                Err(BodyError::Truncated(9)),
            ),
        ] {
            let mut reader = BodyReader::new(length, 1000);
            reader.feed(octets).unwrap();
            assert_eq!(reader.finish(), end);
        }
    }

    #[test]
    fn no_more_than_the_limit_is_skipped() {
        for length in [
            BodyLength::Exactly(u64::MAX),
            BodyLength::UntilClose,
            BodyLength::Chunked,
        ] {
            let mut reader = BodyReader::new(length, 10);
            assert_eq!(reader.feed(b"1;xxxxxxxx"), Ok(10));
            assert_eq!(reader.feed(b"x"), Err(BodyError::TooLong(10)));
        }
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same(octets in "[0-9a-f;\r\n ]{0,40}", cut in 0usize..40, n in 0u64..50) {
            let octets = octets.as_bytes();
            let cut = cut.min(octets.len());
            for length in [BodyLength::Chunked, BodyLength::Exactly(n), BodyLength::UntilClose] {
                let mut whole = BodyReader::new(length, 30);
                let whole = whole.feed(octets).map(|used| (used, whole.state));
                let mut pieces = BodyReader::new(length, 30);
                let first = pieces.feed(&octets[..cut]);
                let both = first.and_then(|first| Ok(first + match pieces.is_done() {
                    true => 0,
                    false => pieces.feed(&octets[cut..])?,
                }));
                prop_assert_eq!(whole, both.map(|used| (used, pieces.state)));
            }
        }
    }
}
