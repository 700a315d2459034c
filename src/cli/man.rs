//! `wsspec man`: the help as manual pages.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::{Cli, Failure, write_out};
use crate::gate::Exit;

/// Print a manual page, or write all of them
///
/// `wsspec man | man -l -` shows one; `wsspec man --dir ~/.local/share/man/man1` installs them.
///
/// Exit codes: 0 done; 2 usage, or something could not be written.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command that it is about [default: the program]
    command: Option<String>,
    /// Write the pages of all commands to this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Prints or writes.
///
/// # Errors
/// There is no such command, or the pages cannot be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    match (&args.dir, &args.command) {
        (Some(dir), _) => install(&cli, dir).map_err(|error| {
            let dir = dir.display();
            Failure::usage(format!("cannot write the manual pages to {dir}: {error}"))
        }),
        (None, None) => write_out(&page(&cli)),
        (None, Some(name)) => write_out(&page(find(&cli, name)?)),
    }
}

fn install(cli: &Command, dir: &Path) -> io::Result<Exit> {
    fs::create_dir_all(dir)?;
    for command in std::iter::once(cli).chain(cli.get_subcommands()) {
        let name = command.get_display_name().unwrap_or(command.get_name());
        fs::write(dir.join(format!("{name}.1")), page(command))?;
    }
    Ok(Exit::Conforms)
}

fn page(command: &Command) -> Vec<u8> {
    // Equal versions give equal pages, so they have no date; the place of it has to be kept.
    const NO_DATE: &str = "(no date)";
    let mut out = Vec::new();
    let man = Man::new(command.clone())
        .date(NO_DATE)
        .source(concat!("wsspec ", env!("CARGO_PKG_VERSION")));
    // Writing to memory cannot fail.
    let _ = man.render(&mut out);
    String::from_utf8_lossy(&out)
        .replacen(&format!("\"{NO_DATE}\""), "\"\"", 1)
        .into_bytes()
}

fn find<'c>(cli: &'c Command, name: &str) -> Result<&'c Command, Failure> {
    cli.find_subcommand(name).ok_or_else(|| {
        let names: Vec<_> = cli.get_subcommands().map(Command::get_name).collect();
        let names = names.join(", ");
        Failure::usage(format!("there is no command `{name}`; there are {names}"))
    })
}
