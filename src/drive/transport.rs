//! What octets travel on: TCP, or TLS over TCP.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_rustls::TlsStream;

/// A stream of octets that knows the TCP connection below it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// The TCP connection.
    fn tcp(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Stream for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A connection that is up.
pub type Transport = Box<dyn Stream>;

/// A connection of which the first octets have been read already: they come once more.
pub struct Reread {
    first: Vec<u8>,
    /// How many of them have come again.
    at: usize,
    transport: Transport,
}

impl Reread {
    /// `first` comes before what the connection still gives.
    pub fn new(first: Vec<u8>, transport: Transport) -> Reread {
        Reread {
            first,
            at: 0,
            transport,
        }
    }
}

impl Stream for Reread {
    fn tcp(&self) -> &TcpStream {
        self.transport.tcp()
    }
}

impl AsyncRead for Reread {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Reread {
            first,
            at,
            transport,
        } = &mut *self;
        if *at < first.len() {
            let count = into.remaining().min(first.len() - *at);
            into.put_slice(&first[*at..*at + count]);
            *at += count;
            return Poll::Ready(Ok(()));
        }
        Pin::new(transport).poll_read(cx, into)
    }
}

impl AsyncWrite for Reread {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_write(cx, octets)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

/// Ends TCP with RST instead of FIN, whatever is still on its way.
pub fn abort(transport: Transport) -> io::Result<()> {
    transport.tcp().set_zero_linger()
}

/// TCP joins pieces that wait to be read. So that a target gets them one by one, by and large, the suite waits between them: so long,
const GAP: Duration = Duration::from_millis(1);
/// and so often in what is handed over at once: enough for the longest frame header. Only time is lost behind it.
const GAPS: u32 = 16;

/// What is still to be done on the suite's side of a connection, in order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pieces: VecDeque<Vec<u8>>,
    /// How much of the first piece is written.
    written: usize,
    /// Each piece is flushed before the next is written.
    flushing: bool,
    /// The wait before the next piece.
    gap: Option<Pin<Box<Sleep>>>,
    /// How many more there are.
    gaps: u32,
    /// Shut down behind the pieces.
    shutdown: bool,
    taken: u64,
}

impl Outgoing {
    pub(super) fn write(&mut self, pieces: impl IntoIterator<Item = Vec<u8>>) {
        self.pieces
            .extend(pieces.into_iter().filter(|piece| !piece.is_empty()));
        self.gaps = GAPS;
    }
    pub(super) fn shutdown(&mut self) {
        self.shutdown = true;
    }
    /// How many octets the transport has taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && !self.flushing && !self.shutdown
    }

    /// Writes on; ready when nothing is left. May be dropped and polled again at any time.
    pub(super) fn poll(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin + ?Sized),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut stream = Pin::new(&mut *to);
            if self.flushing {
                ready!(stream.as_mut().poll_flush(cx))?;
                self.flushing = false;
                if self.gaps > 0 && !self.pieces.is_empty() {
                    self.gaps -= 1;
                    self.gap = Some(Box::pin(sleep(GAP)));
                }
            }
            if let Some(gap) = &mut self.gap {
                ready!(gap.as_mut().poll(cx));
                self.gap = None;
            }
            let Some(piece) = self.pieces.front() else {
                break;
            };
            match ready!(stream.poll_write(cx, &piece[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => {
                    self.written += n;
                    self.taken += n as u64;
                }
            }
            if self.written == piece.len() {
                self.pieces.pop_front();
                self.written = 0;
                self.flushing = true;
            }
        }
        if self.shutdown {
            ready!(Pin::new(to).poll_shutdown(cx))?;
            self.shutdown = false;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// Notes each call; takes at most three octets, and is busy every second time.
    #[derive(Default)]
    struct Notes(Vec<String>, bool);

    impl Notes {
        fn note(&mut self, cx: &mut Context<'_>, what: String) -> Poll<()> {
            self.1 = !self.1;
            if self.1 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.0.push(what);
            Poll::Ready(())
        }
    }

    impl AsyncWrite for Notes {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let taken = &buf[..buf.len().min(3)];
            let what = String::from_utf8_lossy(taken).into_owned();
            self.note(cx, what).map(|()| Ok(taken.len()))
        }
        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.note(cx, "flush".into()).map(Ok)
        }
        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.note(cx, "shutdown".into()).map(Ok)
        }
    }

    #[tokio::test]
    async fn hands_each_piece_over_on_its_own() {
        let mut outgoing = Outgoing::default();
        outgoing.write([b"abcd".to_vec(), vec![], b"e".to_vec()]);
        outgoing.shutdown();
        let mut notes = Notes::default();
        poll_fn(|cx| outgoing.poll(&mut notes, cx)).await.unwrap();
        assert_eq!(notes.0, ["abc", "d", "flush", "e", "flush", "shutdown"]);
        assert!(outgoing.is_empty());
    }
}
