//! The pages in a real browser. `tests/pages/run` gets Chromium where it is missing, and runs what is ignored here.

#[path = "../common/mod.rs"]
mod common;

mod chromium;

use std::{
    fs,
    path::{Path, PathBuf},
};

use chromium::{Chromium, Look, Page};
use common::{ran, reference, reported, ws};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A text that does what it can.
const HOSTILE: &str = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>\u{1b}[31mred\u{1b}]0;t\u{7}\u{202e}";
/// What a reader is to see of it.
const SHOWN: &str = r"<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>\x1b[31mred\x1b]0;t\x07\u{202e}";

const LOOKS: [Look; 8] = {
    let mut looks = [Look {
        width: 1280,
        dark: false,
        script: true,
    }; 8];
    let mut at = 0;
    while at < 8 {
        looks[at].width = if at & 1 == 0 { 1280 } else { 400 };
        looks[at].dark = at & 2 != 0;
        looks[at].script = at & 4 == 0;
        at += 1;
    }
    looks
};

const PLAIN: Look = LOOKS[0];

/// The three pages of runs against a server with faults, one of them full of hostile texts.
struct Pages {
    folder: TempDir,
}

impl Pages {
    fn new() -> Pages {
        let pages = Pages {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let faults = ["answers-ping-with-empty-pong", "masks-pongs"];
        for (name, fault) in ["one.json", "two.json"].into_iter().zip(faults) {
            let url = ws(reference(Some(fault)));
            let (_, report) = reported(&[&url, "control/*", "close/codes/*"]);
            assert!(report.summary.verdicts.fail > 0, "{fault}");
            let mut report = serde_json::to_value(report).expect("JSON");
            if name == "one.json" {
                poison(&mut report);
            }
            fs::write(pages.path(name), report.to_string()).expect("a file");
        }
        for (page, words) in [
            ("report.html", &["one.json"][..]),
            ("compare.html", &["two.json", "one.json"]),
            ("matrix.html", &["--matrix", "one.json", "two.json"]),
        ] {
            let html = format!("html={}", pages.path(page).display());
            let words = words.iter().map(|word| match word.strip_suffix(".json") {
                Some(_) => pages.path(word).display().to_string(),
                None => (*word).to_owned(),
            });
            let words: Vec<String> = ["report".to_owned(), "--report".to_owned(), html]
                .into_iter()
                .chain(words)
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let ran = ran(&words);
            assert_eq!(ran.code, Some(0), "{}", ran.err);
        }
        pages
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }
}

/// Writes the hostile text wherever a target has a say, and into a failing case that stands open to the reader.
fn poison(report: &mut Value) {
    let cases = report["cases"].as_array_mut().expect("cases");
    let last = cases.iter_mut().rfind(|case| case["verdict"] == "fail");
    last.expect("a failure")["known"] =
        json!({ "at": HOSTILE, "says": "fail", "reason": HOSTILE, "holds": true });
    for case in cases.iter_mut().filter(|case| case["verdict"] == "fail") {
        case["reason"] = HOSTILE.into();
        for finding in case["findings"].as_array_mut().expect("findings") {
            for key in ["what", "received", "octets"] {
                finding[key] = HOSTILE.into();
            }
        }
        for line in case["transcript"].as_array_mut().expect("lines") {
            line["text"] = format!("{HOSTILE}{}", "wide".repeat(200)).into();
        }
    }
    for breach in report["breaches"].as_array_mut().expect("breaches") {
        breach["what"] = HOSTILE.into();
        breach["received"] = "x".repeat(900).into();
    }
    report["target"]["headers"] = json!([HOSTILE]);
    report["target"]["url"] = format!("ws://127.0.0.1/{HOSTILE}").into();
}

fn failing() -> &'static str {
    "[...document.querySelectorAll('details.case.is-fail:not(.known)')]"
}

/// What holds of each page, however it is looked at.
async fn is_sound(page: &mut Page<'_>, look: Look, at: &str) {
    let wide = "document.documentElement.scrollWidth - innerWidth";
    assert!(page.ask(wide).await.as_i64() <= Some(0), "{at}: too wide");
    // Folded parts are as wide as what they show.
    page.ask("document.querySelectorAll('details').forEach((one, at) => { if (at < 300) one.open = true; })")
        .await;
    assert!(
        page.ask(wide).await.as_i64() <= Some(0),
        "{at}: too wide when unfolded"
    );
    assert_eq!(page.ask("window.owned === undefined").await, true, "{at}");
    let scripts = "document.querySelectorAll('script, img, iframe, object, link').length";
    assert_eq!(page.ask(scripts).await, 1, "{at}: its own script alone");
    assert_eq!(
        page.ask("performance.getEntriesByType('resource').length")
            .await,
        0,
        "{at}: loads something"
    );
    let hidden = r"/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.textContent)";
    assert_eq!(page.ask(hidden).await, false, "{at}: control characters");
    let shown = format!("document.body.textContent.includes({})", json!(SHOWN));
    assert_eq!(page.ask(&shown).await, true, "{at}: the text is not there");
    assert_eq!(
        page.ask("document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')].map((one) => one.id)).size").await,
        true,
        "{at}: an id twice"
    );
    let tools = "getComputedStyle(document.getElementById('tools')).display !== 'none'";
    assert_eq!(page.ask(tools).await, look.script, "{at}: tools");
    let dim = page.ask(CONTRAST).await;
    assert_eq!(dim, json!([]), "{at}: hard to read");
}

/// Texts whose contrast is below 4.5 to 1 (WCAG 2, 1.4.3); what only fills an empty place (`zero`) is no text to read.
const CONTRAST: &str = r"(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const over = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const dim = new Set();
  for (const one of [...document.querySelectorAll('body *')].slice(0, 6000)) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !one.checkVisibility() || one.closest('.zero, svg, script')) continue;
    const grounds = [];
    for (let up = one; up; up = up.parentElement) grounds.unshift(getComputedStyle(up).backgroundColor);
    const [text, ground] = [over([...grounds, getComputedStyle(one).color]), over(grounds)].map(light);
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (ratio < 4.5) dim.add(`${one.tagName}.${one.className} ${ratio.toFixed(2)}`);
  }
  return [...dim];
})()";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: tests/pages/run"]
async fn pages_stand_in_each_look() {
    let (pages, mut chromium) = (Pages::new(), Chromium::start().await);
    for name in ["report.html", "compare.html", "matrix.html"] {
        for look in LOOKS {
            let at = format!("{name}, {look:?}");
            let mut page = chromium.open(&pages.url(name), look).await;
            is_sound(&mut page, look, &at).await;
            page.close().await;
            assert!(
                chromium.complaints.is_empty(),
                "{at}: {:?}",
                chromium.complaints
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: tests/pages/run"]
async fn a_reader_searches_filters_and_unfolds() {
    let (pages, mut chromium) = (Pages::new(), Chromium::start().await);
    let mut page = chromium.open(&pages.url("report.html"), PLAIN).await;
    let all = page
        .ask("document.querySelectorAll('details.case').length")
        .await;
    let count = |wanted: &Value| {
        format!("document.getElementById('shown').textContent === `{wanted} of {all} cases`")
    };
    let visible = "[...document.querySelectorAll('details.case')].filter((one) => one.checkVisibility({ contentVisibilityAuto: false }))";

    page.press("/").await;
    page.sees("document.activeElement.id === 'search'").await;
    page.write("close codes 1000").await;
    page.sees("document.getElementById('shown').textContent.includes(' of ')")
        .await;
    let found = page.ask("[...document.querySelectorAll('details.case:not([hidden])')].map((one) => one.querySelector('summary').textContent)").await;
    let found = found.as_array().expect("a list");
    assert!(!found.is_empty());
    for one in found {
        let words = one.as_str().expect("a text").to_lowercase();
        assert!(
            ["close", "codes", "1000"].iter().all(|w| words.contains(w)),
            "{words}"
        );
    }
    page.sees(&count(&found.len().into())).await;
    // What is found can be seen, also where it was folded.
    let seen = page.ask(&format!("{visible}.length")).await;
    assert_eq!(seen, found.len());
    page.press("Escape").await;
    page.sees(&format!(
        "document.getElementById('shown').textContent === '{all} cases'"
    ))
    .await;

    page.click("#show-pass").await;
    let without = page
        .ask("document.querySelectorAll('details.case:not(.is-pass)').length")
        .await;
    page.sees(&count(&without)).await;
    page.sees(
        "![...document.querySelectorAll('details.is-pass')].some((one) => one.checkVisibility())",
    )
    .await;
    // A link leads to a case that is filtered out, all the same.
    page.ask("location.hash = document.querySelector('details.case.is-pass').id.split('/').map(encodeURIComponent).join('/'); 0")
        .await;
    page.sees("document.getElementById('show-pass').checked")
        .await;
    page.sees("document.querySelector('details.case.is-pass').open")
        .await;
    page.sees("(() => { const { top } = document.querySelector('details.case.is-pass').getBoundingClientRect(); \
               return top >= document.getElementById('tools').getBoundingClientRect().bottom - 1 && top < innerHeight; })()").await;

    page.click("#unfold").await;
    page.sees(&format!(
        "{}.some((one) => one.open && !one.closest('details.fold'))",
        failing()
    ))
    .await;
    // What is known is no failure to look at.
    page.sees("!document.querySelector('details.case.known').open")
        .await;
    page.click("#unfold").await;
    page.sees(&format!("{}.every((one) => !one.open)", failing()))
        .await;
    page.close().await;
    assert!(chromium.complaints.is_empty(), "{:?}", chromium.complaints);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: tests/pages/run"]
async fn without_a_script_all_of_it_can_be_read() {
    let (pages, mut chromium) = (Pages::new(), Chromium::start().await);
    let look = Look {
        script: false,
        ..PLAIN
    };
    let mut page = chromium.open(&pages.url("report.html"), look).await;
    let first = "document.querySelector('details.case.is-fail')";
    page.click("details.case.is-fail > summary").await;
    page.sees(&format!("{first}.open")).await;
    for part in [".finding", ".exchange .say", ".hex", ".command code"] {
        page.sees(&format!("{first}.querySelector('{part}') !== null"))
            .await;
    }
    // With the keyboard alone: a summary takes the focus, and Enter folds it.
    page.ask(&format!("{first}.querySelector('summary').focus()"))
        .await;
    page.press("Enter").await;
    page.sees(&format!("!{first}.open")).await;
    page.click("#show-fail").await;
    page.sees(&format!(
        "{}.every((one) => !one.checkVisibility())",
        failing()
    ))
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: tests/pages/run"]
async fn it_prints_with_its_failures_open() {
    let (pages, mut chromium) = (Pages::new(), Chromium::start().await);
    let mut page = chromium.open(&pages.url("report.html"), PLAIN).await;
    let closed = page.printed().await;
    assert!(closed.starts_with("JVBERi"), "no PDF: {closed:.20}");
    page.ask("dispatchEvent(new Event('beforeprint'))").await;
    page.sees(&format!("{}.every((one) => one.open)", failing()))
        .await;
    page.ask("dispatchEvent(new Event('afterprint'))").await;
    page.sees(&format!("{}.every((one) => !one.open)", failing()))
        .await;
    page.as_print().await;
    page.sees("getComputedStyle(document.getElementById('tools')).display === 'none'")
        .await;
    page.close().await;
}
