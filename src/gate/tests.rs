//! One exit code for one report.

use super::*;
use crate::{
    case::Level,
    report::{Lost, Summary},
    session::Verdict,
};

/// A report with one case for each of these.
fn report(verdicts: &[(Verdict, Level)]) -> Report {
    let mut report: Report =
        Report::from_json(include_bytes!("../../tests/golden/report/report.json"))
            .expect("a report");
    let case = report.cases[0].clone();
    let cases = verdicts.iter().zip(1..);
    report.cases = cases
        .map(|((verdict, level), number)| crate::report::Case {
            id: format!("a/b[{number}]"),
            verdict: *verdict,
            level: *level,
            known: None,
            ..case.clone()
        })
        .collect();
    report.summary = Summary::of(&report.cases);
    report.gate = Default::default();
    (report.lost, report.stopped) = (vec![], None);
    report
}

use Level::{May, Must, Should};
use Verdict::{Error, Fail, Inconclusive, NotApplicable, Pass, Tolerated};

fn lost(back: bool) -> Lost {
    Lost {
        case: None,
        reason: String::new(),
        back,
    }
}

#[test]
fn green_means_that_something_was_seen() {
    let exit = |verdicts: &[Verdict]| {
        let verdicts: Vec<_> = verdicts.iter().map(|verdict| (*verdict, Must)).collect();
        judge(&report(&verdicts))
    };
    assert_eq!(exit(&[Pass]), Exit::Conforms);
    assert_eq!(exit(&[Pass, NotApplicable, Inconclusive]), Exit::Conforms);
    assert_eq!(exit(&[Tolerated]), Exit::Conforms);
    assert_eq!(exit(&[NotApplicable, Inconclusive]), Exit::Nothing);
    assert_eq!(exit(&[]), Exit::Nothing);
}

#[test]
fn a_failure_weighs_what_its_level_weighs() {
    let red = |fails: Level, gate: Level| {
        let mut report = report(&[(Pass, Must), (Fail, fails)]);
        report.gate.level = gate;
        judge(&report) == Exit::Deviates
    };
    for (fails, gates) in [
        (Must, [true, true, true]),
        (Should, [false, true, true]),
        (May, [false, false, true]),
    ] {
        assert_eq!([Must, Should, May].map(|gate| red(fails, gate)), gates);
    }
}

#[test]
fn strict_takes_nothing_but_a_pass() {
    let strict = |verdict: Verdict, unstable: bool| {
        let mut report = report(&[(Pass, Must), (verdict, May)]);
        report.cases[1].unstable = unstable;
        report.gate.strict = true;
        judge(&report)
    };
    for verdict in [Tolerated, Inconclusive, Fail] {
        assert_eq!(strict(verdict, false), Exit::Deviates, "{verdict:?}");
    }
    assert_eq!(strict(Pass, false), Exit::Conforms);
    assert_eq!(strict(Pass, true), Exit::Deviates);
    assert_eq!(strict(NotApplicable, false), Exit::Conforms);
    assert_eq!(strict(Error, false), Exit::Unreached);
}

#[test]
fn what_could_not_be_played_is_not_green() {
    assert_eq!(
        judge(&report(&[(Pass, Must), (Error, Must)])),
        Exit::Unreached
    );
    assert_eq!(
        judge(&report(&[(Fail, Must), (Error, Must)])),
        Exit::Deviates
    );
}

#[test]
fn a_lost_target_outweighs_what_it_did_before() {
    let mut report = report(&[(Fail, Must)]);
    report.lost.push(lost(true));
    assert_eq!(judge(&report), Exit::Deviates);
    report.lost.push(lost(false));
    assert_eq!(judge(&report), Exit::Unreached);
}

mod with_known {
    use super::*;
    use crate::{
        case::Role,
        gate::{
            known::{Date, Known, Run},
            terms::Entry,
        },
    };

    const RUN: Run = Run {
        role: Role::Server,
        target: "ws://127.0.0.1:9001/",
        name: "ws 8.23.0",
        today: Date::new(2026, 11, 22),
    };

    /// The rows 1 to 5 are in the catalogue, and a heavy one.
    fn entries() -> Vec<Entry> {
        let rows = (1..=5).map(|row| (format!("a/b[{row}]"), false));
        rows.chain([("a/b[heavy]".to_owned(), true)])
            .map(|(id, heavy)| Entry { id, heavy })
            .collect()
    }

    fn judged(text: &str, verdicts: &[(Verdict, Level)]) -> Report {
        let known = Known::parse("known.txt", text.as_bytes()).expect("it makes sense");
        let mut report = report(verdicts);
        Terms::new(Must, false, vec![known], &RUN, entries()).judge(&mut report);
        report
    }

    /// The exit code, and what is wrong with which lines.
    fn told(text: &str, verdicts: &[Verdict]) -> (Exit, Vec<String>) {
        let verdicts: Vec<_> = verdicts.iter().map(|verdict| (*verdict, Must)).collect();
        let report = judged(text, &verdicts);
        let stale = report.stale().into_iter();
        let stale = stale.map(|stale| format!("{}: {}", stale.at, stale.why));
        (judge(&report), stale.collect())
    }

    #[track_caller]
    fn is(text: &str, verdicts: &[Verdict], exit: Exit, stale: &[&str]) {
        let (came, lines) = told(text, verdicts);
        assert_eq!(
            (came, &lines[..]),
            (
                exit,
                &stale.iter().map(|s| s.to_string()).collect::<Vec<_>>()[..]
            ),
            "{text}"
        );
    }

    #[test]
    fn what_is_known_is_green_and_what_is_new_is_red() {
        is("a/b[1] fail # why", &[Fail, Pass], Exit::Conforms, &[]);
        is("a/b[1] fail # why", &[Fail, Fail], Exit::Deviates, &[]);
        is(
            "a/b fail # why",
            &[Fail, Fail, Fail, Fail, Fail],
            Exit::Conforms,
            &[],
        );
        // Known to fail otherwise.
        is("a/b[1] tolerated # why", &[Fail, Pass], Exit::Deviates, &[]);
    }

    /// The first case has ended the target; the exit code, and whether a line is stale.
    fn crashed(text: &str, verdict: Verdict, level: Level) -> (Exit, usize) {
        let known = Known::parse("known.txt", text.as_bytes()).expect("it makes sense");
        let mut report = report(&[(verdict, level), (Pass, Must)]);
        report.cases[0].crashed = true;
        report.crashes.push(crate::report::Crash {
            case: Some("a/b[1]".into()),
            reason: "killed".into(),
        });
        Terms::new(Must, false, vec![known], &RUN, entries()).judge(&mut report);
        (judge(&report), report.stale().len())
    }

    #[test]
    fn a_crash_is_known_where_a_line_says_crash_and_by_no_other_word() {
        for verdict in [Error, Fail] {
            for level in [Must, May] {
                let exit = |text: &str| crashed(text, verdict, level);
                for other in ["", "a/b[1] fail # why", "a/b pass|tolerated|fail # why"] {
                    assert_eq!(exit(other), (Exit::Unreached, 0), "{other} {verdict:?}");
                }
                for crash in ["crash", "fail|crash", "crash|pass"] {
                    let line = format!("a/b[1] {crash} # why");
                    assert_eq!(exit(&line), (Exit::Conforms, 0), "{line} {verdict:?}");
                }
            }
        }
        // It ends the target no more.
        let mended = ["known.txt:1: a/b[1] is pass"];
        is("a/b[1] crash # why", &[Pass, Pass], Exit::Nothing, &mended);
        is("a/b[1] crash # why", &[Fail, Pass], Exit::Deviates, &[]);
        is("a/b[1] crash # why", &[Error, Pass], Exit::Unreached, &[]);
        is("a/b[1] crash|pass # why", &[Pass], Exit::Conforms, &[]);
    }

    #[test]
    fn a_crash_that_no_case_does_alone_cannot_be_known() {
        let text = b"* crash|pass # why";
        let known = Known::parse("known.txt", text).expect("it makes sense");
        let mut report = report(&[(Pass, Must)]);
        report.crashes.push(crate::report::Crash {
            case: None,
            reason: "killed".into(),
        });
        Terms::new(Must, false, vec![known], &RUN, entries()).judge(&mut report);
        assert_eq!(judge(&report), Exit::Unreached);
    }

    #[test]
    fn a_line_that_no_longer_holds_is_red_and_named() {
        let pass = ["known.txt:1: a/b[1] is pass"];
        is("a/b[1] fail # why", &[Pass, Pass], Exit::Nothing, &pass);
        // A part of what it names: each case has to be as it says.
        let part = ["known.txt:1: a/b[2] is pass, and 1 more are not as it says"];
        is(
            "a/b fail # why",
            &[Fail, Pass, Tolerated],
            Exit::Nothing,
            &part,
        );
        is(
            "a/b fail # why\na/b[{2,3}] pass # mended",
            &[Fail, Pass, Pass],
            Exit::Conforms,
            &[],
        );
        // A new deviation is graver, and the line is named all the same.
        let both = ["known.txt:1: a/b[1] is pass"];
        is("a/b[1] fail # why", &[Pass, Fail], Exit::Deviates, &both);
        is(
            "a/b[1] fail until=2026-11-21 # why",
            &[Pass],
            Exit::Nothing,
            &["known.txt:1: its last day is over"],
        );
        is(
            "a/b[1] fail until=2026-11-21 # why",
            &[Fail],
            Exit::Deviates,
            &["known.txt:1: its last day is over"],
        );
        is(
            "a/b[1] fail until=2026-11-22 # why",
            &[Fail],
            Exit::Conforms,
            &[],
        );
        is(
            "a/c fail # why",
            &[Pass],
            Exit::Nothing,
            &["known.txt:1: no case is called so"],
        );
        let none = ["known.txt:1: it holds for no case any more"];
        is(
            "a/b[1] fail # why",
            &[NotApplicable, Pass],
            Exit::Nothing,
            &none,
        );
        is(
            "a/b[1] fail because=\"no such\" # why",
            &[Pass],
            Exit::Nothing,
            &none,
        );
        is(
            "a/b[1] fail because=\"no such\" # why",
            &[Fail],
            Exit::Deviates,
            &none,
        );
    }

    #[test]
    fn a_line_about_what_did_not_run_is_not_stale() {
        is("a/b[5] fail # why", &[Pass, Pass], Exit::Conforms, &[]);
        is(
            "a/b[5] fail until=2020-01-01 # why",
            &[Pass],
            Exit::Conforms,
            &[],
        );
        is("a/b[heavy] fail # why", &[Pass], Exit::Conforms, &[]);
        is(
            "a/b[{1,5}] inconclusive|fail # why",
            &[NotApplicable],
            Exit::Nothing,
            &[],
        );
        is(
            "a/b[1] fail role=client # why",
            &[Pass],
            Exit::Conforms,
            &[],
        );
        is(
            "a/b[1] fail target=\"ws 9.*\" # why",
            &[Pass],
            Exit::Conforms,
            &[],
        );
        is(
            "a/b[1] fail target=\"ws 8.*\" # why",
            &[Fail],
            Exit::Conforms,
            &[],
        );
        is(
            "a/b[1] fail target=*:9001* # why",
            &[Fail],
            Exit::Conforms,
            &[],
        );
        // It could not be played: nothing is known of it.
        is("a/b[1] fail # why", &[Error, Pass], Exit::Unreached, &[]);
    }

    #[test]
    fn of_several_files_the_last_line_counts() {
        let known = |file: &str, text: &str| Known::parse(file, text.as_bytes()).expect("sense");
        let files = vec![
            known("a", "a/b fail # one"),
            known("b", "a/b[1] pass # two"),
        ];
        let mut report = report(&[(Pass, Must), (Fail, Must)]);
        Terms::new(Must, false, files, &RUN, entries()).judge(&mut report);
        assert_eq!(judge(&report), Exit::Conforms);
        let at = report
            .cases
            .iter()
            .map(|case| case.known.as_ref().map(|k| k.at.as_str()));
        assert_eq!(at.collect::<Vec<_>>(), [Some("b:1"), Some("a:1")]);
    }

    fn made(old: Option<&str>, verdicts: &[(Verdict, Level)]) -> write::Made {
        let report = report(verdicts);
        write::write(
            "known.txt",
            old.map(str::as_bytes),
            &report,
            &RUN,
            &entries(),
        )
        .expect("sense")
    }

    #[test]
    fn what_is_written_is_known_the_next_time() {
        let five = [Fail, Pass, Fail, NotApplicable, Tolerated].map(|verdict| (verdict, Must));
        let first = made(None, &five);
        assert_eq!((first.new, first.gone), (1, 0));
        let line = first.text.lines().last().expect("a line");
        assert!(line.starts_with("a/b[{1,3}] "), "{line}");
        assert!(line.contains(" fail # not explained yet: "), "{line}");
        assert_eq!(judge(&judged(&first.text, &five)), Exit::Conforms);
        // Written again, nothing changes.
        assert_eq!(made(Some(&first.text), &five).text, first.text);
    }

    #[test]
    fn a_glob_is_written_only_where_it_is_exact() {
        let all = [Fail; 5].map(|verdict| (verdict, Must));
        // A heavy row did not run.
        let text = made(None, &all).text;
        assert!(text.contains("\na/b[{1,2,3,4,5}] "), "{text}");
        let report = report(&all);
        let light: Vec<Entry> = entries().into_iter().filter(|e| !e.heavy).collect();
        let made = write::write("f", None, &report, &RUN, &light).expect("sense");
        assert!(made.text.contains("\na/b  "), "{}", made.text);
    }

    #[test]
    fn reasons_comments_and_lines_that_hold_stay() {
        let old = "# why oh why\n\na/b[{1,2}]  fail  # old reason\na/b[3] fail # gone\na/b[5] fail # not run\nx fail role=client # elsewhere\n";
        let made = made(
            Some(old),
            &[(Fail, Must), (Pass, Must), (Pass, Must), (Fail, Should)],
        );
        let lines: Vec<&str> = made.text.lines().collect();
        assert_eq!(lines[..2], ["# why oh why", ""]);
        assert!(
            lines[2].starts_with("a/b[1] ") && lines[2].ends_with(" fail # old reason"),
            "{}",
            lines[2]
        );
        assert_eq!(
            lines[3..5],
            ["a/b[5] fail # not run", "x fail role=client # elsewhere"]
        );
        assert!(
            lines[5].starts_with("a/b[4] ") && lines[5].contains("not explained yet"),
            "{}",
            lines[5]
        );
        assert_eq!((lines.len(), made.new, made.gone), (6, 1, 2));
    }
}
