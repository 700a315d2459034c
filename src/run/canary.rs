//! The canary: one connection that shows whether the target is there, and what it does (opening handshake, echo, ping, close).
//!
//! It judges nothing: it learns what a run has to know, and keeps what came for the sentence that is told when the target is not to be had.

use std::{collections::VecDeque, time::Duration};

use crate::{
    case::HandshakeStep,
    drive::End,
    session::{Action, Event, Setup},
    wire::{
        close::CloseBody,
        frame::{Decoder, Frame, Opcode},
        handshake::{HeadError, HeadReader, Response, Values, write},
    },
};

/// The most octets that a frame of the target may have here.
const MAX: usize = 1 << 20;
/// The most octets that are looked at before the canary gives up.
const ENOUGH: usize = 4 << 20;
/// How long a target that answers is given at least for its next answer.
const SOON: Duration = Duration::from_secs(1);
/// The first octets that came, kept for the sentence.
const KEPT: usize = 512;

/// What a canary is to try, beside the opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flight {
    /// Nothing: the target is there when it answers 101.
    Pulse,
    /// Echo, ping and close.
    Whole,
}

/// What a canary saw.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// The final response.
    pub response: Option<Response>,
    /// Why there is none.
    pub unread: Option<HeadError>,
    /// Octets behind the response, as far as they came with it.
    pub body: Vec<u8>,
    /// The first octets that came.
    pub first: Vec<u8>,
    /// How many octets came before the response was complete.
    pub before: usize,
    /// How TCP ended, if it did.
    pub end: Option<Event>,
    /// What was sent came back, or what is close to it: whether an echo is right is for the cases to say.
    pub echo: bool,
    /// Something else was said first.
    pub greets: bool,
    /// A ping was answered.
    pub ping: bool,
    /// A Close was answered.
    pub close: bool,
    /// How long the target took for its slowest answer, the closing left aside.
    pub round_trip: Duration,
}

impl Sight {
    /// Whether a WebSocket answers there, whatever it is worth.
    pub fn is_up(&self) -> bool {
        self.response.as_ref().is_some_and(|r| r.status == 101)
    }
}

/// A canary in flight.
pub struct Canary {
    flight: Flight,
    values: Values,
    patience: Duration,
    rng: fastrand::Rng,
    stage: Stage,
    heads: HeadReader<Response>,
    decoder: Decoder,
    /// The beginning of the message that is coming in.
    message: Vec<u8>,
    /// Whether it has ended.
    ended: bool,
    received: usize,
    begun: Duration,
    since: Duration,
    actions: VecDeque<Action>,
    sight: Sight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The response is awaited.
    Opening,
    /// Echo and pong are awaited.
    Open,
    /// Close and the end of TCP are awaited.
    Closing,
    /// All is seen.
    Over,
}

/// Text and ping of the canary.
const WORD: &str = "wsspec sends a canary";

/// Whether a message can be an echo of [`WORD`], be it cut or spoiled: half of it stands where it should, from either end. One that says more is an answer of an application,
/// unless it has swallowed the header of the next frame: no character begins with such an octet.
fn is_echo(payload: &[u8]) -> bool {
    let word = WORD.as_bytes();
    let at_front = payload.iter().zip(word).filter(|(a, b)| a == b).count();
    let at_end = payload.iter().rev().zip(word.iter().rev());
    let alike = at_front.max(at_end.filter(|(a, b)| a == b).count());
    let more = payload.get(WORD.len());
    2 * alike >= WORD.len() && more.is_none_or(|octet| (0x80..=0x8f).contains(octet))
}

/// What the ordinary request says, with a key of its own.
fn values(setup: &Setup, rng: &mut fastrand::Rng) -> Values {
    let key: [u8; 16] = std::array::from_fn(|_| rng.u8(..));
    Values {
        key: data_encoding::BASE64.encode(&key).into_bytes(),
        host: setup.host.clone(),
        target: setup.resource.clone(),
        headers: setup.headers.clone(),
        ..Values::default()
    }
}

/// The ordinary request.
pub fn request(setup: &Setup) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(setup.seed);
    write::request(&HandshakeStep::default(), &values(setup, &mut rng))
}

impl Canary {
    /// For a server; the seed makes key and masks.
    pub fn new(flight: Flight, setup: &Setup) -> Canary {
        let mut rng = fastrand::Rng::with_seed(setup.seed);
        let values = values(setup, &mut rng);
        Canary {
            flight,
            values,
            patience: setup.patience,
            rng,
            stage: Stage::Opening,
            heads: HeadReader::response(),
            decoder: Decoder::new(MAX),
            message: Vec::new(),
            ended: true,
            received: 0,
            begun: Duration::ZERO,
            since: Duration::ZERO,
            actions: VecDeque::new(),
            sight: Sight::default(),
        }
    }

    /// What it saw.
    pub fn sight(self) -> Sight {
        self.sight
    }

    fn send(&mut self, frame: Frame) {
        // RFC 6455, section 5.1: a client masks.
        let mut octets = Vec::new();
        frame
            .with_key(self.rng.u32(..).to_be_bytes())
            .encode(&mut octets);
        self.actions.push_back(Action::Write(vec![octets]));
    }

    fn read_head(&mut self, octets: &[u8]) {
        self.heads.feed(octets);
        let response = match self.heads.next() {
            Ok(None) => return,
            Ok(Some(response)) => response,
            Err(error) => {
                self.sight.unread = Some(error);
                self.stage = Stage::Over;
                return;
            }
        };
        // Interim responses come before the final one (RFC 9110, section 15.2).
        if matches!(response.status, 100 | 102..=199) {
            return self.read_head(&[]);
        }
        let rest = self.heads.take_rest();
        let up = response.status == 101;
        self.sight.response = Some(response);
        if !up {
            self.sight.body = rest;
            self.stage = Stage::Over;
            return;
        }
        match self.flight {
            Flight::Pulse => {
                self.send(Frame::close(&CloseBody::new(1000, "")));
                self.stage = Stage::Over;
            }
            Flight::Whole => {
                self.send(Frame::text(WORD));
                self.send(Frame::ping(WORD));
                self.stage = Stage::Open;
                self.read_frames(&rest);
            }
        }
    }

    fn read_frames(&mut self, octets: &[u8]) {
        self.decoder.feed(octets);
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => self.frame(frame),
                Ok(None) => return,
                // Out of step: the cases will tell.
                Err(_) => {
                    self.stage = Stage::Over;
                    return;
                }
            }
        }
    }

    fn frame(&mut self, frame: Frame) {
        match frame.header.opcode {
            Opcode::PING if self.stage == Stage::Open => self.send(Frame::pong(frame.payload)),
            Opcode::PONG => self.sight.ping |= frame.payload == WORD.as_bytes(),
            Opcode::CLOSE => {
                self.sight.close = self.stage == Stage::Closing;
                self.close();
                // How TCP ends is for the cases to see.
                self.stage = Stage::Over;
            }
            opcode if opcode.is_data() => {
                // By FIN alone: which opcode a fragment has is for the cases to judge.
                if std::mem::replace(&mut self.ended, frame.header.fin) {
                    self.message.clear();
                }
                let room = (WORD.len() + 1).saturating_sub(self.message.len());
                self.message.extend(frame.payload.iter().take(room));
                self.sight.echo |= is_echo(&self.message);
                self.sight.greets |= frame.header.fin && !self.sight.echo;
            }
            _ => {}
        }
        if self.sight.echo && self.sight.ping {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.stage == Stage::Open {
            self.send(Frame::close(&CloseBody::new(1000, "")));
            self.stage = Stage::Closing;
        }
    }
}

impl End for Canary {
    fn handle(&mut self, at: Duration, event: Event) {
        let waited = at.saturating_sub(self.since);
        if !matches!(event, Event::Written) {
            self.since = at;
        }
        match event {
            Event::Connected => {
                let request = write::request(&HandshakeStep::default(), &self.values);
                self.actions.push_back(Action::Write(vec![request]));
                self.sight.round_trip = waited;
                self.begun = at;
            }
            Event::Written => {}
            Event::Received(octets) => {
                self.received += octets.len();
                let room = KEPT.saturating_sub(self.sight.first.len());
                self.sight.first.extend(octets.iter().take(room));
                match self.stage {
                    Stage::Opening => {
                        self.sight.before += octets.len();
                        self.sight.round_trip = self.sight.round_trip.max(waited);
                        self.read_head(&octets);
                    }
                    Stage::Open => {
                        self.sight.round_trip = self.sight.round_trip.max(waited);
                        self.read_frames(&octets);
                    }
                    Stage::Closing => self.read_frames(&octets),
                    Stage::Over => {}
                }
                if self.received > ENOUGH {
                    self.stage = Stage::Over;
                }
            }
            Event::Eof | Event::Reset(_) => {
                self.sight.end = Some(event);
                self.stage = Stage::Over;
            }
            Event::Deadline => match self.stage {
                Stage::Open => self.close(),
                _ => self.stage = Stage::Over,
            },
        }
    }
    fn action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
    fn deadline(&self) -> Option<Duration> {
        // Where the echo has come, a ping or a Close that is not answered by now is not worth the whole patience: the cases judge it.
        let patience = match self.sight.echo {
            true => self.patience.min(SOON.max(self.sight.round_trip * 30)),
            false => self.patience,
        };
        // A target that goes on sending without getting anywhere does not hold it up for ever.
        Some((self.since + patience).min(self.begun + self.patience * 3))
    }
    fn is_done(&self) -> bool {
        self.stage == Stage::Over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Role;

    const UP: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn canary(flight: Flight) -> Canary {
        let setup = Setup {
            target: Role::Server,
            host: "h:1".into(),
            resource: "/chat?x".into(),
            headers: vec![("Origin".into(), "o".into())],
            echo: false,
            greets: false,
            seed: 7,
            patience: MS(1000),
        };
        Canary::new(flight, &setup)
    }

    /// All octets that it wants to send now.
    fn sent(canary: &mut Canary) -> Vec<u8> {
        let actions = std::iter::from_fn(|| canary.action());
        let pieces = actions.flat_map(|action| match action {
            Action::Write(pieces) => pieces.concat(),
            other => panic!("{other:?}"),
        });
        pieces.collect()
    }

    fn frames(octets: &[u8]) -> Vec<Frame> {
        let mut decoder = Decoder::new(MAX);
        decoder.feed(octets);
        std::iter::from_fn(|| decoder.next_frame().unwrap()).collect()
    }

    fn server(frames: impl IntoIterator<Item = Frame>) -> Event {
        let mut octets = Vec::new();
        frames
            .into_iter()
            .for_each(|frame| frame.encode(&mut octets));
        Event::Received(octets)
    }

    #[test]
    fn asks_as_the_command_line_says() {
        let mut canary = canary(Flight::Pulse);
        canary.handle(MS(1), Event::Connected);
        let request = String::from_utf8(sent(&mut canary)).unwrap();
        assert!(
            request.starts_with("GET /chat?x HTTP/1.1\r\nHost: h:1\r\n"),
            "{request}"
        );
        assert!(request.contains("\r\nOrigin: o\r\n") && request.ends_with("\r\n\r\n"));
    }

    #[test]
    fn a_pulse_is_over_with_the_101() {
        let mut canary = canary(Flight::Pulse);
        canary.handle(MS(1), Event::Connected);
        sent(&mut canary);
        let (first, second) = UP.split_at(20);
        canary.handle(MS(2), Event::Received(first.to_vec()));
        assert!(!canary.is_done());
        canary.handle(MS(9), Event::Received(second.to_vec()));
        assert!(canary.is_done());
        let close = frames(&sent(&mut canary));
        assert_eq!((close.len(), close[0].header.opcode), (1, Opcode::CLOSE));
        assert!(close[0].header.key.is_some());
        let sight = canary.sight();
        assert!(sight.is_up());
        assert_eq!(sight.round_trip, MS(7));
    }

    #[test]
    fn learns_echo_ping_and_close() {
        let mut canary = canary(Flight::Whole);
        canary.handle(MS(1), Event::Connected);
        sent(&mut canary);
        // A greeting and a ping of the target right behind the head: lawful.
        let mut octets = UP.to_vec();
        Frame::text("hello").encode(&mut octets);
        Frame::ping("p").encode(&mut octets);
        canary.handle(MS(2), Event::Received(octets));
        let said = frames(&sent(&mut canary));
        let opcodes: Vec<_> = said.iter().map(|f| f.header.opcode).collect();
        assert_eq!(opcodes, [Opcode::TEXT, Opcode::PING, Opcode::PONG]);
        let (echo, pong) = (Frame::text(WORD), Frame::pong(WORD));
        canary.handle(MS(3), server([pong]));
        assert!(sent(&mut canary).is_empty());
        canary.handle(MS(5), server([echo]));
        assert_eq!(frames(&sent(&mut canary))[0].header.opcode, Opcode::CLOSE);
        canary.handle(MS(6), server([Frame::close(&CloseBody::new(1000, ""))]));
        assert!(canary.is_done());
        let sight = canary.sight();
        assert!(sight.is_up() && sight.echo && sight.ping && sight.close);
    }

    #[test]
    fn a_bad_echo_is_one_and_an_answer_is_none() {
        let echo = |frames: &[Frame]| {
            let mut canary = canary(Flight::Whole);
            canary.handle(MS(1), Event::Connected);
            canary.handle(MS(2), Event::Received(UP.to_vec()));
            canary.handle(MS(3), server(frames.to_vec()));
            canary.sight().echo
        };
        let cut = &WORD[..WORD.len() - 1];
        assert!(echo(&[Frame::text("welcome"), Frame::text(WORD)]));
        assert!(echo(&[Frame::binary(WORD)]), "with the wrong opcode");
        assert!(echo(&[Frame::text(cut)]), "without its last character");
        assert!(echo(&[Frame::text(&WORD[1..])]), "without its first one");
        assert!(
            echo(&[Frame::text(format!("v{}", &WORD[1..]))]),
            "a bit flipped"
        );
        assert!(echo(&[
            Frame::text(&WORD[..9]).with_fin(false),
            Frame::continuation(&WORD[9..])
        ]));
        assert!(echo(&[Frame::text(WORD).with_fin(false)]), "never ended");
        assert!(echo(&[
            Frame::text(&WORD[..9]).with_fin(false),
            Frame::text(&WORD[9..])
        ]));
        let swallowed = [WORD.as_bytes(), b"\x8a"].concat();
        assert!(echo(&[
            Frame::text("").with_fin(false),
            Frame::continuation(swallowed)
        ]));
        assert!(!echo(&[Frame::text(format!("{WORD}\n"))]));
        assert!(!echo(&[Frame::text("ok")]) && !echo(&[Frame::text("")]));
        assert!(!echo(&[Frame::text(format!("you said {WORD}"))]));
        assert!(!echo(&[Frame::text(format!("{WORD} is no command"))]));
        assert!(!echo(&[Frame::text(WORD.to_uppercase())]));
    }

    #[test]
    fn a_target_without_echo_is_up_and_is_asked_to_close() {
        let mut canary = canary(Flight::Whole);
        canary.handle(MS(1), Event::Connected);
        canary.handle(MS(2), Event::Received(UP.to_vec()));
        canary.handle(MS(3), server([Frame::pong(WORD), Frame::text("other")]));
        sent(&mut canary);
        assert_eq!(canary.deadline(), Some(MS(1003)));
        canary.handle(MS(1003), Event::Deadline);
        assert_eq!(frames(&sent(&mut canary))[0].header.opcode, Opcode::CLOSE);
        canary.handle(MS(1004), Event::Eof);
        assert!(canary.is_done());
        let sight = canary.sight();
        assert!(sight.is_up() && sight.ping && !sight.echo && !sight.close);
    }

    #[test]
    fn a_trickle_does_not_hold_it_up_and_a_flood_does_not_fill_it() {
        let mut trickle = canary(Flight::Whole);
        trickle.handle(MS(0), Event::Connected);
        for at in 0..10 {
            trickle.handle(MS(at * 900), Event::Received(b"H".to_vec()));
        }
        assert_eq!(trickle.deadline(), Some(MS(3000)));
        let mut flood = canary(Flight::Whole);
        flood.handle(MS(0), Event::Connected);
        flood.handle(MS(1), Event::Received(UP.to_vec()));
        let mut fed = 0;
        while !flood.is_done() {
            fed += 1 << 16;
            flood.handle(
                MS(1),
                server([Frame::ping("x"), Frame::binary(vec![0; 1 << 16])]),
            );
            assert!(fed <= 2 * ENOUGH);
        }
        assert!(flood.sight().first.len() <= KEPT);
    }
}
