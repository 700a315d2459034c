//! The reference echo peer, in both roles: it keeps every rule, or breaks exactly one by a named fault.
//!
//! It is what `wsspec echo` serves, what the program tests when no URL is given, and what proves that a case can fail.
//! Sans-IO: octets in, octets out, and at last how TCP is to end. It reads the receiver's rules on its own:
//! neither the observer nor a session is consulted, so that one misreading cannot hide another.

/// The hook of the peer's fault at one point, if its fault takes hold there.
macro_rules! hook {
    ($peer:expr, $point:ident) => {
        $peer.acts.iter().find_map(|act| match act {
            crate::peer::Act::$point(hook) => Some(*hook),
            _ => None,
        })
    };
}

mod client;
mod draft;
pub mod driver;
pub mod faults;
mod receive;
pub mod script;
mod send;
pub mod serve;
mod server;
mod state;
#[cfg(test)]
mod tests;

use crate::{
    case::Role,
    wire::handshake::{HeadReader, Request, Response},
};
pub use draft::Draft;
pub use faults::{Act, Fault};
pub use send::Out;
pub use server::SUBPROTOCOLS;
pub use state::{Cause, Offence, Seen, State};

/// The longest message that is taken, in octets (RFC 6455, section 10.4).
pub const MAX_MESSAGE: usize = 64 << 20;

/// The longest head that is taken, in octets (RFC 9110, section 5.4 leaves limits free).
pub const MAX_HEAD: usize = 512 << 10;

/// How TCP is to end, once the output has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In order: FIN, then whatever still comes is thrown away (RFC 6455, section 7.1.1).
    Fin,
    /// At once: RST.
    Rst,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The opening handshake is being read.
    Opening,
    /// Frames are being read.
    Open,
    /// Nothing is read any more.
    Over,
}

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// `Host`: host, and the port where it is not the default one.
    pub host: String,
    /// Request target: path and query.
    pub resource: String,
    /// Subprotocols to offer, best first.
    pub subprotocols: Vec<String>,
    /// It asks as a browser does, and does what texts tell its page to do.
    pub browser: bool,
}

/// One end of one connection.
pub struct Peer {
    acts: &'static [Act],
    stage: Stage,
    inbox: Vec<u8>,
    /// How much of `inbox` has been read.
    read: usize,
    outbox: Vec<u8>,
    end: Option<End>,
    frame: Option<receive::Reading>,
    message: receive::Message,
    /// The message that was open when another one began inside it.
    outer: Option<receive::Message>,
    state: State,
    requests: HeadReader<Request>,
    accepted: Option<server::Accepted>,
    responses: HeadReader<Response>,
    /// The client's request, to hold the answer against.
    asked: Option<Request>,
    browser: bool,
}

impl Peer {
    /// A server. `seed` makes what is random repeatable.
    pub fn server(fault: Option<&'static Fault>, seed: u64) -> Peer {
        Peer::new(Role::Server, fault, seed)
    }

    /// A client; its request is in the output at once.
    pub fn client(fault: Option<&'static Fault>, seed: u64, ask: &Ask) -> Peer {
        let mut peer = Peer::new(Role::Client, fault, seed);
        peer.ask(ask);
        peer
    }

    fn new(role: Role, fault: Option<&'static Fault>, seed: u64) -> Peer {
        Peer {
            acts: fault.map_or(&[], |fault| fault.acts),
            stage: Stage::Opening,
            inbox: Vec::new(),
            read: 0,
            outbox: Vec::new(),
            end: None,
            frame: None,
            message: receive::Message::default(),
            outer: None,
            state: State::new(role, seed),
            requests: server::reader(),
            accepted: None,
            responses: HeadReader::response(),
            asked: None,
            browser: false,
        }
    }

    /// Takes octets of the other end.
    pub fn receive(&mut self, octets: &[u8]) {
        if self.stage == Stage::Over {
            return;
        }
        self.inbox.extend_from_slice(octets);
        if let Some(hook) = hook!(self, Arrive) {
            let start = self.inbox.len() - octets.len();
            let mut came = self.inbox.split_off(start);
            hook(&mut came, &mut self.state);
            self.inbox.append(&mut came);
        }
        self.proceed();
        self.inbox.drain(..self.read);
        self.read = 0;
    }

    fn proceed(&mut self) {
        loop {
            let stage = self.stage;
            match (stage, self.state.role) {
                (Stage::Opening, Role::Server) => self.read_request(),
                (Stage::Opening, Role::Client) => self.read_response(),
                (Stage::Open, _) => self.read_frames(),
                (Stage::Over, _) => self.read = self.inbox.len(),
            }
            if self.stage == stage {
                return;
            }
        }
    }

    /// The other end has closed its side of TCP. What was to be answered has been answered; this side closes too.
    pub fn eof(&mut self) {
        if self.stage == Stage::Open && hook!(self, Deliver).is_some_and(|hook| hook(&self.state)) {
            self.deliver();
        }
        self.stage = Stage::Over;
        if !hook!(self, Stay).is_some_and(|hook| hook(&self.state)) {
            self.end.get_or_insert(End::Fin);
        }
    }

    /// Octets to write, in order; empty when there are none.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outbox)
    }

    /// How TCP is to end, as soon as the output has been written; `None`: it goes on.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether nothing is read any more.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// What has not been read yet.
    fn unread(&self) -> &[u8] {
        &self.inbox[self.read..]
    }

    /// Ends the connection without a word of the WebSocket protocol.
    fn leave(&mut self, end: End) {
        self.stage = Stage::Over;
        self.end = Some(end);
    }
}
