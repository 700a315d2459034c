//! Why a target is not to be had: what was tried, what was expected, what came, what to do next.

use std::time::Duration;

use super::canary::Sight;
use crate::{
    drive::{ConnectError, DialError, Target},
    session::Event,
    wire::handshake::{Foreign, HeadError, Response},
};

/// No WebSocket answers at the target. One variant per sentence.
#[derive(Debug, thiserror::Error)]
pub enum Unreached {
    /// The run was stopped first.
    #[error("interrupted before the target answered")]
    Interrupted,
    /// It cannot even be dialled.
    #[error("{0}")]
    Dial(#[from] DialError),
    /// No TCP.
    #[error("{0}; is the server running, and on this port?")]
    Connect(String),
    /// `wss:` where TLS is not spoken.
    #[error(
        "asked {address} for TLS, and what came is none ({why}): the server seems to speak plain text there; try {other}"
    )]
    PlainText {
        /// Of the target.
        address: String,
        /// What rustls said.
        why: String,
        /// The URL to try.
        other: String,
    },
    /// The certificate is not trusted.
    #[error("{error}; {hint}")]
    Certificate {
        /// What rustls said.
        error: String,
        /// Which option to take.
        hint: &'static str,
    },
    /// TLS fails in another way.
    #[error(
        "{error}; does the server speak TLS 1.2 or 1.3 there? If it speaks plain text, try {other}"
    )]
    Tls {
        /// What rustls said.
        error: String,
        /// The URL to try.
        other: String,
    },
    /// `ws:` where TLS is spoken.
    #[error("asked {target} for a WebSocket in plain text, and TLS came ({first}): try {other}")]
    SpeaksTls {
        /// As typed.
        target: String,
        /// The first octets.
        first: String,
        /// The URL to try.
        other: String,
    },
    /// Another protocol.
    #[error(
        "asked {target} for a WebSocket; expected `HTTP/1.1 101`, and octets came that are no HTTP/1.1 ({why}; they begin {first}); check host and port"
    )]
    NotHttp {
        /// As typed.
        target: String,
        /// What they look like.
        why: String,
        /// The first octets.
        first: String,
    },
    /// HTTP without an upgrade.
    #[error("asked {target} for a WebSocket; expected `HTTP/1.1 101`, came `{line}`; {hint}")]
    NotWebSocket {
        /// As typed.
        target: String,
        /// The status line.
        line: String,
        /// What to do.
        hint: String,
    },
    /// TCP is up, and nothing comes.
    #[error(
        "{target} accepted the connection and then said nothing for {within:?}, where `HTTP/1.1 101` was expected; is it a WebSocket server? A slow one needs a longer --timeout"
    )]
    Silent {
        /// As typed.
        target: String,
        /// How long it was given.
        within: Duration,
    },
    /// A head without an end.
    #[error(
        "asked {target} for a WebSocket; expected `HTTP/1.1 101` and its header lines, and after {octets} octets the empty line that ends them has not come (they begin {first}); the server has to end its response head"
    )]
    Endless {
        /// As typed.
        target: String,
        /// How many came.
        octets: usize,
        /// The first of them.
        first: String,
    },
    /// TCP ends before the head does.
    #[error(
        "asked {target} for a WebSocket; expected `HTTP/1.1 101`, and the server {how} {behind}; its log may say why (a wrong path, a missing --header or --origin, a limit of connections)"
    )]
    Closed {
        /// As typed.
        target: String,
        /// FIN or RST.
        how: &'static str,
        /// Behind how many octets.
        behind: String,
    },
}

impl Unreached {
    /// From a connection that did not come about.
    pub fn from_connect(error: &ConnectError, target: &Target) -> Unreached {
        let other = target.other_scheme();
        if let ConnectError::Tcp { .. } | ConnectError::TcpTimedOut { .. } = error {
            return Unreached::Connect(error.to_string());
        }
        let (cause, error) = (error.rustls(), error.to_string());
        let Some(cause) = cause else {
            return Unreached::Tls { error, other };
        };
        match cause {
            rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. } => {
                Unreached::PlainText {
                    address: format!("{}:{}", target.host, target.port),
                    why: cause.to_string(),
                    other,
                }
            }
            rustls::Error::InvalidCertificate(why) => {
                use rustls::CertificateError as C;
                let hint = match why {
                    C::NotValidForName | C::NotValidForNameContext { .. } => {
                        "--server-name asks for another name, --insecure trusts whoever answers"
                    }
                    _ => "--ca FILE trusts its issuer, --insecure whoever answers",
                };
                Unreached::Certificate { error, hint }
            }
            _ => Unreached::Tls { error, other },
        }
    }

    /// From what the first canary saw; `None`: the target is up.
    pub fn from_sight(sight: &Sight, target: &Target, patience: Duration) -> Option<Unreached> {
        if sight.is_up() {
            return None;
        }
        let (name, first) = (target.to_string(), shown(&sight.first));
        if let Some(response) = &sight.response {
            let line = status_line(response);
            let hint = hint(response, &sight.body, target);
            return Some(Unreached::NotWebSocket {
                target: name,
                line,
                hint,
            });
        }
        Some(match (&sight.unread, &sight.end) {
            (Some(HeadError::Foreign(Foreign::Tls)), _) => Unreached::SpeaksTls {
                target: name,
                first,
                other: target.other_scheme(),
            },
            (Some(HeadError::TooLong { .. } | HeadError::TooManyLines(_)), _) => {
                Unreached::Endless {
                    target: name,
                    octets: sight.before,
                    first,
                }
            }
            (Some(HeadError::Foreign(foreign)), _) => Unreached::NotHttp {
                target: name,
                why: foreign.to_string(),
                first,
            },
            (Some(error), _) => Unreached::NotHttp {
                target: name,
                why: error.to_string(),
                first,
            },
            (None, Some(end)) => Unreached::Closed {
                target: name,
                how: match end {
                    Event::Reset(_) => "reset the connection",
                    _ => "closed the connection",
                },
                behind: match sight.before {
                    0 => "at once, without a single octet".to_owned(),
                    n => format!("in the middle of its answer, behind {n} octets ({first})"),
                },
            },
            (None, None) if sight.before == 0 => Unreached::Silent {
                target: name,
                within: patience,
            },
            (None, None) => Unreached::Endless {
                target: name,
                octets: sight.before,
                first,
            },
        })
    }
}

/// What to do about an ordinary HTTP response.
fn hint(response: &Response, body: &[u8], target: &Target) -> String {
    let value = |name: &str| {
        let mut fields = response.head.headers.iter();
        let field = fields.find(|f| f.name.eq_ignore_ascii_case(name))?;
        Some(
            String::from_utf8_lossy(&field.value)
                .chars()
                .take(200)
                .collect::<String>(),
        )
    };
    let says_https = body.windows(5).any(|w| w.eq_ignore_ascii_case(b"HTTPS"));
    match response.status {
        // nginx, Go and others answer so when plain text comes to a port for TLS.
        400 if says_https && !target.secure => {
            format!("the server wants TLS there: try {}", target.other_scheme())
        }
        200..=299 => format!(
            "{} is an ordinary page and no WebSocket endpoint; check the path",
            target.resource
        ),
        300..=399 => match value("location") {
            Some(place) => {
                format!("it points to {place:?}; give that place as the URL, with ws or wss")
            }
            None => "it points elsewhere; check the path".to_owned(),
        },
        401 | 403 | 407 => {
            "it may want --header 'Authorization: ...', a cookie, or another --origin".to_owned()
        }
        404 | 405 | 410 => format!(
            "there is no WebSocket at {}; check the path",
            target.resource
        ),
        426 => match value("sec-websocket-version") {
            Some(versions) => {
                format!("it speaks WebSocket version {versions} where RFC 6455 is 13")
            }
            None => "it refused the upgrade; check the path".to_owned(),
        },
        429 | 503 => "it is busy; try again, or with fewer --jobs".to_owned(),
        500..=599 => {
            "the server, or what stands before it, is in trouble; its log may say why".to_owned()
        }
        _ => "it refused the upgrade; check the path, --header, --origin and --subprotocol"
            .to_owned(),
    }
}

fn status_line(response: &Response) -> String {
    let reason = String::from_utf8_lossy(&response.reason);
    let reason: String = reason
        .chars()
        .filter(|c| !c.is_control())
        .take(80)
        .collect();
    format!("{} {} {reason}", response.version, response.status)
        .trim_end()
        .to_owned()
}

/// The first octets, as text where they are some.
fn shown(octets: &[u8]) -> String {
    let first = &octets[..octets.len().min(16)];
    match first
        .iter()
        .all(|b| (b' '..=b'~').contains(b) || b"\r\n\t".contains(b))
    {
        true => format!("{:?}", String::from_utf8_lossy(first)),
        false => first
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<Vec<_>>()
            .join(" "),
    }
}
