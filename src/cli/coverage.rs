//! `wsspec coverage`: each rule with the cases that are about it.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use super::{Failure, check, say, values};
use crate::{
    case::Role,
    coverage::{Coverage, Fell, Row, Side, Total},
    escape,
    gate::Exit,
    report::{Page, Report},
    rules,
};

/// Show each rule with its cases and faults, or why nothing can be seen of it
///
/// The last lines count the rules that can be seen on the wire, and those of them that a case is about.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rules: an id, a source (6455), a section (6455-5.5), or a pattern with `*` and `?` (none: all)
    #[arg(value_name = "RULE")]
    words: Vec<String>,
    /// Only what is there for a target of this role
    #[arg(long)]
    role: Option<Role>,
    /// Add how the verdicts of this run fell on each rule: a report that `--report json=FILE` wrote
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Add the cases of this folder
    #[arg(long, value_name = "DIR")]
    cases: Vec<PathBuf>,
    /// Name the faults, and all cases
    #[arg(long, short)]
    verbose: bool,
}

/// Tells of each rule that is selected.
///
/// # Errors
/// When a case file, the report or the selection makes no sense.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let report = args.report.as_deref().map(read).transpose()?;
    let role = match (args.role, &report) {
        (Some(role), Some(report)) if report.target.role != role => {
            return Err(Failure::usage(format!(
                "the report is about a {}, and --role says {role}; leave one out",
                report.target.role
            )));
        }
        (role, report) => role.or(report.as_ref().map(|report| report.target.role)),
    };
    let catalogue = check::catalogue(&args.cases)?;
    let roles = role.map_or(vec![Role::Server, Role::Client], |role| vec![role]);
    let mut coverage = Coverage::of(&catalogue, &roles);
    if let Some(report) = &report {
        coverage.add(report);
    }
    if let Some(word) = coverage.keep(&args.words) {
        let word = escape::line(word);
        return Err(Failure::new(
            Exit::Nothing,
            format!("no rule is called `{word}`; `wsspec coverage` without a RULE names them all"),
        ));
    }
    let page = Page {
        verbose: args.verbose,
        ..Page::stdout()
    };
    say(text(&coverage, &roles, &page).trim_end());
    Ok(Exit::Conforms)
}

fn read(file: &Path) -> Result<Report, Failure> {
    Report::read(file).map_err(|error| {
        Failure::usage(format!(
            "{}: {error}",
            escape::line(&file.to_string_lossy())
        ))
    })
}

/// All of it, for people.
pub fn text(coverage: &Coverage, roles: &[Role], page: &Page) -> String {
    let mut text = String::new();
    let mut section = String::new();
    for row in &coverage.rows {
        let here = row.rule.section();
        if here != section {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", heading(coverage, &here, roles));
            section = here;
        }
        rule(&mut text, row, page);
    }
    text.push('\n');
    for source in coverage.sources() {
        for (whose, total) in totals(coverage, roles, |id| id == source) {
            let document = rules::document(source);
            let _ = writeln!(text, "{document}{whose}: {}", sentence(&total));
        }
    }
    if coverage.sources().len() > 1 {
        for (whose, total) in totals(coverage, roles, |_| true) {
            let _ = writeln!(text, "All sources{whose}: {}", sentence(&total));
        }
    }
    text
}

/// A total for each role, and where there are several one for all of them.
fn totals(
    coverage: &Coverage,
    roles: &[Role],
    source: impl Fn(&str) -> bool,
) -> Vec<(String, Total)> {
    let of = |role| coverage.total(role, |rule| source(rule.source()));
    let mut totals: Vec<_> = roles
        .iter()
        .map(|&role| (format!(", {role}s"), of(Some(role))))
        .collect();
    if roles.len() > 1 {
        totals.push((String::new(), of(None)));
    }
    // Of nothing, all is covered: that would tell nobody anything.
    totals.retain(|(_, total)| total.observable > 0);
    totals
}

fn sentence(total: &Total) -> String {
    format!(
        "{} of {} observable rules have a case ({} %)",
        total.covered,
        total.observable,
        total.percent()
    )
}

fn heading(coverage: &Coverage, section: &str, roles: &[Role]) -> String {
    let counts: Vec<_> = roles
        .iter()
        .map(|&role| {
            let total = coverage.total(Some(role), |rule| rule.section() == section);
            format!("{role} {}/{}", total.covered, total.observable)
        })
        .collect();
    format!("\n{section} ({})", counts.join(", "))
}

fn rule(text: &mut String, row: &Row, page: &Page) {
    let rule = row.rule;
    let not = if rule.forbids { " not" } else { "" };
    let _ = writeln!(
        text,
        "  {}  {}{not}  {}",
        rule.id,
        rule.level,
        escape::line(rule.requirement)
    );
    if row
        .sides
        .iter()
        .all(|side| !side.observable && side.cases.is_empty())
    {
        let _ = writeln!(text, "      not seen: {}", why(row));
        return;
    }
    for side in &row.sides {
        if side.observable || !side.cases.is_empty() {
            let _ = writeln!(
                text,
                "      {:6}  {}",
                side.role.to_string(),
                cases(side, page)
            );
        }
        if let Some(run) = side.run.filter(|run| *run != Fell::default()) {
            let _ = writeln!(text, "      {:6}  {}", "run", fell(&run));
        }
        if page.verbose && !side.faults.is_empty() {
            let _ = writeln!(text, "      {:6}  {}", "faults", side.faults.join(", "));
        }
    }
}

/// Why nothing can be seen of a rule.
fn why(row: &Row) -> String {
    let rule = row.rule;
    let whom = match rule.who {
        "application" => "it binds the application, not the endpoint",
        "intermediary" => "it binds an intermediary, not an endpoint",
        _ if row.sides.len() == 1 => "a target of this role shows nothing of it on the wire",
        _ => "nothing of it shows on the wire",
    };
    let cannot = match rule.violation {
        "-" | "" => "; nothing can break it",
        violation if violation.starts_with("none") => "; nothing can break it",
        _ => "",
    };
    match rule.note {
        "" => format!("{whom}{cannot}"),
        note => format!("{whom}{cannot}. {}", escape::line(note)),
    }
}

fn cases(side: &Side, page: &Page) -> String {
    const FIRST: usize = 3;
    let faults = match side.faults.len() {
        0 => String::new(),
        n => format!("; {}", values::count(n, "fault")),
    };
    if side.cases.is_empty() {
        return format!("no case{faults}");
    }
    let shown = if page.verbose {
        side.cases.len()
    } else {
        FIRST
    };
    let mut ids: Vec<_> = side
        .cases
        .iter()
        .take(shown)
        .map(|id| escape::line(id))
        .collect();
    if side.cases.len() > shown {
        ids.push("…".into());
    }
    format!(
        "{} ({}){faults}",
        values::count(side.cases.len(), "case"),
        ids.join(", ")
    )
}

fn fell(run: &Fell) -> String {
    let counts = &run.verdicts;
    let counts = [
        (counts.pass, "pass"),
        (counts.tolerated, "tolerated"),
        (counts.fail, "fail"),
        (counts.not_applicable, "not applicable"),
        (counts.inconclusive, "inconclusive"),
        (counts.error, "error"),
    ];
    let mut parts: Vec<_> = counts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| format!("{n} {name}"))
        .collect();
    if run.breaches > 0 {
        let n = usize::try_from(run.breaches).unwrap_or(usize::MAX);
        parts.push(format!("named as broken by {}", values::count(n, "case")));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::Document, catalogue::Catalogue, report::Counts};

    const FILE: &str = "case a\n  title: A\n  checks: 6455-5.5.2-2\n  > ping\n  < pong \"\"\n\n\
        case b\n  title: B\n  checks: 6455-5.5.2-2\n  role: server\n  > ping\n  < pong \"\"\n";

    fn told(roles: &[Role], words: &[&str], verbose: bool, run: Option<Fell>) -> String {
        let document = Document::parse("f", "f", FILE.as_bytes());
        let catalogue = Catalogue::of(vec![document], &mut Vec::new());
        let mut coverage = Coverage::of(&catalogue, roles);
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(coverage.keep(&words), None);
        coverage.rows[0].sides[0].run = run;
        let page = Page {
            verbose,
            ..Page::PIPE
        };
        text(&coverage, roles, &page)
    }

    #[test]
    fn a_rule_is_shown_with_its_cases_and_the_totals_come_last() {
        let both = [Role::Server, Role::Client];
        let text = told(&both, &["6455-5.5.2-2", "6455-5.5.2-5"], false, None);
        let wanted = [
            "RFC 6455, section 5.5.2 (server 1/1, client 1/1)",
            "  6455-5.5.2-2  must  ",
            "      server  2 cases (f/a, f/b); ",
            "      client  1 case (f/a); ",
            "      not seen: nothing of it shows on the wire; nothing can break it. ",
        ];
        for wanted in wanted {
            assert!(text.contains(wanted), "{wanted}:\n{text}");
        }
        let last = "RFC 6455, servers: 1 of 1 observable rules have a case (100 %)\n\
            RFC 6455, clients: 1 of 1 observable rules have a case (100 %)\n\
            RFC 6455: 1 of 1 observable rules have a case (100 %)\n";
        assert!(text.ends_with(last), "{text}");
    }

    #[test]
    fn a_rule_without_a_case_says_so() {
        let text = told(&[Role::Server], &["6455-5.5.1-9"], false, None);
        assert!(text.contains("      server  no case"), "{text}");
        let last = "RFC 6455, servers: 0 of 1 observable rules have a case (0 %)\n";
        assert!(text.ends_with(last), "{text}");
    }

    #[test]
    fn how_a_run_fell_and_the_faults_are_shown() {
        let verdicts = Counts {
            pass: 1,
            fail: 2,
            ..Counts::default()
        };
        let run = Fell {
            verdicts,
            breaches: 3,
        };
        let text = told(&[Role::Server], &["6455-5.5.2-2"], true, Some(run));
        assert!(
            text.contains("      run     1 pass, 2 fail, named as broken by 3 cases\n"),
            "{text}"
        );
        assert!(text.contains("      faults  "), "{text}");
    }
}
