//! The commit records, `_kubetrawl/commits/00000001.json` and on: one per change of a lake.
//!
//! Nothing in a lake is known but by them. A later kind of commit (a drop, a compaction) says
//! what it does in the same terms: files added, files replaced, sources forgotten.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::coverage::{FileCoverage, Stream};
use super::utc;

/// Clusters of a file that are listed in its commit; a file with more may hold any.
pub(crate) const CLUSTERS: usize = 1_000;

/// What made a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitKind {
    /// Sources were read.
    Ingest,
    /// An ingest, or a source, was taken back.
    Drop,
    /// Small files were merged into large ones.
    Compact,
    /// Rejects of earlier commits were tried again.
    Reingest,
}

/// One change of a lake: all of it is visible, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// From 1, without gaps.
    pub number: u64,
    pub kind: CommitKind,
    #[serde(with = "utc")]
    pub created: i64,
    /// The kubetrawl version that wrote it.
    pub kubetrawl: String,
    /// The name of the batch, which its files begin with.
    pub batch: String,
    pub counts: Counts,
    #[serde(default)]
    pub sources: Vec<SourceRecord>,
    #[serde(default)]
    pub files_added: Vec<FileRecord>,
    /// Paths, relative to the lake, of files that are no longer part of it.
    #[serde(default)]
    pub files_replaced: Vec<String>,
    /// Hashes of sources that no longer count as read, so that they can be ingested again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources_forgotten: Vec<String>,
    /// URIs of sources whose rows and rejects were all taken out of the lake, before what this
    /// commit adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources_dropped: Vec<String>,
    /// The batch's rejects, relative to the lake. Rejects files that no longer count are among
    /// [`Commit::files_replaced`].
    #[serde(default)]
    pub rejects: Option<String>,
    /// Records in that file where it holds others than those that were rejected in this commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects_held: Option<u64>,
    /// Records of the rejects files that were replaced that are in no rejects file any more: they were
    /// taken back, or could be read after all. Null where that was not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects_removed: Option<u64>,
}

impl Commit {
    /// A commit of this program that changes nothing yet.
    pub fn new(number: u64, kind: CommitKind, created: i64, batch: &str) -> Self {
        Self {
            number,
            kind,
            created,
            kubetrawl: env!("CARGO_PKG_VERSION").to_owned(),
            batch: batch.to_owned(),
            counts: Counts::default(),
            sources: Vec::new(),
            files_added: Vec::new(),
            files_replaced: Vec::new(),
            sources_forgotten: Vec::new(),
            sources_dropped: Vec::new(),
            rejects: None,
            rejects_held: None,
            rejects_removed: None,
        }
    }

    /// The records that its rejects file holds.
    pub fn rejects_count(&self) -> u64 {
        self.rejects_held.unwrap_or_else(|| self.counts.rejects.values().sum())
    }
}

/// One source as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    pub uri: String,
    /// Bytes as stored, so before decompression.
    pub size: u64,
    /// SHA-256 of these bytes in lower case hex; null where they could not all be read.
    pub sha256: Option<String>,
    /// Bytes after decompression, as far as they could be read; of a table, those of its rows as JSON.
    pub decompressed: u64,
    /// Values of the column `log_type` among its rows, sorted.
    pub log_types: Vec<String>,
    pub records: u64,
    /// Rows that it gave, less those of them that were dropped as duplicates.
    pub rows: u64,
    #[serde(with = "utc::option", default)]
    pub first_time: Option<i64>,
    #[serde(with = "utc::option", default)]
    pub last_time: Option<i64>,
    /// Why it could not be read to its end; null where it could.
    #[serde(default)]
    pub problem: Option<String>,
    /// Rows that were dropped as duplicates of others when it was read.
    #[serde(default)]
    pub duplicates: u64,
    /// SHA-256 of its first bytes, as many as [`HEAD`](crate::sources::HEAD) at most: tells cheaply
    /// whether another content can be this one, grown.
    #[serde(default)]
    pub head: Option<String>,
    /// Where to go on when it has grown; null where it cannot be gone on with.
    #[serde(default)]
    pub next: Option<Next>,
    /// Bytes at its end that wait to be read as a record: a line that was still being written.
    #[serde(default)]
    pub waiting: u64,
    /// Its records that are no Kubernetes audit, by kind; of many kinds together.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, u64>,
    /// What was said of its records when it was ingested.
    #[serde(default, skip_serializing_if = "Given::is_nothing")]
    pub given: Given,
    /// Where its records that could not be read stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
    /// Whether it is an archive. The files in it are sources of their own; it has no records itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archive: bool,
}

/// What the command line said of the records of a source, for the day when some of them are tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Given {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// A value of the column `log_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_type: Option<String>,
    /// Whether the values of secrets were to be kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unredacted: bool,
}

impl Given {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl SourceRecord {
    /// A source of which nothing is known but its name.
    pub fn unknown(uri: &str) -> Self {
        Self {
            uri: uri.to_owned(),
            size: 0,
            sha256: None,
            decompressed: 0,
            log_types: Vec::new(),
            records: 0,
            rows: 0,
            first_time: None,
            last_time: None,
            problem: None,
            duplicates: 0,
            head: None,
            next: None,
            waiting: 0,
            other: BTreeMap::new(),
            given: Given::default(),
            rejected: Vec::new(),
            archive: false,
        }
    }
}

/// Records that could not be read, by where the nearest records before them are, or else after them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    #[serde(flatten)]
    pub stream: Stream,
    /// Null, with all of the stream, where no record was near.
    pub event_date: Option<String>,
    pub rejects: u64,
}

/// Where the records that a source does not have yet will begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// Offset after decompression.
    pub offset: u64,
    /// The number of the record there.
    pub record: u64,
}

/// One Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Relative to the lake, with `/`: `audit_events/event_date=2026-11-22/...parquet`.
    pub path: String,
    pub event_date: String,
    pub rows: u64,
    pub bytes: u64,
    /// The smallest `event_time`.
    #[serde(with = "utc")]
    pub first_time: i64,
    /// The largest `event_time`.
    #[serde(with = "utc")]
    pub last_time: i64,
    /// Of the file, in lower case hex.
    pub sha256: String,
    /// Clusters whose rows the file may hold, sorted, with null for rows without one; null
    /// instead of the list where they are too many to list.
    pub clusters: Option<Vec<Option<String>>>,
    /// What its rows cover; null where that is too long to keep, or the commit of an older program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<FileCoverage>,
    /// Which rows of its date it has, where a compaction told requests for secrets apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// Which rows a file has, among those of its date that its commit wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Of each request for secrets the latest stage, as the view `requests` has it.
    SecretRequests,
    /// The other stages of these.
    SecretsSuperseded,
    /// All of other resources.
    Rest,
}

impl FileRecord {
    /// Whether a row equal to one of `other` can stand here: equal rows share time and cluster.
    pub fn may_share_rows(&self, other: &Self) -> bool {
        self.event_date == other.event_date
            && self.first_time <= other.last_time
            && other.first_time <= self.last_time
            && match (&self.clusters, &other.clusters) {
                (Some(ours), Some(theirs)) => ours.iter().any(|cluster| theirs.contains(cluster)),
                _ => true,
            }
    }
}

/// What became of the records of a commit's sources.
///
/// `records_in = rows + duplicates + sum(rejects) + sum(other)` ([`Counts::balance`]). `rows` is
/// by how many rows the lake grew. A duplicate is a record that was equal to another one, of this
/// commit or of the lake; where the lake's own row was the one to go (its source or number is the
/// larger), the new row took its place, the lake did not grow, and `replaced` counts it too. So the
/// rows of the sources sum up to `rows + replaced`, and the commits' `rows`, less what was `removed`,
/// to the rows of the lake.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub records_in: u64,
    pub rows: u64,
    pub duplicates: u64,
    /// Those of the duplicates that were rows of earlier commits.
    pub replaced: u64,
    /// Rows that were taken out without another one standing for them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub removed: u64,
    /// By reason.
    pub rejects: BTreeMap<String, u64>,
    /// Records that are valid but not Kubernetes audit, by kind.
    pub other: BTreeMap<String, u64>,
    /// Sources in which no log record was found.
    pub not_a_log: u64,
}

impl Counts {
    /// The records that are accounted for.
    pub fn balance(&self) -> u64 {
        self.rows + self.duplicates + self.rejects.values().sum::<u64>() + self.other.values().sum::<u64>()
    }
}

/// For `#[serde(skip_serializing_if)]`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(super) fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    pub(crate) fn file(name: &str, first: i64, last: i64) -> FileRecord {
        FileRecord {
            path: format!("audit_events/event_date=1970-01-01/{name}.parquet"),
            event_date: "1970-01-01".into(),
            rows: 3,
            bytes: 4,
            first_time: first,
            last_time: last,
            sha256: "00".into(),
            clusters: Some(vec![None, Some("a".into())]),
            coverage: None,
            part: None,
        }
    }

    pub(crate) fn commit(number: u64, batch: &str) -> Commit {
        Commit {
            kubetrawl: "0.1.0".into(),
            ..Commit::new(number, CommitKind::Ingest, 1_700_000_000_000_001, batch)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{commit, file};

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let mut one = commit(1, "b");
        one.files_added.push(file("f", -1, 1_700_000_000_000_001));
        let text = serde_json::to_string(&one).unwrap();
        assert!(text.contains(r#""last_time":"2023-11-14T22:13:20.000001Z""#), "{text}");
        assert_eq!(serde_json::from_str::<super::Commit>(&text).unwrap(), one);
    }

    #[test]
    fn files_share_rows_only_in_a_shared_time_and_cluster() {
        let one = file("a", 0, 10);
        assert!(one.may_share_rows(&file("b", 10, 20)));
        assert!(!one.may_share_rows(&file("b", 11, 20)));
        let mut elsewhere = file("b", 0, 10);
        elsewhere.clusters = Some(vec![Some("z".into())]);
        assert!(!one.may_share_rows(&elsewhere));
        elsewhere.clusters = None;
        assert!(one.may_share_rows(&elsewhere));
    }
}
