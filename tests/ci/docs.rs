//! `docs/ci.md`: what is copied from it has to work.

use std::fs;

use yaml_rust2::Yaml;

use crate::{blocks, common::ran, root, yaml};

const PAGE: &str = include_str!("../../docs/ci.md");

/// All lines of shell in a page: those in blocks of shell, and those of steps and jobs.
fn shell() -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for block in blocks(PAGE, "sh") {
        lines.extend(block.lines().map(str::to_owned));
    }
    for block in blocks(PAGE, "yaml") {
        scripts(&yaml(block), &mut lines);
    }
    lines
}

fn scripts(value: &Yaml, lines: &mut Vec<String>) {
    match value {
        Yaml::Hash(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    (Some("run"), Yaml::String(text)) => {
                        lines.extend(text.lines().map(str::to_owned))
                    }
                    (Some("script"), Yaml::Array(steps)) => {
                        lines.extend(
                            steps
                                .iter()
                                .filter_map(|step| step.as_str().map(str::to_owned)),
                        );
                    }
                    _ => scripts(value, lines),
                }
            }
        }
        Yaml::Array(values) => values.iter().for_each(|value| scripts(value, lines)),
        _ => {}
    }
}

/// The words of a line, as a shell parts them; none of these lines has more than quotes in it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (vec![], String::new(), None, false);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => (quote, any) = (Some(c), true),
            (None, ' ') if any || !word.is_empty() => {
                words.push(std::mem::take(&mut word));
                any = false;
            }
            (None, ' ') => {}
            (_, c) => word.push(c),
        }
    }
    words.extend((any || !word.is_empty()).then_some(word));
    words
}

#[test]
fn each_call_of_the_program_is_one_that_it_takes() {
    let mut calls = 0;
    for line in shell() {
        let Some(call) = line.strip_prefix("wsspec ") else {
            continue;
        };
        let call = call.split(" > ").next().unwrap_or(call);
        let call = call.replace("${{ matrix.shard }}", "2");
        let mut words = words(&call);
        // Behind what it does not know it would not get to this.
        words.push("--help".to_owned());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = ran(&words);
        assert_eq!(ran.code, Some(0), "{line}\n{}", ran.err);
        calls += 1;
    }
    assert!(calls >= 7, "{calls}");
}

#[test]
fn the_workflows_are_as_their_servers_read_them() {
    let [action, shards, gitlab] = &blocks(PAGE, "yaml")[..] else {
        panic!("three samples")
    };
    for workflow in [action, shards] {
        for (name, job) in yaml(workflow)["jobs"].as_hash().expect("jobs") {
            assert!(job["runs-on"].as_str().is_some(), "{name:?}");
            for step in job["steps"].as_vec().expect("steps") {
                assert!(
                    step["uses"].as_str().is_some() != step["run"].as_str().is_some(),
                    "{step:?}"
                );
            }
        }
    }
    let inputs = yaml(include_str!("../../action.yml"));
    let step = &yaml(action)["jobs"]["wsspec"]["steps"][1];
    for (name, _) in step["with"].as_hash().expect("inputs") {
        let name = name.as_str().expect("a name");
        assert!(!inputs["inputs"][name].is_badvalue(), "{name}");
    }
    assert!(
        step["uses"]
            .as_str()
            .is_some_and(|uses| uses.ends_with(concat!("@v", env!("CARGO_PKG_VERSION"))))
    );
    let job = &yaml(gitlab)["wsspec"];
    assert_eq!(
        job["artifacts"]["reports"]["junit"].as_str(),
        Some("wsspec.xml")
    );
    assert!(job["script"].as_vec().is_some());
}

#[test]
fn the_page_names_files_that_are_there() {
    let links: Vec<_> = PAGE
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    assert!(links.len() > 3, "{links:?}");
    for link in links {
        assert!(
            fs::exists(root().join("docs").join(link)).is_ok_and(|there| there),
            "{link}"
        );
    }
}
