//! What differs between two equal runs, kept apart: times, addresses, and octets that a target chooses anew each time.
//!
//! A client has to mask with keys that nobody can foresee (RFC 6455, section 5.3) and to choose a new nonce for each
//! opening handshake (section 4.1); servers date their responses (RFC 9110, section 6.6.1) and add identifiers.
//! [`Settler`] takes such things out of a line; [`MeasuredCase::restore`] puts them back for a view.

use serde::{Deserialize, Serialize};

use super::{Case, Finding, Line};
use crate::{case::Role, session::Entry};

/// All that differs between two equal runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// When the run began (UTC, RFC 3339).
    pub started: Option<String>,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// The address that was dialled or listened on.
    pub address: Option<String>,
    /// The round trip that deadlines are scaled by, in microseconds.
    pub rtt_us: Option<u64>,
    /// Operating system and architecture that the program was built for.
    pub machine: String,
    /// The last lines that the target wrote before it crashed, one entry for each of `crashes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_lines: Vec<Vec<String>>,
    /// One entry for each case, in the order of `cases`.
    pub cases: Vec<MeasuredCase>,
}

/// What differs between two equal runs of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredCase {
    /// The id of the case.
    pub id: String,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// Where nothing came in time: how long the target was given, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience_us: Option<u64>,
    /// When each line of the transcript was said, in microseconds since the connection was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_us: Vec<u64>,
    /// What was taken out of transcript and findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exact: Vec<Exact>,
}

/// What was taken out of one line or finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exact {
    /// Which list of the case.
    pub of: Part,
    /// The place in it, from 0.
    pub at: u64,
    /// The text of the line, or what the finding received, where it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The octets, in hex, where they were taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets: Option<String>,
}

/// A list of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `transcript`.
    Transcript,
    /// `findings`.
    Findings,
}

impl MeasuredCase {
    /// The case as it was when it ran.
    pub fn restore(&self, case: &Case) -> Case {
        let mut case = case.clone();
        for exact in &self.exact {
            let at = usize::try_from(exact.at).unwrap_or(usize::MAX);
            let (text, octets) = (exact.text.clone(), exact.octets.clone());
            match exact.of {
                Part::Transcript => {
                    if let Some(line) = case.transcript.get_mut(at) {
                        line.text = text.unwrap_or_else(|| std::mem::take(&mut line.text));
                        line.octets = octets.or_else(|| line.octets.take());
                    }
                }
                Part::Findings => {
                    if let Some(finding) = case.findings.get_mut(at) {
                        finding.received = text.or_else(|| finding.received.take());
                        finding.octets = octets.or_else(|| finding.octets.take());
                    }
                }
            }
        }
        case
    }
}

/// Header fields whose value a target does not choose anew for each connection. The values of all others are measured.
const STEADY: &[&str] = &[
    "connection",
    "content-length",
    "content-type",
    "host",
    "origin",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "server",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Divides what was said into what two equal runs share and what they do not, and leaves out secrets.
#[derive(Clone, Debug)]
pub struct Settler {
    target: Role,
    /// Names of headers whose values are secrets, in lower case.
    secret: Vec<String>,
}

impl Settler {
    /// For a target in this role; the values of the header lines called `secret` are never kept.
    pub fn new<'a>(target: Role, secret: impl IntoIterator<Item = &'a str>) -> Settler {
        let secret = secret.into_iter().map(str::to_ascii_lowercase).collect();
        Settler { target, secret }
    }

    /// A line of a transcript, and what was taken out of it. `at`: its place; `octets`: in hex.
    pub fn line(&self, at: usize, entry: &Entry, octets: String) -> (Line, Option<Exact>) {
        let head = is_head(&entry.text);
        let mut line = Line {
            who: entry.who,
            text: entry.text.clone(),
            // The text of a head is octet for octet what was sent.
            octets: Some(octets).filter(|octets| !octets.is_empty() && !head),
            length: entry.length as u64,
        };
        let exact = match entry.who {
            '>' => {
                line.text = self.hide(&entry.text);
                if line.text != entry.text {
                    line.octets = None;
                }
                // What the suite accepts follows from the nonce of the client (RFC 6455, section 4.2.2).
                let steady =
                    |name: &str| self.target == Role::Server || name != "sec-websocket-accept";
                Some(settle(&line.text, steady)).filter(|_| head)
            }
            '<' => Some(self.received(&entry.text)),
            _ => None,
        };
        let Some(steady) = exact else {
            return (line, None);
        };
        let text = (steady != line.text).then(|| std::mem::replace(&mut line.text, steady));
        let octets = line
            .octets
            .take_if(|octets| entry.who == '<' && self.has_key(octets));
        let exact = (text.is_some() || octets.is_some()).then_some(Exact {
            of: Part::Transcript,
            at: at as u64,
            text,
            octets,
        });
        (line, exact)
    }

    /// A finding, and what was taken out of it. `at`: its place.
    pub fn finding(&self, at: usize, mut finding: Finding) -> (Finding, Option<Exact>) {
        finding.sent = finding.sent.map(|text| self.hide(&text));
        let differs = finding
            .octets
            .as_deref()
            .is_some_and(|o| self.has_key(o) || is_http(o))
            || finding.received.as_deref().is_some_and(is_head);
        let octets = finding.octets.take_if(|_| differs);
        let mut text = None;
        if let Some(received) = &mut finding.received {
            let steady = self.received(received);
            if steady != *received {
                text = Some(std::mem::replace(received, steady));
            }
        }
        let exact = (text.is_some() || octets.is_some()).then_some(Exact {
            of: Part::Findings,
            at: at as u64,
            text,
            octets,
        });
        (finding, exact)
    }

    /// Whether octets of the target have a masking key in them: those of a client, and the frames of a server that masks.
    fn has_key(&self, hex: &str) -> bool {
        let mask_bit = || {
            let second = hex.split(' ').nth(1)?;
            Some(u8::from_str_radix(second, 16).ok()? & 0x80 != 0)
        };
        self.target == Role::Client || !is_http(hex) && mask_bit() == Some(true)
    }

    /// What the target sent, without what it chooses anew each time.
    fn received(&self, text: &str) -> String {
        match is_head(text) {
            true => settle(text, |name| STEADY.contains(&name)),
            false => text.to_owned(),
        }
    }

    /// What the suite sent, without secrets: a line ends where the value of a secret field begins, however the
    /// lines of the head are ended.
    fn hide(&self, text: &str) -> String {
        map_lines(text, |line| {
            let lower = line.to_ascii_lowercase();
            let begins = |name: &String| {
                let found = lower
                    .match_indices(name.as_str())
                    .map(|(at, _)| at + name.len());
                found
                    .filter(|end| lower[*end..].trim_start().starts_with(':'))
                    .min()
            };
            let end = self.secret.iter().filter_map(begins).min()?;
            Some(format!("{}: (not shown){}", &line[..end], closing(line)))
        })
    }
}

/// Whether a line of a transcript is a head of HTTP: its lines follow, each as a string of the notation.
fn is_head(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    matches!(word, "request" | "response") || text.starts_with("bytes\n")
}

/// Whether octets in hex begin with `HTTP`.
fn is_http(hex: &str) -> bool {
    hex.starts_with("48 54 54 50")
}

/// The place of the colon behind the name of a header line, and the name; `None`: it is another line.
fn field(line: &str) -> Option<(usize, &str)> {
    let colon = line.find(':')?;
    let name = line[..colon]
        .trim_start()
        .trim_start_matches('"')
        .trim_end();
    let fits = |b: u8| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&b);
    (!name.is_empty() && name.bytes().all(fits)).then_some((colon, name))
}

/// What has to stand behind a line that is cut.
fn closing(line: &str) -> &'static str {
    if line.trim_start().starts_with('"') {
        "\""
    } else {
        ""
    }
}

/// Header lines whose name (in lower case) is not steady lose their value.
fn settle(text: &str, steady: impl Fn(&str) -> bool) -> String {
    map_lines(text, |line| {
        let (colon, name) = field(line)?;
        let differs = !steady(&name.to_ascii_lowercase());
        differs.then(|| format!("{}: ...{}", &line[..colon], closing(line)))
    })
}

/// Changes the lines behind the first.
fn map_lines(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        match change(line) {
            Some(changed) => out.push_str(&changed),
            None => out.push_str(line),
        }
    }
    out
}
