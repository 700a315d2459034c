//! Where views go: `--report FORMAT[=FILE]`.
//!
//! Whether a file can be written is found out before the run. It is written beside its place and moved there when it is
//! whole, so that a run that breaks off leaves an older report as it was.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{FORMATS, Format, Page, Report, bundle, view};

mod rescue;

pub use rescue::Kept;

/// A view and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// The view.
    pub format: &'static Format,
    /// The file; `None`: standard output.
    pub file: Option<PathBuf>,
}

impl Destination {
    /// The table on standard output.
    pub fn table() -> Destination {
        Destination {
            format: &view::TABLE,
            file: None,
        }
    }

    /// The text on standard output.
    pub fn text() -> Destination {
        Destination {
            format: &view::TEXT,
            file: None,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{} in `{}`", self.format.name, file.display()),
            None => write!(f, "{} on standard output", self.format.name),
        }
    }
}

/// Why an argument is no destination.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ParseError {
    /// No such format.
    #[error("there is no format `{0}`; there are {list}", list = names())]
    Format(String),
    /// `json=`.
    #[error("no file behind `{0}=`; write `{0}=FILE`, or `{0}` for standard output")]
    NoFile(&'static str),
}

fn names() -> String {
    FORMATS
        .iter()
        .map(|format| format!("`{}`", format.name))
        .collect::<Vec<_>>()
        .join(", ")
}

impl FromStr for Destination {
    type Err = ParseError;

    /// `FORMAT` or `FORMAT=FILE`; the file `-` is standard output.
    fn from_str(text: &str) -> Result<Destination, ParseError> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(file)),
            None => (text, None),
        };
        let format = FORMATS.iter().find(|format| format.name == name);
        let format = format.ok_or_else(|| ParseError::Format(name.into()))?;
        match file {
            Some("") => Err(ParseError::NoFile(format.name)),
            None | Some("-") => Ok(Destination { format, file: None }),
            Some(file) => Ok(Destination {
                format,
                file: Some(file.into()),
            }),
        }
    }
}

/// Why the destinations cannot be used. Nothing has run yet: it is a matter of usage.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two views in one place.
    #[error("two reports would go to {0}; give each a place of its own: `--report FORMAT=FILE`")]
    Twice(String),
    /// The file cannot be created or written.
    #[error("cannot write the report to `{}`: {error}; choose a place that can be written", .file.display())]
    Io {
        /// As it was typed.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Why reports are not where they should be, and where they are.
#[derive(Debug)]
pub struct WriteError {
    failed: Vec<(Destination, io::Error)>,
    written: Vec<Destination>,
    kept: Kept,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (destination, error) in &self.failed {
            write!(
                f,
                "the report ({destination}) could not be written: {error}; "
            )?;
        }
        let written: Vec<_> = self.written.iter().map(Destination::to_string).collect();
        if !written.is_empty() && self.kept != Kept::Written {
            write!(f, "written: {}; ", written.join(", "))?;
        }
        match &self.kept {
            Kept::Stored => write!(f, "the stored reports are as they were"),
            Kept::Written => write!(f, "the results are still there as {}", written.join(", ")),
            Kept::File(file) => {
                let file = file.display();
                write!(
                    f,
                    "the whole report is in `{file}`; `wsspec report {file} --report FORMAT=FILE` shows it"
                )
            }
            Kept::Stdout => write!(f, "the whole report is on standard output, as JSON"),
            Kept::Nowhere => write!(f, "the results are nowhere else: mend that and run again"),
        }
    }
}

impl std::error::Error for WriteError {}

/// Destinations that can be written to.
#[derive(Debug, Default)]
pub struct Outputs {
    outputs: Vec<(Destination, Output)>,
}

#[derive(Debug)]
enum Output {
    Stdout,
    /// Written as it stands: a device, a pipe, or a file in a folder that takes no new ones.
    InPlace(File),
    /// Written beside its place.
    Beside(Beside),
}

/// A file that is going to be written, and can be.
#[derive(Debug)]
pub struct Pending(Output);

impl Pending {
    /// Makes sure that the file can be written.
    ///
    /// # Errors
    /// It cannot.
    pub fn open(file: &Path) -> io::Result<Pending> {
        place(file).and_then(|place| open(&place)).map(Pending)
    }

    /// Writes it, as views are written: it takes its place when it is whole.
    ///
    /// # Errors
    /// The disk is full, for instance.
    pub fn write(self, octets: &[u8]) -> io::Result<()> {
        match self.0 {
            Output::Stdout => Ok(()),
            Output::InPlace(file) => in_place(file, octets),
            Output::Beside(beside) => beside.write(octets),
        }
    }
}

/// A file that takes the place of another when it is whole; gone with this value otherwise.
#[derive(Debug)]
struct Beside {
    file: Option<File>,
    temporary: PathBuf,
    place: PathBuf,
}

impl Outputs {
    /// Makes sure that each destination can be written, and that no two are the same.
    ///
    /// # Errors
    ///
    /// Where one cannot, or two are.
    pub fn open(destinations: Vec<Destination>) -> Result<Outputs, OpenError> {
        let mut places = Vec::new();
        let mut outputs = Vec::new();
        for destination in destinations {
            let Some(file) = destination.file.clone() else {
                if outputs
                    .iter()
                    .any(|(_, output)| matches!(output, Output::Stdout))
                {
                    return Err(OpenError::Twice("standard output".into()));
                }
                outputs.push((destination, Output::Stdout));
                continue;
            };
            let failed = |error| OpenError::Io {
                file: file.clone(),
                error,
            };
            let place = place(&file).map_err(failed)?;
            if places.contains(&place) {
                return Err(OpenError::Twice(format!("`{}`", file.display())));
            }
            let output = open(&place).map_err(failed)?;
            places.push(place);
            outputs.push((destination, output));
        }
        Ok(Outputs { outputs })
    }

    /// Whether a view goes to standard output, so that nothing else should.
    pub fn on_stdout(&self) -> bool {
        self.outputs
            .iter()
            .any(|(_, output)| matches!(output, Output::Stdout))
    }

    /// Leaves standard output alone.
    pub fn without_stdout(mut self) -> Outputs {
        self.outputs
            .retain(|(_, output)| !matches!(output, Output::Stdout));
        self
    }

    /// Writes all views of a run, and standard output last; one that fails keeps none of the others from being written, and
    /// the results are kept somewhere else. A reader of standard output that went away is no failure.
    ///
    /// # Errors
    ///
    /// Where one or more could not be written.
    pub fn write(self, report: &Report) -> Result<(), WriteError> {
        self.write_each(std::slice::from_ref(report))
    }

    /// Writes all views of the reports of a run: what each client has shown. As JSON several are a bundle; other views show them as one.
    ///
    /// # Errors
    ///
    /// As [`Outputs::write`].
    pub fn write_each(self, reports: &[Report]) -> Result<(), WriteError> {
        let stdout_is_used = self.on_stdout();
        let joined = bundle::join(reports);
        self.write_all(|format, page| match format.name {
            "json" => bundle::to_json(reports),
            _ => (format.render)(&joined, page),
        })
        .map_err(|mut error| {
            let whole = |destination: &Destination| destination.format.name == "json";
            error.kept = match error.written.iter().any(whole) {
                true => Kept::Written,
                false => {
                    let folders = [std::env::temp_dir(), PathBuf::from(".")];
                    // Behind what is there for people anything may stand, if they cannot have it elsewhere.
                    let people = [&view::TABLE, &view::TEXT];
                    let stdout_takes_it = !stdout_is_used
                        || error
                            .written
                            .iter()
                            .any(|to| to.file.is_none() && people.contains(&to.format));
                    rescue::rescue(&bundle::to_json(reports), &folders, stdout_takes_it)
                }
            };
            error
        })
    }

    /// Writes all views of reports that are stored.
    ///
    /// # Errors
    ///
    /// As [`Outputs::write`].
    pub fn write_all(
        mut self,
        render: impl Fn(&Format, &Page) -> String,
    ) -> Result<(), WriteError> {
        self.outputs
            .sort_by_key(|(_, output)| matches!(output, Output::Stdout));
        let mut result = WriteError {
            failed: Vec::new(),
            written: Vec::new(),
            kept: Kept::Stored,
        };
        for (destination, output) in self.outputs {
            let written = match output {
                Output::Stdout => to_stdout(&render(destination.format, &Page::stdout())),
                Output::InPlace(file) => {
                    in_place(file, render(destination.format, &Page::PIPE).as_bytes())
                }
                Output::Beside(beside) => {
                    beside.write(render(destination.format, &Page::PIPE).as_bytes())
                }
            };
            match written {
                Ok(()) => result.written.push(destination),
                Err(error) => result.failed.push((destination, error)),
            }
        }
        if result.failed.is_empty() {
            Ok(())
        } else {
            Err(result)
        }
    }
}

/// The file itself behind links, so that a link stays one.
fn place(file: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = file.file_name().ok_or(error)?;
            let folder = file
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            Ok(fs::canonicalize(folder.unwrap_or(Path::new(".")))?.join(name))
        }
        other => other,
    }
}

fn open(place: &Path) -> io::Result<Output> {
    let existing = match fs::metadata(place) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let in_place = || {
        OpenOptions::new()
            .write(true)
            .open(place)
            .map(Output::InPlace)
    };
    let Some(metadata) = existing else {
        return Beside::new(place).map(Output::Beside);
    };
    if !metadata.is_file() {
        return in_place();
    }
    // A file that may not be written is not to be replaced either.
    OpenOptions::new().write(true).open(place)?;
    match Beside::new(place) {
        Ok(beside) => {
            // Best effort: what reads the new file is not kept out for want of the old permissions.
            let _ = fs::set_permissions(&beside.temporary, metadata.permissions());
            Ok(Output::Beside(beside))
        }
        Err(_) => in_place(),
    }
}

impl Beside {
    fn new(place: &Path) -> io::Result<Beside> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let mut error = io::Error::from(io::ErrorKind::AlreadyExists);
        for number in 0..100 {
            let temporary =
                place.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()));
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&temporary)
            {
                Ok(file) => {
                    return Ok(Beside {
                        file: Some(file),
                        temporary,
                        place: place.into(),
                    });
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => error = e,
                Err(e) => return Err(e),
            }
        }
        Err(error)
    }

    fn write(mut self, octets: &[u8]) -> io::Result<()> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        file.write_all(octets)?;
        // A full disk may show only now; behind the move it would be too late.
        file.sync_all()?;
        drop(file);
        match fs::rename(&self.temporary, &self.place) {
            Ok(()) => Ok(()),
            // A mounted file cannot be replaced, but written.
            Err(error) => match OpenOptions::new().write(true).open(&self.place) {
                Ok(file) => in_place(file, octets),
                Err(_) => Err(error),
            },
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.file.take());
        // Behind the move there is nothing left to remove.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn in_place(mut file: File, octets: &[u8]) -> io::Result<()> {
    let regular = file.metadata()?.is_file();
    if regular {
        file.set_len(0)?;
    }
    file.write_all(octets)?;
    if regular {
        file.sync_all()
    } else {
        file.flush()
    }
}

fn to_stdout(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
