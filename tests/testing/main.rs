//! The suite as a test of one's own calls it.

mod client;
mod server;
