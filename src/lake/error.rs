//! What can go wrong in a lake.

use std::io;
use std::path::PathBuf;

/// Why a lake could not be read or written. What failed and where stands in the message, the
/// cause in `source`.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    #[error("could not {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not a kubetrawl lake; ingest into it first, or name another with --lake", path.display())]
    NotALake { path: PathBuf },
    #[error("{} is neither empty nor a kubetrawl lake; name an empty or new folder with --lake", path.display())]
    NotEmpty { path: PathBuf },
    #[error(
        "{} has lake format {found}, this kubetrawl knows up to {known}; use a newer kubetrawl",
        path.display()
    )]
    NewerFormat { path: PathBuf, found: u32, known: u32 },
    #[error("the lake is being written by {holder}; try again when it is done, or wait for it")]
    Locked { holder: String },
    #[error("stopped while waiting for the lake")]
    Cancelled,
    #[error("could not understand {}", path.display())]
    Json {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("the lake is damaged: {}: {detail}", path.display())]
    Damaged { path: PathBuf, detail: String },
    #[error(
        "commit {commit} stands and can be read, but its files could not all be moved; the next ingest does it"
    )]
    Unfinished {
        commit: u64,
        #[source]
        source: Box<LakeError>,
    },
    #[error("could not read the Parquet file {}", path.display())]
    Parquet {
        path: PathBuf,
        #[source]
        source: parquet::errors::ParquetError,
    },
    #[error("could not read the rows of {}", path.display())]
    Rows {
        path: PathBuf,
        #[source]
        source: arrow::error::ArrowError,
    },
}

impl LakeError {
    /// For `map_err`: an I/O error while doing `action` to `path`.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
