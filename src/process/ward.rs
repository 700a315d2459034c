//! A target that the suite starts itself: it is started again when it crashes, and told of.

use std::{
    fmt, io,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{Ended, Launch, NotReady, Output, Process, Ready, Stopped};

/// So often a target is started again in one run: one that crashes in every case would be started for ever.
pub const RESTARTS: usize = 50;
/// So many of its last lines are told.
pub const LAST_LINES: usize = 20;
/// The system may tell a little later of an end than the connections do.
const NEWS: Duration = Duration::from_millis(500);

/// A target that the suite has started.
#[derive(Debug)]
pub struct Ward {
    launch: Launch,
    ready: Ready,
    limit: Duration,
    output: Output,
    left: AtomicUsize,
    process: Mutex<Option<Process>>,
}

/// How a target came to its end, and what it said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// How it ended; `None`: it did not, and was ended because it answered no more.
    pub ended: Option<Ended>,
    /// Its last lines, fit to be shown.
    pub last_lines: Vec<String>,
}

/// Why a target is not there.
#[derive(Debug)]
pub struct NotStarted {
    line: String,
    why: Why,
    last_lines: Vec<String>,
    log: PathBuf,
}

#[derive(Debug)]
enum Why {
    Start(io::Error),
    NotReady(NotReady),
    TooOften,
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = crate::escape::line(&self.line);
        match &self.why {
            Why::Start(error) => write!(f, "`{line}` could not be started: {error}")?,
            Why::NotReady(error) => write!(f, "the target was started with `{line}`, and {error}")?,
            Why::TooOften => write!(
                f,
                "the target was started again {RESTARTS} times and has ended once more; the run goes no further"
            )?,
        }
        match &self.why {
            Why::NotReady(NotReady::Port(..)) => f.write_str(
                "; is this the port that it listens on? `{port}` in --exec and in the URL is one free port, --wait-timeout gives it longer",
            )?,
            Why::NotReady(NotReady::Line(..)) => {
                f.write_str("; --wait says which line, --wait-timeout how long")?;
            }
            _ => {}
        }
        write!(f, "{}", said(&self.last_lines))?;
        if !matches!(self.why, Why::Start(_)) {
            write!(f, "\nall that it said: {}", self.log.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for NotStarted {}

/// The last lines, each on a line of its own behind what was said before.
pub fn said(lines: &[String]) -> String {
    if lines.is_empty() {
        return "; it said nothing".to_owned();
    }
    let first = lines.len().saturating_sub(LAST_LINES);
    let lines: Vec<_> = lines[first..]
        .iter()
        .map(|line| format!("\n  | {line}"))
        .collect();
    format!("; its last lines:{}", lines.concat())
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ended {
            Some(ended) => ended.fmt(f),
            None => f.write_str("it answered no more, and was killed"),
        }
    }
}

impl Ward {
    /// What is to be started; nothing is, so far.
    pub fn new(launch: Launch, ready: Ready, limit: Duration, output: Output) -> Ward {
        Ward {
            launch,
            ready,
            limit,
            output,
            left: AtomicUsize::new(RESTARTS),
            process: Mutex::new(None),
        }
    }

    /// The file for what it says.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Starts it, and waits until it is ready.
    ///
    /// # Errors
    /// It did not start, ended at once, or did not become ready.
    pub async fn start(&self) -> Result<(), NotStarted> {
        match Process::start(&self.launch, &self.output) {
            Ok(process) => self.hold(process).await,
            Err(error) => Err(self.not_started(Why::Start(error), Vec::new())),
        }
    }

    /// Holds a process that was started; one that does not become ready is ended.
    async fn hold(&self, process: Process) -> Result<(), NotStarted> {
        match process.ready(&self.ready, self.limit).await {
            Ok(()) => {
                *self.lock() = Some(process);
                Ok(())
            }
            Err(error) => {
                let stopped = process.stop(Duration::ZERO).await;
                Err(self.not_started(Why::NotReady(error), stopped.last_lines))
            }
        }
    }

    fn not_started(&self, why: Why, last_lines: Vec<String>) -> NotStarted {
        self.output.keep();
        NotStarted {
            line: self.launch.line.clone(),
            why,
            last_lines,
            log: self.output.path().to_owned(),
        }
    }

    /// Whether it has ended, as far as the system has told so far.
    pub fn has_ended(&self) -> Option<Ended> {
        self.lock().as_ref().and_then(Process::has_ended)
    }

    /// Whether it ends within this time.
    pub async fn falls(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let mut pause = Duration::from_millis(5);
        while self.has_ended().is_none() {
            if Instant::now() + pause > until {
                return false;
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
        }
        true
    }

    /// Ends what is left of it, and tells how it came to that.
    pub async fn crashed(&self) -> Crash {
        let taken = self.lock().take();
        let Some(process) = taken else {
            let (ended, last_lines) = (None, Vec::new());
            return Crash { ended, last_lines };
        };
        // Its connections may have told before the system does.
        let ended = tokio::time::timeout(NEWS, process.ended()).await.ok();
        let Stopped { last_lines, .. } = process.stop(Duration::ZERO).await;
        self.output.keep();
        Crash { ended, last_lines }
    }

    /// Starts it again. One that ends at once may find its port taken by connections that have just ended: it is tried until the time is over.
    ///
    /// # Errors
    /// As [`Ward::start`], and where it was started again too often.
    pub async fn restart(&self) -> Result<(), NotStarted> {
        let left = |left: usize| left.checked_sub(1);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        if taken.is_err() {
            return Err(self.not_started(Why::TooOften, Vec::new()));
        }
        let until = Instant::now() + self.limit;
        let mut pause = Duration::from_millis(50);
        loop {
            self.output.note("the target is started again");
            match self.start().await {
                Err(NotStarted {
                    why: Why::NotReady(NotReady::Ended(_)),
                    ..
                }) if Instant::now() + pause < until => {
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                other => return other,
            }
        }
    }

    /// Asks it to end, kills what is left when the grace is over, and tells what it said last; `None`: it did not run.
    pub async fn stop(&self, grace: Duration) -> Option<Stopped> {
        let taken = self.lock().take();
        match taken {
            Some(process) => Some(process.stop(grace).await),
            None => None,
        }
    }

    /// Kills it without waiting for anything.
    pub fn kill(&self) {
        drop(self.lock().take());
    }

    fn lock(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
