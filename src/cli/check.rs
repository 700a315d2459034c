//! `wsspec check`: reads case files and tells what is wrong with them.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anstream::AutoStream;

use crate::{
    case::lint::lint,
    catalogue::{self, Catalogue, Trouble},
    gate::Exit,
};

/// What `wsspec check` takes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Case files, and folders of them; none: the cases in the binary.
    pub paths: Vec<PathBuf>,
}

/// What the case files are worth.
#[derive(Debug)]
pub struct Checked {
    /// How many cases could be read.
    pub cases: usize,
    /// What keeps a file from being used.
    pub errors: Vec<Trouble>,
    /// What parses and makes no sense.
    pub warnings: Vec<Trouble>,
}

/// Reads the files at these paths, or those in the binary.
pub fn check(paths: &[PathBuf]) -> Checked {
    let (documents, mut errors) = catalogue::documents(paths, paths.is_empty());
    let warnings = documents.iter().flat_map(lint).map(Trouble::Case).collect();
    let cases = Catalogue::of(documents, &mut errors).entries().len();
    Checked {
        cases,
        errors,
        warnings,
    }
}

impl Checked {
    /// Neither errors nor warnings, and something was read.
    pub fn is_well(&self) -> bool {
        self.errors.is_empty() && self.warnings.is_empty() && self.cases > 0
    }

    /// All of it, for people.
    pub fn text(&self, colour: bool) -> String {
        let mut text = String::new();
        for trouble in self.errors.iter().chain(&self.warnings) {
            text.push_str(&trouble.render(colour));
            text.push_str("\n\n");
        }
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        text.push_str(&count(self.cases, "case"));
        match (self.errors.len(), self.warnings.len()) {
            (0, 0) => text.push_str(", nothing wrong"),
            (0, w) => text.push_str(&format!(", {}", count(w, "warning"))),
            (e, 0) => text.push_str(&format!(", {}", count(e, "error"))),
            (e, w) => text.push_str(&format!(", {}, {}", count(e, "error"), count(w, "warning"))),
        }
        text.push('\n');
        text
    }
}

/// 0 when all is well, 2 when there is anything to tell.
pub fn run(args: &Args) -> ExitCode {
    let checked = check(&args.paths);
    let mut out = AutoStream::auto(io::stdout().lock());
    // The stream leaves out the colours where they are not wanted. A reader that has gone away wants nothing.
    let _ = out.write_all(checked.text(true).as_bytes());
    if checked.is_well() {
        Exit::Conforms.into()
    } else {
        Exit::Usage.into()
    }
}
