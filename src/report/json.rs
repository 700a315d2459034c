//! The report as JSON: written in a stable form that is easy to compare line by line, and read back with suspicion.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};

use super::{FORMAT, Report, Summary};
use crate::escape;

/// The most octets of a file that are read. The limits of `build` keep what is written well below.
pub const MAX_FILE: u64 = 256 << 20;

/// Why a file is no report that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("cannot read the report: {0}")]
    Io(#[from] io::Error),
    /// More than [`MAX_FILE`].
    #[error(
        "the file has more than {} MiB, and no report is that long; is it the right file?",
        MAX_FILE >> 20
    )]
    TooLong,
    /// Not UTF-8, no JSON, or not the fields of a report.
    #[error(
        "line {}, column {}: {}; expected a report as `wsspec … --report json=FILE` writes it",
        .0.line(), .0.column(), escape::line(&words(.0))
    )]
    Malformed(serde_json::Error),
    /// JSON without `format`.
    #[error(
        "this is JSON, but no report: it has no number `format` at its top; expected a file that `wsspec … --report json=FILE` wrote"
    )]
    Foreign,
    /// Written by a newer program.
    #[error(
        "the report has format {0}, and this wsspec {version} reads up to format {FORMAT}; use the newer wsspec that wrote it",
        version = env!("CARGO_PKG_VERSION")
    )]
    Newer(u64),
    /// `format` 0.
    #[error("the report has format 0, which was never written; expected 1 to {FORMAT}")]
    Zero,
    /// The counts do not fit the cases: the file was changed by hand, or cut.
    #[error(
        "the summary does not fit the cases ({summary} cases counted, {cases} listed); the file was changed behind the run: run it again"
    )]
    Summary {
        /// As the summary says.
        summary: u64,
        /// As they are listed.
        cases: u64,
    },
    /// Two cases with one id.
    #[error("the case `{0}` is listed twice; the file was changed behind the run: run it again")]
    Twice(String),
}

/// What went wrong without the position, which serde_json puts last.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

impl Report {
    /// The report as it is written to a file, with a line feed at its end.
    pub fn to_json(&self) -> String {
        written(self)
    }

    /// Reads what [`Report::to_json`] wrote.
    ///
    /// # Errors
    ///
    /// Where it is no report, one of a newer format, or one that contradicts itself.
    pub fn from_json(octets: &[u8]) -> Result<Report, ReadError> {
        #[derive(Deserialize)]
        struct Head {
            format: Option<serde_json::Value>,
        }
        let head: Head = match serde_json::from_slice(octets) {
            Ok(head) => head,
            Err(error) if error.is_data() => return Err(ReadError::Foreign),
            Err(error) => return Err(ReadError::Malformed(error)),
        };
        match head.format.and_then(|format| format.as_u64()) {
            None => return Err(ReadError::Foreign),
            Some(0) => return Err(ReadError::Zero),
            Some(format) if format > u64::from(FORMAT) => return Err(ReadError::Newer(format)),
            Some(_) => {}
        }
        let report: Report = serde_json::from_slice(octets).map_err(ReadError::Malformed)?;
        let counted = Summary::of(&report.cases);
        if counted != report.summary {
            return Err(ReadError::Summary {
                summary: report.summary.cases,
                cases: counted.cases,
            });
        }
        let mut ids: Vec<&str> = report.cases.iter().map(|case| case.id.as_str()).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ReadError::Twice(escape::line(pair[0]).into_owned()));
        }
        Ok(report)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// As [`Report::from_json`], and where the file cannot be read or is longer than [`MAX_FILE`].
    pub fn read(path: &Path) -> Result<Report, ReadError> {
        Report::from_json(&limited(File::open(path)?, MAX_FILE)?)
    }
}

/// JSON in the layout below, with a line feed at its end.
pub(super) fn written(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Layout::default());
    // A vector takes all octets, and nothing that is written here has a map with keys that are no strings.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "{written:?}");
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}

pub(super) fn limited(file: impl Read, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut octets = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut octets)?;
    match octets.len() as u64 > limit {
        true => Err(ReadError::TooLong),
        false => Ok(octets),
    }
}

/// Objects this deep stand on one line: a line of a transcript, a finding.
const FLAT: usize = 4;

/// Two blanks for each level; lists of plain values and deep objects on one line. Characters that could harm a terminal
/// are written as `\u` escapes, so that the file can be looked at with any tool.
#[derive(Debug, Default)]
struct Layout {
    /// For each open list or object: whether its closing bracket stands on a line of its own.
    open: Vec<bool>,
    /// A value of a list is about to come; whether it is the first.
    pending: Option<bool>,
}

impl Layout {
    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        writeln!(out)?;
        self.open.iter().try_for_each(|_| out.write_all(b"  "))
    }

    /// Before a plain value.
    fn plain<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.pending.take() {
            Some(false) => out.write_all(b" "),
            _ => Ok(()),
        }
    }

    /// Before a list or an object.
    fn deep<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.pending.take().is_some() {
            if let Some(broken) = self.open.last_mut() {
                *broken = true;
            }
            self.line(out)?;
        }
        Ok(())
    }

    fn end<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        if self.open.pop() == Some(true) {
            self.line(out)?;
        }
        out.write_all(bracket)
    }

    /// Whether the innermost object stands on one line.
    fn is_flat(&self) -> bool {
        self.open.len() > FLAT
    }
}

impl Formatter for Layout {
    fn write_null<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.plain(out)?;
        out.write_all(b"null")
    }

    fn write_bool<W: ?Sized + Write>(&mut self, out: &mut W, value: bool) -> io::Result<()> {
        self.plain(out)?;
        write!(out, "{value}")
    }

    fn write_u32<W: ?Sized + Write>(&mut self, out: &mut W, value: u32) -> io::Result<()> {
        self.write_u64(out, value.into())
    }

    fn write_u64<W: ?Sized + Write>(&mut self, out: &mut W, value: u64) -> io::Result<()> {
        self.plain(out)?;
        write!(out, "{value}")
    }

    fn begin_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.plain(out)?;
        out.write_all(b"\"")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut rest = text;
        while let Some((at, hostile)) = rest.char_indices().find(|(_, c)| escape::is_hostile(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in hostile.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + hostile.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.deep(out)?;
        self.open.push(false);
        out.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pending = Some(first);
        if first { Ok(()) } else { out.write_all(b",") }
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.deep(out)?;
        self.open.push(false);
        out.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        match self.is_flat() {
            true if first => Ok(()),
            true => out.write_all(b" "),
            false => {
                if let Some(broken) = self.open.last_mut() {
                    *broken = true;
                }
                self.line(out)
            }
        }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"}")
    }
}

#[cfg(test)]
mod tests;
