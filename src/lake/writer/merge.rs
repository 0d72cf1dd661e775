//! Sorted files of one day into fewer, larger ones, row by row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{SortOptions, filter_record_batch, interleave_record_batch, not};
use arrow::error::ArrowError;
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use parquet::errors::ParquetError;

use super::file::FileWriter;
use super::stages::Runs;
use super::{SORTED_BY, StagedFile, TAKEN_ROWS, order, properties, stages};
use crate::lake::commit::Part;
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

/// Rows that are held in any case until a run ends, so that the stages of a request stay together. A run is what one user
/// did in one microsecond with one verb and resource. Longer runs are waited for as far as another batch would go.
const LEAST_RUN: usize = 64;

/// How the files of `paths` become others in a folder, which are named as asked.
pub type Merge =
    fn(&[PathBuf], &Path, &mut dyn FnMut() -> String, MergeLimits) -> Result<Vec<StagedFile>, LakeError>;

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
    let mut files = Files::new(staging, limits.file_bytes);
    each_batch(paths, limits, |batch| files.write(batch, name))?;
    files.finish()
}

/// The same for all files of a day. The requests for secrets, which is what hunts read, go into files of their own, and
/// so do those of their records that a later stage supersedes: nobody who looks for such requests has to tell their
/// stages apart. Of other requests the stages stay together, as what they share takes hardly any space then. Three
/// files are written at a time.
///
/// # Errors
/// As [`merge`].
pub fn merge_day(
    paths: &[PathBuf],
    staging: &Path,
    name: &mut dyn FnMut() -> String,
    limits: MergeLimits,
) -> Result<Vec<StagedFile>, LakeError> {
    let files = || Files::new(staging, limits.file_bytes);
    let (mut rest, mut requests, mut superseded) = (files(), files(), files());
    let mut before_secrets = true;
    let runs_whole = each_batch(paths, limits, |batch| {
        let secrets = stages::secrets(batch);
        rest.write(&batch.slice(0, secrets.start), name)?;
        if before_secrets && secrets.start < batch.num_rows() {
            // A row group with rows before them and after them would have a range that holds secrets.
            rest.end_row_group()?;
            before_secrets = false;
        }
        rest.write(&batch.slice(secrets.end, batch.num_rows() - secrets.end), name)?;
        let [latest, gone] = told_apart(&batch.slice(secrets.start, secrets.len()))
            .map_err(|error| in_memory(&paths[0], error))?;
        requests.write(&latest, name)?;
        superseded.write(&gone, name)
    })?;
    let mut done = Vec::new();
    for (part, files) in
        [(Part::Rest, rest), (Part::SecretRequests, requests), (Part::SecretsSuperseded, superseded)]
    {
        let part = runs_whole.then_some(part);
        done.extend(files.finish()?.into_iter().map(|file| StagedFile { part, ..file }));
    }
    Ok(done)
}

/// Takes the rows of all files together, in order; says whether no run was torn between two batches.
fn each_batch(
    paths: &[PathBuf],
    limits: MergeLimits,
    mut take: impl FnMut(&RecordBatch) -> Result<(), LakeError>,
) -> Result<bool, LakeError> {
    let mut inputs = Inputs::open(paths, limits.batch_rows)?;
    // Rows that wait to be written are held too, each with the batch that it came in.
    while let Some(batch) = inputs.take(limits.batch_rows.min(TAKEN_ROWS))? {
        take(&batch)?;
    }
    Ok(inputs.runs_whole)
}

/// The rows that are the latest stages of their requests, and those that are not.
fn told_apart(batch: &RecordBatch) -> Result<[RecordBatch; 2], ArrowError> {
    let gone = stages::superseded(batch);
    Ok([filter_record_batch(batch, &not(&gone)?)?, filter_record_batch(batch, &gone)?])
}

/// Files being written, one after the other.
struct Files<'a> {
    staging: &'a Path,
    most_bytes: u64,
    open: Option<(FileWriter, String)>,
    done: Vec<StagedFile>,
}

impl<'a> Files<'a> {
    fn new(staging: &'a Path, most_bytes: u64) -> Self {
        Self { staging, most_bytes, open: None, done: Vec::new() }
    }

    fn write(&mut self, batch: &RecordBatch, name: &mut dyn FnMut() -> String) -> Result<(), LakeError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let (mut file, date) = match self.open.take() {
            Some(open) => open,
            None => {
                let date = order::date(order::times(batch).value(0))?;
                (FileWriter::create(&self.staging.join(name()), &properties::merged())?, date)
            }
        };
        file.write(batch)?;
        if file.bytes() >= self.most_bytes || file.rows() >= MOST_ROWS {
            self.done.push(file.finish(&date)?);
        } else {
            self.open = Some((file, date));
        }
        Ok(())
    }

    /// Begins another row group, where the one that is open has rows.
    fn end_row_group(&mut self) -> Result<(), LakeError> {
        self.open.as_mut().map_or(Ok(()), |(file, _)| file.end_row_group())
    }

    fn finish(mut self) -> Result<Vec<StagedFile>, LakeError> {
        if let Some((file, date)) = self.open {
            self.done.push(file.finish(&date)?);
        }
        Ok(self.done)
    }
}

/// The files being merged.
struct Inputs {
    converter: RowConverter,
    cursors: Vec<Cursor>,
    /// The next row of each file, the smallest on top; of equal ones that of the first file.
    heads: BinaryHeap<Reverse<(OwnedRow, usize)>>,
    /// Batches that rows were taken from; a cursor's `held` is its own.
    held: Vec<RecordBatch>,
    /// Whether all batches so far ended where a run does.
    runs_whole: bool,
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
        let mut inputs = Self {
            converter,
            cursors: Vec::new(),
            heads: BinaryHeap::new(),
            held: Vec::new(),
            runs_whole: true,
        };
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

    /// The next rows of all files together, about so many, to the end of a run; none at the end.
    fn take(&mut self, about: usize) -> Result<Option<RecordBatch>, LakeError> {
        let most = about + about.max(LEAST_RUN);
        let mut places = Vec::with_capacity(about);
        while let Some(Reverse((_, at))) = self.heads.peek() {
            let at = *at;
            if places.len() >= about {
                let ends = places.last().is_none_or(|last| !self.is_in_run(at, *last));
                self.runs_whole &= ends || places.len() < most;
                if ends || places.len() >= most {
                    break;
                }
            }
            self.heads.pop();
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

    /// Whether a file's next row is in one run with a row that was taken, given by its batch and number.
    fn is_in_run(&self, at: usize, (held, row): (usize, usize)) -> bool {
        let cursor = &self.cursors[at];
        Runs::of(&self.held[cursor.held]).are_one(cursor.row, &Runs::of(&self.held[held]), row)
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
