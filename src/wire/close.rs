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
        match *payload {
            [] => CloseBody::Empty,
            [octet] => CloseBody::Short(octet),
            [high, low, ref reason @ ..] => {
                CloseBody::Code(u16::from_be_bytes([high, low]), reason.to_vec())
            }
        }
    }
    /// A code with a reason.
    pub fn new(code: u16, reason: impl Into<Vec<u8>>) -> CloseBody {
        CloseBody::Code(code, reason.into())
    }
    /// The payload of a Close frame.
    pub fn octets(&self) -> Vec<u8> {
        match self {
            CloseBody::Empty => Vec::new(),
            CloseBody::Short(octet) => vec![*octet],
            CloseBody::Code(code, reason) => [&code.to_be_bytes()[..], reason].concat(),
        }
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
    match code {
        1000..=1003 | 1007..=1011 => CodeClass::Defined,
        1012..=1014 => CodeClass::Registered,
        1004 => CodeClass::Reserved,
        1005 | 1006 | 1015 => CodeClass::Never,
        1016..=2999 => CodeClass::Unassigned,
        3000..=4999 => CodeClass::Application,
        0..=999 | 5000.. => CodeClass::OutOfRange,
    }
}

/// Whether an endpoint of this role may send the code.
pub fn may_send(code: u16, sender: Role) -> bool {
    match class(code) {
        // 7.4.1: 1010 is not used by the server. 1011 is both sides' by erratum 3227.
        CodeClass::Defined => code != 1010 || sender == Role::Client,
        CodeClass::Registered | CodeClass::Application => true,
        CodeClass::Reserved | CodeClass::Never | CodeClass::Unassigned | CodeClass::OutOfRange => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_bodies() {
        for (octets, body) in [
            (&b""[..], CloseBody::Empty),
            (b"\x03", CloseBody::Short(3)),
            (b"\x03\xe8", CloseBody::new(1000, "")),
            (b"\x0f\xa0bye\xff", CloseBody::new(4000, b"bye\xff")),
        ] {
            assert_eq!(CloseBody::read(octets), body);
            assert_eq!(body.octets(), octets);
        }
        assert_eq!(CloseBody::Empty.code(), None);
        assert_eq!(CloseBody::Short(3).code(), None);
        assert_eq!(CloseBody::new(1001, "x").code(), Some(1001));
    }

    #[test]
    fn says_which_codes_may_be_sent() {
        let may = |sender| (0..=u16::MAX).filter(move |&code| may_send(code, sender));
        let defined = [1000, 1001, 1002, 1003, 1007, 1008, 1009];
        let later = (1011..=1014).chain(3000..=4999);
        assert!(may(Role::Server).eq(defined.into_iter().chain(later.clone())));
        assert!(may(Role::Client).eq(defined.into_iter().chain([1010]).chain(later)));
    }
}
