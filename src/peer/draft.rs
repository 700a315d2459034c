//! The peer's own side of the opening handshake, before it is written; a fault may change all of it.

/// A request or response head, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The first line.
    pub line: String,
    /// The header lines, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// What ends each line.
    pub eol: &'static str,
    /// The empty line.
    pub end: &'static str,
    /// What follows the head.
    pub body: Vec<u8>,
}

impl Draft {
    pub(super) fn new(line: impl Into<String>) -> Draft {
        Draft {
            line: line.into(),
            headers: Vec::new(),
            eol: "\r\n",
            end: "\r\n",
            body: Vec::new(),
        }
    }

    /// The value of the first header line of this name, as text.
    pub fn value(&self, name: &str) -> String {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map_or(String::new(), |(_, value)| {
                String::from_utf8_lossy(value).into_owned()
            })
    }

    /// Puts a value in the place of what stands under this name, or adds a line.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        match self.headers.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = value.into(),
            None => self.add(name, value),
        }
    }

    /// Adds a line at the end.
    pub fn add(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Takes all lines of this name out.
    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(n, _)| n != name);
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut octets = [&self.line, self.eol].concat().into_bytes();
        for (name, value) in &self.headers {
            for part in [name.as_bytes(), b": ", value, self.eol.as_bytes()] {
                octets.extend_from_slice(part);
            }
        }
        octets.extend_from_slice(self.end.as_bytes());
        octets.extend_from_slice(&self.body);
        octets
    }
}
