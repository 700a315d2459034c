//! Connections that are opened and left alone, beside the one on which a case is played.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

use super::{Dialler, transport::Transport};
use crate::wire::{
    frame::{Decoder, Opcode},
    handshake::{HeadReader, Response},
};

/// The most octets that a frame may have on a connection that was left alone.
const MAX: usize = 1 << 20;

/// Opens up to `count` connections with this request, one behind the other, each within `patience`. Fewer, where the target opens no more:
/// it may refuse or cut connections of a host that has many (RFC 6455, section 4.1). They end when they are dropped.
pub async fn open(
    dialler: &Dialler,
    request: &[u8],
    count: usize,
    patience: Duration,
) -> Vec<Transport> {
    let mut open = Vec::new();
    while open.len() < count {
        match timeout(patience, one(dialler, request, patience)).await {
            Ok(Some(transport)) => open.push(transport),
            Ok(None) | Err(_) => break,
        }
    }
    open
}

/// A connection that is open; `None`: the target has refused it, or has not answered with HTTP.
async fn one(dialler: &Dialler, request: &[u8], patience: Duration) -> Option<Transport> {
    let mut transport = dialler.dial(patience).await.ok()?;
    transport.write_all(request).await.ok()?;
    transport.flush().await.ok()?;
    let mut heads = HeadReader::<Response>::response();
    let mut buffer = [0; 1024];
    loop {
        let count = transport.read(&mut buffer).await.ok()?;
        if count == 0 {
            return None;
        }
        heads.feed(&buffer[..count]);
        // Interim responses come before the final one (RFC 9110, section 15.2).
        while let Some(response) = heads.next().ok()? {
            match response.status {
                101 => return Some(transport),
                100 | 102..=199 => {
                    let rest = heads.take_rest();
                    heads.feed(&rest);
                }
                _ => return None,
            }
        }
    }
}

/// How many of these connections the target has cut off by then: TCP has ended, and no Close frame came before.
pub async fn cut(connections: Vec<Transport>, until: Instant) -> usize {
    let mut cut = 0;
    for mut transport in connections {
        // Of what has come already this tells also when the time is over.
        cut += usize::from(timeout_at(until, is_cut(&mut transport)).await == Ok(true));
    }
    cut
}

/// Waits until TCP ends.
async fn is_cut(transport: &mut Transport) -> bool {
    let mut decoder = Decoder::new(MAX);
    let mut buffer = [0; 1024];
    loop {
        match transport.read(&mut buffer).await {
            Ok(0) | Err(_) => return true,
            Ok(count) => decoder.feed(&buffer[..count]),
        }
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) if frame.header.opcode == Opcode::CLOSE => return false,
                Ok(Some(_)) => {}
                Ok(None) => break,
                // Whoever says what cannot be read is no witness.
                Err(_) => return false,
            }
        }
    }
}
