//! What holds for all streams: lawful ones are echoed rightly, and nothing makes the peer panic or write what it may not.

use proptest::prelude::*;

use super::{answer, client, open_client, open_server};
use crate::{
    case::Role,
    peer::{Act, Ask, End, Peer, faults},
    wire::{
        Agreement,
        frame::{Decoder, Frame, Opcode},
        observer::Observer,
    },
};

/// A lawful thing to send.
#[derive(Clone, Debug)]
enum Said {
    /// Text or binary, and the lengths of its fragments; what is left goes into the last one.
    Message(Opcode, Vec<u8>, Vec<usize>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    let text = prop_oneof![
        any::<String>(),
        proptest::collection::vec(any::<char>(), 100..200).prop_map(String::from_iter),
    ];
    let octets = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..300),
        1 => (65000usize..66000).prop_map(|length| vec![0xa5; length]),
    ];
    let payload = prop_oneof![
        text.prop_map(|text| (Opcode::TEXT, text.into_bytes())),
        octets.prop_map(|octets| (Opcode::BINARY, octets)),
    ];
    let fragments = proptest::collection::vec(0usize..60, 0..6);
    let data = proptest::collection::vec(any::<u8>(), 0..=125);
    prop_oneof![
        3 => (payload, fragments).prop_map(|((opcode, payload), cuts)| Said::Message(opcode, payload, cuts)),
        1 => data.clone().prop_map(Said::Ping),
        1 => data.prop_map(Said::Pong),
    ]
}

/// The frames of what is said, a ping behind each fragment, and those that are to come back.
fn frames(said: &[Said]) -> (Vec<Frame>, Vec<Frame>) {
    let (mut sent, mut wanted) = (Vec::new(), Vec::new());
    for said in said {
        match said {
            Said::Ping(data) => {
                sent.push(Frame::ping(data.clone()));
                wanted.push(Frame::pong(data.clone()));
            }
            Said::Pong(data) => sent.push(Frame::pong(data.clone())),
            Said::Message(opcode, payload, cuts) => {
                let (mut rest, mut next) = (&payload[..], *opcode);
                for (n, cut) in cuts.iter().enumerate() {
                    let (part, left) = rest.split_at((*cut).min(rest.len()));
                    sent.push(Frame::new(next, part.to_vec()).with_fin(false));
                    sent.push(Frame::ping(vec![n as u8]));
                    wanted.push(Frame::pong(vec![n as u8]));
                    (rest, next) = (left, Opcode::CONTINUATION);
                }
                sent.push(Frame::new(next, rest.to_vec()));
                wanted.push(Frame::new(*opcode, payload.clone()));
            }
        }
    }
    sent.push(Frame::new(Opcode::CLOSE, &b"\x0f\xa0bye"[..]));
    wanted.push(Frame::new(Opcode::CLOSE, &b"\x0f\xa0"[..]));
    (sent, wanted)
}

/// Feeds octets in pieces of these lengths, over and over.
fn feed(peer: &mut Peer, mut octets: &[u8], cuts: &[usize]) {
    for cut in cuts.iter().cycle() {
        if octets.is_empty() {
            return;
        }
        let (piece, rest) = octets.split_at((*cut).min(octets.len()));
        peer.receive(piece);
        octets = rest;
    }
}

/// Reads what a peer has written behind its handshake, and holds it against every rule for a sender.
fn read(role: Role, octets: &[u8]) -> Vec<Frame> {
    let (mut decoder, mut observer) = (Decoder::new(1 << 30), Observer::new(role));
    observer.open(&Agreement::default());
    decoder.feed(octets);
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        assert_eq!(observer.frame(&frame), [], "{frame:?}");
        frames.push(frame);
    }
    assert_eq!(observer.end(&decoder.pending()), []);
    frames
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_server_echoes_whatever_is_lawful(
        said in proptest::collection::vec(said(), 0..6),
        cuts in proptest::collection::vec(1usize..5000, 1..8),
        keys in any::<u64>(),
    ) {
        let (sent, wanted) = frames(&said);
        let mut keys = fastrand::Rng::with_seed(keys);
        let mut octets = Vec::new();
        for frame in sent {
            frame.with_key(keys.u32(..).to_be_bytes()).encode(&mut octets);
        }
        let mut peer = open_server();
        feed(&mut peer, &octets, &cuts);
        prop_assert_eq!(read(Role::Server, &peer.output()), wanted);
        prop_assert_eq!(peer.end(), Some(End::Fin));
    }

    #[test]
    fn a_client_echoes_whatever_is_lawful(
        said in proptest::collection::vec(said(), 0..6),
        cuts in proptest::collection::vec(1usize..5000, 1..8),
    ) {
        let (sent, wanted) = frames(&said);
        let mut octets = Vec::new();
        sent.iter().for_each(|frame| frame.encode(&mut octets));
        let mut peer = open_client(b"");
        feed(&mut peer, &octets, &cuts);
        let said = read(Role::Client, &peer.output());
        let plain: Vec<_> = said.iter().map(|frame| Frame::new(frame.header.opcode, frame.payload.clone())).collect();
        prop_assert!(said.iter().all(|frame| frame.header.key.is_some()));
        prop_assert_eq!(plain, wanted);
        peer.eof();
        prop_assert_eq!(peer.end(), Some(End::Fin));
    }

    #[test]
    fn whatever_comes_the_peer_writes_what_it_may(
        octets in proptest::collection::vec(any::<u8>(), 0..200),
        lengths in any::<bool>(),
        role in prop_oneof![Just(Role::Server), Just(Role::Client)],
    ) {
        let mut peer = match role {
            Role::Server => open_server(),
            Role::Client => open_client(b""),
        };
        let mut octets = octets;
        // Half of the time, the right MASK bit and a short length, so that frames get somewhere.
        if let (true, [first, second, ..]) = (lengths, &mut octets[..]) {
            *first &= 0x8f;
            *second = *second & 0x1f | if role == Role::Server { 0x80 } else { 0 };
        }
        peer.receive(&octets);
        peer.eof();
        let frames = read(role, &peer.output());
        let closes = frames.iter().filter(|frame| frame.header.opcode == Opcode::CLOSE).count();
        prop_assert!(closes <= 1);
        prop_assert_eq!(peer.end(), Some(End::Fin));
    }

    #[test]
    fn no_octets_make_a_faulty_peer_panic(
        octets in proptest::collection::vec(any::<u8>(), 0..200),
        said in proptest::collection::vec(said(), 0..3),
        fault in 0..faults::all().count(),
        cut in 1usize..300,
        open in any::<bool>(),
    ) {
        let fault = faults::all().nth(fault);
        for role in [Role::Server, Role::Client] {
            let mut peer = match role {
                Role::Server => Peer::server(fault, 3),
                Role::Client => Peer::client(fault, 3, &Ask::default()),
            };
            if open {
                let head = match role {
                    Role::Server => super::REQUEST.to_owned() + "\r\n",
                    Role::Client => answer(&client().1, |answer| answer),
                };
                peer.receive(head.as_bytes());
            }
            let mut lawful = Vec::new();
            let key = (role == Role::Server).then_some([9, 8, 7, 6]);
            frames(&said).0.into_iter().for_each(|frame| frame.with_key(key).encode(&mut lawful));
            feed(&mut peer, &lawful, &[cut]);
            feed(&mut peer, &octets, &[cut]);
            peer.eof();
            peer.output();
            let stays = fault.is_some_and(|fault| fault.acts.iter().any(|act| matches!(act, Act::Stay(_))));
            prop_assert!(peer.end().is_some() || stays);
        }
    }
}
