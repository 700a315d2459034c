//! Close payloads and close codes (RFC 6455, sections 5.5.1 and 7.4; IANA registry for 1012 to 1014).

use crate::case::Role;

/// The body of a Close frame, read leniently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseBody {
    /// No octets.
    Empty,
    /// One octet: malformed.
    Short(u8),
    /// A code, and the reason's octets (UTF-8 or not).
    Code(u16, Vec<u8>),
}

impl CloseBody {
    /// Reads the payload of a Close frame.
    pub fn read(payload: &[u8]) -> CloseBody {
        let _ = payload;
        todo!()
    }
    /// The code, when there is one.
    pub fn code(&self) -> Option<u16> {
        match self {
            CloseBody::Code(code, _) => Some(*code),
            _ => None,
        }
    }
}

/// What the RFC says of a code on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeClass {
    /// 1000 to 1003, 1007 to 1011: defined (7.4.1). 1010 is a client's only.
    Defined,
    /// 1012 to 1014: registered after the RFC.
    Registered,
    /// 1004: reserved.
    Reserved,
    /// 1005, 1006, 1015: never on the wire.
    Never,
    /// 1016 to 2999: unassigned.
    Unassigned,
    /// 3000 to 4999.
    Application,
    /// 0 to 999 and 5000 up.
    OutOfRange,
}

/// Classifies a code.
pub fn class(code: u16) -> CodeClass {
    let _ = code;
    todo!()
}

/// Whether an endpoint of this role may send the code.
pub fn may_send(code: u16, sender: Role) -> bool {
    let _ = (code, sender);
    todo!()
}
