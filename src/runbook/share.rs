//! What the runbooks of many alerts read of the lake, read once for all of them.
//!
//! A section asks for one user, and the lake is sorted by day and resource: each section of each alert would
//! go through the lake's files again. Instead the requests that the sections of these alerts can look
//! at are kept in a temporary table, which spills like any other; it has the name of the view that the
//! sections read, and stands before it. A test compares the answers.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::RunbookError;
use crate::cancel::Cancel;
use crate::engine::{Engine, EngineError, Param};
use crate::sql;

/// The view's name: a temporary table of that name stands before it.
const TABLE: &str = "requests";

/// Keeps what the runbooks of these users read, none being records without a username, in place of what was
/// kept before. `until` is the end of the last span. Nothing else must be asked of this
/// engine's `requests` afterwards.
///
/// # Errors
/// When the engine fails, or `cancel` is set.
pub fn share(
    engine: &Engine,
    users: &BTreeSet<Option<String>>,
    until: Timestamp,
    cancel: &Cancel,
) -> Result<(), RunbookError> {
    engine.forget(TABLE, cancel)?;
    let bound = [
        ("users", Param::TextList(users.iter().flatten().cloned().collect())),
        ("unknown_user", Param::Bool(users.contains(&None))),
        ("until", Param::Timestamp(until.as_microsecond())),
    ];
    match engine.keep(TABLE, sql::file("reports/runbook_requests.sql"), &bound, cancel) {
        // What does not fit is read section by section.
        Err(EngineError::OutOfMemory(_) | EngineError::OutOfSpace(_)) => Ok(engine.forget(TABLE, cancel)?),
        kept => Ok(kept?),
    }
}
