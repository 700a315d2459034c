//! A comparison as a table, and as Markdown.

use std::fmt::Write;

use anstyle::{Effects, Style};
use tabled::{
    builder::Builder,
    settings::{Alignment, object::Columns},
};

use super::{Change, Comparison, Kind, Side, State};
use crate::{
    escape::line,
    report::{
        markdown::{self, code},
        table::{VERDICTS, drawn, of, plain},
        view::{Page, capital, shorten, style, word},
    },
};

const BOLD: Style = Style::new().effects(Effects::BOLD);
/// GitHub takes a summary of at most 1 MiB; changes beyond this many octets are counted only.
const MOST: usize = 900_000;
/// Changes of one kind in a table that is not verbose.
const LISTED: usize = 50;

/// The table, with a line feed at its end.
pub fn table(comparison: &Comparison, page: &Page) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    for (label, side) in [("from", &comparison.before), ("to  ", &comparison.after)] {
        let started = side
            .started
            .as_deref()
            .map(|at| format!(", {at}"))
            .unwrap_or_default();
        let name = page.paint(BOLD, &line(&side.name));
        let _ = writeln!(out, "{label} {name} ({}{})", side.role, line(&started));
    }
    out.push('\n');
    let _ = writeln!(out, "{}\n", counts(comparison, page));
    for remark in &comparison.remarks {
        let _ = writeln!(out, "{}\n", line(remark));
    }
    for kind in Kind::ALL {
        let count = comparison.summary.of(kind);
        if count == 0 {
            continue;
        }
        let _ = writeln!(
            out,
            "{}\n",
            page.paint(BOLD, &format!("{}: {count}", capital(kind.words())))
        );
        let listed = if page.verbose { usize::MAX } else { LISTED };
        for change in comparison.of_kind(kind).take(listed) {
            let _ = writeln!(out, "  {}  {}", line(&change.id), painted(change, page));
            if let Some(state) = change.after.as_ref().or(change.before.as_ref()) {
                let room = page
                    .width
                    .map_or(usize::MAX, |width| width.saturating_sub(4));
                let _ = writeln!(out, "    {}", shorten(&line(&state.reason), room));
            }
        }
        let more = count.saturating_sub(listed as u64);
        if more > 0 {
            let _ = writeln!(out, "  and {more} more (--verbose)");
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", totals(comparison));
    out
}

/// Both runs counted, side by side.
fn counts(comparison: &Comparison, page: &Page) -> String {
    let mut builder = Builder::new();
    builder.push_record(["", "from", "to", ""]);
    for (name, from, to) in rows(comparison) {
        builder.push_record([
            name.to_owned(),
            from.to_string(),
            to.to_string(),
            difference(from, to),
        ]);
    }
    let mut table = builder.build();
    plain(&mut table).modify(Columns::new(1..), Alignment::right());
    drawn(&table, page)
}

/// Verdicts that one of the runs has, and all cases.
pub(super) fn rows(comparison: &Comparison) -> Vec<(&'static str, u64, u64)> {
    let (a, b) = (&comparison.before, &comparison.after);
    let mut rows: Vec<_> = VERDICTS
        .iter()
        .map(|verdict| {
            (
                word(*verdict),
                of(&a.verdicts, *verdict),
                of(&b.verdicts, *verdict),
            )
        })
        .filter(|(_, from, to)| from + to > 0)
        .collect();
    rows.push(("all", a.cases, b.cases));
    rows
}

pub(super) fn difference(from: u64, to: u64) -> String {
    match from.cmp(&to) {
        std::cmp::Ordering::Less => format!("+{}", to - from),
        std::cmp::Ordering::Equal => String::new(),
        std::cmp::Ordering::Greater => format!("-{}", from - to),
    }
}

fn painted(change: &Change, page: &Page) -> String {
    let state = |state: &State| {
        format!(
            "{}{}",
            page.paint(style(state.verdict), word(state.verdict)),
            details(change, state)
        )
    };
    sides(change, state, "→")
}

/// What the two states are, with `between` where there are both.
fn sides(change: &Change, state: impl Fn(&State) -> String, between: &str) -> String {
    let states: Vec<_> = change
        .before
        .iter()
        .chain(&change.after)
        .map(state)
        .collect();
    states.join(&format!(" {between} "))
}

/// What of a state beside its verdict made the difference.
pub(super) fn details(change: &Change, state: &State) -> String {
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        return String::new();
    };
    let mut parts = Vec::new();
    if before.level != after.level {
        parts.push(state.level.to_string());
    }
    if before.verdict == after.verdict && before.broken != after.broken {
        parts.push(match state.broken.is_empty() {
            true => "no rule".into(),
            false => state.broken.join(" "),
        });
    }
    if before.timed_out != after.timed_out && state.timed_out {
        parts.push("timed out".into());
    }
    if before.unstable != after.unstable && state.unstable {
        parts.push("unstable".into());
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!(" ({})", line(&parts.join(", "))),
    }
}

pub(super) fn totals(comparison: &Comparison) -> String {
    let told: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| (comparison.summary.of(*kind), kind.words()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    match told.is_empty() {
        true => format!("Nothing changed in {} cases.", comparison.summary.same),
        false => format!(
            "{}; {} did not change.",
            capital(&told.join(", ")),
            comparison.summary.same
        ),
    }
}

/// Markdown, with a line feed at its end.
pub fn markdown(comparison: &Comparison, _: &Page) -> String {
    let text = markdown::text;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "## {} to {}\n",
        named(&comparison.before),
        named(&comparison.after)
    );
    let _ = writeln!(out, "{}\n", totals(comparison));
    for remark in &comparison.remarks {
        let _ = writeln!(out, "> {}\n", text(remark));
    }
    out.push_str("| | from | to | |\n| :-- | --: | --: | --: |\n");
    for (name, from, to) in rows(comparison) {
        let _ = writeln!(out, "| {name} | {from} | {to} | {} |", difference(from, to));
    }
    out.push('\n');
    for kind in Kind::ALL {
        let count = comparison.summary.of(kind);
        if count == 0 {
            continue;
        }
        let open = if kind == Kind::NewlyFailing {
            " open"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<details{open}><summary><b>{}: {count}</b></summary>\n",
            capital(kind.words())
        );
        let mut left = count;
        for change in comparison.of_kind(kind) {
            if out.len() > MOST {
                break;
            }
            let state = |state: &State| {
                text(&format!(
                    "{}{}",
                    word(state.verdict),
                    details(change, state)
                ))
            };
            let reason = change
                .after
                .as_ref()
                .or(change.before.as_ref())
                .map(|state| text(&state.reason));
            let _ = writeln!(
                out,
                "- {} {}: {}",
                code(&change.id),
                sides(change, state, "→"),
                reason.unwrap_or_default()
            );
            left -= 1;
        }
        if left > 0 {
            let _ = writeln!(out, "- {left} more");
        }
        out.push_str("\n</details>\n\n");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn named(side: &Side) -> String {
    let started = side
        .started
        .as_deref()
        .map(|at| format!(" ({})", markdown::text(at)));
    format!("{}{}", code(&side.name), started.unwrap_or_default())
}
