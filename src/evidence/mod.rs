//! The original records behind an alert, byte for byte, with what proves that they are.
//!
//! A row knows its source and its offset there. The source is read again, in bounded memory, and where it
//! is not what it was, files that begin with what it held. A record counts as original where it lies in first
//! bytes whose hash a commit has, and the bytes at the offset decode to the row's record. All else is given
//! from the lake and says so.

mod collect;
mod folder;
mod moved;
mod original;

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use serde::Serialize;
use serde_json::Value;

pub use collect::{Case, collect};
pub use folder::WrittenFile;
pub use original::Lost;

use crate::cancel::Stopped;
use crate::detect::alert::Versions;
use crate::detect::{Alert, DetectError};
use crate::engine::EngineError;

/// The `schema` of [`Manifest`].
pub const SCHEMA: &str = "kubetrawl/evidence/2";

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
    /// Records given as they were logged.
    pub original: u64,
    /// Records given as rows of the lake.
    pub from_lake: u64,
    /// Why records are given from the lake; null where none is.
    pub problem: Option<String>,
    /// Its own place first, then others that gave records which that did not.
    pub readings: Vec<Reading>,
    /// Rows of the lake.
    pub lake_file: Option<WrittenFile>,
}

/// A file that a source's records were looked for in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    pub uri: String,
    /// Of all its bytes as stored; null where they could not be read.
    pub sha256: Option<String>,
    /// Bytes as stored.
    pub size: Option<u64>,
    /// How many of its first bytes an ingest read, by their hash, which is one of `sha256_at_ingest`; fewer
    /// than `size` where it has grown since. Null where it begins with nothing that was read.
    pub size_at_ingest: Option<u64>,
    /// Records given as they stand here.
    pub original: u64,
    /// These records.
    pub file: Option<WrittenFile>,
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
    Cancelled(#[source] Stopped),
}
