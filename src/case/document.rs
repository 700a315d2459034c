//! A `.wire` file as cases: layout, keys, branches and rows.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use super::{
    Case,
    bind::{Line, Raw},
    error::{Error, Place, Source},
    fault::{Fault, shown},
    keys,
    rows::{self, Row, Table},
    steps::Steps,
};

/// The most octets that a file may have.
pub const MAX_FILE: usize = 4 << 20;
/// The most cases that a file may make.
pub const MAX_CASES: usize = 10_000;
/// The most octets that the lines of a file may take once its rows are put in, each with 64 more.
pub const MAX_BOUND: usize = 16 << 20;
/// What a line costs beside its text: a short one makes a step that is much larger than it.
pub(super) const LINE: usize = 64;
/// The most octets that the steps of a case may send and expect.
pub const MAX_OCTETS: usize = 256 << 20;
/// The most octets that the steps of a case may send, all branches together.
pub const MAX_SENT: usize = 64 << 20;
/// How deep branches may lie in each other.
pub const MAX_DEPTH: usize = 16;
/// The most frames or pieces that one step may make.
pub const MAX_PIECES: usize = 1 << 20;
/// The most rules that a case may check, and the most of whatever else a key lists.
pub const MAX_ITEMS: usize = 64;
/// The most outcomes of a `<` line and its alternatives.
pub const MAX_OUTCOMES: usize = 64;
/// The most header lines below a step.
pub const MAX_HEADERS: usize = 4096;
/// The most columns that rows may have.
pub const MAX_COLUMNS: usize = 64;
/// The longest silence that can be asked for.
pub const MAX_SILENCE: Duration = Duration::from_secs(60);

/// What a file says.
#[derive(Debug)]
pub struct Document {
    /// The file.
    pub source: Arc<Source>,
    /// Its cases, in order, those with errors left out.
    pub cases: Vec<Located>,
    /// All that is wrong with it.
    pub errors: Vec<Error>,
    /// What makes no sense beside that, as far as only the file as a whole shows it. [`super::lint`] adds to it.
    pub remarks: Vec<Error>,
}

/// A case and where in the file its parts stand.
#[derive(Clone, Debug)]
pub struct Located {
    /// The case.
    pub case: Arc<Case>,
    /// Its id.
    pub at: Place,
    /// Its keys that are there.
    pub keys: HashMap<&'static str, Place>,
    /// Each rule it checks.
    pub checks: Vec<Place>,
    /// One for each step that sends and for each alternative, in the order of their lines.
    pub lines: Vec<Place>,
}

impl Document {
    /// Reads a file. `path` is shown in errors; `stem` is the path below the catalogue without `.wire`:
    /// ids begin with it.
    pub fn parse(path: &str, stem: &str, octets: &[u8]) -> Document {
        if octets.len() > MAX_FILE {
            let (source, _) = Source::read(path, &[]);
            return Reader::new(source, stem).fail(0..0, Fault::FileSize);
        }
        let (source, faults) = Source::read(path, octets);
        let mut reader = Reader::new(source, stem);
        if !faults.is_empty() {
            faults
                .into_iter()
                .for_each(|(span, fault)| reader.error(span, fault));
            return reader.document;
        }
        reader.file();
        reader
            .document
            .errors
            .sort_by_key(|error| error.place.span.start);
        reader.document
    }

    /// The only case of a text, as a report or a finding shows it. `stem` is what its id begins with.
    pub fn only(stem: &str, text: &str) -> Result<Case, Vec<Error>> {
        let mut document = Document::parse("case", stem, text.as_bytes());
        match document.cases.pop() {
            Some(case) if document.errors.is_empty() && document.cases.is_empty() => {
                Ok(Arc::unwrap_or_clone(case.case))
            }
            Some(_) | None if !document.errors.is_empty() => Err(document.errors),
            _ => {
                let fault = Fault::NotOne;
                Err(vec![Error {
                    source: document.source,
                    place: Place::default(),
                    fault,
                }])
            }
        }
    }
}

/// A case as it stands in the file.
#[derive(Default)]
struct Block {
    slug: Range<usize>,
    body: Vec<Raw>,
    rows: Vec<Raw>,
}

struct Reader {
    document: Document,
    stem: String,
    ids: HashSet<String>,
    budget: usize,
    made: usize,
}

impl Reader {
    fn new(source: Source, stem: &str) -> Reader {
        let document = Document {
            source: Arc::new(source),
            cases: Vec::new(),
            errors: Vec::new(),
            remarks: Vec::new(),
        };
        Reader {
            document,
            stem: stem.to_string(),
            ids: HashSet::new(),
            budget: MAX_BOUND,
            made: 0,
        }
    }

    fn error(&mut self, place: impl Into<Place>, fault: Fault) {
        let error = Error {
            source: self.document.source.clone(),
            place: place.into(),
            fault,
        };
        if !self.full() && !self.document.errors.iter().any(|e| e.is_again(&error)) {
            self.document.errors.push(error);
        }
    }

    fn fail(mut self, place: impl Into<Place>, fault: Fault) -> Document {
        self.error(place, fault);
        self.document
    }

    fn full(&self) -> bool {
        self.document.errors.len() >= Source::MOST
    }

    fn file(&mut self) {
        let source = self.document.source.clone();
        let named = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        if !self.stem.chars().all(named) || self.stem.len() > 200 {
            let fault = Fault::Path(shown(&self.stem));
            return self.error(0..0, fault);
        }
        for block in self.blocks(&source.text) {
            if !self.block(&source.text, &block) || self.full() {
                return;
            }
        }
    }

    /// Splits the file into cases.
    fn blocks(&mut self, text: &str) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        // Lines behind a first line that is none are told once, with that line.
        let mut lost = false;
        let mut at = 0;
        for line in text.split('\n') {
            let start = at;
            at += line.len() + 1;
            let content = line.trim_matches(' ');
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let indent = line.len() - line.trim_start_matches(' ').len();
            let span = start + indent..start + indent + content.len();
            if indent == 0 {
                match content
                    .strip_prefix("case")
                    .filter(|r| r.is_empty() || r.starts_with(' '))
                {
                    Some(slug) => {
                        let slug = slug.trim_start_matches(' ');
                        let slug = span.end - slug.len()..span.end;
                        if slug.is_empty() {
                            self.error(span, Fault::NoCaseId);
                        }
                        blocks.push(Block {
                            slug,
                            ..Block::default()
                        });
                        lost = false;
                    }
                    None => {
                        self.error(span, Fault::OutsideCase);
                        lost = true;
                    }
                }
                continue;
            }
            match blocks.last_mut() {
                Some(block) if !lost => {
                    let raw = Raw { indent, span };
                    if content.starts_with('|') {
                        block.rows.push(raw);
                    } else if block.rows.is_empty() {
                        block.body.push(raw);
                    } else {
                        self.error(raw.span, Fault::BelowRows);
                    }
                }
                None if !lost => {
                    self.error(span, Fault::OutsideCase);
                    lost = true;
                }
                _ => {}
            }
        }
        blocks
    }

    /// Makes the cases of a block; `false`: the file has used up what it may.
    fn block(&mut self, text: &str, block: &Block) -> bool {
        let slug = &text[block.slug.clone()];
        if slug.is_empty() {
            return true;
        }
        let (name, own_row) = match slug.split_once('[') {
            Some((name, rest)) => (name, rest.strip_suffix(']')),
            None => (slug, None),
        };
        let mut faults = Vec::new();
        let table = Table::read(text, &block.rows, &mut faults);
        faults
            .into_iter()
            .for_each(|(span, fault)| self.error(span, fault));
        let table = match table {
            Ok(table) => table,
            Err((span, fault)) => {
                self.error(span, fault);
                return true;
            }
        };
        let slug_like = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let bad_row = slug.contains('[') && !own_row.is_some_and(rows::is_key);
        if name.is_empty() || name.len() > 100 || !name.chars().all(slug_like) || bad_row {
            self.error(block.slug.clone(), Fault::CaseId(shown(slug)));
            return true;
        }
        let Some(table) = table else {
            return self.bound(text, block, slug, &Row::default());
        };
        if own_row.is_some() {
            self.error(block.slug.clone(), Fault::RowTwice);
            return true;
        }
        let body: Vec<&str> = block
            .body
            .iter()
            .map(|raw| &text[raw.span.clone()])
            .collect();
        for (span, remark) in table.unused(&body) {
            let (source, place) = (self.document.source.clone(), span.into());
            self.document.remarks.push(Error {
                source,
                place,
                fault: remark.into(),
            });
        }
        let mut keys = HashSet::new();
        for row in &table.rows {
            let key = &text[row.key.clone()];
            if !rows::is_key(key) {
                self.error(row.key.clone(), Fault::RowKey(shown(key)));
            } else if !keys.insert(key) {
                self.error(row.key.clone(), Fault::RepeatedRow(shown(key)));
            } else if !self.bound(text, block, &format!("{slug}[{key}]"), row) || self.full() {
                return false;
            }
        }
        true
    }

    /// One case; `false`: the file has used up what it may.
    fn bound(&mut self, text: &str, block: &Block, slug: &str, row: &Row) -> bool {
        self.made += 1;
        if self.made > MAX_CASES {
            self.error(block.slug.clone(), Fault::TooManyCases);
            return false;
        }
        let mut unbound = false;
        let mut lines = Vec::with_capacity(block.body.len());
        for raw in &block.body {
            match Line::bind(text, raw, &row.cells, &mut self.budget) {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => {
                    self.error(block.slug.clone(), Fault::TooMuchText);
                    return false;
                }
                Err((span, what)) => {
                    let span = raw.span.start + span.start..raw.span.start + span.end;
                    self.error(span, what);
                    unbound = true;
                }
            }
        }
        if unbound {
            return true;
        }
        let lines = leave_out(lines);
        let steps_from = lines
            .iter()
            .position(|l| !keys::is_key(l))
            .unwrap_or(lines.len());
        let (key_lines, step_lines) = lines.split_at(steps_from);
        let mut faults = Vec::new();
        let keys = keys::read(text, key_lines, row, &block.slug, &mut faults);
        let mut steps = Steps::new(step_lines);
        let played = steps.read();
        let Steps {
            places,
            faults: told,
            ..
        } = steps;
        faults.extend(told);
        let octets = played
            .iter()
            .fold(0, |sum: usize, step| sum.saturating_add(step.weight()));
        let sent = played
            .iter()
            .fold(0, |sum: usize, step| sum.saturating_add(step.sent()));
        if sent > MAX_SENT {
            faults.push((block.slug.clone().into(), Fault::TooMuchSent));
        } else if octets > MAX_OCTETS {
            faults.push((block.slug.clone().into(), Fault::TooManyOctets));
        }
        let id = match self.stem.as_str() {
            "" => slug.to_string(),
            stem => format!("{stem}/{slug}"),
        };
        let at = if row.cells.is_empty() {
            block.slug.clone()
        } else {
            row.key.clone()
        };
        let at = Place::from(at);
        if !self.ids.insert(id.clone()) {
            faults.push((at.clone(), Fault::DuplicateCase(id.clone())));
        }
        if faults.is_empty() {
            let case = Case {
                id,
                title: keys.title,
                checks: keys.checks,
                level: keys.level,
                role: keys.role,
                profile: keys.profile,
                needs: keys.needs,
                autobahn: keys.autobahn,
                class: keys.class,
                heavy: keys.heavy,
                beside: keys.beside,
                steps: played,
            };
            let (keys, checks) = (keys.places, keys.check_places);
            self.document.cases.push(Located {
                case: Arc::new(case),
                at,
                keys,
                checks,
                lines: places,
            });
        }
        for (place, what) in faults {
            self.error(place, what);
        }
        true
    }
}

/// Leaves out the lines that an empty cell has emptied, with the lines below them;
/// and with a `<` line its `~` and `?`.
fn leave_out(lines: Vec<Line>) -> Vec<Line> {
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    // The indent of the line left out, and whether it was a `<`.
    let mut out: Option<(usize, bool)> = None;
    for line in lines {
        if let Some((indent, expected)) = out {
            let alternative = matches!(line.marked(), Some(('~' | '?', _)));
            if line.indent > indent || (line.indent == indent && expected && alternative) {
                continue;
            }
        }
        out = None;
        if line.is_left_out() {
            out = Some((line.indent, line.text.starts_with('<')));
        } else {
            kept.push(line);
        }
    }
    kept
}
