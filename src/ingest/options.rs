//! What an ingest is told, and how it spends its memory.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::decode::LogType;
use crate::lake::{Given, Wait};
use crate::normalize::Defaults;
use crate::sources::{PathPattern, Source};

/// What to read, into which lake, and how.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// The lake, created where it is missing.
    pub lake: PathBuf,
    /// Files, folders, globs, `-`.
    pub sources: Vec<String>,
    pub cluster: Option<PathPattern>,
    pub account: Option<PathPattern>,
    pub region: Option<PathPattern>,
    /// Of Events that no container names a log type for.
    pub log_type: Option<LogType>,
    /// Threads that decode, and at most as many that read; at least 1.
    pub threads: usize,
    /// In bytes.
    pub memory: u64,
    /// Whether what the lake has of these contents is replaced by what they give now, instead of being kept.
    pub again: bool,
    /// Whether these sources are never read again into this lake, so that no record waits for its rest.
    pub once: bool,
    /// Whether secret values are masked in rows. In rejects they always are.
    pub redact: bool,
    /// The time of the commit.
    pub now: Timestamp,
    /// What to do while another writes the lake.
    pub wait: Wait,
}

impl IngestOptions {
    /// The defaults: as many threads as there are cores, 1 GiB, masking secret values, waiting for another writer.
    pub fn new(lake: PathBuf, sources: Vec<String>, now: Timestamp) -> Self {
        Self {
            lake,
            sources,
            cluster: None,
            account: None,
            region: None,
            log_type: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory: 1 << 30,
            again: false,
            once: false,
            redact: true,
            now,
            wait: Wait::Forever,
        }
    }
}

impl IngestOptions {
    /// What the options say of a source's records.
    pub(super) fn given(&self, source: &Source) -> Given {
        let value = |pattern: &Option<PathPattern>, key| pattern.as_ref().and_then(|p| p.value(source, key));
        Given {
            cluster: value(&self.cluster, "cluster"),
            account: value(&self.account, "account"),
            region: value(&self.region, "region"),
            log_type: self.log_type.map(|log_type| log_type.as_str().to_owned()),
            unredacted: !self.redact,
        }
    }
}

/// The values of a source's records that name none.
pub(super) fn defaults(given: &Given) -> Defaults {
    Defaults { cluster: given.cluster.clone(), account: given.account.clone(), region: given.region.clone() }
}

const MIB: u64 = 1 << 20;

/// The program itself, its allocator's slack, and what the lake's commit records take.
const FIXED: u64 = 64 * MIB;

/// A reader thread: decompression (zstd windows of 8 MiB are usual, a small gzip file takes up to 13), and the
/// chunk it fills.
const READER: u64 = 15 * MIB;

/// A worker's chunk, its share of those waiting in the channel, and what decoding allocates.
const CHUNKS: u64 = 6 * MIB;

/// How much memory a flush takes for each byte that the row builder says it holds: the rows
/// themselves, their sorted copy part by part, and a compressed row group. Measured: 4 GB of JSON Lines
/// on two threads, which gather 48 MiB each, peak below 200 MiB of everything.
const FLUSH_FACTOR: u64 = 2;

/// The largest share that is worth its memory: about 100,000 usual rows. More would make fewer files, and more
/// of the memory that a flush walks through would have to come from outside the caches.
const MOST_ROWS: u64 = 48 * MIB;

/// The smallest share that is worth a file.
const LEAST_ROWS: u64 = 4 * MIB;

/// The identities of 157,000 rows. Four times as many took no less time, and made the memory of an ingest grow until it
/// had read 600,000.
const MOST_DUPLICATES: u64 = 6 * MIB;

/// How the memory of an ingest is shared out.
///
/// `memory = FIXED + duplicates + threads * (READER + CHUNKS + FLUSH_FACTOR * rows)`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// For the identities of rows, beyond which they go to disk.
    pub duplicates: usize,
    /// For the rows and rejects that a worker gathers before it writes them.
    pub rows: usize,
}

impl Budget {
    pub(super) fn of(memory: u64, threads: usize) -> Self {
        let threads = threads as u64;
        let duplicates = (memory / 16).clamp(MIB, MOST_DUPLICATES);
        let rest = memory.saturating_sub(FIXED + duplicates + threads * (READER + CHUNKS));
        let rows = (rest / threads / FLUSH_FACTOR).clamp(LEAST_ROWS, MOST_ROWS);
        Self { duplicates: duplicates as usize, rows: rows as usize }
    }
}
