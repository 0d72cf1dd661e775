//! Values bound to the named parameters of a statement.

use duckdb::ToSql;
use duckdb::types::{TimeUnit, ToSqlOutput, Value};

/// A value for a `$name` in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Param {
    Null,
    Text(String),
    Int(i64),
    Bool(bool),
    /// Microseconds since 1970-01-01T00:00Z.
    Timestamp(i64),
    TextList(Vec<String>),
    IntList(Vec<i64>),
}

impl ToSql for Param {
    fn to_sql(&self) -> duckdb::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Null => Value::Null,
            Self::Text(text) => return text.to_sql(),
            Self::Int(int) => Value::BigInt(*int),
            Self::Bool(bool) => Value::Boolean(*bool),
            Self::Timestamp(micros) => Value::Timestamp(TimeUnit::Microsecond, *micros),
            Self::TextList(list) => Value::List(list.iter().cloned().map(Value::Text).collect()),
            Self::IntList(list) => Value::List(list.iter().copied().map(Value::BigInt).collect()),
        };
        Ok(ToSqlOutput::Owned(value))
    }
}
