use super::*;
use crate::{
    case::{Level, Role},
    report::{Case, Catalogue, Generator, Measured, Target},
    session::Verdict,
};

fn case(id: &str) -> Case {
    Case {
        id: id.into(),
        position: 0,
        steps: String::new(),
        verdict: Verdict::Pass,
        level: Level::Must,
        checks: vec!["6455-5.5.2-2".into(), "6455-5.1-5".into()],
        title: "Title".into(),
        known: None,
        reason: "A \u{9b}\u{202e}\u{e0041} reason".into(),
        findings: vec![],
        unstable: false,
        delivery: Default::default(),
        timed_out: false,
        dropped: false,
        crashed: false,
        transcript: vec![],
        left_out: 0,
        replay: String::new(),
        autobahn: vec![],
        class: None,
    }
}

fn report(ids: &[&str]) -> Report {
    let cases: Vec<_> = ids.iter().map(|id| case(id)).collect();
    Report {
        format: FORMAT,
        generator: Generator::default(),
        target: Target {
            name: None,
            role: Role::Server,
            url: None,
            headers: vec![],
            origin: None,
            subprotocols: vec![],
            delivery: None,
            echo: None,
            seed: u64::MAX,
            agent: None,
        },
        catalogue: Catalogue {
            cases: 9,
            digest: String::new(),
            selected: vec![],
            shard: None,
        },
        gate: Default::default(),
        summary: Summary::of(&cases),
        stopped: None,
        canary: None,
        crashes: vec![],
        lost: vec![],
        breaches: vec![],
        cases,
        rules: vec![],
        measured: Measured::default(),
    }
}

fn refused(json: &str) -> String {
    match Report::from_json(json.as_bytes()) {
        Ok(_) => panic!("{json}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_written_is_read_back_and_is_plain_ascii_where_it_could_harm() {
    let report = report(&["a/b/c", "a/b/d"]);
    let json = report.to_json();
    assert!(
        json.contains(r"A \u009b\u202e\udb40\udc41 reason"),
        "{json}"
    );
    assert!(
        json.contains(r#""checks": ["6455-5.5.2-2", "6455-5.1-5"],"#),
        "{json}"
    );
    assert_eq!(Report::from_json(json.as_bytes()).unwrap(), report);
}

#[test]
fn what_an_older_program_does_not_know_is_passed_over() {
    let json = report(&["a/b/c"]).to_json();
    let json = json.replacen(
        "\"format\": 1,",
        "\"format\": 1, \"later\": {\"x\": [1.5, -2, true]},",
        1,
    );
    assert_eq!(
        Report::from_json(json.as_bytes()).unwrap(),
        report(&["a/b/c"])
    );
    let (json, _) = json.split_once(",\n  \"measured\"").unwrap();
    assert!(Report::from_json(format!("{json}}}").as_bytes()).is_ok());
}

#[test]
fn malformed_files_are_refused_with_the_place() {
    let json = report(&["a/b/c"]).to_json();
    let behind = "; expected a report as `wsspec … --report json=FILE` writes it";
    assert_eq!(
        refused(&json[..json.find("\"catalogue\"").unwrap()]),
        format!("line 17, column 2: EOF while parsing a value{behind}")
    );
    assert_eq!(
        refused(&json.replace("\"verdict\": \"pass\"", "\"verdict\": \"\\u001bfine\"")),
        format!(
            "line 60, column 29: unknown variant `\\x1bfine`, expected one of `pass`, `tolerated`, `fail`, `not-applicable`, `inconclusive`, `error`{behind}"
        )
    );
    assert_eq!(
        refused(""),
        format!("line 1, column 0: EOF while parsing a value{behind}")
    );
    assert!(Report::from_json(b"{\"format\": 1, \"x\": \"\xff\"}").is_err());
    assert!(Report::from_json("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn other_files_are_refused() {
    for json in [
        "[]",
        "7",
        "{}",
        "{\"format\": null}",
        "{\"format\": \"1\"}",
        "{\"format\": -1}",
        "{\"format\": 1.0}",
    ] {
        assert!(
            refused(json).starts_with("this is JSON, but no report"),
            "{json}: {}",
            refused(json)
        );
    }
    let newer = refused("{\"format\": 2, \"cases\": \"quite different\"}");
    assert!(
        newer.starts_with("the report has format 2, and this wsspec "),
        "{newer}"
    );
    assert!(refused("{\"format\": 0}").starts_with("the report has format 0"));
}

#[test]
fn files_that_contradict_themselves_are_refused() {
    let mut cut = report(&["a/b/c", "a/b/d"]);
    cut.cases.pop();
    let told = refused(&cut.to_json());
    assert!(told.contains("(2 cases counted, 1 listed)"), "{told}");
    let mut greener = report(&["a/b/c"]);
    greener.cases[0].verdict = Verdict::Fail;
    assert!(refused(&greener.to_json()).starts_with("the summary does not fit the cases"));
    let told = refused(&report(&["a/b/c", "a/b/c"]).to_json());
    assert!(
        told.starts_with("the case `a/b/c` is listed twice"),
        "{told}"
    );
}

#[test]
fn a_file_without_end_is_not_read() {
    assert!(matches!(
        limited(io::repeat(b' '), 1000),
        Err(ReadError::TooLong)
    ));
    assert_eq!(
        limited(io::repeat(b' ').take(1000), 1000).unwrap().len(),
        1000
    );
}
