//! Servers that misread a request (RFC 6455, section 4.2.1; RFC 9112).

use super::{Act::*, Fault, contains, end_values_at_nul, server};
use crate::wire::handshake::{Head, Request, server::Check};

pub(super) static FAULTS: &[Fault] = &[
    server(
        "accepts-any-method",
        "6455-4.2.1-2",
        "Accepts an opening handshake with another method than GET.",
        &[Excuse(|c, _| c == Check::Method)],
    ),
    server(
        "accepts-lower-case-method",
        "6455-4.2.1-2",
        "Takes `get` for GET.",
        &[Misread(|r| r.method.make_ascii_uppercase())],
    ),
    server(
        "accepts-http-1-0",
        "6455-4.2.1-3",
        "Accepts an opening handshake in HTTP/1.0.",
        &[Misread(|r| {
            r.version = r.version.replace("HTTP/1.0", "HTTP/1.1")
        })],
    ),
    server(
        "accepts-any-http-version",
        "9112-2.3-1",
        "Takes no notice of what the request line says behind the target.",
        &[Excuse(|c, _| {
            matches!(c, Check::HttpVersion | Check::HttpMajor)
        })],
    ),
    server(
        "accepts-any-target",
        "6455-4.2.1-1",
        "Accepts a request target that is neither a path nor an http or https URI.",
        &[Excuse(|c, _| c == Check::Target)],
    ),
    server(
        "refuses-absolute-target",
        "9112-3.2-2",
        "Refuses a request target in absolute form.",
        &[TurnAway(|r| !r.target.starts_with(b"/"))],
    ),
    server(
        "accepts-missing-host",
        "6455-4.2.1-5",
        "Accepts a request without Host.",
        &[Excuse(|c, _| c == Check::HostMissing)],
    ),
    server(
        "accepts-repeated-host",
        "9112-3.2-1",
        "Accepts a request with several Host lines.",
        &[Excuse(|c, _| c == Check::HostRepeated)],
    ),
    server(
        "accepts-invalid-host",
        "9112-3.2-1",
        "Accepts any value of Host.",
        &[Excuse(|c, _| c == Check::HostInvalid)],
    ),
    server(
        "accepts-missing-upgrade",
        "6455-4.2.1-6",
        "Accepts a request without Upgrade.",
        &[Excuse(|c, h| {
            c == Check::Upgrade && h.count("Upgrade") == 0
        })],
    ),
    server(
        "accepts-other-upgrade",
        "9110-7.8-2",
        "Switches to WebSocket whatever protocol Upgrade names.",
        &[Excuse(|c, h| c == Check::Upgrade && h.count("Upgrade") > 0)],
    ),
    server(
        "accepts-upgrade-substring",
        "6455-4.2.1-6",
        "Looks for the letters websocket anywhere in Upgrade.",
        &[Excuse(|c, h| {
            c == Check::Upgrade && contains(h, "Upgrade", "websocket")
        })],
    ),
    server(
        "refuses-mixed-case-upgrade",
        "6455-4.2.1-7",
        "Compares Upgrade with regard to case.",
        &[TurnAway(|r| {
            !r.head
                .elements("Upgrade")
                .any(|element| element == b"websocket")
        })],
    ),
    server(
        "accepts-missing-connection",
        "6455-4.2.1-9",
        "Accepts a request without Connection.",
        &[Excuse(|c, h| {
            c == Check::Connection && h.count("Connection") == 0
        })],
    ),
    server(
        "accepts-other-connection",
        "6455-4.2.1-9",
        "Accepts any value of Connection.",
        &[Excuse(|c, h| {
            c == Check::Connection && h.count("Connection") > 0
        })],
    ),
    server(
        "accepts-connection-substring",
        "6455-4.2.1-9",
        "Looks for the letters upgrade anywhere in Connection.",
        &[Excuse(|c, h| {
            c == Check::Connection && contains(h, "Connection", "upgrade")
        })],
    ),
    server(
        "refuses-mixed-case-connection",
        "6455-4.2.1-10",
        "Compares Connection with regard to case.",
        &[TurnAway(|r| {
            !r.head
                .elements("Connection")
                .any(|element| element == b"Upgrade")
        })],
    ),
    server(
        "refuses-connection-list",
        "6455-4.2.1-10",
        "Takes Connection for one word and not for a list.",
        &[TurnAway(|r| {
            r.head
                .values("Connection")
                .any(|value| value.contains(&b','))
        })],
    ),
    server(
        "reads-first-connection-only",
        "6455-4.2.1-10",
        "Overlooks every Connection line but the first.",
        &[TurnAway(|r| {
            let first = r.head.value("Connection").unwrap_or_default();
            !first
                .to_ascii_lowercase()
                .windows(7)
                .any(|octets| octets == b"upgrade")
        })],
    ),
    server(
        "accepts-missing-key",
        "6455-4.2.1-11",
        "Accepts a request without Sec-WebSocket-Key.",
        &[Excuse(|c, _| c == Check::KeyMissing)],
    ),
    server(
        "accepts-empty-key",
        "6455-4.2.1-11",
        "Accepts an empty Sec-WebSocket-Key.",
        &[Excuse(|c, h| {
            c == Check::Key && h.value("Sec-WebSocket-Key") == Some(b"")
        })],
    ),
    server(
        "hashes-repeated-keys",
        "6455-11.3.1-1",
        "Puts the values of several Sec-WebSocket-Key lines one behind the other and hashes that.",
        &[
            Excuse(|c, h| {
                c == Check::KeyRepeated || c == Check::Key && h.count("Sec-WebSocket-Key") > 1
            }),
            Misread(|r| {
                let values: Vec<_> = r.head.values("Sec-WebSocket-Key").collect();
                let joined = values.concat();
                for field in &mut r.head.headers {
                    if field.name.eq_ignore_ascii_case("Sec-WebSocket-Key") {
                        field.value.clone_from(&joined);
                    }
                }
            }),
        ],
    ),
    server(
        "accepts-missing-version",
        "6455-4.2.1-13",
        "Accepts a request without Sec-WebSocket-Version.",
        &[Excuse(|c, _| c == Check::VersionMissing)],
    ),
    server(
        "accepts-any-version",
        "6455-4.2.2-7",
        "Accepts any value of Sec-WebSocket-Version.",
        &[Excuse(|c, _| c == Check::Version)],
    ),
    server(
        "accepts-reserved-versions",
        "6455-4.2.2-7",
        "Answers versions 9 to 12, which were never used, as if they were version 13.",
        &[Excuse(|c, h| {
            c == Check::Version && matches!(version(h), Some(9..=12))
        })],
    ),
    server(
        "accepts-version-0",
        "6455-4.2.2-7",
        "Answers a version 0 handshake as if it were version 13.",
        &[Excuse(|c, h| c == Check::Version && version(h) == Some(0))],
    ),
    server(
        "accepts-later-version",
        "6455-4.2.2-7",
        "Accepts versions after 13.",
        &[Excuse(|c, h| {
            c == Check::Version && version(h).is_some_and(|v| v > 13)
        })],
    ),
    server(
        "reads-version-as-octet",
        "6455-4.3-4",
        "Reads the version modulo 256, so that 269 is 13.",
        &[Excuse(|c, h| {
            c == Check::Version && version(h).is_some_and(|v| v % 256 == 13)
        })],
    ),
    server(
        "accepts-padded-version",
        "6455-4.3-4",
        "Takes 013 for 13.",
        &[Excuse(|c, h| {
            let value = h.value("Sec-WebSocket-Version").unwrap_or_default();
            c == Check::Version && value.starts_with(b"0") && version(h) == Some(13)
        })],
    ),
    server(
        "accepts-version-prefix",
        "6455-4.2.2-7",
        "Reads the digits of the version up to the first other character.",
        &[Excuse(|c, h| {
            let value = h.value("Sec-WebSocket-Version").unwrap_or_default();
            let digit = value.get(2).is_some_and(u8::is_ascii_digit);
            c == Check::Version && value.starts_with(b"13") && !digit
        })],
    ),
    server(
        "accepts-blank-before-colon",
        "9112-5.1-1",
        "Accepts blanks between a header name and the colon.",
        &[Excuse(|c, _| c == Check::BlankBeforeColon)],
    ),
    server(
        "accepts-blank-before-headers",
        "9112-2.2-4",
        "Takes a first header line that begins with blanks for a header.",
        &[Misread(|r| {
            reread(r, |raw| {
                let end = raw
                    .windows(2)
                    .position(|octets| octets == b"\r\n")
                    .unwrap_or(0)
                    + 2;
                while matches!(raw.get(end), Some(b' ' | b'\t')) {
                    raw.remove(end);
                }
            })
        })],
    ),
    server(
        "ends-lines-at-bare-cr",
        "9112-2.2-2",
        "Takes a CR alone for the end of a line.",
        &[Misread(|r| {
            reread(r, |raw| {
                let mut lines = Vec::with_capacity(raw.len());
                for (at, octet) in raw.iter().enumerate() {
                    lines.push(*octet);
                    if *octet == b'\r' && raw.get(at + 1) != Some(&b'\n') {
                        lines.push(b'\n');
                    }
                }
                *raw = lines;
            })
        })],
    ),
    server(
        "ends-values-at-nul",
        "9110-5.5-1",
        "Reads header values up to a NUL.",
        &[Misread(|r| end_values_at_nul(&mut r.head))],
    ),
    server(
        "loses-folded-lines",
        "9112-5.2-1",
        "Accepts a folded header line and loses its continuation.",
        &[Misread(|r| reread(r, |raw| unfold(raw, |_| Vec::new())))],
    ),
    server(
        "takes-folded-lines-for-headers",
        "9112-5.2-1",
        "Takes the continuation of a folded header line for a header of its own.",
        &[Misread(|r| {
            reread(r, |raw| {
                unfold(raw, |line| line.trim_ascii_start().to_vec())
            })
        })],
    ),
    server(
        "refuses-unknown-headers",
        "6455-4.2.1-17",
        "Refuses a request with a header that it does not know.",
        &[TurnAway(|r| {
            let known = "host upgrade connection origin user-agent accept cookie pragma cache-control content-length expect";
            r.head.headers.iter().any(|field| {
                let name = field.name.to_ascii_lowercase();
                !known.split(' ').any(|known| known == name) && !name.starts_with("sec-websocket-")
            })
        })],
    ),
    server(
        "depends-on-header-order",
        "6455-4.2.1-18",
        "Wants Host before all other headers.",
        &[TurnAway(|r| {
            !r.head
                .headers
                .first()
                .is_some_and(|field| field.name.eq_ignore_ascii_case("Host"))
        })],
    ),
    server(
        "compares-header-names-exactly",
        "6455-2.1-1",
        "Knows header names in one spelling only.",
        &[TurnAway(|r| {
            [
                "Host",
                "Upgrade",
                "Connection",
                "Sec-WebSocket-Key",
                "Sec-WebSocket-Version",
            ]
            .iter()
            .any(|name| !r.head.headers.iter().any(|field| field.name == *name))
        })],
    ),
    server(
        "reads-content-as-frames",
        "6455-4.2.2-22",
        "Takes the content behind a request for frames.",
        &[Misread(|r| remove(r, "Content-Length"))],
    ),
    server(
        "accepts-invalid-content-length",
        "9112-6.3-2",
        "Accepts an invalid Content-Length.",
        &[Excuse(|c, _| c == Check::BodyFraming)],
    ),
    server(
        "accepts-transfer-encoding",
        "9112-6.3-3",
        "Accepts a Transfer-Encoding that does not end in chunked.",
        &[Excuse(|c, _| {
            matches!(c, Check::BodyFraming | Check::TransferCoding)
        })],
    ),
    server(
        "reads-chunks-as-frames",
        "6455-4.2.2-22",
        "Takes chunked content behind a request for frames.",
        &[Misread(|r| remove(r, "Transfer-Encoding"))],
    ),
    server(
        "prefers-content-length",
        "9112-6.1-2",
        "Goes by Content-Length where Transfer-Encoding is there as well.",
        &[Misread(|r| {
            if r.head.count("Content-Length") > 0 {
                remove(r, "Transfer-Encoding");
            }
        })],
    ),
    server(
        "wants-request-in-one-piece",
        "6455-4.2.1-21",
        "Loses what came of a request before its last octets.",
        &[Arrive(|octets, state| {
            if state.note == 0 && !octets.windows(4).any(|end| end == b"\r\n\r\n") {
                octets.clear();
            } else {
                state.note = 1;
            }
        })],
    ),
    server(
        "answers-before-request-ends",
        "9110-5.3-2",
        "Answers as soon as it has seen the headers that it needs.",
        &[Early(|octets| {
            let seen = |name: &[u8]| {
                let line = octets
                    .windows(name.len())
                    .position(|octets| octets.eq_ignore_ascii_case(name));
                line.is_some_and(|at| octets[at..].contains(&b'\n'))
            };
            [
                "\nhost:",
                "\nupgrade:",
                "\nconnection:",
                "\nsec-websocket-key:",
                "\nsec-websocket-version:",
            ]
            .iter()
            .all(|name| seen(name.as_bytes()))
                && octets.ends_with(b"\n")
        })],
    ),
    server(
        "loses-first-frames",
        "6455-4.2.2-22",
        "Loses what comes first behind the opening handshake.",
        &[Divert(|octets, _, state| {
            if !octets.is_empty() && std::mem::replace(&mut state.note, 1) == 0 {
                octets.clear();
            }
        })],
    ),
];

fn version(head: &Head) -> Option<u32> {
    let value = head.value("Sec-WebSocket-Version")?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn remove(request: &mut Request, name: &str) {
    let headers = &mut request.head.headers;
    headers.retain(|field| !field.name.eq_ignore_ascii_case(name));
}

/// Reads a request again from octets that were changed.
fn reread(request: &mut Request, change: fn(&mut Vec<u8>)) {
    let mut raw = request.head.raw.clone();
    change(&mut raw);
    if let Some(again) = Request::read(&raw) {
        *request = again;
    }
}

/// Puts something else in the place of lines that continue others.
fn unfold(raw: &mut Vec<u8>, change: fn(&[u8]) -> Vec<u8>) {
    *raw = raw
        .split_inclusive(|octet| *octet == b'\n')
        .flat_map(|line| match line {
            [b' ' | b'\t', ..] => change(line),
            _ => line.to_vec(),
        })
        .collect();
}
