//! Errors in case files, told as rustc does: file, line, column, the line, a caret, one sentence, one hint.

use std::{fmt, ops::Range, sync::Arc};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

pub use super::fault::Fault;
pub(crate) use super::fault::{distance, nearest, shown};
use crate::escape::is_hostile;

/// A case file: the path as the user knows it, and the text, fit to be printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// As it is shown.
    pub path: String,
    /// All of it. Octets that may not stand in a case file are replaced by as many harmless ones.
    pub text: String,
}

impl Source {
    /// The most faults that one file is told of.
    pub(super) const MOST: usize = 100;

    /// Line and column of an octet, from one; a column is a character.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..floor(&self.text, at)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// Reads octets; with what may not stand in a case file, and where.
    pub(super) fn read(path: &str, octets: &[u8]) -> (Source, Vec<(Range<usize>, Fault)>) {
        let mut text = String::with_capacity(octets.len());
        let mut faults = Vec::new();
        // One of each line is enough.
        let mut told = false;
        let mut tell = |told: &mut bool, span: Range<usize>, fault| {
            if !*told && faults.len() < Self::MOST {
                faults.push((span, fault));
            }
            *told = true;
        };
        for chunk in octets.utf8_chunks() {
            let mut characters = chunk.valid().chars().peekable();
            while let Some(c) = characters.next() {
                let at = text.len();
                if c == '\n' {
                    text.push(c);
                    told = false;
                } else if c == '\r' && characters.peek() == Some(&'\n') {
                    text.push(' ');
                } else if is_hostile(c) {
                    text.push_str(blank(c));
                    tell(&mut told, at..text.len(), Fault::Control(c));
                } else {
                    text.push(c);
                }
            }
            for _ in chunk.invalid() {
                tell(&mut told, text.len()..text.len() + 1, Fault::Encoding);
                text.push('?');
            }
        }
        let path = path
            .chars()
            .map(|c| if is_hostile(c) { '?' } else { c })
            .collect();
        (Source { path, text }, faults)
    }
}

/// Where in a file something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Octets of the file's text.
    pub span: Range<usize>,
    /// A second place that takes part in it, and how.
    pub also: Option<(Range<usize>, &'static str)>,
}

impl From<Range<usize>> for Place {
    fn from(span: Range<usize>) -> Place {
        Place { span, also: None }
    }
}

/// One thing that is wrong with a case file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The file.
    pub source: Arc<Source>,
    /// Where in it.
    pub place: Place,
    /// Which rule it breaks.
    pub fault: Fault,
}

impl std::error::Error for Error {}

/// `path:line:column: sentence`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (line, column) = self.position();
        write!(f, "{}:{line}:{column}: {}", self.source.path, self.fault)
    }
}

impl Error {
    /// Line and column, from one; a column is a character.
    pub fn position(&self) -> (usize, usize) {
        self.source.position(self.place.span.start)
    }

    /// Whether it says the same of the same place, in the same file.
    pub(super) fn is_again(&self, other: &Error) -> bool {
        self.place == other.place && self.fault == other.fault
    }

    /// The file can still be used.
    pub fn is_remark(&self) -> bool {
        matches!(self.fault, Fault::Remark(_))
    }

    /// All of it, for people, without a line end; with colour only when asked for.
    pub fn render(&self, colour: bool) -> String {
        let (text, span) = (self.source.text.as_str(), &self.place.span);
        let also = self.place.also.as_ref().filter(|(range, _)| {
            let apart = range.start.abs_diff(span.start);
            apart < Self::WINDOW
        });
        // Only the lines that are shown, since drawing takes time for each line there is.
        let ranges = || also.iter().map(|(range, _)| range).chain([span]);
        let first = ranges()
            .map(|range| floor(text, range.start))
            .min()
            .unwrap_or(0);
        let last = ranges()
            .map(|range| floor(text, range.end))
            .max()
            .unwrap_or(0)
            .max(first);
        let from = text[..first].rfind('\n').map_or(0, |at| at + 1);
        let to = text[last..].find('\n').map_or(text.len(), |at| last + at);
        let within = |range: &Range<usize>| {
            let start = floor(text, range.start) - from;
            start..(floor(text, range.end).max(from + start) - from)
        };
        let mut snippet = Snippet::source(&text[from..to])
            .line_start(self.source.position(from).0)
            .path(self.source.path.as_str())
            .annotation(AnnotationKind::Primary.span(within(span)));
        if let Some((range, label)) = also {
            snippet = snippet.annotation(AnnotationKind::Context.span(within(range)).label(*label));
        }
        let level = if self.is_remark() {
            Level::WARNING
        } else {
            Level::ERROR
        };
        let mut group = level.primary_title(self.fault.to_string()).element(snippet);
        if let Some(hint) = self.fault.hint() {
            group = group.element(Level::HELP.message(hint));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }

    /// A second place that is farther away, in octets, is not shown.
    const WINDOW: usize = 1 << 16;
}

/// The last place not behind `at` that is between two characters.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// As many octets as the character has, and harmless.
fn blank(c: char) -> &'static str {
    match c.len_utf8() {
        1 => "?",
        2 => "\u{bf}",
        3 => "\u{fffd}",
        _ => "\u{fffd}?",
    }
}
