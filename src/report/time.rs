//! Times as numbers for axes and as text for their labels. All are UTC.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// Microseconds since 1970-01-01T00:00Z of an RFC 3339 time.
pub fn micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

/// Whether a text is an RFC 3339 time in UTC as answers have them.
pub fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20 && bytes.len() <= 27 && bytes[10] == b'T' && bytes.ends_with(b"Z")
}

/// A time as `2026-11-20 08:14:09`; nothing where it is beyond the calendar.
pub fn to_the_second(micros: i64) -> String {
    formatted(micros, "%Y-%m-%d %H:%M:%S")
}

/// A time on an axis of this span (both in microseconds): no finer than its reader can tell.
pub fn on_axis(micros: i64, span: i64) -> String {
    const MINUTE: i64 = 60_000_000;
    const DAY: i64 = 24 * 60 * MINUTE;
    let format = match span {
        span if span <= MINUTE => "%H:%M:%S%.3f",
        span if span <= DAY => "%H:%M:%S",
        _ => "%Y-%m-%d %H:%M",
    };
    formatted(micros, format)
}

/// A length of time in words: `30 minutes`.
pub fn length(micros: i64) -> String {
    const UNITS: [(i64, &str); 4] =
        [(86_400_000_000, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second")];
    for (size, name) in UNITS {
        if micros >= size && micros % size == 0 {
            let n = micros / size;
            return format!("{n} {name}{}", if n == 1 { "" } else { "s" });
        }
    }
    format!("{micros} microseconds")
}

/// A length of time in two digits or so: `34 s`, `2.5 h`.
#[expect(clippy::cast_precision_loss, reason = "rounded anyway")]
pub fn about(micros: i64) -> String {
    const UNITS: [(i64, &str); 5] =
        [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")];
    if micros <= 0 {
        return "0 s".to_owned();
    }
    let Some((size, unit)) = UNITS.iter().find(|(size, _)| micros >= *size) else {
        return format!("{micros} µs");
    };
    let amount = micros as f64 / *size as f64;
    let rounded = if amount < 9.95 { format!("{amount:.1}") } else { format!("{amount:.0}") };
    format!("{} {unit}", rounded.trim_end_matches(".0"))
}

fn formatted(micros: i64, format: &str) -> String {
    Timestamp::from_microsecond(micros)
        .ok()
        .and_then(|time| strtime::format(format, time).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_times() {
        let time = micros("2026-11-20T08:14:09.120045Z").unwrap();
        assert_eq!(time % 1_000_000, 120_045);
        assert_eq!(to_the_second(time), "2026-11-20 08:14:09");
        assert_eq!(on_axis(time, 1), "08:14:09.120");
        assert_eq!(on_axis(time, 3_600_000_000), "08:14:09");
        assert_eq!(on_axis(time, 30 * 86_400_000_000), "2026-11-20 08:14");
        assert_eq!(micros("soon"), None);
        assert_eq!(to_the_second(i64::MAX), "");
    }

    #[test]
    fn says_lengths_in_the_largest_whole_unit() {
        assert_eq!(length(1_800_000_000), "30 minutes");
        assert_eq!(length(3_600_000_000), "1 hour");
        assert_eq!(length(1), "1 microseconds");
    }

    #[test]
    fn rounds_lengths_to_what_can_be_told_apart() {
        let second = 1_000_000;
        let lengths = [0, 7, 1_500, 34 * second, 90 * second, 3600 * second, 50 * 3600 * second];
        let words: Vec<String> = lengths.into_iter().map(about).collect();
        assert_eq!(words, ["0 s", "7 µs", "1.5 ms", "34 s", "1.5 min", "1 h", "2.1 d"]);
    }
}
