//! What the target did, in the units that steps speak of.

use std::fmt;

use bytes::Bytes;

use crate::wire::{
    close::CloseBody,
    frame::Frame,
    handshake::{Request, Response},
    message::{Kind, Message},
};

/// One thing that the target did.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// A whole message.
    Message(Message),
    Ping(Bytes),
    Pong(Bytes),
    Close(CloseBody),
    /// A frame with a reserved opcode; the observer tells of it.
    Reserved(Frame),
    Request(Box<Request>),
    Response(Box<Response>),
    /// TCP ended, and how.
    End(End),
    /// Octets that are no frames or no HTTP: why, and the octets in the notation where no line of the transcript has them.
    Unreadable(String, Option<String>),
    /// Nothing, until the deadline.
    Silence,
}

/// How TCP ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Fin,
    Reset(String),
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::case::print::octets;
        match self {
            Seen::Message(message) => match message.kind {
                Kind::Text => write!(f, "text {}", octets(&message.payload, true)),
                Kind::Binary => write!(f, "binary {}", octets(&message.payload, false)),
            },
            Seen::Ping(payload) => write!(f, "ping {}", octets(payload, true)),
            Seen::Pong(payload) => write!(f, "pong {}", octets(payload, true)),
            Seen::Close(CloseBody::Empty) => write!(f, "close"),
            Seen::Close(CloseBody::Short(octet)) => write!(f, "op=8 x\"{octet:02x}\""),
            Seen::Close(CloseBody::Code(code, reason)) if reason.is_empty() => {
                write!(f, "close {code}")
            }
            Seen::Close(CloseBody::Code(code, reason)) => {
                write!(f, "close {code} {}", octets(reason, true))
            }
            Seen::Reserved(frame) => {
                write!(
                    f,
                    "op={} {}",
                    frame.header.opcode.value(),
                    octets(&frame.payload, true)
                )
            }
            Seen::Request(request) => write!(
                f,
                "request method={} target={}",
                octets(request.method.as_bytes(), true),
                octets(&request.target, true)
            ),
            Seen::Response(response) => write!(f, "response {}", response.status),
            Seen::End(End::Fin) => write!(f, "eof"),
            Seen::End(End::Reset(_)) => write!(f, "reset"),
            Seen::Unreadable(what, _) => write!(f, "{what}"),
            Seen::Silence => write!(f, "nothing"),
        }
    }
}
