//! `wsspec list`: the cases that a selection names.

use std::{fmt::Write, path::PathBuf, sync::Arc};

use super::{Failure, check, say};
use crate::{
    case::{Case, Level, Role},
    gate::Exit,
    rules,
};

/// List cases: id, level, role of the target, and what a conforming target does.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ids, folders, or patterns with `*` and `?` (none: all)
    #[arg(value_name = "CASE")]
    pub words: Vec<String>,
    /// Leave out the cases that match this pattern
    #[arg(long, value_name = "CASE")]
    pub exclude: Vec<String>,
    /// Only the cases for a target of this role
    #[arg(long)]
    pub role: Option<Role>,
    /// Add the cases of this folder
    #[arg(long, value_name = "DIR")]
    pub cases: Vec<PathBuf>,
}

/// Tells what is selected.
///
/// # Errors
/// When a case file or the selection makes no sense, or nothing is left.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let catalogue = check::catalogue(&args.cases)?;
    let mut cases = check::select(&catalogue, &args.words, &args.exclude)?;
    cases.retain(|case| args.role.is_none_or(|role| case.is_for(role)));
    if cases.is_empty() {
        let sentence = "no case is left; `wsspec list` without a selection names them all";
        return Err(Failure::new(Exit::Nothing, sentence));
    }
    say(&text(&cases));
    Ok(Exit::Conforms)
}

/// One line for each case, and how many there are of each level.
pub fn text(cases: &[Arc<Case>]) -> String {
    // An id that is longer pushes its own line, and not all the others.
    const MOST: usize = 56;
    let width = cases
        .iter()
        .map(|case| case.id.len())
        .filter(|n| *n <= MOST)
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    let mut counts = [0; 3];
    for case in cases {
        let level = rules::level(case);
        counts[level as usize] += 1;
        let role = case.role.map_or("both".into(), |role| role.to_string());
        let heavy = if case.heavy { " (heavy)" } else { "" };
        let profile = case.profile.map(|profile| format!(" ({profile})"));
        let profile = profile.unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:width$}  {level:6}  {role:6}  {}{profile}{heavy}",
            case.id, case.title
        );
    }
    let levels =
        [Level::Must, Level::Should, Level::May].map(|level| (level, counts[level as usize]));
    let levels: Vec<_> = levels
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(level, n)| format!("{n} {level}"))
        .collect();
    let s = if cases.len() == 1 { "" } else { "s" };
    let _ = write!(text, "{} case{s}: {}", cases.len(), levels.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Document;

    #[test]
    fn each_case_has_a_line_and_the_levels_are_counted() {
        let file = "case a\n  title: Answers a ping\n  checks: 6455-5.5.2-2\n  role: server\n\
            case {slug}\n  title: Sends code {{1}}\n  checks: 6455-5.5.2-2\n  level: may\n  heavy: yes\n";
        let file = file.replace("{slug}", &"b".repeat(70));
        let document = Document::parse("f", "control/f", file.as_bytes());
        let cases: Vec<_> = document
            .cases
            .into_iter()
            .map(|located| located.case)
            .collect();
        let long = format!("control/f/{}", "b".repeat(70));
        let expected = format!(
            "control/f/a  must    server  Answers a ping\n{long}  may     both    Sends code {{1}} (heavy)\n2 cases: 1 must, 1 may"
        );
        assert_eq!(text(&cases), expected);
    }
}
