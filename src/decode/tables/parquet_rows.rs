//! Parquet, as Security Lake keeps its records: a row, with its nested columns, becomes an object.

use std::io;
use std::sync::Arc;

use arrow::datatypes::Schema;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::Rows;
use super::guarded::guarded;
use super::json_rows::{JsonRows, with_views};
use super::parquet_bounds::{check_footer, check_group};
use crate::decode::seekable::Seekable;

/// Whether a file begins as one does.
pub(in crate::decode) fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

/// The rows of a file.
pub(in crate::decode) struct ParquetRows {
    file: Seekable,
    metadata: ArrowReaderMetadata,
    /// The row group after the one that is read.
    next_group: usize,
    batches: Option<ParquetRecordBatchReader>,
    rows: JsonRows,
}

impl ParquetRows {
    pub(in crate::decode) fn open(file: Seekable) -> io::Result<Self> {
        check_footer(&file)?;
        let metadata = guarded(|| {
            // What Arrow says of the columns beside Parquet is of no use here, and one more thing to be garbled.
            let found =
                ArrowReaderMetadata::load(&file, ArrowReaderOptions::new().with_skip_arrow_metadata(true))?;
            let fields = with_views(found.schema().fields());
            let schema = Schema::new_with_metadata(fields, found.schema().metadata().clone());
            let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
            ArrowReaderMetadata::try_new(Arc::clone(found.metadata()), options)
        })?;
        Ok(Self { file, metadata, next_group: 0, batches: None, rows: JsonRows::default() })
    }

    /// Goes on to the next batch of rows; false at the end.
    fn next_batch(&mut self) -> io::Result<bool> {
        loop {
            if let Some(batches) = &mut self.batches
                && let Some(batch) = guarded(|| batches.next().transpose())?
            {
                self.rows.go_on(batch);
                return Ok(true);
            }
            let number = self.next_group;
            let Some(group) = self.metadata.metadata().row_groups().get(number) else { return Ok(false) };
            let rows = check_group(&self.file, group)?;
            let (file, metadata) = (self.file.clone(), self.metadata.clone());
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
            let builder = builder.with_row_groups(vec![number]).with_batch_size(rows);
            self.batches = Some(guarded(|| builder.build())?);
            self.next_group += 1;
        }
    }
}

impl Rows for ParquetRows {
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            let start = json.len();
            if guarded(|| self.rows.next_row(json))? {
                return Ok(true);
            }
            json.truncate(start);
            if !self.next_batch()? {
                return Ok(false);
            }
        }
    }
}

impl Length for Seekable {
    fn len(&self) -> u64 {
        self.length()
    }
}

impl ChunkReader for Seekable {
    type T = io::BufReader<Self>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(io::BufReader::new(self.at(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let inside = start.checked_add(length as u64).is_some_and(|end| end <= self.length());
        if !inside {
            return Err(ParquetError::EOF(format!("{length} bytes at {start}, behind the file's end")));
        }
        let mut bytes = vec![0; length];
        io::Read::read_exact(&mut self.at(start), &mut bytes)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
