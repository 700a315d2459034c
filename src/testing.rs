//! The suite inside a test of one's own: a [server](Server) at an address, or a [client](Client) as a function of a URL.
//!
//! ```toml
//! [dev-dependencies]
//! wsspec = { version = "0.1", default-features = false }
//! ```
//!
//! ```
//! # async fn serve() -> std::io::Result<std::net::SocketAddr> {
//! #     // Kept for as long as the example runs.
//! #     let server = Box::leak(Box::new(wsspec::peer::serve::spawn(None, 0).await?));
//! #     Ok(server.address)
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), wsspec::Error> {
//! // #[tokio::test]
//! // async fn keeps_the_protocol() -> Result<(), wsspec::Error> {
//! let address = serve().await.expect("a free port");
//! let report = wsspec::Server::at(format!("ws://{address}"))
//!     .cases(["control/ping", "close/codes"])
//!     .run()
//!     .await?;
//! report.assert();
//! # Ok(())
//! # }
//! ```
//!
//! What [`run`](Test::run) gives is the [`Report`] that the program would write. [`Report::assert`] ends the test where the program would not end
//! with 0, and says why: each failure that is not known with its rule, its section, what was sent, expected and received, and the command that plays
//! that case alone; and each line of known deviations that no longer holds. [`Report::verdict`] gives the same as an error, for `?`.
//!
//! [`known`](Test::known), [`level`](Test::level) and the like mean what `--known` and `--level` mean to the program. Paths are relative to the folder
//! of the package, where `cargo test` runs its tests.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    case::{Level, Role},
    drive::{Deliveries, UrlError},
    gate::{
        Terms,
        known::{self, Date, Known},
    },
    report::{
        self, Destination, Outputs, Report,
        destination::{OpenError, ParseError, WriteError},
    },
    run::{
        Unreached,
        choice::{Choice, ChoiceError, Chosen},
    },
};

mod client;
mod server;
mod told;

pub use client::Client;
pub use server::Server;
pub use told::Deviates;

/// What is to be tested, and how: made by [`Server::at`] or [`Client::new`], and played by `run`.
#[derive(Clone, Debug)]
#[must_use = "nothing is tested before `run`"]
pub struct Test<T> {
    subject: T,
    choice: Choice,
    known: Vec<PathBuf>,
    level: Level,
    strict: bool,
    timeout: Duration,
    seed: u64,
    deliveries: Deliveries,
    name: Option<String>,
    reports: Vec<String>,
}

impl<T> Test<T> {
    fn new(subject: T, timeout: Duration) -> Test<T> {
        Test {
            subject,
            choice: Choice::default(),
            known: Vec::new(),
            level: Level::Must,
            strict: false,
            timeout,
            seed: 0,
            deliveries: Deliveries::default(),
            name: None,
            reports: Vec::new(),
        }
    }

    /// Plays these cases alone: ids, folders and globs, as `wsspec list` takes them. Without a call: all that are not heavy.
    pub fn cases<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Test<T> {
        self.choice.words.extend(words.into_iter().map(Into::into));
        self
    }

    /// Leaves these cases out.
    pub fn exclude<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Test<T> {
        let words = words.into_iter().map(Into::into);
        self.choice.exclude.extend(words);
        self
    }

    /// Plays the heavy cases too; they take minutes and gigabytes.
    pub fn heavy(mut self) -> Test<T> {
        self.choice.heavy = true;
        self
    }

    /// Adds the case files of this folder, which `wsspec check` takes.
    pub fn case_files(mut self, folder: impl Into<PathBuf>) -> Test<T> {
        self.choice.folders.push(folder.into());
        self
    }

    /// Deviations that are known, in a file with a line for each: `CASE VERDICT # REASON`. A line that no longer holds fails the test.
    /// `wsspec server URL --write-known FILE` makes a first one.
    pub fn known(mut self, file: impl Into<PathBuf>) -> Test<T> {
        self.known.push(file.into());
        self
    }

    /// The lowest level whose failures fail the test; [`Level::Must`] without a call.
    pub fn level(mut self, level: Level) -> Test<T> {
        self.level = level;
        self
    }

    /// Fails the test by whatever is not a plain pass or not applicable, and is not known.
    pub fn strict(mut self) -> Test<T> {
        self.strict = true;
        self
    }

    /// The most time that the target is given for one step: 5 s for a server, which gets less when its answers are quick, and 10 s for a client.
    pub fn timeout(mut self, most: Duration) -> Test<T> {
        self.timeout = most;
        self
    }

    /// Seeds keys, masks and generated payloads; 0 without a call, so that two runs are alike.
    pub fn seed(mut self, seed: u64) -> Test<T> {
        self.seed = seed;
        self
    }

    /// What the target is called, with its version for instance: in reports, and for `target=` of known deviations.
    pub fn name(mut self, name: impl Into<String>) -> Test<T> {
        self.name = Some(name.into());
        self
    }

    /// Writes a view of the report when the run is over, as `--report` does: `html=target/wsspec.html`, `junit=wsspec.xml`, `json=run.json`.
    pub fn report(mut self, destination: impl Into<String>) -> Test<T> {
        self.reports.push(destination.into());
        self
    }

    /// The cases, what they are judged by, and where the views go: what can be wrong before anything is played is found here.
    fn prepared(&self, role: Role, url: &str) -> Result<(Chosen, Arc<Terms>, Outputs), Error> {
        let chosen = self.choice.select(role)?;
        let read = self.known.iter().map(|file| Known::read(file));
        let known = read.collect::<Result<Vec<_>, _>>()?;
        let run = known::Run {
            role,
            target: url,
            name: self.name.as_deref().unwrap_or_default(),
            today: Date::of(SystemTime::now()),
        };
        let entries = chosen.entries.clone();
        let terms = Terms::new(self.level, self.strict, known, &run, entries);
        let destinations = self.reports.iter().map(|one| one.parse::<Destination>());
        let outputs = Outputs::open(destinations.collect::<Result<Vec<_>, _>>()?)?;
        Ok((chosen, Arc::new(terms), outputs))
    }

    /// What the report begins with.
    fn start(
        &self,
        role: Role,
        catalogue: report::Catalogue,
        command: Vec<String>,
        terms: Arc<Terms>,
    ) -> report::Start {
        report::Start {
            role,
            name: self.name.clone(),
            url: None,
            headers: Vec::new(),
            origin: None,
            subprotocols: Vec::new(),
            delivery: Some(self.deliveries.name()),
            seed: self.seed,
            catalogue,
            command,
            started: SystemTime::now(),
            terms,
            port: None,
        }
    }

    /// The options that play a case again as it was played here.
    fn options(&self) -> Vec<String> {
        let mut words = Vec::new();
        for folder in &self.choice.folders {
            words.extend(["--cases".to_owned(), folder.to_string_lossy().into_owned()]);
        }
        if self.deliveries != Deliveries::default() {
            words.extend(["--delivery".to_owned(), self.deliveries.name()]);
        }
        words.extend(["--seed".to_owned(), self.seed.to_string()]);
        words
    }
}

/// Why a test did not come about, or could not be told of. What a target does is never such an error.
///
/// `Debug` and `Display` say the same sentence, since it is `Debug` that a test ends with.
#[derive(thiserror::Error)]
pub enum Error {
    /// A word names no case, a case file makes no sense, or nothing is left to play.
    #[error("{0}")]
    Cases(#[from] ChoiceError),
    /// A file of known deviations cannot be read or makes no sense.
    #[error("{0}")]
    Known(#[from] known::Error),
    /// The URL makes no sense.
    #[error("{0}")]
    Url(#[from] UrlError),
    /// An option makes no sense, or two contradict each other.
    #[error("{0}")]
    Option(String),
    /// No WebSocket answers at the address.
    #[error("{0}")]
    Unreached(#[from] Unreached),
    /// No client can come: nothing can be listened on.
    #[error("cannot listen on loopback: {0}")]
    Listen(std::io::Error),
    /// The client never connected.
    #[error(
        "the client did not come for a single case; its function has to connect to the URL that it is called with"
    )]
    NoClient,
    /// A destination of a report makes no sense.
    #[error("{0}")]
    Destination(#[from] ParseError),
    /// A report cannot be written there.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// A report could not be written in the end.
    #[error("{0}")]
    Write(#[from] WriteError),
    /// The target deviates: what [`Report::verdict`] says, so that `?` takes both.
    #[error("{0}")]
    Deviates(#[from] Deviates),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Report {
    /// Ends the test where the program would not end with 0, and says why.
    ///
    /// # Panics
    /// The target deviates, a known deviation no longer holds, or the run is none that one can rely on.
    #[track_caller]
    pub fn assert(&self) {
        if let Err(deviates) = self.verdict() {
            panic!("{deviates}");
        }
    }

    /// `Ok` where the program would end with 0.
    ///
    /// # Errors
    /// As [`Report::assert`] says; the text is for who reads the output of a test.
    pub fn verdict(&self) -> Result<(), Deviates> {
        told::deviates(self).map_or(Ok(()), Err)
    }
}
