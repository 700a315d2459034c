//! One case played: events in, actions out, a verdict at the end. No socket and no clock in here:
//! the same events at the same times give the same verdict.

use std::{sync::Arc, time::Duration};

use crate::case::{Case, Role};

pub mod transcript;
pub mod verdict;

pub use transcript::{Entry, Transcript};
pub use verdict::{Finding, Judgement, Verdict};

/// What a session has to know beside the case.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The role of the target.
    pub target: Role,
    /// `Host` of the ordinary request: host, and the port where it is not the default one.
    pub host: String,
    /// Request target: path and query.
    pub resource: String,
    /// Further header lines of the ordinary request, from the command line (Origin and Sec-WebSocket-Protocol included).
    pub headers: Vec<(String, String)>,
    /// Whether the target is known to send each message back.
    pub echo: bool,
    /// Seeds keys, masks and generated payloads; together with the case's id.
    pub seed: u64,
    /// How long the target may take for its next step.
    pub patience: Duration,
}

/// What happened to the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The transport is up (TLS included).
    Connected,
    /// Octets of the target.
    Received(Vec<u8>),
    /// The target's FIN (or close_notify).
    Eof,
    /// RST, or a transport that failed; in words.
    Reset(String),
    /// All that was handed over so far has been written.
    Written,
    /// The deadline has passed.
    Deadline,
}

/// What the transport shall do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write these pieces, each handed over on its own.
    Write(Vec<Vec<u8>>),
    /// Close the suite's side (FIN).
    Shutdown,
    /// Abort (RST).
    Abort,
}

/// A case in play.
pub struct Session {
    case: Arc<Case>,
    setup: Setup,
}

impl Session {
    /// Nothing has happened yet.
    pub fn new(case: Arc<Case>, setup: Setup) -> Session {
        Session { case, setup }
    }
    /// Takes an event that happened `at` (since the connection was asked for).
    pub fn handle(&mut self, at: Duration, event: Event) {
        let _ = (at, event, &self.case, &self.setup);
        todo!()
    }
    /// What to do next; call until `None` after each event.
    pub fn action(&mut self) -> Option<Action> {
        todo!()
    }
    /// When `Event::Deadline` is due.
    pub fn deadline(&self) -> Option<Duration> {
        todo!()
    }
    /// The judgement, once there is one: the connection can be dropped then.
    pub fn judgement(&self) -> Option<&Judgement> {
        todo!()
    }
    /// What was said, by both.
    pub fn transcript(&self) -> &Transcript {
        todo!()
    }
    /// Plays recorded events again.
    pub fn replay(case: Arc<Case>, setup: Setup, events: &[(Duration, Event)]) -> Judgement {
        let _ = (case, setup, events);
        todo!()
    }
}
