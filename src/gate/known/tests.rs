//! What files say, and what makes no sense in them.

use super::*;

const RUN: Run = Run {
    role: Role::Server,
    target: "ws://127.0.0.1:9001/echo",
    name: "ws 8.23.0",
    today: Date::new(2026, 11, 22),
};

fn known(text: &str) -> Known {
    Known::parse("known.txt", text.as_bytes()).unwrap()
}

fn difference(text: &str, results: &[(&str, Verdict)]) -> String {
    let results = results
        .iter()
        .map(|(case, verdict)| (*case, *verdict, "why"));
    known(text).compare(&RUN, results).to_string()
}

use Verdict::{Fail, Pass, Tolerated};

#[test]
fn what_is_foreseen_is_no_difference() {
    let text = "# a comment\n\na/b/c[{x,y}] fail # one\r\na/d tolerated # two";
    let results = [
        ("a/b/c[x]", Fail),
        ("a/b/c[y]", Fail),
        ("a/b/c[z]", Pass),
        ("a/d/e", Tolerated),
        ("a/d/f[1]", Tolerated),
    ];
    assert_eq!(difference(text, &results), "");
    assert!(
        known(text)
            .compare(&RUN, [("a/b/c[x]", Fail, ""), ("a/d/e", Tolerated, "")])
            .is_empty()
    );
}

#[test]
fn each_thing_that_differs_is_a_line() {
    let text = "a/b fail # one\na/c tolerated # two\nno/such fail # three";
    let results = [
        ("a/b/1", Fail),
        ("a/b/2", Pass),
        ("a/c/1", Fail),
        ("d", Tolerated),
    ];
    assert_eq!(
        difference(text, &results),
        "no longer holds: known.txt:1 says fail, but a/b/2 is pass: why\n\
         no longer holds: known.txt:2 says tolerated, but a/c/1 is fail: why\n\
         not foreseen: d is tolerated: why\n\
         decides nothing: known.txt:3: no/such\n"
    );
}

#[test]
fn the_last_line_that_names_a_case_counts() {
    let text = "a fail # all\na/b pass # but this\na/b/c tolerated # and this";
    let results = [("a/x", Fail), ("a/b/x", Pass), ("a/b/c", Tolerated)];
    assert_eq!(difference(text, &results), "");
    assert_eq!(
        difference(text, &[("a/b/c", Tolerated)]),
        "decides nothing: known.txt:1: a\ndecides nothing: known.txt:2: a/b\n"
    );
}

#[test]
fn a_verdict_may_depend_on_more_than_the_case() {
    let text = "a fail|tolerated # why";
    assert_eq!(difference(text, &[("a", Fail)]), "");
    assert_eq!(difference(text, &[("a", Tolerated)]), "");
    assert_eq!(
        difference(text, &[("a", Pass)]),
        "no longer holds: known.txt:1 says fail or tolerated, but a is pass: why\n"
    );
    let error = Known::parse("f", b"a fail| # why").unwrap_err();
    assert!(error.to_string().contains("`` is no verdict"), "{error}");
}

#[test]
fn fields_keep_a_line_to_some_runs() {
    for (field, counts) in [
        ("role=server", true),
        ("role=client", false),
        ("target=ws://*/echo", true),
        ("target=wss://*", false),
        ("until=2026-11-22", true),
        ("until=2026-11-21", false),
        ("until=2027-01-01", true),
        ("role=server target=* until=9999-12-31", true),
        ("role=server target=wss:* until=9999-12-31", false),
    ] {
        let text = format!("a fail {field} # why");
        assert_eq!(
            difference(&text, &[("a", Fail)]).is_empty(),
            counts,
            "{field}"
        );
        // A line that is not about this run is not idle in it.
        assert_eq!(
            difference(&text, &[("a", Pass)]).is_empty(),
            !counts,
            "{field}"
        );
    }
}

#[test]
fn a_line_may_stand_for_what_has_one_reason() {
    let text = "* tolerated because=\"no # Close*\" # one\na/b fail because=other # two";
    let known = known(text);
    let compare = |results: &[(&str, Verdict, &str)]| {
        known.compare(&RUN, results.iter().copied()).to_string()
    };
    assert_eq!(
        compare(&[
            ("a/b", Fail, "other"),
            ("c", Tolerated, "no # Close frame"),
            ("d", Pass, "")
        ]),
        ""
    );
    assert_eq!(
        compare(&[("a/b", Fail, "no # Close"), ("c", Tolerated, "no Close")]),
        "no longer holds: known.txt:1 says tolerated, but a/b is fail: no # Close\n\
         not foreseen: c is tolerated: no Close\n\
         decides nothing: known.txt:2: a/b\n"
    );
}

#[test]
fn errors_name_file_and_line() {
    for (line, expected) in [
        ("a fail", "there is no reason"),
        ("a fail #  ", "there is no reason"),
        ("a # why", "expected a case, then its verdict"),
        (
            "a failed # why",
            "`failed` is no verdict; expected pass, tolerated, fail, not-applicable, inconclusive or crash",
        ),
        ("a error # why", "an error is no verdict on the target"),
        ("a fail|error # why", "`crash` says that the case ends"),
        ("a fail sometimes # why", "`sometimes` is no field"),
        ("a fail x=1 # why", "`x=1` is no field"),
        ("a fail target= # why", "`target=` is no field"),
        ("a fail because= # why", "`because=` is no field"),
        (
            "a fail because=a because=b # why",
            "`because=b` is no field",
        ),
        ("a fail because=\"no # why", "a quote is left open"),
        (
            "a fail role=server role=server # why",
            "`role=server` is no field",
        ),
        ("a fail role=both # why", "`both` is no role"),
        ("a fail until=2026-02-29 # why", "`2026-02-29` is no day"),
        ("a fail until=26-2-1 # why", "`26-2-1` is no day"),
        ("a fail until=2026-+2-01 # why", "is no day"),
        ("a{b fail # why", "the braces of `a{b` do not fit"),
        ("a}b fail # why", "the braces of `a}b` do not fit"),
        ("a{b{c,d} fail # why", "do not fit"),
        (
            "{,,,,,,,,,,,}{,,,,,,,,,,,}{,,,,,,,,,,,} fail # why",
            "more than 1000 globs",
        ),
        ("a\x1b fail x # why", "`x` is no field"),
    ] {
        let text = format!("# first\n{line}\n");
        let error = Known::parse("known.txt", text.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("known.txt:2: "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    let error = Known::parse("known.txt", b"a fail # \xff").unwrap_err();
    assert_eq!(error.to_string(), "known.txt:1: the line is not UTF-8");
    let error = Known::read(Path::new("no/such/file")).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot read no/such/file: "),
        "{error}"
    );
}

#[test]
fn braces_make_all_combinations() {
    assert_eq!(expand(&"{a}".repeat(17)), Err(Fault::Many));
    assert_eq!(expand(&"a".repeat(5000)), Err(Fault::Many));
    let words = expand("x/{a,b}[{1,2}*]").unwrap();
    assert_eq!(words, ["x/a[1*]", "x/a[2*]", "x/b[1*]", "x/b[2*]"]);
    assert_eq!(expand("x{,y}").unwrap(), ["x", "xy"]);
    assert_eq!(expand("x").unwrap(), ["x"]);
    assert_eq!(expand("{x,y[{1,2}]}").unwrap(), ["x", "y[1]", "x", "y[2]"]);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,80}", octets: Vec<u8>) {
        let _ = Known::parse("f", text.as_bytes());
        let _ = Known::parse("f", &octets);
        let _ = expand(&text);
    }
}
