//! The server's side of the opening handshake (RFC 6455, section 4.2; RFC 9110; RFC 9112).

use super::{Draft, End, MAX_HEAD, Peer, Stage};
use crate::wire::handshake::{
    Flaw, Head, HeadError, HeadReader, Limits, Request,
    accept::{accept, decode_key_leniently},
    fields::is_token,
};

/// The subprotocols that the server knows; it takes the first one that the client offers of them.
pub const SUBPROTOCOLS: &[&str] = &["echo", "chat", "superchat"];

/// How many header lines are taken.
const MAX_LINES: usize = 1000;

/// What is wrong with the other end's side of the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// RFC 9112.
    #[error("{0}")]
    Grammar(Flaw),
    /// RFC 6455, section 4.2.1, item 1.
    #[error("the method is not GET")]
    Method,
    /// RFC 6455, section 4.2.1, item 1; in a response RFC 6455, section 4.1.
    #[error("the version is not HTTP/1.1")]
    HttpVersion,
    /// RFC 6455, section 4.2.1, item 1.
    #[error("the target is neither a path nor an http or https URI")]
    Target,
    /// RFC 6455, section 4.2.1, item 2; RFC 9112, section 3.2.
    #[error("there is not exactly one valid Host")]
    Host,
    /// RFC 9112, section 6.3.
    #[error("the Content-Length is invalid")]
    ContentLength,
    /// RFC 9112, section 6.3: this server takes no content.
    #[error("content is not taken")]
    Content,
    /// RFC 9112, section 6.1: this server takes no content.
    #[error("Transfer-Encoding is not taken")]
    TransferEncoding,
    /// RFC 9110, section 10.1.1.
    #[error("the expectation is unknown")]
    Expect,
    /// RFC 6455, section 4.2.1, item 3; in a response section 4.1, step 2.
    #[error("Upgrade does not say websocket")]
    Upgrade,
    /// RFC 6455, section 4.2.1, item 4; in a response section 4.1, step 3.
    #[error("Connection does not list Upgrade")]
    Connection,
    /// RFC 6455, section 4.2.1, item 6.
    #[error("Sec-WebSocket-Version is not 13")]
    Version,
    /// RFC 6455, section 4.2.1, item 5.
    #[error("there is not exactly one Sec-WebSocket-Key of 16 octets")]
    Key,
    /// RFC 6455, section 4.2.1, item 8; in a response section 4.1, step 6.
    #[error("Sec-WebSocket-Protocol is invalid")]
    Protocol,
    /// RFC 6455, sections 4.2.1, item 9, and 9.1; in a response section 4.1, step 5.
    #[error("Sec-WebSocket-Extensions is invalid")]
    Extensions,
    /// RFC 6455, section 4.1, step 1 of the validation.
    #[error("the status is {0}, not 101")]
    Status(u16),
    /// RFC 6455, section 4.1, step 4 of the validation.
    #[error("there is not exactly one right Sec-WebSocket-Accept")]
    Accept,
}

impl Objection {
    /// The status that fits.
    fn status(&self) -> (u16, &'static str) {
        match self {
            Objection::Method => (405, "Method Not Allowed"),
            Objection::HttpVersion => (505, "HTTP Version Not Supported"),
            Objection::Content => (413, "Content Too Large"),
            Objection::Expect => (417, "Expectation Failed"),
            Objection::Upgrade | Objection::Connection | Objection::Version => {
                (426, "Upgrade Required")
            }
            _ => (400, "Bad Request"),
        }
    }
}

pub(super) fn reader() -> HeadReader<Request> {
    HeadReader::request().with_limits(Limits {
        octets: MAX_HEAD,
        lines: MAX_LINES,
    })
}

impl Peer {
    pub(super) fn read_request(&mut self) {
        let octets = std::mem::take(&mut self.inbox);
        self.read = 0;
        self.requests.feed(&octets);
        let request = match self.requests.next() {
            Ok(Some(request)) => request,
            Ok(None) => match self.early() {
                Some(request) => request,
                None => return,
            },
            Err(error) => return self.turn_away_head(&error),
        };
        self.inbox = self.requests.take_rest();
        self.judge_request(request);
    }

    /// The request as far as it came, where a fault does not wait for the rest.
    fn early(&self) -> Option<Request> {
        let octets = self.requests.octets();
        let hook = hook!(self, Early)?;
        let whole = || [octets, b"\r\n\r\n"].concat();
        hook(octets).then(whole).as_deref().and_then(Request::read)
    }

    fn turn_away_head(&mut self, error: &HeadError) {
        let (status, reason) = match error {
            HeadError::TooLong {
                in_first_line: true,
                ..
            } => (414, "URI Too Long"),
            HeadError::TooLong { .. } | HeadError::TooManyLines(_) => {
                (431, "Request Header Fields Too Large")
            }
            _ => (400, "Bad Request"),
        };
        self.refuse(refusal(status, reason, &error.to_string()));
    }

    fn judge_request(&mut self, mut request: Request) {
        if let Some(hook) = hook!(self, Misread) {
            hook(&mut request);
        }
        let objection = objections(&request)
            .into_iter()
            .find(|objection| !self.excuses(objection, &request.head));
        if let Some(objection) = objection {
            let (status, reason) = objection.status();
            let mut draft = refusal(status, reason, &objection.to_string());
            match objection {
                // RFC 9110, section 15.5.6.
                Objection::Method => draft.add("Allow", "GET"),
                // RFC 9110, section 15.5.22; RFC 6455, section 4.4.
                _ if status == 426 => {
                    draft.set("Connection", "Upgrade, close");
                    draft.add("Upgrade", "websocket");
                    draft.add("Sec-WebSocket-Version", "13");
                }
                _ => {}
            }
            if request.method == "HEAD" {
                draft.body.clear();
            }
            if let Some(hook) = hook!(self, Refusal) {
                hook(&mut draft, &objection);
            }
            return self.refuse(draft);
        }
        if hook!(self, TurnAway).is_some_and(|hook| hook(&request)) {
            return self.refuse(refusal(400, "Bad Request", "refused"));
        }
        // RFC 9110, section 7.8: with an expectation, 100 comes before 101.
        if request.head.has_token("Expect", "100-continue") {
            self.outbox
                .extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let mut draft = agreement(&request);
        if let Some(hook) = hook!(self, Answer) {
            hook(&mut draft, &request);
        }
        self.outbox.append(&mut draft.encode());
        self.stage = Stage::Open;
    }

    pub(super) fn excuses(&self, objection: &Objection, head: &Head) -> bool {
        hook!(self, Excuse).is_some_and(|hook| hook(objection, head))
    }

    fn refuse(&mut self, draft: Draft) {
        self.outbox.append(&mut draft.encode());
        self.leave(End::Fin);
    }
}

/// The server's side of an accepted opening handshake (RFC 6455, section 4.2.2, step 5).
fn agreement(request: &Request) -> Draft {
    let head = &request.head;
    let mut draft = Draft::new("HTTP/1.1 101 Switching Protocols");
    draft.add("Upgrade", "websocket");
    draft.add("Connection", "Upgrade");
    let key = head.value("Sec-WebSocket-Key").unwrap_or_default();
    draft.add("Sec-WebSocket-Accept", accept(key));
    let known = |offer: &&[u8]| SUBPROTOCOLS.iter().any(|known| known.as_bytes() == *offer);
    if let Some(chosen) = head.subprotocols().find(known) {
        draft.add("Sec-WebSocket-Protocol", chosen);
    }
    draft
}

fn refusal(status: u16, reason: &str, why: &str) -> Draft {
    let mut draft = Draft::new(format!("HTTP/1.1 {status} {reason}"));
    draft.body = format!("{why}\n").into_bytes();
    draft.add("Connection", "close");
    draft.add("Content-Type", "text/plain; charset=utf-8");
    draft.add("Content-Length", draft.body.len().to_string());
    draft
}

/// What is wrong with a request, the weightiest first.
fn objections(request: &Request) -> Vec<Objection> {
    let head = &request.head;
    let flaws = head
        .flaws
        .iter()
        // RFC 9112, section 2.2: empty lines before the request line are skipped.
        .filter(|flaw| **flaw != Flaw::EmptyLineFirst)
        .map(|flaw| Objection::Grammar(flaw.clone()));
    let list = |name: &str| head.count(name) == 0 || head.elements(name).next().is_some();
    let mut offers: Vec<_> = head.subprotocols().collect();
    let offered = offers.len();
    let tokens = offers.iter().all(|offer| is_token(offer));
    offers.sort_unstable();
    offers.dedup();
    let checks = [
        (request.method == "GET", Objection::Method),
        (
            matches!(
                request.version.as_bytes(),
                [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9']
            ),
            Objection::HttpVersion,
        ),
        (is_target(&request.target), Objection::Target),
        (
            head.count("Host") == 1 && head.value("Host").is_some_and(is_host),
            Objection::Host,
        ),
        (
            head.count("Transfer-Encoding") == 0,
            Objection::TransferEncoding,
        ),
        (
            head.elements("Content-Length")
                .all(|length| length.iter().all(u8::is_ascii_digit))
                && same(head.elements("Content-Length"))
                && list("Content-Length"),
            Objection::ContentLength,
        ),
        (
            head.elements("Content-Length")
                .all(|length| length.iter().all(|digit| *digit == b'0')),
            Objection::Content,
        ),
        (
            head.elements("Expect")
                .all(|element| element.eq_ignore_ascii_case(b"100-continue")),
            Objection::Expect,
        ),
        (head.has_token("Upgrade", "websocket"), Objection::Upgrade),
        (
            head.has_token("Connection", "Upgrade"),
            Objection::Connection,
        ),
        (
            head.values("Sec-WebSocket-Version").eq([b"13"]),
            Objection::Version,
        ),
        (
            head.count("Sec-WebSocket-Key") == 1
                && head
                    .value("Sec-WebSocket-Key")
                    .is_some_and(|key| decode_key_leniently(key).is_ok()),
            Objection::Key,
        ),
        (
            // RFC 6455, section 4.1, item 10: tokens, all different, at least one.
            list("Sec-WebSocket-Protocol") && tokens && offers.len() == offered,
            Objection::Protocol,
        ),
        (head.extensions().is_ok(), Objection::Extensions),
    ];
    flaws
        .chain(
            checks
                .into_iter()
                .filter_map(|(right, objection)| (!right).then_some(objection)),
        )
        .collect()
}

fn same<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> bool {
    match values.next() {
        Some(first) => values.all(|value| value == first),
        None => true,
    }
}

/// A path with an optional query, or an http or https URI with a host (RFC 6455, section 4.2.1; RFC 9112, section 3.2).
fn is_target(target: &[u8]) -> bool {
    let visible = target
        .iter()
        .all(|octet| octet.is_ascii_graphic() && *octet != b'#');
    let scheme = |scheme: &str| {
        target
            .split_at_checked(scheme.len())
            .filter(|(start, _)| start.eq_ignore_ascii_case(scheme.as_bytes()))
            .map(|(_, rest)| rest)
    };
    let absolute = scheme("http://").or_else(|| scheme("https://"));
    visible
        && match absolute {
            Some(rest) => {
                let end = rest.iter().position(|octet| b"/?".contains(octet));
                is_host(&rest[..end.unwrap_or(rest.len())])
            }
            None => target.starts_with(b"/"),
        }
}

/// `uri-host [ ":" port ]`, not empty (RFC 9110, section 7.2; RFC 3986, section 3.2.2).
fn is_host(value: &[u8]) -> bool {
    let (host, port) = match value {
        [b'[', rest @ ..] => match rest.iter().position(|octet| *octet == b']') {
            Some(end) => {
                let literal = &rest[..end];
                let is_literal = !literal.is_empty()
                    && literal
                        .iter()
                        .all(|octet| octet.is_ascii_alphanumeric() || b":.-_~".contains(octet));
                (is_literal, &rest[end + 1..])
            }
            None => (false, &[][..]),
        },
        _ => {
            let end = value.iter().position(|octet| *octet == b':');
            let (name, port) = value.split_at(end.unwrap_or(value.len()));
            let is_name = !name.is_empty()
                && name.iter().all(|octet| {
                    octet.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(octet)
                });
            (is_name, port)
        }
    };
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    host && is_port
}
