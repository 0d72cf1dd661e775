//! Reads a file of the lake back, batch by batch: its columns, and who its rows are.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::arrow::{ProjectionMask, RowNumber};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy};
use parquet::file::page_index::offset_index::OffsetIndexMetaData;

use super::error::LakeError;
use super::times::Times;
use super::writer::page_bytes;
use crate::normalize::identity::{Identifying, Identity};
use crate::normalize::schema::SCHEMA;

/// Rows decoded at a time: a few MiB with bodies of a usual size, and bodies are only read to be
/// copied.
const BATCH_ROWS: usize = 1_024;

/// The column of a batch that has its rows' numbers in the file, from 0.
pub(super) const ROW: &str = "row_number";

pub(super) const IDENTIFYING: [&str; 8] =
    ["cluster", "record_id", "audit_id", "stage", "event_time", "request_uri", "verb", "username"];

/// How many bytes a row of a file takes, where rows are longest: on the page of each column whose values are. Where all
/// pages refer to a dictionary, rows share its strings and take none of their own.
///
/// # Errors
/// When the file cannot be opened, or is none of the lake's.
pub(super) fn longest_rows(path: &Path) -> Result<u64, LakeError> {
    let file = File::open(path).map_err(LakeError::io("open", path))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(LakeError::read_parquet(path))?;
    let metadata = metadata.metadata();
    let mut longest = 0;
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let pages = metadata.page_index_for_row_group(number);
        let mut row = 0;
        for (column, chunk) in group.columns().iter().enumerate() {
            // Views of 16 bytes, and the text that they point to.
            let average = chunk.uncompressed_size().max(0) as u64 / group.num_rows().max(1) as u64;
            let most = page_bytes(chunk.column_path()) as u64;
            let index = pages.offset_index(column).filter(|_| !is_all_dictionary(chunk));
            let on_page = index.and_then(|pages| longest_on_page(pages, group.num_rows(), most));
            row += 16 + on_page.unwrap_or(0).max(average);
        }
        longest = longest.max(row);
    }
    Ok(longest)
}

/// Whether no page has strings of its own.
fn is_all_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    chunk.page_encoding_stats_mask().is_some_and(|mask| mask.is_only(Encoding::RLE_DICTIONARY))
}

/// The bytes of a value on the page where values are longest; none where the file does not tell. A page that has grown
/// well beyond its usual size, `page`, has long values among others, and none is longer than the page; on a smaller
/// one the average will do, as all of it is little.
fn longest_on_page(pages: &OffsetIndexMetaData, rows: i64, page: u64) -> Option<u64> {
    let bytes = pages.unencoded_byte_array_data_bytes()?;
    let starts: Vec<i64> = pages.page_locations().iter().map(|page| page.first_row_index).collect();
    let ends = starts.iter().skip(1).copied().chain([rows]);
    let values = starts.iter().zip(ends).map(|(start, end)| (end - start).max(1) as u64);
    let value = |(bytes, values): (&i64, u64)| {
        let bytes = (*bytes).max(0) as u64;
        if bytes > 2 * page { bytes } else { bytes / values }
    };
    bytes.iter().zip(values).map(value).max()
}

/// The batches of a file of the lake, with strings as views, as rows are built with.
pub(super) struct Reader {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
}

impl Reader {
    pub(super) fn all_columns(path: &Path) -> Result<Self, LakeError> {
        Self::open(path, &[])
    }

    /// All columns, so many rows at a time.
    pub(super) fn in_batches(path: &Path, batch_rows: usize) -> Result<Self, LakeError> {
        Self::build(path, &[], batch_rows)
    }

    /// Reads the named columns, or all when none is named.
    pub(super) fn open(path: &Path, columns: &[&str]) -> Result<Self, LakeError> {
        Self::build(path, columns, BATCH_ROWS)
    }

    /// Reads the named columns of the rows whose event_time may be one of `times`, and the rows' numbers as [`ROW`]. Of
    /// pages without such a row only the times are decoded.
    pub(super) fn at_times(path: &Path, columns: &[&str], times: &Times) -> Result<Self, LakeError> {
        let number = Field::new(ROW, DataType::Int64, false).with_extension_type(RowNumber);
        let options = options().with_virtual_columns(vec![Arc::new(number)]);
        let builder = builder(path, options.map_err(LakeError::read_parquet(path))?)?;
        let of_times = ProjectionMask::columns(builder.parquet_schema(), ["event_time"]);
        let times = times.clone();
        let may_have = ArrowPredicateFn::new(of_times, move |batch| {
            let of_rows = batch["event_time"].as_primitive::<TimestampMicrosecondType>();
            Ok(of_rows.values().iter().map(|time| Some(times.may_have(*time))).collect())
        });
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let builder = builder.with_projection(mask).with_row_filter(RowFilter::new(vec![Box::new(may_have)]));
        Self::of(path, builder.with_batch_size(BATCH_ROWS))
    }

    fn build(path: &Path, columns: &[&str], batch_rows: usize) -> Result<Self, LakeError> {
        let builder = builder(path, options())?;
        let mask = match columns {
            [] => ProjectionMask::all(),
            _ => ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied()),
        };
        Self::of(path, builder.with_projection(mask).with_batch_size(batch_rows))
    }

    fn of(path: &Path, builder: ParquetRecordBatchReaderBuilder<File>) -> Result<Self, LakeError> {
        let batches = builder.build().map_err(LakeError::read_parquet(path))?;
        Ok(Self { path: path.to_owned(), batches })
    }
}

fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_schema(SCHEMA.clone())
}

fn builder(
    path: &Path,
    options: ArrowReaderOptions,
) -> Result<ParquetRecordBatchReaderBuilder<File>, LakeError> {
    let file = File::open(path).map_err(LakeError::io("open", path))?;
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(LakeError::read_parquet(path))
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next()?;
        Some(batch.map_err(|error| LakeError::read_parquet(&self.path)(ParquetError::from(error))))
    }
}

/// A column that the reader was told to read.
pub(super) fn strings<'a>(batch: &'a RecordBatch, name: &str) -> &'a StringViewArray {
    batch[name].as_string_view()
}

/// A row's string; none for a null.
pub(super) fn string(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// The identifying columns of a batch that has at least these.
pub(super) struct Columns<'a> {
    cluster: &'a StringViewArray,
    record_id: &'a StringViewArray,
    audit_id: &'a StringViewArray,
    stage: &'a StringViewArray,
    event_time: &'a TimestampMicrosecondArray,
    request_uri: &'a StringViewArray,
    verb: &'a StringViewArray,
    username: &'a StringViewArray,
}

impl<'a> Columns<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Self {
        Self {
            cluster: strings(batch, "cluster"),
            record_id: strings(batch, "record_id"),
            audit_id: strings(batch, "audit_id"),
            stage: strings(batch, "stage"),
            event_time: batch["event_time"].as_primitive::<TimestampMicrosecondType>(),
            request_uri: strings(batch, "request_uri"),
            verb: strings(batch, "verb"),
            username: strings(batch, "username"),
        }
    }

    pub(super) fn identity(&self, row: usize, scratch: &mut Vec<u8>) -> Identity {
        Identifying {
            cluster: string(self.cluster, row),
            record_id: string(self.record_id, row),
            audit_id: string(self.audit_id, row),
            stage: string(self.stage, row),
            event_time: self.event_time.value(row),
            request_uri: string(self.request_uri, row),
            verb: string(self.verb, row),
            username: string(self.username, row),
        }
        .identity(scratch)
    }
}
