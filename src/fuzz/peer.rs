//! The reference peer before arbitrary octets: whatever comes, what it sends is clean in the eyes of the observer.

use arbitrary::{Arbitrary, Unstructured};

use super::stream;
use crate::{
    case::Role,
    peer::{Ask, End, MAX_HEAD, Peer},
    wire::{
        frame::{Decoder, Frame, Opcode},
        handshake::{HeadReader, Request, Response, accept::accept},
        observer::{Observer, opening},
    },
};

/// What comes to a reference peer.
///
/// As octets: what comes, then one octet that says the role of the peer (bit 0: the server), whether an ordinary opening handshake comes first
/// (bit 1), whether the end of TCP comes last (bit 2), and how it is cut (the other bits, as in a [`Stream`](super::Stream)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The role of the peer.
    pub peer: Role,
    /// The opening handshake is over when the octets come.
    pub open: bool,
    /// TCP ends behind them.
    pub eof: bool,
    /// How they are cut: 0 to 31.
    pub cut: u8,
    /// What comes.
    pub octets: Vec<u8>,
}

impl Visit {
    /// The octets from which the visit is made.
    pub fn seed(&self) -> Vec<u8> {
        let mut seed = self.octets.clone();
        let role = u8::from(self.peer == Role::Server);
        seed.push(role | u8::from(self.open) << 1 | u8::from(self.eof) << 2 | self.cut << 3);
        seed
    }
}

impl<'a> Arbitrary<'a> for Visit {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Visit> {
        let (octets, last) = stream::last(u)?;
        Ok(Visit {
            peer: stream::role(last),
            open: last & 2 != 0,
            eof: last & 4 != 0,
            cut: last >> 3,
            octets: octets.to_vec(),
        })
    }
}

/// An ordinary request.
pub(super) const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The ordinary answer to a request.
pub(super) fn answer(request: &[u8]) -> Vec<u8> {
    let request = Request::read(request);
    let key = request
        .as_ref()
        .and_then(|request| request.head.value("Sec-WebSocket-Key"));
    let accept = accept(key.unwrap_or_default());
    format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").into()
}

/// Lets octets come to a faultless peer.
///
/// # Panics
/// When what it sends depends on how they are cut, breaks a rule, is much more than what came, or goes on behind its Close frame or the end;
/// when it does not end where TCP does.
pub fn peer(visit: &Visit) {
    let said = play(visit, 0);
    if visit.cut > 0 {
        assert_eq!(
            said,
            play(visit, visit.cut),
            "what it sends depends on how octets are cut"
        );
    }
    let Said {
        asked,
        octets,
        end,
        over,
    } = said;
    // The longest frame header and key that a payload comes back with, and a refusal with its reason.
    let most = 4 * visit.octets.len() + 4096;
    assert!(
        octets.len() <= most,
        "{} octets for {}",
        octets.len(),
        visit.octets.len()
    );
    if visit.eof {
        assert!(over && end == Some(End::Fin), "TCP ended, and it goes on");
    }
    let frames = match visit.peer {
        Role::Server => answered(visit, &octets),
        Role::Client => {
            asked_for(&asked);
            octets
        }
    };
    let (mut decoder, mut observer) = (Decoder::new(MAX_HEAD.max(most)), Observer::new(visit.peer));
    decoder.feed(&frames);
    let mut closed = false;
    while let Some(frame) = decoder.next_frame().expect("no length is beyond what came") {
        assert_eq!(observer.frame(&frame), [], "{frame:?}");
        assert!(!closed, "{frame:?} behind its Close frame");
        closed = frame.header.opcode == Opcode::CLOSE;
        echo(&frame, visit);
    }
    assert_eq!(decoder.pending().octets, 0, "half a frame");
    // A server that has closed ends TCP at once (RFC 6455, section 7.1.1); a client waits for it.
    if closed && visit.peer == Role::Server {
        assert!(over && end == Some(End::Fin));
    }
}

#[derive(Debug, PartialEq)]
struct Said {
    /// A client's request.
    asked: Vec<u8>,
    /// What it sent behind the ordinary opening handshake, or in all.
    octets: Vec<u8>,
    end: Option<End>,
    over: bool,
}

fn play(visit: &Visit, cut: u8) -> Said {
    let mut peer = match visit.peer {
        Role::Server => Peer::server(None, 7),
        Role::Client => Peer::client(
            None,
            7,
            &Ask {
                host: "localhost".into(),
                resource: "/".into(),
                subprotocols: vec!["chat".into()],
                ..Ask::default()
            },
        ),
    };
    let asked = peer.output();
    if visit.open {
        match visit.peer {
            Role::Server => {
                peer.receive(REQUEST);
                assert_eq!(peer.output(), answer(REQUEST));
            }
            Role::Client => {
                peer.receive(&answer(&asked));
                assert_eq!(peer.output(), b"");
            }
        }
        assert!(!peer.is_over(), "it does not open");
    }
    let mut octets = Vec::new();
    for piece in stream::pieces(&visit.octets, cut) {
        let over = peer.is_over();
        peer.receive(piece);
        let said = peer.output();
        assert!(!over || said.is_empty(), "it goes on behind the end");
        octets.extend(said);
    }
    if visit.eof {
        peer.eof();
        octets.extend(peer.output());
    }
    Said {
        asked,
        octets,
        end: peer.end(),
        over: peer.is_over(),
    }
}

/// A client's request breaks no rule.
fn asked_for(octets: &[u8]) {
    let request = Request::read(octets).expect("it asks");
    let wanted = opening::Wanted {
        host: Some("localhost".into()),
        resource: Some("/".into()),
    };
    assert_eq!(opening::request(&request, &wanted), []);
}

/// A server's answers break no rule; what follows a 101.
fn answered(visit: &Visit, octets: &[u8]) -> Vec<u8> {
    if visit.open {
        return octets.to_vec();
    }
    let mut requests = HeadReader::request().with_limits(crate::wire::handshake::Limits {
        octets: MAX_HEAD,
        lines: usize::MAX,
    });
    requests.feed(&visit.octets);
    let request = requests.next().ok().flatten();
    let mut responses = HeadReader::<Response>::response();
    responses.feed(octets);
    while let Some(response) = responses.next().expect("it answers in HTTP") {
        assert_eq!(response.head.flaws, []);
        if let Some(request) = &request {
            assert_eq!(opening::response(request, &response), []);
        }
        match response.status {
            100 => {}
            101 => return responses.take_rest(),
            400..600 => return Vec::new(),
            other => panic!("status {other}"),
        }
    }
    assert_eq!(responses.octets(), b"", "half an answer");
    Vec::new()
}

/// Control frames repeat what came: their payload is somewhere in it, masked or not.
fn echo(frame: &Frame, visit: &Visit) {
    if frame.header.opcode == Opcode::PONG && visit.peer == Role::Client && frame.payload.len() > 4
    {
        let came = visit.octets.windows(frame.payload.len());
        assert!(
            came.into_iter().any(|window| *window == frame.payload[..]),
            "a pong of its own"
        );
    }
}
