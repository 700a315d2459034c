//! The frame oracle, pointed at a decoder that is not ours: here that of fastwebsockets, which reads from a stream.
//!
//! As a program it takes files, or folders of them: `cargo run --example own_decoder -- corpus/decoders`.

use std::{
    env, fs,
    io::Cursor,
    path::PathBuf,
    pin::pin,
    task::{Context, Poll, Waker},
};

use arbitrary::{Arbitrary, Unstructured};
use fastwebsockets::{Role, WebSocket, WebSocketError};
use wsspec::fuzz::{
    End, Reading, Stream,
    frames::{LIMIT, Seen, agree},
};

/// Reads with one's own decoder whatever frames there are, and says how it ended.
pub fn read(pieces: &[&[u8]]) -> Reading<Seen> {
    let mut socket = WebSocket::after_handshake(Cursor::new(pieces.concat()), Role::Server);
    socket.set_auto_close(false);
    socket.set_auto_pong(false);
    socket.set_max_message_size(LIMIT + 1);
    let mut read = Vec::new();
    let end = loop {
        let mut context = Context::from_waker(Waker::noop());
        match pin!(socket.read_frame()).poll(&mut context) {
            Poll::Ready(Ok(frame)) => read.push(Seen {
                fin: frame.fin,
                rsv: [false; 3],
                opcode: frame.opcode as u8,
                payload: frame.payload.to_vec().into(),
            }),
            Poll::Ready(Err(WebSocketError::UnexpectedEOF)) | Poll::Pending => break End::More,
            Poll::Ready(Err(WebSocketError::FrameTooLarge)) => break End::Limit,
            Poll::Ready(Err(error)) => break End::Refused(error.to_string()),
        }
    };
    Reading { read, end }
}

fn main() -> std::io::Result<()> {
    let mut paths: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let mut streams = 0;
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(path)? {
                paths.push(entry?.path());
            }
        } else if let Ok(stream) = Stream::arbitrary(&mut Unstructured::new(&fs::read(path)?)) {
            let rules = agree("my decoder", &stream, read);
            streams += 1;
            if !rules.is_empty() {
                println!(
                    "reads less than it could, which a rule allows: {}",
                    rules.join(", ")
                );
            }
        }
    }
    println!("{streams} streams, and no difference that a rule does not explain");
    Ok(())
}
