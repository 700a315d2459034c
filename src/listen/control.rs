//! Autobahn's control paths: a text message or none, then a Close without a code.
//!
//! These connections judge nobody: whatever the client's handshake and frames are like, it gets its answer.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
    time::timeout,
};

use super::{
    Hall, News,
    arrival::{self, Asked},
};
use crate::{
    drive::transport::Transport,
    report,
    session::Verdict,
    wire::{
        frame::{Decoder, Frame, Opcode},
        handshake::accept::accept,
    },
};

/// How long a status is waited for.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// How long the client may take to answer the Close, and how much it may send before.
const MAX_CLOSING: Duration = Duration::from_secs(5);
const MAX_SENT: usize = 1 << 20;

/// Accepts, says what there is to say, closes.
pub(super) async fn converse(
    mut transport: Transport,
    asked: &Asked,
    said: Option<&str>,
) -> io::Result<()> {
    let head = &asked.request.head;
    let key = head.value("Sec-WebSocket-Key").unwrap_or_default();
    let mut octets = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
        accept(key)
    )
    .into_bytes();
    if let Some(protocol) = head.subprotocols().next() {
        // Browsers, and libraries after them, fail without an answer (WHATWG WebSockets, section 4.1).
        octets.extend_from_slice(b"Sec-WebSocket-Protocol: ");
        octets.extend_from_slice(protocol);
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b"\r\n");
    if let Some(said) = said {
        Frame::text(said).encode(&mut octets);
    }
    Frame::new(Opcode::CLOSE, Vec::new()).encode(&mut octets);
    let write = async {
        transport.write_all(&octets).await?;
        transport.flush().await
    };
    timeout(MAX_CLOSING, write).await??;
    // The client's Close, or whatever it does instead.
    let _ = timeout(MAX_CLOSING, closed(&mut transport)).await;
    arrival::end(transport).await
}

/// Reads up to a Close frame, the end of TCP, or more than anybody needs.
async fn closed(transport: &mut Transport) {
    let mut decoder = Decoder::new(MAX_SENT);
    let (mut buffer, mut left) = ([0; 4096], MAX_SENT);
    while let Ok(count @ 1..) = transport.read(&mut buffer).await {
        decoder.feed(&buffer[..count]);
        left = left.saturating_sub(count);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) if frame.header.opcode == Opcode::CLOSE => return,
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        if left == 0 {
            return;
        }
    }
}

/// What came of a case, once it has been played; waits for it for a while.
pub(super) async fn status(hall: &Hall, place: usize, agent: &str) -> String {
    let mut results = hall.results.subscribe();
    let known = timeout(MAX_WAIT, async {
        loop {
            results.mark_unchanged();
            let known = hall.agents().result(agent, place, &hall.options.items);
            if known.is_some() || results.changed().await.is_err() {
                return known;
            }
        }
    });
    match known.await.ok().flatten() {
        Some(result) => serde_json::json!({
            "behavior": behavior(result.judgement.verdict),
            "verdict": report::word(result.judgement.verdict),
            "reason": result.judgement.reason,
        }),
        None => serde_json::json!({"behavior": "MISSING"}),
    }
    .to_string()
}

/// The word that Autobahn has for a verdict.
fn behavior(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "OK",
        Verdict::Tolerated => "NON-STRICT",
        Verdict::Fail | Verdict::Error => "FAILED",
        Verdict::NotApplicable => "UNIMPLEMENTED",
        Verdict::Inconclusive => "INFORMATIONAL",
    }
}

/// Waits until the reports are written.
pub(super) async fn update(hall: &Arc<Hall>, agent: String, shutdown: bool) {
    hall.settled(&agent).await;
    let (done, written) = oneshot::channel();
    hall.tell(News::Update {
        agent,
        shutdown,
        done,
    })
    .await;
    let _ = written.await;
}
