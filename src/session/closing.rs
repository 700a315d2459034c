//! The ordinary closing handshake behind the steps of a case (RFC 6455, sections 5.5.1 and 7.1).

use crate::{
    case::{Body, FrameStep, Payload, Role},
    wire::close::{CloseBody, may_send},
};

use super::{End, Phase, Seen, Session};

/// "Upon receiving a Close, an endpoint that has not sent one MUST send one."
const REPLY: &str = "6455-5.5.1-9";
/// The server closes TCP at once after both Close frames.
const SERVER_CLOSES: &str = "6455-5.5.1-15";
/// After both Close frames an endpoint closes TCP.
const CLOSES: &str = "6455-5.5.1-14";

impl Session {
    /// The steps are over.
    pub(super) fn begin_closing(&mut self) {
        if self.phase != Phase::Open {
            return self.judge();
        }
        self.closing = true;
        self.since = self.now;
        if !self.shut && self.own.closed.is_none() {
            self.send_close();
        }
        if self.got_close.is_some() {
            self.both_closed();
        }
    }

    /// The suite's Close: a reply where one is due, else 1000.
    pub(super) fn send_close(&mut self) {
        let body = match &self.got_close {
            Some(CloseBody::Empty) => None,
            Some(CloseBody::Code(code, _)) if may_send(*code, self.setup.target.other()) => {
                Some((*code, Payload::default()))
            }
            _ => Some((1000, Payload::default())),
        };
        self.send_frame(&FrameStep::new(Body::Close(body)));
    }

    /// Both Close frames are out: the server closes TCP first (RFC 6455, section 7.1.1).
    fn both_closed(&mut self) {
        self.since = self.now;
        if self.setup.target == Role::Client {
            self.shutdown();
        }
    }

    /// The target did something in the closing handshake.
    pub(super) fn closing_saw(&mut self, seen: Seen) {
        match seen {
            Seen::Close(body) => {
                // The duty to reply is met whatever the code; one that tells of an error is remarkable here.
                if self.own.offence.is_none()
                    && let Some(code @ (1002 | 1003 | 1007 | 1009 | 1010 | 1011)) = body.code()
                {
                    self.found.tolerate(format!(
                        "answered an ordinary Close with Close {code} (RFC 6455, section 5.5.1: the reply typically repeats the code)"
                    ));
                }
                self.both_closed();
            }
            Seen::End(end) => {
                // A target that was sent an offence may fail the connection without a Close frame, even late (7.1.7);
                // one that only follows the suite's FIN has not.
                if self.own.closed.is_some()
                    && self.got_close.is_none()
                    && (self.own.offence.is_none() || self.shut)
                {
                    let how = match end {
                        End::Fin => "ended TCP",
                        End::Reset(_) => "reset TCP",
                    };
                    let what = format!("{how} without a Close frame in reply to the suite's Close");
                    self.fail_rule(REPLY, what, Some("close".into()), Some("eof".into()));
                }
                self.judge();
            }
            Seen::Silence => {
                self.found.timed_out = true;
                if self.got_close.is_none() && self.own.closed.is_some() {
                    let what = "sent no Close frame in reply to the suite's Close";
                    self.fail_rule(REPLY, what.to_owned(), Some("close".into()), None);
                } else {
                    let rule = match self.setup.target {
                        Role::Server => SERVER_CLOSES,
                        Role::Client => CLOSES,
                    };
                    let what = "left TCP open after the closing handshake";
                    self.fail_rule(rule, what.to_owned(), Some("eof".into()), None);
                }
            }
            other => self.unforeseen(other),
        }
    }
}
