//! What bytes on the wire mean: frames, messages, handshakes and closing, and the observer who
//! tells each rule that a sender broke. No clock, no socket, no verdict.

pub mod close;
pub mod frame;
pub mod handshake;
pub mod message;
pub mod observer;
pub mod utf8;

/// What both ends agreed on in the opening handshake (RFC 6455, section 4.2.2).
///
/// Messages and observer read frames in the light of it; an extension adds its field here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The subprotocol in use.
    pub subprotocol: Option<String>,
}
