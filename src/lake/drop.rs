//! Takes an ingest back: the rows and rejects of its sources leave the lake, as one commit.
//!
//! Rows carry their source, not their commit. So what can be taken back is all that a source gave;
//! a commit is taken back where no other commit read one of its sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::commit::{Commit, CommitKind, SourceRecord};
use super::layout::Layout;
use super::lock::Wait;
use super::publish::LakeWriter;
use super::snapshot::{self, LakeFile, Snapshot};
use super::{LakeError, rejects, scan, writer};
use crate::cancel::Cancel;

/// What to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// All that the sources of a commit gave.
    Commit(u64),
    /// All that a source gave, by its URI.
    Source(String),
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DropReport {
    pub commit: u64,
    /// URIs of the sources, sorted.
    pub sources: Vec<String>,
    pub rows: u64,
    pub rejects: u64,
    /// URIs of sources, sorted, that may have lost a duplicate of a row taken back when they were
    /// read: they count as not read, and ingesting them again restores it.
    pub ingest_again: Vec<String>,
    /// Why not all files could be moved to their places; the next write does it.
    pub unfinished: Option<String>,
}

/// Takes back what `target` names.
///
/// # Errors
/// When there is no such thing, its rows cannot be told from others, or the lake cannot be read or
/// written. The lake is then as it was.
pub fn drop(
    layout: &Layout,
    target: &Target,
    now: Timestamp,
    wait: Wait,
    cancel: &Cancel,
) -> Result<DropReport, LakeError> {
    let writer = LakeWriter::begin(layout, "lake drop", wait, now, cancel)?;
    match prepare(layout, &writer, target, now, cancel) {
        Ok((commit, mut report)) => {
            report.unfinished = writer.publish(&commit)?.map(|error| error.to_string());
            Ok(report)
        }
        Err(error) => {
            writer.abandon();
            Err(error)
        }
    }
}

fn prepare(
    layout: &Layout,
    lake: &LakeWriter,
    target: &Target,
    now: Timestamp,
    cancel: &Cancel,
) -> Result<(Commit, DropReport), LakeError> {
    let snapshot = lake.snapshot();
    let uris = chosen(snapshot, target)?;
    let mut commit = Commit::new(lake.number(), CommitKind::Drop, now.as_microsecond(), lake.batch());
    let mut names = 0;
    for file in &snapshot.files {
        if cancel.is_cancelled() {
            return Err(LakeError::Cancelled);
        }
        take_out(file, &uris, lake, &mut commit, &mut names)?;
    }
    let rejects = take_rejects(layout, &uris, lake, &mut commit)?;
    let again = neighbours(snapshot, &uris);
    let hashes =
        |uri: &str| snapshot.readings(uri).into_iter().filter_map(|(_, source)| source.sha256.clone());
    commit.sources_forgotten =
        uris.iter().chain(&again).flat_map(|uri| hashes(uri)).collect::<BTreeSet<_>>().into_iter().collect();
    commit.sources_dropped = uris.iter().cloned().collect();
    let report = DropReport {
        commit: commit.number,
        sources: uris.into_iter().collect(),
        rows: commit.counts.removed,
        rejects,
        ingest_again: again.into_iter().collect(),
        unfinished: None,
    };
    Ok((commit, report))
}

/// The URIs to take back.
fn chosen(snapshot: &Snapshot, target: &Target) -> Result<BTreeSet<String>, LakeError> {
    let uris: BTreeSet<String> = match target {
        Target::Source(uri) => {
            let known = !snapshot.readings(uri).is_empty();
            known.then(|| uri.clone()).into_iter().collect()
        }
        Target::Commit(number) => {
            let commit = snapshot.commits.iter().find(|commit| commit.number == *number);
            let commit = commit.ok_or(LakeError::NoSuchCommit { commit: *number })?;
            let ours = |uri: &&String| snapshot.readings(uri).iter().any(|(by, _)| by == number);
            commit.sources.iter().map(|source| &source.uri).filter(ours).cloned().collect()
        }
    };
    if uris.is_empty() {
        let what = match target {
            Target::Source(uri) => uri.clone(),
            Target::Commit(number) => format!("commit {number}"),
        };
        return Err(LakeError::NothingToDrop { what });
    }
    if let Target::Commit(number) = target {
        for uri in &uris {
            let readings = snapshot.readings(uri);
            let others: Vec<u64> = readings.iter().map(|(by, _)| *by).filter(|by| by != number).collect();
            if !others.is_empty() {
                return Err(LakeError::Shared { uri: uri.clone(), commit: *number, others });
            }
        }
    }
    Ok(uris)
}

/// Replaces a file by what is left of it without the rows of `uris`.
fn take_out(
    file: &LakeFile,
    uris: &BTreeSet<String>,
    lake: &LakeWriter,
    commit: &mut Commit,
    names: &mut u64,
) -> Result<(), LakeError> {
    let mut gone = Vec::new();
    scan::each_origin(&file.path, &mut |row, uri, _| {
        if uris.contains(uri) {
            gone.push(row);
        }
        Ok(())
    })?;
    if gone.is_empty() {
        return Ok(());
    }
    commit.counts.removed += gone.len() as u64;
    commit.files_replaced.push(file.record.path.clone());
    if (gone.len() as u64) < file.record.rows {
        let to = lake.staging().join(format!("{}-{names}.parquet", lake.batch()));
        *names += 1;
        let left = writer::rewrite_without(&file.path, &gone, &to)?;
        commit.files_added.push(left.record(file.record.clusters.clone()));
    }
    Ok(())
}

/// Replaces the rejects files that hold some of `uris` by one with what is left; says how many went.
fn take_rejects(
    layout: &Layout,
    uris: &BTreeSet<String>,
    lake: &LakeWriter,
    commit: &mut Commit,
) -> Result<u64, LakeError> {
    let mut runs: Vec<PathBuf> = Vec::new();
    let mut held = 0;
    for (of, relative) in lake.snapshot().rejects() {
        let path =
            snapshot::find(layout, &of.batch, relative).unwrap_or_else(|| layout.root().join(relative));
        if rejects::read(&path)?
            .try_fold(false, |any, reject| reject.map(|r| any | uris.contains(&r.source)))?
        {
            let run = lake.staging().join(format!("rejects-{}", runs.len()));
            rejects::unpack(&path, &run)?;
            runs.push(run);
            held += of.rejects_count();
            commit.files_replaced.push(relative.to_owned());
        }
    }
    if runs.is_empty() {
        return Ok(0);
    }
    let place = Layout::rejects_place(lake.batch());
    let left = rejects::merge_runs(runs, &lake.staged(&place), &|source| !uris.contains(source))?;
    if left > 0 {
        (commit.rejects, commit.rejects_held) = (Some(place), Some(left));
    }
    Ok(held.saturating_sub(left))
}

/// Sources that may have lost a row because one of `uris` had an equal one: those with duplicates
/// that were read after it, or before it where it replaced rows of the lake, and that share its time.
fn neighbours(snapshot: &Snapshot, uris: &BTreeSet<String>) -> BTreeSet<String> {
    let replaced: BTreeMap<u64, u64> =
        snapshot.commits.iter().map(|commit| (commit.number, commit.counts.replaced)).collect();
    let dropped: Vec<(u64, &SourceRecord)> = uris.iter().flat_map(|uri| snapshot.readings(uri)).collect();
    let lost = |(by, source): &(u64, &SourceRecord)| {
        dropped.iter().any(|(dropped_by, dropped)| {
            let later = dropped_by <= by && source.duplicates > 0;
            let earlier = dropped_by > by && replaced.get(dropped_by).is_some_and(|&rows| rows > 0);
            (later || earlier) && share_time(source, dropped)
        })
    };
    let others = snapshot.sources().into_iter().filter(|(_, source)| !uris.contains(&source.uri));
    others.filter(lost).map(|(_, source)| source.uri.clone()).collect()
}

fn share_time(a: &SourceRecord, b: &SourceRecord) -> bool {
    match (a.first_time, a.last_time, b.first_time, b.last_time) {
        (Some(a_first), Some(a_last), Some(b_first), Some(b_last)) => a_first <= b_last && b_first <= a_last,
        _ => false,
    }
}
