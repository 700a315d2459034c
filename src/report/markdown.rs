//! Markdown (GFM), for the summary of a GitHub job or a comment: totals, categories, breaches, and each failure folded.
//!
//! What a target chose is text and nothing else: no markup, no link, no image, no mention of a person or an issue.

use std::fmt::Write;

use super::{
    Breach, Case, Conclusion, Counts, Finding, MeasuredCase, Report, Standing,
    table::{VERDICTS, of, totals},
    text::{self, octets_shown},
    view::{Page, name, word},
};
use crate::{
    escape::{line, lines},
    session::Verdict,
};

/// GitHub takes a summary of at most 1 MiB; failures beyond this many octets are counted only.
const MOST: usize = 900_000;

/// The view, with a line feed at its end.
pub fn render(report: &Report, _: &Page) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "## {}: {}\n",
        code(&name(&report.target)),
        sentence(report)
    );
    let _ = writeln!(out, "{}.\n", text(&totals(report, &Page::PIPE)));
    for trouble in report.troubles() {
        let _ = writeln!(out, "> **{}**\n", text(&trouble.sentence));
    }
    for warning in report.warnings() {
        let _ = writeln!(out, "> **Warning:** {}\n", text(&warning.sentence));
    }
    for (crash, lines) in report.crashes_told().filter(|(_, lines)| !lines.is_empty()) {
        let case = crash.case.as_deref().unwrap_or("the crash");
        let _ = writeln!(
            out,
            "<details><summary>What the target said last: <code>{}</code></summary>\n\n{}\n\n</details>\n",
            html(case),
            block("text", &lines.join("\n"))
        );
    }
    for lost in report.lost.iter().filter(|lost| lost.back) {
        let _ = writeln!(out, "> {}\n", text(&lost.sentence()));
    }
    if let Some(ending) = report.ending() {
        let _ = writeln!(out, "> {}\n", text(&ending));
    }
    for remark in report.remarks() {
        let _ = writeln!(out, "> {}\n", text(&remark));
    }
    if !report.cases.is_empty() {
        categories(&mut out, report);
    }
    if !report.breaches.is_empty() {
        out.push_str("### Breaches, told once\n\n");
        for breach in report.breaches_by_weight() {
            told_once(&mut out, report, breach);
        }
        out.push('\n');
    }
    for growth in report.growth() {
        let _ = writeln!(out, "{}\n", text(&growth.sentence()));
    }
    failures(&mut out, report);
    rest(&mut out, report);
    provenance(&mut out, report);
    out
}

/// The exit code in words.
pub(super) fn sentence(report: &Report) -> &'static str {
    match report.conclusion() {
        Conclusion::Conforms => "conforms",
        Conclusion::Deviates => "does not conform",
        Conclusion::Stale => "known deviations no longer hold",
        Conclusion::Unknown => "no result that one can rely on",
    }
}

fn categories(out: &mut String, report: &Report) {
    out.push_str("| category | cases | pass | tolerated | fail | n/a | inconclusive | error |\n");
    out.push_str("| :-- | --: | --: | --: | --: | --: | --: | --: |\n");
    let mut row = |name: &str, cases: u64, counts: &Counts| {
        let _ = write!(out, "| {name} | {cases} |");
        for verdict in VERDICTS {
            let _ = match (of(counts, verdict), verdict) {
                (0, _) => write!(out, "  |"),
                (n, Verdict::Fail | Verdict::Error) => write!(out, " **{n}** |"),
                (n, _) => write!(out, " {n} |"),
            };
        }
        out.push('\n');
    };
    for category in &report.summary.categories {
        row(&text(&category.name), category.cases, &category.verdicts);
    }
    row("**all**", report.summary.cases, &report.summary.verdicts);
    out.push('\n');
}

fn told_once(out: &mut String, report: &Report, breach: &Breach) {
    let cases = if breach.cases == 1 { "case" } else { "cases" };
    let _ = write!(
        out,
        "- **{}**, {} {cases}, {}: {}, first in {}",
        text(&breach.what),
        breach.cases,
        breach.level,
        clause(report, &breach.rule),
        code(&breach.first)
    );
    if let Some(octets) = report.proof(breach) {
        let _ = write!(out, ", octets {}", code(&octets_shown(octets)));
    }
    if report.worth(breach) == Standing::Known {
        out.push_str("; each is known");
    }
    out.push('\n');
}

/// Where the rule stands, and its id.
fn clause(report: &Report, id: &str) -> String {
    match report.rule(id) {
        Some(rule) => format!("{} ({})", text(&rule.clause), text(id)),
        None => text(id),
    }
}

fn failures(out: &mut String, report: &Report) {
    let failing = |case: &&Case| {
        matches!(
            report.standing(case),
            Standing::Bad | Standing::Broken | Standing::Told
        )
    };
    let failing: Vec<_> = report
        .cases
        .iter()
        .enumerate()
        .filter(|(_, case)| failing(case))
        .collect();
    let (told, apart): (Vec<_>, Vec<_>) = failing
        .into_iter()
        .partition(|(_, case)| report.fails_by_breaches(case));
    if !apart.is_empty() {
        out.push_str("### Failures\n\n");
    }
    let mut left = apart.len();
    for (at, case) in apart {
        let mut one = String::new();
        failure(&mut one, report, at, case);
        if out.len() + one.len() > MOST {
            break;
        }
        out.push_str(&one);
        left -= 1;
    }
    if left > 0 {
        let _ = writeln!(
            out,
            "{left} more cases fail; the other views of the report tell of them.\n"
        );
    }
    match told.len() {
        0 => {}
        1 => out.push_str("1 case fails only by the breaches above.\n\n"),
        n => {
            let _ = writeln!(out, "{n} cases fail only by the breaches above.\n");
        }
    }
}

fn failure(out: &mut String, report: &Report, at: usize, case: &Case) {
    let none = MeasuredCase::default();
    let measured = report.measured_of(at).unwrap_or(&none);
    let whole = measured.restore(case);
    let mut remarks = case.level.to_string();
    if report.standing(case) == Standing::Told {
        remarks.push_str(", which warns");
    }
    for (is, remark) in [(case.timed_out, "timed out"), (case.unstable, "unstable")] {
        if is {
            let _ = write!(remarks, ", {remark}");
        }
    }
    let _ = writeln!(
        out,
        "<details><summary><b>{}</b> <code>{}</code> ({remarks}): {}</summary>\n",
        word(case.verdict),
        html(&case.id),
        html(&case.reason)
    );
    let _ = writeln!(out, "{}\n", text(&case.title));
    for finding in &whole.findings {
        found(out, report, finding);
    }
    if !case.findings.is_empty() {
        out.push('\n');
    }
    let said = text::transcript(&whole, measured, Page::PIPE);
    if !said.is_empty() {
        let _ = writeln!(out, "{}\n", block("text", &said));
    }
    let _ = writeln!(
        out,
        "Replay{}:\n\n{}\n\n</details>\n",
        match case.replay_hides() {
            true => format!(" ({})", text::FILL_IN),
            false => String::new(),
        },
        block("sh", &case.replay)
    );
}

fn found(out: &mut String, report: &Report, finding: &Finding) {
    let _ = write!(out, "- **{}**", text(&finding.what));
    if let Some(rule) = report.rule(&finding.rule) {
        let _ = write!(out, ": {}", text(&rule.text));
    }
    let inferred = match report.rule(&finding.rule) {
        Some(rule) if rule.inferred => "; inferred from what binds the other side",
        _ => "",
    };
    let _ = writeln!(
        out,
        " {}, {}{inferred}",
        clause(report, &finding.rule),
        finding.level
    );
    for (label, value) in [
        ("sent", &finding.sent),
        ("expected", &finding.expected),
        ("received", &finding.received),
    ] {
        if let Some(value) = value {
            let _ = writeln!(out, "  - {label} {}", code(value));
        }
    }
    if let Some(octets) = &finding.octets {
        let _ = writeln!(out, "  - octets {}", code(&octets_shown(octets)));
    }
}

/// What is neither pass nor failure, folded.
fn rest(out: &mut String, report: &Report) {
    let open = |case: &&Case| match report.standing(case) {
        Standing::Open | Standing::Known => true,
        standing => case.verdict == Verdict::Tolerated && standing == Standing::Good,
    };
    let open: Vec<_> = report.cases.iter().filter(open).collect();
    if open.is_empty() || out.len() > MOST {
        return;
    }
    let _ = writeln!(
        out,
        "<details><summary>{} known, tolerated, not applicable or inconclusive</summary>\n",
        open.len()
    );
    let mut left = open.len();
    for case in open {
        if out.len() > MOST {
            break;
        }
        let _ = writeln!(
            out,
            "- {} {}: {}{}",
            word(case.verdict),
            code(&case.id),
            text(&case.reason),
            known(case)
        );
        left -= 1;
    }
    if left > 0 {
        let _ = writeln!(out, "- {left} more");
    }
    out.push_str("\n</details>\n\n");
}

/// Why it is right, as a known deviation says.
fn known(case: &Case) -> String {
    match &case.known {
        Some(known) if known.holds => {
            format!("; known: {} ({})", text(&known.reason), code(&known.at))
        }
        _ => String::new(),
    }
}

fn provenance(out: &mut String, report: &Report) {
    let _ = write!(
        out,
        "{} {}, {}, seed {}, catalogue {}",
        text(&report.generator.name),
        text(&report.generator.version),
        report.target.role,
        report.target.seed,
        code(&report.catalogue.digest),
    );
    if let Some(started) = &report.measured.started {
        let _ = write!(out, ", {}", text(started));
    }
    out.push('\n');
}

/// Text that is nothing but text. A comment parts what GitHub would otherwise link: people, issues, addresses.
pub(super) fn text(given: &str) -> String {
    let given = line(given);
    // Blanks at the ends mean line breaks and code; there is no other way to say them.
    let given = given.trim();
    let mut out = String::new();
    let mut chars = given.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let before = &given[..at];
        let next = chars.peek().map(|(_, next)| *next);
        let numbers = !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit());
        match c {
            // Entities hold where a backslash does not: in a table, in HTML.
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' | '#' => {
                let _ = write!(out, "\\{c}<!-- -->");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                let _ = write!(out, "\\{c}");
            }
            // An address, or the name of a picture; not a time.
            ':' if next.is_some_and(|next| !matches!(next, ' ' | '0'..='9')) => out.push_str("\\:"),
            '.' if before.ends_with(['w', 'W']) => out.push_str("\\."),
            // A list, a heading, a rule.
            '.' | ')' if numbers => {
                let _ = write!(out, "\\{c}");
            }
            '-' | '+' | '=' if before.is_empty() => {
                let _ = write!(out, "\\{c}");
            }
            c => out.push(c),
        }
    }
    out
}

/// A code span on one line. Its fence is longer than any in it.
pub(super) fn code(given: &str) -> String {
    let text = line(given);
    let fence = "`".repeat(longest(&text) + 1);
    match text.trim().is_empty() {
        true => "(empty)".to_owned(),
        // One blank on each side is taken away again.
        false => match text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
            true => format!("{fence} {text} {fence}"),
            false => format!("{fence}{text}{fence}"),
        },
    }
}

/// A block of code; `given` is broken into lines by the suite.
fn block(language: &str, given: &str) -> String {
    let text: Vec<_> = lines(given.trim_end_matches('\n')).collect();
    let text = text.join("\n");
    let fence = "`".repeat((longest(&text) + 1).max(3));
    format!("{fence}{language}\n{text}\n{fence}")
}

/// The longest run of backticks.
fn longest(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text inside HTML, where Markdown is not read.
pub(super) fn html(given: &str) -> String {
    let mut out = String::new();
    for c in line(given).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '@' | '#' => {
                out.push(c);
                out.push_str("<!-- -->");
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_nothing_but_text() {
        for (given, written) in [
            ("plain (text): 5.5.2, a-b!", "plain (text): 5.5.2, a-b!"),
            ("a*b_c`d|e~f[g]", r"a\*b\_c\`d\|e\~f\[g\]"),
            ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
            ("@me, #1", r"\@<!-- -->me, \#<!-- -->1"),
            ("http://a.b www.a.b :tada:", r"http\://a.b www\.a.b \:tada:"),
            ("1. one", r"1\. one"),
            ("- one", r"\- one"),
            ("  two\n", r"two\\n"),
        ] {
            assert_eq!(text(given), written);
        }
    }

    #[test]
    fn code_holds_any_backticks() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code(""), "(empty)");
        assert_eq!(block("sh", "a\n```\n"), "````sh\na\n```\n````");
    }
}
