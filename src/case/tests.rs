//! The notation as a whole: both directions, rows, and what hostile text does.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    document::{Document, MAX_DEPTH, MAX_FILE},
    error::Fault,
    payload::{Payload, What},
    *,
};
use crate::wire::frame::{Header, Opcode};

fn read(text: &str) -> Document {
    Document::parse("test.wire", "test", text.as_bytes())
}

#[track_caller]
fn cases(text: &str) -> Vec<Case> {
    let document = read(text);
    let errors: Vec<_> = document.errors.iter().map(|e| e.render(false)).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n\n"));
    document
        .cases
        .into_iter()
        .map(|located| Case::clone(&located.case))
        .collect()
}

/// A case with these steps.
fn with_steps(steps: &str) -> String {
    format!("case a\n  title: T\n  checks: 6455-5.5.2-2\n{steps}")
}

#[track_caller]
fn steps(text: &str) -> Vec<Step> {
    cases(&with_steps(text)).remove(0).steps
}

#[track_caller]
fn faults(text: &str) -> Vec<Fault> {
    read(text).errors.into_iter().map(|e| e.fault).collect()
}

fn expect(mark: Mark, outcome: Outcome, then: Option<Vec<Step>>) -> Alternative {
    Alternative {
        mark,
        outcomes: vec![outcome],
        then,
    }
}

#[test]
fn branches_belong_to_their_alternative() {
    let steps = steps(
        "  < pong \"a\"\n  ~ text \"b\" \"why\"\n    < pong \"a\"\n      > eof\n  ? eof \"other\"\n  > reset\n",
    );
    let pong = || Outcome::Pong(Payload::text("a"));
    let inner = expect(Mark::Required, pong(), Some(vec![Step::Send(Send::Eof)]));
    let tolerated = expect(
        Mark::Tolerated("why".into()),
        Outcome::Text(Payload::text("b"), 1),
        Some(vec![Step::Expect(vec![inner])]),
    );
    let other = expect(Mark::NotApplicable("other".into()), Outcome::Eof, None);
    assert_eq!(
        steps,
        [
            Step::Expect(vec![expect(Mark::Required, pong(), None), tolerated, other]),
            Step::Send(Send::Reset),
        ]
    );
}

#[test]
fn the_last_string_of_an_alternative_is_the_why() {
    let why = |line: &str| match &steps(&format!("  < eof\n  {line}\n"))[0] {
        Step::Expect(alternatives) => alternatives[1].clone(),
        step => panic!("{step:?}"),
    };
    let ping = why(r#"~ ping "w""#);
    assert_eq!(
        ping,
        expect(Mark::Tolerated("w".into()), Outcome::Ping(None), None)
    );
    let close = why(r#"~ close 1000 "reason" "w""#);
    let reason = Some(Payload::text("reason"));
    let wanted = Outcome::Close(CloseWanted::Code(1000, reason));
    assert_eq!(close, expect(Mark::Tolerated("w".into()), wanted, None));
    for line in [
        r#"~ text "a" + "b""#,
        r#"~ text x"00""#,
        r#"~ text "a"*2"#,
        "~ eof",
        r#"~ eof"w""#,
    ] {
        let faults = faults(&with_steps(&format!("  < eof\n  {line}\n")));
        assert_eq!(faults, [Fault::NoWhy], "{line}");
    }
}

#[test]
fn rows_make_cases_and_empty_cells_leave_lines_out() {
    let text = r#"
case code
  title: Code {code} is {what}
  checks: 6455-7.4.1-1
  level: {level}

  > close {code} {reason}
  < {answer}
  ~ {tolerated} "{what}"
    < eof
  < {more}
    > pause
  ~ eof "belongs to the line left out"
  > request
    {header}
    Host: {what}
  | code | reason | answer     | tolerated | more | header | level  | what | role   |
  | 1000 |        | close 1000 | close     | eof  | A: b   |        | fine | client |
  | 1005 | "x"    | fail 1002  |           |      |        | should | {}   |        |
"#;
    let cases = cases(text);
    let ids: Vec<_> = cases.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["test/code[1000]", "test/code[1005]"]);
    assert_eq!(cases[1].title, "Code 1005 is {}");
    assert_eq!(
        (cases[0].level, cases[1].level),
        (None, Some(Level::Should))
    );
    assert_eq!((cases[0].role, cases[1].role), (Some(Role::Client), None));
    let first = print::steps(&cases[0].steps, 0);
    let expected = "> close 1000\n< close 1000\n~ close \"fine\"\n  < eof\n< eof\n  > pause\n\
        ~ eof \"belongs to the line left out\"\n> request\n  A: b\n  Host: fine\n";
    assert_eq!(first, expected);
    let second = print::steps(&cases[1].steps, 0);
    assert_eq!(
        second,
        "> close 1005 \"x\"\n< fail 1002\n> request\n  Host: {{}}\n"
    );
}

#[test]
fn an_error_in_a_cell_points_into_the_cell() {
    let text =
        with_steps("  > text {p} fin=0\n  | n | p |\n  | a | \"x\" |\n  | b | ascii(oops) |\n");
    let document = read(&text);
    assert_eq!(document.cases.len(), 1);
    let [error] = &document.errors[..] else {
        panic!("{:?}", document.errors)
    };
    assert_eq!(&text[error.place.span.clone()], "oops");
    let (also, _) = error.place.also.clone().expect("the placeholder");
    assert_eq!(&text[also], "{p}");
    assert_eq!(error.position(), (7, 15));
}

#[test]
fn braces_are_columns_or_doubled_or_an_escape() {
    let steps = steps("  > text \"\\u{41}\\x7b{{}}\"\n");
    let Step::Send(Send::Frame(frame)) = &steps[0] else {
        panic!("{steps:?}")
    };
    assert_eq!(frame.body, Body::Data(1, Payload::text("A{{}")));
    assert_eq!(faults(&with_steps("  > text \"{\"\n")), [Fault::LoneBrace]);
    assert!(matches!(
        faults(&with_steps("  > text {x}\n"))[..],
        [Fault::UnknownColumn(..)]
    ));
}

#[test]
fn a_dollar_names_a_value_in_a_handshake_only() {
    let good = "  > text \"$x\"\n  > request target=\"$target?$$x\"\n    A: $accept.short.$accept\n    = \"$host\\r\\n\"\n";
    assert_eq!(steps(good).len(), 2);
    for (line, name) in [
        ("> request\n    A: b $kee", "`$kee`"),
        ("> request line=\"a$\"", "`$`"),
        ("> request\n    = \"$accept.flippd\"", "`$accept.flippd`"),
        ("< request\n    A: $nothing", "`$nothing`"),
    ] {
        let faults = faults(&with_steps(&format!("  {line}\n")));
        assert!(
            matches!(&faults[..], [Fault::UnknownValue(n, _)] if n == name),
            "{faults:?}"
        );
    }
}

#[test]
fn a_cell_cannot_make_a_header_that_prints_as_a_comment() {
    let faults = faults(&with_steps(
        "  > request\n    {h}\n  | n | h |\n  | 1 | #a: b |\n",
    ));
    assert_eq!(faults, [Fault::HeaderName("`#a`".into())]);
}

#[test]
fn generated_payloads_join_and_repeat() {
    let steps = steps("  > bytes \"a\"*125 + x\"00 fF1e\" + utf8(7) cut=3\n");
    let Step::Send(Send::Bytes(payload, cut)) = &steps[0] else {
        panic!("{steps:?}")
    };
    assert_eq!((payload.len(), *cut), (135, Cut::At(3)));
    assert_eq!(payload.0[1].what, What::Hex(vec![0, 0xff, 0x1e]));
}

#[test]
fn every_error_of_a_file_is_told_once() {
    let text = "case a\n  title: A\n  checks: 6455-5.5.2-2\n  > txet\n  < pnog \"\"\n  | n |\n  | 1 |\n  | 2 |\n\
        case b\n  checks: 6455-5.5.2-2\n";
    let faults = faults(text);
    assert_eq!(faults.len(), 3, "{faults:?}");
}

#[test]
fn ids_are_unique_in_a_file() {
    let one = with_steps("  > ping\n");
    let taken = Fault::DuplicateCase("test/a".into());
    assert_eq!(faults(&format!("{one}{one}")), [taken]);
}

#[test]
fn hostile_files_end_in_an_error() {
    let deep: String = (0..=MAX_DEPTH + 1)
        .map(|n| format!("{:width$}< eof\n", "", width = 2 + 2 * n))
        .collect();
    assert_eq!(faults(&with_steps(&deep)), [Fault::TooDeep]);

    let huge = "#".repeat(MAX_FILE + 1);
    assert_eq!(faults(&huge), [Fault::FileSize]);

    let rows: String = (0..=document::MAX_CASES)
        .map(|n| format!("  | {n} |\n"))
        .collect();
    let many = faults(&with_steps(&format!("  > ping\n  | n |\n{rows}")));
    assert_eq!(many, [Fault::TooManyCases]);

    let grown = format!(
        "  > text {}\n  | a | b |\n  | 1 | {} |\n",
        "{b}".repeat(2000),
        "x".repeat(100_000)
    );
    assert_eq!(faults(&with_steps(&grown)), [Fault::TooMuchText]);

    for (line, fault) in [
        ("> text \"a\"*4000000000", Fault::PayloadSize),
        ("> text ascii(67108864) + \"a\"", Fault::PayloadSize),
        ("> text ascii(67108864) frag=1", Fault::TooManyPieces),
        ("> text ascii(67108864) chop=1", Fault::TooManyPieces),
        (
            "> request body=ascii(67108864) chop=1",
            Fault::TooManyPieces,
        ),
        ("> text ascii(67108864) times=5", Fault::TooMuchSent),
        ("< text ascii(67108864) times=5", Fault::TooManyOctets),
    ] {
        assert_eq!(
            faults(&with_steps(&format!("  {line}\n"))),
            [fault],
            "{line}"
        );
    }
}

#[test]
fn what_does_not_print_is_refused_and_not_repeated() {
    let text = with_steps("  > text \"\u{1b}[31m\n\u{202e}\u{9b}\n \u{9b}\n \u{200d}\n\tx\"\n");
    let document = Document::parse("a\u{1b}b.wire", "test", text.as_bytes());
    assert_eq!(document.errors.len(), 5);
    for error in &document.errors {
        let told = format!("{error}\n{}", error.render(false));
        let bad: Vec<_> = told
            .chars()
            .filter(|c| *c != '\n' && crate::escape::is_hostile(*c))
            .collect();
        assert!(bad.is_empty(), "{told:?}");
    }
    let broken = [with_steps("  > text \"").as_bytes(), b"\xff\"\n"].concat();
    let document = Document::parse("t", "t", &broken);
    assert_eq!(document.errors[0].fault, Fault::Encoding);
}

#[test]
fn line_ends_of_other_systems_are_line_ends() {
    let text = with_steps("  > ping\n  < pong \"\"\n");
    assert_eq!(cases(&text.replace('\n', "\r\n")), cases(&text));
}

#[test]
fn frames_that_came_are_shown_as_steps() {
    let frame = |opcode, fin, rsv, key, form, length, payload: &[u8]| crate::wire::frame::Frame {
        header: Header {
            fin,
            rsv,
            opcode: Opcode::new(opcode),
            key,
            form,
            length,
        },
        payload: payload.to_vec().into(),
    };
    let plain = |opcode, payload: &[u8]| {
        let length = payload.len() as u64;
        frame(
            opcode,
            true,
            [false; 3],
            None,
            Form::shortest(length),
            length,
            payload,
        )
    };
    for (frame, shown) in [
        (plain(1, b"a\xff"), r#"text "a\xff""#),
        (plain(2, b"plain"), r#"binary "plain""#),
        (plain(2, b"\x00\x01"), r#"binary x"00 01""#),
        (plain(9, b""), "ping"),
        (plain(3, b"a"), r#"op=3 "a""#),
        (plain(8, b""), "close"),
        (plain(8, b"\x03\xe8"), "close 1000"),
        (plain(8, b"\x03\xe8bye"), r#"close 1000 "bye""#),
        (plain(8, b"\x03"), r#"op=8 x"03""#),
        (
            frame(0, false, [true, false, true], None, Form::Seven, 1, b"a"),
            r#"cont "a" fin=0 rsv1 rsv3"#,
        ),
        (
            frame(1, true, [false; 3], Some([0; 4]), Form::Sixteen, 1, b"a"),
            r#"text "a" masked form=16"#,
        ),
        (
            frame(1, true, [false; 3], None, Form::SixtyFour, 1 << 40, b"a"),
            r#"text "a" length=0x10000000000"#,
        ),
    ] {
        assert_eq!(print::frame(&frame, Role::Server), shown);
    }
    assert_eq!(print::frame(&plain(10, b""), Role::Client), "pong unmasked");
    let masked = frame(10, true, [false; 3], Some([1; 4]), Form::Seven, 0, b"");
    assert_eq!(print::frame(&masked, Role::Client), "pong");
}

#[test]
fn an_error_draws_the_lines_that_it_is_about_and_no_more() {
    let far = "  # nothing\n".repeat(10_000);
    let text = with_steps(&format!(
        "  > text {{p}}\n{far}  | n | p |\n  | 1 | oops |\n"
    ));
    let told = read(&text).errors[0].render(false);
    assert!(told.contains("10006 |   | 1 | oops |"), "{told}");
    assert!(!told.contains("it is put in here"), "{told}");
}

#[test]
fn what_came_is_shown_safely_and_shortly() {
    let long = print::octets("aä".repeat(40).as_bytes(), true);
    assert!(
        long.starts_with(&format!("\"{}a\"... (120 octets", "aä".repeat(10))),
        "{long}"
    );

    assert_eq!(
        print::octets(b"plain \"quote\"", false),
        r#""plain \"quote\"""#
    );
    assert_eq!(print::octets(b"\x00\xff", false), r#"x"00 ff""#);
    assert_eq!(
        print::octets("a\u{202e}\u{1b}\u{1f600}\n".as_bytes(), true),
        "\"a\\u{202e}\\x1b😀\\n\""
    );
    let long = print::octets(&[b'a'; 65536], true);
    assert_eq!(
        long,
        format!(
            "\"{}\"... (65536 octets, sha1 79db5888b5d38e10afbdbd14a19cd1caa9044c65)",
            "a".repeat(32)
        )
    );
    let send = Send::Bytes(Payload::one(What::Hex(vec![7; 101])), Cut::Whole);
    assert!(format!("{send:#}").starts_with("bytes x\"07 07"));
    assert!(format!("{send:#}").contains("... (101 octets, sha1 "));
    assert_eq!(format!("{send}").len(), "bytes x\"\"".len() + 101 * 3 - 1);
    assert_eq!(print::header_line("A", b"b $c"), "A: b $$c");
    assert_eq!(print::header_line("A b", b"\x1b"), r#"= "A b: \x1b\r\n""#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_case_that_is_printed_parses_to_itself(case in strategy::case()) {
        let text = print::case(&case);
        let parsed = Document::only("folder/file", &text).map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(|e| e.render(false)).collect();
            TestCaseError::fail(format!("{text}\n{}", errors.join("\n")))
        })?;
        prop_assert_eq!(&parsed, &case, "{}", text);
    }

    #[test]
    fn arbitrary_octets_are_read(octets in vec(any::<u8>(), 0..400)) {
        fuzz::notation(&octets);
    }

    #[test]
    fn text_like_a_case_is_read(lines in vec(like_a_line(), 0..30), rows in vec(vec(like_a_word(), 3), 0..4)) {
        let mut text = format!("case a\n  title: t\n  checks: 6455-5.5.2-2\n{}", lines.join("\n"));
        for (n, row) in rows.iter().enumerate() {
            let head = if n == 0 { "n | a | b | c".into() } else { format!("{n} | {}", row.join(" | ")) };
            text.push_str(&format!("\n  | {head} |"));
        }
        fuzz::notation(text.as_bytes());
    }

    #[test]
    fn one_step_between_good_ones_is_read(words in vec(like_a_word(), 0..4), mark in select(&["> ", "< ", "~ ", "> request\n    ", "< response 101\n    "][..])) {
        let text = with_steps(&format!("  > ping\n  < pong \"\"\n  {mark}{}\n  < eof\n", words.join(" ")));
        fuzz::notation(text.as_bytes());
    }

    #[test]
    fn what_is_printed_of_octets_prints(octets in vec(any::<u8>(), 0..200), text: bool) {
        prop_assert!(print::octets(&octets, text).chars().all(|c| !crate::escape::is_hostile(c)));
    }
}

/// A word of the notation, or none.
fn like_a_word() -> impl Strategy<Value = String> {
    let known = select(
        &[
            ">",
            "<",
            "~",
            "?",
            "|",
            "case",
            "or",
            "+",
            "-",
            "=",
            "*",
            "\"",
            "\"a\"",
            "x\"0\"",
            "x\"00\"",
            "{a}",
            "{b}",
            "{",
            "}",
            "{{",
            "}}",
            "ascii(",
            "utf8(3)",
            "text",
            "binary",
            "close",
            "1000",
            "fail",
            "request",
            "response",
            "101",
            "4xx",
            "refusal",
            "silence",
            "1s",
            "fin=0",
            "key=",
            "length=0x",
            "op=3",
            "Name:",
            "#n:",
            "|n:",
            "~: x",
            "$key",
            "$x",
            "$$",
            "title:",
            "role:",
            "server",
            "#",
            "ä",
            "\\u{41}",
            "\\u{",
            "\\x",
            "times=",
            "chop=1",
            "eof",
            "\"why\"",
            "method=\"$$\"",
            "body=\"\"",
            "\"a\" + x\"\"",
        ][..],
    );
    prop_oneof![
        8 => known.prop_map(String::from),
        1 => any::<String>(),
        1 => Just(String::new()),
    ]
}

/// Words of the notation in any order.
fn like_a_line() -> impl Strategy<Value = String> {
    (0usize..8, vec(like_a_word(), 0..7), any::<bool>()).prop_map(|(indent, words, tight)| {
        format!("{:indent$}{}", "", words.join(if tight { "" } else { " " }))
    })
}
