//! What is told while clients come and go, and what is written at the end.

use std::{collections::HashMap, sync::Arc};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::super::{Failure, complain, gate::Gate, progress::Progress, views::Views};
use crate::{
    gate::{self, Exit},
    listen::{Hall, News},
    report::{self, Builder, Outputs, Report, Standing, Stopped, Teller, Why, view},
    session::Verdict,
};

/// A run of the listener.
pub struct Run<'a> {
    views: &'a Views,
    gate: &'a Gate,
    partial: bool,
    hall: Arc<Hall>,
    progress: Progress,
    teller: Teller,
    failed: usize,
    /// How many results there have been, of each agent.
    played: HashMap<String, u64>,
    /// How many of them its last table has shown.
    shown: HashMap<String, u64>,
    /// How many of them it knew when it asked for the reports.
    updated: HashMap<String, u64>,
}

impl<'a> Run<'a> {
    /// Nobody has come yet.
    pub fn new(
        views: &'a Views,
        gate: &'a Gate,
        partial: bool,
        hall: Arc<Hall>,
        progress: Progress,
    ) -> Run<'a> {
        let terms = hall.options.start.terms.clone();
        Run {
            teller: Teller::new(progress.page(), views.verbose).judging(terms.gate().clone()),
            views,
            gate,
            partial,
            hall,
            progress,
            failed: 0,
            played: HashMap::new(),
            shown: HashMap::new(),
            updated: HashMap::new(),
        }
    }

    /// Tells the news, until a client asks for the end.
    pub async fn watch(&mut self, mut news: mpsc::Receiver<News>) {
        // Those who wait for the reports: one writing serves them all, and writing takes half of the time at most.
        let mut waiting: Vec<oneshot::Sender<()>> = Vec::new();
        let mut last_one = false;
        let mut due = Instant::now();
        loop {
            let next = tokio::select! {
                biased;
                next = news.recv() => next,
                () = sleep_until(due), if !waiting.is_empty() => {
                    let start = Instant::now();
                    self.write();
                    due = Instant::now() + start.elapsed();
                    waiting.clear();
                    self.hall.updated();
                    if last_one {
                        return;
                    }
                    continue;
                }
            };
            match next {
                Some(News::Judged { agent, place }) => self.judged(&agent, place),
                Some(News::Update {
                    agent,
                    shutdown,
                    done,
                }) => {
                    let is_new = self.update(&agent);
                    last_one |= shutdown;
                    if is_new || !waiting.is_empty() || last_one {
                        waiting.push(done);
                    } else {
                        // Nothing has changed since it asked last.
                        self.hall.updated();
                    }
                }
                Some(News::Stop) | None => return,
            }
        }
    }

    fn judged(&mut self, agent: &str, place: usize) {
        let result = {
            let agents = self.hall.agents();
            agents.result(agent, place, &self.hall.options.items)
        };
        let Some(result) = result else { return };
        *self.played.entry(agent.to_owned()).or_default() += 1;
        let mut builder = Builder::new(self.hall.start(agent));
        let (case, measured) = builder.add(result);
        let standing = self.hall.options.start.terms.gate().standing(case);
        self.failed += usize::from(standing == Standing::Bad);
        let fails = case.verdict == Verdict::Fail && standing != Standing::Known;
        if fails || self.views.verbose {
            let told = self.teller.case(case, measured, report::Rule::find);
            self.progress.tell(&told);
        }
        self.progress.step(self.failed);
    }

    /// An agent wants to see the reports. Whether it has played anything since it asked last.
    fn update(&mut self, agent: &str) -> bool {
        let played = self.played.get(agent).copied().unwrap_or_default();
        if self.updated.insert(agent.to_owned(), played) == Some(played) {
            return false;
        }
        // Some clients ask behind each case: a table for each of them would be noise.
        let before = self.shown.get(agent).copied().unwrap_or_default();
        let is_whole = self.hall.not_asked(agent) == 0;
        if !self.views.on_stdout()
            && (played - before > 1 || is_whole)
            && let Some(report) = self.report(agent, Why::NotAsked)
        {
            self.shown.insert(agent.to_owned(), played);
            let table = (view::TABLE.render)(&report, &self.progress.page());
            self.progress.tell(&table);
        }
        true
    }

    /// Writes the files as they are now.
    fn write(&self) {
        if !self.views.report.iter().any(|to| to.file.is_some()) {
            return;
        }
        let reports = self.reports(Why::NotAsked);
        let written = match self.views.open() {
            Ok(outputs) => outputs.without_stdout().write_each(&reports).err(),
            Err(_) => return complain("the reports could not be written; they will be at the end"),
        };
        if let Some(error) = written {
            complain(&error.to_string());
        }
    }

    fn stopped(&self, why: Why, not_run: usize) -> Option<Stopped> {
        let is_told = not_run > 0 && !(self.partial && why == Why::NotAsked);
        is_told.then_some(Stopped {
            why,
            not_run: not_run as u64,
        })
    }

    /// What an agent has shown; `why` cases are missing, where they are.
    fn report(&self, agent: &str, why: Why) -> Option<Report> {
        let mut report = self.hall.report(agent)?;
        report.stopped = self.stopped(why, self.hall.not_asked(agent));
        // The files were read before the run; what cannot be read any more is not held against the client.
        if let Err(failure) = self.gate.judge(&mut report) {
            complain(&failure.sentence);
        }
        Some(report)
    }

    /// What each agent has shown; `why` cases are missing, where they are. One of no agent, where none has come.
    fn reports(&self, why: Why) -> Vec<Report> {
        let names = self.hall.agents().names().to_vec();
        let each = names.iter().filter_map(|name| self.report(name, why));
        let reports: Vec<Report> = each.collect();
        if !reports.is_empty() {
            return reports;
        }
        let builder = Builder::new(self.hall.options.start.clone());
        let mut none = builder.finish(report::End::default());
        none.stopped = self.stopped(why, self.hall.count(None));
        vec![none]
    }

    /// The run is over: writes the reports. `signal` has ended it; `driven`: the suite itself has started the client.
    ///
    /// # Errors
    /// A report cannot be written.
    pub fn end(
        self,
        signal: Option<Exit>,
        outputs: Outputs,
        driven: bool,
    ) -> Result<(Vec<Report>, Exit), Failure> {
        self.progress.end();
        // Who has asked for the reports behind its last case was done when the signal came.
        let agents: Vec<String> = self.hall.agents().names().to_vec();
        let total = |agent: &String| self.hall.agents().get(agent).map_or(0, |a| a.total());
        let done = !agents.is_empty()
            && self.hall.is_idle()
            && agents
                .iter()
                .all(|agent| self.updated.get(agent) == Some(&total(agent)));
        let interrupted = signal.filter(|_| driven || !done);
        let why = match interrupted {
            Some(_) => Why::Interrupted,
            None => Why::NotAsked,
        };
        let reports = self.reports(why);
        if agents.is_empty() {
            complain(match driven {
                true => "the command has asked for no case",
                false => "no client has asked for a case",
            });
        }
        let all_shown = agents
            .iter()
            .all(|agent| self.shown.get(agent) == Some(&total(agent)));
        let outputs = match !self.views.on_stdout() && !agents.is_empty() && all_shown {
            true => outputs.without_stdout(),
            false => outputs,
        };
        outputs.write_each(&reports).map_err(Failure::usage)?;
        if let Some(exit) = interrupted {
            return Ok((reports, exit));
        }
        let exit = gate::gravest(&reports);
        Ok((reports, exit))
    }
}
