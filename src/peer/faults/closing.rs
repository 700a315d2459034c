//! Peers that close wrongly (RFC 6455, sections 5.5.1, 7.1 and 7.4).

use super::{Act::*, Fault, both, client, server};
use crate::{
    peer::{Cause, End, Offence, Out, State},
    wire::{close::CloseBody, frame::Opcode},
};

pub(super) static FAULTS: &[Fault] = &[
    both(
        "ignores-close",
        "6455-5.5.1-9",
        "Does not answer Close frames.",
        &[Skip(|f, _| f.is(Opcode::CLOSE))],
    ),
    both(
        "ignores-empty-close",
        "6455-5.5.1-9",
        "Does not answer a Close frame without a body.",
        &[Skip(|f, _| f.is(Opcode::CLOSE) && f.payload.is_empty())],
    ),
    both(
        "ignores-close-with-reason",
        "6455-5.5.1-9",
        "Does not answer a Close frame with a reason.",
        &[Skip(|f, _| f.is(Opcode::CLOSE) && f.payload.len() > 2)],
    ),
    both(
        "ignores-close-in-message",
        "6455-5.4-13",
        "Does not answer a Close frame between fragments.",
        &[Skip(|f, s| f.is(Opcode::CLOSE) && s.open.is_some())],
    ),
    both(
        "drops-tcp-on-close",
        "6455-5.5.1-9",
        "Ends TCP on a Close frame without one of its own.",
        &[Drop(|f, _| f.is(Opcode::CLOSE).then_some(End::Fin))],
    ),
    both(
        "resets-tcp-on-close",
        "6455-5.5.1-9",
        "Resets TCP on a Close frame without one of its own.",
        &[Drop(|f, _| f.is(Opcode::CLOSE).then_some(End::Rst))],
    ),
    both(
        "drops-tcp-on-application-code",
        "6455-5.5.1-9",
        "Ends TCP on a Close frame with a code of 3000 to 4999.",
        &[Drop(|f, _| {
            let code = CloseBody::read(f.payload).code();
            (f.is(Opcode::CLOSE) && matches!(code, Some(3000..=4999))).then_some(End::Fin)
        })],
    ),
    both(
        "answers-close-with-data",
        "6455-5.5.1-9",
        "Answers a Close frame with a text message.",
        &[Send(|out, _| {
            replies(out, |out| {
                out.opcode = Opcode::TEXT;
                out.payload = b"bye".to_vec();
            })
        })],
    ),
    both(
        "answers-empty-close-with-1005",
        "6455-7.4.1-7",
        "Puts 1005 into the answer to a Close frame without a code.",
        &[Close(|body, _| body.is_empty().then(|| code(1005)))],
    ),
    both(
        "answers-empty-close-with-1006",
        "6455-7.4.1-8",
        "Puts 1006 into the answer to a Close frame without a code.",
        &[Close(|body, _| body.is_empty().then(|| code(1006)))],
    ),
    both(
        "answers-empty-close-with-0",
        "6455-11.7-1",
        "Puts 0 into the answer to a Close frame without a code.",
        &[Close(|body, _| body.is_empty().then(|| code(0)))],
    ),
    both(
        "echoes-1005",
        "6455-7.4.1-7",
        "Answers a Close frame of 1005 with 1005.",
        &[Close(|body, _| echo(body, |code| code == 1005))],
    ),
    both(
        "echoes-1006",
        "6455-7.4.1-8",
        "Answers a Close frame of 1006 with 1006.",
        &[Close(|body, _| echo(body, |code| code == 1006))],
    ),
    both(
        "echoes-1015",
        "6455-7.4.1-15",
        "Answers a Close frame of 1015 with 1015.",
        &[Close(|body, _| echo(body, |code| code == 1015))],
    ),
    both(
        "echoes-codes-below-1000",
        "6455-11.7-1",
        "Answers a Close frame with a code below 1000 with the same code.",
        &[Close(|body, _| echo(body, |code| code < 1000))],
    ),
    both(
        "echoes-codes-above-4999",
        "6455-11.7-1",
        "Answers a Close frame with a code above 4999 with the same code.",
        &[Close(|body, _| echo(body, |code| code > 4999))],
    ),
    both(
        "answers-one-octet-close",
        "6455-5.5.1-3",
        "Answers a Close body of one octet with 1000.",
        &[Accept(|o, _, _| o == Offence::ShortClose)],
    ),
    both(
        "echoes-one-octet-close",
        "6455-5.5.1-2",
        "Sends a Close body of one octet back.",
        &[Close(|body, _| (body.len() == 1).then(|| body.to_vec()))],
    ),
    both(
        "ignores-one-octet-close",
        "6455-5.5.1-3",
        "Drops a Close frame whose body has one octet.",
        &[Skip(|f, _| f.is(Opcode::CLOSE) && f.payload.len() == 1)],
    ),
    both(
        "echoes-invalid-reason",
        "6455-5.5.1-5",
        "Sends a close reason back that is not UTF-8.",
        &[Close(|body, _| {
            let reason = body.get(2..).unwrap_or_default();
            std::str::from_utf8(reason).is_err().then(|| body.to_vec())
        })],
    ),
    // A client that follows the server's FIN without a Close cannot be told from one that fails the connection.
    server(
        "ignores-invalid-reason",
        "6455-8.1-1",
        "Drops a Close frame whose reason is not UTF-8.",
        &[Skip(|f, _| {
            let reason = f.payload.get(2..).unwrap_or_default();
            f.is(Opcode::CLOSE) && std::str::from_utf8(reason).is_err()
        })],
    ),
    both(
        "answers-close-with-swapped-code",
        "6455-5.5.1-2",
        "Writes the code of its Close frame with its octets swapped.",
        &[Send(|out, _| {
            replies(out, |out| {
                if let [high, low, ..] = &mut out.payload[..] {
                    std::mem::swap(high, low);
                }
            })
        })],
    ),
    both(
        "answers-close-with-one-octet",
        "6455-5.5.1-2",
        "Writes its Close body one octet short.",
        &[Send(|out, _| replies(out, |out| out.payload.truncate(1)))],
    ),
    both(
        "answers-close-with-invalid-reason",
        "6455-5.5.1-5",
        "Gives a close reason that is not UTF-8.",
        &[Send(|out, _| {
            replies(out, |out| {
                out.payload.resize(2, 0xe8);
                out.payload.extend_from_slice(b"\xc3(");
            })
        })],
    ),
    both(
        "answers-close-with-long-reason",
        "6455-5.5-1",
        "Gives a close reason of 200 octets.",
        &[Send(|out, _| {
            replies(out, |out| {
                if out.payload.is_empty() {
                    out.payload = code(1000);
                }
                out.payload.resize(202, b'.');
            })
        })],
    ),
    both(
        "answers-close-with-unfinished-frame",
        "6455-5.4-9",
        "Clears the FIN bit of its Close frame.",
        &[Send(|out, _| replies(out, |out| out.fin = false))],
    ),
    both(
        "closes-twice",
        "6455-5.5.1-19",
        "Answers a Close frame twice.",
        &[Send(|out, s| {
            follow(out, s, Cause::Reply, Opcode::CLOSE, &code(1000))
        })],
    ),
    both(
        "closes-twice-on-error",
        "6455-5.5.1-19",
        "Sends a second Close frame when it fails the connection.",
        &[Send(|out, s| {
            follow(out, s, Cause::Failure, Opcode::CLOSE, &code(1006)[..0])
        })],
    ),
    both(
        "sends-text-after-close",
        "6455-5.5.1-8",
        "Sends a text message behind its Close frame.",
        &[Send(|out, s| {
            follow(out, s, Cause::Reply, Opcode::TEXT, b"one more thing")
        })],
    ),
    both(
        "sends-binary-after-close",
        "6455-5.5.1-8",
        "Sends a binary message behind its Close frame.",
        &[Send(|out, s| {
            follow(out, s, Cause::Reply, Opcode::BINARY, b"\x00")
        })],
    ),
    both(
        "echoes-after-close",
        "6455-5.5.1-8",
        "Goes on reading and answering after it has answered a Close frame.",
        &[GoOn(|s| s.closed == Some(Cause::Reply))],
    ),
    both(
        "goes-on-after-error",
        "6455-7.1.7-7",
        "Goes on reading and answering after the Close frame of a failed connection.",
        &[GoOn(|s| s.closed == Some(Cause::Failure))],
    ),
    server(
        "leaves-tcp-open-after-close",
        "6455-5.5.1-15",
        "Waits for the client to end TCP after both Close frames.",
        &[End(|s| {
            (s.closed == Some(Cause::Failure)).then_some(End::Fin)
        })],
    ),
    server(
        "leaves-tcp-open-after-error",
        "6455-7.1.7-3",
        "Waits for the client to end TCP when it fails the connection.",
        &[End(|s| {
            (s.closed == Some(Cause::Reply)).then_some(End::Fin)
        })],
    ),
    client(
        "keeps-tcp-open-after-close",
        "6455-5.5.1-14",
        "Never ends TCP after both Close frames, not even behind the server.",
        &[
            End(|s| (s.closed == Some(Cause::Failure)).then_some(End::Fin)),
            Stay(|s| s.closed == Some(Cause::Reply)),
        ],
    ),
    client(
        "keeps-tcp-open-after-error",
        "6455-7.1.7-1",
        "Never ends TCP when it fails the connection, not even behind the server.",
        &[
            End(|s| (s.closed == Some(Cause::Reply)).then_some(End::Fin)),
            Stay(|s| s.closed == Some(Cause::Failure)),
        ],
    ),
    client(
        "keeps-tcp-open-after-eof",
        "6455-7.2.1-2",
        "Never ends TCP when the server has ended it without a Close frame.",
        &[Stay(|s| s.closed.is_none())],
    ),
    both(
        "delivers-unfinished-message",
        "6455-5.4-4",
        "Takes what has come of a message for all of it when TCP ends.",
        &[Deliver(|_| true)],
    ),
    both(
        "fails-with-1005",
        "6455-7.4.1-7",
        "Fails the connection with the code 1005.",
        &[Send(|out, _| failures(out, 1005))],
    ),
    both(
        "fails-with-1006",
        "6455-7.4.1-8",
        "Fails the connection with the code 1006.",
        &[Send(|out, _| failures(out, 1006))],
    ),
    both(
        "fails-with-1015",
        "6455-7.4.1-15",
        "Fails the connection with the code 1015.",
        &[Send(|out, _| failures(out, 1015))],
    ),
    both(
        "fails-with-999",
        "6455-11.7-1",
        "Fails the connection with a code below 1000.",
        &[Send(|out, _| failures(out, 999))],
    ),
];

fn code(code: u16) -> Vec<u8> {
    code.to_be_bytes().to_vec()
}

fn echo(body: &[u8], which: fn(u16) -> bool) -> Option<Vec<u8>> {
    let code = CloseBody::read(body).code()?;
    which(code).then(|| body.to_vec())
}

fn replies(out: &mut [Out], change: fn(&mut Out)) {
    out.iter_mut()
        .filter(|out| out.cause == Cause::Reply)
        .for_each(change);
}

fn failures(out: &mut [Out], with: u16) {
    for out in out.iter_mut().filter(|out| out.cause == Cause::Failure) {
        out.payload = code(with);
    }
}

/// Sends another frame behind the one that has this cause.
fn follow(out: &mut Vec<Out>, state: &mut State, cause: Cause, opcode: Opcode, payload: &[u8]) {
    if out.iter().any(|out| out.cause == cause) {
        out.push(state.frame(cause, opcode, payload));
    }
}
