//! Rows that were just built to a Parquet file, column by column.

use std::path::Path;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::Result;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use super::chunk::ChunkEncoder;
use super::file::HashingFile;
use super::order::{self, Key};
use super::{Written, properties};
use crate::lake::coverage::Counting;
use crate::lake::error::LakeError;
use crate::lake::io as disk;
use crate::normalize::schema::SCHEMA;
use crate::normalize::{Rows, Values};

/// Bytes of bodies, as they are, in a row group: bounds what a reader has to decompress at once.
const BODY_BYTES: usize = 128 << 20;

/// Fewer rows than this are no row group of their own but the end of the one before: what each of its 43 columns
/// needs besides values is 10 KB.
const LEAST_ROWS: usize = properties::ROW_GROUP_ROWS / 4;

/// Writes the rows with these keys, all of one day, in their order.
pub(super) fn write_day(rows: &Rows, day: &[Key], path: &Path) -> Result<Written, LakeError> {
    let file = HashingFile::new(disk::create_new(path)?);
    let numbers: Vec<u32> = day.iter().map(|key| key.row).collect();
    let file = write(rows, &numbers, file).map_err(LakeError::write_parquet(path))?;
    let times = day.iter().map(|key| key.event_time);
    let times = (times.clone().min().unwrap_or_default(), times.max().unwrap_or_default());
    let mut coverage = Counting::default();
    coverage.add_rows(rows, &numbers);
    let date = order::date(times.0)?;
    let staged = file.staged(path.to_owned(), &date, numbers.len() as u64, times, coverage)?;
    Ok(Written { file: staged, rows: numbers })
}

fn write(rows: &Rows, numbers: &[u32], file: HashingFile) -> Result<HashingFile> {
    let schema = ArrowSchemaConverter::new().convert(&SCHEMA)?;
    let properties = properties::properties();
    let mut writer = SerializedFileWriter::new(file, schema.root_schema_ptr(), properties.clone())?;
    let arrow = ArrowRowGroupWriterFactory::new(&writer, SCHEMA.clone());
    let mut encoder = ChunkEncoder::new()?;
    for (index, group) in groups(rows, numbers).into_iter().enumerate() {
        let columns = arrow.create_column_writers(index)?;
        let mut row_group = writer.next_row_group()?;
        for (at, (values, column)) in rows.columns.iter().zip(columns).enumerate() {
            let description = schema.column(at);
            let chunk = match values {
                Values::Texts(texts) => encoder.texts(&description, &properties, texts, group)?,
                Values::Lists(lists) => encoder.lists(&description, &properties, lists, group)?,
                Values::Array(array) => {
                    array_column(array, at, group, column, &mut row_group)?;
                    continue;
                }
            };
            row_group.append_column(&chunk.bytes, chunk.close)?;
        }
        row_group.close()?;
    }
    writer.into_inner()
}

fn array_column(
    array: &ArrayRef,
    at: usize,
    rows: &[u32],
    mut column: ArrowColumnWriter,
    row_group: &mut SerializedRowGroupWriter<'_, HashingFile>,
) -> Result<()> {
    let taken = take(array, &UInt32Array::from(rows.to_vec()), None)?;
    for leaf in compute_leaves(SCHEMA.field(at), &taken)? {
        column.write(&leaf)?;
    }
    column.close()?.append_to_row_group(row_group)
}

/// The rows of each row group.
fn groups<'n>(rows: &Rows, numbers: &'n [u32]) -> Vec<&'n [u32]> {
    let bodies = ["request_object", "response_object"].map(|name| rows.texts(name));
    let size =
        |row: u32| bodies.iter().filter_map(|body| body.get(row as usize)).map(str::len).sum::<usize>();
    let (mut groups, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (at, &row) in (1..).zip(numbers) {
        bytes += size(row);
        let full = at - start >= properties::ROW_GROUP_ROWS && numbers.len() - at >= LEAST_ROWS;
        if full || bytes >= BODY_BYTES || at == numbers.len() {
            groups.push(&numbers[start..at]);
            (start, bytes) = (at, 0);
        }
    }
    groups
}

#[cfg(all(test, feature = "engine"))]
mod duckdb_tests;
#[cfg(test)]
mod tests;
