//! `wsspec echo` and `wsspec connect`, as people run them.

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use common::{command, ran};

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A server that is stopped when this is dropped, and where it listens.
struct Echo(Child, String);

impl Echo {
    fn start(words: &[&str]) -> Echo {
        let mut child = command(&["echo", "--listen", "127.0.0.1:0"])
            .args(words)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ws://");
        let address = address.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Echo(child, address)
    }

    /// What comes back for an opening handshake and these octets, until TCP ends.
    fn ask(&self, octets: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        stream.write_all(&[REQUEST, octets].concat()).unwrap();
        let mut came = Vec::new();
        stream.read_to_end(&mut came).unwrap();
        assert!(came.starts_with(b"HTTP/1.1 101 "));
        let head = came.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        came.split_off(head + 4)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A masked text "hi" and a masked empty Close frame, both with the key 0.
const SAID: &[u8] = b"\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0";

#[test]
fn serves_until_it_is_interrupted() {
    let mut echo = Echo::start(&[]);
    assert_eq!(echo.ask(SAID), b"\x81\x02hi\x88\x00");
    assert_eq!(echo.ask(SAID), b"\x81\x02hi\x88\x00");
    if cfg!(unix) {
        let id = echo.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(echo.0.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn serves_with_a_fault() {
    let echo = Echo::start(&["--fault", "sends-text-as-binary"]);
    assert_eq!(echo.ask(SAID), b"\x82\x02hi\x88\x00");
}

#[test]
fn lists_all_faults_in_columns() {
    let ran = ran(&["echo", "--list-faults"]);
    assert_eq!(ran.code, Some(0));
    let lines: Vec<_> = ran.out.lines().collect();
    assert_eq!(lines.len(), wsspec::peer::faults::all().count() + 1);
    let what = lines[0].find("what it does").unwrap();
    assert!(
        lines
            .iter()
            .all(|line| line.as_bytes()[what - 1] == b' ' && line.as_bytes()[what] != b' ')
    );
    let line = lines
        .iter()
        .find(|line| line.starts_with("ignores-pings "))
        .unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(
        words[..7],
        [
            "ignores-pings",
            "both",
            "must",
            "6455-5.5.2-2",
            "RFC",
            "6455,",
            "section"
        ]
    );
}

#[test]
fn a_wrong_fault_is_a_wrong_command_line() {
    for (words, wanted) in [
        (
            ["echo", "--fault", "ignore-pings"],
            "did you mean ignores-pings?",
        ),
        (["echo", "--fault", "accepts-masked-text"], "wsspec connect"),
        (
            ["connect", "ws://h/", "--fault=accepts-unmasked-text"],
            "wsspec echo",
        ),
        (["echo", "--listen", "nowhere"], "cannot listen on nowhere"),
    ] {
        let ran = ran(&words);
        assert!(ran.err.contains(wanted), "{}", ran.err);
        assert_eq!(ran.code, Some(2));
    }
}

#[test]
fn connects_and_echoes_until_the_server_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/chat?room=1", listener.local_addr().unwrap());
    let mut client = command(&["connect", &url, "--fault", "masks-with-key-zero"])
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut key) = (String::new(), String::new());
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "GET /chat?room=1 HTTP/1.1\r\n");
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("Sec-WebSocket-Key: ") {
            key = value.trim_end().to_owned();
        }
    }
    let accept = wsspec::wire::handshake::accept::accept(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream
        .write_all(&[answer.as_bytes(), b"\x81\x02hi\x88\x00"].concat())
        .unwrap();
    let mut came = [0; SAID.len()];
    reader.read_exact(&mut came).unwrap();
    assert_eq!(came, SAID);
    drop((stream, reader));
    assert_eq!(client.wait().unwrap().code(), Some(0));
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    drop(listener);
    let ran = ran(&["connect", &url]);
    assert!(ran.err.starts_with("error: cannot connect"), "{}", ran.err);
    assert_eq!(ran.code, Some(3));
}
