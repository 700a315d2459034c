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
