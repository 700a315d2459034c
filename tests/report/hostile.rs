//! Reports whose texts do what they can.

use proptest::prelude::*;
use serde_json::Value;
use wsspec::report::{Report, Summary};

use crate::sample::sample;

/// What could harm a terminal, a table or a page, and what looks like it.
const PIECES: &[&str] = &[
    "\u{1b}[2J",
    "\u{1b}]0;t\u{7}",
    "\u{9b}1m",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{202e}",
    "\u{2066}",
    "\u{2028}",
    "\u{200b}",
    "\u{feff}",
    "\\",
    "\"",
    "'",
    "[f4]",
    ": ",
    "bytes\n  \"Date: x",
    "é",
    "日本",
    "e\u{301}",
    "…",
    " ",
    // Markup of the views.
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</details></style></svg>",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[",
    "&amp;",
    "&#10;",
    "\u{fffe}",
    "```",
    "~~~",
    "`",
    "**",
    "_",
    "|",
    "- ",
    "1. ",
    "# ",
    "[a](javascript:alert(1))",
    "![a](http://127.0.0.1/a.png)",
    "http://127.0.0.1/",
    "www.example.org",
    "@someone",
    "#12",
    "$x$",
    "# SKIP",
    "# TODO",
    "...",
    "---",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    ",",
    ";",
    "::error::x",
    "##[error]x",
    "%0A",
];

pub fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(PIECES).prop_map(String::from),
        any::<char>().prop_map(String::from),
        "[a-z]{1,9}",
    ];
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// Each text of a report replaced by the next of `texts`.
fn replace(value: &mut Value, key: &str, texts: &mut dyn Iterator<Item = String>) {
    match value {
        Value::String(text) if !["verdict", "level", "role", "who", "of", "why"].contains(&key) => {
            *text = texts.next().unwrap_or_default();
        }
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| replace(value, key, texts)),
        Value::Object(fields) => fields
            .iter_mut()
            .for_each(|(key, value)| replace(value, key, texts)),
        _ => {}
    }
}

pub fn hostile_report() -> impl Strategy<Value = Report> {
    prop::collection::vec(hostile(), 50).prop_map(|texts| {
        let mut value = serde_json::to_value(sample()).expect("a report is JSON");
        replace(&mut value, "", &mut texts.into_iter().cycle());
        let mut report: Report = serde_json::from_value(value).expect("it has all fields");
        for (at, case) in report.cases.iter_mut().enumerate() {
            // No two of them are called alike, whatever stands before it.
            case.id.push_str(&format!("#{at}"));
            report.measured.cases[at].id = case.id.clone();
        }
        report.summary = Summary::of(&report.cases);
        report
    })
}
