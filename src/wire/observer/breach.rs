//! What a sender can do wrong: one variant per rule, with what was seen.

use std::fmt;

use super::opening::OpeningBreach;
use crate::wire::frame::{Form, Opcode};

/// A breach by the target of one rule that binds a sender. One variant per rule; the values say what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Breach {
    /// RFC 6455, section 5.1.
    #[error("masked a {opcode} frame, although it is the server")]
    MaskedByServer {
        /// Of the frame.
        opcode: Opcode,
        /// Of the frame.
        key: [u8; 4],
    },
    /// RFC 6455, section 5.1.
    #[error("sent a {opcode} frame of {length} octets unmasked, although it is the client")]
    UnmaskedByClient {
        /// Of the frame.
        opcode: Opcode,
        /// Of the frame.
        length: u64,
    },
    /// RFC 6455, section 5.5.1.
    #[error("sent its Close frame unmasked, although it is the client")]
    UnmaskedClose,
    /// RFC 6455, section 5.2.
    #[error(
        "set {} on a {opcode} frame, which no negotiated extension gives a meaning",
        Bits(rsv)
    )]
    ReservedBits {
        /// Of the frame.
        opcode: Opcode,
        /// RSV1, RSV2, RSV3.
        rsv: [bool; 3],
    },
    /// RFC 6455, section 5.2.
    #[error("sent a frame with {opcode}, which is reserved")]
    ReservedOpcode {
        /// Of the frame.
        opcode: Opcode,
    },
    /// RFC 6455, section 5.2.
    #[error(
        "wrote the length {length} of a {opcode} frame in the {} form; the shortest is the {} form",
        form_name(form),
        form_name(&Form::shortest(*length))
    )]
    LengthNotShortest {
        /// Of the frame.
        opcode: Opcode,
        /// In which the length stands.
        form: Form,
        /// The length.
        length: u64,
    },
    /// RFC 6455, section 5.2.
    #[error("sent a 64-bit length with the top bit set: {length:#018x}")]
    LengthTopBit {
        /// As written.
        length: u64,
    },
    /// RFC 6455, section 5.3. Told once per connection.
    #[error("used masking keys again: two frames in a row with a key of the frames just before")]
    KeyUsedAgain {
        /// The last key.
        key: [u8; 4],
    },
    /// RFC 6455, section 5.3. Told once per connection.
    #[error(
        "counts its masking keys up or down by a fixed step: the last was foretold by those before"
    )]
    KeysPredictable {
        /// The last key.
        key: [u8; 4],
    },
    /// RFC 6455, section 5.4.
    #[error("sent a continuation frame ({length} octets, FIN {}) with no message open", u8::from(*fin))]
    ContinuationWithoutMessage {
        /// The FIN bit.
        fin: bool,
        /// Of the frame.
        length: u64,
    },
    /// RFC 6455, section 5.4.
    #[error("began a {opcode} message (FIN {}) inside another that has not ended", u8::from(*fin))]
    MessageInsideMessage {
        /// Of the frame.
        opcode: Opcode,
        /// The FIN bit.
        fin: bool,
    },
    /// RFC 6455, section 5.4.
    #[error("sent a {opcode} frame with FIN clear; control frames are never fragmented")]
    ControlFragmented {
        /// Of the frame.
        opcode: Opcode,
    },
    /// RFC 6455, section 5.5.
    #[error("sent a {opcode} frame of {length} octets; control frames carry at most 125")]
    ControlTooLong {
        /// Of the frame.
        opcode: Opcode,
        /// Of the frame.
        length: u64,
    },
    /// RFC 6455, section 5.6. Told once per message.
    #[error("sent text that is not UTF-8: {}", NotUtf8(offset, octet))]
    TextNotUtf8 {
        /// In the message.
        offset: u64,
        /// The octet there that cannot be; `None`: the message ends inside the character that begins there.
        octet: Option<u8>,
    },
    /// RFC 6455, section 5.5.1.
    #[error("sent a Close frame with a body of one octet, {octet:#04x}; a code has two")]
    CloseBodyShort {
        /// The body.
        octet: u8,
    },
    /// RFC 6455, sections 5.5.1 and 8.1.
    #[error("sent a close reason that is not UTF-8, from octet {offset} of the reason on")]
    ReasonNotUtf8 {
        /// In the reason.
        offset: u64,
    },
    /// RFC 6455, section 5.5.1.
    #[error("sent a {opcode} frame of {length} octets after its Close frame")]
    DataAfterClose {
        /// Of the frame.
        opcode: Opcode,
        /// Of the frame.
        length: u64,
    },
    /// RFC 6455, section 5.5.1 rules out data only; section 1.4, which is not normative, any frame.
    #[error("sent a {opcode} frame after its Close frame")]
    ControlAfterClose {
        /// Of the frame.
        opcode: Opcode,
    },
    /// RFC 6455, section 5.5.1.
    #[error("sent a second Close frame")]
    SecondClose,
    /// RFC 6455, section 7.4.1.
    #[error("sent close code 1004, which is reserved{}", Echo(echo))]
    CodeReserved {
        /// The suite had sent that code.
        echo: bool,
    },
    /// RFC 6455, section 7.4.1.
    #[error(
        "sent close code 1005, which stands for the absence of a code{}",
        Echo(echo)
    )]
    CodeNoStatus {
        /// The suite had sent that code.
        echo: bool,
    },
    /// RFC 6455, section 7.4.1.
    #[error(
        "sent close code 1006, which stands for a connection lost without a Close frame{}",
        Echo(echo)
    )]
    CodeAbnormal {
        /// The suite had sent that code.
        echo: bool,
    },
    /// RFC 6455, section 7.4.1.
    #[error(
        "sent close code 1015, which stands for a failed TLS handshake{}",
        Echo(echo)
    )]
    CodeTls {
        /// The suite had sent that code.
        echo: bool,
    },
    /// RFC 6455, section 7.4.1: the code is a client's.
    #[error("sent close code 1010, which servers do not use")]
    ExtensionsMissedByServer,
    /// RFC 6455, section 7.4.1.
    #[error("sent close code 1010 without naming, in the reason, the extensions that it misses")]
    ExtensionsNotListed,
    /// RFC 6455, section 7.4.2.
    #[error("sent close code {code}, which is not assigned{}", Echo(echo))]
    CodeUnassigned {
        /// 1016 to 2999.
        code: u16,
        /// The suite had sent that code.
        echo: bool,
    },
    /// RFC 6455, sections 7.4.2 and 11.7.
    #[error(
        "sent close code {code}; codes lie between 1000 and 4999{}{}",
        Swapped(code),
        Echo(echo)
    )]
    CodeOutOfRange {
        /// 0 to 999, or 5000 up.
        code: u16,
        /// The suite had sent that code.
        echo: bool,
    },
    /// In the opening handshake.
    #[error(transparent)]
    Opening(OpeningBreach),
}

impl Breach {
    /// The id of the rule in `cases/rules.tsv`.
    pub fn rule(&self) -> &'static str {
        match self {
            Breach::MaskedByServer { .. } => "6455-5.1-5",
            Breach::UnmaskedByClient { .. } => "6455-5.1-1",
            Breach::UnmaskedClose => "6455-5.5.1-7",
            Breach::ReservedBits { .. } => "6455-5.2-2",
            Breach::ReservedOpcode { .. } => "6455-5.2-6",
            Breach::LengthNotShortest { .. } => "6455-5.2-12",
            Breach::LengthTopBit { .. } => "6455-5.2-11",
            Breach::KeyUsedAgain { .. } => "6455-5.3-2",
            Breach::KeysPredictable { .. } => "6455-5.3-4",
            Breach::ContinuationWithoutMessage { .. } => "6455-5.4-3",
            Breach::MessageInsideMessage { .. } => "6455-5.4-12",
            Breach::ControlFragmented { .. } => "6455-5.4-9",
            Breach::ControlTooLong { .. } => "6455-5.5-1",
            Breach::TextNotUtf8 { .. } => "6455-5.6-1",
            Breach::CloseBodyShort { .. } => "6455-5.5.1-2",
            Breach::ReasonNotUtf8 { .. } => "6455-5.5.1-5",
            Breach::DataAfterClose { .. } => "6455-5.5.1-8",
            Breach::ControlAfterClose { .. } => "6455-5.5.1-20",
            Breach::SecondClose => "6455-5.5.1-19",
            Breach::CodeReserved { .. } => "6455-7.4.1-6",
            Breach::CodeNoStatus { .. } => "6455-7.4.1-7",
            Breach::CodeAbnormal { .. } => "6455-7.4.1-8",
            Breach::CodeTls { .. } => "6455-7.4.1-15",
            Breach::ExtensionsMissedByServer => "6455-7.4.1-13",
            Breach::ExtensionsNotListed => "6455-7.4.1-12",
            Breach::CodeUnassigned { .. } => "6455-7.4.2-2",
            Breach::CodeOutOfRange { .. } => "6455-11.7-1",
            Breach::Opening(breach) => breach.rule(),
        }
    }

    /// Whether the RFC leaves it open after all, so that it makes a case `tolerated` and never `fail`.
    pub fn is_warning(&self) -> bool {
        match self {
            // No MUST NOT forbids them (5.5.1); "is not used" states a fact (7.4.1); the list is a SHOULD (7.4.1).
            Breach::ControlAfterClose { .. }
            | Breach::ExtensionsMissedByServer
            | Breach::ExtensionsNotListed => true,
            // "typically echos the status code it received" (5.5.1), and a receiver cannot know later registrations (7.4.2).
            Breach::CodeReserved { echo } | Breach::CodeUnassigned { echo, .. } => *echo,
            Breach::Opening(breach) => breach.is_warning(),
            _ => false,
        }
    }
}

fn form_name(form: &Form) -> &'static str {
    match form {
        Form::Seven => "7-bit",
        Form::Sixteen => "16-bit",
        Form::SixtyFour => "64-bit",
    }
}

struct Bits<'a>(&'a [bool; 3]);

impl fmt::Display for Bits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for (bit, name) in self.0.iter().zip(["RSV1", "RSV2", "RSV3"]) {
            if *bit {
                write!(f, "{between}{name}")?;
                between = " and ";
            }
        }
        Ok(())
    }
}

struct NotUtf8<'a>(&'a u64, &'a Option<u8>);

impl fmt::Display for NotUtf8<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotUtf8(offset, octet) = self;
        match octet {
            Some(octet) => write!(
                f,
                "octet {octet:#04x} at offset {offset} of the message cannot be"
            ),
            None => write!(
                f,
                "the message ends inside the character that begins at offset {offset}"
            ),
        }
    }
}

struct Echo<'a>(&'a bool);

impl fmt::Display for Echo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self.0 {
            " (an echo of the code it was sent)"
        } else {
            ""
        })
    }
}

struct Swapped<'a>(&'a u16);

impl fmt::Display for Swapped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.swap_bytes() {
            code @ 1000..=1015 => write!(f, " (with its octets swapped it is {code})"),
            _ => Ok(()),
        }
    }
}
