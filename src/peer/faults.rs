//! The named faults: each is one entry of one table and breaks one rule.
//!
//! An entry says its name, the rule in `cases/rules.tsv`, the role of the faulty peer, one sentence, and what is done: one [`Act`].

mod browser;
mod closing;
mod connections;
mod control;
mod frames;
mod messages;
mod opening;
mod request;
mod response;
mod sending;

use super::{Draft, End, Offence, Out, Seen, State, script::Demand};
use crate::{
    case::{Profile, Role, fault::nearest},
    wire::{
        frame::Header,
        handshake::{Flaw, Head, Request, Response, client, server},
    },
};

/// A defect of the peer.
#[derive(Debug)]
pub struct Fault {
    /// In kebab-case.
    pub name: &'static str,
    /// The id in `cases/rules.tsv` of the rule that it breaks.
    pub rule: &'static str,
    /// The role of the peer; `None`: both.
    pub role: Option<Role>,
    /// One sentence: what the peer does.
    pub what: &'static str,
    /// What is done differently; more than one where one defect shows in two places.
    pub acts: Acts,
}

/// Where a fault takes hold: a point at which the peer asks before it goes on.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Changes octets as they come, one read at a time.
    Arrive(fn(&mut Vec<u8>, &mut State)),

    /// Takes octets away before they are read as frames, and may put octets into the output.
    Divert(fn(&mut Vec<u8>, &mut Vec<u8>, &mut State)),
    /// Misreads a frame header.
    Read(fn(&mut Header, &State)),
    /// Unmasks octets of a payload; the number is the position of the first of them.
    Unmask(fn(&mut [u8], &Header, usize, &State)),
    /// Takes a frame in spite of an offence, or a Close frame.
    Accept(fn(Offence, &Header, &State) -> bool),
    /// Drops a frame because of an offence, and goes on.
    Ignore(fn(Offence, &Header, &State) -> bool),
    /// Takes a frame in spite of an offence, and fails the connection only then.
    Late(fn(Offence, &Header, &State) -> bool),
    /// Drops a frame that is in order.
    Skip(fn(Seen, &State) -> bool),
    /// Fails the connection with this code because of a frame that is in order.
    Refuse(fn(Seen, &State) -> Option<u16>),
    /// Ends TCP because of a frame, without a Close frame.
    Drop(fn(Seen, &State) -> Option<End>),
    /// Answers a Close frame's body with this one, whatever it was.
    Close(fn(&[u8], &State) -> Option<Vec<u8>>),

    /// Changes what is sent: one frame, with the reason for it.
    Send(fn(&mut Vec<Out>, &mut State)),
    /// Changes the octets of a frame that is sent.
    Octets(fn(&mut Vec<u8>, &Out, &mut State)),
    /// Reads on after it has sent a Close frame.
    GoOn(fn(&State) -> bool),
    /// Ends TCP in another way after closing; `None`: not by itself.
    End(fn(&State) -> Option<End>),
    /// Leaves its own side of TCP open when the other end has closed.
    Stay(fn(&State) -> bool),
    /// Takes what has come of a message for all of it when the other end has closed.
    Deliver(fn(&State) -> bool),

    /// Leaves a demand on a request out.
    Excuse(fn(server::Check, &Head) -> bool),
    /// Misreads a request.
    Misread(fn(&mut Request)),
    /// Refuses a request that is in order.
    TurnAway(fn(&Request) -> bool),
    /// Answers before the header section has ended.
    Early(fn(&[u8]) -> bool),
    /// Changes the 101.
    Answer(fn(&mut Draft, &Request)),
    /// Changes a refusal, or sends other octets instead.
    Refusal(fn(&mut server::Refusal) -> Option<Vec<u8>>),

    /// Changes the client's request.
    Ask(fn(&mut Draft, &mut State)),
    /// Leaves a demand on a response out.
    Believe(fn(client::Check, &Head) -> bool),
    /// Misreads a response.
    Mishear(fn(&mut Response, &mut State)),
    /// Says something when the opening handshake fails.
    Abandon(fn(&mut Vec<u8>, &mut State)),
    /// Does not mind something when the script of its page calls.
    Slip(fn(Demand) -> bool),
}

/// Each kind of fault beside its like.
static TABLES: [&[Fault]; 10] = [
    request::FAULTS,
    response::FAULTS,
    opening::FAULTS,
    frames::FAULTS,
    messages::FAULTS,
    control::FAULTS,
    closing::FAULTS,
    sending::FAULTS,
    connections::FAULTS,
    browser::FAULTS,
];

/// All faults, in the order of the tables.
pub fn all() -> impl Iterator<Item = &'static Fault> {
    TABLES.into_iter().flatten()
}

/// The fault of this name.
///
/// # Errors
/// [`Unknown`], with the name that was most likely meant.
pub fn find(name: &str) -> Result<&'static Fault, Unknown> {
    all()
        .find(|fault| fault.name == name)
        .ok_or_else(|| Unknown {
            name: name.to_owned(),
            near: nearest(name, all().map(|fault| fault.name)),
        })
}

/// There is no fault of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault {name:?}; {}", did_you_mean(.near))]
pub struct Unknown {
    /// What was asked for.
    pub name: String,
    /// The name that was most likely meant.
    pub near: Option<&'static str>,
}

fn did_you_mean(near: &Option<&str>) -> String {
    match near {
        Some(near) => format!("did you mean {near}?"),
        None => "--list-faults shows them all".to_owned(),
    }
}

impl Fault {
    /// Whether a peer in this role can have it.
    pub fn is_for(&self, role: Role) -> bool {
        self.role.is_none_or(|r| r == role)
    }

    /// Whether one connection shows it; the others are seen where several are held against each other.
    pub fn shows_at_once(&self) -> bool {
        let mut others = connections::FAULTS.iter();
        !others.any(|fault| fault.name == self.name)
    }

    /// The kind of peer that can have it: `None` for any.
    pub fn profile(&self) -> Option<Profile> {
        let mut browsers = browser::FAULTS.iter();
        browsers
            .any(|fault| fault.name == self.name)
            .then_some(Profile::Browser)
    }
}

/// Cuts header values at a NUL, and sees nothing wrong in it.
fn end_values_at_nul(head: &mut Head) {
    head.flaws.retain(|flaw| *flaw != Flaw::Nul);
    for field in &mut head.headers {
        let end = field.value.iter().position(|octet| *octet == 0);
        field.value.truncate(end.unwrap_or(field.value.len()));
    }
}

/// Whether a header line has these letters somewhere, in any case.
fn contains(head: &Head, name: &str, word: &str) -> bool {
    head.values(name).any(|value| {
        let value = value.to_ascii_lowercase();
        let mut places = value.windows(word.len());
        places.any(|octets| octets == word.as_bytes())
    })
}

type Acts = &'static [Act];

const fn entry(
    role: Option<Role>,
    name: &'static str,
    rule: &'static str,
    what: &'static str,
    acts: Acts,
) -> Fault {
    Fault {
        name,
        rule,
        role,
        what,
        acts,
    }
}

const fn server(name: &'static str, rule: &'static str, what: &'static str, acts: Acts) -> Fault {
    entry(Some(Role::Server), name, rule, what, acts)
}

const fn client(name: &'static str, rule: &'static str, what: &'static str, acts: Acts) -> Fault {
    entry(Some(Role::Client), name, rule, what, acts)
}

const fn both(name: &'static str, rule: &'static str, what: &'static str, acts: Acts) -> Fault {
    entry(None, name, rule, what, acts)
}
