//! A program that the suite starts: the server under test, or a client of it (`--exec`).
//!
//! It runs in a process group of its own, what it says goes to a file, and whatever happens to the suite short of SIGKILL, nothing of the group
//! is left running: a [`Process`] that is dropped is killed with all that it started.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use wsspec::process::{Launch, Output, Process, Ready};
//!
//! let output = Output::temporary()?;
//! let launch = Launch::new("node client.js ws://127.0.0.1:9001");
//! let process = Process::start(&launch, &output)?;
//! tokio::select! {
//!     ended = process.ended() => println!("{ended}: {:?}", process.last_lines(10)),
//!     ready = process.ready(&Ready::Line, Duration::from_secs(10)) => ready?,
//! }
//! process.stop(Duration::from_secs(3)).await;
//! # Ok(())
//! # }
//! ```

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::{catalogue::is_like, escape};

mod output;
#[cfg(not(unix))]
#[path = "process/other.rs"]
mod sys;
#[cfg(unix)]
#[path = "process/unix.rs"]
mod sys;
mod ward;

pub use output::Output;
use output::Tail;
pub use ward::{Crash, LAST_LINES, NotStarted, RESTARTS, Ward, said};

/// How long a program is given to end by itself once it was asked to.
pub const GRACE: Duration = Duration::from_secs(3);
/// How long its output may take to end behind it: what has left the group may hold it open for ever.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long the system may take to end what it was told to kill.
const KILLED: Duration = Duration::from_secs(5);

/// What is to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// A line for the shell: `sh -c LINE`.
    pub line: String,
    /// A glob; a line of its output that is like it tells that it is ready.
    pub says: Option<String>,
    /// What it finds in its environment beside what the suite itself finds there.
    pub env: Vec<(String, String)>,
}

/// What tells that a program is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// One of these addresses takes a connection.
    Port(Vec<SocketAddr>),
    /// It prints the line that [`Launch::says`] names; at once, where that names none.
    Line,
}

/// A program that was started.
#[derive(Debug)]
pub struct Process {
    launch: Launch,
    group: sys::Group,
    tail: Arc<Mutex<Tail>>,
    state: watch::Receiver<State>,
}

/// What is known of a program.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    ended: Option<Ended>,
    /// Nobody can write to its output any more.
    silent: bool,
    /// It has printed the line.
    said: bool,
}

/// How a program has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status.
    pub code: Option<i32>,
    /// The signal that killed it.
    pub signal: Option<i32>,
}

/// Why a program did not come to be ready.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// It has ended.
    #[error("it ended before it was ready ({0})")]
    Ended(Ended),
    /// Nothing listens.
    #[error("nothing took a connection at {addresses} within {1:?}", addresses = list(.0))]
    Port(Vec<SocketAddr>, Duration),
    /// It did not say so.
    #[error("it printed no line like `{glob}` within {1:?}", glob = escape::line(.0))]
    Line(String, Duration),
}

fn list(addresses: &[SocketAddr]) -> String {
    let shown: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
    shown.join(" or ")
}

impl Launch {
    /// A line for the shell.
    pub fn new(line: impl Into<String>) -> Launch {
        Launch {
            line: line.into(),
            says: None,
            env: Vec::new(),
        }
    }
}

impl Process {
    /// Starts it with its standard input closed; what it writes, to standard output and standard error, goes to `output`.
    ///
    /// # Errors
    /// The system cannot start a shell.
    pub fn start(launch: &Launch, output: &Output) -> io::Result<Process> {
        let (mut pipe, stdout) = io::pipe()?;
        let stderr = stdout.try_clone()?;
        let mut command: Command = sys::shell(&launch.line);
        command.envs(launch.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let (tell, state) = watch::channel(State::default());
        let tell = Arc::new(tell);
        let told = tell.clone();
        let group = sys::Group::spawn(&mut command, move |ended| {
            told.send_modify(|state| state.ended = Some(ended));
        })?;
        // It holds the writing end of the pipe, whose end would never come.
        drop(command);
        let tail = Arc::new(Mutex::new(Tail::new(launch.says.clone())));
        let (kept, output) = (tail.clone(), output.clone());
        thread::Builder::new()
            .name("output".into())
            .spawn(move || {
                output::copy(&mut pipe, &output, &kept, || {
                    tell.send_modify(|state| state.said = true);
                });
                tell.send_modify(|state| state.silent = true);
            })?;
        Ok(Process {
            launch: launch.clone(),
            group,
            tail,
            state,
        })
    }

    /// What was started.
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// Whether it has ended, as far as the system has told so far.
    pub fn has_ended(&self) -> Option<Ended> {
        self.state.borrow().ended
    }

    /// Waits until it ends. What else there is of its group may go on until [`Process::stop`].
    pub async fn ended(&self) -> Ended {
        match self.once(|state| state.ended.is_some()).await.ended {
            Some(ended) => ended,
            // The thread that waits for it always tells how it ended.
            None => std::future::pending().await,
        }
    }

    /// Waits until it is ready, for so long at the most.
    ///
    /// # Errors
    /// It ended, or the time is over.
    pub async fn ready(&self, ready: &Ready, limit: Duration) -> Result<(), NotReady> {
        let until = Instant::now() + limit;
        tokio::select! {
            biased;
            done = timeout_at(until, self.seems_ready(ready)) => match (done, ready, &self.launch.says) {
                (Ok(()), ..) => Ok(()),
                (Err(_), Ready::Port(addresses), _) => Err(NotReady::Port(addresses.clone(), limit)),
                (Err(_), Ready::Line, says) => {
                    Err(NotReady::Line(says.clone().unwrap_or_default(), limit))
                }
            },
            ended = self.ended() => Err(NotReady::Ended(ended)),
        }
    }

    async fn seems_ready(&self, ready: &Ready) {
        match (ready, &self.launch.says) {
            (Ready::Line, None) => {}
            (Ready::Line, Some(_)) => {
                self.once(|state| state.said).await;
            }
            (Ready::Port(addresses), _) => {
                let mut pause = Duration::from_millis(5);
                while !listens(addresses).await {
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_millis(200));
                }
            }
        }
    }

    /// The last lines that it wrote, fit to be shown: at most so many.
    pub fn last_lines(&self, most: usize) -> Vec<String> {
        match self.tail.lock() {
            Ok(tail) => tail.lines(most),
            Err(poisoned) => poisoned.into_inner().lines(most),
        }
    }

    /// Asks the whole group to end (SIGTERM), kills what is left when the grace is over (SIGKILL), and tells how the program ended. Its last words
    /// are in [`Process::last_lines`] of the value that is given back: there is nothing left to be run in it.
    pub async fn stop(self, grace: Duration) -> Stopped {
        let by_itself = self.has_ended();
        self.group.terminate();
        let over = self.once(|state| state.ended.is_some() && state.silent);
        let _ = timeout(grace, over).await;
        // Whatever ended by itself may have left others behind.
        self.group.kill();
        let ended = timeout(KILLED, self.ended()).await.ok();
        let _ = timeout(LAST_WORDS, self.once(|state| state.silent)).await;
        Stopped {
            ended: by_itself.or(ended),
            last_lines: self.last_lines(usize::MAX),
        }
    }

    async fn once(&self, is_so: impl Fn(&State) -> bool) -> State {
        let mut state = self.state.clone();
        let known = match state.wait_for(|state| is_so(state)).await {
            Ok(known) => Some(*known),
            Err(_) => None,
        };
        match known {
            Some(known) => known,
            // Whoever could tell is gone: it will never be so.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.kill();
        self.group.bury();
    }
}

/// A program that was stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// How it ended; `None`: the system has not told, although it was killed.
    pub ended: Option<Ended>,
    /// The last lines that it wrote, fit to be shown.
    pub last_lines: Vec<String>,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            // A shell between it and the suite tells of a signal so (POSIX.1-2024, Shell Command Language, section 2.8.2).
            (Some(code @ 129..=192), _) => match sys::signal(code - 128) {
                Some(name) => write!(f, "exit status {code}, as a shell tells of {name}"),
                None => write!(f, "exit status {code}"),
            },
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(number)) => match sys::signal(number) {
                Some(name) => write!(f, "killed by signal {number}, {name}"),
                None => write!(f, "killed by signal {number}"),
            },
            (None, None) => f.write_str("it is not known how"),
        }
    }
}

/// Whether one of the addresses takes a connection now.
pub async fn listens(addresses: &[SocketAddr]) -> bool {
    for address in addresses {
        // On loopback this is told at once; elsewhere a packet may be lost.
        let limit = Duration::from_secs(1);
        if let Ok(Ok(_)) = timeout(limit, TcpStream::connect(address)).await {
            return true;
        }
    }
    false
}

/// A port of loopback where nothing listens, for `{port}`.
///
/// # Errors
/// The system has none.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Whether a line of output is like the glob: anywhere in it, so that a name or a time may stand before it.
fn tells(glob: &str, line: &str) -> bool {
    is_like(glob, line) || is_like(&format!("*{glob}*"), line)
}

#[cfg(test)]
mod tests;
