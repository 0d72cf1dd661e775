//! Worker threads: decode chunks into rows and rejects, and write them to staging.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use super::IngestError;
use super::ledger::Ledger;
use super::spare::Spare;
use super::tally::Tally;
use crate::cancel::{Cancel, Stopped};
use crate::decode::{Chunk, DecodeOptions, Decoded, Decoder, Reject};
use crate::hash;
use crate::lake::commit::CLUSTERS;
use crate::lake::coverage::Stream;
use crate::lake::dedup::{Dedup, FileNumber, SourceNumber, Standing};
use crate::lake::rejects::{self, Part, RejectRecord};
use crate::lake::writer::{self, Written};
use crate::lake::{FileRecord, LakeError, utc};
use crate::normalize::schema::position;
use crate::normalize::{Defaults, Place, RowBuilder, Rows, Values};
use crate::progress::Progress;

/// A source as workers see it.
#[derive(Debug)]
pub(super) struct Reading {
    pub number: usize,
    pub uri: String,
    pub defaults: Defaults,
    /// The number of the first record that is read of it.
    pub first_record: u64,
}

/// A chunk to decode.
pub(super) struct Work {
    pub reading: Arc<Reading>,
    pub chunk: Chunk,
}

/// A file in staging.
#[derive(Debug, Clone)]
pub(super) struct Staged {
    pub number: FileNumber,
    pub record: FileRecord,
}

/// What the workers share.
pub(super) struct Workshop<'a> {
    pub batch: &'a str,
    pub staging: &'a Path,
    pub decode: DecodeOptions,
    pub redact: bool,
    /// Bytes of rows and rejects that a worker gathers.
    pub budget: usize,
    pub progress: &'a dyn Progress,
    pub cancel: &'a Cancel,
    pub ledger: Ledger,
    pub names: AtomicU64,
    /// The memory of chunks that were decoded, for those that are read.
    pub spare: Spare,
    pub dedup: Mutex<Dedup>,
}

/// What a worker leaves.
#[derive(Debug, Default)]
pub(super) struct Product {
    pub tallies: BTreeMap<usize, Tally>,
    pub files: Vec<Staged>,
    pub rejects: Vec<PathBuf>,
}

impl Product {
    /// The products of all workers, in one; an error that says why goes before one that follows from it.
    pub(super) fn collect(done: Vec<Result<Self, IngestError>>) -> Result<Self, IngestError> {
        let mut all = Self::default();
        let mut failed = None;
        for part in done {
            match part {
                Ok(part) => {
                    all.files.extend(part.files);
                    all.rejects.extend(part.rejects);
                    for (source, tally) in part.tallies {
                        all.tallies.entry(source).or_default().add(tally);
                    }
                }
                Err(error @ IngestError::Thread) => _ = failed.get_or_insert(error),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(all), Err)
    }
}

impl Workshop<'_> {
    /// Decodes chunks until there are no more. When it fails, nobody waits for its counts.
    pub(super) fn run(&self, work: impl Iterator<Item = Work>) -> Result<Product, IngestError> {
        let broken = BreakOff(&self.ledger);
        let mut worker = Worker::new(self);
        for work in work {
            if self.cancel.is_cancelled() {
                return Err(IngestError::Cancelled(Stopped));
            }
            worker.chunk(&work);
            self.spare.put(work.chunk.data);
            if worker.memory() >= self.budget {
                worker.flush()?;
            }
        }
        worker.flush()?;
        std::mem::forget(broken);
        Ok(worker.product)
    }

    /// A name for a Parquet file, with its extension.
    pub(super) fn file_name(&self) -> String {
        format!("{}-{}.parquet", self.batch, self.names.fetch_add(1, Ordering::Relaxed))
    }
}

/// Breaks the ledger off unless the worker gets through; a panic counts as not.
struct BreakOff<'a>(&'a Ledger);

impl Drop for BreakOff<'_> {
    fn drop(&mut self) {
        self.0.break_off();
    }
}

/// From which row, and which reject, on they are of a chunk; their numbers count from its start.
struct Span {
    source: usize,
    chunk: u64,
    rows: usize,
    rejects: usize,
}

struct Worker<'a> {
    shop: &'a Workshop<'a>,
    decoder: Decoder,
    rows: RowBuilder,
    rejects: Vec<RejectRecord>,
    reject_bytes: usize,
    spans: Vec<Span>,
    product: Product,
}

impl<'a> Worker<'a> {
    fn new(shop: &'a Workshop<'a>) -> Self {
        Self {
            shop,
            decoder: Decoder::new(shop.decode),
            rows: if shop.redact { RowBuilder::new() } else { RowBuilder::without_redaction() },
            rejects: Vec::new(),
            reject_bytes: 0,
            spans: Vec::new(),
            product: Product::default(),
        }
    }

    fn memory(&self) -> usize {
        self.rows.bytes() + self.reject_bytes
    }

    fn chunk(&mut self, work: &Work) {
        let Work { reading, chunk } = work;
        let (rows, rejects) = (self.rows.rows(), self.rejects.len());
        self.spans.push(Span { source: reading.number, chunk: chunk.number, rows, rejects });
        let tally = self.product.tallies.entry(reading.number).or_default();
        let (mut records, mut before_last) = (0_u64, 0);
        for frame in &chunk.frames {
            let offset = chunk.frame_offset(frame);
            let first = records;
            before_last = first;
            let mut hash = None;
            self.decoder.decode_frame(chunk, frame, &mut |decoded| {
                match decoded {
                    Decoded::Event(event) => {
                        let place = Place {
                            source_uri: &reading.uri,
                            source_record: (reading.first_record + records) as i64,
                            source_offset: offset as i64,
                        };
                        self.rows.append(event, &place, &reading.defaults);
                        tally.row(event);
                    }
                    Decoded::Other(kind) => tally.other(&kind),
                    Decoded::Reject(reject) => {
                        tally.reject(reject.reason.code);
                        let number = reading.first_record + records;
                        let mut record = RejectRecord::new(&reading.uri, number, offset, &reject);
                        record.part = part(chunk.bytes(frame), &reject, records - first, &mut hash);
                        self.reject_bytes += record.memory();
                        self.rejects.push(record);
                    }
                }
                records += 1;
            });
        }
        tally.records += records;
        self.shop.ledger.report(reading.number, chunk.number, records, records - before_last);
        self.shop.progress.records(records);
    }

    /// Writes what was gathered.
    fn flush(&mut self) -> Result<(), IngestError> {
        let bases = self.bases()?;
        let spans = std::mem::take(&mut self.spans);
        let rows = numbered(self.rows.finish(), &spans, &bases);
        self.flush_rejects(&spans, &bases, &rows)?;
        let clusters = clusters_by_date(&rows);
        for Written { file, rows: numbers } in
            writer::write(&rows, self.shop.staging, &mut || self.shop.file_name())?
        {
            let clusters = clusters.get(&file.event_date).cloned().flatten();
            let number = self.compare(&rows, &numbers)?;
            self.product.files.push(Staged { number, record: file.record(clusters) });
        }
        self.rows.reuse(rows);
        Ok(())
    }

    /// The number of the first record of each span's chunk.
    fn bases(&self) -> Result<Vec<u64>, IngestError> {
        let base = |span: &Span| self.shop.ledger.base(span.source, span.chunk);
        self.spans.iter().map(base).collect::<Result<_, _>>().map_err(|_| {
            if self.shop.cancel.is_cancelled() {
                IngestError::Cancelled(Stopped)
            } else {
                IngestError::Thread
            }
        })
    }

    fn flush_rejects(&mut self, spans: &[Span], bases: &[u64], rows: &Rows) -> Result<(), IngestError> {
        if self.rejects.is_empty() {
            return Ok(());
        }
        let ends = spans.iter().skip(1).map(|span| span.rejects).chain([self.rejects.len()]);
        for ((span, base), end) in spans.iter().zip(bases).zip(ends) {
            self.rejects[span.rejects..end].iter_mut().for_each(|reject| reject.record += base);
        }
        self.place_rejects(spans, rows);
        let name = format!("rejects-{}", self.shop.names.fetch_add(1, Ordering::Relaxed));
        let path = self.shop.staging.join(name);
        rejects::write_run(&mut self.rejects, &path)?;
        self.reject_bytes = 0;
        self.product.rejects.push(path);
        Ok(())
    }

    /// Counts the rejects by the records of their chunk that are nearest before them, else after them.
    fn place_rejects(&mut self, spans: &[Span], rows: &Rows) {
        let numbers = rows.array("source_record").as_primitive::<Int64Type>().values();
        for (at, span) in spans.iter().enumerate() {
            let next = spans.get(at + 1);
            let (last_reject, last_row) =
                next.map_or((self.rejects.len(), numbers.len()), |next| (next.rejects, next.rows));
            let of_chunk = &numbers[span.rows..last_row];
            let tally = self.product.tallies.entry(span.source).or_default();
            for reject in &self.rejects[span.rejects..last_reject] {
                let before = of_chunk.partition_point(|number| (*number as u64) < reject.record);
                let near = span.rows + before.saturating_sub(1);
                let (stream, date) = match of_chunk.is_empty() {
                    true => Default::default(),
                    false => place(rows, near),
                };
                tally.rejected(stream, date, 1);
            }
        }
    }

    /// Hands a file's rows, by their numbers, over to be compared with all others.
    fn compare(&self, rows: &Rows, numbers: &[u32]) -> Result<FileNumber, IngestError> {
        let mut dedup = self.shop.dedup.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(compare(&mut dedup, rows, numbers)?)
    }
}

/// Adds the rows of a staged file, by their numbers, to those that are compared.
pub(super) fn compare(dedup: &mut Dedup, rows: &Rows, numbers: &[u32]) -> Result<FileNumber, LakeError> {
    let uris = rows.texts("source_uri");
    let records = rows.array("source_record").as_primitive::<Int64Type>().values();
    let sources: Vec<SourceNumber> =
        (1..=uris.distinct.len() as u32).map(|uri| dedup.source(uris.distinct.get(uri))).collect();
    let salvaged = rows.array("salvaged").as_boolean();
    let file = dedup.file(Standing::Staged, numbers.len() as u32);
    for (at, &number) in (0..).zip(numbers) {
        let number = number as usize;
        let source = sources[uris.numbers[number] as usize - 1];
        dedup.add(file, at, rows.identities[number], source, records[number], salvaged.value(number))?;
    }
    Ok(file)
}

/// What a reject is a part of, where it is not the whole frame. `hash` is that of the frame, once it is known.
fn part(frame: &[u8], reject: &Reject<'_>, index: u64, hash: &mut Option<String>) -> Option<Part> {
    let length = reject.bytes.len();
    if length == frame.len() || length == bare(frame).len() {
        return None;
    }
    let sha256 = hash.get_or_insert_with(|| hash::sha256(frame)).clone();
    Some(Part { index, length: frame.len() as u64, sha256 })
}

/// A frame without byte order marks and blanks, as the decoder takes it.
pub(super) fn bare(frame: &[u8]) -> &[u8] {
    let mut frame = frame;
    while let Some(rest) = frame.strip_prefix(b"\xef\xbb\xbf") {
        frame = rest;
    }
    frame.trim_ascii()
}

/// The stream and the date of a row.
fn place(rows: &Rows, row: usize) -> (Stream, Option<String>) {
    let text = |name| rows.texts(name).get(row).map(str::to_owned);
    let time = rows.array("event_time").as_primitive::<TimestampMicrosecondType>().value(row);
    let stream =
        Stream { cluster: text("cluster"), log_type: text("log_type"), log_stream: text("log_stream") };
    (stream, Some(utc::date(time.div_euclid(utc::DAY))))
}

/// The rows with their record's number in its source, where it was one in its chunk.
fn numbered(mut rows: Rows, spans: &[Span], bases: &[u64]) -> Rows {
    let mut numbers = rows.array("source_record").as_primitive::<Int64Type>().values().to_vec();
    let ends = spans.iter().skip(1).map(|span| span.rows).chain([numbers.len()]);
    for ((span, base), end) in spans.iter().zip(bases).zip(ends.collect::<Vec<_>>()) {
        numbers[span.rows..end].iter_mut().for_each(|number| *number += *base as i64);
    }
    rows.columns[position("source_record")] = Values::Array(Arc::new(Int64Array::from(numbers)));
    rows
}

/// The clusters of the rows of each date; none instead of a list that would be too long.
pub(super) fn clusters_by_date(rows: &Rows) -> BTreeMap<String, Option<Vec<Option<String>>>> {
    let times = rows.array("event_time").as_primitive::<TimestampMicrosecondType>().values();
    let clusters = rows.texts("cluster");
    let found: BTreeSet<(i64, u32)> = times
        .iter()
        .map(|time| time.div_euclid(utc::DAY))
        .zip(clusters.numbers.iter().copied())
        .scan(None, |last, found| Some((last.replace(found) != Some(found)).then_some(found)))
        .flatten()
        .collect();
    let mut by_day: BTreeMap<i64, BTreeSet<Option<&str>>> = BTreeMap::new();
    for (day, number) in found {
        let cluster = (number > 0).then(|| clusters.distinct.get(number));
        by_day.entry(day).or_default().insert(cluster);
    }
    let listed = |clusters: BTreeSet<Option<&str>>| {
        let list = clusters.iter().map(|cluster| cluster.map(str::to_owned)).collect();
        (clusters.len() <= CLUSTERS).then_some(list)
    };
    by_day.into_iter().map(|(day, clusters)| (utc::date(day), listed(clusters))).collect()
}
