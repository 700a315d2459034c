//! The observer: in every case, everything that the target sends is held against every rule that binds a sender.
//!
//! It judges what stands on the wire and nothing else: what a target *should have* sent (a pong, a Close, a FIN) is for a case's
//! own lines to say. A stream that ends inside a frame or a message breaks no rule either: an endpoint may close at any time
//! and by any means (RFC 6455, sections 7.1.1 and 7.3), may leave a message unfinished when it closes (6.1, step 1), and the network may fail;
//! only the header of the frame that was begun is judged.

use std::collections::BTreeSet;

use super::{
    Agreement,
    close::{CodeClass, class},
    frame::{DecodeError, Frame, Header, Opcode, Pending},
    utf8::Utf8,
};
use crate::case::Role;

mod breach;
mod keys;
pub mod opening;

pub use breach::Breach;

/// Watches one connection.
#[derive(Debug)]
pub struct Observer {
    target: Role,
    keys: keys::Keys,
    /// Codes of the Close frames that the suite sent: what the target may only be repeating.
    sent: BTreeSet<u16>,
    /// The message that the target has begun and not ended.
    open: Option<Open>,
    /// The target has sent a Close frame.
    closed: bool,
    /// The stream cannot be read any further.
    broken: bool,
}

/// An unfinished message.
#[derive(Debug)]
enum Open {
    /// Text that is valid so far.
    Text { utf8: Utf8, length: u64 },
    /// Binary, or text of which a breach was told already.
    Unjudged,
}

impl Observer {
    /// For a target in this role.
    pub fn new(target: Role) -> Observer {
        Observer {
            target,
            keys: keys::Keys::default(),
            sent: BTreeSet::new(),
            open: None,
            closed: false,
            broken: false,
        }
    }

    /// From here on frames are read under this agreement.
    pub fn open(&mut self, agreement: &Agreement) {
        // A subprotocol changes nothing for frames (RFC 6455, section 1.9).
        let Agreement { subprotocol: _ } = agreement;
    }

    /// The suite sent a Close frame with this code. Repeating a received code is what section 5.5.1 calls typical, so
    /// an echo of a code that is merely reserved or unassigned weighs less than one of the target's own.
    pub fn sent_close(&mut self, code: u16) {
        self.sent.insert(code);
    }

    /// A frame of the target. Empty, and without an allocation, when no rule is broken.
    pub fn frame(&mut self, frame: &Frame) -> Vec<Breach> {
        let mut told = Vec::new();
        self.header(&frame.header, &mut told);
        match frame.header.opcode {
            Opcode::CLOSE => {
                self.close_body(&frame.payload, &mut told);
                self.closed = true;
            }
            // What comes behind the Close is a breach as a whole; its inside is of no interest any more.
            opcode if opcode.is_data() && !self.closed => self.data(frame, &mut told),
            _ => {}
        }
        told
    }

    /// The decoder could not read on.
    pub fn unreadable(&mut self, error: &DecodeError) -> Vec<Breach> {
        let mut told = Vec::new();
        self.header(error.header(), &mut told);
        if let DecodeError::TopBit { header } = error {
            told.push(Breach::LengthTopBit {
                length: header.length,
            });
        }
        self.broken = true;
        told
    }

    /// The target's stream ended; `pending`: the frame that is unfinished.
    pub fn end(&mut self, pending: &Pending) -> Vec<Breach> {
        let mut told = Vec::new();
        if let (Some(header), false) = (&pending.header, self.broken) {
            self.header(header, &mut told);
        }
        told
    }

    fn header(&mut self, header: &Header, told: &mut Vec<Breach>) {
        let &Header {
            fin,
            rsv,
            opcode,
            key,
            form,
            length,
        } = header;
        match (self.target, key) {
            (Role::Server, Some(key)) => told.push(Breach::MaskedByServer { opcode, key }),
            (Role::Client, None) if opcode == Opcode::CLOSE => told.push(Breach::UnmaskedClose),
            (Role::Client, None) => told.push(Breach::UnmaskedByClient { opcode, length }),
            (Role::Client, Some(key)) => told.extend(self.keys.next(key, length == 0)),
            (Role::Server, None) => {}
        }
        if rsv != [false; 3] {
            told.push(Breach::ReservedBits { opcode, rsv });
        }
        if opcode.is_reserved() {
            told.push(Breach::ReservedOpcode { opcode });
        }
        if !header.is_shortest() {
            told.push(Breach::LengthNotShortest {
                opcode,
                form,
                length,
            });
        }
        if opcode.is_control() {
            self.control_header(header, told);
        } else if self.closed {
            told.push(Breach::DataAfterClose { opcode, length });
        } else if opcode == Opcode::CONTINUATION && self.open.is_none() {
            told.push(Breach::ContinuationWithoutMessage { fin, length });
        } else if matches!(opcode, Opcode::TEXT | Opcode::BINARY) && self.open.is_some() {
            told.push(Breach::MessageInsideMessage { opcode, fin });
        }
    }

    fn control_header(&self, header: &Header, told: &mut Vec<Breach>) {
        let &Header {
            fin,
            opcode,
            length,
            ..
        } = header;
        if !fin {
            told.push(Breach::ControlFragmented { opcode });
        }
        if length > 125 {
            told.push(Breach::ControlTooLong { opcode, length });
        }
        match opcode {
            Opcode::CLOSE if self.closed => told.push(Breach::SecondClose),
            Opcode::PING | Opcode::PONG if self.closed => {
                told.push(Breach::ControlAfterClose { opcode });
            }
            _ => {}
        }
    }

    fn data(&mut self, frame: &Frame, told: &mut Vec<Breach>) {
        let Frame { header, payload } = frame;
        let begun = match header.opcode {
            Opcode::TEXT => Some(Open::Text {
                utf8: Utf8::default(),
                length: 0,
            }),
            Opcode::BINARY => Some(Open::Unjudged),
            _ => None,
        };
        match begun {
            // A whole message in one frame: one that is open, wrongly so, goes on behind it.
            Some(mut whole) if header.fin => told.extend(whole.read(payload, true)),
            Some(begun) => told.extend(self.open.insert(begun).read(payload, false)),
            None => {
                if let Some(open) = &mut self.open {
                    told.extend(open.read(payload, header.fin));
                }
                self.open = self.open.take().filter(|_| !header.fin);
            }
        }
    }

    fn close_body(&self, payload: &[u8], told: &mut Vec<Breach>) {
        let (code, reason) = match *payload {
            [] => return,
            [octet] => return told.push(Breach::CloseBodyShort { octet }),
            [high, low, ref reason @ ..] => (u16::from_be_bytes([high, low]), reason),
        };
        let echo = self.sent.contains(&code);
        told.extend(match (class(code), code) {
            // "typically echos the status code it received": section 5.5.1.
            (CodeClass::Defined, 1010) if echo => None,
            (CodeClass::Defined, 1010) => match self.target {
                Role::Server => Some(Breach::ExtensionsMissedByServer),
                Role::Client => reason.is_empty().then_some(Breach::ExtensionsNotListed),
            },
            (CodeClass::Defined | CodeClass::Registered | CodeClass::Application, _) => None,
            (CodeClass::Reserved, _) => Some(Breach::CodeReserved { echo }),
            (CodeClass::Never, 1005) => Some(Breach::CodeNoStatus { echo }),
            (CodeClass::Never, 1006) => Some(Breach::CodeAbnormal { echo }),
            (CodeClass::Never, _) => Some(Breach::CodeTls { echo }),
            (CodeClass::Unassigned, code) => Some(Breach::CodeUnassigned { code, echo }),
            (CodeClass::OutOfRange, code) => Some(Breach::CodeOutOfRange { code, echo }),
        });
        let mut utf8 = Utf8::default();
        if let Err(offset) = utf8.feed(reason).and_then(|()| utf8.finish()) {
            told.push(Breach::ReasonNotUtf8 { offset });
        }
    }
}

impl Open {
    /// Reads on; `last`: the message ends here. Text is told of once.
    fn read(&mut self, payload: &[u8], last: bool) -> Option<Breach> {
        let Open::Text { utf8, length } = self else {
            return None;
        };
        let breach = match utf8.feed(payload) {
            Err(offset) => Breach::TextNotUtf8 {
                offset,
                // The offset lies in this payload: what came before was valid.
                octet: payload.get((offset - *length) as usize).copied(),
            },
            Ok(()) => {
                *length += payload.len() as u64;
                match utf8.finish() {
                    Err(offset) if last => Breach::TextNotUtf8 {
                        offset,
                        octet: None,
                    },
                    _ => return None,
                }
            }
        };
        *self = Open::Unjudged;
        Some(breach)
    }
}

#[cfg(test)]
mod tests;
