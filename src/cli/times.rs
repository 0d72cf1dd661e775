//! What people type for spans and times.

use jiff::civil::Date;

use crate::detect::Since;
use crate::query::value::read_time;

/// A thousand years.
const LONGEST: i64 = 1000 * 366 * 86_400 * 1_000_000;

/// Microseconds of a span such as `30m`, `1h 30m` or `30d`, more than nothing.
pub fn span(text: &str) -> Result<i64, String> {
    let span = humantime::parse_duration(text)
        .map_err(|error| format!("{text:?} is no span ({error}): try one such as 30m, 36h or 30d"))?;
    match i64::try_from(span.as_micros()) {
        Ok(0) => Err("a span of less than a microsecond: try one such as 30m".to_owned()),
        Ok(span) if span <= LONGEST => Ok(span),
        _ => Err(format!("{text:?} is longer than any log: try one such as 30d")),
    }
}

/// An RFC 3339 time, a date (its first instant), or a span. A time without an offset is UTC.
pub fn bound(text: &str) -> Result<Since, String> {
    if let Some(time) = read_time(text) {
        return Ok(Since::At(time.as_microsecond()));
    }
    span(text).map(Since::BeforeNewest).map_err(|_| {
        format!("{text:?} is no time: try 2026-11-22T08:00:00Z, 2026-11-22, or a span back from the newest event such as 30d")
    })
}

/// A day, as it is written in answers.
pub fn day(text: &str) -> Result<String, String> {
    let day = text.parse::<Date>().map_err(|_| format!("{text:?} is no date: try 2026-11-22"))?;
    Ok(day.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_times_dates_or_spans() {
        assert_eq!(bound("1970-01-02"), Ok(Since::At(86_400_000_000)));
        assert_eq!(bound("1970-01-01T09:00:00+09:00"), Ok(Since::At(0)));
        assert_eq!(bound("1970-01-01T00:00:01"), Ok(Since::At(1_000_000)));
        assert_eq!(bound("1970-01-01T00:00:00.000001Z"), Ok(Since::At(1)));
        assert_eq!(bound("30d"), Ok(Since::BeforeNewest(30 * 86_400 * 1_000_000)));
        let zoned = ["2026-11-10T11:00:00[Europe/Berlin]", "2026-11-10T11:00:00+02:00[America/New_York]"];
        for wrong in ["", "yesterday", "2026-13-01", "0s", "2026-11-22T25:00:00Z"].into_iter().chain(zoned) {
            assert!(bound(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn spans_are_more_than_nothing() {
        assert_eq!(span("1h 30m"), Ok(5_400_000_000));
        assert!(span("0m").is_err());
        assert!(span("30").is_err());
        assert!(span("500000000y").is_err());
    }
}
