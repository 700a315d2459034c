//! Peers that put messages together wrongly, or misread text (RFC 6455, sections 5.4, 5.6, 6.2 and 8.1).

use super::{Act::*, Fault, both};
use crate::{
    peer::{Cause, Offence, Seen, State},
    wire::{frame::Opcode, message::Kind},
};

pub(super) static FAULTS: &[Fault] = &[
    both(
        "ignores-orphan-continuation",
        "6455-5.4-5",
        "Drops a continuation frame without a message and goes on.",
        &[Ignore(|o, _, _| o == Offence::Orphan)],
    ),
    both(
        "ignores-orphan-after-message",
        "6455-5.4-5",
        "Drops a continuation frame that follows a whole message.",
        &[Ignore(|o, _, s| o == Offence::Orphan && s.messages > 0)],
    ),
    both(
        "ignores-empty-orphan",
        "6455-5.4-5",
        "Drops a continuation frame without a message when it is empty.",
        &[Ignore(|o, h, _| o == Offence::Orphan && h.length == 0)],
    ),
    both(
        "begins-message-with-continuation",
        "6455-5.4-5",
        "Takes a continuation frame without a message for the first frame of a text.",
        &[Accept(|o, _, _| o == Offence::Orphan)],
    ),
    both(
        "merges-text-into-message",
        "6455-5.4-6",
        "Takes a final text frame inside a message for its continuation.",
        &[Read(|h, s| {
            if s.open.is_some() && h.opcode == Opcode::TEXT && h.fin {
                h.opcode = Opcode::CONTINUATION;
            }
        })],
    ),
    both(
        "merges-binary-into-message",
        "6455-5.4-6",
        "Takes a final binary frame inside a message for its continuation.",
        &[Read(|h, s| {
            if s.open.is_some() && h.opcode == Opcode::BINARY && h.fin {
                h.opcode = Opcode::CONTINUATION;
            }
        })],
    ),
    both(
        "merges-binary-into-binary",
        "6455-5.4-6",
        "Takes a binary frame inside a binary message for its continuation.",
        &[Read(|h, s| {
            if s.open == Some(Kind::Binary) && h.opcode == Opcode::BINARY {
                h.opcode = Opcode::CONTINUATION;
            }
        })],
    ),
    both(
        "merges-unfinished-frame-into-message",
        "6455-5.4-6",
        "Takes a first fragment inside a message for its continuation.",
        &[Read(|h, s| {
            if s.open.is_some() && h.opcode.is_data() && !h.fin {
                h.opcode = Opcode::CONTINUATION;
            }
        })],
    ),
    both(
        "merges-after-two-fragments",
        "6455-5.4-6",
        "Takes a data frame inside a message for its continuation, once it has had two fragments.",
        &[Read(|h, s| {
            if s.open.is_some() && h.opcode.is_data() && s.fragments > 1 {
                h.opcode = Opcode::CONTINUATION;
            }
        })],
    ),
    both(
        "answers-message-in-message",
        "6455-5.4-12",
        "Takes a whole message between the fragments of another one.",
        &[Accept(|o, h, _| o == Offence::Interleaved && h.fin)],
    ),
    both(
        "drops-open-message",
        "6455-5.4-12",
        "Drops the open message when another one begins.",
        &[Accept(|o, h, _| o == Offence::Interleaved && !h.fin)],
    ),
    both(
        "ignores-data-in-message",
        "6455-5.4-6",
        "Drops a text or binary frame between the fragments of a message.",
        &[Ignore(|o, _, _| o == Offence::Interleaved)],
    ),
    both(
        "ends-message-at-empty-fragment",
        "6455-5.4-7",
        "Takes an empty fragment for the end of the message.",
        &[Read(|h, _| {
            h.fin |= h.opcode == Opcode::CONTINUATION && h.length == 0
        })],
    ),
    both(
        "drops-empty-first-fragment",
        "6455-5.4-7",
        "Forgets that a message has begun when its first fragment is empty.",
        &[Skip(|f, s| {
            s.open.is_none() && is_data(f) && !f.header.fin && f.payload.is_empty()
        })],
    ),
    both(
        "drops-empty-last-fragment",
        "6455-5.4-7",
        "Waits for more when the last fragment is empty.",
        &[Skip(|f, s| {
            s.open.is_some() && is_data(f) && f.header.fin && f.payload.is_empty()
        })],
    ),
    both(
        "cuts-fragmented-messages",
        "6455-5.4-7",
        "Sends fragmented messages back without their last octet.",
        &[Send(|out, s| {
            if s.fragments > 1 {
                echoes(out, |payload| {
                    payload.truncate(payload.len().saturating_sub(1))
                });
            }
        })],
    ),
    both(
        "loses-message-of-many-fragments",
        "6455-5.4-15",
        "Loses messages of more than eight fragments.",
        &[Send(|out, s| {
            out.retain(|out| out.cause != Cause::Echo || s.fragments <= 8)
        })],
    ),
    both(
        "refuses-fragments",
        "6455-5.4-15",
        "Fails on fragmented messages.",
        &[Refuse(|f, _| (is_data(f) && !f.header.fin).then_some(1002))],
    ),
    both(
        "takes-type-of-last-fragment",
        "6455-6.2-3",
        "Takes every fragmented message for text.",
        &[Send(|out, s| {
            for out in out {
                if out.cause == Cause::Echo && s.fragments > 1 {
                    out.opcode = Opcode::TEXT;
                }
            }
        })],
    ),
    both(
        "reverses-fragments",
        "6455-5.4-11",
        "Puts what came last of a fragmented message first.",
        &[Send(|out, s| {
            let first = s.length;
            if s.fragments > 1 {
                echoes(out, |payload| payload.rotate_left(first));
            }
        })],
    ),
    both(
        "loses-empty-message",
        "6455-6.2-4",
        "Does not send empty messages back.",
        &[Send(|out, _| {
            out.retain(|out| out.cause != Cause::Echo || !out.payload.is_empty())
        })],
    ),
    both(
        "loses-every-third-message",
        "6455-6.2-5",
        "Loses every third message.",
        &[Send(|out, s| {
            out.retain(|out| out.cause != Cause::Echo || s.messages % 3 != 0)
        })],
    ),
    both(
        "loses-second-message",
        "6455-6.2-5",
        "Loses the second message of a connection.",
        &[Send(|out, s| {
            out.retain(|out| out.cause != Cause::Echo || s.messages != 2)
        })],
    ),
    both(
        "echoes-twice",
        "6455-6.2-5",
        "Takes each message for two.",
        &[Send(|out, s| {
            let again: Vec<_> = out
                .iter()
                .filter(|out| out.cause == Cause::Echo)
                .cloned()
                .collect();
            out.extend(
                again
                    .into_iter()
                    .map(|out| s.frame(Cause::Echo, out.opcode, out.payload)),
            );
        })],
    ),
    both(
        "swaps-messages",
        "6455-6.2-5",
        "Sends the second and third message of a connection back in the wrong order.",
        &[Send(|out, s| {
            if out.iter().any(|out| out.cause == Cause::Echo) {
                match s.messages {
                    2 => s.held.append(out),
                    3 => out.append(&mut s.held),
                    _ => {}
                }
            }
        })],
    ),
    both(
        "merges-messages",
        "6455-6.2-5",
        "Puts the message before in front of each message.",
        &[Send(|out, s| {
            for out in out {
                if out.cause == Cause::Echo {
                    let whole = out.payload.clone();
                    let before = s.held.pop();
                    s.held.push(out.clone());
                    out.payload =
                        [before.map(|out| out.payload).unwrap_or_default(), whole].concat();
                }
            }
        })],
    ),
    both(
        "stays-one-frame-behind",
        "6455-6.1-7",
        "Keeps a frame until it has another one to send.",
        &[Send(|out, s| {
            s.held.append(out);
            let ready = s.held.len() - 1;
            out.extend(s.held.drain(..ready));
        })],
    ),
    both(
        "accepts-invalid-utf-8",
        "6455-8.1-1",
        "Does not check that text is UTF-8.",
        &[Accept(|o, _, _| {
            matches!(o, Offence::NotUtf8(_) | Offence::CutUtf8)
        })],
    ),
    both(
        "ignores-invalid-text",
        "6455-8.1-1",
        "Drops text that is not UTF-8 and goes on.",
        &[
            Accept(|o, _, _| matches!(o, Offence::NotUtf8(_) | Offence::CutUtf8)),
            Send(|out, _| {
                out.retain(|out| {
                    out.opcode != Opcode::TEXT || std::str::from_utf8(&out.payload).is_ok()
                })
            }),
        ],
    ),
    both(
        "replaces-invalid-utf-8",
        "6455-8.1-1",
        "Puts U+FFFD in the place of what is not UTF-8.",
        &[
            Accept(|o, _, _| matches!(o, Offence::NotUtf8(_) | Offence::CutUtf8)),
            Send(|out, _| {
                echoes(out, |payload| {
                    *payload = String::from_utf8_lossy(payload).into_owned().into_bytes();
                })
            }),
        ],
    ),
    both(
        "accepts-overlong-utf-8",
        "6455-8.1-1",
        "Takes characters in more octets than they need.",
        &[Accept(|o, _, _| {
            wrong(o, |octets| {
                matches!(
                    octets,
                    [0xc0 | 0xc1, ..] | [0xe0, 0x80..=0x9f, ..] | [0xf0, 0x80..=0x8f, ..]
                )
            })
        })],
    ),
    both(
        "accepts-surrogates",
        "6455-8.1-1",
        "Takes surrogates for characters.",
        &[Accept(|o, _, _| {
            wrong(o, |octets| matches!(octets, [0xed, 0xa0..=0xbf, ..]))
        })],
    ),
    both(
        "accepts-beyond-unicode",
        "6455-8.1-1",
        "Takes characters above U+10FFFF.",
        &[Accept(|o, _, _| {
            wrong(o, |octets| {
                matches!(octets, [0xf4, 0x90..=0xbf, ..] | [0xf5..=0xf7, ..])
            })
        })],
    ),
    both(
        "accepts-long-utf-8",
        "6455-8.1-1",
        "Takes characters of five and six octets, and FE and FF.",
        &[Accept(|o, _, _| {
            wrong(o, |octets| matches!(octets, [0xf8..=0xff, ..]))
        })],
    ),
    both(
        "accepts-lone-continuation-octets",
        "6455-8.1-1",
        "Takes octets from 80 to BF without a lead octet.",
        &[Accept(|o, _, _| {
            wrong(o, |octets| matches!(octets, [0x80..=0xbf, ..]))
        })],
    ),
    both(
        "accepts-broken-characters",
        "6455-8.1-1",
        "Takes a character that another one interrupts.",
        &[Accept(|o, _, _| {
            wrong(o, |octets| {
                matches!(octets, [0xc2..=0xf4, next, ..] if !(0x80..=0xbf).contains(next))
                    || matches!(octets, [0xe0..=0xf4, _, next, ..] if !(0x80..=0xbf).contains(next))
                    || matches!(octets, [0xf0..=0xf4, _, _, next, ..] if !(0x80..=0xbf).contains(next))
            })
        })],
    ),
    both(
        "accepts-cut-character",
        "6455-8.1-1",
        "Takes text that ends inside a character.",
        &[Accept(|o, _, _| o == Offence::CutUtf8)],
    ),
    both(
        "checks-first-fragment-only",
        "6455-8.1-1",
        "Checks the first fragment of a text only.",
        &[Accept(|o, _, s| {
            matches!(o, Offence::NotUtf8(_) | Offence::CutUtf8) && s.fragments > 1
        })],
    ),
    both(
        "checks-each-fragment-alone",
        "6455-6.2-4",
        "Fails when a character is cut by the border of two fragments.",
        &[Refuse(|f, s| {
            (is_text(f, s) && std::str::from_utf8(f.payload).is_err()).then_some(1007)
        })],
    ),
    both(
        "refuses-noncharacters",
        "6455-5.6-1",
        "Fails on U+FFFE and the other noncharacters.",
        &[Refuse(|f, s| {
            text_has(f, s, |c| {
                matches!(c as u32 & 0xffff, 0xfffe | 0xffff) || matches!(c, '\u{fdd0}'..='\u{fdef}')
            })
        })],
    ),
    both(
        "refuses-nul",
        "6455-5.6-1",
        "Fails on U+0000 in text.",
        &[Refuse(|f, s| text_has(f, s, |c| c == '\0'))],
    ),
    both(
        "ends-text-at-nul",
        "6455-6.2-4",
        "Sends text back up to U+0000.",
        &[Send(|out, _| {
            echoes(out, |payload| {
                let end = payload.iter().position(|octet| *octet == 0);
                payload.truncate(end.unwrap_or(payload.len()));
            })
        })],
    ),
    both(
        "strips-byte-order-mark",
        "6455-6.2-4",
        "Takes every U+FEFF off the start of text.",
        &[Send(|out, _| {
            // One of them may be taken for a signature (RFC 3629, section 6).
            echoes(out, |payload| {
                while payload.starts_with(b"\xef\xbb\xbf") {
                    payload.drain(..3);
                }
            })
        })],
    ),
    both(
        "refuses-supplementary-characters",
        "6455-5.6-1",
        "Fails on characters above U+FFFF.",
        &[Refuse(|f, s| text_has(f, s, |c| c > '\u{ffff}'))],
    ),
    both(
        "refuses-last-character",
        "6455-5.6-1",
        "Fails on U+10FFFF.",
        &[Refuse(|f, s| text_has(f, s, |c| c == char::MAX))],
    ),
    both(
        "checks-binary-as-utf-8",
        "6455-6.2-4",
        "Fails on a binary message that is not UTF-8.",
        &[Refuse(|f, _| {
            (f.is(Opcode::BINARY) && std::str::from_utf8(f.payload).is_err()).then_some(1007)
        })],
    ),
    both(
        "replaces-octets-in-binary",
        "6455-6.2-4",
        "Treats binary messages as text and puts U+FFFD in the place of what is not UTF-8.",
        &[Send(|out, _| {
            echoes(out, |payload| {
                *payload = String::from_utf8_lossy(payload).into_owned().into_bytes();
            })
        })],
    ),
];

fn is_data(frame: Seen) -> bool {
    frame.header.opcode.is_data()
}

fn is_text(frame: Seen, state: &State) -> bool {
    let kind = state.open.or(frame.is(Opcode::TEXT).then_some(Kind::Text));
    is_data(frame) && kind == Some(Kind::Text)
}

/// Whether there is such a character in the whole ones of a text frame: 1007.
fn text_has(frame: Seen, state: &State, is_it: fn(char) -> bool) -> Option<u16> {
    (is_text(frame, state) && String::from_utf8_lossy(frame.payload).contains(is_it))
        .then_some(1007)
}

/// Whether text is wrong in this way; the octets are those from the first invalid character on.
fn wrong(offence: Offence, is_it: fn(&[u8]) -> bool) -> bool {
    let Offence::NotUtf8(text) = offence else {
        return false;
    };
    let valid = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
    is_it(&text[valid..])
}

/// Changes the payloads of messages that are sent back.
fn echoes(out: &mut [crate::peer::Out], change: impl Fn(&mut Vec<u8>)) {
    for out in out.iter_mut().filter(|out| out.cause == Cause::Echo) {
        change(&mut out.payload);
    }
}
