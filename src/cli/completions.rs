//! `wsspec completions`: what a shell needs to complete the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Failure, write_out};
use crate::gate::Exit;

/// Print a script that makes a shell complete the command line
///
/// bash: wsspec completions bash > ~/.local/share/bash-completion/completions/wsspec
/// zsh:  wsspec completions zsh > DIR/_wsspec, where DIR is one of $fpath
/// fish: wsspec completions fish > ~/.config/fish/completions/wsspec.fish
///
/// Exit codes: 0 it was printed; 2 usage, or it could not be written.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wsspec", &mut script);
    write_out(&script)
}
