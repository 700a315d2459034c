//! What the README and the help say is executed.

mod common;

use std::{fs, path::Path, process::Command};

const README: &str = include_str!("../README.md");

/// The lines of the README that call the program, without their remarks.
fn calls() -> Vec<String> {
    let mut shell = false;
    let mut calls = Vec::new();
    for line in README.lines() {
        match line.strip_prefix("```") {
            Some(language) => shell = language == "sh",
            None if shell && line.starts_with("wsspec ") => {
                calls.push(line.split(" #").next().unwrap_or(line).trim().to_owned());
            }
            None => {}
        }
    }
    calls
}

/// The words of a line, as a shell would part them; the README quotes with ' alone.
fn words(line: &str) -> Vec<String> {
    line.split('\'')
        .enumerate()
        .flat_map(|(index, part)| match index % 2 {
            0 => part
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[test]
fn each_call_in_the_readme_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("my-cases/my");
    fs::create_dir_all(&own).expect("a folder");
    let sample = README
        .split("```wire\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    fs::write(own.join("own.wire"), sample.expect("a sample of a case")).expect("a file");

    // What the program starts finds it too.
    let program = Path::new(env!("CARGO_BIN_EXE_wsspec"));
    let path = format!(
        "{}:{}",
        program.parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let url = common::ws(common::reference(None));
    let calls = calls();
    assert!(calls.len() > 8, "{calls:?}");
    for call in calls {
        let mut words = words(&call.replace("ws://127.0.0.1:9001", &url));
        if call.contains("example.org") {
            // Nothing but loopback is reached from here; the options at least are known.
            words.push("--help".to_owned());
        }
        if call.starts_with("wsspec client") {
            // The port of everybody's choice may be taken.
            words.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned()]);
        }
        let run = Command::new(env!("CARGO_BIN_EXE_wsspec"))
            .args(&words[1..])
            .current_dir(folder.path())
            .env("PATH", &path)
            .output()
            .expect("the program starts");
        assert!(
            run.status.success(),
            "{call}\n{}\n{}",
            String::from_utf8_lossy(&run.stdout),
            String::from_utf8_lossy(&run.stderr)
        );
    }
}

#[test]
fn the_readme_names_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named: Vec<_> = README
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.ends_with('/'))
        .collect();
    assert!(named.contains(&"src/wire/"), "{named:?}");
    for word in named {
        assert!(root.join(word).is_dir(), "{word}");
    }
}

#[test]
fn the_help_is_as_it_was_agreed() {
    for command in [
        "",
        "server",
        "client",
        "echo",
        "connect",
        "list",
        "explain",
        "check",
        "coverage",
        "report",
        "completions",
        "man",
    ] {
        let mut call = Command::new(env!("CARGO_BIN_EXE_wsspec"));
        if !command.is_empty() {
            call.arg(command);
        }
        let run = call
            .arg("--help")
            .env("COLUMNS", "100")
            .output()
            .expect("the program starts");
        assert!(run.status.success());
        let name = if command.is_empty() {
            "wsspec"
        } else {
            command
        };
        let golden =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/help/{name}.txt"));
        snapbox::assert_data_eq!(
            String::from_utf8(run.stdout).expect("UTF-8"),
            snapbox::Data::read_from(&golden, None)
        );
    }
}
