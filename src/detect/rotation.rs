//! What must be rotated after a hunt: one table over all its alerts.

use std::time::Duration;

use serde_json::Value;

use super::error::DetectError;
use super::recount::Recount;
use crate::engine::{EngineError, Param};
use crate::report::rows;
use crate::sql;

impl Recount<'_> {
    /// Reads what the alerts' groups read of secrets from so long before an alert was crossed until so long
    /// after it was last seen, for [`Self::rotation`] and [`Self::lists`].
    ///
    /// # Errors
    /// As [`super::hunt()`].
    pub fn expose(&mut self, past: Duration, around: Duration) -> Result<(), DetectError> {
        let micros = |span: Duration| Param::Int(i64::try_from(span.as_micros()).unwrap_or(i64::MAX));
        let hunt = &mut self.hunt;
        hunt.bind("past", micros(past));
        hunt.bind("around", micros(around));
        hunt.bind("users", Param::Null);
        hunt.keep("periods", sql::file("reports/hunt_periods.sql"))?;
        let mut bounds = (0, 0);
        hunt.each(sql::file("reports/hunt_period_bounds.sql"), |cells, row| {
            let time = |name| Ok::<_, EngineError>(cells.time(row, name)?.unwrap_or_default());
            bounds = (time("past_from")?, time("past_until")?);
            Ok(())
        })?;
        hunt.bind("past_from", Param::Timestamp(bounds.0));
        hunt.bind("past_until", Param::Timestamp(bounds.1));
        hunt.keep("exposed", sql::file("reports/hunt_exposed.sql"))?;
        hunt.keep("rotation", sql::file("reports/hunt_rotation.sql"))
    }

    /// Every secret that was read or listed with success, row by row.
    pub fn rotation<E: From<EngineError> + From<std::io::Error>>(
        &self,
        row: impl FnMut(&[String], &[Value]) -> std::io::Result<()>,
    ) -> Result<(), E> {
        self.rows("reports/hunt_rotated.sql", row)
    }

    /// Every list that succeeded, by its scope.
    pub fn lists<E: From<EngineError> + From<std::io::Error>>(
        &self,
        row: impl FnMut(&[String], &[Value]) -> std::io::Result<()>,
    ) -> Result<(), E> {
        self.rows("reports/hunt_lists.sql", row)
    }

    pub(super) fn rows<E: From<EngineError> + From<std::io::Error>>(
        &self,
        file: &str,
        mut row: impl FnMut(&[String], &[Value]) -> std::io::Result<()>,
    ) -> Result<(), E> {
        let hunt = &self.hunt;
        hunt.engine.query(sql::file(file), &[], hunt.cancel, |batch| {
            let names: Vec<String> =
                batch.schema().fields().iter().map(|field| field.name().clone()).collect();
            for values in rows::values(batch) {
                row(&names, &values.map_err(std::io::Error::other)?)?;
            }
            Ok(())
        })
    }
}
