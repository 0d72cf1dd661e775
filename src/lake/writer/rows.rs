//! Rows that were just built to a Parquet file, column by column.

use std::path::Path;

use arrow::array::{Array, ArrayAccessor, ArrayRef, AsArray};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use parquet::arrow::ArrowSchemaConverter;
use parquet::data_type::{self, DataType};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};

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
    let mut encoder = ChunkEncoder::new()?;
    for group in groups(rows, numbers) {
        let mut row_group = writer.next_row_group()?;
        for (at, values) in rows.columns.iter().enumerate() {
            let description = schema.column(at);
            let chunk = match values {
                Values::Texts(texts) => encoder.texts(&description, &properties, texts, group)?,
                Values::Lists(lists) => encoder.lists(&description, &properties, lists, group)?,
                Values::Array(array) => {
                    array_column(array, group, &mut row_group)?;
                    continue;
                }
            };
            row_group.append_column(&chunk.bytes, chunk.close)?;
        }
        row_group.close()?;
    }
    writer.into_inner()
}

/// Writes the rows with these numbers as the next column. Arrow's writers would do too, but come for all columns at
/// once, each with a compressor.
fn array_column(
    array: &ArrayRef,
    rows: &[u32],
    row_group: &mut SerializedRowGroupWriter<'_, HashingFile>,
) -> Result<()> {
    let none_left = || ParquetError::General("more columns than the schema has".into());
    let column = row_group.next_column()?.ok_or_else(none_left)?;
    if let Some(times) = array.as_primitive_opt::<TimestampMicrosecondType>() {
        values::<data_type::Int64Type, _>(times, rows, column)
    } else if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
        values::<data_type::Int64Type, _>(numbers, rows, column)
    } else if let Some(numbers) = array.as_primitive_opt::<Int32Type>() {
        values::<data_type::Int32Type, _>(numbers, rows, column)
    } else if let Some(flags) = array.as_boolean_opt() {
        values::<data_type::BoolType, _>(flags, rows, column)
    } else {
        Err(ParquetError::General(format!("no column is of type {}", array.data_type())))
    }
}

fn values<T: DataType, A: ArrayAccessor<Item = T::T>>(
    array: A,
    rows: &[u32],
    mut column: SerializedColumnWriter<'_>,
) -> Result<()> {
    let writer = column.typed::<T>();
    let rows = rows.iter().map(|&row| row as usize);
    let present = rows.clone().filter(|&row| array.is_valid(row));
    let values: Vec<T::T> = present.map(|row| array.value(row)).collect();
    let nullable = writer.get_descriptor().max_def_level() > 0;
    let levels: Option<Vec<i16>> = nullable.then(|| rows.map(|row| i16::from(array.is_valid(row))).collect());
    writer.write_batch(&values, levels.as_deref(), None)?;
    column.close()
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
