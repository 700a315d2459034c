//! The views for other programs: held against files, and read back by parsers that know nothing of us.

use std::collections::HashSet;

use data_encoding::BASE64;
use html5gum::{Token, Tokenizer};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};
use quick_xml::{Reader, XmlVersion, events::Event as Xml};
use serde_json::Value;
use sha2::{Digest, Sha256};
use wsspec::{
    report::{MeasuredCase, NO_ECHO, Page, Report, Standing, Summary},
    session::Verdict,
};

use crate::{hostile::hostile_report, same, sample::sample, view};

fn piped(name: &str, report: &Report) -> String {
    view(name, report, Page::PIPE)
}

#[test]
fn a_breach_whose_cases_are_all_known_is_told_as_known() {
    let mut report = sample();
    let of = |view: &str, report: &Report| piped(view, report);
    for view in ["html", "table", "markdown"] {
        let told = of(view, &report);
        assert!(!told.contains("is known"), "{view}\n{told}");
    }
    let foreseen = wsspec::report::Foreseen {
        at: "known.txt:1".into(),
        says: "fail".into(),
        reason: "why".into(),
        holds: true,
    };
    for case in report.cases.iter_mut() {
        case.known = (case.verdict == Verdict::Fail).then(|| foreseen.clone());
    }
    assert!(!report.breaches.is_empty());
    assert!(of("html", &report).contains("class=\"breach must known\""));
    for (view, word) in [
        ("table", "; each is known"),
        ("markdown", "; each is known"),
    ] {
        let told = of(view, &report);
        assert_eq!(
            told.matches(word).count(),
            report.breaches.len(),
            "{view}\n{told}"
        );
    }
}

#[test]
fn views_for_other_programs() {
    let report = sample();
    same(
        piped("html", &report),
        snapbox::file!["../golden/report/report.html": Text],
    );
    same(
        piped("markdown", &report),
        snapbox::file!["../golden/report/report.md"],
    );
    same(
        piped("junit", &report),
        snapbox::file!["../golden/report/junit.xml": Text],
    );
    same(
        piped("tap", &report),
        snapbox::file!["../golden/report/report.tap": Text],
    );
    same(
        piped("github", &report),
        snapbox::file!["../golden/report/github.txt"],
    );
    same(
        piped("sarif", &report),
        snapbox::file!["../golden/report/report.sarif": Text],
    );
    same(
        piped("csv", &report),
        snapbox::file!["../golden/report/report.csv": Text],
    );
    same(
        piped("badge-json", &report),
        snapbox::file!["../golden/report/badge.json": Text],
    );
    same(
        piped("badge-svg", &report),
        snapbox::file!["../golden/report/badge.svg": Text],
    );
}

/// A run that came to its end, with these cases of the sample left.
fn whole(keep: impl Fn(Standing) -> bool) -> Report {
    let mut report = sample();
    (report.lost, report.stopped) = (vec![], None);
    let gate = report.gate.clone();
    report.keep(|case| keep(gate.standing(case)));
    report
}

#[test]
fn badges_say_what_the_exit_code_says() {
    let badge = |report: &Report| {
        let json: Value = serde_json::from_str(&piped("badge-json", report)).expect("JSON");
        let svg = piped("badge-svg", report);
        let message = json["message"].as_str().expect("a message").to_owned();
        assert!(
            svg.contains(&format!("<title>RFC 6455: {message}</title>")),
            "{svg}"
        );
        (
            message,
            json["color"].as_str().expect("a colour").to_owned(),
        )
    };
    let expected = |message: &str, colour: &str| (message.to_owned(), colour.to_owned());
    assert_eq!(badge(&sample()), expected("no result", "lightgrey"));
    assert_eq!(badge(&whole(|_| true)), expected("5 of 15 fail", "red"));
    let good = whole(|standing| standing == Standing::Good);
    assert_eq!(badge(&good), expected("2 cases conform", "brightgreen"));
    assert_eq!(
        badge(&whole(|s| s == Standing::Open)),
        expected("no result", "lightgrey")
    );
    assert_eq!(
        badge(&whole(|s| s == Standing::Broken)),
        expected("no result", "lightgrey")
    );
}

#[test]
fn every_view_says_that_the_target_does_not_echo() {
    let mut report = whole(|standing| standing == Standing::Good);
    report.cases[0].verdict = Verdict::NotApplicable;
    report.cases[0].reason = NO_ECHO.into();
    for (echo, told) in [(Some(false), true), (Some(true), false)] {
        report.target.echo = echo;
        for view in [
            "table", "markdown", "html", "github", "junit", "tap", "sarif",
        ] {
            let text = piped(view, &report).replace('\n', " ");
            let sentence = "The target does not send messages back: 1 of 2 cases";
            assert_eq!(text.contains(sentence), told, "{view}: {text}");
        }
    }
}

#[test]
fn a_command_with_values_left_out_says_that_they_have_to_be_filled_in() {
    let mut report = whole(|standing| standing == Standing::Bad);
    for view in ["text", "markdown", "html"] {
        let hint = "no report keeps it";
        assert!(!piped(view, &report).contains(hint), "{view}");
        report.cases[0].replay = "wsspec server ws://h --header 'Cookie: ...' a/b/c".into();
        assert!(piped(view, &report).contains(hint), "{view}");
        report.cases[0].replay.clear();
    }
}

/// Elements with the text of their attributes, and counts.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_comments = true;
    let mut elements = Vec::new();
    let mut depth = 0;
    loop {
        match reader.read_event().expect("well-formed") {
            Xml::Eof => break,
            event @ (Xml::Start(_) | Xml::Empty(_)) => {
                depth += i32::from(matches!(event, Xml::Start(_)));
                let (Xml::Start(element) | Xml::Empty(element)) = event else {
                    continue;
                };
                let name = String::from_utf8(element.name().0.to_vec()).expect("a name");
                let attributes = element.attributes().map(|attribute| {
                    let attribute = attribute.expect("well-formed");
                    let key = String::from_utf8(attribute.key.0.to_vec()).expect("a name");
                    (
                        key,
                        attribute
                            .normalized_value(XmlVersion::Implicit1_0)
                            .expect("known entities")
                            .into_owned(),
                    )
                });
                elements.push((name, attributes.collect()));
            }
            Xml::End(_) => depth -= 1,
            Xml::Text(text) => {
                text.xml_content(XmlVersion::Implicit1_0).expect("UTF-8");
            }
            Xml::GeneralRef(_) | Xml::Decl(_) => {}
            other => panic!("only elements and text: {other:?}"),
        }
    }
    assert_eq!(depth, 0);
    // XML 1.0, section 2.2.
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(allowed));
    elements
}

fn count(elements: &[(String, Vec<(String, String)>)], name: &str) -> usize {
    elements
        .iter()
        .filter(|(element, _)| element == name)
        .count()
}

#[test]
fn junit_is_red_where_the_exit_code_is_not_0() {
    let red = |report: &Report| {
        let elements = elements(&piped("junit", report));
        count(&elements, "failure") + count(&elements, "error")
    };
    assert_eq!(red(&whole(|standing| standing == Standing::Good)), 0);
    assert_eq!(
        red(&whole(|standing| standing == Standing::Open)),
        1,
        "nothing was shown"
    );
    assert_eq!(red(&whole(|_| true)), 6);
    assert_eq!(red(&sample()), 7, "and the target was lost");
    let mut mays = whole(|standing| matches!(standing, Standing::Good | Standing::Bad));
    mays.cases
        .iter_mut()
        .for_each(|case| case.level = wsspec::case::Level::May);
    mays.summary = Summary::of(&mays.cases);
    assert_eq!(red(&mays), 0);
    assert_eq!(count(&elements(&piped("junit", &mays)), "skipped"), 5);
}

/// What the elements that this suite writes itself look like.
fn is_ours(html: &str) -> bool {
    let text = html.trim();
    ["<details>", "</details>", "<!-- -->"].contains(&text)
        || text
            .replace(" open>", ">")
            .starts_with("<details><summary>")
            && text.ends_with("</summary>")
}

/// Start tags with their attributes; there is no comment, no error of the HTML standard, and tags are balanced.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).expect("UTF-8");
    let (mut tags, mut open) = (Vec::new(), Vec::new());
    for token in Tokenizer::new(html).flatten() {
        match token {
            Token::StartTag(tag) => {
                let name = text(&tag.name);
                if !["meta", "input"].contains(&name.as_str()) && !tag.self_closing {
                    open.push(name.clone());
                }
                let attributes = tag
                    .attributes
                    .iter()
                    .map(|(name, value)| (text(name), text(value)));
                tags.push((name, attributes.collect()));
            }
            Token::EndTag(tag) => assert_eq!(open.pop(), Some(text(&tag.name))),
            Token::String(_) | Token::Doctype(_) => {}
            Token::Comment(_) | Token::Error(_) => panic!("{token:?}"),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    tags
}

/// A page is ours alone: known tags and attributes, links into itself and to the RFCs, nothing else to load.
pub fn is_our_page(html: &str) -> Result<(), TestCaseError> {
    const TAGS: &[&str] = &[
        "html", "head", "meta", "title", "style", "body", "script", "a", "header", "main",
        "footer", "section", "div", "span", "b", "p", "h1", "h2", "h3", "h4", "small", "code",
        "pre", "dl", "dt", "dd", "ul", "li", "label", "input", "button", "details", "summary",
        "svg", "rect", "table", "thead", "tbody", "tfoot", "tr", "th", "td",
    ];
    const ATTRIBUTES: &[&str] = &[
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "href",
        "rel",
        "class",
        "id",
        "role",
        "aria-label",
        "aria-pressed",
        "type",
        "checked",
        "disabled",
        "hidden",
        "title",
        "placeholder",
        "autocomplete",
        "spellcheck",
        "scope",
        "data-is",
        "viewbox",
        "preserveaspectratio",
        "x",
        "width",
        "height",
    ];
    let (mut scripts, mut styles) = (0, 0);
    for (name, attributes) in tags(html) {
        prop_assert!(TAGS.contains(&name.as_str()), "{}", name);
        scripts += usize::from(name == "script");
        styles += usize::from(name == "style");
        for (attribute, value) in attributes {
            prop_assert!(ATTRIBUTES.contains(&attribute.as_str()), "{}", attribute);
            if attribute == "href" {
                let rfc = value.strip_prefix("https://www.rfc-editor.org/rfc/rfc");
                let digits = |rest: &str| {
                    rest.chars()
                        .all(|c| c.is_ascii_digit() || c == '.' || "html#section-".contains(c))
                };
                prop_assert!(
                    value.starts_with('#') || rfc.is_some_and(digits),
                    "{}",
                    value
                );
            }
            if attribute == "class" {
                prop_assert!(
                    value
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c == '-' || c == ' '),
                    "{}",
                    value
                );
            }
        }
    }
    prop_assert_eq!((scripts, styles), (1, 1));
    Ok(())
}

/// The text between the tags of this name; there is one such element.
fn element<'h>(html: &'h str, name: &str) -> &'h str {
    let (_, rest) = html.split_once(&format!("<{name}>")).expect("it begins");
    rest.split_once(&format!("</{name}>")).expect("it ends").0
}

#[test]
fn the_policy_of_a_page_allows_its_style_and_script_alone() {
    let html = piped("html", &sample());
    let digest = |name| BASE64.encode(&Sha256::digest(element(&html, name)));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest("style"),
        digest("script")
    );
    let given = tags(&html)
        .into_iter()
        .flat_map(|(_, attributes)| attributes)
        .find(|(name, _)| name == "content");
    assert_eq!(given, Some(("content".into(), policy)));
    for text in [element(&html, "style"), element(&html, "script")] {
        assert!(
            !text.contains("url(")
                && !text.contains("@import")
                && !text.contains("://")
                && !text.contains("fetch")
        );
    }
}

#[test]
fn a_page_of_many_cases_stays_small() {
    let mut report = sample();
    let pass = report.cases[0].clone();
    let measured = report.measured.cases[0].clone();
    let line = pass.transcript[0].clone();
    for at in 0..3000 {
        let mut case = pass.clone();
        case.id = format!("framing/many/row[{at}]");
        case.transcript = vec![line.clone(); 400];
        case.transcript[0].text = "x".repeat(4000);
        let id = case.id.clone();
        report.measured.cases.push(MeasuredCase {
            id,
            ..measured.clone()
        });
        report.cases.push(case);
    }
    report.summary = Summary::of(&report.cases);
    let html = piped("html", &report);
    assert!(html.len() < 8 << 20, "{} octets", html.len());
    assert!(html.contains("id=\"case/framing/many/row[2999]\""));
    assert!(html.contains("# 386 more lines"));
}

/// Markdown with our markup alone: no link, no image, no HTML but ours.
pub fn is_our_markdown(markdown: &str) -> Result<(), TestCaseError> {
    let mut options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    options |= Options::ENABLE_FOOTNOTES | Options::ENABLE_MATH | Options::ENABLE_GFM;
    let (mut open, mut html) = (0i32, String::new());
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Html(text) => html.push_str(&text),
            Event::InlineHtml(text) => prop_assert!(is_ours(&text), "{}", text),
            Event::Start(
                Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough | Tag::Emphasis,
            ) => {
                prop_assert!(false, "{}", markdown);
            }
            Event::FootnoteReference(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::TaskListMarker(_) => {
                prop_assert!(false, "{}", markdown);
            }
            _ => {}
        }
    }
    for line in html.lines() {
        prop_assert!(is_ours(line) || line.is_empty(), "{}", line);
        open += line.matches("<details").count() as i32 - line.matches("</details>").count() as i32;
        let tags = line
            .replace("<!-- -->", "")
            .replace("<details open>", "<details>");
        for part in tags.split('<').skip(1) {
            let tag = part
                .split('>')
                .next()
                .unwrap_or_default()
                .trim_start_matches('/');
            prop_assert!(
                ["details", "summary", "b", "code"].contains(&tag),
                "{}",
                line
            );
        }
    }
    prop_assert_eq!(open, 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn xml_is_well_formed_and_has_our_elements_only(report in hostile_report()) {
        let junit = elements(&piped("junit", &report));
        let known = ["testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-out"];
        for (name, _) in &junit {
            prop_assert!(known.contains(&name.as_str()), "{}", name);
        }
        let cases = report.cases.len() + report.troubles().len();
        prop_assert_eq!(count(&junit, "testcase"), cases);
        let known: HashSet<&str> = ["svg", "title", "rect", "path", "g", "text"].into();
        for (name, _) in elements(&piped("badge-svg", &report)) {
            prop_assert!(known.contains(name.as_str()), "{}", name);
        }
    }

    #[test]
    fn a_page_is_ours_alone(report in hostile_report()) {
        is_our_page(&piped("html", &report))?;
    }

    #[test]
    fn json_is_json(report in hostile_report()) {
        for name in ["json", "sarif", "badge-json"] {
            serde_json::from_str::<Value>(&piped(name, &report)).expect("JSON");
        }
    }

    #[test]
    fn tap_has_a_point_for_each_case_and_nothing_else(report in hostile_report()) {
        let tap = piped("tap", &report);
        let mut lines = tap.lines();
        prop_assert_eq!(lines.next(), Some("TAP version 14"));
        prop_assert!(lines.next().is_some_and(|line| line.starts_with("# wsspec ")));
        prop_assert_eq!(lines.next(), Some(&*format!("1..{}", report.cases.len())));
        let mut points = 0;
        let mut block = false;
        for line in lines {
            match line {
                "  ---" => block = true,
                "  ..." => block = false,
                _ if block => {
                    let (key, value) = line.split_once(": ").expect("a key");
                    prop_assert!(key.starts_with("  ") && key.trim().chars().all(|c| c.is_ascii_lowercase()));
                    serde_json::from_str::<String>(value).expect("a scalar");
                }
                _ if line.starts_with("Bail out! ") => {}
                _ => {
                    points += 1;
                    let ok = line.strip_prefix("not ").unwrap_or(line);
                    let lead = format!("ok {points} - ");
                    prop_assert!(ok.starts_with(&lead), "{}", line);
                    let standing = report.standing(&report.cases[points - 1]);
                    let directive = ok.contains(" # SKIP ") || ok.contains(" # TODO ");
                    prop_assert_eq!(directive, matches!(standing, Standing::Open | Standing::Told | Standing::Known), "{}", line);
                }
            }
        }
        prop_assert_eq!(points, report.cases.len());
    }

    #[test]
    fn csv_has_a_line_for_each_case_and_no_formulas(report in hostile_report()) {
        let mut reader = csv::Reader::from_reader(std::io::Cursor::new(piped("csv", &report)));
        let columns = reader.headers().expect("a head").len();
        let records: Vec<_> = reader.records().collect::<Result<_, _>>().expect("as RFC 4180 has it");
        prop_assert_eq!(records.len(), report.cases.len());
        for record in records {
            prop_assert_eq!(record.len(), columns);
            for cell in &record {
                prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']), "{}", cell);
            }
        }
    }

    #[test]
    fn a_workflow_command_on_each_line(report in hostile_report()) {
        for line in piped("github", &report).lines() {
            let (head, _) = line[2..].split_once("::").expect("a command");
            prop_assert!(line.starts_with("::"), "{}", line);
            let (kind, title) = head.split_once(" title=").expect("a title");
            prop_assert!(["error", "warning", "notice"].contains(&kind), "{}", line);
            prop_assert!(!title.contains([':', ',']), "{}", line);
        }
    }

    #[test]
    fn markdown_has_no_markup_but_ours(report in hostile_report()) {
        is_our_markdown(&piped("markdown", &report))?;
    }
}
