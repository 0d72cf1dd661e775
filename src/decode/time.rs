//! Times as audit logs write them, to microseconds in UTC.
//!
//! RFC 3339, and what exports make of it: a space or a lower-case `t` for the `T`, any number of fraction
//! digits, no zone (then it is UTC); and what Azure's portal writes in English. Digits beyond the microsecond
//! are cut off, not rounded: a rounded time can cross a window's edge.

/// Microseconds since 1970-01-01T00:00Z; `None` where the text is no time, or one before 1970 or from [`END`] on.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim_ascii();
    rfc3339(text.as_bytes()).or_else(|| portal(text)).filter(|micros| (0..END).contains(micros))
}

fn rfc3339(bytes: &[u8]) -> Option<i64> {
    let (date_time, rest) = bytes.split_at_checked(19)?;
    let separators = [date_time[4], date_time[7], date_time[13], date_time[16]];
    if separators != *b"--::" || !matches!(date_time[10], b'T' | b't' | b' ') {
        return None;
    }
    let field = |from: usize, to: usize| number(&date_time[from..to]);
    let days = days_since_epoch(field(0, 4)?, field(5, 7)?, field(8, 10)?)?;
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    // 60 is a leap second; it counts as the last second of its minute, as most clocks have it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = fraction(rest)?;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second.min(59) - offset(zone)?;
    Some(seconds * 1_000_000 + fraction)
}

/// `11/2/2026, 3:00:05.123 AM`: how the portal exports a time where its language is English of the United States. With AM
/// and PM in capitals the month comes first; what other languages write does not say which number is which.
fn portal(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(", ")?;
    let (time, half) = time.split_once([' ', '\u{202f}'])?;
    let three = |text: &str, separator: char| -> Option<[i64; 3]> {
        let numbers = text.split(separator).map(|digits| match digits.len() {
            1 | 2 | 4 => number(digits.as_bytes()),
            _ => None,
        });
        numbers.collect::<Option<Vec<_>>>()?.try_into().ok()
    };
    let [month, day, year] = three(date, '/')?;
    let (time, behind) = time.split_at(time.find('.').unwrap_or(time.len()));
    let [hour, minute, second] = three(time, ':')?;
    let (fraction, rest) = fraction(behind.as_bytes())?;
    let afternoon = match half {
        "AM" => 0,
        "PM" => 12,
        _ => return None,
    };
    if !(1..=12).contains(&hour) || minute > 59 || second > 59 || !rest.is_empty() {
        return None;
    }
    let hour = hour % 12 + afternoon;
    let seconds = days_since_epoch(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(seconds * 1_000_000 + fraction)
}

/// The first microsecond that is no time: behind `jiff::Timestamp::MAX`, 9999-12-30T22:00:00.999999Z, which is the last that has a
/// date in every time zone.
pub const END: i64 = 253_402_207_201_000_000;

/// Microseconds of a time in milliseconds, as 13 digits (from 2001 to 2286).
pub fn from_millis(text: &str) -> Option<i64> {
    let digits = text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse::<i64>().ok()?.checked_mul(1_000)).flatten()
}

/// Years that a time beside a record may lie in, 2015 (before which no cluster had an audit log) to 2100, in microseconds.
const PLAUSIBLE: std::ops::Range<i64> = 1_420_070_400_000_000..4_102_444_800_000_000;

/// Microseconds of a time since 1970 in seconds (which may have a fraction), milliseconds, microseconds or nanoseconds: in
/// [`PLAUSIBLE`] years the number of digits tells which.
pub fn from_epoch(text: &str) -> Option<i64> {
    let (whole, behind) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (fraction, rest) = fraction(behind.as_bytes())?;
    let is_number = whole.bytes().all(|byte| byte.is_ascii_digit()) && rest.is_empty();
    let number: i64 = is_number.then(|| whole.parse().ok()).flatten()?;
    let micros = match (whole.len(), behind.is_empty()) {
        (10, _) => number * 1_000_000 + fraction,
        (13, true) => number * 1_000,
        (16, true) => number,
        (19, true) => number / 1_000,
        _ => return None,
    };
    PLAUSIBLE.contains(&micros).then_some(micros)
}

/// A time as people or as machines write it.
pub fn stamp(text: &str) -> Option<i64> {
    parse(text).or_else(|| from_epoch(text))
}

/// Go writes its zero time where a time is unset.
pub fn is_unset(text: &str) -> bool {
    text.is_empty() || text.starts_with("0001-01-01T00:00:00")
}

fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

/// Howard Hinnant's days_from_civil, <https://howardhinnant.github.io/date_algorithms.html>, for years from 1970.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year < 1970 || day < 1 || day > last {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let year_of_era = year % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(year / 400 * 146_097 + day_of_era - 719_468)
}

/// Microseconds of the fraction, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', digits)) = rest.split_first() else { return Some((0, rest)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let kept = count.min(6);
    let scale = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1][kept];
    Some((number(&digits[..kept])? * scale, &digits[count..]))
}

/// Seconds east of UTC: `Z`, nothing, ` UTC`, `+09:00` or `+0900`.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match zone {
        [] | b"Z" | b"z" | b" UTC" => return Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            (*sign, number(&[*h1, *h2])?, number(&[*m1, *m2])?)
        }
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60;
    Some(if sign == b'-' { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_form_that_logs_hold() {
        let expected = 1_678_487_906_382_098;
        for text in [
            "2023-03-10T22:38:26.382098Z",
            "2023-03-10t22:38:26.382098z",
            "2023-03-10 22:38:26.382098",
            "2023-03-10T22:38:26.382098999Z",
            "2023-03-11T07:38:26.382098+09:00",
            "2023-03-10T17:08:26.382098-0530",
            " 2023-03-10T22:38:26.382098Z\n",
        ] {
            assert_eq!(parse(text), Some(expected), "{text:?}");
        }
        assert_eq!(parse("2023-03-10T22:38:26Z"), Some(1_678_487_906_000_000));
        assert_eq!(parse("2023-03-10T22:38:26.5Z"), Some(1_678_487_906_500_000));
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2016-12-31T23:59:60Z"), parse("2016-12-31T23:59:59Z"));
    }

    #[test]
    fn reads_what_the_portal_writes_in_english() {
        for (text, same) in [
            ("11/2/2026, 3:00:05.123 AM", "2026-11-02T03:00:05.123Z"),
            ("11/02/2026, 12:00:05 AM", "2026-11-02T00:00:05Z"),
            ("1/31/2026, 12:59:59.9\u{202f}PM", "2026-01-31T12:59:59.9Z"),
            ("1/31/2026, 11:59:59.999 PM", "2026-01-31T23:59:59.999Z"),
        ] {
            assert_eq!(parse(text), parse(same), "{text:?}");
            assert!(parse(text).is_some());
        }
        // Day or month, and no zone that would say: nothing is guessed.
        for text in [
            "02/11/2026, 15:00:05.123",
            "02.11.2026, 03:00:05,123",
            "26/02/2025, 11:58:34 am",
            "13/2/2026, 3:00:05 AM",
            "11/2/2026, 0:00:05 AM",
            "11/2/2026, 3:00 AM",
            "11/2/2026, 3:00:05. AM",
            "11/2/26, 3:00:05 AM",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2023",
            "2023-03-10",
            "2023-03-10T22:38",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-03-10T24:00:00Z",
            "2023-03-10T22:60:00Z",
            "2023-03-10T22:38:26.Z",
            "2023-03-10T22:38:26+9",
            "2023-03-10T22:38:26Zulu",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "0001-01-01T00:00:00Z",
            "２023-03-10T22:38:26Z",
            "2023-03-10T22:38:26+24:00",
            "2023-00-10T22:38:26Z",
            "9999-12-30T22:00:01Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert!(is_unset("0001-01-01T00:00:00Z"));
    }

    #[test]
    fn the_digits_of_an_epoch_tell_its_unit() {
        let expected = Some(1_678_487_906_382_000);
        for text in ["1678487906.382", "1678487906382", "1678487906382000", "1678487906382000999"] {
            assert_eq!((from_epoch(text), stamp(text)), (expected, expected), "{text}");
        }
        assert_eq!(from_epoch("1678487906"), Some(1_678_487_906_000_000));
        for text in [
            "",
            "1",
            "167848790.5",
            "1678487906.",
            "1678487906.5s",
            "1678487906382.5",
            "-678487906",
            "9999999999999999999",
            "9999999999",
            "1420070399",
        ] {
            assert_eq!(from_epoch(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_last_time_is_the_last_with_a_date() {
        let last = jiff::Timestamp::MAX.as_microsecond();
        assert_eq!((parse("9999-12-30T22:00:00.999999Z"), last), (Some(END - 1), END - 1));
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(micros in 0i64..253_402_207_200_000_000, minutes in -1_439i32..1_439) {
            let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
            let timestamp = jiff::Timestamp::from_microsecond(micros).unwrap();
            prop_assert_eq!(parse(&timestamp.to_string()), Some(micros));
            let local = timestamp.display_with_offset(offset).to_string();
            if !local.starts_with("1969") && !local.starts_with('+') {
                prop_assert_eq!(parse(&local), Some(micros), "{}", local);
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}|[0-9]{0,20}[.]?[0-9]{0,9}") {
            let _ = stamp(&text);
        }
    }
}
