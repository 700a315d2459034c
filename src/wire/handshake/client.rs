//! What a client demands of a server's opening handshake: RFC 6455, section 4.1, and the HTTP rules that it rests on.
//!
//! Each demand is a [`Check`] of its own that can be left out, so that a peer with one single defect can be made.

use super::{Flaw, Request, Response, accept::accept, flaw::shortened};
use crate::wire::Agreement;

/// A demand on a response, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// 101 (RFC 6455, section 4.1, step 1).
    Status,
    /// A status line by its grammar (RFC 9112, section 4), but for the SP before an empty phrase.
    StatusLine,
    /// HTTP/1.1 or a higher minor version (RFC 6455, section 4.2.2, step 5.1; RFC 9110, section 6.2).
    HttpVersion,
    /// Header lines by their grammar (RFC 9112, sections 2.2 and 5; RFC 9110, section 5). LF alone ends a line, obs-fold is unfolded.
    HeaderLines,
    /// An Upgrade line (RFC 6455, section 4.1, step 2).
    UpgradeMissing,
    /// That says websocket and nothing else (RFC 6455, section 4.1, step 2).
    Upgrade,
    /// `Connection` lists upgrade (RFC 6455, section 4.1, step 3).
    Connection,
    /// An accept line (RFC 6455, section 4.1, step 4).
    AcceptMissing,
    /// Not more than one (RFC 6455, section 11.3.3).
    AcceptRepeated,
    /// The accept value of the key (RFC 6455, section 4.1, step 4).
    Accept,
    /// The grammar of RFC 6455, section 9.1.
    ExtensionsGrammar,
    /// No extension that was not offered (RFC 6455, section 4.1, step 5).
    Extensions,
    /// Not more than one subprotocol line (RFC 6455, section 11.3.4).
    SubprotocolRepeated,
    /// That is not empty (RFC 6455, section 4.2.2, step 4).
    SubprotocolEmpty,
    /// No subprotocol that was not offered, letter case included (RFC 6455, section 4.1, step 6; RFC 7936).
    Subprotocol,
}

impl Check {
    /// All of them, in order.
    pub const ALL: [Check; 15] = [
        Check::Status,
        Check::StatusLine,
        Check::HttpVersion,
        Check::HeaderLines,
        Check::UpgradeMissing,
        Check::Upgrade,
        Check::Connection,
        Check::AcceptMissing,
        Check::AcceptRepeated,
        Check::Accept,
        Check::ExtensionsGrammar,
        Check::Extensions,
        Check::SubprotocolRepeated,
        Check::SubprotocolEmpty,
        Check::Subprotocol,
    ];
}

/// A response is not accepted: the client fails the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Rejection {
    /// The demand that was not met.
    pub check: Check,
    /// In words.
    pub reason: String,
}

/// What a response that may be accepted agrees on; `request`: what the client has sent.
///
/// # Errors
/// The first demand that is not met. Those that `skip` names are not made.
pub fn acceptable(
    request: &Request,
    response: &Response,
    skip: impl Fn(Check) -> bool,
) -> Result<Agreement, Rejection> {
    for check in Check::ALL {
        if skip(check) {
            continue;
        }
        if let Some(reason) = complaint(check, request, response) {
            return Err(Rejection { check, reason });
        }
    }
    Ok(Agreement::of(request, response))
}

fn complaint(check: Check, request: &Request, response: &Response) -> Option<String> {
    let head = &response.head;
    let flawed = |is: fn(&Flaw) -> bool| {
        let flaw = head.flaws.iter().find(|flaw| is(flaw))?;
        Some(format!("{flaw} ({})", flaw.section()))
    };
    match check {
        Check::Status if response.status != 101 => {
            Some(format!("the status is {}, not 101", response.status))
        }
        Check::StatusLine => flawed(|flaw| {
            matches!(
                flaw,
                Flaw::EmptyLineFirst
                    | Flaw::StartLineBlanks
                    | Flaw::StatusCode(_)
                    | Flaw::Version(_)
            )
        }),
        Check::HttpVersion => match response.version.as_bytes() {
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => None,
            // Told by the check before, or left out with it.
            version if !super::start_line::is_version(version) => None,
            _ => Some(format!("the version is {}, not HTTP/1.1", response.version)),
        },
        Check::HeaderLines => flawed(|flaw| {
            matches!(
                flaw,
                Flaw::BareCr
                    | Flaw::Nul
                    | Flaw::Control(_)
                    | Flaw::BlankBeforeHeaders
                    | Flaw::NoColon(_)
                    | Flaw::Name(_)
                    | Flaw::BlankBeforeColon(_)
            )
        }),
        Check::UpgradeMissing if head.count("Upgrade") == 0 => {
            Some("there is no Upgrade header".to_owned())
        }
        Check::Upgrade => {
            let value = head.joined("Upgrade")?;
            let mut elements = head.elements("Upgrade").peekable();
            let websocket = elements.peek().is_some()
                && elements.all(|element| element.eq_ignore_ascii_case(b"websocket"));
            (!websocket).then(|| format!("Upgrade is {:?}, not websocket", shortened(&value)))
        }
        Check::Connection if !head.has_token("Connection", "upgrade") => {
            Some("Connection does not name upgrade".to_owned())
        }
        Check::AcceptMissing if head.count("Sec-WebSocket-Accept") == 0 => {
            Some("there is no Sec-WebSocket-Accept header".to_owned())
        }
        Check::AcceptRepeated if head.count("Sec-WebSocket-Accept") > 1 => {
            Some("there is more than one Sec-WebSocket-Accept header".to_owned())
        }
        Check::Accept => {
            let value = head.value("Sec-WebSocket-Accept")?;
            let key = request.head.value("Sec-WebSocket-Key").unwrap_or_default();
            let wanted = accept(key);
            (value != wanted.as_bytes()).then(|| {
                let value = shortened(value);
                format!("Sec-WebSocket-Accept is {value:?}, not {wanted:?}")
            })
        }
        Check::ExtensionsGrammar => {
            let error = head.extensions().err()?;
            Some(format!("Sec-WebSocket-Extensions is wrong: {error}"))
        }
        Check::Extensions => {
            let offered = request.head.extensions().unwrap_or_default();
            let accepted = head.extensions().ok()?;
            let stray = accepted
                .iter()
                .find(|extension| offered.iter().all(|offer| offer.name != extension.name))?;
            Some(format!("the extension {stray} was not offered"))
        }
        Check::SubprotocolRepeated if head.count("Sec-WebSocket-Protocol") > 1 => {
            Some("there is more than one Sec-WebSocket-Protocol header".to_owned())
        }
        Check::SubprotocolEmpty if head.values("Sec-WebSocket-Protocol").any(<[u8]>::is_empty) => {
            Some("Sec-WebSocket-Protocol is empty".to_owned())
        }
        Check::Subprotocol => {
            let stray = head
                .values("Sec-WebSocket-Protocol")
                .filter(|value| !value.is_empty())
                .find(|value| request.head.subprotocols().all(|offer| offer != *value))?;
            Some(format!(
                "the subprotocol {:?} was not offered",
                shortened(stray)
            ))
        }
        Check::Status
        | Check::UpgradeMissing
        | Check::Connection
        | Check::AcceptMissing
        | Check::AcceptRepeated
        | Check::SubprotocolRepeated
        | Check::SubprotocolEmpty => None,
    }
}

#[cfg(test)]
mod tests;
