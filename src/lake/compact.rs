//! Merges the files of each day into large sorted ones, as one commit. The rows stay the same.
//!
//! A day is merged whole: then it is known which rows stand for their requests, and these get files of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::commit::{Commit, CommitKind, FileRecord};
use super::layout::Layout;
use super::lock::Wait;
use super::publish::LakeWriter;
use super::snapshot::{LakeFile, Snapshot};
use super::writer::{self, MergeLimits, StagedFile};
use super::{LakeError, identity, io as disk};
use crate::cancel::Cancel;

/// Files merged at a time: each holds a batch and its pages.
const FAN_IN: usize = 16;

/// Rows of a file that are held at a time, at most.
const MOST_BATCH_ROWS: usize = 1_024;

/// Clusters of a file that are listed in its commit; a file with more may hold any.
const CLUSTERS: usize = 1_000;

/// Of the memory, what goes to rows that are held while they are merged; the rest is for the pages that they are read
/// from, the row group being written, and the program.
const SHARE: u64 = 4;

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactOptions {
    /// In bytes; a merged file ends when it has reached as many.
    pub target: u64,
    /// In bytes.
    pub memory: u64,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CompactReport {
    /// None where there was nothing to merge.
    pub commit: Option<u64>,
    pub days: u64,
    pub rows: u64,
    pub files_before: u64,
    pub files_after: u64,
    pub bytes_before: u64,
    pub bytes_after: u64,
    /// Why not all files could be moved to their places; the next write does it.
    pub unfinished: Option<String>,
}

/// Merges the files of every day, a single one too, unless one compaction wrote them all.
///
/// # Errors
/// When the lake cannot be read or written. It is then as it was.
pub fn compact(
    layout: &Layout,
    options: CompactOptions,
    now: Timestamp,
    wait: Wait,
    cancel: &Cancel,
) -> Result<CompactReport, LakeError> {
    let writer = LakeWriter::begin(layout, "lake compact", wait, now, cancel)?;
    let mut report = CompactReport::default();
    match prepare(&writer, options, now, cancel, &mut report) {
        Ok(Some(commit)) => {
            report.commit = Some(commit.number);
            report.unfinished = writer.publish(&commit)?.map(|error| error.to_string());
            Ok(report)
        }
        Ok(None) => {
            writer.abandon();
            Ok(report)
        }
        Err(error) => {
            writer.abandon();
            Err(error)
        }
    }
}

/// A file to merge.
struct Piece {
    path: PathBuf,
    record: FileRecord,
    staged: bool,
}

fn prepare(
    lake: &LakeWriter,
    options: CompactOptions,
    now: Timestamp,
    cancel: &Cancel,
    report: &mut CompactReport,
) -> Result<Option<Commit>, LakeError> {
    let mut commit = Commit::new(lake.number(), CommitKind::Compact, now.as_microsecond(), lake.batch());
    let mut names = 0_u64;
    let mut name = || {
        names += 1;
        format!("{}-{}.parquet", lake.batch(), names - 1)
    };
    for pieces in unmerged(lake.snapshot()) {
        report.days += 1;
        for piece in &pieces {
            report.files_before += 1;
            report.rows += piece.record.rows;
            report.bytes_before += piece.record.bytes;
            commit.files_replaced.push(piece.record.path.clone());
        }
        commit.files_added.extend(merge_day(pieces, lake, options, cancel, &mut name)?);
    }
    report.files_after = commit.files_added.len() as u64;
    report.bytes_after = commit.files_added.iter().map(|file| file.bytes).sum();
    commit.files_added.sort_by(|a, b| a.path.cmp(&b.path));
    commit.files_replaced.sort();
    Ok((report.days > 0).then_some(commit))
}

/// The files of each date that has some to merge.
fn unmerged(snapshot: &Snapshot) -> Vec<Vec<Piece>> {
    let compactions: BTreeSet<u64> =
        snapshot.commits.iter().filter(|c| c.kind == CommitKind::Compact).map(|c| c.number).collect();
    let mut days: BTreeMap<&str, Vec<&LakeFile>> = BTreeMap::new();
    for file in &snapshot.files {
        days.entry(&file.record.event_date).or_default().push(file);
    }
    let is_merged = |files: &[&LakeFile]| {
        compactions.contains(&files[0].commit) && files.iter().all(|file| file.commit == files[0].commit)
    };
    let piece =
        |file: &LakeFile| Piece { path: file.path.clone(), record: file.record.clone(), staged: false };
    days.into_values()
        .filter(|files| !is_merged(files))
        .map(|files| files.into_iter().map(piece).collect())
        .collect()
}

/// Merges a day's files, the smallest first into one until the rest can be merged at a time.
fn merge_day(
    mut pieces: Vec<Piece>,
    lake: &LakeWriter,
    options: CompactOptions,
    cancel: &Cancel,
    name: &mut dyn FnMut() -> String,
) -> Result<Vec<FileRecord>, LakeError> {
    while pieces.len() > FAN_IN {
        pieces.sort_by(|a, b| (a.record.bytes, &a.record.path).cmp(&(b.record.bytes, &b.record.path)));
        let rest = pieces.split_off(FAN_IN.min(pieces.len() - FAN_IN + 1));
        let some = std::mem::replace(&mut pieces, rest);
        let options = CompactOptions { target: u64::MAX, ..options };
        pieces.extend(merge_pieces(&some, writer::merge, lake, options, cancel, name)?);
    }
    let merged = merge_pieces(&pieces, writer::merge_day, lake, options, cancel, name)?;
    Ok(merged.into_iter().map(|piece| piece.record).collect())
}

type Merge =
    fn(&[PathBuf], &Path, &mut dyn FnMut() -> String, MergeLimits) -> Result<Vec<StagedFile>, LakeError>;

fn merge_pieces(
    pieces: &[Piece],
    merge: Merge,
    lake: &LakeWriter,
    options: CompactOptions,
    cancel: &Cancel,
    name: &mut dyn FnMut() -> String,
) -> Result<Vec<Piece>, LakeError> {
    if cancel.is_cancelled() {
        return Err(LakeError::Cancelled);
    }
    let paths: Vec<PathBuf> = pieces.iter().map(|piece| piece.path.clone()).collect();
    let clusters = clusters(pieces);
    let batch_rows = batch_rows(&paths, options.memory / SHARE)?;
    let merged =
        merge(&paths, &lake.staging(), name, MergeLimits { batch_rows, file_bytes: options.target })?;
    for piece in pieces.iter().filter(|piece| piece.staged) {
        disk::remove_file(&piece.path)?;
    }
    let piece =
        |file: StagedFile| Piece { record: file.record(clusters.clone()), path: file.path, staged: true };
    Ok(merged.into_iter().map(piece).collect())
}

/// How many rows of each file can be held at a time: all of them together, and as many that are being written, have to
/// fit into `memory` even where they are the longest there are.
fn batch_rows(paths: &[PathBuf], memory: u64) -> Result<usize, LakeError> {
    let mut longest = 1;
    for path in paths {
        longest = longest.max(identity::longest_rows(path)?);
    }
    let rows = memory / (paths.len() as u64 + 1) / longest;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX).clamp(1, MOST_BATCH_ROWS))
}

fn clusters(pieces: &[Piece]) -> Option<Vec<Option<String>>> {
    let mut all = BTreeSet::new();
    for piece in pieces {
        all.extend(piece.record.clusters.as_ref()?.iter().cloned());
    }
    (all.len() <= CLUSTERS).then(|| all.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ingest::{self, IngestOptions, Silent};
    use crate::lake::Lake;

    /// Bodies of half a mebibyte stand together among thousands of rows without one, as the sort order has them: the
    /// average of a row group says nothing of them, its pages do.
    #[test]
    fn the_longest_rows_say_how_many_are_held() {
        let folder = tempfile::tempdir().unwrap();
        let event = |n: u32| {
            let noise: String = (0..1_u32 << 17)
                .map(|i| format!("{:04x}", (i.wrapping_mul(40_503) ^ (n * 977)) % 65_536))
                .collect();
            let body = format!(r#""requestObject":{{"kind":"Pod","x":"{noise}"}},"#);
            let (resource, body) = if n < 12 { ("pods", body.as_str()) } else { ("secrets", "") };
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{n}","stage":"ResponseComplete","requestURI":"/","verb":"get","user":{{"username":"u"}},"objectRef":{{"resource":"{resource}"}},{body}"requestReceivedTimestamp":"2026-11-01T10:00:00.{n:06}Z"}}"#
            ) + "\n"
        };
        let log = folder.path().join("a.log");
        fs::write(&log, (0..3_000).map(event).collect::<String>()).unwrap();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let options = IngestOptions {
            threads: 1,
            ..IngestOptions::new(folder.path().join("lake"), vec![log.to_str().unwrap().to_owned()], now)
        };
        ingest::run(&options, &Silent, &Cancel::default()).unwrap();
        let files = Lake::open(&options.lake).unwrap().snapshot().unwrap().files;
        let paths = vec![files[0].path.clone()];
        let longest = identity::longest_rows(&paths[0]).unwrap();
        assert!((1 << 19..1 << 23).contains(&longest), "{longest}");
        assert_eq!(batch_rows(&paths, 2 * 5 * longest).unwrap(), 5);
        assert_eq!(batch_rows(&paths, 0).unwrap(), 1);
        assert_eq!(batch_rows(&paths, 1 << 40).unwrap(), MOST_BATCH_ROWS);
    }
}
