//! Peers that write frames wrongly (RFC 6455, sections 5 and 6.1).

use super::{Act::*, Fault, both, client, server};
use crate::{
    peer::{Cause, Out},
    wire::frame::{Form, Opcode},
};

pub(super) static FAULTS: &[Fault] = &[
    server(
        "masks-all-frames",
        "6455-5.1-5",
        "Masks the frames that it sends.",
        &[Send(|out, s| {
            out.iter_mut()
                .for_each(|out| out.key = Some(s.rng.u32(1..).to_be_bytes()))
        })],
    ),
    server(
        "masks-messages",
        "6455-5.1-5",
        "Masks the data frames that it sends.",
        &[Send(|out, s| {
            each(out, Cause::Echo, |out| {
                out.key = Some(s.rng.u32(1..).to_be_bytes())
            })
        })],
    ),
    server(
        "masks-pongs",
        "6455-5.1-5",
        "Masks the pongs that it sends.",
        &[Send(|out, s| {
            each(out, Cause::Pong, |out| {
                out.key = Some(s.rng.u32(1..).to_be_bytes())
            })
        })],
    ),
    server(
        "masks-close",
        "6455-5.1-5",
        "Masks the Close frame that answers another one.",
        &[Send(|out, s| {
            each(out, Cause::Reply, |out| {
                out.key = Some(s.rng.u32(1..).to_be_bytes())
            })
        })],
    ),
    server(
        "masks-with-zero-key",
        "6455-5.1-5",
        "Sends its frames with the MASK bit and the key 0.",
        &[Send(|out, _| {
            out.iter_mut().for_each(|out| out.key = Some([0; 4]))
        })],
    ),
    client(
        "sends-unmasked-frames",
        "6455-5.1-1",
        "Does not mask the frames that it sends.",
        &[Send(|out, _| out.iter_mut().for_each(|out| out.key = None))],
    ),
    client(
        "sends-unmasked-messages",
        "6455-5.1-1",
        "Does not mask the data frames that it sends.",
        &[Send(|out, _| each(out, Cause::Echo, |out| out.key = None))],
    ),
    client(
        "sends-unmasked-pongs",
        "6455-5.1-1",
        "Does not mask pongs.",
        &[Send(|out, _| each(out, Cause::Pong, |out| out.key = None))],
    ),
    client(
        "sends-unmasked-close",
        "6455-5.5.1-7",
        "Does not mask the Close frame that answers another one.",
        &[Send(|out, _| each(out, Cause::Reply, |out| out.key = None))],
    ),
    client(
        "sends-unmasked-empty-frames",
        "6455-5.1-1",
        "Does not mask frames without a payload.",
        &[Send(|out, _| {
            out.iter_mut()
                .filter(|out| out.payload.is_empty())
                .for_each(|out| out.key = None);
        })],
    ),
    client(
        "masks-with-constant-key",
        "6455-5.3-2",
        "Masks every frame of a connection with one key.",
        &[Send(|out, _| {
            out.iter_mut().for_each(|out| out.key = Some(*b"mask"))
        })],
    ),
    client(
        "masks-with-key-zero",
        "6455-5.3-2",
        "Masks every frame with the key 0.",
        &[Send(|out, _| {
            out.iter_mut().for_each(|out| out.key = Some([0; 4]))
        })],
    ),
    client(
        "masks-with-counter",
        "6455-5.3-4",
        "Counts up from one masking key to the next.",
        &[Send(|out, s| {
            out.iter_mut()
                .for_each(|out| out.key = Some((s.sent as u32 + 1).to_be_bytes()));
        })],
    ),
    client(
        "writes-key-but-does-not-mask",
        "6455-5.3-5",
        "Writes a masking key and sends the payload as it is.",
        &[Send(|out, _| {
            for out in out.iter_mut() {
                let key = out.key.unwrap_or_default();
                crate::wire::frame::mask(key, 0, &mut out.payload);
            }
        })],
    ),
    both(
        "sets-rsv1",
        "6455-5.2-2",
        "Sets RSV1 in data frames.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| out.rsv[0] = true)
        })],
    ),
    both(
        "sets-rsv2",
        "6455-5.2-2",
        "Sets RSV2 in data frames.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| out.rsv[1] = true)
        })],
    ),
    both(
        "sets-rsv3",
        "6455-5.2-2",
        "Sets RSV3 in data frames.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| out.rsv[2] = true)
        })],
    ),
    both(
        "sets-rsv-in-pong",
        "6455-5.2-2",
        "Sets RSV1 in pongs.",
        &[Send(|out, _| {
            each(out, Cause::Pong, |out| out.rsv[0] = true)
        })],
    ),
    both(
        "sets-rsv-in-close",
        "6455-5.2-2",
        "Sets RSV1 in the Close frame that answers another one.",
        &[Send(|out, _| {
            each(out, Cause::Reply, |out| out.rsv[0] = true)
        })],
    ),
    both(
        "sends-reserved-data-opcode",
        "6455-5.2-6",
        "Sends binary messages with the opcode 3.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                if out.opcode == Opcode::BINARY {
                    out.opcode = Opcode::new(3);
                }
            })
        })],
    ),
    both(
        "sends-reserved-control-opcode",
        "6455-5.2-6",
        "Answers pings with the opcode 11.",
        &[Send(|out, _| {
            each(out, Cause::Pong, |out| out.opcode = Opcode::new(11))
        })],
    ),
    both(
        "writes-short-length-in-16-bits",
        "6455-5.2-12",
        "Writes the length of every message in at least 16 bits.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| widen(out, Form::Sixteen))
        })],
    ),
    both(
        "writes-every-length-in-64-bits",
        "6455-5.2-12",
        "Writes the length of every message in 64 bits.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| widen(out, Form::SixtyFour))
        })],
    ),
    both(
        "writes-16-bit-length-in-64-bits",
        "6455-5.2-12",
        "Writes lengths of 126 and more in 64 bits.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                if out.payload.len() > 125 {
                    widen(out, Form::SixtyFour);
                }
            })
        })],
    ),
    both(
        "writes-length-of-125-in-16-bits",
        "6455-5.2-12",
        "Writes the length 125 in 16 bits.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                if out.payload.len() == 125 {
                    widen(out, Form::Sixteen);
                }
            })
        })],
    ),
    both(
        "writes-length-of-65535-in-64-bits",
        "6455-5.2-12",
        "Writes the length 65535 in 64 bits.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                if out.payload.len() == 65535 {
                    widen(out, Form::SixtyFour);
                }
            })
        })],
    ),
    both(
        "writes-pong-length-in-16-bits",
        "6455-5.2-12",
        "Writes the length of pongs in 16 bits.",
        &[Send(|out, _| {
            each(out, Cause::Pong, |out| widen(out, Form::Sixteen))
        })],
    ),
    both(
        "writes-16-bit-length-swapped",
        "6455-5.2-9",
        "Writes a 16-bit length with its octets swapped.",
        &[Octets(|octets, _, _| {
            if octets[1] & 0x7f == 126 {
                octets[2..4].reverse();
            }
        })],
    ),
    both(
        "writes-64-bit-length-swapped",
        "6455-5.2-10",
        "Writes a 64-bit length with its octets swapped.",
        &[Octets(|octets, _, _| {
            if octets[1] & 0x7f == 127 {
                octets[2..10].reverse();
            }
        })],
    ),
    both(
        "writes-64-bit-length-with-top-bit",
        "6455-5.2-11",
        "Sets the top bit of a 64-bit length.",
        &[Octets(|octets, _, _| {
            if octets[1] & 0x7f == 127 {
                octets[2] |= 0x80;
            }
        })],
    ),
    both(
        "declares-one-octet-too-many",
        "6455-6.1-2",
        "Declares one octet more than a message has.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                out.length = Some(out.payload.len() as u64 + 1)
            })
        })],
    ),
    both(
        "declares-one-octet-too-few",
        "6455-6.1-2",
        "Declares one octet less than a message has.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                out.length = Some((out.payload.len() as u64).saturating_sub(1));
            })
        })],
    ),
    both(
        "fragments-pongs",
        "6455-5.4-9",
        "Sends a pong in two fragments.",
        &[Send(|out, s| {
            if out.iter().any(|out| out.cause == Cause::Pong) {
                out[0].fin = false;
                out.push(s.frame(Cause::Pong, Opcode::CONTINUATION, ""));
            }
        })],
    ),
    both(
        "sends-long-pongs",
        "6455-5.5-1",
        "Adds 126 octets to the data of a pong.",
        &[Send(|out, _| {
            each(out, Cause::Pong, |out| {
                out.payload.extend_from_slice(&[0; 126])
            })
        })],
    ),
    both(
        "begins-with-continuation",
        "6455-5.4-3",
        "Sends messages with the opcode of a continuation.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| out.opcode = Opcode::CONTINUATION)
        })],
    ),
    both(
        "never-ends-messages",
        "6455-6.1-5",
        "Leaves the FIN bit of messages clear.",
        &[Send(|out, _| each(out, Cause::Echo, |out| out.fin = false))],
    ),
    both(
        "repeats-opcode-in-fragments",
        "6455-5.4-12",
        "Sends messages in two fragments which both have the opcode of the message.",
        &[Send(|out, s| {
            if out.iter().any(|out| out.cause == Cause::Echo) {
                out[0].fin = false;
                let (opcode, half) = (out[0].opcode, out[0].payload.len() / 2);
                let rest = out[0].payload.split_off(half);
                out.push(s.frame(Cause::Echo, opcode, rest));
            }
        })],
    ),
    both(
        "ends-fragments-with-fin",
        "6455-5.4-3",
        "Sends messages in two fragments which both have the FIN bit.",
        &[Send(|out, s| {
            if out.iter().any(|out| out.cause == Cause::Echo) {
                let half = out[0].payload.len() / 2;
                let rest = out[0].payload.split_off(half);
                out.push(s.frame(Cause::Echo, Opcode::CONTINUATION, rest));
            }
        })],
    ),
    both(
        "sends-text-as-binary",
        "6455-6.1-4",
        "Sends text back as binary.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| out.opcode = Opcode::BINARY)
        })],
    ),
    both(
        "sends-binary-as-text",
        "6455-6.1-4",
        "Sends binary messages back as text.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| out.opcode = Opcode::TEXT)
        })],
    ),
    both(
        "cuts-last-character",
        "6455-5.6-1",
        "Sends text back without the last octet of its last character.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                if out.opcode == Opcode::TEXT && !out.payload.is_ascii() {
                    while out.payload.pop().is_some_and(|octet| octet.is_ascii()) {}
                }
            })
        })],
    ),
    both(
        "sends-latin-1",
        "6455-5.6-1",
        "Sends text back in ISO 8859-1 where it can.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                if out.opcode == Opcode::TEXT {
                    let text = String::from_utf8_lossy(&out.payload).into_owned();
                    let latin: Option<Vec<u8>> =
                        text.chars().map(|c| u8::try_from(c as u32).ok()).collect();
                    out.payload = latin.unwrap_or(text.into_bytes());
                }
            })
        })],
    ),
    both(
        "cuts-messages-at-65535",
        "6455-6.2-4",
        "Sends at most 65535 octets of a message back.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| out.payload.truncate(65535))
        })],
    ),
    both(
        "loses-long-messages",
        "6455-5.2-10",
        "Loses messages of more than 65535 octets.",
        &[Send(|out, _| out.retain(|out| out.payload.len() < 65536))],
    ),
    both(
        "changes-line-ends",
        "6455-6.2-4",
        "Sends CR LF back as LF.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                out.payload = out
                    .payload
                    .split(|octet| *octet == b'\r')
                    .collect::<Vec<_>>()
                    .concat();
            })
        })],
    ),
    both(
        "flips-bits-behind-64-kib",
        "6455-6.2-4",
        "Changes octets behind the first 65536 of a message.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                out.payload
                    .iter_mut()
                    .skip(65536)
                    .for_each(|octet| *octet ^= 1);
            })
        })],
    ),
    both(
        "trims-text",
        "6455-6.2-4",
        "Sends text back without the blanks at its ends.",
        &[Send(|out, _| {
            each(out, Cause::Echo, |out| {
                if out.opcode == Opcode::TEXT {
                    out.payload = out.payload.trim_ascii().to_vec();
                }
            })
        })],
    ),
];

fn each(out: &mut [Out], cause: Cause, change: impl FnMut(&mut Out)) {
    out.iter_mut()
        .filter(|out| out.cause == cause)
        .for_each(change);
}

/// Writes the length in at least this form.
fn widen(out: &mut Out, form: Form) {
    out.form = match (form, Form::shortest(out.payload.len() as u64)) {
        (Form::Sixteen, Form::SixtyFour) => None,
        _ => Some(form),
    };
}
