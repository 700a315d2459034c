//! What differs between a run and what was foreseen.

use std::{collections::BTreeSet, fmt};

use super::{Applies, Known, Line, Run, name};
use crate::{escape, session::Verdict};

impl Known {
    /// Holds a run against the file: `results` are the id, the verdict and its reason, of each case that ran.
    pub fn compare<'a>(
        &self,
        run: &Run,
        results: impl IntoIterator<Item = (&'a str, Verdict, &'a str)>,
    ) -> Difference {
        let lines: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| line.applies(run) == Applies::Yes)
            .collect();
        let mut deciding = BTreeSet::new();
        let mut difference = Difference {
            file: self.file.clone(),
            ..Difference::default()
        };
        for (case, verdict, reason) in results {
            let line = lines.iter().rev().find(|line| line.is_about(case, reason));
            deciding.extend(line.map(|line| line.number));
            let is_so = |line: &&Line| line.foresees(verdict, false);
            if !line.map_or(verdict == Verdict::Pass, is_so) {
                difference.deviations.push(Deviation {
                    case: case.to_owned(),
                    expected: line.map_or_else(
                        || name(Verdict::Pass, false).to_owned(),
                        |line| line.says(" or "),
                    ),
                    line: line.map(|line| line.number),
                    verdict,
                    reason: reason.to_owned(),
                });
            }
        }
        let idle = lines.iter().filter(|line| !deciding.contains(&line.number));
        difference.idle = idle.map(|&line| line.clone()).collect();
        difference
    }
}

/// What differs between a run and its known deviations. Its text has one line for each thing; none where all is as foreseen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The file.
    pub file: String,
    /// The cases whose verdict is not as foreseen.
    pub deviations: Vec<Deviation>,
    /// The lines that were decisive for no case that ran. Where the whole catalogue ran they can go.
    pub idle: Vec<Line>,
}

/// A case whose verdict is not as foreseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Its id.
    pub case: String,
    /// What was foreseen, in words.
    pub expected: String,
    /// The line that foresees it; `None`: none does, so it was to pass.
    pub line: Option<usize>,
    /// The verdict that came.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

impl Difference {
    /// Whether all is as foreseen, and no line is idle.
    pub fn is_empty(&self) -> bool {
        self.deviations.is_empty() && self.idle.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = escape::line(&self.file);
        for deviation in &self.deviations {
            let (case, reason) = (
                escape::line(&deviation.case),
                escape::line(&deviation.reason),
            );
            let came = name(deviation.verdict, false);
            match deviation.line {
                None => writeln!(f, "not foreseen: {case} is {came}: {reason}")?,
                Some(line) => {
                    let expected = &deviation.expected;
                    writeln!(
                        f,
                        "no longer holds: {file}:{line} says {expected}, but {case} is {came}: {reason}"
                    )?;
                }
            }
        }
        for line in &self.idle {
            let (number, word) = (line.number, escape::line(&line.word));
            writeln!(f, "decides nothing: {file}:{number}: {word}")?;
        }
        Ok(())
    }
}
