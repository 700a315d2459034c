//! `wsspec connect`: dials a server with the reference echo client, faultless or with one fault.

use std::{path::PathBuf, time::Duration};

use super::{Failure, echo, values};
use crate::{
    case::{Profile, Role},
    drive::{Dialler, Target, TlsOptions, tls::Trust},
    gate::Exit,
    peer::{Ask, Fault, Peer, serve},
};

/// How long a connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);

/// Dial a server with the reference echo client, and send back what it sends until it closes
///
/// Exit codes: 0 the connection has ended, however; 2 usage; 3 it did not come about, or broke.
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
        let transport = dialler
            .dial(PATIENCE)
            .await
            .map_err(|error| Failure::new(Exit::Unreached, error))?;
        let ask = Ask {
            host: target.host_header(),
            resource: target.resource.clone(),
            subprotocols: self.subprotocol,
            browser: self.profile.is_some() || self.fault.is_some_and(|f| f.profile().is_some()),
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
