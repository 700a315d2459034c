//! Defects on the wire: an echo server that others wrote, behind a door that spoils what passes it. Each is found, and its rule named.

mod common;

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Mutex, mpsc},
    thread,
};

use common::*;
use futures_util::{SinkExt, StreamExt};
use wsspec::session::Verdict;

/// A frame, read by means of its own: what the suite thinks of frames must not decide here.
#[derive(Clone, Debug)]
struct Frame {
    /// FIN, RSV and opcode.
    first: u8,
    key: Option<[u8; 4]>,
    /// As on the wire.
    payload: Vec<u8>,
    /// How many octets behind the first two say the length: 0, 2 or 8.
    form: usize,
}

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

impl Frame {
    /// Takes a whole frame off the front.
    fn take(octets: &mut Vec<u8>) -> Option<Frame> {
        let (first, second) = (*octets.first()?, *octets.get(1)?);
        let form = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let length = match form {
            0 => u64::from(second & 0x7f),
            _ => octets
                .get(2..2 + form)?
                .iter()
                .fold(0, |n, octet| n << 8 | u64::from(*octet)),
        };
        let mut at = 2 + form;
        let key = match second & 0x80 {
            0 => None,
            _ => {
                at += 4;
                Some(octets.get(at - 4..at)?.try_into().ok()?)
            }
        };
        let end = at.checked_add(usize::try_from(length).ok()?)?;
        let payload = octets.get(at..end)?.to_vec();
        octets.drain(..end);
        Some(Frame {
            first,
            key,
            payload,
            form,
        })
    }

    fn octets(&self) -> Vec<u8> {
        let length = self.payload.len();
        let form = match length {
            0..126 => self.form,
            126..65536 => self.form.max(2),
            _ => 8,
        };
        let mask = if self.key.is_some() { 0x80 } else { 0 };
        let small = match form {
            0 => length as u8,
            2 => 126,
            _ => 127,
        };
        let mut octets = vec![self.first, mask | small];
        octets.extend_from_slice(&(length as u64).to_be_bytes()[8 - form..]);
        octets.extend(self.key.into_iter().flatten());
        octets.extend_from_slice(&self.payload);
        octets
    }

    /// Without its mask.
    fn plain(mut self) -> Frame {
        if let Some(key) = self.key.take() {
            let key = key.iter().cycle();
            self.payload.iter_mut().zip(key).for_each(|(o, k)| *o ^= k);
        }
        self
    }

    fn is_data(&self) -> bool {
        self.first & 0x08 == 0
    }

    fn with(mut self, change: impl FnOnce(&mut Frame)) -> Frame {
        change(&mut self);
        self
    }
}

/// What a direction of a connection keeps in mind.
#[derive(Default)]
struct Kept {
    frames: usize,
    held: Option<Frame>,
}

type Change = fn(Frame, &mut Kept) -> Vec<Frame>;

/// What the door does.
#[derive(Clone, Copy)]
enum Does {
    Nothing,
    /// Changes the head of the response.
    Head(fn(String) -> String),
    /// Changes what the server sends.
    Out(Change),
    /// Changes what the server is sent.
    In(Change),
    /// Keeps TCP to the client open when the server has closed.
    Stay,
}

struct Defect {
    name: &'static str,
    /// The rule that is named.
    rule: &'static str,
    does: Does,
    /// What is run.
    cases: &'static [&'static str],
}

/// One frame in place of one.
macro_rules! each {
    (|$frame:ident| $if:expr, $change:expr) => {
        |$frame, _| {
            vec![match $if {
                true => $frame.with($change),
                false => $frame,
            }]
        }
    };
}

const PINGS: &[&str] = &["control/ping/length"];
const ECHOES: &[&str] = &["messages/types", "messages/sequence"];
const CLOSES: &[&str] = &["close/handshake", "close/codes"];

const DEFECTS: &[Defect] = &[
    Defect {
        name: "a bit of a text flipped",
        rule: "6455-6.2-4",
        does: Does::Out(each!(|f| f.first == TEXT && !f.payload.is_empty(), |f| {
            f.payload[0] ^= 1;
        })),
        cases: &["messages", "fragmentation/messages"],
    },
    Defect {
        name: "the top bit of a text's last octet flipped",
        rule: "6455-5.6-1",
        does: Does::Out(each!(|f| f.first == TEXT && !f.payload.is_empty(), |f| {
            let last = f.payload.len() - 1;
            f.payload[last] ^= 0x80;
        })),
        cases: ECHOES,
    },
    Defect {
        name: "RSV1 set",
        rule: "6455-5.2-2",
        does: Does::Out(each!(|f| f.is_data(), |f| f.first |= 0x40)),
        cases: ECHOES,
    },
    Defect {
        name: "RSV3 set on pongs",
        rule: "6455-5.2-2",
        does: Does::Out(each!(|f| f.first == PONG, |f| f.first |= 0x10)),
        cases: PINGS,
    },
    Defect {
        name: "a reserved opcode",
        rule: "6455-5.2-6",
        does: Does::Out(each!(|f| f.first == PONG, |f| f.first = 0x8b)),
        cases: PINGS,
    },
    Defect {
        name: "a continuation of nothing",
        rule: "6455-5.4-3",
        does: Does::Out(each!(|f| f.first == TEXT, |f| f.first = 0x80)),
        cases: ECHOES,
    },
    Defect {
        name: "MASK set, with a key",
        rule: "6455-5.1-5",
        does: Does::Out(each!(|f| f.first == PONG, |f| {
            *f = f.clone().plain();
            f.key = Some([1, 2, 3, 4]);
            let key = [1, 2, 3, 4].into_iter().cycle();
            f.payload.iter_mut().zip(key).for_each(|(o, k)| *o ^= k);
        })),
        cases: PINGS,
    },
    Defect {
        name: "a length in 16 bits that fits into 7",
        rule: "6455-5.2-12",
        does: Does::Out(each!(|f| f.form == 0, |f| f.form = 2)),
        cases: PINGS,
    },
    Defect {
        name: "a length in 64 bits",
        rule: "6455-5.2-12",
        does: Does::Out(each!(|f| f.is_data(), |f| f.form = 8)),
        cases: ECHOES,
    },
    Defect {
        name: "FIN clear on a pong",
        rule: "6455-5.4-9",
        does: Does::Out(each!(|f| f.first == PONG, |f| f.first = 0x0a)),
        cases: PINGS,
    },
    Defect {
        name: "pongs dropped",
        rule: "6455-5.5.2-2",
        does: Does::Out(|frame, _| match frame.first {
            PONG => vec![],
            _ => vec![frame],
        }),
        cases: &["control/ping/length[1]", "control/ping/length[125]"],
    },
    Defect {
        name: "pongs cut short",
        rule: "6455-5.5.3-1",
        does: Does::Out(each!(|f| f.first == PONG, |f| {
            f.payload.pop();
        })),
        cases: &["control/ping/payload"],
    },
    Defect {
        name: "the second data frame dropped",
        rule: "6455-6.2-5",
        does: Does::Out(|frame, kept| {
            kept.frames += usize::from(frame.is_data());
            match frame.is_data() && kept.frames == 2 {
                true => vec![],
                false => vec![frame],
            }
        }),
        cases: &["messages/sequence/two"],
    },
    Defect {
        name: "two data frames in the wrong order",
        rule: "6455-6.2-5",
        does: Does::Out(|frame, kept| {
            kept.frames += usize::from(frame.is_data());
            match (kept.frames, kept.held.take()) {
                // The canary and a case with one message get theirs with the Close frame.
                (1, None) if frame.is_data() => {
                    kept.held = Some(frame);
                    vec![]
                }
                (_, Some(held)) => vec![frame, held],
                (_, None) => vec![frame],
            }
        }),
        cases: &["messages/sequence/two"],
    },
    Defect {
        name: "a message behind the Close frame",
        rule: "6455-5.5.1-8",
        does: Does::Out(|frame, _| match frame.first {
            CLOSE => {
                let late = Frame {
                    first: TEXT,
                    key: None,
                    payload: b"late".to_vec(),
                    form: 0,
                };
                vec![frame, late]
            }
            _ => vec![frame],
        }),
        cases: CLOSES,
    },
    Defect {
        name: "two Close frames",
        rule: "6455-5.5.1-19",
        does: Does::Out(|frame, _| match frame.first {
            CLOSE => vec![frame.clone(), frame],
            _ => vec![frame],
        }),
        cases: CLOSES,
    },
    Defect {
        name: "no Close frame in reply",
        rule: "6455-5.5.1-9",
        does: Does::Out(|frame, _| match frame.first {
            CLOSE => vec![],
            _ => vec![frame],
        }),
        cases: CLOSES,
    },
    Defect {
        name: "Close code 1005",
        rule: "6455-7.4.1-7",
        does: Does::Out(each!(|f| f.first == CLOSE, |f| {
            f.payload = 1005u16.to_be_bytes().to_vec();
        })),
        cases: CLOSES,
    },
    Defect {
        name: "TCP left open",
        rule: "6455-5.5.1-15",
        does: Does::Stay,
        cases: &["close/handshake/server-ends-tcp"],
    },
    Defect {
        name: "a wrong Sec-WebSocket-Accept",
        rule: "6455-4.2.2-17",
        does: Does::Head(|head| {
            let lines = head.split_inclusive("\r\n");
            let wrong = lines.map(|line| {
                match line
                    .to_ascii_lowercase()
                    .starts_with("sec-websocket-accept")
                {
                    true => "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n".to_owned(),
                    false => line.to_owned(),
                }
            });
            wrong.collect()
        }),
        cases: PINGS,
    },
    Defect {
        name: "no Connection in the 101",
        rule: "6455-4.2.2-16",
        does: Does::Head(|head| {
            let lines = head.split_inclusive("\r\n");
            lines
                .filter(|line| !line.to_ascii_lowercase().starts_with("connection"))
                .collect()
        }),
        cases: PINGS,
    },
    Defect {
        name: "an extension that nobody offered",
        rule: "6455-4.2.2-13",
        does: Does::Head(|head| {
            head.replacen(
                "\r\n\r\n",
                "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
                1,
            )
        }),
        cases: PINGS,
    },
    Defect {
        name: "unmasked frames masked on their way in",
        rule: "6455-5.1-3",
        does: Does::In(each!(|f| f.key.is_none(), |f| f.key = Some([0; 4]))),
        cases: &["masking/unmasked"],
    },
    Defect {
        name: "masked frames unmasked on their way in",
        rule: "6455-5.5.2-2",
        does: Does::In(|frame, _| vec![frame.plain()]),
        cases: PINGS,
    },
    Defect {
        name: "reserved bits cleared on their way in",
        rule: "6455-5.2-3",
        does: Does::In(each!(|f| true, |f| f.first &= 0x8f)),
        cases: &["framing/reserved-bits"],
    },
    Defect {
        name: "reserved opcodes taken for pings on their way in",
        rule: "6455-5.2-5",
        does: Does::In(each!(|f| f.first & 0x0f > 10, |f| f.first = PING)),
        cases: &["framing/reserved-opcodes"],
    },
    Defect {
        name: "bad UTF-8 mended on its way in",
        rule: "6455-8.1-1",
        does: Does::In(|frame, _| {
            let plain = frame.clone().plain();
            vec![
                match plain.first == TEXT && std::str::from_utf8(&plain.payload).is_err() {
                    true => plain.with(|f| {
                        f.payload = String::from_utf8_lossy(&f.payload)
                            .into_owned()
                            .into_bytes();
                        f.key = Some([0; 4]);
                    }),
                    false => frame,
                },
            ]
        }),
        cases: &["utf8/invalid"],
    },
    Defect {
        name: "long control frames cut short on their way in",
        rule: "6455-5.5-2",
        does: Does::In(each!(|f| !f.is_data(), |f| {
            f.payload.truncate(125);
            f.form = 0;
        })),
        cases: &["control/oversized/frame"],
    },
];

/// tokio-tungstenite, sending back what comes.
fn foreign() -> SocketAddr {
    let (tx, rx) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a free port");
            tx.send(listener.local_addr().expect("an address"))
                .expect("the test waits");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
                        return;
                    };
                    while let Some(Ok(message)) = socket.next().await {
                        let is_data = message.is_text() || message.is_binary();
                        if is_data && socket.send(message).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
    });
    rx.recv().expect("an address")
}

/// The door before the server.
fn spoiled(behind: SocketAddr, does: Does) -> SocketAddr {
    serve(move |near| {
        let Ok(far) = TcpStream::connect(behind) else {
            return;
        };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        thread::scope(|scope| {
            scope.spawn(|| {
                let change: Option<Change> = match does {
                    Does::In(change) => Some(change),
                    _ => None,
                };
                pass_frames(&near, &far, |head| head, change);
                let _ = far.shutdown(Shutdown::Write);
            });
            let change: Option<Change> = match does {
                Does::Out(change) => Some(change),
                _ => None,
            };
            let head = match does {
                Does::Head(change) => change,
                _ => |head| head,
            };
            pass_frames(&far, &near, head, change);
            if !matches!(does, Does::Stay) {
                let _ = near.shutdown(Shutdown::Write);
            }
        });
    })
}

/// Passes a head and the frames behind it on, each changed; what is no whole frame at the end goes on as it is.
fn pass_frames(
    mut from: &TcpStream,
    mut to: &TcpStream,
    head: fn(String) -> String,
    change: Option<Change>,
) {
    let mut unread = Vec::new();
    let mut buffer = [0; 16 << 10];
    let mut kept = Kept::default();
    let mut in_head = true;
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        unread.extend_from_slice(&buffer[..count]);
        let mut out = Vec::new();
        if in_head && let Some(at) = unread.windows(4).position(|end| end == b"\r\n\r\n") {
            let rest = unread.split_off(at + 4);
            out.extend(head(String::from_utf8_lossy(&unread).into_owned()).into_bytes());
            (unread, in_head) = (rest, false);
        }
        match change {
            Some(change) if !in_head => {
                while let Some(frame) = Frame::take(&mut unread) {
                    let frames = change(frame, &mut kept);
                    out.extend(frames.iter().flat_map(Frame::octets));
                }
            }
            _ if !in_head => out.append(&mut unread),
            _ => {}
        }
        if count == 0 {
            out.extend(kept.held.take().iter().flat_map(Frame::octets));
            out.append(&mut unread);
        }
        if to.write_all(&out).is_err() || count == 0 {
            return;
        }
    }
}

/// Runs these cases against the server behind a door; gives back the exit code, and the rules that are named as broken.
fn run(behind: SocketAddr, does: Does, cases: &[&str]) -> (Option<i32>, BTreeSet<String>, String) {
    let url = ws(spoiled(behind, does));
    let (ran, report) = reported(&[&[url.as_str(), "--timeout", "1s"], cases].concat());
    let failed = report
        .cases
        .iter()
        .filter(|case| case.verdict == Verdict::Fail);
    let told = failed
        .clone()
        .map(|case| format!("{}: {}", case.id, case.reason));
    let told = told.take(5).collect::<Vec<_>>().join("\n  ");
    let rules = failed.flat_map(|case| case.findings.iter().map(|finding| finding.rule.clone()));
    (ran.code, rules.collect(), told)
}

#[test]
fn the_server_conforms_behind_a_door_that_changes_nothing() {
    let cases: BTreeSet<&str> = DEFECTS
        .iter()
        .flat_map(|defect| defect.cases)
        .copied()
        .collect();
    let cases: Vec<&str> = cases.into_iter().collect();
    let behind = foreign();
    // Frames taken apart and put together again must be the same, too.
    for does in [
        Does::Nothing,
        Does::Out(|f, _| vec![f]),
        Does::In(|f, _| vec![f]),
    ] {
        let (code, _, told) = run(behind, does, &cases);
        assert_eq!(code, Some(0), "{told}");
    }
}

#[test]
fn each_defect_on_the_wire_is_found_and_its_rule_named() {
    assert!(DEFECTS.len() >= 12);
    let behind = foreign();
    let left = Mutex::new(DEFECTS.iter());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = left.lock().expect("no panic").next();
                    let Some(defect) = next else { return };
                    let (code, rules, told) = run(behind, defect.does, defect.cases);
                    if code != Some(1) || !rules.contains(defect.rule) {
                        let name = defect.name;
                        let complaint = format!(
                            "{name}: exit {code:?}, {rules:?} named, not {}\n  {told}",
                            defect.rule
                        );
                        wrong.lock().expect("no panic").push(complaint);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
