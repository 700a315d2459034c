//! What a sender can do wrong in the opening handshake: one variant per rule and sight. Texts are shortened and printable.

use crate::wire::handshake::{ExtensionError, Flaw, FramingError, accept::KeyError};

/// A breach of one rule on the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OpeningBreach {
    // Of a client.
    /// RFC 6455, section 4.1, item 1.
    #[error("sent a request that is not by the grammar of HTTP/1.1: {0} ({section})", section = .0.section())]
    RequestGrammar(Flaw),
    /// RFC 6455, section 4.1, item 1.
    #[error("sent a request whose body has no end that can be told: {0}")]
    RequestFraming(FramingError),
    /// RFC 6455, section 4.1, item 2.
    #[error("asked with the method {0:?} instead of GET")]
    Method(String),
    /// RFC 6455, section 4.1, item 2.
    #[error("asked with {0}; WebSocket needs HTTP/1.1")]
    RequestVersion(String),
    /// RFC 6455, section 3.
    #[error("asked for {0:?}, which does not begin with a slash")]
    TargetNoSlash(String),
    /// RFC 6455, section 3.
    #[error("asked for {0:?}, with a fragment (#)")]
    TargetFragment(String),
    /// RFC 6455, section 11.1.
    #[error("asked for {0:?}, with octets beyond ASCII that are not escaped")]
    TargetNotAscii(String),
    /// RFC 6455, section 3.
    #[error("asked for {0:?}, with a blank or control octet that is not escaped")]
    TargetBlank(String),
    /// RFC 6455, section 3; RFC 3986, sections 3.3 and 3.4. URL parsers of browsers leave such characters as they are.
    #[error("asked for {0:?}, where RFC 3986 wants the octet {1:#04x} escaped")]
    TargetCharacter(String, u8),
    /// RFC 6455, section 4.1, item 3.
    #[error("asked for {0:?}, which is neither a path nor an http or https URI")]
    TargetForm(String),
    /// RFC 6455, section 4.1, item 3.
    #[error("asked for {came:?} instead of {wanted:?}")]
    TargetOther {
        /// The target.
        came: String,
        /// Path and query of the URL it was given.
        wanted: String,
    },
    /// RFC 6455, section 3.
    #[error("asked for {came:?} instead of {wanted:?}: the query is not that of the URL")]
    TargetQuery {
        /// The target.
        came: String,
        /// Path and query of the URL it was given.
        wanted: String,
    },
    /// RFC 6455, section 4.1, item 4.
    #[error("sent no Host")]
    HostMissing,
    /// RFC 6455, section 4.1, item 4; RFC 9112, section 3.2.
    #[error("sent {0} Host lines")]
    HostRepeated(usize),
    /// RFC 6455, section 4.1, item 4; RFC 9110, section 7.2.
    #[error("sent the Host {0:?}, which is no host with or without a port")]
    HostInvalid(String),
    /// RFC 6455, section 11.1.
    #[error("sent the Host {0:?}, which is not ASCII")]
    HostNotAscii(String),
    /// RFC 6455, section 4.1, item 4.
    #[error("sent the Host {came:?} instead of {wanted:?}")]
    HostOther {
        /// The value.
        came: String,
        /// Host and port of the URL it was given.
        wanted: String,
    },
    /// RFC 6455, section 4.1, item 5.
    #[error("sent a request whose Upgrade does not name websocket: {0}")]
    UpgradeUnasked(Lines),
    /// RFC 6455, section 4.1, item 6.
    #[error("sent a request whose Connection does not name Upgrade: {0}")]
    ConnectionUnasked(Lines),
    /// RFC 6455, section 4.1, item 7.
    #[error("sent no Sec-WebSocket-Key")]
    KeyMissing,
    /// RFC 6455, section 11.3.1.
    #[error("sent {0} Sec-WebSocket-Key lines")]
    KeyRepeated(usize),
    /// RFC 6455, sections 4.1, item 7 and 4.3; erratum 3150.
    #[error("sent the Sec-WebSocket-Key {0:?}: {1}")]
    KeyValue(String, KeyError),
    /// RFC 6455, section 4.1, item 7.
    #[error("sent the Sec-WebSocket-Key {0:?}, which is not chosen at random: {1}")]
    KeyFixed(String, &'static str),
    /// RFC 6455, section 4.1, item 9.
    #[error("sent no Sec-WebSocket-Version")]
    VersionMissing,
    /// RFC 6455, section 11.3.5.
    #[error("sent {0} Sec-WebSocket-Version lines")]
    VersionRepeated(usize),
    /// RFC 6455, section 4.3.
    #[error(
        "sent the Sec-WebSocket-Version {0:?}, which is no number from 0 to 255 without leading zeros"
    )]
    VersionGrammar(String),
    /// RFC 6455, sections 4.1, item 9 and 11.6.
    #[error("sent the Sec-WebSocket-Version {0}, which is reserved")]
    VersionReserved(String),
    /// RFC 6455, section 4.1, item 9; section 4.4 lets a client try others first.
    #[error("sent the Sec-WebSocket-Version {0} instead of 13")]
    VersionOther(String),
    /// RFC 6455, section 4.3.
    #[error("sent a Sec-WebSocket-Protocol that lists nothing")]
    SubprotocolsEmpty,
    /// RFC 6455, section 4.1, item 10.
    #[error("listed the subprotocol {0:?}, which is no token")]
    SubprotocolNoToken(String),
    /// RFC 6455, section 4.1, item 10.
    #[error("listed the subprotocol {0:?} more than once")]
    SubprotocolTwice(String),
    /// RFC 6455, section 4.1, item 8; RFC 6454, section 6.2.
    #[error("sent an Origin that is no ASCII serialization of an origin: {0}")]
    Origin(Lines),
    /// RFC 6455, section 4.1; RFC 9931, section 6.2.
    #[error("sent {octets} octets behind its request without waiting for the response")]
    EarlyData {
        /// How many, so far.
        octets: usize,
    },

    // Of either side.
    /// RFC 6455, sections 4.3 and 9.1.
    #[error("sent a Sec-WebSocket-Extensions that is not by its grammar: {0}")]
    ExtensionGrammar(ExtensionError),
    /// RFC 6455, section 9.1.
    #[error("gave the extension {0} the parameter {1:?}, which is not defined for it")]
    ParameterUnknown(&'static str, String),
    /// RFC 7692, section 7.1.1.1.
    #[error("gave server_no_context_takeover the value {0:?}; it has none")]
    ServerTakeoverValue(String),
    /// RFC 7692, section 7.1.1.2.
    #[error("gave client_no_context_takeover the value {0:?}; it has none")]
    ClientTakeoverValue(String),
    /// RFC 7692, section 7.1.2.1.
    #[error("gave server_max_window_bits {0}; it has a number from 8 to 15 without leading zeros")]
    ServerBitsValue(Value),
    /// RFC 7692, section 7.1.2.2.
    #[error(
        "gave client_max_window_bits {0}; its values are numbers from 8 to 15 without leading zeros"
    )]
    ClientBitsValue(Value),

    // Of a server that accepts.
    /// RFC 6455, section 4.2.2, step 5.
    #[error("sent a 101 that is not by the grammar of HTTP/1.1: {0} ({section})", section = .0.section())]
    ResponseGrammar(Flaw),
    /// RFC 6455, section 4.2.2, step 5.1.
    #[error("sent a 101 with {0}; WebSocket needs HTTP/1.1")]
    ResponseVersion(String),
    /// RFC 9110, section 7.8.
    #[error("switched protocols although the request's Upgrade does not name websocket")]
    SwitchedUnasked,
    /// RFC 9110, section 7.8.
    #[error("switched protocols although the request was HTTP/1.0")]
    SwitchedInHttp10,
    /// RFC 6455, section 4.2.2, step 5.2.
    #[error("sent a 101 whose Upgrade is not websocket: {0}")]
    Upgrade(Lines),
    /// RFC 6455, section 4.2.2, step 5.3.
    #[error("sent a 101 whose Connection does not name Upgrade: {0}")]
    Connection(Lines),
    /// RFC 6455, section 4.2.2, step 5.4.
    #[error("sent a 101 without Sec-WebSocket-Accept")]
    AcceptMissing,
    /// RFC 6455, section 11.3.3.
    #[error("sent {0} Sec-WebSocket-Accept lines")]
    AcceptRepeated(usize),
    /// RFC 6455, section 4.2.2, step 5.4.
    #[error("sent the Sec-WebSocket-Accept {came:?} instead of {wanted:?}{}", why(.mistake))]
    AcceptWrong {
        /// The value.
        came: String,
        /// The right one.
        wanted: String,
        /// What it seems to be.
        mistake: Option<&'static str>,
    },
    /// RFC 6455, section 4.2.2, step 4.
    #[error("chose the subprotocol {0:?} although none was offered")]
    SubprotocolUnasked(String),
    /// RFC 6455, section 4.2.2, step 4.
    #[error("chose the subprotocol {0:?}, which was not offered")]
    SubprotocolStrange(String),
    /// RFC 7936, section 2.
    #[error("chose the subprotocol {came:?} where {offered:?} was offered; names differ by case")]
    SubprotocolCase {
        /// The value.
        came: String,
        /// The offer that differs in case alone.
        offered: String,
    },
    /// RFC 6455, section 4.2.2, step 4.
    #[error("sent a 101 with an empty Sec-WebSocket-Protocol")]
    SubprotocolEmpty,
    /// RFC 6455, section 4.3.
    #[error("sent a 101 with the Sec-WebSocket-Protocol {0:?}, which is not one token")]
    SubprotocolGrammar(String),
    /// RFC 6455, section 11.3.4.
    #[error("sent {0} Sec-WebSocket-Protocol lines")]
    SubprotocolRepeated(usize),
    /// RFC 6455, section 4.2.2, step 4.
    #[error("accepted the extension {0:?}, which was not offered")]
    ExtensionStrange(String),
    /// RFC 7692, section 7.1.1.1.
    #[error(
        "accepted permessage-deflate without the server_no_context_takeover that was asked for"
    )]
    ServerTakeoverIgnored,
    /// RFC 7692, section 7.1.2.1.
    #[error(
        "accepted permessage-deflate with server_max_window_bits {came} where {offered} was asked for"
    )]
    ServerBitsIgnored {
        /// The value; 15 without the parameter.
        came: u8,
        /// The offered value.
        offered: u8,
    },
    /// RFC 7692, section 7.1.2.2.
    #[error("accepted permessage-deflate with client_max_window_bits, which was not offered")]
    ClientBitsUnasked,
    /// RFC 7692, section 7.1.2.2.
    #[error("accepted permessage-deflate with client_max_window_bits without a value")]
    ClientBitsMissing,
    /// RFC 7692, section 5: both would use RSV1.
    #[error("accepted permessage-deflate {0} times over; each of them would use RSV1")]
    CompressionTwice(usize),
    /// RFC 7692, section 5: the client has to see which configuration is meant.
    #[error("accepted permessage-deflate with the parameter {0} more than once")]
    ParameterTwice(String),
    /// RFC 9110, section 8.6; RFC 6455, section 4.2.2, step 5.
    #[error("sent a Content-Length in a 101, which has no content")]
    LengthIn101,
    /// RFC 9112, section 6.1.
    #[error("sent a Transfer-Encoding in a {0} response, which has no content")]
    CodingInInterim(u16),

    // Of a server that does not.
    /// RFC 9110, section 2.2; RFC 6455, section 4.2.1.
    #[error("sent a {0} response that is not by the grammar of HTTP/1.1: {1} ({section})", section = .1.section())]
    OtherGrammar(u16, Flaw),
    /// RFC 9110, section 15.5.22.
    #[error("sent a 426 without Upgrade")]
    UpgradeMissingIn426,
    /// RFC 9110, sections 7.6.1 and 7.8.
    #[error("sent a {0} response with Upgrade whose Connection does not name Upgrade")]
    UpgradeNotListed(u16),
    /// RFC 9110, section 15.5.2.
    #[error("sent a 401 without WWW-Authenticate")]
    NoChallenge,
    /// RFC 6455, sections 4.2.2, step 4 and 4.4.
    #[error("sent a 426 to the version {0} without Sec-WebSocket-Version")]
    VersionsMissing(String),
    /// RFC 6455, section 4.3.
    #[error("sent a Sec-WebSocket-Version that is no list of versions: {0}")]
    VersionsGrammar(Lines),
}

impl OpeningBreach {
    /// The id of the rule in `cases/rules.tsv`.
    pub fn rule(&self) -> &'static str {
        use OpeningBreach::*;
        match self {
            RequestGrammar(_) | RequestFraming(_) => "6455-4.1-18",
            Method(_) => "6455-4.1-19",
            RequestVersion(_) => "6455-4.1-20",
            TargetNoSlash(_) => "6455-3-4",
            TargetFragment(_) => "6455-3-6",
            TargetNotAscii(_) => "6455-11.1-2",
            TargetBlank(_) | TargetCharacter(..) => "6455-3-1",
            TargetForm(_) | TargetOther { .. } => "6455-4.1-21",
            TargetQuery { .. } => "6455-3-5",
            HostMissing | HostRepeated(_) | HostInvalid(_) | HostOther { .. } => "6455-4.1-22",
            HostNotAscii(_) => "6455-11.1-1",
            UpgradeUnasked(_) => "6455-4.1-23",
            ConnectionUnasked(_) => "6455-4.1-24",
            KeyMissing => "6455-4.1-25",
            KeyRepeated(_) => "6455-11.3.1-1",
            KeyValue(..) => "6455-4.1-26",
            KeyFixed(..) => "6455-4.1-27",
            VersionMissing => "6455-4.1-31",
            VersionRepeated(_) => "6455-11.3.5-2",
            VersionGrammar(_) => "6455-4.3-4",
            VersionReserved(_) => "6455-11.6-1",
            VersionOther(_) => "6455-4.1-32",
            SubprotocolsEmpty => "6455-4.3-3",
            SubprotocolNoToken(_) => "6455-4.1-34",
            SubprotocolTwice(_) => "6455-4.1-35",
            Origin(_) => "6455-4.1-30",
            EarlyData { .. } => "6455-4.1-38",
            ExtensionGrammar(_) => "6455-4.3-2",
            ParameterUnknown(..) => "6455-9.1-6",
            ServerTakeoverValue(_) => "7692-7.1.1.1-2",
            ClientTakeoverValue(_) => "7692-7.1.1.2-2",
            ServerBitsValue(_) => "7692-7.1.2.1-2",
            ClientBitsValue(_) => "7692-7.1.2.2-2",
            ResponseGrammar(_) | LengthIn101 => "6455-4.2.2-19",
            ResponseVersion(_) => "6455-4.2.2-14",
            SwitchedUnasked => "9110-7.8-2",
            SwitchedInHttp10 => "9110-7.8-3",
            Upgrade(_) => "6455-4.2.2-15",
            Connection(_) => "6455-4.2.2-16",
            AcceptMissing | AcceptWrong { .. } => "6455-4.2.2-17",
            AcceptRepeated(_) => "6455-11.3.3-1",
            SubprotocolUnasked(_) => "6455-4.2.2-11",
            SubprotocolStrange(_) => "6455-4.2.2-10",
            SubprotocolCase { .. } => "7936-2-1",
            SubprotocolEmpty => "6455-4.2.2-12",
            SubprotocolGrammar(_) => "6455-4.3-5",
            SubprotocolRepeated(_) => "6455-11.3.4-2",
            ExtensionStrange(_) => "6455-4.2.2-13",
            ServerTakeoverIgnored => "7692-7.1.1.1-3",
            ServerBitsIgnored { .. } => "7692-7.1.2.1-3",
            ClientBitsUnasked => "7692-7.1.2.2-4",
            ClientBitsMissing => "7692-7.1.2.2-5",
            CompressionTwice(_) => "7692-5-10",
            ParameterTwice(_) => "7692-5-9",
            CodingInInterim(_) => "9112-6.1-1",
            OtherGrammar(..) => "6455-4.2.1-1",
            UpgradeMissingIn426 => "9110-15.5.22-1",
            UpgradeNotListed(_) => "9110-7.6.1-1",
            NoChallenge => "6455-4.2.2-3",
            VersionsMissing(_) => "6455-4.2.2-8",
            VersionsGrammar(_) => "6455-4.3-6",
        }
    }

    /// Whether the RFCs leave it open after all, or it lies beside what this suite judges.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            // Browsers' URL parsers leave such characters unescaped (WHATWG URL).
            OpeningBreach::TargetCharacter(..)
            // "can initially request the version that it prefers": RFC 6455, section 4.4.
            | OpeningBreach::VersionOther(_)
            // RFC 6455 asks for an HTTP response and no more; these are breaches of HTTP, without a rule of their own here.
            | OpeningBreach::OtherGrammar(..)
            | OpeningBreach::NoChallenge
        )
    }
}

/// Header lines of one name: none, or their values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lines(pub Option<String>);

impl std::fmt::Display for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            None => f.write_str("there is no such header"),
            Some(value) => write!(f, "it is {value:?}"),
        }
    }
}

/// The value of a parameter, or none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub Option<String>);

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            None => f.write_str("no value"),
            Some(value) => write!(f, "the value {value:?}"),
        }
    }
}

fn why(mistake: &Option<&'static str>) -> String {
    mistake.map_or_else(String::new, |mistake| format!(" ({mistake})"))
}
