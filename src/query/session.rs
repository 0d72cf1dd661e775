//! An engine over a lake as of its last commit, with a folder of its own to spill to.

use std::io;

use serde_json::json;
use tempfile::TempDir;

use crate::cancel::Cancel;
use crate::engine::{Engine, EngineError, EngineFile, EngineOptions, Param};
use crate::lake::coverage::FileCoverage;
use crate::lake::{FileRecord, Lake, LakeError, LakeFile, Requests, Snapshot};
use crate::sql;

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
    /// Bytes of temporary files; none for as much as DuckDB's own limit allows.
    pub temporary: Option<u64>,
}

impl LakeSession {
    /// Opens an engine over the files of the lake's last commit.
    pub fn open(lake: &Lake, limits: Limits) -> Result<Self, SessionError> {
        Self::over(&lake.snapshot()?, limits)
    }

    /// As [`LakeSession::open`], for a hunt that is counted again.
    pub fn open_to_recount(lake: &Lake, limits: Limits) -> Result<Self, SessionError> {
        Self::to_hunt(&lake.snapshot()?, limits)
    }

    /// Opens an engine over these files, for a hunt.
    pub fn to_hunt(snapshot: &Snapshot, limits: Limits) -> Result<Self, SessionError> {
        let session = Self::over(snapshot, limits)?;
        tell_days(&session.engine, snapshot)?;
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
            temp_limit: limits.temporary,
        })?;
        Ok(Self { engine, _temporary: temporary })
    }
}

/// Of the records of a file whose commit does not say what it covers, one in so many is taken for a read of secrets.
const GUESS: u64 = 8;

/// Tells the engine what the commits say of the files, so that no hunt counts the whole lake.
fn tell_days(engine: &Engine, snapshot: &Snapshot) -> Result<(), EngineError> {
    let day = |file: &LakeFile| {
        let FileRecord { event_date, rows, first_time, last_time, coverage, .. } = &file.record;
        let reads = |coverage: &FileCoverage| {
            coverage.streams.iter().map(|stream| stream.counts.secret_reads()).sum::<u64>()
        };
        json!({
            "event_date": event_date,
            "records": rows,
            "reads": match file.requests {
                Requests::Superseded => 0,
                // Nothing is kept of them to tell them apart. Where each is a kind of its own, the dense history took no more
                // memory with a third than with a half.
                Requests::Latest => coverage.as_ref().map_or(*rows, reads) / 3,
                Requests::Unknown | Requests::Rest => coverage.as_ref().map_or(*rows / GUESS, reads),
            },
            "first_time": first_time,
            "last_time": last_time,
        })
    };
    let files = json!(snapshot.files.iter().map(day).collect::<Vec<_>>()).to_string();
    let params = [("files", Param::Text(files))];
    engine.keep("days", sql::file("detect/known_days.sql"), &params, &Cancel::default())
}
