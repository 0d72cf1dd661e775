//! Proves a lake sound, or says what is damaged and what it held.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use serde::Serialize;

use super::commit::{Commit, FileRecord};
use super::coverage::{self, Counting, FileCoverage};
use super::gaps::{Gap, Gaps};
use super::layout::{EVENTS, Layout};
use super::snapshot::{self, Snapshot};
use super::{LakeError, rejects, utc};
use crate::cancel::{Cancel, Stopped};
use crate::causes::chain;
use crate::hash::sha256_of_file;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Whether nothing is damaged and no stranger stands among the files.
    pub sound: bool,
    pub commits: u64,
    /// Parquet files that were looked at, and the rows and bytes that their commits say they have.
    pub files: u64,
    pub rows: u64,
    pub bytes: u64,
    pub rejects: u64,
    /// Sorted by path.
    pub damage: Vec<Damage>,
    /// Parquet files that no commit names, relative to the lake: kubetrawl does not read them, other
    /// engines do.
    pub strays: Vec<String>,
    /// Only told: a log may have had nothing to say.
    pub gaps: Vec<Gap>,
}

/// One thing that is not as a commit says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Damage {
    /// Relative to the lake.
    pub path: String,
    pub detail: String,
    /// What the file held, where it is one of rows.
    pub held: Option<Held>,
}

/// What is lost with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Held {
    pub commit: u64,
    pub rows: u64,
    #[serde(serialize_with = "super::utc::serialize")]
    pub first_time: i64,
    #[serde(serialize_with = "super::utc::serialize")]
    pub last_time: i64,
    /// Null where they are too many to list.
    pub clusters: Option<Vec<Option<String>>>,
    /// Sources of the commit that wrote the file: ingest them again.
    pub sources: Vec<String>,
}

/// Checks the accounting of each commit and the hash, rows and times of each file; writes nothing.
///
/// # Errors
/// When the lake cannot be listed, or the work was stopped. Damage is no error.
pub fn check(layout: &Layout, cancel: &Cancel) -> Result<CheckReport, LakeError> {
    let mut report = CheckReport::default();
    // Listed first: a file that appears later belongs to a commit that is read later.
    let present = parquet_files(layout)?;
    let commits = read_commits(layout, &mut report)?;
    let mut known = BTreeMap::new();
    for commit in &commits {
        account(commit, &known, layout, &mut report.damage);
        known.extend(commit.files_added.iter().map(|file| (file.path.as_str(), file.rows)));
        known.extend(commit.rejects.as_deref().map(|path| (path, commit.rejects_count())));
    }
    let snapshot = Snapshot::fold(commits);
    let named: BTreeSet<&str> =
        snapshot.commits.iter().flat_map(|c| &c.files_added).map(|file| file.path.as_str()).collect();
    let numbered: BTreeMap<u64, &Commit> = snapshot.commits.iter().map(|c| (c.number, c)).collect();
    let strays = present.iter().filter(|path| !named.contains(path.as_str()));
    report.strays = strays.filter(|path| layout.root().join(path).exists()).cloned().collect();
    report.commits = snapshot.commits.len() as u64;
    let mut gaps = Gaps::default();
    for file in &snapshot.files {
        if cancel.is_cancelled() {
            return Err(LakeError::Cancelled(Stopped));
        }
        report.files += 1;
        report.rows += file.record.rows;
        report.bytes += file.record.bytes;
        let commit = numbered.get(&file.commit).copied();
        for detail in file_faults(layout, commit, &file.record, &mut gaps) {
            let held = Some(held(commit, &file.record));
            report.damage.push(Damage { path: file.record.path.clone(), detail, held });
        }
    }
    check_rejects(layout, &snapshot, &mut report);
    report.gaps = gaps.finish();
    report.damage.sort();
    report.sound = report.damage.is_empty() && report.strays.is_empty();
    Ok(report)
}

/// The Parquet files under `audit_events/`, relative to the lake, sorted.
fn parquet_files(layout: &Layout) -> Result<Vec<String>, LakeError> {
    let mut found = Vec::new();
    let walk = walkdir::WalkDir::new(layout.events()).sort_by_file_name();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) => continue,
            Err(error) => return Err(LakeError::io("list", &layout.events())(error.into())),
        };
        if entry.file_type().is_dir() || entry.path().extension().is_none_or(|e| e != "parquet") {
            continue;
        }
        let inside = entry.path().strip_prefix(layout.events()).unwrap_or(entry.path());
        found.push(format!("{EVENTS}/{}", inside.to_string_lossy()));
    }
    Ok(found)
}

/// The commits that can be read; the others are damage.
fn read_commits(layout: &Layout, report: &mut CheckReport) -> Result<Vec<Commit>, LakeError> {
    let mut commits = Vec::new();
    let mut expected = 1;
    for number in snapshot::commit_numbers(layout)? {
        let mut damage = |number: u64, detail: String| {
            let path = relative(layout, &layout.commit(number));
            report.damage.push(Damage { path, detail, held: None });
        };
        (expected..number).for_each(|missing| damage(missing, "the commit record is missing".into()));
        expected = number + 1;
        let path = layout.commit(number);
        match fs::read(&path).map(|text| serde_json::from_slice::<Commit>(&text)) {
            Ok(Ok(commit)) if commit.number == number => commits.push(commit),
            Ok(Ok(commit)) => damage(number, format!("it says that it is commit {}", commit.number)),
            Ok(Err(error)) => damage(number, format!("it cannot be understood: {error}")),
            Err(error) => damage(number, format!("it cannot be read: {error}")),
        }
    }
    Ok(commits)
}

fn relative(layout: &Layout, path: &Path) -> String {
    path.strip_prefix(layout.root()).unwrap_or(path).to_string_lossy().into_owned()
}

/// What a commit counts must add up, in itself and with the files it added and replaced.
/// `known` has the rows, or the rejects, of the files of earlier commits.
fn account(commit: &Commit, known: &BTreeMap<&str, u64>, layout: &Layout, damage: &mut Vec<Damage>) {
    let counts = &commit.counts;
    let added: u64 = commit.files_added.iter().map(|file| file.rows).sum();
    let replaced = |rows: bool| -> u64 {
        let paths = commit.files_replaced.iter().filter(|path| path.starts_with(EVENTS) == rows);
        paths.filter_map(|path| known.get(path.as_str())).sum()
    };
    let (replaced, rejects_replaced) = (replaced(true), replaced(false));
    let mut equal = |what: &str, said: u64, found: u64| {
        if said != found {
            let detail = format!("the accounting does not hold: {what}: {said} and {found}");
            let path = relative(layout, &layout.commit(commit.number));
            damage.push(Damage { path, detail, held: None });
        }
    };
    equal("records read and accounted for", counts.records_in, counts.balance());
    equal("rows added, and removed or replaced", added + counts.removed, counts.rows + replaced);
    if let Some(removed) = commit.rejects_removed {
        let held = commit.rejects.as_ref().map_or(0, |_| commit.rejects_count());
        let rejected: u64 = counts.rejects.values().sum();
        equal(
            "rejects held and removed, and those of before and new",
            held + removed,
            rejects_replaced + rejected,
        );
    }
    if !commit.sources.is_empty() {
        let records = commit.sources.iter().map(|source| source.records).sum();
        equal("records read, and of all sources", counts.records_in, records);
        let rows = commit.sources.iter().map(|source| source.rows).sum();
        equal("rows given, and of all sources", counts.rows + counts.replaced, rows);
    }
}

fn held(commit: Option<&Commit>, file: &FileRecord) -> Held {
    Held {
        commit: commit.map_or(0, |commit| commit.number),
        rows: file.rows,
        first_time: file.first_time,
        last_time: file.last_time,
        clusters: file.clusters.clone(),
        sources: commit.map_or_else(Vec::new, |commit| sources(commit, file)),
    }
}

/// The sources of a commit that have records in the time of a file.
fn sources(commit: &Commit, file: &FileRecord) -> Vec<String> {
    let overlaps = |source: &&super::SourceRecord| {
        source.first_time.is_some_and(|first| first <= file.last_time)
            && source.last_time.is_some_and(|last| last >= file.first_time)
    };
    commit.sources.iter().filter(overlaps).map(|source| source.uri.clone()).collect()
}

/// What is wrong with a file of rows; its times go to `gaps`.
fn file_faults(layout: &Layout, commit: Option<&Commit>, file: &FileRecord, gaps: &mut Gaps) -> Vec<String> {
    let batch = commit.map_or("", |commit| &commit.batch);
    let Some(path) = snapshot::find(layout, batch, &file.path) else {
        return vec!["the file is missing".to_owned()];
    };
    let mut faults = Vec::new();
    match sha256_of_file(&path) {
        Ok((bytes, sha256)) if bytes == file.bytes && sha256 == file.sha256 => {}
        Ok((bytes, _)) if bytes != file.bytes => {
            faults.push(format!("it has {bytes} bytes instead of {}", file.bytes));
        }
        Ok(_) => faults.push("its content has changed: the hash differs".to_owned()),
        Err(error) => return vec![format!("it cannot be read: {error}")],
    }
    match rows(&path) {
        Ok((rows, times, coverage)) => {
            let day = file.first_time.div_euclid(utc::DAY);
            coverage.clusters.iter().for_each(|c| gaps.add_minutes(c.cluster.as_deref(), day, &c.minutes));
            if rows != file.rows {
                faults.push(format!("it has {rows} rows instead of {}", file.rows));
            } else if times.is_some_and(|times| times != (file.first_time, file.last_time)) {
                faults.push("its rows have other times than its commit says".to_owned());
            } else if file.coverage.as_ref().is_some_and(|said| *said != coverage) {
                faults.push("its rows cover something else than its commit says".to_owned());
            }
        }
        Err(error) => faults.push(chain(&error)),
    }
    faults
}

/// The rows of a file, their first and last time, and what they cover.
type Rows = (u64, Option<(i64, i64)>, FileCoverage);

fn rows(path: &Path) -> Result<Rows, LakeError> {
    let (mut rows, mut span, mut counting) = (0, None, Counting::default());
    for batch in coverage::batches(path)? {
        let batch = batch?;
        for &time in batch["event_time"].as_primitive::<TimestampMicrosecondType>().values() {
            let (first, last) = span.unwrap_or((time, time));
            span = Some((time.min(first), time.max(last)));
        }
        counting.add(&batch);
        rows += batch.num_rows() as u64;
    }
    Ok((rows, span, counting.finish()))
}

fn check_rejects(layout: &Layout, snapshot: &Snapshot, report: &mut CheckReport) {
    for (commit, relative) in snapshot.rejects() {
        let path = snapshot::find(layout, &commit.batch, relative);
        let detail = match path.as_deref().map(count_rejects) {
            Some(Ok(count)) if count == commit.rejects_count() => {
                report.rejects += count;
                continue;
            }
            Some(Ok(count)) => format!("it holds {count} rejects instead of {}", commit.rejects_count()),
            Some(Err(error)) => chain(&error),
            None => format!("the file is missing; it held {} rejects", commit.rejects_count()),
        };
        report.damage.push(Damage { path: relative.to_owned(), detail, held: None });
    }
}

fn count_rejects(path: &Path) -> Result<u64, LakeError> {
    rejects::read(path)?.try_fold(0, |count, reject| reject.map(|_| count + 1))
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
