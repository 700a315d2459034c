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

impl Agreement {
    /// What a client's request and the server's 101 agree on: what the server named. Whether it may name it is judged elsewhere.
    pub fn of(_request: &handshake::Request, response: &handshake::Response) -> Agreement {
        let named = response.head.value("Sec-WebSocket-Protocol");
        Agreement {
            subprotocol: named
                .filter(|name| !name.is_empty())
                .map(|name| String::from_utf8_lossy(name).into_owned()),
        }
    }
}
