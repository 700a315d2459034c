//! The command line: what people type, and the commands behind it.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod check;

/// Tells whether a WebSocket endpoint keeps the protocol, which rule it breaks, and what octets prove it.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check case files.
    Check(check::Args),
}

/// Runs the command; clap itself ends with 2 on a command line that makes no sense.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Check(args) => check::run(&args),
    }
}
