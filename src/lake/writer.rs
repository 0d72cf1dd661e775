//! Rows to Parquet files: one per day, sorted, hashed while written.

mod chunk;
mod file;
mod merge;
mod order;
mod properties;
mod rows;
mod stages;

use std::path::{Path, PathBuf};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use parquet::errors::ParquetError;

use self::file::FileWriter;
use super::commit::{FileRecord, Part};
use super::coverage::FileCoverage;
use super::error::LakeError;
use super::identity::Reader;
use super::layout::Layout;
use crate::normalize::Rows;

pub use self::merge::{Merge, MergeLimits, merge, merge_day};
pub use self::properties::{BLOOM_FILTERS, ROW_GROUP_ROWS, SORTED_BY, page_bytes};

/// A finished Parquet file that no commit names yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedFile {
    pub path: PathBuf,
    /// The UTC date of every row's event_time, `YYYY-MM-DD`: the partition it belongs to.
    pub event_date: String,
    pub rows: u64,
    pub bytes: u64,
    /// The smallest event_time, in microseconds since 1970-01-01T00:00Z.
    pub first_time: i64,
    /// The largest event_time.
    pub last_time: i64,
    /// Of the whole file, in lower case hex.
    pub sha256: String,
    pub coverage: FileCoverage,
    /// As [`FileRecord::part`].
    pub part: Option<Part>,
}

impl StagedFile {
    /// What a commit says of the file; `clusters` are those that its rows can have.
    pub fn record(&self, clusters: Option<Vec<Option<String>>>) -> FileRecord {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        FileRecord {
            path: Layout::place(&self.event_date, &name),
            event_date: self.event_date.clone(),
            rows: self.rows,
            bytes: self.bytes,
            first_time: self.first_time,
            last_time: self.last_time,
            sha256: self.sha256.clone(),
            clusters,
            coverage: self.coverage.is_short().then(|| self.coverage.clone()),
            part: self.part,
        }
    }
}

/// A finished file, and the numbers that its rows had among those that were written, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub file: StagedFile,
    pub rows: Vec<u32>,
}

/// Writes rows as one file per UTC day into `staging`, sorted by [`SORTED_BY`] with nulls first.
///
/// `name` gives each file's name within `staging`, extension included. The order is total, as
/// source_uri and source_record name a record. Memory beyond the rows is that of a column of one row group.
///
/// # Errors
/// When a file cannot be created or written; what was written so far stays in `staging`.
pub fn write(
    rows: &Rows,
    staging: &Path,
    name: &mut dyn FnMut() -> String,
) -> Result<Vec<Written>, LakeError> {
    order::sorted(rows)
        .chunk_by(|a, b| a.day() == b.day())
        .map(|day| rows::write_day(rows, day, &staging.join(name())))
        .collect()
}

/// Rows that a merge takes at a time: the writer weighs a row group's bytes between two of these.
const TAKEN_ROWS: usize = 2_048;

/// Copies a file of the lake without the rows numbered in `drop`, which are sorted and count from
/// 0. The copy has the same layout, order and date, and no rows at all when all were dropped.
///
/// # Errors
/// When the file cannot be read, has no rows, or the copy cannot be written.
pub fn rewrite_without(path: &Path, drop: &[u32], to: &Path) -> Result<StagedFile, LakeError> {
    let mut file = FileWriter::create(to, &properties::properties())?;
    let mut date = None;
    let mut row = 0_u32;
    for batch in Reader::all_columns(path)? {
        let batch = batch?;
        if date.is_none() && batch.num_rows() > 0 {
            date = Some(order::date(order::times(&batch).value(0))?);
        }
        let kept = filter_record_batch(&batch, &keep(&batch, row, drop))
            .map_err(|error| LakeError::write_parquet(to)(ParquetError::from(error)))?;
        file.write(&kept)?;
        row += batch.num_rows() as u32;
    }
    file.finish(&date.ok_or_else(|| LakeError::NoRows { path: path.to_owned() })?)
}

/// Which rows of a batch stay, given the number of its first row.
fn keep(batch: &RecordBatch, first: u32, drop: &[u32]) -> BooleanArray {
    (0..batch.num_rows() as u32).map(|row| Some(drop.binary_search(&(first + row)).is_err())).collect()
}

#[cfg(test)]
mod tests;
