//! The URL of a target (RFC 6455, section 3). Path and query stay the octets that were typed.

use std::fmt;

/// A WebSocket server to test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `wss`: TLS.
    pub secure: bool,
    /// Name or address.
    pub host: Host,
    /// The port, the default one included (80, 443).
    pub port: u16,
    /// Path and query as typed, never empty: the resource name of RFC 6455, section 3.
    pub resource: String,
    typed: String,
}

/// A host: a name in ASCII (IDNA applied), or an address.
pub type Host = url::Host<String>;

/// Why a text is no URL of a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// There is no `://`.
    #[error("`{0}` is not a URL: it has no scheme; write ws://{0} (or wss://{0} for TLS)")]
    NoScheme(String),
    /// `http:` or `https:`.
    #[error(
        "`{typed}` is an HTTP URL, and a WebSocket target is asked for; write {scheme}://{rest}"
    )]
    Http {
        /// All of it.
        typed: String,
        /// What to write instead.
        scheme: &'static str,
        /// All behind the scheme.
        rest: String,
    },
    /// Neither `ws:` nor `wss:`.
    #[error("`{0}:` is not the scheme of a WebSocket URL; write ws:// or wss://")]
    Scheme(String),
    /// RFC 6455, section 3: fragment identifiers must not be used.
    #[error(
        "`{0}` has a fragment, which a WebSocket URL must not have (RFC 6455, section 3); write %23 where a # belongs to path or query"
    )]
    Fragment(String),
    /// `user:password@`, which the ws scheme does not have.
    #[error(
        "`{0}` has a user name in it, which a WebSocket URL does not have (RFC 6455, section 3); send it as --header 'Authorization: Basic …'"
    )]
    UserInfo(String),
    /// There is no host.
    #[error("`{0}` has no host; write it as ws://HOST[:PORT][/PATH]")]
    NoHost(String),
    /// The host is none.
    #[error("`{host}` is not a host: {why}; an IPv6 address stands in brackets, as in ws://[::1]/")]
    Host {
        /// As typed.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// The port is none.
    #[error("`{0}` is not a port; write a number from 1 to 65535")]
    Port(String),
    /// A character that may not stand in a URL (RFC 3986, section 2): in a request line it would mean something else.
    #[error("{character:?} may not stand in the path or query of a URL; write it as {escaped}")]
    Character {
        /// The first of them.
        character: char,
        /// Its octets, percent-encoded.
        escaped: String,
    },
}

impl Target {
    /// Reads a `ws://` or `wss://` URL.
    pub fn parse(typed: &str) -> Result<Target, UrlError> {
        let (scheme, rest) = typed
            .split_once("://")
            .ok_or_else(|| UrlError::NoScheme(typed.to_owned()))?;
        let http = |scheme| UrlError::Http {
            typed: typed.to_owned(),
            scheme,
            rest: rest.to_owned(),
        };
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            "http" => return Err(http("ws")),
            "https" => return Err(http("wss")),
            _ => return Err(UrlError::Scheme(scheme.to_owned())),
        };
        if rest.contains('#') {
            return Err(UrlError::Fragment(typed.to_owned()));
        }
        let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(UrlError::UserInfo(typed.to_owned()));
        }
        let (host, port) = split_port(authority);
        if host.is_empty() {
            return Err(UrlError::NoHost(typed.to_owned()));
        }
        let host = Host::parse(host).map_err(|e| UrlError::Host {
            host: host.to_owned(),
            why: e.to_string(),
        })?;
        let port = match port {
            None | Some("") => [80, 443][usize::from(secure)],
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|&p| p != 0 && digits.bytes().all(|b| b.is_ascii_digit()))
                .ok_or_else(|| UrlError::Port(digits.to_owned()))?,
        };
        if let Some(character) = resource.chars().find(|c| !c.is_ascii_graphic()) {
            let mut octets = [0; 4];
            let escaped = character
                .encode_utf8(&mut octets)
                .bytes()
                .map(|b| format!("%{b:02X}"))
                .collect();
            return Err(UrlError::Character { character, escaped });
        }
        // RFC 6455, section 3: "/" if the path component is empty.
        let slash = if resource.starts_with('/') { "" } else { "/" };
        Ok(Target {
            secure,
            host,
            port,
            resource: format!("{slash}{resource}"),
            typed: typed.to_owned(),
        })
    }

    /// The value of `Host`: the port only where it is not the default one (RFC 6455, section 4.1).
    pub fn host_header(&self) -> String {
        if self.port == [80, 443][usize::from(self.secure)] {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The same place by the other scheme, for hints.
    pub fn other_scheme(&self) -> String {
        let scheme = if self.secure { "ws" } else { "wss" };
        format!("{scheme}://{}:{}{}", self.host, self.port, self.resource)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// Splits `host:port`; a colon within brackets belongs to the host.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let inside = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[inside..].rfind(':') {
        Some(colon) => (
            &authority[..inside + colon],
            Some(&authority[inside + colon + 1..]),
        ),
        None => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> (bool, String, u16, String, String) {
        let t = Target::parse(typed).unwrap();
        (
            t.secure,
            t.host.to_string(),
            t.port,
            t.resource.clone(),
            t.host_header(),
        )
    }

    fn expected(
        secure: bool,
        host: &str,
        port: u16,
        resource: &str,
        header: &str,
    ) -> (bool, String, u16, String, String) {
        (secure, host.into(), port, resource.into(), header.into())
    }

    #[test]
    fn reads_schemes_hosts_and_ports() {
        assert_eq!(
            parsed("ws://a.example"),
            expected(false, "a.example", 80, "/", "a.example")
        );
        assert_eq!(
            parsed("WSS://A.example/"),
            expected(true, "a.example", 443, "/", "a.example")
        );
        assert_eq!(
            parsed("ws://a.example:443"),
            expected(false, "a.example", 443, "/", "a.example:443")
        );
        assert_eq!(
            parsed("wss://a.example:443"),
            expected(true, "a.example", 443, "/", "a.example")
        );
        assert_eq!(
            parsed("ws://a.example:/x"),
            expected(false, "a.example", 80, "/x", "a.example")
        );
        assert_eq!(
            parsed("ws://127.0.0.1:9001"),
            expected(false, "127.0.0.1", 9001, "/", "127.0.0.1:9001")
        );
        assert_eq!(
            parsed("ws://[::1]:9001/"),
            expected(false, "[::1]", 9001, "/", "[::1]:9001")
        );
        assert_eq!(
            parsed("ws://[2001:db8::0:1]"),
            expected(false, "[2001:db8::1]", 80, "/", "[2001:db8::1]")
        );
        assert_eq!(
            parsed("ws://bücher.example"),
            expected(
                false,
                "xn--bcher-kva.example",
                80,
                "/",
                "xn--bcher-kva.example"
            )
        );
    }

    #[test]
    fn keeps_path_and_query_as_typed() {
        for (typed, resource) in [
            ("ws://h/a/../b/./c", "/a/../b/./c"),
            ("ws://h/%7euser/%2F?x=%41&&y", "/%7euser/%2F?x=%41&&y"),
            ("ws://h?x=1/2", "/?x=1/2"),
            ("ws://h//", "//"),
            ("ws://h/{a}|b\\c", "/{a}|b\\c"),
            ("ws://h/a@b:c", "/a@b:c"),
        ] {
            assert_eq!(Target::parse(typed).unwrap().resource, resource);
            assert_eq!(Target::parse(typed).unwrap().to_string(), typed);
        }
    }

    #[test]
    fn refuses_with_what_to_write_instead() {
        for (typed, sentence) in [
            ("localhost:9001", "write ws://localhost:9001 "),
            ("http://h/x", "write ws://h/x"),
            ("HTTPS://h/x", "write wss://h/x"),
            ("ftp://h", "`ftp:` is not the scheme"),
            ("://h", "`:` is not the scheme"),
            ("ws://h/a#b", "has a fragment"),
            ("ws://h#", "has a fragment"),
            ("ws://user:secret@h/", "--header 'Authorization"),
            ("ws://", "has no host"),
            ("ws://:80/", "has no host"),
            ("ws:///path", "has no host"),
            ("ws://a b/", "`a b` is not a host"),
            ("ws://[::1", "`[:` is not a host"),
            ("ws://::1/", "stands in brackets"),
            ("ws://1.2.3.256/", "is not a host"),
            ("ws://h:0/", "`0` is not a port"),
            ("ws://h:65536/", "`65536` is not a port"),
            ("ws://h:+80/", "`+80` is not a port"),
            ("ws://h:http/", "`http` is not a port"),
            ("ws://h/a b", "write it as %20"),
            ("ws://h/a\r\nX: y", "write it as %0D"),
            ("ws://h/\u{e9}", "write it as %C3%A9"),
        ] {
            let error = Target::parse(typed).unwrap_err().to_string();
            assert!(error.contains(sentence), "{typed:?}: {error}");
        }
    }
}
