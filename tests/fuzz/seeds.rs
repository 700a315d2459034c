//! Seeds out of the catalogue: what a suite and a conforming target say to each other in each case, as inputs of the fuzz targets.
//!
//! Of the cases of one file a few are taken, those whose seeds have the smallest digests: a case that comes or goes changes little.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use sha2::{Digest, Sha256};
use wsspec::{
    case::{Case, Role, print},
    catalogue::Catalogue,
    fuzz::{Deed, Dialogue, Script, Stream, Visit},
    rehearse::{peer, rehearse, setup},
    session::{Action, Event, Session},
    wire::{
        frame::{Decoder, Frame, Opcode},
        handshake::{Head, Request, Response},
    },
};

use crate::sample;

/// For each target, its seeds.
pub type Seeds = BTreeMap<&'static str, BTreeSet<Vec<u8>>>;

/// How many seeds of one file of the catalogue a target gets, and how long they may be.
fn share(target: &str) -> (usize, usize) {
    match target {
        "session" => (4, 600),
        "notation" => (2, 900),
        "peer" => (2, 700),
        "request" | "response" => (6, 900),
        _ => (3, 400),
    }
}

/// All seeds.
pub fn seeds() -> Seeds {
    // Of each file, for each target.
    let mut found: BTreeMap<(&'static str, String), BTreeSet<Vec<u8>>> = BTreeMap::new();
    let catalogue = Catalogue::embedded().expect("the catalogue has no errors");
    for case in catalogue.cases() {
        if case.heavy || case.octets_sent() > 4096 {
            continue;
        }
        let file = case.id.rsplit_once('/').map_or("", |(file, _)| file);
        let mut add = |target, seed: Vec<u8>| {
            if !seed.is_empty() && seed.len() <= share(target).1 {
                found
                    .entry((target, file.to_owned()))
                    .or_default()
                    .insert(seed);
            }
        };
        add("notation", print::case(case).into_bytes());
        for role in [Role::Server, Role::Client] {
            if case.is_for(role) {
                of(case, role, &mut add);
            }
        }
    }
    let mut seeds = Seeds::new();
    for ((target, _), some) in found {
        let mut some: Vec<_> = some
            .into_iter()
            .map(|seed| (Sha256::digest(&seed), seed))
            .collect();
        some.sort();
        let some = some.into_iter().map(|(_, seed)| seed).take(share(target).0);
        seeds.entry(target).or_default().extend(some);
    }
    // The same octets are read by ours and by others.
    let frames = seeds.get("frames").cloned().unwrap_or_default();
    seeds.insert("decoders", frames);
    for (target, head) in BY_HAND {
        for cut in [0, 1, 21] {
            let (sender, octets) = (Role::Server, head.as_bytes().to_vec());
            let stream = Stream {
                sender,
                cut,
                octets,
            };
            seeds.entry(target).or_default().insert(stream.seed());
        }
    }
    let own = seeds.entry("notation").or_default();
    own.extend(CASES_BY_HAND.map(|case| case.as_bytes().to_vec()));
    for code in [1004u16, 1010, 1014, 2999, 3000] {
        let frame = Frame::new(Opcode::CLOSE, code.to_be_bytes().to_vec()).with_key([1, 2, 3, 4]);
        let (peer, mut octets) = (Role::Server, Vec::new());
        frame.encode(&mut octets);
        let visit = Visit {
            peer,
            open: true,
            eof: false,
            cut: 0,
            octets,
        };
        seeds.entry("peer").or_default().insert(visit.seed());
    }
    seeds.insert("report", reports());
    seeds
}

/// What the catalogue has in few places: keys beside each other, and strings of odd characters.
const CASES_BY_HAND: [&str; 2] = [
    "case keys\n  title: Does {{what}} it says\n  checks: 6455-5.5.2-2\n  level: should\n  needs: echo\n  class: a | b\n  heavy: yes\n\n  > ping \"a\"\n  < pong \"a\"\n",
    "case strings\n  title: Keeps strings\n  checks: 6455-5.5.2-2\n\n  > ping \"\\x7c\\x7b\\x00\\u{202e}\\\"\" + x\"f4 90\"*2\n  < pong \"\\x7c\\x7b\\x00\\u{202e}\\\"\" + x\"f4 90\"*2\n",
];

/// What no case makes the suite or the reference peer say, and a target may: heads with bodies and trailers, odd octets, other protocols.
const BY_HAND: [(&str, &str); 7] = [
    (
        "request",
        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nTrailer: x\r\nMore: y\r\n\r\n",
    ),
    (
        "request",
        "GET / HTTP/1.1\r\nHost: h\u{c}\r\nUpgrade: websocket\t \r\n\r\n",
    ),
    ("request", "\u{16}\u{3}\u{1}\u{0}\u{5}hello"),
    (
        "response",
        "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nTrailer: x\r\nMore: y\r\n\r\n",
    ),
    (
        "response",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: x\u{b}\r\n\r\nabc",
    ),
    ("response", "\0\0\u{c}\u{4}\0\0\0\0\0\0\u{3}\0\0\0d"),
    ("response", "SSH-2.0-OpenSSH\r\n"),
];

/// What the suite says in a case to the reference peer, and how the session was led there.
fn said(case: &Arc<Case>, target: Role) -> (Vec<u8>, Vec<(Duration, Event)>) {
    let rehearsed = rehearse(case, setup(target, 7), peer(target, None, 7));
    let mut session = Session::new(case.clone(), rehearsed.setup);
    let mut said = Vec::new();
    for (at, event) in &rehearsed.events {
        session.handle(*at, event.clone());
        while let Some(action) = session.action() {
            if let Action::Write(pieces) = action {
                said.extend(pieces.concat());
            }
        }
    }
    (said, rehearsed.events)
}

fn of(case: &Arc<Case>, target: Role, add: &mut impl FnMut(&'static str, Vec<u8>)) {
    let (said, events) = said(case, target);
    // Any number that stays with the case: how its seeds are cut.
    let cut = Sha256::digest(&case.id)[0] % 32;
    let sender = target.other();
    let deeds: Vec<Deed> = events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Received(_) => Some(Deed::Obeys),
            Event::Deadline => Some(Deed::Sleeps),
            _ => None,
        })
        .collect();
    if let Some(seed) = Dialogue::seed(&case.id, target, cut, &deeds) {
        add("session", seed);
    }
    let head = match target {
        Role::Server => Request::read(&said).map(|request| request.head),
        Role::Client => Response::read(&said).map(|response| response.head),
    };
    let behind = head.as_ref().map_or(0, |head| head.raw.len());
    let heads = Stream {
        sender,
        cut,
        octets: said[..said.len().min(behind + 40)].to_vec(),
    };
    add(
        match target {
            Role::Server => "request",
            Role::Client => "response",
        },
        heads.seed(),
    );
    if let Some(head) = &head {
        add("lists", lists(head));
    }
    let visit = |open, octets: &[u8]| Visit {
        peer: target,
        open,
        eof: cut % 2 == 1,
        cut,
        octets: octets.to_vec(),
    };
    let octets = &said[behind..];
    add("peer", visit(false, &said).seed());
    add("peer", visit(true, octets).seed());
    if octets.is_empty() || head.is_none() {
        return;
    }
    let stream = Stream {
        sender,
        cut,
        octets: octets.to_vec(),
    };
    add("frames", stream.seed());
    let mut decoder = Decoder::new(1 << 16);
    decoder.feed(octets);
    let frames: Vec<Frame> = std::iter::from_fn(|| decoder.next_frame().ok().flatten()).collect();
    for frame in &frames {
        match frame.header.opcode {
            Opcode::CLOSE => add("close", frame.payload.to_vec()),
            Opcode::TEXT => add(
                "utf8",
                Stream {
                    sender,
                    cut,
                    octets: frame.payload.to_vec(),
                }
                .seed(),
            ),
            _ => {}
        }
    }
    let script = Script {
        sender,
        cut,
        frames,
    };
    add("messages", script.seed());
}

/// The values of the header lines that are lists, a line for each.
fn lists(head: &Head) -> Vec<u8> {
    let names = [
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Protocol",
        "Connection",
    ];
    let values: Vec<&[u8]> = names.iter().flat_map(|name| head.values(name)).collect();
    values.join(&b'\n')
}

/// A report with one of everything, and what is left of it without some of its cases.
fn reports() -> BTreeSet<Vec<u8>> {
    let mut whole = sample::sample();
    // What a target may put into its words.
    for (case, odd) in whole.cases.iter_mut().zip(
        ["\u{9b}1m", "\u{1b}]0;", "\u{202e}", "::error::", "<b>"]
            .into_iter()
            .cycle(),
    ) {
        case.reason.push_str(odd);
        case.title.push_str(odd);
    }
    let ids: Vec<String> = whole.cases.iter().map(|case| case.id.clone()).collect();
    ids.iter()
        .map(|id| {
            let mut one = whole.clone();
            one.keep(|case| case.id == *id);
            // Without the blanks of the layout, so that it is small.
            let value = serde_json::to_value(&one).expect("a report is JSON");
            value.to_string().into_bytes()
        })
        .collect()
}
