//! One case tried once, and the pulse of the target behind it.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Item, Options,
    canary::{Canary, Flight, Sight},
    reach::Unreached,
};
use crate::{
    drive::{self, ConnectError, Dialler, Target, Terms, exchange},
    session::{Judgement, Setup, Transcript, Verdict},
};

/// What all connections of a run have in common.
pub struct Ground {
    /// Whom.
    pub target: Target,
    /// How.
    pub dialler: Dialler,
    /// With what.
    pub options: Options,
}

/// A case that was tried.
pub struct Tried {
    /// Which.
    pub item: Item,
    /// With this patience.
    pub patience: Duration,
    /// What came of it.
    pub judgement: Judgement,
    /// What was said.
    pub transcript: Transcript,
    /// How long it took.
    pub took: Duration,
    /// The longest time in which nothing happened.
    pub waited: Duration,
    /// TCP or TLS did not come about.
    pub unconnected: bool,
}

impl Tried {
    /// A case that was not played.
    pub fn untried(item: Item, judgement: Judgement) -> Tried {
        Tried {
            item,
            patience: Duration::ZERO,
            judgement,
            transcript: Transcript::default(),
            took: Duration::ZERO,
            waited: Duration::ZERO,
            unconnected: false,
        }
    }

    /// A case whose task came to grief.
    pub fn failed(item: Item, why: String) -> Tried {
        let reason = format!("the suite failed while it played the case: {why}");
        Tried::untried(item, without(Verdict::Error, reason))
    }

    /// The target may have suffered: it is looked after before the case is judged.
    pub fn wants_pulse(&self) -> bool {
        self.judgement.dropped
            || self.judgement.timed_out
            || self.judgement.verdict == Verdict::Error
    }

    /// The judgement is kept as it is, also when it was made beside other cases.
    pub fn is_settled(&self) -> bool {
        matches!(
            self.judgement.verdict,
            Verdict::Pass | Verdict::Tolerated | Verdict::NotApplicable
        ) && !self.judgement.timed_out
    }
}

/// A judgement without a connection.
pub fn without(verdict: Verdict, reason: impl Into<String>) -> Judgement {
    Judgement {
        verdict,
        reason: reason.into(),
        findings: Vec::new(),
        dropped: false,
        timed_out: false,
    }
}

/// So many octets of events are recorded.
const RECORD: usize = 256 << 10;

impl Ground {
    /// Plays a case over a connection of its own.
    pub async fn attempt(self: Arc<Self>, item: Item, echo: bool, patience: Duration) -> Tried {
        let start = Instant::now();
        let setup = Setup {
            echo,
            patience,
            ..self.options.setup.clone()
        };
        let terms = self.terms(patience, RECORD);
        let played = drive::play(&self.dialler, item.case.clone(), setup, &terms).await;
        let took = start.elapsed();
        match played {
            Ok(played) => {
                let times = played.recording.events.iter().map(|(at, _)| *at);
                let waits = times
                    .clone()
                    .zip(times.skip(1))
                    .map(|(a, b)| b.saturating_sub(a));
                let waited = waits.max().unwrap_or_default();
                let judgement = played.session.judgement().cloned().unwrap_or_else(|| {
                    without(
                        Verdict::Error,
                        "the suite came to no judgement, which is its own fault",
                    )
                });
                let transcript = played.session.transcript().clone();
                Tried {
                    item,
                    patience,
                    judgement,
                    transcript,
                    took,
                    waited,
                    unconnected: false,
                }
            }
            Err(error) => Tried {
                patience,
                took,
                waited: took,
                unconnected: true,
                ..Tried::untried(item, without(Verdict::Error, error.to_string()))
            },
        }
    }

    /// Sends a canary out.
    pub async fn canary(&self, flight: Flight, patience: Duration) -> Result<Sight, ConnectError> {
        let setup = Setup {
            patience,
            ..self.options.setup.clone()
        };
        let mut canary = Canary::new(flight, &setup);
        let start = Instant::now();
        let transport = self.dialler.dial(patience).await?;
        exchange(&mut canary, transport, start, &self.terms(patience, 0)).await;
        Ok(canary.sight())
    }

    /// The quickest of the canary's flights: the one that was seen, and so many more.
    pub async fn round_trip(&self, seen: &Sight, more: usize) -> Duration {
        // What was not answered would be waited for again.
        let flight = match seen.echo && seen.ping && seen.close {
            true => Flight::Whole,
            false => Flight::Pulse,
        };
        let mut quickest = seen.round_trip;
        for _ in 0..more {
            if let Ok(sight) = self.canary(flight, self.options.timeout).await
                && sight.is_up()
            {
                quickest = quickest.min(sight.round_trip);
            }
        }
        quickest
    }

    /// Sends canaries out until one finds the target up, until the timeout. Gives back what it saw, and whether the target was away before.
    pub async fn pulse(&self, flight: Flight) -> Result<(Sight, bool), Unreached> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(5);
        let mut away = false;
        loop {
            let left = self
                .options
                .timeout
                .saturating_sub(start.elapsed())
                .max(pause);
            let gone = match self.canary(flight, left).await {
                Ok(sight) => match Unreached::from_sight(&sight, &self.target, left) {
                    None => return Ok((sight, away)),
                    Some(gone) => gone,
                },
                Err(error) => Unreached::from_connect(&error, &self.target),
            };
            away = true;
            if start.elapsed() >= self.options.timeout {
                return Err(gone);
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    fn terms(&self, patience: Duration, record: usize) -> Terms {
        Terms {
            patience,
            connect: self.options.timeout,
            delivery: self.options.delivery,
            record,
        }
    }
}
