//! What can be wrong with a case file: one variant for each rule of the notation, with its sentence and its hint.

use std::fmt::Write;

use thiserror::Error;

use crate::wire::handshake::values;

/// A rule of the notation that a file breaks. `Display` is the sentence; [`Fault::hint`] says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the sentence of each variant says it")]
pub enum Fault {
    // The file.
    #[error("this octet is not valid UTF-8")]
    Encoding,
    #[error("the character {} may not stand in a case file", code_point(*.0))]
    Control(char),
    #[error("the file is larger than {} MiB", super::document::MAX_FILE >> 20)]
    FileSize,
    #[error(
        "the rows of this file make more than {} cases",
        super::document::MAX_CASES
    )]
    TooManyCases,
    #[error("the cases of this file are too long once their rows are put in")]
    TooMuchText,
    #[error("the steps of this case send and expect more than {} MiB", super::document::MAX_OCTETS >> 20)]
    TooManyOctets,
    #[error("the steps of this case send more than {} MiB", super::document::MAX_SENT >> 20)]
    TooMuchSent,
    #[error("the path {0} does not make an id")]
    Path(String),

    // Cases and layout.
    #[error("this line belongs to no case")]
    OutsideCase,
    #[error("{0} is not an id")]
    CaseId(String),
    #[error("the case has no id")]
    NoCaseId,
    #[error("the id `{0}` is taken")]
    DuplicateCase(String),
    #[error("this line stands {found} blanks in where {expected} are expected")]
    Indent { expected: usize, found: usize },
    #[error("nothing can stand below `{0}`")]
    Below(String),
    #[error("the branches are more than {} deep", super::document::MAX_DEPTH)]
    TooDeep,

    // Keys.
    #[error("there is no key {0}")]
    UnknownKey(String, Option<&'static str>),
    #[error("the key `{0}` stands here twice")]
    RepeatedKey(&'static str),
    #[error("a key stands below the first step")]
    KeyBelowSteps,
    #[error("the case has no `{0}`")]
    MissingKey(&'static str),
    #[error("the key `{0}` has no value")]
    EmptyKey(&'static str),
    #[error("{found} is not a value of `{key}`")]
    KeyValue {
        key: &'static str,
        found: String,
        expected: &'static str,
    },
    #[error("a case cannot raise its level to must")]
    LevelMust,
    #[error(
        "only beside a case for servers can other connections be open: clients come by themselves"
    )]
    BesideRole,
    #[error("there is no rule {0}")]
    UnknownRule(String, Option<String>),
    #[error("{0} stands here twice")]
    RepeatedItem(String),

    // Steps.
    #[error("this line does not say who acts")]
    NoMark,
    #[error("a blank is missing behind `{0}`")]
    NoBlank(char),
    #[error("there is no step here")]
    EmptyStep,
    #[error("the suite has no step {0}")]
    UnknownStep(String, Option<&'static str>),
    #[error("there is no outcome {0}")]
    UnknownOutcome(String, Option<&'static str>),
    #[error("`{0}` is what the target does")]
    OutcomeSent(&'static str),
    #[error("`{0}` is what the suite sends")]
    StepExpected(&'static str),
    #[error("no `<` line stands above this alternative")]
    OrphanAlternative,
    #[error("the why is missing")]
    NoWhy,
    #[error("the why is empty or not text")]
    BadWhy,
    #[error("this cannot follow here: {0}")]
    Leftover(String),

    // Payloads and numbers.
    #[error("a payload is missing")]
    NoPayload,
    #[error("there is no payload {0}")]
    UnknownPayload(String, Option<&'static str>),
    #[error("the string does not end")]
    Unterminated,
    #[error("there is no escape {0}")]
    Escape(String),
    #[error("{0} is not a hexadecimal digit")]
    HexDigit(String),
    #[error("this octet has one digit only")]
    HexOdd,
    #[error("a number is missing")]
    NoNumber,
    #[error("{0} is not a number")]
    Number(String),
    #[error("{0} is out of range")]
    OutOfRange(String, u64, u64),
    #[error("a payload has at most {} MiB", super::Payload::MAX >> 20)]
    PayloadSize,
    #[error("one step makes more than {} pieces", super::document::MAX_PIECES)]
    TooManyPieces,
    #[error("{0} is not text")]
    NotText(&'static str),
    #[error("{0} is not a time")]
    Time(String),
    #[error("{0} is not a status")]
    Status(String),

    // Attributes.
    #[error("there is no attribute {0} here")]
    UnknownAttribute(String, Option<&'static str>, &'static [&'static str]),
    #[error("the attribute `{0}` stands here twice")]
    RepeatedAttribute(&'static str),
    #[error("`{0}` and `{1}` exclude each other")]
    Conflict(&'static str, &'static str),
    #[error("the attribute `{0}` needs a value")]
    NoValue(&'static str),
    #[error("the attribute `{0}` takes no value")]
    FlagValue(&'static str),
    #[error("{found} is not a value of `{key}`")]
    AttributeValue {
        key: &'static str,
        found: String,
        expected: &'static str,
    },

    // Handshakes.
    #[error("this is no header line")]
    HeaderLine(&'static [&'static str]),
    #[error("{0} is not the name of a header")]
    HeaderName(String),
    #[error("two outcomes of this line have headers")]
    HeaderWhose,
    #[error("there is no value {0}")]
    UnknownValue(String, Option<&'static str>),

    // Rows.
    #[error("this row does not end with `|`")]
    RowEnd,
    #[error("this row has {found} cells, and there are {expected} columns")]
    RowCells { expected: usize, found: usize },
    #[error("{0} is not the name of a column")]
    ColumnName(String),
    #[error("there are two columns `{0}`")]
    RepeatedColumn(String),
    #[error("there are more than {most} {what}")]
    TooMany { what: &'static str, most: usize },
    #[error("there are columns and no rows")]
    NoRows,
    #[error("{0} cannot stand in an id")]
    RowKey(String),
    #[error("two rows begin with {0}")]
    RepeatedRow(String),
    #[error("this line stands below the rows")]
    BelowRows,
    #[error("there is no column {0}")]
    UnknownColumn(String, Option<String>),
    #[error("this brace belongs to no column")]
    LoneBrace,
    #[error("the text is not one case")]
    NotOne,

    /// It parses, and makes no sense.
    #[error(transparent)]
    Remark(#[from] super::lint::Remark),
    #[error("an id cannot have a row of its own and rows below")]
    RowTwice,
}

impl Fault {
    pub(super) fn indent(expected: usize, found: usize) -> Fault {
        Fault::Indent { expected, found }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        use Fault::*;
        let fixed = match self {
            Encoding => "case files are UTF-8; in a string write the octet as \\xNN",
            Control('\t') => "indent with blanks; in a string write \\x09",
            Control(_) => "in a string write it as \\xNN or \\u{NNNN}",
            FileSize | TooManyCases | TooMuchText => "split the file",
            TooManyOctets | TooMuchSent => "make payloads shorter, or two cases of it",
            Path(_) => "use letters, digits, `-`, `_` and `.` in the names of folders and files",
            OutsideCase => {
                "a case begins with `case ID` in the first column; the rest of it stands two blanks in"
            }
            CaseId(_) => "an id is made of a-z, 0-9 and `-`",
            NoCaseId => "write `case some-id`",
            DuplicateCase(_) => "rename one of the two",
            Indent { .. } => "what belongs to a line stands two blanks further in",
            Below(_) => {
                "header lines stand below `request`, `response` and `refusal`; steps stand below `<`, `~` and `?`"
            }
            TooDeep => "make two cases of it",
            RepeatedKey(_) | RepeatedAttribute(_) | RepeatedItem(_) => "leave one out",
            KeyBelowSteps => "keys stand above the steps",
            MissingKey("title") => {
                "add `title:` and one sentence that says what a conforming target does"
            }
            MissingKey("checks") => {
                "add `checks:` and the ids of the rules (rules.tsv) that the case is about"
            }
            MissingKey(_) => "add it",
            EmptyKey(_) => "give it a value, or leave the line out",
            BesideRole => "write `role: server`, or leave the line out",
            LevelMust => "the rules give the level; `level:` lowers it to should or may",
            NoMark => {
                "a step begins with `>` (the suite sends), `<` (the target must), `~` (tolerated) or `?` (does not apply)"
            }
            NoBlank(_) => "put one there",
            EmptyStep => "write the step, or leave the line out",
            OutcomeSent(_) => "put it behind `<`",
            StepExpected("cont" | "op") => {
                "messages are compared, not frames: expect `text` or `binary`"
            }
            StepExpected(_) => "put it behind `>`",
            OrphanAlternative => {
                "`~` and `?` belong to the `<` line above them, with the same number of blanks before them"
            }
            NoWhy => {
                "`~` and `?` end with a string that says why: ~ eof \"no Close frame before the end\""
            }
            BadWhy => "say in a few words why it is tolerated, or why the case does not apply",
            Leftover(_) => {
                "parts of a payload are joined by `+`, alternatives of equal worth by `or`"
            }
            NoPayload => {
                "write one: \"text\", x\"f4 90\", ascii(N), utf8(N) or random(N); \"\" is empty"
            }
            Unterminated => "end it with `\"`; a quote inside is written \\\"",
            Escape(_) => "the escapes are \\\\ \\\" \\n \\r \\t \\0 \\xNN \\u{NNNN}",
            HexDigit(_) | HexOdd => "octets are written as pairs of digits: x\"f4 90\"",
            PayloadSize => "a declared length can be larger: length=N",
            TooManyPieces => "use larger pieces, or fewer",
            NotText(_) => "write valid UTF-8 without line ends",
            Time(_) => "write whole milliseconds or seconds, at most a minute: 200ms, 1s",
            Status(_) => "write three digits, or a class: 101, 4xx",
            Conflict(..) => "leave one out",
            FlagValue(_) => "write it without `=`",
            HeaderName(_) => {
                "a name has no blanks and no colon; write a malformed line as octets: = \"Upgrade : websocket\\r\\n\""
            }
            HeaderWhose => "give each a line of its own, `<` and `~`, or leave the headers out",
            RowEnd => "write | 1000 | close 1000 |",
            RowCells { .. } => "`|` always ends a cell; in a string write \\x7c",
            ColumnName(_) => "a column is named with a-z, 0-9, `-` and `_`",
            RepeatedColumn(_) => "rename one of the two",
            NoRows => "add a row, or leave the line of the columns out",
            RowKey(_) => {
                "the first cell of a row completes the id: letters, digits and any of . _ + = -"
            }
            RepeatedRow(_) => "the first cell of a row completes the id: make it unique",
            BelowRows => {
                "rows come last in a case; a line of its own that begins with `case` starts the next one"
            }
            LoneBrace => "double the brace, or write \\x7b or \\x7d in a string",
            TooMany { .. } => "make two cases of it",
            Remark(remark) => return Some(remark.hint()),
            NotOne => "give one case, without rows",
            RowTwice => "leave `[…]` out",
            NoNumber | Number(_) => "write it in decimal digits",
            OutOfRange(_, low, high) => {
                return Some(format!("write a number from {low} to {high}"));
            }
            KeyValue { expected, .. } | AttributeValue { expected, .. } => {
                return Some(format!("write {expected}"));
            }
            NoValue(key) => return Some(format!("write {key}=…")),
            UnknownKey(_, near) => return Some(did_you_mean(*near, KEYS)),
            UnknownStep(_, near) => return Some(did_you_mean(*near, super::parse::SENDS)),
            UnknownOutcome(_, near) => return Some(did_you_mean(*near, super::parse::OUTCOMES)),
            UnknownPayload(_, near) => {
                return Some(did_you_mean(
                    *near,
                    &["\"text\"", "x\"f4 90\"", "ascii(N)", "utf8(N)", "random(N)"],
                ));
            }
            UnknownAttribute(_, near, all) => return Some(did_you_mean(*near, all)),
            UnknownValue(_, near) => {
                let names = values::NAMES.map(|name| format!("${name}"));
                let hint = match near {
                    Some(near) => format!("did you mean `${near}`"),
                    None => format!("there are {}", list(&names, "and")),
                };
                return Some(format!("{hint}; one `$` is written `$$`"));
            }
            HeaderLine(forms) => return Some(format!("write {}", list(forms, "or"))),
            UnknownRule(_, near) => {
                return Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "the rules stand in rules.tsv; ids are as 6455-5.1-3".into(),
                });
            }
            UnknownColumn(_, near) => {
                return Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "columns stand in the first line of the rows; another brace is doubled, or \\x7b in a string".into(),
                });
            }
        };
        Some(fixed.into())
    }
}

/// The keys of a case.
pub(super) const KEYS: &[&str] = &[
    "title", "checks", "level", "role", "profile", "needs", "autobahn", "class", "heavy", "beside",
];

fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

fn did_you_mean(near: Option<&str>, all: &[&str]) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if all.len() == 1 => format!("there is {}", list(all, "and")),
        None => format!("there are {}", list(all, "and")),
    }
}

fn list(all: &[impl AsRef<str>], last: &str) -> String {
    let mut text = String::new();
    for (i, word) in all.iter().enumerate() {
        let joint = match i {
            0 => String::new(),
            i if i + 1 == all.len() => format!(" {last} "),
            _ => ", ".into(),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "{joint}`{}`", word.as_ref());
    }
    text
}

/// What stands in a file, fit to be printed: in backquotes, escaped, and not longer than a line bears.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut out = String::from("`");
    for (i, c) in text.chars().enumerate() {
        if i == MOST {
            out.push('…');
            break;
        }
        match c {
            '"' | '\'' | '\\' => out.push(c),
            c => out.extend(c.escape_debug()),
        }
    }
    out.push('`');
    out
}

/// The candidate that a misspelt word most likely means.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.is_empty() || word.len() > 64 {
        return None;
    }
    let most = (word.chars().count() / 3).max(1);
    let (distance, best) = candidates
        .into_iter()
        .map(|c| (distance(word, c), c))
        .min_by_key(|(d, _)| *d)?;
    (distance <= most).then_some(best)
}

/// Edits, with neighbours that changed places as one (optimal string alignment).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (
        a.to_lowercase().chars().collect(),
        b.to_lowercase().chars().collect(),
    );
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, j) => j,
                (i, 0) => i,
                (i, j) => {
                    let swap = if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        rows[i - 2][j - 2] + 1
                    } else {
                        usize::MAX
                    };
                    (rows[i - 1][j] + 1)
                        .min(rows[i][j - 1] + 1)
                        .min(rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]))
                        .min(swap)
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_strange_one_is_not() {
        let words = ["text", "binary", "ping", "pong"];
        assert_eq!(nearest("tetx", words), Some("text"));
        assert_eq!(nearest("binray", words), Some("binary"));
        assert_eq!(nearest("Pong", words), Some("pong"));
        assert_eq!(nearest("handshake", words), None);
        assert_eq!(nearest("", words), None);
    }

    #[test]
    fn what_is_shown_has_no_control_characters() {
        assert_eq!(
            shown("a\u{1b}[31m\u{202e}\"'"),
            "`a\\u{1b}[31m\\u{202e}\"'`"
        );
        assert!(shown(&"x".repeat(100)).chars().count() <= 43);
    }
}
