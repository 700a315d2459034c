//! The page that a browser runs in a case of its profile: each text message says what its script does
//! (WHATWG WebSockets, section 3.1). The page that the listener serves to browsers is the other one that obeys.

use super::{Cause, Peer};
use crate::wire::frame::Opcode;

/// What `burst` sends: so many messages of so many octets, and then a Close frame.
const BURST: (usize, usize) = (10, 100_000);
/// The most octets of a reason (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// What a browser has to mind when a script calls it: what faults leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Which codes a script may close with.
    Code,
    /// How long its reason may be.
    Reason,
    /// That the reason is sent.
    Told,
    /// That no code is no body.
    Empty,
    /// That messages go out before the Close frame behind them.
    Queue,
    /// That a blob is binary.
    Kind,
    /// That a view is a part of its buffer.
    View,
    /// That lone surrogates are replaced.
    Surrogate,
}

impl Peer {
    /// Does what the text says; sends it back where it says nothing.
    pub(super) fn obey(&mut self, text: &str) {
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        match verb {
            "text" => self.say(Opcode::TEXT, rest),
            "blob" | "buffer" if self.minds(Demand::Kind) => self.say(Opcode::BINARY, rest),
            "blob" | "buffer" => self.say(Opcode::TEXT, rest),
            "view" if self.minds(Demand::View) => self.say(Opcode::BINARY, rest),
            "view" => self.say(Opcode::BINARY, format!("<{rest}>")),
            "surrogate" if self.minds(Demand::Surrogate) => self.say(Opcode::TEXT, "a\u{fffd}b"),
            "surrogate" => self.say(Opcode::TEXT, *b"a\xed\xa0\x80b"),
            "burst" => {
                let (messages, octets) = BURST;
                let kept = if self.minds(Demand::Queue) {
                    messages
                } else {
                    1
                };
                (0..kept).for_each(|_| self.say(Opcode::BINARY, vec![b'a'; octets]));
                self.shut(&1000u16.to_be_bytes(), "");
            }
            "close" => self.close_by_script(rest),
            _ => self.say(Opcode::TEXT, text),
        }
    }

    fn close_by_script(&mut self, rest: &str) {
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        if code.is_empty() {
            let body: &[u8] = if self.minds(Demand::Empty) {
                b""
            } else {
                b"\x03\xe8"
            };
            return self.shut(body, "");
        }
        // Numbers are clamped to 16 bits.
        let code: i64 = code.parse().unwrap_or(0);
        let code = code.clamp(0, 0xffff) as u16;
        if self.minds(Demand::Code) && code != 1000 && !(3000..=4999).contains(&code) {
            return self.say(Opcode::TEXT, "InvalidAccessError");
        }
        if self.minds(Demand::Reason) && reason.len() > MAX_REASON {
            return self.say(Opcode::TEXT, "SyntaxError");
        }
        let reason = if self.minds(Demand::Told) { reason } else { "" };
        self.shut(&code.to_be_bytes(), reason);
    }

    fn minds(&self, demand: Demand) -> bool {
        !hook!(self, Slip).is_some_and(|hook| hook(demand))
    }

    fn say(&mut self, opcode: Opcode, payload: impl Into<Vec<u8>>) {
        self.send(Cause::Script, opcode, payload.into());
    }

    fn shut(&mut self, code: &[u8], reason: &str) {
        let body = [code, reason.as_bytes()].concat();
        self.send(Cause::Script, Opcode::CLOSE, body);
        self.close(Cause::Script);
    }
}
