//! Requests, lawful and not.

use super::*;

const LAWFUL: &str = "GET /chat?a=b HTTP/1.1\r\nHost: h:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: qrvM3e7/ABEiM0RVZneImQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const KEY: &str = "qrvM3e7/ABEiM0RVZneImQ==";
const END: &str = "\r\n\r\n";

fn wanted() -> Wanted {
    Wanted {
        host: Some(s("h:9001")),
        resource: Some(s("/chat?a=b")),
    }
}

fn judged(octets: &str, wanted: &Wanted) -> Vec<OpeningBreach> {
    let request = Request::read(octets.as_bytes()).expect("a request");
    opening(super::super::request(&request, wanted))
}

#[test]
fn lawful_requests_break_nothing() {
    for (part, by) in [
        ("GET", "GET"),
        ("HTTP/1.1", "HTTP/1.2"),
        ("/chat?a=b", "http://h:9001/chat?a=b"),
        ("h:9001", "H:9001"),
        ("websocket", "foo/1, WebSocket"),
        ("Connection: Upgrade", "connection: keep-alive, upgrade"),
        (END, "\r\nOrigin: http://h:9001\r\n\r\n"),
        (END, "\r\nOrigin: null\r\n\r\n"),
        (END, "\r\nOrigin: file://\r\n\r\n"),
        (END, "\r\nOrigin: chrome-extension://abc\r\n\r\n"),
        (
            END,
            "\r\nSec-WebSocket-Protocol: a, A,b\r\nSec-WebSocket-Protocol: c\r\n\r\n",
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_max_window_bits=\"15\", \
            permessage-deflate; client_max_window_bits=8; client_no_context_takeover; server_no_context_takeover, x; y=1\r\n\r\n",
        ),
        (END, "\r\nContent-Length: 0\r\nCookie: \u{e4}\r\nX:\r\n\r\n"),
    ] {
        let octets = changed(LAWFUL, part, by);
        assert_eq!(judged(&octets, &wanted()), [], "{octets}");
    }
}

#[test]
fn what_the_client_was_told_decides_only_where_it_is_known() {
    let default = changed(LAWFUL, "h:9001", "h:80");
    let wanted = |host, resource: &str| Wanted {
        host: Some(s(host)),
        resource: Some(s(resource)),
    };
    assert_eq!(judged(&default, &wanted("h", "/chat?a=b")), []);
    let slash = changed(LAWFUL, "/chat?a=b", "/");
    assert_eq!(judged(&slash, &wanted("h:9001", "")), []);
    assert_eq!(judged(&slash, &wanted("h:9001", "/?")), []);
    assert_eq!(judged(&default, &Wanted::default()), []);
}

/// Changes with the one breach that each is.
pub(super) fn breaches() -> Vec<(&'static str, &'static str, OpeningBreach)> {
    let target = "/chat?a=b";
    vec![
        (
            "Upgrade:",
            "X\r\nUpgrade:",
            RequestGrammar(Flaw::NoColon(s("X"))),
        ),
        ("websocket\r\n", "websocket\n", RequestGrammar(Flaw::BareLf)),
        (
            "Upgrade:",
            "Upgrade :",
            RequestGrammar(Flaw::BlankBeforeColon(s("Upgrade"))),
        ),
        (
            "HTTP/1.1",
            "http/1.1",
            RequestGrammar(Flaw::Version(s("http/1.1"))),
        ),
        (
            END,
            "\r\nContent-Length: x\r\n\r\n",
            RequestFraming(FramingError::ContentLength(s("x"))),
        ),
        ("GET", "get", Method(s("get"))),
        ("GET", "POST", Method(s("POST"))),
        ("HTTP/1.1", "HTTP/1.0", RequestVersion(s("HTTP/1.0"))),
        ("HTTP/1.1", "HTTP/2.0", RequestVersion(s("HTTP/2.0"))),
        (target, "?a=b", TargetNoSlash(s("?a=b"))),
        (target, "/chat?a=b#c", TargetFragment(s("/chat?a=b#c"))),
        (target, "/é", TargetNotAscii(s("/\\xc3\\xa9"))),
        (target, "/a|b", TargetCharacter(s("/a|b"), b'|')),
        (target, "/%zz", TargetCharacter(s("/%zz"), b'%')),
        (
            target,
            "ws://h:9001/chat?a=b",
            TargetForm(s("ws://h:9001/chat?a=b")),
        ),
        (target, "*", TargetForm(s("*"))),
        (target, "h:9001", TargetForm(s("h:9001"))),
        (
            target,
            "/ch%61t?a=b",
            TargetOther {
                came: s("/ch%61t?a=b"),
                wanted: s("/chat?a=b"),
            },
        ),
        (
            target,
            "/chat",
            TargetQuery {
                came: s("/chat"),
                wanted: s("/chat?a=b"),
            },
        ),
        (
            target,
            "/chat?a=%62",
            TargetQuery {
                came: s("/chat?a=%62"),
                wanted: s("/chat?a=b"),
            },
        ),
        ("Host: h:9001\r\n", "", HostMissing),
        ("Host:", "Host: h:9001\r\nHost:", HostRepeated(2)),
        ("h:9001", "", HostInvalid(s(""))),
        ("h:9001", "u@h:9001", HostInvalid(s("u@h:9001"))),
        ("h:9001", "bücher", HostNotAscii(s("b\\xc3\\xbccher"))),
        (
            "h:9001",
            "h",
            HostOther {
                came: s("h"),
                wanted: s("h:9001"),
            },
        ),
        ("Upgrade: websocket\r\n", "", UpgradeUnasked(Lines(None))),
        (
            "Upgrade: websocket",
            "Upgrade: websockets",
            UpgradeUnasked(lines("websockets")),
        ),
        (
            "Connection: Upgrade\r\n",
            "",
            ConnectionUnasked(Lines(None)),
        ),
        (
            "Connection: Upgrade",
            "Connection: close",
            ConnectionUnasked(lines("close")),
        ),
        ("Sec-WebSocket-Key:", "X:", KeyMissing),
        (
            "Sec-WebSocket-Key:",
            "Sec-WebSocket-Key: x\r\nSec-WebSocket-Key:",
            KeyRepeated(2),
        ),
        (
            KEY,
            "qrvM3e7_ABEiM0RVZneImQ==",
            KeyValue(s("qrvM3e7_ABEiM0RVZneImQ=="), KeyError::NotBase64),
        ),
        (KEY, "", KeyValue(s(""), KeyError::Length(0))),
        (
            KEY,
            "qrvM3e7/",
            KeyValue(s("qrvM3e7/"), KeyError::Length(6)),
        ),
        (
            KEY,
            "qrvM3e7/ABEiM0RVZneImR==",
            KeyValue(s("qrvM3e7/ABEiM0RVZneImR=="), KeyError::PadBits),
        ),
        (
            KEY,
            "dGhlIHNhbXBsZSBub25jZQ==",
            KeyFixed(
                s("dGhlIHNhbXBsZSBub25jZQ=="),
                "it is the example of RFC 6455, section 1.3",
            ),
        ),
        (
            KEY,
            "AAAAAAAAAAAAAAAAAAAAAA==",
            KeyFixed(s("AAAAAAAAAAAAAAAAAAAAAA=="), "its octets are all the same"),
        ),
        ("Sec-WebSocket-Version: 13\r\n", "", VersionMissing),
        (
            "Sec-WebSocket-Version:",
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version:",
            VersionRepeated(2),
        ),
        ("Version: 13", "Version: 013", VersionGrammar(s("013"))),
        ("Version: 13", "Version: 13, 8", VersionGrammar(s("13, 8"))),
        ("Version: 13", "Version: 256", VersionGrammar(s("256"))),
        ("Version: 13", "Version: 12", VersionReserved(s("12"))),
        ("Version: 13", "Version: 8", VersionOther(s("8"))),
        (
            END,
            "\r\nSec-WebSocket-Protocol: ,\r\n\r\n",
            SubprotocolsEmpty,
        ),
        (
            END,
            "\r\nSec-WebSocket-Protocol: a b\r\n\r\n",
            SubprotocolNoToken(s("a b")),
        ),
        (
            END,
            "\r\nSec-WebSocket-Protocol: a,, b,,\r\n\r\n",
            SubprotocolNoToken(s("")),
        ),
        (
            END,
            "\r\nSec-WebSocket-Protocol: a, b, a, a\r\n\r\n",
            SubprotocolTwice(s("a")),
        ),
        (
            END,
            "\r\nOrigin: http://h/\r\n\r\n",
            Origin(lines("http://h/")),
        ),
        (END, "\r\nOrigin: h\r\n\r\n", Origin(lines("h"))),
        (
            END,
            "\r\nOrigin: http://h\r\nOrigin: http://h\r\n\r\n",
            Origin(lines("http://h, http://h")),
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions:\r\n\r\n",
            ExtensionGrammar(ExtensionError::Empty),
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions: a;\r\n\r\n",
            ExtensionGrammar(ExtensionError::Parameter(s(""))),
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions: permessage-deflate; window\r\n\r\n",
            ParameterUnknown("permessage-deflate", s("window")),
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover=1\r\n\r\n",
            ServerTakeoverValue(s("1")),
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover=true\r\n\r\n",
            ClientTakeoverValue(s("true")),
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits\r\n\r\n",
            ServerBitsValue(Value(None)),
        ),
        (
            END,
            "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=08\r\n\r\n",
            ClientBitsValue(Value(Some(s("08")))),
        ),
    ]
}

#[test]
fn each_breach_is_told_and_no_other() {
    for (part, by, breach) in breaches() {
        let octets = changed(LAWFUL, part, by);
        assert_eq!(judged(&octets, &wanted()), [breach], "{octets}");
    }
}

#[test]
fn a_constant_key_may_be_wrong_in_itself_too() {
    let key = "AQIDBAUGBwgJCgsMDQ4PEC==";
    let told = judged(&changed(LAWFUL, KEY, key), &wanted());
    let constant = KeyFixed(s(key), "it is the example of RFC 6455, section 4.1");
    assert_eq!(told, [constant, KeyValue(s(key), KeyError::PadBits)]);
}

/// A blank in the target breaks the request line as well.
pub(super) fn blanks() -> [(&'static str, [OpeningBreach; 2]); 2] {
    [
        (
            "/a b",
            [RequestGrammar(Flaw::RequestLine(4)), TargetBlank(s("/a b"))],
        ),
        (
            "/a\u{7f}",
            [
                RequestGrammar(Flaw::Control(0x7f)),
                TargetBlank(s("/a\\x7f")),
            ],
        ),
    ]
}

#[test]
fn blanks_in_the_target_are_told_as_such() {
    for (target, breaches) in blanks() {
        let octets = changed(LAWFUL, "/chat?a=b", target);
        assert_eq!(judged(&octets, &wanted()), breaches, "{octets}");
    }
}

#[test]
fn data_behind_the_request_is_told_but_not_its_body() {
    let early = |octets: &str, behind: &[u8]| {
        let request = Request::read(octets.as_bytes()).unwrap();
        super::super::early(&request, behind)
    };
    let told = |octets| Some(Breach::Opening(EarlyData { octets }));
    assert_eq!(early(LAWFUL, b""), None);
    assert_eq!(early(LAWFUL, b"\x81\x80abcd"), told(6));
    let with_body = changed(LAWFUL, END, "\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(early(&with_body, b"abc"), None);
    assert_eq!(early(&with_body, b"abcd"), told(1));
}
