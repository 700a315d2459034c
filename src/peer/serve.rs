//! The peer on TCP: a server that accepts, and a client that dials.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, ToSocketAddrs},
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use super::{End, Fault, Peer};

/// How many connections are served at a time; more of them wait to be accepted.
const MAX_CONNECTIONS: usize = 512;

/// Octets that may wait to be written before no more are read.
const MAX_WAITING: usize = 1 << 20;

/// How long a connection may be silent.
const IDLE: Duration = Duration::from_secs(60);

/// How long the other end may take to close, once this one has.
const LINGER: Duration = Duration::from_secs(2);

/// How long a fault may leave its side open when the other end has closed; nothing tells when nobody waits any more.
const STAY: Duration = Duration::from_secs(60);

/// A server that runs beside the program; it ends when this is dropped.
#[derive(Debug)]
pub struct Spawned {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Spawned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a server on a free port of the loopback interface.
///
/// # Errors
/// When no port can be bound.
pub async fn spawn(fault: Option<&'static Fault>, seed: u64) -> io::Result<Spawned> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let task = tokio::spawn(serve(listener, fault, seed));
    Ok(Spawned { address, task })
}

/// Serves each connection until it ends. Dropping the future ends them all.
pub async fn serve(listener: TcpListener, fault: Option<&'static Fault>, seed: u64) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut seeds = fastrand::Rng::with_seed(seed);
    loop {
        while connections.try_join_next().is_some() {}
        // The semaphore is never closed.
        let Ok(place) = room.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let peer = Peer::server(fault, seeds.u64(..));
                connections.spawn(async move {
                    // A connection that breaks is over; there is nobody to tell.
                    let _ = stream.set_nodelay(true);
                    let _ = converse(stream, peer, TcpStream::set_zero_linger).await;
                    drop(place);
                });
            }
            // Out of file descriptors, or a connection that was gone at once: others may go on.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Dials, and lets a client peer converse until the connection ends.
///
/// # Errors
/// When the connection cannot be made, or breaks.
pub async fn dial(address: impl ToSocketAddrs, peer: Peer) -> io::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    converse(stream, peer, TcpStream::set_zero_linger).await
}

/// Carries octets between a peer and its connection until both sides have closed. `abort` makes the end of the stream an RST.
///
/// # Errors
/// When the connection breaks.
pub async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    mut peer: Peer,
    abort: fn(&S) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    let (mut waiting, mut written) = (peer.output(), 0);
    let mut other_side_open = true;
    loop {
        if written == waiting.len() {
            match peer.end() {
                None => {}
                Some(End::Fin) => break,
                // What has been written goes out first; then the socket is dropped, and RST with it.
                Some(End::Rst) => return abort(&stream),
            }
        }
        let idle = match peer.is_over() {
            true => STAY,
            false => IDLE,
        };
        let (mut reader, mut writer) = tokio::io::split(&mut stream);
        let room = waiting.len() - written < MAX_WAITING;
        let step = async {
            tokio::select! {
                count = reader.read(&mut buffer), if room && other_side_open => Ok((Some(count?), 0)),
                count = writer.write(&waiting[written..]), if written < waiting.len() => io::Result::Ok((None, count?)),
                else => std::future::pending().await,
            }
        };
        let (read, wrote) = match timeout(idle, step).await {
            Ok(step) => step?,
            // Nothing for too long: what an end of the other side would bring about.
            Err(_) if other_side_open && peer.end().is_none() => (Some(0), 0),
            Err(_) => return Ok(()),
        };
        written += wrote;
        match read {
            Some(0) => {
                other_side_open = false;
                peer.eof();
            }
            Some(count) => peer.receive(&buffer[..count]),
            None => {}
        }
        if written == waiting.len() {
            (waiting, written) = (peer.output(), 0);
        } else if read.is_some() {
            waiting.drain(..written);
            waiting.append(&mut peer.output());
            written = 0;
        }
    }
    stream.shutdown().await?;
    // Unread octets would turn FIN into RST, and RST would take away what the other end has not read yet.
    while timeout(LINGER, stream.read(&mut buffer))
        .await
        .is_ok_and(|read| read.is_ok_and(|count| count > 0))
    {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{peer::faults, wire::frame::Frame};

    const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    /// Sends a request and frames, closes its side or not, and gives what came behind the 101 and how TCP ended.
    async fn session(
        fault: Option<&str>,
        frames: &[Frame],
        half_close: bool,
    ) -> (Vec<u8>, io::Result<()>) {
        let fault = fault.map(|name| faults::find(name).unwrap());
        let server = spawn(fault, 1).await.unwrap();
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let mut octets = REQUEST.to_vec();
        for frame in frames {
            frame.clone().with_key([1, 2, 3, 4]).encode(&mut octets);
        }
        stream.write_all(&octets).await.unwrap();
        if half_close {
            stream.shutdown().await.unwrap();
        }
        let mut came = Vec::new();
        let end = timeout(LINGER * 2, stream.read_to_end(&mut came))
            .await
            .expect("the end of TCP")
            .map(drop);
        let head = came.windows(4).position(|octets| octets == b"\r\n\r\n");
        (came.split_off(head.map_or(0, |at| at + 4)), end)
    }

    fn close() -> Frame {
        Frame::new(crate::wire::frame::Opcode::CLOSE, &b"\x03\xe8"[..])
    }

    #[tokio::test]
    async fn the_server_ends_tcp_first() {
        let (came, end) = session(None, &[Frame::text("a"), close()], false).await;
        assert_eq!(came, b"\x81\x01a\x88\x02\x03\xe8");
        end.unwrap();
    }

    #[tokio::test]
    async fn a_half_closed_connection_is_answered_and_ended() {
        let (came, end) = session(None, &[Frame::text("last words")], true).await;
        assert_eq!(came, b"\x81\x0alast words");
        end.unwrap();
    }

    #[tokio::test]
    async fn a_failed_connection_ends_in_order_whatever_is_still_unread() {
        let offence = Frame::text("x").with_fin(false);
        let flood = Frame::binary(vec![0; 1 << 20]);
        let (came, end) = session(None, &[offence, flood], false).await;
        assert_eq!(&came[2..4], b"\x03\xea");
        end.unwrap();
    }

    #[tokio::test]
    async fn a_fault_may_reset_tcp() {
        let (came, end) = session(Some("resets-tcp-on-close"), &[close()], false).await;
        assert_eq!(came, b"");
        let kind = end.unwrap_err().kind();
        assert_eq!(kind, io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_long_echo_passes_a_reader_that_reads_late() {
        let long = Frame::binary(vec![7; 8 << 20]);
        let (came, end) = session(None, &[long, close()], false).await;
        assert_eq!(came.len(), (8 << 20) + 10 + 4);
        end.unwrap();
    }
}
