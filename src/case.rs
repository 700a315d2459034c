//! The model of a case: what `cases/README.md` says, as values.
//!
//! A case is bound: its rows are already applied. [`document`] reads files into
//! cases, [`mod@print`] writes one back; `parse(print(case)) == case`.

use std::time::Duration;

mod bind;
mod cursor;
pub mod document;
pub mod error;
pub(crate) mod fault;
pub mod fuzz;
mod head;
mod keys;
pub mod lint;
mod literal;
mod parse;
pub mod payload;
pub mod print;
mod rows;
mod steps;
#[cfg(test)]
pub mod strategy;
#[cfg(test)]
mod tests;
mod weight;

pub use document::Document;
pub use payload::Payload;

/// Which side of the connection an endpoint takes (RFC 6455, section 1.1).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Dials and masks.
    Client,
    /// Accepts and does not mask.
    Server,
}

impl Role {
    /// The other side.
    pub fn other(self) -> Role {
        match self {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        }
    }
}

/// How much a rule weighs (RFC 2119).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// MAY and OPTIONAL.
    May,
    /// SHOULD and SHOULD NOT.
    Should,
    /// MUST and MUST NOT.
    Must,
}

/// One test case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `folder/file/slug` or `folder/file/slug[row]`.
    pub id: String,
    /// One sentence: what a conforming target does.
    pub title: String,
    /// Ids of the rules in `cases/rules.tsv`; the first is the one that a failure names.
    pub checks: Vec<String>,
    /// The level that the case asks for, where it lowers that of its rules.
    pub level: Option<Level>,
    /// The roles of the target that the case is for: `None` for both.
    pub role: Option<Role>,
    /// The kind of target that the case is for: `None` for any.
    pub profile: Option<Profile>,
    /// What the target has to offer.
    pub needs: Vec<Need>,
    /// Numbers of the matching Autobahn cases.
    pub autobahn: Vec<String>,
    /// The class of known bugs that it catches.
    pub class: Option<String>,
    /// Runs only when asked for.
    pub heavy: bool,
    /// So many other connections are open and idle while it is played; only for servers.
    pub beside: usize,
    /// What is played.
    pub steps: Vec<Step>,
}

impl Case {
    /// Whether the case is for a target of this role.
    pub fn is_for(&self, role: Role) -> bool {
        self.role.is_none_or(|r| r == role)
    }

    /// Whether the case is for a target of this kind; `None`: one of which nothing more is known.
    pub fn is_for_profile(&self, profile: Option<Profile>) -> bool {
        self.profile.is_none() || self.profile == profile
    }
}

/// A kind of target that another standard binds beside the RFC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A browser: a client that the WHATWG standard for WebSockets binds.
    Browser,
}

/// What a target has to offer for a case to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// Sends each message back.
    Echo,
    /// Agrees on a subprotocol when one is offered.
    Subprotocol,
}

/// One step of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `>`
    Send(Send),
    /// `<` with its `~` and `?`
    Expect(Vec<Alternative>),
}

/// One foreseen reaction of the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// `<`, `~` or `?`.
    pub mark: Mark,
    /// Joined by `or`; at least one.
    pub outcomes: Vec<Outcome>,
    /// The rest of the case on this branch; `None`: it goes on below.
    pub then: Option<Vec<Step>>,
}

/// What a foreseen reaction is worth.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// `<`: what conforms.
    Required,
    /// `~ … "why"`: allowed, or not forbidden, but not what most readers expect.
    Tolerated(String),
    /// `? … "why"`: the case does not apply.
    NotApplicable(String),
}

/// What the suite sends.
#[derive(Clone, Debug, PartialEq)]
pub enum Send {
    /// A frame, a series or a fragmented message.
    Frame(FrameStep),
    /// Octets as they are.
    Bytes(Payload, Cut),
    /// An opening handshake as client.
    Request(Box<HandshakeStep>),
    /// A response as server, with its status code.
    Response(u16, Box<HandshakeStep>),
    /// FIN.
    Eof,
    /// RST.
    Reset,
    /// What was sent so far goes out on its own.
    Pause,
}

/// How octets are handed to the transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// In one piece.
    #[default]
    Whole,
    /// `chop=N`: in pieces of N octets (N > 0).
    Chop(usize),
    /// `cut=N`: in two pieces, the first of N octets.
    At(usize),
}

/// Opcode and body of a frame step.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `text`, `binary`, `cont`, `ping`, `pong`, `op=N` with payload. The opcode is 0 to 15.
    Data(u8, Payload),
    /// `close [CODE [P]]`.
    Close(Option<(u16, Payload)>),
}

/// A frame to send, lawful or not (RFC 6455, section 5.2).
#[derive(Clone, Debug, PartialEq)]
pub struct FrameStep {
    /// Opcode and body.
    pub body: Body,
    /// The FIN bit.
    pub fin: bool,
    /// RSV1, RSV2, RSV3.
    pub rsv: [bool; 3],
    /// Masking.
    pub mask: MaskChoice,
    /// The form of the length; `None`: the shortest.
    pub form: Option<Form>,
    /// A declared length that may lie; `None`: the payload's.
    pub length: Option<u64>,
    /// Fragments of that many octets of payload (> 0); `None`: one frame.
    pub frag: Option<usize>,
    /// How often (> 0).
    pub times: u32,
    /// How it is handed to the transport.
    pub cut: Cut,
}

impl FrameStep {
    /// One well-formed frame: nothing said of it but opcode and body.
    pub fn new(body: Body) -> FrameStep {
        FrameStep {
            body,
            fin: true,
            rsv: [false; 3],
            mask: MaskChoice::Habit,
            form: None,
            length: None,
            frag: None,
            times: 1,
            cut: Cut::Whole,
        }
    }
}

/// The masking of a frame that the suite sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaskChoice {
    /// As the role of the suite demands, with a key from the seed.
    #[default]
    Habit,
    /// With a key from the seed, whatever the role.
    Masked,
    /// Without, whatever the role.
    Unmasked,
    /// With this key.
    Key([u8; 4]),
}

pub use crate::wire::frame::Form;

/// An opening handshake to write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandshakeStep {
    /// `method="…"` (request).
    pub method: Option<String>,
    /// `target="…"` (request).
    pub target: Option<Payload>,
    /// `version="…"`.
    pub version: Option<String>,
    /// `reason="…"` (response).
    pub reason: Option<Payload>,
    /// `line=P`: the whole first line.
    pub line: Option<Payload>,
    /// `eol=P`.
    pub eol: Option<Payload>,
    /// `end=P`.
    pub end: Option<Payload>,
    /// `body=P`.
    pub body: Option<Payload>,
    /// Changes to the ordinary header lines, in order.
    pub headers: Vec<HeaderEdit>,
    /// How it is handed to the transport.
    pub cut: Cut,
}

/// A change to the ordinary header lines.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderEdit {
    /// `Name: value`
    Set(String, String),
    /// `+ Name: value`
    Add(String, String),
    /// `- Name`
    Remove(String),
    /// `= P`
    Raw(Payload),
}

/// A check of a header section that was received.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderCheck {
    /// `Name: value`
    Is(String, String),
    /// `+ Name`
    Present(String),
    /// `- Name`
    Absent(String),
}

/// What the target may do.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `text P [times=N]`
    Text(Payload, u32),
    /// `binary P [times=N]`
    Binary(Payload, u32),
    /// `ping [P]`
    Ping(Option<Payload>),
    /// `pong P`
    Pong(Payload),
    /// `close`, `close empty`, `close CODE [P]`
    Close(CloseWanted),
    /// `fail [CODE]`
    Fail(Option<u16>),
    /// `eof`
    Eof,
    /// `reset`
    Reset,
    /// `silence T`
    Silence(Duration),
    /// `response CODE` with checks.
    Response(StatusWanted, Vec<HeaderCheck>),
    /// `refusal [CODE]` with checks.
    Refusal(Option<u16>, Vec<HeaderCheck>),
    /// `request` with checks.
    Request(Vec<HeaderCheck>),
}

/// Which Close frame is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum CloseWanted {
    /// Empty or with any code that may be sent.
    Any,
    /// Without a body.
    Empty,
    /// With this code, and reason.
    Code(u16, Option<Payload>),
}

/// Which status is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusWanted {
    /// `101`
    Code(u16),
    /// `4xx`: the first digit.
    Class(u8),
}
