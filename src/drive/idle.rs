//! Connections that are opened and left alone, beside the one on which a case is played.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{Dialler, transport::Transport};
use crate::wire::handshake::{HeadReader, Response};

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
