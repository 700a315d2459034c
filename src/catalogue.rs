//! The catalogue: the cases in the binary, those of `--cases DIR`, and the choice among them.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use include_dir::{Dir, include_dir};
use thiserror::Error;

use crate::case::{
    Case, Document,
    document::{Located, MAX_FILE},
    error::{Error as CaseError, Fault, Source, distance, floor, nearest, shown},
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

/// A word of a selection that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no case is called {word}{}", suggest(near))]
pub struct Unknown {
    /// What was asked for, fit to be shown.
    pub word: String,
    /// Ids and folders that were perhaps meant.
    pub near: Vec<String>,
}

fn suggest(near: &[String]) -> String {
    match near {
        [] => "; `wsspec list` names them all".into(),
        near => format!("; did you mean {}?", near.join(" or ")),
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

    /// The cases that the words of `include` name (none: all), without those that `exclude` names, in
    /// the order of the catalogue. A word is an id, the beginning of ids up to a `/` or `[`, or a glob
    /// with `*` and `?`; brackets stand for themselves, since ids have them.
    ///
    /// A word that names nothing is an error, in both lists: a slip must not change what runs.
    pub fn select(
        &self,
        include: &[String],
        exclude: &[String],
    ) -> Result<Vec<Arc<Case>>, Unknown> {
        let mut selected = vec![include.is_empty(); self.entries.len()];
        for (words, value) in [(include, true), (exclude, false)] {
            for word in words {
                let mut any = false;
                for (i, case) in self.cases().enumerate() {
                    if names(word, &case.id) {
                        (selected[i], any) = (value, true);
                    }
                }
                if !any {
                    return Err(self.unknown(word));
                }
            }
        }
        let chosen = self.cases().zip(selected).filter(|(_, selected)| *selected);
        Ok(chosen.map(|(case, _)| case.clone()).collect())
    }

    fn unknown(&self, word: &str) -> Unknown {
        const MOST: usize = 3;
        let part = word.trim_matches(|c| "*/?".contains(c));
        let ends = |id: &'_ str| -> Vec<usize> {
            id.match_indices(['/', '['])
                .map(|(at, _)| at)
                .chain([id.len()])
                .collect()
        };
        let names: BTreeSet<&str> = self
            .cases()
            .flat_map(|case| ends(&case.id).into_iter().map(|end| &case.id[..end]))
            .filter(|name| {
                let last = name.rsplit('/').next().unwrap_or(name);
                nearest(word, [*name]).is_some()
                    || nearest(part, [last]).is_some()
                    || (part.len() > 2 && last.contains(part))
            })
            .collect();
        let mut near: Vec<String> = names.into_iter().map(String::from).collect();
        near.sort_by_cached_key(|name| distance(&word[..floor(word, 64)], name));
        near.truncate(MOST);
        Unknown {
            word: shown(word),
            near,
        }
    }
}

/// Whether a word of a selection names this id.
pub fn names(word: &str, id: &str) -> bool {
    let folder = word.strip_suffix('/').unwrap_or(word);
    match id.strip_prefix(folder) {
        Some("") => return folder == word,
        Some(rest) if rest.starts_with('/') => return true,
        Some(rest) if rest.starts_with('[') && folder == word => return true,
        _ => {}
    }
    is_like(word.as_bytes(), id.as_bytes())
}

/// `*` is any octets, `?` one; the time is bounded by the product of both lengths.
fn is_like(glob: &[u8], id: &[u8]) -> bool {
    let (mut g, mut i) = (0, 0);
    // Where the last `*` was, and how much it took.
    let mut star = None;
    while i < id.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, i));
                g += 1;
            }
            Some(c) if *c == b'?' || *c == id[i] => (g, i) = (g + 1, i + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (g, i) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == b'*')
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

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(files: &[(&str, &str)]) -> Catalogue {
        let text = |cases: &str| {
            cases
                .split(' ')
                .map(|slug| {
                    format!("case {slug}\n  title: {slug}\n  checks: 6455-5.5.2-2\n  > ping\n")
                })
                .collect::<String>()
        };
        let documents = files
            .iter()
            .map(|(stem, cases)| Document::parse(stem, stem, text(cases).as_bytes()))
            .collect();
        let mut troubles = Vec::new();
        let catalogue = Catalogue::of(documents, &mut troubles);
        assert!(troubles.is_empty(), "{troubles:?}");
        catalogue
    }

    fn sample() -> Catalogue {
        catalogue(&[
            ("close/codes", "code[1000] code[1005] other"),
            ("control/ping", "empty between"),
            ("control/pingpong", "empty"),
        ])
    }

    #[track_caller]
    fn select(include: &[&str], exclude: &[&str]) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|w| w.to_string()).collect::<Vec<_>>();
        let cases = sample()
            .select(&words(include), &words(exclude))
            .expect("a selection");
        cases.iter().map(|case| case.id.clone()).collect()
    }

    #[test]
    fn words_select_ids_folders_cases_with_rows_and_globs() {
        assert_eq!(select(&[], &[]).len(), 6);
        assert_eq!(
            select(&["close/codes/code[1000]"], &[]),
            ["close/codes/code[1000]"]
        );
        assert_eq!(select(&["close/codes/code"], &[]).len(), 2);
        assert_eq!(select(&["close/codes/code[10*]"], &[]).len(), 2);
        assert_eq!(select(&["control"], &[]).len(), 3);
        assert_eq!(
            select(&["control/ping"], &[]),
            ["control/ping/empty", "control/ping/between"]
        );
        assert_eq!(select(&["control/ping/"], &[]).len(), 2);
        assert_eq!(select(&["*empty", "close"], &[]).len(), 5);
        assert_eq!(
            select(&["control/*/empty"], &["control/pingpong"]),
            ["control/ping/empty"]
        );
        assert_eq!(select(&["c?ntrol/ping/*"], &[]).len(), 2);
        assert_eq!(
            select(&["control/pingpong", "close/codes/other"], &[])[0],
            "close/codes/other"
        );
    }

    #[test]
    fn a_word_that_names_nothing_is_told_with_what_was_perhaps_meant() {
        let unknown = |word: &str, exclude: bool| {
            let words = [word.to_string()];
            let (a, b): (&[String], &[String]) = if exclude {
                (&[], &words)
            } else {
                (&words, &[])
            };
            sample().select(a, b).expect_err("nothing")
        };
        assert_eq!(unknown("control/pign", false).near[0], "control/ping");
        assert_eq!(unknown("control/pign", true).near[0], "control/ping");
        assert_eq!(unknown("betwen", false).near, ["control/ping/between"]);
        assert!(unknown("zzz*", false).to_string().contains("wsspec list"));
        let slashed = unknown("control/ping/empty/", false);
        assert_eq!(slashed.near[0], "control/ping/empty");
    }

    #[test]
    fn globs_match_as_they_look() {
        for (glob, id, like) in [
            ("*", "", true),
            ("a*b", "ab", true),
            ("a*b*c", "axbxbxc", true),
            ("a*b*c", "axbxbx", false),
            ("?", "", false),
            ("a?", "ab", true),
            ("[a]", "a", false),
            ("**x", "yx", true),
        ] {
            assert_eq!(is_like(glob.as_bytes(), id.as_bytes()), like, "{glob} {id}");
        }
    }
}
