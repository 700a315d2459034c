//! Request targets and hosts (RFC 9112, section 3.2; RFC 9110, section 4.2; RFC 3986).

use std::net::Ipv6Addr;

/// The form of a request target (RFC 9112, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Path and query, beginning with a slash.
    Origin(&'a [u8]),
    /// A URI with a scheme and `//`.
    Absolute {
        /// As written.
        scheme: &'a [u8],
        /// Between `//` and path.
        authority: &'a [u8],
        /// Path and query; may be empty.
        resource: &'a [u8],
    },
    /// `*`
    Asterisk,
    /// Anything else: host and port, a path without slash, nothing.
    Other(&'a [u8]),
}

impl<'a> Target<'a> {
    /// Tells the form by its beginning; whether the rest is in order is for [`foreign_octet`] and [`is_host`] to say.
    pub fn of(target: &'a [u8]) -> Target<'a> {
        if target.first() == Some(&b'/') {
            return Target::Origin(target);
        }
        if target == b"*" {
            return Target::Asterisk;
        }
        let colon = target.iter().position(|&octet| octet == b':');
        if let Some((scheme, [b':', b'/', b'/', rest @ ..])) =
            colon.map(|colon| target.split_at(colon))
            && is_scheme(scheme)
        {
            let end = rest.iter().position(|octet| b"/?#".contains(octet));
            let (authority, resource) = rest.split_at(end.unwrap_or(rest.len()));
            return Target::Absolute {
                scheme,
                authority,
                resource,
            };
        }
        Target::Other(target)
    }

    /// Whether it is an absolute URI of the schemes that RFC 6455, section 4.1, item 3 names.
    pub fn is_http(&self) -> bool {
        matches!(self, Target::Absolute { scheme, .. }
            if scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https"))
    }
}

/// RFC 3986, section 3.1.
fn is_scheme(scheme: &[u8]) -> bool {
    matches!(scheme, [first, rest @ ..] if first.is_ascii_alphabetic()
        && rest.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(octet)))
}

/// RFC 3986, sections 2.2 and 2.3: characters that stand for themselves in any component.
fn is_plain(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&octet)
}

/// `%` and two hexadecimal digits (RFC 3986, section 2.1).
fn is_escape(octets: &[u8]) -> bool {
    matches!(octets, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// Where the first octet of a path and query stands that RFC 3986, sections 3.3 and 3.4 allow there only as `%XX` (or a `%` that begins none).
pub fn foreign_octet(resource: &[u8]) -> Option<usize> {
    (0..resource.len()).find(|&at| match resource[at] {
        b'%' => !is_escape(&resource[at..]),
        octet => !is_plain(octet) && !b":@/?".contains(&octet),
    })
}

/// Whether a value is `uri-host [ ":" port ]` (RFC 9110, section 7.2; RFC 3986, section 3.2.2) with a host that is not empty.
pub fn is_host(value: &[u8]) -> bool {
    let (host, port) = split_port(value);
    let named = |name: &[u8]| {
        (0..name.len()).all(|at| match name[at] {
            b'%' => is_escape(&name[at..]),
            octet => is_plain(octet),
        })
    };
    let lawful = match host {
        [] => false,
        [b'[', literal @ .., b']'] => is_ip_literal(literal),
        name => named(name),
    };
    lawful && port.unwrap_or_default().iter().all(u8::is_ascii_digit)
}

/// Host, and what stands behind the colon that follows it. The colons inside of an IP literal are the host's.
pub fn split_port(value: &[u8]) -> (&[u8], Option<&[u8]>) {
    let from = value.iter().rposition(|&octet| octet == b']').unwrap_or(0);
    match value[from..].iter().position(|&octet| octet == b':') {
        Some(colon) => (&value[..from + colon], Some(&value[from + colon + 1..])),
        None => (value, None),
    }
}

/// RFC 3986, section 3.2.2: IPv6address or IPvFuture.
fn is_ip_literal(literal: &[u8]) -> bool {
    let text = std::str::from_utf8(literal).unwrap_or_default();
    if text.parse::<Ipv6Addr>().is_ok() {
        return true;
    }
    let future = text
        .strip_prefix(['v', 'V'])
        .and_then(|rest| rest.split_once('.'));
    future.is_some_and(|(version, rest)| {
        !version.is_empty()
            && version.bytes().all(|octet| octet.is_ascii_hexdigit())
            && !rest.is_empty()
            && rest.bytes().all(|octet| is_plain(octet) || octet == b':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_by_their_form() {
        let absolute = |scheme, authority, resource| Target::Absolute {
            scheme,
            authority,
            resource,
        };
        for (target, wanted) in [
            (&b"/"[..], Target::Origin(b"/")),
            (b"//a:b", Target::Origin(b"//a:b")),
            (b"*", Target::Asterisk),
            (b"http://h:1/p?q", absolute(b"http", b"h:1", b"/p?q")),
            (b"HTTPS://h?q", absolute(b"HTTPS", b"h", b"?q")),
            (b"ws://h", absolute(b"ws", b"h", b"")),
            (b"h:80", Target::Other(b"h:80")),
            (b"1://h", Target::Other(b"1://h")),
            (b"://h", Target::Other(b"://h")),
            (b"http:/h", Target::Other(b"http:/h")),
            (b"?q", Target::Other(b"?q")),
            (b"", Target::Other(b"")),
        ] {
            assert_eq!(Target::of(target), wanted, "{}", target.escape_ascii());
        }
        assert!(Target::of(b"HTTPS://h").is_http() && !Target::of(b"ws://h").is_http());
    }

    #[test]
    fn octets_that_need_escaping_are_found() {
        for (resource, wanted) in [
            (&b"/a%c3%A4-._~!$&'()*+,;=:@?/?"[..], None),
            (b"/a b", Some(2)),
            (b"/a#b", Some(2)),
            (b"/%", Some(1)),
            (b"/%2", Some(1)),
            (b"/%g0", Some(1)),
            (b"/a|", Some(2)),
            (b"/\xe4", Some(1)),
        ] {
            assert_eq!(
                foreign_octet(resource),
                wanted,
                "{}",
                resource.escape_ascii()
            );
        }
    }

    #[test]
    fn hosts_are_told_from_other_text() {
        for good in [
            "h",
            "h:80",
            "h:",
            "a.b-c_d",
            "127.0.0.1:9001",
            "[::1]",
            "[::1]:9001",
            "[v1.a:b]",
            "%41",
            "a,b",
        ] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "", ":80", "a b", "h:abc", "http://h", "u@h", "[::1", "::1", "[::g]", "[v.a]", "h/",
            "h:80:80", "ä", "%4",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
        assert_eq!(split_port(b"[::1]:80"), (&b"[::1]"[..], Some(&b"80"[..])));
        assert_eq!(split_port(b"[::1]"), (&b"[::1]"[..], None));
    }
}
