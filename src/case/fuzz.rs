//! What holds for every text: the body of a fuzz target, and of the tests.

use super::{Document, error::Error, lint::lint, print};
use crate::escape::is_hostile;

/// Reads octets as a case file. Each error prints safely, and each case parses to itself when it is printed.
///
/// # Panics
/// When that does not hold.
pub fn notation(octets: &[u8]) {
    let document = Document::parse("fuzz.wire", "fuzz", octets);
    for error in document.errors.iter().chain(&lint(&document)) {
        let told = format!("{error}\n{}", error.render(false));
        let hostile = |c: char| c != '\n' && is_hostile(c);
        assert!(!told.contains(hostile), "an error does not print: {told:?}");
    }
    for located in &document.cases {
        let text = print::case(&located.case);
        match Document::only("fuzz", &text) {
            Ok(case) => assert_eq!(case, *located.case, "{text}"),
            Err(errors) => {
                let told: Vec<String> = errors.iter().map(Error::to_string).collect();
                panic!(
                    "a case does not parse when it is printed: {}\n{text}",
                    told.join("\n")
                );
            }
        }
    }
}
