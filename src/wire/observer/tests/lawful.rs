//! Streams of a lawful sender, and what one change does to them.

use proptest::{prelude::*, sample::Index};

use super::*;

/// What a sender does next.
#[derive(Clone, Debug)]
enum Part {
    Message {
        text: bool,
        payload: String,
        cuts: Vec<Index>,
        between: Vec<(Index, Frame)>,
    },
    Control(Frame),
}

fn control() -> impl Strategy<Value = Frame> {
    (any::<bool>(), prop::collection::vec(any::<u8>(), 0..=125)).prop_map(|(ping, payload)| {
        if ping {
            Frame::ping(payload)
        } else {
            Frame::pong(payload)
        }
    })
}

fn part() -> impl Strategy<Value = Part> {
    let message = (
        any::<bool>(),
        prop_oneof![4 => any::<String>(), 1 => (120..140usize).prop_map(|n| "\u{20ac}".repeat(n)), 1 => Just("x".repeat(70_000))],
        prop::collection::vec(any::<Index>(), 0..4),
        prop::collection::vec((any::<Index>(), control()), 0..3),
    );
    prop_oneof![
        3 => message.prop_map(|(text, payload, cuts, between)| Part::Message { text, payload, cuts, between }),
        1 => control().prop_map(Part::Control),
    ]
}

fn closing(role: Role) -> impl Strategy<Value = Option<Frame>> {
    let codes: Vec<u16> = (1000..5000)
        .filter(|&code| crate::wire::close::may_send(code, role))
        .collect();
    let bodies = prop_oneof![
        Just(CloseBody::Empty),
        (prop::sample::select(codes), "\\PC{1,30}")
            .prop_map(|(code, reason)| CloseBody::new(code, reason)),
    ];
    prop::option::of(bodies.prop_map(|body| Frame::close(&body)))
}

/// All frames of a part; of a fragmented message the fragments, with the control frames between them.
fn frames(part: &Part) -> Vec<Frame> {
    let Part::Message {
        text,
        payload,
        cuts,
        between,
    } = part
    else {
        let Part::Control(frame) = part else {
            unreachable!()
        };
        return vec![frame.clone()];
    };
    let octets = payload.as_bytes();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(octets.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(octets.len());
    let (mut at, last) = (0, ends.len() - 1);
    let mut frames = Vec::new();
    for (i, &end) in ends.iter().enumerate() {
        let opcode = match (i, text) {
            (0, true) => Opcode::TEXT,
            (0, false) => Opcode::BINARY,
            _ => Opcode::CONTINUATION,
        };
        let piece = octets[std::mem::replace(&mut at, end)..end].to_vec();
        frames.push(Frame::new(opcode, piece).with_fin(i == last));
        if i < last {
            frames.extend(
                between
                    .iter()
                    .filter(|(place, _)| place.index(last) == i)
                    .map(|(_, frame)| frame.clone()),
            );
        }
    }
    frames
}

fn stream(role: Role) -> impl Strategy<Value = Vec<Frame>> {
    (
        prop::collection::vec(part(), 1..5),
        closing(role),
        any::<u64>(),
    )
        .prop_map(move |(parts, close, seed)| {
            let mut keys = fastrand::Rng::with_seed(seed);
            let frames = parts.iter().flat_map(frames).chain(close);
            frames
                .map(|frame| match role {
                    Role::Client => frame.with_key(keys.u32(..).to_be_bytes()),
                    Role::Server => frame,
                })
                .collect()
        })
}

fn both() -> impl Strategy<Value = (Role, Vec<Frame>)> {
    prop_oneof![Just(Role::Client), Just(Role::Server)]
        .prop_flat_map(|role| (Just(role), stream(role)))
}

fn judge(role: Role, frames: &[Frame]) -> Vec<Breach> {
    let mut observer = observer(role, &[]);
    frames
        .iter()
        .flat_map(|frame| observer.frame(frame))
        .collect()
}

/// The changes that can be made to a lawful stream at frame `at`, each with the only rule that it breaks.
fn change(role: Role, frames: &mut Vec<Frame>, at: usize, choice: usize) -> &'static str {
    let key = (role == Role::Client).then_some([0x13, 0x9a, 0x57, 0xde]);
    let closed = frames
        .iter()
        .any(|frame| frame.header.opcode == Opcode::CLOSE);
    let frame = &mut frames[at];
    let opcode = frame.header.opcode;
    match choice {
        0 => {
            frame.header.key = match role {
                Role::Client => None,
                Role::Server => Some([1, 2, 3, 4]),
            };
            match (role, opcode) {
                (Role::Server, _) => "6455-5.1-5",
                (Role::Client, Opcode::CLOSE) => "6455-5.5.1-7",
                (Role::Client, _) => "6455-5.1-1",
            }
        }
        1..=3 => {
            frame.header.rsv[choice - 1] = true;
            "6455-5.2-2"
        }
        4 if frame.payload.len() < 65536 => {
            frame.header.form = Form::SixtyFour;
            "6455-5.2-12"
        }
        5 if opcode.is_control() => {
            frame.header.fin = false;
            "6455-5.4-9"
        }
        6 if opcode.is_control() => {
            let mut payload = frame.payload.to_vec();
            payload.resize(126, b'x');
            if payload.starts_with(b"xx") && opcode == Opcode::CLOSE {
                payload[..2].copy_from_slice(&1000u16.to_be_bytes());
            }
            *frame = Frame::new(opcode, payload).with_key(frame.header.key);
            "6455-5.5-1"
        }
        7 if opcode == Opcode::TEXT => {
            let payload = [&b"\xff"[..], &frame.payload].concat();
            *frame = Frame::new(opcode, payload)
                .with_key(frame.header.key)
                .with_fin(frame.header.fin);
            "6455-5.6-1"
        }
        8 if frame.header.fin && opcode == Opcode::CONTINUATION => {
            frames.insert(at + 1, Frame::continuation("orphan").with_key(key));
            "6455-5.4-3"
        }
        9 if !frame.header.fin => {
            frames.insert(at + 1, Frame::binary("inside").with_key(key));
            "6455-5.4-12"
        }
        10 => {
            frames.insert(at, Frame::new(Opcode::new(0xd), "reserved").with_key(key));
            "6455-5.2-6"
        }
        11 if closed => {
            frames.push(Frame::continuation("late").with_key(key));
            "6455-5.5.1-8"
        }
        12 if closed => {
            frames.push(Frame::close(&CloseBody::Empty).with_key(key));
            "6455-5.5.1-19"
        }
        13 if opcode == Opcode::CLOSE => {
            *frame = Frame::close(&CloseBody::Short(3)).with_key(key);
            "6455-5.5.1-2"
        }
        14 if opcode == Opcode::CLOSE => {
            *frame = close(1005, b"").with_key(key);
            "6455-7.4.1-7"
        }
        _ => "",
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn says_nothing_of_a_lawful_stream((role, frames) in both()) {
        prop_assert_eq!(judge(role, &frames), []);
    }

    #[test]
    fn tells_the_rule_that_one_change_breaks((role, mut frames) in both(), at: Index, choice in 0..15usize) {
        let at = at.index(frames.len());
        let rule = change(role, &mut frames, at, choice);
        let told: Vec<&str> = judge(role, &frames).iter().map(Breach::rule).collect();
        prop_assert_eq!(told, if rule.is_empty() { vec![] } else { vec![rule] });
    }

    #[test]
    fn reads_any_octets_without_panic(octets in prop::collection::vec(any::<u8>(), 0..400), client: bool, limit in 0..300usize) {
        let role = if client { Role::Client } else { Role::Server };
        let (mut decoder, mut observer) = (Decoder::new(limit), observer(role, &[1000]));
        let mut assembler = crate::wire::message::Assembler::new(&Agreement::default(), 100);
        decoder.feed(&octets);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => {
                    for breach in observer.frame(&frame) {
                        prop_assert!(!breach.to_string().is_empty());
                    }
                    prop_assert!(!matches!(assembler.frame(&frame), Ok(Some(message)) if message.payload.len() > 100));
                }
                Ok(None) => break,
                Err(error) => {
                    observer.unreadable(&error);
                    break;
                }
            }
        }
        observer.end(&decoder.pending());
    }
}
