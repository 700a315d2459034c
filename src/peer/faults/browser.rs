//! Clients that are no good browser (WHATWG WebSockets): they have it only where they are one.

use super::{Act::*, Fault, client};
use crate::{peer::script::Demand, wire::handshake::Field};

const PROTOCOL: &str = "Sec-WebSocket-Protocol";

pub(super) static FAULTS: &[Fault] = &[
    client(
        "browser-asks-without-origin",
        "6455-4.1-28",
        "Leaves Origin out.",
        &[Ask(|d, _| d.remove("Origin"))],
    ),
    client(
        "browser-asks-without-extension",
        "whatwg-2.2-3",
        "Offers no extension.",
        &[Ask(|d, _| d.remove("Sec-WebSocket-Extensions"))],
    ),
    client(
        "browser-asks-with-referer",
        "whatwg-2.2-4",
        "Tells which page it is that asks.",
        &[Ask(|d, _| d.add("Referer", "http://wsspec.invalid/page"))],
    ),
    client(
        "browser-asks-without-pragma",
        "whatwg-2.2-5",
        "Leaves Pragma out.",
        &[Ask(|d, _| d.remove("Pragma"))],
    ),
    client(
        "browser-asks-without-cache-control",
        "whatwg-2.2-5",
        "Leaves Cache-Control out.",
        &[Ask(|d, _| d.remove("Cache-Control"))],
    ),
    client(
        "browser-follows-redirects",
        "whatwg-2.2-1",
        "Asks again where a redirect points to.",
        &[
            Mishear(|r, s| s.note = u64::from((300..400).contains(&r.status))),
            Abandon(|out, s| {
                if s.note == 1 {
                    out.extend_from_slice(b"GET /elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n");
                }
            }),
        ],
    ),
    client(
        "browser-does-without-subprotocol",
        "whatwg-2.2-2",
        "Opens the connection although none of its subprotocols was chosen.",
        &[Mishear(|r, _| {
            let empty =
                |field: &Field| field.name.eq_ignore_ascii_case(PROTOCOL) && field.value.is_empty();
            r.head.headers.retain(|field| !empty(field));
            if r.head.count(PROTOCOL) == 0 {
                let (name, value) = (PROTOCOL.to_owned(), b"echo".to_vec());
                r.head.headers.push(Field { name, value });
            }
        })],
    ),
    client(
        "browser-closes-with-any-code",
        "whatwg-3.1-1",
        "Lets a script close with any code.",
        &[Slip(|d| d == Demand::Code)],
    ),
    client(
        "browser-closes-with-any-reason",
        "whatwg-3.1-2",
        "Lets a script close with a reason that is too long.",
        &[Slip(|d| d == Demand::Reason)],
    ),
    client(
        "browser-closes-without-reason",
        "whatwg-3.1-4",
        "Forgets the reason with which a script closes.",
        &[Slip(|d| d == Demand::Told)],
    ),
    client(
        "browser-closes-with-code-of-its-own",
        "whatwg-3.1-3",
        "Sends code 1000 where a script gives none.",
        &[Slip(|d| d == Demand::Empty)],
    ),
    client(
        "browser-closes-before-it-sends",
        "whatwg-3.1-5",
        "Forgets the messages that wait when a script closes.",
        &[Slip(|d| d == Demand::Queue)],
    ),
    client(
        "browser-sends-blobs-as-text",
        "whatwg-3.1-6",
        "Sends blobs and buffers as text.",
        &[Slip(|d| d == Demand::Kind)],
    ),
    client(
        "browser-sends-whole-buffers",
        "whatwg-3.1-6",
        "Sends the buffer of a view instead of the view.",
        &[Slip(|d| d == Demand::View)],
    ),
    client(
        "browser-sends-surrogates",
        "whatwg-3.1-7",
        "Sends a lone surrogate as three octets.",
        &[Slip(|d| d == Demand::Surrogate)],
    ),
];
