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
    let (mut come, mut at, mut failed) = (0, 0, None);
    for piece in few_cuts(octets, last >> 1) {
        decoder.feed(piece);
        come += piece.len();
        failed = loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => {
                    let plain = Plain::read(&octets[at..come]).expect("no whole frame has come");
                    at += plain.hold(&frame);
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
            let rest = Plain::read(&octets[at..]);
            assert!(rest.is_none(), "a whole frame is left");
            assert_eq!(decoder.pending().octets, octets.len() - at);
        }
        Some(error) => {
            let header = *error.header();
            assert_eq!(Header::read(&octets[at..]), Some(header));
            assert!(header.length > LIMIT as u64, "{error}");
            let top = matches!(error, DecodeError::TopBit { .. });
            assert!(top == (header.length >= 1 << 63), "{error}");
        }
    }
}

/// A frame by the letter of section 5.2.
///
/// Read in another way than the decoder does, for what is read twice in the same way proves nothing; and with few comparisons, for each of them is one
/// that a fuzzer looks at.
struct Plain<'a> {
    /// The first octet: FIN, the reserved bits, the opcode.
    first: u8,
    masked: bool,
    /// 0 where there is none, which leaves a payload as it is.
    key: u32,
    /// As it stands on the wire.
    header: &'a [u8],
    /// As it stands on the wire.
    payload: &'a [u8],
}

impl<'a> Plain<'a> {
    /// The first frame; `None`: it is not whole, or longer than [`LIMIT`].
    fn read(octets: &'a [u8]) -> Option<Plain<'a>> {
        let head = octets.first_chunk().copied().unwrap_or_else(|| {
            let mut head = [0; Header::MAX];
            head[..octets.len()].copy_from_slice(octets);
            head
        });
        let [first, second, c, d, e, f, g, h, i, j, ..] = head;
        let (length, key) = match second & 0x7f {
            126 => (u64::from(c) << 8 | u64::from(d), 4),
            127 => (u64::from_be_bytes([c, d, e, f, g, h, i, j]), 10),
            short => (u64::from(short), 2),
        };
        if length > LIMIT as u64 {
            return None;
        }
        let masked = second >> 7;
        let four = [head[key], head[key + 1], head[key + 2], head[key + 3]];
        let size = key + 4 * usize::from(masked);
        let (header, payload) = octets.get(..size + length as usize)?.split_at(size);
        Some(Plain {
            first,
            masked: masked == 1,
            key: u32::from(masked) * u32::from_be_bytes(four),
            header,
            payload,
        })
    }

    /// It is this frame, and what that encodes to. Gives its size.
    fn hold(&self, frame: &Frame) -> usize {
        let Frame { header, payload } = frame;
        let [rsv1, rsv2, rsv3] = header.rsv.map(u8::from);
        let first = u8::from(header.fin) << 7 | rsv1 << 6 | rsv2 << 5 | rsv3 << 4;
        let first = first | header.opcode.value();
        let key = header.key.map_or(0, u32::from_be_bytes);
        let (octets, written) = header.octets();
        let length = self.payload.len() as u64;
        // All differences together are one comparison.
        let differs = u64::from(self.first ^ first)
            | u64::from(self.masked ^ header.key.is_some())
            | u64::from(self.key ^ key)
            | (header.length ^ length)
            | (payload.len() as u64 ^ length)
            | (written ^ self.header.len()) as u64
            | (header.size() ^ self.header.len()) as u64;
        assert!(
            differs == 0,
            "{header:?} is not what RFC 6455, section 5.2 says"
        );
        assert!(
            octets[..self.header.len()] == *self.header,
            "{header:?} does not encode to what was read"
        );
        assert!(
            self.unmasks_to(payload),
            "not the payload that came: {frame:?}"
        );
        self.header.len() + self.payload.len()
    }

    /// Section 5.3: octet i XOR octet i mod 4 of the key. `payload` is as long as this one.
    fn unmasks_to(&self, payload: &[u8]) -> bool {
        let (ours, our_rest) = payload.as_chunks::<4>();
        let (came, rest) = self.payload.as_chunks::<4>();
        let fours = ours.iter().zip(came).fold(0, |all, (our, four)| {
            all | (u32::from_be_bytes(*our) ^ u32::from_be_bytes(*four) ^ self.key)
        });
        let octets = our_rest.iter().zip(rest).zip(self.key.to_be_bytes());
        let octets = octets.fold(0, |all, ((our, came), key)| all | (our ^ came ^ key));
        fours | u32::from(octets) == 0
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
