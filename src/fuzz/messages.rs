//! Messages (RFC 6455, sections 5.4 to 5.6): what a receiver delivers, and what the observer tells of it.

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;

use super::{End, Explained, LIMITS, Reading, stream};
use crate::{
    case::Role,
    wire::{
        Agreement,
        frame::{Decoder, Form, Frame, Header, Opcode},
        message::{Assembler, Kind},
        observer::{Breach, Observer},
    },
};

/// The longest message that is read here. An implementation that is held against ours should have a limit that is no smaller.
pub const LIMIT: usize = 1 << 20;

/// Frames that one end of a connection sends.
///
/// As octets, for each frame: FIN (bit 7), whether an oddity follows (bit 6), how often the payload is repeated (bits 4 and 5) and the place
/// of the opcode in a table (bits 0 to 3); the oddity (RSV, another form of the length, against the habit of masking); the length of the
/// payload; the payload. Behind all of them, the octet that ends a [`Stream`](super::Stream).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Who sends them.
    pub sender: Role,
    /// How the stream is cut, as in a [`Stream`](super::Stream).
    pub cut: u8,
    /// In order.
    pub frames: Vec<Frame>,
}

/// Lawful opcodes more often than others.
const OPCODES: [u8; 16] = [0, 1, 2, 8, 9, 10, 0, 1, 2, 0, 1, 2, 0, 9, 3, 11];
/// How often a payload is repeated: to the lengths at which the form of the length changes.
const REPEATED: [usize; 4] = [1, 2, 40, 700];
/// The most octets of all payloads together.
const MOST: usize = 1 << 19;

impl Script {
    /// The octets from which frames like these are made, repeated payloads left out: each has as many octets as are written here.
    pub fn seed(&self) -> Vec<u8> {
        let mut seed = Vec::new();
        for Frame { header, payload } in &self.frames {
            let opcode = OPCODES
                .iter()
                .position(|opcode| *opcode == header.opcode.value());
            let habit = header.key.is_some() == (self.sender == Role::Client);
            let [rsv1, rsv2, rsv3] = header.rsv.map(u8::from);
            let form = match header.form {
                _ if header.is_shortest() => 0,
                Form::Sixteen => 1,
                _ => 2,
            };
            let odd = rsv1 | rsv2 << 1 | rsv3 << 2 | form << 3 | u8::from(!habit) << 5;
            let first = opcode.unwrap_or(14) as u8;
            seed.push(first | u8::from(header.fin) << 7 | u8::from(odd != 0) << 6);
            if odd != 0 {
                seed.push(odd);
            }
            let payload = &payload[..payload.len().min(255)];
            seed.push(payload.len() as u8);
            seed.extend_from_slice(payload);
        }
        seed.push(self.cut << 1 | u8::from(self.sender == Role::Server));
        seed
    }

    /// As they stand on the wire.
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for frame in &self.frames {
            frame.encode(&mut octets);
        }
        octets
    }

    /// As a stream.
    pub fn stream(&self) -> super::Stream {
        super::Stream {
            sender: self.sender,
            cut: self.cut,
            octets: self.octets(),
        }
    }
}

impl<'a> Arbitrary<'a> for Script {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Script> {
        let (octets, last) = stream::last(u)?;
        let sender = stream::role(last);
        let mut script = Script {
            sender,
            cut: last >> 1,
            frames: Vec::new(),
        };
        let mut u = Unstructured::new(octets);
        let mut left = MOST;
        while !u.is_empty() {
            let first: u8 = u.arbitrary()?;
            let odd: u8 = match first & 0x40 {
                0 => 0,
                _ => u.arbitrary()?,
            };
            let length = usize::from(u.arbitrary::<u8>()?).min(u.len());
            let payload = u.bytes(length)?;
            let times = REPEATED[usize::from(first >> 4 & 3)].min(left / length.max(1));
            let payload = Bytes::from(payload.repeat(times));
            left -= payload.len();
            let mut header = Header::new(
                Opcode::new(OPCODES[usize::from(first & 15)]),
                payload.len() as u64,
            );
            header.fin = first & 0x80 != 0;
            header.rsv = [1, 2, 4].map(|bit| odd & bit != 0);
            header.form = match (odd >> 3 & 3, header.form) {
                (1, Form::Seven) => Form::Sixteen,
                (2 | 3, _) => Form::SixtyFour,
                (_, form) => form,
            };
            let masked = (sender == Role::Client) != (odd & 0x20 != 0);
            // Keys that differ, or the observer tells of them.
            let at = script.frames.len() as u32;
            header.key = masked.then(|| {
                at.wrapping_mul(at | 0x9e37_79b1)
                    .wrapping_add(0x1f83_d9ab)
                    .to_be_bytes()
            });
            script.frames.push(Frame { header, payload });
        }
        Ok(script)
    }
}

/// What an implementation delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A whole text message.
    Text(Bytes),
    /// A whole binary message.
    Binary(Bytes),
    /// A ping.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// A Close frame: its whole body.
    Close(Bytes),
}

/// Reads a script as messages.
///
/// # Panics
/// When what is read, or what the observer tells of it, depends on how the stream is cut; when messages are not their fragments put together;
/// when the observer's word on text is not the standard library's.
pub fn messages(script: &Script) {
    let octets = script.octets();
    let frames = decode(&octets, 0);
    assert_eq!(frames, script.frames, "not the frames that were sent");
    if script.cut > 0 {
        assert_eq!(
            frames,
            decode(&octets, script.cut),
            "what is read depends on how it is cut"
        );
    }
    let mut assembler = Assembler::new(&Agreement::default(), LIMIT);
    let mut short = Assembler::new(&Agreement::default(), SHORT);
    let mut observer = Observer::new(script.sender);
    let mut plain = Plain::default();
    for frame in &frames {
        let told = observer.frame(frame);
        let text = told.iter().find_map(|breach| match breach {
            Breach::TextNotUtf8 { offset, octet } => Some((*offset, *octet)),
            _ => None,
        });
        assert_eq!(text, plain.text(frame), "what is told of text");
        let (header, first) = (&frame.header, !plain.begun);
        let said = |of: fn(&Breach) -> bool| told.iter().any(of);
        let opcode = header.opcode.value();
        if !plain.closed {
            let orphan = opcode == 0 && first;
            assert_eq!(
                said(|b| matches!(b, Breach::ContinuationWithoutMessage { .. })),
                orphan
            );
            let inside = matches!(opcode, 1 | 2) && !first;
            assert_eq!(
                said(|b| matches!(b, Breach::MessageInsideMessage { .. })),
                inside
            );
        }
        let masked = header.key.is_some();
        let wrong = masked == (script.sender == Role::Server);
        let mask = |b: &Breach| {
            matches!(
                b,
                Breach::MaskedByServer { .. }
                    | Breach::UnmaskedByClient { .. }
                    | Breach::UnmaskedClose
            )
        };
        assert_eq!(said(mask), wrong);
        assert_eq!(
            said(|b| matches!(b, Breach::ReservedBits { .. })),
            header.rsv.contains(&true)
        );
        assert_eq!(
            said(|b| matches!(b, Breach::ReservedOpcode { .. })),
            !matches!(opcode, 0..=2 | 8..=10)
        );
        assert_eq!(
            said(|b| matches!(b, Breach::ControlFragmented { .. })),
            opcode >= 8 && !header.fin
        );
        assert_eq!(
            said(|b| matches!(b, Breach::ControlTooLong { .. })),
            opcode >= 8 && header.length > 125
        );
        for breach in &told {
            super::printable("a breach", &breach.to_string());
        }
        let wanted = plain.frame(frame);
        let message = assembler
            .frame(frame)
            .expect("all frames together are below the limit");
        let whole = message
            .as_ref()
            .map(|message| (message.kind, message.payload.to_vec()));
        assert_eq!(whole, wanted, "not its fragments put together");
        if let Ok(Some(message)) = short.frame(frame) {
            assert!(message.payload.len() <= SHORT, "beyond the limit");
        }
        plain.begun = match (opcode, header.fin) {
            (1 | 2, false) if !plain.closed => true,
            (0, true) if !plain.closed => false,
            _ => plain.begun,
        };
        plain.closed |= opcode == 8;
    }
}

/// A limit that scripts often go beyond.
const SHORT: usize = 300;

fn decode(octets: &[u8], cut: u8) -> Vec<Frame> {
    let mut decoder = Decoder::new(LIMIT);
    let mut frames = Vec::new();
    for piece in stream::pieces(octets, cut) {
        decoder.feed(piece);
        while let Some(frame) = decoder.next_frame().expect("no length is beyond the limit") {
            frames.push(frame);
        }
    }
    frames
}

/// Sections 5.4 and 5.6 in the plainest way: all fragments kept, judged whole.
#[derive(Default)]
struct Plain {
    open: Option<(Kind, Vec<u8>)>,
    /// The text that the observer reads, which goes on behind a whole message inside it; and whether a breach was told.
    text: Option<(Vec<u8>, bool)>,
    /// Whether a message is open for one who does not drop it when a whole one comes inside it.
    begun: bool,
    closed: bool,
}

impl Plain {
    /// The message that a frame completes.
    fn frame(&mut self, frame: &Frame) -> Option<(Kind, Vec<u8>)> {
        let payload = &frame.payload;
        let open = match (frame.header.opcode.value(), self.open.take()) {
            (1, _) => (Kind::Text, payload.to_vec()),
            (2, _) => (Kind::Binary, payload.to_vec()),
            (0, Some((kind, before))) => (kind, [&before, &payload[..]].concat()),
            (_, open) => {
                self.open = open;
                return None;
            }
        };
        if frame.header.fin {
            return Some(open);
        }
        self.open = Some(open);
        None
    }

    /// What the observer has to say of text: the offset, and the octet there unless the message ends inside a character.
    fn text(&mut self, frame: &Frame) -> Option<(u64, Option<u8>)> {
        if self.closed {
            return None;
        }
        let fin = frame.header.fin;
        let (mut text, told) = match frame.header.opcode.value() {
            1 => (Vec::new(), false),
            2 if fin => return None,
            2 => {
                self.text = None;
                return None;
            }
            0 => self.text.take()?,
            _ => return None,
        };
        let whole = fin && frame.header.opcode == Opcode::TEXT;
        text.extend_from_slice(&frame.payload);
        let breach = match super::utf8::wanted(&text) {
            _ if told => None,
            (Err(offset), _) => Some((offset, Some(text[offset as usize]))),
            (_, Err(offset)) if fin => Some((offset, None)),
            _ => None,
        };
        if !fin {
            self.text = Some((text, told || breach.is_some()));
        } else if !whole {
            self.text = None;
        }
        breach
    }
}

/// Holds what another implementation, called `name`, delivers of a stream against what ours does; `read` is given the role of the other end,
/// which is the one that reads, and the pieces in which the stream comes.
///
/// Up to the first frame that breaks a rule, or is remarkable, it has to deliver the same: then it may go on or stop. The rules that let it
/// do otherwise than ours are given back.
///
/// # Panics
/// When a difference is explained by no rule.
pub fn agree(
    name: &str,
    script: &Script,
    read: impl FnOnce(Role, &[&[u8]]) -> Reading<Said>,
) -> Vec<Explained> {
    let octets = script.octets();
    let theirs = read(script.sender.other(), &stream::pieces(&octets, script.cut));
    let mut observer = Observer::new(script.sender);
    let mut assembler = Assembler::new(&Agreement::default(), LIMIT);
    let mut ours = Vec::new();
    let mut told = Vec::new();
    for frame in &script.frames {
        told = observer.frame(frame).iter().map(Breach::rule).collect();
        if !told.is_empty() {
            break;
        }
        let payload = frame.payload.clone();
        match frame.header.opcode {
            Opcode::PING => ours.push(Said::Ping(payload)),
            Opcode::PONG => ours.push(Said::Pong(payload)),
            Opcode::CLOSE => {
                ours.push(Said::Close(payload));
                // Nothing counts behind it (RFC 6455, section 5.5.1).
                told.push("6455-5.5.1-8");
                break;
            }
            _ => match assembler.frame(frame) {
                Ok(Some(message)) if message.kind == Kind::Text => {
                    ours.push(Said::Text(message.payload))
                }
                Ok(Some(message)) => ours.push(Said::Binary(message.payload)),
                Ok(None) => {}
                Err(_) => unreachable!("all frames together are below the limit"),
            },
        }
    }
    let same = theirs
        .read
        .iter()
        .zip(&ours)
        .take_while(|(their, our)| their == our)
        .count();
    if same == ours.len() {
        // What it makes of an offence, or of what follows a Close frame, is its own affair.
        let goes_on = theirs.read.len() > same || theirs.end != End::More;
        assert!(
            !goes_on || !told.is_empty(),
            "{name} goes on: {theirs:?}; ours: {ours:?}"
        );
        return match goes_on {
            true => told,
            false => Vec::new(),
        };
    }
    let explained = match (&theirs.end, &theirs.read[same..]) {
        (End::Limit, []) => vec![LIMITS],
        // A Close frame that it refuses may come out as what it answers (section 7.1.7).
        (End::Refused(_), []) | (_, [Said::Close(_)]) => excused(&ours[same]).into_iter().collect(),
        _ => vec![],
    };
    assert!(
        !explained.is_empty(),
        "{name} delivers {theirs:?}, and no rule explains it; ours: {ours:?}, then {told:?}"
    );
    explained
}

/// What a receiver may refuse although its sender may send it.
fn excused(said: &Said) -> Option<Explained> {
    match said {
        // 1012 to 1014 came after the RFC: a receiver may not know them (section 7.4.2).
        Said::Close(body) => match body
            .first_chunk::<2>()
            .map(|code| u16::from_be_bytes(*code))
        {
            Some(1012..=1014) => Some("6455-7.4.2-2"),
            _ => None,
        },
        _ => None,
    }
}
