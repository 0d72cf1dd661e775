//! What a lake holds, told from its commits alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::commit::CommitKind;
use super::snapshot::Snapshot;
use super::utc;

/// The whole of a lake in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LakeInfo {
    pub rows: u64,
    pub files: u64,
    /// Of the Parquet files.
    pub bytes: u64,
    /// Event times; null for a lake without rows.
    #[serde(serialize_with = "utc::option::serialize")]
    pub first_time: Option<i64>,
    #[serde(serialize_with = "utc::option::serialize")]
    pub last_time: Option<i64>,
    /// Sorted; null stands for rows without one.
    pub clusters: Vec<Option<String>>,
    /// Whether some files have too many clusters to list.
    pub more_clusters: bool,
    /// Sorted; of all sources that count as read.
    pub log_types: Vec<String>,
    pub sources: u64,
    pub rejects: u64,
    /// By date.
    pub days: Vec<Day>,
    pub commits: Vec<CommitInfo>,
}

/// The rows of one UTC date.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Day {
    pub event_date: String,
    pub rows: u64,
    pub files: u64,
    pub bytes: u64,
}

/// One change of the lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommitInfo {
    pub number: u64,
    pub kind: CommitKind,
    #[serde(serialize_with = "utc::serialize")]
    pub created: i64,
    pub sources: u64,
    pub records_in: u64,
    /// By how many rows the lake grew.
    pub rows: u64,
    pub removed: u64,
    pub duplicates: u64,
    pub rejects: u64,
    pub files_added: u64,
    pub files_replaced: u64,
}

impl LakeInfo {
    /// What a snapshot holds.
    pub fn of(snapshot: &Snapshot) -> Self {
        let files = || snapshot.files.iter().map(|file| &file.record);
        let sources = snapshot.sources();
        let log_types: BTreeSet<&String> = sources.iter().flat_map(|(_, source)| &source.log_types).collect();
        let clusters: BTreeSet<&Option<String>> =
            files().filter_map(|file| file.clusters.as_ref()).flatten().collect();
        let mut days: BTreeMap<&str, Day> = BTreeMap::new();
        for file in files() {
            let day = days.entry(&file.event_date).or_default();
            day.event_date.clone_from(&file.event_date);
            day.rows += file.rows;
            day.files += 1;
            day.bytes += file.bytes;
        }
        Self {
            rows: snapshot.rows(),
            files: snapshot.files.len() as u64,
            bytes: files().map(|file| file.bytes).sum(),
            first_time: files().map(|file| file.first_time).min(),
            last_time: files().map(|file| file.last_time).max(),
            clusters: clusters.into_iter().cloned().collect(),
            more_clusters: files().any(|file| file.clusters.is_none()),
            log_types: log_types.into_iter().cloned().collect(),
            sources: sources.iter().filter(|(_, source)| !source.archive).count() as u64,
            rejects: snapshot.rejects().iter().map(|(commit, _)| commit.rejects_count()).sum(),
            days: days.into_values().collect(),
            commits: snapshot.commits.iter().map(commit).collect(),
        }
    }
}

fn commit(commit: &super::Commit) -> CommitInfo {
    CommitInfo {
        number: commit.number,
        kind: commit.kind,
        created: commit.created,
        sources: commit.sources.iter().filter(|source| !source.archive).count() as u64,
        records_in: commit.counts.records_in,
        rows: commit.counts.rows,
        removed: commit.counts.removed,
        duplicates: commit.counts.duplicates,
        rejects: commit.counts.rejects.values().sum(),
        files_added: commit.files_added.len() as u64,
        files_replaced: commit.files_replaced.len() as u64,
    }
}
