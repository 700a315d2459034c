//! Who has come, and what they have shown. Bounded, whoever comes and however often.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::habits::Habits;
use crate::{
    case::Need,
    process,
    report::{CaseResult, journal},
    run::{Item, attempt},
    session::{Judgement, Transcript, Verdict},
};

/// The most agents; those who come later are turned away.
pub const MAX_AGENTS: usize = 1000;
/// The most results of all agents together.
pub const MAX_RESULTS: usize = 250_000;
/// The most octets of all transcripts and findings together; of later results the transcripts are left out.
pub const MAX_WEIGHT: usize = 128 << 20;

/// A case that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// What came of it.
    pub judgement: Judgement,
    /// What was said.
    pub transcript: Transcript,
    /// How long it took.
    pub duration: Duration,
    /// How long the client was given for a step.
    pub patience: Duration,
    /// The client has begun a frame that it did not end.
    pub within_frame: bool,
    /// Another verdict came when it was played beside other cases.
    pub unstable: bool,
    /// The client came to a bad end in it.
    pub crashed: bool,
}

/// What one agent has shown.
#[derive(Debug, Default)]
pub struct Agent {
    /// By the place of the case.
    pub played: BTreeMap<usize, Played>,
    /// How often it has played a case.
    pub sequence: u64,
    /// At which of these times each case was played last.
    pub at: BTreeMap<usize, u64>,
    /// It has sent a message in a case that needs an echo.
    pub echoes: bool,
    habits: Habits,
    /// How often each case was played.
    times: BTreeMap<usize, u64>,
    began: Option<Instant>,
    ended: Option<Instant>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Agents {
    agents: BTreeMap<String, Agent>,
    /// In the order of their coming.
    order: Vec<String>,
    results: usize,
    weight: usize,
}

impl Agents {
    /// Their names, in the order of their coming.
    pub fn names(&self) -> &[String] {
        &self.order
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&Agent> {
        self.agents.get(name)
    }

    /// Makes an agent known; `echoes`: it is known to send messages back.
    ///
    /// # Errors
    /// A sentence: there are too many.
    pub fn greet(&mut self, name: &str, echoes: bool) -> Result<(), String> {
        if self.agents.contains_key(name) {
            return Ok(());
        }
        if self.agents.len() >= MAX_AGENTS || self.results >= MAX_RESULTS {
            return Err(format!(
                "there are {} agents with {} results already, and no room for one more",
                self.agents.len(),
                self.results
            ));
        }
        let agent = Agent {
            echoes,
            ..Agent::default()
        };
        self.agents.insert(name.to_owned(), agent);
        self.order.push(name.to_owned());
        Ok(())
    }

    /// Holds what came of a case against the other connections of the agent. Whether it has sent a message in one that needs an echo comes with
    /// it; `None`: the agent is not known.
    pub fn judge(
        &mut self,
        name: &str,
        item: &Item,
        mut played: Played,
        key: Option<&[u8]>,
    ) -> Option<(Played, bool)> {
        let agent = self.agents.get_mut(name)?;
        let judgement = &mut played.judgement;
        for finding in agent.habits.connection(key, &played.transcript) {
            if judgement.findings.iter().any(|f| f.rule == finding.rule) {
                continue;
            }
            if judgement.verdict != Verdict::Fail {
                judgement.verdict = Verdict::Fail;
                judgement.reason.clone_from(&finding.what);
            }
            judgement.findings.push(finding);
        }
        let has_sent = played.within_frame || sent_message(&played.transcript);
        agent.echoes |= item.case.needs.contains(&Need::Echo) && has_sent;
        Some((played, agent.echoes))
    }

    /// Takes what came of a case. The last one counts.
    pub fn add(&mut self, name: &str, place: usize, mut played: Played) {
        let Some(agent) = self.agents.get_mut(name) else {
            return;
        };
        *agent.times.entry(place).or_default() += 1;
        let began = Instant::now() - played.duration;
        agent.began.get_or_insert(began);
        agent.ended = Some(Instant::now());
        if let Some(before) = agent.played.remove(&place) {
            self.results -= 1;
            self.weight -= weight(&before);
        }
        if self.results >= MAX_RESULTS {
            return;
        }
        if self.weight + weight(&played) > MAX_WEIGHT {
            let transcript = &mut played.transcript;
            transcript.left_out += transcript.entries.len();
            transcript.entries = Vec::new();
        }
        self.results += 1;
        self.weight += weight(&played);
        agent.played.insert(place, played);
        agent.sequence += 1;
        agent.at.insert(place, agent.sequence);
    }

    /// How often an agent has played a case.
    pub fn times(&self, name: &str, place: usize) -> u64 {
        let times = self.agents.get(name).and_then(|a| a.times.get(&place));
        times.copied().unwrap_or_default()
    }

    /// A case was played again, with nothing beside it.
    pub fn again(&mut self, name: &str, place: usize, before: Verdict) {
        let agent = self.agents.get_mut(name);
        if let Some(played) = agent.and_then(|agent| agent.played.get_mut(&place)) {
            played.unstable = played.judgement.verdict != before && before != Verdict::Error;
        }
    }

    /// The client has ended badly in a case that was judged. A verdict that says something about a rule stays.
    pub fn crashed(&mut self, name: &str, place: usize, crash: &process::Crash) -> Option<Played> {
        let agent = self.agents.get_mut(name)?;
        let played = agent.played.get_mut(&place)?;
        played.crashed = true;
        attempt::blame(&mut played.judgement, crash);
        Some(played.clone())
    }

    /// What an agent has shown, for a report; `None`: it is not known.
    pub fn results(&self, name: &str, items: &[Item]) -> Option<Vec<CaseResult>> {
        let agent = self.agents.get(name)?;
        let results = agent.played.iter().filter_map(|(&place, played)| {
            let item = items.get(place)?;
            Some(result(item, agent.settled(item, played)))
        });
        Some(results.collect())
    }

    /// What came of one case.
    pub fn result(&self, name: &str, place: usize, items: &[Item]) -> Option<CaseResult> {
        let agent = self.agents.get(name)?;
        let item = items.get(place)?;
        let played = agent.played.get(&place)?;
        Some(result(item, agent.settled(item, played)))
    }
}

/// The case needs an echo, and nothing came: that proves nothing of a client that echoes nowhere.
pub(super) fn is_unproved(item: &Item, played: &Played) -> bool {
    let judgement = &played.judgement;
    item.case.needs.contains(&Need::Echo)
        && judgement.verdict == Verdict::Fail
        && judgement.timed_out
        && judgement.findings.iter().all(|finding| !finding.observed)
}

impl Agent {
    /// How many cases it has played, the same ones again included.
    pub fn total(&self) -> u64 {
        self.times.values().sum()
    }

    /// From the begin of its first case to the end of its last one.
    pub fn lasted(&self) -> Duration {
        match (self.began, self.ended) {
            (Some(began), Some(ended)) => ended.saturating_duration_since(began),
            _ => Duration::ZERO,
        }
    }

    /// A client that has sent nothing back in any case is none that echoes: that nothing came proves nothing then.
    fn settled(&self, item: &Item, played: &Played) -> Played {
        let mut played = played.clone();
        if !self.echoes && is_unproved(item, &played) {
            let judgement = &mut played.judgement;
            *judgement = Judgement {
                verdict: Verdict::NotApplicable,
                reason: journal::NO_ECHO.to_owned(),
                findings: Vec::new(),
                dropped: judgement.dropped,
                timed_out: false,
            };
        }
        played
    }
}

pub(super) fn result(item: &Item, played: Played) -> CaseResult {
    CaseResult {
        position: item.position,
        case: item.case.clone(),
        level: item.level,
        judgement: played.judgement,
        transcript: played.transcript,
        duration: played.duration,
        patience: played.patience,
        unstable: played.unstable,
        crashed: played.crashed,
        delivery: BTreeMap::new(),
    }
}

/// Whether the target has sent a data frame.
fn sent_message(transcript: &Transcript) -> bool {
    transcript.entries.iter().any(|entry| {
        entry.who == '<'
            && ["text", "binary", "cont"]
                .iter()
                .any(|word| entry.text.starts_with(word))
    })
}

/// What a result costs, by and large.
fn weight(played: &Played) -> usize {
    let lines = played.transcript.entries.iter();
    let lines: usize = lines
        .map(|entry| size_of_val(entry) + entry.text.len() + entry.octets.len())
        .sum();
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let findings = played.judgement.findings.iter();
    let findings: usize = findings
        .map(|f| {
            size_of_val(f)
                + f.what.len()
                + text(&f.sent)
                + text(&f.expected)
                + text(&f.received)
                + text(&f.octets)
        })
        .sum();
    size_of::<Played>() + played.judgement.reason.len() + lines + findings
}
