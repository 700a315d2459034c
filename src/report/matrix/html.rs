//! A matrix as a page.

use maud::{Markup, html};

use super::{Agreement, Case, Cell, Matrix, text::share};
use crate::{
    case::Role,
    report::{
        Conclusion,
        html::{bar, encoded, page, shown, slug, tools},
        view::{Page, capital, word},
    },
    session::Verdict,
};

/// The page, with a line feed at its end.
pub fn render(matrix: &Matrix, _: &Page) -> String {
    let whole = matrix
        .targets
        .iter()
        .filter(|side| side.conclusion == Conclusion::Conforms)
        .count();
    let kind = |role: Role| matrix.targets.iter().all(|side| side.role == role);
    let (one, many) = match (kind(Role::Server), kind(Role::Client)) {
        (true, false) => ("server", "servers"),
        (false, true) => ("client", "clients"),
        _ => ("target", "targets"),
    };
    let count = matrix.targets.len();
    let title = format!("{count} {}", if count == 1 { one } else { many });
    let body = html! {
        header.page {
            div.brand { span { b { "wsspec" } " matrix" } }
            p.conclusion { (capital(&title)) }
            p.lead { (whole) " of them " @if whole == 1 { "conforms" } @else { "conform" } ". " (matrix.cases.len()) " cases are failed by at least one." }
            @if !matrix.remarks.is_empty() {
                div.notes { @for remark in &matrix.remarks { p.note.is-tolerated { (shown(remark)) } } }
            }
        }
        main #main {
            section {
                h2 { "By category" }
                p.soft { "Passed or tolerated, of the cases that say something about the target." }
                (cells(matrix))
            }
            (odd(matrix))
            @if !matrix.cases.is_empty() {
                section {
                    h2 { "Cases that a target fails" }
                    (tools())
                    @for row in &matrix.categories { (category(matrix, &row.name)) }
                }
            }
        }
        footer.page {}
    };
    page(&title, &body)
}

fn cells(matrix: &Matrix) -> Markup {
    let cell = |cell: Option<&Cell>, category: Option<&str>| {
        let cell = cell.copied().unwrap_or_default();
        let class = match cell.passed() == cell.counted() {
            _ if cell.counted() == 0 => "zero",
            true => "tone is-pass",
            false => "tone is-fail",
        };
        html! {
            td class=(class) {
                @match category {
                    Some(name) if cell.passed() < cell.counted() => a href={ "#category-" (encoded(name)) } { (share(Some(&cell))) },
                    _ => (share(Some(&cell))),
                }
                @if cell.counted() > 0 { (bar(&cell.verdicts, cell.cases, "bar tiny")) }
            }
        }
    };
    html! {
        div.scroll {
            table.matrix {
                thead {
                    tr {
                        th scope="col" { "target" }
                        @for row in &matrix.categories { th scope="col" { (shown(&row.name)) } }
                        th scope="col" { "all" }
                    }
                }
                tbody {
                    @for (at, target) in matrix.targets.iter().enumerate() {
                        tr {
                            td { span.name { (shown(&target.name)) } }
                            @for row in &matrix.categories { (cell(row.cells.get(at), Some(&row.name))) }
                            (cell(Some(&matrix.total(at)), None))
                        }
                    }
                }
            }
        }
    }
}

/// What one target alone fails: its own defect, most likely.
fn odd(matrix: &Matrix) -> Markup {
    let alone = |at: usize| {
        matrix
            .cases
            .iter()
            .filter(move |case| case.odd() == Some(at))
    };
    let any = matrix.cases.iter().any(|case| case.odd().is_some());
    html! {
        @if any {
            section {
                h2 { "All but one pass" }
                p.soft { "What one target alone fails is most likely a defect of its own." }
                @for (at, target) in matrix.targets.iter().enumerate() {
                    @let count = alone(at).count();
                    @if count > 0 {
                        details.fold.more {
                            summary { "not " span.id { (shown(&target.name)) } ": " (count) }
                            ul.plain {
                                @for case in alone(at) {
                                    li {
                                        a.id href={ "#case/" (encoded(&case.id)) } { (shown(&case.id)) }
                                        @if let Some(Some(reason)) = case.reasons.get(at) { " " span.soft { (shown(reason)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn category(matrix: &Matrix, name: &str) -> Markup {
    let count =
        Agreement::ALL.map(|agreement| (matrix.within(name, agreement).count(), agreement.words()));
    let counts: Vec<_> = count
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{n}: {words}"))
        .collect();
    html! {
        @if !counts.is_empty() {
            div.category id={ "category-" (shown(name)) } {
                h3 { span { (shown(name)) } small.soft { (counts.join(", ")) } }
                @for agreement in Agreement::ALL {
                    @if matrix.within(name, agreement).next().is_some() {
                        details.fold {
                            summary { (capital(agreement.words())) ": " (matrix.within(name, agreement).count()) }
                            @for case in matrix.within(name, agreement) { (told(matrix, case)) }
                        }
                    }
                }
            }
        }
    }
}

fn told(matrix: &Matrix, case: &Case) -> Markup {
    html! {
        details.case.is-fail id={ "case/" (shown(&case.id)) } {
            summary {
                span.line {
                    span.dots role="img" aria-label=(agreement(case)) {
                        @for verdict in &case.verdicts {
                            @match verdict {
                                Some(verdict) => span class={ "dot is-" (slug(*verdict)) } {},
                                None => span.dot {},
                            }
                        }
                    }
                    span.id { (shown(&case.id)) }
                    span.title { (shown(&case.title)) }
                }
            }
            div.body {
                dl.facts {
                    @for ((target, verdict), reason) in matrix.targets.iter().zip(&case.verdicts).zip(&case.reasons) {
                        dt { (shown(&target.name)) }
                        dd {
                            @match verdict {
                                Some(verdict) => span class={ "verdict is-" (slug(*verdict)) } { (word(*verdict)) },
                                None => span.soft { "not run" },
                            }
                            @if let Some(reason) = reason { " " (shown(reason)) }
                        }
                    }
                }
            }
        }
    }
}

fn agreement(case: &Case) -> String {
    let count = |wanted: &[Verdict]| {
        case.verdicts
            .iter()
            .flatten()
            .filter(|verdict| wanted.contains(verdict))
            .count()
    };
    let (pass, fail) = (
        count(&[Verdict::Pass, Verdict::Tolerated]),
        count(&[Verdict::Fail, Verdict::Error]),
    );
    format!("{pass} pass, {fail} fail")
}
