//! `wsspec check`: reads case files and tells what is wrong with them.

use std::{io::Write, path::PathBuf, sync::Arc};

use super::{Failure, say, values};
use crate::{
    case::{Case, lint::lint},
    catalogue::{self, Catalogue, Trouble, Unknown},
    gate::Exit,
};

/// Check case files: what keeps them from being used, and what makes no sense in them. Exit code 2 when there is anything to tell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Case files, and folders of them (none: the cases in the binary)
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
        text.push_str(&values::count(self.cases, "case"));
        let errors = values::count(self.errors.len(), "error");
        let warnings = values::count(self.warnings.len(), "warning");
        match (self.errors.len(), self.warnings.len()) {
            (0, 0) => text.push_str(", nothing wrong"),
            (0, _) => text.push_str(&format!(", {warnings}")),
            (_, 0) => text.push_str(&format!(", {errors}")),
            _ => text.push_str(&format!(", {errors}, {warnings}")),
        }
        text.push('\n');
        text
    }
}

/// Tells what is wrong: 2 when there is anything.
pub fn run(args: &Args) -> Exit {
    let checked = check(&args.paths);
    say(checked.text(true).trim_end());
    if checked.is_well() {
        Exit::Conforms
    } else {
        Exit::Usage
    }
}

/// The catalogue of the other commands; what is wrong with its files is told.
pub(super) fn catalogue(folders: &[PathBuf]) -> Result<Catalogue, Failure> {
    Catalogue::read(folders).map_err(|troubles| in_files(&troubles))
}

/// Tells what is wrong with case files.
pub(super) fn in_files(troubles: &[Trouble]) -> Failure {
    for trouble in troubles {
        // Nobody may be listening there: that is no reason to fail.
        let _ = writeln!(anstream::stderr(), "{}\n", trouble.render(true));
    }
    let errors = values::count(troubles.len(), "error");
    Failure::usage(format!("{errors} in the case files; nothing was done"))
}

/// The cases that words name.
pub(super) fn select(
    catalogue: &Catalogue,
    words: &[String],
    exclude: &[String],
) -> Result<Vec<Arc<Case>>, Failure> {
    let chosen = catalogue.select(words, exclude);
    chosen.map_err(|word| unknown(&word))
}

/// A word names nothing.
pub(super) fn unknown(unknown: &Unknown) -> Failure {
    let hint = match unknown.word.contains(':') {
        true => format!(
            "; if it is the server, write ws://{}",
            unknown.word.trim_matches('`')
        ),
        false => String::new(),
    };
    Failure::new(Exit::Nothing, format!("{unknown}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wrong_with_the_cases_in_the_binary() {
        let checked = check(&[]);
        assert!(checked.is_well(), "{}", checked.text(false));
    }

    #[test]
    fn what_is_wrong_is_counted_and_told_file_by_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(file, text).expect("written");
        };
        write(
            "b.wire",
            "case a\n  title: T\n  checks: 6455-5.5.2-2\n  > ping\n  > reset\n",
        );
        write(
            "a/x.wire",
            "case a\n  title: T\n  checks: 6455-5.5.2-2\n  > pign\n",
        );
        write("a/notes.txt", "case");
        let checked = check(&[folder.path().into()]);
        let counts = (checked.cases, checked.errors.len(), checked.warnings.len());
        assert_eq!(counts, (1, 1, 1));
        let text = checked.text(false);
        assert!(
            text.contains("x.wire:4:5") && text.contains("b.wire:1:6"),
            "{text}"
        );
        assert!(text.ends_with("\n1 case, 1 error, 1 warning\n"), "{text}");
        assert!(!checked.is_well());

        let twice = check(&[folder.path().join("b.wire"), folder.path().join("b.wire")]);
        assert!(
            twice.text(false).contains("the id `b/a` is taken"),
            "{}",
            twice.text(false)
        );
    }

    #[test]
    fn files_are_read_in_the_order_of_their_paths() {
        let sorted = |catalogue: &Catalogue| {
            let ids = catalogue
                .cases()
                .map(|case| case.id.rsplit_once('/').map_or("", |(file, _)| file));
            ids.is_sorted()
        };
        let embedded = Catalogue::embedded().expect("the cases in the binary");
        assert!(sorted(&embedded));

        let folder = tempfile::tempdir().expect("a folder");
        for name in ["m", "z", "a", "k", "c", "x", "b"] {
            let text = "case a\n  title: T\n  checks: 6455-5.5.2-2\n  > ping\n";
            std::fs::write(folder.path().join(name).with_extension("wire"), text).expect("written");
        }
        let (documents, _) = catalogue::documents(&[folder.path().into()], false);
        let catalogue = Catalogue::of(documents, &mut Vec::new());
        assert_eq!(catalogue.entries().len(), 7);
        assert!(sorted(&catalogue));
    }

    #[test]
    fn paths_that_hold_no_cases_are_errors() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = |path: PathBuf| {
            let checked = check(&[path]);
            assert!(!checked.is_well());
            checked.text(false)
        };
        assert!(told(folder.path().into()).contains("found no case files"));
        assert!(told(folder.path().join("none.wire")).contains("cannot read"));
        let other = folder.path().join("a.txt");
        std::fs::write(&other, "case a").expect("written");
        assert!(told(other).contains("found no case files"));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_lies_in_itself_is_read_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "case a\n  title: T\n  checks: 6455-5.5.2-2\n  > ping\n";
        std::fs::write(folder.path().join("a.wire"), text).expect("written");
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).expect("linked");
        let checked = check(&[folder.path().into()]);
        assert_eq!((checked.cases, checked.errors.len()), (1, 0));
    }
}
