//! One case tried once, and the pulse of the target behind it.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Item, Options,
    canary::{self, Canary, Flight, Sight},
    reach::Unreached,
};
use crate::{
    drive::{self, ConnectError, Delivery, Dialler, Target, Terms, exchange, idle},
    process, report,
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
    /// The target came to its end in it.
    pub crashed: bool,
    /// The verdict with each delivery, where they differ.
    pub deliveries: Vec<(Delivery, Verdict)>,
    /// Another delivery has come to a judgement that is not to be kept as it is.
    beside: Beside,
}

/// What the deliveries whose verdict did not count leave to be done.
#[derive(Clone, Copy, Debug, Default)]
struct Beside {
    wants_pulse: bool,
    is_unsettled: bool,
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
            crashed: false,
            deliveries: Vec::new(),
            beside: Beside::default(),
        }
    }

    /// A case whose task came to grief.
    pub fn failed(item: Item, why: String) -> Tried {
        let reason = format!("the suite failed while it played the case: {why}");
        Tried::untried(item, without(Verdict::Error, reason))
    }

    /// The target may have suffered: it is looked after before the case is judged.
    pub fn wants_pulse(&self) -> bool {
        self.beside.wants_pulse
            || self.judgement.dropped
            || self.judgement.timed_out
            || self.judgement.verdict == Verdict::Error
    }

    /// The judgement is kept as it is, also when it was made beside other cases.
    pub fn is_settled(&self) -> bool {
        !self.beside.is_unsettled
            && matches!(
                self.judgement.verdict,
                Verdict::Pass | Verdict::Tolerated | Verdict::NotApplicable
            )
            && !self.judgement.timed_out
    }
}

/// The worst first: what fails a target, then what the suite could not find out, then what is allowed.
fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 5,
        Verdict::Error => 4,
        Verdict::Inconclusive => 3,
        Verdict::Tolerated => 2,
        Verdict::NotApplicable => 1,
        Verdict::Pass => 0,
    }
}

impl Tried {
    /// The worse of two deliveries of one case, this one when they are equal.
    fn or(self, next: Tried) -> Tried {
        let (worse, other) = match badness(next.judgement.verdict) > badness(self.judgement.verdict)
        {
            true => (next, self),
            false => (self, next),
        };
        Tried {
            took: worse.took + other.took,
            waited: worse.waited.max(other.waited),
            beside: Beside {
                wants_pulse: other.wants_pulse() || worse.beside.wants_pulse,
                is_unsettled: !other.is_settled() || worse.beside.is_unsettled,
            },
            ..worse
        }
    }

    /// Tells the verdicts of all deliveries, where they differ.
    fn with(mut self, verdicts: Vec<(Delivery, Verdict)>) -> Tried {
        if verdicts.windows(2).all(|two| two[0].1 == two[1].1) {
            return self;
        }
        let told: Vec<_> = verdicts
            .iter()
            .map(|(delivery, verdict)| format!("{}: {}", delivery.name(), report::word(*verdict)))
            .collect();
        self.judgement.reason = format!(
            "the verdict depends on the delivery ({}): {}",
            told.join(", "),
            self.judgement.reason
        );
        self.deliveries = verdicts;
        self
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

/// The target has come to its end in this case. A verdict that says something about the rule stays; one that the target owes to its fall does not.
pub fn blame(judgement: &mut Judgement, crash: &process::Crash) {
    if judgement.verdict != Verdict::Fail {
        judgement.verdict = Verdict::Error;
        judgement.reason = format!("the target crashed in this case: {crash}");
    }
}

/// So many octets of events are recorded.
const RECORD: usize = 256 << 10;

impl Ground {
    /// Plays a case with each delivery; the worst verdict counts.
    pub async fn attempt(self: Arc<Self>, item: Item, echo: bool, patience: Duration) -> Tried {
        let mut worst: Option<Tried> = None;
        let mut verdicts = Vec::new();
        let each = self.options.delivery;
        for &delivery in each.each() {
            let next = self.play(item.clone(), echo, patience, delivery).await;
            verdicts.push((delivery, next.judgement.verdict));
            let gone = next.unconnected;
            worst = Some(match worst {
                Some(before) => before.or(next),
                None => next,
            });
            if gone {
                break;
            }
        }
        match worst {
            Some(tried) => tried.with(verdicts),
            None => Tried::failed(item, "there is no delivery to play it with".to_owned()),
        }
    }

    /// Plays a case over a connection of its own.
    async fn play(&self, item: Item, echo: bool, patience: Duration, delivery: Delivery) -> Tried {
        let start = Instant::now();
        let setup = Setup {
            echo,
            patience,
            ..self.options.setup.clone()
        };
        let terms = self.terms(patience, RECORD, delivery);
        let beside = match item.case.beside {
            0 => Vec::new(),
            count => {
                let request = canary::request(&setup);
                idle::open(&self.dialler, &request, count, self.options.timeout).await
            }
        };
        let played = drive::play(&self.dialler, item.case.clone(), setup, &terms).await;
        drop(beside);
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
                    patience,
                    transcript,
                    took,
                    waited,
                    ..Tried::untried(item, judgement)
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
        let delivery = self.options.delivery.first();
        let terms = self.terms(patience, 0, delivery);
        exchange(&mut canary, transport, start, &terms).await;
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
            let ward = self.options.ward.as_ref();
            if let Some(ended) = ward.and_then(|ward| ward.has_ended()) {
                return Err(Unreached::Ended(ended));
            }
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

    fn terms(&self, patience: Duration, record: usize, delivery: Delivery) -> Terms {
        Terms {
            patience,
            connect: self.options.timeout,
            delivery,
            record,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Document, Level};

    fn tried(verdict: Verdict, dropped: bool) -> Tried {
        let file = b"case a\n  title: T\n  checks: 6455-5.5.2-2\n  > ping\n  < pong \"\"\n";
        let mut document = Document::parse("f", "f", file);
        let item = Item {
            position: 0,
            level: Level::Must,
            case: document.cases.remove(0).case,
        };
        let mut judgement = without(verdict, "Because.");
        judgement.dropped = dropped;
        Tried {
            took: Duration::from_millis(2),
            ..Tried::untried(item, judgement)
        }
    }

    #[test]
    fn the_worst_delivery_counts_and_the_others_are_told() {
        let both = tried(Verdict::Tolerated, true).or(tried(Verdict::Fail, false));
        assert!(both.wants_pulse() && !both.is_settled());
        assert_eq!(both.took, Duration::from_millis(4));
        let verdicts = vec![
            (Delivery::Whole, Verdict::Tolerated),
            (Delivery::Octets, Verdict::Fail),
        ];
        let told = both.with(verdicts.clone());
        assert_eq!(told.judgement.verdict, Verdict::Fail);
        assert_eq!(told.deliveries, verdicts);
        assert_eq!(
            told.judgement.reason,
            "the verdict depends on the delivery (whole: tolerated, octets: fail): Because."
        );
    }

    #[test]
    fn equal_verdicts_are_told_once() {
        let both = tried(Verdict::Pass, false).or(tried(Verdict::Pass, false));
        assert!(!both.wants_pulse() && both.is_settled());
        let verdicts = vec![
            (Delivery::Whole, Verdict::Pass),
            (Delivery::Coalesced, Verdict::Pass),
        ];
        let told = both.with(verdicts);
        assert!(told.deliveries.is_empty());
        assert_eq!(told.judgement.reason, "Because.");
    }

    #[test]
    fn what_suffered_with_one_delivery_is_looked_after() {
        let both = tried(Verdict::Pass, false).or(tried(Verdict::Pass, true));
        assert!(both.wants_pulse());
        let mut slow = tried(Verdict::Pass, false);
        slow.judgement.timed_out = true;
        assert!(!tried(Verdict::Tolerated, false).or(slow).is_settled());
    }
}
