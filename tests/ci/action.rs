//! `action.yml`: a composite action of GitHub.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use yaml_rust2::Yaml;

use crate::{
    common::{reference, ws},
    yaml,
};

fn action() -> Yaml {
    yaml(include_str!("../../action.yml"))
}

fn inputs() -> Vec<(String, String)> {
    let action = action();
    let inputs = action["inputs"].as_hash().expect("inputs");
    let inputs = inputs.iter().map(|(name, input)| {
        let name = name.as_str().expect("a name");
        assert!(
            input["description"].as_str().is_some(),
            "{name} has no description"
        );
        let default = input["default"].as_str();
        (
            name.to_owned(),
            default
                .unwrap_or_else(|| panic!("{name} has no default"))
                .to_owned(),
        )
    });
    inputs.collect()
}

/// The input that `${{ inputs.NAME … }}` is about.
fn named(expression: &str) -> &str {
    let inner = expression.trim().trim_start_matches("${{").trim();
    let name = inner
        .strip_prefix("inputs.")
        .unwrap_or_else(|| panic!("{expression}"));
    name.split(|c: char| !c.is_alphanumeric() && c != '-')
        .next()
        .unwrap_or(name)
}

#[test]
fn each_input_is_described_used_and_never_part_of_a_script() {
    let action = action();
    for key in ["name", "description"] {
        assert!(action[key].as_str().is_some_and(|text| !text.is_empty()));
    }
    assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
    let inputs = inputs();
    let mut used = Vec::new();
    for step in action["runs"]["steps"].as_vec().expect("steps") {
        assert_eq!(
            step["shell"].as_str(),
            Some("bash"),
            "composite steps have to name it"
        );
        let script = step["run"].as_str().expect("a script");
        assert!(!script.contains("${{"), "{script}");
        used.extend(step["if"].as_str().map(named).map(str::to_owned));
        for (name, value) in step["env"].as_hash().expect("variables") {
            let (name, value) = (
                name.as_str().expect("a name"),
                value.as_str().expect("a value"),
            );
            let input = named(value);
            assert_eq!(name, format!("WSSPEC_{}", input.to_uppercase()));
            assert!(script.contains(name), "{name} is not used");
            used.push(input.to_owned());
        }
    }
    for (input, _) in &inputs {
        assert!(used.contains(input), "{input} is not used");
    }
    for input in &used {
        assert!(
            inputs.iter().any(|(name, _)| name == input),
            "{input} is not declared"
        );
    }
    for (name, output) in action["outputs"].as_hash().expect("outputs") {
        let name = name.as_str().expect("a name");
        let value = format!("${{{{ steps.test.outputs.{name} }}}}");
        assert_eq!(output["value"].as_str(), Some(value.as_str()));
    }
    let version = inputs.iter().find(|(name, _)| name == "version");
    assert_eq!(
        version.map(|(_, v)| v.as_str()),
        Some(env!("CARGO_PKG_VERSION"))
    );
}

/// A step as a runner runs it: bash as GitHub calls it, the inputs as variables, the program in the path.
struct Runner {
    folder: TempDir,
    inputs: Vec<(String, String)>,
}

struct Step {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Runner {
    fn new(given: &[(&str, &str)]) -> Runner {
        let mut inputs = inputs();
        for (name, value) in given {
            let input = inputs.iter_mut().find(|(known, _)| known == name);
            input.expect("an input").1 = (*value).to_owned();
        }
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("step-summary"), "before\n").expect("a file");
        Runner { folder, inputs }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn step(&self, number: usize, first_in_path: &Path) -> Step {
        let action = action();
        let step = &action["runs"]["steps"][number];
        fs::write(
            self.path("script.sh"),
            step["run"].as_str().expect("a script"),
        )
        .expect("a file");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(first_in_path.to_owned()).chain(std::env::split_paths(&path));
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "script.sh"])
            .current_dir(self.folder.path())
            .env("PATH", std::env::join_paths(folders).expect("a path"))
            .env("GITHUB_STEP_SUMMARY", self.path("step-summary"))
            .env("GITHUB_OUTPUT", self.path("output"));
        for (name, value) in step["env"].as_hash().expect("variables") {
            let input = named(value.as_str().expect("a value"));
            let value = self.inputs.iter().find(|(name, _)| name == input);
            command.env(name.as_str().expect("a name"), &value.expect("an input").1);
        }
        let done = command.output().expect("bash starts");
        let text = |octets| String::from_utf8(octets).expect("UTF-8");
        Step {
            code: done.status.code(),
            out: text(done.stdout),
            err: text(done.stderr),
        }
    }

    fn test(&self) -> Step {
        let program = Path::new(env!("CARGO_BIN_EXE_wsspec"));
        self.step(1, program.parent().expect("a folder"))
    }
}

#[test]
fn a_server_that_conforms_is_green() {
    let url = ws(reference(None));
    let runner = Runner::new(&[
        ("url", &url),
        ("cases", "control/ping\nclose/codes/*"),
        (
            "args",
            "--exclude 'control/ping/flood*' --target-name \"a b\"",
        ),
    ]);
    let step = runner.test();
    assert_eq!(step.code, Some(0), "{}{}", step.out, step.err);
    let summary = runner.read("step-summary");
    assert!(
        summary.starts_with("before\n") && summary.len() > 100,
        "{summary}"
    );
    assert_eq!(
        runner.read("output"),
        "exit-code=0\nreports=wsspec-reports\n"
    );
    let report = fs::read(runner.path("wsspec-reports/wsspec.json")).expect("the report");
    let report = wsspec::report::Report::from_json(&report).expect("a report");
    assert_eq!(report.target.name.as_deref(), Some("a b"));
    assert_eq!(report.catalogue.selected, ["control/ping", "close/codes/*"]);
    assert!(!report.cases.iter().any(|case| case.id.contains("flood")));
    for view in ["wsspec.xml", "wsspec.html", "wsspec.md"] {
        assert!(runner.path("wsspec-reports").join(view).is_file(), "{view}");
    }
}

#[test]
fn a_server_that_deviates_is_red_until_that_is_known() {
    let url = ws(reference(Some("masks-pongs")));
    let runner = Runner::new(&[("url", &url), ("cases", "control/ping")]);
    let step = runner.test();
    assert_eq!(step.code, Some(1), "{}{}", step.out, step.err);
    assert!(
        step.out
            .lines()
            .any(|line| line.starts_with("::error title=wsspec")),
        "{}",
        step.out
    );
    assert!(runner.read("step-summary").contains("6455-5.1-5"));
    assert_eq!(
        runner.read("output"),
        "exit-code=1\nreports=wsspec-reports\n"
    );

    let runner = Runner::new(&[
        ("url", &url),
        ("cases", "control/ping"),
        ("known", "\na.txt\nb c.txt\n"),
    ]);
    fs::write(runner.path("a.txt"), "control/ping/* fail|pass # masked\n").expect("a file");
    fs::write(runner.path("b c.txt"), "# nothing\n").expect("a file");
    let step = runner.test();
    assert_eq!(step.code, Some(0), "{}{}", step.out, step.err);
}

#[test]
fn the_server_is_started_at_a_free_port() {
    let runner = Runner::new(&[
        ("exec", "wsspec echo --listen 127.0.0.1:{port}"),
        ("cases", "control/ping/payload"),
    ]);
    let step = runner.test();
    assert_eq!(step.code, Some(0), "{}{}", step.out, step.err);
    // And clients are, with the URL that they are told.
    let runner = Runner::new(&[
        ("role", "client"),
        ("exec", "wsspec connect --loop {url}"),
        ("cases", "control/ping/payload"),
        ("args", "--listen 127.0.0.1:0"),
    ]);
    let step = runner.test();
    assert_eq!(step.code, Some(0), "{}{}", step.out, step.err);
}

#[test]
fn inputs_are_words_and_no_commands() {
    let evil = "$(touch evil) `touch evil`; touch evil #";
    for input in ["url", "cases", "known", "level", "args", "reports"] {
        let given: &[(&str, &str)] = &[("url", "ws://127.0.0.1:9/"), (input, evil)];
        let runner = Runner::new(given);
        let step = runner.test();
        assert_ne!(step.code, Some(0), "{input}: {}{}", step.out, step.err);
        assert!(!runner.path("evil").exists(), "{input}");
    }
    let step = Runner::new(&[("role", "both")]).test();
    assert_eq!(step.code, Some(2));
    assert!(step.out.starts_with("::error "), "{}", step.out);
}

#[test]
fn the_crate_is_installed_in_the_version_that_is_asked_for() {
    for (version, expected) in [
        ("1.2.3", "install wsspec --locked --version 1.2.3\n"),
        ("", "install wsspec --locked\n"),
    ] {
        let runner = Runner::new(&[("version", version)]);
        let cargo = runner.path("bin/cargo");
        fs::create_dir(runner.path("bin")).expect("a folder");
        fs::write(&cargo, "#!/bin/sh\necho \"$@\"\n").expect("a file");
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("a program");
        let step = runner.step(0, &runner.path("bin"));
        assert_eq!(
            (step.code, step.out.as_str()),
            (Some(0), expected),
            "{}",
            step.err
        );
    }
}
