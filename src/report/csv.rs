//! CSV (RFC 4180), for spreadsheets: a line for each case.

use super::{
    Report, Standing,
    view::{Page, word},
};
use crate::escape::line;

const COLUMNS: [&str; 15] = [
    "id",
    "verdict",
    "level",
    "gate",
    "checks",
    "broken",
    "title",
    "reason",
    "known",
    "timed_out",
    "unstable",
    "duration_us",
    "autobahn",
    "class",
    "replay",
];

/// The view; lines end in CRLF, as RFC 4180 has it.
pub fn render(report: &Report, _: &Page) -> String {
    let mut out = COLUMNS.join(",");
    out.push_str("\r\n");
    for (at, case) in report.cases.iter().enumerate() {
        let mut broken: Vec<&str> = case.findings.iter().map(|f| f.rule.as_str()).collect();
        broken.dedup();
        let duration = report.measured_of(at).map(|m| m.duration_us.to_string());
        let yes = |value: bool| if value { "yes" } else { "" }.to_owned();
        let cells: [String; 15] = [
            case.id.clone(),
            word(case.verdict).into(),
            case.level.to_string(),
            gate(report.standing(case)).into(),
            case.checks.join(" "),
            broken.join(" "),
            case.title.clone(),
            case.reason.clone(),
            case.known.as_ref().map_or_else(String::new, |known| {
                format!("{} {}: {}", known.at, known.says, known.reason)
            }),
            yes(case.timed_out),
            yes(case.unstable),
            duration.unwrap_or_default(),
            case.autobahn.join(" "),
            case.class.clone().unwrap_or_default(),
            case.replay.clone(),
        ];
        out.push_str(&cells.map(|text| cell(&text)).join(","));
        out.push_str("\r\n");
    }
    out
}

/// What the case is worth, in a word.
fn gate(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "ok",
        Standing::Bad => "fails",
        Standing::Told => "warns",
        Standing::Known => "known",
        Standing::Broken => "error",
        Standing::Open => "open",
    }
}

/// A cell. One that a spreadsheet would take for a formula begins with an apostrophe, which says that it is text.
fn cell(text: &str) -> String {
    let text = line(text);
    let begins = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    let guard = if text.trim_start().starts_with(begins) {
        "'"
    } else {
        ""
    };
    match text.contains(['"', ',', ';', '\'']) || text.trim() != text {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => format!("{guard}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        for (text, written) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("  @SUM(A1)", "\"'  @SUM(A1)\""),
            ("-1", "'-1"),
            ("\t=1", r"\t=1"),
            ("a\r\nb", r"a\r\nb"),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
