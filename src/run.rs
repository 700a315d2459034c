//! The plan: the canary first, then the cases in rounds, side by side; what fails is tried again alone; the canary last.
//!
//! Rounds are cut by the order of the catalogue, and what is tried again alone follows that order too: what is done does not depend on which
//! connection was the fastest.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::task::{Id, JoinSet};

use crate::{
    case::{Case, Level, Need},
    drive::{Delivery, Dialler, Target, TlsOptions},
    report::{self, CaseResult, Lost, Probe},
    session::{Setup, Verdict},
};

pub mod attempt;
pub mod canary;
pub mod ledger;
pub mod reach;

use attempt::{Ground, Tried, without};
use canary::{Flight, Sight};
use ledger::{Ledger, Waits};
pub use reach::Unreached;

/// A case of the plan.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its place in the catalogue.
    pub position: usize,
    /// Its level.
    pub level: Level,
    /// The case.
    pub case: Arc<Case>,
}

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// What all sessions are told; patience and echo are the run's to say.
    pub setup: Setup,
    /// How many cases run side by side; at least 1.
    pub jobs: usize,
    /// How many may, where most of them wait in vain: waiting costs nothing but time.
    pub most_jobs: usize,
    /// The most time that the target is given for one step.
    pub timeout: Duration,
    /// Stop behind the first confirmed failure of a must or should.
    pub fail_fast: bool,
    /// How what is sent is cut.
    pub delivery: Delivery,
    /// `--ca`, `--insecure`, `--server-name`.
    pub tls: TlsOptions,
}

/// What the run tells while it lasts.
pub enum News {
    /// The target answers; so many cases are going to run.
    Reached(usize),
    /// A case is judged. In the order of the catalogue they are only by and large.
    Judged(Box<CaseResult>),
}

/// Why a run ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The target is gone.
    Lost(Lost),
    /// `fail_fast`.
    FailFast,
    /// The `stop` of [`run`] came.
    Interrupted,
}

/// What is known behind the last case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The address that answered.
    pub address: Option<String>,
    /// The round trip that the deadlines were scaled by.
    pub round_trip: Duration,
    /// Whether the target sends each message back.
    pub echo: bool,
    /// What the canary saw.
    pub canary: report::Canary,
    /// The cases that lost the target, for good or for a while.
    pub lost: Vec<Lost>,
    /// Why the run ended before its end.
    pub stop: Option<Stop>,
    /// How many cases were not tried because of it; those that a lost target left behind are judged `error` instead.
    pub not_run: usize,
}

/// So many cases make a round, and at least [`PER_JOB`] for each job.
const ROUND: usize = 64;
const PER_JOB: usize = 4;
/// So often the first canary is sent out to measure the round trip: the quickest counts, since the suite itself may be slow at first.
const FLIGHTS: usize = 3;

/// Runs `items` against a target. `observe` is told each judgement; `stop` ends the run where it stands.
///
/// # Errors
/// The target does not answer an opening handshake at all. No case was tried then.
pub async fn run(
    items: Vec<Item>,
    target: &Target,
    options: Options,
    observe: &mut dyn FnMut(News),
    stop: impl Future<Output = ()>,
) -> Result<Outcome, Unreached> {
    let mut stop = std::pin::pin!(stop);
    let (timeout, jobs) = (options.timeout, options.jobs);
    let offer = offer(&options.setup);
    let reached = async {
        let dialler = Dialler::new(target, &options.tls, timeout).await?;
        let ground = Ground {
            target: target.clone(),
            dialler,
            options,
        };
        let sight = ground
            .canary(Flight::Whole, timeout)
            .await
            .map_err(|error| Unreached::from_connect(&error, target))?;
        if let Some(gone) = Unreached::from_sight(&sight, target, timeout) {
            return Err(gone);
        }
        let round_trip = ground.round_trip(&sight, FLIGHTS - 1).await;
        Ok((
            Arc::new(ground),
            Sight {
                round_trip,
                ..sight
            },
        ))
    };
    let (ground, sight) = tokio::select! {
        biased;
        () = &mut stop => return Err(Unreached::Interrupted),
        reached = reached => reached?,
    };
    observe(News::Reached(items.len()));
    let mut plan = Plan {
        ledger: Ledger::new(sight.round_trip, timeout),
        ground,
        echo: sight.echo,
        no_subprotocol: no_subprotocol(&sight, &offer),
        jobs: jobs.max(1),
        only: items.len() == 1,
        observe,
        lost: Vec::new(),
        left: items
            .into_iter()
            .map(|item| (item.position, item))
            .collect(),
    };
    let mut ended = tokio::select! {
        biased;
        () = &mut stop => Err(Stop::Interrupted),
        ended = plan.play() => ended,
    };
    let mut last = None;
    if ended.is_ok() {
        last = Some(match plan.ground.pulse(Flight::Whole).await {
            Ok((sight, _)) => probe(&sight),
            Err(gone) => {
                let reason = format!("it does not answer behind the last case: {gone}");
                let probe = Probe {
                    verdict: Verdict::Error,
                    reason: gone.to_string(),
                };
                ended = Err(Stop::Lost(Lost {
                    case: None,
                    reason,
                    back: false,
                }));
                probe
            }
        });
    }
    let stop = ended.err();
    if let Some(Stop::Lost(lost)) = &stop {
        plan.give_up(lost);
    }
    Ok(Outcome {
        address: plan.ground.dialler.answered().map(|a| a.to_string()),
        round_trip: sight.round_trip,
        echo: sight.echo,
        canary: report::Canary {
            first: probe(&sight),
            last,
        },
        lost: plan.lost,
        stop,
        not_run: plan.left.len(),
    })
}

/// The subprotocols that the ordinary request offers, best first.
fn offer(setup: &Setup) -> Vec<String> {
    let lines = setup
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(SUBPROTOCOL));
    let names = lines.flat_map(|(_, value)| value.split(','));
    names
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Why the target agrees on no subprotocol; `None`: it does, on the first that is offered, which is the one that cases offer.
fn no_subprotocol(sight: &Sight, offer: &[String]) -> Option<String> {
    let agreed = sight
        .response
        .as_ref()
        .and_then(|r| r.head.value(SUBPROTOCOL));
    match (offer, agreed) {
        ([], _) => Some(
            "no subprotocol is offered; --subprotocol names one that the server knows".to_owned(),
        ),
        ([first, ..], Some(agreed)) if agreed == first.as_bytes() => None,
        ([first, ..], Some(agreed)) => Some(format!(
            "the target agrees on {:?} instead of the first that is offered, {first}; give that one to --subprotocol alone",
            String::from_utf8_lossy(agreed)
        )),
        (offer, None) => Some(format!(
            "the target agrees on none of the subprotocols that are offered ({}); --subprotocol names another",
            offer.join(", ")
        )),
    }
}

const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";

/// What a canary saw of a target that is up, for the report.
fn probe(sight: &Sight) -> Probe {
    let answers = match (sight.ping, sight.close) {
        (true, true) => "it answers ping and Close",
        (false, true) => "it answers no ping",
        (true, false) => "it answers no Close",
        (false, false) => "it answers neither ping nor Close",
    };
    let echo = match sight.echo {
        true => "sends a text back",
        false => "does not send a text back",
    };
    let verdict = match sight.ping && sight.close {
        true => Verdict::Pass,
        false => Verdict::Fail,
    };
    Probe {
        verdict,
        reason: format!("{answers}, and {echo}"),
    }
}

struct Plan<'a> {
    ground: Arc<Ground>,
    ledger: Ledger,
    echo: bool,
    /// Why the target agrees on no subprotocol; `None`: it does.
    no_subprotocol: Option<String>,
    /// How many cases run side by side now.
    jobs: usize,
    /// There is a single case: it need not be tried twice to be alone.
    only: bool,
    observe: &'a mut dyn FnMut(News),
    lost: Vec<Lost>,
    /// What is not judged yet.
    left: BTreeMap<usize, Item>,
}

/// Cases in flight, each in a task of its own: a panic is one case's, and an error of the suite.
#[derive(Default)]
struct Flights {
    tasks: JoinSet<Tried>,
    items: HashMap<Id, Item>,
}

impl Flights {
    fn start(&mut self, ground: &Arc<Ground>, item: Item, echo: bool, patience: Duration) {
        let task = self
            .tasks
            .spawn(ground.clone().attempt(item.clone(), echo, patience));
        self.items.insert(task.id(), item);
    }

    /// The next that lands; `None`: none is in flight.
    async fn land(&mut self) -> Option<Tried> {
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

impl Plan<'_> {
    async fn play(&mut self) -> Result<(), Stop> {
        self.set_aside();
        let mut waiting: VecDeque<Item> = self.left.values().cloned().collect();
        while !waiting.is_empty() {
            let size = waiting.len().min(ROUND.max(PER_JOB * self.jobs));
            let mut round: VecDeque<Item> = waiting.drain(..size).collect();
            let suspects = self.beside(&mut round).await?;
            let tried = size - round.len();
            // What `fail_fast` has held back.
            round
                .into_iter()
                .rev()
                .for_each(|item| waiting.push_front(item));
            let impatient = self.alone(suspects).await?;
            impatient
                .into_iter()
                .rev()
                .for_each(|item| waiting.push_front(item));
            let options = &self.ground.options;
            self.jobs = match self.ledger.end_round() {
                Waits {
                    in_vain,
                    refuted: 0,
                } if 2 * in_vain >= tried => (2 * self.jobs).min(options.most_jobs.max(self.jobs)),
                _ => options.jobs.max(1),
            };
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
            let why = "the target does not send a text message back as it came";
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
                        let flying = flights.items.into_values().collect();
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
        let was_alone = (self.only || options.jobs == 1) && !tried.unconnected;
        let was_patient = !tried.judgement.timed_out || tried.patience >= options.timeout;
        if tried.is_settled()
            || (was_alone && was_patient)
            || self.ledger.knows(&tried.judgement, tried.patience)
        {
            self.judge(tried, false)
        } else {
            suspects.push(tried);
            Ok(())
        }
    }

    /// Tries each suspect again, with nothing beside it; this judgement counts. Gives back those that were given less time than
    /// the target has since turned out to need: another try beside others is fair, and cheaper.
    async fn alone(&mut self, mut suspects: Vec<Tried>) -> Result<Vec<Item>, Stop> {
        suspects.sort_by_key(|tried| tried.item.position);
        let mut impatient = Vec::new();
        for first in suspects {
            if first.judgement.timed_out && first.patience < self.ledger.scaled() {
                impatient.push(first.item);
                continue;
            }
            if self.ledger.knows(&first.judgement, first.patience) {
                self.judge(first, false)?;
                continue;
            }
            let patience = self.ledger.alone(&first.judgement);
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
                .tried(&first.judgement, &again.judgement, patience, again.waited);
            let unstable = is_unstable(&first, &again);
            self.judge(again, unstable)?;
        }
        Ok(impatient)
    }

    fn judge(&mut self, tried: Tried, unstable: bool) -> Result<(), Stop> {
        self.ledger.judged(&tried.judgement);
        let failed = tried.judgement.verdict == Verdict::Fail && tried.item.level >= Level::Should;
        self.tell(tried, unstable);
        match failed && self.ground.options.fail_fast {
            true => Err(Stop::FailFast),
            false => Ok(()),
        }
    }

    fn tell(&mut self, tried: Tried, unstable: bool) {
        self.left.remove(&tried.item.position);
        (self.observe)(News::Judged(Box::new(CaseResult {
            position: tried.item.position,
            case: tried.item.case,
            level: tried.item.level,
            judgement: tried.judgement,
            transcript: tried.transcript,
            duration: tried.took,
            unstable,
        })));
    }

    /// The target is gone: what is left cannot be played.
    fn give_up(&mut self, lost: &Lost) {
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

/// A verdict that changed, unless nothing was wrong but too little patience: a time-out that patience alone has mended.
fn is_unstable(first: &Tried, again: &Tried) -> bool {
    let slow = first.judgement.timed_out && again.waited >= first.patience;
    first.judgement.verdict != again.judgement.verdict
        && first.judgement.verdict != Verdict::Error
        && !slow
}

/// Who lost the target, of those that ran side by side: the first that ended badly, and the others beside it.
fn lost_beside(landed: &[Tried], flying: Vec<Item>, gone: &Unreached) -> Lost {
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
