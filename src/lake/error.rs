//! What can go wrong in a lake.

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;
use thiserror::Error;

/// A failure of the lake. The file is named here, the cause is the source.
#[derive(Debug, Error)]
pub enum LakeError {
    #[error("cannot {action} {}: check its permissions and the free space", path.display())]
    Io { action: &'static str, path: PathBuf, #[source] source: io::Error },
    #[error("cannot write Parquet to {}: check the free space", path.display())]
    WriteParquet { path: PathBuf, #[source] source: ParquetError },
    #[error("cannot read {} as a file of audit_events: it is damaged or was not written by kubetrawl", path.display())]
    ReadParquet { path: PathBuf, #[source] source: ParquetError },
    #[error("an event time of {microseconds} microseconds is on no day of the calendar")]
    NoDate { microseconds: i64 },
    #[error("{} has no rows to rewrite: remove it from the commit instead", path.display())]
    NoRows { path: PathBuf },
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
