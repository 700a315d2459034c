//! What a server demands of a client's opening handshake: RFC 6455, section 4.2.1, and the HTTP rules that it rests on, taken strictly.
//!
//! Each demand is a [`Check`] of its own that can be left out, so that a peer with one single defect can be made.

use super::{
    BodyLength, Flaw, HeadError, Request,
    accept::decode_key_leniently,
    body,
    fields::is_token,
    flaw::shortened,
    uri::{self, Target},
    write,
};

/// The key of an acceptable request, as sent; empty where a request without one was accepted because its check was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(pub Vec<u8>);

/// A demand on a request, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// Three parts, one SP between them (RFC 9112, section 3), a method that is a token (3.1).
    RequestLine,
    /// Every line ends in CRLF (RFC 9112, section 2.2, lets a recipient take LF alone; this one does not).
    BareLf,
    /// No CR but before LF (RFC 9112, section 2.2).
    BareCr,
    /// No NUL (RFC 9110, section 5.5).
    Nul,
    /// No other control octets (RFC 9110, section 5.5).
    Control,
    /// No blanks before the first header line (RFC 9112, section 2.2).
    BlankBeforeHeaders,
    /// A colon in every header line (RFC 9112, section 5).
    HeaderLine,
    /// Header names are tokens (RFC 9110, section 5.1).
    HeaderName,
    /// No blanks before the colon (RFC 9112, section 5.1).
    BlankBeforeColon,
    /// No folded lines (RFC 9112, section 5.2: 400, or unfold).
    ObsFold,
    /// `HTTP/` digit `.` digit (RFC 9112, section 2.3).
    HttpVersion,
    /// Major version 1 (RFC 9110, section 15.6.6).
    HttpMajor,
    /// 1.1 or higher (RFC 6455, section 4.2.1, item 1; RFC 9110, section 7.8).
    Http10,
    /// GET (RFC 6455, section 4.2.1, item 1).
    Method,
    /// A path, or an http or https URI (RFC 6455, section 4.2.1, item 1; RFC 9112, section 3.2).
    Target,
    /// A Host line (RFC 9112, section 3.2).
    HostMissing,
    /// Not more than one (RFC 9112, section 3.2).
    HostRepeated,
    /// A host, and a port or none (RFC 9112, section 3.2).
    HostInvalid,
    /// A body whose end can be told (RFC 9112, sections 6.1 and 6.3).
    BodyFraming,
    /// No transfer coding but chunked (RFC 9112, section 6.1).
    TransferCoding,
    /// No body (a server need not read one: RFC 9110, section 15.5.14).
    Body,
    /// `Upgrade` lists websocket (RFC 6455, section 4.2.1, item 3; RFC 9110, section 7.8).
    Upgrade,
    /// `Connection` lists upgrade (RFC 6455, section 4.2.1, item 4).
    Connection,
    /// A version line (RFC 6455, section 4.2.1, item 6).
    VersionMissing,
    /// Not more than one (RFC 6455, section 11.3.5).
    VersionRepeated,
    /// 13 (RFC 6455, sections 4.2.1, item 6 and 4.4).
    Version,
    /// A key line (RFC 6455, section 4.2.1, item 5).
    KeyMissing,
    /// Not more than one (RFC 6455, section 11.3.1).
    KeyRepeated,
    /// 16 octets in base64 (RFC 6455, section 4.2.1, item 5); pad bits may be anything (erratum 3150).
    Key,
    /// Different tokens, at least one (RFC 6455, sections 4.1, item 10 and 4.3).
    Subprotocols,
    /// The grammar of RFC 6455, section 9.1.
    Extensions,
}

impl Check {
    /// All of them, in order.
    pub const ALL: [Check; 31] = [
        Check::RequestLine,
        Check::BareLf,
        Check::BareCr,
        Check::Nul,
        Check::Control,
        Check::BlankBeforeHeaders,
        Check::HeaderLine,
        Check::HeaderName,
        Check::BlankBeforeColon,
        Check::ObsFold,
        Check::HttpVersion,
        Check::HttpMajor,
        Check::Http10,
        Check::Method,
        Check::Target,
        Check::HostMissing,
        Check::HostRepeated,
        Check::HostInvalid,
        Check::BodyFraming,
        Check::TransferCoding,
        Check::Body,
        Check::Upgrade,
        Check::Connection,
        Check::VersionMissing,
        Check::VersionRepeated,
        Check::Version,
        Check::KeyMissing,
        Check::KeyRepeated,
        Check::Key,
        Check::Subprotocols,
        Check::Extensions,
    ];
}

/// A request is not accepted: the answer is an HTTP response, and the connection ends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The demand that was not met; `None`: no request could be read.
    pub check: Option<Check>,
    /// The status code.
    pub status: u16,
    /// In words; the body of the response.
    pub reason: String,
    /// Header lines that the status asks for.
    pub headers: Vec<(&'static str, &'static str)>,
    bodiless: bool,
}

impl Refusal {
    /// For a head that could not be read: 414, 431 or 400.
    pub fn of(error: &HeadError) -> Refusal {
        let status = match error {
            HeadError::TooLong {
                in_first_line: true,
                ..
            } => 414,
            HeadError::TooLong { .. } | HeadError::TooManyLines(_) => 431,
            HeadError::Foreign(_) | HeadError::StatusLine(_) | HeadError::Truncated(_) => 400,
        };
        Refusal::new(None, status, error.to_string())
    }

    fn new(check: Option<Check>, status: u16, reason: String) -> Refusal {
        const VERSION: (&str, &str) = ("Sec-WebSocket-Version", "13");
        let headers = match (status, check) {
            // RFC 9110, section 15.5.6.
            (405, _) => vec![("Allow", "GET")],
            // RFC 9110, section 15.5.22; RFC 6455, section 4.4.
            (426, _) => vec![("Upgrade", "websocket"), VERSION],
            (_, Some(Check::VersionMissing | Check::VersionRepeated | Check::Version)) => {
                vec![VERSION]
            }
            _ => vec![],
        };
        Refusal {
            check,
            status,
            reason,
            headers,
            bodiless: false,
        }
    }

    /// The response. The connection is to be closed behind it, as its `Connection` line says.
    pub fn octets(&self) -> Vec<u8> {
        match self.bodiless {
            true => write::plain(self.status, &self.headers, ""),
            false => write::plain(self.status, &self.headers, &format!("{}\n", self.reason)),
        }
    }
}

/// The key of a request that may be accepted.
///
/// # Errors
/// The first demand that is not met, with the response to give. Those that `skip` names are not made.
pub fn acceptable(request: &Request, skip: impl Fn(Check) -> bool) -> Result<Key, Refusal> {
    for check in Check::ALL {
        if skip(check) {
            continue;
        }
        if let Some((status, reason)) = complaint(check, request) {
            return Err(Refusal {
                // RFC 9110, section 9.3.2: no content in an answer to HEAD.
                bodiless: request.method == "HEAD",
                ..Refusal::new(Some(check), status, reason)
            });
        }
    }
    let key = request.head.value("Sec-WebSocket-Key").unwrap_or_default();
    Ok(Key(key.to_vec()))
}

/// Whether the client waits for `100 Continue` before the final response (RFC 9110, sections 7.8 and 10.1.1).
pub fn expects_continue(request: &Request) -> bool {
    request.head.has_token("Expect", "100-continue")
}

/// Status and reason, where the demand is not met.
fn complaint(check: Check, request: &Request) -> Option<(u16, String)> {
    let head = &request.head;
    let bad = |reason: &str| Some((400, reason.to_owned()));
    let flawed = |is: fn(&Flaw) -> bool| {
        let flaw = head.flaws.iter().find(|flaw| is(flaw))?;
        Some((400, format!("{flaw} ({})", flaw.section())))
    };
    match check {
        Check::RequestLine => flawed(|flaw| {
            matches!(
                flaw,
                Flaw::StartLineBlanks | Flaw::RequestLine(_) | Flaw::Method(_)
            )
        }),
        Check::BareLf => flawed(|flaw| *flaw == Flaw::BareLf),
        Check::BareCr => flawed(|flaw| *flaw == Flaw::BareCr),
        Check::Nul => flawed(|flaw| *flaw == Flaw::Nul),
        Check::Control => flawed(|flaw| matches!(flaw, Flaw::Control(_))),
        Check::BlankBeforeHeaders => flawed(|flaw| *flaw == Flaw::BlankBeforeHeaders),
        Check::HeaderLine => flawed(|flaw| matches!(flaw, Flaw::NoColon(_))),
        Check::HeaderName => flawed(|flaw| matches!(flaw, Flaw::Name(_))),
        Check::BlankBeforeColon => flawed(|flaw| matches!(flaw, Flaw::BlankBeforeColon(_))),
        Check::ObsFold => flawed(|flaw| *flaw == Flaw::ObsFold),
        Check::HttpVersion => flawed(|flaw| matches!(flaw, Flaw::Version(_))),
        Check::HttpMajor => match version(request) {
            Some((major, _)) if major != b'1' => Some((
                505,
                format!("{} is not spoken here, HTTP/1.1 is", request.version),
            )),
            _ => None,
        },
        Check::Http10 => (version(request) == Some((b'1', b'0'))).then(|| {
            let reason = "an Upgrade in HTTP/1.0 is ignored; WebSocket needs HTTP/1.1";
            (426, reason.to_owned())
        }),
        Check::Method => method(&request.method),
        Check::Target => target(&request.target).map(|reason| (400, reason)),
        Check::HostMissing if head.count("Host") == 0 => bad("there is no Host header"),
        Check::HostRepeated if head.count("Host") > 1 => bad("there is more than one Host header"),
        Check::HostInvalid => {
            let host = head.value("Host")?;
            // A target in absolute form says the host itself; Host may then be empty (RFC 9112, section 3.2.2).
            let named = matches!(Target::of(&request.target), Target::Absolute { .. });
            let valid = uri::is_host(host) || host.is_empty() && named;
            (!valid).then(|| (400, format!("{:?} is no host", shortened(host))))
        }
        Check::BodyFraming => {
            let error = BodyLength::of_request(request).err()?;
            Some((400, error.to_string()))
        }
        Check::TransferCoding => {
            let coding = body::other_codings(head).next()?;
            let reason = format!("the transfer coding {:?} is not known", shortened(coding));
            Some((501, reason))
        }
        Check::Body => match BodyLength::of_request(request) {
            Ok(BodyLength::Exactly(0)) | Err(_) => None,
            Ok(_) => Some((413, "an opening handshake needs no body".to_owned())),
        },
        Check::Upgrade if !head.has_token("Upgrade", "websocket") => Some((
            426,
            "this is a WebSocket endpoint: Upgrade has to name websocket".to_owned(),
        )),
        Check::Connection if !head.has_token("Connection", "upgrade") => {
            bad("Connection does not name upgrade")
        }
        Check::VersionMissing if head.count("Sec-WebSocket-Version") == 0 => {
            bad("there is no Sec-WebSocket-Version header")
        }
        Check::VersionRepeated if head.count("Sec-WebSocket-Version") > 1 => {
            bad("there is more than one Sec-WebSocket-Version header")
        }
        Check::Version => match head.value("Sec-WebSocket-Version")? {
            b"13" => None,
            other => {
                let reason = format!(
                    "the version {:?} is not spoken here, 13 is",
                    shortened(other)
                );
                Some((426, reason))
            }
        },
        Check::KeyMissing if head.count("Sec-WebSocket-Key") == 0 => {
            bad("there is no Sec-WebSocket-Key header")
        }
        Check::KeyRepeated if head.count("Sec-WebSocket-Key") > 1 => {
            bad("there is more than one Sec-WebSocket-Key header")
        }
        Check::Key => {
            let error = decode_key_leniently(head.value("Sec-WebSocket-Key")?).err()?;
            Some((400, format!("Sec-WebSocket-Key is wrong: {error}")))
        }
        Check::Subprotocols => subprotocols(request).map(|reason| (400, reason)),
        Check::Extensions => {
            let error = head.extensions().err()?;
            Some((400, format!("Sec-WebSocket-Extensions is wrong: {error}")))
        }
        Check::HostMissing
        | Check::HostRepeated
        | Check::Upgrade
        | Check::Connection
        | Check::VersionMissing
        | Check::VersionRepeated
        | Check::KeyMissing
        | Check::KeyRepeated => None,
    }
}

/// Major and minor digit of a version that is one.
fn version(request: &Request) -> Option<(u8, u8)> {
    match request.version.as_bytes() {
        [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            major @ b'0'..=b'9',
            b'.',
            minor @ b'0'..=b'9',
        ] => Some((*major, *minor)),
        _ => None,
    }
}

fn method(method: &str) -> Option<(u16, String)> {
    match method {
        "GET" => None,
        // RFC 9110, section 9; RFC 5789.
        "HEAD" | "POST" | "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE" | "PATCH" => Some((
            405,
            format!("{method} opens no WebSocket connection, GET does"),
        )),
        // RFC 9110, section 9.1: methods are case-sensitive.
        other => {
            let method = shortened(other.as_bytes());
            Some((501, format!("the method {method:?} is not known, GET is")))
        }
    }
}

fn target(target: &[u8]) -> Option<String> {
    let form = Target::of(target);
    let resource = match form {
        Target::Origin(resource) => resource,
        Target::Absolute {
            authority,
            resource,
            ..
        } if form.is_http() && uri::is_host(authority) => resource,
        _ => {
            let target = shortened(target);
            return Some(format!(
                "the target {target:?} is neither a path nor an http or https URI"
            ));
        }
    };
    let at = uri::foreign_octet(resource)?;
    let octet = resource[at];
    Some(format!(
        "the target has the octet {octet:#04x}, which a URI does not have there"
    ))
}

fn subprotocols(request: &Request) -> Option<String> {
    let head = &request.head;
    if head.count("Sec-WebSocket-Protocol") == 0 {
        return None;
    }
    let mut seen = std::collections::HashSet::new();
    for name in head.subprotocols() {
        if !is_token(name) {
            return Some(format!("the subprotocol {:?} is no token", shortened(name)));
        }
        if !seen.insert(name) {
            return Some(format!(
                "the subprotocol {:?} is listed twice",
                shortened(name)
            ));
        }
    }
    seen.is_empty()
        .then(|| "Sec-WebSocket-Protocol lists no subprotocol".to_owned())
}

#[cfg(test)]
mod tests;
