//! `wsspec report`: shows stored reports, compares them, sets them side by side, puts shards together.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{Failure, gate::Gate, tell};
use crate::{
    catalogue, escape,
    gate::{self, Exit},
    report::{
        Comparison, Destination, FORMATS, Format, Matrix, Outputs, Page, Report, bundle, compare,
        merge,
    },
};

/// Show a stored report, or what changed between two
///
/// Exit codes: 0 shown (with --gate: and the target conforms, or nothing fails that did not fail before); 2 a file is no report, or a view
/// could not be written; with --gate also those of the run.
#[derive(Debug, clap::Args)]
#[command(after_long_help = formats())]
pub struct Args {
    /// Reports that a run wrote with `--report json=FILE`: one is shown, two are compared, the earlier one first
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Set the reports side by side: targets by categories, and the cases in which they differ
    #[arg(long, conflicts_with = "merge")]
    matrix: bool,
    /// Put the shards of one run together, and show the whole
    #[arg(long)]
    merge: bool,
    /// Write this view, to standard output without a FILE; may be repeated [default: table]
    #[arg(long, value_name = "FORMAT[=FILE]")]
    report: Vec<Destination>,
    /// Only the client of this name, of a file that has several; may be repeated
    #[arg(long, value_name = "NAME")]
    agent: Vec<String>,
    /// Only these cases, and what was said in them: an id, a folder, or a pattern with `*` and `?`
    #[arg(long, value_name = "CASE")]
    case: Vec<String>,
    /// Tell of each case, and what was said in it
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    judging: Gate,
    /// End with the exit code of the run; of a comparison, 1 where something newly fails; of a matrix, that of the first that does not conform
    #[arg(long, conflicts_with = "case")]
    gate: bool,
}

/// What the files are to be.
enum View {
    One(Box<Report>),
    /// What several clients have shown in one run.
    Bundle(Vec<Report>),
    Two(Box<(Report, Report)>),
    Many(Vec<(String, Report)>),
}

/// Reads the files and writes the views.
///
/// # Errors
/// A sentence, where a file is no report, files do not fit each other, or a view cannot be written.
pub fn run(args: Args) -> Result<Exit, Failure> {
    let two = args.files.len() == 2 && !args.matrix && !args.merge;
    let verbose = args.verbose || !args.case.is_empty();
    let mut destinations = args.report;
    if destinations.is_empty() {
        destinations.push(match verbose && !two && !args.matrix {
            true => Destination::text(),
            false => Destination::table(),
        });
    }
    for destination in &destinations {
        let format = destination.format;
        if two && format.compare.is_none() {
            return Err(lacks(format, "a comparison", |format| {
                format.compare.is_some()
            }));
        }
        if args.matrix && format.matrix.is_none() {
            return Err(lacks(format, "a matrix", |format| format.matrix.is_some()));
        }
    }
    if args.files.len() > 2 && !args.matrix && !args.merge {
        return Err(Failure::usage(format!(
            "there are {} files; two are compared, --matrix sets any number side by side, --merge puts shards together",
            args.files.len()
        )));
    }
    // Before anything is read: whether the views can be written.
    let outputs = Outputs::open(destinations).map_err(Failure::usage)?;
    let (mut reports, mut owners) = (Vec::new(), Vec::new());
    for file in &args.files {
        let read = bundle::read(file)
            .map_err(|error| Failure::usage(format!("{}: {error}", shown(file))))?;
        owners.extend(read.iter().map(|_| file));
        reports.extend(read);
    }
    choose(&mut reports, &mut owners, &args.agent)?;
    let writing = match two || args.matrix {
        true if args.judging.write_known.is_some() => {
            return Err(Failure::usage(
                "known deviations are those of one run; give one report to --write-known",
            ));
        }
        true => None,
        false => args.judging.open()?,
    };
    if args.merge {
        let names = owners.iter().map(|file| shown(file));
        let merged = merge::merge(names.zip(reports).collect());
        reports = vec![merged.map_err(Failure::usage)?];
    }
    for report in &mut reports {
        args.judging.judge(report)?;
    }
    keep(&mut reports, &args.case)?;
    let names = names(&args.files, &owners, &reports);
    if two {
        // What several clients have shown is compared as one.
        // A file may be given twice.
        let after = owners
            .iter()
            .position(|owner| !std::ptr::eq(*owner, owners[0]));
        let rest = reports.split_off(after.unwrap_or(reports.len()));
        reports = [reports, rest]
            .iter()
            .filter(|reports| !reports.is_empty())
            .map(|reports| bundle::join(reports).into_owned())
            .collect();
    }
    let view = match args.matrix {
        true => View::Many(names.into_iter().zip(reports).collect()),
        false if !two && reports.len() > 1 => View::Bundle(reports),
        false => {
            let mut reports = reports.into_iter();
            match (reports.next(), reports.next()) {
                (Some(before), Some(after)) => View::Two(Box::new((before, after))),
                (Some(report), None) => View::One(Box::new(report)),
                (None, _) => {
                    return Err(Failure::usage("there is no report; give the file of one"));
                }
            }
        }
    };
    let exit = match &view {
        _ if !args.gate => Exit::Conforms,
        View::One(report) => gate::judge(report),
        View::Bundle(reports) => gate::gravest(reports),
        View::Two(two) => compare::judge(&two.0, &two.1),
        View::Many(reports) => {
            let mut exits = reports.iter().map(|(_, report)| gate::judge(report));
            exits
                .find(|exit| *exit != Exit::Conforms)
                .unwrap_or(Exit::Conforms)
        }
    };
    let written = match &view {
        View::One(report) => {
            outputs.write_all(|format, page| (format.render)(report, &Page { verbose, ..*page }))
        }
        View::Bundle(reports) => {
            let joined = bundle::join(reports);
            outputs.write_all(|format, page| match format.name {
                "json" => bundle::to_json(reports),
                _ => (format.render)(&joined, &Page { verbose, ..*page }),
            })
        }
        View::Two(two) => {
            let comparison = Comparison::of(&two.0, &two.1);
            outputs.write_all(|format, page| {
                format.compare.map_or_else(String::new, |show| {
                    show(&comparison, &Page { verbose, ..*page })
                })
            })
        }
        View::Many(reports) => {
            let matrix = Matrix::of(reports);
            outputs.write_all(|format, page| {
                format.matrix.map_or_else(String::new, |show| {
                    show(&matrix, &Page { verbose, ..*page })
                })
            })
        }
    };
    written.map_err(Failure::usage)?;
    match (writing, &view) {
        (Some(writing), View::One(report)) => tell(&writing.write(report, &[])?),
        (Some(_), _) => {
            return Err(Failure::usage(
                "known deviations are those of one client; choose it with --agent NAME",
            ));
        }
        (None, _) => {}
    }
    Ok(exit)
}

/// All formats, for the help of the commands that take them.
pub fn formats() -> String {
    let longest = FORMATS
        .iter()
        .map(|format| format.name.len())
        .max()
        .unwrap_or(0);
    let lines = FORMATS
        .iter()
        .map(|format| format!("\n  {:longest$}  {}", format.name, format.about));
    format!("Formats:{}", lines.collect::<String>())
}

/// A format cannot show what is asked for.
fn lacks(format: &Format, what: &str, can: fn(&Format) -> bool) -> Failure {
    let able = FORMATS.iter().filter(|format| can(format));
    let able: Vec<_> = able.map(|format| format!("`{}`", format.name)).collect();
    Failure::usage(format!(
        "`{}` shows one run; {what} is shown as {}",
        format.name,
        able.join(", ")
    ))
}

fn shown(file: &Path) -> String {
    escape::line(&file.to_string_lossy()).into_owned()
}

/// What the rows of a matrix are called: the names of the files, where they differ without their folders and endings; of several clients in
/// one file, their own names.
fn names(files: &[PathBuf], owners: &[&PathBuf], reports: &[Report]) -> Vec<String> {
    let whole = |file: &Path| file.to_string_lossy().into_owned();
    let stem = |file: &Path| match file.file_stem() {
        Some(stem) => stem.to_string_lossy().into_owned(),
        None => whole(file),
    };
    let apart: HashSet<String> = files.iter().map(|file| stem(file)).collect();
    let called = |file: &Path| match apart.len() == files.len() {
        true => stem(file),
        false => whole(file),
    };
    let each = owners.iter().zip(reports);
    each.map(|(owner, report)| {
        let several = owners.iter().filter(|other| other == &owner).count() > 1;
        match (&report.target.agent, several) {
            (Some(agent), true) if files.len() == 1 => agent.clone(),
            (Some(agent), true) => format!("{}: {agent}", called(owner)),
            _ => called(owner),
        }
    })
    .collect()
}

/// Leaves the clients of these names.
fn choose(
    reports: &mut Vec<Report>,
    owners: &mut Vec<&PathBuf>,
    agents: &[String],
) -> Result<(), Failure> {
    if agents.is_empty() {
        return Ok(());
    }
    let is = |report: &Report, agent: &String| report.target.agent.as_ref() == Some(agent);
    for agent in agents {
        if !reports.iter().any(|report| is(report, agent)) {
            let agent = escape::line(agent);
            return Err(Failure::usage(format!(
                "no client of the report is called `{agent}`"
            )));
        }
    }
    let kept: Vec<bool> = reports
        .iter()
        .map(|report| agents.iter().any(|agent| is(report, agent)))
        .collect();
    let mut of = kept.iter();
    reports.retain(|_| of.next().copied().unwrap_or_default());
    let mut of = kept.iter();
    owners.retain(|_| of.next().copied().unwrap_or_default());
    Ok(())
}

/// Leaves the cases that the words name.
fn keep(reports: &mut [Report], words: &[String]) -> Result<(), Failure> {
    if words.is_empty() {
        return Ok(());
    }
    let named = |word: &String, id: &str| catalogue::names(word, id);
    for word in words {
        let known = |report: &Report| report.cases.iter().any(|case| named(word, &case.id));
        if !reports.iter().any(known) {
            let word = escape::line(word);
            return Err(Failure::usage(format!(
                "no case of the report is named by `{word}`"
            )));
        }
    }
    for report in reports {
        report.keep(|case| words.iter().any(|word| named(word, &case.id)));
        report.catalogue.selected = words.to_vec();
    }
    Ok(())
}
