//! One case played: events in, actions out, a judgement at the end. No socket and no clock in here:
//! the same events at the same times give the same judgement.
//!
//! `opening` reads the target's handshake, `play` holds what the target does against the steps, `awaited` knows what these want,
//! `closing` plays the ordinary closing handshake behind them, `own` knows what the suite has sent.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::{
    case::{Case, Cut, Role, Step},
    wire::{
        close::CloseBody,
        frame::Decoder,
        handshake::{Request, Response, head::HeadReader},
        message::Assembler,
        observer::Observer,
    },
};

mod awaited;
mod closing;
mod expect;
mod judge;
mod opening;
mod own;
mod play;
mod seen;
mod send;
#[cfg(test)]
mod tests;
pub mod transcript;
mod unforeseen;
pub mod verdict;

pub use transcript::{Entry, Transcript};
pub use unforeseen::LINGERS;
pub use verdict::{Finding, Judgement, Verdict};

use judge::Found;
use own::Own;
use seen::{End, Seen};

/// The longest message and frame of the target that is read, in octets.
const MAX_MESSAGE: usize = 64 << 20;
/// The most octets that a target may send beyond four times what it was sent.
const MAX_RECEIVED: u64 = 64 << 20;
/// How long a client may take to end TCP first. One that waits for the server to do so (RFC 6455, section 7.1.1) costs no more.
const HASTE: Duration = Duration::from_millis(250);
/// An endpoint that has sent the Close frame of a failure may wait for the reply before it ends TCP, and no RFC says how long (RFC 6455, section
/// 7.1.7, wants TCP ended; 7.2.1 leaves time to read). Implementations wait for as long as a step may take, to the second: it gets so many times that.
const LINGER: u32 = 2;
/// A target that goes on sending without doing what is expected gets that many times its patience.
const MAX_WAITS: u32 = 10;

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
    /// Whether it is known to say something of its own first (RFC 6455, section 4.2.2: it may send data at once).
    pub greets: bool,
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

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not up yet.
    Connecting,
    /// The target's HTTP head is awaited.
    Head,
    /// Frames.
    Open,
    /// The opening handshake was refused, by either side.
    Refused,
    /// TCP has ended.
    Ended,
}

/// A step that is still to be played, and how often it was met already (`times=N`).
#[derive(Debug)]
struct Pending {
    step: Step,
    met: u32,
}

/// A case in play.
#[derive(Debug)]
pub struct Session {
    case: Arc<Case>,
    setup: Setup,
    /// The run's seed and the case's id.
    seed: u64,
    keys: fastrand::Rng,
    phase: Phase,
    rest: VecDeque<Pending>,
    /// The ordinary opening handshake is under way: what goes wrong in it says nothing about the case.
    ordinary_opening: bool,
    /// The steps are over: the ordinary closing handshake is under way.
    closing: bool,

    own: Own,
    /// The request, as the suite sent it or as the client did.
    request: Option<Request>,
    /// The head that the suite writes is not complete yet (`end=""`).
    head_unfinished: bool,
    /// FIN of the suite.
    shut: bool,
    sent: u64,

    requests: HeadReader<Request>,
    responses: HeadReader<Response>,
    decoder: Decoder,
    assembler: Assembler,
    observer: Observer,
    received: u64,
    got_close: Option<CloseBody>,
    /// The target has begun to fail the connection: its Close frame has come, TCP has still to end.
    failing: bool,
    /// Pongs for lawful pings that no step has asked for yet.
    early_pongs: Vec<bytes::Bytes>,
    /// A message has come that a step foresaw: what greets has done so.
    foreseen: bool,

    pieces: Vec<Vec<u8>>,
    piece: Vec<u8>,
    actions: VecDeque<Action>,
    now: Duration,
    /// When the present expectation began.
    since: Duration,
    /// When something happened last.
    progress: Duration,
    found: Found,
    judgement: Option<Judgement>,
    transcript: Transcript,
}

impl Session {
    /// Nothing has happened yet.
    pub fn new(case: Arc<Case>, setup: Setup) -> Session {
        let seed = mix(setup.seed, &case.id);
        let agreement = Default::default();
        let mut session = Session {
            seed,
            keys: fastrand::Rng::with_seed(seed),
            phase: Phase::Connecting,
            rest: VecDeque::new(),
            ordinary_opening: false,
            closing: false,
            own: Own::new(setup.target.other()),
            request: None,
            head_unfinished: false,
            shut: false,
            sent: 0,
            requests: HeadReader::<Request>::request(),
            responses: HeadReader::<Response>::response(),
            decoder: Decoder::new(MAX_MESSAGE),
            assembler: Assembler::new(&agreement, MAX_MESSAGE),
            observer: Observer::new(setup.target),
            received: 0,
            got_close: None,
            failing: false,
            early_pongs: Vec::new(),
            foreseen: false,
            pieces: Vec::new(),
            piece: Vec::new(),
            actions: VecDeque::new(),
            now: Duration::ZERO,
            since: Duration::ZERO,
            progress: Duration::ZERO,
            found: Found::default(),
            judgement: None,
            transcript: Transcript::default(),
            case,
            setup,
        };
        let case = session.case.clone();
        session.plan(&case.steps);
        session
    }

    /// Takes an event that happened `at` (since the connection was asked for).
    pub fn handle(&mut self, at: Duration, event: Event) {
        if self.judgement.is_some() {
            return;
        }
        self.now = self.now.max(at);
        match event {
            Event::Deadline if self.deadline().is_some_and(|due| self.now < due) => return,
            Event::Deadline => self.deadline_passed(),
            Event::Connected => {
                self.phase = Phase::Head;
                self.progress = self.now;
                self.advance();
            }
            Event::Written => self.progress = self.now,
            Event::Received(octets) => {
                self.progress = self.now;
                self.octets(&octets);
            }
            Event::Eof => self.ended(End::Fin),
            Event::Reset(what) => self.ended(End::Reset(what)),
        }
        self.flush();
    }

    /// What to do next; call until `None` after each event.
    pub fn action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When `Event::Deadline` is due.
    pub fn deadline(&self) -> Option<Duration> {
        if self.judgement.is_some() {
            return None;
        }
        if let Some(silence) = self.awaited_silence() {
            return Some(self.since + silence);
        }
        if self.may_wait_for_fin() {
            // Nothing is judged by this wait: behind the suite's FIN the target has all its patience.
            return Some(self.since.max(self.progress) + HASTE.min(self.setup.patience));
        }
        let patience = match self.failing {
            true => self.setup.patience * LINGER,
            false => self.setup.patience,
        };
        Some((self.progress.max(self.since) + patience).min(self.since + patience * MAX_WAITS))
    }

    /// The judgement, once there is one: the connection can be dropped then.
    pub fn judgement(&self) -> Option<&Judgement> {
        self.judgement.as_ref()
    }

    /// The target has sent a part of a frame that is not whole.
    pub fn is_within_frame(&self) -> bool {
        self.decoder.pending().octets > 0
    }

    /// What was said, by both.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Judgement and transcript of a session that is over; one that is not counts as broken off.
    pub fn finish(mut self) -> (Judgement, Transcript) {
        if self.judgement.is_none() {
            self.found
                .error
                .get_or_insert_with(|| "the case was broken off before it was over".into());
            self.judge();
        }
        let judgement = self
            .judgement
            .take()
            .unwrap_or_else(|| self.found.judge(&self.case));
        (judgement, self.transcript)
    }

    /// Plays recorded events again.
    pub fn replay(case: Arc<Case>, setup: Setup, events: &[(Duration, Event)]) -> Judgement {
        let mut session = Session::new(case, setup);
        for (at, event) in events {
            session.handle(*at, event.clone());
            while session.action().is_some() {}
        }
        session.finish().0
    }

    /// Octets of the target.
    fn octets(&mut self, octets: &[u8]) {
        self.received += octets.len() as u64;
        if self.received > MAX_RECEIVED + 4 * self.sent {
            let what = format!("sends without end: {} octets so far", self.received);
            return self.fail(what, None, None);
        }
        match self.phase {
            Phase::Head => self.read_head(octets),
            // The client cannot have read a 101 whose empty line the suite holds back.
            Phase::Open if self.head_unfinished && self.setup.target == Role::Client => {
                self.spoke_too_early(octets);
            }
            Phase::Open => {
                self.decoder.feed(octets);
                self.read_frames();
            }
            Phase::Refused => self.behind_refusal(octets),
            Phase::Connecting | Phase::Ended => {}
        }
    }

    /// The target's side of TCP has ended.
    fn ended(&mut self, end: End) {
        if self.phase == Phase::Ended {
            return;
        }
        self.progress = self.now;
        let text = match &end {
            End::Fin => "eof".to_owned(),
            End::Reset(what) => format!("reset  # {what}"),
        };
        self.transcript.add(self.now, '<', &[], || text);
        if self.phase == Phase::Open {
            for breach in self.observer.end(&self.decoder.pending()) {
                self.found.breach(&breach, &[]);
            }
        }
        if self.phase == Phase::Head {
            self.head_ended();
        }
        self.phase = Phase::Ended;
        self.found.dropped = self.got_close.is_none();
        self.see(Seen::End(end));
        self.judge();
    }

    /// Something that the target did.
    fn see(&mut self, seen: Seen) {
        if self.judgement.is_some() {
            return;
        }
        if self.closing {
            self.closing_saw(seen)
        } else {
            self.step_saw(seen)
        }
    }

    /// Octets of the suite go into the present piece.
    fn put(&mut self, octets: &[u8], cut: Cut) {
        self.sent += octets.len() as u64;
        match cut {
            Cut::Whole => self.piece.extend_from_slice(octets),
            Cut::Chop(size) => {
                self.cut_here();
                self.pieces
                    .extend(octets.chunks(size.max(1)).map(<[u8]>::to_vec));
            }
            Cut::At(at) => {
                let (first, second) = octets.split_at(at.min(octets.len()));
                self.piece.extend_from_slice(first);
                self.cut_here();
                self.piece.extend_from_slice(second);
            }
        }
    }

    /// What was put so far goes out on its own.
    fn cut_here(&mut self) {
        if !self.piece.is_empty() {
            self.pieces.push(std::mem::take(&mut self.piece));
        }
    }

    /// Hands over what was put.
    fn flush(&mut self) {
        self.cut_here();
        if !self.pieces.is_empty() {
            let pieces = std::mem::take(&mut self.pieces);
            self.actions.push_back(Action::Write(pieces));
        }
    }

    /// FIN of the suite, behind all that was put.
    fn shutdown(&mut self) {
        if !self.shut {
            self.shut = true;
            self.flush();
            self.actions.push_back(Action::Shutdown);
            self.transcript.add(self.now, '>', &[], || "eof".into());
        }
    }

    /// The case is over.
    fn judge(&mut self) {
        if self.judgement.is_none() {
            self.judgement = Some(self.found.judge(&self.case));
        }
    }
}

/// A seed of its own for each case (FNV-1a over the id).
fn mix(seed: u64, id: &str) -> u64 {
    id.bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        })
}
