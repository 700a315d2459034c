//! A matrix as a table, and as Markdown.

use std::fmt::Write;

use anstyle::{Effects, Style};
use tabled::{
    builder::Builder,
    grid::util::string::get_string_width,
    settings::{Alignment, object::Columns},
};

use super::{Agreement, Case, Cell, Matrix};
use crate::{
    escape::line,
    report::{
        markdown::{self, code},
        table::{drawn, plain},
        view::{Page, capital, shorten, style, word},
    },
    session::Verdict,
};

const BOLD: Style = Style::new().effects(Effects::BOLD);
/// GitHub takes a summary of at most 1 MiB; cases beyond this many octets are counted only.
const MOST: usize = 900_000;
/// Cases of one group in a table that is not verbose.
const LISTED: usize = 20;
/// Columns of a target's name in a table.
const NAME: usize = 32;

/// The table, with a line feed at its end.
pub fn table(matrix: &Matrix, page: &Page) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}\n", cells(matrix, page));
    out.push_str("Passed or tolerated, of the cases that say something about the target.\n\n");
    for remark in &matrix.remarks {
        let _ = writeln!(out, "{}\n", line(remark));
    }
    for agreement in Agreement::ALL {
        let cases: Vec<_> = matrix
            .cases
            .iter()
            .filter(|case| case.agreement == agreement)
            .collect();
        if cases.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "{}\n",
            page.paint(
                BOLD,
                &format!("{}: {}", capital(agreement.words()), cases.len())
            )
        );
        let listed = if page.verbose { usize::MAX } else { LISTED };
        let more = |out: &mut String, count: usize| {
            if count > listed {
                let _ = writeln!(out, "    and {} more (--verbose)", count - listed);
            }
        };
        match agreement {
            Agreement::AllButOne => {
                for (at, target) in matrix.targets.iter().enumerate() {
                    let alone: Vec<_> =
                        cases.iter().filter(|case| case.odd() == Some(at)).collect();
                    if !alone.is_empty() {
                        let _ = writeln!(out, "  not {}", line(&target.name));
                        for case in alone.iter().take(listed) {
                            told(&mut out, case, at, page);
                        }
                        more(&mut out, alone.len());
                    }
                }
            }
            Agreement::Split | Agreement::None => {
                for case in cases.iter().take(listed) {
                    let fails = match failing(matrix, case) {
                        names if names.is_empty() => names,
                        names => format!("  {}", page.paint(style(Verdict::Fail), &names)),
                    };
                    let _ = writeln!(out, "    {}{fails}", line(&case.id));
                }
                more(&mut out, cases.len());
            }
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A case that one target fails, and why.
fn told(out: &mut String, case: &Case, at: usize, page: &Page) {
    let _ = writeln!(out, "    {}", line(&case.id));
    if let Some(Some(reason)) = case.reasons.get(at) {
        let room = page
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(6));
        let _ = writeln!(out, "      {}", shorten(&line(reason), room));
    }
}

/// `not one, two` for the targets that fail, where others pass.
fn failing(matrix: &Matrix, case: &Case) -> String {
    if case.agreement == Agreement::None {
        return String::new();
    }
    let fails = case.verdicts.iter().zip(&matrix.targets);
    let fails =
        fails.filter(|(verdict, _)| matches!(verdict, Some(Verdict::Fail | Verdict::Error)));
    let names: Vec<_> = fails.map(|(_, target)| line(&target.name)).collect();
    format!("not {}", names.join(", "))
}

/// A row for each target; where that is too wide, a row for each category and the targets by number.
fn cells(matrix: &Matrix, page: &Page) -> String {
    let mut builder = Builder::new();
    let mut head = vec![String::new()];
    head.extend(
        matrix
            .categories
            .iter()
            .map(|row| line(&row.name).into_owned()),
    );
    head.push("all".into());
    builder.push_record(head);
    for (at, target) in matrix.targets.iter().enumerate() {
        let mut record = vec![shorten(&line(&target.name), NAME)];
        record.extend(matrix.categories.iter().map(|row| share(row.cells.get(at))));
        record.push(share(Some(&matrix.total(at))));
        builder.push_record(record);
    }
    let mut table = builder.build();
    plain(&mut table).modify(Columns::new(1..), Alignment::right());
    let wide = drawn(&table, page);
    let fits = |text: &str| {
        page.width
            .is_none_or(|width| text.lines().all(|line| get_string_width(line) <= width))
    };
    // Rules are cut to the page: the lines of the cells tell.
    if fits(&wide) {
        wide
    } else {
        by_number(matrix, page)
    }
}

fn by_number(matrix: &Matrix, page: &Page) -> String {
    let mut out = String::new();
    for (at, target) in matrix.targets.iter().enumerate() {
        let _ = writeln!(out, "[{}] {}", at + 1, line(&target.name));
    }
    let mut builder = Builder::new();
    let mut head = vec![String::new()];
    head.extend((1..=matrix.targets.len()).map(|number| format!("[{number}]")));
    builder.push_record(head);
    for row in &matrix.categories {
        let mut record = vec![shorten(&line(&row.name), NAME)];
        record.extend(row.cells.iter().map(|cell| share(Some(cell))));
        builder.push_record(record);
    }
    let mut record = vec!["all".to_owned()];
    record.extend((0..matrix.targets.len()).map(|at| share(Some(&matrix.total(at)))));
    builder.push_record(record);
    let mut table = builder.build();
    plain(&mut table).modify(Columns::new(1..), Alignment::right());
    let _ = write!(out, "\n{}", drawn(&table, page));
    out
}

/// `41/42`; `-` where nothing was said.
pub(super) fn share(cell: Option<&Cell>) -> String {
    match cell {
        Some(cell) if cell.counted() > 0 => format!("{}/{}", cell.passed(), cell.counted()),
        _ => "-".into(),
    }
}

/// Markdown, with a line feed at its end.
pub fn markdown(matrix: &Matrix, _: &Page) -> String {
    let text = markdown::text;
    let mut out = String::from("| target |");
    for row in &matrix.categories {
        let _ = write!(out, " {} |", text(&row.name));
    }
    out.push_str(" all |\n| :-- |");
    out.push_str(&" --: |".repeat(matrix.categories.len() + 1));
    out.push('\n');
    for (at, target) in matrix.targets.iter().enumerate() {
        let _ = write!(out, "| {} |", text(&target.name));
        let cells = matrix
            .categories
            .iter()
            .map(|row| row.cells.get(at).copied());
        for cell in cells.chain([Some(matrix.total(at))]) {
            let whole = cell.is_some_and(|cell| cell.passed() == cell.counted());
            let share = share(cell.as_ref());
            let _ = match whole {
                true => write!(out, " {share} |"),
                false => write!(out, " **{share}** |"),
            };
        }
        out.push('\n');
    }
    out.push_str("\nPassed or tolerated, of the cases that say something about the target.\n\n");
    for remark in &matrix.remarks {
        let _ = writeln!(out, "> {}\n", text(remark));
    }
    for row in &matrix.categories {
        for agreement in Agreement::ALL {
            let count = matrix.within(&row.name, agreement).count();
            if count == 0 {
                continue;
            }
            let name = markdown::html(&row.name);
            let _ = writeln!(
                out,
                "<details><summary><b>{name}</b>, {}: {count}</summary>\n",
                agreement.words()
            );
            let mut left = count;
            for case in matrix.within(&row.name, agreement) {
                if out.len() > MOST {
                    break;
                }
                let _ = writeln!(out, "- {}{}", code(&case.id), verdicts(matrix, case));
                left -= 1;
            }
            if left > 0 {
                let _ = writeln!(out, "- {left} more");
            }
            out.push_str("\n</details>\n\n");
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The targets that do not simply pass, with their verdicts and, for one that is alone, why.
fn verdicts(matrix: &Matrix, case: &Case) -> String {
    let each = case.verdicts.iter().zip(&matrix.targets);
    let each = each.filter(|(verdict, _)| verdict.is_some_and(|verdict| verdict != Verdict::Pass));
    let told: Vec<_> = each
        .map(|(verdict, target)| {
            format!(
                "{} {}",
                markdown::text(&target.name),
                verdict.map_or("", word)
            )
        })
        .collect();
    let why = case.odd().and_then(|at| case.reasons.get(at)?.as_ref());
    let why = why.map(|why| format!(": {}", markdown::text(why)));
    format!(" {}{}", told.join(", "), why.unwrap_or_default())
}
