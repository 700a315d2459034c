//! Rounds side by side, then what failed in them alone.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::task::{Id, JoinSet};

use super::{
    Item, News, Stop, Unreached,
    attempt::{Ground, Tried, without},
    canary::{Flight, Sight},
    crash::{self, RECENT},
    ledger::{Ledger, Waits},
    probe,
};
use crate::{
    case::Need,
    report::{self, CaseResult, Crash, Lost, Probe, Standing},
    session::Verdict,
};

/// So many cases make a round, and at least [`PER_JOB`] for each job. Behind a round that leaves next to nothing to be confirmed (one case in
/// [`FEW`]) the next one is twice as long: at the end of a round most lanes wait for the slowest.
const ROUND: usize = 64;
const FEW: usize = 16;
const PER_JOB: usize = 4;
const LONGEST_ROUND: usize = 1024;
/// Where one case in so many waits in vain, waiting is what the time goes into.
const MANY_WAIT: usize = 8;

/// The cases that are left, and what has been learned of the target.
pub(super) struct Plan<'a> {
    pub(super) ground: Arc<Ground>,
    pub(super) ledger: Ledger,
    pub(super) echo: bool,
    /// Whether the target answers a ping.
    pub(super) ping: bool,
    /// Whether it answers a Close.
    pub(super) close: bool,
    /// So many connections may wait side by side at most.
    pub(super) room: usize,
    /// For so many the target has been seen to have room.
    pub(super) proven: usize,
    /// Why the target agrees on no subprotocol; `None`: it does.
    no_subprotocol: Option<String>,
    /// How many cases run side by side now.
    pub(super) jobs: usize,
    /// There is a single case: it need not be tried twice to be alone.
    only: bool,
    observe: &'a mut dyn FnMut(News),
    pub(super) lost: Vec<Lost>,
    pub(super) crashes: Vec<(Crash, Vec<String>)>,
    /// The last cases that were judged, the latest last.
    pub(super) recent: VecDeque<Item>,
    /// The cases in which the target dropped the connection, and that do not fail the run.
    pub(super) dropped: Vec<Item>,
    /// What is not judged yet.
    pub(super) left: BTreeMap<usize, Item>,
    /// What the canary behind the last case saw.
    pub(super) last: Option<Probe>,
}

/// Cases in flight, each in a task of its own: a panic is one case's, and an error of the suite.
#[derive(Default)]
pub(super) struct Flights {
    tasks: JoinSet<Tried>,
    items: HashMap<Id, Item>,
}

impl Flights {
    pub(super) fn start(
        &mut self,
        ground: &Arc<Ground>,
        item: Item,
        echo: bool,
        patience: Duration,
    ) {
        let task = self
            .tasks
            .spawn(ground.clone().attempt(item.clone(), echo, patience));
        self.items.insert(task.id(), item);
    }

    /// The next that lands; `None`: none is in flight.
    pub(super) async fn land(&mut self) -> Option<Tried> {
        loop {
            match self.tasks.join_next_with_id().await? {
                Ok((id, tried)) => {
                    self.items.remove(&id);
                    return Some(tried);
                }
                Err(error) => {
                    // Always there: every task was started above.
                    let Some(item) = self.items.remove(&error.id()) else {
                        continue;
                    };
                    return Some(Tried::failed(item, error.to_string()));
                }
            }
        }
    }
}

impl<'a> Plan<'a> {
    /// For a target that is up, as the first canary saw it.
    pub(super) fn new(
        items: Vec<Item>,
        ground: Arc<Ground>,
        sight: &Sight,
        no_subprotocol: Option<String>,
        observe: &'a mut dyn FnMut(News),
    ) -> Plan<'a> {
        Plan {
            ledger: Ledger::new(sight.round_trip, ground.options.timeout),
            echo: sight.echo,
            ping: sight.ping,
            close: sight.close,
            room: ground.options.most_jobs.max(1),
            proven: 0,
            no_subprotocol,
            jobs: ground.options.jobs.max(1),
            only: items.len() == 1,
            observe,
            lost: Vec::new(),
            crashes: Vec::new(),
            recent: VecDeque::new(),
            dropped: Vec::new(),
            left: items
                .into_iter()
                .map(|item| (item.position, item))
                .collect(),
            last: None,
            ground,
        }
    }

    /// Plays all cases, and sends the last canary out.
    pub(super) async fn play(&mut self) -> Result<(), Stop> {
        self.rounds().await?;
        self.witness().await?;
        if let Some(ward) = self.ground.options.ward.clone()
            && let Err(gone) = self.ground.pulse(Flight::Pulse).await
        {
            self.fallen(&ward, Vec::new(), &gone).await?;
        }
        let (probe, ended) = match self.ground.pulse(Flight::Whole).await {
            Ok((sight, _)) => (probe(&sight), Ok(())),
            Err(gone) => {
                let probe = Probe {
                    verdict: Verdict::Error,
                    reason: gone.to_string(),
                };
                let reason = format!("it does not answer behind the last case: {gone}");
                (
                    probe,
                    Err(Stop::Lost(Lost {
                        case: None,
                        reason,
                        back: false,
                    })),
                )
            }
        };
        self.last = Some(probe);
        ended
    }

    /// All cases side by side, then the heavy ones one by one: they keep the target busy, and what they take is measured.
    async fn rounds(&mut self) -> Result<(), Stop> {
        self.set_aside();
        let (heavy, light) = self
            .left
            .values()
            .cloned()
            .partition::<VecDeque<Item>, _>(|item| item.case.heavy);
        self.rounds_of(light).await?;
        (self.room, self.jobs) = (1, 1);
        self.rounds_of(heavy).await
    }

    async fn rounds_of(&mut self, mut waiting: VecDeque<Item>) -> Result<(), Stop> {
        let mut round_size = ROUND;
        while !waiting.is_empty() {
            let size = waiting.len().min(round_size.max(PER_JOB * self.jobs));
            let mut round: VecDeque<Item> = waiting.drain(..size).collect();
            let suspects = self.beside(&mut round).await?;
            let tried = size - round.len();
            // What `fail_fast` has held back.
            round
                .into_iter()
                .rev()
                .for_each(|item| waiting.push_front(item));
            round_size = match FEW * suspects.len() <= tried {
                true => (2 * round_size).min(LONGEST_ROUND),
                false => ROUND,
            };
            let suspects = self.together(suspects).await?;
            let impatient = self.alone(suspects).await?;
            impatient
                .into_iter()
                .rev()
                .for_each(|item| waiting.push_front(item));
            let options = &self.ground.options;
            let most = match self.ledger.end_round() {
                Waits {
                    in_vain,
                    refuted: 0,
                } if MANY_WAIT * in_vain >= tried => (2 * self.jobs).min(self.proven),
                _ => 0,
            };
            self.jobs = most.max(options.jobs).min(self.room).max(1);
        }
        Ok(())
    }

    /// Judges the cases whose needs are not met, without a connection.
    fn set_aside(&mut self) {
        let needed = |need: Need, left: &BTreeMap<usize, Item>| {
            let items = left.values().filter(|item| item.case.needs.contains(&need));
            items.cloned().collect::<Vec<_>>()
        };
        let mut aside = Vec::new();
        if !self.echo {
            let why = report::NO_ECHO;
            aside.extend(
                needed(Need::Echo, &self.left)
                    .into_iter()
                    .map(|item| (item, why.to_owned())),
            );
        }
        if let Some(why) = &self.no_subprotocol {
            let items = needed(Need::Subprotocol, &self.left);
            aside.extend(items.into_iter().map(|item| (item, why.clone())));
        }
        for (item, why) in aside {
            if self.left.contains_key(&item.position) {
                self.tell(
                    Tried::untried(item, without(Verdict::NotApplicable, why)),
                    false,
                );
            }
        }
    }

    /// Tries a round, many at a time. Takes the items out of `round` and gives back those that have to be tried alone.
    async fn beside(&mut self, round: &mut VecDeque<Item>) -> Result<Vec<Tried>, Stop> {
        let (jobs, fail_fast) = (self.jobs, self.ground.options.fail_fast);
        let mut flights = Flights::default();
        let mut suspects = Vec::new();
        // A pulse tells of what landed before it was sent out: `behind` waits for the one in flight, `held` for the next.
        let mut pulses: JoinSet<Result<(Sight, bool), Unreached>> = JoinSet::new();
        let (mut held, mut behind): (Vec<Tried>, Vec<Tried>) = Default::default();
        // They flew while the target was away.
        let mut shaken: Vec<usize> = Vec::new();
        loop {
            let no_way = held.iter().chain(&behind).any(|tried| tried.unconnected);
            let hold = no_way || (fail_fast && !suspects.is_empty());
            while !hold && flights.items.len() < jobs {
                let Some(item) = round.pop_front() else { break };
                let patience = self.first_patience(&item);
                flights.start(&self.ground, item, self.echo, patience);
            }
            if pulses.is_empty() && !held.is_empty() {
                behind = std::mem::take(&mut held);
                let ground = self.ground.clone();
                pulses.spawn(async move { ground.pulse(Flight::Pulse).await });
            }
            tokio::select! {
                Some(tried) = flights.land() => {
                    if shaken.contains(&tried.item.position) {
                        suspects.push(tried);
                    } else if tried.wants_pulse() {
                        held.push(tried);
                    } else {
                        self.sort_out(tried, &mut suspects)?;
                    }
                }
                Some(pulse) = pulses.join_next() => match pulse {
                    Ok(Err(gone)) => {
                        behind.append(&mut held);
                        let mut flying: Vec<Item> = flights.items.into_values().collect();
                        flying.sort_by_key(|item| item.position);
                        if let Some(ward) = self.ground.options.ward.clone() {
                            // What no longer came to a connection has done nothing.
                            behind.sort_by_key(|tried| tried.unconnected);
                            let late = behind.iter().position(|tried| tried.unconnected);
                            let late = behind.split_off(late.unwrap_or(behind.len()));
                            let mut suspected: Vec<Item> = behind.into_iter().map(|tried| tried.item).collect();
                            suspected.append(&mut flying);
                            suspected.extend(late.into_iter().map(|tried| tried.item));
                            let left = self.fallen(&ward, suspected, &gone).await?;
                            left.into_iter().rev().for_each(|item| round.push_front(item));
                            return Ok(suspects);
                        }
                        return Err(Stop::Lost(lost_beside(&behind, flying, &gone)));
                    }
                    Ok(Ok((_, true))) => {
                        suspects.append(&mut behind);
                        suspects.append(&mut held);
                        shaken.extend(flights.items.values().map(|item| item.position));
                    }
                    // A pulse that panicked has told nothing against the target.
                    Ok(Ok((_, false))) | Err(_) => {
                        for tried in std::mem::take(&mut behind) {
                            self.sort_out(tried, &mut suspects)?;
                        }
                    }
                },
                else => {
                    if held.is_empty() && (round.is_empty() || hold) {
                        return Ok(suspects);
                    }
                }
            }
        }
    }

    /// Heavy cases keep the target, and the suite, busy for longer than a round trip says.
    fn first_patience(&self, item: &Item) -> Duration {
        match self.only || item.case.heavy {
            true => self.ground.options.timeout,
            false => self.ledger.scaled(),
        }
    }

    /// Judges what can be judged; the others have to be tried alone.
    fn sort_out(&mut self, tried: Tried, suspects: &mut Vec<Tried>) -> Result<(), Stop> {
        let options = &self.ground.options;
        let was_alone = (self.only || self.jobs == 1) && !tried.unconnected;
        let was_patient = !tried.judgement.timed_out || tried.patience >= options.timeout;
        if tried.is_settled() || (was_alone && was_patient) || self.knows(&tried) {
            self.judge(tried, false)
        } else {
            suspects.push(tried);
            Ok(())
        }
    }

    pub(super) fn judge(&mut self, tried: Tried, unstable: bool) -> Result<(), Stop> {
        self.ledger.judged(&tried.judgement);
        let (case, judgement) = (&tried.item.case, &tried.judgement);
        let terms = &self.ground.options.terms;
        let standing = terms.standing(
            &case.id,
            tried.item.level,
            judgement.verdict,
            tried.crashed,
            &judgement.reason,
        );
        let failed = judgement.verdict == Verdict::Fail && standing == Standing::Bad;
        self.suspect(&tried, standing);
        self.tell(tried, unstable);
        match failed && self.ground.options.fail_fast {
            true => Err(Stop::FailFast),
            false => Ok(()),
        }
    }

    pub(super) fn tell(&mut self, tried: Tried, unstable: bool) {
        self.left.remove(&tried.item.position);
        if self.ground.options.ward.is_some() {
            self.recent.push_back(tried.item.clone());
            let more = self
                .recent
                .len()
                .saturating_sub(RECENT.max(crash::PER_JOB * self.jobs));
            self.recent.drain(..more);
        }
        (self.observe)(News::Judged(Box::new(CaseResult {
            position: tried.item.position,
            case: tried.item.case,
            level: tried.item.level,
            judgement: tried.judgement,
            transcript: tried.transcript,
            duration: tried.took,
            patience: tried.patience,
            delivery: tried
                .deliveries
                .into_iter()
                .map(|(delivery, verdict)| (delivery.name(), verdict))
                .collect(),
            unstable,
            crashed: tried.crashed,
        })));
    }

    /// The target is gone: what is left cannot be played.
    pub(super) fn give_up(&mut self, lost: &Lost) {
        self.lost.push(lost.clone());
        for item in std::mem::take(&mut self.left).into_values() {
            let why = match &lost.case {
                Some(case) if *case == item.case.id => {
                    "the target was lost behind this case".to_owned()
                }
                Some(case) => format!("the target was lost behind {case}"),
                None => "the target was lost".to_owned(),
            };
            self.tell(Tried::untried(item, without(Verdict::Error, why)), false);
        }
    }
}

/// A verdict that changed, unless nothing was wrong but too little patience. Of a first try that was not given the whole `timeout` nobody can say
/// more: many at a time take longer than one.
pub(super) fn is_unstable(first: &Tried, again: &Tried, timeout: Duration) -> bool {
    let impatient = first.patience < timeout || again.waited >= first.patience;
    let slow = first.judgement.timed_out && impatient;
    first.judgement.verdict != again.judgement.verdict
        && first.judgement.verdict != Verdict::Error
        && !slow
}

/// Who lost the target, of those that ran side by side: the first that ended badly, and the others beside it.
pub(super) fn lost_beside(landed: &[Tried], flying: Vec<Item>, gone: &Unreached) -> Lost {
    let badly = landed.iter().filter(|tried| !tried.unconnected);
    let mut cases: Vec<&str> = badly.map(|tried| tried.item.case.id.as_str()).collect();
    cases.extend(flying.iter().map(|item| item.case.id.as_str()));
    let reason = match cases.as_slice() {
        [] => format!("it does not answer any more: {gone}"),
        [case] => format!("it does not answer any more behind {case}: {gone}"),
        [case, beside @ ..] => format!(
            "it does not answer any more behind {case}, or one that ran beside it ({}): {gone}; --jobs 1 tells which",
            beside.join(", ")
        ),
    };
    Lost {
        case: cases.first().map(|&case| case.to_owned()),
        reason,
        back: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Case, Level, document::Document};

    fn item(id: &str) -> Item {
        let text = "case x\n  title: X\n  checks: 6455-5.5.2-2\n\n  > ping \"a\"\n  < pong \"a\"\n";
        let case = Document::only("test", text).expect("a case");
        Item {
            position: 0,
            level: Level::Must,
            case: Arc::new(Case {
                id: id.into(),
                ..case
            }),
        }
    }

    /// Tried with 250 ms of patience; the target let the suite wait for so long.
    fn tried(id: &str, verdict: Verdict, timed_out: bool, waited: u64) -> Tried {
        let mut tried = Tried::untried(item(id), without(verdict, ""));
        tried.judgement.timed_out = timed_out;
        (tried.patience, tried.waited) =
            (Duration::from_millis(250), Duration::from_millis(waited));
        tried
    }

    #[test]
    fn a_verdict_that_changes_is_unstable_unless_patience_mended_it() {
        use Verdict::{Error, Fail, Inconclusive, Pass};
        for (first, timed_out, again, waited, timeout, unstable) in [
            (Fail, false, Pass, 1, 5000, true),
            (Inconclusive, false, Pass, 1, 5000, true),
            (Fail, false, Fail, 1, 5000, false),
            // It was given all the time there is, and answers at once when it is alone: something was lost beside the others.
            (Fail, true, Pass, 1, 250, true),
            (Fail, true, Pass, 300, 250, false),
            // It was given less than that: it may have been slow.
            (Fail, true, Pass, 1, 5000, false),
            (Fail, true, Fail, 5000, 5000, false),
            // No connection is no verdict.
            (Error, false, Pass, 1, 5000, false),
        ] {
            let first = tried("x", first, timed_out, 250);
            let again = tried("x", again, false, waited);
            assert_eq!(
                is_unstable(&first, &again, Duration::from_millis(timeout)),
                unstable,
                "{:?}",
                again.judgement
            );
        }
    }

    #[test]
    fn who_lost_the_target_is_named_with_those_beside_it() {
        let gone = || Unreached::Connect("refused".into());
        let lost = |landed: &[Tried], flying: &[&str]| {
            lost_beside(landed, flying.iter().map(|id| item(id)).collect(), &gone())
        };
        let bad = || tried("bad", Verdict::Pass, false, 0);
        let mut late = tried("late", Verdict::Error, false, 0);
        late.unconnected = true;
        let alone = lost(&[bad()], &[]);
        assert_eq!(alone.case.as_deref(), Some("bad"));
        assert!(!alone.reason.contains("beside") && alone.reason.contains("refused"));
        // One that could not even connect has done nothing.
        let several = lost(&[late, bad()], &["a", "b"]);
        assert_eq!(several.case.as_deref(), Some("bad"));
        assert!(several.reason.contains("(a, b)") && !several.reason.contains("late"));
        assert_eq!(lost(&[], &[]).case, None);
    }
}
