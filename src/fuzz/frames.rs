//! Frames (RFC 6455, section 5.2): decoding is blind to cuts, encoding gives back what was decoded, and others read the same.

use bytes::Bytes;

use super::{End, Explained, LIMITS, Reading, Stream, stream::few_cuts};
use crate::wire::{
    frame::{DecodeError, Decoder, Frame, Header, Pending},
    observer::{Breach, Observer},
};

/// The longest payload that is read here. A decoder that is held against ours should have a limit that is no smaller, and may have any.
pub const LIMIT: usize = 1 << 20;

/// A frame as an implementation reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The FIN bit.
    pub fin: bool,
    /// RSV1, RSV2, RSV3.
    pub rsv: [bool; 3],
    /// Four bits.
    pub opcode: u8,
    /// Without its masking.
    pub payload: Bytes,
}

impl From<&Frame> for Seen {
    fn from(frame: &Frame) -> Seen {
        Seen {
            fin: frame.header.fin,
            rsv: frame.header.rsv,
            opcode: frame.header.opcode.value(),
            payload: frame.payload.clone(),
        }
    }
}

/// Reads a stream as frames: octets as they make a [`Stream`], without making one, and cut in a few places only, for this is done more often than
/// anything else. [`agree`] has all cuts.
///
/// # Panics
/// When what is read depends on how the stream is cut, or does not encode to what was read, or is not what section 5.2 says.
pub fn frames(octets: &[u8]) {
    let Some((last, octets)) = octets.split_last() else {
        return;
    };
    let mut decoder = Decoder::new(LIMIT);
    let mut scratch = Vec::with_capacity(octets.len().max(Header::MAX));
    let (mut come, mut at, mut failed) = (0, 0, None);
    for piece in few_cuts(octets, last >> 1) {
        decoder.feed(piece);
        come += piece.len();
        failed = loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => {
                    let plain = Plain::read(&octets[at..come]).expect("no whole frame has come");
                    plain.is(&frame, &mut scratch);
                    scratch.clear();
                    frame.header.encode(&mut scratch);
                    let written = &octets[at..at + plain.begin];
                    assert!(
                        scratch == written,
                        "{frame:?} does not encode to what was read"
                    );
                    at += plain.end;
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        if let Some(error) = failed {
            decoder.feed(&octets[come..]);
            assert_eq!(decoder.next_frame(), Err(error), "the error changes");
            break;
        }
    }
    match failed {
        None => {
            assert!(
                Plain::read(&octets[at..]).is_none(),
                "a whole frame is left"
            );
            assert_eq!(decoder.pending().octets, octets.len() - at);
        }
        Some(error) => {
            assert_eq!(Header::read(&octets[at..]), Some(*error.header()));
            let long = error.header().length > LIMIT as u64;
            let top = matches!(error, DecodeError::TopBit { .. });
            assert!(long && top == (error.header().length >= 1 << 63), "{error}");
        }
    }
}

/// A frame by the letter of section 5.2, octet by octet.
struct Plain<'a> {
    fin: bool,
    rsv: [bool; 3],
    opcode: u8,
    key: Option<u32>,
    /// As it stands on the wire.
    payload: &'a [u8],
    /// Where the payload begins, and where it ends.
    begin: usize,
    end: usize,
}

impl<'a> Plain<'a> {
    /// The first frame; `None`: it is not whole, or longer than [`LIMIT`].
    fn read(octets: &'a [u8]) -> Option<Plain<'a>> {
        let mut at = 2;
        let [first, second] = *octets.first_chunk::<2>()?;
        let bit = |n: u8| first >> (7 - n) & 1 == 1;
        let mut number = |width: usize| {
            let digits = octets.get(at..at + width)?;
            at += width;
            let number = digits
                .iter()
                .fold(0u64, |n, digit| n * 256 + u64::from(*digit));
            Some(number)
        };
        let length = match second % 128 {
            126 => number(2)?,
            127 => number(8)?,
            short => u64::from(short),
        };
        let key = match second / 128 {
            1 => Some(number(4)? as u32),
            _ => None,
        };
        if length > LIMIT as u64 {
            return None;
        }
        let end = at + length as usize;
        Some(Plain {
            fin: bit(0),
            rsv: [bit(1), bit(2), bit(3)],
            opcode: first % 16,
            key,
            payload: octets.get(at..end)?,
            begin: at,
            end,
        })
    }

    /// It is this frame.
    fn is(&self, frame: &Frame, scratch: &mut Vec<u8>) {
        let Frame { header, payload } = frame;
        assert!(
            (header.fin, header.rsv, header.opcode.value()) == (self.fin, self.rsv, self.opcode)
                && header.length == self.payload.len() as u64
                && header.key.map(u32::from_be_bytes) == self.key
                && frame.size() == self.end,
            "{header:?} is not what RFC 6455, section 5.2 says"
        );
        let Some(key) = self.key else {
            assert!(
                self.payload == payload,
                "not the payload that came: {frame:?}"
            );
            return;
        };
        // Section 5.3: octet i XOR octet i mod 4 of the key.
        scratch.clear();
        scratch.extend_from_slice(self.payload);
        let (fours, rest) = scratch.as_chunks_mut::<4>();
        for four in fours {
            *four = (u32::from_be_bytes(*four) ^ key).to_be_bytes();
        }
        for (octet, key) in rest.iter_mut().zip(key.to_be_bytes()) {
            *octet ^= key;
        }
        assert!(scratch == payload, "not the payload that came: {frame:?}");
    }
}

/// What is read of a stream.
#[derive(Debug, PartialEq)]
struct Whole {
    frames: Vec<Frame>,
    error: Option<DecodeError>,
    pending: Pending,
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Whole {
    let mut decoder = Decoder::new(LIMIT);
    let (mut frames, mut error) = (Vec::new(), None);
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(met) => {
                    assert!(
                        error.is_none_or(|before| before == met),
                        "the error changes"
                    );
                    error = Some(met);
                    break;
                }
            }
        }
    }
    // What is kept behind an error is nobody's.
    let pending = match error {
        Some(_) => Pending::default(),
        None => decoder.pending(),
    };
    Whole {
        frames,
        error,
        pending,
    }
}

/// Holds what another implementation, called `name`, reads of a stream against what ours does; `read` is given the pieces in which the
/// stream comes, and unmasks.
///
/// It has to read the same frames. It may stop where a rule of the RFC lets it: because a frame breaks one that binds its sender, or is
/// longer than a limit. These rules are given back.
///
/// # Panics
/// When a difference is explained by no rule; when ours depends on how the stream is cut.
pub fn agree(
    name: &str,
    stream: &Stream,
    read: impl FnOnce(&[&[u8]]) -> Reading<Seen>,
) -> Vec<Explained> {
    let ours = self::read(std::iter::once(&stream.octets[..]));
    if stream.cut > 0 {
        let cut = self::read(stream.cuts());
        assert!(
            ours == cut,
            "what ours reads depends on how the stream is cut: {ours:?}, {cut:?}"
        );
    }
    let theirs = read(&stream.pieces());
    for (at, (our, their)) in ours.frames.iter().zip(&theirs.read).enumerate() {
        assert_eq!(
            Seen::from(our),
            *their,
            "frame {at}: {name} reads it as on the right"
        );
    }
    let stopped = theirs.read.len();
    let explained = match (&theirs.end, &ours.error) {
        (End::More, None) if stopped == ours.frames.len() => return Vec::new(),
        // Waiting for octets that never come: section 5.2 forbids the length to the sender and says nothing of the reader.
        (End::More, Some(DecodeError::TopBit { .. })) if stopped == ours.frames.len() => {
            return vec!["6455-5.2-11"];
        }
        (End::More, Some(DecodeError::TooLong { .. })) if stopped == ours.frames.len() => {
            return vec![LIMITS];
        }
        (End::More, _) => vec![],
        (End::Limit, _) => vec![LIMITS],
        (End::Refused(_), _) => breaches(stream, &ours, stopped),
    };
    assert!(
        !explained.is_empty(),
        "{name} reads {stopped} frames and stops ({:?}); ours reads {} ({:?}), and no rule explains it",
        theirs.end,
        ours.frames.len(),
        ours.error
    );
    explained
}

/// The rules that the sender has broken up to this frame.
fn breaches(stream: &Stream, ours: &Whole, frame: usize) -> Vec<Explained> {
    let mut observer = Observer::new(stream.sender);
    let mut told: Vec<Breach> = Vec::new();
    for frame in ours.frames.iter().take(frame + 1) {
        told.extend(observer.frame(frame));
    }
    if frame >= ours.frames.len() {
        let used: usize = ours.frames.iter().map(Frame::size).sum();
        // A header that is not whole is judged by what is there of it.
        let mut begun = [0; Header::MAX];
        let rest = &stream.octets[used..];
        let there = rest.len().min(Header::MAX);
        begun[..there].copy_from_slice(&rest[..there]);
        let header = Header::read(&begun).filter(|_| there > 0);
        told.extend(match (ours.error, header) {
            (Some(error), _) => observer.unreadable(&error),
            (None, header) => observer.end(&Pending {
                header,
                octets: there,
            }),
        });
        if let Some(DecodeError::TooLong { .. }) = ours.error {
            return vec![LIMITS];
        }
    }
    told.iter().map(Breach::rule).collect()
}
