//! What turns a run red: what `server`, `client` and `report` have in common on the command line.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{Failure, check, values};
use crate::{
    case::{Level, Role},
    gate::{
        Terms,
        known::{Date, Known, MAX_FILE, Run},
        terms::Entry,
        write,
    },
    report::{Report, destination::Pending},
};

/// The options of the gate.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Gate")]
pub struct Gate {
    /// Deviations that are known, a line for each: `CASE VERDICT # REASON`; may be repeated
    #[arg(long, value_name = "FILE")]
    pub known: Vec<PathBuf>,
    /// Write what deviates to a file of known deviations; reasons, comments and lines that hold stay
    #[arg(long, value_name = "FILE")]
    pub write_known: Option<PathBuf>,
    /// The lowest level whose failures fail the run; those below warn [default: must]
    #[arg(long, value_parser = level())]
    pub level: Option<Level>,
    /// Fail the run by whatever is not a plain pass or not applicable, and is not known
    #[arg(long)]
    pub strict: bool,
}

fn level() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(["must", "should", "may"]).map(|word| match word.as_str() {
        "may" => Level::May,
        "should" => Level::Should,
        _ => Level::Must,
    })
}

/// A file that known deviations go to.
#[derive(Debug)]
pub struct Writing {
    file: String,
    old: Option<Vec<u8>>,
    place: Pending,
}

impl Gate {
    /// What a run against this target is judged by.
    ///
    /// # Errors
    /// A file cannot be read, or a line of it makes no sense.
    pub fn terms(&self, role: Role, target: Names, cases: &[PathBuf]) -> Result<Terms, Failure> {
        let known = self.read()?;
        let entries = match known.iter().all(|known| known.lines.is_empty()) {
            true => Vec::new(),
            false => entries(role, cases)?,
        };
        let level = self.level.unwrap_or(Level::Must);
        Ok(Terms::new(
            level,
            self.strict,
            known,
            &target.run(role),
            entries,
        ))
    }

    fn read(&self) -> Result<Vec<Known>, Failure> {
        let read = |file: &PathBuf| Known::read(file).map_err(Failure::usage);
        self.known.iter().map(read).collect()
    }

    /// Judges a stored report anew, where an option says so.
    ///
    /// # Errors
    /// As [`Gate::terms`].
    pub fn judge(&self, report: &mut Report) -> Result<(), Failure> {
        if !self.known.is_empty() {
            let level = self.level.unwrap_or(report.gate.level);
            let role = report.target.role;
            let known = self.read()?;
            let entries = stored(report)?;
            let run = Names::of(report);
            let strict = self.strict || report.gate.strict;
            Terms::new(level, strict, known, &run.run(role), entries).judge(report);
        } else {
            report.gate.level = self.level.unwrap_or(report.gate.level);
            report.gate.strict |= self.strict;
        }
        Ok(())
    }

    /// Makes sure that the file of `--write-known` can be written, and that what is in it makes sense.
    ///
    /// # Errors
    /// It cannot, or does not.
    pub fn open(&self) -> Result<Option<Writing>, Failure> {
        let Some(path) = &self.write_known else {
            return Ok(None);
        };
        let file = path.display().to_string();
        let old =
            old(path).map_err(|error| Failure::usage(format!("cannot read {file}: {error}")))?;
        Known::parse(&file, old.as_deref().unwrap_or_default()).map_err(Failure::usage)?;
        let place = Pending::open(path).map_err(|error| {
            Failure::usage(format!(
                "cannot write the known deviations to `{file}`: {error}; choose a place that can be written"
            ))
        })?;
        Ok(Some(Writing { file, old, place }))
    }
}

impl Writing {
    /// Writes the known deviations of a run, and tells what was done in a sentence.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(self, report: &Report, cases: &[PathBuf]) -> Result<String, Failure> {
        let file = self.file;
        if let Some(trouble) = report.breaks().first() {
            return Ok(format!(
                "{file} is as it was: of such a run no known deviations are written. {}",
                trouble.sentence
            ));
        }
        let role = report.target.role;
        let entries = match cases {
            [] => stored(report)?,
            cases => entries(role, cases)?,
        };
        let run = Names::of(report);
        let made = write::write(&file, self.old.as_deref(), report, &run.run(role), &entries)
            .map_err(Failure::usage)?;
        self.place.write(made.text.as_bytes()).map_err(|error| {
            Failure::usage(format!(
                "the known deviations could not be written to `{file}`: {error}"
            ))
        })?;
        let new = values::count(made.new, "new line");
        let lead = match self.old {
            Some(_) => format!("{file}: {new}, {} gone", made.gone),
            None => format!("{file}: {new}"),
        };
        Ok(match made.new {
            0 => lead,
            _ => format!(
                "{lead}; write there why that is right, where it says `{}`",
                write::UNEXPLAINED
            ),
        })
    }
}

/// What a target is called.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// `--target-name`, or what a client calls itself.
    pub name: Option<&'a str>,
    /// Its URL.
    pub url: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn of(report: &'a Report) -> Names<'a> {
        Names {
            name: [&report.target.name, &report.target.agent]
                .iter()
                .find_map(|name| name.as_deref()),
            url: report.target.url.as_deref(),
        }
    }

    /// As lines of known deviations see it, today.
    fn run(self, role: Role) -> Run<'a> {
        Run {
            role,
            target: self.url.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            today: Date::of(SystemTime::now()),
        }
    }
}

/// What is in the file; `None`: it is not there, or is no plain file.
fn old(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Ok(None),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut octets = Vec::new();
    fs::File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_end(&mut octets)?;
    match octets.len() as u64 > MAX_FILE {
        true => Err(io::Error::other(format!(
            "it has more than {MAX_FILE} octets"
        ))),
        false => Ok(Some(octets)),
    }
}

/// The cases of the catalogue for a target of this role.
fn entries(role: Role, folders: &[PathBuf]) -> Result<Vec<Entry>, Failure> {
    let catalogue = check::catalogue(folders)?;
    let cases = catalogue.cases().filter(|case| case.is_for(role));
    let entries = cases.map(|case| Entry {
        id: case.id.clone(),
        heavy: case.heavy,
    });
    Ok(entries.collect())
}

/// Those of a stored report, as far as is known: its own cases, and those in the binary.
fn stored(report: &Report) -> Result<Vec<Entry>, Failure> {
    let mut entries = entries(report.target.role, &[])?;
    let known: std::collections::HashSet<String> =
        entries.iter().map(|entry| entry.id.clone()).collect();
    let own = report.cases.iter().filter(|case| !known.contains(&case.id));
    entries.extend(own.map(|case| Entry {
        id: case.id.clone(),
        heavy: false,
    }));
    Ok(entries)
}
