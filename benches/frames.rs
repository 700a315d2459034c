//! How fast frames are decoded, beside a bare copy and two other implementations over the same octets.
//!
//! `copy` is the floor: the octets moved once. `decode` and `observe` get the stream in pieces of 64 KiB, as a socket would hand it over.
//! The others read from memory; tungstenite gives messages (each is one frame here), fastwebsockets frames.

use std::{
    hint::black_box,
    io::{self, Read, Write},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite;
use wsspec::{
    case::Role,
    wire::{
        frame::{Decoder, Frame},
        observer::Observer,
    },
};

const TOTAL: usize = 8 << 20;
const PIECE: usize = 64 << 10;
const LIMIT: usize = 64 << 20;

/// What a socket would be: octets to read, and writes that go nowhere.
struct Memory<'a>(&'a [u8]);

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
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

impl AsyncRead for Memory<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
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

/// Decodes with ours; gives the number of frames.
fn ours(stream: &[u8], mut observer: Option<Observer>) -> usize {
    let (mut decoder, mut count) = (Decoder::new(LIMIT), 0);
    for piece in stream.chunks(PIECE) {
        decoder.feed(piece);
        while let Ok(Some(frame)) = decoder.next_frame() {
            if let Some(observer) = &mut observer {
                assert_eq!(observer.frame(&frame), []);
            }
            black_box(&frame.payload);
            count += 1;
        }
    }
    count
}

fn tungstenite(stream: &[u8], sender: Role) -> usize {
    let role = match sender {
        Role::Client => tungstenite::protocol::Role::Server,
        Role::Server => tungstenite::protocol::Role::Client,
    };
    let mut socket = tungstenite::WebSocket::from_raw_socket(Memory(stream), role, None);
    let mut count = 0;
    while let Ok(message) = socket.read() {
        black_box(&message);
        count += 1;
    }
    count
}

async fn fastwebsockets(stream: &[u8], sender: Role) -> usize {
    let role = match sender {
        Role::Client => fastwebsockets::Role::Server,
        Role::Server => fastwebsockets::Role::Client,
    };
    let mut socket = fastwebsockets::WebSocket::after_handshake(Memory(stream), role);
    let mut count = 0;
    while let Ok(frame) = socket.read_frame().await {
        black_box(&frame.payload[..]);
        count += 1;
    }
    count
}

fn compare(group: &mut BenchmarkGroup<'_, WallTime>, stream: &[u8], count: usize, sender: Role) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers");
    // All have to have read all of it, or they are not compared over the same work.
    assert_eq!(ours(stream, None), count);
    assert_eq!(ours(stream, Some(Observer::new(sender))), count);
    assert_eq!(tungstenite(stream, sender), count);
    assert_eq!(runtime.block_on(fastwebsockets(stream, sender)), count);

    let mut target = vec![0; stream.len()];
    group.bench_function("copy", |b| {
        b.iter(|| black_box(&mut target).copy_from_slice(black_box(stream)))
    });
    group.bench_function("decode", |b| b.iter(|| ours(black_box(stream), None)));
    group.bench_function("observe", |b| {
        b.iter(|| ours(black_box(stream), Some(Observer::new(sender))))
    });
    group.bench_function("tungstenite", |b| {
        b.iter(|| tungstenite(black_box(stream), sender))
    });
    group.bench_function("fastwebsockets", |b| {
        b.iter(|| runtime.block_on(fastwebsockets(black_box(stream), sender)));
    });
}

fn frames(c: &mut Criterion) {
    let mut keys = fastrand::Rng::with_seed(6455);
    for (text, kind) in [(false, "binary"), (true, "text")] {
        for size in [16, 4 << 10, 1 << 20] {
            for sender in [Role::Server, Role::Client] {
                if text && size == 16 {
                    continue;
                }
                let count = TOTAL / size;
                let mut stream = Vec::new();
                for _ in 0..count {
                    let frame = match text {
                        true => Frame::text("\u{20ac}uro ".repeat(size / 7)),
                        false => Frame::binary(vec![0xa5; size]),
                    };
                    let key = (sender == Role::Client).then(|| keys.u32(..).to_be_bytes());
                    frame.with_key(key).encode(&mut stream);
                }
                let masked = if sender == Role::Client {
                    "masked"
                } else {
                    "unmasked"
                };
                let mut group = c.benchmark_group(format!("{kind}/{size}/{masked}"));
                group.throughput(Throughput::Bytes(stream.len() as u64));
                compare(&mut group, &stream, count, sender);
            }
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .without_plots();
    targets = frames
}
criterion_main!(benches);
