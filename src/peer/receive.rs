//! Frames that the peer receives: the receiver's rules of RFC 6455, sections 5 to 8.

use super::{Cause, End, MAX_MESSAGE, Offence, Peer, Seen, Stage};
use crate::{
    case::Role,
    wire::{
        close::{CloseBody, may_send},
        frame::{self, Form, Header, Opcode},
        message::Kind,
        utf8::Utf8,
    },
};

/// A frame whose payload is under way.
#[derive(Debug)]
pub(super) struct Reading {
    header: Header,
    /// How much of the payload has come.
    came: u64,
    /// As far as it came; one that is ignored is not kept.
    payload: Vec<u8>,
    /// What is wrong with it, where a fault does not mind.
    borne: Borne,
}

/// What a faulty peer does about an offence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Borne {
    /// Nothing was wrong, or it takes the frame like any other.
    Taken,
    /// It drops the frame.
    Ignored,
    /// It takes the frame, and fails the connection then.
    Late,
}

/// The message that is open.
#[derive(Debug, Default)]
pub(super) struct Message {
    payload: Vec<u8>,
    utf8: Utf8,
    /// A fault bears that it is no UTF-8.
    borne: bool,
}

impl Peer {
    pub(super) fn read_frames(&mut self) {
        if let Some(hook) = hook!(self, Divert) {
            let mut unread = self.inbox.split_off(self.read);
            hook(&mut unread, &mut self.outbox, &mut self.state);
            self.inbox.append(&mut unread);
        }
        while self.stage == Stage::Open {
            if self.frame.is_none() && !self.read_header() {
                return;
            }
            if !self.read_payload() {
                return;
            }
        }
    }

    /// Whether there was a header; what is wrong with it is seen before its payload has come.
    fn read_header(&mut self) -> bool {
        let Some(mut header) = Header::read(self.unread()) else {
            return false;
        };
        self.read += header.size();
        self.state.frames += 1;
        if let Some(hook) = hook!(self, Read) {
            hook(&mut header, &self.state);
        }
        if header.opcode.is_data() {
            self.state.fragments += 1;
        }
        let mut borne = Borne::Taken;
        for offence in self.offences(&header) {
            match self.bears(offence, &header) {
                Some(so) => borne = so,
                None => {
                    self.fail(offence.code(), &offence.to_string());
                    borne = Borne::Ignored;
                    break;
                }
            }
        }
        if borne != Borne::Ignored && matches!(header.opcode, Opcode::TEXT | Opcode::BINARY) {
            self.state.fragments = 1;
            let outer = std::mem::take(&mut self.message);
            // Only a fault gets here with a message open: a whole one inside it leaves it open, another replaces it.
            if header.fin && self.state.open.is_some() {
                self.outer = Some(outer);
            }
        }
        self.frame = Some(Reading {
            header,
            came: 0,
            payload: Vec::new(),
            borne,
        });
        true
    }

    fn bears(&self, offence: Offence, header: &Header) -> Option<Borne> {
        [
            (hook!(self, Accept), Borne::Taken),
            (hook!(self, Ignore), Borne::Ignored),
            (hook!(self, Late), Borne::Late),
        ]
        .into_iter()
        .find_map(|(hook, borne)| hook?(offence, header, &self.state).then_some(borne))
    }

    /// What is wrong with a frame by its header alone.
    fn offences(&self, header: &Header) -> Vec<Offence<'static>> {
        let Header { opcode, length, .. } = *header;
        let message = self.state.open.is_some();
        let size = self.message.payload.len() as u64;
        [
            (header.rsv != [false; 3], Offence::Rsv),
            (opcode.is_reserved(), Offence::Opcode),
            (
                header.key.is_some() != (self.state.role == Role::Server),
                Offence::Masking,
            ),
            (
                opcode.is_control() && !header.fin,
                Offence::FragmentedControl,
            ),
            (opcode.is_control() && length > 125, Offence::LongControl),
            (length >> 63 == 1, Offence::TopBit),
            (header.form != Form::shortest(length), Offence::Form),
            (opcode == Opcode::CONTINUATION && !message, Offence::Orphan),
            (
                matches!(opcode, Opcode::TEXT | Opcode::BINARY) && message,
                Offence::Interleaved,
            ),
            (
                // A frame that is no part of a message has no more room than one that is.
                length.saturating_add(size) > MAX_MESSAGE as u64,
                Offence::TooLong,
            ),
        ]
        .into_iter()
        .filter_map(|(wrong, offence)| wrong.then_some(offence))
        .collect()
    }

    /// Whether something came of what there is; the rest waits for more octets.
    fn read_payload(&mut self) -> bool {
        let Some(mut frame) = self.frame.take() else {
            return true;
        };
        let missing = frame.header.length - frame.came;
        let room = usize::try_from(missing).unwrap_or(usize::MAX);
        let came = room.min(self.unread().len());
        let octets = self.read..self.read + came;
        self.read += came;
        frame.came += came as u64;
        if frame.borne != Borne::Ignored {
            let offset = frame.payload.len();
            frame.payload.extend_from_slice(&self.inbox[octets]);
            self.unmask(&frame.header, offset, &mut frame.payload[offset..]);
            if !self.check_text(&frame, offset) {
                if self.stage == Stage::Over {
                    return true;
                }
                // Only a fault reads on.
                frame.borne = Borne::Ignored;
                (self.message, self.state.open) = (Message::default(), None);
            }
        }
        if frame.came < frame.header.length {
            self.frame = Some(frame);
            return false;
        }
        self.take(frame);
        true
    }

    fn unmask(&self, header: &Header, offset: usize, octets: &mut [u8]) {
        match (header.key, hook!(self, Unmask)) {
            (Some(_), Some(hook)) => hook(octets, header, offset, &self.state),
            (Some(key), None) => frame::mask(key, offset, octets),
            (None, _) => {}
        }
    }

    /// Text is checked as it comes (RFC 6455, section 8.1): whether the frame may be read on.
    fn check_text(&mut self, frame: &Reading, offset: usize) -> bool {
        let kind = match frame.header.opcode {
            Opcode::TEXT => Some(Kind::Text),
            Opcode::CONTINUATION => self.state.open,
            _ => None,
        };
        if kind != Some(Kind::Text) || self.message.borne {
            return true;
        }
        let mut wrong = self.message.utf8.feed(&frame.payload[offset..]).is_err();
        if wrong && !self.acts.is_empty() {
            let mut text = self.message.payload.clone();
            text.extend_from_slice(&frame.payload);
            wrong = self.bears(Offence::NotUtf8(&text), &frame.header).is_none();
            self.message.borne = !wrong;
        }
        if wrong {
            let offence = Offence::NotUtf8(&[]);
            self.fail(offence.code(), &offence.to_string());
        }
        !wrong
    }

    /// Takes a whole frame.
    fn take(&mut self, frame: Reading) {
        if frame.borne == Borne::Ignored {
            return;
        }
        let seen = Seen {
            header: &frame.header,
            payload: &frame.payload,
        };
        if hook!(self, Skip).is_some_and(|hook| hook(seen, &self.state)) {
            return;
        }
        if let Some(end) = hook!(self, Drop).and_then(|hook| hook(seen, &self.state)) {
            return self.leave(end);
        }
        if let Some(code) = hook!(self, Refuse).and_then(|hook| hook(seen, &self.state)) {
            return self.fail(code, "refused");
        }
        let fin = frame.header.fin;
        match frame.header.opcode {
            Opcode::PING => {
                self.state.pings += 1;
                // At once, between fragments too (RFC 6455, sections 5.4 and 5.5.2).
                self.send(Cause::Pong, Opcode::PONG, frame.payload);
            }
            // A pong is not answered (RFC 6455, section 5.5.3).
            Opcode::PONG => {}
            Opcode::CLOSE => self.take_close(&frame.payload, &frame.header),
            opcode => self.take_data(opcode, fin, frame.payload),
        }
        if frame.borne == Borne::Late && self.stage == Stage::Open {
            self.fail(1002, "taken too late");
        }
    }

    fn take_data(&mut self, opcode: Opcode, fin: bool, payload: Vec<u8>) {
        let kind = match opcode {
            Opcode::TEXT => Kind::Text,
            Opcode::BINARY => Kind::Binary,
            // Without an open message, or with another opcode, it gets this far by a fault only.
            _ => self.state.open.unwrap_or(Kind::Text),
        };
        // The first fragment is kept without copying.
        match self.message.payload.is_empty() {
            true => self.message.payload = payload,
            false => self.message.payload.extend_from_slice(&payload),
        }
        if fin {
            return self.end_message(kind);
        }
        self.state.open = Some(kind);
        self.state.length = self.message.payload.len();
    }

    /// Answers what has come of a frame or message that is not complete; only a fault does.
    pub(super) fn deliver(&mut self) {
        let frame = self.frame.take();
        let opcode = frame.as_ref().map(|frame| frame.header.opcode);
        let came = frame.map(|frame| frame.payload).unwrap_or_default();
        match (opcode, self.state.open) {
            (Some(Opcode::PING), _) => self.send(Cause::Pong, Opcode::PONG, came),
            (Some(Opcode::TEXT), _) => self.send(Cause::Echo, Opcode::TEXT, came),
            (Some(Opcode::BINARY), _) => self.send(Cause::Echo, Opcode::BINARY, came),
            (_, Some(kind)) => {
                let message = std::mem::take(&mut self.message);
                let opcode = match kind {
                    Kind::Text => Opcode::TEXT,
                    Kind::Binary => Opcode::BINARY,
                };
                self.send(Cause::Echo, opcode, [message.payload, came].concat());
            }
            (_, None) => {}
        }
    }

    fn end_message(&mut self, kind: Kind) {
        let message = std::mem::take(&mut self.message);
        if kind == Kind::Text && !message.borne && message.utf8.finish().is_err() {
            let header = Header::new(Opcode::TEXT, 0);
            if self.bears(Offence::CutUtf8, &header).is_none() {
                return self.fail(Offence::CutUtf8.code(), &Offence::CutUtf8.to_string());
            }
        }
        self.state.messages += 1;
        let opcode = match kind {
            Kind::Text => Opcode::TEXT,
            Kind::Binary => Opcode::BINARY,
        };
        match std::str::from_utf8(&message.payload) {
            Ok(text) if self.browser && kind == Kind::Text => self.obey(text),
            _ => self.send(Cause::Echo, opcode, message.payload),
        }
        match self.outer.take() {
            Some(outer) => self.message = outer,
            None => {
                self.state.open = None;
                self.state.fragments = 0;
                self.state.length = 0;
            }
        }
    }

    /// A Close frame is answered with its own code (RFC 6455, section 5.5.1). After it nothing counts any more.
    fn take_close(&mut self, payload: &[u8], header: &Header) {
        if self.state.closed.is_some() {
            // Only a fault reads on after it has sent a Close frame. There is never a second one.
            return self.leave(End::Fin);
        }
        if let Some(body) = hook!(self, Close).and_then(|hook| hook(payload, &self.state)) {
            self.send(Cause::Reply, Opcode::CLOSE, body);
            return self.close(Cause::Reply);
        }
        let role = self.state.role;
        let body = CloseBody::read(payload);
        let (offence, code) = match &body {
            CloseBody::Empty => (None, None),
            CloseBody::Short(_) => (Some(Offence::ShortClose), Some(1000)),
            // 1010 is for clients (RFC 6455, section 7.4.1); nothing asks a client to mind it from a server.
            CloseBody::Code(code, _)
                if !may_send(*code, Role::Client) && !may_send(*code, Role::Server) =>
            {
                (Some(Offence::CloseCode(*code)), Some(*code))
            }
            CloseBody::Code(code, reason) => (
                std::str::from_utf8(reason)
                    .is_err()
                    .then_some(Offence::CloseReason),
                Some(if may_send(*code, role) { *code } else { 1000 }),
            ),
        };
        if let Some(offence) = offence
            && self.bears(offence, header).is_none()
        {
            return self.fail(offence.code(), &offence.to_string());
        }
        let body = code.map_or(Vec::new(), |code| code.to_be_bytes().to_vec());
        self.send(Cause::Reply, Opcode::CLOSE, body);
        self.close(Cause::Reply);
    }
}
