//! What a client asks for, by the target of its request.

use url::form_urlencoded;

use crate::wire::handshake::{Head, Request};

/// The most characters of the name that an agent gives itself.
pub const MAX_AGENT: usize = 256;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// How many cases there are, for a browser or for all clients.
    Count {
        /// `profile=browser`
        browser: bool,
    },
    /// What a case is about.
    Info(Query),
    /// What came of a case.
    Status(Query),
    /// To play a case.
    Run(Query),
    /// To write the reports.
    Update {
        /// Who asks.
        agent: Option<String>,
        /// To end the program behind it.
        shutdown: bool,
    },
    /// To end the program.
    Stop,
    /// Anything else.
    Other(String),
}

/// Which case, and who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// `case=N`, as it was written.
    pub number: Option<String>,
    /// `casetuple=ID`, or the path of a case.
    pub id: Option<String>,
    /// `agent=A`.
    pub agent: Option<String>,
}

/// Why a request makes no sense, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Senseless(pub String);

/// Path and query of a target, in origin or absolute form (RFC 9112, section 3.2).
pub fn parts(target: &[u8]) -> (String, String) {
    let target = String::from_utf8_lossy(target);
    let resource = match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => match rest.find('/') {
            Some(at) => &rest[at..],
            None => "/",
        },
        _ => &target,
    };
    let resource = resource.split('#').next().unwrap_or_default();
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    (path.to_owned(), query.to_owned())
}

impl Route {
    /// Reads the target of a request.
    ///
    /// # Errors
    /// A parameter is there twice, or an agent's name is too long.
    pub fn of(target: &[u8]) -> Result<Route, Senseless> {
        let (path, query) = parts(target);
        let query = Parameters(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        );
        let one = || -> Result<Query, Senseless> {
            Ok(Query {
                number: query.get("case")?,
                id: query.get("casetuple")?,
                agent: query.agent()?,
            })
        };
        Ok(match path.as_str() {
            "/getCaseCount" => Route::Count {
                browser: query.get("profile")?.as_deref() == Some("browser"),
            },
            "/getCaseInfo" => Route::Info(one()?),
            "/getCaseStatus" => Route::Status(one()?),
            "/runCase" => Route::Run(one()?),
            "/updateReports" => Route::Update {
                agent: query.agent()?,
                shutdown: query
                    .get("shutdownOnComplete")?
                    .is_some_and(|value| ["true", "yes"].contains(&&*value.to_ascii_lowercase())),
            },
            "/stopServer" => Route::Stop,
            _ => match path.strip_prefix("/case/") {
                Some(id) => Route::Run(Query {
                    number: None,
                    id: Some(unescaped(id)),
                    agent: query.agent()?,
                }),
                None => Route::Other(path),
            },
        })
    }
}

struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn get(&self, name: &str) -> Result<Option<String>, Senseless> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        match (values.next(), values.next()) {
            (found, None) => Ok(found.map(|(_, value)| value.clone())),
            _ => Err(Senseless(format!(
                "`{name}` is there more than once; give it once"
            ))),
        }
    }

    fn agent(&self) -> Result<Option<String>, Senseless> {
        let agent = self.get("agent")?;
        match &agent {
            Some(name) if name.is_empty() => Err(Senseless(
                "`agent` is empty; it takes the name of the client".to_owned(),
            )),
            Some(name) if name.chars().count() > MAX_AGENT => Err(Senseless(format!(
                "`agent` has more than {MAX_AGENT} characters; take a shorter name"
            ))),
            _ => Ok(agent),
        }
    }
}

/// A path without its percent-encoding; a `+` in it is a `+`.
pub fn unescaped(path: &str) -> String {
    let octets = percent(path.as_bytes());
    String::from_utf8_lossy(&octets).into_owned()
}

fn percent(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while at < octets.len() {
        let hex = |at: usize| octets.get(at).and_then(|c| char::from(*c).to_digit(16));
        match (octets[at], hex(at + 1), hex(at + 2)) {
            // Two hexadecimal digits are at most 255.
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (octet, ..) => {
                out.push(octet);
                at += 1;
            }
        }
    }
    out
}

/// The path of a case, fit for a request line: brackets of a row are percent-encoded (RFC 3986, section 3.3).
pub fn path_of(id: &str) -> String {
    let mut path = String::from("/case/");
    for octet in id.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                path.push(char::from(octet));
            }
            _ => path.push_str(&format!("%{octet:02X}")),
        }
    }
    path
}

/// A name for a client that gives itself none: its `User-Agent`, shortened.
pub fn unnamed(head: &Head) -> String {
    let name = head.value("User-Agent").map(String::from_utf8_lossy);
    match name.as_deref().map(str::trim) {
        None | Some("") => "client".to_owned(),
        Some(name) => name.chars().take(MAX_AGENT).collect(),
    }
}

/// Whether a request wants to become a WebSocket connection, however badly it asks.
pub fn wants_websocket(request: &Request) -> bool {
    let head = &request.head;
    head.has_token("Upgrade", "websocket")
        || head.headers.iter().any(|field| {
            field
                .name
                .get(..14)
                .is_some_and(|name| name.eq_ignore_ascii_case("Sec-WebSocket-"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(
        number: Option<&str>,
        id: Option<&str>,
        agent: Option<&str>,
    ) -> Result<Route, Senseless> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Route::Run(Query {
            number: owned(number),
            id: owned(id),
            agent: owned(agent),
        }))
    }

    #[test]
    fn the_paths_of_autobahn_and_those_of_cases() {
        assert_eq!(
            Route::of(b"/getCaseCount"),
            Ok(Route::Count { browser: false })
        );
        assert_eq!(
            Route::of(b"/runCase?case=12&agent=a%20b+c%26"),
            run(Some("12"), None, Some("a b c&"))
        );
        assert_eq!(
            Route::of(b"/runCase?casetuple=1.1.1&agent=x"),
            run(None, Some("1.1.1"), Some("x"))
        );
        assert_eq!(
            Route::of(b"ws://h:1/case/close/codes/code%5B1000%5D"),
            run(None, Some("close/codes/code[1000]"), None)
        );
        assert_eq!(
            Route::of(b"/case/a/b[+1]?agent=x#f"),
            run(None, Some("a/b[+1]"), Some("x"))
        );
        let update = |agent: Option<&str>, shutdown| {
            Ok(Route::Update {
                agent: agent.map(str::to_owned),
                shutdown,
            })
        };
        assert_eq!(
            Route::of(b"/updateReports?agent=a"),
            update(Some("a"), false)
        );
        assert_eq!(
            Route::of(b"/updateReports?shutdownOnComplete=YES&agent=a"),
            update(Some("a"), true)
        );
        assert_eq!(Route::of(b"/stopServer"), Ok(Route::Stop));
        assert_eq!(Route::of(b"/"), Ok(Route::Other("/".into())));
        assert_eq!(
            Route::of(b"\xff?%zz&%"),
            Ok(Route::Other("\u{fffd}".into()))
        );
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for target in [
            "/runCase?case=1&case=2&agent=a",
            "/runCase?case=1&agent=a&agent=a",
            "/updateReports?agent=",
            "/case/x?agent=a&agent=b",
        ] {
            assert!(Route::of(target.as_bytes()).is_err(), "{target}");
        }
        let long = format!("/runCase?case=1&agent={}", "é".repeat(MAX_AGENT + 1));
        assert!(Route::of(long.as_bytes()).is_err());
    }

    #[test]
    fn the_path_of_a_case_is_read_back() {
        let id = "close/codes/code[+1.0]";
        let path = path_of(id);
        assert_eq!(path, "/case/close/codes/code%5B%2B1.0%5D");
        assert_eq!(Route::of(path.as_bytes()), run(None, Some(id), None));
    }
}
