//! Reader threads: open, hash, decompress and frame sources, and hand out their chunks.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_channel::Sender;
use jiff::{SignedDuration, Timestamp};

use super::options::{IngestOptions, defaults};
use super::preview::{SAMPLE_BYTES, SAMPLE_RECORDS};
use super::spare::Spare;
use super::turns::Turns;
use super::work::{Reading, Work};
use crate::cancel::{Cancel, Cancellable};
use crate::causes::chain;
use crate::decode::{
    Chunk, Content, DecodeError, DecodeOptions, Decoded, Decoder, Frame, Opened, Records, is_closed, is_open,
};
use crate::lake::commit::Next;
use crate::progress::Progress;
use crate::sources::{Input, Source, Stored};

/// A source whose reading has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its place in the plan; files in archives have numbers behind it.
    pub number: usize,
    pub source: Source,
    /// Where it began to be new.
    pub start: Option<Next>,
    pub outcome: Outcome,
}

/// How the reading of a source ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Read(Read),
    /// An archive with logs in it, each of which has an outcome of its own.
    Archive(Read),
    NotALog,
    Empty,
    /// Nothing could be read of it.
    Failed(String),
}

/// A source whose records were handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub size: u64,
    pub sha256: Option<String>,
    pub decompressed: u64,
    pub problem: Option<String>,
    pub head: String,
    pub tail: Tail,
}

/// How a source ends, for the day when it has grown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Where reading goes on, after decompression; none where it cannot.
    pub next: Option<u64>,
    /// The last frame is what was read behind that: its line has no end yet, and is read again.
    pub again: bool,
    /// Bytes behind that which are no record yet.
    pub waiting: u64,
}

/// Nobody takes chunks any more.
pub(super) struct HungUp;

/// What the reader threads share.
pub(super) struct Readers<'a> {
    pub sources: &'a [Source],
    /// Where each of them begins to be new.
    pub starts: &'a [Option<Next>],
    pub options: &'a IngestOptions,
    pub progress: &'a dyn Progress,
    pub cancel: &'a Cancel,
    pub turns: Turns,
    /// The number of the next file in an archive.
    pub members: AtomicUsize,
    /// Memory to read chunks into.
    pub spare: &'a Spare,
}

impl Readers<'_> {
    /// Reads sources until there are none left; gives how each ended.
    pub(super) fn run(&self, reader: usize, work: &Sender<Work>) -> Vec<Ended> {
        let mut ended = Vec::new();
        while let Some(number) = self.turns.next(reader).filter(|_| !self.cancel.is_cancelled()) {
            let Some(source) = self.sources.get(number) else { break };
            if self.read(number, source, work, &mut ended).is_err() {
                break;
            }
        }
        ended
    }

    fn read(
        &self,
        number: usize,
        source: &Source,
        work: &Sender<Work>,
        ended: &mut Vec<Ended>,
    ) -> Result<(), HungUp> {
        let start = self.starts.get(number).copied().flatten();
        let outcome = match source.open_file() {
            Ok((reader, file)) => {
                let stored = Stored::new(Box::new(Cancellable::new(reader, self.cancel)));
                let meter = Meter::new(stored.clone(), self.progress);
                let item = Item { number, source, start, stored, meter: &meter, depth: 0 };
                let opened = Opened::new(Box::new(item.stored.clone()), file);
                self.opened(item, opened, work, ended)?
            }
            Err(error) => Outcome::Failed(chain(&error)),
        };
        ended.push(Ended { number, source: source.clone(), start, outcome });
        Ok(())
    }

    /// Reads what a source, or a file in an archive, turned out to hold.
    pub(super) fn opened(
        &self,
        item: Item<'_>,
        opened: Result<Opened, DecodeError>,
        work: &Sender<Work>,
        ended: &mut Vec<Ended>,
    ) -> Result<Outcome, HungUp> {
        match opened {
            Ok(opened) => {
                let meter = opened.meter();
                match opened.content {
                    Content::Records(records) => self.records(item, records, &meter, work),
                    Content::Archive(archive) => self.archive(item, archive, &meter, work, ended),
                }
            }
            Err(error) => Ok(Outcome::Failed(chain(&error))),
        }
    }

    fn records(
        &self,
        item: Item<'_>,
        records: Records,
        decompressed: &AtomicU64,
        work: &Sender<Work>,
    ) -> Result<Outcome, HungUp> {
        let Item { number, source, start, stored, meter, .. } = item;
        let from = start.map_or(0, |start| start.offset);
        let mut stream = Stream { from, records, stored, meter, spare: self.spare, problem: None };
        // What is gone on with was found to be a log when it was begun.
        let sample = if start.is_some() { Ok(VecDeque::new()) } else { self.sample(&mut stream) };
        let mut sample = match sample {
            Ok(sample) => sample,
            Err(outcome) => return Ok(outcome),
        };
        let first_record = start.map_or(0, |start| start.record);
        let defaults = defaults(&self.options.given(source));
        let reading = Arc::new(Reading { number, uri: source.uri.clone(), defaults, first_record });
        let mut last = None;
        while let Some(chunk) = sample.pop_front().or_else(|| stream.next()) {
            if let Some(before) = last.replace(chunk) {
                send(work, &reading, before)?;
            }
        }
        let sha256 = stream.hash(self.cancel);
        let decompressed = match &stream.records {
            Records::Rows(rows) => rows.bytes(),
            Records::Text(_) => decompressed.load(Ordering::Relaxed),
        };
        // A file in an archive does not grow, nor does a table that was exported.
        let may_grow = matches!(source.input, Input::File(_)) && !stream.records.are_rows();
        let tail = match stream.problem {
            None if may_grow => {
                let plain = stream.stored.bytes() == decompressed;
                let growing = plain && !self.options.once && is_growing(source, self.options.now);
                self.tail(last.as_mut(), decompressed, growing)
            }
            _ => Tail::default(),
        };
        if let Some(chunk) = last {
            send(work, &reading, chunk)?;
        }
        let Stream { stored, problem, records, .. } = stream;
        records.left().into_iter().for_each(|memory| self.spare.put(memory));
        let head = stored.head();
        Ok(Outcome::Read(Read { size: stored.bytes(), sha256, decompressed, problem, head, tail }))
    }

    /// How a file ends. A last line that has no end is read again with what it gets, and so are an object over
    /// several lines and the pieces of a line that have none. Where it cannot be read as a record, and the file is
    /// still being written, it is taken out of its chunk and waits.
    fn tail(&self, last: Option<&mut Chunk>, end: u64, growing: bool) -> Tail {
        let whole = Tail { next: Some(end), again: false, waiting: 0 };
        let Some(chunk) = last else { return whole };
        let Some(frame) = chunk.frames.last() else { return whole };
        let behind = chunk.data.get(frame.start + frame.len..).unwrap_or_default();
        let is_open = is_open(chunk.bytes(frame));
        let is_closed = !is_open && is_closed(chunk.bytes(frame));
        if behind.contains(&b'\n') && (is_closed || !is_open && !goes_over_lines(chunk.bytes(frame))) {
            return whole;
        }
        let offset = chunk.frame_offset(frame);
        if growing && !is_closed && self.is_partial(chunk, frame) {
            chunk.frames.pop();
            return Tail { next: Some(offset), again: false, waiting: end.saturating_sub(offset) };
        }
        Tail { next: Some(offset), again: true, waiting: 0 }
    }

    /// Whether a frame holds something that is no whole record.
    fn is_partial(&self, chunk: &Chunk, frame: &Frame) -> bool {
        let mut decoder = Decoder::new(DecodeOptions { log_type: self.options.log_type });
        decoder.finds(chunk, frame, |decoded| match decoded {
            Decoded::Event(event) => event.salvaged,
            Decoded::Other(_) => false,
            Decoded::Reject(_) => true,
        })
    }

    /// Chunks up to the first that holds a log record. It must be among as many records as a preview looks at, so that
    /// what that takes for a log is one. An envelope may hold none: so do the pages of a query that found nothing in them.
    fn sample(&self, stream: &mut Stream<'_>) -> Result<VecDeque<Chunk>, Outcome> {
        let mut decoder = Decoder::new(DecodeOptions { log_type: self.options.log_type });
        let mut sample = VecDeque::new();
        let (mut records, mut bytes) = (0, 0);
        while records < SAMPLE_RECORDS && bytes < SAMPLE_BYTES {
            let Some(chunk) = stream.next() else { break };
            let mut frames = chunk.frames.iter();
            let found = frames.any(|frame| {
                records < SAMPLE_RECORDS && decoder.finds_log_record(&chunk, frame, &mut records)
            });
            bytes += chunk.data.len() as u64;
            sample.push_back(chunk);
            if found {
                return Ok(sample);
            }
        }
        Err(match stream.problem.take() {
            Some(problem) => Outcome::Failed(problem),
            None if records == 0 => Outcome::Empty,
            None => Outcome::NotALog,
        })
    }
}

/// How long ago a file must have changed for its last line to be taken as it is.
pub(super) const STILL: SignedDuration = SignedDuration::from_mins(10);

/// Whether a file may be in the middle of being written: it changed a short while ago.
pub(super) fn is_growing(source: &Source, now: Timestamp) -> bool {
    let Input::File(path) = &source.input else { return false };
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let changed = changed.and_then(|time| Timestamp::try_from(time).ok());
    changed.is_some_and(|changed| changed.duration_until(now) < STILL)
}

fn send(work: &Sender<Work>, reading: &Arc<Reading>, chunk: Chunk) -> Result<(), HungUp> {
    work.send(Work { reading: Arc::clone(reading), chunk }).map_err(|_| HungUp)
}

/// Whether an object that does not end is one over several lines, as far as can be seen: a line may have been cut by
/// whoever wrote it.
fn goes_over_lines(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{") && (bytes.len() == 1 || bytes.contains(&b'\n'))
}

/// A chunk without what stands before an offset. It stays a chunk, as chunks are numbered.
fn later(mut chunk: Chunk, from: u64) -> Chunk {
    let before = chunk.seek(0, from).unwrap_or(chunk.frames.len());
    chunk.frames.drain(..before);
    if chunk.frames.is_empty() {
        chunk.data = Vec::new();
    }
    chunk
}

/// A source that is being read, or a file in an archive.
pub(super) struct Item<'a> {
    pub number: usize,
    pub source: &'a Source,
    pub start: Option<Next>,
    pub stored: Stored,
    pub meter: &'a Meter<'a>,
    /// Archives around it.
    pub depth: usize,
}

/// Tells how far the reading of a file, with all that is in it, has come.
pub(super) struct Meter<'a> {
    stored: Stored,
    told: Cell<u64>,
    progress: &'a dyn Progress,
}

impl<'a> Meter<'a> {
    fn new(stored: Stored, progress: &'a dyn Progress) -> Self {
        Self { stored, told: Cell::new(0), progress }
    }

    pub(super) fn tell(&self) {
        let bytes = self.stored.bytes();
        self.progress.bytes(bytes - self.told.replace(bytes));
    }
}

/// The chunks of one source, up to where it breaks off.
struct Stream<'a> {
    /// Frames before this offset are passed over.
    from: u64,
    records: Records,
    stored: Stored,
    meter: &'a Meter<'a>,
    spare: &'a Spare,
    problem: Option<String>,
}

impl Stream<'_> {
    fn next(&mut self) -> Option<Chunk> {
        self.records.reuse(|| self.spare.take());
        let chunk: Result<Option<Chunk>, DecodeError> = self.records.next_chunk();
        self.meter.tell();
        match chunk {
            Ok(chunk) => chunk.map(|chunk| later(chunk, self.from)),
            Err(error) => {
                self.problem = Some(chain(&error));
                None
            }
        }
    }

    fn hash(&mut self, cancel: &Cancel) -> Option<String> {
        let hash = hash_rest(&mut self.stored, &mut self.problem, cancel);
        self.meter.tell();
        hash
    }
}

/// The hash of all bytes of a source, also of those behind a damaged place.
pub(super) fn hash_rest(
    stored: &mut Stored,
    problem: &mut Option<String>,
    cancel: &Cancel,
) -> Option<String> {
    match stored.finish(&|| !cancel.is_cancelled()) {
        Ok(hash) => hash,
        Err(error) => {
            problem.get_or_insert_with(|| chain(&error));
            None
        }
    }
}
