//! Lines with their `{columns}` replaced, each octet knowing where in the file it came from.

use std::{collections::HashMap, ops::Range};

use super::{
    cursor::{Cursor, Local, Result},
    document::LINE,
    error::Place,
    fault::{Fault, nearest, shown},
};

/// A line as it stands in the file: how many blanks in, and where its text is.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub indent: usize,
    pub span: Range<usize>,
}

/// A cell: where it stands.
pub(super) type Cells<'a> = HashMap<&'a str, Range<usize>>;

/// A line that is ready to be read.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub indent: usize,
    /// Without the blanks around it.
    pub text: String,
    /// A cell that is empty took part.
    pub emptied: bool,
    skipped: usize,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    /// Octets of the text, the skipped blanks included.
    bound: Range<usize>,
    /// Octets of the file: the text itself, or the placeholder.
    source: Range<usize>,
    /// The cell that replaced the placeholder.
    cell: Option<Range<usize>>,
}

impl Line {
    /// A line that is one cell, or one stretch of the file.
    pub fn verbatim(file: &str, span: Range<usize>) -> Line {
        let text = file[span.clone()].to_string();
        let pieces = vec![Piece {
            bound: 0..text.len(),
            source: span,
            cell: None,
        }];
        Line {
            indent: 2,
            text,
            emptied: false,
            skipped: 0,
            pieces,
        }
    }

    /// Replaces each `{column}`. `budget` is how many octets may still be written in this file; `None` when they do not suffice.
    pub fn bind(file: &str, raw: &Raw, cells: &Cells, budget: &mut usize) -> Result<Option<Line>> {
        let mut line = Line {
            indent: raw.indent,
            text: String::new(),
            emptied: false,
            skipped: 0,
            pieces: Vec::new(),
        };
        let Some(left) = budget.checked_sub(LINE) else {
            return Ok(None);
        };
        *budget = left;
        let text = &file[raw.span.clone()];
        let mut cursor = Cursor::new(text);
        while !cursor.rest().is_empty() {
            let from = cursor.at();
            let literal = cursor.take_while(|c| c != '{' && c != '}');
            let (from, cell) = match literal.is_empty() {
                false => (from, None),
                true => match brace(&mut cursor, text, cells)? {
                    Brace::Literal(skip) => (from + skip, None),
                    Brace::Cell(cell) => (from, Some(cell)),
                },
            };
            let source = from..cursor.at();
            let new = match &cell {
                Some(cell) => &file[cell.clone()],
                None => &text[source.clone()],
            };
            let Some(left) = budget.checked_sub(new.len().max(source.len())) else {
                return Ok(None);
            };
            *budget = left;
            line.emptied |= new.is_empty();
            let at = line.text.len();
            line.text.push_str(new);
            line.pieces.push(Piece {
                bound: at..line.text.len(),
                source: raw.span.start + source.start..raw.span.start + source.end,
                cell,
            });
        }
        let trimmed = line.text.trim_matches(' ');
        line.skipped = line.text.len() - line.text.trim_start_matches(' ').len();
        line.text = trimmed.to_string();
        Ok(Some(line))
    }

    /// Where a stretch of the text came from: in the cell if it lies in one.
    pub fn place(&self, span: Range<usize>) -> Place {
        let span = span.start + self.skipped..span.end.max(span.start) + self.skipped;
        let inside = |p: &&Piece| {
            p.bound.start <= span.start && span.end <= p.bound.end && !p.bound.is_empty()
        };
        if let Some(piece) = self.pieces.iter().find(inside) {
            let shift = |range: &Range<usize>| {
                let from = range.start + (span.start - piece.bound.start);
                from..from + span.len()
            };
            return match &piece.cell {
                Some(cell) => Place {
                    span: shift(cell),
                    also: Some((piece.source.clone(), "it is put in here")),
                },
                None => shift(&piece.source).into(),
            };
        }
        let touched = || {
            self.pieces
                .iter()
                .filter(|p| p.bound.start <= span.end && span.start <= p.bound.end)
        };
        let (Some(first), Some(last)) = (touched().next(), touched().next_back()) else {
            return Place::default();
        };
        let start = match first.cell {
            Some(_) => first.source.start,
            None => first.source.start + (span.start - first.bound.start),
        };
        let end = match last.cell {
            Some(_) => last.source.end,
            None => last.source.start + span.end.saturating_sub(last.bound.start),
        };
        let also = touched()
            .find_map(|p| p.cell.clone())
            .map(|cell| (cell, "with this cell"));
        Place {
            span: start..end.max(start),
            also,
        }
    }

    /// All of the line as it stands in the file, whatever its cells are.
    pub fn whole(&self) -> Place {
        match (self.pieces.first(), self.pieces.last()) {
            (Some(first), Some(last)) => (first.source.start..last.source.end).into(),
            _ => Place::default(),
        }
    }

    /// Whether nothing is left of the step or header line, because a cell is empty.
    pub fn is_left_out(&self) -> bool {
        if !self.emptied {
            return false;
        }
        let Some((mark, rest)) = self.marked() else {
            return self.text.is_empty();
        };
        match mark {
            '~' | '?' => {
                let mut cursor = Cursor::new(rest);
                rest.is_empty() || (cursor.string().is_ok() && cursor.done())
            }
            _ => rest.is_empty(),
        }
    }

    /// The mark of a step or header line, and what follows.
    pub fn marked(&self) -> Option<(char, &str)> {
        let mut characters = self.text.chars();
        let mark = characters.next().filter(|c| "><~?+-=".contains(*c))?;
        let rest = characters.as_str();
        (rest.is_empty() || rest.starts_with(' ')).then(|| (mark, rest.trim_start_matches(' ')))
    }
}

enum Brace {
    /// Stands for itself, from that many octets on.
    Literal(usize),
    Cell(Range<usize>),
}

/// At a brace: a column, a doubled brace, or that of `\u{…}`.
fn brace(cursor: &mut Cursor, text: &str, cells: &Cells) -> Result<Brace> {
    let from = cursor.at();
    if cursor.rest().starts_with("{{") || cursor.rest().starts_with("}}") {
        cursor.take_while({
            let mut left = 2;
            move |_| {
                left -= 1;
                left >= 0
            }
        });
        return Ok(Brace::Literal(1));
    }
    if !cursor.take('{') {
        return Err((cursor.point(), Fault::LoneBrace));
    }
    let name = cursor.take_while(|c| c != '{' && c != '}');
    if !cursor.take('}') {
        return Err((from..from + 1, Fault::LoneBrace));
    }
    let digits = (1..=6).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit());
    if digits && text[..from].ends_with("\\u") {
        return Ok(Brace::Literal(0));
    }
    match cells.get(name) {
        Some(cell) => Ok(Brace::Cell(cell.clone())),
        None => Err(unknown_column(from..cursor.at(), name, cells)),
    }
}

fn unknown_column(span: Range<usize>, name: &str, cells: &Cells) -> Local {
    // Sorted, so that of two equally near columns the same one is named each time.
    let mut columns: Vec<&str> = cells.keys().copied().collect();
    columns.sort_unstable();
    (
        span,
        Fault::UnknownColumn(shown(name), nearest(name, columns).map(String::from)),
    )
}
