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
    /// The suite started it, and it has ended.
    #[error("it has ended: {0}")]
    Ended(crate::process::Ended),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        drive::End,
        run::canary::{Canary, Flight},
        session::Setup,
    };

    const PATIENCE: Duration = Duration::from_secs(5);

    /// The sentence about a target that does this once it has been asked.
    fn sentence(events: &[Event]) -> String {
        let target = Target::parse("ws://h:1/x").unwrap();
        let setup = Setup {
            target: crate::case::Role::Server,
            host: "h:1".into(),
            resource: "/x".into(),
            headers: vec![],
            echo: false,
            greets: false,
            seed: 0,
            patience: PATIENCE,
        };
        let mut canary = Canary::new(Flight::Whole, &setup);
        canary.handle(Duration::ZERO, Event::Connected);
        for event in events {
            canary.handle(Duration::ZERO, event.clone());
        }
        assert!(canary.is_done());
        Unreached::from_sight(&canary.sight(), &target, PATIENCE)
            .map_or_else(|| "up".to_owned(), |gone| gone.to_string())
    }

    fn answers(octets: impl AsRef<[u8]>) -> String {
        sentence(&[Event::Received(octets.as_ref().to_vec()), Event::Deadline])
    }

    #[test]
    fn says_what_an_ordinary_server_answered_and_what_to_do() {
        for (response, parts) in [
            (
                "HTTP/1.1 200 OK",
                ["`HTTP/1.1 200 OK`", "/x is an ordinary page"],
            ),
            (
                "HTTP/1.0 404 Not Found",
                ["`HTTP/1.0 404 Not Found`", "no WebSocket at /x"],
            ),
            (
                "HTTP/1.1 401 Unauthorized",
                ["came `HTTP/1.1 401", "--header 'Authorization"],
            ),
            (
                "HTTP/1.1 301 Moved\r\nLocation: https://h/y",
                ["301 Moved", "\"https://h/y\""],
            ),
            (
                "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8",
                ["426", "version 8"],
            ),
            ("HTTP/1.1 503 Busy", ["503 Busy", "--jobs"]),
            ("HTTP/1.1 502", ["`HTTP/1.1 502`", "in trouble"]),
            (
                "HTTP/1.1 400 Bad Request",
                ["400 Bad Request", "refused the upgrade"],
            ),
        ] {
            let said = answers(format!("{response}\r\n\r\n"));
            for part in parts
                .iter()
                .chain(&["asked ws://h:1/x", "expected `HTTP/1.1 101`"])
            {
                assert!(said.contains(part), "{response:?}: {said}");
            }
        }
        let https =
            "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
        assert!(answers(https).contains("try wss://h:1/x"));
    }

    #[test]
    fn says_what_came_instead_of_http() {
        let tls = answers(b"\x15\x03\x01\x00\x02\x02\x46");
        assert!(
            tls.contains("TLS came (15 03 01") && tls.contains("try wss://h:1/x"),
            "{tls}"
        );
        let garbage = answers(b"\xff\xfe\x80garbage\xc3\x28");
        assert!(
            garbage.contains("no HTTP/1.1") && garbage.contains("ff fe 80"),
            "{garbage}"
        );
        let ssh = answers("SSH-2.0-OpenSSH_9.6\r\n");
        assert!(
            ssh.contains("SSH") && ssh.contains("check host and port"),
            "{ssh}"
        );
    }

    #[test]
    fn says_how_an_answer_did_not_end() {
        let silent = sentence(&[Event::Deadline]);
        assert!(
            silent.contains("said nothing for 5s") && silent.contains("--timeout"),
            "{silent}"
        );
        let at_once = sentence(&[Event::Eof]);
        assert!(
            at_once.contains("closed the connection at once"),
            "{at_once}"
        );
        let reset = sentence(&[
            Event::Received(b"HTTP/1.1".to_vec()),
            Event::Reset("x".into()),
        ]);
        assert!(
            reset.contains("reset the connection in the middle")
                && reset.contains("behind 8 octets"),
            "{reset}"
        );
        let half = answers("HTTP/1.1 101 Switching Protocols\r\nUpgrade: web");
        assert!(
            half.contains("has not come") && half.contains("after 46 octets"),
            "{half}"
        );
        let endless = answers(format!("HTTP/1.1 101 S\r\n{}", "X: y\r\n".repeat(20_000)));
        assert!(endless.contains("has not come"), "{endless}");
    }

    #[test]
    fn a_101_is_up_whatever_it_is_worth() {
        let end = Event::Eof;
        let said = sentence(&[Event::Received(b"HTTP/1.1 101 No\r\n\r\n".to_vec()), end]);
        assert_eq!(said, "up");
    }
}
