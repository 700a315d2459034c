//! Clients that ask wrongly, or believe a wrong answer (RFC 6455, section 4.1).

use super::{Act::*, Fault, client, contains, end_values_at_nul};
use crate::wire::handshake::client::Check;

const ACCEPT: &str = "Sec-WebSocket-Accept";
const KEY: &str = "Sec-WebSocket-Key";

pub(super) static FAULTS: &[Fault] = &[
    client(
        "asks-with-lower-case-method",
        "6455-4.1-19",
        "Writes the method as get.",
        &[Ask(|d, _| d.line = d.line.replacen("GET", "get", 1))],
    ),
    client(
        "asks-with-post",
        "6455-4.1-19",
        "Asks with POST.",
        &[Ask(|d, _| d.line = d.line.replacen("GET", "POST", 1))],
    ),
    client(
        "asks-in-http-1-0",
        "6455-4.1-20",
        "Asks in HTTP/1.0.",
        &[Ask(|d, _| d.line = d.line.replace("HTTP/1.1", "HTTP/1.0"))],
    ),
    client(
        "asks-for-ws-uri",
        "6455-4.1-21",
        "Puts the whole ws URI into the request line.",
        &[Ask(|d, _| {
            d.line = d
                .line
                .replacen("GET /", &format!("GET ws://{}/", d.value("Host")), 1)
        })],
    ),
    client(
        "asks-without-query",
        "6455-3-5",
        "Asks for the path alone.",
        &[Ask(|d, _| {
            let path = d.line.split(['?', ' ']).nth(1).unwrap_or("/").to_owned();
            d.line = format!("GET {path} HTTP/1.1");
        })],
    ),
    client(
        "asks-for-other-path",
        "6455-4.1-21",
        "Asks for another path than that of its URI.",
        &[Ask(|d, _| d.line = "GET /elsewhere HTTP/1.1".into())],
    ),
    client(
        "asks-without-host",
        "6455-4.1-22",
        "Leaves Host out.",
        &[Ask(|d, _| d.remove("Host"))],
    ),
    client(
        "asks-without-port",
        "6455-4.1-22",
        "Leaves the port out of Host.",
        &[Ask(|d, _| {
            d.set(
                "Host",
                d.value("Host")
                    .rsplit_once(':')
                    .map_or(d.value("Host"), |(host, _)| host.into()),
            )
        })],
    ),
    client(
        "asks-with-two-hosts",
        "6455-4.1-22",
        "Sends Host twice.",
        &[Ask(|d, _| d.add("Host", d.value("Host")))],
    ),
    client(
        "asks-without-upgrade",
        "6455-4.1-23",
        "Leaves Upgrade out.",
        &[Ask(|d, _| d.remove("Upgrade"))],
    ),
    client(
        "asks-for-other-upgrade",
        "6455-4.1-23",
        "Asks for another protocol than websocket.",
        &[Ask(|d, _| d.set("Upgrade", "websockets"))],
    ),
    client(
        "asks-without-connection",
        "6455-4.1-24",
        "Leaves Connection out.",
        &[Ask(|d, _| d.remove("Connection"))],
    ),
    client(
        "asks-with-other-connection",
        "6455-4.1-24",
        "Says keep-alive alone in Connection.",
        &[Ask(|d, _| d.set("Connection", "keep-alive"))],
    ),
    client(
        "asks-without-key",
        "6455-4.1-25",
        "Leaves Sec-WebSocket-Key out.",
        &[Ask(|d, _| d.remove(KEY))],
    ),
    client(
        "asks-with-two-keys",
        "6455-11.3.1-1",
        "Sends Sec-WebSocket-Key twice.",
        &[Ask(|d, _| d.add(KEY, d.value(KEY)))],
    ),
    client(
        "asks-with-short-key",
        "6455-4.1-26",
        "Sends a key of 15 octets.",
        &[Ask(|d, _| d.set(KEY, "AQIDBAUGBwgJCgsMDQ4P"))],
    ),
    client(
        "asks-with-text-key",
        "6455-4.1-26",
        "Sends a key that is not base64.",
        &[Ask(|d, _| d.set(KEY, "the-websocket-key-is-me!"))],
    ),
    client(
        "asks-with-unpadded-key",
        "6455-4.1-26",
        "Sends the key without its padding.",
        &[Ask(|d, _| d.set(KEY, d.value(KEY).trim_end_matches('=')))],
    ),
    client(
        "asks-with-pad-bits",
        "6455-4.1-26",
        "Sends a key whose pad bits are not zero.",
        &[Ask(|d, _| {
            // The last letter before == carries four bits that have to be zero.
            let mut key = d.value(KEY).into_bytes();
            if let Some(last) = key.iter_mut().rev().nth(2) {
                *last += 1;
            }
            d.set(KEY, key);
        })],
    ),
    client(
        "asks-with-constant-key",
        "6455-4.1-27",
        "Sends the key of the example in the RFC.",
        &[Ask(|d, _| d.set(KEY, "dGhlIHNhbXBsZSBub25jZQ=="))],
    ),
    client(
        "asks-without-version",
        "6455-4.1-31",
        "Leaves Sec-WebSocket-Version out.",
        &[Ask(|d, _| d.remove("Sec-WebSocket-Version"))],
    ),
    client(
        "asks-for-version-8",
        "6455-4.1-32",
        "Asks for version 8.",
        &[Ask(|d, _| d.set("Sec-WebSocket-Version", "8"))],
    ),
    client(
        "asks-for-two-versions",
        "6455-11.3.5-2",
        "Sends Sec-WebSocket-Version twice.",
        &[Ask(|d, _| d.add("Sec-WebSocket-Version", "8"))],
    ),
    client(
        "asks-for-padded-version",
        "6455-4.3-4",
        "Writes the version as 013.",
        &[Ask(|d, _| d.set("Sec-WebSocket-Version", "013"))],
    ),
    client(
        "asks-for-empty-subprotocol",
        "6455-4.3-3",
        "Sends an empty Sec-WebSocket-Protocol.",
        &[Ask(|d, _| d.set("Sec-WebSocket-Protocol", ""))],
    ),
    client(
        "asks-for-illegal-subprotocol",
        "6455-4.1-34",
        "Offers a subprotocol whose name is no token.",
        &[Ask(|d, _| d.set("Sec-WebSocket-Protocol", "my chat"))],
    ),
    client(
        "asks-for-subprotocol-twice",
        "6455-4.1-35",
        "Offers a subprotocol twice.",
        &[Ask(|d, _| d.set("Sec-WebSocket-Protocol", "chat, chat"))],
    ),
    client(
        "asks-with-empty-extensions",
        "6455-4.3-2",
        "Sends an empty Sec-WebSocket-Extensions.",
        &[Ask(|d, _| d.set("Sec-WebSocket-Extensions", ""))],
    ),
    client(
        "asks-with-bare-lf",
        "6455-4.1-18",
        "Ends lines with LF alone.",
        &[Ask(|d, _| (d.eol, d.end) = ("\n", "\n"))],
    ),
    client(
        "asks-with-blank-before-colon",
        "6455-4.1-18",
        "Puts a blank between a header name and the colon.",
        &[Ask(|d, _| d.headers[1].0.push(' '))],
    ),
    client(
        "asks-with-folded-header",
        "6455-4.1-18",
        "Folds a header line.",
        &[Ask(|d, _| d.set("Connection", "keep-alive,\r\n Upgrade"))],
    ),
    client(
        "sends-frame-before-answer",
        "6455-4.1-38",
        "Sends a frame right behind its request.",
        &[Ask(|d, _| d.body = b"\x89\x80\x01\x02\x03\x04".to_vec())],
    ),
    client(
        "accepts-any-status",
        "6455-4.1-39",
        "Goes on with frames whatever the status.",
        &[Believe(|c, _| c == Check::Status)],
    ),
    client(
        "accepts-status-200",
        "6455-4.1-39",
        "Takes a 200 for a 101.",
        &[Mishear(|r, _| {
            if r.status == 200 {
                r.status = 101
            }
        })],
    ),
    client(
        "accepts-answer-without-upgrade",
        "6455-4.1-41",
        "Takes a 101 without Upgrade.",
        &[Believe(|c, _| c == Check::UpgradeMissing)],
    ),
    client(
        "accepts-answer-with-other-upgrade",
        "6455-4.1-42",
        "Takes any value of Upgrade.",
        &[Believe(|c, _| c == Check::Upgrade)],
    ),
    client(
        "accepts-answer-with-upgrade-substring",
        "6455-4.1-42",
        "Looks for the letters websocket anywhere in Upgrade.",
        &[Believe(|c, h| {
            c == Check::Upgrade && contains(h, "Upgrade", "websocket")
        })],
    ),
    client(
        "refuses-answer-in-other-case",
        "6455-4.1-43",
        "Compares Upgrade with regard to case.",
        &[Mishear(|r, _| {
            if !r.head.values("Upgrade").any(|value| value == b"websocket") {
                r.head.headers.clear();
            }
        })],
    ),
    client(
        "accepts-answer-without-connection",
        "6455-4.1-44",
        "Takes a 101 without Connection.",
        &[Believe(|c, h| {
            c == Check::Connection && h.count("Connection") == 0
        })],
    ),
    client(
        "accepts-answer-with-other-connection",
        "6455-4.1-45",
        "Takes any value of Connection.",
        &[Believe(|c, h| {
            c == Check::Connection && h.count("Connection") > 0
        })],
    ),
    client(
        "accepts-answer-with-connection-substring",
        "6455-4.1-45",
        "Looks for the letters upgrade anywhere in Connection.",
        &[Believe(|c, h| {
            c == Check::Connection && contains(h, "Connection", "upgrade")
        })],
    ),
    client(
        "refuses-connection-list-in-answer",
        "6455-4.1-46",
        "Takes Connection for one word and not for a list.",
        &[Mishear(|r, _| {
            let list = r
                .head
                .joined("Connection")
                .is_some_and(|value| value.contains(&b','));
            r.head
                .headers
                .retain(|field| !list || !field.name.eq_ignore_ascii_case("Connection"));
        })],
    ),
    client(
        "refuses-connection-in-other-case",
        "6455-4.1-46",
        "Compares Connection with regard to case.",
        &[Mishear(|r, _| {
            let exact = r
                .head
                .elements("Connection")
                .any(|element| element == b"Upgrade");
            r.head
                .headers
                .retain(|field| exact || !field.name.eq_ignore_ascii_case("Connection"));
        })],
    ),
    client(
        "accepts-answer-without-accept",
        "6455-4.1-47",
        "Takes a 101 without Sec-WebSocket-Accept.",
        &[Believe(|c, _| c == Check::AcceptMissing)],
    ),
    client(
        "accepts-any-accept",
        "6455-4.1-48",
        "Does not look at the value of Sec-WebSocket-Accept.",
        &[Believe(|c, _| c == Check::Accept)],
    ),
    client(
        "accepts-empty-accept",
        "6455-4.1-48",
        "Takes an empty Sec-WebSocket-Accept.",
        &[Believe(|c, h| {
            c == Check::Accept && h.value(ACCEPT) == Some(b"")
        })],
    ),
    client(
        "accepts-accept-of-right-length",
        "6455-4.1-48",
        "Looks at the length of Sec-WebSocket-Accept only.",
        &[Believe(|c, h| {
            let length = h.value(ACCEPT).map(<[u8]>::len);
            c == Check::Accept && h.count(ACCEPT) == 1 && length == Some(28)
        })],
    ),
    client(
        "accepts-two-accepts",
        "6455-4.1-53",
        "Takes a 101 with several Sec-WebSocket-Accept lines.",
        &[Believe(|c, _| c == Check::AcceptRepeated)],
    ),
    client(
        "accepts-unasked-extension",
        "6455-4.1-50",
        "Takes a 101 with an extension that it did not offer.",
        &[Believe(|c, _| c == Check::Extensions)],
    ),
    client(
        "accepts-unasked-subprotocol",
        "6455-4.1-51",
        "Takes a 101 with a subprotocol that it did not offer.",
        &[Believe(|c, _| c == Check::Subprotocol)],
    ),
    client(
        "accepts-subprotocol-in-other-case",
        "7936-2-1",
        "Takes a 101 with the subprotocol that it offered in another spelling.",
        &[Mishear(|r, _| {
            let lines = r.head.headers.iter_mut();
            lines
                .filter(|field| field.name.eq_ignore_ascii_case("Sec-WebSocket-Protocol"))
                .for_each(|field| field.value.make_ascii_lowercase());
        })],
    ),
    client(
        "ends-values-at-nul-in-answer",
        "9110-5.5-1",
        "Reads header values of the 101 up to a NUL.",
        &[Mishear(|r, _| end_values_at_nul(&mut r.head))],
    ),
    client(
        "compares-header-names-in-answer-exactly",
        "6455-4.1-54",
        "Knows header names in one spelling only.",
        &[Mishear(|r, _| {
            let known = ["Upgrade", "Connection", ACCEPT];
            r.head
                .headers
                .retain(|field| known.contains(&&field.name[..]));
        })],
    ),
    client(
        "loses-frames-behind-answer",
        "6455-4.1-57",
        "Loses frames that came in one segment with the 101.",
        &[Divert(|octets, _, state| {
            if std::mem::replace(&mut state.note, 1) == 0 {
                octets.clear();
            }
        })],
    ),
    client(
        "reads-content-of-answer",
        "6455-4.1-55",
        "Takes content off behind the 101 when Content-Length says so.",
        &[
            Mishear(|r, s| {
                let length = r.head.value("Content-Length").unwrap_or_default();
                s.note = std::str::from_utf8(length)
                    .ok()
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(0);
            }),
            Divert(|octets, _, s| {
                let content = octets
                    .len()
                    .min(usize::try_from(s.note).unwrap_or(usize::MAX));
                octets.drain(..content);
                s.note -= content as u64;
            }),
        ],
    ),
    client(
        "wants-answer-in-one-piece",
        "6455-6.2-1",
        "Loses what came of the 101 before its last octets.",
        &[Arrive(|octets, state| {
            if state.note == 0 && !octets.windows(4).any(|end| end == b"\r\n\r\n") {
                octets.clear();
            } else {
                state.note = 1;
            }
        })],
    ),
    client(
        "opens-on-anything",
        "6455-4.1-53",
        "Takes whatever comes for a good 101, whether it is HTTP or not.",
        &[
            Arrive(|octets, state| {
                let line = octets.iter().position(|octet| *octet == b'\n');
                if let Some(end) = line.filter(|_| state.note == 0) {
                    octets.splice(..=end, *b"HTTP/1.1 101 Switching Protocols\r\n");
                }
                state.note = 1;
            }),
            Believe(|_, _| true),
        ],
    ),
    client(
        "sends-close-to-refusal",
        "6455-7.2.1-1",
        "Sends a Close frame when the opening handshake fails.",
        &[Abandon(|outbox, state| {
            let key = state.rng.u32(..).to_be_bytes();
            outbox.extend_from_slice(
                &[&[0x88, 0x82][..], &key, &[key[0] ^ 3, key[1] ^ 0xea]].concat(),
            );
        })],
    ),
];
