//! An engine over a lake as of its last commit, with a folder of its own to spill to.

use std::io;

use tempfile::TempDir;

use crate::engine::{Engine, EngineError, EngineFile, EngineOptions};
use crate::hunt;
use crate::lake::{Lake, LakeError, Snapshot};

/// An engine that could not be opened over a lake.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("could not read the lake")]
    Lake(#[from] LakeError),
    #[error("could not make a folder for temporary files; set TMPDIR to one that can be written")]
    Temporary(#[source] io::Error),
    #[error("could not open the engine over the lake")]
    Engine(#[from] EngineError),
}

/// An open engine; what it spilled is removed with it.
pub struct LakeSession {
    pub engine: Engine,
    _temporary: TempDir,
}

/// What a session may use up.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes for the whole process.
    pub memory: u64,
    pub threads: usize,
    /// Bytes of temporary files.
    pub temporary: u64,
}

impl LakeSession {
    /// Opens an engine over the files of the lake's last commit.
    pub fn open(lake: &Lake, limits: Limits) -> Result<Self, SessionError> {
        Self::over(&lake.snapshot()?, limits)
    }

    /// As [`LakeSession::open`], for a hunt that is counted again.
    pub fn open_to_recount(lake: &Lake, limits: Limits) -> Result<Self, SessionError> {
        let snapshot = lake.snapshot()?;
        let session = Self::over(&snapshot, limits)?;
        hunt::tell_days(&session.engine, &snapshot)?;
        Ok(session)
    }

    fn over(snapshot: &Snapshot, limits: Limits) -> Result<Self, SessionError> {
        let temporary =
            tempfile::Builder::new().prefix("kubetrawl-").tempdir().map_err(SessionError::Temporary)?;
        let engine = Engine::open(&EngineOptions {
            files: snapshot.files.iter().map(EngineFile::from).collect(),
            memory: limits.memory,
            threads: limits.threads,
            temp: temporary.path().join("spill"),
            temp_limit: Some(limits.temporary),
        })?;
        Ok(Self { engine, _temporary: temporary })
    }
}
