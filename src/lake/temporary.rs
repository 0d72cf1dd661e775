//! A lake for one hunt over logs that are not to be kept.

use std::io;
use std::path::PathBuf;

use tempfile::TempDir;

use super::io::Passing;

/// A folder for a lake, which goes with the process. None of it is waited for to reach the disk: of a hunt over 500,000
/// records that took a fifth, in a hundred calls.
pub struct TemporaryLake {
    folder: TempDir,
    _passing: Passing,
}

impl TemporaryLake {
    /// Makes the folder where temporary files go (`TMPDIR`).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("kubetrawl-").tempdir()?;
        let passing = Passing::new(folder.path());
        Ok(Self { folder, _passing: passing })
    }

    /// Where the lake is to be.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    /// Removes all of it.
    ///
    /// # Errors
    /// With the folder that is left.
    pub fn remove(self) -> Result<(), (PathBuf, io::Error)> {
        let folder = self.folder.path().to_owned();
        self.folder.close().map_err(|error| (folder, error))
    }
}
