//! Follows files and folders: what has changed since it was last looked at is ingested again, and
//! of what has grown only the new part is read.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::read::is_growing;
use super::{IngestError, IngestOptions, IngestReport, ingest};
use crate::cancel::{Cancel, Stopped};
use crate::progress::Progress;
use crate::sources::{self, Input, Source};

/// How soon a request to stop is heard between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// When to look again, and what time it is then.
pub struct Watch<'a> {
    pub every: Duration,
    pub clock: &'a dyn Fn() -> Timestamp,
}

/// What tells that a file has changed. A file that is left alone long enough changes once more: its
/// last line waits no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    size: Option<u64>,
    modified: Option<SystemTime>,
    growing: bool,
}

/// Ingests what there is, and then what changes, until it is stopped; `told` gets the report of each
/// ingest that found something. Standard input is not followed.
///
/// # Errors
/// As [`super::run`], except for being stopped, which is how it ends.
pub fn watch(
    options: &IngestOptions,
    watch: &Watch<'_>,
    progress: &dyn Progress,
    cancel: &Cancel,
    told: &mut dyn FnMut(&IngestReport),
) -> Result<(), IngestError> {
    let mut seen: HashMap<String, Stamp> = HashMap::new();
    let mut problems = Vec::new();
    while !cancel.is_cancelled() {
        let options = IngestOptions { now: (watch.clock)(), ..options.clone() };
        let mut found = sources::discover(&options.sources, std::slice::from_ref(&options.lake));
        let stamps: HashMap<String, Stamp> = found
            .sources
            .iter()
            .filter(|source| matches!(source.input, Input::File(_)))
            .map(|source| (source.uri.clone(), stamp(source, options.now)))
            .collect();
        found.sources.retain(|source| {
            stamps.get(&source.uri).is_some_and(|stamp| seen.get(&source.uri) != Some(stamp))
        });
        let messages: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
        if !found.sources.is_empty() || messages != problems {
            match ingest(found, &options, progress, cancel) {
                Ok(report) => told(&report),
                Err(IngestError::Cancelled(Stopped)) => break,
                Err(error) => return Err(error),
            }
        }
        (seen, problems) = (stamps, messages);
        let looked = Instant::now();
        while looked.elapsed() < watch.every && !cancel.is_cancelled() {
            std::thread::sleep(PAUSE.min(watch.every));
        }
    }
    Ok(())
}

fn stamp(source: &Source, now: Timestamp) -> Stamp {
    let modified = match &source.input {
        Input::File(path) => std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok(),
        Input::Stdin | Input::Member(_) => None,
    };
    Stamp { size: source.size(), modified, growing: is_growing(source, now) }
}
