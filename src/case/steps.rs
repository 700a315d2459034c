//! The lines of the steps: who acts, and which line belongs to which.

use super::{
    Alternative, Mark, Outcome, Send, Step,
    bind::Line,
    cursor::{Cursor, Local, last_string},
    document::{MAX_DEPTH, MAX_HEADERS, MAX_OUTCOMES},
    error::{Place, Source},
    fault::Fault,
    head, keys, parse,
};

type Told = (Place, Fault);
type Result<T> = std::result::Result<T, Told>;

/// Reads lines from `at` on.
pub(super) struct Steps<'a> {
    lines: &'a [Line],
    at: usize,
    /// One for each step that sends and for each alternative.
    pub places: Vec<Place>,
    pub faults: Vec<Told>,
}

impl<'a> Steps<'a> {
    pub fn new(lines: &'a [Line]) -> Self {
        Steps {
            lines,
            at: 0,
            places: Vec::new(),
            faults: Vec::new(),
        }
    }

    pub fn read(&mut self) -> Vec<Step> {
        self.block(2, 0)
    }

    /// The next line, if it stands further in than `indent`.
    fn below(&self, indent: usize) -> Option<&'a Line> {
        self.lines.get(self.at).filter(|line| line.indent > indent)
    }

    /// Skips what stands below a line that could not be read.
    fn skip(&mut self, indent: usize) {
        while self.below(indent).is_some() {
            self.at += 1;
        }
    }

    /// The steps that stand this far in, up to a line that stands less far.
    fn block(&mut self, indent: usize, depth: usize) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        // Below a case, a line less than two blanks in is a fault and not an end.
        while let Some(line) = self.lines.get(self.at)
            && (line.indent >= indent || depth == 0)
            && self.faults.len() < Source::MOST
        {
            self.at += 1;
            if let Err(told) = self.step(line, indent, depth, &mut steps) {
                self.faults.push(told);
                self.skip(indent);
            }
        }
        steps
    }

    fn step(
        &mut self,
        line: &Line,
        indent: usize,
        depth: usize,
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        if line.indent != indent {
            return Err((line.whole(), Fault::indent(indent, line.indent)));
        }
        match line.marked() {
            Some(('>', _)) => steps.push(Step::Send(self.send(line)?)),
            Some((mark @ ('<' | '~' | '?'), _)) => {
                let above = steps.last_mut();
                let alternatives = match above {
                    Some(Step::Expect(alternatives)) if mark != '<' => Some(alternatives),
                    _ if mark == '<' => None,
                    _ => return Err((line.whole(), Fault::OrphanAlternative)),
                };
                let alternative = self.alternative(line, mark, depth)?;
                match alternatives {
                    Some(alternatives) => {
                        alternatives.push(alternative);
                        let count: usize = alternatives.iter().map(|a| a.outcomes.len()).sum();
                        if count > MAX_OUTCOMES {
                            return Err((line.whole(), too_many("outcomes", MAX_OUTCOMES)));
                        }
                    }
                    None => steps.push(Step::Expect(vec![alternative])),
                }
            }
            _ => return Err(no_step(line)),
        }
        Ok(())
    }

    fn send(&mut self, line: &Line) -> Result<Send> {
        let mut cursor = Cursor::new(&line.text);
        cursor.take('>');
        let mut send = parse::send(&mut cursor).map_err(told(line))?;
        self.places.push(line.whole());
        let (Send::Request(step) | Send::Response(_, step)) = &mut send else {
            if let Some(below) = self.below(line.indent) {
                let (_, rest) = line.marked().unwrap_or(('>', &line.text));
                let name = rest.split(' ').next().unwrap_or_default();
                self.faults.push((below.whole(), Fault::Below(name.into())));
                self.skip(line.indent);
            }
            return Ok(send);
        };
        while let Some(below) = self.below(line.indent) {
            self.at += 1;
            match header(below, line.indent, head::edit) {
                Ok(edit) => step.headers.push(edit),
                Err(told) => self.faults.push(told),
            }
        }
        if step.headers.len() > MAX_HEADERS {
            return Err((line.whole(), too_many("header lines", MAX_HEADERS)));
        }
        if step.too_many_pieces() {
            return Err((line.whole(), Fault::TooManyPieces));
        }
        Ok(send)
    }

    fn alternative(&mut self, line: &Line, mark: char, depth: usize) -> Result<Alternative> {
        let (mark, text) = match mark {
            '<' => (Mark::Required, line.text.as_str()),
            mark => why(line, mark).map_err(told(line))?,
        };
        let mut cursor = Cursor::new(text);
        cursor.take_while(|c| "<~?".contains(c));
        let mut outcomes = parse::outcomes(&mut cursor).map_err(told(line))?;
        if outcomes.len() > MAX_OUTCOMES {
            return Err((line.whole(), too_many("outcomes", MAX_OUTCOMES)));
        }
        self.places.push(line.whole());
        self.checks(line.indent, &mut outcomes);
        let then = match self.below(line.indent) {
            None => None,
            Some(below) if depth == MAX_DEPTH => {
                self.faults.push((below.whole(), Fault::TooDeep));
                self.skip(line.indent);
                None
            }
            Some(_) => Some(self.block(line.indent + 2, depth + 1)),
        };
        Ok(Alternative {
            mark,
            outcomes,
            then,
        })
    }

    /// The header lines below an outcome.
    fn checks(&mut self, indent: usize, outcomes: &mut [Outcome]) {
        let mut heads: Vec<_> = outcomes
            .iter_mut()
            .filter_map(|outcome| match outcome {
                Outcome::Response(_, checks)
                | Outcome::Refusal(_, checks)
                | Outcome::Request(checks) => Some(checks),
                _ => None,
            })
            .collect();
        while let Some(below) = self.below(indent)
            && !is_step(below)
        {
            let read = match &mut heads[..] {
                [] => return,
                [checks] => header(below, indent, head::check).map(|check| checks.push(check)),
                _ => Err((below.whole(), Fault::HeaderWhose)),
            };
            self.faults.extend(read.err());
            self.at += 1;
        }
    }
}

fn too_many(what: &'static str, most: usize) -> Fault {
    Fault::TooMany { what, most }
}

/// Turns a fault in a line into one in the file.
fn told(line: &Line) -> impl Fn(Local) -> Told + '_ {
    |(span, fault)| (line.place(span), fault)
}

fn header<T>(
    line: &Line,
    indent: usize,
    read: impl Fn(&str) -> super::cursor::Result<T>,
) -> Result<T> {
    match line.indent == indent + 2 {
        true => read(&line.text).map_err(told(line)),
        false => Err((line.whole(), Fault::indent(indent + 2, line.indent))),
    }
}

fn is_step(line: &Line) -> bool {
    matches!(line.marked(), Some(('>' | '<' | '~' | '?', _)))
}

/// A line among the steps that is none.
fn no_step(line: &Line) -> Told {
    let first = line.text.chars().next();
    if let Some(mark) = first.filter(|c| "><~?".contains(*c)) {
        return (line.place(0..1), Fault::NoBlank(mark));
    }
    if keys::is_key(line) {
        return (line.whole(), Fault::KeyBelowSteps);
    }
    (line.whole(), Fault::NoMark)
}

/// The why of a `~` or `?` line, and the text in front of it.
fn why(line: &Line, mark: char) -> super::cursor::Result<(Mark, &str)> {
    let text = line.text.as_str();
    let Some(from) = last_string(text)? else {
        return Err((text.len()..text.len(), Fault::NoWhy));
    };
    let octets = Cursor::new(&text[from..]).string()?;
    let why = String::from_utf8(octets).unwrap_or_default();
    if why.trim().is_empty() {
        return Err((from..text.len(), Fault::BadWhy));
    }
    let mark = if mark == '~' {
        Mark::Tolerated(why)
    } else {
        Mark::NotApplicable(why)
    };
    Ok((mark, &text[..from]))
}
