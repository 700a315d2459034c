//! HTML: one file that needs nothing else, no network, and no script to be read.
//!
//! Everything that comes from a report is text: [`maud`] escapes markup, `shown` what could hide or turn text. The policy in
//! the head allows the style and the script below by their digests and nothing else, so that even markup that got
//! through could not load or run anything.

use std::borrow::Cow;

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::{
    Breach, Category, Conclusion, Counts, Probe, Report, Rule, Standing,
    table::{VERDICTS, of},
    text::octets_shown,
    view::{Page, name, word},
};
use crate::{escape::line, session::Verdict};

mod cases;
mod exchange;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The most characters of one text that are shown; reports of ours have no longer ones.
const MOST: usize = 4000;

/// Breaches that are seen before one asks for more.
const FIRST: usize = 5;

/// The view, with a line feed at its end.
pub fn render(report: &Report, _: &Page) -> String {
    let target = name(&report.target);
    let title = format!("{target}: {}", conclusion(report).1);
    let body = html! {
        header.page {
            div.brand {
                span { b { (shown(&report.generator.name)) } " " (shown(&report.generator.version)) }
                span { (report.target.role) @if let Some(started) = &report.measured.started { " · " (when(started)) } }
            }
            h1 { (target) }
            p class={ "conclusion " (conclusion(report).0) } { (conclusion(report).1) }
            p.lead { (lead(report)) }
            (bar(&report.summary.verdicts, report.summary.cases, "bar"))
            (stats(report))
            (notes(report))
        }
        main #main {
            (breaches(report))
            (categories(&report.summary.categories, &report.summary.verdicts, report.summary.cases))
            (cases::all(report))
            (rules(&report.rules))
        }
        (provenance(report))
    };
    page(&title, &body)
}

/// A whole page around `body`, which has an element `main`.
pub(super) fn page(title: &str, body: &Markup) -> String {
    let digest = |text: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (shown(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "To the results" }
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let mut page = page.into_string();
    page.push('\n');
    page
}

/// Text of a report: on one line, bounded, and with nothing in it that does more than stand there.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MOST) {
        None => line(text),
        Some((at, _)) => {
            let more = text[at..].chars().count();
            format!("{} ... ({more} more characters)", line(&text[..at])).into()
        }
    }
}

/// The verdict as it stands in classes and ids.
pub(super) fn slug(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "not-applicable",
        other => word(other),
    }
}

fn conclusion(report: &Report) -> (&'static str, &'static str) {
    match report.conclusion() {
        Conclusion::Conforms => ("conforms", "Conforms"),
        Conclusion::Deviates => ("deviates", "Does not conform"),
        Conclusion::Stale => ("unknown", "Known deviations no longer hold"),
        Conclusion::Unknown => ("unknown", "No result that one can rely on"),
    }
}

/// What the counts below do not say.
fn lead(report: &Report) -> String {
    let summary = &report.summary;
    let all = match report.catalogue.cases {
        all if all > summary.cases => format!(" of {all}"),
        _ => String::new(),
    };
    let cases = if summary.cases == 1 && all.is_empty() {
        "case"
    } else {
        "cases"
    };
    let mut out = format!(
        "{}{all} {cases} in {}.",
        summary.cases,
        seconds(report.measured.duration_us)
    );
    let levels = [
        (summary.fails.must, "a must"),
        (summary.fails.should, "a should"),
        (summary.fails.may, "a may, which only tells"),
    ];
    let levels: Vec<_> = levels
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, level)| {
            format!(
                "{count} break{} {level}",
                if *count == 1 { "s" } else { "" }
            )
        })
        .collect();
    if !levels.is_empty() {
        out.push_str(&format!(" Of the failures, {}.", levels.join(", ")));
    }
    let mut tell = |count: u64, one: &str, many: &str| {
        if count > 0 {
            out.push_str(&format!(
                " {count} {}.",
                if count == 1 { one } else { many }
            ));
        }
    };
    tell(
        summary.timed_out,
        "case waited in vain",
        "cases waited in vain",
    );
    tell(summary.unstable, "case is unstable", "cases are unstable");
    out
}

/// `2025-10-09T08:53:20Z` with blanks.
pub(super) fn when(started: &str) -> String {
    shown(started).replace('T', " ").replace('Z', " UTC")
}

/// The share of each verdict, drawn. What is there is seen, and be it one case of thousands.
pub(super) fn bar(counts: &Counts, cases: u64, class: &str) -> Markup {
    let least = cases / 150;
    let mut from = 0;
    let parts = VERDICTS.map(|verdict| {
        let (at, count) = (from, of(counts, verdict));
        let width = if count > 0 { count.max(least) } else { 0 };
        from += width;
        (verdict, at, width, count)
    });
    let label = parts.iter().filter(|(.., count)| *count > 0);
    let label: Vec<_> = label
        .map(|(verdict, .., count)| format!("{count} {}", word(*verdict)))
        .collect();
    html! {
        svg class=(class) viewBox={ "0 0 " (from.max(1)) " 1" } preserveAspectRatio="none" role="img" aria-label=(label.join(", ")) {
            @for (verdict, at, width, _) in parts {
                @if width > 0 {
                    rect class={ "fill-" (slug(verdict)) } x=(at) width=(width) height="1" {}
                }
            }
        }
    }
}

/// The counts; each is also what shows and hides its cases.
fn stats(report: &Report) -> Markup {
    html! {
        div.stats role="group" aria-label="Verdicts, and which of them are shown" {
            @for verdict in VERDICTS {
                @let count = of(&report.summary.verdicts, verdict);
                label class={ "stat is-" (slug(verdict)) @if count == 0 { " zero" } } {
                    b { (count) }
                    span { (word(verdict)) }
                    input type="checkbox" id={ "show-" (slug(verdict)) } checked aria-label={ "Show cases: " (word(verdict)) } disabled[count == 0];
                }
            }
        }
    }
}

/// What a script searches and unfolds cases with; hidden where there is none.
pub(super) fn tools() -> Markup {
    html! {
        div.tools #tools hidden {
            input #search type="search" placeholder="Search cases ( / )" aria-label="Search cases" autocomplete="off" spellcheck="false";
            button #unfold type="button" aria-pressed="false" { "Open failures" }
            span #shown role="status" {}
        }
    }
}

/// What there is to say about the run itself.
fn notes(report: &Report) -> Markup {
    let mut notes: Vec<(&str, String)> = Vec::new();
    for trouble in report.troubles() {
        notes.push(("is-error", trouble.sentence));
    }
    for warning in report.warnings() {
        notes.push(("is-tolerated", warning.sentence));
    }
    for lost in report.lost.iter().filter(|lost| lost.back) {
        notes.push(("is-tolerated", lost.sentence()));
    }
    for growth in report.growth() {
        notes.push(("is-pass", growth.sentence()));
    }
    notes.extend(report.ending().map(|ending| ("is-tolerated", ending)));
    let remarks = report.remarks().into_iter();
    notes.extend(remarks.map(|remark| ("is-tolerated", remark)));
    if let Some(canary) = &report.canary {
        let mut told = |when: &str, probe: &Probe| {
            if probe.verdict != Verdict::Pass {
                let sentence = format!(
                    "The canary {when} the run: {}: {}",
                    word(probe.verdict),
                    probe.reason
                );
                notes.push(("is-tolerated", sentence));
            }
        };
        told("before", &canary.first);
        canary.last.iter().for_each(|last| told("behind", last));
    }
    html! {
        @if !notes.is_empty() {
            div.notes {
                @for (class, sentence) in &notes { p class={ "note " (class) } { (shown(sentence)) } }
            }
        }
        @for (crash, lines) in report.crashes_told().filter(|(_, lines)| !lines.is_empty()) {
            details.fold {
                summary { "What the target said last: " (shown(crash.case.as_deref().unwrap_or("the crash"))) }
                pre.code { @for line in lines { (shown(line)) "\n" } }
            }
        }
    }
}

fn breaches(report: &Report) -> Markup {
    let breaches = report.breaches_by_weight();
    let first = breaches.len().min(FIRST);
    html! {
        @if !breaches.is_empty() {
            section {
                h2 { "Breaches, told once" }
                p.soft { "What several cases saw, and what the observer saw that watches each of them." }
                div.breaches { @for breach in &breaches[..first] { (told_once(report, breach)) } }
                @if first < breaches.len() {
                    details.fold.more {
                        summary { (breaches.len() - first) " more" }
                        div.breaches { @for breach in &breaches[first..] { (told_once(report, breach)) } }
                    }
                }
            }
        }
    }
}

fn told_once(report: &Report, breach: &Breach) -> Markup {
    let cases = if breach.cases == 1 { "case" } else { "cases" };
    let worth = report.worth(breach);
    let class = match worth {
        Standing::Known => " known",
        Standing::Told => " warns",
        _ => "",
    };
    html! {
        div class={ "breach " (breach.level) (class) } {
            p.what {
                (shown(&breach.what))
                @match worth {
                    Standing::Known => { " " span.tag title="each case that saw it is a known deviation" { "known" } }
                    Standing::Told => { " " span.tag title="below the level that fails the run" { "warns" } }
                    _ => {}
                }
            }
            (rule(report, &breach.rule, &breach.level.to_string()))
            dl.facts {
                dt { "seen in" }
                dd { (breach.cases) " " (cases) ", first in " (link(&breach.first)) }
                @if let Some(received) = breach.received.as_deref().filter(|text| !text.is_empty()) {
                    dt { "received" }
                    dd { code { (shown(received)) } }
                }
                @if let Some(octets) = report.proof(breach) {
                    dt { "octets" }
                    dd { code { (octets_shown(octets)) } }
                }
            }
        }
    }
}

/// A rule in words, and where it stands.
fn rule(report: &Report, id: &str, level: &str) -> Markup {
    html! {
        @match report.rule(id) {
            Some(rule) => {
                p.rule { (shown(&rule.text)) }
                p.clause {
                    (clause(&rule.clause)) " · " (level) " · " (shown(&rule.id))
                    @if rule.inferred { " · inferred from what binds the other side" }
                }
            }
            None => p.clause { (shown(id)) " · " (level) },
        }
    }
}

/// Where a rule stands, with a link to the RFC where the words are what they should be.
fn clause(clause: &str) -> Markup {
    let place = clause
        .strip_prefix("RFC ")
        .and_then(|rest| rest.split_once(", section "));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    html! {
        @match place {
            Some((rfc, section)) if digits(rfc) && section.split('.').all(digits) => {
                a href={ "https://www.rfc-editor.org/rfc/rfc" (rfc) ".html#section-" (section) } rel="noreferrer" { (clause) }
            }
            _ => (shown(clause)),
        }
    }
}

/// A case's id as a link to it.
fn link(id: &str) -> Markup {
    html! { a.id href={ "#case/" (encoded(id)) } { (shown(id)) } }
}

/// The id as the fragment of a URL: what is no letter or digit in percent-encoding.
pub(super) fn encoded(id: &str) -> String {
    let mut out = String::new();
    for octet in shown(id).bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'/' => out.push(octet.into()),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn categories(categories: &[Category], all: &Counts, cases: u64) -> Markup {
    let row = |counts: &Counts, cases: u64| {
        html! {
            td data-is=(if cases == 1 { "case" } else { "cases" }) { (cases) }
            @for verdict in VERDICTS {
                @match of(counts, verdict) {
                    0 => td.zero { "–" },
                    n => td class={ "tone is-" (slug(verdict)) } data-is=(word(verdict)) { (n) },
                }
            }
        }
    };
    html! {
        @if !categories.is_empty() {
            section {
                h2 { "By category" }
                div.scroll {
                    table.counts {
                        thead {
                            tr {
                                th scope="col" { "category" }
                                th.share scope="col" { span hidden { "share" } }
                                th scope="col" { "cases" }
                                @for verdict in VERDICTS { th scope="col" { (word(verdict)) } }
                            }
                        }
                        tbody {
                            @for category in categories {
                                tr {
                                    td { a href={ "#category-" (encoded(&category.name)) } { (shown(&category.name)) } }
                                    td.share { (bar(&category.verdicts, category.cases, "bar small")) }
                                    (row(&category.verdicts, category.cases))
                                }
                            }
                        }
                        tfoot { tr { th scope="row" { "all" } td.share {} (row(all, cases)) } }
                    }
                }
            }
        }
    }
}

fn rules(rules: &[Rule]) -> Markup {
    html! {
        @if !rules.is_empty() {
            section {
                details.fold {
                    summary { h2 { "Rules" } p.soft { (rules.len()) " that these cases are about, in our own words" } }
                    ul.rules {
                        @for rule in rules {
                            li id={ "rule-" (shown(&rule.id)) } {
                                p.rule { (shown(&rule.text)) }
                                p.clause {
                                    (clause(&rule.clause)) " · " (rule.level) " · " (shown(&rule.id))
                                    @if rule.inferred { " · inferred from what binds the other side" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where the numbers come from, so that they can be had again.
fn provenance(report: &Report) -> Markup {
    let (target, measured) = (&report.target, &report.measured);
    let mut facts = vec![
        ("target", name(target)),
        ("role", target.role.to_string()),
        ("seed", target.seed.to_string()),
    ];
    facts.extend(
        target
            .delivery
            .clone()
            .map(|delivery| ("delivery", delivery)),
    );
    facts.extend(target.origin.clone().map(|origin| ("origin", origin)));
    for (key, values) in [
        ("subprotocols", &target.subprotocols),
        ("further headers", &target.headers),
        ("selected", &report.catalogue.selected),
    ] {
        if !values.is_empty() {
            facts.push((key, values.join(", ")));
        }
    }
    facts.push((
        "catalogue",
        format!(
            "{} cases, digest {}",
            report.catalogue.cases, report.catalogue.digest
        ),
    ));
    facts.extend(measured.address.clone().map(|address| ("address", address)));
    facts.extend(measured.rtt_us.map(|us| ("round trip", millis(us))));
    facts.push(("took", seconds(measured.duration_us)));
    if !measured.machine.is_empty() {
        facts.push(("machine", measured.machine.clone()));
    }
    html! {
        footer.page {
            dl { @for (key, value) in &facts { dt { (key) } dd { (shown(value)) } } }
        }
    }
}

fn seconds(us: u64) -> String {
    format!("{}.{:03} s", us / 1_000_000, us / 1000 % 1000)
}

/// Microseconds as milliseconds.
fn millis(us: u64) -> String {
    format!("{}.{:03} ms", us / 1000, us % 1000)
}
