//! What runbooks read of the lake, read once for all of their sections.
//!
//! A section asks for one user, and the lake is sorted by day and resource: each section of each alert would
//! go through the lake's files again. Instead the requests that the sections of these alerts can look
//! at are kept in a table, which spills like any other; a temporary view has the name of the one that the
//! sections read, and stands before it. A test compares the answers. What a rule of the user's own looks at is not
//! known, and is read section by section.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Runbook, RunbookError};
use crate::cancel::Cancel;
use crate::engine::{Cells, Engine, EngineError, Param};
use crate::sql;

/// The view's name, which what is kept is read by in its place.
const TABLE: &str = "requests";

/// Of the users, all records; see `sql/reports/runbook_records.sql`.
const RECORDS: &str = "records_of_users";

/// Records that are few, about 1 KB each: of a single user with more, such as a busy controller, each section reads the
/// columns that it needs of the lake.
const FEW: i64 = 100_000;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Nothing,
    /// So little that two sections at a time have their memory.
    Few,
    Many,
}

/// Keeps what a runbook reads, as [`super::Readers::share`] has it, and reads it on this connection.
pub(super) fn keep(
    engine: &Engine,
    runbook: &Runbook,
    users: &BTreeSet<Option<String>>,
    span: (Timestamp, Timestamp),
    cancel: &Cancel,
) -> Result<Kept, RunbookError> {
    engine.forget_kept(TABLE, cancel)?;
    if !runbook.own {
        return Ok(Kept::Nothing);
    }
    let most = if users.len() == 1 { FEW } else { i64::MAX };
    let bound = [
        ("users", Param::TextList(users.iter().flatten().cloned().collect())),
        ("unknown_user", Param::Bool(users.contains(&None))),
        ("from", Param::Timestamp(span.0.as_microsecond())),
        ("until", Param::Timestamp(span.1.as_microsecond())),
        ("most", Param::Int(most)),
    ];
    let kept = match keep_at_most(engine, &bound, most, cancel) {
        // What does not fit is read section by section.
        Err(EngineError::OutOfMemory(_) | EngineError::OutOfSpace(_)) => {
            engine.forget_kept(TABLE, cancel)?;
            Kept::Nothing
        }
        kept => kept?,
    };
    engine.forget(RECORDS, cancel)?;
    Ok(kept)
}

/// Reads what is kept on another connection of the session.
pub(super) fn read_kept(beside: &Engine, cancel: &Cancel) -> Result<(), EngineError> {
    beside.read_kept(TABLE, cancel)
}

fn keep_at_most(
    engine: &Engine,
    bound: &[(&str, Param)],
    most: i64,
    cancel: &Cancel,
) -> Result<Kept, EngineError> {
    engine.keep(RECORDS, sql::file("reports/runbook_records.sql"), bound, cancel)?;
    let records = records(engine, cancel)?;
    if records >= most {
        return Ok(Kept::Nothing);
    }
    engine.keep_for_all(TABLE, sql::file("reports/runbook_requests.sql"), bound, cancel)?;
    engine.read_kept(TABLE, cancel)?;
    Ok(if records < FEW { Kept::Few } else { Kept::Many })
}

fn records(engine: &Engine, cancel: &Cancel) -> Result<i64, EngineError> {
    let mut records = 0;
    engine.query("SELECT count(*) AS records FROM records_of_users", &[], cancel, |batch| {
        let cells = Cells::new(batch);
        (0..cells.rows()).try_for_each(|row| {
            records = cells.int(row, "records")?.unwrap_or_default();
            Ok::<_, EngineError>(())
        })
    })?;
    Ok(records)
}
