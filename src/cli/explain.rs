//! `wsspec explain`: all that is known of a case.

use std::{fmt::Write, path::PathBuf};

use super::{Failure, check, say, values};
use crate::{
    case::{Case, Level, print},
    catalogue::Entry,
    gate::Exit,
    peer::faults,
    rules::{self, Rule},
};

/// Explain cases: the rules in words, the steps, and what can make them fail.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ids, folders, or patterns with `*` and `?`
    #[arg(value_name = "CASE", required = true)]
    pub words: Vec<String>,
    /// Add the cases of this folder
    #[arg(long, value_name = "DIR")]
    pub cases: Vec<PathBuf>,
}

/// The most cases that are explained at once.
const MOST: usize = 20;

/// Tells of each case that is selected.
///
/// # Errors
/// When a case file or the selection makes no sense.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let catalogue = check::catalogue(&args.cases)?;
    let cases = check::select(&catalogue, &args.words, &[])?;
    let explained: Vec<_> = cases
        .iter()
        .take(MOST)
        .filter_map(|case| {
            let entry = catalogue.entry(&case.id)?;
            Some(text(entry, &faults_of(case)))
        })
        .collect();
    let mut text = explained.join("\n");
    if let Some(more) = cases.len().checked_sub(MOST).filter(|n| *n > 0) {
        let more = values::count(more, "more case");
        let _ = write!(text, "\nand {more}; `wsspec list` names them");
    }
    say(text.trim_end());
    Ok(Exit::Conforms)
}

/// The faults of the reference peer that break a rule of the case.
fn faults_of(case: &Case) -> Vec<&'static str> {
    let breaks = |fault: &&faults::Fault| {
        case.checks.iter().any(|id| id == fault.rule)
            && fault.role.is_none_or(|role| case.is_for(role))
    };
    faults::all()
        .filter(breaks)
        .map(|fault| fault.name)
        .collect()
}

/// All of a case, for people; `faults` are those of the reference peer that it is about.
pub fn text(entry: &Entry, faults: &[&str]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, entry, faults);
    text
}

fn write(text: &mut String, entry: &Entry, faults: &[&str]) -> std::fmt::Result {
    let case = &entry.located.case;
    writeln!(text, "{}\n{}\n", case.id, case.title)?;
    writeln!(text, "level    {}", level(case))?;
    match case.role {
        None => writeln!(text, "for      servers and clients")?,
        Some(role) => writeln!(text, "for      {role}s")?,
    }
    if let Some(profile) = case.profile {
        writeln!(
            text,
            "profile  {profile}: runs with --profile {profile}, or when asked for by its id"
        )?;
    }
    for need in &case.needs {
        writeln!(text, "needs    {need}")?;
    }
    if case.heavy {
        writeln!(
            text,
            "heavy    runs with --heavy, or when asked for by its id"
        )?;
    }
    if let Some(class) = &case.class {
        writeln!(text, "catches  {class}")?;
    }
    if !case.autobahn.is_empty() {
        writeln!(text, "Autobahn {}", case.autobahn.join(", "))?;
    }
    if !faults.is_empty() {
        writeln!(text, "faults   {}", faults.join(", "))?;
    }
    let (line, _) = entry.position();
    writeln!(text, "file     {}:{line}\n", entry.source.path)?;
    for rule in case.checks.iter().filter_map(|id| rules::find(id)) {
        write_rule(text, rule)?;
    }
    match case.steps.as_slice() {
        [] => writeln!(text, "  (the opening and the closing handshake alone)"),
        steps => write!(text, "{}", print::steps(steps, 2)),
    }
}

fn level(case: &Case) -> String {
    let level = rules::level(case);
    let named = case.checks.iter().filter_map(|id| rules::find(id));
    match named.clone().map(Rule::weight).max() {
        Some(strongest) if strongest > level => format!("{level} (the rules give {strongest})"),
        _ if level != Level::May && named.map(|rule| rule.level).max() > Some(level) => {
            format!("{level} (how the target reacts is inferred)")
        }
        _ => level.to_string(),
    }
}

fn write_rule(text: &mut String, rule: &Rule) -> std::fmt::Result {
    let not = if rule.forbids { " not" } else { "" };
    writeln!(
        text,
        "{}  {}{not}, {}, binds {}",
        rule.id,
        rule.level,
        rule.section(),
        match rule.who {
            "both" => "both ends",
            who => who,
        }
    )?;
    for line in wrapped(rule.requirement, 96) {
        writeln!(text, "  {line}")?;
    }
    if !rule.in_text {
        writeln!(
            text,
            "  (Inferred: the text binds the other end, or leaves the reaction open.)"
        )?;
    }
    text.push('\n');
    Ok(())
}

/// Lines of at most `width` characters, where words allow it.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Document, Role},
        catalogue::Catalogue,
    };

    #[track_caller]
    fn explained(file: &str, faults: &[&str]) -> String {
        let document = Document::parse("cases/f.wire", "f", file.as_bytes());
        let mut troubles = Vec::new();
        let catalogue = Catalogue::of(vec![document], &mut troubles);
        assert!(troubles.is_empty(), "{troubles:?}");
        text(&catalogue.entries()[0], faults)
    }

    #[test]
    fn all_that_is_known_of_a_case_is_told() {
        let file = "\ncase a\n  title: Answers a ping\n  checks: 6455-5.5.2-2\n  role: server\n  needs: echo\n  autobahn: 2.1\n\
            \x20 class: ping not answered\n  heavy: yes\n  > ping \"x\"\n  < pong \"x\"\n  ~ eof \"why\"\n    > eof\n";
        let told = explained(file, &["drops-pings", "late"]);
        let requirement = rules::find("6455-5.5.2-2").map_or("", |rule| rule.requirement);
        let expected = format!(
            "f/a\nAnswers a ping\n\nlevel    must\nfor      servers\nneeds    echo\n\
            heavy    runs with --heavy, or when asked for by its id\ncatches  ping not answered\nAutobahn 2.1\n\
            faults   drops-pings, late\nfile     cases/f.wire:2\n\n\
            6455-5.5.2-2  must, RFC 6455, section 5.5.2, binds both ends\n  {requirement}\n\n\
            \x20 > ping \"x\"\n  < pong \"x\"\n  ~ eof \"why\"\n    > eof\n"
        );
        assert_eq!(told, expected);
    }

    #[test]
    fn a_level_says_where_it_comes_from() {
        let with = |keys: &str| {
            let told = explained(&format!("case a\n  title: T\n{keys}  > ping\n"), &[]);
            let level = told.lines().find_map(|line| line.strip_prefix("level    "));
            level.map(String::from).unwrap_or_default()
        };
        assert_eq!(
            with("  checks: 6455-5.5.2-2\n  level: may\n"),
            "may (the rules give must)"
        );
        let inferred = rules::all()
            .iter()
            .find(|rule| !rule.in_text && rule.level == Level::Must)
            .map_or("", |rule| rule.id);
        let level = with(&format!("  checks: {inferred}\n"));
        assert_eq!(level, "should (how the target reacts is inferred)");
    }

    #[test]
    fn the_faults_that_are_named_break_a_rule_of_the_case() {
        let file = "case a\n  title: T\n  checks: 6455-5.5.2-2\n  role: client\n  > ping\n";
        let case = Document::only("f", file).expect("a case");
        let named = faults_of(&case);
        assert!(!named.is_empty());
        for name in named {
            let fault = faults::find(name).expect("a fault");
            assert!(
                fault.rule == "6455-5.5.2-2" && fault.role != Some(Role::Server),
                "{name}"
            );
        }
    }

    #[test]
    fn long_sentences_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("immeasurable", 4), ["immeasurable"]);
    }
}
