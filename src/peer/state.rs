//! What a peer knows of its connection, and the offences that it sees: what faults look at.

use super::Out;
use crate::{
    case::Role,
    wire::{
        frame::{Header, Opcode},
        message::Kind,
    },
};

/// Why a frame is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It sends a message back.
    Echo,
    /// It answers a ping.
    Pong,
    /// It answers a Close frame.
    Reply,
    /// It tells why the connection is failed.
    Failure,
    /// The script of its page says so.
    Script,
}

/// What a receiver has to fail the connection for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Offence<'a> {
    /// RFC 6455, section 5.1.
    #[error("a frame of a client is masked, a frame of a server is not")]
    Masking,
    /// RFC 6455, section 5.2.
    #[error("a reserved bit is set")]
    Rsv,
    /// RFC 6455, section 5.2.
    #[error("reserved opcode")]
    Opcode,
    /// RFC 6455, section 5.5.
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// RFC 6455, section 5.5.
    #[error("a control frame has more than 125 octets")]
    LongControl,
    /// RFC 6455, section 5.2: a reader may bear it; this one does not.
    #[error("the length is not written in the shortest form")]
    Form,
    /// RFC 6455, section 5.2.
    #[error("the top bit of the length is set")]
    TopBit,
    /// RFC 6455, section 5.4.
    #[error("nothing to continue")]
    Orphan,
    /// RFC 6455, section 5.4.
    #[error("a message begins inside another one")]
    Interleaved,
    /// RFC 6455, section 10.4.
    #[error("the message is too long")]
    TooLong,
    /// RFC 6455, section 8.1; the text of the message as far as it came.
    #[error("the text is not UTF-8")]
    NotUtf8(&'a [u8]),
    /// RFC 6455, section 8.1: the message ends inside a character.
    #[error("the text ends inside a character")]
    CutUtf8,
    /// RFC 6455, section 5.5.1.
    #[error("a Close body of one octet")]
    ShortClose,
    /// RFC 6455, section 7.4.
    #[error("a close code that may not be sent")]
    CloseCode(u16),
    /// RFC 6455, sections 5.5.1 and 8.1.
    #[error("the close reason is not UTF-8")]
    CloseReason,
}

impl Offence<'_> {
    /// The close code that fits (RFC 6455, section 7.4.1).
    pub fn code(&self) -> u16 {
        match self {
            Offence::TooLong => 1009,
            Offence::NotUtf8(_) | Offence::CutUtf8 | Offence::CloseReason => 1007,
            _ => 1002,
        }
    }
}

/// A whole frame that was received.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// As it was read.
    pub header: &'a Header,
    /// Without its masking.
    pub payload: &'a [u8],
}

impl Seen<'_> {
    /// Whether it has this opcode.
    pub fn is(&self, opcode: Opcode) -> bool {
        self.header.opcode == opcode
    }
}

/// What a peer knows of its connection. Faults look at it, and may keep notes in it.
#[derive(Debug)]
pub struct State {
    /// The role of the peer itself.
    pub role: Role,
    /// Frames received so far, the one being read included.
    pub frames: u64,
    /// Frames sent so far.
    pub sent: u64,
    /// Whole messages received so far.
    pub messages: u64,
    /// Pings received so far.
    pub pings: u64,
    /// The kind of the message that is open.
    pub open: Option<Kind>,
    /// Fragments of it, the one being read included.
    pub fragments: u64,
    /// Octets of it before the frame being read.
    pub length: usize,
    /// Why a Close frame has been sent.
    pub closed: Option<Cause>,
    /// A fault's own.
    pub note: u64,
    /// Frames that a fault holds back.
    pub held: Vec<Out>,
    /// What is random.
    pub rng: fastrand::Rng,
}

impl State {
    pub(super) fn new(role: Role, seed: u64) -> State {
        State {
            role,
            frames: 0,
            sent: 0,
            messages: 0,
            pings: 0,
            open: None,
            fragments: 0,
            length: 0,
            closed: None,
            note: 0,
            held: Vec::new(),
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// A frame as this peer sends it: final, and masked with a fresh key where it is the client (RFC 6455, section 5.3).
    pub fn frame(&mut self, cause: Cause, opcode: Opcode, payload: impl Into<Vec<u8>>) -> Out {
        Out {
            cause,
            fin: true,
            rsv: [false; 3],
            opcode,
            key: (self.role == Role::Client).then(|| self.rng.u32(..).to_be_bytes()),
            form: None,
            length: None,
            payload: payload.into(),
        }
    }
}
