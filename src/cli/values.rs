//! The values of options: what is typed, read strictly.

use std::time::Duration;

use crate::wire::handshake::fields::is_token;

/// Reads `250ms`, `5s` or `2m`.
///
/// # Errors
/// A sentence that says how to write one.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write it with its unit, as in 250ms, 5s or 2m".to_owned();
    let unit = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let milliseconds = match unit {
        "ms" => 1.0,
        "s" => 1e3,
        "m" | "min" => 60e3,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = number * milliseconds;
    if milliseconds < 1.0 {
        return Err("it has to be at least 1ms".to_owned());
    }
    if milliseconds > 3_600_000.0 {
        return Err("an hour is the most".to_owned());
    }
    Ok(Duration::from_micros((milliseconds * 1e3) as u64))
}

/// As [`duration`] reads it.
pub fn shown(duration: Duration) -> String {
    match duration.as_micros() {
        us if us % 1_000_000 == 0 => format!("{}s", us / 1_000_000),
        us if us % 1000 == 0 => format!("{}ms", us / 1000),
        us => format!("{}ms", us as f64 / 1e3),
    }
}

/// Header lines that a case has to be able to count on.
const RESERVED: [&str; 8] = [
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Content-Length",
    "Transfer-Encoding",
];

/// Reads `NAME: VALUE` or `NAME:VALUE` (RFC 9110, section 5).
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("write it as NAME:VALUE; there is no colon in it")?;
    if !is_token(name.as_bytes()) {
        return Err(format!(
            "`{name}` is no name of a header line (RFC 9110, section 5.1)"
        ));
    }
    if RESERVED
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(name))
    {
        return Err(format!(
            "`{name}` is for the cases to set; a case of your own (--cases) can send any"
        ));
    }
    Ok((name.to_owned(), header_value(value)?))
}

/// Reads the value of a header line.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn header_value(text: &str) -> Result<String, String> {
    let value = text.trim_matches([' ', '\t']);
    match value.chars().find(|c| c.is_control() && *c != '\t') {
        Some(c) => Err(format!(
            "{c:?} may not stand in a header line (RFC 9110, section 5.5)"
        )),
        None => Ok(value.to_owned()),
    }
}

/// Reads the name of a subprotocol (RFC 6455, section 4.1: a token).
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn subprotocol(text: &str) -> Result<String, String> {
    match is_token(text.as_bytes()) {
        true => Ok(text.to_owned()),
        false => Err(
            "it has to be a token; repeat the option for several (RFC 6455, section 4.1)"
                .to_owned(),
        ),
    }
}

/// Reads what a target is called.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name has at least one character".to_owned()),
        name if name.chars().count() > 200 => Err("200 characters are the most".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// Reads a number of jobs.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("write a number from 1 to 1024".to_owned()),
    }
}

/// `1 case`, `2 cases`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_and_shows_them_again() {
        for (text, ms) in [
            ("250ms", 250),
            ("5s", 5000),
            ("2m", 120_000),
            ("1.5s", 1500),
            ("1ms", 1),
        ] {
            let read = duration(text).unwrap();
            assert_eq!(read, Duration::from_millis(ms));
            assert_eq!(duration(&shown(read)), Ok(read));
        }
        for text in [
            "",
            "5",
            "s",
            "-1s",
            "0s",
            "0.5ms",
            "1h",
            "1 s",
            "1e3s",
            "..s",
            "61m",
            "99999999999999999999s",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_header_lines() {
        let ok = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(
            header("Authorization: Basic YTpi"),
            ok("Authorization", "Basic YTpi")
        );
        assert_eq!(header("X-A:b:c "), ok("X-A", "b:c"));
        assert_eq!(header("X-Empty:"), ok("X-Empty", ""));
        for text in [
            "no colon",
            ": v",
            "a b: v",
            "X: a\r\nY: b",
            "X: \0",
            "connection: close",
            "sec-websocket-key: x",
        ] {
            assert!(header(text).is_err(), "{text:?}");
        }
        assert!(
            subprotocol("chat").is_ok() && subprotocol("a, b").is_err() && subprotocol("").is_err()
        );
        assert!(
            jobs("1").is_ok() && jobs("0").is_err() && jobs("-3").is_err() && jobs("1025").is_err()
        );
    }
}
