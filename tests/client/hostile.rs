//! Clients that hang, crash, ask for what is not there, or speak something else: they harm nobody, and are told of.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::{Listening, driver::*, opening, said_to, stored};

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence() {
    let listening = Listening::start(&["control/ping/at-once", "control/ping/length"]);
    let address = listening.address();
    let long = format!("/runCase?case=1&agent={}", "a".repeat(257));
    for (target, word) in [
        ("/runCase?case=0&agent=a", "from 1 to"),
        ("/runCase?case=-1&agent=a", "from 1 to"),
        ("/runCase?case=+1&agent=a", "from 1 to"),
        ("/runCase?case=abc&agent=a", "from 1 to"),
        ("/runCase?case=&agent=a", "from 1 to"),
        ("/runCase?case=99999999999999999999999&agent=a", "from 1 to"),
        ("/runCase?case=1&case=2&agent=a", "more than once"),
        ("/runCase?case=1&casetuple=x&agent=a", "give one of them"),
        (
            "/runCase?casetuple=no/such/case&agent=a",
            "no case on offer",
        ),
        ("/runCase?agent=a", "`case` is missing"),
        ("/runCase?case=1", "`agent` is missing"),
        ("/runCase?case=1&agent=", "`agent` is empty"),
        ("/runCase?case=1&agent=a&agent=b", "more than once"),
        (&*long, "256 characters"),
        ("/case/no/such?agent=a", "no case on offer"),
        ("/getCaseInfo", "`case` is missing"),
        ("/getCaseInfo?case=1000000", "from 1 to"),
        ("/getCaseStatus?case=1", "`agent` is missing"),
        ("/nothing", "there is nothing"),
        ("/../../etc/passwd", "there is nothing"),
    ] {
        let came = said_to(&address, opening(target).as_bytes());
        assert!(came.starts_with("HTTP/1.1 400 "), "{target}: {came}");
        assert!(came.contains(word), "{target}: {came}");
    }
    // Nobody has played anything.
    let results = listening.get("/results.json");
    assert!(results.ends_with("{\"agents\":[]}"), "{results}");
}

#[test]
fn what_is_no_request_is_answered_or_dropped() {
    let listening = Listening::start(&["control/ping/at-once"]);
    let address = listening.address();
    let hello = b"\x16\x03\x01\x00\x05hello\x01\x02";
    for octets in [&hello[..], b"SSH-2.0-x\r\n", b"\0\0\0\0\0\0\0\0"] {
        let came = said_to(&address, octets);
        assert!(came.starts_with("HTTP/1.1 400 "), "{octets:?}: {came}");
    }
    let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(70_000));
    let came = said_to(&address, endless.as_bytes());
    assert!(came.starts_with("HTTP/1.1 431 "), "{came}");
    let came = said_to(&address, b"POST / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(came.starts_with("HTTP/1.1 405 "), "{came}");
    let came = said_to(&address, b"HEAD /cases.json HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(
        came.starts_with("HTTP/1.1 200 ") && came.ends_with("\r\n\r\n"),
        "{came}"
    );
    // It goes on as if nothing had been.
    assert!(
        listening
            .get("/cases.json")
            .contains("control/ping/at-once")
    );
}

#[test]
fn tls_where_it_is_not_asked_for_and_the_other_way_round() {
    let listening = Listening::start(&["control/ping/at-once", "--tls"]);
    assert!(listening.url.starts_with("wss://"), "{}", listening.url);
    let came = said_to(&listening.address(), opening("/getCaseCount").as_bytes());
    assert!(
        came.starts_with("HTTP/1.1 400 ") && came.contains("wss://"),
        "{came}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_stay_away_hang_or_vanish_keep_nobody_from_being_tested() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("r.json");
    let report = format!("--report=json={}", json.display());
    let listening = Listening::start(&["control/ping/at-once", "--timeout=1s", &report]);
    let (url, address) = (listening.url.clone(), listening.address());
    // Heads that never end.
    let slow: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).expect("a connection");
            stream
                .write_all(b"GET /runCase?case=1&agent=slow HTTP/1.1\r\n")
                .expect("written");
            stream
        })
        .collect();
    // A connection that says nothing at all.
    let mute = TcpStream::connect(&address).expect("a connection");
    // A client that hangs in its case.
    let mut hung = TcpStream::connect(&address).expect("a connection");
    hung.write_all(opening("/runCase?case=1&agent=hangs").as_bytes())
        .expect("written");
    // One that is gone at once, one that is gone within its case.
    drop(TcpStream::connect(&address).expect("a connection"));
    let mut gone = TcpStream::connect(&address).expect("a connection");
    gone.write_all(opening("/runCase?case=1&agent=vanishes").as_bytes())
        .expect("written");
    drop(gone);
    run_case(&url, "case=1", "good").await.expect("played");
    update_reports(&url, "good").await;
    // Its case comes to an end by itself.
    let status = ask(&url, "/getCaseStatus?case=1&agent=hangs")
        .await
        .expect("an answer");
    assert!(status.is_some_and(|status| status.contains("FAILED")));
    let mut came = Vec::new();
    hung.read_to_end(&mut came).expect("the end of TCP");
    assert!(came.starts_with(b"HTTP/1.1 101 "));
    drop((slow, mute));
    let ran = listening.interrupted();
    let reports = stored(&json);
    let fails = |name: &str| {
        let is = |r: &&wsspec::report::Report| r.target.agent.as_deref() == Some(name);
        reports.iter().find(is).map(|r| r.summary.verdicts.fail)
    };
    assert_eq!((fails("good"), fails("slow")), (Some(0), None));
    // One that is gone has broken off what it began: told, as a failure or not applicable, and of nobody else.
    assert!(
        fails("vanishes").is_some() && fails("hangs") == Some(1),
        "{}{}",
        ran.out,
        ran.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_neither_paths_nor_markup() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json, html, junit) = (
        folder.path().join("r.json"),
        folder.path().join("r.html"),
        folder.path().join("r.xml"),
    );
    let listening = Listening::start(&[
        "control/ping/at-once",
        &format!("--report=json={}", json.display()),
        &format!("--report=html={}", html.display()),
        &format!("--report=junit={}", junit.display()),
    ]);
    let names = [
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "a/b",
        "a_b",
        "\u{202e}gnp.exe",
        "naïve ☃ 客户",
        "\u{1b}[31mred\r\n::error::x",
        "]]>",
        "con",
        ".",
        "\0",
    ];
    for name in names {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        run_case(&listening.url, "case=1", &name)
            .await
            .expect("played");
        update_reports(&listening.url, &name).await;
    }
    let shown = listening.get("/results.json");
    assert!(!shown.contains("<script>") || shown.contains("application/json"));
    let ran = listening.interrupted();
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        !ran.out.contains("\n::error") && !ran.out.contains('\u{202e}'),
        "{}",
        ran.out
    );
    let reports = stored(&json);
    let came: Vec<_> = reports
        .iter()
        .filter_map(|r| r.target.agent.as_deref())
        .collect();
    assert_eq!(came, names);
    let page = std::fs::read_to_string(&html).expect("a page");
    assert!(!page.contains("<script>alert"), "markup");
    let xml = std::fs::read_to_string(&junit).expect("XML");
    let mut reader = quick_xml::Reader::from_str(&xml);
    loop {
        match reader.read_event().expect("well-formed") {
            quick_xml::events::Event::Eof => break,
            event => drop(event),
        }
    }
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .collect();
    assert_eq!(
        files.len(),
        3,
        "no file but those that were asked for: {files:?}"
    );
}
