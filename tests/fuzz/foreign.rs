//! Other implementations, in the form in which `wsspec::fuzz` holds them against ours: soketto and tungstenite read frames, tungstenite and
//! fastwebsockets deliver messages. The fuzz targets use this file, and so do the tests.

use std::{
    io::{self, Cursor, Read, Write},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wsspec::{
    case::Role,
    fuzz::{
        End, Reading,
        frames::{self, Seen},
        messages::{self, Said},
    },
};

/// soketto's codec: a header is read from a buffer, the payload is the caller's to take.
pub fn soketto(pieces: &[&[u8]]) -> Reading<Seen> {
    use soketto::base::{Codec, Error};
    let octets = pieces.concat();
    let mut codec = Codec::new();
    codec.set_max_data_size(frames::LIMIT);
    let (mut read, mut at) = (Vec::new(), 0);
    let end = loop {
        let (header, offset) = match codec.decode_header(&octets[at..]) {
            Ok(soketto::Parsing::Done { value, offset }) => (value, offset),
            Ok(soketto::Parsing::NeedMore(_)) => break End::More,
            Err(Error::PayloadTooLarge { .. }) => break End::Limit,
            Err(error) => break End::Refused(error.to_string()),
        };
        let begin = at + offset;
        let Some(payload) = octets.get(begin..begin + header.payload_len()) else {
            break End::More;
        };
        let mut payload = payload.to_vec();
        Codec::apply_mask(&header, &mut payload);
        read.push(Seen {
            fin: header.is_fin(),
            rsv: [header.is_rsv1(), header.is_rsv2(), header.is_rsv3()],
            opcode: header.opcode().into(),
            payload: payload.into(),
        });
        at = begin + header.payload_len();
    };
    Reading { read, end }
}

/// tungstenite's headers; it unmasks nowhere that can be reached from outside, so that is done here.
pub fn tungstenite_headers(pieces: &[&[u8]]) -> Reading<Seen> {
    use tungstenite::protocol::frame::FrameHeader;
    let octets = pieces.concat();
    let (mut read, mut at) = (Vec::new(), 0);
    let end = loop {
        let mut cursor = Cursor::new(&octets[at..]);
        let (header, length) = match FrameHeader::parse(&mut cursor) {
            Ok(Some(parsed)) => parsed,
            Ok(None) => break End::More,
            Err(error) => break End::Refused(error.to_string()),
        };
        if length > frames::LIMIT as u64 {
            break End::Limit;
        }
        let begin = at + cursor.position() as usize;
        let Some(payload) = octets.get(begin..begin + length as usize) else {
            break End::More;
        };
        let mut payload = payload.to_vec();
        if let Some(key) = header.mask {
            for (octet, key) in payload.iter_mut().zip(key.iter().cycle()) {
                *octet ^= key;
            }
        }
        at = begin + payload.len();
        read.push(Seen {
            fin: header.is_final,
            rsv: [header.rsv1, header.rsv2, header.rsv3],
            opcode: header.opcode.into(),
            payload: payload.into(),
        });
    };
    Reading { read, end }
}

/// What a socket would be: the pieces come one with each read, then nothing more; what is written goes nowhere.
struct Memory<'a> {
    pieces: &'a [&'a [u8]],
    /// What is left of the piece before them.
    rest: &'a [u8],
}

impl<'a> Memory<'a> {
    fn new(pieces: &'a [&'a [u8]]) -> Memory<'a> {
        Memory { pieces, rest: &[] }
    }

    /// The next octets, at most so many; `None`: nothing more comes.
    fn come(&mut self, most: usize) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            (self.rest, self.pieces) = self.pieces.split_first()?;
        }
        let (taken, rest) = self.rest.split_at(most.min(self.rest.len()));
        self.rest = rest;
        Some(taken)
    }
}

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.come(buffer.len()).ok_or(io::ErrorKind::WouldBlock)?;
        buffer[..taken.len()].copy_from_slice(taken);
        Ok(taken.len())
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        Ok(octets.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// tungstenite's messages, until it finds that nothing more comes.
pub fn tungstenite(reader: Role, pieces: &[&[u8]]) -> Reading<Said> {
    use tungstenite::{
        Error, Message,
        protocol::{Role as Theirs, WebSocket, WebSocketConfig},
    };
    let role = match reader {
        Role::Server => Theirs::Server,
        Role::Client => Theirs::Client,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_frame_size(Some(messages::LIMIT))
        .max_message_size(Some(messages::LIMIT));
    let mut socket = WebSocket::from_raw_socket(Memory::new(pieces), role, Some(config));
    let mut read = Vec::new();
    let end = loop {
        match socket.read() {
            Ok(Message::Text(text)) => read.push(Said::Text(text.into())),
            Ok(Message::Binary(octets)) => read.push(Said::Binary(octets)),
            Ok(Message::Ping(octets)) => read.push(Said::Ping(octets)),
            Ok(Message::Pong(octets)) => read.push(Said::Pong(octets)),
            Ok(Message::Close(body)) => {
                let body = body.map_or(Vec::new(), |close| {
                    let code = u16::from(close.code).to_be_bytes();
                    [&code[..], close.reason.as_bytes()].concat()
                });
                read.push(Said::Close(body.into()));
                break End::More;
            }
            Ok(Message::Frame(frame)) => break End::Refused(format!("gave {frame:?} out")),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break End::More,
            Err(Error::Capacity(_)) => break End::Limit,
            Err(error) => break End::Refused(error.to_string()),
        }
    };
    Reading { read, end }
}

impl AsyncRead for Memory<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.come(buffer.remaining()) {
            Some(taken) => {
                buffer.put_slice(taken);
                Poll::Ready(Ok(()))
            }
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Memory<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(octets.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// fastwebsockets with its collector of fragments; no runtime is needed where nothing waits.
pub fn fastwebsockets(reader: Role, pieces: &[&[u8]]) -> Reading<Said> {
    use fastwebsockets::{FragmentCollector, OpCode, Role as Theirs, WebSocket, WebSocketError};
    let role = match reader {
        Role::Server => Theirs::Server,
        Role::Client => Theirs::Client,
    };
    let mut socket = WebSocket::after_handshake(Memory::new(pieces), role);
    socket.set_auto_pong(false);
    socket.set_max_message_size(messages::LIMIT);
    let mut socket = FragmentCollector::new(socket);
    let mut read = Vec::new();
    let end = loop {
        let mut context = Context::from_waker(Waker::noop());
        let frame = match pin!(socket.read_frame()).poll(&mut context) {
            Poll::Pending => break End::More,
            Poll::Ready(Err(WebSocketError::FrameTooLarge)) => break End::Limit,
            Poll::Ready(Err(error)) => break End::Refused(error.to_string()),
            Poll::Ready(Ok(frame)) => frame,
        };
        let payload = frame.payload.to_vec().into();
        match frame.opcode {
            OpCode::Text => read.push(Said::Text(payload)),
            OpCode::Binary => read.push(Said::Binary(payload)),
            OpCode::Ping => read.push(Said::Ping(payload)),
            OpCode::Pong => read.push(Said::Pong(payload)),
            OpCode::Close => {
                read.push(Said::Close(payload));
                break End::More;
            }
            OpCode::Continuation => break End::Refused("gave a continuation out".into()),
        }
    };
    Reading { read, end }
}
