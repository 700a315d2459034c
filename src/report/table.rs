//! The table: counts by category, breaches told once, and the cases that do not simply pass.

use std::{collections::HashMap, fmt::Write};

use anstyle::{Effects, Style};
use tabled::{
    Table,
    builder::Builder,
    grid::util::string::get_string_width,
    settings::{
        Alignment, Color, Padding,
        object::{Cell, Columns, Object, Rows},
        style::{HorizontalLine, Style as Lines},
    },
};

use super::{
    Case, Counts, Probe, Report, Standing,
    text::{crash, level, lost, octets_shown},
    view::{Page, name, shorten, style, word, wrap},
};
use crate::{escape::line, session::Verdict};

const BOLD: Style = Style::new().effects(Effects::BOLD);
/// From this width on the reason stands beside the case and not below it.
const WIDE: usize = 120;
/// More cases than this with the same verdict for the same reason share a row.
const ALIKE: usize = 3;

/// The table, with a line feed at its end.
pub fn render(report: &Report, page: &Page) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}\n", heading(report, page));
    for warning in report.warnings() {
        let bold = page.paint(BOLD, "Warning:");
        let _ = writeln!(out, "{bold} {}\n", line(&warning.sentence));
    }
    if !report.cases.is_empty() {
        let _ = writeln!(out, "{}\n", drawn(&categories(report, page), page));
    }
    if !report.breaches.is_empty() {
        let title = page.paint(BOLD, "Breaches, told once");
        let _ = writeln!(out, "{title}\n\n{}\n", drawn(&breaches(report, page), page));
    }
    if let Some(table) = cases(report, page) {
        let title = page.paint(BOLD, "Cases that do not simply pass");
        let _ = writeln!(out, "{title}\n\n{table}\n");
    }
    for growth in report.growth() {
        let _ = writeln!(out, "{}\n", line(&growth.sentence()));
    }
    canary(report, page, &mut out);
    for one in &report.lost {
        let _ = writeln!(out, "{}", lost(one, *page));
    }
    for (one, lines) in report.crashes_told() {
        let _ = writeln!(out, "{}", crash(one, lines, *page));
    }
    if let Some(ending) = report.ending() {
        let _ = writeln!(out, "{ending}\n");
    }
    let stale = report.stale();
    if !stale.is_empty() {
        let _ = writeln!(
            out,
            "{}\n",
            page.paint(BOLD, "Known deviations that no longer hold")
        );
        for stale in &stale {
            for line in wrap(&stale.sentence(), page.width) {
                let _ = writeln!(out, "{line}");
            }
        }
        out.push('\n');
    }
    for remark in report.remarks() {
        let _ = writeln!(out, "{}\n", wrap(&remark, page.width).join("\n"));
    }
    let _ = writeln!(out, "{}", totals(report, page));
    out
}

fn heading(report: &Report, page: &Page) -> String {
    let (target, measured) = (&report.target, &report.measured);
    let name = name(target);
    let lead = format!(
        "{} {}: {} ",
        line(&report.generator.name),
        line(&report.generator.version),
        target.role
    );
    let width = page.width.unwrap_or(usize::MAX);
    let name = shorten(&name, width.saturating_sub(get_string_width(&lead)));
    let mut parts = vec![format!("seed {}", target.seed)];
    parts.extend(
        target
            .delivery
            .as_ref()
            .map(|delivery| format!("delivery {}", line(delivery))),
    );
    parts.push(format!(
        "catalogue {}",
        shorten(&line(&report.catalogue.digest), 13)
    ));
    parts.extend(
        measured
            .started
            .as_ref()
            .map(|started| line(started).into_owned()),
    );
    let parts: Vec<_> = parts
        .iter()
        .map(|part| (part.clone(), part.clone()))
        .collect();
    format!(
        "{lead}{}\n{}",
        page.paint(BOLD, &name),
        flow("", &parts, page)
    )
}

/// Parts joined by commas, in lines that fit the page. Each part is given bare and painted.
fn flow(lead: &str, parts: &[(String, String)], page: &Page) -> String {
    let width = page.width.unwrap_or(usize::MAX);
    let (mut out, mut used) = (page.paint(BOLD, lead), get_string_width(lead));
    for (at, (bare, painted)) in parts.iter().enumerate() {
        let comma = if at + 1 < parts.len() { "," } else { "" };
        let columns = get_string_width(bare) + comma.len();
        if used > 0 && used + 1 + columns > width {
            out.push_str("\n  ");
            used = 2;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(painted);
        out.push_str(comma);
        used += columns;
    }
    out
}

fn categories(report: &Report, page: &Page) -> Table {
    let count = |n: u64| {
        if n == 0 {
            "-".to_owned()
        } else {
            n.to_string()
        }
    };
    let row = |name: String, cases: u64, c: &Counts| {
        let counts = [
            c.pass,
            c.tolerated,
            c.fail,
            c.not_applicable,
            c.inconclusive,
            c.error,
        ];
        let mut row = vec![name, count(cases)];
        row.extend(counts.map(count));
        row
    };
    let mut builder = Builder::new();
    let names = [
        "category",
        "cases",
        "pass",
        "tolerated",
        "fail",
        "n/a",
        "inconclusive",
        "error",
    ];
    builder.push_record(names);
    for category in &report.summary.categories {
        // The other columns take 57 at most while no count has more than five digits.
        let name = shorten(
            &line(&category.name),
            page.width.map_or(usize::MAX, |w| w.saturating_sub(60)),
        );
        builder.push_record(row(name, category.cases, &category.verdicts));
    }
    builder.push_record(row(
        "all".into(),
        report.summary.cases,
        &report.summary.verdicts,
    ));
    let last = report.summary.categories.len() + 1;
    let rule = HorizontalLine::new('─');
    let mut table = builder.build();
    table
        .with(Lines::empty().horizontals([(1, rule), (last, rule)]))
        .with(Padding::new(0, 2, 0, 0))
        .modify(Columns::new(1..), Alignment::right());
    if page.colour {
        for (place, verdict) in VERDICTS.into_iter().enumerate() {
            for row in 0..report.summary.categories.len() + 1 {
                let verdicts = match report.summary.categories.get(row) {
                    Some(category) => &category.verdicts,
                    None => &report.summary.verdicts,
                };
                if of(verdicts, verdict) > 0 {
                    table.modify(Cell::new(row + 1, place + 2), colour(style(verdict)));
                }
            }
        }
    }
    table
}

/// All verdicts, in the order of the columns.
pub(super) const VERDICTS: [Verdict; 6] = [
    Verdict::Pass,
    Verdict::Tolerated,
    Verdict::Fail,
    Verdict::NotApplicable,
    Verdict::Inconclusive,
    Verdict::Error,
];

pub(super) fn of(counts: &Counts, verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Pass => counts.pass,
        Verdict::Tolerated => counts.tolerated,
        Verdict::Fail => counts.fail,
        Verdict::NotApplicable => counts.not_applicable,
        Verdict::Inconclusive => counts.inconclusive,
        Verdict::Error => counts.error,
    }
}

fn breaches(report: &Report, page: &Page) -> Table {
    // `cases` and `level` with two blanks behind each take 15 columns.
    let room = page
        .width
        .map_or(usize::MAX, |width| width.saturating_sub(15));
    let mut builder = Builder::new();
    builder.push_record(["cases", "level", "breach"]);
    for breach in report.breaches_by_weight() {
        let mut lines = vec![breach.what.clone()];
        lines.push(match report.rule(&breach.rule) {
            Some(rule) => format!("{} ({})", rule.clause, rule.id),
            None => breach.rule.clone(),
        });
        let known = match report.worth(breach) {
            Standing::Known => "; each is known",
            _ => "",
        };
        lines.push(format!("first in {}{known}", breach.first));
        if let Some(received) = breach.received.as_deref().filter(|text| !text.is_empty()) {
            lines.push(format!("received {received}"));
        }
        if let Some(octets) = report.proof(breach) {
            lines.push(format!("octets {}", octets_shown(octets)));
        }
        let lines: Vec<_> = lines
            .iter()
            .map(|text| shorten(&line(text), room))
            .collect();
        builder.push_record([
            breach.cases.to_string(),
            level(breach.level).into(),
            lines.join("\n"),
        ]);
    }
    let mut table = builder.build();
    plain(&mut table).modify(Columns::one(0), Alignment::right());
    table
}

/// A row of the last table: a case, or several with the same verdict for the same reason.
struct Row<'r> {
    first: &'r Case,
    more: usize,
}

fn cases(report: &Report, page: &Page) -> Option<String> {
    let (told, rest): (Vec<_>, Vec<_>) = report
        .cases
        .iter()
        .filter(|case| case.verdict != Verdict::Pass)
        .partition(|case| report.fails_by_breaches(case));
    let rows = fold(report, rest);

    let wide = page.width.is_none_or(|width| width >= WIDE);
    let mut builder = Builder::new();
    let mut record = vec!["verdict", "level", "case"];
    if wide {
        record.push("reason");
    }
    builder.push_record(record);
    let name = |row: &Row| match row.more {
        0 => line(&row.first.id).into_owned(),
        more => format!("{} and {more} more", line(&row.first.id)),
    };
    let verdicts = rows
        .iter()
        .map(|row| verdict(report, row.first).len())
        .max()
        .unwrap_or(0)
        .max(7);
    let longest = rows
        .iter()
        .map(|row| get_string_width(&name(row)))
        .max()
        .unwrap_or(0)
        .max(4);
    // Behind `verdict`, and behind `level` of six columns, are two blanks each.
    let left = verdicts + 2 + 8;
    let room = |taken: usize| {
        page.width
            .map_or(usize::MAX, |width| width.saturating_sub(taken).max(20))
    };
    for row in &rows {
        let reason = reason(report, row.first);
        let mut record = vec![
            verdict(report, row.first),
            level(row.first.level).to_owned(),
        ];
        if wide {
            record.push(name(row));
            record.push(shorten(&reason, room(left + longest + 2)));
        } else {
            record.push(format!("{}\n{}", name(row), shorten(&reason, room(left))));
        }
        builder.push_record(record);
    }
    let mut table = builder.build();
    plain(&mut table);
    if page.colour {
        for (at, row) in rows.iter().enumerate() {
            table.modify(Cell::new(at + 1, 0), colour(style(row.first.verdict)));
        }
    }
    let folded = match told.len() {
        0 => None,
        1 => Some("1 case fails only by the breaches above.".to_owned()),
        n => Some(format!("{n} cases fail only by the breaches above.")),
    };
    let table = (!rows.is_empty()).then(|| drawn(&table, page));
    let parts: Vec<_> = table.into_iter().chain(folded).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The verdict, and what it is worth where that is not the same.
fn verdict(report: &Report, case: &Case) -> String {
    let word = word(case.verdict);
    match report.standing(case) {
        Standing::Known => format!("{word}, known"),
        Standing::Told => format!("{word}, warns"),
        _ => word.to_owned(),
    }
}

/// What a person looks at first comes first: failures, and musts among them; what is known last of what does not pass.
pub(super) fn weight(report: &Report, case: &Case) -> impl Ord + use<> {
    let verdict = match case.verdict {
        Verdict::Fail | Verdict::Error if report.standing(case) == Standing::Known => 3,
        Verdict::Fail => 0,
        Verdict::Error => 1,
        Verdict::Inconclusive => 2,
        Verdict::Tolerated => 4,
        Verdict::NotApplicable => 5,
        Verdict::Pass => 6,
    };
    (verdict, std::cmp::Reverse(case.level))
}

/// Failures first; within a verdict the order of the catalogue. Failures always have a row of their own.
fn fold<'r>(report: &Report, mut cases: Vec<&'r Case>) -> Vec<Row<'r>> {
    cases.sort_by_key(|case| weight(report, case));
    let mut alike: HashMap<(Verdict, &str), usize> = HashMap::new();
    for case in &cases {
        *alike.entry((case.verdict, &case.reason)).or_default() += 1;
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut places: HashMap<(Verdict, &str), usize> = HashMap::new();
    for case in cases {
        let key = (case.verdict, case.reason.as_str());
        if case.verdict != Verdict::Fail && alike[&key] > ALIKE {
            if let Some(&place) = places.get(&key) {
                rows[place].more += 1;
                continue;
            }
            places.insert(key, rows.len());
        }
        // Sorted by level: the first is the strongest.
        rows.push(Row {
            first: case,
            more: 0,
        });
    }
    rows
}

fn reason(report: &Report, case: &Case) -> String {
    let mut reason = line(&case.reason).into_owned();
    match &case.known {
        Some(known) if report.standing(case) == Standing::Known => {
            reason = format!("{} ({})", line(&known.reason), line(&known.at));
        }
        _ => {}
    }
    if case.timed_out {
        reason.push_str(" (timed out)");
    }
    if case.unstable {
        reason.push_str(" (unstable: another verdict beside other cases)");
    }
    reason
}

fn canary(report: &Report, page: &Page, out: &mut String) {
    let Some(canary) = &report.canary else { return };
    let told = |out: &mut String, when: &str, probe: &Probe| {
        if probe.verdict != Verdict::Pass {
            let verdict = page.paint(style(probe.verdict), word(probe.verdict));
            let _ = writeln!(
                out,
                "The canary {when} the run: {verdict}: {}\n",
                line(&probe.reason)
            );
        }
    };
    told(out, "before", &canary.first);
    if let Some(last) = &canary.last {
        told(out, "behind", last);
    }
}

/// The cases counted, in a sentence.
pub(super) fn totals(report: &Report, page: &Page) -> String {
    let summary = &report.summary;
    if summary.cases == 0 {
        return page.paint(BOLD, "No case ran.");
    }
    let mut parts = Vec::new();
    for verdict in VERDICTS {
        let count = of(&summary.verdicts, verdict);
        if count == 0 && verdict != Verdict::Fail && verdict != Verdict::Pass {
            continue;
        }
        let mut part = format!("{count} {}", word(verdict));
        if verdict == Verdict::Fail && count > 0 {
            let fails = &summary.fails;
            let levels = [
                (fails.must, "must"),
                (fails.should, "should"),
                (fails.may, "may"),
            ];
            let levels = levels
                .iter()
                .filter(|(n, _)| *n > 0)
                .map(|(n, name)| format!("{n} {name}"));
            let _ = write!(part, " ({})", levels.collect::<Vec<_>>().join(", "));
        }
        let painted = if count > 0 {
            page.paint(style(verdict), &part)
        } else {
            part.clone()
        };
        parts.push((part, painted));
    }
    for (count, word) in [
        (report.count(Standing::Known), "known"),
        (summary.unstable, "unstable"),
        (summary.timed_out, "timed out"),
    ] {
        if count > 0 {
            let part = format!("{count} {word}");
            parts.push((part.clone(), part));
        }
    }
    let of_all = match report.catalogue.cases {
        all if all > summary.cases => format!(" of {all}"),
        _ => String::new(),
    };
    let plural = if summary.cases == 1 && of_all.is_empty() {
        ""
    } else {
        "s"
    };
    let seconds = report.measured.duration_us / 1_000_000;
    let millis = report.measured.duration_us / 1000 % 1000;
    let lead = format!(
        "{}{of_all} case{plural} in {seconds}.{millis:03} s:",
        summary.cases
    );
    flow(&lead, &parts, page)
}

/// No frame, a line below the names of the columns, two blanks between columns.
pub(super) fn plain(table: &mut Table) -> &mut Table {
    let rule = HorizontalLine::new('─');
    table
        .with(Lines::empty().horizontals([(1, rule)]))
        .with(Padding::new(0, 2, 0, 0))
        .modify(Columns::last().intersect(Rows::new(..)), Padding::zero())
}

/// The table without blanks at the ends of lines; its rules do not leave the page.
pub(super) fn drawn(table: &Table, page: &Page) -> String {
    let width = page.width.unwrap_or(usize::MAX);
    let text = table.to_string();
    let lines = text.lines().map(|line| match line.starts_with('─') {
        true => line.chars().take(width).collect(),
        false => line.trim_end().to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn colour(style: Style) -> Color {
    Color::new(style.render().to_string(), style.render_reset().to_string())
}
