//! Messages out of frames (RFC 6455, sections 5.4 and 6.2): what a receiver of the frames would deliver.

use bytes::{Bytes, BytesMut};

use super::{
    Agreement,
    frame::{Frame, Opcode},
};

/// Text or binary (RFC 6455, section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Said to be UTF-8; whether it is, is the observer's to say.
    Text,
    /// Any octets.
    Binary,
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The type that the first frame named.
    pub kind: Kind,
    /// The joined payloads of its frames.
    pub payload: Bytes,
    /// In how many frames it came.
    pub frames: u32,
}

/// Puts messages together, leniently: what cannot belong to a message is dropped (the observer tells of it).
///
/// - A text or binary frame inside an open message drops that message and begins its own.
/// - A continuation frame without an open message is dropped.
/// - Control frames and reserved opcodes change nothing, with FIN clear either.
/// - A message beyond the limit is dropped; its remaining fragments are then continuations without a message.
#[derive(Debug)]
pub struct Assembler {
    limit: usize,
    open: Option<Open>,
}

/// A message that has begun.
#[derive(Debug)]
struct Open {
    kind: Kind,
    frames: u32,
    parts: Parts,
}

/// The payload so far; one fragment is kept without copying.
#[derive(Debug)]
enum Parts {
    One(Bytes),
    Joined(BytesMut),
}

impl Parts {
    fn push(self, payload: &[u8]) -> Parts {
        match self {
            Parts::One(first) if payload.is_empty() => Parts::One(first),
            Parts::One(first) => {
                // Room for both and no more: what a later fragment needs is grown when it is there.
                let mut joined = BytesMut::with_capacity(first.len() + payload.len());
                joined.extend_from_slice(&first);
                joined.extend_from_slice(payload);
                Parts::Joined(joined)
            }
            Parts::Joined(mut joined) => {
                joined.extend_from_slice(payload);
                Parts::Joined(joined)
            }
        }
    }
    fn len(&self) -> usize {
        match self {
            Parts::One(first) => first.len(),
            Parts::Joined(joined) => joined.len(),
        }
    }
    fn whole(self) -> Bytes {
        match self {
            Parts::One(first) => first,
            Parts::Joined(joined) => joined.freeze(),
        }
    }
}

/// A message grew beyond the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of more than {limit} octets; no more are read")]
pub struct TooLong {
    /// The most octets that a message may have.
    pub limit: usize,
}

impl Assembler {
    /// For frames under this agreement; a message may have at most `limit` octets.
    pub fn new(agreement: &Agreement, limit: usize) -> Assembler {
        // A subprotocol leaves messages as they are (RFC 6455, section 1.9). An extension that changes them
        // does so where a message is complete, in `frame`.
        let Agreement { subprotocol: _ } = agreement;
        Assembler { limit, open: None }
    }

    /// Takes a data frame (control frames are ignored) and gives the message that it completes.
    pub fn frame(&mut self, frame: &Frame) -> Result<Option<Message>, TooLong> {
        let limit = self.limit;
        let open = match (frame.header.opcode, self.open.take()) {
            (Opcode::TEXT, _) => Open::new(Kind::Text, frame),
            (Opcode::BINARY, _) => Open::new(Kind::Binary, frame),
            (Opcode::CONTINUATION, Some(open)) => Open {
                frames: open.frames.saturating_add(1),
                parts: open.parts.push(&frame.payload),
                ..open
            },
            (_, open) => {
                self.open = open;
                return Ok(None);
            }
        };
        if open.parts.len() > limit {
            return Err(TooLong { limit });
        }
        if !frame.header.fin {
            self.open = Some(open);
            return Ok(None);
        }
        Ok(Some(Message {
            kind: open.kind,
            payload: open.parts.whole(),
            frames: open.frames,
        }))
    }

    /// Whether a message has begun and not ended.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

impl Open {
    fn new(kind: Kind, frame: &Frame) -> Open {
        Open {
            kind,
            frames: 1,
            parts: Parts::One(frame.payload.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembler(limit: usize) -> Assembler {
        Assembler::new(&Agreement::default(), limit)
    }

    fn message(
        kind: Kind,
        payload: &'static [u8],
        frames: u32,
    ) -> Result<Option<Message>, TooLong> {
        Ok(Some(Message {
            kind,
            payload: Bytes::from_static(payload),
            frames,
        }))
    }

    #[test]
    fn joins_fragments_with_control_frames_and_empty_ones_between() {
        let mut assembler = assembler(100);
        assert_eq!(assembler.frame(&Frame::text("a").with_fin(false)), Ok(None));
        assert_eq!(assembler.frame(&Frame::ping("x")), Ok(None));
        assert_eq!(
            assembler.frame(&Frame::continuation("").with_fin(false)),
            Ok(None)
        );
        assert_eq!(
            assembler.frame(&Frame::continuation("b").with_fin(false)),
            Ok(None)
        );
        assert!(assembler.is_open());
        assert_eq!(
            assembler.frame(&Frame::continuation("c")),
            message(Kind::Text, b"abc", 4)
        );
        assert!(!assembler.is_open());
        assert_eq!(
            assembler.frame(&Frame::binary("d")),
            message(Kind::Binary, b"d", 1)
        );
    }

    #[test]
    fn goes_on_with_what_can_still_be_a_message() {
        let mut assembler = assembler(100);
        assert_eq!(assembler.frame(&Frame::continuation("orphan")), Ok(None));
        assert_eq!(
            assembler.frame(&Frame::continuation("orphan").with_fin(false)),
            Ok(None)
        );
        assert!(!assembler.is_open());
        assert_eq!(
            assembler.frame(&Frame::text("lost").with_fin(false)),
            Ok(None)
        );
        assert_eq!(
            assembler.frame(&Frame::binary("new").with_fin(false)),
            Ok(None)
        );
        assert_eq!(assembler.frame(&Frame::new(Opcode::new(3), "?")), Ok(None));
        assert_eq!(assembler.frame(&Frame::ping("").with_fin(false)), Ok(None));
        assert_eq!(
            assembler.frame(&Frame::continuation("er")),
            message(Kind::Binary, b"newer", 2)
        );
    }

    #[test]
    fn keeps_the_limit_and_goes_on_behind_it() {
        let mut assembler = assembler(3);
        let too_long = Err(TooLong { limit: 3 });
        assert_eq!(assembler.frame(&Frame::text("four")), too_long);
        assert_eq!(
            assembler.frame(&Frame::text("abc").with_fin(false)),
            Ok(None)
        );
        assert_eq!(
            assembler.frame(&Frame::continuation("").with_fin(false)),
            Ok(None)
        );
        assert_eq!(
            assembler.frame(&Frame::continuation("d").with_fin(false)),
            too_long
        );
        assert!(!assembler.is_open());
        assert_eq!(assembler.frame(&Frame::continuation("e")), Ok(None));
        assert_eq!(
            assembler.frame(&Frame::text("abc")),
            message(Kind::Text, b"abc", 1)
        );
    }
}
