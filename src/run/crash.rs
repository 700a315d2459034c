//! A target that the suite has started, and that is gone: the case that did it is looked for, and the target started again.
//!
//! Each case that was in flight is played alone against a fresh target, then those that had just landed: the one behind which the target is gone
//! again has done it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::{
    Item, Stop, Unreached,
    attempt::{self, Tried},
    canary::Flight,
    plan::{Flights, Plan},
};
use crate::{
    process::{self, Ward},
    report::{Crash, Lost},
};

/// So many cases that have landed are remembered at least, and [`PER_JOB`] for each that may be in flight: a target may take its time to fall.
pub(super) const RECENT: usize = 64;
pub(super) const PER_JOB: usize = 2;
/// So much time it is given to fall behind a case that ran alone.
const FALL: Duration = Duration::from_millis(300);

impl Plan<'_> {
    /// The target was gone while these were in flight, the likeliest first. Those that are judged now are so by their try alone; the others are given
    /// back.
    pub(super) async fn fallen(
        &mut self,
        ward: &Arc<Ward>,
        flying: Vec<Item>,
        gone: &Unreached,
    ) -> Result<Vec<Item>, Stop> {
        let first = ward.crashed().await;
        let names: Vec<String> = flying.iter().map(|item| item.case.id.clone()).collect();
        let landed: Vec<Item> = std::mem::take(&mut self.recent).into_iter().rev().collect();
        let mut flying: VecDeque<Item> = flying.into();
        self.restart(ward, None, &first).await?;
        // Those that this process has played, the latest last.
        let mut played: Vec<Item> = Vec::new();
        while let Some(item) = flying.pop_front() {
            if let Some((mut tried, mut crash)) = self.try_alone(ward, item.clone()).await? {
                if !played.is_empty() {
                    // It may be the fall of one before it, which takes its time.
                    self.restart(ward, Some(&item.case.id), &crash).await?;
                    match self.try_alone(ward, item).await? {
                        Some(again) => (tried, crash) = again,
                        None => {
                            if !self.late(ward, played).await? {
                                self.crashes.push(unknown(&crash, &names, gone));
                            }
                            return Ok(flying.into());
                        }
                    }
                }
                self.guilty(ward, tried, &crash).await?;
                return Ok(flying.into());
            }
            played.push(item);
        }
        for item in landed {
            if names.contains(&item.case.id) {
                continue;
            }
            if self.late(ward, vec![item]).await? {
                return Ok(Vec::new());
            }
        }
        self.crashes.push(unknown(&first, &names, gone));
        Ok(Vec::new())
    }

    /// Plays the cases again, the latest first, and gives the target time to fall behind each. Whether one of them has done it, which is judged anew.
    async fn late(&mut self, ward: &Ward, played: Vec<Item>) -> Result<bool, Stop> {
        for item in played.into_iter().rev() {
            let id = item.case.id.clone();
            let patience = self.ground.options.timeout;
            let tried = self.play_alone(item, patience).await;
            if ward.falls(FALL).await {
                let crash = ward.crashed().await;
                self.crashes.push(told(Some(&id), &crash));
                self.guilty_before(tried, &crash);
                self.restart(ward, Some(&id), &crash).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Plays a case against a fresh target, with nothing beside it, and judges it unless the target is gone behind it.
    async fn try_alone(
        &mut self,
        ward: &Ward,
        item: Item,
    ) -> Result<Option<(Tried, process::Crash)>, Stop> {
        let patience = self.ground.options.timeout;
        let tried = self.play_alone(item, patience).await;
        match self.is_gone(ward).await {
            Some(crash) => Ok(Some((tried, crash))),
            None => {
                self.judge(tried, false)?;
                Ok(None)
            }
        }
    }

    async fn play_alone(&self, item: Item, patience: Duration) -> Tried {
        let mut flight = Flights::default();
        flight.start(&self.ground, item.clone(), self.echo, patience);
        match flight.land().await {
            Some(tried) => tried,
            // Always there: it was started above.
            None => Tried::failed(item, "it did not come back".to_owned()),
        }
    }

    /// Whether the target is gone behind a case, which ran alone.
    async fn is_gone(&self, ward: &Ward) -> Option<process::Crash> {
        match self.ground.pulse(Flight::Pulse).await {
            Ok(_) => None,
            Err(_) => Some(ward.crashed().await),
        }
    }

    /// A case has done it: it is judged, and the target started again.
    pub(super) async fn guilty(
        &mut self,
        ward: &Ward,
        mut tried: Tried,
        crash: &process::Crash,
    ) -> Result<(), Stop> {
        let id = tried.item.case.id.clone();
        self.crashes.push(told(Some(&id), crash));
        blame(&mut tried, crash);
        let judged = self.judge(tried, false);
        self.restart(ward, Some(&id), crash).await?;
        judged
    }

    /// A case that was judged already has done it: its judgement is replaced.
    fn guilty_before(&mut self, mut tried: Tried, crash: &process::Crash) {
        blame(&mut tried, crash);
        self.tell(tried, false);
    }

    async fn restart(
        &mut self,
        ward: &Ward,
        case: Option<&str>,
        crash: &process::Crash,
    ) -> Result<(), Stop> {
        ward.restart().await.map_err(|error| {
            let behind = case.map_or_else(String::new, |case| format!(" behind {case}"));
            Stop::Lost(Lost {
                case: case.map(str::to_owned),
                reason: format!(
                    "it crashed{behind} ({crash}), and is not to be had again: {error}"
                ),
                back: false,
            })
        })
    }
}

fn blame(tried: &mut Tried, crash: &process::Crash) {
    tried.crashed = true;
    attempt::blame(&mut tried.judgement, crash);
}

/// A crash that no case has done alone.
fn unknown(crash: &process::Crash, names: &[String], gone: &Unreached) -> (Crash, Vec<String>) {
    let beside = match names {
        [] => "no case was in flight".to_owned(),
        names => format!(
            "in flight were {}, and none of them does it alone",
            names.join(", ")
        ),
    };
    let (mut told, lines) = told(None, crash);
    told.reason = match crash.ended {
        Some(_) => format!("{}; {beside}", told.reason),
        None => format!("{}: {gone}; {beside}", told.reason),
    };
    (told, lines)
}

/// What a report says of a crash.
pub fn told(case: Option<&str>, crash: &process::Crash) -> (Crash, Vec<String>) {
    let told = Crash {
        case: case.map(str::to_owned),
        reason: crash.to_string(),
    };
    let first = crash.last_lines.len().saturating_sub(process::LAST_LINES);
    (told, crash.last_lines[first..].to_vec())
}
