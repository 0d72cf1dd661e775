//! Reader threads: open, hash, decompress and frame sources, and hand out their chunks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_channel::Sender;

use super::options::{IngestOptions, Progress};
use super::report::chain;
use super::stored::{Counted, Stored};
use super::work::{Reading, Work};
use crate::cancel::Cancel;
use crate::decode::{
    Chunk, ChunkReader, DecodeError, DecodeOptions, Decoder, Limits, decompress, is_log_record,
};
use crate::normalize::Defaults;
use crate::sources::{PathPattern, Source};

/// Values or lines of a source among which a log record must be found.
const SAMPLE_FRAMES: usize = 64;

/// Bytes of a sample: it is held until a log record is found.
const SAMPLE_BYTES: usize = 16 << 20;

/// How the reading of a source ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Read(Read),
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
}

/// Nobody takes chunks any more.
struct HungUp;

/// What the reader threads share.
pub(super) struct Readers<'a> {
    pub sources: &'a [Source],
    pub options: &'a IngestOptions,
    pub progress: &'a dyn Progress,
    pub cancel: &'a Cancel,
    pub next: AtomicUsize,
}

impl Readers<'_> {
    /// Reads sources until there are none left; gives how each ended, by its number.
    pub(super) fn run(&self, work: &Sender<Work>) -> Vec<(usize, Outcome)> {
        let mut outcomes = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(source) = self.sources.get(number).filter(|_| !self.cancel.is_cancelled()) else {
                return outcomes;
            };
            match self.read(number, source, work) {
                Ok(outcome) => outcomes.push((number, outcome)),
                Err(HungUp) => return outcomes,
            }
        }
    }

    fn read(&self, number: usize, source: &Source, work: &Sender<Work>) -> Result<Outcome, HungUp> {
        let stored = match source.open() {
            Ok(reader) => Stored::new(reader),
            Err(error) => return Ok(Outcome::Failed(chain(&error))),
        };
        let decompressed = Arc::new(AtomicU64::new(0));
        let reader = match decompress(Box::new(stored.clone())) {
            Ok(reader) => Counted { reader, bytes: Arc::clone(&decompressed) },
            Err(error) => return Ok(Outcome::Failed(chain(&error))),
        };
        let mut stream = Stream {
            chunks: ChunkReader::new(reader, Limits::default()),
            stored,
            told: 0,
            progress: self.progress,
            problem: None,
        };
        let sample = match self.sample(&mut stream) {
            Ok(sample) => sample,
            Err(outcome) => return Ok(outcome),
        };
        let reading = Arc::new(Reading { number, uri: source.uri.clone(), defaults: self.defaults(source) });
        for chunk in sample {
            send(work, &reading, chunk)?;
        }
        while let Some(chunk) = stream.next() {
            send(work, &reading, chunk)?;
        }
        let sha256 = stream.hash(self.cancel);
        let Stream { stored, problem, .. } = stream;
        let decompressed = decompressed.load(Ordering::Relaxed);
        Ok(Outcome::Read(Read { size: stored.bytes(), sha256, decompressed, problem }))
    }

    /// Chunks up to the first that holds a log record.
    fn sample(&self, stream: &mut Stream<'_>) -> Result<VecDeque<Chunk>, Outcome> {
        let mut decoder = Decoder::new(DecodeOptions { log_type: self.options.log_type });
        let mut sample = VecDeque::new();
        let (mut frames, mut bytes) = (0, 0);
        while frames < SAMPLE_FRAMES && bytes < SAMPLE_BYTES {
            let Some(chunk) = stream.next() else { break };
            let mut found = false;
            for frame in chunk.frames.iter().take(SAMPLE_FRAMES - frames) {
                decoder.decode_frame(&chunk, frame, &mut |decoded| found |= is_log_record(&decoded));
                if found {
                    break;
                }
            }
            frames += chunk.frames.len();
            bytes += chunk.data.len();
            sample.push_back(chunk);
            if found {
                return Ok(sample);
            }
        }
        Err(match stream.problem.take() {
            Some(problem) => Outcome::Failed(problem),
            None if frames == 0 => Outcome::Empty,
            None => Outcome::NotALog,
        })
    }

    fn defaults(&self, source: &Source) -> Defaults {
        let value = |pattern: &Option<PathPattern>, key| pattern.as_ref().and_then(|p| p.value(source, key));
        Defaults {
            cluster: value(&self.options.cluster, "cluster"),
            account: value(&self.options.account, "account"),
            region: value(&self.options.region, "region"),
        }
    }
}

fn send(work: &Sender<Work>, reading: &Arc<Reading>, chunk: Chunk) -> Result<(), HungUp> {
    work.send(Work { reading: Arc::clone(reading), chunk }).map_err(|_| HungUp)
}

/// The chunks of one source, up to where it breaks off.
struct Stream<'a> {
    chunks: ChunkReader<Counted<Box<dyn std::io::Read + Send>>>,
    stored: Stored,
    /// Bytes that the progress was told of.
    told: u64,
    progress: &'a dyn Progress,
    problem: Option<String>,
}

impl Stream<'_> {
    fn next(&mut self) -> Option<Chunk> {
        let chunk: Result<Option<Chunk>, DecodeError> = self.chunks.next_chunk();
        self.tell();
        match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                self.problem = Some(chain(&error));
                None
            }
        }
    }

    fn tell(&mut self) {
        let bytes = self.stored.bytes();
        self.progress.bytes(bytes - self.told);
        self.told = bytes;
    }

    /// Of all bytes of the source, also those behind a damaged place.
    fn hash(&mut self, cancel: &Cancel) -> Option<String> {
        let hash = self.stored.finish(&|| !cancel.is_cancelled());
        self.tell();
        match hash {
            Ok(hash) => hash,
            Err(error) => {
                self.problem.get_or_insert_with(|| chain(&error));
                None
            }
        }
    }
}
