//! A client's opening handshake (RFC 6455, section 4.1).

use std::collections::HashSet;

use super::{OpeningBreach, Wanted, breach::Lines, deflate};
use crate::wire::handshake::{
    BodyLength, Head, Request,
    accept::decode_key,
    fields::{is_token, trimmed},
    flaw::shortened,
    start_line::is_version as is_http_version,
    uri::{self, Target},
};

pub(super) fn judge(request: &Request, wanted: &Wanted, tell: &mut impl FnMut(OpeningBreach)) {
    let head = &request.head;
    for flaw in &head.flaws {
        tell(OpeningBreach::RequestGrammar(flaw.clone()));
    }
    if let Err(error) = BodyLength::of_request(request) {
        tell(OpeningBreach::RequestFraming(error));
    }
    if request.method != "GET" {
        tell(OpeningBreach::Method(shortened(request.method.as_bytes())));
    }
    let version = request.version.as_bytes();
    // A version that is none is told as a flaw.
    if is_http_version(version) && !matches!(version, [.., b'1', b'.', b'1'..=b'9']) {
        tell(OpeningBreach::RequestVersion(request.version.clone()));
    }
    target(&request.target, wanted, tell);
    host(head, wanted, tell);
    if !head.has_token("Upgrade", "websocket") {
        tell(OpeningBreach::UpgradeUnasked(lines(head, "Upgrade")));
    }
    if !head.has_token("Connection", "Upgrade") {
        tell(OpeningBreach::ConnectionUnasked(lines(head, "Connection")));
    }
    key(head, tell);
    version_line(head, tell);
    subprotocols(head, tell);
    match head.extensions() {
        Err(error) => tell(OpeningBreach::ExtensionGrammar(error)),
        Ok(offers) => deflate::parameters(&offers, tell),
    }
    if let Some(origin) = head.joined("Origin")
        && (head.count("Origin") > 1 || !is_origin(&origin))
    {
        tell(OpeningBreach::Origin(lines(head, "Origin")));
    }
}

/// The values of all lines of a name, to show.
pub(super) fn lines(head: &Head, name: &str) -> Lines {
    Lines(head.joined(name).map(|value| shortened(&value)))
}

/// RFC 6455, sections 3, 4.1 (item 3) and 11.1. A target is told of once.
fn target(target: &[u8], wanted: &Wanted, tell: &mut impl FnMut(OpeningBreach)) {
    let shown = || shortened(target);
    let form = Target::of(target);
    let resource = match form {
        Target::Origin(resource) => resource,
        Target::Absolute {
            authority,
            resource,
            ..
        } if form.is_http() && uri::is_host(authority) => resource,
        Target::Other([]) | Target::Other([b'?', ..]) => {
            return tell(OpeningBreach::TargetNoSlash(shown()));
        }
        _ => return tell(OpeningBreach::TargetForm(shown())),
    };
    if let Some(at) = uri::foreign_octet(resource) {
        // The gravest of several.
        let any = |is: fn(&u8) -> bool| resource.iter().any(is);
        return tell(if any(|&octet| octet <= b' ' || octet == 0x7f) {
            OpeningBreach::TargetBlank(shown())
        } else if any(|&octet| octet == b'#') {
            OpeningBreach::TargetFragment(shown())
        } else if any(|octet| !octet.is_ascii()) {
            OpeningBreach::TargetNotAscii(shown())
        } else {
            OpeningBreach::TargetCharacter(shown(), resource[at])
        });
    }
    if let Some(wanted) = &wanted.resource {
        let (came, told) = (parts(resource), parts(wanted.as_bytes()));
        if came != told {
            let (came, same_path) = (shown(), came.0 == told.0);
            let wanted = shortened(wanted.as_bytes());
            tell(match same_path {
                true => OpeningBreach::TargetQuery { came, wanted },
                false => OpeningBreach::TargetOther { came, wanted },
            });
        }
    }
}

/// Path and query. The path is never empty, and an empty query is none: it may be sent with or without its question mark (RFC 6455, section 3).
fn parts(resource: &[u8]) -> (&[u8], &[u8]) {
    let mark = resource.iter().position(|&octet| octet == b'?');
    let (path, query) = resource.split_at(mark.unwrap_or(resource.len()));
    let path = if path.is_empty() { b"/" } else { path };
    (path, query.strip_prefix(b"?").unwrap_or_default())
}

/// RFC 6455, section 4.1, item 4.
fn host(head: &Head, wanted: &Wanted, tell: &mut impl FnMut(OpeningBreach)) {
    let count = head.count("Host");
    let Some(host) = head.value("Host") else {
        return tell(OpeningBreach::HostMissing);
    };
    if count > 1 {
        return tell(OpeningBreach::HostRepeated(count));
    }
    if !host.is_ascii() {
        return tell(OpeningBreach::HostNotAscii(shortened(host)));
    }
    if !uri::is_host(host) {
        return tell(OpeningBreach::HostInvalid(shortened(host)));
    }
    if let Some(wanted) = &wanted.host {
        // The default port may be spelled out (RFC 9110, section 4.2.3), and hosts ignore case.
        let parts = |value| {
            let (host, port) = uri::split_port(value);
            let port = port.filter(|port| !matches!(*port, b"" | b"80" | b"443"));
            (host.to_ascii_lowercase(), port)
        };
        if parts(host) != parts(wanted.as_bytes()) {
            tell(OpeningBreach::HostOther {
                came: shortened(host),
                wanted: shortened(wanted.as_bytes()),
            });
        }
    }
}

/// RFC 6455, section 4.1, item 7.
fn key(head: &Head, tell: &mut impl FnMut(OpeningBreach)) {
    const NAME: &str = "Sec-WebSocket-Key";
    let Some(key) = head.value(NAME) else {
        return tell(OpeningBreach::KeyMissing);
    };
    if head.count(NAME) > 1 {
        return tell(OpeningBreach::KeyRepeated(head.count(NAME)));
    }
    if let Some(why) = fixed(key) {
        tell(OpeningBreach::KeyFixed(shortened(key), why));
    }
    if let Err(error) = decode_key(key) {
        tell(OpeningBreach::KeyValue(shortened(key), error));
    }
}

/// A key that no one draws: the chance is one in 2^120, or less.
fn fixed(key: &[u8]) -> Option<&'static str> {
    match key {
        b"dGhlIHNhbXBsZSBub25jZQ==" => Some("it is the example of RFC 6455, section 1.3"),
        b"AQIDBAUGBwgJCgsMDQ4PEC==" | b"AQIDBAUGBwgJCgsMDQ4PEA==" => {
            Some("it is the example of RFC 6455, section 4.1")
        }
        b"x3JJHMbDL1EzLkh9GBhXDw==" => Some("it is the example of many tutorials"),
        _ => {
            let octets = decode_key(key).ok()?;
            let same = octets.windows(2).all(|pair| pair[0] == pair[1]);
            same.then_some("its octets are all the same")
        }
    }
}

/// RFC 6455, section 4.1, item 9.
fn version_line(head: &Head, tell: &mut impl FnMut(OpeningBreach)) {
    const NAME: &str = "Sec-WebSocket-Version";
    let Some(version) = head.value(NAME) else {
        return tell(OpeningBreach::VersionMissing);
    };
    if head.count(NAME) > 1 {
        return tell(OpeningBreach::VersionRepeated(head.count(NAME)));
    }
    let shown = shortened(version);
    match (version, is_version(version)) {
        (b"13", _) => {}
        (_, false) => tell(OpeningBreach::VersionGrammar(shown)),
        (b"9" | b"10" | b"11" | b"12", _) => tell(OpeningBreach::VersionReserved(shown)),
        _ => tell(OpeningBreach::VersionOther(shown)),
    }
}

/// 0 to 255 without leading zeros (RFC 6455, section 4.3).
pub(super) fn is_version(version: &[u8]) -> bool {
    (0..=u8::MAX).any(|number| number.to_string().as_bytes() == version)
}

/// RFC 6455, section 4.1, item 10.
fn subprotocols(head: &Head, tell: &mut impl FnMut(OpeningBreach)) {
    const NAME: &str = "Sec-WebSocket-Protocol";
    if head.count(NAME) == 0 {
        return;
    }
    if head.subprotocols().next().is_none() {
        return tell(OpeningBreach::SubprotocolsEmpty);
    }
    let elements = head
        .values(NAME)
        .flat_map(|value| value.split(|&octet| octet == b','))
        .map(trimmed);
    let (mut seen, mut twice) = (HashSet::new(), HashSet::new());
    for name in elements {
        // Empty elements included: "non-empty strings" (section 4.1), and no sender makes them (RFC 9110, section 5.6.1.1).
        let first = seen.insert(name);
        if !is_token(name) && first {
            tell(OpeningBreach::SubprotocolNoToken(shortened(name)));
        } else if !first && is_token(name) && twice.insert(name) {
            tell(OpeningBreach::SubprotocolTwice(shortened(name)));
        }
    }
}

/// `null`, or scheme, `://`, host and port (RFC 6454, section 6.2). A file's origin is for the client to choose (section 4).
fn is_origin(origin: &[u8]) -> bool {
    match Target::of(origin) {
        Target::Absolute {
            scheme,
            authority,
            resource: b"",
        } => uri::is_host(authority) || authority.is_empty() && scheme == b"file",
        _ => origin == b"null",
    }
}
