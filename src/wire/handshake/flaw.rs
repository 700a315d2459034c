//! Departures of a head from the grammar of HTTP/1.1.

/// A departure from the grammar of RFC 9112 or RFC 9110. Values are shortened and printable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// RFC 9112, section 2.2: lines end in CRLF; a recipient may take LF alone.
    #[error("a line ends in LF without CR")]
    BareLf,
    /// RFC 9112, section 2.2.
    #[error("a CR stands alone, without LF")]
    BareCr,
    /// RFC 9112, section 2.2.
    #[error("an empty line stands before the first line")]
    EmptyLineFirst,
    /// RFC 9112, section 2.2. The line is dropped.
    #[error("blanks stand between the first line and the first header line")]
    BlankBeforeHeaders,
    /// RFC 9112, sections 3 and 4.
    #[error("the parts of the first line are not separated by exactly one SP")]
    StartLineBlanks,
    /// RFC 9112, section 3.
    #[error("the request line has {0} parts instead of three")]
    RequestLine(usize),
    /// RFC 9112, section 3.1.
    #[error("the method {0:?} is no token")]
    Method(String),
    /// RFC 9112, section 2.3.
    #[error("the version is {0:?}, which is not of the form HTTP/1.1")]
    Version(String),
    /// RFC 9112, section 4.
    #[error("the status code is {0:?}, which is not of three digits")]
    StatusCode(String),
    /// RFC 9112, section 4: the space is there even when the phrase is empty.
    #[error("no SP follows the status code")]
    NoSpaceBehindStatus,
    /// RFC 9112, section 5. The line is dropped.
    #[error("the header line {0:?} has no colon")]
    NoColon(String),
    /// RFC 9110, section 5.1.
    #[error("the header name {0:?} is no token")]
    Name(String),
    /// RFC 9112, section 5.1.
    #[error("blanks stand between the header name {0:?} and the colon")]
    BlankBeforeColon(String),
    /// RFC 9112, section 5.2.
    #[error("a header value is continued on a further line (obs-fold)")]
    ObsFold,
    /// RFC 9110, section 5.5.
    #[error("a NUL stands in the head")]
    Nul,
    /// RFC 9110, section 5.5.
    #[error("the control octet 0x{0:02x} stands in the head")]
    Control(u8),
}

impl Flaw {
    /// Where the grammar is.
    pub fn section(&self) -> &'static str {
        match self {
            Flaw::BareLf | Flaw::BareCr | Flaw::EmptyLineFirst | Flaw::BlankBeforeHeaders => {
                "RFC 9112, section 2.2"
            }
            Flaw::StartLineBlanks | Flaw::RequestLine(_) => "RFC 9112, section 3",
            Flaw::Method(_) => "RFC 9112, section 3.1",
            Flaw::Version(_) => "RFC 9112, section 2.3",
            Flaw::StatusCode(_) | Flaw::NoSpaceBehindStatus => "RFC 9112, section 4",
            Flaw::NoColon(_) => "RFC 9112, section 5",
            Flaw::Name(_) => "RFC 9110, section 5.1",
            Flaw::BlankBeforeColon(_) => "RFC 9112, section 5.1",
            Flaw::ObsFold => "RFC 9112, section 5.2",
            Flaw::Nul | Flaw::Control(_) => "RFC 9110, section 5.5",
        }
    }

    /// The id in `cases/rules.tsv` of the rule on what a recipient does with it, where there is one.
    pub fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Flaw::BareLf => "9112-2.2-1",
            Flaw::BareCr => "9112-2.2-2",
            Flaw::EmptyLineFirst => "9112-2.2-3",
            Flaw::BlankBeforeHeaders => "9112-2.2-4",
            Flaw::StartLineBlanks => "9112-3-1",
            Flaw::Version(_) => "9112-2.3-1",
            Flaw::BlankBeforeColon(_) => "9112-5.1-1",
            Flaw::ObsFold => "9112-5.2-1",
            Flaw::Nul => "9110-5.5-1",
            _ => return None,
        })
    }
}

/// At most 60 characters of octets, printable.
pub(crate) fn shortened(octets: &[u8]) -> String {
    const MOST: usize = 60;
    let text = octets[..octets.len().min(MOST)].escape_ascii().to_string();
    match octets.len() > MOST {
        true => format!("{text}… ({} octets)", octets.len()),
        false => text,
    }
}
