//! The opening handshake (RFC 6455, section 4; RFC 9110; RFC 9112): written octet by octet, read leniently.
//!
//! Reading keeps the raw octets and tells each departure from the grammar as a [`Flaw`]; whether a flaw is a breach is the observer's to say.

pub mod accept;
pub mod body;
pub mod client;
pub mod extension;
pub mod fields;
pub mod flaw;
pub mod head;
pub mod server;
pub(crate) mod start_line;
pub mod uri;
pub mod values;
pub mod write;

pub use body::{BodyError, BodyLength, BodyReader, FramingError};
pub use extension::{Extension, ExtensionError, Parameter};
pub use flaw::Flaw;
pub use head::{Foreign, HeadError, HeadReader, Limits};
pub use values::Values;

/// The header section of a request or response that was read, with the raw octets of the whole head (start line, empty lines included).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// All octets of the head as they came.
    pub raw: Vec<u8>,
    /// The header lines, in order. Lines that are none (no colon, blanks before the first) are told as flaws and left out.
    pub headers: Vec<Field>,
    /// Each departure from the grammar, once, in order of appearance.
    pub flaws: Vec<Flaw>,
}

/// One header line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name as written, without blanks before the colon; octets that are no UTF-8 stand as U+FFFD.
    pub name: String,
    /// The value, trimmed of blanks, with each obs-fold replaced by one blank (RFC 9112, section 5.2). Bare CR, NUL and other octets are
    /// kept as they came.
    pub value: Vec<u8>,
}

/// A client's opening handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The first word of the request line.
    pub method: String,
    /// What stands between method and version.
    pub target: Vec<u8>,
    /// The last word of the request line; empty when there are fewer than three.
    pub version: String,
    /// The rest.
    pub head: Head,
}

/// A server's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The first word of the status line.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// The reason phrase, possibly empty.
    pub reason: Vec<u8>,
    /// The rest.
    pub head: Head,
}

impl Request {
    /// Reads a whole request from its octets; `None` when it is incomplete or no request at all. What follows the head is left aside.
    pub fn read(octets: &[u8]) -> Option<Request> {
        let mut reader = HeadReader::request().with_limits(Limits::NONE);
        reader.feed(octets);
        reader.next().ok().flatten()
    }
}

impl Response {
    /// Reads a whole response head from its octets; `None` when it is incomplete or no response at all. What follows the head is left aside.
    pub fn read(octets: &[u8]) -> Option<Response> {
        let mut reader = HeadReader::response().with_limits(Limits::NONE);
        reader.feed(octets);
        reader.next().ok().flatten()
    }
}
