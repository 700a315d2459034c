//! Lists in header values: extensions (RFC 6455, section 9.1), subprotocols and tokens (RFC 9110, section 5.6.1).

use crate::wire::handshake::{Extension, Field, Head, extension, fields::is_token};

const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
const SUBPROTOCOLS: &str = "Sec-WebSocket-Protocol";

/// Reads octets as the value of a header line that holds a list. A line feed parts the values of several lines.
///
/// # Panics
/// When extensions do not parse to themselves once printed, several lines are not read as one, a list without quotes is not what its
/// separators say, or subprotocols are not the elements between the commas.
pub fn lists(octets: &[u8]) {
    let head = Head {
        headers: octets
            .split(|octet| *octet == b'\n')
            .flat_map(|value| [EXTENSIONS, SUBPROTOCOLS].map(|name| (name, value)))
            .map(|(name, value)| Field {
                name: name.to_owned(),
                value: value.to_vec(),
            })
            .collect(),
        ..Head::default()
    };
    let values: Vec<&[u8]> = octets.split(|octet| *octet == b'\n').collect();
    let joined = values.join(&b", "[..]);
    assert_eq!(head.joined(EXTENSIONS), Some(joined.clone()));

    let read = head.extensions();
    assert_eq!(read, extension::parse(&joined));
    match &read {
        Ok(extensions) => {
            let printed: Vec<String> = extensions.iter().map(Extension::to_string).collect();
            let printed = printed.join(", ");
            assert_eq!(
                extension::parse(printed.as_bytes()).as_ref(),
                Ok(extensions),
                "{printed}"
            );
            super::printable("a list of extensions", &printed);
        }
        Err(error) => super::printable("an error", &error.to_string()),
    }
    if !joined.contains(&b'"') {
        assert_eq!(read.ok(), plainly(&joined), "{}", joined.escape_ascii());
    }

    let elements: Vec<&[u8]> = head.subprotocols().collect();
    let wanted: Vec<&[u8]> = values
        .iter()
        .flat_map(|value| value.split(|octet| *octet == b','))
        .map(blankless)
        .filter(|element| !element.is_empty())
        .collect();
    assert_eq!(elements, wanted);
    for element in elements {
        let name = String::from_utf8_lossy(element);
        if is_token(element) {
            assert!(head.has_token(SUBPROTOCOLS, &name.to_ascii_uppercase()));
        }
    }
}

/// Without the SP and HTAB around it.
fn blankless(octets: &[u8]) -> &[u8] {
    let mut octets = octets;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = octets {
        octets = rest;
    }
    octets
}

/// The grammar where there are no quotes: separators cannot be part of a token, so the list can be split at them.
fn plainly(value: &[u8]) -> Option<Vec<Extension>> {
    let word = |octets: &[u8]| {
        let word = blankless(octets);
        is_token(word).then(|| String::from_utf8_lossy(word).into_owned())
    };
    let elements = value.split(|octet| *octet == b',').map(blankless);
    let mut extensions = Vec::new();
    for element in elements.filter(|element| !element.is_empty()) {
        let mut parts = element.split(|octet| *octet == b';');
        let name = word(parts.next()?)?;
        let parameters = parts.map(|part| {
            let equals = part.iter().position(|octet| *octet == b'=');
            let (name, value) = match equals {
                Some(at) => (&part[..at], Some(word(&part[at + 1..])?)),
                None => (part, None),
            };
            Some(crate::wire::handshake::Parameter {
                name: word(name)?,
                value,
            })
        });
        let parameters = parameters.collect::<Option<Vec<_>>>()?;
        extensions.push(Extension { name, parameters });
    }
    (!extensions.is_empty()).then_some(extensions)
}
