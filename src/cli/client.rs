//! `wsspec client`: listens, and tests the clients that come.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{
    Failure,
    choice::Choice,
    complain,
    gate::{Gate, Names},
    progress::Progress,
    signals::Signals,
    tell, values,
    views::Views,
};
use crate::{
    case::Role,
    drive::{Deliveries, Delivery},
    gate::Exit,
    listen::{self, Hall, Options, tls},
    process::Output,
    report::{self, Builder, journal::Journal},
};

mod exec;
mod run;

use exec::Exec;
use run::Run;

/// Listen, and test the WebSocket clients that come
///
/// A client asks for /getCaseCount, plays /runCase?case=N&agent=NAME for each N from 1 on, sending each message back, and asks for
/// /updateReports?agent=NAME at last. Each case is also at a path of its own, /case/ID?agent=NAME. It ends when a client asks for /stopServer, when
/// the command of --exec is done, or when it is interrupted.
///
/// Exit codes: 0 all clients conform, or deviate as known; 1 one does not; 2 usage, or a bad file; 3 no client came, or one crashed; a case was not asked for, or could not be played; 4 nothing
/// was selected, or nothing of what ran showed anything.
#[derive(Debug, clap::Args)]
#[command(after_long_help = super::report::formats())]
pub struct Args {
    /// The cases on offer, as glob patterns over their ids (none: all)
    #[arg(value_name = "CASE")]
    words: Vec<String>,

    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9001")]
    listen: String,

    #[command(flatten)]
    choice: Choice,

    /// Speak TLS, with a certificate for localhost that is made for this run
    #[arg(long, help_heading = "TLS")]
    tls: bool,
    /// Speak TLS, with the certificate (and its chain) in this PEM file
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "TLS")]
    cert: Option<PathBuf>,
    /// The key of the certificate, as a PEM file
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    key: Option<PathBuf>,

    /// How long a client may take for one step
    #[arg(long, value_name = "DURATION", value_parser = values::duration, default_value = TIMEOUT)]
    timeout: Duration,
    /// Seeds keys and generated payloads
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How octets are handed to the transport; a client comes once for a case, so `all` is not among them
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    delivery: Deliveries,
    /// Clients are known to send each message back: where nothing comes, they fail. Else those that send nothing back in any case are none that echo
    #[arg(long)]
    echo: bool,
    /// A client need not ask for every case
    #[arg(long)]
    partial: bool,

    /// Run this command once, in a shell: it drives all cases of the listener at {url}, which is in WSSPEC_URL too; {page} is the URL of the page for browsers
    #[arg(
        long,
        value_name = "CMD",
        help_heading = "Client",
        conflicts_with = "exec_per_case"
    )]
    exec: Option<String>,
    /// Run this command once for each case: it connects to {url}, which is in WSSPEC_URL too, and sends each message back
    #[arg(long, value_name = "CMD", help_heading = "Client")]
    exec_per_case: Option<String>,
    /// The most time that one run of the command takes [default: 30m, for one case 1m]
    #[arg(long, value_name = "DURATION", value_parser = values::duration, help_heading = "Client")]
    exec_timeout: Option<Duration>,
    /// Keep what the command says in this file
    #[arg(long, value_name = "FILE", help_heading = "Client")]
    exec_output: Option<PathBuf>,
    /// What the client is called where --exec-per-case runs it
    #[arg(long, value_name = "NAME", default_value = "client", value_parser = agent, help_heading = "Client")]
    agent: String,
    /// How many cases --exec-per-case runs side by side [default: the processors]
    #[arg(long, short, value_name = "N", value_parser = values::jobs, help_heading = "Client")]
    jobs: Option<usize>,

    #[command(flatten)]
    views: Views,
    #[command(flatten)]
    gate: Gate,
}

/// Some clients wait for 10 s themselves before they end TCP.
const TIMEOUT: &str = "15s";
/// The most time for a command that drives all cases, and for one that plays one.
const WHOLE: Duration = Duration::from_secs(30 * 60);
const ONE: Duration = Duration::from_secs(60);

/// Reads the name of a client.
fn agent(text: &str) -> Result<String, String> {
    let most = listen::route::MAX_AGENT;
    match text.chars().count() {
        0 => Err("it has to have a name".to_owned()),
        n if n > most => Err(format!("{most} characters are the most")),
        _ => Ok(text.to_owned()),
    }
}

/// Listens until the clients are done.
///
/// # Errors
/// A sentence, where the run did not come about.
pub fn run(args: Args) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::new(Exit::Unreached, format!("cannot start: {error}")))?;
    let exit = runtime.block_on(args.play());
    runtime.shutdown_background();
    exit
}

/// A file that goes with this value.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Whoever has removed it before has done no harm.
        let _ = fs::remove_file(&self.0);
    }
}

impl Args {
    async fn play(self) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()
            .map_err(|error| Failure::new(Exit::Unreached, format!("cannot start: {error}")))?;
        let delivery = self.one_delivery()?;
        let (items, catalogue) = self.choice.select(&self.words, Role::Client)?;
        let terms = self
            .gate
            .terms(Role::Client, Names::default(), &self.choice.cases)?;
        let terms = Arc::new(terms);
        let outputs = self.views.open()?;
        let writing = self.gate.open()?;
        let output = self.output()?;
        let (acceptor, made) = self.tls()?;
        let (listener, address) = self.bind().await?;
        let scheme = if acceptor.is_some() { "wss" } else { "ws" };
        let url = format!("{scheme}://{address}");
        let start = report::Start {
            role: Role::Client,
            name: None,
            url: None,
            headers: Vec::new(),
            origin: None,
            subprotocols: Vec::new(),
            delivery: Some(self.delivery.name()),
            seed: self.seed,
            catalogue,
            command: self.replay(),
            started: SystemTime::now(),
            terms,
            port: None,
        };
        let journal = self.journal(&start, items.len())?;
        let options = Options {
            items,
            start,
            patience: self.timeout,
            delivery,
            url: url.clone(),
            echo: self.echo,
            journal,
            alone: self.exec_per_case.as_ref().map(|_| self.agent.clone()),
        };
        let (hall, news) = Hall::new(options);
        let progress = Progress::new("waiting for a client", self.views.on_stdout());
        progress.tell(&format!(
            "listening on {url}, with {}\n",
            values::count(hall.count(None), "case")
        ));
        let ca = match &made {
            Some(made) => {
                let file = certificate(made)?;
                let shown = file.0.display().to_string();
                progress.tell(&format!("its certificate is in {shown}\n"));
                Some(file)
            }
            None => None,
        };
        progress.begin(hall.count(None));
        let mut run = Run::new(
            &self.views,
            &self.gate,
            self.partial,
            hall.clone(),
            progress,
        );
        let signal = {
            let exec = self.exec(address, scheme, ca.as_ref(), output);
            let executing = self.execute(exec, &hall);
            tokio::select! {
                biased;
                signal = signals.next() => Some(signal),
                () = listen::serve(listener, hall.clone(), acceptor) => None,
                () = run.watch(news) => None,
                complaints = executing => {
                    complaints.iter().for_each(|complaint| complain(complaint));
                    None
                }
            }
        };
        let driven = self.exec.is_some() || self.exec_per_case.is_some();
        let (reports, exit) = run.end(signal, outputs, driven)?;
        hall.end_journal();
        if let Some(writing) = writing {
            match reports.as_slice() {
                [report] => tell(&writing.write(report, &self.choice.cases)?),
                _ => complain(
                    "several clients have come, and known deviations are those of one: none were written",
                ),
            }
        }
        Ok(exit)
    }

    /// Runs the command, if there is one; what there is to complain of.
    async fn execute(&self, exec: Option<Exec>, hall: &Arc<Hall>) -> Vec<String> {
        match exec {
            None => std::future::pending().await,
            Some(exec) if self.exec.is_some() => exec::whole(&exec, hall).await,
            Some(exec) => {
                let processors = std::thread::available_parallelism().map_or(1, usize::from);
                exec::each(&exec, hall, self.jobs.unwrap_or(processors)).await;
                Vec::new()
            }
        }
    }

    fn exec(
        &self,
        address: SocketAddr,
        scheme: &str,
        ca: Option<&Temporary>,
        output: Option<Output>,
    ) -> Option<Exec> {
        let line = self.exec.as_ref().or(self.exec_per_case.as_ref())?.clone();
        let mut near = address;
        if near.ip().is_unspecified() {
            near.set_ip(match near {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        // A certificate has a name in it, more often than an address.
        let host = match scheme {
            "wss" => format!("localhost:{}", near.port()),
            _ => near.to_string(),
        };
        let ca = ca.map(|ca| ca.0.to_string_lossy().into_owned());
        let whole = self.exec.is_some();
        Some(Exec {
            line,
            limit: self.exec_timeout.unwrap_or(if whole { WHOLE } else { ONE }),
            agent: self.agent.clone(),
            base: format!("{scheme}://{host}"),
            env: ca
                .map(|ca| ("WSSPEC_CA".to_owned(), ca))
                .into_iter()
                .collect(),
            output: output?,
        })
    }

    fn output(&self) -> Result<Option<Output>, Failure> {
        let output = match &self.exec_output {
            Some(path) => Output::create(path).map_err(|error| {
                let path = path.display();
                Failure::usage(format!(
                    "cannot keep what the command says in {path}: {error}"
                ))
            }),
            None if self.exec.is_some() || self.exec_per_case.is_some() => Output::temporary()
                .map_err(|error| {
                    Failure::usage(format!("cannot keep what the command says: {error}"))
                }),
            None => return Ok(None),
        };
        output.map(Some)
    }

    async fn bind(&self) -> Result<(TcpListener, SocketAddr), Failure> {
        let listener = TcpListener::bind(&self.listen).await.map_err(|error| {
            let exit = match error.kind() {
                std::io::ErrorKind::InvalidInput => Exit::Usage,
                _ => Exit::Unreached,
            };
            Failure::new(exit, format!("cannot listen on {}: {error}", self.listen))
        })?;
        let address = listener.local_addr().map_err(|error| {
            let sentence = format!("cannot find out where it listens: {error}");
            Failure::new(Exit::Unreached, sentence)
        })?;
        Ok((listener, address))
    }

    /// The journal beside the report, where one goes to a file.
    fn journal(&self, start: &report::Start, cases: usize) -> Result<Option<Journal>, Failure> {
        let mut destinations = self.views.report.iter();
        let json = destinations.find(|to| to.format.name == "json" && to.file.is_some());
        let Some(file) = json.and_then(|to| to.file.clone()) else {
            return Ok(None);
        };
        if !file.metadata().map_or(true, |known| known.is_file()) {
            return Ok(None);
        }
        let mut path = file.into_os_string();
        path.push(".journal");
        let none = Builder::new(start.clone()).finish(report::End::default());
        Journal::begin(Path::new(&path), none, cases as u64)
            .map(Some)
            .map_err(|error| {
                let path = path.to_string_lossy();
                Failure::usage(format!("cannot keep results in {path}: {error}"))
            })
    }

    fn one_delivery(&self) -> Result<Delivery, Failure> {
        match self.delivery.each() {
            [one] => Ok(*one),
            _ => Err(Failure::usage(format!(
                "--delivery {} plays a case several times, and a client comes once for it; run once with each",
                self.delivery.name()
            ))),
        }
    }

    fn tls(&self) -> Result<(Option<TlsAcceptor>, Option<tls::Made>), Failure> {
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let acceptor =
                    tls::from_files(cert.clone(), key.clone()).map_err(Failure::usage)?;
                Ok((Some(acceptor), None))
            }
            _ if self.tls => {
                let (acceptor, made) = tls::made(&[]).map_err(Failure::usage)?;
                Ok((Some(acceptor), Some(made)))
            }
            _ => Ok((None, None)),
        }
    }

    /// The words of a command that offers a case again as it was played; its id comes behind them.
    fn replay(&self) -> Vec<String> {
        let mut words = vec!["wsspec".to_owned(), "client".to_owned()];
        words.extend(self.choice.replay());
        let mut add = |option: &str, value: String| words.extend([option.to_owned(), value]);
        if let Some(line) = &self.exec {
            add("--exec", line.clone());
        }
        if let Some(line) = &self.exec_per_case {
            add("--exec-per-case", line.clone());
        }
        if values::shown(self.timeout) != TIMEOUT {
            add("--timeout", values::shown(self.timeout));
        }
        if self.delivery != Deliveries::default() {
            add("--delivery", self.delivery.name());
        }
        add("--seed", self.seed.to_string());
        if self.tls {
            words.push("--tls".to_owned());
        }
        words
    }
}

/// Puts the certificate of this run where clients can read it.
fn certificate(made: &tls::Made) -> Result<Temporary, Failure> {
    let name = format!("wsspec-{}.pem", std::process::id());
    let path = std::env::temp_dir().join(name);
    let failed = |error| {
        let path = path.display();
        Failure::usage(format!("cannot write the certificate to {path}: {error}"))
    };
    fs::write(&path, &made.pem).map_err(failed)?;
    Ok(Temporary(path))
}
