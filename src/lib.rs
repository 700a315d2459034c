//! Tells whether a WebSocket endpoint keeps the protocol, which rule it breaks, and what octets prove it.
//!
//! `cases → Case → plan → Session ⇄ drive ⇄ target; Session → Transcript → Judgement → Report → views, gate`

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
