//! Peers that misread control frames, or answer pings wrongly (RFC 6455, sections 5.4 and 5.5).

use super::{Act::*, Fault, both};
use crate::{
    peer::{Cause, Offence, Out},
    wire::frame::Opcode,
};

pub(super) static FAULTS: &[Fault] = &[
    both(
        "answers-fragmented-ping",
        "6455-5.4-10",
        "Answers a ping whose FIN bit is clear.",
        &[Accept(|o, h, _| {
            o == Offence::FragmentedControl && h.opcode == Opcode::PING
        })],
    ),
    both(
        "ignores-fragmented-ping",
        "6455-5.4-10",
        "Drops a ping whose FIN bit is clear.",
        &[Ignore(|o, h, _| {
            o == Offence::FragmentedControl && h.opcode == Opcode::PING
        })],
    ),
    both(
        "accepts-fragmented-pong",
        "6455-5.4-10",
        "Takes a pong whose FIN bit is clear.",
        &[Accept(|o, h, _| {
            o == Offence::FragmentedControl && h.opcode == Opcode::PONG
        })],
    ),
    both(
        "ignores-fragmented-close",
        "6455-5.4-10",
        "Drops a Close frame whose FIN bit is clear.",
        &[Ignore(|o, h, _| {
            o == Offence::FragmentedControl && h.opcode == Opcode::CLOSE
        })],
    ),
    both(
        "answers-long-ping",
        "6455-5.5-2",
        "Answers a ping of more than 125 octets, with as many octets.",
        &[Accept(|o, h, _| {
            o == Offence::LongControl && h.opcode == Opcode::PING
        })],
    ),
    both(
        "cuts-long-ping",
        "6455-5.5-2",
        "Answers a ping of more than 125 octets with the first 125 of them.",
        &[
            Accept(|o, h, _| o == Offence::LongControl && h.opcode == Opcode::PING),
            Send(|out, _| pongs(out, |pong| pong.payload.truncate(125))),
        ],
    ),
    both(
        "accepts-long-pong",
        "6455-5.5-2",
        "Takes a pong of more than 125 octets.",
        &[Accept(|o, h, _| {
            o == Offence::LongControl && h.opcode == Opcode::PONG
        })],
    ),
    both(
        "ignores-long-close",
        "6455-5.5-2",
        "Drops a Close frame of more than 125 octets.",
        &[Ignore(|o, h, _| {
            o == Offence::LongControl && h.opcode == Opcode::CLOSE
        })],
    ),
    both(
        "ignores-pings",
        "6455-5.5.2-2",
        "Does not answer pings.",
        &[Skip(|f, _| f.is(Opcode::PING))],
    ),
    both(
        "ignores-empty-pings",
        "6455-5.5.2-2",
        "Does not answer empty pings.",
        &[Skip(|f, _| f.is(Opcode::PING) && f.payload.is_empty())],
    ),
    both(
        "ignores-longest-pings",
        "6455-5.5.2-2",
        "Does not answer pings of 125 octets.",
        &[Skip(|f, _| f.is(Opcode::PING) && f.payload.len() == 125)],
    ),
    both(
        "ignores-pings-in-messages",
        "6455-5.4-13",
        "Does not answer pings between fragments.",
        &[Skip(|f, s| f.is(Opcode::PING) && s.open.is_some())],
    ),
    both(
        "ignores-second-ping",
        "6455-5.5.2-2",
        "Answers the first ping of a connection only.",
        &[Send(|out, s| {
            out.retain(|out| out.cause != Cause::Pong || s.pings == 1)
        })],
    ),
    both(
        "answers-ping-with-ping",
        "6455-5.5.2-2",
        "Answers a ping with another ping.",
        &[Send(|out, _| pongs(out, |pong| pong.opcode = Opcode::PING))],
    ),
    both(
        "answers-ping-with-text",
        "6455-5.5.2-2",
        "Answers a ping with a text message.",
        &[Send(|out, _| {
            pongs(out, |pong| {
                pong.opcode = Opcode::TEXT;
                pong.payload = b"pong".to_vec();
            })
        })],
    ),
    both(
        "answers-ping-with-empty-pong",
        "6455-5.5.3-1",
        "Answers every ping with an empty pong.",
        &[Send(|out, _| pongs(out, |pong| pong.payload.clear()))],
    ),
    both(
        "answers-ping-up-to-nul",
        "6455-5.5.3-1",
        "Answers a ping with its data up to the first NUL.",
        &[Send(|out, _| {
            pongs(out, |pong| {
                let end = pong.payload.iter().position(|octet| *octet == 0);
                pong.payload.truncate(end.unwrap_or(pong.payload.len()));
            })
        })],
    ),
    both(
        "answers-ping-as-text",
        "6455-5.5.3-1",
        "Puts U+FFFD in the place of what is not UTF-8 in a ping.",
        &[Send(|out, _| {
            pongs(out, |pong| {
                pong.payload = String::from_utf8_lossy(&pong.payload)
                    .into_owned()
                    .into_bytes();
                pong.payload.truncate(125);
            })
        })],
    ),
    both(
        "answers-ping-one-octet-short",
        "6455-5.5.3-1",
        "Answers a ping of 125 octets with 124 of them.",
        &[Send(|out, _| pongs(out, |pong| pong.payload.truncate(124)))],
    ),
    both(
        "answers-ping-with-earlier-data",
        "6455-5.5.3-1",
        "Answers each ping with the data of the first one.",
        &[Send(|out, s| {
            pongs(out, |pong| match s.held.first() {
                Some(first) => pong.payload.clone_from(&first.payload),
                None => s.held.push(pong.clone()),
            })
        })],
    ),
    both(
        "appends-ping-to-message",
        "6455-5.4-13",
        "Takes a ping between fragments for a fragment.",
        &[Read(|h, s| {
            if s.open.is_some() && h.opcode == Opcode::PING {
                (h.opcode, h.fin) = (Opcode::CONTINUATION, false);
            }
        })],
    ),
    both(
        "appends-pong-to-message",
        "6455-5.4-13",
        "Takes a pong between fragments for a fragment.",
        &[Read(|h, s| {
            if s.open.is_some() && h.opcode == Opcode::PONG {
                (h.opcode, h.fin) = (Opcode::CONTINUATION, false);
            }
        })],
    ),
    both(
        "refuses-control-in-message",
        "6455-5.4-13",
        "Fails on a control frame between fragments.",
        &[Refuse(|f, s| {
            (f.header.opcode.is_control() && s.open.is_some()).then_some(1002)
        })],
    ),
    both(
        "refuses-pong",
        "6455-6.2-2",
        "Fails on a pong that answers no ping.",
        &[Refuse(|f, _| f.is(Opcode::PONG).then_some(1002))],
    ),
];

fn pongs(out: &mut [Out], change: impl FnMut(&mut Out)) {
    out.iter_mut()
        .filter(|out| out.cause == Cause::Pong)
        .for_each(change);
}
