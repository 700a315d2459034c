//! Looking up header lines, and the grammar that their values share (RFC 9110, sections 5.3 and 5.6).

use super::{Extension, ExtensionError, Head, extension};

/// A character of a token (RFC 9110, section 5.6.2; the same set as in RFC 2616, section 2.2, on which RFC 6455 builds).
pub fn is_token_char(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

/// Whether a value is a token (RFC 9110, section 5.6.2).
pub fn is_token(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|&octet| is_token_char(octet))
}

/// Without the SP and HTAB around it (RFC 9110, section 5.6.3).
pub fn trimmed(value: &[u8]) -> &[u8] {
    let blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let Some(start) = value.iter().position(|octet| !blank(octet)) else {
        return &[];
    };
    let end = value.iter().rposition(|octet| !blank(octet));
    &value[start..end.map_or(start, |end| end + 1)]
}

impl Head {
    /// The values of all header lines of this name, in order; names match without regard to case (RFC 9110, section 5.1).
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.headers
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| &field.value[..])
    }

    /// The value of the first header line of this name.
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// How many header lines have this name.
    pub fn count(&self, name: &str) -> usize {
        self.values(name).count()
    }

    /// The values of all header lines of this name as one list (RFC 9110, section 5.3); `None` without any.
    pub fn joined(&self, name: &str) -> Option<Vec<u8>> {
        self.value(name)?;
        Some(self.values(name).collect::<Vec<_>>().join(&b", "[..]))
    }

    /// The elements of a list of tokens over all header lines of this name, without the empty ones (RFC 9110, section 5.6.1.2). As none of these fields allows quoted
    /// strings each comma parts.
    pub fn elements<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.values(name)
            .flat_map(|value| value.split(|&octet| octet == b','))
            .map(trimmed)
            .filter(|element| !element.is_empty())
    }

    /// Whether one whole element of a list is this token, without regard to case (RFC 6455, section 2.1: ASCII only).
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.elements(name)
            .any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The subprotocols listed, as they stand.
    pub fn subprotocols(&self) -> impl Iterator<Item = &[u8]> {
        self.elements("Sec-WebSocket-Protocol")
    }

    /// The extensions listed (RFC 6455, section 9.1), empty without a header line.
    ///
    /// # Errors
    /// The first departure from the grammar; a header without any element is one.
    pub fn extensions(&self) -> Result<Vec<Extension>, ExtensionError> {
        self.joined("Sec-WebSocket-Extensions")
            .map_or_else(|| Ok(Vec::new()), |value| extension::parse(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_whole_elements_of_all_lines() {
        let head = Head {
            headers: [
                ("connection", "keep-alive"),
                ("Connection", "x-y ,,UPGRADE"),
            ]
            .map(|(name, value)| crate::wire::handshake::Field {
                name: name.to_owned(),
                value: value.into(),
            })
            .to_vec(),
            ..Head::default()
        };
        assert!(head.has_token("Connection", "upgrade"));
        assert!(head.has_token("CONNECTION", "Keep-Alive"));
        assert!(!head.has_token("Connection", "y"));
        assert!(!head.has_token("Connection", "Upgraded"));
        assert_eq!(head.count("Connection"), 2);
        assert_eq!(
            head.joined("Connection"),
            Some(b"keep-alive, x-y ,,UPGRADE".to_vec())
        );
        assert_eq!(head.joined("Upgrade"), None);
    }

    #[test]
    fn blanks_are_trimmed() {
        assert_eq!(trimmed(b" \t"), b"");
        assert_eq!(trimmed(b" a b\t"), b"a b");
        assert_eq!(trimmed(b"\r"), b"\r");
    }
}
