//! A day, for `until=`.

use std::{
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use super::Fault;
use crate::escape;

/// A day of the calendar. Days compare as they follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    #[cfg(test)]
    pub(in crate::gate) const fn new(year: u16, month: u8, day: u8) -> Date {
        Date { year, month, day }
    }

    /// The day of a moment, in UTC.
    pub fn of(moment: SystemTime) -> Date {
        let seconds = moment
            .duration_since(UNIX_EPOCH)
            .map_or(0, |past| past.as_secs());
        let mut days = seconds / 86_400;
        let mut year = 1970;
        while days >= 365 + u64::from(is_leap(year)) && year < u16::MAX {
            days -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        let mut month = 1;
        while days >= u64::from(days_of(year, month)) && month < 12 {
            days -= u64::from(days_of(year, month));
            month += 1;
        }
        // Fewer than 31 are left, but for a moment behind the year 65535.
        let day = u8::try_from(days + 1).unwrap_or(31);
        Date { year, month, day }
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u16, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Date, Fault> {
        let part = |range: std::ops::Range<usize>| {
            let digits = text.get(range)?;
            digits.bytes().all(|c| c.is_ascii_digit()).then_some(())?;
            digits.parse::<u16>().ok()
        };
        let octets = text.as_bytes();
        let date = (octets.len() == 10 && octets[4] == b'-' && octets[7] == b'-')
            .then(|| Some((part(0..4)?, part(5..7)?, part(8..10)?)))
            .flatten();
        match date {
            Some((year, month @ 1..=12, day @ 1..=31))
                if day <= days_of(year, month as u8).into() =>
            {
                let (month, day) = (month as u8, day as u8);
                Ok(Date { year, month, day })
            }
            _ => Err(Fault::Day(escape::line(text).into_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_follow_the_calendar() {
        let day = |days: u64| Date::of(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 86_399));
        for (days, text) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (364, "1970-12-31"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day(days), text.parse().unwrap(), "{text}");
        }
        assert!("2026-09-30".parse::<Date>().unwrap() < "2026-10-01".parse().unwrap());
    }
}
