//! Frame steps made into octets.

use bytes::Bytes;

use crate::{
    case::{Body, FrameStep, MaskChoice, Role},
    wire::frame::{self, Form, Frame, Header, Opcode},
};

/// A frame that is about to go out.
pub(super) struct Outgoing {
    /// As it was meant: the payload unmasked, the header as written.
    pub frame: Frame,
    /// As it is written.
    pub octets: Vec<u8>,
    /// Whether header and payload belong together.
    pub honest: bool,
}

/// The frames of a step, in order; `sender` is the suite's role.
pub(super) fn frames(
    step: &FrameStep,
    sender: Role,
    seed: u64,
    keys: &mut fastrand::Rng,
) -> Vec<Outgoing> {
    let (opcode, payload) = match &step.body {
        Body::Data(opcode, payload) => (Opcode::new(*opcode), Bytes::from(payload.octets(seed))),
        Body::Close(None) => (Opcode::CLOSE, Bytes::new()),
        Body::Close(Some((code, reason))) => {
            let mut body = code.to_be_bytes().to_vec();
            body.extend(reason.octets(seed));
            (Opcode::CLOSE, Bytes::from(body))
        }
    };
    let mut out = Vec::new();
    for _ in 0..step.times {
        match step.frag {
            None => out.push(one(step, opcode, step.fin, payload.clone(), sender, keys)),
            Some(size) => {
                let count = payload.len().div_ceil(size.max(1)).max(1);
                for index in 0..count {
                    let from = index * size;
                    let part = payload.slice(from..payload.len().min(from + size));
                    let opcode = if index == 0 {
                        opcode
                    } else {
                        Opcode::CONTINUATION
                    };
                    let fin = step.fin && index + 1 == count;
                    out.push(one(step, opcode, fin, part, sender, keys));
                }
            }
        }
    }
    out
}

fn one(
    step: &FrameStep,
    opcode: Opcode,
    fin: bool,
    payload: Bytes,
    sender: Role,
    keys: &mut fastrand::Rng,
) -> Outgoing {
    let key = match step.mask {
        MaskChoice::Habit if sender == Role::Server => None,
        MaskChoice::Unmasked => None,
        MaskChoice::Habit | MaskChoice::Masked => Some(keys.u32(..).to_be_bytes()),
        MaskChoice::Key(key) => Some(key),
    };
    let length = step.length.unwrap_or(payload.len() as u64);
    let header = Header {
        fin,
        rsv: step.rsv,
        opcode,
        key,
        form: step.form.unwrap_or(Form::shortest(length)),
        length,
    };
    // A form that cannot hold the length truncates it: the header lies then.
    let holds = match header.form {
        Form::Seven => length <= 125,
        Form::Sixteen => length <= 0xffff,
        Form::SixtyFour => true,
    };
    let honest = length == payload.len() as u64 && holds;
    let mut octets = Vec::with_capacity(payload.len() + 14);
    frame::encode(&header, &payload, &mut octets);
    Outgoing {
        frame: Frame { header, payload },
        octets,
        honest,
    }
}

/// A pong with this payload.
pub(super) fn pong(payload: Bytes, sender: Role, keys: &mut fastrand::Rng) -> Outgoing {
    let step = FrameStep::new(Body::Data(Opcode::PONG.value(), Default::default()));
    one(&step, Opcode::PONG, true, payload, sender, keys)
}
