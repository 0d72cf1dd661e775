//! DuckDB as the reader.

use std::collections::BTreeSet;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::Int64Type;
use proptest::prelude::*;

use super::Written;
use super::tests::{Record, build, record, strings};
use crate::cancel::Cancel;
use crate::engine::{Engine, EngineError, EngineOptions, FLOOR, Param, RESERVED};
use crate::lake::writer::file::FileWriter;
use crate::lake::writer::{properties, write as write_files};

/// What DuckDB makes of a file: all rows, and how many of them it finds by each value of a column that it skips by.
fn found_by_duckdb(path: &Path, rows: &RecordBatch) -> (RecordBatch, Vec<i64>) {
    let folder = tempfile::tempdir().unwrap();
    let options = EngineOptions {
        files: vec![path.to_owned().into()],
        memory: FLOOR + RESERVED,
        threads: 1,
        temp: folder.path().join("temp"),
        temp_limit: None,
    };
    let engine = Engine::open(&options).unwrap();
    let ask = |sql: &str, params: &[(&str, Param)]| {
        let mut batches = Vec::new();
        engine
            .query(sql, params, &Cancel::default(), |batch| {
                batches.push(batch.clone());
                Ok::<_, EngineError>(())
            })
            .unwrap();
        concat_batches(&batches[0].schema(), &batches).unwrap()
    };
    let all = ask("SELECT * FROM audit_events ORDER BY source_uri, source_record", &[]);
    let mut found = Vec::new();
    for name in ["resource", "name", "username", "audit_id"] {
        let (values, _) = strings(rows, name, 0..rows.num_rows());
        for value in values.into_iter().collect::<BTreeSet<_>>().into_iter().take(8) {
            let value = Param::Text(std::str::from_utf8(value).unwrap().to_owned());
            let sql = format!("SELECT count(*) FROM audit_events WHERE {name} = $value");
            found.push(ask(&sql, &[("value", value)]).column(0).as_primitive::<Int64Type>().value(0));
        }
    }
    (all, found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn duckdb_finds_in_a_file_what_it_finds_in_one_that_arrow_wrote(
        records in prop::collection::vec(record(), 1..200),
        repeated in 1..30_usize,
    ) {
        let records: Vec<Record> = (0..repeated).flat_map(|_| records.clone()).collect();
        let rows = build(&records);
        let folder = tempfile::tempdir().unwrap();
        let day = folder.path().join("event_date=2026-11-22");
        std::fs::create_dir(&day).unwrap();
        let written = write_files(&rows, &day, &mut || "ours.parquet".to_owned()).unwrap();
        let Written { file, rows: numbers } = &written[0];
        let expected = take_record_batch(&rows.batch(), &UInt32Array::from(numbers.clone())).unwrap();
        let mut arrow = FileWriter::create(&day.join("arrow.parquet"), &properties::properties()).unwrap();
        arrow.write(&expected).unwrap();
        let arrow = arrow.finish(&file.event_date).unwrap();
        let (all, found) = found_by_duckdb(&file.path, &expected);
        prop_assert_eq!(all.num_rows(), records.len());
        prop_assert!(found.iter().all(|count| *count > 0), "{:?}", found);
        prop_assert_eq!((all, found), found_by_duckdb(&arrow.path, &expected));
    }
}
