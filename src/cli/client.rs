//! `wsspec client`: listens, and tests the clients that come.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::{net::TcpListener, sync::mpsc};

use super::{
    Failure,
    choice::Choice,
    complain,
    gate::{Gate, Names},
    progress::Progress,
    signals::Signals,
    values,
    views::Views,
};
use crate::{
    case::Role,
    drive::{Deliveries, Delivery},
    gate::{self, Exit},
    listen::{self, Hall, News, Options, tls},
    report::{self, Builder, Report, Stopped, Teller, Why},
    session::Verdict,
};

/// Listens, and tests the WebSocket clients that come
///
/// A client asks for /getCaseCount, plays /runCase?case=N&agent=NAME for each N from 1 on, sending each message back, and asks for
/// /updateReports?agent=NAME at last. Each case is also at a path of its own, /case/ID?agent=NAME.
///
/// Exit codes: 0 all clients conform; 1 one does not; 2 usage, or a bad case file; 3 a case was not asked for, or could not be played; 4 nothing
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
    /// A client need not ask for every case
    #[arg(long)]
    partial: bool,

    #[command(flatten)]
    views: Views,
    #[command(flatten)]
    gate: Gate,
}

const TIMEOUT: &str = "10s";

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

impl Args {
    async fn play(self) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()
            .map_err(|error| Failure::new(Exit::Unreached, format!("cannot start: {error}")))?;
        let delivery = self.one_delivery()?;
        let (items, catalogue) = self.choice.select(&self.words, Role::Client)?;
        let terms = Arc::new(self.gate.terms(
            Role::Client,
            Names::default(),
            &self.choice.cases,
        )?);
        let outputs = self.views.open()?;
        let (acceptor, made) = self.tls()?;
        let listener = TcpListener::bind(&self.listen).await.map_err(|error| {
            let exit = match error.kind() {
                std::io::ErrorKind::InvalidInput => Exit::Usage,
                _ => Exit::Unreached,
            };
            Failure::new(exit, format!("cannot listen on {}: {error}", self.listen))
        })?;
        let address = listener.local_addr().map_err(|error| {
            Failure::new(
                Exit::Unreached,
                format!("cannot find out where it listens: {error}"),
            )
        })?;
        let scheme = if acceptor.is_some() { "wss" } else { "ws" };
        let url = format!("{scheme}://{address}");
        let options = Options {
            start: report::Start {
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
                terms: terms.clone(),
            },
            items,
            patience: self.timeout,
            delivery,
            url: url.clone(),
        };
        let (hall, news) = Hall::new(options);
        let progress = Progress::new("waiting for a client", self.views.on_stdout());
        progress.tell(&format!(
            "listening on {url}, with {}\n",
            values::count(hall.count(None), "case")
        ));
        if let Some(made) = &made {
            progress.tell(&made.pem);
        }
        let began = Instant::now();
        let mut run = Run {
            args: &self,
            teller: Teller::new(progress.page(), self.views.verbose).judging(terms.gate().clone()),
            progress,
            hall: hall.clone(),
            failed: 0,
        };
        let signal = tokio::select! {
            () = listen::serve(listener, hall, acceptor) => None,
            () = run.watch(news) => None,
            signal = signals.next() => Some(signal),
        };
        run.progress.end();
        let _ = (signal, began);
        let mut reports = run.reports();
        for report in &mut reports {
            self.gate.judge(report)?;
        }
        let mut exit = Exit::Nothing;
        if let Some(report) = reports.first() {
            exit = gate::judge(report);
            outputs.write(report).map_err(Failure::usage)?;
        } else {
            complain("no client came");
        }
        Ok(exit)
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

    fn tls(&self) -> Result<(Option<tokio_rustls::TlsAcceptor>, Option<tls::Made>), Failure> {
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
        if self.timeout != values::duration(TIMEOUT).unwrap_or_default() {
            add("--timeout", values::shown(self.timeout));
        }
        if self.delivery != Deliveries::default() {
            add("--delivery", self.delivery.name());
        }
        add("--seed", self.seed.to_string());
        words
    }
}

/// What is told while clients come and go.
struct Run<'a> {
    args: &'a Args,
    hall: Arc<Hall>,
    progress: Progress,
    teller: Teller,
    failed: usize,
}

impl Run<'_> {
    /// Tells the news, until a client asks for the end.
    async fn watch(&mut self, mut news: mpsc::Receiver<News>) {
        while let Some(news) = news.recv().await {
            match news {
                News::Judged { agent, place } => self.judged(&agent, place),
                News::Update {
                    agent,
                    shutdown,
                    done,
                } => {
                    self.update(&agent);
                    drop(done);
                    if shutdown {
                        return;
                    }
                }
                News::Stop => return,
            }
        }
    }

    fn judged(&mut self, agent: &str, place: usize) {
        let result = {
            let agents = self.hall.agents();
            agents.result(agent, place, &self.hall.options.items)
        };
        let Some(result) = result else { return };
        let verdict = result.judgement.verdict;
        self.failed += usize::from(verdict == Verdict::Fail);
        if verdict == Verdict::Fail || self.args.views.verbose {
            let mut builder = Builder::new(self.hall.options.start.clone());
            let (case, measured) = builder.add(result);
            let told = self.teller.case(case, measured, report::Rule::find);
            self.progress.tell(&told);
        }
        self.progress.step(self.failed);
    }

    fn update(&mut self, agent: &str) {
        if let Some(report) = self.hall.report(agent) {
            let table = report::view::TABLE;
            let page = self.progress.page();
            self.progress.tell(&(table.render)(&report, &page));
        }
    }

    fn reports(&self) -> Vec<Report> {
        let names = self.hall.agents().names().to_vec();
        names
            .iter()
            .filter_map(|name| {
                let mut report = self.hall.report(name)?;
                let not_run = self.hall.not_asked(name) as u64;
                if not_run > 0 && !self.args.partial {
                    report.stopped = Some(Stopped {
                        why: Why::NotAsked,
                        not_run,
                    });
                }
                Some(report)
            })
            .collect()
    }
}
