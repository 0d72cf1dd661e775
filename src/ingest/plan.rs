//! Which sources to read: those whose content is not in the lake, each content once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::IngestError;
use super::report::{Problem, SkipReason, Skipped, chain};
use super::stored::Stored;
use crate::cancel::Cancel;
use crate::lake::Snapshot;
use crate::sources::Source;

/// The contents that are in the lake.
#[derive(Debug, Default)]
pub(super) struct Known {
    commits: HashMap<String, (u64, Option<String>)>,
    sizes: HashMap<u64, ()>,
}

impl Known {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut known = Self::default();
        for (commit, source) in snapshot.sources() {
            if let Some(hash) = &source.sha256 {
                known.commits.entry(hash.clone()).or_insert((commit, source.problem.clone()));
                known.sizes.insert(source.size, ());
            }
        }
        known
    }
}

/// Decides, in the order of URIs, which contents are new. Of equal ones the first stays.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    known: Known,
    seen: HashMap<String, String>,
    pub skipped: Vec<Skipped>,
    pub problems: Vec<Problem>,
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
/// source in the lake or of another one here: others cannot have a known content.
pub(super) fn choose(
    sources: Vec<Source>,
    sieve: &mut Sieve,
    threads: usize,
    cancel: &Cancel,
) -> Result<Vec<Source>, IngestError> {
    let sizes: Vec<Option<u64>> = sources.iter().map(Source::size).collect();
    let mut alike: HashMap<u64, usize> = HashMap::new();
    for size in sizes.iter().flatten() {
        *alike.entry(*size).or_default() += 1;
    }
    let suspect = |size: &Option<u64>| {
        size.is_some_and(|size| size > 0 && (alike[&size] > 1 || sieve.known.sizes.contains_key(&size)))
    };
    let suspects: Vec<usize> = (0..sources.len()).filter(|&at| suspect(&sizes[at])).collect();
    let hashes = hash_all(&sources, &suspects, threads, cancel)?;
    let keeps = |(at, source): (usize, Source)| match hashes.get(&at) {
        Some(hash) if !sieve.keeps(&source.uri, hash) => None,
        _ => Some(source),
    };
    Ok(sources.into_iter().enumerate().filter_map(keeps).collect())
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
    if cancel.is_cancelled() { Err(IngestError::Cancelled) } else { Ok(all) }
}

/// The problems of arguments, as an ingest reports them.
pub(super) fn problems(errors: &[crate::sources::SourceError]) -> Vec<Problem> {
    errors.iter().map(|error| Problem { uri: None, message: chain(error) }).collect()
}
