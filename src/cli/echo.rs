//! `wsspec echo`: serves the reference echo server, faultless or with one fault.

use std::io;

use tabled::{builder::Builder, settings::Style};
use tokio::net::TcpListener;

use super::{Failure, say};
use crate::{
    case::Role,
    gate::Exit,
    peer::{Fault, faults, serve},
    rules,
};

/// Serve the reference echo server, faultless or with one fault
///
/// Exit codes: 0 it was interrupted; 2 usage; 3 it cannot listen there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001")]
    pub listen: String,
    /// Break one rule, by the name of the fault
    #[arg(long, value_name = "NAME", value_parser = server_fault)]
    pub fault: Option<&'static Fault>,
    /// Make what is random the same each time
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Show all faults, those of clients included, and end
    #[arg(long)]
    pub list_faults: bool,
}

fn server_fault(name: &str) -> Result<&'static Fault, String> {
    fault(name, Role::Server)
}

/// The fault of this name, for a peer in this role.
///
/// # Errors
/// A sentence for who typed it.
pub(super) fn fault(name: &str, role: Role) -> Result<&'static Fault, String> {
    let fault = faults::find(name).map_err(|error| error.to_string())?;
    let other = match role {
        Role::Server => "wsspec connect",
        Role::Client => "wsspec echo",
    };
    match fault.is_for(role) {
        true => Ok(fault),
        false => Err(format!("it is a fault of the other role; {other} takes it")),
    }
}

/// Serves until it is interrupted.
///
/// # Errors
/// When the address makes no sense, or cannot be listened on.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    if args.list_faults {
        say(&list());
        return Ok(Exit::Conforms);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| failure("start", &error))?;
    runtime.block_on(async {
        let bound = TcpListener::bind(&args.listen).await;
        let listener =
            bound.map_err(|error| failure(&format!("listen on {}", args.listen), &error))?;
        let address = listener.local_addr();
        let address = address.map_err(|error| failure("find out where it listens", &error))?;
        say(&format!("listening on ws://{address}"));
        let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
        tokio::select! {
            () = serve::serve(listener, args.fault, seed) => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(Exit::Conforms)
    })
}

/// All faults, in columns.
fn list() -> String {
    let mut rows = Builder::default();
    rows.push_record(["fault", "role", "level", "rule", "section", "what it does"]);
    for fault in faults::all() {
        let role = match fault.role {
            Some(Role::Server) => "server",
            Some(Role::Client) => "client",
            None => "both",
        };
        let rule = rules::find(fault.rule);
        let section = rule.map_or(String::new(), rules::Rule::section);
        let level = rule.map_or(String::new(), |rule| rule.level.to_string());
        rows.push_record([fault.name, role, &level, fault.rule, &section, fault.what]);
    }
    let table = rows.build().with(Style::blank()).to_string();
    let lines: Vec<_> = table.lines().map(str::trim).collect();
    lines.join("\n")
}

fn failure(what: &str, error: &io::Error) -> Failure {
    let exit = match error.kind() {
        io::ErrorKind::InvalidInput => Exit::Usage,
        _ => Exit::Unreached,
    };
    Failure::new(exit, format!("cannot {what}: {error}"))
}
