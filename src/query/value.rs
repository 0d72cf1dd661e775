//! What a query's parameters hold: their types, how they are read from the command line, and how
//! they are written into SQL for a person.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::lake::utc;
use crate::report::escape;

/// A parameter's value as it is bound. Times are bound as text, which the SQL casts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Text(String),
    Integer(i64),
    Boolean(bool),
}

/// The types a header may give a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    Varchar,
    BigInt,
    Boolean,
    /// Given with an offset, or without one as UTC; bound as RFC 3339 in UTC with six fraction digits.
    Timestamp,
    Date,
}

impl ParameterType {
    /// The type a header names, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let types = [Self::Varchar, Self::BigInt, Self::Boolean, Self::Timestamp, Self::Date];
        types.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// The type's name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Varchar => "VARCHAR",
            Self::BigInt => "BIGINT",
            Self::Boolean => "BOOLEAN",
            Self::Timestamp => "TIMESTAMP",
            Self::Date => "DATE",
        }
    }

    /// Reads a value of this type, or says what would be one.
    pub fn read(self, text: &str) -> Result<Value, &'static str> {
        match self {
            Self::Varchar => Ok(Value::Text(text.to_owned())),
            Self::BigInt => text.parse().map(Value::Integer).map_err(|_| "a whole number"),
            Self::Boolean => text.parse().map(Value::Boolean).map_err(|_| "true or false"),
            Self::Timestamp => read_time(text)
                .map(|time| Value::Text(time_text(time)))
                .ok_or("a time such as 2026-11-20T11:30:00Z or 2026-11-20"),
            Self::Date => text
                .parse::<Date>()
                .map(|date| Value::Text(date.to_string()))
                .map_err(|_| "a date such as 2026-11-20"),
        }
    }
}

/// A time with an offset, or without one in UTC; a date is its midnight. None for one with the name of a zone,
/// which would be passed over.
pub fn read_time(text: &str) -> Option<Timestamp> {
    if text.contains('[') {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil = text.parse::<DateTime>().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// RFC 3339 in UTC with six fraction digits, as every time in an answer is written.
pub fn time_text(time: Timestamp) -> String {
    utc::text(time.as_microsecond())
}

impl Value {
    /// The value as a SQL literal: the one place where a value becomes SQL text, for a person to
    /// read, change and run.
    ///
    /// Hidden characters are written as `chr(n)`, so that the text can be shown on a terminal and
    /// copied from it without loss; a NUL can stand in a SQL text in no other way.
    pub fn literal(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Boolean(flag) => flag.to_string(),
            Self::Text(text) => text_literal(text),
        }
    }
}

fn text_literal(text: &str) -> String {
    let mut parts = Vec::new();
    let mut plain = String::new();
    for c in text.chars() {
        if escape::is_hidden(c) {
            push_quoted(&mut parts, &mut plain);
            parts.push(format!("chr({})", u32::from(c)));
        } else {
            plain.push(c);
            if c == '\'' {
                plain.push(c);
            }
        }
    }
    if parts.is_empty() {
        return format!("'{plain}'");
    }
    push_quoted(&mut parts, &mut plain);
    let mut literal = String::from("concat(");
    // Writing to a String cannot fail.
    let _ = write!(literal, "{})", parts.join(", "));
    literal
}

fn push_quoted(parts: &mut Vec<String>, plain: &mut String) {
    if !plain.is_empty() {
        parts.push(format!("'{plain}'"));
        plain.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_type() {
        assert_eq!(ParameterType::BigInt.read("15"), Ok(Value::Integer(15)));
        assert_eq!(ParameterType::Boolean.read("true"), Ok(Value::Boolean(true)));
        assert!(ParameterType::BigInt.read("15.5").is_err());
        assert_eq!(ParameterType::Date.read("2026-11-20"), Ok(Value::Text("2026-11-20".to_owned())));
        assert!(ParameterType::Date.read("2026-02-30").is_err());
        assert_eq!(ParameterType::parse("timestamp"), Some(ParameterType::Timestamp));
        assert_eq!(ParameterType::parse("BLOB"), None);
    }

    #[test]
    fn times_keep_their_offset_and_are_utc_without_one() {
        let read = |text| ParameterType::Timestamp.read(text);
        let noon = Ok(Value::Text("2026-11-20T12:00:00.000000Z".to_owned()));
        assert_eq!(read("2026-11-20T12:00:00Z"), noon);
        assert_eq!(read("2026-11-20T21:00:00+09:00"), noon);
        assert_eq!(read("2026-11-20 12:00:00"), noon);
        assert_eq!(read("2026-11-20"), Ok(Value::Text("2026-11-20T00:00:00.000000Z".to_owned())));
        assert!(read("yesterday").is_err());
    }

    #[test]
    fn literals_are_quoted_and_hidden_characters_spelled() {
        let literal = |text: &str| Value::Text(text.to_owned()).literal();
        assert_eq!(literal("o'brien"), "'o''brien'");
        assert_eq!(literal(r"a\'b"), r"'a\''b'");
        assert_eq!(literal(""), "''");
        assert_eq!(literal("a\u{1b}[0m\n"), "concat('a', chr(27), '[0m', chr(10))");
        assert_eq!(literal("\u{202e}"), "concat(chr(8238))");
        assert_eq!(Value::Null.literal(), "NULL");
        assert_eq!(Value::Integer(-1).literal(), "-1");
    }
}
