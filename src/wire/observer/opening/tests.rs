use proptest::prelude::*;

use super::{
    OpeningBreach::{self, *},
    Wanted,
    breach::{Lines, Value},
};
use crate::wire::{
    handshake::{ExtensionError, Flaw, FramingError, Request, Response, accept::KeyError},
    observer::Breach,
};

mod client;
mod rules;
mod server;

fn s(text: &str) -> String {
    text.to_owned()
}

fn lines(text: &str) -> Lines {
    Lines(Some(s(text)))
}

/// A lawful message with one part changed.
fn changed(lawful: &str, part: &str, by: &str) -> String {
    assert!(lawful.contains(part), "{part:?} is not there to change");
    lawful.replacen(part, by, 1)
}

fn opening(breaches: Vec<Breach>) -> Vec<OpeningBreach> {
    let only = breaches.into_iter().map(|breach| match breach {
        Breach::Opening(breach) => breach,
        other => panic!("{other} is not of the opening handshake"),
    });
    only.collect()
}

fn near_fields() -> impl Strategy<Value = String> {
    const NAMES: &[&str] = &[
        "Host",
        "Upgrade",
        "Connection",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "X",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
    ];
    let line = (
        prop::sample::select(NAMES),
        "[ -~\t\0é]{0,24}|13|websocket|permessage-deflate(; [a-z_]{0,24}(=[0-9]{0,2})?){0,3}",
    );
    prop::collection::vec(line, 0..12).prop_map(|lines| {
        let lines = lines
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        lines.collect()
    })
}

proptest! {
    #[test]
    fn nothing_that_can_be_read_upsets_the_observer(
        first in "[A-Z]{1,4} [!-~é]{0,12} HTTP/[0-9].[0-9]",
        status in 100u16..600,
        (asked, answered) in (near_fields(), near_fields()),
        behind in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let request = Request::read(format!("{first}\r\n{asked}\r\n").as_bytes()).unwrap();
        let response = Response::read(format!("HTTP/1.1 {status} \r\n{answered}\r\n").as_bytes()).unwrap();
        let wanted = Wanted { host: Some(s("h")), resource: Some(s("/")) };
        let told = super::request(&request, &wanted).into_iter()
            .chain(super::response(&request, &response))
            .chain(super::early(&request, &behind));
        for breach in told {
            prop_assert!(!breach.to_string().is_empty());
        }
    }
}

#[test]
fn the_handshake_of_an_independent_implementation_breaks_nothing() {
    use tokio_tungstenite::tungstenite::{
        client::IntoClientRequest,
        handshake::{client::generate_request, server},
    };

    let url = "ws://localhost:9001/a?b=%20c";
    let (asked, _) = generate_request(url.into_client_request().unwrap()).unwrap();
    let request = Request::read(&asked).unwrap();
    let wanted = Wanted {
        host: Some(s("localhost:9001")),
        resource: Some(s("/a?b=%20c")),
    };
    assert_eq!(super::request(&request, &wanted), []);

    let mut built = server::Request::builder().uri("/a");
    for field in &request.head.headers {
        built = built.header(&field.name, &field.value[..]);
    }
    let answer = server::create_response(&built.body(()).unwrap()).unwrap();
    let mut answered = Vec::new();
    server::write_response(&mut answered, &answer).unwrap();
    let response = Response::read(&answered).unwrap();
    assert_eq!(super::response(&request, &response), []);
}
