//! Frames that the peer sends (RFC 6455, sections 5.2, 5.5 and 6.1).

use super::{Cause, End, Peer, Stage, State};
use crate::{
    case::Role,
    wire::frame::{self, Form, Header, Opcode},
};

/// A frame to be sent; a fault may change all of it.
#[derive(Clone, Debug)]
pub struct Out {
    /// Why it is sent.
    pub cause: Cause,
    /// The FIN bit.
    pub fin: bool,
    /// RSV1, RSV2, RSV3.
    pub rsv: [bool; 3],
    /// Four bits.
    pub opcode: Opcode,
    /// The masking key; `None`: unmasked.
    pub key: Option<[u8; 4]>,
    /// The form of the length; `None`: the shortest.
    pub form: Option<Form>,
    /// The declared length; `None`: the payload's.
    pub length: Option<u64>,
    /// Without masking.
    pub payload: Vec<u8>,
}

impl Out {
    /// Whether it carries a part of a message.
    pub fn is_data(&self) -> bool {
        !self.opcode.is_control()
    }

    fn encode(&self) -> Vec<u8> {
        let length = self.length.unwrap_or(self.payload.len() as u64);
        let header = Header {
            fin: self.fin,
            rsv: self.rsv,
            opcode: self.opcode,
            key: self.key,
            form: self.form.unwrap_or(Form::shortest(length)),
            length,
        };
        let mut octets = Vec::new();
        frame::encode(&header, &self.payload, &mut octets);
        octets
    }
}

impl Peer {
    /// Sends what a frame of the other end gives rise to.
    pub(super) fn send(&mut self, cause: Cause, opcode: Opcode, payload: Vec<u8>) {
        let mut out = vec![self.state.frame(cause, opcode, payload)];
        if let Some(hook) = hook!(self, Send) {
            hook(&mut out, &mut self.state);
        }
        for out in out {
            let mut octets = out.encode();
            if let Some(hook) = hook!(self, Octets) {
                hook(&mut octets, &out, &mut self.state);
            }
            self.state.sent += 1;
            self.outbox.append(&mut octets);
        }
    }

    /// Fails the connection: a Close frame that says why, and the end of TCP; nothing more is read (RFC 6455, section 7.1.7).
    pub(super) fn fail(&mut self, code: u16, reason: &str) {
        if self.state.closed.is_none() {
            let mut body = code.to_be_bytes().to_vec();
            body.extend_from_slice(reason.as_bytes());
            self.send(Cause::Failure, Opcode::CLOSE, body);
        }
        self.close(Cause::Failure);
    }

    /// The closing handshake is done, or the connection failed. A server closes TCP at once; a client waits for the
    /// server to do so (RFC 6455, sections 5.5.1 and 7.1.1).
    pub(super) fn close(&mut self, cause: Cause) {
        self.state.closed = Some(cause);
        if self.goes_on() {
            return;
        }
        self.stage = Stage::Over;
        let end = hook!(self, End).unwrap_or(State::end);
        self.end = end(&self.state);
    }

    fn goes_on(&self) -> bool {
        hook!(self, GoOn).is_some_and(|hook| hook(&self.state))
    }
}

impl State {
    /// How TCP ends once the connection is closed.
    fn end(&self) -> Option<End> {
        (self.role == Role::Server).then_some(End::Fin)
    }
}
