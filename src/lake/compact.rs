//! Merges the files of each day into large sorted ones, as one commit. The rows stay the same.
//!
//! A day is merged whole: then it is known which rows stand for their requests, and these get files of their own. Days
//! have nothing to do with each other, and several are merged at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;

use super::commit::{CLUSTERS, Commit, CommitKind, FileRecord};
use super::layout::Layout;
use super::lock::Wait;
use super::publish::LakeWriter;
use super::snapshot::{LakeFile, Snapshot};
use super::writer::{self, Merge, MergeLimits, StagedFile};
use super::{LakeError, identity, io as disk};
use crate::cancel::{Cancel, Stopped};
use crate::progress::Progress;

/// Files merged at a time: each holds a batch and its pages.
const FAN_IN: usize = 16;

/// Rows of a file that are held at a time, at most.
const MOST_BATCH_ROWS: usize = 1_024;

/// Of the memory, what goes to rows that are held while they are merged; the rest is for the pages that they are read
/// from, the row groups being written, and the program.
const SHARE: u64 = 4;

/// Memory for each day that is merged at a time: four of 16 files and 330,000 rows each took 614 MiB together.
const MEMORY_OF_A_DAY: u64 = 256 << 20;

/// How far to go, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactOptions {
    /// In bytes; a merged file ends when it has reached as many.
    pub target: u64,
    /// In bytes.
    pub memory: u64,
    /// Days that are merged at a time, where the memory is enough for them; at least 1.
    pub threads: usize,
}

impl CompactOptions {
    fn days_at_a_time(&self) -> usize {
        usize::try_from(self.memory / MEMORY_OF_A_DAY).unwrap_or(usize::MAX).min(self.threads).max(1)
    }
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
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<CompactReport, LakeError> {
    let writer = LakeWriter::begin(layout, "lake compact", wait, now, cancel)?;
    let mut report = CompactReport::default();
    let done = writer.change(|lake| {
        let names = AtomicU64::new(0);
        let run = Compaction { lake, staging: lake.staging(), options, names, progress, cancel };
        run.prepare(&mut report)
    })?;
    report.commit = done.as_ref().map(|done| done.commit.number);
    report.unfinished = done.and_then(|done| done.unfinished);
    Ok(report)
}

/// A file to merge.
struct Piece {
    path: PathBuf,
    record: FileRecord,
    staged: bool,
}

/// One run.
struct Compaction<'a> {
    lake: &'a LakeWriter,
    staging: PathBuf,
    options: CompactOptions,
    /// How many files have been named.
    names: AtomicU64,
    progress: &'a dyn Progress,
    cancel: &'a Cancel,
}

impl Compaction<'_> {
    /// Stages the merged files; gives the commit that puts them in place of the others.
    fn prepare(&self, report: &mut CompactReport) -> Result<Option<Commit>, LakeError> {
        let mut commit = self.lake.commit(CommitKind::Compact);
        let days = unmerged(self.lake.snapshot());
        for piece in days.iter().flatten() {
            report.files_before += 1;
            report.rows += piece.record.rows;
            report.bytes_before += piece.record.bytes;
            commit.files_replaced.push(piece.record.path.clone());
        }
        report.days = days.len() as u64;
        self.progress.total(Some(report.bytes_before));
        commit.files_added = self.merge_days(days)?;
        report.files_after = commit.files_added.len() as u64;
        report.bytes_after = commit.files_added.iter().map(|file| file.bytes).sum();
        commit.files_added.sort_by(|a, b| a.path.cmp(&b.path));
        commit.files_replaced.sort();
        Ok((report.days > 0).then_some(commit))
    }

    fn merge_days(&self, days: Vec<Vec<Piece>>) -> Result<Vec<FileRecord>, LakeError> {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(self.options.days_at_a_time()).build()?;
        // Each day by itself: a thread that is done takes one of another's.
        let merged = threads.install(|| {
            days.into_par_iter().with_max_len(1).map(|day| self.merge_day(day)).collect::<Result<Vec<_>, _>>()
        });
        Ok(merged?.into_iter().flatten().collect())
    }

    /// Merges a day's files, the smallest first into one until the rest can be merged at a time.
    fn merge_day(&self, mut pieces: Vec<Piece>) -> Result<Vec<FileRecord>, LakeError> {
        let (bytes, rows) =
            pieces.iter().fold((0, 0), |sum, piece| (sum.0 + piece.record.bytes, sum.1 + piece.record.rows));
        while pieces.len() > FAN_IN {
            pieces.sort_by(|a, b| (a.record.bytes, &a.record.path).cmp(&(b.record.bytes, &b.record.path)));
            let rest = pieces.split_off(FAN_IN.min(pieces.len() - FAN_IN + 1));
            let some = std::mem::replace(&mut pieces, rest);
            pieces.extend(self.merge_pieces(&some, writer::merge, u64::MAX)?);
        }
        let merged = self.merge_pieces(&pieces, writer::merge_day, self.options.target)?;
        self.progress.bytes(bytes);
        self.progress.records(rows);
        Ok(merged.into_iter().map(|piece| piece.record).collect())
    }

    /// Merges files into such of `file_bytes`.
    fn merge_pieces(&self, pieces: &[Piece], merge: Merge, file_bytes: u64) -> Result<Vec<Piece>, LakeError> {
        if self.cancel.is_cancelled() {
            return Err(LakeError::Cancelled(Stopped));
        }
        let paths: Vec<PathBuf> = pieces.iter().map(|piece| piece.path.clone()).collect();
        let memory = self.options.memory / SHARE / self.options.days_at_a_time() as u64;
        let limits = MergeLimits { batch_rows: batch_rows(&paths, memory)?, file_bytes };
        let merged = merge(&paths, &self.staging, &mut || self.name(), limits)?;
        for piece in pieces.iter().filter(|piece| piece.staged) {
            disk::remove_file(&piece.path)?;
        }
        let clusters = clusters(pieces);
        let piece =
            |file: StagedFile| Piece { record: file.record(clusters.clone()), path: file.path, staged: true };
        Ok(merged.into_iter().map(piece).collect())
    }

    /// Another file's name.
    fn name(&self) -> String {
        format!("{}-{}.parquet", self.lake.batch(), self.names.fetch_add(1, Ordering::Relaxed))
    }
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
    use std::path::Path;

    use super::*;
    use crate::ingest::{self, IngestOptions};
    use crate::lake::Lake;
    use crate::progress::Silent;

    fn event(n: u32, resource: &str, more: &str) -> String {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{n}","stage":"ResponseComplete","requestURI":"/","verb":"get","user":{{"username":"u"}},"objectRef":{{"resource":"{resource}"}},{more}"requestReceivedTimestamp":"2026-11-01T10:00:00.{n:06}Z"}}"#
        ) + "\n"
    }

    /// A lake of these events, which is in one file.
    fn lake(folder: &Path, events: impl Iterator<Item = String>) -> Lake {
        let log = folder.join("a.log");
        fs::write(&log, events.collect::<String>()).unwrap();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let options = IngestOptions {
            threads: 1,
            ..IngestOptions::new(folder.join("lake"), vec![log.to_str().unwrap().to_owned()], now)
        };
        ingest::run(&options, &Silent, &Cancel::default()).unwrap();
        Lake::open(&options.lake).unwrap()
    }

    fn paths(lake: &Lake) -> Vec<PathBuf> {
        lake.snapshot().unwrap().files.into_iter().map(|file| file.path).collect()
    }

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
            event(n, resource, body)
        };
        let paths = paths(&lake(folder.path(), (0..3_000).map(event)));
        let longest = identity::longest_rows(&paths[0]).unwrap();
        assert!((1 << 19..1 << 23).contains(&longest), "{longest}");
        assert_eq!(batch_rows(&paths, 2 * 5 * longest).unwrap(), 5);
        assert_eq!(batch_rows(&paths, 0).unwrap(), 1);
        assert_eq!(batch_rows(&paths, 1 << 40).unwrap(), MOST_BATCH_ROWS);
    }

    /// A page of many rows that refer to a few strings has more text than a page may hold, and holds none of it. For one
    /// long string a merge once held a dozen rows at a time, and took five times as long.
    #[test]
    fn strings_of_a_dictionary_make_no_row_longer() {
        let folder = tempfile::tempdir().unwrap();
        let event = |n: u32| {
            let reason = format!("{:0300}", n % 9);
            event(n, "pods", &format!(r#""annotations":{{"a":"{reason}"}},"#))
        };
        let lake = lake(folder.path(), (0..5_000).map(event));
        let longest = |lake: &Lake| identity::longest_rows(&paths(lake)[0]).unwrap();
        assert!(longest(&lake) < 4_096, "{}", longest(&lake));
        let options = CompactOptions { target: 1 << 30, memory: 512 << 20, threads: 1 };
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let report = compact(lake.layout(), options, now, Wait::No, &Silent, &Cancel::default()).unwrap();
        assert_eq!((report.files_before, report.files_after, report.rows), (1, 1, 5_000));
        assert!(longest(&lake) < 4_096, "{}", longest(&lake));
    }
}
