//! The client's side of the opening handshake (RFC 6455, section 4.1).

use data_encoding::BASE64;

use super::{Ask, Draft, End, Peer, Stage};
use crate::wire::handshake::{Request, Response, client};

/// Interim responses that are borne (RFC 9110, section 15.2).
const MAX_INTERIM: u32 = 16;

impl Peer {
    pub(super) fn ask(&mut self, ask: &Ask) {
        self.browser = ask.browser;
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
        if ask.browser {
            // WHATWG WebSockets, section 2.2, by way of Fetch.
            draft.add("Pragma", "no-cache");
            draft.add("Cache-Control", "no-cache");
            draft.add("Origin", "http://wsspec.invalid");
            draft.add("Sec-WebSocket-Extensions", "permessage-deflate");
        }
        if let Some(hook) = hook!(self, Ask) {
            hook(&mut draft, &mut self.state);
        }
        let mut octets = draft.encode();
        self.asked = Request::read(&octets);
        self.outbox.append(&mut octets);
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
        let skip = |check| hook!(self, Believe).is_some_and(|hook| hook(check, &response.head));
        // Without a request nothing would have been asked; there always is one.
        let valid = self
            .asked
            .as_ref()
            .is_some_and(|request| client::acceptable(request, &response, skip).is_ok());
        if !valid || !self.is_answered(&response) {
            return self.abandon();
        }
        self.stage = Stage::Open;
        self.inbox = self.responses.take_rest();
    }

    /// A browser that asked for a subprotocol does not do without (WHATWG WebSockets, section 2.2).
    fn is_answered(&self, response: &Response) -> bool {
        let asked = self.asked.as_ref();
        !self.browser
            || asked.is_none_or(|request| request.head.subprotocols().next().is_none())
            || response.head.subprotocols().next().is_some()
    }
}
