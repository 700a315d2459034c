//! Whether something that the target did is what an outcome says.

use crate::{
    case::{Alternative, CloseWanted, HeaderCheck, Mark, Outcome, StatusWanted, print},
    wire::{
        close::{self, CloseBody},
        handshake::{Head, Response},
        message::Kind,
    },
};

use super::seen::{End, Seen};
use crate::case::Role;

/// Replaces `$key` and the like.
pub(super) type Expand<'a> = dyn Fn(&str) -> Vec<u8> + 'a;

/// How an outcome was met.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// In full.
    Plainly,
    /// Allowed, but to be told.
    But(String),
}

/// Whether `seen` meets `outcome`; `Fail` is met by the end alone, its Close frame is the session's to keep.
pub(super) fn meets(
    outcome: &Outcome,
    seen: &Seen,
    target: Role,
    seed: u64,
    expand: &Expand,
) -> Option<Met> {
    let plainly = |met: bool| met.then_some(Met::Plainly);
    match (outcome, seen) {
        (Outcome::Text(wanted, _), Seen::Message(message)) => plainly(
            message.kind == Kind::Text && message.payload == wanted.octets(seed),
        ),
        (Outcome::Binary(wanted, _), Seen::Message(message)) => plainly(
            message.kind == Kind::Binary && message.payload == wanted.octets(seed),
        ),
        (Outcome::Ping(wanted), Seen::Ping(payload)) => {
            plainly(wanted.as_ref().is_none_or(|wanted| *payload == wanted.octets(seed)))
        }
        (Outcome::Pong(wanted), Seen::Pong(payload)) => plainly(*payload == wanted.octets(seed)),
        (Outcome::Close(wanted), Seen::Close(body)) => plainly(match (wanted, body) {
            (CloseWanted::Any, CloseBody::Empty) => true,
            (CloseWanted::Any, CloseBody::Code(code, _)) => close::may_send(*code, target),
            (CloseWanted::Empty, CloseBody::Empty) => true,
            (CloseWanted::Code(wanted, reason), CloseBody::Code(code, got)) => {
                wanted == code
                    && reason.as_ref().is_none_or(|reason| *got == reason.octets(seed))
            }
            _ => false,
        }),
        (Outcome::Eof, Seen::End(_)) => Some(Met::Plainly),
        (Outcome::Reset, Seen::End(End::Reset(_))) => Some(Met::Plainly),
        (Outcome::Response(wanted, checks), Seen::Response(response)) => plainly(
            status(*wanted, response.status) && checks.iter().all(|c| held(c, &response.head, expand)),
        ),
        (Outcome::Refusal(wanted, checks), Seen::Response(response)) => {
            refusal(*wanted, checks, response, expand)
        }
        (Outcome::Refusal(..), Seen::End(_)) => Some(Met::But(
            "closed TCP without an HTTP answer (RFC 6455, section 10.7 allows to drop what is not understood)".into(),
        )),
        (Outcome::Request(checks), Seen::Request(request)) => {
            plainly(checks.iter().all(|c| held(c, &request.head, expand)))
        }
        (Outcome::Silence(_), Seen::Silence) => Some(Met::Plainly),
        _ => None,
    }
}

/// Whether a status is the one that was wanted.
pub(super) fn status(wanted: StatusWanted, status: u16) -> bool {
    match wanted {
        StatusWanted::Code(code) => code == status,
        StatusWanted::Class(digit) => u16::from(digit) == status / 100,
    }
}

fn refusal(
    wanted: Option<u16>,
    checks: &[HeaderCheck],
    response: &Response,
    expand: &Expand,
) -> Option<Met> {
    if response.status == 101 || !checks.iter().all(|c| held(c, &response.head, expand)) {
        return None;
    }
    match (wanted, response.status) {
        (Some(code), status) if code == status => Some(Met::Plainly),
        (None, 400..=599) => Some(Met::Plainly),
        (Some(code), status) => Some(Met::But(format!(
            "refused with status {status} where {code} fits"
        ))),
        (None, status) => Some(Met::But(format!(
            "answered with status {status}, as to an ordinary HTTP request, where a refusal was due"
        ))),
    }
}

/// Whether a header section passes a check.
fn held(check: &HeaderCheck, head: &Head, expand: &Expand) -> bool {
    match check {
        HeaderCheck::Present(name) => head.values(name).next().is_some(),
        HeaderCheck::Absent(name) => head.values(name).next().is_none(),
        HeaderCheck::Is(name, wanted) => {
            let wanted = expand(wanted);
            let list = [
                "upgrade",
                "connection",
                "sec-websocket-version",
                "sec-websocket-extensions",
            ];
            if list.iter().any(|field| name.eq_ignore_ascii_case(field)) {
                head.elements(name)
                    .any(|element| element.eq_ignore_ascii_case(&wanted[..]))
            } else {
                let mut values = head.values(name);
                values.next().is_some_and(|value| value == &wanted[..]) && values.next().is_none()
            }
        }
    }
}

/// The checks that a head does not pass, in words.
pub(super) fn missed(checks: &[HeaderCheck], head: &Head, expand: &Expand) -> Vec<String> {
    checks
        .iter()
        .filter(|check| !held(check, head, expand))
        .map(|check| match check {
            HeaderCheck::Present(name) => format!("no {name}"),
            HeaderCheck::Absent(name) => format!("{name} although there should be none"),
            HeaderCheck::Is(name, wanted) => {
                let wanted = print::octets(&expand(wanted), true);
                let got: Vec<_> = head
                    .values(name)
                    .map(|value| print::octets(value, true))
                    .collect();
                if got.is_empty() {
                    format!("no {name}, expected {wanted}")
                } else {
                    format!("{name} is {}, expected {wanted}", got.join(" and "))
                }
            }
        })
        .collect()
}

/// Which lane a group of alternatives waits on. A pong and a message may pass each other; nothing passes the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Messages,
    Pongs,
    Barrier,
}

/// The lane of a group: that of its required outcomes.
pub(super) fn lane(group: &[Alternative]) -> Lane {
    let mut lanes = group
        .iter()
        .filter(|alternative| alternative.mark == Mark::Required)
        .flat_map(|alternative| &alternative.outcomes)
        .map(|outcome| match outcome {
            Outcome::Text(..) | Outcome::Binary(..) => Lane::Messages,
            Outcome::Pong(_) => Lane::Pongs,
            _ => Lane::Barrier,
        });
    let first = lanes.next().unwrap_or(Lane::Barrier);
    if lanes.all(|lane| lane == first) {
        first
    } else {
        Lane::Barrier
    }
}
