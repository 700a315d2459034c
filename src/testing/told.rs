//! Why a test fails, for who reads its output.

use std::{cmp::Reverse, collections::HashMap, fmt};

use crate::{
    escape::line,
    gate::{self, Exit},
    report::{Case, Page, Report, Standing, Teller, view::name},
};

/// So many failures are told in full, each once.
const MOST: usize = 12;
/// So many cases that fail in the same way are named.
const NAMED: usize = 8;

/// Why a target does not pass, in words: each failure that is not known in full, and what is wrong with the run and the known deviations.
#[derive(Clone, PartialEq, Eq)]
pub struct Deviates {
    text: String,
}

impl fmt::Display for Deviates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Deviates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Deviates {}

/// `None`: the program would end with 0.
pub fn deviates(report: &Report) -> Option<Deviates> {
    if gate::judge(report) == Exit::Conforms {
        return None;
    }
    let mut text = headline(report);
    let kinds = kinds(report);
    for kind in kinds.iter().take(MOST) {
        // A teller of its own for each: it tells of an equal failure only once.
        let mut teller = Teller::new(Page::PIPE, false).judging(report.gate.clone());
        let Some((at, case)) = kind.first() else {
            continue;
        };
        let none = Default::default();
        let measured = report.measured_of(*at).unwrap_or(&none);
        text.push('\n');
        text.push_str(&teller.case(case, measured, |id| report.rule(id).cloned()));
        let ids: Vec<_> = kind[1..].iter().map(|(_, case)| line(&case.id)).collect();
        if !ids.is_empty() {
            let more = if ids.len() > NAMED { ", ..." } else { "" };
            let named = ids[..ids.len().min(NAMED)].join(", ");
            let n = ids.len();
            text.push_str(&format!("  and {n} more in the same way: {named}{more}\n"));
        }
    }
    let more = kinds.iter().skip(MOST).map(Vec::len).sum::<usize>();
    if more > 0 {
        text.push_str(&format!("\n{more} more are not told here.\n"));
    }
    for trouble in report.troubles() {
        text.push_str(&format!("\n{}\n", trouble.sentence));
    }
    if kinds.iter().map(Vec::len).sum::<usize>() > 1 {
        text.push_str("\n`.cases([\"ID\"])` plays one of them alone.\n");
    }
    let text = text.trim_end().to_owned();
    Some(Deviates { text })
}

/// The cases that make it fail, those together that break the same rule in the same words. The gravest come first, else as the catalogue has them.
fn kinds(report: &Report) -> Vec<Vec<(usize, &Case)>> {
    let wrong = |case: &Case| matches!(report.standing(case), Standing::Bad | Standing::Broken);
    let mut kinds: Vec<Vec<(usize, &Case)>> = Vec::new();
    let mut places = HashMap::new();
    for (at, case) in report.cases.iter().enumerate() {
        if !wrong(case) {
            continue;
        }
        let finding = case.findings.first();
        let key = finding.map(|finding| (&finding.rule, &finding.what));
        let place = *places.entry((case.verdict, key)).or_insert_with(|| {
            kinds.push(Vec::new());
            kinds.len() - 1
        });
        kinds[place].push((at, case));
    }
    kinds.sort_by_key(|kind| kind.iter().map(|(_, case)| Reverse(case.level)).min());
    kinds
}

fn headline(report: &Report) -> String {
    let (bad, broken) = (report.count(Standing::Bad), report.count(Standing::Broken));
    let stale = report.stale().len() as u64;
    let counted = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let known = match report.gate.known.is_empty() {
        true => "",
        false => " and is not known",
    };
    let parts = [
        counted(
            bad,
            &format!("case fails{known}"),
            &format!("cases fail{}", known.replace("is", "are")),
        ),
        counted(
            broken,
            "case could not be played",
            "cases could not be played",
        ),
        counted(
            stale,
            "known deviation no longer holds",
            "known deviations no longer hold",
        ),
        counted(
            report.breaks().len() as u64,
            "thing is wrong with the run itself",
            "things are wrong with the run itself",
        ),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    format!(
        "{} {}: {}, of {} cases\n",
        report.target.role,
        name(&report.target),
        parts.join(", "),
        report.summary.cases
    )
}
