use proptest::prelude::*;

use super::*;
use crate::wire::handshake::{Values, write};

fn request(octets: &str) -> Request {
    Request::read(octets.as_bytes()).expect("a whole request")
}

fn response(octets: &str) -> Response {
    Response::read(octets.as_bytes()).expect("a whole response")
}

fn fields(head: &Head) -> Vec<(&str, String)> {
    head.headers
        .iter()
        .map(|field| (&field.name[..], field.value.escape_ascii().to_string()))
        .collect()
}

#[test]
fn a_lawful_request_has_no_flaws() {
    let read = request("GET /a?b HTTP/1.1\r\nHost: h\r\nX:\r\nY: \t a\tbä \t\r\n\r\nrest");
    assert_eq!(
        (&read.method[..], &read.target[..], &read.version[..]),
        ("GET", &b"/a?b"[..], "HTTP/1.1")
    );
    assert_eq!(
        fields(&read.head),
        [
            ("Host", "h".into()),
            ("X", "".into()),
            ("Y", "a\\tb\\xc3\\xa4".into())
        ]
    );
    assert_eq!(read.head.flaws, []);
    assert!(read.head.raw.ends_with(b"\t\r\n\r\n"));
}

#[test]
fn a_lawful_response_has_no_flaws() {
    let read = response("HTTP/1.1 101 Sw  itching\tP\r\nA: b\r\n\r\n");
    assert_eq!(
        (&read.version[..], read.status, &read.reason[..]),
        ("HTTP/1.1", 101, &b"Sw  itching\tP"[..])
    );
    assert_eq!(read.head.flaws, []);
    assert_eq!(response("HTTP/1.1 101 \r\n\r\n").head.flaws, []);
}

#[test]
fn each_departure_of_a_header_section_is_told() {
    use Flaw::*;
    let s = str::to_owned;
    for (lines, wanted, flaws) in [
        (
            "A: b\nC: d\r\n",
            &[("A", "b"), ("C", "d")][..],
            vec![BareLf],
        ),
        ("A: b\rC: d\r\n", &[("A", "b\\rC: d")], vec![BareCr]),
        ("A: b\r\r\n", &[("A", "b\\r")], vec![BareCr]),
        (
            " A: b\r\n\tC: d\r\nE: f\r\n",
            &[("E", "f")],
            vec![BlankBeforeHeaders],
        ),
        (
            "A\r\n b\r\nC: d\r\n",
            &[("C", "d")],
            vec![NoColon(s("A")), ObsFold],
        ),
        (": b\r\n", &[("", "b")], vec![Name(s(""))]),
        ("A B: c\r\n", &[("A B", "c")], vec![Name(s("A B"))]),
        ("A \t: b\r\n", &[("A", "b")], vec![BlankBeforeColon(s("A"))]),
        (
            "A: b\r\n\t c \r\n  \r\nD: e\r\n",
            &[("A", "b c"), ("D", "e")],
            vec![ObsFold],
        ),
        ("A:\r\n b\r\n", &[("A", "b")], vec![ObsFold]),
        ("A: b\0c\r\n", &[("A", "b\\x00c")], vec![Nul]),
        (
            "A: \x01\x7f\r\n",
            &[("A", "\\x01\\x7f")],
            vec![Control(1), Control(0x7f)],
        ),
    ] {
        let read = request(&format!("GET / HTTP/1.1\r\n{lines}\r\n"));
        let wanted: Vec<_> = wanted.iter().map(|(n, v)| (*n, v.to_string())).collect();
        assert_eq!(fields(&read.head), wanted, "{}", lines.escape_debug());
        assert_eq!(read.head.flaws, flaws, "{}", lines.escape_debug());
        let read = response(&format!("HTTP/1.1 101 \r\n{lines}\r\n"));
        assert_eq!((fields(&read.head), &read.head.flaws), (wanted, &flaws));
    }
}

#[test]
fn each_departure_of_a_request_line_is_told() {
    use Flaw::*;
    let s = str::to_owned;
    for (line, parts, flaws) in [
        (
            "GET  / HTTP/1.1",
            ("GET", "/", "HTTP/1.1"),
            vec![StartLineBlanks],
        ),
        (
            "GET /\tHTTP/1.1 ",
            ("GET", "/", "HTTP/1.1"),
            vec![StartLineBlanks],
        ),
        (
            "GET /a  b HTTP/1.1",
            ("GET", "/a  b", "HTTP/1.1"),
            vec![StartLineBlanks, RequestLine(4)],
        ),
        (
            "GET /a b HTTP/1.1",
            ("GET", "/a b", "HTTP/1.1"),
            vec![RequestLine(4)],
        ),
        (
            "GET /",
            ("GET", "/", ""),
            vec![RequestLine(2), Version(s(""))],
        ),
        ("GET", ("GET", "", ""), vec![RequestLine(1), Version(s(""))]),
        (
            "G(T / HTTP/1.1",
            ("G(T", "/", "HTTP/1.1"),
            vec![Method(s("G(T"))],
        ),
        (
            "GET / http/1.1",
            ("GET", "/", "http/1.1"),
            vec![Version(s("http/1.1"))],
        ),
        (
            "GET / HTTP/1.10",
            ("GET", "/", "HTTP/1.10"),
            vec![Version(s("HTTP/1.10"))],
        ),
        (
            "GET / HTTP/01.1",
            ("GET", "/", "HTTP/01.1"),
            vec![Version(s("HTTP/01.1"))],
        ),
        ("GET / HTTP/2.0", ("GET", "/", "HTTP/2.0"), vec![]),
        (
            "\r\nGET / HTTP/1.1",
            ("GET", "/", "HTTP/1.1"),
            vec![EmptyLineFirst],
        ),
        (
            "\r\n\nGET / HTTP/1.1",
            ("GET", "/", "HTTP/1.1"),
            vec![EmptyLineFirst, BareLf],
        ),
    ] {
        let read = request(&format!("{line}\r\n\r\n"));
        let target = read.target.escape_ascii().to_string();
        assert_eq!(
            (&read.method[..], &target[..], &read.version[..]),
            parts,
            "{line}"
        );
        assert_eq!(read.head.flaws, flaws, "{line}");
    }
}

#[test]
fn each_departure_of_a_status_line_is_told() {
    use Flaw::*;
    for (line, parts, flaws) in [
        (
            "HTTP/1.1 101",
            ("HTTP/1.1", 101, ""),
            vec![NoSpaceBehindStatus],
        ),
        (
            "HTTP/1.1  101 x",
            ("HTTP/1.1", 101, "x"),
            vec![StartLineBlanks],
        ),
        (
            " HTTP/1.1 101 x",
            ("HTTP/1.1", 101, "x"),
            vec![StartLineBlanks],
        ),
        (
            "HTTP/1.1 101\tx",
            ("HTTP/1.1", 101, "x"),
            vec![StartLineBlanks],
        ),
        (
            "HTTP/1.1 0101 x",
            ("HTTP/1.1", 101, "x"),
            vec![StatusCode("0101".into())],
        ),
        (
            "http/1.1 101 x",
            ("http/1.1", 101, "x"),
            vec![Version("http/1.1".into())],
        ),
        ("HTTP/1.0 101 x", ("HTTP/1.0", 101, "x"), vec![]),
    ] {
        let read = response(&format!("{line}\r\n\r\n"));
        let reason = read.reason.escape_ascii().to_string();
        assert_eq!(
            (&read.version[..], read.status, &reason[..]),
            parts,
            "{line}"
        );
        assert_eq!(read.head.flaws, flaws, "{line}");
    }
    for line in [
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 1o1 x",
        "HTTP/1.1 -1 x",
        "HTTP/1.1 99999999 x",
        "HTTP ",
    ] {
        let mut reader = HeadReader::response();
        reader.feed(format!("{line}\r\n\r\n").as_bytes());
        assert!(
            matches!(reader.next(), Err(HeadError::StatusLine(_))),
            "{line}"
        );
    }
}

#[test]
fn other_protocols_are_named() {
    use Foreign::*;
    for (octets, foreign) in [
        (&b"\x15\x03\x01\x00\x02\x02\x46"[..], Tls),
        (b"\x16\x03\x01", Tls),
        (b"SSH-2.0-OpenSSH", Ssh),
        (b"\x81\x05Hello", Unknown),
        (b"\x88\x02\x03\xea", Unknown),
        (b"{}", Unknown),
        (b"\r\n\x16\x03\x03", Tls),
    ] {
        let mut reader = HeadReader::request();
        reader.feed(octets);
        assert_eq!(
            reader.next(),
            Err(HeadError::Foreign(foreign)),
            "{}",
            octets.escape_ascii()
        );
    }
    for (octets, foreign) in [
        (&b"\x15\x03\x01\x00\x02\x02\x46"[..], Tls),
        (b"SSH-2.0", Ssh),
        (b"\0\0\x12\x04\0\0\0\0\0", Http2),
        (b"\0\0\x12\x05", Unknown),
        (b"220 smtp", Unknown),
        (b"HTP/", Unknown),
        (b"\r\r\nHTTP/", Unknown),
    ] {
        let mut reader = HeadReader::response();
        reader.feed(octets);
        assert_eq!(
            reader.next(),
            Err(HeadError::Foreign(foreign)),
            "{}",
            octets.escape_ascii()
        );
        assert_eq!(reader.octets(), octets);
    }
}

#[test]
fn what_follows_a_head_is_kept() {
    let mut reader = HeadReader::response();
    reader.feed(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 \r\n\r\n\x81\x00");
    assert_eq!(reader.next().unwrap().unwrap().status, 100);
    assert_eq!(reader.next().unwrap().unwrap().status, 101);
    assert_eq!(reader.octets(), b"\x81\x00");
    assert_eq!(reader.take_rest(), b"\x81\x00");
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn the_end_of_the_stream_inside_a_head_is_told() {
    let mut reader = HeadReader::request();
    assert_eq!(reader.finish(), Ok(()));
    reader.feed(b"GET / HTTP/1.1\r\n");
    assert_eq!(reader.next(), Ok(None));
    assert_eq!(reader.finish(), Err(HeadError::Truncated(16)));
}

#[test]
fn limits_end_the_reading() {
    let limits = Limits {
        octets: 40,
        lines: 3,
    };
    let read = |octets: &str| {
        let mut reader = HeadReader::request().with_limits(limits);
        reader.feed(octets.as_bytes());
        reader.next().map(|head| head.is_some())
    };
    let line = "GET / HTTP/1.1\r\n"; // 16 octets
    let too_long = |in_first_line| {
        Err(HeadError::TooLong {
            limit: 40,
            in_first_line,
        })
    };
    assert_eq!(
        read(&format!("{line}A: {}\r\n\r\n", "b".repeat(17))),
        Ok(true)
    );
    assert_eq!(
        read(&format!("{line}A: {}\r\n\r\n", "b".repeat(18))),
        too_long(false)
    );
    assert_eq!(read(&"G".repeat(39)), Ok(false));
    assert_eq!(read(&"G".repeat(40)), too_long(true));
    assert_eq!(read(&format!("{line}A:\r\nB:\r\n\r\n")), Ok(true));
    assert_eq!(
        read(&format!("{line}A:\r\nB:\r\nC:\r\n\r\n")),
        Err(HeadError::TooManyLines(3))
    );
}

#[test]
fn nothing_is_kept_after_an_error() {
    let mut reader = HeadReader::request().with_limits(Limits {
        octets: 4,
        lines: 3,
    });
    reader.feed(b"GET /");
    assert!(reader.next().is_err());
    reader.feed(&[b'a'; 100]);
    assert_eq!(reader.octets().len(), 5);
    assert!(reader.next().is_err());
}

/// Everything that a reader says about octets cut in pieces of these lengths, and what it had to look at.
fn in_pieces<M: Message>(
    mut reader: HeadReader<M>,
    mut octets: &[u8],
    cuts: &[usize],
) -> (Vec<M>, Option<HeadError>, Vec<u8>, usize) {
    let (mut heads, mut cuts) = (Vec::new(), cuts.iter().cycle());
    loop {
        let n = cuts.next().map_or(octets.len(), |&n| n.min(octets.len()));
        reader.feed(&octets[..n]);
        octets = &octets[n..];
        loop {
            match reader.next() {
                Ok(Some(head)) => heads.push(head),
                Ok(None) => break,
                Err(error) => return (heads, Some(error), Vec::new(), reader.work),
            }
        }
        if octets.is_empty() {
            let end = reader.finish().err();
            return (heads, end, reader.take_rest(), reader.work);
        }
    }
}

/// Octets that are near heads.
fn near_heads() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(&b"\r\n"[..]),
        1 => Just(&b"\n"[..]),
        1 => Just(&b"\r"[..]),
        1 => Just(&b" "[..]),
        1 => Just(&b":"[..]),
        1 => Just(&b"\0"[..]),
        2 => Just(&b"HTTP/1.1 101 x\r\n"[..]),
        2 => Just(&b"GET / HTTP/1.1\r\n"[..]),
        2 => Just(&b"Upgrade: websocket\r\n"[..]),
        1 => Just(&b"\x16\x03\x01"[..]),
        1 => Just(&b"SSH-"[..]),
    ];
    prop_oneof![
        prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(any::<u8>(), 0..64),
    ]
}

proptest! {
    #[test]
    fn any_cut_gives_the_same(
        octets in near_heads(),
        cuts in prop::collection::vec(1usize..8, 1..8),
        limit in prop_oneof![Just(usize::MAX), 1usize..80],
    ) {
        let limits = Limits { octets: limit, lines: 6 };
        let whole = in_pieces(HeadReader::request().with_limits(limits), &octets, &[octets.len().max(1)]);
        let cut = in_pieces(HeadReader::request().with_limits(limits), &octets, &cuts);
        prop_assert_eq!((&whole.0, &whole.1, &whole.2), (&cut.0, &cut.1, &cut.2));
        // No octet is looked at twice in search of line ends.
        prop_assert!(whole.3.max(cut.3) <= octets.len());
        let whole = in_pieces(HeadReader::response().with_limits(limits), &octets, &[octets.len().max(1)]);
        let cut = in_pieces(HeadReader::response().with_limits(limits), &octets, &cuts);
        prop_assert_eq!((&whole.0, &whole.1, &whole.2), (&cut.0, &cut.1, &cut.2));
        prop_assert!(whole.3.max(cut.3) <= octets.len());
    }

    #[test]
    fn raw_octets_and_rest_are_all_that_came(octets in near_heads()) {
        let (heads, error, rest, _) = in_pieces(HeadReader::request(), &octets, &[3]);
        if !matches!(error, None | Some(HeadError::Truncated(_))) {
            return Ok(());
        }
        let mut all: Vec<u8> = heads.into_iter().flat_map(|request| request.head.raw).collect();
        all.extend(rest);
        prop_assert_eq!(all, octets);
    }

    #[test]
    fn httparse_reads_lawful_heads_alike(
        method in "[A-Z]{1,8}",
        target in "/[!-~]{0,20}",
        lines in prop::collection::vec(("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", "([!-~]([ \t!-~]{0,20}[!-~])?)?", "[ \t]{0,3}"), 0..10),
        status in 100u16..1000,
        reason in "[ \t!-~]{0,20}",
    ) {
        let section: String = lines
            .iter()
            .map(|(name, value, blanks)| format!("{name}:{blanks}{value}{blanks}\r\n"))
            .collect();
        let mut space = [httparse::EMPTY_HEADER; 16];

        let octets = format!("{method} {target} HTTP/1.1\r\n{section}\r\n");
        let ours = request(&octets);
        let mut theirs = httparse::Request::new(&mut space);
        prop_assert_eq!(theirs.parse(octets.as_bytes()), Ok(httparse::Status::Complete(octets.len())));
        prop_assert_eq!(&ours.head.flaws, &[]);
        prop_assert_eq!(Some(&ours.method[..]), theirs.method);
        prop_assert_eq!(Some(&ours.target[..]), theirs.path.map(str::as_bytes));
        prop_assert!(ours.head.headers.iter().map(|f| (&f.name[..], &f.value[..])).eq(theirs.headers.iter().map(|h| (h.name, h.value))));

        let octets = format!("HTTP/1.1 {status} {reason}\r\n{section}\r\n");
        let ours = response(&octets);
        let mut theirs = httparse::Response::new(&mut space);
        prop_assert_eq!(theirs.parse(octets.as_bytes()), Ok(httparse::Status::Complete(octets.len())));
        prop_assert_eq!(&ours.head.flaws, &[]);
        prop_assert_eq!(Some(ours.status), theirs.code);
        prop_assert!(ours.head.headers.iter().map(|f| (&f.name[..], &f.value[..])).eq(theirs.headers.iter().map(|h| (h.name, h.value))));
    }

    #[test]
    fn ordinary_heads_are_read_as_they_were_written(
        key in any::<[u8; 16]>(),
        host in "[a-z]{1,9}(:[1-9][0-9]{0,3})?",
        target in "/[!-~&&[^#]]{0,20}",
    ) {
        let values = Values {
            key: data_encoding::BASE64.encode(&key).into_bytes(),
            host,
            target,
            ..Values::default()
        };
        let read = Request::read(&write::request(&Default::default(), &values)).unwrap();
        prop_assert_eq!(&read.target, values.target.as_bytes());
        prop_assert_eq!(read.head.value("host"), Some(values.host.as_bytes()));
        prop_assert_eq!(read.head.value("sec-websocket-key"), Some(&values.key[..]));
        prop_assert!(read.head.has_token("Upgrade", "websocket") && read.head.has_token("Connection", "upgrade"));
        prop_assert_eq!(read.head.flaws, &[]);
        let read = Response::read(&write::response(101, &Default::default(), &values)).unwrap();
        prop_assert_eq!(read.status, 101);
        let accept = values.accept();
        prop_assert_eq!(read.head.value("Sec-WebSocket-Accept"), Some(accept.as_bytes()));
        prop_assert_eq!(read.head.flaws, &[]);
    }
}
