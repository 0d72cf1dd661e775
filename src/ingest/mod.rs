//! Drives sources, decode and normalize over many files and threads into one commit of a lake.
//!
//! ```text
//! readers ──chunks──> workers ──Parquet files──> duplicates go ──> commit
//! open, hash,         decode, build rows,        rejects merge
//! decompress, frame   sort, write to staging     accounting
//! ```
//!
//! Rows are the same for any number of threads and any order of sources: a record's number in its
//! source comes from the [`ledger`], and of equal records the one with the smaller source and
//! number stays. Only how rows are spread over files differs.

mod again;
mod error;
mod finish;
mod forward;
mod lanes;
pub mod ledger;
mod members;
mod options;
mod plan;
pub mod preview;
mod read;
mod reingest;
mod report;
mod retry;
mod settle;
mod spare;
mod tally;
mod turns;
mod watch;
mod work;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Instant;

pub use error::IngestError;
pub use options::IngestOptions;
pub use preview::{Preview, preview};
pub use reingest::{ReingestOptions, ReingestReport, reingest};
pub use report::{Change, Changed, IngestReport, Problem, SkipReason, Skipped};
pub use watch::{Watch, watch};

use self::again::Again;
use self::options::Budget;
use self::plan::{Known, Plan, Sieve};
use self::read::{Ended, Readers};
use self::spare::Spare;
use self::turns::Turns;
use self::work::{Product, Workshop};
use crate::cancel::{Cancel, Stopped};
use crate::decode::DecodeOptions;
use crate::lake::dedup::Dedup;
use crate::lake::{Commit, CommitKind, Counts, Lake, LakeWriter, drop};
use crate::progress::Progress;
use crate::sources::{self, Discovery, Source};

/// Reads the sources and adds what is new to the lake, as one commit.
///
/// What cannot be read is told in the report, and the rest is committed
/// ([`IngestReport::is_complete`]). Sources whose content the lake has are skipped.
///
/// # Errors
/// When the lake cannot be opened or written, the work was stopped, or the accounting fails. The lake
/// is then as it was.
pub fn run(
    options: &IngestOptions,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<IngestReport, IngestError> {
    let found = sources::discover(&options.sources, std::slice::from_ref(&options.lake));
    ingest(found, options, progress, cancel)
}

/// The same with sources that were found.
fn ingest(
    found: Discovery,
    options: &IngestOptions,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<IngestReport, IngestError> {
    let started = Instant::now();
    let mut report = IngestReport { problems: plan::problems(&found.problems), ..IngestReport::default() };
    if !found.sources.is_empty() {
        let lake = Lake::create_or_open(&options.lake)?;
        let writer = lake.write("ingest", options.wait, options.now, cancel)?;
        let ingest = Ingest { options, progress, cancel };
        if let Some(done) = writer.change(|lake| ingest.read(found.sources, lake, &mut report))? {
            finish::tell(&mut report, &done.commit);
            report.problems.extend(done.unfinished.map(|message| Problem { uri: None, message }));
        }
    }
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// One run.
struct Ingest<'a> {
    options: &'a IngestOptions,
    progress: &'a dyn Progress,
    cancel: &'a Cancel,
}

impl Ingest<'_> {
    /// Stages what is new; gives the commit that makes it part of the lake.
    fn read(
        &self,
        sources: Vec<Source>,
        lake: &LakeWriter,
        report: &mut IngestReport,
    ) -> Result<Option<Commit>, IngestError> {
        let threads = self.options.threads.max(1);
        let again = match self.options.again {
            true => Again::of(&sources, lake.snapshot(), self.cancel)?,
            false => Again::default(),
        };
        let mut sieve = Sieve::new(Known::of(lake.snapshot(), &again.uris));
        let plan = plan::choose(sources, &mut sieve, threads, self.options.now, self.cancel)?;
        let sources = &plan.sources;
        self.progress.total(sources.iter().map(Source::size).sum());
        let budget = Budget::of(self.options.memory, threads);
        let staging = lake.staging();
        let shop = Workshop {
            batch: lake.batch(),
            staging: &staging,
            decode: DecodeOptions { log_type: self.options.log_type },
            redact: self.options.redact,
            budget: budget.rows,
            progress: self.progress,
            cancel: self.cancel,
            ledger: ledger::Ledger::default(),
            names: AtomicU64::new(0),
            spare: Spare::new(threads),
            dedup: Mutex::new(Dedup::new(staging.join("duplicates"), budget.duplicates)),
        };
        let (ended, product) = self.pipeline(&plan, &shop, threads)?;
        if self.cancel.is_cancelled() {
            return Err(IngestError::Cancelled(Stopped));
        }
        again.require(&ended)?;
        let sorted = finish::sort(ended, &mut sieve, report);
        report.skipped = std::mem::take(&mut sieve.skipped);
        report.skipped.sort();
        report.changed = std::mem::take(&mut sieve.changed);
        report.changed.sort();
        report.problems.append(&mut sieve.problems);
        report.problems.sort();
        let commit = Commit {
            counts: Counts { not_a_log: report.not_a_log.len() as u64, ..Counts::default() },
            ..lake.commit(CommitKind::Ingest)
        };
        let commit = finish::commit(shop, product, sorted, lake, self.options, &again, commit)?;
        if commit.is_some() {
            report.ingest_again = drop::neighbours(lake.snapshot(), &again.uris).into_iter().collect();
            // Once it is being published, nothing stops it.
            if self.cancel.is_cancelled() {
                return Err(IngestError::Cancelled(Stopped));
            }
        }
        Ok(commit)
    }

    /// Runs readers and workers; gives how each source ended and what was staged.
    fn pipeline(
        &self,
        plan: &Plan,
        shop: &Workshop<'_>,
        threads: usize,
    ) -> Result<(Vec<Ended>, Product), IngestError> {
        let readers = Readers {
            sources: &plan.sources,
            starts: &plan.starts,
            options: self.options,
            progress: self.progress,
            cancel: self.cancel,
            turns: Turns::new(plan.sources.len(), threads),
            members: AtomicUsize::new(plan.sources.len()),
            spare: &shop.spare,
        };
        let (senders, lanes) = lanes::lanes(threads.min(plan.sources.len()), threads);
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                lanes.into_iter().map(|lanes| scope.spawn(move || shop.run(lanes))).collect();
            let readers = &readers;
            let reading: Vec<_> = (0..)
                .zip(senders)
                .map(|(reader, sender)| scope.spawn(move || readers.run(reader, &sender)))
                .collect();
            let mut ended = Vec::new();
            let mut whole = true;
            for reader in reading {
                match reader.join() {
                    Ok(read) => ended.extend(read),
                    Err(_) => whole = false,
                }
            }
            let done: Vec<_> =
                workers.into_iter().map(|worker| worker.join().unwrap_or(Err(IngestError::Thread))).collect();
            let product = Product::collect(done)?;
            if whole { Ok((ended, product)) } else { Err(IngestError::Thread) }
        })
    }
}

#[cfg(test)]
mod accounting_tests;
#[cfg(test)]
mod again_tests;
#[cfg(test)]
mod archive_tests;
#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod growth_tests;
#[cfg(all(test, feature = "engine"))]
mod requests_tests;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod tests;
