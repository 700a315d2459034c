//! What is shown of a run: what `server` and `client` have in common on the command line.

use super::Failure;
use crate::report::{Destination, Outputs};

/// The options that say what is shown.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Views {
    /// Write a view of the report, to standard output without a FILE; may be repeated [default: table]
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub report: Vec<Destination>,
    /// Tell what was said in each case
    #[arg(long, short)]
    pub verbose: bool,
}

impl Views {
    /// A report is asked for on standard output: nothing else is told there.
    pub fn on_stdout(&self) -> bool {
        self.report
            .iter()
            .any(|destination| destination.file.is_none())
    }

    /// Makes sure that all of them can be written; a table on standard output is among them, unless another view goes there.
    ///
    /// # Errors
    /// One of them cannot be written, or two go to one place.
    pub fn open(&self) -> Result<Outputs, Failure> {
        let mut destinations = self.report.clone();
        if !self.on_stdout() {
            destinations.push(Destination::table());
        }
        Outputs::open(destinations).map_err(Failure::usage)
    }
}
