//! Tells whether a WebSocket endpoint keeps the protocol, which rule it breaks, and what octets prove it.
//!
//! Inside tests of your own: [`Server`] for a server at an address, [`Client`] for a client as a function of a URL; [`testing`] has an example of each.
//! All else is what the program `wsspec` is made of; only it needs the feature `cli`, which is on by default.
//!
//! `cases → Case → plan → Session ⇄ drive ⇄ target; Session → Transcript → Judgement → Report → views, gate`

#![warn(missing_docs)]

pub mod case;
pub mod catalogue;
#[cfg(feature = "cli")]
pub mod cli;
pub mod coverage;
pub mod drive;
pub mod escape;
pub mod fuzz;
pub mod gate;
pub mod listen;
pub mod peer;
pub mod process;
pub mod rehearse;
pub mod report;
pub mod rules;
pub mod run;
pub mod session;
pub mod testing;
pub mod wire;

pub use case::Level;
pub use report::Report;
pub use testing::{Client, Deviates, Error, Server, Test};
