//! Responses, lawful and not.

use super::*;
use crate::wire::handshake::accept::accept;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const OFFERS: &str = "\r\nSec-WebSocket-Protocol: chat, Talk\r\nSec-WebSocket-Extensions: x, \
    permessage-deflate; server_max_window_bits=10; server_no_context_takeover; client_max_window_bits, \
    permessage-deflate; server_max_window_bits=12\r\n\r\n";
const LAWFUL: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: OfS0wDaT5NoxF2gqm7Zj2YtetzM=\r\n\r\n";
const ACCEPT: &str = "OfS0wDaT5NoxF2gqm7Zj2YtetzM=";
const END: &str = "\r\n\r\n";

fn judged(request: &str, response: &str) -> Vec<OpeningBreach> {
    let request = Request::read(request.as_bytes()).expect("a request");
    let response = Response::read(response.as_bytes()).expect("a response");
    opening(super::super::response(&request, &response))
}

fn with_offers() -> String {
    changed(REQUEST, END, OFFERS)
}

#[test]
fn lawful_responses_break_nothing() {
    for (part, by) in [
        ("HTTP", "HTTP"),
        ("HTTP/1.1 101 Switching Protocols", "HTTP/1.2 101 "),
        ("Switching Protocols", "Ähm"),
        ("Upgrade: websocket", "UPGRADE:WebSocket"),
        (
            "Connection: Upgrade",
            "connection: keep-alive\r\nConnection: upgrade",
        ),
        (END, "\r\nSec-WebSocket-Protocol: Talk\r\n\r\n"),
        (END, "\r\nSec-WebSocket-Extensions: x; a\r\n\r\n"),
        (
            END,
            "\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n",
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8; server_no_context_takeover; \
             client_max_window_bits=15; client_no_context_takeover\r\nSec-WebSocket-Extensions: x\r\n\r\n",
        ),
        (
            END,
            "\r\nServer: x\r\nSet-Cookie: a=b\r\nSec-WebSocket-Version: 13, 8\r\n\r\n",
        ),
    ] {
        let octets = changed(LAWFUL, part, by);
        assert_eq!(judged(&with_offers(), &octets), [], "{octets}");
    }
    for refusal in [
        "HTTP/1.1 426 No\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n\r\n",
        "HTTP/1.1 426 No\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 401 \r\nWWW-Authenticate: Basic\r\n\r\n",
        "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        assert_eq!(judged(REQUEST, refusal), [], "{refusal}");
    }
}

/// Changes of a 101 to a request that offers nothing, with the one breach that each is.
fn breaches_of_101() -> Vec<(&'static str, &'static str, OpeningBreach)> {
    let wrong = |came: &str, mistake| AcceptWrong {
        came: s(came),
        wanted: s(ACCEPT),
        mistake,
    };
    vec![
        (
            "Upgrade:",
            "X\r\nUpgrade:",
            ResponseGrammar(Flaw::NoColon(s("X"))),
        ),
        (
            " Switching Protocols",
            "",
            ResponseGrammar(Flaw::NoSpaceBehindStatus),
        ),
        ("HTTP/1.1", "HTTP/1.0", ResponseVersion(s("HTTP/1.0"))),
        ("Upgrade: websocket\r\n", "", Upgrade(Lines(None))),
        (
            "Upgrade: websocket",
            "Upgrade: foo, websocket",
            Upgrade(lines("foo, websocket")),
        ),
        ("Upgrade: websocket", "Upgrade:", Upgrade(lines(""))),
        ("Connection: Upgrade\r\n", "", Connection(Lines(None))),
        (
            "Connection: Upgrade",
            "Connection: Upgraded",
            Connection(lines("Upgraded")),
        ),
        ("Sec-WebSocket-Accept", "X", AcceptMissing),
        (
            END,
            "\r\nSec-WebSocket-Accept: OfS0wDaT5NoxF2gqm7Zj2YtetzM=\r\n\r\n",
            AcceptRepeated(2),
        ),
        (ACCEPT, "", wrong("", None)),
        (
            ACCEPT,
            "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            wrong("AAAAAAAAAAAAAAAAAAAAAAAAAAA=", None),
        ),
        (
            ACCEPT,
            "ofS0wDaT5NoxF2gqm7Zj2YtetzM=",
            wrong(
                "ofS0wDaT5NoxF2gqm7Zj2YtetzM=",
                Some("letters in the wrong case"),
            ),
        ),
        (
            ACCEPT,
            "C/0nmHhBztSRGR1CwL6Tf4ZjwpY=",
            wrong(
                "C/0nmHhBztSRGR1CwL6Tf4ZjwpY=",
                Some("the hash of the key decoded and encoded again; the key is hashed as sent"),
            ),
        ),
        (
            ACCEPT,
            "AQIDBAUGBwgJCgsMDQ4PEC==",
            wrong("AQIDBAUGBwgJCgsMDQ4PEC==", Some("the key itself")),
        ),
        (
            ACCEPT,
            "OfS0wDaT5NoxF2gqm7Zj2YtetzM",
            wrong(
                "OfS0wDaT5NoxF2gqm7Zj2YtetzM",
                Some("another variant of base64"),
            ),
        ),
        (
            END,
            "\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
            SubprotocolUnasked(s("chat")),
        ),
        (END, "\r\nSec-WebSocket-Protocol:\r\n\r\n", SubprotocolEmpty),
        (
            END,
            "\r\nSec-WebSocket-Extensions: y\r\n\r\n",
            ExtensionStrange(s("y")),
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions:\r\n\r\n",
            ExtensionGrammar(ExtensionError::Empty),
        ),
        (END, "\r\nContent-Length: 0\r\n\r\n", LengthIn101),
        (
            END,
            "\r\nTransfer-Encoding: chunked\r\n\r\n",
            CodingInInterim(101),
        ),
        (
            END,
            "\r\nSec-WebSocket-Version: x\r\n\r\n",
            VersionsGrammar(lines("x")),
        ),
    ]
}

/// The same for a request with offers.
fn breaches_of_answers() -> Vec<(&'static str, OpeningBreach)> {
    vec![
        (
            "Sec-WebSocket-Protocol: other",
            SubprotocolStrange(s("other")),
        ),
        (
            "Sec-WebSocket-Protocol: Chat",
            SubprotocolCase {
                came: s("Chat"),
                offered: s("chat"),
            },
        ),
        (
            "Sec-WebSocket-Protocol: chat, Talk",
            SubprotocolGrammar(s("chat, Talk")),
        ),
        (
            "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat",
            SubprotocolRepeated(2),
        ),
        ("Sec-WebSocket-Extensions: X", ExtensionStrange(s("X"))),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; client_max_window_bits=9",
            ServerTakeoverIgnored,
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=13",
            ServerBitsIgnored {
                came: 13,
                offered: 12,
            },
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate",
            ServerBitsIgnored {
                came: 15,
                offered: 12,
            },
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=11; client_max_window_bits=9",
            ClientBitsUnasked,
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; server_no_context_takeover; client_max_window_bits",
            ClientBitsMissing,
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16",
            ServerBitsValue(Value(Some(s("16")))),
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\nSec-WebSocket-Extensions: permessage-deflate",
            CompressionTwice(2),
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
            ParameterTwice(s("server_max_window_bits")),
        ),
    ]
}

/// Requests of the suite's that are not to be switched on, and other answers than 101.
fn breaches_of_others() -> Vec<(String, &'static str, OpeningBreach)> {
    let lawful = REQUEST.to_owned();
    vec![
        (
            changed(REQUEST, "websocket", "websockets"),
            LAWFUL,
            SwitchedUnasked,
        ),
        (
            changed(REQUEST, "HTTP/1.1", "HTTP/1.0"),
            LAWFUL,
            SwitchedInHttp10,
        ),
        (
            lawful.clone(),
            "HTTP/1.1 404 \n\r\n",
            OtherGrammar(404, Flaw::BareLf),
        ),
        (
            lawful.clone(),
            "HTTP/1.1 426 No\r\n\r\n",
            UpgradeMissingIn426,
        ),
        (
            lawful.clone(),
            "HTTP/1.1 426 No\r\nUpgrade: websocket\r\n\r\n",
            UpgradeNotListed(426),
        ),
        (lawful.clone(), "HTTP/1.1 401 No\r\n\r\n", NoChallenge),
        (
            lawful.clone(),
            "HTTP/1.1 103 Hints\r\nTransfer-Encoding: chunked\r\n\r\n",
            CodingInInterim(103),
        ),
        (
            lawful,
            "HTTP/1.1 400 No\r\nSec-WebSocket-Version: 13, 013\r\n\r\n",
            VersionsGrammar(lines("13, 013")),
        ),
        (
            changed(REQUEST, "Version: 13", "Version: 99"),
            "HTTP/1.1 426 No\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            VersionsMissing(s("99")),
        ),
        (
            changed(
                REQUEST,
                END,
                "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            ),
            "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: OfS0wDaT5NoxF2gqm7Zj2YtetzM=\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\r\n\r\n",
            ClientBitsUnasked,
        ),
    ]
}

/// All of them: request, response, breach.
pub(super) fn breaches() -> Vec<(String, String, OpeningBreach)> {
    let of_101 = breaches_of_101()
        .into_iter()
        .map(|(part, by, breach)| (s(REQUEST), changed(LAWFUL, part, by), breach));
    let of_answers = breaches_of_answers().into_iter().map(|(line, breach)| {
        let response = changed(LAWFUL, END, &format!("\r\n{line}\r\n\r\n"));
        (with_offers(), response, breach)
    });
    let of_others = breaches_of_others()
        .into_iter()
        .map(|(request, response, breach)| (request, s(response), breach));
    of_101.chain(of_answers).chain(of_others).collect()
}

#[test]
fn each_breach_is_told_and_no_other() {
    for (request, response, breach) in breaches() {
        assert_eq!(judged(&request, &response), [breach], "{response}");
    }
}

#[test]
fn any_key_that_may_be_meant_is_taken() {
    for line in [
        "Sec-WebSocket-Key: AAAA\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==",
        "Sec-WebSocket-Key: \0AQIDBAUGBwgJCgsMDQ4PEC==\0",
        "Sec-WebSocket-Key:\t  AQIDBAUGBwgJCgsMDQ4PEC==  ",
    ] {
        let request = changed(REQUEST, "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==", line);
        assert_eq!(judged(&request, LAWFUL), [], "{line}");
    }
    let without = changed(REQUEST, "Sec-WebSocket-Key:", "X:");
    assert_eq!(judged(&without, LAWFUL), []);
}

#[test]
fn any_width_of_a_fold_and_any_joint_of_two_keys_is_taken() {
    for (line, keys) in [
        (
            "Sec-WebSocket-Key: AQID\r\n BAUG",
            &["AQID BAUG", "AQID  BAUG", "AQID   BAUG"][..],
        ),
        (
            "Sec-WebSocket-Key: AAAA\r\nSec-WebSocket-Key: BBBB",
            &["AAAA", "BBBB", "AAAA, BBBB", "AAAA,BBBB"],
        ),
    ] {
        let request = changed(REQUEST, "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==", line);
        for key in keys {
            let octets = changed(LAWFUL, ACCEPT, &accept(key.as_bytes()));
            assert_eq!(judged(&request, &octets), [], "{key}");
        }
        for wrong in ["AQID\tBAUG", "AQIDBAUG", "BBBB, AAAA"] {
            let octets = changed(LAWFUL, ACCEPT, &accept(wrong.as_bytes()));
            assert_eq!(judged(&request, &octets).len(), 1, "{wrong}");
        }
    }
    // Without a fold a blank is what it is.
    let request = changed(REQUEST, "AQIDBAUGBwgJCgsMDQ4PEC==", "AQID BAUG");
    let octets = changed(LAWFUL, ACCEPT, &accept(b"AQID  BAUG"));
    assert_eq!(judged(&request, &octets).len(), 1);
}

#[test]
fn the_mistake_behind_a_wrong_accept_is_guessed() {
    let request = changed(REQUEST, "Key: AQID", "Key:   AQID");
    let key = b"AQIDBAUGBwgJCgsMDQ4PEC==";
    use crate::wire::handshake::accept::{accept, decode_key_leniently};
    use sha1::{Digest, Sha1};
    let hash = data_encoding::BASE64.decode(ACCEPT.as_bytes()).unwrap();
    for (came, wanted) in [
        (
            accept(&decode_key_leniently(key).unwrap()),
            "the hash of the decoded key; the key is hashed as sent",
        ),
        (
            accept(b"  AQIDBAUGBwgJCgsMDQ4PEC=="),
            "the hash of the key with the blanks around it",
        ),
        (
            data_encoding::BASE64.encode(&Sha1::digest(key)),
            "the hash of the key without the GUID",
        ),
        (
            data_encoding::HEXUPPER.encode(&hash),
            "the hash in hexadecimal instead of base64",
        ),
    ] {
        let told = judged(&request, &changed(LAWFUL, ACCEPT, &came));
        let [AcceptWrong { mistake, .. }] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(*mistake, Some(wanted));
    }
}

#[test]
fn offers_that_cannot_be_read_are_not_held_against_the_answer() {
    let request = changed(REQUEST, END, "\r\nSec-WebSocket-Extensions: x;\r\n\r\n");
    let response = changed(LAWFUL, END, "\r\nSec-WebSocket-Extensions: x\r\n\r\n");
    assert_eq!(judged(&request, &response), []);
}
