//! The views of a report, and the page that they are laid out for.

use anstream::stream::RawStream;
use anstyle::{AnsiColor, Style};
use tabled::grid::util::string::{get_char_width, get_string_width};

use super::{
    Comparison, Matrix, Report, Target, badge, compare, csv, github, html, junit, markdown, matrix,
    sarif, table, tap, text,
};
use crate::{case::Role, escape::line, session::Verdict};

/// A view of a report: one row of [`FORMATS`].
#[derive(Debug)]
pub struct Format {
    /// As it is typed.
    pub name: &'static str,
    /// One line of explanation.
    pub about: &'static str,
    /// Shows a report.
    pub render: fn(&Report, &Page) -> String,
    /// Shows what changed between two; `None`: it cannot.
    pub compare: Option<fn(&Comparison, &Page) -> String>,
    /// Shows several side by side; `None`: it cannot.
    pub matrix: Option<fn(&Matrix, &Page) -> String>,
}

/// All views. A new one is a file beside this one, and a row here.
pub static FORMATS: &[Format] = &[
    Format {
        name: "json",
        about: "everything, for programs and for later",
        render: |report, _| report.to_json(),
        compare: Some(|comparison, _| comparison.to_json()),
        matrix: Some(|matrix, _| matrix.to_json()),
    },
    TABLE,
    TEXT,
    Format {
        name: "html",
        about: "a page of its own: each case with its rule, its steps and what was said",
        render: html::render,
        compare: Some(compare::html::render),
        matrix: Some(matrix::html::render),
    },
    Format {
        name: "markdown",
        about: "a page for a pull request or the summary of a job, failures folded",
        render: markdown::render,
        compare: Some(compare::text::markdown),
        matrix: Some(matrix::text::markdown),
    },
    Format {
        name: "junit",
        about: "JUnit XML, for CI servers",
        render: junit::render,
        compare: None,
        matrix: None,
    },
    Format {
        name: "tap",
        about: "TAP 14, for test harnesses",
        render: tap::render,
        compare: None,
        matrix: None,
    },
    Format {
        name: "github",
        about: "annotations of a GitHub workflow",
        render: github::render,
        compare: None,
        matrix: None,
    },
    Format {
        name: "sarif",
        about: "SARIF 2.1.0, for tools that gather findings",
        render: sarif::render,
        compare: None,
        matrix: None,
    },
    Format {
        name: "csv",
        about: "a line for each case, for spreadsheets",
        render: csv::render,
        compare: None,
        matrix: None,
    },
    Format {
        name: "badge-json",
        about: "a badge for shields.io",
        render: badge::endpoint,
        compare: None,
        matrix: None,
    },
    Format {
        name: "badge-svg",
        about: "a badge, drawn",
        render: badge::svg,
        compare: None,
        matrix: None,
    },
];

/// What a person wants to see first.
pub const TABLE: Format = Format {
    name: "table",
    about: "counts, breaches, and the cases that do not simply pass",
    render: table::render,
    compare: Some(compare::text::table),
    matrix: Some(matrix::text::table),
};

/// What a person wants to know of a case.
pub(super) const TEXT: Format = Format {
    name: "text",
    about: "each failure in full, as it is told during a run",
    render: text::render,
    compare: None,
    matrix: None,
};

impl PartialEq for Format {
    fn eq(&self, other: &Format) -> bool {
        self.name == other.name
    }
}

/// What a view is laid out for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Columns of the terminal; `None`: a pipe or a file, where nothing is shortened.
    pub width: Option<usize>,
    /// Whether control sequences for colour may be used.
    pub colour: bool,
    /// Whether a view that tells of cases tells of all of them, and what was said in each.
    pub verbose: bool,
}

/// The narrowest page that is laid out; a narrower terminal breaks the lines itself.
const NARROWEST: usize = 72;

impl Page {
    /// A pipe or a file: no colours, nothing shortened.
    pub const PIPE: Page = Page {
        width: None,
        colour: false,
        verbose: false,
    };

    /// Standard output as it is: the width where it is a terminal, colours unless `NO_COLOR`, `TERM` or the like forbid them.
    pub fn stdout() -> Page {
        Page::of(&std::io::stdout(), &console::Term::stdout())
    }

    /// Standard error, in the same way.
    pub fn stderr() -> Page {
        Page::of(&std::io::stderr(), &console::Term::stderr())
    }

    fn of(stream: &impl RawStream, terminal: &console::Term) -> Page {
        if !stream.is_terminal() {
            return Page::PIPE;
        }
        let colour = anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never;
        let columns = terminal.size_checked().map_or(80, |(_, columns)| columns);
        let width = Some(usize::from(columns).max(NARROWEST));
        Page {
            width,
            colour,
            verbose: false,
        }
    }

    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        match self.colour {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }
}

/// What was tested, as it was typed: its name, else its URL.
pub fn name(target: &Target) -> String {
    let default = match target.role {
        Role::Server => "the reference server",
        Role::Client => "a client that connected",
    };
    let name = [&target.name, &target.url, &target.agent];
    let name = name.iter().find_map(|name| name.as_deref());
    line(name.unwrap_or(default)).into_owned()
}

/// A sentence begins so.
pub(super) fn capital(words: &str) -> String {
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The verdict in words.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Tolerated => "tolerated",
        Verdict::Fail => "fail",
        Verdict::NotApplicable => "not applicable",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Error => "error",
    }
}

/// The colour of a verdict.
pub(super) fn style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Tolerated => AnsiColor::Yellow,
        Verdict::Fail => AnsiColor::Red,
        Verdict::NotApplicable => AnsiColor::BrightBlack,
        Verdict::Inconclusive => AnsiColor::Cyan,
        Verdict::Error => AnsiColor::Magenta,
    };
    colour.on_default()
}

/// The text in at most `width` columns, `…` at its end where something is missing.
pub(super) fn shorten(text: &str, width: usize) -> String {
    if get_string_width(text) <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |c: &char| {
        let columns = get_char_width(*c);
        let fits = columns <= room;
        room = room.saturating_sub(columns);
        fits
    };
    let mut out: String = text.chars().take_while(fits).collect();
    out.push('…');
    out
}

/// The text in lines of at most `width` columns, broken at blanks; a longer word stands on a line of its own.
pub(super) fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let columns = get_string_width(word);
        if used > 0 && used + 1 + columns > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
        }
        used += columns;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shortened_by_columns() {
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefg", 6), "abcde…");
        assert_eq!(shorten("日本語です", 6), "日本…");
        assert_eq!(shorten("ab", 0), "…");
    }

    #[test]
    fn prose_is_broken_at_blanks() {
        assert_eq!(wrap("one two three", Some(7)), ["one two", "three"]);
        assert_eq!(
            wrap("incomprehensible word", Some(5)),
            ["incomprehensible", "word"]
        );
        assert_eq!(wrap("one two", None), ["one two"]);
        assert_eq!(wrap("", Some(5)), [""]);
    }
}
