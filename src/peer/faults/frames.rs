//! Peers that misread frame headers: masking, reserved bits and opcodes, lengths (RFC 6455, sections 5.1 to 5.3).

use super::{Act::*, Fault, both, client, server};
use crate::{
    peer::{Offence, State},
    wire::frame::{Form, Header, Opcode, mask},
};

pub(super) static FAULTS: &[Fault] = &[
    server(
        "accepts-unmasked-text",
        "6455-5.1-3",
        "Takes an unmasked text frame.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::TEXT
        })],
    ),
    server(
        "accepts-unmasked-binary",
        "6455-5.1-3",
        "Takes an unmasked binary frame.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::BINARY
        })],
    ),
    server(
        "accepts-unmasked-continuation",
        "6455-5.1-3",
        "Takes an unmasked continuation frame.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::CONTINUATION
        })],
    ),
    server(
        "accepts-unmasked-ping",
        "6455-5.1-3",
        "Answers an unmasked ping.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::PING
        })],
    ),
    server(
        "accepts-unmasked-pong",
        "6455-5.1-3",
        "Takes an unmasked pong.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::PONG
        })],
    ),
    server(
        "accepts-unmasked-empty-frame",
        "6455-5.1-3",
        "Looks at the MASK bit only where there is a payload.",
        &[Accept(|o, h, _| o == Offence::Masking && h.length == 0)],
    ),
    server(
        "accepts-unmasked-after-masked",
        "6455-5.1-3",
        "Looks at the MASK bit of the first frame only.",
        &[Accept(|o, _, s| o == Offence::Masking && s.frames > 1)],
    ),
    server(
        "ignores-unmasked-frame",
        "6455-5.1-3",
        "Drops an unmasked frame and goes on.",
        &[Ignore(|o, _, _| o == Offence::Masking)],
    ),
    server(
        "delivers-unmasked-then-closes",
        "6455-5.1-3",
        "Takes an unmasked frame, and fails the connection only then.",
        &[Late(|o, _, _| o == Offence::Masking)],
    ),
    client(
        "accepts-masked-text",
        "6455-5.1-6",
        "Takes a masked text frame.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::TEXT
        })],
    ),
    client(
        "accepts-masked-binary",
        "6455-5.1-6",
        "Takes a masked binary frame.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::BINARY
        })],
    ),
    client(
        "accepts-masked-continuation",
        "6455-5.1-6",
        "Takes a masked continuation frame.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::CONTINUATION
        })],
    ),
    client(
        "accepts-masked-ping",
        "6455-5.1-6",
        "Answers a masked ping.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::PING
        })],
    ),
    client(
        "accepts-masked-pong",
        "6455-5.1-6",
        "Takes a masked pong.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.opcode == Opcode::PONG
        })],
    ),
    client(
        "accepts-zero-masked-frame",
        "6455-5.1-6",
        "Takes a frame masked with the key 0 for unmasked.",
        &[Accept(|o, h, _| {
            o == Offence::Masking && h.key == Some([0; 4])
        })],
    ),
    client(
        "ignores-masked-frame",
        "6455-5.1-6",
        "Drops a masked frame and goes on.",
        &[Ignore(|o, _, _| o == Offence::Masking)],
    ),
    client(
        "delivers-masked-then-closes",
        "6455-5.1-6",
        "Takes a masked frame, and fails the connection only then.",
        &[Late(|o, _, _| o == Offence::Masking)],
    ),
    both(
        "accepts-rsv1-on-data",
        "6455-5.2-3",
        "Takes a data frame with RSV1.",
        &[Accept(|o, h, _| {
            o == Offence::Rsv && h.rsv == [true, false, false] && begins(h)
        })],
    ),
    both(
        "accepts-rsv2-on-data",
        "6455-5.2-3",
        "Takes a data frame with RSV2.",
        &[Accept(|o, h, _| {
            o == Offence::Rsv && h.rsv == [false, true, false] && begins(h)
        })],
    ),
    both(
        "accepts-rsv3-on-data",
        "6455-5.2-3",
        "Takes a data frame with RSV3.",
        &[Accept(|o, h, _| {
            o == Offence::Rsv && h.rsv == [false, false, true] && begins(h)
        })],
    ),
    both(
        "accepts-rsv-on-continuation",
        "6455-5.2-3",
        "Takes a continuation frame with a reserved bit.",
        &[Accept(|o, h, _| {
            o == Offence::Rsv && h.opcode == Opcode::CONTINUATION
        })],
    ),
    both(
        "accepts-rsv-on-ping",
        "6455-5.2-3",
        "Answers a ping with a reserved bit.",
        &[Accept(|o, h, _| {
            o == Offence::Rsv && h.opcode == Opcode::PING
        })],
    ),
    both(
        "accepts-rsv-on-pong",
        "6455-5.2-3",
        "Takes a pong with a reserved bit.",
        &[Accept(|o, h, _| {
            o == Offence::Rsv && h.opcode == Opcode::PONG
        })],
    ),
    both(
        "accepts-several-rsv",
        "6455-5.2-3",
        "Takes a frame with more than one reserved bit.",
        &[Accept(|o, h, _| {
            o == Offence::Rsv && h.rsv.iter().filter(|bit| **bit).count() > 1
        })],
    ),
    both(
        "ignores-frame-with-rsv",
        "6455-5.2-3",
        "Drops a frame with a reserved bit and goes on.",
        &[Ignore(|o, _, _| o == Offence::Rsv)],
    ),
    both(
        "ignores-reserved-data-opcode",
        "6455-5.2-4",
        "Drops a frame with an opcode of 3 to 7 and goes on.",
        &[Ignore(|o, h, _| {
            o == Offence::Opcode && !h.opcode.is_control()
        })],
    ),
    both(
        "ignores-reserved-control-opcode",
        "6455-5.2-5",
        "Drops a frame with an opcode of 11 to 15 and goes on.",
        &[Ignore(|o, h, _| {
            o == Offence::Opcode && h.opcode.is_control()
        })],
    ),
    both(
        "ignores-unfinished-reserved-opcode",
        "6455-5.2-4",
        "Drops a frame with a reserved opcode when its FIN bit is clear.",
        &[Ignore(|o, h, _| {
            matches!(o, Offence::Opcode | Offence::FragmentedControl)
                && h.opcode.is_reserved()
                && !h.fin
        })],
    ),
    both(
        "ignores-large-reserved-opcode",
        "6455-5.2-4",
        "Drops a frame with a reserved opcode when it has more than 125 octets.",
        &[Ignore(|o, h, _| {
            matches!(o, Offence::Opcode | Offence::LongControl)
                && h.opcode.is_reserved()
                && h.length > 125
        })],
    ),
    both(
        "ignores-reserved-opcode-in-message",
        "6455-5.2-4",
        "Drops a frame with a reserved opcode between the fragments of a message.",
        &[Ignore(|o, _, s| o == Offence::Opcode && s.open.is_some())],
    ),
    both(
        "takes-opcode-3-for-text",
        "6455-5.2-4",
        "Reads two bits of the opcode of a data frame only, so that 5 is text and 6 is binary.",
        &[Read(|h, _| {
            if !h.opcode.is_control() {
                h.opcode = Opcode::new(h.opcode.value() & 3);
            }
        })],
    ),
    both(
        "takes-opcode-11-for-ping",
        "6455-5.2-5",
        "Takes opcode 11 for a ping.",
        &[Read(|h, _| {
            if h.opcode.value() == 11 {
                h.opcode = Opcode::PING;
            }
        })],
    ),
    both(
        "reads-16-bit-length-as-8",
        "6455-5.2-9",
        "Reads the low octet of a 16-bit length only.",
        &[Read(|h, _| {
            read_length(h, Form::Sixteen, |length| length & 0xff)
        })],
    ),
    both(
        "reads-16-bit-length-swapped",
        "6455-5.2-9",
        "Reads a 16-bit length with its octets swapped.",
        &[Read(|h, _| {
            read_length(h, Form::Sixteen, |length| {
                (length as u16).swap_bytes().into()
            })
        })],
    ),
    both(
        "reads-16-bit-length-signed",
        "6455-5.2-9",
        "Takes a 16-bit length of 32768 or more for none.",
        &[Read(|h, _| {
            read_length(h, Form::Sixteen, |length| (length as i16).max(0) as u64)
        })],
    ),
    both(
        "reads-64-bit-length-swapped",
        "6455-5.2-10",
        "Reads a 64-bit length with its octets swapped.",
        &[Read(|h, _| {
            read_length(h, Form::SixtyFour, u64::swap_bytes)
        })],
    ),
    both(
        "reads-64-bit-length-as-16",
        "6455-5.2-10",
        "Reads the low 16 bits of a 64-bit length only.",
        &[Read(|h, _| {
            read_length(h, Form::SixtyFour, |length| length & 0xffff)
        })],
    ),
    both(
        "reads-64-bit-length-as-32",
        "6455-5.2-11",
        "Reads the low 32 bits of a 64-bit length only.",
        &[Read(|h, _| {
            read_length(h, Form::SixtyFour, |length| length & 0xffff_ffff)
        })],
    ),
    both(
        "drops-top-bit-of-length",
        "6455-5.2-11",
        "Reads a 64-bit length without its top bit.",
        &[Read(|h, _| {
            read_length(h, Form::SixtyFour, |length| length & (u64::MAX >> 1))
        })],
    ),
    both(
        "takes-negative-length-for-none",
        "6455-5.2-11",
        "Takes a 64-bit length with the top bit for 0.",
        &[Read(|h, _| {
            read_length(h, Form::SixtyFour, |length| (length as i64).max(0) as u64)
        })],
    ),
    server(
        "counts-key-in-length",
        "6455-5.2-14",
        "Takes the masking key for a part of the declared length.",
        &[Read(|h, _| h.length = h.length.saturating_sub(4))],
    ),
    both(
        "misreads-length-of-125",
        "6455-5.2-8",
        "Fails on a payload of exactly 125 octets in a data frame.",
        &[Refuse(|f, _| {
            (!f.header.opcode.is_control() && f.payload.len() == 125).then_some(1002)
        })],
    ),
    both(
        "misreads-length-of-126",
        "6455-5.2-9",
        "Fails on a payload of exactly 126 octets.",
        &[Refuse(|f, _| (f.payload.len() == 126).then_some(1002))],
    ),
    both(
        "misreads-length-of-65535",
        "6455-5.2-9",
        "Fails on a payload of exactly 65535 octets.",
        &[Refuse(|f, _| (f.payload.len() == 65535).then_some(1002))],
    ),
    both(
        "misreads-length-of-65536",
        "6455-5.2-10",
        "Fails on a payload of exactly 65536 octets.",
        &[Refuse(|f, _| (f.payload.len() == 65536).then_some(1002))],
    ),
    server(
        "carries-key-phase-over",
        "6455-5.3-5",
        "Goes on in the masking key where the fragment before ended.",
        &[Unmask(|octets, h, at, s| {
            mask(key(h), at + carried(h, s), octets)
        })],
    ),
    server(
        "restarts-key-at-each-read",
        "6455-5.3-5",
        "Begins the masking key anew with each read of the transport.",
        &[Unmask(|octets, h, _, _| mask(key(h), 0, octets))],
    ),
    server(
        "restarts-key-at-64-kib",
        "6455-5.3-5",
        "Shifts the masking key by one after each 65536 octets of a payload.",
        &[Unmask(|octets, h, at, _| {
            for (i, octet) in octets.iter_mut().enumerate() {
                let i = at + i;
                *octet ^= key(h)[(i + i / 65536) % 4];
            }
        })],
    ),
    server(
        "leaves-last-octets-masked",
        "6455-6.2-7",
        "Unmasks whole groups of four octets only.",
        &[Unmask(|octets, h, at, _| {
            let whole = h.length as usize / 4 * 4;
            let end = whole.saturating_sub(at).min(octets.len());
            mask(key(h), at, &mut octets[..end]);
        })],
    ),
    server(
        "reverses-key",
        "6455-5.3-5",
        "Reads the masking key in the wrong order of octets.",
        &[Unmask(|octets, h, at, _| {
            let mut key = key(h);
            key.reverse();
            mask(key, at, octets);
        })],
    ),
    server(
        "leaves-control-frames-masked",
        "6455-5.3-5",
        "Does not unmask control frames.",
        &[Unmask(|octets, h, at, _| {
            if !h.opcode.is_control() {
                mask(key(h), at, octets);
            }
        })],
    ),
    server(
        "leaves-continuations-masked",
        "6455-6.2-7",
        "Does not unmask continuation frames.",
        &[Unmask(|octets, h, at, _| {
            if h.opcode != Opcode::CONTINUATION {
                mask(key(h), at, octets);
            }
        })],
    ),
    server(
        "leaves-binary-masked",
        "6455-6.2-7",
        "Does not unmask binary frames.",
        &[Unmask(|octets, h, at, _| {
            if h.opcode != Opcode::BINARY {
                mask(key(h), at, octets);
            }
        })],
    ),
    server(
        "refuses-zero-key",
        "6455-5.3-5",
        "Fails on the masking key 0.",
        &[Refuse(|f, _| {
            (f.header.key == Some([0; 4])).then_some(1002)
        })],
    ),
    both(
        "stalls-on-cut-header",
        "6455-6.2-1",
        "Loses octets of a frame header that does not come in one piece.",
        &[Divert(|octets, _, state| {
            if state.fragments == 0 && Header::read(octets).is_none() {
                octets.clear();
            }
        })],
    ),
    both(
        "reads-one-frame-at-a-time",
        "6455-6.2-1",
        "Loses what follows a frame in the same read of the transport.",
        &[Divert(|octets, _, _| {
            if let Some(header) = Header::read(octets) {
                let end = (header.size() as u64).saturating_add(header.length);
                octets.truncate(usize::try_from(end).unwrap_or(usize::MAX));
            }
        })],
    ),
];

/// Whether a frame begins a message.
fn begins(header: &Header) -> bool {
    matches!(header.opcode, Opcode::TEXT | Opcode::BINARY)
}

fn key(header: &Header) -> [u8; 4] {
    header.key.unwrap_or_default()
}

/// What a message had before this frame.
fn carried(header: &Header, state: &State) -> usize {
    match header.opcode {
        Opcode::CONTINUATION => state.length,
        _ => 0,
    }
}

/// Reads a length of one form in another way, and takes it for well written.
fn read_length(header: &mut Header, form: Form, read: fn(u64) -> u64) {
    if header.form == form {
        header.length = read(header.length);
        header.form = Form::shortest(header.length);
    }
}
