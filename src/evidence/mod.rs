//! The original records behind an alert, byte for byte, with what proves that they are.
//!
//! A row knows its source and its offset there. The source is read again, once and in bounded
//! memory; a record counts as original where the source's hash is that of a commit and the bytes at the
//! offset decode to the row's record. All else is given from the lake and says so.

mod collect;
mod folder;
mod original;

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use serde::Serialize;
use serde_json::Value;

pub use collect::{Case, collect};
pub use folder::WrittenFile;
pub use original::Lost;

use crate::detect::alert::Versions;
use crate::detect::{Alert, DetectError};
use crate::engine::EngineError;

/// The `schema` of [`Manifest`].
pub const SCHEMA: &str = "kubetrawl/evidence/1";

/// What the files hold, for whoever opens them.
pub const NOTICE: &str = "original records stand here as they were logged, secret values included";

/// `manifest.json`: what was written, of what, and by what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    pub notice: &'static str,
    /// RFC 3339 in UTC.
    pub created: String,
    pub versions: Versions,
    pub hunt_id: String,
    /// As the hunt stored them.
    pub parameters: Value,
    pub alert: Alert,
    /// Records given as they stand in their sources.
    pub original: u64,
    /// Records given as rows of the lake.
    pub from_lake: u64,
    /// A line per record with its place and its SHA-256.
    pub index: IndexFile,
    /// By URI.
    pub sources: Vec<SourceEvidence>,
}

/// The index, whose hash vouches for those in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexFile {
    pub name: &'static str,
    pub sha256: String,
}

/// What one source gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SourceEvidence {
    pub uri: String,
    /// Of the bytes as stored, in the commits that read this URI; sorted.
    pub sha256_at_ingest: Vec<String>,
    /// Of the bytes as stored, now; null where they could not be read.
    pub sha256_now: Option<String>,
    /// Bytes as stored, now.
    pub size_now: Option<u64>,
    pub original: u64,
    pub from_lake: u64,
    /// Why records are given from the lake; null where none is.
    pub problem: Option<String>,
    /// Original records.
    pub file: Option<WrittenFile>,
    /// Rows of the lake.
    pub lake_file: Option<WrittenFile>,
}

/// Evidence that could not be gathered or written.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("{} is not empty: evidence goes into a folder of its own", .path.display())]
    NotEmpty { path: PathBuf },
    #[error("could not write {}", .path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "the lake no longer gives the alert {alert_id} with the parameters of its hunt: \
        run `kubetrawl hunt` again, and take an alert of that"
    )]
    NoAlert { alert_id: String },
    #[error("could not find the alert's records")]
    Detect(#[from] DetectError),
    #[error("could not read the alert's records from the lake")]
    Engine(#[from] EngineError),
    #[error("could not read a row of the lake")]
    Row(#[from] ArrowError),
    #[error("stopped")]
    Cancelled,
}
