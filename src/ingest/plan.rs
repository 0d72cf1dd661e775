//! Which sources to read: those whose content is not in the lake, each content once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;

use super::IngestError;
use super::read::is_growing;
use super::report::{Change, Changed, Problem, SkipReason, Skipped};
use crate::cancel::{Cancel, Stopped};
use crate::causes::chain;
use crate::lake::commit::Next;
use crate::lake::{Prefixes, Snapshot, SourceRecord};
use crate::sources::{Input, Source, Stored};

/// The contents that are in the lake.
#[derive(Debug, Default)]
pub(super) struct Known {
    commits: HashMap<String, (u64, Option<String>)>,
    sizes: HashSet<u64>,
    /// Contents that can have grown, and how to find those that a source begins with.
    readings: Vec<Reading>,
    prefixes: Prefixes,
    /// The sizes at which each URI was read.
    uris: HashMap<String, Vec<u64>>,
}

/// A content as it was read to its end.
#[derive(Debug)]
struct Reading {
    commit: u64,
    uri: String,
    size: u64,
    sha256: String,
    next: Next,
    waiting: u64,
}

impl Known {
    /// Those in a snapshot, but for the sources in `passed_over`.
    pub(super) fn of(snapshot: &Snapshot, passed_over: &BTreeSet<String>) -> Self {
        let mut known = Self::default();
        for (commit, source) in snapshot.sources() {
            if passed_over.contains(&source.uri) {
                continue;
            }
            if let Some(hash) = &source.sha256 {
                known.commits.entry(hash.clone()).or_insert((commit, source.problem.clone()));
                known.sizes.insert(source.size);
                known.uris.entry(source.uri.clone()).or_default().push(source.size);
                if let Some(reading) = Reading::of(commit, source, hash) {
                    known.prefixes.add(known.readings.len(), source);
                    known.readings.push(reading);
                }
            }
        }
        known
    }
}

impl Reading {
    fn of(commit: u64, source: &SourceRecord, sha256: &str) -> Option<Self> {
        let next = source.next?;
        let (uri, sha256) = (source.uri.clone(), sha256.to_owned());
        source.problem.is_none().then_some(Self {
            commit,
            uri,
            size: source.size,
            sha256,
            next,
            waiting: source.waiting,
        })
    }
}

/// What to read, and from where each source is new.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub sources: Vec<Source>,
    pub starts: Vec<Option<Next>>,
}

/// Decides, in the order of URIs, which contents are new. Of equal ones the first stays.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    known: Known,
    seen: HashMap<String, String>,
    pub skipped: Vec<Skipped>,
    pub problems: Vec<Problem>,
    pub changed: Vec<Changed>,
}

impl Sieve {
    pub(super) fn new(known: Known) -> Self {
        Self { known, ..Self::default() }
    }

    /// Whether a source with this content is to be kept; one that is not is noted as skipped. A
    /// content that broke off when it was ingested breaks off again: its problem is told again.
    pub(super) fn keeps(&mut self, uri: &str, hash: &str) -> bool {
        let because = if let Some((commit, problem)) = self.known.commits.get(hash) {
            let told = problem.iter().map(|message| (Some(uri.to_owned()), message.clone()));
            self.problems.extend(told.map(|(uri, message)| Problem { uri, message }));
            SkipReason::Committed(*commit)
        } else if let Some(first) = self.seen.get(hash).filter(|first| *first != uri) {
            SkipReason::SameAs(first.clone())
        } else {
            self.seen.insert(hash.to_owned(), uri.to_owned());
            return true;
        };
        self.skipped.push(Skipped { uri: uri.to_owned(), because });
        false
    }
}

/// The sources to read, in their order. Only those are hashed beforehand whose size is that of a
/// source in the lake or of another one here, and those that begin as one in the lake does: others
/// cannot have a known content.
pub(super) fn choose(
    sources: Vec<Source>,
    sieve: &mut Sieve,
    threads: usize,
    now: Timestamp,
    cancel: &Cancel,
) -> Result<Plan, IngestError> {
    let sizes: Vec<Option<u64>> = sources.iter().map(Source::size).collect();
    let mut alike: HashMap<u64, usize> = HashMap::new();
    for size in sizes.iter().flatten() {
        *alike.entry(*size).or_default() += 1;
    }
    let suspect = |size: &Option<u64>| {
        size.is_some_and(|size| size > 0 && (alike[&size] > 1 || sieve.known.sizes.contains(&size)))
    };
    let suspects: Vec<usize> = (0..sources.len()).filter(|&at| suspect(&sizes[at])).collect();
    let hashes = hash_all(&sources, &suspects, threads, cancel)?;
    let mut plan = Plan::default();
    for (at, source) in sources.into_iter().enumerate() {
        let start = match hashes.get(&at) {
            Some(hash) => match sieve.known.settled(hash, &source, now) {
                Some(start) => Some(start),
                None if sieve.keeps(&source.uri, hash) => sieve.start(&source, sizes[at], cancel),
                None => continue,
            },
            None => sieve.start(&source, sizes[at], cancel),
        };
        plan.starts.push(start);
        plan.sources.push(source);
    }
    if cancel.is_cancelled() { Err(IngestError::Cancelled(Stopped)) } else { Ok(plan) }
}

impl Known {
    /// Where to go on with a known content whose last line was waiting and has not been written to
    /// since: it will not get longer.
    fn settled(&self, hash: &str, source: &Source, now: Timestamp) -> Option<Next> {
        let last = self.readings.iter().rev().find(|reading| reading.sha256 == hash)?;
        (last.waiting > 0 && !is_growing(source, now)).then_some(last.next)
    }
}

impl Sieve {
    /// Where a source begins to be new, if it begins with a known content.
    fn start(&mut self, source: &Source, size: Option<u64>, cancel: &Cancel) -> Option<Next> {
        let size = size?;
        let known = self.known.grown(source, size, cancel);
        let (uri, mut start) = (source.uri.clone(), None);
        let how = match (known, self.known.uris.get(&uri).and_then(|sizes| sizes.last())) {
            (Some(reading), _) => {
                start = Some(reading.next);
                if reading.uri == uri {
                    Change::Grown(reading.commit)
                } else {
                    Change::Renamed(reading.uri.clone())
                }
            }
            (None, Some(before)) if size < *before => Change::Truncated,
            (None, Some(_)) => Change::Rewritten,
            (None, None) => return None,
        };
        self.changed.push(Changed { uri, how });
        start
    }
}

impl Known {
    /// The longest known content that a source begins with; of equal ones the last.
    fn grown(&self, source: &Source, size: u64, cancel: &Cancel) -> Option<&Reading> {
        if !matches!(source.input, Input::File(_)) {
            return None;
        }
        let found = self.prefixes.of(source, size.checked_sub(1)?, cancel).into_iter();
        found.map(|at| &self.readings[at]).max_by_key(|reading| (reading.size, reading.commit))
    }
}

/// The hashes of the sources numbered in `wanted`; one that cannot be read has none, and its
/// reading will tell why.
fn hash_all(
    sources: &[Source],
    wanted: &[usize],
    threads: usize,
    cancel: &Cancel,
) -> Result<HashMap<usize, String>, IngestError> {
    let next = AtomicUsize::new(0);
    let hash_some = || {
        let mut hashes = Vec::new();
        while let Some(&at) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let hash = sources[at]
                .open()
                .ok()
                .and_then(|reader| Stored::new(reader).finish(&|| !cancel.is_cancelled()).ok().flatten());
            hashes.extend(hash.map(|hash| (at, hash)));
        }
        hashes
    };
    let mut all = HashMap::new();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads.min(wanted.len())).map(|_| scope.spawn(hash_some)).collect();
        for thread in running {
            all.extend(thread.join().map_err(|_| IngestError::Thread)?);
        }
        Ok::<_, IngestError>(())
    })?;
    if cancel.is_cancelled() { Err(IngestError::Cancelled(Stopped)) } else { Ok(all) }
}

/// The problems of arguments, as an ingest reports them.
pub(super) fn problems(errors: &[crate::sources::SourceError]) -> Vec<Problem> {
    errors.iter().map(|error| Problem { uri: None, message: chain(error) }).collect()
}
