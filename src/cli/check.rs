//! `wsspec check`: reads case files and tells what is wrong with them.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anstream::AutoStream;

use crate::catalogue::{self, Catalogue};

/// What `wsspec check` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Case files, and folders of them; none: the cases in the binary.
    pub paths: Vec<PathBuf>,
}

/// 0 when all is well, 2 when anything is wrong.
pub fn run(args: &Args) -> ExitCode {
    let mut out = AutoStream::auto(io::stdout().lock());
    let (documents, mut troubles) = catalogue::documents(&args.paths, args.paths.is_empty());
    let catalogue = Catalogue::of(documents, &mut troubles);
    let mut told = String::new();
    for trouble in &troubles {
        // The stream leaves the colours out where they are not wanted.
        told.push_str(&trouble.render(true));
        told.push_str("\n\n");
    }
    let count =
        |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let cases = count(catalogue.entries().len(), "case", "cases");
    told.push_str(&match troubles.len() {
        0 => format!("{cases}, nothing wrong\n"),
        n => format!("{cases}, {}\n", count(n, "error", "errors")),
    });
    // A reader that has gone away does not want to know.
    let _ = out.write_all(told.as_bytes());
    if troubles.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    }
}
