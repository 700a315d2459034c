//! The plan: the canary first, then the cases in rounds, side by side; what fails is tried again alone; the canary last.
//!
//! Rounds are cut by the order of the catalogue, and what is tried again alone follows that order too: what is done does not depend on which
//! connection was the fastest.

use std::{sync::Arc, time::Duration};

use crate::{
    case::{Case, Level},
    drive::{Deliveries, Dialler, Target, TlsOptions},
    gate::Terms,
    process::Ward,
    report::{self, CaseResult, Lost, Probe, Stopped, Why},
    session::{Setup, Verdict},
};

pub mod attempt;
pub mod canary;
pub mod choice;
mod confirm;
pub mod crash;
pub mod ledger;
mod plan;
pub mod reach;
mod witness;

use attempt::Ground;
use canary::{Flight, Sight};
use plan::Plan;
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
    /// Stop behind the first confirmed failure that fails the run.
    pub fail_fast: bool,
    /// What the run is judged by.
    pub terms: Arc<Terms>,
    /// How what is sent is cut.
    pub delivery: Deliveries,
    /// `--ca`, `--insecure`, `--server-name`.
    pub tls: TlsOptions,
    /// The target, where the suite has started it.
    pub ward: Option<Arc<Ward>>,
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
    /// When it crashed and was started again, with its last lines.
    pub crashes: Vec<(report::Crash, Vec<String>)>,
    /// Why the run ended before its end.
    pub stop: Option<Stop>,
    /// How many cases were not tried because of it; those that a lost target left behind are judged `error` instead.
    pub not_run: usize,
}

impl Outcome {
    /// For the report of a run that took so long.
    pub fn end(self, duration: Duration) -> report::End {
        let why = self.stop.map(|stop| match stop {
            Stop::Lost(_) => Why::Lost,
            Stop::FailFast => Why::FailFast,
            Stop::Interrupted => Why::Interrupted,
        });
        report::End {
            duration,
            address: self.address,
            rtt: Some(self.round_trip),
            canary: Some(self.canary),
            crashes: self.crashes,
            lost: self.lost,
            stopped: why.map(|why| Stopped {
                why,
                not_run: self.not_run as u64,
            }),
            echo: Some(self.echo),
        }
    }
}

/// Where most cases wait in vain, so many wait together, unless somebody says otherwise.
pub const MOST_JOBS: usize = 64;

/// How many cases run side by side, unless somebody says otherwise: twice the processors, at least 16.
pub fn usual_jobs() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (2 * processors).max(16)
}

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
    let timeout = options.timeout;
    let offer = offer(&options.setup);
    let reached = async {
        let dialler = Dialler::new(target, &options.tls, timeout).await?;
        let mut ground = Ground {
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
        ground.options.setup.greets = sight.greets;
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
    let no_subprotocol = no_subprotocol(&sight, &offer);
    let mut plan = Plan::new(items, ground, &sight, no_subprotocol, observe);
    let ended = tokio::select! {
        biased;
        () = &mut stop => Err(Stop::Interrupted),
        ended = plan.play() => ended,
    };
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
            last: plan.last,
        },
        lost: plan.lost,
        crashes: plan.crashes,
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
