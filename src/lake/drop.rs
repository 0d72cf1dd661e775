//! Takes an ingest back: the rows and rejects of its sources leave the lake, as one commit.
//!
//! Rows carry their source, not their commit. So what can be taken back is all that a source gave;
//! a commit is taken back where no other commit read one of its sources.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::commit::{Commit, CommitKind, SourceRecord};
use super::layout::Layout;
use super::lock::Wait;
use super::publish::LakeWriter;
use super::snapshot::{LakeFile, Snapshot};
use super::{LakeError, rejects, taken, writer};
use crate::cancel::{Cancel, Stopped};
use crate::sources::enclosing;

/// What to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// All that the sources of a commit gave.
    Commit(u64),
    /// All that a source gave, by its URI; of an archive, all that the files in it gave.
    Source(String),
}

/// What was taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
    let mut report = DropReport::default();
    let done = writer.change(|lake| prepare(lake, target, cancel, &mut report).map(Some))?;
    report.unfinished = done.and_then(|done| done.unfinished);
    Ok(report)
}

fn prepare(
    lake: &LakeWriter,
    target: &Target,
    cancel: &Cancel,
    report: &mut DropReport,
) -> Result<Commit, LakeError> {
    let snapshot = lake.snapshot();
    let uris = chosen(snapshot, target)?;
    let mut commit = lake.commit(CommitKind::Drop);
    let mut names = 0;
    for file in &snapshot.files {
        if cancel.is_cancelled() {
            return Err(LakeError::Cancelled(Stopped));
        }
        take_out(file, &uris, lake, &mut commit, &mut names)?;
    }
    let rejects = take_rejects(&uris, lake, &mut commit)?;
    let again = neighbours(snapshot, &uris);
    forget(snapshot, &uris, &again, &mut commit);
    *report = DropReport {
        commit: commit.number,
        sources: uris.into_iter().collect(),
        rows: commit.counts.removed,
        rejects,
        ingest_again: again.into_iter().collect(),
        unfinished: None,
    };
    Ok(commit)
}

/// The URIs to take back.
fn chosen(snapshot: &Snapshot, target: &Target) -> Result<BTreeSet<String>, LakeError> {
    let mut readings: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (by, source) in snapshot.all_readings() {
        readings.entry(&source.uri).or_default().push(by);
    }
    let uris: BTreeSet<String> = match target {
        Target::Source(uri) => {
            let ours = |known: &&str| known == uri || enclosing(known).any(|archive| archive == uri);
            readings.keys().copied().filter(ours).map(str::to_owned).collect()
        }
        Target::Commit(number) => {
            let known = snapshot.commits.iter().any(|commit| commit.number == *number);
            known.then_some(()).ok_or(LakeError::NoSuchCommit { commit: *number })?;
            let ours = readings.iter().filter(|(_, by)| by.contains(number));
            ours.map(|(uri, _)| (*uri).to_owned()).collect()
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
        // Rejects that were tried again belong to the reading that they come from.
        let retried: BTreeSet<u64> =
            snapshot.commits.iter().filter(|c| c.kind == CommitKind::Reingest).map(|c| c.number).collect();
        for uri in &uris {
            let others: Vec<u64> = readings[uri.as_str()]
                .iter()
                .copied()
                .filter(|by| by != number && !retried.contains(by))
                .collect();
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
    let gone = taken::rows(&file.path, uris)?;
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
fn take_rejects(uris: &BTreeSet<String>, lake: &LakeWriter, commit: &mut Commit) -> Result<u64, LakeError> {
    let taken = taken::rejects(lake, uris)?;
    commit.files_replaced.extend(taken.replaced);
    commit.rejects_removed = Some(taken.removed);
    if taken.left > 0 {
        let place = Layout::rejects_place(lake.batch());
        rejects::merge_runs(taken.runs, &lake.staged(&place), &|_| true)?;
        (commit.rejects, commit.rejects_held) = (Some(place), Some(taken.left));
    }
    Ok(taken.removed)
}

/// Says in a commit that nothing of `uris` counts as read, nor the contents of `again`.
pub(crate) fn forget(
    snapshot: &Snapshot,
    uris: &BTreeSet<String>,
    again: &BTreeSet<String>,
    commit: &mut Commit,
) {
    // An archive whose file is to be read again is to be opened again.
    let archives: BTreeSet<&str> = uris.iter().chain(again).flat_map(|uri| enclosing(uri)).collect();
    let is_ours = |uri: &String| uris.contains(uri) || again.contains(uri) || archives.contains(uri.as_str());
    let ours = snapshot.all_readings().into_iter().filter(|(_, source)| is_ours(&source.uri));
    let hashes: BTreeSet<String> = ours.filter_map(|(_, source)| source.sha256.clone()).collect();
    commit.sources_forgotten = hashes.into_iter().collect();
    commit.sources_dropped = uris.iter().cloned().collect();
}

/// Sources that may have lost a row because one of `uris` had an equal one: those with duplicates
/// that were read after it, or before it where it replaced rows of the lake, and that share its time.
pub(crate) fn neighbours(snapshot: &Snapshot, uris: &BTreeSet<String>) -> BTreeSet<String> {
    let replaced: BTreeMap<u64, u64> =
        snapshot.commits.iter().map(|commit| (commit.number, commit.counts.replaced)).collect();
    let mut dropped = snapshot.all_readings();
    dropped.retain(|(_, source)| uris.contains(&source.uri));
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
