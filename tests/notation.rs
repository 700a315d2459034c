//! Errors and warnings as people see them: one golden file for each kind. `UPDATE=1 cargo test` writes them anew.

use std::{collections::BTreeSet, fs, path::Path};

use wsspec::case::{Document, error::Error, lint::lint};

/// Told of files that are too large to keep, or of no file at all; the library's own tests have them.
const ELSEWHERE: &[&str] = &["FileSize", "TooManyCases", "TooMuchText", "Path", "NotOne"];

fn golden() -> Vec<(String, Vec<Error>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/notation");
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder is part of the project")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".wire")?.to_string()))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let octets = fs::read(path(&name, "wire")).expect("a file of the folder");
            let document = Document::parse(&format!("{name}.wire"), &name, &octets);
            let told = document
                .errors
                .iter()
                .cloned()
                .chain(lint(&document))
                .collect();
            (name, told)
        })
        .collect()
}

fn path(name: &str, ending: &str) -> String {
    format!(
        "{}/tests/golden/notation/{name}.{ending}",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[test]
fn errors_look_as_they_should() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for (name, told) in golden() {
        assert!(!told.is_empty(), "nothing is wrong with {name}.wire");
        let told: String = told.iter().map(|e| e.render(false) + "\n\n").collect();
        let file = path(&name, "txt");
        if update {
            fs::write(&file, told).expect("the folder can be written");
        } else if fs::read_to_string(&file).ok().as_deref() != Some(told.as_str()) {
            wrong.push(format!("--- {name}.txt should be ---\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_kind_of_error_has_a_golden_file() {
    let name = |debug: String| {
        debug
            .split([' ', '(', '{'])
            .next()
            .unwrap_or_default()
            .to_string()
    };
    let told: BTreeSet<String> = golden()
        .into_iter()
        .flat_map(|(_, told)| told)
        .map(|error| name(format!("{:?}", error.fault).replacen("Remark(", "", 1)).replace(')', ""))
        .collect();
    let sources = [
        include_str!("../src/case/fault.rs"),
        include_str!("../src/case/lint.rs"),
    ];
    let kinds = sources.into_iter().flat_map(|source| {
        let body = source.split_once("pub enum ").map_or("", |(_, rest)| rest);
        let body = body.split_once("\n}").map_or("", |(body, _)| body);
        body.lines()
            .filter_map(|line| line.strip_prefix("    "))
            .map(String::from)
    });
    let kinds: BTreeSet<String> = kinds
        .filter(|l| l.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(name)
        .collect();
    let kinds: BTreeSet<String> = kinds.into_iter().map(|k| k.replace(',', "")).collect();
    let missing: Vec<_> = kinds
        .iter()
        .filter(|kind| {
            !told.contains(*kind) && !ELSEWHERE.contains(&kind.as_str()) && *kind != "Remark"
        })
        .collect();
    assert!(kinds.len() > 70, "{kinds:?}");
    assert!(missing.is_empty(), "no golden file for {missing:?}");
}

const PAGE: &str = include_str!("../cases/README.md");

fn told(document: &Document) -> String {
    let errors = document.errors.iter().cloned().chain(lint(document));
    errors.map(|e| e.render(false) + "\n\n").collect()
}

#[test]
fn the_samples_of_the_page_are_cases() {
    let samples: Vec<&str> = PAGE
        .split("```wire\n")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("\n```")?.0))
        .collect();
    assert!(samples.len() >= 3, "{samples:?}");
    for sample in samples {
        let document = Document::parse("sample", "sample", sample.as_bytes());
        assert!(!document.cases.is_empty(), "{sample}");
        assert_eq!(told(&document), "", "{sample}");
    }
}

/// The code in the first cells of the table below a heading, with letters that stand for something replaced.
fn forms(heading: &str) -> Vec<String> {
    let (_, section) = PAGE.split_once(heading).expect("a heading of the page");
    let section = section.split("\n#").next().unwrap_or_default();
    let cells = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let codes = cells.flat_map(|cell| {
        cell.split('`')
            .filter(|code| !code.trim_matches([',', ' ']).is_empty())
    });
    codes
        .map(|code| {
            let words = code.split_inclusive([' ', '=']).map(|word| {
                let (bare, end) = match word.strip_suffix([' ', '=']) {
                    Some(bare) => (bare, &word[bare.len()..]),
                    None => (word, ""),
                };
                let bare = match bare {
                    "P" => "\"a\" + x\"00\"",
                    "N" => "9",
                    "CODE" => "404",
                    "T" => "200ms",
                    "…" => "",
                    bare => bare,
                };
                format!("{bare}{end}")
            });
            words.collect::<String>().trim_end().to_string()
        })
        .collect()
}

#[track_caller]
fn reads(steps: &str) {
    let text = format!("case a\n  title: T\n  checks: 6455-5.5.2-2\n  needs: echo\n{steps}\n");
    let document = Document::parse("form", "form", text.as_bytes());
    let errors: String = document
        .errors
        .iter()
        .map(|e| e.render(false) + "\n\n")
        .collect();
    assert_eq!(errors, "", "{text}");
}

#[test]
fn each_form_in_the_tables_of_the_page_is_read() {
    let sent = forms("### What the suite sends");
    assert!(sent.len() > 25, "{sent:?}");
    for form in sent {
        match form.split(['=', ' ']).next() {
            Some(
                "fin" | "rsv1" | "rsv2" | "rsv3" | "masked" | "unmasked" | "key" | "form"
                | "length" | "frag" | "times" | "chop" | "cut",
            ) => reads(&format!("  > text \"a\" {form}")),
            _ => reads(&format!("  > {form}")),
        }
    }
    let expected = forms("### What the target does");
    assert!(expected.len() > 15, "{expected:?}");
    for form in expected {
        reads(&format!(
            "  < {form}\n  ~ {form} \"why\"\n  ? {form} or eof \"why\""
        ));
    }
    let edits = forms("### The opening handshake");
    assert_eq!(edits.len(), 4, "{edits:?}");
    for form in edits {
        reads(&format!("  > request\n    {form}"));
        if !form.starts_with('=') {
            let form = if form.starts_with('+') {
                "+ Name"
            } else {
                &form
            };
            reads(&format!("  < response 101\n    {form}"));
        }
    }
    let keys = forms("| key | meaning |");
    assert!(
        keys.contains(&"class".to_string()) && keys.len() == 10,
        "{keys:?}"
    );
}
