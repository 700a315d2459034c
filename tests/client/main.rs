//! `wsspec client` as people use it, and as nobody should.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod driver;
mod exec;
mod faults;
mod hostile;
mod loops;

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout},
};

use common::{Ran, command};
use wsspec::report::{Report, bundle};

/// A listener that runs beside the test, and ends with this value.
struct Listening {
    child: Option<Child>,
    stdout: BufReader<ChildStdout>,
    /// `ws://127.0.0.1:PORT`
    url: String,
}

impl Listening {
    /// On a free port, with these arguments.
    #[track_caller]
    fn start(args: &[&str]) -> Listening {
        let args = [&["client", "--listen", "127.0.0.1:0"], args].concat();
        let mut child = command(&args).spawn().expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let url = line.split([' ', ',']).nth(2).unwrap_or_default().to_owned();
        assert!(url.starts_with("ws"), "{line:?}");
        Listening {
            child: Some(child),
            stdout,
            url,
        }
    }

    fn id(&self) -> String {
        let child = self.child.as_ref().expect("it has not been waited for");
        child.id().to_string()
    }

    fn signal(&self, signal: &str) {
        let mut kill = std::process::Command::new("kill");
        assert!(
            kill.args([signal, &self.id()])
                .status()
                .expect("kill")
                .success()
        );
    }

    /// Waits until it ends by itself.
    #[track_caller]
    fn ended(mut self) -> Ran {
        let child = self.child.take().expect("it has not been waited for");
        let mut out = String::new();
        // To the end of the stream: the program has ended, or will at once.
        self.stdout.read_to_string(&mut out).expect("UTF-8");
        let mut ran = common::finish(child);
        ran.out = out;
        ran
    }

    /// Ends it as Ctrl-C does.
    #[track_caller]
    fn interrupted(self) -> Ran {
        self.signal("-INT");
        self.ended()
    }

    /// The authority of its URL.
    fn address(&self) -> String {
        self.url.split("://").nth(1).expect("a URL").to_owned()
    }

    /// What plain HTTP gets there.
    fn get(&self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
        said_to(&self.address(), request.as_bytes())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What comes for these octets, to the end of TCP.
fn said_to(address: &str, octets: &[u8]) -> String {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.write_all(octets).expect("written");
    let mut came = Vec::new();
    stream
        .read_to_end(&mut came)
        .expect("the end of TCP, and no RST");
    String::from_utf8_lossy(&came).into_owned()
}

/// An opening handshake for this target.
fn opening(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: localhost:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

#[track_caller]
fn stored(file: &Path) -> Vec<Report> {
    bundle::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A driver's command with this program in it.
fn driver(words: &str) -> String {
    format!("{} connect {{url}} {words}", env!("CARGO_BIN_EXE_wsspec"))
}
