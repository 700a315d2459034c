//! A case as it is told when its verdict is there: what was sent, expected and received, the rule, and the command that
//! plays it again. What was told once is not told in full again.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use anstyle::{Effects, Style};

use super::{
    Breach, Case, Crash, Exact, Finding, Gate, Line, Lost, MeasuredCase, Report, Rule, Standing,
    breach::Key,
    exact::Part,
    view::{Page, style, word, wrap},
};
use crate::{case::Level, escape, session::Verdict};

const BOLD: Style = Style::new().effects(Effects::BOLD);
const DIM: Style = Style::new().effects(Effects::DIMMED);

/// The most octets of a finding or line that are shown.
const OCTETS: usize = 48;
/// Columns before what a label is about.
const INDENT: usize = 12;
/// So many cases that only repeat what was told are told in a line each; the table counts the others.
const REPEATS: usize = 3;

/// Tells of cases, one after another.
#[derive(Debug)]
pub struct Teller {
    page: Page,
    transcripts: bool,
    /// What the cases are judged by.
    gate: Gate,
    /// Where each breach was told, and how many cases have only repeated it since.
    told: HashMap<Key, (String, usize)>,
}

impl Teller {
    /// Nothing has been told yet. `transcripts`: whether each case is followed by what was said.
    pub fn new(page: Page, transcripts: bool) -> Teller {
        Teller {
            page,
            transcripts,
            gate: Gate::default(),
            told: HashMap::new(),
        }
    }

    /// What warns by this gate is told as a warning, and what is known in a line.
    pub fn judging(mut self, gate: Gate) -> Teller {
        self.gate = gate;
        self
    }

    /// What there is to say of a case, with a line feed at its end; nothing, where it would be the same over and over.
    /// `rule` looks a rule up in words.
    pub fn case(
        &mut self,
        case: &Case,
        measured: &MeasuredCase,
        rule: impl Fn(&str) -> Option<Rule>,
    ) -> String {
        let whole = measured.restore(case);
        let mut out = Out::new(self.page);
        let standing = self.gate.standing(case);
        let known = case.known.as_ref();
        let known = known.filter(|_| standing == Standing::Known && !self.transcripts);
        let repeats = match known {
            Some(_) => None,
            None => self.repeats(case),
        };
        let head = format!(
            "{} {} {}",
            self.page.paint(
                style(case.verdict).effects(Effects::BOLD),
                &label(case.verdict, standing)
            ),
            self.page.paint(BOLD, &escape::line(&case.id)),
            self.page.paint(DIM, &remarks(case, measured)),
        );
        match repeats {
            Some((_, again)) if again > REPEATS && !self.transcripts => {
                if again == REPEATS + 1 {
                    out.line("More cases only repeat this: the table counts them.");
                }
            }
            Some((where_told, _)) => {
                let words: Vec<_> = case.findings.iter().map(|f| f.what.as_str()).collect();
                let words = escape::line(&words.join("; ")).into_owned();
                out.line(&format!(
                    "{head}: {words}, as told at {}",
                    escape::line(&where_told)
                ));
            }
            None if known.is_some() => {
                let (at, reason) = known.map_or(("", ""), |known| (&known.at, &known.reason));
                let (at, reason) = (escape::line(at), escape::line(reason));
                out.line(&format!("{head}: {reason} ({at})"));
            }
            None => {
                out.line(&head);
                if case.verdict != Verdict::Pass {
                    out.prose("", &case.title);
                }
                self.findings(&mut out, case, &whole, rule);
                if case.findings.is_empty() && case.verdict != Verdict::Pass {
                    out.prose("reason", &case.reason);
                }
                if case.verdict != Verdict::Pass {
                    out.exact("replay", &case.replay);
                    if case.replay_hides() {
                        out.prose("", FILL_IN);
                    }
                }
            }
        }
        if self.transcripts {
            out.text.push_str(&transcript(&whole, measured, self.page));
        }
        out.text
    }

    /// Where it was told, if there is nothing in the case that was not told before, and how often it was repeated with this case.
    fn repeats(&mut self, case: &Case) -> Option<(String, usize)> {
        let known = |f: &Finding| self.told.contains_key(&f.into());
        if !case.findings.iter().all(known) {
            return None;
        }
        let (first, again) = self.told.get_mut(&Key::from(case.findings.first()?))?;
        *again += 1;
        Some((first.clone(), *again))
    }

    fn findings(
        &mut self,
        out: &mut Out,
        case: &Case,
        whole: &Case,
        rule: impl Fn(&str) -> Option<Rule>,
    ) {
        for (settled, f) in case.findings.iter().zip(&whole.findings) {
            let key = Key::from(settled);
            if let Some((place, _)) = self.told.get(&key) {
                let place = match place == &case.id {
                    true => "above".to_owned(),
                    false => format!("at {place}"),
                };
                out.prose("also", &format!("{}, as told {place}", f.what));
                continue;
            }
            self.told.insert(key, (case.id.clone(), 0));
            out.prose("what", &f.what);
            let words = rule(&f.rule);
            if let Some(rule) = &words {
                out.prose("rule", &rule.text);
            }
            match &words {
                Some(rule) => {
                    let inferred = match rule.inferred {
                        true => "; inferred from what binds the other side",
                        false => "",
                    };
                    let basis = format!(
                        "{} ({}, {}{inferred})",
                        rule.clause,
                        rule.id,
                        level(f.level)
                    );
                    out.prose_under("", &basis);
                }
                None => out.prose("rule", &format!("{} ({})", f.rule, level(f.level))),
            }
            for (label, text) in [
                ("sent", &f.sent),
                ("expected", &f.expected),
                ("received", &f.received),
            ] {
                if let Some(text) = text {
                    out.exact(label, text);
                }
            }
            if let Some(octets) = &f.octets {
                out.exact("octets", &octets_shown(octets));
            }
        }
    }
}

/// Tells of a target that was gone.
pub fn lost(lost: &Lost, page: Page) -> String {
    let mut out = Out::new(page);
    let label = page.paint(style(Verdict::Error).effects(Effects::BOLD), "LOST");
    match &lost.case {
        Some(case) => out.line(&format!(
            "{label} the target behind {}",
            page.paint(BOLD, &escape::line(case))
        )),
        None => out.line(&format!("{label} the target")),
    }
    out.prose("reason", &lost.reason);
    out.prose(
        "",
        match lost.back {
            true => "It came back, and the run went on.",
            false => "It did not come back: nothing more can be said about it.",
        },
    );
    out.text
}

/// Tells of a target that crashed.
pub fn crash(crash: &Crash, last_lines: &[String], page: Page) -> String {
    let mut out = Out::new(page);
    let label = page.paint(style(Verdict::Error).effects(Effects::BOLD), "CRASH");
    match &crash.case {
        Some(case) => out.line(&format!(
            "{label} of the target in {}",
            page.paint(BOLD, &escape::line(case))
        )),
        None => out.line(&format!("{label} of the target")),
    }
    out.prose("reason", &crash.reason);
    if !last_lines.is_empty() {
        out.exact("said", &last_lines.join("\n"));
    }
    out.prose("", "It was started again, and the run went on.");
    out.text
}

/// What was said, in the notation: it can be pasted into a case. Octets and remarks are comments.
pub fn transcript(case: &Case, measured: &MeasuredCase, page: Page) -> String {
    let mut out = String::new();
    for (at, line) in case.transcript.iter().enumerate() {
        said(&mut out, line, measured.at_us.get(at), page);
    }
    if case.left_out > 0 {
        out.push_str(&page.paint(DIM, &format!("  # {} more lines", case.left_out)));
        out.push('\n');
    }
    out
}

fn said(out: &mut String, line: &Line, at: Option<&u64>, page: Page) {
    let mark = match line.who {
        '>' | '<' => line.who,
        _ => '#',
    };
    for (place, text) in escape::lines(&line.text).enumerate() {
        // The lines behind the first of a handshake stand two blanks further in; those of a remark stay remarks.
        let lead = match (place, mark) {
            (0, _) | (_, '#') => format!("  {mark} "),
            _ => "      ".to_owned(),
        };
        let shown = format!(
            "{lead}{}",
            if place == 0 { &text } else { text.trim_start() }
        );
        out.push_str(&if mark == '#' {
            page.paint(DIM, &shown)
        } else {
            shown
        });
        out.push('\n');
    }
    let mut notes = Vec::new();
    if let Some(octets) = line.octets.as_deref().filter(|octets| !octets.is_empty()) {
        notes.push(octets_shown(octets));
    }
    if line.length > 0 {
        notes.push(format!(
            "{} octet{}",
            line.length,
            if line.length == 1 { "" } else { "s" }
        ));
    }
    if let Some(us) = at {
        notes.push(format!("{}.{:03} ms", us / 1000, us % 1000));
    }
    if mark != '#' && !notes.is_empty() {
        out.push_str(&page.paint(DIM, &format!("    # {}", notes.join(", "))));
        out.push('\n');
    }
}

/// Each case that does not simply pass, as it is told during a run; all of them, and what was said, when verbose.
pub fn render(report: &Report, page: &Page) -> String {
    let mut teller = Teller::new(*page, page.verbose).judging(report.gate.clone());
    let none = MeasuredCase::default();
    let mut out = String::new();
    let mut add = |told: String| {
        // What takes more than a line stands apart.
        let block = told.lines().nth(1).is_some();
        if block && !out.is_empty() && !out.ends_with("\n\n") {
            out.push('\n');
        }
        out.push_str(&told);
        if block {
            out.push('\n');
        }
    };
    for (at, case) in report.cases.iter().enumerate() {
        if page.verbose || case.verdict != Verdict::Pass {
            let measured = report.measured_of(at).unwrap_or(&none);
            add(teller.case(case, measured, |id| report.rule(id).cloned()));
        }
    }
    for one in &report.lost {
        add(lost(one, *page));
    }
    for (one, lines) in report.crashes_told() {
        add(crash(one, lines, *page));
    }
    for stale in report.stale() {
        add(format!("{}\n", stale.sentence()));
    }
    out
}

impl Report {
    /// The crashes, with the last lines of the target; the same lines are told once.
    pub fn crashes_told(&self) -> impl Iterator<Item = (&Crash, &[String])> {
        let mut told = HashSet::new();
        let lines = self.measured.last_lines.iter().map(Vec::as_slice);
        let lines = lines.map(move |lines| match told.insert(lines) {
            true => lines,
            false => &[],
        });
        let crashes = self.crashes.iter();
        crashes.zip(lines.chain(std::iter::repeat(&[][..])))
    }

    /// What was measured of the case at this place in `cases`.
    pub fn measured_of(&self, at: usize) -> Option<&MeasuredCase> {
        let case = self.cases.get(at)?;
        self.measured
            .cases
            .get(at)
            .filter(|measured| measured.id == case.id)
    }

    /// A rule that a finding names.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The octets that prove a breach, from where they are kept.
    pub fn proof<'r>(&'r self, breach: &'r Breach) -> Option<&'r str> {
        if breach.octets.is_some() {
            return breach.octets.as_deref();
        }
        let at = self.cases.iter().position(|case| case.id == breach.first)?;
        let same = |f: &Finding| {
            f.rule == breach.rule && f.observed == breach.observed && f.what == breach.what
        };
        let place = self.cases[at].findings.iter().position(same)?;
        let wanted = |exact: &&Exact| exact.of == Part::Findings && exact.at == place as u64;
        self.measured_of(at)?
            .exact
            .iter()
            .find(wanted)?
            .octets
            .as_deref()
    }
}

/// What to do about a value that is not kept.
pub(super) const FILL_IN: &str =
    "write the value of each --header in place of its dots: no report keeps it";

impl Case {
    /// Whether the command that plays it again has values left out.
    pub(super) fn replay_hides(&self) -> bool {
        self.replay.contains(": ...") && self.replay.contains("--header")
    }
}

/// Level, and what else there is to know about the verdict, in brackets.
fn remarks(case: &Case, measured: &MeasuredCase) -> String {
    let mut words = vec![level(case.level).to_owned()];
    if case.timed_out {
        words.push(match measured.patience_us {
            Some(patience) => format!("timed out after {:?}", Duration::from_micros(patience)),
            None => "timed out".to_owned(),
        });
    }
    if case.unstable {
        words.push("unstable: another verdict beside other cases".to_owned());
    }
    format!("({})", words.join(", "))
}

/// The level in words.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "must",
        Level::Should => "should",
        Level::May => "may",
    }
}

fn label(verdict: Verdict, standing: Standing) -> String {
    match (verdict, standing) {
        (_, Standing::Known) => "KNOWN".into(),
        (_, Standing::Told) => "WARN".into(),
        (Verdict::Pass, _) => "pass".into(),
        (other, _) => word(other).to_uppercase(),
    }
}

/// The first octets of those given in hex; those of HTTP as a string.
pub(super) fn octets_shown(hex: &str) -> String {
    let octets: Vec<&str> = hex.split_whitespace().take(OCTETS + 1).collect();
    let more = if octets.len() > OCTETS { "..." } else { "" };
    let octets = &octets[..octets.len().min(OCTETS)];
    match http(octets) {
        Some(text) => format!("\"{text}\"{more}"),
        None => {
            let shown = [&octets.join(" "), more].join(" ");
            escape::line(shown.trim_end()).into_owned()
        }
    }
}

/// The octets as text on one line, if they are the beginning of a head of HTTP.
fn http(octets: &[&str]) -> Option<String> {
    let parse = |octet: &&str| u8::from_str_radix(octet, 16).ok();
    let octets: Vec<u8> = octets.iter().map_while(parse).collect();
    let head = [&b"HTTP/"[..], b"GET "]
        .iter()
        .any(|lead| octets.starts_with(lead));
    head.then(|| escape::octets(&octets).replace('"', "\\\""))
}

/// Lines with a label before them.
struct Out {
    text: String,
    page: Page,
}

impl Out {
    fn new(page: Page) -> Out {
        Out {
            text: String::new(),
            page,
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Words of the suite, broken into lines. Without a label they stand further out.
    fn prose(&mut self, label: &str, text: &str) {
        match label {
            "" => {
                let width = self.page.width.map(|width| width.saturating_sub(2));
                for line in wrap(&escape::line(text), width) {
                    self.line(&format!("  {line}"));
                }
            }
            _ => self.prose_under(label, text),
        }
    }

    fn prose_under(&mut self, label: &str, text: &str) {
        let width = self.page.width.map(|width| width.saturating_sub(INDENT));
        self.block(label, wrap(&escape::line(text), width));
    }

    /// The notation, octets, a command: lines stay whole, so that they can be copied.
    fn exact(&mut self, label: &str, text: &str) {
        self.block(label, escape::lines(text).map(String::from).collect());
    }

    fn block(&mut self, label: &str, lines: Vec<String>) {
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            let label = self
                .page
                .paint(DIM, &format!("{label:<width$}", width = INDENT - 2));
            self.line(&format!("  {label}{line}"));
        }
    }
}
