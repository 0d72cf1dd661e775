//! Times as they are written in answers: RFC 3339 in UTC with six fraction digits.

use jiff::Timestamp;

/// A time that is given in microseconds since 1970-01-01T00:00Z.
pub fn rfc3339(micros: i64) -> String {
    match Timestamp::from_microsecond(micros) {
        Ok(time) => format!("{time:.6}"),
        Err(_) => format!("{micros} µs"),
    }
}
