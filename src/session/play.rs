//! The steps of a case, held against what the target does.

use crate::{
    case::{
        Body, Cut, FrameStep, Mark, Outcome, Payload, Role, Send, Step,
        payload::{Part, What},
    },
    wire::{
        close::CloseBody,
        frame::{Frame, Opcode},
    },
};

use super::{
    Action, MAX_MESSAGE, Pending, Phase, Seen, Session,
    expect::{self, Lane, Met},
    send,
};

impl Session {
    /// Sends until the target is to act, or the steps are over.
    pub(super) fn advance(&mut self) {
        while self.judgement.is_none() {
            match self.rest.front() {
                Some(Pending {
                    step: Step::Send(_),
                    ..
                }) => {
                    if let Some(Pending {
                        step: Step::Send(send),
                        ..
                    }) = self.rest.pop_front()
                    {
                        self.perform(send);
                    }
                }
                Some(Pending {
                    step: Step::Expect(group),
                    ..
                }) => {
                    let early = (expect::lane(group) == Lane::Pongs)
                        .then(|| {
                            self.early_pongs.iter().position(|payload| {
                                let seen = Seen::Pong(payload.clone());
                                self.choose(group, &seen).is_some()
                            })
                        })
                        .flatten();
                    match early {
                        Some(index) => {
                            let payload = self.early_pongs.remove(index);
                            self.step_saw(Seen::Pong(payload));
                        }
                        None => {
                            self.since = self.now;
                            // The closing handshake is over, and the server closes TCP first (RFC 6455, section 7.1.1).
                            if self.own.closed.is_some()
                                && self.got_close.is_some()
                                && self.may_wait_for_fin()
                            {
                                self.shutdown();
                            }
                            return self.flush();
                        }
                    }
                }
                None if self.closing => return,
                None => return self.begin_closing(),
            }
        }
    }

    fn perform(&mut self, send: Send) {
        match send {
            Send::Frame(step) => self.send_frame(&step),
            Send::Bytes(payload, cut) => {
                let octets = payload.octets(self.seed);
                self.transcript
                    .add(self.now, '>', &octets, || format!("bytes {payload}"));
                if self.phase == Phase::Open && !self.head_unfinished {
                    self.own.octets(&octets);
                } else {
                    self.send_behind_head(&octets);
                }
                self.put(&octets, cut);
            }
            Send::Request(step) => self.send_request(&step),
            Send::Response(code, step) => self.send_response(code, &step),
            Send::Eof => self.shutdown(),
            Send::Reset => {
                self.flush();
                self.actions.push_back(Action::Abort);
                self.transcript.add(self.now, '>', &[], || "reset".into());
                self.phase = Phase::Ended;
            }
            Send::Pause => self.cut_here(),
        }
    }

    /// A frame step goes out.
    pub(super) fn send_frame(&mut self, step: &FrameStep) {
        for outgoing in send::frames(step, self.setup.target.other(), self.seed, &mut self.keys) {
            let (frame, octets) = (&outgoing.frame, &outgoing.octets);
            self.transcript.add(self.now, '>', octets, || {
                crate::case::print::frame(frame, self.setup.target.other())
            });
            self.own.frame(frame, octets, outgoing.honest);
            if let Some(code) = self.own.closed.as_ref().and_then(CloseBody::code) {
                self.observer.sent_close(code);
            }
            self.put(octets, step.cut);
        }
        debug_assert!(matches!(step.cut, Cut::Whole | Cut::Chop(_) | Cut::At(_)));
    }

    /// Frames out of what has come.
    pub(super) fn read_frames(&mut self) {
        while self.judgement.is_none() {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => self.frame(frame),
                Ok(None) => return,
                Err(error) => {
                    let mut octets = Vec::new();
                    error.header().encode(&mut octets);
                    for breach in self.observer.unreadable(&error) {
                        self.found.breach(&breach, &octets);
                    }
                    let came = format!("bytes {}", crate::case::print::octets(&octets, false));
                    self.transcript.add(self.now, '<', &octets, || came.clone());
                    return self.see(Seen::Unreadable(error.to_string(), Some(came)));
                }
            }
        }
    }

    fn frame(&mut self, frame: Frame) {
        let mut octets = frame.header_octets();
        octets.extend_from_slice(&frame.payload[..frame.payload.len().min(64)]);
        let target = self.setup.target;
        self.transcript.add(self.now, '<', &octets, || {
            crate::case::print::frame(&frame, target)
        });
        for breach in self.observer.frame(&frame) {
            self.found.breach(&breach, &octets);
        }
        let closed_before = self.got_close.is_some();
        match frame.header.opcode {
            Opcode::PING => {
                if self.own.closed.is_none() && !closed_before && !self.shut {
                    self.answer_ping(&frame);
                }
                self.see(Seen::Ping(frame.payload));
            }
            Opcode::PONG => self.see(Seen::Pong(frame.payload)),
            Opcode::CLOSE if closed_before => {} // the observer tells of the second one
            Opcode::CLOSE => {
                let body = CloseBody::read(&frame.payload);
                self.got_close = Some(body.clone());
                self.see(Seen::Close(body));
            }
            opcode if opcode.is_reserved() => self.see(Seen::Reserved(frame)),
            _ if closed_before => {} // data behind the Close: the observer tells of it
            _ => match self.assembler.frame(&frame) {
                Ok(Some(message)) => self.see(Seen::Message(message)),
                Ok(None) => {}
                Err(error) => {
                    debug_assert!(frame.payload.len() <= MAX_MESSAGE);
                    self.see(Seen::Unreadable(error.to_string(), None));
                }
            },
        }
    }

    /// "Upon receipt of a Ping, an endpoint MUST send a Pong" (RFC 6455, section 5.5.2); so does the suite.
    fn answer_ping(&mut self, ping: &Frame) {
        let sender = self.setup.target.other();
        let pong = send::pong(ping.payload.clone(), sender, &mut self.keys);
        self.transcript.add(self.now, '>', &pong.octets, || {
            crate::case::print::frame(&pong.frame, sender)
        });
        self.put(&pong.octets, Cut::Whole);
        // What the target provokes does not widen its allowance.
        self.sent -= pong.octets.len() as u64;
    }

    /// Holds what the target did against the steps.
    pub(super) fn step_saw(&mut self, seen: Seen) {
        if let Seen::Close(body) = &seen
            && self.awaits_failure()
        {
            let is_required = |mark: &Mark| *mark == Mark::Required;
            let required = self.failures_among(is_required).next().is_some();
            // Where failing is but tolerated, a Close that says something else is no failing.
            let errs = matches!(body.code(), Some(1002 | 1003 | 1007..=1009 | 1011));
            let fits = self
                .failures_among(|_| true)
                .any(|wanted| body.code() == wanted || wanted.is_none() && (required || errs));
            let other = self.group().and_then(|group| self.choose(group, &seen));
            if fits || other.is_none() && required {
                return self.begin_failing();
            }
        }
        let mut index = 0;
        while let Some(Pending {
            step: Step::Expect(group),
            ..
        }) = self.rest.get(index)
        {
            if let Some((alternative, met)) = self.choose(group, &seen) {
                return self.met(index, alternative, met, &seen);
            }
            // A pong and a message may pass each other, and of several pings only the last needs its pong
            // (RFC 6455, section 5.5.3).
            let passes = matches!(
                (&seen, expect::lane(group)),
                (Seen::Pong(_), Lane::Messages | Lane::Pongs) | (Seen::Message(_), Lane::Pongs)
            );
            if !passes {
                break;
            }
            index += 1;
        }
        self.unforeseen(seen);
    }

    /// The Close frame of a target that fails the connection has come. The suite replies, so that a target that waits
    /// for the reply can go on (RFC 6455, section 7.1.7 leaves it the choice), and TCP has to end.
    fn begin_failing(&mut self) {
        self.failing = true;
        self.since = self.now;
        if self.own.closed.is_none() && !self.shut {
            self.send_close();
        }
        if self.setup.target == Role::Client {
            self.shutdown();
        }
    }

    fn met(&mut self, index: usize, alternative: usize, met: Met, seen: &Seen) {
        match seen {
            Seen::Pong(payload) => {
                self.own.pong(payload);
            }
            Seen::Message(message) => {
                self.own.pay(message);
                self.foreseen = true;
            }
            Seen::Response(_) => self.ordinary_opening = false,
            _ => {}
        }
        if let Met::But(why) = met {
            self.found.tolerate(why);
        }
        let Some(pending) = self.rest.get_mut(index) else {
            return;
        };
        let Step::Expect(group) = &mut pending.step else {
            return;
        };
        let chosen = &mut group[alternative];
        let times = chosen.outcomes.iter().map(|outcome| match outcome {
            Outcome::Text(_, times) | Outcome::Binary(_, times) => *times,
            _ => 1,
        });
        pending.met += 1;
        if pending.met < times.max().unwrap_or(1) && matches!(seen, Seen::Message(_)) {
            return;
        }
        let then = chosen.then.take();
        let mut moved = true;
        let mut over = matches!(seen, Seen::End(_));
        match &chosen.mark {
            Mark::Required => {}
            Mark::Tolerated(why) => {
                let why = why.clone();
                self.found.tolerate(why);
            }
            Mark::NotApplicable(why) => {
                self.found.not_applicable = Some(why.clone());
                over = true;
            }
        }
        if over {
            self.rest.clear();
        } else if let Some(then) = then {
            self.rest = then
                .into_iter()
                .map(|step| Pending { step, met: 0 })
                .collect();
        } else {
            self.rest.remove(index);
            moved = index == 0;
            if let Seen::Pong(_) = seen {
                // The pings before it have had their answer with this one.
                let mut at = index;
                while at > 0 {
                    at -= 1;
                    if let Some(Pending {
                        step: Step::Expect(group),
                        ..
                    }) = self.rest.get(at)
                        && expect::lane(group) == Lane::Pongs
                    {
                        self.rest.remove(at);
                        moved |= at == 0;
                    }
                }
            }
        }
        if moved {
            self.advance();
        }
    }

    /// The deadline of the present expectation has passed.
    pub(super) fn deadline_passed(&mut self) {
        if self.closing {
            return self.closing_saw(Seen::Silence);
        }
        if self.phase == Phase::Connecting {
            self.found.error = Some("no connection in time".to_owned());
            self.found.timed_out = true;
            return self.judge();
        }
        if let Some(group) = self.group()
            && let Some((alternative, met)) = self.choose(group, &Seen::Silence)
        {
            return self.met(0, alternative, met, &Seen::Silence);
        }
        if self.may_wait_for_fin() {
            if self.awaits_failure() && self.own.offence.is_some() {
                self.ask_whether_it_goes_on();
            }
            // A client may wait for the server to close TCP first (RFC 6455, section 7.1.1).
            self.since = self.now;
            return self.shutdown();
        }
        self.found.timed_out = true;
        self.unforeseen(Seen::Silence);
    }

    /// Whether the end of TCP is awaited of a client, which may wait for the suite's FIN.
    pub(super) fn may_wait_for_fin(&self) -> bool {
        let ends = || {
            // Where the end is but tolerated, a client that does nothing at all would come by it through the suite's FIN.
            self.group().unwrap_or_default().iter().any(|alternative| {
                let ends = |outcome: &Outcome| {
                    matches!(outcome, Outcome::Fail(_) | Outcome::Eof | Outcome::Reset)
                };
                alternative.mark == Mark::Required && alternative.outcomes.iter().any(ends)
            })
        };
        self.setup.target == Role::Client && !self.shut && ends()
    }

    /// Who fails the connection processes nothing more (RFC 6455, section 7.1.7): a pong tells that the target has not.
    fn ask_whether_it_goes_on(&mut self) {
        let what = What::Text(b"still there?".to_vec());
        if self.own.closed.is_none() {
            self.send_frame(&FrameStep::new(Body::Data(
                Opcode::PING.value(),
                Payload(vec![Part { what, times: 1 }]),
            )));
        }
    }
}
