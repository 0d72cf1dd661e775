//! Times in the lake's records: microseconds in memory, RFC 3339 with six fraction digits in JSON.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;

/// `2026-11-22` for the days since 1970-01-01.
pub fn date(days: i64) -> String {
    text(days.saturating_mul(DAY)).chars().take_while(|&c| c != 'T').collect()
}

/// `2026-11-22T10:00:00.000000Z` for microseconds since 1970; beyond year 9999 the last time there is.
pub fn text(microseconds: i64) -> String {
    let bound = if microseconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    format!("{:.6}", Timestamp::from_microsecond(microseconds).unwrap_or(bound))
}

/// For `#[serde(serialize_with)]`.
pub fn serialize<S: Serializer>(microseconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*microseconds))
}

/// For `#[serde(deserialize_with)]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse::<Timestamp>().map(Timestamp::as_microsecond).map_err(D::Error::custom)
}

/// The same for a time that may be missing: `#[serde(with = "utc::option")]`.
pub mod option {
    use super::{Deserialize, Deserializer, Serializer, Timestamp, text};
    use serde::de::Error as _;

    /// For `#[serde(serialize_with)]`.
    pub fn serialize<S: Serializer>(microseconds: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        match microseconds {
            Some(microseconds) => serializer.serialize_some(&text(*microseconds)),
            None => serializer.serialize_none(),
        }
    }

    /// For `#[serde(deserialize_with)]`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        text.parse::<Timestamp>().map(|t| Some(t.as_microsecond())).map_err(D::Error::custom)
    }
}
