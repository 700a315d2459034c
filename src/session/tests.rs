//! Sessions against a target that the test plays by hand.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    case::document::Document,
    catalogue::Catalogue,
    wire::{
        close::CloseBody,
        frame::{Decoder, Frame, Opcode},
        handshake::accept::accept,
    },
};

/// A session and the target that the test plays.
struct Play {
    session: Session,
    case: Arc<Case>,
    setup: Setup,
    events: Vec<(Duration, Event)>,
    heard: Decoder,
    shut: bool,
}

impl Play {
    /// Plays `steps` for a target in this role, the ordinary opening handshake included.
    fn new(target: Role, steps: &str) -> Play {
        Play::raw(target, steps).opened()
    }

    /// Plays this case of the catalogue, which begins with the ordinary opening handshake.
    fn of(target: Role, id: &str) -> Play {
        Play::begun(target, case(id)).opened()
    }

    fn opened(self) -> Play {
        let target = self.setup.target;
        let mut play = self;
        let octets = play.write();
        match target {
            Role::Server => {
                let text = String::from_utf8_lossy(&octets).into_owned();
                let key = text
                    .lines()
                    .find_map(|l| l.strip_prefix("Sec-WebSocket-Key: "))
                    .expect("a key");
                let accept = accept(key.as_bytes());
                play.hear(format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
                ).as_bytes());
            }
            Role::Client => {
                play.hear(REQUEST);
                let octets = play.write();
                let end = octets
                    .windows(4)
                    .position(|w| w == b"\r\n\r\n")
                    .expect("a response")
                    + 4;
                play.heard.feed(&octets[end..]);
            }
        }
        play
    }

    fn raw(target: Role, steps: &str) -> Play {
        let text =
            format!("case x\n  title: Does as the test says\n  checks: 6455-5.5.2-2\n\n{steps}");
        Play::begun(
            target,
            Arc::new(Document::only("test", &text).expect("a case")),
        )
    }

    fn begun(target: Role, case: Arc<Case>) -> Play {
        let setup = Setup {
            target,
            host: "localhost".into(),
            resource: "/".into(),
            headers: Vec::new(),
            echo: true,
            greets: false,
            seed: 7,
            patience: Duration::from_secs(1),
        };
        let session = Session::new(case.clone(), setup.clone());
        let mut play = Play {
            session,
            case,
            setup,
            events: Vec::new(),
            heard: Decoder::new(1 << 20),
            shut: false,
        };
        play.event(Duration::ZERO, Event::Connected);
        play
    }

    fn event(&mut self, at: Duration, event: Event) {
        self.events.push((at, event.clone()));
        self.session.handle(at, event);
    }

    /// What the session writes now.
    fn write(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        while let Some(action) = self.session.action() {
            match action {
                Action::Write(pieces) => octets.extend(pieces.concat()),
                Action::Shutdown => self.shut = true,
                Action::Abort => {}
            }
        }
        octets
    }

    /// The frames that the session has written, opcode and payload.
    fn frames(&mut self) -> Vec<(Opcode, Vec<u8>)> {
        let octets = self.write();
        self.heard.feed(&octets);
        std::iter::from_fn(|| self.heard.next_frame().expect("frames"))
            .map(|frame| (frame.header.opcode, frame.payload.to_vec()))
            .collect()
    }

    fn hear(&mut self, octets: &[u8]) {
        self.event(Duration::ZERO, Event::Received(octets.to_vec()));
    }

    fn frame(&mut self, frame: Frame) {
        let key = (self.setup.target == Role::Client).then_some([1, 2, 3, self.events.len() as u8]);
        let mut octets = Vec::new();
        frame.with_key(key).encode(&mut octets);
        self.hear(&octets);
    }

    fn close(&mut self, code: u16) {
        self.frame(Frame::close(&CloseBody::Code(code, Vec::new())));
    }

    fn eof(&mut self) {
        self.event(Duration::ZERO, Event::Eof);
    }

    fn deadline(&mut self) {
        let due = self.session.deadline().expect("a deadline");
        self.event(due, Event::Deadline);
    }

    /// The judgement; replaying gives the same.
    fn judged(self) -> Judgement {
        let judgement = self.session.judgement().cloned().expect("a judgement");
        assert_eq!(
            Session::replay(self.case, self.setup, &self.events),
            judgement
        );
        judgement
    }
}

/// The case of the catalogue that is called so.
fn case(id: &str) -> Arc<Case> {
    let catalogue = Catalogue::embedded().expect("the catalogue is in order");
    let case = catalogue.cases().find(|case| case.id == id);
    case.expect("a case of this name").clone()
}

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: qrvM3e7/ABEiM0RVZneImQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const PING: &str = "  > ping \"now?\"\n  < pong \"now?\"\n";
const OFFENCE: &str = "  > ping \"bad\" rsv2\n  > ping \"probe\"\n  < fail 1002\n";

#[test]
fn passes_a_target_that_does_as_foreseen_and_closes_in_order() {
    for target in [Role::Server, Role::Client] {
        let mut play = Play::new(target, PING);
        assert_eq!(play.frames(), [(Opcode::PING, b"now?".to_vec())]);
        play.frame(Frame::pong(&b"now?"[..]));
        assert_eq!(play.frames(), [(Opcode::CLOSE, vec![3, 232])]);
        play.close(1000);
        play.frames();
        assert_eq!(
            play.shut,
            target == Role::Client,
            "a client waits for the server's FIN"
        );
        play.eof();
        let judgement = play.judged();
        assert_eq!(
            (judgement.verdict, judgement.dropped),
            (Verdict::Pass, false)
        );
    }
}

#[test]
fn a_missing_pong_is_a_time_out_and_names_the_rule() {
    let mut play = Play::new(Role::Server, PING);
    play.deadline();
    let judgement = play.judged();
    assert!(judgement.timed_out);
    let finding = &judgement.findings[0];
    assert_eq!(finding.rule, "6455-5.5.2-2");
    assert_eq!(finding.expected.as_deref(), Some("pong \"now?\""));
    // The 101 that came long before proves nothing about it.
    assert_eq!(finding.received.as_deref(), Some("nothing"));
    assert_eq!(finding.octets, None);
}

#[test]
fn a_pong_with_other_data_is_no_answer_and_no_breach() {
    let mut play = Play::new(Role::Server, PING);
    play.frame(Frame::pong(&b"unsolicited"[..]));
    assert!(play.session.judgement().is_none());
    play.frame(Frame::pong(&b"now?"[..]));
    play.close(1000);
    play.eof();
    assert_eq!(play.judged().verdict, Verdict::Pass);
}

#[test]
fn failing_the_connection_takes_the_end_of_tcp_alone() {
    let judged = |codes: &[u16]| {
        let mut play = Play::new(Role::Server, OFFENCE);
        codes.iter().for_each(|code| play.close(*code));
        play.eof();
        play.judged()
    };
    assert_eq!(judged(&[1002]).verdict, Verdict::Pass);
    let silent = judged(&[]);
    assert_eq!((silent.verdict, silent.dropped), (Verdict::Tolerated, true));
    let other = judged(&[1001]);
    assert_eq!(other.verdict, Verdict::Tolerated);
    assert!(other.reason.contains("1001"), "{}", other.reason);
    // A code that is never on the wire is a breach of its own.
    assert_eq!(judged(&[1005]).findings[0].rule, "6455-7.4.1-7");
}

#[test]
fn who_fails_the_connection_may_wait_for_the_reply_before_it_ends_tcp() {
    let mut play = Play::new(Role::Server, OFFENCE);
    let patience = play.setup.patience;
    assert_eq!(play.session.deadline(), Some(patience));
    play.close(1002);
    // One that waits for exactly as long as a step may take.
    assert_eq!(play.session.deadline(), Some(2 * patience));
    play.event(patience, Event::Eof);
    assert_eq!(play.judged().verdict, Verdict::Pass);

    let mut play = Play::new(Role::Server, OFFENCE);
    play.close(1002);
    play.deadline();
    let judgement = play.judged();
    assert!(judgement.timed_out);
    assert_eq!(judgement.findings[0].what, LINGERS);
}

#[test]
fn each_code_that_a_case_names_is_right() {
    for code in [1002_u16, 1009] {
        let steps = "  > ping ascii(126)\n  < fail 1002 or fail 1009\n";
        let mut play = Play::new(Role::Server, steps);
        play.close(code);
        play.eof();
        assert_eq!(play.judged().verdict, Verdict::Pass, "{code}");
    }
    // Where failing is but tolerated, too.
    for (code, verdict) in [
        (1008_u16, Verdict::Tolerated),
        (1009, Verdict::Tolerated),
        (1001, Verdict::Inconclusive),
    ] {
        let steps = "  > text \"a\"\n  < text \"a\"\n  ~ fail 1009 or fail 1008 \"a limit\"\n";
        let mut play = Play::new(Role::Server, steps);
        play.close(code);
        play.eof();
        assert_eq!(play.judged().verdict, verdict, "{code}");
    }
}

#[test]
fn a_target_that_goes_on_behind_the_offence_fails() {
    let mut play = Play::new(Role::Server, OFFENCE);
    play.frame(Frame::pong(&b"probe"[..]));
    assert_eq!(play.judged().verdict, Verdict::Fail);
    // A pong for what came before the offence says nothing.
    let mut play = Play::new(Role::Server, &format!("  > ping \"before\"\n{OFFENCE}"));
    play.frame(Frame::pong(&b"before"[..]));
    play.close(1002);
    play.eof();
    assert_eq!(play.judged().verdict, Verdict::Pass);
}

#[test]
fn who_reads_on_behind_its_own_failing_close_breaks_another_rule() {
    for (code, rule) in [(1002, "6455-7.1.7-7"), (1000, "6455-5.5.2-2")] {
        let mut play = Play::new(Role::Server, OFFENCE);
        play.close(code);
        play.frame(Frame::pong(&b"probe"[..]));
        let judged = play.judged();
        assert_eq!(judged.verdict, Verdict::Fail, "{code}");
        assert_eq!(judged.findings[0].rule, rule, "{}", judged.reason);
    }
}

#[test]
fn a_client_says_nothing_before_the_empty_line_of_the_101() {
    let steps = "  < request\n  > response 101 end=\"\"\n  < silence 300ms\n  > bytes \"\\r\\n\"\n  \
        > pause\n  > ping \"probe\"\n  < pong \"probe\"\n";
    for early in [Some(Frame::ping("early")), Some(Frame::text("early")), None] {
        let mut play = Play::raw(Role::Client, steps);
        play.hear(REQUEST);
        let head = play.write();
        assert!(head.starts_with(b"HTTP/1.1 101 ") && !head.ends_with(b"\r\n\r\n"));
        let wanted = match early {
            Some(frame) => {
                play.frame(frame);
                assert_eq!(play.write(), b"", "no answer in the middle of the head");
                Verdict::Fail
            }
            None => {
                play.deadline();
                let rest = play.write();
                play.heard.feed(&rest[2..]);
                play.frame(Frame::pong(&b"probe"[..]));
                play.close(1000);
                play.frames();
                play.eof();
                Verdict::Pass
            }
        };
        let judged = play.judged();
        assert_eq!(judged.verdict, wanted, "{}", judged.reason);
        assert!(judged.findings.iter().all(|f| f.rule == "6455-4.1-38"));
    }
}

#[test]
fn a_failure_says_what_is_wrong_first() {
    // Part of what was broken, as a server does that passes on the valid beginning of a text.
    let mut play = Play::new(Role::Server, "  > text \"a\" + x\"e2 82\"\n  < fail 1007\n");
    play.frame(Frame::text("a"));
    let judged = play.judged();
    assert_eq!(judged.verdict, Verdict::Fail);
    assert!(
        judged
            .reason
            .starts_with("went on after a frame that breaks the protocol"),
        "{}",
        judged.reason
    );
    // With another status, headers are not what is wrong.
    let steps = "  > request\n  < response 101\n    + Sec-WebSocket-Protocol\n";
    let mut play = Play::raw(Role::Server, steps);
    play.write();
    play.hear(b"HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        play.judged().reason,
        "answered the opening handshake with status 400"
    );
}

#[test]
fn text_may_be_judged_as_late_as_the_application_reads_it() {
    let steps = "  > text x\"ff\"\n  > ping \"probe\"\n  < fail 1007\n";
    let mut play = Play::new(Role::Server, steps);
    play.frame(Frame::pong(&b"probe"[..]));
    play.close(1007);
    play.eof();
    assert_eq!(play.judged().verdict, Verdict::Tolerated);
    // It has to be judged, though, and nothing delivered.
    let mut play = Play::new(Role::Server, steps);
    play.frame(Frame::pong(&b"probe"[..]));
    play.deadline();
    assert_eq!(play.judged().verdict, Verdict::Fail);
    let mut play = Play::new(Role::Server, &steps.replace("ping", "text"));
    play.frame(Frame::text("probe"));
    assert_eq!(play.judged().verdict, Verdict::Fail);
}

#[test]
fn a_close_without_the_end_of_tcp_is_not_enough() {
    let mut play = Play::new(Role::Server, OFFENCE);
    play.close(1002);
    assert!(
        play.frames()
            .iter()
            .any(|(opcode, _)| *opcode == Opcode::CLOSE),
        "the suite replies"
    );
    play.deadline();
    assert_eq!(play.judged().findings[0].rule, "6455-7.1.7-3");
}

#[test]
fn a_target_that_fails_the_connection_has_its_patience_twice_to_end_tcp() {
    let mut play = Play::new(
        Role::Server,
        "  > ping \"a\" rsv2\n  < fail 1002 or silence 300ms\n",
    );
    let at = Duration::from_millis(100);
    let mut octets = Vec::new();
    Frame::close(&CloseBody::Code(1002, Vec::new())).encode(&mut octets);
    play.event(at, Event::Received(octets));
    assert_eq!(play.session.deadline(), Some(at + 2 * play.setup.patience));
    play.event(Duration::from_millis(1900), Event::Eof);
    assert_eq!(play.judged().verdict, Verdict::Pass);
}

#[test]
fn a_failing_client_may_wait_for_the_server_to_close() {
    let mut play = Play::new(Role::Client, OFFENCE);
    play.deadline();
    play.frames();
    assert!(play.shut);
    play.eof();
    assert_eq!(play.judged().verdict, Verdict::Tolerated);
}

#[test]
fn behind_the_closing_handshake_the_suite_closes_tcp_first_as_a_server_does() {
    let steps = "  > close 1000\n  < close 1000\n  < eof\n";
    for (role, closes_first) in [(Role::Client, true), (Role::Server, false)] {
        let mut play = Play::new(role, steps);
        play.frames();
        assert!(!play.shut, "before the reply");
        play.close(1000);
        play.frames();
        assert_eq!(play.shut, closes_first, "{role:?}");
        play.eof();
        assert_eq!(play.judged().verdict, Verdict::Pass);
    }
}

#[test]
fn a_client_that_ignores_the_offence_is_found_out_before_tcp_ends() {
    let mut play = Play::new(Role::Client, "  > text \"bad\" rsv2\n  < fail 1002\n");
    play.frames();
    play.deadline();
    let asked = play.frames();
    let [(Opcode::PING, payload)] = &asked[..] else {
        panic!("{asked:?}");
    };
    play.frame(Frame::pong(payload.clone()));
    assert_eq!(play.judged().verdict, Verdict::Fail);
}

#[test]
fn the_observer_never_sleeps() {
    let mut play = Play::new(Role::Server, PING);
    let mut octets = Vec::new();
    Frame::pong(&b"now?"[..])
        .with_key([1, 2, 3, 4])
        .encode(&mut octets);
    play.hear(&octets);
    play.close(1000);
    play.eof();
    let judgement = play.judged();
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert!(judgement.findings[0].observed);
    assert_eq!(judgement.findings[0].rule, "6455-5.1-5");
}

#[test]
fn a_pong_and_a_message_may_pass_each_other() {
    let steps = "  > text \"a\"\n  > ping \"p\"\n  < text \"a\"\n  < pong \"p\"\n";
    for pong_first in [true, false] {
        let mut play = Play::new(Role::Server, steps);
        let frames = [Frame::pong(&b"p"[..]), Frame::text("a")];
        let order = if pong_first { [0, 1] } else { [1, 0] };
        order
            .iter()
            .for_each(|index| play.frame(frames[*index].clone()));
        play.close(1000);
        play.eof();
        assert_eq!(play.judged().verdict, Verdict::Pass);
    }
}

#[test]
fn messages_keep_their_order_and_their_payload() {
    let steps = "  > text \"a\"\n  > text \"b\"\n  < text \"a\"\n  < text \"b\"\n";
    for wrong in ["b", "c"] {
        let mut play = Play::new(Role::Server, steps);
        play.frame(Frame::text(wrong));
        assert_eq!(play.judged().verdict, Verdict::Fail);
    }
}

#[test]
fn a_greeting_is_no_answer() {
    let mut play = Play::new(Role::Server, "  > text \"a\"\n  < text \"a\"\n");
    play.session.setup.greets = true;
    play.setup.greets = true;
    play.frame(Frame::text("welcome"));
    play.frame(Frame::text("a"));
    play.close(1000);
    play.eof();
    assert_eq!(play.judged().verdict, Verdict::Pass);
    // What says its own behind the answer is no echo.
    let mut play = Play::new(Role::Server, "  > text \"a\"\n  < text \"a\"\n");
    play.session.setup.greets = true;
    play.setup.greets = true;
    play.frame(Frame::text("a"));
    play.frame(Frame::text("more"));
    assert_eq!(play.judged().verdict, Verdict::Fail);
}

#[test]
fn where_failing_is_tolerated_another_close_is_none() {
    let steps = "  > ping \"p\"\n  < pong \"p\"\n  ~ fail 1008 \"limits are free\"\n";
    for (code, verdict) in [
        (1008, Verdict::Tolerated),
        (1001, Verdict::Inconclusive),
        (1002, Verdict::Fail),
    ] {
        let mut play = Play::new(Role::Server, steps);
        play.close(code);
        play.eof();
        assert_eq!(play.judged().verdict, verdict, "{code}");
    }
}

#[test]
fn an_offence_behind_the_close_frame_may_take_the_reply_with_it() {
    for target in [Role::Server, Role::Client] {
        let ended = |row: &str| {
            let mut play = Play::of(target, &format!("close/behind/ignored[{row}]"));
            play.write();
            play.eof();
            play.judged().verdict
        };
        for row in ["opcode", "bits", "utf8", "garbage", "header", "large"] {
            assert_eq!(ended(row), Verdict::Tolerated, "{target} {row}");
        }
        // Nothing has to be failed over these.
        for row in ["pong", "open"] {
            assert_eq!(ended(row), Verdict::Fail, "{target} {row}");
        }
    }
}

#[test]
fn one_signature_may_be_left_out() {
    let echoed = |text: &str| {
        let mut play = Play::of(Role::Client, "utf8/valid/text[boms]");
        play.frames();
        play.frame(Frame::text(text));
        if play.session.judgement().is_none() {
            play.close(1000);
            play.eof();
        }
        play.judged().verdict
    };
    assert_eq!(echoed("\u{feff}\u{feff}\u{feff}"), Verdict::Pass);
    assert_eq!(echoed("\u{feff}\u{feff}"), Verdict::Tolerated);
    assert_eq!(echoed("\u{feff}"), Verdict::Fail);
}

#[test]
fn several_pings_need_one_pong() {
    let steps = "  > ping \"1\"\n  > ping \"2\"\n  < pong \"1\"\n  < pong \"2\"\n";
    let mut play = Play::new(Role::Server, steps);
    play.frame(Frame::pong(&b"2"[..]));
    play.close(1000);
    play.eof();
    assert_eq!(play.judged().verdict, Verdict::Pass);
}

#[test]
fn an_unasked_lawful_close_proves_nothing() {
    for (code, verdict) in [(1001, Verdict::Inconclusive), (1002, Verdict::Fail)] {
        let mut play = Play::new(Role::Server, PING);
        play.close(code);
        assert_eq!(play.judged().verdict, verdict);
    }
}

#[test]
fn only_binary_data_may_be_of_a_type_that_is_not_taken() {
    for (kind, verdict) in [("text", Verdict::Fail), ("binary", Verdict::Inconclusive)] {
        let steps = format!("  > {kind} \"a\"\n  < {kind} \"a\"\n");
        let mut play = Play::new(Role::Server, &steps);
        play.close(1003);
        assert_eq!(play.judged().verdict, verdict, "{kind}");
    }
}

#[test]
fn a_branch_is_the_rest_of_the_case() {
    let steps = "  > text \"a\"\n  < text \"a\"\n  ~ text \"A\" \"it shouts\"\n    > ping \"b\"\n    < pong \"b\"\n  > ping \"c\"\n  < pong \"c\"\n";
    let mut play = Play::new(Role::Server, steps);
    play.frames();
    play.frame(Frame::text("A"));
    assert_eq!(play.frames(), [(Opcode::PING, b"b".to_vec())]);
    play.frame(Frame::pong(&b"b"[..]));
    play.close(1000);
    play.eof();
    let judgement = play.judged();
    assert_eq!(
        (judgement.verdict, judgement.reason.as_str()),
        (Verdict::Tolerated, "it shouts")
    );
}

#[test]
fn the_ordinary_closing_handshake_is_checked() {
    // No reply, reply without end, end without reply.
    let mut play = Play::new(Role::Server, PING);
    play.frame(Frame::pong(&b"now?"[..]));
    play.deadline();
    assert_eq!(play.judged().findings[0].rule, "6455-5.5.1-9");
    let mut play = Play::new(Role::Server, PING);
    play.frame(Frame::pong(&b"now?"[..]));
    play.close(1000);
    play.deadline();
    assert_eq!(play.judged().findings[0].rule, "6455-5.5.1-15");
    let mut play = Play::new(Role::Server, PING);
    play.frame(Frame::pong(&b"now?"[..]));
    play.eof();
    let judgement = play.judged();
    assert_eq!(judgement.findings[0].rule, "6455-5.5.1-9");
    assert!(judgement.dropped);
}

#[test]
fn the_observer_sees_the_opening_handshake() {
    let rules = |judgement: Judgement| -> Vec<String> {
        let observed = judgement.findings.into_iter().filter(|f| f.observed);
        observed.map(|finding| finding.rule).collect()
    };

    let mut play = Play::raw(Role::Server, PING);
    play.write();
    play.hear(
        b"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\
          Sec-WebSocket-Protocol: chat\r\n\r\n",
    );
    play.frame(Frame::pong(&b"now?"[..]));
    play.close(1000);
    play.eof();
    assert_eq!(rules(play.judged()), ["6455-4.2.2-17", "6455-4.2.2-11"]);

    // The example key of the RFC, and a ping that does not wait for the 101.
    let mut play = Play::raw(Role::Client, PING);
    let request = String::from_utf8_lossy(REQUEST)
        .replace("qrvM3e7/ABEiM0RVZneImQ==", "dGhlIHNhbXBsZSBub25jZQ==");
    play.hear(&[request.as_bytes(), b"\x89\x80\x11\x22\x33\x44"].concat());
    play.write();
    play.frame(Frame::pong(&b"now?"[..]));
    play.close(1000);
    play.eof();
    assert_eq!(rules(play.judged()), ["6455-4.1-27", "6455-4.1-38"]);
}

#[test]
fn a_client_that_takes_a_bad_101_for_good_fails() {
    let bad = "  < request\n  > response 101\n    - Upgrade\n  > ping \"probe\"\n  < eof\n";
    let played = |act: fn(&mut Play)| {
        let mut play = Play::raw(Role::Client, bad);
        play.hear(REQUEST);
        play.write();
        act(&mut play);
        play.judged()
    };
    let frames: [fn(&mut Play); 3] = [
        |play| play.frame(Frame::pong(&b"probe"[..])),
        |play| play.frame(Frame::ping(&b"hello"[..])),
        |play| play.frame(Frame::new(Opcode::TEXT, &b"hello"[..])),
    ];
    for act in frames {
        let judgement = played(act);
        assert_eq!(judgement.verdict, Verdict::Fail, "{judgement:?}");
    }
    // A Close frame says that it does not, and belongs to connections that were open. Whoever sends one has to end TCP all the same.
    fn closes(play: &mut Play) {
        play.close(1002);
        play.write();
        assert!(play.shut, "a client may wait for the server to end TCP");
    }
    let judgement = played(|play| {
        closes(play);
        play.eof();
    });
    assert_eq!(judgement.verdict, Verdict::Tolerated, "{judgement:?}");
    let judgement = played(|play| {
        closes(play);
        play.deadline();
    });
    assert_eq!(judgement.verdict, Verdict::Fail, "{judgement:?}");
    assert_eq!(played(Play::eof).verdict, Verdict::Pass);
    // One that waits for the server to end TCP first.
    let waits = |play: &mut Play| {
        play.deadline();
        play.write();
        assert!(play.shut);
        play.eof();
    };
    assert_eq!(played(waits).verdict, Verdict::Pass);
}

#[test]
fn a_close_frame_that_nobody_asked_for_fails_the_cases_about_it() {
    for id in [
        "close/opening/client-sends-no-close-frame[no-upgrade]",
        "handshake/client-upgrade/no-close-frame",
    ] {
        let mut play = Play::begun(Role::Client, case(id));
        play.hear(REQUEST);
        play.write();
        play.close(1002);
        let judgement = play.judged();
        assert_eq!(judgement.verdict, Verdict::Fail, "{id}");
        assert_eq!(judgement.findings[0].rule, "6455-7.2.1-1");
        assert_eq!(crate::rules::level(&case(id)), crate::case::Level::Should);
    }
}

#[test]
fn behind_a_refusal_frames_and_requests_are_told_apart() {
    let played = |act: &dyn Fn(&mut Play)| {
        let mut play = Play::begun(Role::Client, case("handshake/client-status/status[200]"));
        play.hear(REQUEST);
        play.write();
        act(&mut play);
        let (judgement, transcript) = play.session.finish();
        (judgement, transcript.entries)
    };
    let (judgement, transcript) = played(&|play| play.frame(Frame::pong(&b"probe"[..])));
    assert_eq!(
        judgement.reason,
        "took the connection for open: sent pong \"probe\""
    );
    assert_eq!(judgement.findings[0].rule, "6455-4.1-39");
    assert_eq!(transcript.last().expect("a line").text, "pong \"probe\"");

    let (judgement, transcript) = played(&|play| {
        play.hear(REQUEST);
        play.write();
        play.eof();
    });
    assert_eq!(judgement.verdict, Verdict::Tolerated, "{judgement:?}");
    let requests = transcript
        .iter()
        .filter(|entry| entry.who == '<' && entry.text.contains("GET / HTTP/1.1"));
    assert_eq!(requests.count(), 2, "{transcript:?}");

    let (judgement, _) = played(&|play| play.hear(&[0xff; 40]));
    assert!(judgement.reason.contains("neither a request nor a frame"));
}

#[test]
fn a_subprotocol_is_answered_unless_the_case_says_otherwise() {
    let written = |steps: &str| {
        let mut play = Play::raw(Role::Client, steps);
        let request = String::from_utf8_lossy(REQUEST).replace(
            "Upgrade: websocket",
            "Sec-WebSocket-Protocol: chat, superchat\r\nUpgrade: websocket",
        );
        play.hear(request.as_bytes());
        String::from_utf8(play.write()).expect("text")
    };
    let line = "Sec-WebSocket-Protocol: chat\r\n";
    let own = "  < request\n  > response 101\n";
    assert!(written("  < silence 1s\n").contains(line));
    assert!(written(&format!("{own}  < silence 1s\n")).contains(line));
    let without = format!("{own}    - Sec-WebSocket-Protocol\n  < silence 1s\n");
    assert!(!written(&without).contains("Sec-WebSocket-Protocol"));
    let interim = "  < request\n  > response 103\n  < silence 1s\n";
    assert_eq!(written(interim), "HTTP/1.1 103 Early Hints\r\n\r\n");
}

#[test]
fn a_client_that_takes_an_interim_response_for_the_101_fails() {
    let mut play = Play::raw(
        Role::Client,
        "  < request\n  > response 103\n  > ping \"probe\"\n  < eof\n",
    );
    play.hear(REQUEST);
    play.write();
    play.frame(Frame::pong(&b"probe"[..]));
    play.eof();
    let judgement = play.judged();
    assert_eq!(judgement.findings[0].rule, "6455-4.1-38");
}

#[test]
fn a_ping_of_the_target_is_answered() {
    let mut play = Play::new(Role::Server, PING);
    play.frames();
    play.frame(Frame::ping(&b"alive?"[..]));
    assert_eq!(play.frames(), [(Opcode::PONG, b"alive?".to_vec())]);
}

#[test]
fn a_refused_ordinary_opening_says_nothing_of_the_case() {
    let mut play = Play::raw(Role::Server, PING);
    play.write();
    play.hear(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(play.judged().verdict, Verdict::Inconclusive);
}

#[test]
fn a_101_proves_that_a_bad_request_was_accepted() {
    let steps = "  > request\n    - Host\n  < refusal 400\n";
    for (status, verdict) in [
        (400, Verdict::Pass),
        (404, Verdict::Tolerated),
        (101, Verdict::Fail),
    ] {
        let mut play = Play::raw(Role::Server, steps);
        play.write();
        play.hear(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").as_bytes());
        assert_eq!(play.judged().verdict, verdict, "{status}");
    }
    let mut play = Play::raw(Role::Server, steps);
    play.write();
    play.eof();
    assert_eq!(play.judged().verdict, Verdict::Tolerated);
}

#[test]
fn octets_that_are_no_response_are_no_refusal() {
    let judged = |steps: &str, octets: &[u8], eof: bool| {
        let mut play = Play::raw(Role::Server, steps);
        play.write();
        play.hear(octets);
        if eof {
            play.eof();
        }
        let last = play.session.transcript().last('<').cloned();
        (play.judged(), last)
    };
    let steps = "  > request\n    - Host\n  < refusal\n";
    for octets in [
        &b"Bad Request\r\n"[..],
        b"no",
        b"HTTP/1.1 Bad Request\r\n\r\n",
        b"\x88\x02\x03\xea",
    ] {
        let (judgement, line) = judged(steps, octets, false);
        assert_eq!(judgement.verdict, Verdict::Fail, "{judgement:?}");
        assert!(
            judgement
                .reason
                .contains("no HTTP response, where an HTTP error such as 400 was due")
        );
        let finding = &judgement.findings[0];
        let came = finding.received.as_deref().expect("octets");
        assert!(came.starts_with("bytes "), "{came}");
        let hex = octets.iter().map(|octet| format!("{octet:02x}"));
        assert_eq!(finding.octets, Some(hex.collect::<Vec<_>>().join(" ")));
        assert_eq!(line.expect("it was said").octets, octets);
    }
    // Who is asked in another version may know none that has a status line.
    for version in ["HTTP/0.9", "HTTP/2.0", "1.1"] {
        let steps = format!("  > request version=\"{version}\"\n  < refusal\n");
        let (judgement, _) = judged(&steps, b"<html>Bad Request</html>\n", true);
        assert_eq!(judgement.verdict, Verdict::Tolerated, "{judgement:?}");
        assert!(judgement.reason.contains("HTTP/0.9"), "{judgement:?}");
    }
    let steps_2 = "  > request version=\"HTTP/2.0\"\n  < refusal\n";
    let (judgement, _) = judged(steps_2, b"\x88\x02\x03\xea", true);
    assert_eq!(judgement.verdict, Verdict::Fail, "{judgement:?}");
    // What breaks off may be lost on the way: a reset takes what was not read yet.
    let (judgement, _) = judged(steps, b"HTTP/1.1 400 Bad", true);
    assert_eq!(judgement.verdict, Verdict::Tolerated);
    assert!(
        judgement.reason.contains("its answer broke off"),
        "{judgement:?}"
    );
}

#[test]
fn frames_hidden_in_a_body_must_not_be_obeyed() {
    let steps = "  > request body=x\"89 82 00 00 00 00 68 69\"\n    Content-Length: 8\n  < response 101\n  < silence 200ms\n";
    let mut play = Play::new(Role::Server, steps);
    play.frame(Frame::pong(&b"hi"[..]));
    assert_eq!(play.judged().verdict, Verdict::Fail);
}

#[test]
fn a_message_out_of_a_body_is_not_said_to_come_behind_a_close() {
    let steps = "  > request body=x\"81 82 00 00 00 00 68 69\"\n    Content-Length: 8\n  < response 101\n  < silence 200ms\n";
    let mut play = Play::new(Role::Server, steps);
    play.frame(Frame::text("hi"));
    let judgement = play.judged();
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert_eq!(
        judgement.findings[0].what,
        "obeyed octets that are no frame"
    );
}

#[test]
fn endless_octets_end() {
    let mut play = Play::new(Role::Server, PING);
    let mut ping = Vec::new();
    Frame::ping(vec![0; 125]).encode(&mut ping);
    let many = ping.repeat(10_000);
    for _ in 0..100 {
        play.session
            .handle(Duration::ZERO, Event::Received(many.clone()));
        while play.session.action().is_some() {}
    }
    let judgement = play.session.judgement().expect("a judgement");
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert!(play.session.transcript().entries.len() <= transcript::MAX_ENTRIES);
}
