//! How much a step sends and expects: the parser bounds it.

use super::{Body, Case, FrameStep, Outcome, Payload, Send, Step};

/// The longest frame header (RFC 6455, section 5.2).
const HEADER: usize = 14;

impl Case {
    /// Octets that it sends at most, all branches together.
    pub fn octets_sent(&self) -> usize {
        self.steps
            .iter()
            .fold(0, |sum: usize, step| sum.saturating_add(step.sent()))
    }

    /// Octets that it sends and expects at most, all branches together.
    pub fn weight(&self) -> usize {
        let steps = self.steps.iter().map(Step::weight);
        steps.fold(0, usize::saturating_add)
    }
}

impl FrameStep {
    /// Octets on the wire (at most) and frames.
    pub(super) fn weight(&self) -> (usize, usize) {
        let payload = match &self.body {
            Body::Data(_, payload) => payload.len(),
            Body::Close(None) => 0,
            Body::Close(Some((_, reason))) => reason.len().saturating_add(2),
        };
        let frames = self.frag.map_or(1, |n| payload.div_ceil(n.max(1)).max(1));
        let frames = frames.saturating_mul(self.times as usize);
        let octets = payload.saturating_mul(self.times as usize);
        (octets.saturating_add(frames.saturating_mul(HEADER)), frames)
    }
}

impl Step {
    /// Octets sent and expected, at most.
    pub(super) fn weight(&self) -> usize {
        match self {
            Step::Send(Send::Frame(frame)) => frame.weight().0,
            Step::Send(Send::Bytes(octets, _)) => octets.len(),
            Step::Send(Send::Request(step) | Send::Response(_, step)) => step.weight(),
            Step::Send(Send::Eof | Send::Reset | Send::Pause) => 0,
            Step::Expect(alternatives) => alternatives.iter().fold(0, |sum: usize, a| {
                let outcomes = a.outcomes.iter().map(Outcome::weight);
                let then = a.then.iter().flatten().map(Step::weight);
                outcomes.chain(then).fold(sum, usize::saturating_add)
            }),
        }
    }
}

impl Step {
    /// Octets sent, at most.
    pub(super) fn sent(&self) -> usize {
        match self {
            Step::Send(_) => self.weight(),
            Step::Expect(alternatives) => alternatives
                .iter()
                .flat_map(|alternative| alternative.then.iter().flatten())
                .fold(0, |sum: usize, step| sum.saturating_add(step.sent())),
        }
    }
}

impl Outcome {
    fn weight(&self) -> usize {
        let times = |payload: &Payload, n: u32| payload.len().saturating_mul(n as usize);
        match self {
            Outcome::Text(payload, n) | Outcome::Binary(payload, n) => times(payload, *n),
            Outcome::Ping(Some(payload)) | Outcome::Pong(payload) => payload.len(),
            _ => 0,
        }
    }
}
