use proptest::prelude::*;

use super::*;

fn decode(octets: &[u8], limit: usize) -> (Vec<Frame>, Decoder, Option<DecodeError>) {
    feed(&[octets], limit)
}

fn feed(pieces: &[&[u8]], limit: usize) -> (Vec<Frame>, Decoder, Option<DecodeError>) {
    let (mut decoder, mut frames, mut failed) = (Decoder::new(limit), Vec::new(), None);
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
    }
    (frames, decoder, failed)
}

/// RFC 6455, section 5.7.
#[test]
fn reads_and_writes_the_samples_of_the_rfc() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let two_hundred_fifty_six = vec![7; 256];
    let sixty_four_ki = vec![7; 65536];
    for (head, frame) in [
        (&b"\x81\x05Hello"[..], Frame::text("Hello")),
        (
            b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
            Frame::text("Hello").with_key(key),
        ),
        (b"\x01\x03Hel", Frame::text("Hel").with_fin(false)),
        (b"\x80\x02lo", Frame::continuation("lo")),
        (b"\x89\x05Hello", Frame::ping("Hello")),
        (
            b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
            Frame::pong("Hello").with_key(key),
        ),
        (
            b"\x82\x7e\x01\x00",
            Frame::binary(two_hundred_fifty_six.clone()),
        ),
        (
            b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
            Frame::binary(sixty_four_ki.clone()),
        ),
    ] {
        let mut octets = Vec::new();
        frame.encode(&mut octets);
        assert!(octets.starts_with(head));
        assert_eq!(octets.len(), frame.size());
        assert_eq!(octets[..frame.header.size()], frame.header_octets());
        let (frames, decoder, failed) = decode(&octets, 65536);
        assert_eq!((&frames[..], failed), (&[frame][..], None));
        assert_eq!(decoder.pending(), Pending::default());
    }
}

#[test]
fn writes_what_the_header_says_and_cuts_a_length_to_its_form() {
    let written = |form, length| {
        let mut out = Vec::new();
        Header {
            form,
            length,
            ..Header::new(Opcode::new(0xf), 0)
        }
        .encode(&mut out);
        out
    };
    assert_eq!(written(Form::Seven, 0x1_82), b"\x8f\x02");
    assert_eq!(written(Form::Seven, 127), b"\x8f\x7f");
    assert_eq!(written(Form::Sixteen, 0x1_0203), b"\x8f\x7e\x02\x03");
    assert_eq!(written(Form::Sixteen, 1), b"\x8f\x7e\x00\x01");
    assert_eq!(
        written(Form::SixtyFour, u64::MAX),
        b"\x8f\x7f\xff\xff\xff\xff\xff\xff\xff\xff"
    );
}

#[test]
fn judges_the_length_at_the_header_and_stays_wrong() {
    let (frames, decoder, failed) = decode(b"\x81\x01a\x82\x04", 3);
    assert_eq!(frames, [Frame::text("a")]);
    let header = Header::new(Opcode::BINARY, 4);
    assert_eq!(failed, Some(DecodeError::TooLong { header, limit: 3 }));
    assert_eq!(decoder.pending().octets, 2);
    assert_eq!(decoder.pending().header, Some(header));

    let header = Header::new(Opcode::BINARY, 1 << 63 | 5);
    let (_, mut decoder, failed) = decode(
        &Frame {
            header,
            payload: Bytes::new(),
        }
        .header_octets(),
        usize::MAX,
    );
    assert_eq!(failed, Some(DecodeError::TopBit { header }));
    decoder.feed(b"\x81\x01a");
    assert_eq!(decoder.next_frame(), Err(DecodeError::TopBit { header }));
    assert_eq!(decoder.pending().octets, 10);
}

#[test]
fn masks_as_the_rfc_says_at_every_length_and_phase() {
    let key = [0x12, 0x34, 0x56, 0x78];
    for (length, phase) in (0..70).flat_map(|length| (0..9).map(move |phase| (length, phase))) {
        let mut data: Vec<u8> = (0..length).map(|i| i as u8 ^ 0xa5).collect();
        let wanted: Vec<u8> = data
            .iter()
            .enumerate()
            .map(|(i, b)| b ^ key[(i + phase) % 4])
            .collect();
        mask(key, phase, &mut data);
        assert_eq!(data, wanted, "{length} octets from {phase}");
    }
}

prop_compose! {
    fn frame()(
        fin: bool,
        rsv: [bool; 3],
        opcode in 0..16u8,
        key: Option<[u8; 4]>,
        form in prop::sample::select(vec![Form::Seven, Form::Sixteen, Form::SixtyFour]),
        payload in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            (120..300usize).prop_map(|n| vec![n as u8; n]),
            (65530..65540usize).prop_map(|n| vec![n as u8; n]),
        ],
    ) -> Frame {
        let length = payload.len() as u64;
        // A form that holds the length, shortest or not.
        let form = match (form, Form::shortest(length)) {
            (Form::Seven, needed) => needed,
            (Form::Sixteen, Form::SixtyFour) => Form::SixtyFour,
            (form, _) => form,
        };
        let header = Header { fin, rsv, opcode: Opcode::new(opcode), key, form, length };
        Frame { header, payload: payload.into() }
    }
}

/// The pieces of `octets` at these cuts.
fn cut<'a>(octets: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(octets.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(octets.len());
    let mut at = 0;
    ends.iter()
        .map(|&end| &octets[std::mem::replace(&mut at, end)..end])
        .collect()
}

#[test]
fn every_header_comes_back_as_it_was_written() {
    for bits in 0..=255u8 {
        for (form, lengths) in [
            (Form::Seven, &[0, 1, 125][..]),
            (Form::Sixteen, &[0, 125, 126, 0xfffe, 0xffff]),
            (
                Form::SixtyFour,
                &[0, 126, 0x10000, (1 << 63) - 1, 1 << 63, u64::MAX],
            ),
        ] {
            for (&length, key) in lengths
                .iter()
                .flat_map(|l| [(l, None), (l, Some([1, 2, 3, 4]))])
            {
                let header = Header {
                    fin: bits & 0x80 != 0,
                    rsv: [bits & 0x40 != 0, bits & 0x20 != 0, bits & 0x10 != 0],
                    opcode: Opcode::new(bits),
                    key,
                    form,
                    length,
                };
                let mut out = Vec::new();
                header.encode(&mut out);
                assert_eq!(out.len(), header.size());
                assert_eq!(Header::read(&out), Some(header));
                assert!((0..out.len()).all(|n| Header::read(&out[..n]).is_none()));
                assert_eq!(out[0], bits);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn frames_come_back_however_the_stream_is_cut(
        frames in prop::collection::vec(frame(), 0..5),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        left in 0..10usize,
    ) {
        let mut octets = Vec::new();
        frames.iter().for_each(|frame| frame.encode(&mut octets));
        let mut unfinished = Vec::new();
        Frame::text("an unfinished one").with_key([9, 8, 7, 6]).encode(&mut unfinished);
        octets.extend_from_slice(&unfinished[..left]);
        let (read, decoder, failed) = feed(&cut(&octets, &cuts), 70000);
        prop_assert_eq!(read, frames);
        prop_assert_eq!(failed, None);
        prop_assert_eq!(decoder.pending().octets, left);
        prop_assert_eq!(decoder.pending().header, Header::read(&unfinished[..left]));
    }

    #[test]
    fn any_octets_read_alike_octet_by_octet(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        let whole = decode(&octets, 400);
        let pieces: Vec<&[u8]> = octets.chunks(1).collect();
        let single = feed(&pieces, 400);
        prop_assert_eq!(&whole.0, &single.0);
        prop_assert_eq!(whole.2, single.2);
        // What was read stood there so.
        let mut again = Vec::new();
        whole.0.iter().for_each(|frame| frame.encode(&mut again));
        prop_assert!(octets.starts_with(&again));
        if whole.2.is_none() {
            prop_assert_eq!(whole.1.pending(), single.1.pending());
            prop_assert_eq!(again.len() + whole.1.pending().octets, octets.len());
        }
    }
}
