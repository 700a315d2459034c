//! What the tests of the program share: running it, and servers to run it against.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

pub mod known;

use wsspec::{
    report::Report,
    wire::handshake::{Request, accept::accept},
};

/// The program with these arguments, everything piped.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsspec"));
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a run of the program has come to.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// It has ended with this code, and has said all of this.
#[track_caller]
pub fn is(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
    for part in parts {
        assert!(
            ran.out.contains(part) || ran.err.contains(part),
            "{part}\n{}{}",
            ran.out,
            ran.err
        );
    }
}

/// Runs the program to its end. One that does not come to it is ended, and fails the test: the bound is generous, and no test depends on it.
#[track_caller]
pub fn ran(args: &[&str]) -> Ran {
    finish(command(args).spawn().expect("the program starts"))
}

/// Waits for a program that was started.
#[track_caller]
pub fn finish(child: Child) -> Ran {
    let id = child.id();
    let (tx, rx) = mpsc::channel();
    thread::spawn(move || tx.send(child.wait_with_output()));
    let Ok(done) = rx.recv_timeout(Duration::from_secs(300)) else {
        let _ = Command::new("kill")
            .args(["-KILL", &id.to_string()])
            .status();
        panic!("the program does not end");
    };
    let Output {
        status,
        stdout,
        stderr,
    } = done.expect("the program can be waited for");
    let text = |octets| String::from_utf8(octets).expect("the program writes UTF-8");
    let ran = Ran {
        code: status.code(),
        out: text(stdout),
        err: text(stderr),
    };
    for (name, text) in [("standard output", &ran.out), ("standard error", &ran.err)] {
        assert!(
            !text.contains('\u{1b}'),
            "control codes in a pipe, on {name}: {text:?}"
        );
        assert!(!text.contains("panicked"), "{text}");
    }
    ran
}

/// Runs the program against a target and reads its JSON report from standard output.
#[track_caller]
pub fn reported(args: &[&str]) -> (Ran, Report) {
    let all = [&["server"], args, &["--report", "json"]].concat();
    let ran = ran(&all);
    let report = Report::from_json(ran.out.as_bytes());
    let report = report.unwrap_or_else(|e| panic!("{e}; {}{}", ran.out, ran.err));
    (ran, report)
}

/// Serves each connection in a thread of its own until the test ends.
pub fn serve(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// A port where nothing listens.
pub fn dead_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a free port")
}

/// Reads a request head and gives it back.
pub fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let (mut head, mut octet) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut octet).is_ok_and(|n| n == 1) {
        head.push(octet[0]);
    }
    head
}

/// Answers the opening handshake rightly.
pub fn open(stream: &mut TcpStream) -> bool {
    let head = read_head(stream);
    let request = Request::read(&head);
    let key = request
        .as_ref()
        .and_then(|r| r.head.value("sec-websocket-key"));
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        accept(key.unwrap_or_default())
    );
    stream.write_all(response.as_bytes()).is_ok()
}

/// Answers each request with these octets and closes.
pub fn answers(octets: impl Into<Vec<u8>>) -> SocketAddr {
    let octets = octets.into();
    serve(move |mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(&octets);
    })
}

/// The reference server, with a fault or without.
pub fn reference(fault: Option<&str>) -> SocketAddr {
    let fault = fault.map(|name| wsspec::peer::faults::find(name).expect("a fault"));
    let (tx, rx) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async move {
            let server = wsspec::peer::serve::spawn(fault, 1)
                .await
                .expect("a free port");
            tx.send(server.address).expect("the test waits");
            std::future::pending::<()>().await;
        });
    });
    rx.recv().expect("an address")
}

/// What a door does with a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Leads it to the server behind.
    Open,
    /// Drops it.
    Shut,
    /// Drops it, and all others, and listens no more.
    Gone,
}

/// A door before a server. It is asked with the number of the connection, from 1, and how many are open, this one included.
pub fn door(
    behind: SocketAddr,
    decide: impl Fn(usize, usize) -> Door + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let open = Arc::new(AtomicUsize::new(0));
        let mut inside: Vec<TcpStream> = Vec::new();
        for (number, stream) in (1..).zip(listener.incoming().flatten()) {
            let now = open.fetch_add(1, Ordering::SeqCst) + 1;
            match decide(number, now) {
                Door::Open => {
                    inside.extend(stream.try_clone());
                    let open = open.clone();
                    thread::spawn(move || {
                        let _ = pass(&stream, behind, Duration::ZERO);
                        open.fetch_sub(1, Ordering::SeqCst);
                    });
                }
                Door::Shut => {
                    open.fetch_sub(1, Ordering::SeqCst);
                }
                Door::Gone => {
                    drop(listener);
                    inside.iter().for_each(|s| drop(s.shutdown(Shutdown::Both)));
                    return;
                }
            }
        }
    });
    address
}

/// Passes octets on in both directions until both have ended; the end of the server comes so much later.
pub fn pass(near: &TcpStream, behind: SocketAddr, late: Duration) -> io::Result<()> {
    let far = &TcpStream::connect(behind)?;
    let one_way = |mut from: &TcpStream, mut to: &TcpStream, late| {
        let _ = io::copy(&mut from, &mut to);
        thread::sleep(late);
        let _ = to.shutdown(Shutdown::Write);
    };
    thread::scope(|scope| {
        scope.spawn(move || one_way(near, far, Duration::ZERO));
        one_way(far, near, late);
    });
    Ok(())
}

/// `ws://ADDRESS/`
pub fn ws(address: SocketAddr) -> String {
    format!("ws://{address}/")
}
