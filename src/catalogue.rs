//! The catalogue: the cases in the binary, those of `--cases DIR`, and the choice among them.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

mod select;
mod shard;

pub use select::{Unknown, is_like, names};
pub use shard::{in_shard, shard};

use include_dir::{Dir, include_dir};
use thiserror::Error;

use crate::case::{
    Case, Document,
    document::{Located, MAX_FILE},
    error::{Error as CaseError, Fault, Source, shown},
};

static EMBEDDED: Dir = include_dir!("$CARGO_MANIFEST_DIR/cases");

/// The most case files below one folder.
pub const MAX_FILES: usize = 10_000;
/// How deep folders may lie in each other.
pub const MAX_DEPTH: usize = 16;

/// Cases in the order of their files' paths and of the files' lines.
#[derive(Debug, Default)]
pub struct Catalogue {
    entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
}

/// A case, and where it comes from.
#[derive(Debug)]
pub struct Entry {
    /// The case, and where its parts stand in the file.
    pub located: Located,
    /// The file.
    pub source: Arc<Source>,
}

impl Entry {
    /// Line and column of the case, or of its row.
    pub fn position(&self) -> (usize, usize) {
        self.source.position(self.located.at.span.start)
    }
}

/// Why a catalogue could not be read.
#[derive(Debug, Error)]
pub enum Trouble {
    /// A case file says something that makes no sense.
    #[error("{0}")]
    Case(#[from] CaseError),
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {error}; give a case file (.wire) or a folder of them")]
    Read {
        /// The file or folder.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// Nothing to read.
    #[error("found no case files at {0}; their names end in .wire")]
    Empty(String),
    /// More than anyone means.
    #[error(
        "found more than {MAX_FILES} case files, or folders more than {MAX_DEPTH} deep, at {0}; give a smaller folder"
    )]
    TooMany(String),
}

impl Trouble {
    /// As [`CaseError::render`].
    pub fn render(&self, colour: bool) -> String {
        match self {
            Trouble::Case(error) => error.render(colour),
            trouble => format!("error: {trouble}"),
        }
    }
}

impl Catalogue {
    /// The cases in the binary.
    pub fn embedded() -> Result<Catalogue, Vec<Trouble>> {
        Catalogue::read(&[])
    }

    /// The cases in the binary, and those below each of the folders.
    pub fn read(folders: &[PathBuf]) -> Result<Catalogue, Vec<Trouble>> {
        let (documents, mut troubles) = documents(folders, true);
        let catalogue = Catalogue::of(documents, &mut troubles);
        if troubles.is_empty() {
            Ok(catalogue)
        } else {
            Err(troubles)
        }
    }

    /// The cases of these files; ids that are taken are troubles.
    pub fn of(documents: Vec<Document>, troubles: &mut Vec<Trouble>) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for document in documents {
            troubles.extend(document.errors.into_iter().map(Trouble::Case));
            for located in document.cases {
                let id = located.case.id.clone();
                if catalogue
                    .by_id
                    .insert(id.clone(), catalogue.entries.len())
                    .is_some()
                {
                    let fault = Fault::DuplicateCase(id);
                    let (source, place) = (document.source.clone(), located.at);
                    troubles.push(
                        CaseError {
                            source,
                            place,
                            fault,
                        }
                        .into(),
                    );
                    continue;
                }
                let source = document.source.clone();
                catalogue.entries.push(Entry { located, source });
            }
        }
        catalogue
    }

    /// All cases with their files.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All cases.
    pub fn cases(&self) -> impl Iterator<Item = &Arc<Case>> {
        self.entries.iter().map(|entry| &entry.located.case)
    }

    /// The case with this id, and its file.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.by_id.get(id).and_then(|i| self.entries.get(*i))
    }

    /// The case with this id.
    pub fn find(&self, id: &str) -> Option<&Arc<Case>> {
        self.entry(id).map(|entry| &entry.located.case)
    }
}

/// Reads case files: those in the binary first when `embedded`, then those at each path.
pub fn documents(paths: &[PathBuf], embedded: bool) -> (Vec<Document>, Vec<Trouble>) {
    let mut documents = Vec::new();
    let mut troubles = Vec::new();
    if embedded {
        let mut files = Vec::new();
        within(&EMBEDDED, &mut files);
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (stem, octets) in files {
            documents.push(Document::parse(
                &format!("cases/{stem}.wire"),
                &stem,
                octets,
            ));
        }
    }
    for path in paths {
        match files(path) {
            Ok(files) => {
                for (file, stem) in files {
                    match fs::File::open(&file).and_then(read_bounded) {
                        Ok(octets) => {
                            let path = file.to_string_lossy();
                            documents.push(Document::parse(&path, &stem, &octets));
                        }
                        Err(error) => troubles.push(unreadable(&file, error)),
                    }
                }
            }
            Err(trouble) => troubles.push(trouble),
        }
    }
    (documents, troubles)
}

fn within(dir: &'static Dir, files: &mut Vec<(String, &'static [u8])>) {
    for file in dir.files() {
        if let Some(stem) = stem(file.path()) {
            files.push((stem, file.contents()));
        }
    }
    dir.dirs().for_each(|dir| within(dir, files));
}

/// The path without `.wire`, with `/` between its parts on every system.
fn stem(path: &Path) -> Option<String> {
    if path.extension()? != "wire" {
        return None;
    }
    let path = path.with_extension("");
    let parts = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// One octet more than a file may have is enough to see that it is too large.
fn read_bounded(file: fs::File) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, MAX_FILE as u64 + 1), &mut octets)?;
    Ok(octets)
}

fn unreadable(path: &Path, error: io::Error) -> Trouble {
    Trouble::Read {
        path: shown(&path.to_string_lossy()),
        error,
    }
}

/// The case files at a path, with what their ids begin with.
fn files(path: &Path) -> Result<Vec<(PathBuf, String)>, Trouble> {
    let name = || shown(&path.to_string_lossy());
    if !path.is_dir() {
        fs::metadata(path).map_err(|error| unreadable(path, error))?;
        let stem = path.file_name().and_then(|name| stem(Path::new(name)));
        return stem
            .map(|stem| vec![(path.into(), stem)])
            .ok_or_else(|| Trouble::Empty(name()));
    }
    let mut found = Vec::new();
    let mut folders = vec![(path.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))? {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            // Not followed when it is a link: a folder could lie in itself.
            let kind = entry
                .file_type()
                .map_err(|error| unreadable(&folder, error))?;
            let file = entry.path();
            if kind.is_dir() {
                folders.push((file, depth + 1));
            } else if let Some(stem) = file.strip_prefix(path).ok().and_then(stem) {
                found.push((file, stem));
            }
        }
        if found.len() > MAX_FILES || depth > MAX_DEPTH {
            return Err(Trouble::TooMany(name()));
        }
    }
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    if found.is_empty() {
        Err(Trouble::Empty(name()))
    } else {
        Ok(found)
    }
}
