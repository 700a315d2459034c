//! What no line of a case foresees: what may stand beside it, and what breaks a rule.

use crate::{
    case::{Mark, Outcome, Role, Send, Step},
    rules,
    wire::{close::CloseBody, message::Message},
};

use super::{
    End, Phase, Seen, Session,
    expect::{self, Lane},
    judge::weight,
    own::PongFor,
};

/// Failing the connection closes TCP (RFC 6455, section 7.1.7).
const SERVER_FAILS: &str = "6455-7.1.7-3";
const CLIENT_FAILS: &str = "6455-7.1.7-1";
/// Behind it nothing of the other side is processed (RFC 6455, section 7.1.7).
const READS_ON: &str = "6455-7.1.7-7";
/// Errors of the opening handshake end TCP, without a frame (RFC 6455, section 7.2.1).
const NEVER_OPEN: &str = "6455-7.2.1-1";
/// "The WebSocket messages are frames as in 5.2."
const FRAMES: &str = "6455-6.1-2";

/// What is said of a target that fails the connection, but for the end of TCP.
pub const LINGERS: &str = "sent Close, but left TCP open";

impl Session {
    /// What no line foresees.
    pub(super) fn unforeseen(&mut self, seen: Seen) {
        if self.ordinary_opening {
            return self.opening_failed(&seen);
        }
        if self.is_never_open() {
            return self.used_before_open(seen);
        }
        match seen {
            Seen::Ping(_) | Seen::Reserved(_) => {}
            Seen::Pong(payload) => self.unforeseen_pong(payload),
            Seen::Message(message) => self.unforeseen_message(message),
            Seen::Close(body) => self.unforeseen_close(body),
            Seen::Response(response) => {
                let checks = self.checks_of_responses(response.status);
                let missed = expect::missed(&checks, &response.head, &|text| self.expand(text));
                let came = format!("response {}", response.status);
                if matches!(response.status, 429 | 503) {
                    self.found.inconclusive = Some(format!(
                        "answered with status {}: it is busy",
                        response.status
                    ));
                    return self.judge();
                }
                let what = match (response.status, missed.is_empty()) {
                    (101, true) => "accepted the opening handshake (101)".to_owned(),
                    (status, true) => {
                        format!("answered the opening handshake with status {status}")
                    }
                    (status, false) => {
                        format!("answered with status {status}, but: {}", missed.join("; "))
                    }
                };
                self.fail(what, None, Some(came));
            }
            Seen::Request(request) => {
                let missed = expect::missed(&self.checks_of_requests(), &request.head, &|text| {
                    self.expand(text)
                });
                let what = if missed.is_empty() {
                    "sent another request".to_owned()
                } else {
                    format!("sent a request, but: {}", missed.join("; "))
                };
                self.fail(what, None, Some("request".into()));
            }
            Seen::End(end) => {
                let (what, came) = match end {
                    End::Fin => ("ended TCP without a Close frame", "eof"),
                    End::Reset(_) => ("reset TCP without a Close frame", "reset"),
                };
                let what = match (&self.got_close, self.failing) {
                    (Some(_), _) => "ended TCP".to_owned(),
                    _ => what.to_owned(),
                };
                self.fail(what, None, Some(came.into()));
            }
            Seen::Unreadable(what, came) if self.phase == Phase::Open => {
                self.fail_rule(
                    FRAMES,
                    format!("sent what cannot be read: {what}"),
                    None,
                    came,
                );
            }
            Seen::Unreadable(what, came) if self.awaits_refusal() => {
                self.refused_without_status(&what, came)
            }
            Seen::Unreadable(what, came) => {
                self.fail(format!("sent what cannot be read: {what}"), None, came);
            }
            Seen::Silence => {
                if self.failing {
                    let rule = match self.setup.target {
                        Role::Server => SERVER_FAILS,
                        Role::Client => CLIENT_FAILS,
                    };
                    self.fail_rule(rule, LINGERS.to_owned(), Some("eof".into()), None);
                } else if self.awaits_failure() {
                    self.fail("did not fail the connection in time".to_owned(), None, None);
                } else {
                    self.fail("nothing came in time".to_owned(), None, None);
                }
            }
        }
    }

    fn unforeseen_pong(&mut self, payload: bytes::Bytes) {
        match self.own.pong(&payload) {
            PongFor::Lawful => self.early_pongs.push(payload),
            PongFor::BehindClose => self.found.tolerate(
                "answered a ping that came behind the suite's Close (RFC 6455, section 5.5.2: the duty ends with it)"
                    .into(),
            ),
            // Text is judged when it is read as UTF-8 (RFC 6455, section 8.1), and only then is the endpoint told to fail the
            // connection and to process no more (7.1.7). A library that leaves this to the application's read has answered
            // the ping by then. It still has to fail the connection and to deliver nothing, which the deadline sees to.
            PongFor::BehindOffence if self.own.offends_in_text && self.awaits_failure() => {
                self.found.tolerate(
                    "answered a ping that came behind the text before it failed the connection (RFC 6455, section 8.1: \
                     text is judged when it is read as UTF-8)"
                        .into(),
                );
            }
            // It has told that it fails the connection, and it has read on: whatever the offence was, that is one more.
            PongFor::BehindOffence if self.has_failed() => {
                let came = Seen::Pong(payload).to_string();
                let what = "went on behind its own Close that failed the connection: answered the ping behind the offence";
                self.fail_rule(READS_ON, what.to_owned(), Some("eof".into()), Some(came));
            }
            PongFor::BehindOffence => {
                let came = Seen::Pong(payload).to_string();
                let what = match &self.own.offence {
                    Some(offence) => format!("went on after a frame that breaks the protocol ({offence}): answered the ping behind it"),
                    None => "obeyed octets that are no frame".to_owned(),
                };
                self.fail(what, None, Some(came));
            }
            // Unsolicited pongs are lawful (RFC 6455, section 5.5.3).
            PongFor::Nothing => {}
        }
    }

    /// Its Close frame says that it fails the connection.
    fn has_failed(&self) -> bool {
        let code = self.got_close.as_ref().and_then(CloseBody::code);
        self.failing && matches!(code, Some(1002 | 1003 | 1007..=1011))
    }

    fn unforeseen_message(&mut self, message: Message) {
        let came = Seen::Message(message.clone()).to_string();
        let awaited = self.rest.iter().any(|pending| match &pending.step {
            Step::Expect(group) => self
                .choose(group, &Seen::Message(message.clone()))
                .is_some(),
            Step::Send(_) => false,
        });
        if !awaited && self.own.pay(&message) {
            return;
        }
        if self.own.repeats_unlawful(&message) {
            let what = match &self.own.offence {
                Some(offence) => format!("delivered what it had to refuse ({offence})"),
                // A Close lies in front of it, or it was never WebSocket data: the body of a request, or the next request.
                None if self.own.closed.is_some() => {
                    "sent back what came behind the suite's Close".to_owned()
                }
                None => "obeyed octets that are no frame".to_owned(),
            };
            return self.fail(what, None, Some(came));
        }
        if self.setup.greets && !self.foreseen && !awaited {
            return;
        }
        if self.setup.echo {
            let lane = self.group().map(expect::lane);
            let offence = self.own.offence.as_ref().filter(|_| self.awaits_failure());
            let what = match (awaited, lane, offence) {
                (true, ..) => "sent messages in another order".to_owned(),
                (false, Some(Lane::Messages), _) => "sent another message back".to_owned(),
                (false, _, Some(offence)) => format!(
                    "went on after a frame that breaks the protocol ({offence}): sent a message"
                ),
                (false, ..) => "sent a message that nothing asked for".to_owned(),
            };
            self.fail(what, None, Some(came));
        }
    }

    fn unforeseen_close(&mut self, body: CloseBody) {
        let came = Seen::Close(body.clone()).to_string();
        let what = match body.code() {
            Some(code @ (1002 | 1007)) if self.own.closed.is_none() => {
                format!("failed the connection with Close {code}")
            }
            // An endpoint may take but one type of data (RFC 6455, section 7.4.1); this one has sent text back.
            Some(1003) if self.own.closed.is_none() && !self.own.binary && self.setup.echo => {
                "refused with Close 1003, although no binary data was sent".to_owned()
            }
            _ if self.own.closed.is_some() => {
                format!("answered the suite's Close with {came}")
            }
            // The page of a browser closes when it is told to; a browser that goes away says 1001, and no more.
            _ if self.case.profile.is_some() && body != CloseBody::Code(1001, Vec::new()) => {
                format!("closed with {came}")
            }
            _ => {
                // A server may close whenever it wants, and a client when its application wants it (RFC 6455, sections 7.3 and 7.1.7).
                let aside = match self.setup.target {
                    Role::Server => "",
                    Role::Client => {
                        ", which a client should do for its application alone (RFC 6455, section 7.3)"
                    }
                };
                self.found.inconclusive = Some(format!("closed on its own, with {came}{aside}"));
                if !self.shut {
                    self.send_close();
                    self.flush();
                }
                return self.judge();
            }
        };
        self.fail(what, None, Some(came));
    }

    /// The case has answered the client in its own words, and all that it foresees now is the end of TCP: the connection
    /// was never open, and any frame says that the client took it for open.
    fn is_never_open(&self) -> bool {
        let own = |step: &Step| matches!(step, Step::Send(Send::Response(..)));
        self.setup.target == Role::Client
            && self.phase == Phase::Open
            && self.case.steps.iter().any(own)
            && self.group().is_some_and(|group| {
                let mut required = group
                    .iter()
                    .filter(|alternative| alternative.mark == Mark::Required)
                    .flat_map(|alternative| &alternative.outcomes)
                    .peekable();
                required.peek().is_some()
                    && required.all(|outcome| matches!(outcome, Outcome::Eof | Outcome::Reset))
            })
    }

    /// What a client does on a connection that was never open.
    pub(super) fn used_before_open(&mut self, seen: Seen) {
        let came = seen.to_string();
        match seen {
            Seen::Silence => {
                self.fail("left TCP open".to_owned(), None, None);
            }
            // "If The WebSocket Connection is Established" is what the Close frame depends on (RFC 6455, section 7.1.7). No
            // sentence forbids it elsewhere, and it says that the connection is failed: a must is broken only if that is not so.
            Seen::Close(_) => {
                let what =
                    format!("sent a Close frame on a connection that was never open: {came}");
                if weight(NEVER_OPEN) < rules::level(&self.case) {
                    self.found
                        .tolerate(format!("{what} (RFC 6455, section 7.1.7)"));
                    // It may wait for the server to end TCP (RFC 6455, section 7.1.1).
                    return self.shutdown();
                }
                self.fail_rule(NEVER_OPEN, what, Some("eof".into()), Some(came));
            }
            _ => {
                let what = format!("took the connection for open: sent {came}");
                self.fail(what, None, Some(came));
            }
        }
    }

    /// The ordinary opening handshake did not come about: nothing can be said of the case.
    /// "... return an HTTP response with an appropriate error code (such as 400 Bad Request)" (RFC 6455, section 4.2.1): a server may drop TCP instead
    /// (section 10.7), but octets that are no response are neither.
    fn refused_without_status(&mut self, what: &str, came: Option<String>) {
        if !self.answered_in_http_0() {
            let what = format!(
                "refused with octets that are no HTTP response, where an HTTP error such as 400 was due (RFC 6455, section 4.2.1): {what}"
            );
            return self.fail(what, None, came);
        }
        self.found.tolerate(
            "refused without a status line, as HTTP/0.9 did, a request that names no version of HTTP/1 (RFC 6455, section 4.2.1 would have an HTTP error)"
                .into(),
        );
        self.judge();
    }

    fn awaits_refusal(&self) -> bool {
        let mut outcomes = self.group().into_iter().flatten();
        outcomes.any(|alternative| {
            let mut outcomes = alternative.outcomes.iter();
            outcomes.any(|outcome| matches!(outcome, Outcome::Refusal(..)))
        })
    }

    fn opening_failed(&mut self, seen: &Seen) {
        if let Seen::Ping(_) | Seen::Pong(_) | Seen::Message(_) | Seen::Reserved(_) = seen {
            return;
        }
        let what = match seen {
            Seen::Silence => "nothing came in time".to_owned(),
            Seen::Response(response) => format!("status {}", response.status),
            other => other.to_string(),
        };
        self.found.inconclusive = Some(format!(
            "the ordinary opening handshake of this case did not come about: {what}"
        ));
        self.judge();
    }
}
