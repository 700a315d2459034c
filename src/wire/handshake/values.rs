//! Values known only when a handshake runs: `$key`, `$accept` and the others (`cases/README.md`).

use super::accept::{accept, decode_key_leniently};
use crate::case::Payload;

/// What stands behind the names, and what the command line adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// `$key`: the suite's own when it writes a request, the target's, as sent, when it writes a response.
    pub key: Vec<u8>,
    /// `$host`: with the port where it is not the default one.
    pub host: String,
    /// `$target`: path and query.
    pub target: String,
    /// `$origin`
    pub origin: String,
    /// `$protocol`: the first subprotocol that the client offered; empty without one.
    pub protocol: String,
    /// Header lines of the command line: each in place of the ordinary line of its name, or behind the ordinary ones.
    pub headers: Vec<(String, String)>,
    /// The seed of generated payloads.
    pub seed: u64,
}

/// The names, longer ones before those that begin them.
pub const NAMES: [&str; 11] = [
    "accept.flipped",
    "accept.decoded",
    "accept.short",
    "accept.other",
    "accept",
    "key",
    "host",
    "target",
    "origin",
    "protocol.flipped",
    "protocol",
];

/// What a `$` begins.
enum Dollar {
    /// `$$`
    Itself,
    /// One of the [`NAMES`].
    Name(&'static str),
    /// Nothing.
    Unknown,
}

/// A text cut at its `$`: what stands before each, what the `$` begins, and what follows.
fn cut(text: &[u8]) -> Option<(&[u8], Dollar, &[u8])> {
    let dollar = text.iter().position(|&octet| octet == b'$')?;
    let (before, rest) = (&text[..dollar], &text[dollar + 1..]);
    if let [b'$', rest @ ..] = rest {
        return Some((before, Dollar::Itself, rest));
    }
    let name = NAMES
        .into_iter()
        .find(|name| rest.starts_with(name.as_bytes()));
    Some(match name {
        Some(name) => (before, Dollar::Name(name), &rest[name.len()..]),
        None => (before, Dollar::Unknown, rest),
    })
}

/// Where in a text the first `$` stands that is neither `$$` nor begins one of the [`NAMES`].
pub fn unknown(text: &[u8]) -> Option<usize> {
    let mut left = text;
    while let Some((before, what, rest)) = cut(left) {
        if matches!(what, Dollar::Unknown) {
            return Some(text.len() - left.len() + before.len());
        }
        left = rest;
    }
    None
}

impl Values {
    /// `Sec-WebSocket-Accept` for the key.
    pub fn accept(&self) -> String {
        accept(&self.key)
    }

    /// A text with the values in place of their names and `$` in place of `$$`. A `$` that begins no name stays.
    pub fn expand(&self, text: &[u8]) -> Vec<u8> {
        let (mut expanded, mut left) = (Vec::with_capacity(text.len()), text);
        while let Some((before, what, rest)) = cut(left) {
            expanded.extend_from_slice(before);
            match what {
                Dollar::Itself | Dollar::Unknown => expanded.push(b'$'),
                Dollar::Name(name) => expanded.extend(self.value(name)),
            }
            left = rest;
        }
        expanded.extend_from_slice(left);
        expanded
    }

    /// A payload's octets; names are looked for in its strings alone.
    pub fn octets(&self, payload: &Payload) -> Vec<u8> {
        payload.octets_with(self.seed, |text| self.expand(text))
    }

    fn value(&self, name: &str) -> Vec<u8> {
        match name {
            "key" => self.key.clone(),
            "host" => self.host.clone().into_bytes(),
            "target" => self.target.clone().into_bytes(),
            "origin" => self.origin.clone().into_bytes(),
            "protocol" => self.protocol.clone().into_bytes(),
            "protocol.flipped" => flipped(self.protocol.clone()),
            "accept.flipped" => flipped(self.accept()),
            "accept.decoded" => {
                let decoded = decode_key_leniently(&self.key).map_or(vec![], Vec::from);
                accept(&decoded).into_bytes()
            }
            "accept.short" => {
                let mut short = self.accept().into_bytes();
                short.pop();
                short
            }
            "accept.other" => {
                let mut key = self.key.clone();
                key.reverse();
                key.push(b'=');
                accept(&key).into_bytes()
            }
            // `accept`
            _ => self.accept().into_bytes(),
        }
    }
}

/// With the first letter in the other case.
fn flipped(value: String) -> Vec<u8> {
    let mut flipped = value.into_bytes();
    if let Some(letter) = flipped.iter_mut().find(|octet| octet.is_ascii_alphabetic()) {
        *letter ^= 0x20;
    }
    flipped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        Values {
            key: b"dGhlIHNhbXBsZSBub25jZQ==".to_vec(),
            host: "h:9001".into(),
            target: "/t?q".into(),
            origin: "http://h:9001".into(),
            protocol: "chat".into(),
            ..Values::default()
        }
    }

    #[test]
    fn names_become_values() {
        for (text, wanted) in [
            ("$key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("http://$host$target#x", "http://h:9001/t?q#x"),
            ("$origin/$protocol.", "http://h:9001/chat."),
            ("$protocol.flipped, $protocol.fl", "Chat, chat.fl"),
            ("$accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ("$accept.flipped", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ("$accept.short", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo"),
            ("$accept.x", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=.x"),
            ("$$key $", "$key $"),
        ] {
            let expanded = values().expand(text.as_bytes());
            assert_eq!(expanded.escape_ascii().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn wrong_accept_values_are_wrong_and_differ() {
        let mut seen = vec![values().expand(b"$accept")];
        for name in NAMES.iter().filter(|name| name.starts_with("accept.")) {
            let value = values().expand(format!("${name}").as_bytes());
            assert!(!seen.contains(&value), "{name}");
            seen.push(value);
        }
        let decoded = accept(b"the sample nonce").into_bytes();
        assert_eq!(values().expand(b"$accept.decoded"), decoded);
    }

    #[test]
    fn a_dollar_that_begins_no_name_is_found() {
        assert_eq!(unknown(b"$$ $key $host$target"), None);
        assert_eq!(unknown(b"$key $nope"), Some(5));
        assert_eq!(unknown(b"a$"), Some(1));
    }

    #[test]
    fn generated_octets_are_left_alone() {
        let random = Payload(vec![crate::case::payload::Part {
            what: crate::case::payload::What::Hex(b"$key".to_vec()),
            times: 1,
        }]);
        assert_eq!(values().octets(&random), b"$key");
    }
}
