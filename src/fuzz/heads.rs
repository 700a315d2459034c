//! Heads of opening handshakes (RFC 6455, section 4; RFC 9112), against httparse.

use std::fmt::Debug;

use super::{Explained, Stream};
use crate::wire::{
    handshake::{
        BodyError, BodyLength, BodyReader, Flaw, Head, HeadError, HeadReader, Limits, Request,
        Response,
        client::{self, Check as ClientCheck},
        head::Message,
        server::{self, Check as ServerCheck},
        uri,
    },
    observer::opening,
};

/// Reads a stream as requests, one behind the other, and what follows the first as its body.
///
/// # Panics
/// When what is read depends on how the stream is cut; when httparse reads something else and no rule explains it; when header lines are not
/// what stands around their colons; when a request without a flaw does not parse to itself once it is written anew; when the observer finds
/// nothing wrong with a request that a server refuses.
pub fn request(stream: &Stream) {
    let whole = read(HeadReader::request, stream);
    judge_first(&whole, &stream.octets, httparse_request);
    if let Some(request) = whole.heads.first() {
        let rest = behind(HeadReader::request(), &stream.octets);
        body(BodyLength::of_request(request).ok(), &rest, stream.cut);
    }
    for request in &whole.heads {
        shown(&request.head);
        let accepted = server::acceptable(request, |_| false);
        let breaches = opening::request(request, &opening::Wanted::default());
        for breach in &breaches {
            super::printable("a breach", &breach.to_string());
        }
        if let Err(refusal) = &accepted {
            super::printable("a refusal", &refusal.reason);
            // A server need not read a body, know a coding or forgive what the observer finds remarkable: these bind no client.
            let own = [
                ServerCheck::Body,
                ServerCheck::TransferCoding,
                ServerCheck::Target,
                ServerCheck::HostInvalid,
            ];
            let binds = refusal.check.is_none_or(|check| !own.contains(&check));
            assert!(
                !breaches.is_empty() || !binds,
                "{refusal:?}, but no breach: {request:?}"
            );
            let answer = refusal.octets();
            let answer = Response::read(&answer).expect("a refusal is a response");
            assert_eq!(
                (answer.head.flaws.len(), answer.status),
                (0, refusal.status)
            );
        }
        if request.head.flaws.is_empty() {
            let again = Request::read(&written(request)).expect("a head that was written is whole");
            assert_eq!(
                (
                    &again.method,
                    &again.target,
                    &again.version,
                    &again.head.headers
                ),
                (
                    &request.method,
                    &request.target,
                    &request.version,
                    &request.head.headers
                )
            );
        }
    }
}

/// Reads a stream as responses, one behind the other, and what follows the first as its body.
///
/// # Panics
/// As [`request`]; when the observer finds nothing wrong with a 101 that a client refuses.
pub fn response(stream: &Stream) {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n";
    let whole = read(HeadReader::response, stream);
    judge_first(&whole, &stream.octets, httparse_response);
    let asked = Request::read(REQUEST).expect("it is whole");
    if let Some(response) = whole.heads.first() {
        let rest = behind(HeadReader::response(), &stream.octets);
        body(BodyLength::of(response, "GET").ok(), &rest, stream.cut);
    }
    for response in &whole.heads {
        shown(&response.head);
        let breaches = opening::response(&asked, response);
        for breach in &breaches {
            super::printable("a breach", &breach.to_string());
        }
        if let Err(rejection) = client::acceptable(&asked, response, |_| false) {
            super::printable("a rejection", &rejection.reason);
            assert!(
                !breaches.is_empty() || rejection.check == ClientCheck::Status,
                "{rejection:?}, but no breach: {response:?}"
            );
        }
    }
}

/// What is read of a stream.
#[derive(Debug, PartialEq)]
struct Whole<M> {
    heads: Vec<M>,
    end: Result<(), HeadError>,
    rest: Vec<u8>,
}

fn read<M: Message + PartialEq + Debug>(
    reader: fn() -> HeadReader<M>,
    stream: &Stream,
) -> Whole<M> {
    let read = |cut| {
        let mut reader = reader();
        let mut heads = Vec::new();
        for piece in super::stream::pieces(&stream.octets, cut) {
            reader.feed(piece);
            while let Ok(Some(head)) = reader.next() {
                heads.push(head);
            }
        }
        let end = reader.next().map(|_| ());
        // What is kept behind an error is nobody's.
        let rest = match end {
            Ok(()) => reader.take_rest(),
            Err(_) => Vec::new(),
        };
        Whole { heads, end, rest }
    };
    let whole = read(0);
    if stream.cut > 0 {
        assert_eq!(
            whole,
            read(stream.cut),
            "what is read depends on how the stream is cut"
        );
    }
    if let Err(error) = &whole.end {
        super::printable("an error", &error.to_string());
    }
    whole
}

/// What follows the first head.
fn behind<M: Message>(mut reader: HeadReader<M>, octets: &[u8]) -> Vec<u8> {
    reader.feed(octets);
    match reader.next() {
        Ok(Some(_)) => reader.take_rest(),
        _ => Vec::new(),
    }
}

/// What is shown of a head prints; what is kept of it is no more than came, and its header lines.
fn shown(head: &Head) {
    for flaw in &head.flaws {
        super::printable("a flaw", &flaw.to_string());
    }
    let kept: usize = head.headers.iter().map(|field| field.value.len()).sum();
    assert!(kept <= head.raw.len() && head.raw.len() <= Limits::default().octets);
    if let Some(plain) = plain_fields(&head.raw) {
        let fields = head.headers.iter();
        let read: Vec<_> = fields
            .map(|field| (field.name.clone(), field.value.clone()))
            .collect();
        assert_eq!(read, plain, "not the header lines that came");
    }
}

/// The header lines of a head in the plainest way, whatever octets they have: what stands in front of the first colon, and behind it, without SP and HTAB
/// around it (RFC 9112, section 5; RFC 9110, section 5.5). `None`: one of them goes on in the next.
fn plain_fields(raw: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let lines = raw.split(|octet| *octet == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.skip_while(|line| line.is_empty()).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let bare = |mut octets: &[u8]| {
        while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = octets {
            octets = rest;
        }
        octets.to_vec()
    };
    let mut fields = Vec::new();
    for line in lines {
        if let [b' ' | b'\t', ..] = line {
            return None;
        }
        if let Some(colon) = line.iter().position(|octet| *octet == b':') {
            let name = String::from_utf8_lossy(&bare(&line[..colon])).into_owned();
            fields.push((name, bare(&line[colon + 1..])));
        }
    }
    Some(fields)
}

/// A request as its parts say.
fn written(request: &Request) -> Vec<u8> {
    let line = [
        request.method.as_bytes(),
        &request.target,
        request.version.as_bytes(),
    ];
    let mut octets = line.join(&b' ');
    octets.extend_from_slice(b"\r\n");
    for field in &request.head.headers {
        octets.extend_from_slice(&[field.name.as_bytes(), b":", &field.value, b"\r\n"].concat());
    }
    octets.extend_from_slice(b"\r\n");
    octets
}

/// What httparse says of a head.
#[derive(Debug)]
struct Foreign {
    /// The octets of the head.
    used: usize,
    /// Method, target, version; or version, status, reason.
    line: [Vec<u8>; 3],
    headers: Vec<(String, Vec<u8>)>,
}

/// Ours in the same form.
trait Parts {
    fn line(&self) -> [Vec<u8>; 3];
    fn head(&self) -> &Head;
    fn whole(octets: &[u8]) -> Option<Self>
    where
        Self: Sized;
}

impl Parts for Request {
    fn line(&self) -> [Vec<u8>; 3] {
        [
            self.method.clone().into(),
            self.target.clone(),
            self.version.clone().into(),
        ]
    }
    fn head(&self) -> &Head {
        &self.head
    }
    fn whole(octets: &[u8]) -> Option<Request> {
        Request::read(octets)
    }
}

impl Parts for Response {
    fn line(&self) -> [Vec<u8>; 3] {
        [
            self.version.clone().into(),
            self.status.to_string().into(),
            self.reason.clone(),
        ]
    }
    fn head(&self) -> &Head {
        &self.head
    }
    fn whole(octets: &[u8]) -> Option<Response> {
        Response::read(octets)
    }
}

/// The most header lines that httparse is given room for: as many as our own limit of lines leaves.
const LINES: usize = 1024;

fn fields(headers: &[httparse::Header]) -> Vec<(String, Vec<u8>)> {
    let field = |header: &httparse::Header| (header.name.to_owned(), header.value.to_vec());
    headers.iter().map(field).collect()
}

fn version(minor: Option<u8>) -> Vec<u8> {
    format!("HTTP/1.{}", minor.unwrap_or_default()).into()
}

fn httparse_request(octets: &[u8]) -> Result<Option<Foreign>, httparse::Error> {
    let mut headers = [httparse::EMPTY_HEADER; LINES];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(used) = parsed.parse(octets)? else {
        return Ok(None);
    };
    let line = [
        parsed.method.unwrap_or_default().into(),
        parsed.path.unwrap_or_default().into(),
        version(parsed.version),
    ];
    let headers = fields(parsed.headers);
    Ok(Some(Foreign {
        used,
        line,
        headers,
    }))
}

fn httparse_response(octets: &[u8]) -> Result<Option<Foreign>, httparse::Error> {
    let mut headers = [httparse::EMPTY_HEADER; LINES];
    let mut parsed = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(used) = parsed.parse(octets)? else {
        return Ok(None);
    };
    let line = [
        version(parsed.version),
        parsed.code.unwrap_or_default().to_string().into(),
        parsed.reason.unwrap_or_default().into(),
    ];
    let headers = fields(parsed.headers);
    Ok(Some(Foreign {
        used,
        line,
        headers,
    }))
}

/// Holds the first head against httparse's reading of the same octets.
fn judge_first<M: Parts>(
    whole: &Whole<M>,
    octets: &[u8],
    httparse: fn(&[u8]) -> Result<Option<Foreign>, httparse::Error>,
) {
    let theirs = httparse(octets);
    let explained = match (whole.heads.first(), &theirs) {
        (Some(ours), Ok(Some(theirs))) => differences(ours, theirs),
        (Some(ours), Ok(None)) => rules(ours),
        (Some(ours), Err(error)) => refused(ours, *error),
        // Nothing was read yet: what is wrong so far shows once the head is made whole.
        (None, Err(error)) => match (&whole.end, M::whole(&[octets, b"\r\n\r\n"].concat())) {
            (Err(_), _) => return,
            (Ok(()), Some(ours)) => refused(&ours, *error),
            // It is no head however it goes on: httparse is the first to say so.
            (Ok(()), None) => return,
        },
        (None, Ok(None)) => return,
        // Our limits, and what is no HTTP/1.1 but begins like a token.
        (None, Ok(Some(_))) if whole.end.is_err() => return,
        (None, Ok(Some(_))) => vec![],
    };
    let same = matches!((whole.heads.first(), &theirs), (Some(ours), Ok(Some(theirs))) if same(ours, theirs));
    assert!(
        same || !explained.is_empty(),
        "httparse reads {theirs:?}, and no rule explains it; ours: {:?} {:?}, {:?}",
        whole.heads.first().map(Parts::line),
        whole.heads.first().map(Parts::head),
        whole.end
    );
}

fn same<M: Parts>(ours: &M, theirs: &Foreign) -> bool {
    let head = ours.head();
    let headers = head.headers.iter().map(|field| (&field.name, &field.value));
    head.raw.len() == theirs.used
        && ours.line() == theirs.line
        && headers.eq(theirs.headers.iter().map(|(name, value)| (name, value)))
}

/// The rules that let one reader take what another drops, mends or refuses.
fn rules<M: Parts>(ours: &M) -> Vec<Explained> {
    let flaws = ours.head().flaws.iter();
    flaws
        .map(|flaw| flaw.rule().unwrap_or_else(|| flaw.section()))
        .collect()
}

/// Both have read it: only what one of them mends may differ.
fn differences<M: Parts>(ours: &M, theirs: &Foreign) -> Vec<Explained> {
    let mends = |flaw: &&Flaw| {
        !matches!(
            flaw,
            // Told, and read all the same.
            Flaw::BareLf | Flaw::EmptyLineFirst | Flaw::NoSpaceBehindStatus
        )
    };
    let [.., ours_last] = ours.line();
    let [.., theirs_last] = &theirs.line;
    // A reason phrase that is not ASCII is given out as none: RFC 9112, section 4, lets a client ignore it.
    let reason = theirs_last.is_empty() && !ours_last.is_ascii();
    let flaws = ours.head().flaws.iter().filter(mends);
    flaws
        .map(|flaw| flaw.rule().unwrap_or_else(|| flaw.section()))
        .chain(reason.then_some("RFC 9112, section 4"))
        .collect()
}

/// httparse refuses what ours has read.
fn refused<M: Parts>(ours: &M, error: httparse::Error) -> Vec<Explained> {
    let mut explained = rules(ours);
    let [first, second, third] = ours.line();
    let foreign = |target: &[u8]| uri::foreign_octet(target).is_some() || target.is_empty();
    match error {
        // httparse knows 1.0 and 1.1; the grammar has digit.digit.
        httparse::Error::Version if first != b"HTTP/1.1" && third != b"HTTP/1.1" => {
            explained.push("9112-2.3-1");
        }
        // RFC 9112, section 3.2: what may stand in a target is judged by ours when a server is asked to accept it.
        httparse::Error::Token if foreign(&second) => explained.push("9112-3.2-1"),
        // RFC 9110, section 5.4.
        httparse::Error::TooManyHeaders => explained.push("RFC 9110, section 5.4"),
        _ => {}
    }
    explained
}

/// Skips what follows a head as its body.
fn body(length: Option<BodyLength>, rest: &[u8], cut: u8) {
    const MOST: u64 = 1 << 16;
    let Some(length) = length else { return };
    let skip = |cut| {
        let mut reader = BodyReader::new(length, MOST);
        let mut used = 0;
        for piece in super::stream::pieces(rest, cut) {
            match reader.feed(piece) {
                Ok(octets) => used += octets,
                Err(error) => return Err(error),
            }
            if reader.is_done() {
                break;
            }
        }
        Ok((used, reader.is_done(), reader.finish()))
    };
    let whole = skip(0);
    assert_eq!(
        whole,
        skip(cut),
        "where a body ends depends on how it is cut"
    );
    match (length, &whole) {
        (BodyLength::Exactly(octets), Ok((used, done, _))) => {
            assert_eq!(*used as u64, octets.min(rest.len() as u64));
            assert_eq!(*done, octets <= rest.len() as u64);
        }
        (BodyLength::UntilClose, Ok((used, done, _))) => {
            assert_eq!((*used, *done), (rest.len(), false))
        }
        (BodyLength::Chunked, whole) => {
            if let Err(error) = whole {
                super::printable("an error", &error.to_string());
            }
            chunks(
                rest,
                whole
                    .as_ref()
                    .ok()
                    .and_then(|(used, done, _)| done.then_some(*used)),
            );
        }
        (_, Err(error)) => assert!(matches!(error, BodyError::TooLong(_)), "{error}"),
    }
}

/// Walks chunks by the sizes that httparse reads; `end`: where ours has found the end of the body.
fn chunks(body: &[u8], end: Option<usize>) {
    let mut at = 0;
    // Nothing but the size stands on each line. Of what else may, it takes more than RFC 9112, section 7.1.1 allows, a line feed among it.
    let mut plain = true;
    loop {
        if !body.get(at).is_some_and(u8::is_ascii_hexdigit) {
            // It takes a size without a digit for 0; RFC 9112, section 7.1 has one at least.
            assert!(end.is_none() || !plain, "a size without a digit is none");
            return;
        }
        let Ok(httparse::Status::Complete((used, size))) = httparse::parse_chunk_size(&body[at..])
        else {
            // It wants CRLF where ours takes LF alone (RFC 9112, section 2.2), and takes more blanks.
            return;
        };
        plain &= body[at..at + used - 2].iter().all(u8::is_ascii_hexdigit);
        at += used;
        if size == 0 {
            break;
        }
        let Some(next) = usize::try_from(size)
            .ok()
            .and_then(|size| at.checked_add(size))
        else {
            return;
        };
        match body.get(next..next.saturating_add(2)) {
            Some(b"\r\n") => at = next + 2,
            _ => return,
        }
    }
    // The trailer section (RFC 9112, section 7.1.2), possibly empty.
    let mut headers = [httparse::EMPTY_HEADER; 16];
    if let Ok(httparse::Status::Complete((used, _))) =
        httparse::parse_headers(&body[at..], &mut headers)
        && plain
    {
        assert_eq!(end, Some(at + used), "the body ends elsewhere");
    }
}
