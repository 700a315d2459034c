//! What did not go well beside other cases is tried again: time-outs together, as far as that proves as much, all else alone.

use std::time::Duration;

use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    Item, Stop,
    attempt::Tried,
    canary::Flight,
    plan::{Flights, Plan, is_unstable, lost_beside},
};
use crate::{report::Lost, session::Verdict};

/// So many wait side by side at most.
const TOGETHER: usize = 64;
/// Where the target has no room for so many, this part of them is tried next.
const LESS: usize = 4;

impl Plan<'_> {
    /// Tries time-outs again, side by side, with as much patience as alone. Connections that wait ask nothing of the target; that it has room
    /// for one more while all of them are open, a canary shows. Where it does, what times out again is judged. Gives back what has to be tried alone.
    pub(super) async fn together(&mut self, suspects: Vec<Tried>) -> Result<Vec<Tried>, Stop> {
        let can_tell = self.echo || self.ping || self.close;
        let waits = |tried: &Tried| {
            tried.judgement.timed_out
                && !tried.item.case.heavy
                && tried.patience >= self.ledger.scaled()
        };
        let (mut group, mut rest): (Vec<_>, Vec<_>) = suspects
            .into_iter()
            .partition(|tried| can_tell && waits(tried));
        group.sort_by_key(|tried| tried.item.position);
        while !group.is_empty() {
            let most = self.room.min(TOGETHER);
            if most < 2 {
                rest.append(&mut group);
                break;
            }
            let more = group.split_off(group.len().min(most));
            rest.extend(self.wait_together(group).await?);
            group = Vec::new();
            for tried in more {
                match self.knows(&tried) {
                    true => self.judge(tried, false)?,
                    false => group.push(tried),
                }
            }
        }
        Ok(rest)
    }

    async fn wait_together(&mut self, group: Vec<Tried>) -> Result<Vec<Tried>, Stop> {
        let firsts = group.iter().map(|first| &first.judgement);
        let patience = self.ledger.together(firsts);
        let mut flights = Flights::default();
        // At least as many as a round may have side by side next: what is seen here holds there.
        let side_by_side = (2 * self.jobs)
            .min(self.room)
            .min(TOGETHER)
            .max(group.len());
        for first in group.iter().cycle().take(side_by_side) {
            flights.start(&self.ground, first.item.clone(), self.echo, patience);
        }
        let mut canary = JoinSet::new();
        let ground = self.ground.clone();
        canary.spawn(async move {
            // By then all that can happen at once has happened. What the canary sees when the first of the others may be gone proves nothing.
            sleep(patience / 4).await;
            let flight = ground.canary(Flight::Whole, patience / 6);
            timeout(patience / 2, flight).await.ok()?.ok()
        });
        let mut landed = Vec::new();
        while let Some(again) = flights.land().await {
            landed.push(again);
        }
        let has_room = match canary.join_next().await {
            Some(Ok(Some(sight))) => {
                let answers = match self.echo || self.ping {
                    true => sight.echo == self.echo && sight.ping == self.ping,
                    false => sight.close,
                };
                sight.is_up() && answers
            }
            _ => false,
        };
        let away = match self.ground.pulse(Flight::Pulse).await {
            Ok((_, away)) => away,
            Err(gone) => {
                let Some(ward) = self.ground.options.ward.clone() else {
                    return Err(Stop::Lost(lost_beside(&landed, Vec::new(), &gone)));
                };
                let items = group.iter().map(|first| first.item.clone()).collect();
                let left = self.fallen(&ward, items, &gone).await?;
                let is_left = |first: &Tried| {
                    let mut left = left.iter();
                    left.any(|item| item.position == first.item.position)
                };
                return Ok(group.into_iter().filter(is_left).collect());
            }
        };
        if has_room && !away {
            self.proven = self.proven.max(side_by_side);
        } else {
            self.proven = 0;
            self.room = (side_by_side / LESS).max(1);
        }
        let mut alone = Vec::new();
        for first in group {
            let place = first.item.position;
            let at = landed.iter().position(|tried| tried.item.position == place);
            match at.map(|at| landed.swap_remove(at)) {
                Some(again) if has_room && !away && again.judgement.timed_out => {
                    self.ledger
                        .tried(&first.judgement, &again.judgement, again.waited);
                    let unstable = is_unstable(&first, &again, self.ground.options.timeout);
                    self.judge(again, unstable)?;
                }
                _ => alone.push(first),
            }
        }
        Ok(alone)
    }

    /// Whether a first try needs no confirmation. A time-out beside others does, until the target has been seen to have room for all of them.
    pub(super) fn knows(&self, first: &Tried) -> bool {
        let has_room = !first.judgement.timed_out || self.jobs <= self.proven;
        has_room && self.ledger.knows(&first.judgement, first.patience)
    }

    /// A heavy case keeps the target busy for longer than a round trip says, also alone.
    fn again_patience(&self, first: &Tried) -> Duration {
        match first.item.case.heavy {
            true => self.ground.options.timeout,
            false => self.ledger.alone(&first.judgement),
        }
    }

    /// Tries each suspect again, with nothing beside it; this judgement counts. Gives back those that were given less time than
    /// the target has since turned out to need: another try beside others is fair, and cheaper.
    pub(super) async fn alone(&mut self, mut suspects: Vec<Tried>) -> Result<Vec<Item>, Stop> {
        suspects.sort_by_key(|tried| tried.item.position);
        let mut impatient = Vec::new();
        for first in suspects {
            if first.judgement.timed_out && first.patience < self.ledger.scaled() {
                impatient.push(first.item);
                continue;
            }
            if self.knows(&first) {
                self.judge(first, false)?;
                continue;
            }
            let patience = self.again_patience(&first);
            let mut flight = Flights::default();
            flight.start(&self.ground, first.item.clone(), self.echo, patience);
            let Some(again) = flight.land().await else {
                continue;
            };
            if again.wants_pulse() {
                let case = again.item.case.id.clone();
                match self.ground.pulse(Flight::Pulse).await {
                    Ok((_, true)) if !again.unconnected => self.lost.push(Lost {
                        reason: format!("it was away for a moment behind {case}, which ran alone"),
                        case: Some(case),
                        back: true,
                    }),
                    Ok(_) => {}
                    Err(gone) => {
                        if let Some(ward) = self.ground.options.ward.clone() {
                            if again.unconnected {
                                // It was gone before.
                                let left = self.fallen(&ward, vec![again.item], &gone).await?;
                                impatient.extend(left);
                            } else {
                                let crash = ward.crashed().await;
                                self.guilty(&ward, again, &crash).await?;
                            }
                            continue;
                        }
                        let how = match again.unconnected {
                            true => "when it was to be played alone",
                            false => "while nothing else ran",
                        };
                        let reason =
                            format!("it does not answer any more behind {case}, {how}: {gone}");
                        if again.judgement.verdict == Verdict::Fail {
                            self.tell(again, false);
                        }
                        return Err(Stop::Lost(Lost {
                            case: Some(case),
                            reason,
                            back: false,
                        }));
                    }
                }
            }
            self.ledger
                .tried(&first.judgement, &again.judgement, again.waited);
            let unstable = is_unstable(&first, &again, self.ground.options.timeout);
            self.judge(again, unstable)?;
        }
        Ok(impatient)
    }
}
