//! What an ingest tells: the accounting, and every source that did not go as a source should.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The accounting of one ingest: `records_in = rows + duplicates + sum(rejects) + sum(other)`, with
/// the meaning of [`crate::lake::Counts`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestReport {
    /// The commit that was made; none where there was nothing to commit.
    pub commit: Option<u64>,
    /// Sources that were read and committed.
    pub sources: u64,
    pub records_in: u64,
    /// By how many rows the lake grew, but for what was removed.
    pub rows: u64,
    /// Rows of the same contents that these replace, where they were read again.
    #[serde(default)]
    pub removed: u64,
    /// By reason.
    pub rejects: BTreeMap<String, u64>,
    pub duplicates: u64,
    /// Records that are valid but not Kubernetes audit, by kind.
    pub other: BTreeMap<String, u64>,
    /// URIs of sources in which no log record was found.
    pub not_a_log: Vec<String>,
    /// URIs of sources that hold nothing.
    pub empty: Vec<String>,
    /// Sources whose content is in the lake already, or came twice.
    pub skipped: Vec<Skipped>,
    /// Sources that are known with another content, or under another name.
    #[serde(default)]
    pub changed: Vec<Changed>,
    /// URIs of sources whose last line is still being written: it waits for the next time.
    #[serde(default)]
    pub waiting: Vec<String>,
    /// URIs of sources that may have lost a duplicate of a row that was removed: ingesting them again
    /// restores it.
    #[serde(default)]
    pub ingest_again: Vec<String>,
    /// What could not be read, or not to its end.
    pub problems: Vec<Problem>,
    /// Bytes of the sources as stored.
    pub bytes_stored: u64,
    /// The same bytes after decompression.
    pub bytes_decompressed: u64,
    /// Bytes of the Parquet files that were added.
    pub bytes_out: u64,
    pub files: u64,
    pub seconds: f64,
}

impl IngestReport {
    /// Whether every source could be read to its end.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// All rejects.
    pub fn rejected(&self) -> u64 {
        self.rejects.values().sum()
    }
}

/// A source that was not read again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skipped {
    pub uri: String,
    pub because: SkipReason,
}

/// Where the source's content is already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// In the lake since this commit.
    Committed(u64),
    /// In the same ingest, as this source.
    SameAs(String),
}

/// A source that is not as it was when it was last read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Changed {
    pub uri: String,
    pub how: Change,
}

/// How a source differs from what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It begins with what this commit read; only what follows was read.
    Grown(u64),
    /// It begins with what was read under this name, as a rotated file does; only what follows was read.
    Renamed(String),
    /// It is shorter than it was; it was read from its start.
    Truncated,
    /// It no longer begins with what was read of it; it was read from its start.
    Rewritten,
}

/// A source, or an argument, that could not be read or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// None where it is about an argument or the lake.
    pub uri: Option<String>,
    /// What failed, with its causes.
    pub message: String,
}
