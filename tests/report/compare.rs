//! Two runs compared, several set side by side, shards put together: views held against files, and the command line.

use proptest::prelude::*;
use wsspec::{
    report::{Comparison, FORMATS, Matrix, Page, Report, Summary, merge},
    session::Verdict,
};

use crate::{
    COLOURED, NARROW, hostile::hostile_report, is_harmless, same, sample::sample,
    views::is_our_page, without_colours, wsspec,
};

/// The sample, and a later run in which one case of each kind changed.
fn two() -> (Report, Report) {
    let (mut before, mut after) = (sample(), sample());
    before
        .cases
        .retain(|case| case.id != "deflate/window/bits[9]");
    after
        .cases
        .retain(|case| case.id != "deflate/window/bits[13]");
    (after.lost, after.stopped) = (vec![], None);
    for case in &mut after.cases {
        match case.id.as_str() {
            "control/ping/ping-between-fragments" => {
                (case.verdict, case.timed_out, case.unstable) = (Verdict::Pass, false, false);
                case.reason = "as the rule says".into();
                case.findings.clear();
            }
            "control/ping/size[0]" => case.findings[0].rule = "6455-5.5.2-2".into(),
            "close/codes/code[1001]" => {
                case.verdict = Verdict::Fail;
                case.reason = "answered with code 1005, which is never sent".into();
            }
            "close/opening/end" => case.verdict = Verdict::NotApplicable,
            _ => {}
        }
    }
    after.measured.started = Some("2025-10-10T08:53:20Z".into());
    for report in [&mut before, &mut after] {
        report.summary = Summary::of(&report.cases);
    }
    (before, after)
}

/// Three servers: the sample, the same mended, and one that fails alone.
fn three() -> Vec<(String, Report)> {
    let (before, after) = two();
    let mut third = after.clone();
    for case in &mut third.cases {
        if case.id == "handshake/request/plain" {
            case.verdict = Verdict::Fail;
            case.reason = "answered with status 400".into();
        }
    }
    third.summary = Summary::of(&third.cases);
    [("first", before), ("second", after), ("third", third)]
        .map(|(name, report)| (name.to_owned(), report))
        .into()
}

fn compared(name: &str, comparison: &Comparison, page: Page) -> String {
    let format = FORMATS
        .iter()
        .find(|format| format.name == name)
        .expect("a format of the list");
    (format.compare.expect("it compares"))(comparison, &page)
}

fn set(name: &str, matrix: &Matrix, page: Page) -> String {
    let format = FORMATS
        .iter()
        .find(|format| format.name == name)
        .expect("a format of the list");
    (format.matrix.expect("it shows several"))(matrix, &page)
}

#[test]
fn what_changed_between_two_runs() {
    let (before, after) = two();
    let comparison = Comparison::of(&before, &after);
    let view = |name| compared(name, &comparison, Page::PIPE);
    same(
        view("table"),
        snapbox::file!["../golden/report/compare.txt"],
    );
    same(
        compared("table", &comparison, NARROW),
        snapbox::file!["../golden/report/compare-80.txt"],
    );
    same(
        view("markdown"),
        snapbox::file!["../golden/report/compare.md"],
    );
    same(
        view("html"),
        snapbox::file!["../golden/report/compare.html": Text],
    );
    same(
        view("json"),
        snapbox::file!["../golden/report/compare.json": Text],
    );
    assert_eq!(
        without_colours(&compared("table", &comparison, COLOURED)),
        compared("table", &comparison, NARROW)
    );
}

#[test]
fn nothing_changed() {
    let comparison = Comparison::of(&sample(), &sample());
    for (name, words) in [
        ("table", "\nNothing changed in 15 cases.\n"),
        ("markdown", "\nNothing changed in 15 cases.\n"),
        ("html", "Nothing changed in 15 cases."),
    ] {
        let view = compared(name, &comparison, Page::PIPE);
        assert!(view.contains(words), "{view}");
    }
}

#[test]
fn targets_side_by_side() {
    let matrix = Matrix::of(&three());
    let view = |name| set(name, &matrix, Page::PIPE);
    same(view("table"), snapbox::file!["../golden/report/matrix.txt"]);
    same(
        view("markdown"),
        snapbox::file!["../golden/report/matrix.md"],
    );
    same(
        view("html"),
        snapbox::file!["../golden/report/matrix.html": Text],
    );
    same(
        view("json"),
        snapbox::file!["../golden/report/matrix.json": Text],
    );
    let narrow = Page {
        width: Some(50),
        ..NARROW
    };
    same(
        set("table", &matrix, narrow),
        snapbox::file!["../golden/report/matrix-50.txt"],
    );
}

/// A folder with these reports.
fn folder(reports: &[(&str, &Report)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, report) in reports {
        std::fs::write(folder.path().join(name), report.to_json()).expect("a file");
    }
    folder
}

#[test]
fn two_files_are_compared() {
    let (before, after) = two();
    let folder = folder(&[("a.json", &before), ("b.json", &after)]);
    let wsspec = |args: &[&str]| wsspec(folder.path(), args);
    let expected = compared("table", &Comparison::of(&before, &after), Page::PIPE);
    assert_eq!(
        wsspec(&["a.json", "b.json"]),
        (Some(0), expected, String::new())
    );
    // Something newly fails; nothing does.
    assert_eq!(wsspec(&["a.json", "b.json", "--gate"]).0, Some(1));
    assert_eq!(wsspec(&["b.json", "b.json", "--gate"]).0, Some(0));
    assert_eq!(
        wsspec(&["b.json", "a.json", "--gate"]).0,
        Some(3),
        "the target was lost"
    );
    let (code, out, _) = wsspec(&[
        "a.json",
        "b.json",
        "--case",
        "close/opening",
        "--report",
        "markdown",
    ]);
    assert_eq!(
        (code, out.contains("1 changed otherwise; 0 did not change.")),
        (Some(0), true),
        "{out}"
    );
    let (code, _, err) = wsspec(&["a.json", "b.json", "--report", "junit"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains(
            "`junit` shows one run; a comparison is shown as `json`, `table`, `html`, `markdown`"
        ),
        "{err}"
    );
    let (code, _, err) = wsspec(&["a.json", "b.json", "a.json"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("there are 3 files; two are compared, --matrix sets"),
        "{err}"
    );
}

#[test]
fn any_number_of_files_is_set_side_by_side() {
    let three = three();
    let files: Vec<_> = three
        .iter()
        .map(|(name, report)| (format!("{name}.json"), report))
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(name, report)| (name.as_str(), *report))
        .collect();
    let folder = folder(&files);
    let wsspec = |args: &[&str]| wsspec(folder.path(), args);
    let all = ["first.json", "second.json", "third.json", "--matrix"];
    let expected = set("table", &Matrix::of(&three), Page::PIPE);
    assert_eq!(wsspec(&all), (Some(0), expected, String::new()));
    assert_eq!(
        wsspec(&["second.json", "first.json", "--matrix", "--gate"]).0,
        Some(1)
    );
    let (_, out, _) = wsspec(&["first.json", "./first.json", "--matrix"]);
    assert!(out.contains("\n./first.json "), "{out}");
    let (code, _, err) = wsspec(&["first.json", "--matrix", "--merge"]);
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn shards_are_put_together_from_the_command_line() {
    let whole = sample();
    let shard = |number: u64| {
        let mut shard = sample();
        shard.keep(|case| case.position % 2 == number - 1);
        shard.catalogue.shard = Some(wsspec::report::Shard { number, of: 2 });
        shard
    };
    let (mut one, two) = (shard(1), shard(2));
    (one.lost, one.stopped) = (vec![], None);
    let folder = folder(&[("1.json", &one), ("2.json", &two)]);
    let wsspec = |args: &[&str]| wsspec(folder.path(), args);
    let (code, out, err) = wsspec(&["1.json", "2.json", "--merge", "--report", "json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let cut = |json: &str| {
        json.split_once("\n  \"measured\":")
            .expect("it is there")
            .0
            .to_owned()
    };
    assert_eq!(cut(&out), cut(&whole.to_json()));
    assert_eq!(
        wsspec(&["2.json", "1.json", "--merge", "--gate"]).0,
        Some(3)
    );
    let (code, out, err) = wsspec(&["1.json", "--merge"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("shard 2 of 2 is missing"), "{err}");
    let (code, _, err) = wsspec(&["1.json", "1.json", "--merge"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("1.json and 1.json are both shard 1/2; give each shard once"),
        "{err}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_comparison_lets_a_target_out(mut before in hostile_report(), after in hostile_report()) {
        // Some ids in common, so that there is something to compare.
        for (one, other) in before.cases.iter_mut().zip(&after.cases).step_by(2) {
            one.id.clone_from(&other.id);
        }
        let comparison = Comparison::of(&before, &after);
        let matrix = Matrix::of(&[(before.target.url.clone().unwrap_or_default(), before), ("b".into(), after)]);
        for format in FORMATS {
            for page in [NARROW, COLOURED, Page::PIPE] {
                if let Some(show) = format.compare {
                    is_harmless(&without_colours(&show(&comparison, &page)))?;
                }
                if let Some(show) = format.matrix {
                    is_harmless(&without_colours(&show(&matrix, &page)))?;
                }
            }
        }
        for name in ["table", "markdown"] {
            crate::commands_nobody(&compared(name, &comparison, Page::PIPE))?;
            crate::commands_nobody(&set(name, &matrix, Page::PIPE))?;
        }
        is_our_page(&compared("html", &comparison, Page::PIPE))?;
        is_our_page(&set("html", &matrix, Page::PIPE))?;
        crate::views::is_our_markdown(&compared("markdown", &comparison, Page::PIPE))?;
        crate::views::is_our_markdown(&set("markdown", &matrix, Page::PIPE))?;
        serde_json::from_str::<Comparison>(&compared("json", &comparison, Page::PIPE)).expect("JSON");
        serde_json::from_str::<Matrix>(&set("json", &matrix, Page::PIPE)).expect("JSON");
    }

    #[test]
    fn any_division_is_put_together_again(of in 1u64..9, seed: u64) {
        let whole = sample();
        let shards = (1..=of).map(|number| {
            let mut shard = sample();
            shard.keep(|case| (case.position ^ seed) % of == number - 1);
            shard.catalogue.shard = Some(wsspec::report::Shard { number, of });
            if number > 1 {
                (shard.lost, shard.stopped) = (vec![], None);
            }
            (number.to_string(), shard)
        });
        let mut merged = merge::merge(shards.collect()).expect("they fit");
        merged.measured = whole.measured.clone();
        prop_assert_eq!(merged, whole);
    }
}
