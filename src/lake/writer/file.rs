//! One Parquet file under construction.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::compute::{max, min};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};

use super::{StagedFile, order};
use crate::hash::hex;
use crate::lake::coverage::Counting;
use crate::lake::error::LakeError;
use crate::lake::io as disk;
use crate::normalize::schema::SCHEMA;

/// Writes sorted batches and keeps count of what a commit says of the file.
pub(super) struct FileWriter {
    path: PathBuf,
    writer: ArrowWriter<HashingFile>,
    times: Option<(i64, i64)>,
    rows: u64,
    coverage: Counting,
}

impl FileWriter {
    pub(super) fn create(path: &Path, properties: &WriterProperties) -> Result<Self, LakeError> {
        let file = disk::create_new(path)?;
        // An embedded Arrow schema would make readers of other languages follow Arrow's types
        // instead of Parquet's.
        let options =
            ArrowWriterOptions::new().with_properties(properties.clone()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(HashingFile::new(file), SCHEMA.clone(), options)
            .map_err(LakeError::write_parquet(path))?;
        let coverage = Counting::default();
        Ok(Self { path: path.to_owned(), writer, times: None, rows: 0, coverage })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let times = order::times(batch);
        if let (Some(first), Some(last)) = (min(times), max(times)) {
            let (earliest, latest) = self.times.unwrap_or((first, last));
            self.times = Some((earliest.min(first), latest.max(last)));
        }
        self.rows += batch.num_rows() as u64;
        self.coverage.add(batch);
        self.writer.write(batch).map_err(LakeError::write_parquet(&self.path))
    }

    /// Begins another row group, where this one has rows.
    pub(super) fn end_row_group(&mut self) -> Result<(), LakeError> {
        self.writer.flush().map_err(LakeError::write_parquet(&self.path))
    }

    /// Bytes in the file and waiting for it, compressed.
    pub(super) fn bytes(&self) -> u64 {
        (self.writer.bytes_written() + self.writer.in_progress_size()) as u64
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the footer. A file without rows has 0 for both of its times.
    pub(super) fn finish(self, event_date: &str) -> Result<StagedFile, LakeError> {
        let file = self.writer.into_inner().map_err(LakeError::write_parquet(&self.path))?;
        file.staged(self.path, event_date, self.rows, self.times.unwrap_or_default(), self.coverage)
    }
}

/// A file that hashes what passes through it. The Parquet writer buffers in front of it.
pub(super) struct HashingFile {
    file: disk::OutFile,
    hash: Sha256,
    bytes: u64,
}

impl HashingFile {
    pub(super) fn new(file: disk::OutFile) -> Self {
        Self { file, hash: Sha256::new(), bytes: 0 }
    }

    /// What a commit has to know of the file, once all of it was written.
    pub(super) fn staged(
        self,
        path: PathBuf,
        event_date: &str,
        rows: u64,
        (first_time, last_time): (i64, i64),
        coverage: Counting,
    ) -> Result<StagedFile, LakeError> {
        self.file.close()?;
        let sha256 = hex(&self.hash.finalize());
        let event_date = event_date.to_owned();
        let (bytes, coverage) = (self.bytes, coverage.finish());
        Ok(StagedFile { path, event_date, rows, bytes, first_time, last_time, sha256, coverage, part: None })
    }
}

impl Write for HashingFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
