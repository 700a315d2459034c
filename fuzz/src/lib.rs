//! What the targets need beside `wsspec::fuzz`: the other implementations that ours are held against.

#[path = "../../tests/fuzz/foreign.rs"]
pub mod foreign;

use wsspec::fuzz::{self, Script, Stream};

/// Frames, as soketto and tungstenite read them.
pub fn decoders(stream: &Stream) {
    fuzz::frames::agree("soketto", stream, foreign::soketto);
    fuzz::frames::agree("tungstenite", stream, foreign::tungstenite_headers);
}

/// Messages, by [`fuzz::messages`](fn@fuzz::messages), and as tungstenite and fastwebsockets deliver them.
pub fn messages(script: &Script) {
    fuzz::messages(script);
    fuzz::messages::agree("tungstenite", script, foreign::tungstenite);
    fuzz::messages::agree("fastwebsockets", script, foreign::fastwebsockets);
}
