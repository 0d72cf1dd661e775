//! Times as microseconds since 1970-01-01T00:00Z, and their text, without a calendar library in
//! the hot path: a civil date is worked out once per day and per writer.

/// Microseconds in a second, a minute, an hour, a day.
pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Year, month and day of a time. Days are counted in 400-year eras that begin on 1 March, so
/// that the leap day is the last of its year.
pub fn civil(micros: i64) -> (i64, i64, i64) {
    let days = micros.div_euclid(DAY) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Hour of the day, 0 to 23.
pub fn hour(micros: i64) -> i64 {
    micros.rem_euclid(DAY) / HOUR
}

/// RFC 3339 with six fraction digits and `Z`.
pub fn rfc3339(micros: i64) -> String {
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    Clock::default().write(&mut text[..26], micros);
    String::from_utf8_lossy(&text).into_owned()
}

/// Writes times; remembers the last day's date.
#[derive(Debug, Default)]
pub struct Clock {
    day: i64,
    date: Option<[u8; 10]>,
}

impl Clock {
    /// Writes `2026-11-01T00:00:00.000000` without a zone: 26 bytes, or 23 where the fraction
    /// shall have three digits only.
    #[inline]
    pub fn write(&mut self, to: &mut [u8], micros: i64) {
        let day = micros.div_euclid(DAY);
        let date = match self.date {
            Some(date) if self.day == day => date,
            _ => self.turn_to(day),
        };
        let of_day = micros.rem_euclid(DAY);
        let (second, fraction) = ((of_day / SECOND) as u32, (of_day % SECOND) as u32);
        to[..10].copy_from_slice(&date);
        to[10] = b'T';
        two(&mut to[11..13], second / 3600);
        to[13] = b':';
        two(&mut to[14..16], second / 60 % 60);
        to[16] = b':';
        two(&mut to[17..19], second % 60);
        to[19] = b'.';
        three(&mut to[20..23], fraction / 1000);
        if to.len() >= 26 {
            three(&mut to[23..26], fraction % 1000);
        }
    }

    fn turn_to(&mut self, day: i64) -> [u8; 10] {
        let (year, month, date) = civil(day * DAY);
        let mut text = *b"0000-00-00";
        two(&mut text[..2], (year / 100) as u32);
        two(&mut text[2..4], (year % 100) as u32);
        two(&mut text[5..7], month as u32);
        two(&mut text[8..10], date as u32);
        self.day = day;
        self.date = Some(text);
        text
    }
}

#[inline]
fn two(to: &mut [u8], value: u32) {
    to[0] = b'0' + (value / 10 % 10) as u8;
    to[1] = b'0' + (value % 10) as u8;
}

#[inline]
fn three(to: &mut [u8], value: u32) {
    to[0] = b'0' + (value / 100 % 10) as u8;
    two(&mut to[1..], value % 100);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_calendar_library(micros in 0_i64..4_102_444_800_000_000) {
            let theirs = jiff::Timestamp::from_microsecond(micros).unwrap();
            prop_assert_eq!(rfc3339(micros), format!("{theirs:.6}"));
        }
    }
}
