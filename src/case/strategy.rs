//! Arbitrary cases, as a parser could give them.

use std::time::Duration;

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    Alternative, Body, Case, CloseWanted, Cut, FrameStep, HandshakeStep, HeaderCheck, HeaderEdit,
    Level, Mark, MaskChoice, Need, Outcome, Payload, Profile, Role, Send, StatusWanted, Step,
    document::MAX_PIECES,
    payload::{Part, What},
};
use crate::{
    rules,
    wire::{frame::Form, handshake::values},
};

/// Any payload, of moderate length.
pub fn payload() -> impl Strategy<Value = Payload> {
    let what = prop_oneof![
        3 => vec(any::<u8>(), 1..20).prop_map(What::Text),
        3 => any::<String>().prop_filter("no octets", |s| !s.is_empty()).prop_map(|s| What::Text(s.into_bytes())),
        2 => vec(any::<u8>(), 1..20).prop_map(What::Hex),
        1 => (0usize..5000).prop_map(What::Ascii),
        1 => (0usize..5000).prop_map(What::Utf8),
        1 => (0usize..5000).prop_map(What::Random),
    ];
    let part = (what, prop_oneof![4 => Just(1), 1 => 0u32..60]);
    vec(part.prop_map(|(what, times)| Part { what, times }), 0..4).prop_map(Payload)
}

/// One line of printable text, braces and dollars among it.
fn line() -> impl Strategy<Value = String> {
    "[ -~äß水😀{}]{1,30}"
        .prop_map(|s| s.trim().to_string())
        .prop_filter("empty", |s| !s.is_empty())
}

fn header_name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9][A-Za-z0-9!#$%&'*+.^_`|~-]{0,20}"
}

fn header_value() -> impl Strategy<Value = String> {
    let values = select(&values::NAMES[..]);
    let word = prop_oneof![
        3 => "[ -#%-~äß水{}]{0,12}".prop_map(String::from),
        1 => Just("$$".to_string()),
        // The blank keeps a name from growing into another one.
        1 => values.prop_map(|v| format!("${v} ")),
    ];
    vec(word, 0..4).prop_map(|words| words.concat().trim().to_string())
}

/// A payload whose strings hold no `$` that is none of the values.
fn with_values() -> impl Strategy<Value = Payload> {
    payload().prop_map(|mut payload| {
        for part in &mut payload.0 {
            if let What::Text(text) = &mut part.what {
                text.iter_mut()
                    .filter(|b| **b == b'$')
                    .for_each(|b| *b = b'S');
            }
        }
        payload
    })
}

fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![
        4 => Just(Cut::Whole),
        1 => (16usize..2000).prop_map(Cut::Chop),
        1 => (1usize..2000).prop_map(Cut::At),
    ]
}

fn bounded(cut: Cut, least: usize) -> Cut {
    match cut {
        Cut::Chop(size) => Cut::Chop(size.max(least)),
        cut => cut,
    }
}

/// Any frame that can be written.
pub fn frame() -> impl Strategy<Value = FrameStep> {
    let body = prop_oneof![
        4 => (0u8..16, payload()).prop_map(|(opcode, p)| Body::Data(opcode, p)),
        1 => option::of((any::<u16>(), payload())).prop_map(Body::Close),
    ];
    let mask = prop_oneof![
        3 => Just(MaskChoice::Habit),
        1 => Just(MaskChoice::Masked),
        1 => Just(MaskChoice::Unmasked),
        1 => any::<[u8; 4]>().prop_map(MaskChoice::Key),
    ];
    let form = option::of(select(&[Form::Seven, Form::Sixteen, Form::SixtyFour][..]));
    let length = option::of(prop_oneof![any::<u64>(), 0u64..70_000]);
    let times = prop_oneof![3 => Just(1), 1 => 1u32..50];
    let frag = option::of(1usize..3000);
    (
        body,
        any::<bool>(),
        any::<[bool; 3]>(),
        mask,
        form,
        length,
        frag,
        times,
        cut(),
    )
        .prop_map(|(body, fin, rsv, mask, form, length, frag, times, cut)| {
            let octets = match &body {
                Body::Data(_, payload) | Body::Close(Some((_, payload))) => payload.len(),
                Body::Close(None) => 0,
            };
            // No more pieces than a step may have, with room for the headers of small fragments.
            let least = octets * times as usize / (MAX_PIECES / 32) + 1;
            FrameStep {
                body,
                fin,
                rsv,
                mask,
                form,
                length,
                frag: frag.map(|size| size.max(least)),
                times,
                cut: bounded(cut, least),
            }
        })
}

fn edit() -> impl Strategy<Value = HeaderEdit> {
    prop_oneof![
        (header_name(), header_value()).prop_map(|(n, v)| HeaderEdit::Set(n, v)),
        (header_name(), header_value()).prop_map(|(n, v)| HeaderEdit::Add(n, v)),
        header_name().prop_map(HeaderEdit::Remove),
        with_values().prop_map(HeaderEdit::Raw),
    ]
}

fn handshake(request: bool) -> impl Strategy<Value = Box<HandshakeStep>> {
    let text = || option::of(any::<String>().prop_map(|s| s.replace('$', "$$")));
    let value = || option::of(with_values());
    let texts = (text(), text());
    let values = (value(), value(), value(), value(), value(), value());
    (texts, values, vec(edit(), 0..4), cut()).prop_map(move |(texts, values, headers, cut)| {
        let (method, version) = texts;
        let (target, reason, line, eol, end, body) = values;
        Box::new(HandshakeStep {
            method: method.filter(|_| request),
            target: target.filter(|_| request),
            version,
            reason: reason.filter(|_| !request),
            line,
            eol,
            end,
            body,
            headers,
            cut,
        })
    })
}

/// Anything that the suite can send.
pub fn send() -> impl Strategy<Value = Send> {
    prop_oneof![
        6 => frame().prop_map(Send::Frame),
        1 => (payload(), cut()).prop_map(|(p, c)| Send::Bytes(p, c)),
        1 => handshake(true).prop_map(Send::Request),
        1 => (100u16..1000, handshake(false)).prop_map(|(c, h)| Send::Response(c, h)),
        1 => Just(Send::Eof),
        1 => Just(Send::Reset),
        1 => Just(Send::Pause),
    ]
}

fn checks() -> impl Strategy<Value = Vec<HeaderCheck>> {
    let check = prop_oneof![
        (header_name(), header_value()).prop_map(|(n, v)| HeaderCheck::Is(n, v)),
        header_name().prop_map(HeaderCheck::Present),
        header_name().prop_map(HeaderCheck::Absent),
    ];
    vec(check, 0..3)
}

/// Anything that a target can be expected to do.
pub fn outcome() -> impl Strategy<Value = Outcome> {
    let close = prop_oneof![
        Just(CloseWanted::Any),
        Just(CloseWanted::Empty),
        (any::<u16>(), option::of(payload())).prop_map(|(c, r)| CloseWanted::Code(c, r)),
    ];
    let times = || prop_oneof![3 => Just(1), 1 => 1u32..50];
    let time = prop_oneof![1u64..60_000, (1u64..=60).prop_map(|s| s * 1000)];
    let status = prop_oneof![
        (100u16..1000).prop_map(StatusWanted::Code),
        (1u8..10).prop_map(StatusWanted::Class),
    ];
    prop_oneof![
        (payload(), times()).prop_map(|(p, n)| Outcome::Text(p, n)),
        (payload(), times()).prop_map(|(p, n)| Outcome::Binary(p, n)),
        option::of(payload()).prop_map(Outcome::Ping),
        payload().prop_map(Outcome::Pong),
        close.prop_map(Outcome::Close),
        option::of(any::<u16>()).prop_map(Outcome::Fail),
        Just(Outcome::Eof),
        Just(Outcome::Reset),
        time.prop_map(|ms| Outcome::Silence(Duration::from_millis(ms))),
        (status, checks()).prop_map(|(s, c)| Outcome::Response(s, c)),
        (option::of(400u16..600), checks()).prop_map(|(s, c)| Outcome::Refusal(s, c)),
        checks().prop_map(Outcome::Request),
    ]
}

/// Header lines belong to one outcome of a line: of several, none has any.
fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    vec(outcome(), 1..4).prop_map(|mut outcomes| {
        let mut heads: Vec<_> = outcomes
            .iter_mut()
            .filter_map(|outcome| match outcome {
                Outcome::Response(_, c) | Outcome::Refusal(_, c) | Outcome::Request(c) => Some(c),
                _ => None,
            })
            .collect();
        if heads.len() > 1 {
            heads.iter_mut().for_each(|checks| checks.clear());
        }
        outcomes
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let leaf = prop_oneof![
        send().prop_map(Step::Send),
        outcomes().prop_map(|outcomes| {
            Step::Expect(vec![Alternative {
                mark: Mark::Required,
                outcomes,
                then: None,
            }])
        }),
    ];
    let step = leaf.prop_recursive(3, 16, 3, |inner| {
        let why = any::<String>().prop_filter("blank", |s| !s.trim().is_empty());
        let mark = (any::<bool>(), why).prop_map(|(tolerated, why)| match tolerated {
            true => Mark::Tolerated(why),
            false => Mark::NotApplicable(why),
        });
        let then = option::of(vec(inner, 1..4));
        let other =
            (mark, outcomes(), then.clone()).prop_map(|(mark, outcomes, then)| Alternative {
                mark,
                outcomes,
                then,
            });
        (outcomes(), then, vec(other, 0..3)).prop_map(|(outcomes, then, others)| {
            let first = Alternative {
                mark: Mark::Required,
                outcomes,
                then,
            };
            Step::Expect([vec![first], others].concat())
        })
    });
    vec(step, 0..6)
}

/// Any case, as the parser could give it.
pub fn case() -> impl Strategy<Value = Case> {
    let ids: Vec<String> = rules::all()
        .iter()
        .map(|rule| rule.id.to_string())
        .collect();
    let row = option::of("[A-Za-z0-9._+=-]{1,8}");
    let id = ("[a-z0-9-]{1,12}", row).prop_map(|(slug, row)| match row {
        Some(row) => format!("folder/file/{slug}[{row}]"),
        None => format!("folder/file/{slug}"),
    });
    let checks = proptest::sample::subsequence(ids, 1..4).prop_shuffle();
    let level = option::of(select(&[Level::Should, Level::May][..]));
    let role = option::of(select(&[Role::Server, Role::Client][..]));
    let profile = option::of(Just(Profile::Browser));
    let needs = proptest::sample::subsequence(&[Need::Echo, Need::Subprotocol][..], 0..=2);
    let autobahn = proptest::collection::btree_set(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}", 0..3)
        .prop_map(|numbers| numbers.into_iter().collect());
    let keys = (
        id,
        line(),
        checks,
        level,
        (role, profile),
        needs,
        autobahn,
        option::of(line()),
        (any::<bool>(), option::of(1..=500usize)),
    );
    (keys, steps()).prop_map(|(keys, steps)| {
        let (id, title, checks, level, (role, profile), needs, autobahn, class, (heavy, beside)) =
            keys;
        let beside = beside
            .filter(|_| role == Some(Role::Server))
            .unwrap_or_default();
        Case {
            id,
            title,
            checks,
            level,
            role,
            profile,
            needs,
            autobahn,
            class,
            heavy,
            beside,
            steps,
        }
    })
}
