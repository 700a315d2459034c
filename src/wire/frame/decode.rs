//! Reading frames from a stream, however it is cut.

use bytes::{Buf, Bytes, BytesMut};

use super::{Frame, Header, mask};

/// Why no further frame can be read. The header says what stood on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// The declared length is beyond the limit of the decoder; judged at the header.
    #[error(
        "a frame declares {} octets of payload; at most {limit} are read",
        header.length
    )]
    TooLong {
        /// The header with the declared length.
        header: Header,
        /// The most octets of payload that are read.
        limit: usize,
    },
    /// The most significant bit of a 64-bit length is set (RFC 6455, section 5.2).
    #[error(
        "a frame declares a 64-bit length with the top bit set, {:#018x}; it must be clear",
        header.length
    )]
    TopBit {
        /// The header with the length as written.
        header: Header,
    },
}

impl DecodeError {
    /// The header at which reading ended.
    pub fn header(&self) -> &Header {
        match self {
            DecodeError::TooLong { header, .. } | DecodeError::TopBit { header } => header,
        }
    }
}

/// The unfinished frame at the end of what was fed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Its header, once that is complete.
    pub header: Option<Header>,
    /// How many of its octets are there, those of the header included; 0: the stream stands between two frames.
    pub octets: usize,
}

/// Reads frames from octets that are fed in pieces of any size.
///
/// What comes out does not depend on how the stream was cut. Memory grows with what was fed, never with what a header declares.
#[derive(Debug)]
pub struct Decoder {
    /// The stream behind the last frame.
    buffer: BytesMut,
    /// What stands at the start of `buffer`, once it is there.
    header: Option<Header>,
    /// How many octets of the payload behind the header are unmasked already.
    unmasked: usize,
    limit: usize,
    failed: Option<DecodeError>,
}

impl Decoder {
    /// Frames may have at most `limit` octets of payload.
    pub fn new(limit: usize) -> Decoder {
        Decoder {
            buffer: BytesMut::new(),
            header: None,
            unmasked: 0,
            limit,
            failed: None,
        }
    }

    /// Takes the next octets of the stream; call [`next_frame`](Decoder::next_frame) until it gives `None` or an error.
    /// After an error nothing is kept any more.
    pub fn feed(&mut self, octets: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(octets);
        }
    }

    /// The next whole frame; `None`: more octets are needed. An error comes back each time from then on: the stream is out of step.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let header = match self.header {
            Some(header) => header,
            None => match Header::read(&self.buffer) {
                Some(header) => self.begin(header)?,
                None => return Ok(None),
            },
        };
        // `begin` holds the length against the limit, which is a `usize`.
        let (size, length) = (header.size(), header.length as usize);
        let payload = &mut self.buffer[size..];
        let come = payload.len().min(length);
        if let Some(key) = header.key {
            mask(key, self.unmasked, &mut payload[self.unmasked..come]);
            self.unmasked = come;
        }
        if come < length {
            return Ok(None);
        }
        (self.header, self.unmasked) = (None, 0);
        self.buffer.advance(size);
        let payload = match length {
            0 => Bytes::new(),
            _ => self.buffer.split_to(length).freeze(),
        };
        Ok(Some(Frame { header, payload }))
    }

    fn begin(&mut self, header: Header) -> Result<Header, DecodeError> {
        let limit = self.limit;
        let error = if header.length >> 63 == 1 {
            DecodeError::TopBit { header }
        } else if header.length > limit as u64 {
            DecodeError::TooLong { header, limit }
        } else {
            self.header = Some(header);
            return Ok(header);
        };
        self.failed = Some(error);
        Err(error)
    }

    /// What is there of the next frame, once [`next_frame`](Decoder::next_frame) has given `None` or an error.
    pub fn pending(&self) -> Pending {
        Pending {
            header: self.header.or_else(|| Header::read(&self.buffer)),
            octets: self.buffer.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Opcode;

    #[test]
    fn takes_no_memory_for_a_declared_length_and_none_behind_an_error() {
        let mut decoder = Decoder::new(usize::MAX);
        let header = Header::new(Opcode::BINARY, 1 << 40);
        let mut octets = Vec::new();
        header.encode(&mut octets);
        decoder.feed(&octets);
        decoder.feed(b"abc");
        assert_eq!(decoder.next_frame(), Ok(None));
        let (header, octets) = (Some(header), 13);
        assert_eq!(decoder.pending(), Pending { header, octets });
        assert!(decoder.buffer.capacity() < 200);

        let mut decoder = Decoder::new(0);
        decoder.feed(b"\x81\x01");
        assert!(decoder.next_frame().is_err());
        decoder.feed(&[0; 10_000]);
        assert!(decoder.next_frame().is_err());
        assert!(decoder.buffer.capacity() < 200);
    }
}
