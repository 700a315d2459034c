//! Who has come, and what they have shown. Bounded, whoever comes and however often.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    case::Need,
    report::CaseResult,
    run::Item,
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

    /// Makes an agent known.
    ///
    /// # Errors
    /// A sentence: there are too many.
    pub fn greet(&mut self, name: &str) -> Result<(), String> {
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
        self.agents.insert(name.to_owned(), Agent::default());
        self.order.push(name.to_owned());
        Ok(())
    }

    /// Takes what came of a case. The last one counts.
    pub fn add(&mut self, name: &str, place: usize, item: &Item, mut played: Played) {
        let Some(agent) = self.agents.get_mut(name) else {
            return;
        };
        if item.case.needs.contains(&Need::Echo) && sent_message(&played.transcript) {
            agent.echoes = true;
        }
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

impl Agent {
    /// A client that has sent nothing back in any case is none that echoes: that nothing came proves nothing then.
    fn settled(&self, item: &Item, played: &Played) -> Played {
        let mut played = played.clone();
        let judgement = &mut played.judgement;
        if !self.echoes
            && item.case.needs.contains(&Need::Echo)
            && judgement.verdict == Verdict::Fail
            && judgement.timed_out
            && judgement.findings.iter().all(|finding| !finding.observed)
        {
            *judgement = Judgement {
                verdict: Verdict::NotApplicable,
                reason: "the client has sent no message back in any case".to_owned(),
                findings: Vec::new(),
                dropped: judgement.dropped,
                timed_out: false,
            };
        }
        played
    }
}

fn result(item: &Item, played: Played) -> CaseResult {
    CaseResult {
        position: item.position,
        case: item.case.clone(),
        level: item.level,
        judgement: played.judgement,
        transcript: played.transcript,
        duration: played.duration,
        patience: played.patience,
        unstable: false,
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
