//! Stored reports: a file that anyone may have written, and all its views.

use crate::{
    report::{Comparison, FORMATS, Matrix, Page, Report, compare, merge},
    session::Verdict,
};

/// Reads octets as a stored report, and shows it in every way there is.
///
/// # Panics
/// When a report does not read to itself once it is written, differs from itself, or a view shows what could harm a terminal.
pub fn report(octets: &[u8]) {
    let report = match Report::from_json(octets) {
        Ok(report) => report,
        Err(error) => return super::printable("an error", &error.to_string()),
    };
    let json = report.to_json();
    match Report::from_json(json.as_bytes()) {
        Ok(again) => assert_eq!(again, report, "{json}"),
        Err(error) => panic!("a report does not read when it is written: {error}\n{json}"),
    }
    let comparison = Comparison::of(&report, &report);
    let reports = [
        ("one".to_owned(), report.clone()),
        ("\u{1b}two".to_owned(), report.clone()),
    ];
    let matrix = Matrix::of(&reports);
    assert!(comparison.changes.is_empty(), "it differs from itself");
    for page in PAGES {
        for format in FORMATS {
            shown(format.name, &(format.render)(&report, &page));
            if let Some(show) = format.compare {
                shown(format.name, &show(&comparison, &page));
            }
            if let Some(show) = format.matrix {
                shown(format.name, &show(&matrix, &page));
            }
        }
    }
    compare::judge(&report, &report);
    crate::gate::judge(&report);
    if let Err(error) = merge::merge(vec![("one".into(), report.clone())]) {
        super::printable("an error", &error.to_string());
    }
    let mut left = report;
    left.keep(|case| case.verdict != Verdict::Pass);
    let again = Report::from_json(left.to_json().as_bytes());
    assert_eq!(again.ok(), Some(left), "what is left of a report");
}

const PAGES: [Page; 2] = [
    Page::PIPE,
    Page {
        width: Some(72),
        colour: false,
        verbose: true,
    },
];

fn shown(format: &str, view: &str) {
    // RFC 4180 ends lines in CRLF.
    match format {
        "csv" => super::printable(format, &view.replace("\r\n", "\n")),
        _ => super::printable(format, view),
    }
}
