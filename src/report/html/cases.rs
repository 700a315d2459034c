//! The cases: what does not simply pass in full, what passes folded and short, so that thousands of cases stay one quick page.

use maud::{Markup, html};

use super::{
    super::{
        Case, Category, Finding, MeasuredCase, Report, Standing,
        table::{VERDICTS, of, weight},
        text::FILL_IN,
    },
    encoded, exchange, millis, rule, shown, slug, tools, word,
};
use crate::session::Verdict;

/// Octets of page that cases which do not pass may take in full; later ones are as short as those which pass.
const MOST_IN_FULL: usize = 8 << 20;
/// Octets of page that the transcripts of short cases may take together.
const MOST_IN_SHORT: usize = 3 << 20;

/// What is left of both.
struct Room {
    full: usize,
    short: usize,
}

/// All cases, by category, in the order of the catalogue.
pub fn all(report: &Report) -> Markup {
    let mut room = Room {
        full: MOST_IN_FULL,
        short: MOST_IN_SHORT,
    };
    let categories: Vec<Markup> = report
        .summary
        .categories
        .iter()
        .map(|one| category(report, one, &mut room))
        .collect();
    html! {
        @if !categories.is_empty() {
            section {
                h2 { "Cases" }
                (tools())
                @for category in &categories { (category) }
            }
        }
    }
}

fn category(report: &Report, category: &Category, room: &mut Room) -> Markup {
    let mut groups: [Vec<(usize, &Case)>; 4] = Default::default();
    for (at, case) in report.cases.iter().enumerate() {
        if case.category() == category.name {
            let group = match case.verdict {
                Verdict::Fail if report.fails_by_breaches(case) => 1,
                Verdict::NotApplicable => 2,
                Verdict::Pass => 3,
                _ => 0,
            };
            groups[group].push((at, case));
        }
    }
    let [mut alone, told, absent, passes] = groups;
    alone.sort_by_key(|(_, case)| weight(report, case));
    let counts = VERDICTS.map(|verdict| (of(&category.verdicts, verdict), word(verdict)));
    let counts = counts.iter().filter(|(n, _)| *n > 0);
    let counts: Vec<_> = counts.map(|(n, word)| format!("{n} {word}")).collect();
    html! {
        div.category id={ "category-" (shown(&category.name)) } {
            h3 { span { (shown(&category.name)) } small.soft { (counts.join(", ")) } }
            @for (at, case) in alone { (apart(report, at, case, room)) }
            (folded(report, told, ["fails only by the breaches above", "fail only by the breaches above"], room))
            (folded(report, absent, ["is not applicable", "are not applicable"], room))
            (folded(report, passes, ["passes", "pass"], room))
        }
    }
}

/// Cases of one verdict behind one line.
fn folded(
    report: &Report,
    cases: Vec<(usize, &Case)>,
    words: [&str; 2],
    room: &mut Room,
) -> Markup {
    let (count, verdict) = match cases.first() {
        Some((_, first)) => (cases.len(), first.verdict),
        None => return html! {},
    };
    html! {
        details class={ "fold is-" (slug(verdict)) } {
            summary { (count) @if count == 1 { " case " (words[0]) } @else { " cases " (words[1]) } }
            @for (at, case) in cases { (row(report, at, case, room)) }
        }
    }
}

/// A case that does not simply pass.
fn apart(report: &Report, at: usize, case: &Case, room: &mut Room) -> Markup {
    let none = MeasuredCase::default();
    let measured = report.measured_of(at).unwrap_or(&none);
    let full = room.full > 0;
    let body = match full {
        true => in_full(report, case, measured),
        false => in_short(report, case, measured, room),
    };
    if full {
        room.full = room.full.saturating_sub(body.0.len());
    }
    let worth = match report.standing(case) {
        Standing::Known => " known",
        Standing::Told => " warns",
        _ => "",
    };
    html! {
        details class={ "case is-" (slug(case.verdict)) (worth) } id={ "case/" (shown(&case.id)) } {
            summary {
                span.line {
                    span.verdict { (word(case.verdict)) }
                    span.id { (shown(&case.id)) }
                    @if case.verdict == Verdict::Fail { span.tag { (case.level) } }
                    @match report.standing(case) {
                        Standing::Known => span.tag title=(known(case)) { "known" },
                        Standing::Told => span.tag title="below the level that fails the run" { "warns" },
                        _ => {}
                    }
                    @if case.timed_out { span.tag { "timed out" } }
                    @if case.unstable { span.tag title="another verdict came beside other cases; this one came alone" { "unstable" } }
                }
                span.reason { (shown(&case.reason)) }
            }
            div.body { (body) }
        }
    }
}

/// A case on one line.
fn row(report: &Report, at: usize, case: &Case, room: &mut Room) -> Markup {
    let none = MeasuredCase::default();
    let measured = report.measured_of(at).unwrap_or(&none);
    let words = match case.verdict {
        Verdict::Pass => &case.title,
        _ => &case.reason,
    };
    html! {
        details class={ "case is-" (slug(case.verdict)) } id={ "case/" (shown(&case.id)) } {
            summary { span.line { span.id { (shown(&case.id)) } span.title { (shown(words)) } } }
            div.body { (in_short(report, case, measured, room)) }
        }
    }
}

/// Everything there is to say.
fn in_full(report: &Report, case: &Case, measured: &MeasuredCase) -> Markup {
    let whole = measured.restore(case);
    html! {
        p { (shown(&case.title)) }
        @if case.known.is_some() { p.soft { (known(case)) } }
        @for finding in &whole.findings { (found(report, finding)) }
        @if case.findings.is_empty() {
            @for id in &case.checks { div class={ "finding is-" (slug(case.verdict)) } { (rule(report, id, &level(report, id))) } }
        }
        @if !case.steps.is_empty() {
            div.block { h4 { "Steps" } (exchange::steps(&case.steps)) }
        }
        @if !whole.transcript.is_empty() {
            div.block { h4 { "What was said" } (exchange::lanes(&whole, measured, report.target.role)) }
        }
        (replay(case))
        (facts(case, measured))
    }
}

fn found(report: &Report, finding: &Finding) -> Markup {
    html! {
        div.finding {
            p.what { (shown(&finding.what)) }
            (rule(report, &finding.rule, &finding.level.to_string()))
            dl.facts {
                @for (label, value) in [("sent", &finding.sent), ("expected", &finding.expected), ("received", &finding.received)] {
                    @if let Some(value) = value {
                        dt { (label) }
                        dd { (exchange::text(value)) }
                    }
                }
                @if let Some(octets) = &finding.octets {
                    dt { "octets" }
                    dd { code { (shown(octets)) } }
                }
            }
        }
    }
}

/// What was known of it.
fn known(case: &Case) -> String {
    match &case.known {
        Some(known) => {
            let says = if known.holds {
                "known"
            } else {
                "known otherwise"
            };
            let text = format!("{says} ({}, {}): {}", known.at, known.says, known.reason);
            shown(&text).into_owned()
        }
        None => String::new(),
    }
}

/// The level of a rule.
fn level(report: &Report, id: &str) -> String {
    report
        .rule(id)
        .map(|rule| rule.level.to_string())
        .unwrap_or_default()
}

/// Title, rules, the gist of what was said, and how to see all of it.
fn in_short(report: &Report, case: &Case, measured: &MeasuredCase, room: &mut Room) -> Markup {
    let said = match room.short {
        0 => String::new(),
        _ => exchange::gist(&measured.restore(case), &case.steps),
    };
    room.short = room.short.saturating_sub(said.len());
    html! {
        @if case.verdict != Verdict::Pass {
            p { (shown(&case.title)) }
            @for finding in &case.findings { div.finding { p.what { (shown(&finding.what)) } p.clause { (reference(report, &finding.rule)) } } }
        }
        @if !said.is_empty() { pre.code { (said) } }
        p.chips { @for id in &case.checks { span { (reference(report, id)) } } }
        (replay(case))
    }
}

/// A rule by its section, with a link to its words below.
fn reference(report: &Report, id: &str) -> Markup {
    html! {
        @match report.rule(id) {
            Some(rule) => a href={ "#rule-" (encoded(id)) } { (shown(&rule.clause)) },
            None => (shown(id)),
        }
    }
}

fn replay(case: &Case) -> Markup {
    html! {
        @if !case.replay.is_empty() {
            div.command { pre.code { code { (shown(&case.replay)) } } button type="button" hidden { "Copy" } }
            @if case.replay_hides() { p.remark { (FILL_IN) } }
        }
    }
}

fn facts(case: &Case, measured: &MeasuredCase) -> Markup {
    let mut facts = vec![format!("took {}", millis(measured.duration_us))];
    if let Some(patience) = measured.patience_us {
        facts.push(format!("nothing came within {}", millis(patience)));
    }
    if !case.autobahn.is_empty() {
        facts.push(format!("Autobahn {}", case.autobahn.join(", ")));
    }
    facts.extend(case.class.as_ref().map(|class| format!("catches: {class}")));
    if case.dropped {
        facts.push("the connection ended without a Close frame".into());
    }
    html! { p.chips { @for fact in &facts { span { (shown(fact)) } } } }
}
