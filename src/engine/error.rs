//! What can go wrong in the engine, told apart by what to do about it.

use crate::cancel::Stopped;

/// Why a statement gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(
        "the query needs more memory than it was given; raise --memory, lower --threads, or narrow it with --since and --until"
    )]
    OutOfMemory(#[source] duckdb::Error),
    #[error(
        "the query needs more temporary space than there is; free some, or narrow it with --since and --until"
    )]
    OutOfSpace(#[source] duckdb::Error),
    #[error("the query was cancelled")]
    Cancelled(#[source] Stopped),
    #[error("the parameter ${name} is not given")]
    Unbound { name: String },
    #[error("{name} is not a path that can be handed to DuckDB: it is not UTF-8")]
    Path { name: String },
    #[error("DuckDB refused the session's {what}")]
    Session {
        what: String,
        #[source]
        source: duckdb::Error,
    },
    #[error("the column {name} of an answer is missing or of another type")]
    Column { name: String },
    #[error("DuckDB could not run the query")]
    Failed(#[source] duckdb::Error),
}

impl EngineError {
    /// Sorts an error of DuckDB by the words that its messages begin with.
    pub(super) fn from_duckdb(error: duckdb::Error) -> Self {
        let text = error.to_string();
        if text.contains("max_temp_directory_size") || text.contains("No space left on device") {
            Self::OutOfSpace(error)
        } else if text.contains("Out of Memory Error") {
            Self::OutOfMemory(error)
        } else {
            Self::Failed(error)
        }
    }
}
