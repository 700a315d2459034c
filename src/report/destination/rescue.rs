//! Results of a run that could not be put where they were asked for are put somewhere else: a run may have taken hours, or
//! cannot be had again.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::to_stdout;

/// Where the whole report is when a view of it could not be written.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// In the files that were shown.
    Stored,
    /// Among the views that were written.
    Written,
    /// In a file of its own, made for the purpose.
    File(PathBuf),
    /// On standard output.
    Stdout,
    /// Nowhere.
    Nowhere,
}

/// Keeps the JSON of a report: in a file in the first of `folders` that takes it, else on standard output where it may.
pub fn rescue(json: &str, folders: &[PathBuf], stdout_takes_it: bool) -> Kept {
    if let Some(file) = folders.iter().find_map(|folder| file(json, folder).ok()) {
        return Kept::File(file);
    }
    match stdout_takes_it && to_stdout(json).is_ok() {
        true => Kept::Stdout,
        false => Kept::Nowhere,
    }
}

/// A new file that nobody else reads; gone again when it does not take everything.
fn file(json: &str, folder: &Path) -> io::Result<PathBuf> {
    let mut error = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 0..100 {
        let place = folder.join(format!(
            "wsspec-report-{}-{number}.json",
            std::process::id()
        ));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&place) {
            Ok(mut file) => {
                let written = file
                    .write_all(json.as_bytes())
                    .and_then(|()| file.sync_all());
                return match written {
                    Ok(()) => Ok(place),
                    Err(error) => {
                        let _ = fs::remove_file(&place);
                        Err(error)
                    }
                };
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => error = e,
            Err(e) => return Err(e),
        }
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_that_takes_it_keeps_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = [folder.path().join("none"), folder.path().to_owned()];
        let mut kept = Vec::new();
        for text in ["one", "two"] {
            let Kept::File(file) = rescue(text, &folders, false) else {
                panic!("a folder is there")
            };
            assert_eq!(fs::read_to_string(&file).expect("it is there"), text);
            kept.push(file);
        }
        assert_ne!(kept[0], kept[1]);
    }

    #[test]
    fn nothing_is_promised_where_nothing_is_kept() {
        let none = [PathBuf::from("none/at/all")];
        assert_eq!(rescue("text", &none, false), Kept::Nowhere);
    }
}
