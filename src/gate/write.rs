//! A file of known deviations made from a run: `--write-known`.
//!
//! Comments and lines that still hold stay as they are, with their reasons; a line that holds for a part of its cases is kept for these; what does not
//! hold any more goes. New lines name rule and clause, and say that nobody has explained them yet: why it is right to live with them, the suite cannot know.

use std::collections::HashSet;

use super::{
    known::{Error, Known, Line, MAX_GLOBS, MAX_WORD, Run, name},
    terms::{Entry, Terms},
};
use crate::{
    catalogue, escape,
    report::{Case, Report, Standing, view},
};

/// What a new reason begins with.
pub const UNEXPLAINED: &str = "not explained yet";
/// The most characters of a new reason.
const MAX_REASON: usize = 200;
/// Verdicts stand in this column, where the word before them is not longer.
const COLUMN: usize = 48;

/// A file that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its text.
    pub text: String,
    /// How many lines are new.
    pub new: usize,
    /// How many lines of before are gone, or stand for fewer cases now.
    pub gone: usize,
}

/// Makes the file. `old` is what is in it; `cases` are those of the catalogue for the role of the target.
///
/// # Errors
/// What is in it makes no sense.
pub fn write(
    file: &str,
    old: Option<&[u8]>,
    report: &Report,
    run: &Run,
    cases: &[Entry],
) -> Result<Made, Error> {
    let octets = old.unwrap_or_default();
    let known = Known::parse(file, octets)?;
    let gate = &report.gate;
    let terms = Terms::new(
        gate.level,
        gate.strict,
        vec![known.clone()],
        run,
        cases.to_vec(),
    );
    let mut judged = report.clone();
    terms.judge(&mut judged);
    let stale: HashSet<String> = judged.stale().into_iter().map(|stale| stale.at).collect();
    let mut made = Made {
        text: String::new(),
        new: 0,
        gone: 0,
    };
    if old.is_none() {
        made.text = format!(
            "# Known deviations of {}: a case, its verdict, and behind # why that is right.\n\
             # `wsspec server --known FILE` holds a run against it; a line that no longer holds is an error.\n\n",
            view::name(&report.target)
        );
    }
    // Read strictly above.
    let text = String::from_utf8_lossy(octets);
    for (number, raw) in (1..).zip(text.lines()) {
        let at = format!("{file}:{number}");
        match known.lines.iter().find(|line| line.number == number) {
            Some(line) if stale.contains(&at) => {
                made.gone += 1;
                let decides = |case: &&Case| {
                    let known = case.known.as_ref();
                    known.is_some_and(|known| known.at == at && known.holds)
                };
                let left: Vec<&str> = judged
                    .cases
                    .iter()
                    .filter(decides)
                    .map(|c| c.id.as_str())
                    .collect();
                for word in words(&left, cases) {
                    made.text
                        .push_str(&written(&word, &rest(line), &line.reason));
                }
            }
            _ => {
                made.text.push_str(raw.trim_end_matches('\r'));
                made.text.push('\n');
            }
        }
    }
    for group in groups(&judged) {
        let ids: Vec<&str> = group.iter().map(|case| case.id.as_str()).collect();
        for word in words(&ids, cases) {
            let says = group
                .first()
                .map_or("", |case| name(case.verdict, case.crashed));
            made.text
                .push_str(&written(&word, says, &reason(report, &group)));
            made.new += 1;
        }
    }
    Ok(made)
}

/// All but the first word of a line.
fn rest(line: &Line) -> String {
    let text = line.text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text[end..].trim().to_owned()
}

fn written(word: &str, rest: &str, reason: &str) -> String {
    format!("{word:<COLUMN$} {rest} # {reason}\n")
}

/// The cases that need a new line, those together that can share one: rows of one case with one verdict for one rule.
fn groups(judged: &Report) -> Vec<Vec<&Case>> {
    let mut groups: Vec<Vec<&Case>> = Vec::new();
    let key = |case: &Case| {
        let rule = case.findings.first().map(|finding| finding.rule.clone());
        (
            slug(&case.id).to_owned(),
            name(case.verdict, case.crashed),
            rule,
        )
    };
    for case in &judged.cases {
        let foreseen = case.known.as_ref().is_some_and(|known| known.holds);
        let standing = judged.standing(case);
        let deviates = case.crashed || matches!(standing, Standing::Bad | Standing::Told);
        if foreseen || !deviates {
            continue;
        }
        // Rows of a case follow each other.
        match groups
            .iter_mut()
            .rev()
            .take(8)
            .find(|group| key(group[0]) == key(case))
        {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    groups
}

fn slug(id: &str) -> &str {
    id.split('[').next().unwrap_or(id)
}

/// Words that name these cases, which are rows of one case or have nothing in common, and no other of the catalogue.
fn words(ids: &[&str], cases: &[Entry]) -> Vec<String> {
    let [first, _, ..] = ids else {
        return ids.iter().map(|id| plain(id)).collect();
    };
    let slug = slug(first);
    let rows: Vec<&str> = ids
        .iter()
        .filter_map(|id| id.strip_prefix(slug)?.strip_prefix('[')?.strip_suffix(']'))
        .collect();
    if rows.len() < ids.len() {
        return ids.iter().map(|id| plain(id)).collect();
    }
    let named = cases.iter().filter(|case| catalogue::names(slug, &case.id));
    if named
        .map(|case| &case.id)
        .all(|id| ids.contains(&id.as_str()))
    {
        return vec![plain(slug)];
    }
    if rows.iter().any(|row| row.contains([',', '{', '}'])) {
        return ids.iter().map(|id| plain(id)).collect();
    }
    // Within the bounds of a line.
    let mut words = Vec::new();
    let mut left = &rows[..];
    while !left.is_empty() {
        let mut taken = 0;
        let mut length = slug.len() + 4;
        for row in left.iter().take(MAX_GLOBS) {
            length += row.len() + 1;
            if taken > 0 && length > MAX_WORD.0 {
                break;
            }
            taken += 1;
        }
        let (now, later) = left.split_at(taken);
        words.push(match now {
            [row] => plain(&format!("{slug}[{row}]")),
            rows => {
                let rows: Vec<String> = rows.iter().map(|row| plain(row)).collect();
                format!("{}[{{{}}}]", plain(slug), rows.join(","))
            }
        });
        left = later;
    }
    words
}

/// What would end a word, quote it or expand in it is any octet instead.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c.is_whitespace() || escape::is_hostile(c) || "\"#{}".contains(c) {
            true => (0..c.len_utf8()).for_each(|_| out.push('?')),
            false => out.push(c),
        }
    }
    out
}

/// Which rule is broken, where it stands, and what went wrong, where that is the same in all of them.
fn reason(report: &Report, group: &[&Case]) -> String {
    let Some(first) = group.first() else {
        return UNEXPLAINED.to_owned();
    };
    let what = |case: &Case| match case.findings.first() {
        Some(finding) => finding.what.clone(),
        None => case.reason.clone(),
    };
    let mut parts = vec![UNEXPLAINED.to_owned()];
    if let Some(finding) = first.findings.first() {
        parts.push(match report.rule(&finding.rule) {
            Some(rule) => format!("{} ({}, {})", rule.clause, rule.id, finding.level),
            None => finding.rule.clone(),
        });
    }
    if group.iter().all(|case| what(case) == what(first)) {
        parts.push(what(first));
    }
    let reason = escape::line(&parts.join(": ")).into_owned();
    match reason.char_indices().nth(MAX_REASON) {
        Some((at, _)) => format!("{} ...", &reason[..at]),
        None => reason,
    }
}
