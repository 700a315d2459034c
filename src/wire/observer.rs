//! The observer: in every case, everything that the target sends is held against every rule that binds a sender.

use super::{Agreement, frame::Frame, handshake};
use crate::case::Role;

/// A breach by the target of one rule that binds a sender. One variant per rule; the values say what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Breach {
    /// RFC 6455, section 5.1.
    #[error("masked a frame, although it is the server")]
    MaskedByServer,
}

impl Breach {
    /// The id of the rule in `cases/rules.tsv`.
    pub fn rule(&self) -> &'static str {
        match self {
            Breach::MaskedByServer => "6455-5.1-5",
        }
    }
}

/// Watches one connection.
#[derive(Debug)]
pub struct Observer {
    target: Role,
}

impl Observer {
    /// For a target in this role.
    pub fn new(target: Role) -> Observer {
        Observer { target }
    }
    /// The target's side of the opening handshake, with what the suite sent or will send.
    /// For a server: `request` is the suite's, `response` the target's 101. For a client only its request is judged.
    pub fn request(&mut self, request: &handshake::Request) -> Vec<Breach> {
        let _ = request;
        todo!()
    }
    pub fn response(
        &mut self,
        request: &handshake::Request,
        response: &handshake::Response,
    ) -> Vec<Breach> {
        let _ = (request, response);
        todo!()
    }
    /// From here on frames are read under this agreement.
    pub fn open(&mut self, agreement: &Agreement) {
        let _ = agreement;
    }
    /// A frame of the target.
    pub fn frame(&mut self, frame: &Frame) -> Vec<Breach> {
        let _ = (frame, self.target);
        todo!()
    }
    /// The target's stream ended; `left`: octets of an unfinished frame.
    pub fn end(&mut self, left: usize) -> Vec<Breach> {
        let _ = left;
        todo!()
    }
}
