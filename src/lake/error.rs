//! What can go wrong in a lake.

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;
use thiserror::Error;

use crate::cancel::Stopped;

/// A failure of the lake. What failed and on which file stands here, the cause is the source.
#[derive(Debug, Error)]
pub enum LakeError {
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot write Parquet to {}: check the free space", path.display())]
    WriteParquet {
        path: PathBuf,
        #[source]
        source: ParquetError,
    },
    #[error("cannot read {} as a file of audit_events: it is damaged or was not written by kubetrawl", path.display())]
    ReadParquet {
        path: PathBuf,
        #[source]
        source: ParquetError,
    },
    #[error("an event time of {microseconds} microseconds is on no day of the calendar")]
    NoDate { microseconds: i64 },
    #[error("{} has no rows to rewrite: remove it from the commit instead", path.display())]
    NoRows { path: PathBuf },
    #[error("{} is not a kubetrawl lake: ingest into it first, or name another with --lake", path.display())]
    NotALake { path: PathBuf },
    #[error("{} is neither empty nor a kubetrawl lake: name an empty or new folder with --lake", path.display())]
    NotEmpty { path: PathBuf },
    #[error("{} has lake format {found}, this kubetrawl knows up to {known}: use a newer kubetrawl", path.display())]
    NewerFormat { path: PathBuf, found: u32, known: u32 },
    #[error("the lake is being written by {holder}: try again when it is done, or wait for it")]
    Locked { holder: String },
    #[error("cannot start threads to work with")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    #[error("stopped while waiting for the lake")]
    Cancelled(#[source] Stopped),
    #[error("cannot understand {}", path.display())]
    Json {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("commit {commit} does not exist: `kubetrawl lake info` lists the commits")]
    NoSuchCommit { commit: u64 },
    #[error("the lake has nothing of {what}: it was never ingested, or was taken back already")]
    NothingToDrop { what: String },
    #[error(
        "{uri} was read by commit {commit} and by {others:?} too, and their rows cannot be told apart: drop the \
         source instead, which takes all of them back"
    )]
    Shared { uri: String, commit: u64, others: Vec<u64> },
    #[error("the lake is damaged at {}: {detail}", path.display())]
    Damaged { path: PathBuf, detail: String },
    #[error(
        "commit {commit} stands and can be read, but its files could not all be moved: the next write does it"
    )]
    Unfinished {
        commit: u64,
        #[source]
        source: Box<LakeError>,
    },
}

impl LakeError {
    /// For `map_err`: an input or output error on a path, with the verb that failed.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// For `map_err`: Parquet that could not be written.
    pub fn write_parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        move |source| Self::WriteParquet { path: path.to_owned(), source }
    }

    /// For `map_err`: Parquet that could not be read.
    pub fn read_parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        move |source| Self::ReadParquet { path: path.to_owned(), source }
    }
}
