//! Servers that answer a request wrongly (RFC 6455, section 4.2.2).

use data_encoding::BASE64;

use super::{Act::*, Fault, server};
use crate::wire::handshake::{
    Request,
    accept::{accept, decode_key_leniently},
    server::Refusal as Refused,
};

const ACCEPT: &str = "Sec-WebSocket-Accept";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

pub(super) static FAULTS: &[Fault] = &[
    server(
        "answers-in-http-1-0",
        "6455-4.2.2-14",
        "Answers with HTTP/1.0 in the status line.",
        &[Answer(|d, _| {
            d.line = "HTTP/1.0 101 Switching Protocols".into()
        })],
    ),
    server(
        "answers-without-upgrade",
        "6455-4.2.2-15",
        "Leaves Upgrade out of the 101.",
        &[Answer(|d, _| d.remove("Upgrade"))],
    ),
    server(
        "answers-other-upgrade",
        "6455-4.2.2-15",
        "Names another protocol in the Upgrade of the 101.",
        &[Answer(|d, _| d.set("Upgrade", "websocket13"))],
    ),
    server(
        "answers-without-connection",
        "6455-4.2.2-16",
        "Leaves Connection out of the 101.",
        &[Answer(|d, _| d.remove("Connection"))],
    ),
    server(
        "answers-other-connection",
        "6455-4.2.2-16",
        "Says keep-alive instead of Upgrade in the Connection of the 101.",
        &[Answer(|d, _| d.set("Connection", "keep-alive"))],
    ),
    server(
        "answers-without-accept",
        "6455-4.2.2-17",
        "Leaves Sec-WebSocket-Accept out of the 101.",
        &[Answer(|d, _| d.remove(ACCEPT))],
    ),
    server(
        "answers-constant-accept",
        "6455-4.2.2-17",
        "Gives the Sec-WebSocket-Accept of the example in the RFC, whatever the key.",
        &[Answer(|d, _| {
            d.set(ACCEPT, accept(b"dGhlIHNhbXBsZSBub25jZQ=="))
        })],
    ),
    server(
        "answers-lower-case-accept",
        "6455-4.2.2-17",
        "Gives Sec-WebSocket-Accept in lower case.",
        &[Answer(|d, _| {
            d.set(ACCEPT, d.value(ACCEPT).to_ascii_lowercase())
        })],
    ),
    server(
        "answers-unpadded-accept",
        "6455-4.2.2-17",
        "Gives Sec-WebSocket-Accept without its padding.",
        &[Answer(|d, _| {
            d.set(ACCEPT, d.value(ACCEPT).trim_end_matches('='))
        })],
    ),
    server(
        "hashes-recoded-key",
        "6455-4.2.2-17",
        "Decodes the key and encodes it again before it is hashed.",
        &[Answer(|d, r| {
            if let Ok(octets) = decode_key_leniently(key(r)) {
                d.set(ACCEPT, accept(BASE64.encode(&octets).as_bytes()));
            }
        })],
    ),
    server(
        "hashes-decoded-key",
        "6455-4.2.2-17",
        "Hashes the octets of the key instead of its characters.",
        &[Answer(|d, r| {
            d.set(
                ACCEPT,
                accept(&decode_key_leniently(key(r)).unwrap_or_default()),
            )
        })],
    ),
    server(
        "hashes-blanks-around-key",
        "6455-4.2.2-17",
        "Hashes the key with the blanks that surround it.",
        &[Answer(|d, r| d.set(ACCEPT, accept(&untrimmed_key(r))))],
    ),
    server(
        "hashes-form-decoded-key",
        "6455-4.2.2-17",
        "Takes + in the key for a blank.",
        &[Answer(|d, r| {
            let key: Vec<u8> = key(r)
                .iter()
                .map(|o| if *o == b'+' { b' ' } else { *o })
                .collect();
            d.set(ACCEPT, accept(&key));
        })],
    ),
    server(
        "answers-two-accepts",
        "6455-11.3.3-1",
        "Sends Sec-WebSocket-Accept twice.",
        &[Answer(|d, _| d.add(ACCEPT, d.value(ACCEPT)))],
    ),
    server(
        "answers-unasked-subprotocol",
        "6455-4.2.2-11",
        "Names a subprotocol to a client that offered none.",
        &[Answer(|d, r| {
            if r.head.count(PROTOCOL) == 0 {
                d.set(PROTOCOL, "chat");
            }
        })],
    ),
    server(
        "answers-unoffered-subprotocol",
        "6455-4.2.2-10",
        "Names its own favourite subprotocol to a client that offered others.",
        &[Answer(|d, r| {
            if r.head.count(PROTOCOL) > 0
                && !r.head.subprotocols().any(|offer| offer == b"v9.example")
            {
                d.set(PROTOCOL, "v9.example");
            }
        })],
    ),
    server(
        "answers-subprotocol-in-other-case",
        "7936-2-1",
        "Finds subprotocols without regard to case and names its own spelling.",
        &[Answer(|d, r| {
            if let Some(offer) = r.head.subprotocols().next() {
                let lower = offer.to_ascii_lowercase();
                let other = if lower == offer {
                    offer.to_ascii_uppercase()
                } else {
                    lower
                };
                d.set(PROTOCOL, other);
            }
        })],
    ),
    server(
        "answers-subprotocol-list",
        "6455-4.3-5",
        "Sends back the whole list of subprotocols.",
        &[Answer(|d, r| {
            if r.head.subprotocols().count() > 1 {
                d.set(PROTOCOL, r.head.joined(PROTOCOL).unwrap_or_default());
            }
        })],
    ),
    server(
        "answers-empty-subprotocol",
        "6455-4.2.2-12",
        "Sends an empty Sec-WebSocket-Protocol when it agrees to none.",
        &[Answer(|d, _| {
            if d.value(PROTOCOL).is_empty() {
                d.set(PROTOCOL, "");
            }
        })],
    ),
    server(
        "answers-two-subprotocols",
        "6455-11.3.4-2",
        "Sends a Sec-WebSocket-Protocol line for each subprotocol that was offered.",
        &[Answer(|d, r| {
            if r.head.subprotocols().count() > 1 {
                d.remove(PROTOCOL);
                r.head
                    .subprotocols()
                    .for_each(|offer| d.add(PROTOCOL, offer));
            }
        })],
    ),
    server(
        "answers-unoffered-extension",
        "6455-4.2.2-13",
        "Names permessage-deflate to a client that did not offer it.",
        &[Answer(|d, r| {
            if r.head.count(EXTENSIONS) == 0 {
                d.set(EXTENSIONS, "permessage-deflate");
            }
        })],
    ),
    server(
        "answers-empty-extensions",
        "6455-4.3-2",
        "Sends an empty Sec-WebSocket-Extensions.",
        &[Answer(|d, _| d.set(EXTENSIONS, ""))],
    ),
    server(
        "answers-with-content-length",
        "6455-4.2.2-19",
        "Sends Content-Length in the 101.",
        &[Answer(|d, _| d.set("Content-Length", "0"))],
    ),
    server(
        "answers-with-transfer-encoding",
        "9112-6.1-1",
        "Sends Transfer-Encoding in the 101.",
        &[Answer(|d, _| d.set("Transfer-Encoding", "chunked"))],
    ),
    server(
        "answers-with-bare-lf",
        "6455-4.2.2-19",
        "Ends the lines of the 101 with LF alone.",
        &[Answer(|d, _| (d.eol, d.end) = ("\n", "\n"))],
    ),
    server(
        "answers-with-blank-before-colon",
        "6455-4.2.2-19",
        "Puts a blank between a header name and the colon in the 101.",
        &[Answer(|d, _| d.headers[0].0.push(' '))],
    ),
    server(
        "answers-with-stray-line",
        "6455-4.2.2-19",
        "Sends another empty line between the 101 and the first frame.",
        &[Answer(|d, _| d.body = b"\r\n".to_vec())],
    ),
    server(
        "answers-with-text",
        "6455-4.2.2-19",
        "Sends content behind the 101.",
        &[Answer(|d, _| d.body = b"Welcome!".to_vec())],
    ),
    server(
        "goes-on-with-http",
        "6455-4.2.2-22",
        "Answers a second request behind the first one in HTTP, after its 101.",
        &[Divert(|octets, outbox, _| {
            if octets.starts_with(b"GET ") {
                octets.clear();
                outbox.extend_from_slice(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            }
        })],
    ),
    server(
        "reflects-unknown-headers",
        "6455-4.2.1-17",
        "Copies the headers that it does not know from the request into the 101.",
        &[Answer(|d, r| {
            for field in &r.head.headers {
                if field.name.to_ascii_lowercase().starts_with("x-") {
                    d.add(&field.name, field.value.clone());
                }
            }
        })],
    ),
    server(
        "refuses-without-version",
        "6455-4.2.2-8",
        "Refuses a version without a word on which one it speaks.",
        &[Refusal(|r| without(r, "Sec-WebSocket-Version"))],
    ),
    server(
        "refuses-426-without-upgrade",
        "9110-15.5.22-1",
        "Answers 426 without Upgrade.",
        &[Refusal(|r| without(r, "Upgrade"))],
    ),
    server(
        "refuses-without-status-line",
        "6455-4.2.1-1",
        "Refuses a request with a page alone, as HTTP/0.9 did.",
        &[Refusal(|_| Some(b"<html>Bad Request</html>\r\n".to_vec()))],
    ),
    server(
        "refuses-with-frame",
        "6455-7.2.2-1",
        "Refuses a request with a Close frame instead of a response.",
        &[Refusal(|_| Some(b"\x88\x02\x03\xea".to_vec()))],
    ),
];

fn without(refusal: &mut Refused, name: &str) -> Option<Vec<u8>> {
    refusal.headers.retain(|(n, _)| *n != name);
    None
}

fn key(request: &Request) -> &[u8] {
    request.head.value("Sec-WebSocket-Key").unwrap_or_default()
}

/// What stands behind `Sec-WebSocket-Key:` and the one blank that is usual there.
fn untrimmed_key(request: &Request) -> Vec<u8> {
    const NAME: &[u8] = b"sec-websocket-key:";
    request
        .head
        .raw
        .split(|octet| *octet == b'\n')
        .filter_map(|line| {
            let (name, value) = line.split_at_checked(NAME.len())?;
            name.eq_ignore_ascii_case(NAME).then_some(value)
        })
        .map(|value| value.strip_prefix(b" ").unwrap_or(value))
        .map(|value| value.strip_suffix(b"\r").unwrap_or(value).to_vec())
        .next()
        .unwrap_or_default()
}
