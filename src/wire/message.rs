//! Messages out of frames (RFC 6455, sections 5.4 and 6.2): what a receiver of the frames would deliver.

use bytes::Bytes;

use super::{Agreement, frame::Frame};

/// Text or binary (RFC 6455, section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Text,
    Binary,
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub kind: Kind,
    pub payload: Bytes,
    /// In how many frames it came.
    pub frames: u32,
}

/// Puts messages together, leniently: what cannot belong to a message is dropped (the observer tells of it).
#[derive(Debug)]
pub struct Assembler {}

/// A message grew beyond the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of more than {limit} octets")]
pub struct TooLong {
    pub limit: usize,
}

impl Assembler {
    /// For frames under this agreement; a message may have at most `limit` octets.
    pub fn new(agreement: &Agreement, limit: usize) -> Assembler {
        let _ = (agreement, limit);
        todo!()
    }
    /// Takes a data frame (control frames are ignored) and gives the message that it completes.
    pub fn frame(&mut self, frame: &Frame) -> Result<Option<Message>, TooLong> {
        let _ = frame;
        todo!()
    }
    /// Whether a message has begun and not ended.
    pub fn is_open(&self) -> bool {
        todo!()
    }
}
