//! A whole session: any case, before a target that does anything.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use arbitrary::{Arbitrary, Unstructured};

use super::{peer, stream};
use crate::{
    case::{Case, Document, Level, Role},
    catalogue::Catalogue,
    peer::Peer,
    rehearse, rules,
    session::{
        Action, Event, Judgement, Session, Setup, Transcript, Verdict,
        transcript::{MAX_ENTRIES, MAX_OCTETS},
    },
    wire::frame::{Frame, Header, Opcode},
};

/// What a target does while a case is played.
///
/// As octets: the case of the catalogue whose id has the digest of the first two octets, or the next higher one; or two octets of all ones and
/// the case itself behind them, in the notation, as two octets of length and the text; an octet of options (bit 0: the target is the server; bit 1: it is known to echo; bit 2: to greet; bits 3
/// to 7: how what it sends is cut); then what it does, one [`Deed`] behind the other.
#[derive(Clone, Debug)]
pub struct Dialogue {
    /// The case that is played.
    pub case: Arc<Case>,
    /// The role of the target.
    pub target: Role,
    /// Whether the target is known to send each message back.
    pub echo: bool,
    /// Whether it is known to say something first.
    pub greets: bool,
    /// How what it sends is cut, as in a [`Stream`](super::Stream).
    pub cut: u8,
    /// What it does.
    pub deeds: Vec<Deed>,
}

/// One thing that a target does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Says whatever the reference peer would say now.
    Obeys,
    /// Sends these octets.
    Sends(Vec<u8>),
    /// Sends this frame, masked as its role demands, or against it.
    Frame {
        /// FIN, RSV and opcode.
        first: u8,
        /// As the role demands.
        habit: bool,
        /// Unmasked.
        payload: Vec<u8>,
    },
    /// Opens the connection in the ordinary way: with a request, or with the answer to the suite's.
    Opens,
    /// Is silent for so many milliseconds.
    Waits(u16),
    /// Is silent until the suite has waited long enough.
    Sleeps,
    /// Ends TCP: in order, or not.
    Ends(bool),
}

/// The most octets of a case that is played here: the time of one run is bounded.
const HEAVIEST: usize = 1 << 15;
/// The most deeds.
const DEEDS: usize = 256;

/// The cases that are light enough, in the order of the digests of their ids: one that comes or goes leaves the others where they are.
static CASES: LazyLock<Vec<(u16, Arc<Case>)>> = LazyLock::new(|| {
    let catalogue = Catalogue::embedded().unwrap_or_default();
    let light = catalogue.cases().filter(|case| is_light(case));
    let mut cases: Vec<_> = light.map(|case| (digest(&case.id), case.clone())).collect();
    cases.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
    cases
});

/// FNV-1a, folded; all ones is for cases that are written out.
fn digest(id: &str) -> u16 {
    let hash = id.bytes().fold(0x811c_9dc5u32, |hash, octet| {
        (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193)
    });
    ((hash >> 16 ^ hash) as u16).min(0xfffe)
}

fn is_light(case: &Case) -> bool {
    case.octets_sent() <= HEAVIEST && case.weight() <= HEAVIEST
}

impl Dialogue {
    /// The octets from which a dialogue is made in which this case of the catalogue is played; `None`: it is too heavy, or another
    /// has the digest of its id.
    pub fn seed(case: &str, target: Role, cut: u8, deeds: &[Deed]) -> Option<Vec<u8>> {
        let digest = digest(case);
        let at = CASES.partition_point(|(other, _)| *other < digest);
        // Of several with one digest only the first can be meant.
        CASES.get(at).filter(|(_, light)| light.id == case)?;
        let mut seed = digest.to_be_bytes().to_vec();
        seed.push(u8::from(target == Role::Server) | 2 | cut << 3);
        for deed in deeds {
            deed.write(&mut seed);
        }
        Some(seed)
    }

    /// The octets from which a dialogue is made in which the case of this text is played.
    pub fn seed_of_text(case: &str, target: Role, cut: u8, deeds: &[Deed]) -> Vec<u8> {
        let mut seed = vec![0xff, 0xff];
        seed.extend_from_slice(&(case.len() as u16).to_be_bytes());
        seed.extend_from_slice(case.as_bytes());
        seed.push(u8::from(target == Role::Server) | 2 | cut << 3);
        for deed in deeds {
            deed.write(&mut seed);
        }
        seed
    }
}

impl Deed {
    fn write(&self, out: &mut Vec<u8>) {
        let counted = |kind: u8, octets: &[u8], out: &mut Vec<u8>| {
            out.push(kind);
            out.extend_from_slice(&(octets.len() as u16).to_be_bytes());
            out.extend_from_slice(octets);
        };
        match self {
            Deed::Obeys => out.push(0),
            Deed::Sends(octets) => counted(1, octets, out),
            Deed::Frame {
                first,
                habit,
                payload,
            } => {
                out.extend_from_slice(&[
                    2 + u8::from(!habit),
                    *first,
                    payload.len().min(255) as u8,
                ]);
                out.extend_from_slice(&payload[..payload.len().min(255)]);
            }
            Deed::Opens => out.push(4),
            Deed::Waits(time) => {
                out.push(5);
                out.extend_from_slice(&time.to_be_bytes());
            }
            Deed::Sleeps => out.push(6),
            Deed::Ends(order) => out.push(7 + u8::from(!order)),
        }
    }
}

fn number(u: &mut Unstructured) -> arbitrary::Result<u16> {
    Ok(u16::from_be_bytes([u.arbitrary()?, u.arbitrary()?]))
}

fn some<'a>(u: &mut Unstructured<'a>, length: usize) -> arbitrary::Result<&'a [u8]> {
    u.bytes(length.min(u.len()))
}

impl<'a> Arbitrary<'a> for Deed {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Deed> {
        let kind = u.arbitrary::<u8>()? % 9;
        Ok(match kind {
            0 => Deed::Obeys,
            1 => {
                let length = number(u)?;
                Deed::Sends(some(u, length.into())?.to_vec())
            }
            2 | 3 => {
                let (first, length) = (u.arbitrary()?, u.arbitrary::<u8>()?);
                Deed::Frame {
                    first,
                    habit: kind == 2,
                    payload: some(u, length.into())?.to_vec(),
                }
            }
            4 => Deed::Opens,
            5 => Deed::Waits(number(u)?),
            6 => Deed::Sleeps,
            _ => Deed::Ends(kind == 7),
        })
    }
}

impl<'a> Arbitrary<'a> for Dialogue {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Dialogue> {
        let at = number(u)?;
        let case = match at {
            0xffff => {
                let length = number(u)?;
                let text = some(u, length.into())?;
                let first = Document::parse("fuzz.wire", "fuzz", text)
                    .cases
                    .into_iter()
                    .next();
                let case = first.ok_or(arbitrary::Error::IncorrectFormat)?.case;
                is_light(&case)
                    .then_some(case)
                    .ok_or(arbitrary::Error::IncorrectFormat)?
            }
            _ => {
                let next = CASES.partition_point(|(other, _)| *other < at);
                let case = CASES.get(next).or(CASES.first());
                case.ok_or(arbitrary::Error::IncorrectFormat)?.1.clone()
            }
        };
        let options: u8 = u.arbitrary()?;
        // A case is played for the roles that it is for, and for no other.
        let target = case.role.unwrap_or(stream::role(options));
        let mut deeds = Vec::new();
        while !u.is_empty() && deeds.len() < DEEDS {
            deeds.push(u.arbitrary()?);
        }
        Ok(Dialogue {
            case,
            target,
            echo: options & 2 != 0,
            greets: options & 4 != 0,
            cut: options >> 3,
            deeds,
        })
    }
}

/// Plays a case.
///
/// # Panics
/// When no judgement comes in the end; when the same events give another one, or other words; when a verdict has not what it has to rest on, names a rule that
/// there is not, or does not print; when more is sent or kept than is allowed for.
pub fn session(dialogue: &Dialogue) {
    let mut play = Play::new(dialogue);
    for deed in &dialogue.deeds {
        play.act(deed);
        if play.session.judgement().is_some() {
            break;
        }
    }
    // A target that does nothing any more: the deadlines of the session have to end it.
    let mut deadlines = 0;
    while play.session.judgement().is_none() {
        let due = play
            .session
            .deadline()
            .expect("neither a judgement nor a deadline");
        play.now = play.now.max(due);
        play.event(Event::Deadline);
        deadlines += 1;
        assert!(
            deadlines <= 4 * (dialogue.case.steps.len() + 8) * (MOST_WAITS),
            "it never ends"
        );
    }
    let sent = play.sent;
    let allowed = 4 * (dialogue.case.octets_sent() + play.received) + 64 * 1024;
    assert!(sent <= allowed, "it sends {sent} octets");
    let Play {
        session,
        events,
        setup,
        ..
    } = play;
    assert_eq!(session.deadline(), None, "a deadline behind the judgement");
    let (judgement, transcript) = session.finish();
    let again = Session::replay(dialogue.case.clone(), setup, &events);
    assert_eq!(again, judgement, "the same events give another judgement");
    judged(&judgement);
    told(&transcript);
}

/// A branch of a case has this many steps with a deadline of their own at most, for one step of the case.
const MOST_WAITS: usize = 64;

/// A session and what it is told.
struct Play {
    session: Session,
    setup: Setup,
    events: Vec<(Duration, Event)>,
    now: Duration,
    /// Reads what the session writes, for the deeds that obey.
    peer: Peer,
    /// What the session has written in all, and the start of it.
    sent: usize,
    written: Vec<u8>,
    received: usize,
    ended: bool,
    cut: u8,
    keys: u32,
}

impl Play {
    fn new(dialogue: &Dialogue) -> Play {
        let setup = Setup {
            echo: dialogue.echo,
            greets: dialogue.greets,
            ..rehearse::setup(dialogue.target, 7)
        };
        let mut play = Play {
            session: Session::new(dialogue.case.clone(), setup.clone()),
            setup,
            events: Vec::new(),
            now: Duration::ZERO,
            peer: rehearse::peer(dialogue.target, None, 7),
            sent: 0,
            written: Vec::new(),
            received: 0,
            ended: false,
            cut: dialogue.cut,
            keys: 0,
        };
        play.event(Event::Connected);
        play
    }

    fn event(&mut self, event: Event) {
        if let Event::Received(octets) = &event {
            self.received += octets.len();
        }
        self.session.handle(self.now, event.clone());
        self.events.push((self.now, event));
        let mut wrote = false;
        while let Some(action) = self.session.action() {
            match action {
                Action::Write(pieces) => {
                    wrote = true;
                    for piece in pieces {
                        assert!(!piece.is_empty(), "an empty piece");
                        self.sent += piece.len();
                        if self.written.len() < 1 << 16 {
                            self.written.extend_from_slice(&piece);
                        }
                        self.peer.receive(&piece);
                    }
                }
                Action::Shutdown | Action::Abort => self.peer.eof(),
            }
        }
        if wrote {
            self.session.handle(self.now, Event::Written);
            self.events.push((self.now, Event::Written));
            assert_eq!(
                self.session.action(),
                None,
                "it acts because it has written"
            );
        }
    }

    /// Octets of the target, cut.
    fn sends(&mut self, octets: &[u8]) {
        for piece in stream::pieces(octets, self.cut) {
            if self.ended {
                return;
            }
            self.event(Event::Received(piece.to_vec()));
        }
    }

    fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::Obeys => {
                let octets = self.peer.output();
                self.sends(&octets);
                if let Some(end) = self.peer.end() {
                    self.end(end == crate::peer::End::Fin);
                }
            }
            Deed::Sends(octets) => self.sends(octets),
            Deed::Frame {
                first,
                habit,
                payload,
            } => {
                let mut header = Header::new(Opcode::new(*first), payload.len() as u64);
                header.fin = first & 0x80 != 0;
                header.rsv = [0x40, 0x20, 0x10].map(|bit| first & bit != 0);
                self.keys = self
                    .keys
                    .wrapping_mul(0x9e37_79b1)
                    .wrapping_add(0x1f83_d9ab);
                let masked = (self.setup.target == Role::Client) == *habit;
                header.key = masked.then_some(self.keys.to_be_bytes());
                let payload = payload.clone().into();
                let mut octets = Vec::new();
                Frame { header, payload }.encode(&mut octets);
                self.sends(&octets);
            }
            Deed::Opens => {
                let octets = match self.setup.target {
                    Role::Server => peer::answer(&self.written),
                    Role::Client => REQUEST.to_vec(),
                };
                self.sends(&octets);
            }
            Deed::Waits(time) => {
                let then = self.now + Duration::from_millis((*time).into());
                while let Some(due) = self.session.deadline().filter(|due| *due <= then) {
                    self.now = self.now.max(due);
                    self.event(Event::Deadline);
                }
                self.now = then;
            }
            Deed::Sleeps => {
                if let Some(due) = self.session.deadline() {
                    // One that comes too early changes nothing.
                    self.event(Event::Deadline);
                    self.now = self.now.max(due);
                    self.event(Event::Deadline);
                }
            }
            Deed::Ends(order) => self.end(*order),
        }
    }

    fn end(&mut self, order: bool) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.event(match order {
            true => Event::Eof,
            false => Event::Reset("connection reset".into()),
        });
    }
}

/// The request that a client sends whom the ordinary setup asks for it.
const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: localhost:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: echo\r\n\r\n";

/// A judgement rests on something, and says what.
fn judged(judgement: &Judgement) {
    let Judgement {
        verdict,
        reason,
        findings,
        ..
    } = judgement;
    assert!(!reason.is_empty(), "{judgement:?}");
    super::printable("a reason", reason);
    assert_eq!(
        *verdict == Verdict::Fail,
        !findings.is_empty(),
        "{judgement:?}"
    );
    if let Some(finding) = findings.first() {
        assert_eq!(*reason, finding.what);
    }
    for finding in findings {
        let rule = rules::find(&finding.rule);
        assert!(rule.is_some(), "{finding:?} is about no rule");
        assert!(finding.level <= Level::Must && !finding.what.is_empty());
        super::printable("a finding", &format!("{finding:?}"));
        let texts = [
            &finding.sent,
            &finding.expected,
            &finding.received,
            &finding.octets,
        ];
        for text in texts.into_iter().flatten().chain([&finding.what]) {
            super::printable("a finding", text);
        }
    }
}

/// A transcript is bounded and prints.
fn told(transcript: &Transcript) {
    assert!(transcript.entries.len() <= MAX_ENTRIES);
    for entry in &transcript.entries {
        assert!(entry.octets.len() <= MAX_OCTETS && entry.octets.len() <= entry.length);
        super::printable("a line of a transcript", &entry.text);
    }
}
