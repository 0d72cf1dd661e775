//! Rejects of earlier commits, tried again: a newer program may read what an older one could not.
//!
//! A reject is the bytes whose length and SHA-256 it has. Where they still stand at its offset of its source, they
//! are decoded from there, with all that stands around them; else the bytes that were kept are, if they were
//! kept whole and were no part of something larger. What becomes of them is decided as for any record: a row, a
//! duplicate, or another kind. A reject that stays one is left exactly as it is, so that a second run changes
//! nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::IngestError;
use super::finish::balanced;
use super::options::Budget;
use super::retry::Retry;
use super::settle::{Leaving, Settled, settle};
use super::tally::Tally;
use crate::cancel::{Cancel, Stopped};
use crate::lake::rejects::{self, RejectWriter};
use crate::lake::{
    Commit, CommitKind, Counts, Lake, LakeError, LakeWriter, Layout, Snapshot, SourceRecord, Wait, snapshot,
};

/// How to try rejects again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReingestOptions {
    /// In bytes.
    pub memory: u64,
    /// The time of the commit.
    pub now: Timestamp,
    pub wait: Wait,
}

/// What became of the rejects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReingestReport {
    /// None where nothing could be read that could not be read before.
    pub commit: Option<u64>,
    /// Rejects that were there.
    pub tried: u64,
    /// Those that could be read: they are rejects no longer.
    pub read: u64,
    /// Those of them that were read from their source, and not from what was kept.
    pub from_source: u64,
    /// Records that were found in those, and what became of them.
    pub records: u64,
    pub rows: u64,
    pub duplicates: u64,
    /// By kind.
    pub other: BTreeMap<String, u64>,
    /// Rejects that stay, those among the new records included.
    pub left: u64,
    /// Those of them whose bytes cannot be had: their source is gone or has changed, and they were not kept
    /// whole.
    pub lost: u64,
    /// Why not all files could be moved to their places; the next write does it.
    pub unfinished: Option<String>,
}

/// Tries all rejects of a lake again, as one commit.
///
/// # Errors
/// When the lake cannot be read or written, or the work was stopped. The lake is then as it was.
pub fn reingest(
    lake: &Lake,
    options: ReingestOptions,
    cancel: &Cancel,
) -> Result<ReingestReport, IngestError> {
    let writer = lake.write("lake reingest-rejects", options.wait, options.now, cancel)?;
    let mut report = ReingestReport::default();
    let done = writer.change(|lake| prepare(lake, options.memory, cancel, &mut report))?;
    report.commit = done.as_ref().map(|done| done.commit.number);
    report.unfinished = done.and_then(|done| done.unfinished);
    Ok(report)
}

fn prepare(
    lake: &LakeWriter,
    memory: u64,
    cancel: &Cancel,
    report: &mut ReingestReport,
) -> Result<Option<Commit>, IngestError> {
    let known = readings(lake.snapshot());
    let mut commit = lake.commit(CommitKind::Reingest);
    let runs = unpack(lake, &mut commit)?;
    let place = Layout::rejects_place(lake.batch());
    let path = lake.staged(&place);
    let mut left = RejectWriter::new(&path);
    let mut retry = Retry::new(lake, &known, Budget::of(memory, 1));
    let mut failed = None;
    let merged = rejects::each(runs, &path, &mut |reject| {
        if cancel.is_cancelled() {
            return Err(LakeError::Cancelled(Stopped));
        }
        match retry.take(&reject) {
            Ok(Some(new)) => new.iter().try_for_each(|reject| left.write(reject)),
            Ok(None) => left.write(&reject),
            Err(error) => {
                failed = Some(error);
                Err(LakeError::Cancelled(Stopped))
            }
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    merged?;
    let done = retry.finish()?;
    (report.tried, report.read, report.from_source) = (done.tried, done.read, done.from_source);
    (report.left, report.lost) = (left.finish()?, done.lost);
    if done.read == 0 {
        return Ok(None);
    }
    let leaving = Leaving { staged: &HashSet::new(), committed: &BTreeSet::new() };
    let mut number = done.files.len()..;
    let mut name = || format!("{}-{}.parquet", lake.batch(), number.next().unwrap_or(usize::MAX));
    let settled = settle(done.dedup, &done.files, &leaving, lake, &mut name)?;
    commit.counts = counts(&done.tallies, &settled)?;
    commit.sources = sources(&known, &done.tallies, &settled);
    commit.files_added = settled.added;
    commit.files_replaced.extend(settled.replaced);
    commit.rejects = (report.left > 0).then_some(place);
    commit.rejects_held = Some(report.left);
    commit.rejects_removed = Some(done.read);
    report.records = commit.counts.records_in;
    report.rows = commit.counts.rows;
    report.duplicates = commit.counts.duplicates;
    report.other = commit.counts.other.clone();
    Ok(Some(commit))
}

/// The readings of each source, in the order of their commits.
pub(super) type Readings<'a> = HashMap<&'a str, Vec<&'a SourceRecord>>;

fn readings(snapshot: &Snapshot) -> Readings<'_> {
    let mut readings = Readings::new();
    for (_, source) in snapshot.all_readings() {
        readings.entry(&source.uri).or_default().push(source);
    }
    readings
}

/// Copies all rejects to staging; the commit will replace their files.
fn unpack(lake: &LakeWriter, commit: &mut Commit) -> Result<Vec<PathBuf>, LakeError> {
    let mut runs = Vec::new();
    for (of, relative) in lake.snapshot().rejects() {
        let path = snapshot::find(lake.layout(), &of.batch, relative);
        let path = path.unwrap_or_else(|| lake.layout().root().join(relative));
        let run = lake.staging().join(format!("rejects-{}", runs.len()));
        rejects::unpack(&path, &run, &|_| true)?;
        runs.push(run);
        commit.files_replaced.push(relative.to_owned());
    }
    Ok(runs)
}

fn counts(tallies: &BTreeMap<String, Tally>, settled: &Settled) -> Result<Counts, IngestError> {
    let mut all = Tally::default();
    tallies.values().for_each(|tally| all.add(tally.clone()));
    balanced(Counts {
        records_in: all.records,
        rows: settled.rows,
        duplicates: settled.duplicates.duplicates,
        replaced: settled.duplicates.replaced,
        rejects: all.rejects.iter().map(|(code, count)| (code.code().to_owned(), *count)).collect(),
        other: all.other,
        ..Counts::default()
    })
}

/// The sources as the commit has them: as they were last read, with the counts of the records found now.
fn sources(known: &Readings<'_>, tallies: &BTreeMap<String, Tally>, settled: &Settled) -> Vec<SourceRecord> {
    let of = |(uri, tally): (&String, &Tally)| {
        let last = known.get(uri.as_str()).and_then(|readings| readings.last());
        let lost = settled.duplicates.by_source.get(uri).copied().unwrap_or_default();
        let mut source = last.map_or_else(|| SourceRecord::unknown(uri), |last| (*last).clone());
        source.log_types = tally.log_types.iter().map(|kind| kind.as_str().to_owned()).collect();
        source.records = tally.records;
        source.rows = tally.rows.saturating_sub(lost);
        source.duplicates = lost;
        source.other = tally.kinds();
        (source.first_time, source.last_time) = tally.times.unzip();
        source
    };
    tallies.iter().map(of).collect()
}

#[cfg(test)]
#[path = "reingest_tests.rs"]
mod tests;
