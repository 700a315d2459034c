//! A badge for a README: as JSON for shields.io (its "endpoint" badge), and drawn.

use serde_json::json;

use super::{Conclusion, Report, Standing, view::Page};

/// What the badge is about.
const LABEL: &str = "RFC 6455";

/// `schemaVersion` 1 of the endpoint badge, on one line.
pub fn endpoint(report: &Report, _: &Page) -> String {
    let (message, colour) = words(report);
    let badge = json!({
        "schemaVersion": 1,
        "label": LABEL,
        "message": message,
        "color": colour.name,
        "isError": colour.name != GREEN.name,
    });
    format!("{badge}\n")
}

struct Colour {
    name: &'static str,
    hex: &'static str,
}

const GREEN: Colour = Colour {
    name: "brightgreen",
    hex: "#2f7d32",
};
const RED: Colour = Colour {
    name: "red",
    hex: "#b3261e",
};
const GREY: Colour = Colour {
    name: "lightgrey",
    hex: "#6b6b6b",
};

/// What there is to say in three words, as the exit code has it.
fn words(report: &Report) -> (String, Colour) {
    match report.conclusion() {
        Conclusion::Unknown => ("no result".into(), GREY),
        Conclusion::Deviates => {
            let bad = report.count(Standing::Bad);
            (format!("{bad} of {} fail", report.summary.cases), RED)
        }
        Conclusion::Stale => ("known deviations are stale".into(), RED),
        Conclusion::Conforms => {
            let passed = report.count(Standing::Good);
            let cases = if passed == 1 { "case" } else { "cases" };
            let known = match report.count(Standing::Known) {
                0 => String::new(),
                known => format!(", {known} known"),
            };
            (format!("{passed} {cases} conform{known}"), GREEN)
        }
    }
}

/// A drawing of its own: no font is loaded, and widths are set, so that it looks the same everywhere.
pub fn svg(report: &Report, _: &Page) -> String {
    let (message, colour) = words(report);
    let (left, right) = (width(LABEL), width(&message));
    let (left_text, right_text) = (left - 12, right - 12);
    let (left_at, right_at) = (left / 2, left + right / 2);
    let all = left + right;
    let hex = colour.hex;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{all}" height="20" role="img" aria-label="{LABEL}: {message}">
<title>{LABEL}: {message}</title>
<rect width="{all}" height="20" rx="3" fill="{hex}"/>
<path d="M3 0H{left}V20H3A3 3 0 0 1 0 17V3A3 3 0 0 1 3 0Z" fill="#454545"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{left_at}" y="14" textLength="{left_text}">{LABEL}</text>
<text x="{right_at}" y="14" textLength="{right_text}">{message}</text>
</g>
</svg>
"##
    )
}

/// Columns of a text at 11 pixels with six at each side; all texts are digits and letters of ours.
fn width(text: &str) -> u32 {
    let tenths: u32 = text
        .chars()
        .map(|c| match c {
            'f' | 'i' | 'l' | 'j' | 't' | ' ' => 38,
            'm' | 'w' => 100,
            'R' | 'F' | 'C' => 75,
            _ => 68,
        })
        .sum();
    tenths.div_ceil(10) + 12
}
