//! What the present step of a case awaits.

use std::time::Duration;

use crate::case::{Alternative, HeaderCheck, Mark, Outcome, Step};

use super::{
    Pending, Seen, Session,
    expect::{self, Met},
};

impl Session {
    /// The alternatives that are awaited now.
    pub(super) fn group(&self) -> Option<&[Alternative]> {
        match self.rest.front() {
            Some(Pending {
                step: Step::Expect(group),
                ..
            }) if !self.closing => Some(group),
            _ => None,
        }
    }

    /// How long the target has to be silent now.
    pub(super) fn awaited_silence(&self) -> Option<Duration> {
        if self.failing {
            // It has spoken: what is awaited now is the end of TCP.
            return None;
        }
        let outcomes = self
            .group()?
            .iter()
            .flat_map(|alternative| &alternative.outcomes);
        outcomes
            .filter_map(|outcome| match outcome {
                Outcome::Silence(time) => Some(*time),
                _ => None,
            })
            .min()
    }

    /// The alternative of a group that `seen` meets, in the order of their worth.
    pub(super) fn choose(&self, group: &[Alternative], seen: &Seen) -> Option<(usize, Met)> {
        let worth = |mark: &Mark| match mark {
            Mark::Required => 0,
            Mark::Tolerated(_) => 1,
            Mark::NotApplicable(_) => 2,
        };
        let mut order: Vec<usize> = (0..group.len()).collect();
        order.sort_by_key(|index| worth(&group[*index].mark));
        order.into_iter().find_map(|index| {
            let met = group[index].outcomes.iter().filter_map(|outcome| {
                if self.failing {
                    // Its Close has come: what is left of failing the connection is the end of TCP.
                    return match (outcome, seen) {
                        (Outcome::Fail(code), Seen::End(_)) => Some((index, self.failed(*code))),
                        _ => None,
                    };
                }
                match (outcome, seen) {
                    (Outcome::Fail(code), Seen::End(_)) => Some((index, self.failed(*code))),
                    _ => expect::meets(outcome, seen, self.setup.target, self.seed, &|text| {
                        self.expand(text)
                    })
                    .map(|met| (index, met)),
                }
            });
            // Of outcomes of equal worth that are all met, one that is met in full counts.
            met.reduce(|best, next| match (&best.1, &next.1) {
                (Met::But(_), Met::Plainly) => next,
                _ => best,
            })
        })
    }

    /// The target has failed the connection: what there is to say of its Close frame.
    pub(super) fn failed(&self, wanted: Option<u16>) -> Met {
        match (&self.got_close, wanted) {
            (None, _) => Met::But(
                "closed TCP without a Close frame before it (RFC 6455, section 7.1.7: SHOULD)"
                    .into(),
            ),
            (Some(_), None) => Met::Plainly,
            (Some(body), Some(wanted)) if body.code() == Some(wanted) => Met::Plainly,
            (Some(body), Some(wanted)) => Met::But(match body.code() {
                Some(code) => format!("sent Close {code} where {wanted} fits"),
                None => format!("sent a Close without a code where {wanted} fits"),
            }),
        }
    }

    /// Whether the present group waits for the connection to be failed.
    pub(super) fn awaits_failure(&self) -> bool {
        self.failures_among(|_| true).next().is_some()
    }

    /// The codes of each `fail` among the alternatives of the present group with such a mark.
    pub(super) fn failures_among(
        &self,
        of: impl Fn(&Mark) -> bool,
    ) -> impl Iterator<Item = Option<u16>> {
        let group = self.group().unwrap_or_default().iter();
        group
            .filter(move |alternative| of(&alternative.mark))
            .flat_map(|alternative| &alternative.outcomes)
            .filter_map(|outcome| match outcome {
                Outcome::Fail(code) => Some(*code),
                _ => None,
            })
    }

    /// The checks of what was wanted with such a status; with another one the headers are not what is wrong.
    pub(super) fn checks_of_responses(&self, status: u16) -> Vec<HeaderCheck> {
        self.checks(|outcome| match outcome {
            Outcome::Response(wanted, checks) => expect::status(*wanted, status).then_some(checks),
            Outcome::Refusal(_, checks) => (status >= 400).then_some(checks),
            _ => None,
        })
    }

    pub(super) fn checks_of_requests(&self) -> Vec<HeaderCheck> {
        self.checks(|outcome| match outcome {
            Outcome::Request(checks) => Some(checks),
            _ => None,
        })
    }

    fn checks(&self, of: impl Fn(&Outcome) -> Option<&Vec<HeaderCheck>>) -> Vec<HeaderCheck> {
        let group = self.group().unwrap_or_default();
        group
            .iter()
            .flat_map(|alternative| &alternative.outcomes)
            .find_map(of)
            .cloned()
            .unwrap_or_default()
    }
}
