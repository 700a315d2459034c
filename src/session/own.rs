//! The suite's own side of the connection: what it has sent, which of it is lawful, and what the target owes for it.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use crate::{
    case::Role,
    wire::{
        Agreement,
        close::CloseBody,
        frame::{Decoder, Frame, Opcode},
        message::{Assembler, Message},
        observer::{Breach, Observer},
    },
};

/// What a pong says about the pings that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PongFor {
    /// A lawful ping.
    Lawful,
    /// A ping behind a frame that obliges the target to fail the connection: the pong proves that it went on.
    BehindOffence,
    /// A ping behind the suite's Close: the duty to answer has ended (RFC 6455, section 5.5.2).
    BehindClose,
    /// No ping, or one that was answered before.
    Nothing,
}

/// Pings of one payload that are not answered.
#[derive(Debug, Default)]
struct Unanswered {
    lawful: usize,
    /// Newest last.
    others: Vec<PongFor>,
}

/// The suite's stream, read the way a receiver reads it.
#[derive(Debug)]
pub(super) struct Own {
    decoder: Decoder,
    observer: Observer,
    assembler: Assembler,
    /// Octets of an unfinished frame are in the decoder.
    split: bool,
    /// The first departure from what the RFC lets a sender do, in words.
    pub offence: Option<String>,
    /// The offence is text that is not UTF-8, which a receiver may notice only when the application reads it.
    pub offends_in_text: bool,
    /// The code and presence of the suite's Close.
    pub closed: Option<CloseBody>,
    /// It has sent binary data, which an endpoint may not take (RFC 6455, section 7.4.1: 1003).
    pub binary: bool,
    /// Pings that are not answered, by their payload: a flood of them is found as quickly as one.
    pings: HashMap<Bytes, Unanswered>,
    /// Whole lawful messages whose echo has not come.
    owed: VecDeque<Message>,
    /// Payloads of data frames at or behind the offence.
    unlawful: Vec<Bytes>,
}

/// The suite sends no message above this; its own stream is read with the same limit.
const LIMIT: usize = 1 << 30;

impl Own {
    pub fn new(role: Role) -> Own {
        let agreement = Agreement::default();
        let mut observer = Observer::new(role);
        observer.open(&agreement);
        Own {
            decoder: Decoder::new(LIMIT),
            observer,
            assembler: Assembler::new(&agreement, LIMIT),
            split: false,
            offence: None,
            offends_in_text: false,
            closed: None,
            binary: false,
            pings: HashMap::new(),
            owed: VecDeque::new(),
            unlawful: Vec::new(),
        }
    }

    /// A frame goes out: `frame` as it was meant, `octets` as it is written (they differ when the header lies).
    pub fn frame(&mut self, frame: &Frame, octets: &[u8], honest: bool) {
        if honest && !self.split {
            self.read(frame);
        } else {
            if !honest {
                self.offend("the header declares another length than the payload has");
            }
            if frame.header.opcode == Opcode::PING {
                self.ping(frame.payload.clone());
            }
            self.octets(octets);
        }
    }

    /// Raw octets go out.
    pub fn octets(&mut self, octets: &[u8]) {
        self.decoder.feed(octets);
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => self.read(&frame),
                Ok(None) => {
                    self.split = self.decoder.pending().octets > 0;
                    return;
                }
                Err(error) => {
                    self.split = true;
                    return self.offend(&error.to_string());
                }
            }
        }
    }

    /// A frame inside octets that are no WebSocket data: obeying it is a breach.
    pub fn unlawful(&mut self, frame: &Frame) {
        if frame.header.opcode == Opcode::PING {
            let pings = self.pings.entry(frame.payload.clone()).or_default();
            pings.others.push(PongFor::BehindOffence);
        } else if !frame.payload.is_empty() {
            self.unlawful.push(frame.payload.clone());
        }
    }

    fn offend(&mut self, what: &str) {
        self.offence.get_or_insert_with(|| what.to_owned());
    }

    fn ping(&mut self, payload: Bytes) {
        let pings = self.pings.entry(payload).or_default();
        match (&self.offence, &self.closed) {
            (Some(_), _) => pings.others.push(PongFor::BehindOffence),
            (None, Some(_)) => pings.others.push(PongFor::BehindClose),
            (None, None) => pings.lawful += 1,
        }
    }

    fn read(&mut self, frame: &Frame) {
        // What no receiver has to notice is no offence.
        let noticed = |breach: &Breach| {
            !breach.is_warning()
                && !matches!(
                    breach,
                    Breach::KeyUsedAgain { .. } | Breach::KeysPredictable { .. }
                )
        };
        let breaches = self.observer.frame(frame);
        if let Some(breach) = breaches.iter().find(|breach| noticed(breach)) {
            self.offends_in_text |=
                self.offence.is_none() && matches!(breach, Breach::TextNotUtf8 { .. });
            self.offend(&breach.to_string());
        }
        let opcode = frame.header.opcode;
        self.binary |= opcode == Opcode::BINARY;
        match opcode {
            Opcode::PING => self.ping(frame.payload.clone()),
            Opcode::CLOSE if self.closed.is_none() => {
                self.closed = Some(CloseBody::read(&frame.payload));
            }
            _ if opcode.is_control() => {}
            _ => {
                if self.offence.is_some() && !frame.payload.is_empty() {
                    self.unlawful.push(frame.payload.clone());
                }
                if let Ok(Some(message)) = self.assembler.frame(frame) {
                    if self.offence.is_none() && self.closed.is_none() {
                        self.owed.push_back(message);
                    } else if !message.payload.is_empty() {
                        self.unlawful.push(message.payload);
                    }
                }
            }
        }
    }

    /// Which ping a pong answers. The newest with that payload counts, lawful ones first.
    pub fn pong(&mut self, payload: &[u8]) -> PongFor {
        match self.pings.get_mut(payload) {
            Some(pings) if pings.lawful > 0 => {
                pings.lawful -= 1;
                PongFor::Lawful
            }
            Some(pings) => pings.others.pop().unwrap_or(PongFor::Nothing),
            None => PongFor::Nothing,
        }
    }

    /// Takes a message off what the target owes; whether it was there.
    pub fn pay(&mut self, message: &Message) -> bool {
        let found = self
            .owed
            .iter()
            .position(|owed| owed.kind == message.kind && owed.payload == message.payload);
        found.map(|index| self.owed.remove(index)).is_some()
    }

    /// Whether a message repeats something that the suite sent at or behind the offence, or behind its Close.
    pub fn repeats_unlawful(&self, message: &Message) -> bool {
        !message.payload.is_empty() && self.unlawful.contains(&message.payload)
    }
}
