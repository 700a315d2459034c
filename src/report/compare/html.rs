//! A comparison as a page.

use maud::{Markup, html};

use super::{
    Change, Comparison, Kind, Side, State,
    text::{details, difference, rows, totals},
};
use crate::report::{
    html::{bar, page, shown, slug, tools, when},
    view::{Page, capital, word},
};

/// The page, with a line feed at its end.
pub fn render(comparison: &Comparison, _: &Page) -> String {
    let (class, sentence) = match comparison.summary {
        changes if changes.newly_failing > 0 => (
            "deviates",
            format!("{} newly failing", changes.newly_failing),
        ),
        changes if changes.newly_passing > 0 => (
            "conforms",
            format!("{} newly passing", changes.newly_passing),
        ),
        changes if changes.otherwise + changes.only_before + changes.only_after > 0 => {
            ("", "Nothing newly fails".to_owned())
        }
        _ => ("", "Nothing changed".to_owned()),
    };
    let title = format!(
        "{} and {}: {sentence}",
        comparison.before.name, comparison.after.name
    );
    let body = html! {
        header.page {
            div.brand { span { b { "wsspec" } " comparison" } span { (comparison.after.role) } }
            h1 { (shown(&comparison.before.name)) " → " (shown(&comparison.after.name)) }
            p class={ "conclusion " (class) } { (sentence) }
            p.lead { (totals(comparison)) }
            @if !comparison.remarks.is_empty() {
                div.notes { @for remark in &comparison.remarks { p.note.is-tolerated { (shown(remark)) } } }
            }
        }
        main #main {
            section {
                h2 { "Both runs" }
                (side("from", &comparison.before))
                (side("to", &comparison.after))
                (counts(comparison))
            }
            @if !comparison.changes.is_empty() {
                section {
                    h2 { "What changed" }
                    (tools())
                    @for kind in Kind::ALL { (changes(comparison, kind)) }
                }
            }
        }
        footer.page {}
    };
    page(&title, &body)
}

fn side(label: &str, side: &Side) -> Markup {
    html! {
        div.side {
            span.soft { (label) }
            span.mono { (shown(&side.name)) }
            @if let Some(started) = &side.started { span.soft { (when(started)) } }
            (bar(&side.verdicts, side.cases, "bar small"))
        }
    }
}

fn counts(comparison: &Comparison) -> Markup {
    html! {
        div.scroll {
            table.few {
                thead { tr { th scope="col" { "verdict" } th scope="col" { "from" } th scope="col" { "to" } th scope="col" { "difference" } } }
                tbody {
                    @for (name, from, to) in rows(comparison) {
                        tr { td { (name) } td { (from) } td { (to) } td { (difference(from, to)) } }
                    }
                }
            }
        }
    }
}

fn changes(comparison: &Comparison, kind: Kind) -> Markup {
    let count = comparison.summary.of(kind);
    html! {
        @if count > 0 {
            div.category {
                h3 { span { (capital(kind.words())) } small.soft { (count) } }
                @for change in comparison.of_kind(kind) { (case(change)) }
            }
        }
    }
}

fn case(change: &Change) -> Markup {
    let class = change
        .after
        .as_ref()
        .or(change.before.as_ref())
        .map_or("", |state| slug(state.verdict));
    html! {
        details class={ "case is-" (class) } id={ "case/" (shown(&change.id)) } {
            summary {
                span.line {
                    @for (at, state) in change.before.iter().chain(&change.after).enumerate() {
                        @if at > 0 { span.soft { "→" } }
                        span class={ "verdict is-" (slug(state.verdict)) } { (word(state.verdict)) (details(change, state)) }
                    }
                    span.id { (shown(&change.id)) }
                }
                @if let Some(state) = change.after.as_ref().or(change.before.as_ref()) {
                    span.reason { (shown(&state.reason)) }
                }
            }
            div.body {
                p { (shown(&change.title)) }
                @for (label, state) in [("from", &change.before), ("to", &change.after)] {
                    @if let Some(state) = state { (told(label, state)) }
                }
            }
        }
    }
}

fn told(label: &str, state: &State) -> Markup {
    html! {
        div class={ "finding is-" (slug(state.verdict)) } {
            p.what { (label) ": " (word(state.verdict)) }
            p.rule { (shown(&state.reason)) }
            p.clause {
                (state.level)
                @for rule in &state.broken { " · " (shown(rule)) }
                @if state.timed_out { " · timed out" }
                @if state.unstable { " · unstable" }
            }
        }
    }
}
