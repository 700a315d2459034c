//! The command line: what people type, and the commands behind it.

use std::{
    fmt::Display,
    io::{ErrorKind, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{escape, gate::Exit};

pub mod check;
pub mod choice;
pub mod client;
pub mod completions;
pub mod connect;
pub mod coverage;
pub mod echo;
pub mod exec;
pub mod explain;
pub mod gate;
pub mod list;
pub mod man;
mod progress;
pub mod report;
pub mod server;
pub mod signals;
pub mod values;
pub mod views;

/// Tells whether a WebSocket endpoint keeps the protocol, which rule it breaks, and what octets prove it.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Explain(explain::Args),
    Check(check::Args),
    Coverage(coverage::Args),
    Server(Box<server::Args>),
    Client(Box<client::Args>),
    Report(report::Args),
    Echo(echo::Args),
    Connect(connect::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the command; clap itself ends with 2 on a command line that makes no sense.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::List(args) => ended(list::run(&args)),
        Command::Explain(args) => ended(explain::run(&args)),
        Command::Check(args) => check::run(&args).into(),
        Command::Coverage(args) => ended(coverage::run(&args)),
        Command::Server(args) => ended(server::run(*args)),
        Command::Client(args) => ended(client::run(*args)),
        Command::Report(args) => ended(report::run(args)),
        Command::Echo(args) => ended(echo::run(&args)),
        Command::Connect(args) => ended(connect::run(args)),
        Command::Completions(args) => ended(completions::run(&args)),
        Command::Man(args) => ended(man::run(&args)),
    }
}

/// Why a command could not do what it should, in a sentence, and the exit code that goes with it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    sentence: String,
}

impl Failure {
    /// With this exit code.
    pub fn new(exit: Exit, sentence: impl Display) -> Failure {
        let sentence = sentence.to_string();
        Failure { exit, sentence }
    }

    /// The command line makes no sense.
    pub fn usage(sentence: impl Display) -> Failure {
        Failure::new(Exit::Usage, sentence)
    }
}

/// Tells a failure, and gives the exit code.
fn ended(done: Result<Exit, Failure>) -> ExitCode {
    let exit = done.unwrap_or_else(|failure| {
        complain(&failure.sentence);
        failure.exit
    });
    exit.into()
}

/// Says on standard error what went wrong. Nobody may be listening there: that is no reason to fail.
fn complain(sentence: &str) {
    let style = *clap::builder::Styles::styled().get_error();
    let sentence = escape::lines(sentence).collect::<Vec<_>>().join("\n");
    let _ = writeln!(anstream::stderr(), "{style}error:{style:#} {sentence}");
}

/// Says on standard error what was done beside the reports.
fn tell(sentence: &str) {
    let sentence = escape::lines(sentence).collect::<Vec<_>>().join("\n");
    let _ = writeln!(anstream::stderr(), "{sentence}");
}

/// Says something on standard output, at once; the stream leaves out colours where they are not wanted.
fn say(text: &str) {
    let mut out = anstream::stdout().lock();
    // A reader that has gone away does not want to know.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes what a command is for to standard output. A reader that has gone away does not want the rest.
fn write_out(octets: &[u8]) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(octets).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::usage(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(Exit::Conforms),
    }
}
