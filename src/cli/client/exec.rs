//! `--exec` and `--exec-per-case`: the suite starts the client itself.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    listen::Hall,
    process::{Crash, Ended, GRACE, Launch, Output, Process},
};

/// A client that has its reports may take so long to end by itself.
const LEAVING: Duration = Duration::from_secs(10);
/// So many of its last lines are told.
const LINES: usize = 20;
/// So many of them stand in a reason.
const FEW_LINES: usize = 5;

/// What is started, and how.
#[derive(Clone, Debug)]
pub struct Exec {
    /// The command; `{url}` and `{page}` in it are replaced.
    pub line: String,
    /// The most time for one run of it.
    pub limit: Duration,
    /// The name of the client in URLs that are handed out.
    pub agent: String,
    /// Where the listener is: `ws://HOST:PORT`.
    pub base: String,
    /// What else it finds in its environment.
    pub env: Vec<(String, String)>,
    /// Where its output goes.
    pub output: Output,
}

impl Exec {
    fn launch(&self, url: &str, more: &[(&str, &str)]) -> Launch {
        // The page at the same port, told to begin at once.
        let page = format!("{}/?run", self.base.replacen("ws", "http", 1));
        let line = self.line.replace("{url}", url).replace("{page}", &page);
        let mut launch = Launch::new(line);
        launch.env.clone_from(&self.env);
        launch.env.push(("WSSPEC_URL".into(), url.into()));
        launch.env.push(("WSSPEC_AGENT".into(), self.agent.clone()));
        let more = more.iter().map(|(n, v)| (n.to_string(), v.to_string()));
        launch.env.extend(more);
        launch
    }
}

/// Runs the command once: it drives all cases. Gives back what there is to complain of.
pub async fn whole(exec: &Exec, hall: &Hall) -> Vec<String> {
    let mut updates = hall.updates();
    let process = match Process::start(&exec.launch(&exec.base, &[]), &exec.output) {
        Ok(process) => process,
        Err(error) => return vec![format!("cannot start `{}`: {error}", exec.line)],
    };
    let over = async {
        tokio::select! {
            ended = process.ended() => Some(ended),
            _ = updates.changed() => loop {
                match timeout(LEAVING, process.ended()).await {
                    Ok(ended) => break Some(ended),
                    // Another client that it has started is still at it.
                    Err(_) if !hall.is_idle() => {}
                    Err(_) => break None,
                }
            },
        }
    };
    let mut complaints = Vec::new();
    match timeout(exec.limit, over).await {
        Err(_) => complaints.push(format!(
            "the command was still running after {:?} and is ended; --exec-timeout gives it more",
            exec.limit
        )),
        Ok(Some(ended)) if ended.code != Some(0) => {
            complaints.push(format!("the command ended: {ended}"));
        }
        Ok(_) => {}
    }
    let stopped = process.stop(GRACE).await;
    // A case whose client has gone comes to its own end.
    hall.idle().await;
    if !complaints.is_empty() {
        let lines = stopped.last_lines;
        complaints.extend(lines[lines.len().saturating_sub(LINES)..].iter().cloned());
    }
    complaints
}

/// Runs the command once for each case, so many side by side. What fails is run again alone.
pub async fn each(exec: &Exec, hall: &Arc<Hall>, jobs: usize) {
    let mut waiting: VecDeque<usize> = (0..hall.count(None)).collect();
    let mut running = JoinSet::new();
    loop {
        while running.len() < jobs
            && let Some(place) = waiting.pop_front()
        {
            let (exec, hall) = (exec.clone(), hall.clone());
            running.spawn(async move { one(&exec, &hall, place).await });
        }
        if running.join_next().await.is_none() {
            break;
        }
    }
    if jobs < 2 {
        return;
    }
    for (place, before) in hall.doubtful(&exec.agent) {
        let crash = hall.take_crash(&exec.agent, place);
        one(exec, hall, place).await;
        hall.again(&exec.agent, place, before);
        if let Some(crash) = crash {
            hall.crashed_beside(&exec.agent, place, crash);
        }
    }
}

/// Runs the command for one case, until that is judged.
async fn one(exec: &Exec, hall: &Arc<Hall>, place: usize) {
    let Some(item) = hall.options.items.get(place) else {
        return;
    };
    let start = Instant::now();
    let until = start + exec.limit;
    let id = item.case.id.as_str();
    let url = format!("{}{}", exec.base, hall.options.resource(place, &exec.agent));
    hall.awaits(place, true);
    let mut results = hall.results_of(&exec.agent, place);
    exec.output.note(&format!("{id}: {url}"));
    let process = match Process::start(&exec.launch(&url, &[("WSSPEC_CASE", id)]), &exec.output) {
        Ok(process) => process,
        Err(error) => {
            let why = format!("cannot start `{}`: {error}", exec.line);
            hall.awaits(place, false);
            return hall.without(&exec.agent, place, start.elapsed(), why).await;
        }
    };
    let judged = tokio::select! {
        biased;
        () = results.come() => Ok(()),
        ended = process.ended() => Err(Some(ended)),
        () = tokio::time::sleep_until(until) => Err(None),
    };
    let judged = match judged {
        // It may have left while the case goes on to its end.
        Err(Some(ended)) if hall.is_playing(&exec.agent, place) => {
            match timeout_at(until, results.come()).await {
                Ok(()) => Ok(()),
                Err(_) => Err(Some(ended)),
            }
        }
        other => other,
    };
    if judged.is_ok() {
        // A client that is done ends by itself.
        let _ = timeout(GRACE, process.ended()).await;
    }
    hall.awaits(place, false);
    let crashed = process
        .has_ended()
        // What a shell tells of a signal counts too.
        .filter(|ended| ended.signal.is_some() || matches!(ended.code, Some(129..=192)));
    let stopped = process.stop(GRACE).await;
    let said = || {
        let lines = &stopped.last_lines;
        let last = &lines[lines.len().saturating_sub(FEW_LINES)..];
        match last {
            [] => String::new(),
            lines => format!("; it said: {}", lines.join(" / ")),
        }
    };
    if let Err(ended) = judged {
        let how = match ended {
            Some(ended) => ended_how(ended),
            None => format!("was still running after {:?}", exec.limit),
        };
        let why = format!(
            "the command {how}, and the case was not played to its end{}",
            said()
        );
        hall.without(&exec.agent, place, start.elapsed(), why).await;
    }
    if let Some(ended) = crashed {
        let crash = Crash {
            ended: Some(ended),
            last_lines: stopped.last_lines,
        };
        hall.crashed(&exec.agent, place, &crash);
    }
}

fn ended_how(ended: Ended) -> String {
    format!("ended ({ended})")
}
