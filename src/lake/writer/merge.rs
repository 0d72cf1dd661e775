//! Sorted files of one day into fewer, larger ones, row by row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{SortOptions, interleave_record_batch};
use arrow::error::ArrowError;
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use parquet::errors::ParquetError;

use super::file::FileWriter;
use super::{SORTED_BY, StagedFile, TAKEN_ROWS, order};
use crate::lake::error::LakeError;
use crate::lake::identity::Reader;
use crate::normalize::schema::{SCHEMA, position};

/// How much a merge holds and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeLimits {
    /// Rows of each file that are held.
    pub batch_rows: usize,
    /// A file that has reached so many bytes is ended, and another one begun.
    pub file_bytes: u64,
}

/// A file ends here too: rows are numbered with 32 bits.
const MOST_ROWS: u64 = 1 << 30;

/// Merges files of one day, each sorted by [`SORTED_BY`], into files in the same order. Memory is that
/// of a batch of each file and of the file being written.
///
/// # Errors
/// When a file cannot be read or written.
pub fn merge(
    paths: &[PathBuf],
    staging: &Path,
    name: &mut dyn FnMut() -> String,
    limits: MergeLimits,
) -> Result<Vec<StagedFile>, LakeError> {
    let mut inputs = Inputs::open(paths, limits.batch_rows)?;
    let mut done = Vec::new();
    let mut open: Option<(FileWriter, String)> = None;
    // Rows that wait to be written are held too, each with the batch that it came in.
    while let Some(batch) = inputs.take(limits.batch_rows.min(TAKEN_ROWS))? {
        let (mut file, date) = match open.take() {
            Some(file) => file,
            None => {
                let date = order::date(order::times(&batch).value(0))?;
                (FileWriter::create(&staging.join(name()))?, date)
            }
        };
        file.write(&batch)?;
        if file.bytes() >= limits.file_bytes || file.rows() >= MOST_ROWS {
            done.push(file.finish(&date)?);
        } else {
            open = Some((file, date));
        }
    }
    if let Some((file, date)) = open {
        done.push(file.finish(&date)?);
    }
    Ok(done)
}

/// The files being merged.
struct Inputs {
    converter: RowConverter,
    cursors: Vec<Cursor>,
    /// The next row of each file, the smallest on top; of equal ones that of the first file.
    heads: BinaryHeap<Reverse<(OwnedRow, usize)>>,
    /// Batches that rows were taken from; a cursor's `held` is its own.
    held: Vec<RecordBatch>,
}

/// Where a file is read.
struct Cursor {
    path: PathBuf,
    reader: Reader,
    keys: Option<Rows>,
    held: usize,
    row: usize,
}

impl Inputs {
    fn open(paths: &[PathBuf], batch_rows: usize) -> Result<Self, LakeError> {
        let options = SortOptions { descending: false, nulls_first: true };
        let field = |name: &str| {
            SortField::new_with_options(SCHEMA.field(position(name)).data_type().clone(), options)
        };
        let converter = RowConverter::new(SORTED_BY.map(field).to_vec())
            .map_err(|error| in_memory(paths.first().map_or(Path::new(""), PathBuf::as_path), error))?;
        let mut inputs = Self { converter, cursors: Vec::new(), heads: BinaryHeap::new(), held: Vec::new() };
        for path in paths {
            let reader = Reader::in_batches(path, batch_rows)?;
            inputs.cursors.push(Cursor { path: path.clone(), reader, keys: None, held: 0, row: 0 });
            inputs.refill(inputs.cursors.len() - 1)?;
        }
        Ok(inputs)
    }

    /// Puts the next row of a file among the heads, if it has one.
    fn refill(&mut self, at: usize) -> Result<(), LakeError> {
        let cursor = &mut self.cursors[at];
        while cursor.keys.as_ref().is_none_or(|keys| cursor.row >= keys.num_rows()) {
            let Some(batch) = cursor.reader.next().transpose()? else {
                cursor.keys = None;
                return Ok(());
            };
            let columns: Vec<ArrayRef> =
                SORTED_BY.iter().map(|name| batch.column(position(name)).clone()).collect();
            let keys = self.converter.convert_columns(&columns).map_err(|e| in_memory(&cursor.path, e))?;
            (cursor.keys, cursor.row, cursor.held) = (Some(keys), 0, self.held.len());
            self.held.push(batch);
        }
        if let Some(keys) = &cursor.keys {
            self.heads.push(Reverse((keys.row(cursor.row).owned(), at)));
        }
        Ok(())
    }

    /// The next rows of all files together, at most so many; none at the end.
    fn take(&mut self, most: usize) -> Result<Option<RecordBatch>, LakeError> {
        let mut places = Vec::with_capacity(most);
        while places.len() < most {
            let Some(Reverse((_, at))) = self.heads.pop() else { break };
            let cursor = &mut self.cursors[at];
            places.push((cursor.held, cursor.row));
            cursor.row += 1;
            self.refill(at)?;
        }
        if places.is_empty() {
            return Ok(None);
        }
        let batches: Vec<&RecordBatch> = self.held.iter().collect();
        let merged = interleave_record_batch(&batches, &places)
            .map_err(|error| in_memory(&self.cursors[0].path, error))?;
        self.forget();
        Ok(Some(merged))
    }

    /// Lets go of the batches that no file is read in any more.
    fn forget(&mut self) {
        let mut kept = Vec::with_capacity(self.cursors.len());
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.keys.is_some()) {
            kept.push(self.held[cursor.held].clone());
            cursor.held = kept.len() - 1;
        }
        self.held = kept;
    }
}

fn in_memory(path: &Path, error: ArrowError) -> LakeError {
    LakeError::read_parquet(path)(ParquetError::from(error))
}
