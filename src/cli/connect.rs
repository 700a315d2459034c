//! `wsspec connect`: dials a server with the reference echo client, faultless or with one fault.

use std::{path::PathBuf, time::Duration};

use super::{Failure, echo, say, values};
use crate::{
    case::{Profile, Role},
    drive::{Dialler, Target, TlsOptions, tls::Trust},
    gate::Exit,
    peer::{Ask, Fault, Peer, SUBPROTOCOLS, driver::Driver, serve},
};

/// How long a connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);

/// Dial a server with the reference echo client, and send back what it sends until it closes
///
/// Exit codes: 0 the connection has ended, however, or all cases were played; 2 usage; 3 it did not come about, or broke.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The server, as ws://HOST[:PORT][/PATH] or wss://…
    url: String,
    /// Break one rule, by the name of the fault
    #[arg(long, value_name = "NAME", value_parser = client_fault)]
    fault: Option<&'static Fault>,
    /// Ask and close as clients of this kind do
    #[arg(long)]
    profile: Option<Profile>,
    /// Offer this subprotocol
    #[arg(long, value_name = "NAME", value_parser = values::subprotocol)]
    subprotocol: Vec<String>,
    /// Make what is random the same each time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Drive all cases of a listener, by its control paths: URL is that of `wsspec client`
    #[arg(long = "loop")]
    all: bool,
    /// The name that the client gives itself there
    #[arg(long, value_name = "NAME", default_value = "wsspec", requires = "all")]
    agent: String,
    /// Ask for this case alone; may be repeated
    #[arg(long, value_name = "ID", requires = "all")]
    case: Vec<String>,
    /// How many cases are played side by side
    #[arg(long, short, value_name = "N", value_parser = values::jobs, default_value_t = 1, requires = "all")]
    jobs: usize,
    /// Trust the certificates in this PEM file, and no others
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Trust whoever answers
    #[arg(long)]
    insecure: bool,
}

fn client_fault(name: &str) -> Result<&'static Fault, String> {
    echo::fault(name, Role::Client)
}

/// Dials, and stays until the connection ends or the program is interrupted.
///
/// # Errors
/// When the URL makes no sense, or the connection does not come about or breaks.
pub fn run(args: Args) -> Result<Exit, Failure> {
    let target = Target::parse(&args.url).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unreached, format!("cannot start: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            done = args.converse(target) => done,
            _ = tokio::signal::ctrl_c() => Ok(Exit::Conforms),
        }
    })
}

impl Args {
    async fn converse(self, target: Target) -> Result<Exit, Failure> {
        let trust = match (self.ca, self.insecure) {
            (Some(file), _) => Trust::File(file),
            (None, true) => Trust::Anyone,
            (None, false) => Trust::System,
        };
        let tls = TlsOptions {
            trust,
            server_name: None,
        };
        let dialler = Dialler::new(&target, &tls, PATIENCE)
            .await
            .map_err(|error| Failure::new(Exit::Unreached, error))?;
        let browser = self.profile.is_some() || self.fault.is_some_and(|f| f.profile().is_some());
        if self.all {
            let subprotocols = match self.subprotocol.is_empty() {
                // There is no reason to leave out what is about them.
                true => SUBPROTOCOLS
                    .iter()
                    .take(1)
                    .map(|&name| name.to_owned())
                    .collect(),
                false => self.subprotocol,
            };
            let driver = Driver {
                agent: self.agent,
                cases: self.case,
                jobs: self.jobs,
                fault: self.fault,
                browser,
                subprotocols,
                seed: self.seed.unwrap_or_else(|| fastrand::u64(..)),
            };
            let played = driver.run(&target, dialler).await;
            let played = played.map_err(|error| Failure::new(Exit::Unreached, error))?;
            say(&format!("{} played", values::count(played, "case")));
            return Ok(Exit::Conforms);
        }
        let transport = dialler
            .dial(PATIENCE)
            .await
            .map_err(|error| Failure::new(Exit::Unreached, error))?;
        let ask = Ask {
            host: target.host_header(),
            resource: target.resource.clone(),
            subprotocols: self.subprotocol,
            browser,
        };
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        let peer = Peer::client(self.fault, seed, &ask);
        serve::converse(transport, peer, |transport| {
            transport.tcp().set_zero_linger()
        })
        .await
        .map_err(|error| {
            Failure::new(
                Exit::Unreached,
                format!("the connection to {target} broke: {error}"),
            )
        })?;
        Ok(Exit::Conforms)
    }
}
