//! Values of a handshake that are known only when it runs: `$key`, `$accept` and the like.

/// A value that stands in a handshake as `$name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// `$key`: the request's Sec-WebSocket-Key.
    Key,
    /// `$accept`: the right Sec-WebSocket-Accept for it (RFC 6455, section 4.2.2).
    Accept,
    /// `$accept.flipped`: with one letter's case changed.
    AcceptFlipped,
    /// `$accept.decoded`: the hash of the decoded key.
    AcceptDecoded,
    /// `$accept.short`: its last octet missing.
    AcceptShort,
    /// `$accept.other`: for another key.
    AcceptOther,
    /// `$host`: with the port where it is not the default one.
    Host,
    /// `$target`: path and query.
    Target,
    /// `$origin`.
    Origin,
    /// `$protocol`: the first subprotocol that the client offered.
    Protocol,
}

const ALL: &[(&str, Value)] = &[
    ("$key", Value::Key),
    ("$accept", Value::Accept),
    ("$accept.flipped", Value::AcceptFlipped),
    ("$accept.decoded", Value::AcceptDecoded),
    ("$accept.short", Value::AcceptShort),
    ("$accept.other", Value::AcceptOther),
    ("$host", Value::Host),
    ("$target", Value::Target),
    ("$origin", Value::Origin),
    ("$protocol", Value::Protocol),
];

/// All names, as they are written.
pub(super) const NAMES: &[&str] = &{
    let mut names = [""; ALL.len()];
    let mut i = 0;
    while i < ALL.len() {
        names[i] = ALL[i].0;
        i += 1;
    }
    names
};

/// A stretch of a text with values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Octets(&'a [u8]),
    Value(Value),
    /// `$` and a name that is no value's: where it begins, and how long it is.
    Unknown(usize, usize),
}

/// The text with each `$name` replaced by what `value` gives, and `$$` by one `$`.
/// What the parser would have refused stays as it stands.
pub fn expand<V: AsRef<[u8]>>(text: &[u8], mut value: impl FnMut(Value) -> V) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Octets(octets) => out.extend_from_slice(octets),
            Piece::Value(v) => out.extend_from_slice(value(v).as_ref()),
            Piece::Unknown(at, len) => out.extend_from_slice(&text[at..at + len]),
        }
    }
    out
}

/// Where a `$` stands that names no value, and the name.
pub(super) fn unknown(text: &[u8]) -> Option<(std::ops::Range<usize>, String)> {
    pieces(text).into_iter().find_map(|piece| match piece {
        Piece::Unknown(at, len) => Some((
            at..at + len,
            String::from_utf8_lossy(&text[at..at + len]).into_owned(),
        )),
        _ => None,
    })
}

fn pieces(text: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut at, mut from) = (0, 0);
    while at < text.len() {
        if text[at] != b'$' {
            at += 1;
            continue;
        }
        pieces.push(Piece::Octets(&text[from..at]));
        let rest = &text[at + 1..];
        if rest.first() == Some(&b'$') {
            pieces.push(Piece::Octets(b"$"));
            at += 2;
        } else {
            let letters = |t: &[u8]| t.iter().take_while(|b| b.is_ascii_lowercase()).count();
            let head = letters(rest);
            // `.` and what follows belong to the name only if they make one: `$host.` is the host and a full stop.
            let tail = match rest.get(head) {
                Some(b'.') => letters(&rest[head + 1..]),
                _ => 0,
            };
            let named = |len: usize| {
                ALL.iter()
                    .find(|(name, _)| name.as_bytes()[1..] == rest[..len])
                    .map(|(_, v)| *v)
            };
            let (piece, len) = match (tail > 0).then(|| named(head + 1 + tail)).flatten() {
                Some(value) => (Piece::Value(value), head + 1 + tail),
                None => match named(head) {
                    // `$accept.flippd` is a misspelling and not an accept with a tail.
                    Some(Value::Accept) if tail > 0 => {
                        (Piece::Unknown(at, head + tail + 2), head + 1 + tail)
                    }
                    Some(value) => (Piece::Value(value), head),
                    None => (Piece::Unknown(at, head + 1), head),
                },
            };
            pieces.push(piece);
            at += 1 + len;
        }
        from = at;
    }
    pieces.push(Piece::Octets(&text[from..]));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(value: Value) -> String {
        format!("<{value:?}>")
    }

    #[test]
    fn values_are_replaced_and_a_doubled_dollar_is_one() {
        let cases = [
            ("$key", "<Key>"),
            ("a$accept.shortb", "a$accept.shortb"),
            ("a$accept.short b", "a<AcceptShort> b"),
            ("http://$host$target", "http://<Host><Target>"),
            ("www.$host.example", "www.<Host>.example"),
            ("$$key $$", "$key $"),
            ("$$$key", "$<Key>"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(expand(text.as_bytes(), name), expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn what_names_no_value_is_told() {
        assert_eq!(unknown(b"x $kee y"), Some((2..6, "$kee".into())));
        assert_eq!(
            unknown(b"$accept.flippd"),
            Some((0..14, "$accept.flippd".into()))
        );
        assert_eq!(unknown(b"5$"), Some((1..2, "$".into())));
        assert_eq!(unknown(b"$$ $key $host."), None);
    }
}
