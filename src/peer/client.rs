//! The client's side of the opening handshake (RFC 6455, section 4.1).

use data_encoding::BASE64;

use super::{Ask, Draft, End, Objection, Peer, Stage};
use crate::wire::handshake::{Flaw, Response, accept::accept};

/// Interim responses that are borne (RFC 9110, section 15.2).
const MAX_INTERIM: u32 = 16;

/// What the client has asked for, to hold the answer against.
#[derive(Debug)]
pub(super) struct Asked {
    accept: String,
    subprotocols: Vec<String>,
}

impl Peer {
    pub(super) fn ask(&mut self, ask: &Ask) {
        let mut key = [0; 16];
        self.state.rng.fill(&mut key);
        let mut draft = Draft::new(format!("GET {} HTTP/1.1", ask.resource));
        draft.add("Host", ask.host.as_str());
        draft.add("Upgrade", "websocket");
        draft.add("Connection", "Upgrade");
        draft.add("Sec-WebSocket-Key", BASE64.encode(&key));
        draft.add("Sec-WebSocket-Version", "13");
        if !ask.subprotocols.is_empty() {
            draft.add("Sec-WebSocket-Protocol", ask.subprotocols.join(", "));
        }
        if let Some(hook) = hook!(self, Ask) {
            hook(&mut draft, &mut self.state);
        }
        self.asked = Some(Asked {
            accept: accept(draft.value("Sec-WebSocket-Key").as_bytes()),
            subprotocols: ask.subprotocols.clone(),
        });
        self.outbox.append(&mut draft.encode());
    }

    pub(super) fn read_response(&mut self) {
        let octets = std::mem::take(&mut self.inbox);
        self.read = 0;
        self.responses.feed(&octets);
        for _ in 0..MAX_INTERIM {
            let response = match self.responses.next() {
                Ok(Some(response)) => response,
                Ok(None) => return,
                // The connection is not established: no Close frame (RFC 6455, section 7.1.7).
                Err(_) => return self.abandon(),
            };
            if matches!(response.status, 100 | 102..=199) {
                continue;
            }
            return self.judge_response(response);
        }
        self.abandon();
    }

    fn abandon(&mut self) {
        if let Some(hook) = hook!(self, Abandon) {
            hook(&mut self.outbox, &mut self.state);
        }
        self.leave(End::Fin);
    }

    fn judge_response(&mut self, mut response: Response) {
        if let Some(hook) = hook!(self, Mishear) {
            hook(&mut response, &mut self.state);
        }
        let valid = self
            .doubts(&response)
            .iter()
            .all(|objection| self.excuses(objection, &response.head));
        if !valid {
            return self.abandon();
        }
        self.stage = Stage::Open;
        self.inbox = self.responses.take_rest();
    }

    /// What is wrong with a response.
    fn doubts(&self, response: &Response) -> Vec<Objection> {
        let head = &response.head;
        let Some(asked) = &self.asked else {
            return Vec::new();
        };
        let flaws = head
            .flaws
            .iter()
            // RFC 9112, section 5.2: a user agent takes a folded line for one.
            .filter(|flaw| **flaw != Flaw::ObsFold)
            .map(|flaw| Objection::Grammar(flaw.clone()));
        let checks = [
            (response.status == 101, Objection::Status(response.status)),
            (
                matches!(
                    response.version.as_bytes(),
                    [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9']
                ),
                Objection::HttpVersion,
            ),
            (
                head.joined("Upgrade")
                    .is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")),
                Objection::Upgrade,
            ),
            (
                head.has_token("Connection", "Upgrade"),
                Objection::Connection,
            ),
            (
                head.values("Sec-WebSocket-Accept")
                    .eq([asked.accept.as_bytes()]),
                Objection::Accept,
            ),
            (
                // RFC 6455, sections 4.2.2 and 11.3.4: one name, and one that was offered.
                match head.count("Sec-WebSocket-Protocol") {
                    0 => true,
                    1 => asked.subprotocols.iter().any(|offer| {
                        head.value("Sec-WebSocket-Protocol") == Some(offer.as_bytes())
                    }),
                    _ => false,
                },
                Objection::Protocol,
            ),
            (
                // No extension was offered.
                head.count("Sec-WebSocket-Extensions") == 0,
                Objection::Extensions,
            ),
        ];
        flaws
            .chain(
                checks
                    .into_iter()
                    .filter_map(|(right, objection)| (!right).then_some(objection)),
            )
            .collect()
    }
}
