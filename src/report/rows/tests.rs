//! Every type that DuckDB returns, hostile values, and no rows at all, in each face.

use std::sync::{Arc, Mutex};

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array,
    Int32Array, Int64Array, Int64Builder, IntervalMonthDayNanoArray, ListArray, MapBuilder, StringArray,
    StringBuilder, StructArray, Time64MicrosecondArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, IntervalMonthDayNanoType, Schema, UInt8Type};
use serde_json::json;

use super::*;

/// Bytes that outlive the writer that owns a handle to them.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(batch: &RecordBatch, format: RowFormat, view: View) -> Vec<u8> {
    let sink = Sink::default();
    let mut writer = writer(format, &batch.schema(), view, Box::new(sink.clone())).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    let bytes = sink.0.lock().unwrap();
    bytes.clone()
}

fn text(batch: &RecordBatch, format: RowFormat) -> String {
    String::from_utf8(written(batch, format, View::default())).unwrap()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// One row and one row of nulls of each type.
fn every_type() -> RecordBatch {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("k");
    map.values().append_value(1);
    map.append(true).unwrap();
    map.append(false).unwrap();
    let fields = vec![Field::new("a", DataType::Int32, true), Field::new("b", DataType::Utf8, true)];
    let parts: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![Some(1), None])),
        Arc::new(StringArray::from(vec![Some("x"), None])),
    ];
    let structs = StructArray::new(fields.into(), parts, Some(vec![true, false].into()));
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let interval = IntervalMonthDayNanoType::make_value(14, -3, 1_500_000_000);
    let dictionary: DictionaryArray<UInt8Type> = vec![Some("high"), None].into_iter().collect();
    batch(vec![
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("bigint", Arc::new(Int64Array::from(vec![Some(-7), None]))),
        ("ubigint", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None]))),
        ("double", Arc::new(Float64Array::from(vec![Some(f64::NAN), None]))),
        (
            "decimal",
            Arc::new(Decimal128Array::from(vec![Some(12345), None]).with_precision_and_scale(10, 2).unwrap()),
        ),
        (
            "hugeint",
            Arc::new(
                Decimal128Array::from(vec![Some(i128::MAX / 10), None])
                    .with_precision_and_scale(38, 0)
                    .unwrap(),
            ),
        ),
        ("varchar", Arc::new(StringArray::from(vec![Some("ünï"), None]))),
        ("blob", Arc::new(BinaryArray::from(vec![Some(&[0u8, 255][..]), None]))),
        ("date", Arc::new(Date32Array::from(vec![Some(20_000), None]))),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![Some(3_661_000_001), None]))),
        ("timestamp", Arc::new(TimestampMicrosecondArray::from(vec![Some(1_700_000_000_000_001), None]))),
        ("interval", Arc::new(IntervalMonthDayNanoArray::from(vec![Some(interval), None]))),
        ("enum", Arc::new(dictionary)),
        ("list", Arc::new(list)),
        ("struct", Arc::new(structs)),
        ("map", Arc::new(map.finish())),
    ])
}

#[test]
fn times_without_end_are_written_as_duckdb_writes_them() {
    let timestamps = TimestampMicrosecondArray::from(vec![i64::MAX, -i64::MAX, 0]);
    let dates = Date32Array::from(vec![i32::MAX, -i32::MAX, 0]);
    let times = Time64MicrosecondArray::from(vec![86_400_000_000, 86_399_999_999, 0]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("utc", Arc::new(timestamps.clone().with_timezone("UTC"))),
        ("timestamp", Arc::new(timestamps)),
        ("date", Arc::new(dates)),
        ("time", Arc::new(times)),
    ];
    assert_eq!(
        text(&batch(columns), RowFormat::Ndjson).lines().collect::<Vec<_>>(),
        [
            r#"{"utc":"infinity","timestamp":"infinity","date":"infinity","time":"24:00:00"}"#,
            r#"{"utc":"-infinity","timestamp":"-infinity","date":"-infinity","time":"23:59:59.999999"}"#,
            r#"{"utc":"1970-01-01T00:00:00.000000Z","timestamp":"1970-01-01T00:00:00.000000Z","date":"1970-01-01","time":"00:00:00"}"#,
        ]
    );
}

#[test]
fn json_has_a_value_for_every_type() {
    let rows: Value = serde_json::from_str(&text(&every_type(), RowFormat::Json)).unwrap();
    assert_eq!(
        rows[0],
        json!({
            "boolean": true, "bigint": -7, "ubigint": u64::MAX, "double": "NaN", "decimal": 123.45,
            "hugeint": "17014118346046923173168730371588410572", "varchar": "ünï", "blob": "00ff",
            "date": "2024-10-04", "time": "01:01:01.000001", "timestamp": "2023-11-14T22:13:20.000001Z",
            "interval": "P14M-3DT1.5S", "enum": "high", "list": [1, null], "struct": {"a": 1, "b": "x"},
            "map": {"k": 1},
        })
    );
    assert!(rows[1].as_object().unwrap().values().all(Value::is_null));
}

#[test]
fn a_time_with_a_zone_is_shown_in_utc() {
    let times = TimestampMicrosecondArray::from(vec![Some(1_700_000_000_000_001), None]);
    for zone in ["UTC", "Europe/Berlin", "+05:00"] {
        let column: ArrayRef = Arc::new(times.clone().with_timezone(zone));
        let batch = RecordBatch::try_from_iter([("at", column)]).unwrap();
        assert_eq!(
            text(&batch, RowFormat::Ndjson),
            "{\"at\":\"2023-11-14T22:13:20.000001Z\"}\n{\"at\":null}\n"
        );
    }
}

#[test]
fn ndjson_has_a_line_per_row() {
    let text = text(&every_type(), RowFormat::Ndjson);
    assert_eq!(text.lines().count(), 2);
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).unwrap().is_object()));
}

#[test]
fn csv_reads_back() {
    let text = text(&every_type(), RowFormat::Csv);
    let mut reader = csv_reader(&text);
    assert_eq!(&reader.headers().unwrap()[0], "boolean");
    let row = reader.records().next().unwrap().unwrap();
    assert_eq!(&row[1], "-7");
    assert_eq!(&row[13], "1;");
    assert_eq!(&row[14], r#"{"a":1,"b":"x"}"#);
}

fn csv_reader(text: &str) -> ::csv::Reader<&[u8]> {
    ::csv::Reader::from_reader(text.as_bytes())
}

#[test]
fn parquet_reads_back_with_text_for_intervals() {
    let bytes = written(&every_type(), RowFormat::Parquet, View::default());
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build().unwrap();
    let read = reader.map(Result::unwrap).next().unwrap();
    assert_eq!(read.num_rows(), 2);
    let interval = read.column_by_name("interval").unwrap();
    assert_eq!(value::of(interval.as_ref(), 0).unwrap(), json!("P14M-3DT1.5S"));
    assert_eq!(value::of(read.column_by_name("bigint").unwrap().as_ref(), 0).unwrap(), json!(-7));
}

#[test]
fn hostile_values_stay_text() {
    let hostile = "=cmd\u{1b}[31m\u{202e}\n";
    let batch = batch(vec![("name", Arc::new(StringArray::from(vec![hostile])))]);
    for format in [RowFormat::Table, RowFormat::Csv, RowFormat::Json, RowFormat::Ndjson] {
        let text = text(&batch, format);
        assert!(
            !text.chars().any(|c| crate::report::escape::is_hidden(c) && c != '\n' && c != '\r'),
            "{text}"
        );
    }
    assert!(text(&batch, RowFormat::Csv).contains("'=cmd"));
    let rows: Value = serde_json::from_str(&text(&batch, RowFormat::Json)).unwrap();
    assert_eq!(rows[0]["name"], json!(hostile));
}

#[test]
fn no_rows_are_an_answer() {
    let none = every_type().slice(0, 0);
    assert_eq!(text(&none, RowFormat::Json), "[]\n");
    assert_eq!(text(&none, RowFormat::Ndjson), "");
    assert_eq!(text(&none, RowFormat::Csv).lines().count(), 1);
    assert!(text(&none, RowFormat::Table).ends_with("(0 rows)\n"));
    assert!(written(&none, RowFormat::Parquet, View::default()).starts_with(b"PAR1"));
}

#[test]
fn a_table_fits_the_terminal_as_columns_or_as_cards() {
    let wide = "a rather long value with words in it ".repeat(8);
    let columns: Vec<(&str, ArrayRef)> =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
            .into_iter()
            .map(|name| (name, Arc::new(StringArray::from(vec![wide.as_str(), "short"])) as ArrayRef))
            .collect();
    let batch = batch(columns);
    for width in [80, 120, 200] {
        let text =
            String::from_utf8(written(&batch, RowFormat::Table, View { width, ..View::default() })).unwrap();
        assert!(text.lines().all(|line| crate::report::text::width(line) <= width), "{text}");
        assert_eq!(text.matches("rather").count(), 80, "nothing is cut");
        assert_eq!(text.starts_with("row 1"), width < 200);
    }
}

#[test]
fn what_is_the_same_in_every_row_stands_above_a_table_that_does_not_fit() {
    let agent = "kubectl/v1.30 (linux/amd64) kubernetes/abcdef0";
    let batch = batch(vec![
        ("secret", Arc::new(StringArray::from(vec!["a-secret-with-a-long-name", "another-secret"]))),
        ("user_agent", Arc::new(StringArray::from(vec![agent, agent]))),
        ("cluster", Arc::new(StringArray::from(vec![None::<&str>, None]))),
    ]);
    let wide = written(&batch, RowFormat::Table, View { width: 120, ..View::default() });
    let wide = String::from_utf8(wide).unwrap();
    let narrow = written(&batch, RowFormat::Table, View { width: 60, ..View::default() });
    assert!(!wide.contains("in every row") && wide.starts_with("secret "), "{wide}");
    let narrow = String::from_utf8(narrow).unwrap();
    assert!(narrow.starts_with("in every row: user_agent kubectl/v1.30"), "{narrow}");
    assert!(!narrow.contains("cluster"), "{narrow}");
}

#[test]
fn equal_column_names_stay_apart_in_json() {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let schema =
        Schema::new(vec![Field::new("n", DataType::Int64, true), Field::new("n", DataType::Int64, true)]);
    let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::clone(&column), column]).unwrap();
    assert_eq!(text(&batch, RowFormat::Ndjson), "{\"n\":1,\"n_2\":1}\n");
}
