//! Reads back who the rows of a file are and where they came from, batch by batch.

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use super::LakeError;
use super::identity::{Columns, IDENTIFYING, ROW, Reader, strings};
use super::times::{Times, TimesBuilder};
use crate::normalize::Identity;

const ORIGIN: [&str; 2] = ["source_uri", "source_record"];

/// Takes a row's number, identity, source_uri, source_record and salvaged.
type TakeRow<'a> = &'a mut dyn FnMut(u32, Identity, &str, i64, bool) -> Result<(), LakeError>;

/// Calls `take` for each row, in order, with its number, source_uri and source_record.
///
/// # Errors
/// When the file cannot be read, and those of `take`.
pub fn each_origin(
    path: &Path,
    take: &mut dyn FnMut(u32, &str, i64) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let mut row = 0;
    for batch in Reader::open(path, &ORIGIN)? {
        let batch = batch?;
        let uris = strings(&batch, ORIGIN[0]);
        let records = batch[ORIGIN[1]].as_primitive::<Int64Type>();
        for (uri, record) in uris.iter().zip(records.values()) {
            take(row, uri.unwrap_or_default(), *record)?;
            row += 1;
        }
    }
    Ok(())
}

/// The times of all rows of some files, which have so many together.
///
/// # Errors
/// When a file cannot be read.
pub fn times<'a>(rows: u64, paths: impl Iterator<Item = &'a Path>) -> Result<Times, LakeError> {
    let mut times = TimesBuilder::new(rows);
    for path in paths {
        for batch in Reader::open(path, &["event_time"])? {
            let batch = batch?;
            let of_rows = batch["event_time"].as_primitive::<TimestampMicrosecondType>();
            of_rows.values().iter().for_each(|time| times.add(*time));
        }
    }
    Ok(times.finish())
}

/// As [`each_origin`], with each row's identity, computed from its columns, for the rows whose time may be one of `times`.
///
/// # Errors
/// As [`each_origin`].
pub fn each_at(path: &Path, times: &Times, take: TakeRow<'_>) -> Result<(), LakeError> {
    let names: Vec<&str> = IDENTIFYING.into_iter().chain(ORIGIN).chain(["salvaged"]).collect();
    let mut scratch = Vec::new();
    for batch in Reader::at_times(path, &names, times)? {
        let batch = batch?;
        let columns = Columns::of(&batch);
        let uris = strings(&batch, ORIGIN[0]);
        let records = batch[ORIGIN[1]].as_primitive::<Int64Type>();
        let rows = batch[ROW].as_primitive::<Int64Type>();
        let salvaged = batch["salvaged"].as_boolean();
        for at in 0..batch.num_rows() {
            let identity = columns.identity(at, &mut scratch);
            take(rows.value(at) as u32, identity, uris.value(at), records.value(at), salvaged.value(at))?;
        }
    }
    Ok(())
}
