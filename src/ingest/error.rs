//! What ends an ingest with the lake as it was.

use crate::cancel::Stopped;
use crate::lake::LakeError;

/// Why nothing was committed. A source that cannot be read is a [`super::Problem`] instead.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("could not ingest into the lake")]
    Lake(#[source] LakeError),
    #[error("stopped; the lake is as it was")]
    Cancelled(#[source] Stopped),
    #[error(
        "{uri} was also read with another content, by commits {commits:?}, and what each of them gave cannot be \
         told apart: give the file of that content too, or take the source back with `kubetrawl lake drop`"
    )]
    OtherContent { uri: String, commits: Vec<u64> },
    #[error("{uri} could not be read again to its end, so what it gave before stays in the lake: {because}")]
    NotAgain { uri: String, because: String },
    #[error(
        "the records do not add up: {records_in} were read, {accounted} are accounted for; nothing was \
         committed, please report this"
    )]
    Unbalanced { records_in: u64, accounted: u64 },
    #[error("a thread ended unexpectedly; nothing was committed, please report this")]
    Thread,
}

impl From<LakeError> for IngestError {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::Cancelled(Stopped) => Self::Cancelled(Stopped),
            error => Self::Lake(error),
        }
    }
}
