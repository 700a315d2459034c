//! A server's answer to an opening handshake (RFC 6455, section 4.2.2).

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, HEXLOWER_PERMISSIVE};
use sha1::{Digest, Sha1};

use super::{
    OpeningBreach, deflate,
    request::{is_version, lines},
};
use crate::wire::handshake::{
    Head, Request, Response,
    accept::{accept, decode_key_leniently},
    fields::is_token,
    flaw::{Flaw, shortened},
    start_line::is_version as is_http_version,
};

pub(super) fn judge(request: &Request, response: &Response, tell: &mut impl FnMut(OpeningBreach)) {
    let head = &response.head;
    if (100..200).contains(&response.status) && head.count("Transfer-Encoding") > 0 {
        tell(OpeningBreach::CodingInInterim(response.status));
    }
    if head.count("Sec-WebSocket-Version") > 0 {
        let mut versions = head.elements("Sec-WebSocket-Version").peekable();
        if versions.peek().is_none() || !versions.all(is_version) {
            let lines = lines(head, "Sec-WebSocket-Version");
            tell(OpeningBreach::VersionsGrammar(lines));
        }
    }
    match response.status {
        101 => accepted(request, response, tell),
        _ => other(request, response, tell),
    }
}

/// RFC 6455, section 4.2.2, step 5.
fn accepted(request: &Request, response: &Response, tell: &mut impl FnMut(OpeningBreach)) {
    let head = &response.head;
    for flaw in &head.flaws {
        tell(OpeningBreach::ResponseGrammar(flaw.clone()));
    }
    let version = response.version.as_bytes();
    if is_http_version(version) && !matches!(version, [.., b'1', b'.', b'1'..=b'9']) {
        tell(OpeningBreach::ResponseVersion(response.version.clone()));
    }
    if request.version == "HTTP/1.0" {
        tell(OpeningBreach::SwitchedInHttp10);
    } else if request.head.flaws.is_empty() && !asked(&request.head) {
        tell(OpeningBreach::SwitchedUnasked);
    }
    let mut upgrade = head.elements("Upgrade").peekable();
    if upgrade.peek().is_none() || !upgrade.all(|name| name.eq_ignore_ascii_case(b"websocket")) {
        tell(OpeningBreach::Upgrade(lines(head, "Upgrade")));
    }
    if !head.has_token("Connection", "Upgrade") {
        tell(OpeningBreach::Connection(lines(head, "Connection")));
    }
    accept_line(&request.head, head, tell);
    subprotocol(&request.head, head, tell);
    extensions(&request.head, head, tell);
    if head.count("Content-Length") > 0 {
        tell(OpeningBreach::LengthIn101);
    }
}

/// Whether the request lists websocket, with a version or without (RFC 9110, section 7.8).
fn asked(head: &Head) -> bool {
    head.elements("Upgrade").any(|protocol| {
        let name = protocol.split(|&octet| octet == b'/').next();
        name.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"))
    })
}

/// RFC 6455, sections 4.2.2, step 5.4 and 11.3.3.
fn accept_line(request: &Head, head: &Head, tell: &mut impl FnMut(OpeningBreach)) {
    const NAME: &str = "Sec-WebSocket-Accept";
    match head.count(NAME) {
        0 => return tell(OpeningBreach::AcceptMissing),
        1 => {}
        count => tell(OpeningBreach::AcceptRepeated(count)),
    }
    let keys = keys(request);
    let right = |came: &[u8]| keys.iter().any(|key| accept(key).as_bytes() == came);
    let (Some(key), Some(wrong)) = (keys.first(), head.values(NAME).find(|came| !right(came)))
    else {
        // Without a key there is no right value: that a 101 came at all is what a case says.
        return;
    };
    tell(OpeningBreach::AcceptWrong {
        came: shortened(wrong),
        wanted: accept(key),
        mistake: mistake(request, key, wrong),
    });
}

/// As many SP as stand for a fold at most, as far as the observer follows: more than the octets of any fold that a case sends.
const FOLDED: usize = 8;

/// What a server may take for the key, the likeliest first.
fn keys(request: &Head) -> Vec<Vec<u8>> {
    const NAME: &str = "Sec-WebSocket-Key";
    let mut keys = Vec::new();
    // Which of several keys counts no rule says; lines may be joined to one value (RFC 9110, section 5.3).
    let mut read: Vec<Vec<u8>> = request.values(NAME).map(<[u8]>::to_vec).collect();
    if read.len() > 1 {
        let joined = [&b", "[..], b","].map(|comma| read.join(comma));
        read.extend(joined);
    }
    let folds = request.flaws.contains(&Flaw::ObsFold);
    for key in read {
        // CR and NUL may stand for SP (RFC 9110, section 5.5).
        let replaced = key.iter().map(|octet| match octet {
            b'\r' | 0 => b' ',
            octet => *octet,
        });
        let replaced: Vec<u8> = replaced.collect();
        // One or more SP stand for a fold (RFC 9112, section 5.2); the reader puts one.
        let wider = (2..=FOLDED).filter(|_| folds && key.contains(&b' '));
        let wider = wider.map(|blanks| {
            let parts: Vec<&[u8]> = key.split(|&octet| octet == b' ').collect();
            parts.join(&vec![b' '; blanks][..])
        });
        let wider: Vec<_> = wider.collect();
        keys.extend([key.clone(), replaced.trim_ascii().to_vec(), replaced]);
        keys.extend(wider);
    }
    keys
}

/// What a wrong accept value seems to be.
fn mistake(request: &Head, key: &[u8], came: &[u8]) -> Option<&'static str> {
    let right = accept(key);
    let hash = BASE64.decode(right.as_bytes()).unwrap_or_default();
    let decoded = decode_key_leniently(key).map_or(Vec::new(), Vec::from);
    let is = |value: String| value.as_bytes() == came;
    if right.as_bytes().eq_ignore_ascii_case(came) {
        Some("letters in the wrong case")
    } else if is(accept(&decoded)) {
        Some("the hash of the decoded key; the key is hashed as sent")
    } else if is(accept(&BASE64.encode(&decoded).into_bytes())) {
        Some("the hash of the key decoded and encoded again; the key is hashed as sent")
    } else if blanks(request).is_some_and(|untrimmed| is(accept(&untrimmed))) {
        Some("the hash of the key with the blanks around it")
    } else if is(BASE64.encode(&Sha1::digest(key))) {
        Some("the hash of the key without the GUID")
    } else if is(BASE64URL.encode(&hash)) || is(BASE64_NOPAD.encode(&hash)) {
        Some("another variant of base64")
    } else if HEXLOWER_PERMISSIVE
        .decode(came)
        .is_ok_and(|octets| octets == hash)
    {
        Some("the hash in hexadecimal instead of base64")
    } else if came == key {
        Some("the key itself")
    } else {
        None
    }
}

/// The key as it stands in its line, with the blanks around it (RFC 6455, section 4.2.2, step 5.4 hashes it without).
fn blanks(head: &Head) -> Option<Vec<u8>> {
    let lines = head.raw.split(|&octet| octet == b'\n');
    let mut values = lines.filter_map(|line| {
        let colon = line.iter().position(|&octet| octet == b':')?;
        let (name, value) = line.split_at(colon);
        let value = value[1..].strip_suffix(b"\r").unwrap_or(&value[1..]);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        name.eq_ignore_ascii_case(b"Sec-WebSocket-Key")
            .then(|| value.to_vec())
    });
    values.next()
}

/// RFC 6455, sections 4.2.2, step 4, 4.3 and 11.3.4; RFC 7936, section 2.
fn subprotocol(request: &Head, head: &Head, tell: &mut impl FnMut(OpeningBreach)) {
    const NAME: &str = "Sec-WebSocket-Protocol";
    let Some(came) = head.value(NAME) else {
        return;
    };
    if head.count(NAME) > 1 {
        tell(OpeningBreach::SubprotocolRepeated(head.count(NAME)));
    }
    let shown = shortened(came);
    let other_case = || {
        request
            .subprotocols()
            .find(|offer| offer.eq_ignore_ascii_case(came))
    };
    if came.is_empty() {
        tell(OpeningBreach::SubprotocolEmpty);
    } else if !is_token(came) {
        tell(OpeningBreach::SubprotocolGrammar(shown));
    } else if request.subprotocols().any(|offer| offer == came) {
    } else if let Some(offered) = other_case() {
        let offered = shortened(offered);
        tell(OpeningBreach::SubprotocolCase {
            came: shown,
            offered,
        });
    } else if request.count(NAME) == 0 {
        tell(OpeningBreach::SubprotocolUnasked(shown));
    } else {
        tell(OpeningBreach::SubprotocolStrange(shown));
    }
}

/// RFC 6455, sections 4.2.2, step 4 and 9.1; RFC 7692, section 5.
fn extensions(request: &Head, head: &Head, tell: &mut impl FnMut(OpeningBreach)) {
    let accepted = match head.extensions() {
        Ok(accepted) => accepted,
        Err(error) => return tell(OpeningBreach::ExtensionGrammar(error)),
    };
    deflate::parameters(&accepted, tell);
    // What was offered in a header that is not by its grammar cannot be said.
    let Ok(offered) = request.extensions() else {
        return;
    };
    for extension in &accepted {
        if offered.iter().all(|offer| offer.name != extension.name) {
            let name = shortened(extension.name.as_bytes());
            tell(OpeningBreach::ExtensionStrange(name));
        }
    }
    deflate::answer(&offered, &accepted, tell);
}

/// An answer by HTTP's own rules.
fn other(request: &Request, response: &Response, tell: &mut impl FnMut(OpeningBreach)) {
    let (head, status) = (&response.head, response.status);
    for flaw in &head.flaws {
        tell(OpeningBreach::OtherGrammar(status, flaw.clone()));
    }
    match head.count("Upgrade") {
        0 if status == 426 => tell(OpeningBreach::UpgradeMissingIn426),
        0 => {}
        _ if head.has_token("Connection", "Upgrade") => {}
        _ => tell(OpeningBreach::UpgradeNotListed(status)),
    }
    if status == 401 && head.count("WWW-Authenticate") == 0 {
        tell(OpeningBreach::NoChallenge);
    }
    // With 426 it is the version that the server refuses, when that is a good one of another number.
    let mut versions = request.head.values("Sec-WebSocket-Version");
    if let (Some(version), None) = (versions.next(), versions.next())
        && status == 426
        && version != b"13"
        && is_version(version)
        && head.count("Sec-WebSocket-Version") == 0
    {
        tell(OpeningBreach::VersionsMissing(shortened(version)));
    }
}
