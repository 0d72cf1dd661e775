//! One cell of an Arrow batch as a JSON value: what every face but Parquet shows.
//!
//! Numbers that a double cannot hold exactly (a HUGEINT, a long DECIMAL) are text, and so is what JSON has
//! no type for: times are RFC 3339 in UTC, intervals ISO 8601 durations, bytes hexadecimal.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, AsArray, make_array};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
    UInt64Type,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Map, Number, Value};

/// As DuckDB writes it.
const INFINITY: &str = "infinity";

/// The value at a row of a column.
pub fn of(array: &dyn Array, row: usize) -> Result<Value, ArrowError> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float32 => {
            // Through its text, so that 0.1 stays 0.1.
            let number = array.as_primitive::<Float32Type>().value(row);
            number.to_string().parse::<f64>().map_or(Value::Null, float)
        }
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Value::String(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Value::String(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Value::String(array.as_string_view().value(row).to_owned()),
        DataType::List(_) => list(&array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row))?,
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row))?,
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let members = fields.iter().zip(columns);
            Value::Object(
                members
                    .map(|(field, column)| Ok((field.name().clone(), of(column.as_ref(), row)?)))
                    .collect::<Result<Map<_, _>, ArrowError>>()?,
            )
        }
        DataType::Map(..) => map(&array.as_map().value(row))?,
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys()[row];
            of(dictionary.values().as_ref(), key)?
        }
        DataType::Union(..) => {
            let union = array.as_union();
            of(make_array(union.value(row).to_data()).as_ref(), 0)?
        }
        DataType::Timestamp(_, None) => {
            let text = formatted(array, row)?;
            Value::String(if text.ends_with(INFINITY) { text } else { text + "Z" })
        }
        // Its numbers are UTC whatever the zone, and Arrow knows zones by name only with a database of them.
        DataType::Timestamp(unit, Some(_)) => {
            let in_utc =
                array.slice(row, 1).to_data().into_builder().data_type(DataType::Timestamp(*unit, None));
            of(make_array(in_utc.build()?).as_ref(), 0)?
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let interval = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            Value::String(duration(interval.months, interval.days, interval.nanoseconds))
        }
        kind if kind.is_integer() => formatted(array, row)?.parse::<i64>().map_or(Value::Null, Value::from),
        DataType::Decimal128(..) | DataType::Decimal256(..) => decimal(formatted(array, row)?),
        _ => Value::String(formatted(array, row)?),
    })
}

fn formatted(array: &dyn Array, row: usize) -> Result<String, ArrowError> {
    let options = FormatOptions::new().with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.6f"));
    let text = ArrayFormatter::try_new(array, &options)?.value(row).try_to_string();
    text.or_else(|error| unbounded(array, row).ok_or(error))
}

/// DuckDB's times that Arrow cannot write: those without end, which are the greatest number and its negative, and the
/// end of a day. <https://duckdb.org/docs/stable/sql/data_types/timestamp#special-values>
fn unbounded(array: &dyn Array, row: usize) -> Option<String> {
    let number = cast(&array.slice(row, 1), &DataType::Int64).ok()?;
    let number = number.as_primitive::<Int64Type>().value(0);
    let greatest = match array.data_type() {
        DataType::Timestamp(..) => i64::MAX,
        DataType::Date32 => i32::MAX.into(),
        DataType::Time64(TimeUnit::Microsecond) if number == 86_400_000_000 => {
            return Some("24:00:00".to_owned());
        }
        _ => return None,
    };
    match number {
        _ if number == greatest => Some(INFINITY.to_owned()),
        _ if number == -greatest => Some(format!("-{INFINITY}")),
        _ => None,
    }
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
}

/// A number where its digits survive a double, else text.
fn decimal(text: String) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    match text.parse::<f64>() {
        Ok(number) if same_digits(&number.to_string(), &text) => float(number),
        _ => Value::String(text),
    }
}

fn same_digits(a: &str, b: &str) -> bool {
    let bare = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    bare(a) == bare(b)
}

/// ISO 8601; a sign stands before each part that is negative.
fn duration(months: i32, days: i32, nanoseconds: i64) -> String {
    let mut text = String::from("P");
    for (amount, unit) in [(months, 'M'), (days, 'D')] {
        if amount != 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{amount}{unit}");
        }
    }
    if nanoseconds != 0 || text.len() == 1 {
        let sign = if nanoseconds < 0 { "-" } else { "" };
        let (seconds, rest) =
            (nanoseconds.unsigned_abs() / 1_000_000_000, nanoseconds.unsigned_abs() % 1_000_000_000);
        let _ = write!(text, "T{sign}{seconds}");
        if rest != 0 {
            let _ = write!(text, ".{}", format!("{rest:09}").trim_end_matches('0'));
        }
        text.push('S');
    }
    text
}

fn list(items: &ArrayRef) -> Result<Value, ArrowError> {
    (0..items.len()).map(|item| of(items.as_ref(), item)).collect::<Result<_, _>>().map(Value::Array)
}

/// A map is an object; keys that are no strings are written as they are shown, and of equal ones the last stays.
fn map(entries: &dyn Array) -> Result<Value, ArrowError> {
    let columns = entries.as_struct().columns();
    let [keys, values] = columns else { return Ok(Value::Null) };
    let mut object = Map::new();
    for entry in 0..entries.len() {
        object.insert(plain(&of(keys.as_ref(), entry)?), of(values.as_ref(), entry)?);
    }
    Ok(Value::Object(object))
}

/// A value as unescaped text: strings as they are, nothing for null, JSON for what has parts.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
