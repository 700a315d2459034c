//! `wsspec server`: tests a server.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    Failure,
    choice::Choice,
    complain,
    exec::{self, Exec, Started},
    gate::{Gate, Names},
    progress::Progress,
    signals::Signals,
    tell, values,
    views::Views,
};
use crate::{
    case::Role,
    drive::{Deliveries, DialError, Target, TlsOptions, tls::Trust},
    gate::{self, Exit},
    peer::{SUBPROTOCOLS, serve},
    report::{self, Builder, Standing, Teller},
    run::{self, News, Options, Stop, Unreached},
    session::{Setup, Verdict},
};

/// Test a WebSocket server, the built-in reference server without a URL
///
/// Exit codes: 0 it conforms, or deviates as known; 1 it does not; 2 usage, or a bad file; 3 it could not be reached, crashed, or was lost; 4 nothing was
/// selected, nothing of what ran showed anything, or a known deviation no longer holds. The gravest counts: 3 before 1 before 4.
#[derive(Debug, clap::Args)]
#[command(after_long_help = super::report::formats())]
pub struct Args {
    /// The server, as ws://HOST[:PORT][/PATH] or wss://…; and the cases to run, as glob patterns over their ids (none: all)
    #[arg(value_name = "URL] [CASE")]
    words: Vec<String>,

    #[command(flatten)]
    choice: Choice,

    /// Trust the certificates in this PEM file, and no others
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "insecure",
        help_heading = "TLS"
    )]
    ca: Option<PathBuf>,
    /// Trust whoever answers
    #[arg(long, help_heading = "TLS")]
    insecure: bool,
    /// Ask for this name instead of the host of the URL
    #[arg(long, value_name = "NAME", help_heading = "TLS")]
    server_name: Option<String>,

    /// Send this header line with each opening handshake
    #[arg(long, value_name = "NAME:VALUE", value_parser = values::header, help_heading = "Opening handshake")]
    header: Vec<(String, String)>,
    /// Send this Origin
    #[arg(long, value_parser = values::header_value, help_heading = "Opening handshake")]
    origin: Option<String>,
    /// Offer this subprotocol
    #[arg(long, value_name = "NAME", value_parser = values::subprotocol, help_heading = "Opening handshake")]
    subprotocol: Vec<String>,

    /// The most time that the server is given for one step; less when its answers are quick
    #[arg(long, value_name = "DURATION", value_parser = values::duration, default_value = TIMEOUT)]
    timeout: Duration,
    /// How many cases run side by side [default: twice the processors, at least 16]
    #[arg(long, short, value_name = "N", value_parser = values::jobs)]
    jobs: Option<usize>,
    /// Seeds keys, masks and generated payloads
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How octets are handed to the transport
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    delivery: Deliveries,
    /// Stop behind the first confirmed failure
    #[arg(long)]
    fail_fast: bool,

    /// Call the target so, with its version for instance, in reports and for `target=` of known deviations
    #[arg(long, value_name = "NAME", value_parser = values::name)]
    target_name: Option<String>,

    #[command(flatten)]
    exec: Exec,
    #[command(flatten)]
    views: Views,
    #[command(flatten)]
    gate: Gate,
}

const TIMEOUT: &str = "5s";

/// Runs the cases against the server.
///
/// # Errors
/// A sentence, where the run did not come about.
pub fn run(args: Args) -> Result<Exit, Failure> {
    // One thread costs least. The reference server has one of its own: what keeps the suite busy must not keep the target busy too.
    let mut builder = match args.words.iter().any(|word| word.contains("://")) {
        true => tokio::runtime::Builder::new_current_thread(),
        false => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unreached, format!("cannot start: {error}")))?;
    let exit = runtime.block_on(args.play());
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    exit
}

impl Args {
    async fn play(mut self) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()
            .map_err(|error| Failure::new(Exit::Unreached, format!("cannot start: {error}")))?;
        let (url, words) = self.words()?;
        if url.is_none() && self.subprotocol.is_empty() {
            // The reference server knows some: there is no reason to leave out what is about them.
            self.subprotocol
                .extend(SUBPROTOCOLS.first().map(|&name| name.to_owned()));
        }
        let port = self.exec.port(url.as_deref())?;
        let real = |url: &String| match port {
            Some(port) => url.replace(exec::PORT, &port.to_string()),
            None => url.clone(),
        };
        // Without a URL the reference server is tested, over real TCP all the same; it ends with this value.
        let reference = match url {
            Some(_) => None,
            None => Some(serve::spawn(None, self.seed).await.map_err(|error| {
                let sentence =
                    format!("cannot start the reference server on loopback: {error}; give a URL");
                Failure::new(Exit::Unreached, sentence)
            })?),
        };
        let target = match (&url, &reference) {
            (Some(url), _) => Target::parse(&real(url)),
            (None, reference) => {
                let address = reference.as_ref().map(|r| r.address.to_string());
                Target::parse(&format!("ws://{}/", address.unwrap_or_default()))
            }
        };
        let target = target.map_err(Failure::usage)?;
        self.check_tls(&target)?;
        let headers = self.headers()?;
        let (items, catalogue) = self.choice.select(&words, Role::Server)?;
        let names = Names {
            name: self.target_name.as_deref(),
            url: url.as_deref(),
        };
        let terms = self.gate.terms(Role::Server, names, &self.choice.cases)?;
        let terms = Arc::new(terms);
        let outputs = self.views.open()?;
        let writing = self.gate.open()?;
        let ward = self.exec.ward(&target, port).await?;
        let started = ward.map(|ward| Started(Arc::new(ward)));

        let progress = Progress::new(&format!("asking {target}"), self.views.on_stdout());
        let start = report::Start {
            role: Role::Server,
            name: self.target_name.clone(),
            url: url.clone(),
            headers: self.header.clone(),
            origin: self.origin.clone(),
            subprotocols: self.subprotocol.clone(),
            delivery: Some(self.delivery.name()),
            seed: self.seed,
            catalogue,
            command: self.replay(url.as_deref()),
            started: SystemTime::now(),
            terms: terms.clone(),
            port,
        };
        let mut builder = Builder::new(start);
        let mut teller =
            Teller::new(progress.page(), self.views.verbose).judging(terms.gate().clone());
        let gate = terms.gate().clone();
        let mut failed = 0;
        let mut observe = |news: News| match news {
            News::Reached(cases) => progress.begin(cases),
            News::Judged(result) => {
                let (case, measured) = builder.add(*result);
                let standing = gate.standing(case);
                failed += usize::from(standing == Standing::Bad);
                let fails = case.verdict == Verdict::Fail && standing != Standing::Known;
                if fails || self.views.verbose {
                    progress.tell(&teller.case(case, measured, report::Rule::find));
                }
                progress.step(failed);
            }
        };
        let options = Options {
            setup: Setup {
                target: Role::Server,
                host: target.host_header(),
                resource: target.resource.clone(),
                headers,
                echo: false,
                greets: false,
                seed: self.seed,
                patience: self.timeout,
            },
            jobs: self.jobs.unwrap_or_else(run::usual_jobs),
            most_jobs: self.jobs.unwrap_or(run::MOST_JOBS),
            timeout: self.timeout,
            fail_fast: self.fail_fast,
            terms,
            delivery: self.delivery,
            tls: self.tls(),
            ward: started.as_ref().map(|started| started.0.clone()),
        };
        if let Some(started) = &started {
            let up = tokio::select! {
                up = started.0.start() => up,
                exit = signals.next() => {
                    progress.end();
                    started.end(true).await;
                    return Ok(exit);
                }
            };
            up.map_err(|error| {
                progress.end();
                Failure::new(Exit::Unreached, error)
            })?;
        }
        let began = Instant::now();
        let mut signal = None;
        let stop = async { signal = Some(signals.next().await) };
        let done = run::run(items, &target, options, &mut observe, stop).await;
        progress.end();
        let interrupted = signal.unwrap_or(Exit::Interrupted);
        let outcome = match done {
            Ok(outcome) => outcome,
            Err(Unreached::Interrupted) => {
                if let Some(started) = &started {
                    started.end(true).await;
                }
                return Err(Failure::new(interrupted, Unreached::Interrupted));
            }
            Err(gone) => {
                let mut sentence = gone.to_string();
                if let Some(started) = &started {
                    sentence.push_str(&started.unreached().await);
                }
                return Err(Failure::new(exit_of(&gone, interrupted), sentence));
            }
        };
        let stopped = outcome.stop.clone();
        if let Some(Stop::Lost(lost)) = &stopped {
            complain(&format!("the target was lost: {}", lost.reason));
        }
        let report = builder.finish(outcome.end(began.elapsed()));
        for crash in report.crashed() {
            complain(&crash.sentence());
        }
        if self.views.on_stdout() {
            for warning in report.warnings() {
                complain(&format!("warning: {}", warning.sentence));
            }
        }
        let exit = match stopped {
            Some(Stop::Interrupted) => interrupted,
            _ => gate::judge(&report),
        };
        if let Some(started) = &started {
            let well = exit == Exit::Conforms && report.crashes.is_empty();
            started.end(well).await;
        }
        outputs.write(&report).map_err(Failure::usage)?;
        if let Some(writing) = writing {
            tell(&writing.write(&report, &self.choice.cases)?);
        }
        Ok(exit)
    }
}

impl Args {
    /// What is the URL, and what are cases: only a URL has `://` in it.
    fn words(&self) -> Result<(Option<String>, Vec<String>), Failure> {
        let (urls, words): (Vec<String>, Vec<String>) = self
            .words
            .iter()
            .cloned()
            .partition(|word| word.contains("://"));
        match urls.as_slice() {
            [] => Ok((None, words)),
            [url] => Ok((Some(url.clone()), words)),
            [first, second, ..] => Err(Failure::usage(format!(
                "there are two URLs, {first} and {second}; one run tests one server"
            ))),
        }
    }

    fn tls(&self) -> TlsOptions {
        TlsOptions {
            trust: match &self.ca {
                Some(file) => Trust::File(file.clone()),
                None if self.insecure => Trust::Anyone,
                None => Trust::System,
            },
            server_name: self.server_name.clone(),
        }
    }

    fn check_tls(&self, target: &Target) -> Result<(), Failure> {
        let given = [
            ("--ca", self.ca.is_some()),
            ("--insecure", self.insecure),
            ("--server-name", self.server_name.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((option, _)) if !target.secure => Err(Failure::usage(format!(
                "{option} is about TLS, and {target} has none; write wss:// or leave the option out"
            ))),
            _ => Ok(()),
        }
    }

    /// All header lines that the command line adds to the ordinary request.
    fn headers(&self) -> Result<Vec<(String, String)>, Failure> {
        let offer = (!self.subprotocol.is_empty()).then(|| self.subprotocol.join(", "));
        let mut headers = self.header.clone();
        for (name, option, value) in [
            ("Origin", "--origin", self.origin.clone()),
            ("Sec-WebSocket-Protocol", "--subprotocol", offer),
        ] {
            let Some(value) = value else { continue };
            if headers
                .iter()
                .any(|(given, _)| given.eq_ignore_ascii_case(name))
            {
                let sentence = format!("{option} and --header both set {name}; leave one out");
                return Err(Failure::usage(sentence));
            }
            headers.push((name.to_owned(), value));
        }
        Ok(headers)
    }

    /// The words of a command that plays a case again as it was played; its id comes behind them.
    fn replay(&self, url: Option<&str>) -> Vec<String> {
        let mut words = vec!["wsspec".to_owned(), "server".to_owned()];
        words.extend(url.map(str::to_owned));
        words.extend(self.exec.replay());
        words.extend(self.choice.replay());
        let mut add = |option: &str, value: String| words.extend([option.to_owned(), value]);
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        self.ca.iter().for_each(|file| add("--ca", path(file)));
        self.server_name
            .iter()
            .for_each(|name| add("--server-name", name.clone()));
        self.header
            .iter()
            .for_each(|(name, value)| add("--header", format!("{name}: {value}")));
        self.origin
            .iter()
            .for_each(|origin| add("--origin", origin.clone()));
        self.subprotocol
            .iter()
            .for_each(|name| add("--subprotocol", name.clone()));
        if values::shown(self.timeout) != TIMEOUT {
            add("--timeout", values::shown(self.timeout));
        }
        if self.delivery != Deliveries::default() {
            add("--delivery", self.delivery.name());
        }
        add("--seed", self.seed.to_string());
        if self.insecure {
            words.push("--insecure".to_owned());
        }
        words
    }
}

fn exit_of(gone: &Unreached, interrupted: Exit) -> Exit {
    match gone {
        Unreached::Interrupted => interrupted,
        Unreached::Dial(DialError::Tls(_)) => Exit::Usage,
        _ => Exit::Unreached,
    }
}
