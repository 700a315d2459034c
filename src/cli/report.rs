//! `wsspec report`: shows stored reports.

use std::path::PathBuf;

use super::Failure;
use crate::{
    catalogue, escape,
    gate::{self, Exit},
    report::{Destination, Format, Outputs, Page, Report},
};

/// Show stored reports, as a table or in another view
///
/// Exit codes: 0 they are shown (with --gate: and the targets conform); 2 a file is no report, or a view could not be written;
/// with --gate also those of the runs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Reports that a run wrote with `--report json=FILE`
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write this view, to standard output without a FILE; may be repeated [default: table]
    #[arg(long, value_name = "FORMAT[=FILE]")]
    report: Vec<Destination>,
    /// Only these cases, and what was said in them: an id, a folder, or a pattern with `*` and `?`
    #[arg(long, value_name = "CASE")]
    case: Vec<String>,
    /// Tell of each case, and what was said in it
    #[arg(long, short)]
    verbose: bool,
    /// End with the exit code of the run; of several, with that of the first that does not conform
    #[arg(long, conflicts_with = "case")]
    gate: bool,
}

/// Reads the files and writes the views.
///
/// # Errors
/// A sentence, where a file is no report or a view cannot be written.
pub fn run(args: Args) -> Result<Exit, Failure> {
    let verbose = args.verbose || !args.case.is_empty();
    let mut destinations = args.report;
    if destinations.is_empty() {
        destinations.push(match verbose {
            true => Destination::text(),
            false => Destination::table(),
        });
    }
    let alone = destinations
        .iter()
        .find(|destination| !destination.format.joins);
    if let Some(destination) = alone.filter(|_| args.files.len() > 1) {
        return Err(Failure::usage(format!(
            "there are {} files, and {} holds one report; give one file, or another format",
            args.files.len(),
            destination.format.name
        )));
    }
    let mut reports = Vec::new();
    for file in &args.files {
        let report = Report::read(file).map_err(|error| {
            Failure::usage(format!(
                "{}: {error}",
                escape::line(&file.to_string_lossy())
            ))
        })?;
        reports.push(report);
    }
    let code = reports
        .iter()
        .map(gate::judge)
        .find(|exit| *exit != Exit::Conforms);
    for word in &args.case {
        let known = |report: &Report| {
            report
                .cases
                .iter()
                .any(|case| catalogue::names(word, &case.id))
        };
        if !reports.iter().any(known) {
            let word = escape::line(word);
            return Err(Failure::usage(format!(
                "no case of the report is named by `{word}`"
            )));
        }
    }
    if !args.case.is_empty() {
        for report in &mut reports {
            report.keep(|case| {
                args.case
                    .iter()
                    .any(|word| catalogue::names(word, &case.id))
            });
            report.catalogue.selected.clone_from(&args.case);
        }
    }
    let render = |format: &Format, page: &Page| {
        let page = Page { verbose, ..*page };
        let views: Vec<_> = reports
            .iter()
            .map(|report| (format.render)(report, &page))
            .collect();
        views.join("\n")
    };
    let outputs = Outputs::open(destinations).map_err(Failure::usage)?;
    outputs.write_all(render).map_err(Failure::usage)?;
    Ok(code.filter(|_| args.gate).unwrap_or(Exit::Conforms))
}
