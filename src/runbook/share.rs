//! What runbooks read of the lake, read once for all of their sections.
//!
//! A section asks for one user, and the lake is sorted by day and resource: each section of each alert would
//! go through the lake's files again. Instead the requests that the sections of these alerts can look
//! at are kept in a temporary table, which spills like any other; it has the name of the view that the
//! sections read, and stands before it. A test compares the answers. What a rule of the user's own looks at is not
//! known, and is read section by section.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Runbook, RunbookError};
use crate::cancel::Cancel;
use crate::engine::{Cells, Engine, EngineError, Param};
use crate::sql;

/// The view's name: a temporary table of that name stands before it.
const TABLE: &str = "requests";

/// Of the users, all records; see `sql/reports/runbook_records.sql`.
const RECORDS: &str = "records_of_users";

/// Records that are kept for the runbook of one user at most, about 1 KB each. Of a user with more, such as a busy
/// controller, each section reads the columns that it needs.
const MOST: i64 = 100_000;

/// Keeps what a runbook reads of these users, none being records without a username, in place of what was
/// kept before. Their past hours begin at the first time of `span` or later, and nothing is looked at after the
/// second. Nothing else must be asked of this engine's `requests` afterwards.
///
/// # Errors
/// When the engine fails, or `cancel` is set.
pub fn share(
    engine: &Engine,
    runbook: &Runbook,
    users: &BTreeSet<Option<String>>,
    span: (Timestamp, Timestamp),
    cancel: &Cancel,
) -> Result<(), RunbookError> {
    engine.forget(TABLE, cancel)?;
    if !runbook.own {
        return Ok(());
    }
    let most = if users.len() == 1 { MOST } else { i64::MAX };
    let bound = [
        ("users", Param::TextList(users.iter().flatten().cloned().collect())),
        ("unknown_user", Param::Bool(users.contains(&None))),
        ("from", Param::Timestamp(span.0.as_microsecond())),
        ("until", Param::Timestamp(span.1.as_microsecond())),
        ("most", Param::Int(most)),
    ];
    match keep(engine, &bound, most, cancel) {
        // What does not fit is read section by section.
        Err(EngineError::OutOfMemory(_) | EngineError::OutOfSpace(_)) => engine.forget(TABLE, cancel)?,
        kept => kept?,
    }
    Ok(engine.forget(RECORDS, cancel)?)
}

fn keep(engine: &Engine, bound: &[(&str, Param)], most: i64, cancel: &Cancel) -> Result<(), EngineError> {
    engine.keep(RECORDS, sql::file("reports/runbook_records.sql"), bound, cancel)?;
    if records(engine, cancel)? < most {
        engine.keep(TABLE, sql::file("reports/runbook_requests.sql"), bound, cancel)?;
    }
    Ok(())
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
