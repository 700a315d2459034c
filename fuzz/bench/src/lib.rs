//! tungstenite over octets in memory, as its own targets `read_message_client` and `read_message_server` have it: one message is read.

use std::io::{self, Read, Write};

use tungstenite::{WebSocket, protocol::Role};

struct Memory<'a>(&'a [u8]);

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        Ok(octets.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a message.
pub fn read(octets: &[u8], role: Role) {
    let mut socket = WebSocket::from_raw_socket(Memory(octets), role, None);
    socket.read().ok();
}
