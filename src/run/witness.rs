//! Whether a process behind the port died in a case although the port stayed open: a server of several processes starts a new one, and nobody would know.
//!
//! What can be seen of it from outside is that other connections end together with the one of the case. So the cases whose connection the target has
//! dropped are played once more, beside connections that are open and idle, the witnesses. Where some of these are cut off, the cases are halved until one
//! case alone does it, twice, and a connection that does nothing bad does not. Only a target that the run has started is asked so: what others run is not
//! burdened with it.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Item, Stop,
    attempt::{Tried, without},
    canary::{self, Flight},
    plan::{Flights, Plan},
};
use crate::{
    drive::idle,
    report::{Crash, Standing},
    session::Verdict,
};

/// So many connections are open beside the cases. Each is in the hands of one process: with fewer, the one that dies may have none of them.
const WITNESSES: usize = 16;
/// Fewer prove nothing.
const FEWEST: usize = 2;
/// So much time the system has to cut them off, once the case is over.
const FALL: Duration = Duration::from_millis(50);
/// So many cases are named; more would say the same of the target.
const MOST: usize = 8;

/// How many, is a matter of chance.
const CUT_OFF: &str = "each time it was played, connections that were open and idle beside it were cut off with its own, without a Close frame: \
     a process behind the port has died, or cuts off whoever is connected";

impl Plan<'_> {
    /// Remembers a case that may have cost a process its life. One that fails the run says enough by itself.
    pub(super) fn suspect(&mut self, tried: &Tried, standing: Standing) {
        let is_red = matches!(standing, Standing::Bad | Standing::Broken);
        if tried.judgement.dropped && !is_red && !tried.crashed && !tried.item.case.heavy {
            self.dropped.push(tried.item.clone());
        }
    }

    /// Plays the cases again that the target has dropped its connection in, and judges those anew that end other connections too.
    pub(super) async fn witness(&mut self) -> Result<(), Stop> {
        let options = &self.ground.options;
        let mut dropped = std::mem::take(&mut self.dropped);
        dropped.sort_by_key(|item| item.position);
        dropped.dedup_by_key(|item| item.position);
        if dropped.is_empty() || options.ward.is_none() || options.jobs < 2 {
            return Ok(());
        }
        let mut groups = vec![dropped];
        let mut found = 0;
        while let Some(mut group) = groups.pop()
            && found < MOST
        {
            if self.cut_beside(&group).await.is_none_or(|cut| cut == 0) {
                continue;
            }
            // Where idle connections are cut off without such a case, or beside any other one, nothing is proved.
            if self.cut_beside(&[]).await != Some(0) {
                return Ok(());
            }
            if group.len() > 1 {
                let half = group.split_off(group.len() / 2);
                groups.extend([half, group]);
                continue;
            }
            if self.cut_beside(&group).await.is_some_and(|cut| cut > 0) {
                found += group.len();
                group.into_iter().for_each(|item| self.convict(item));
            }
        }
        Ok(())
    }

    /// Plays cases side by side, and tells how many of the witnesses beside them were cut off; `None`: the target has no room for these, or is gone.
    async fn cut_beside(&self, items: &[Item]) -> Option<usize> {
        // A new process takes its time to come up.
        self.ground.pulse(Flight::Pulse).await.ok()?;
        let options = &self.ground.options;
        let request = canary::request(&options.setup);
        let patience = self.ledger.scaled();
        let dialler = &self.ground.dialler;
        let witnesses = idle::open(dialler, &request, WITNESSES, patience).await;
        if witnesses.len() < FEWEST {
            return None;
        }
        let mut flights = Flights::default();
        let mut waiting = items.iter();
        let mut flying = 0;
        loop {
            while flying < options.jobs
                && let Some(item) = waiting.next()
            {
                flights.start(&self.ground, item.clone(), self.echo, patience);
                flying += 1;
            }
            if flights.land().await.is_none() {
                break;
            }
            flying -= 1;
        }
        // It is there, and one more connection does no harm.
        self.ground.pulse(Flight::Pulse).await.ok()?;
        Some(idle::cut(witnesses, Instant::now() + FALL).await)
    }

    fn convict(&mut self, item: Item) {
        let why = format!("the target crashed in this case: {CUT_OFF}");
        self.crashes.push((
            Crash {
                case: Some(item.case.id.clone()),
                reason: CUT_OFF.to_owned(),
            },
            Vec::new(),
        ));
        let mut tried = Tried::untried(item, without(Verdict::Error, why));
        tried.judgement.dropped = true;
        tried.crashed = true;
        self.tell(tried, false);
    }
}
