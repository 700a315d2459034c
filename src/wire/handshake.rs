//! The opening handshake (RFC 6455, section 4; RFC 9110; RFC 9112): written octet by octet, read leniently.
//!
//! Reading keeps the raw octets and tells each departure from the grammar as a [`Flaw`]; whether a flaw is a breach is the observer's to say.

pub mod accept;
pub mod head;
pub mod write;

/// A request or response head that was read, with its raw octets (the empty line included).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub raw: Vec<u8>,
    pub headers: Vec<Field>,
    pub flaws: Vec<Flaw>,
}

/// One header line: name as written, value trimmed of blanks (obs-fold replaced by one blank).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: Vec<u8>,
}

/// A client's opening handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub target: Vec<u8>,
    pub version: String,
    pub head: Head,
}

/// A server's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub version: String,
    pub status: u16,
    pub reason: Vec<u8>,
    pub head: Head,
}

/// A departure from the grammar of RFC 9112.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    #[error("a line ends in LF without CR")]
    BareLf,
}
