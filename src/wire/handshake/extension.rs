//! `Sec-WebSocket-Extensions` by the grammar of RFC 6455, section 9.1, which allows blanks between any two of its words (RFC 2616, section 2.1).

use std::fmt;

use super::{
    fields::{is_token, is_token_char},
    flaw::shortened,
};

/// One extension, offered or accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Extension {
    /// A token; compared exactly.
    pub name: String,
    /// In order, repeated ones included.
    pub parameters: Vec<Parameter>,
}

/// One parameter of an extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// A token.
    pub name: String,
    /// A token, without the quotes that it may have had.
    pub value: Option<String>,
}

/// A departure from the grammar. Values are shortened and printable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ExtensionError {
    /// `1#extension`
    #[error("it lists no extension")]
    Empty,
    /// `extension-token`
    #[error("where the name of an extension belongs stands {0:?}")]
    Name(String),
    /// `extension-param`
    #[error("where the name of a parameter belongs stands {0:?}")]
    Parameter(String),
    /// A value that is neither token nor quoted string.
    #[error("where the value of the parameter {0:?} belongs stands {1:?}")]
    Value(String, String),
    /// A quoted string that is no token once unquoted.
    #[error("the quoted value of the parameter {0:?} is {1:?}, which is no token")]
    Quoted(String, String),
    /// A quoted string that does not end.
    #[error("the quoted value of the parameter {0:?} does not end")]
    Unterminated(String),
    /// Something behind a name or value that is no separator.
    #[error("where ';', ',' or the end belongs stands {0:?}")]
    Separator(String),
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for parameter in &self.parameters {
            write!(f, "; {}", parameter.name)?;
            if let Some(value) = &parameter.value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// Reads a list of extensions; several header lines are joined by commas before.
///
/// # Errors
/// The first departure from the grammar.
pub fn parse(value: &[u8]) -> Result<Vec<Extension>, ExtensionError> {
    let mut words = Words(value);
    let mut extensions = Vec::new();
    loop {
        words.blanks();
        match words.0 {
            [] => break,
            // Empty elements are allowed and not counted (RFC 2616, section 2.1; RFC 9110, section 5.6.1.2).
            [b',', rest @ ..] => words.0 = rest,
            _ => extensions.push(words.extension()?),
        }
    }
    match extensions.is_empty() {
        true => Err(ExtensionError::Empty),
        false => Ok(extensions),
    }
}

struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn blanks(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    /// The next separator, taken when it is this one.
    fn take(&mut self, separator: u8) -> bool {
        self.blanks();
        let found = self.0.first() == Some(&separator);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn token(&mut self) -> Option<String> {
        self.blanks();
        let end = self
            .0
            .iter()
            .position(|&octet| !is_token_char(octet))
            .unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        (!token.is_empty()).then(|| String::from_utf8_lossy(token).into_owned())
    }

    /// What stands here, up to the next comma or semicolon.
    fn junk(&self) -> String {
        let end = self.0.iter().position(|octet| b",;".contains(octet));
        shortened(&self.0[..end.unwrap_or(self.0.len())])
    }

    fn extension(&mut self) -> Result<Extension, ExtensionError> {
        let name = self
            .token()
            .ok_or_else(|| ExtensionError::Name(self.junk()))?;
        let mut parameters = Vec::new();
        while self.take(b';') {
            parameters.push(self.parameter()?);
        }
        match self.0.first() {
            None | Some(b',') => Ok(Extension { name, parameters }),
            Some(_) => Err(ExtensionError::Separator(self.junk())),
        }
    }

    fn parameter(&mut self) -> Result<Parameter, ExtensionError> {
        let name = self
            .token()
            .ok_or_else(|| ExtensionError::Parameter(self.junk()))?;
        if !self.take(b'=') {
            return Ok(Parameter { name, value: None });
        }
        let value = match self.take(b'"') {
            true => self.quoted(&name)?,
            false => self
                .token()
                .ok_or_else(|| ExtensionError::Value(name.clone(), self.junk()))?,
        };
        Ok(Parameter {
            name,
            value: Some(value),
        })
    }

    /// The rest of a quoted string, unescaped (RFC 2616, section 2.2).
    fn quoted(&mut self, name: &str) -> Result<String, ExtensionError> {
        let mut value = Vec::new();
        loop {
            match self.0 {
                [] | [b'\\'] => return Err(ExtensionError::Unterminated(name.to_owned())),
                [b'"', rest @ ..] => {
                    self.0 = rest;
                    break;
                }
                [b'\\', octet, rest @ ..] | [octet, rest @ ..] => {
                    value.push(*octet);
                    self.0 = rest;
                }
            }
        }
        match is_token(&value) {
            true => Ok(String::from_utf8_lossy(&value).into_owned()),
            false => Err(ExtensionError::Quoted(name.to_owned(), shortened(&value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(value: &str) -> Result<Vec<String>, ExtensionError> {
        let extensions = parse(value.as_bytes())?;
        Ok(extensions.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn lawful_lists_are_read_whatever_their_blanks_and_quotes() {
        for (value, wanted) in [
            ("foo", &["foo"][..]),
            ("foo, bar; baz=2", &["foo", "bar; baz=2"]),
            (" foo\t;\ta = 1 ,, bar ,", &["foo; a=1", "bar"]),
            (
                "mux; max-channels=4; flow-control,\tdeflate-stream",
                &["mux; max-channels=4; flow-control", "deflate-stream"],
            ),
            (
                r#"p; server_max_window_bits="1\0"; a"#,
                &["p; server_max_window_bits=10; a"],
            ),
            ("p; a; a", &["p; a; a"]),
        ] {
            let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
            assert_eq!(printed(value), Ok(wanted), "{value}");
        }
    }

    #[test]
    fn each_departure_from_the_grammar_has_its_error() {
        use ExtensionError::*;
        let s = str::to_owned;
        for (value, wanted) in [
            ("", Empty),
            (" ,\t,", Empty),
            ("=1", Name(s("=1"))),
            ("foo, \"bar\"", Name(s("\\\"bar\\\""))),
            ("foo;", Parameter(s(""))),
            ("foo;;a", Parameter(s(""))),
            ("foo; =1", Parameter(s("=1"))),
            ("foo; a=", Value(s("a"), s(""))),
            ("foo; a=, bar", Value(s("a"), s(""))),
            ("foo; a=(", Value(s("a"), s("("))),
            ("foo; a=\"\"", Quoted(s("a"), s(""))),
            ("foo; a=\"x y\"", Quoted(s("a"), s("x y"))),
            ("foo; a=\"x, bar\"", Quoted(s("a"), s("x, bar"))),
            ("foo; a=\"x", Unterminated(s("a"))),
            ("foo; a=\"x\\", Unterminated(s("a"))),
            ("foo bar", Separator(s("bar"))),
            ("foo; a b", Separator(s("b"))),
            ("foo; a=1 2", Separator(s("2"))),
            ("foo; a=\"1\"2", Separator(s("2"))),
            ("foo; ä", Parameter(s("\\xc3\\xa4"))),
        ] {
            assert_eq!(printed(value), Err(wanted), "{value}");
        }
    }
}
