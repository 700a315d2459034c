//! The server's side of the opening handshake (RFC 6455, section 4.2; RFC 9110; RFC 9112).

use super::{Draft, End, MAX_HEAD, Peer, Stage};
use crate::wire::handshake::{
    BodyLength, BodyReader, HeadReader, Limits, Request,
    accept::accept,
    server::{self, Check, Key, Refusal},
    write,
};

/// The subprotocols that the server knows; it takes the first one that the client offers of them.
pub const SUBPROTOCOLS: &[&str] = &["echo", "chat", "superchat"];

/// How many header lines are taken.
const MAX_LINES: usize = 5000;

/// The longest content of a request that is read and thrown away, in octets.
const MAX_CONTENT: u64 = 64 << 10;

/// A request that is accepted once its content has been read.
#[derive(Debug)]
pub(super) struct Accepted {
    request: Request,
    key: Key,
    content: BodyReader,
}

pub(super) fn reader() -> HeadReader<Request> {
    HeadReader::request().with_limits(Limits {
        octets: MAX_HEAD,
        lines: MAX_LINES,
    })
}

impl Peer {
    pub(super) fn read_request(&mut self) {
        if self.accepted.is_none() && !self.read_request_head() {
            return;
        }
        let Some(accepted) = &mut self.accepted else {
            return;
        };
        // RFC 9112, section 6: the content ends before frames begin.
        match accepted.content.feed(&self.inbox[self.read..]) {
            Ok(octets) => self.read += octets,
            Err(error) => return self.refuse(write::plain(400, &[], &format!("{error}\n"))),
        }
        if accepted.content.is_done()
            && let Some(accepted) = self.accepted.take()
        {
            self.agree(&accepted);
        }
    }

    /// Whether there was a whole head, and it is accepted.
    fn read_request_head(&mut self) -> bool {
        let octets = std::mem::take(&mut self.inbox);
        self.read = 0;
        self.requests.feed(&octets);
        let request = match self.requests.next() {
            Ok(Some(request)) => request,
            Ok(None) => match self.early() {
                Some(request) => request,
                None => return false,
            },
            Err(error) => {
                self.turn_away(Refusal::of(&error));
                return false;
            }
        };
        self.inbox = self.requests.take_rest();
        self.judge_request(request)
    }

    /// The request as far as it came, where a fault does not wait for the rest.
    fn early(&self) -> Option<Request> {
        let octets = self.requests.octets();
        let hook = hook!(self, Early)?;
        let whole = || [octets, b"\r\n\r\n"].concat();
        hook(octets).then(whole).as_deref().and_then(Request::read)
    }

    /// Whether the request is accepted.
    fn judge_request(&mut self, mut request: Request) -> bool {
        if let Some(hook) = hook!(self, Misread) {
            hook(&mut request);
        }
        let length = BodyLength::of_request(&request).unwrap_or(BodyLength::Exactly(0));
        let bounded = !matches!(length, BodyLength::Exactly(octets) if octets > MAX_CONTENT);
        let skip = |check| {
            check == Check::Body && bounded
                || hook!(self, Excuse).is_some_and(|hook| hook(check, &request.head))
        };
        let key = match server::acceptable(&request, skip) {
            Ok(key) => key,
            Err(refusal) => {
                self.turn_away(refusal);
                return false;
            }
        };
        if hook!(self, TurnAway).is_some_and(|hook| hook(&request)) {
            self.refuse(write::plain(400, &[], "refused\n"));
            return false;
        }
        // RFC 9110, section 7.8: 100 comes before 101.
        if server::expects_continue(&request) {
            self.outbox
                .extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        self.accepted = Some(Accepted {
            request,
            key,
            content: BodyReader::new(length, MAX_CONTENT),
        });
        true
    }

    /// The server's side of an accepted opening handshake (RFC 6455, section 4.2.2, step 5).
    fn agree(&mut self, Accepted { request, key, .. }: &Accepted) {
        let mut draft = Draft::new("HTTP/1.1 101 Switching Protocols");
        draft.add("Upgrade", "websocket");
        draft.add("Connection", "Upgrade");
        draft.add("Sec-WebSocket-Accept", accept(&key.0));
        let known = |offer: &&[u8]| SUBPROTOCOLS.iter().any(|known| known.as_bytes() == *offer);
        if let Some(chosen) = request.head.subprotocols().find(known) {
            draft.add("Sec-WebSocket-Protocol", chosen);
        }
        if let Some(hook) = hook!(self, Answer) {
            hook(&mut draft, request);
        }
        self.outbox.append(&mut draft.encode());
        self.stage = Stage::Open;
    }

    fn turn_away(&mut self, mut refusal: Refusal) {
        let instead = hook!(self, Refusal).and_then(|hook| hook(&mut refusal));
        self.refuse(instead.unwrap_or_else(|| refusal.octets()));
    }

    fn refuse(&mut self, mut octets: Vec<u8>) {
        self.outbox.append(&mut octets);
        self.leave(End::Fin);
    }
}
