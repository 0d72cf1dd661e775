//! Rows to Parquet: layout, writer, commit log, rejects.
//!
//! A lake is a folder of Parquet files that any reader can use, and a log of commits that says
//! which of them count. [`Lake`] reads, [`LakeWriter`] writes, one at a time.

pub mod accounting;
pub mod check;
pub mod commit;
pub mod compact;
pub mod coverage;
pub mod dedup;
pub mod drop;
pub mod error;
pub mod gaps;
mod hunts;
mod identity;
pub mod info;
pub mod io;
pub mod layout;
pub mod lock;
mod prefix;
pub mod publish;
pub mod rejects;
pub mod scan;
pub mod snapshot;
pub mod taken;
mod temporary;
pub mod times;
pub mod utc;
pub mod writer;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use accounting::Accounting;
pub use check::CheckReport;
pub use commit::{Commit, CommitKind, Counts, FileRecord, Given, Part, SourceRecord};
pub use coverage::LakeCoverage;
pub use error::LakeError;
pub use hunts::StoredHunt;
pub use info::LakeInfo;
pub use layout::Layout;
pub use lock::Wait;
pub(crate) use prefix::Prefixes;
pub use publish::LakeWriter;
pub use rejects::RejectRecord;
pub use snapshot::{LakeFile, Requests, Snapshot};
pub use temporary::TemporaryLake;
pub use writer::StagedFile;

use crate::cancel::Cancel;
use crate::detect::HuntReport;

/// A lake on disk.
#[derive(Debug, Clone)]
pub struct Lake {
    layout: Layout,
}

impl Lake {
    /// Opens a lake to read it; writes nothing.
    ///
    /// # Errors
    /// [`LakeError::NotALake`] where there is none, [`LakeError::NewerFormat`] where it is of a
    /// later program.
    pub fn open(path: &Path) -> Result<Self, LakeError> {
        Layout::open(path).map(|layout| Self { layout })
    }

    /// Opens a lake, creating it where the folder is missing or empty.
    ///
    /// # Errors
    /// [`LakeError::NotEmpty`] where something else stands there, and as [`Lake::open`].
    pub fn create_or_open(path: &Path) -> Result<Self, LakeError> {
        Layout::create_or_open(path).map(|layout| Self { layout })
    }

    /// Where things stand in it.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What it holds as of its last commit; writes nothing.
    ///
    /// # Errors
    /// When a commit record or a file of the lake is missing or damaged.
    pub fn snapshot(&self) -> Result<Snapshot, LakeError> {
        Snapshot::read(&self.layout)
    }

    /// Takes the lake for writing; see [`LakeWriter::begin`].
    ///
    /// # Errors
    /// As [`LakeWriter::begin`].
    pub fn write(
        &self,
        verb: &str,
        wait: Wait,
        now: Timestamp,
        cancel: &Cancel,
    ) -> Result<LakeWriter, LakeError> {
        LakeWriter::begin(&self.layout, verb, wait, now, cancel)
    }

    /// Proves it sound, or says what is damaged; see [`check::check`].
    ///
    /// # Errors
    /// As [`check::check`].
    pub fn check(&self, cancel: &Cancel) -> Result<CheckReport, LakeError> {
        check::check(&self.layout, cancel)
    }

    /// The rejects that count as of a snapshot, those of older commits first.
    pub fn rejects<'a>(
        &'a self,
        snapshot: &'a Snapshot,
    ) -> impl Iterator<Item = Result<RejectRecord, LakeError>> + 'a {
        snapshot.rejects().into_iter().flat_map(|(commit, place)| self.rejects_of(commit, place))
    }

    /// The rejects of one file of a commit, by its place in the lake.
    fn rejects_of(
        &self,
        commit: &Commit,
        place: &str,
    ) -> impl Iterator<Item = Result<RejectRecord, LakeError>> + use<> {
        let path = snapshot::find(&self.layout, &commit.batch, place);
        let path = path.unwrap_or_else(|| self.layout.root().join(place));
        let (records, failed) = match rejects::read(&path) {
            Ok(records) => (Some(records), None),
            Err(error) => (None, Some(Err(error))),
        };
        failed.into_iter().chain(records.into_iter().flatten())
    }

    /// Where the lake's own allow-list stands, and what entries in it are named by; none where there is none.
    pub fn allow_list(&self) -> Option<(PathBuf, &'static str)> {
        Some((self.layout.allow_list(), layout::ALLOW_LIST)).filter(|(path, _)| path.exists())
    }

    /// Keeps a hunt's answer. On a lake that cannot be written it is not kept, and the answer says so.
    ///
    /// # Errors
    /// When the lake can be written, but the hunt not.
    pub fn store_hunt(&self, report: &HuntReport, now: Timestamp) -> Result<StoredHunt, LakeError> {
        hunts::store(&self.layout, report, now)
    }

    /// The ids of the hunts that were kept, oldest first.
    ///
    /// # Errors
    /// When their folder cannot be listed.
    pub fn hunts(&self) -> Result<Vec<String>, LakeError> {
        hunts::list(&self.layout)
    }

    /// A hunt that was kept; none where there is none of this id.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn hunt(&self, id: &str) -> Result<Option<HuntReport>, LakeError> {
        hunts::load(&self.layout, id)
    }
}

#[cfg(test)]
mod old_tests;
