//! What must be rotated after a hunt: one table over all its alerts.

use std::time::Duration;

use super::alert::Alert;
use super::error::DetectError;
use super::recount::Recount;
use crate::engine::{EngineError, Param};
use crate::report::evidence::{Part, Parts};
use crate::sql;

impl Recount<'_> {
    /// Reads what the groups of these alerts read of secrets from so long before an alert was crossed until so
    /// long after it was last seen, for [`Self::rotation`] and [`Self::lists`]. Nothing for a rule that does not
    /// count reads of secrets.
    ///
    /// # Errors
    /// As [`super::hunt()`].
    pub fn expose<'a>(
        &mut self,
        alerts: impl IntoIterator<Item = &'a Alert>,
        past: Duration,
        around: Duration,
    ) -> Result<(), DetectError> {
        let micros = |span: Duration| Param::Int(i64::try_from(span.as_micros()).unwrap_or(i64::MAX));
        let alerts = alerts.into_iter().filter(|_| self.hunt.rule.reads_secrets);
        let spans = alerts.filter_map(|alert| Some(self.spans.get(&alert.alert_id)?.id)).collect();
        let hunt = &mut self.hunt;
        hunt.bind("span_ids", Param::IntList(spans));
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
        part: impl FnMut(Part<'_>) -> std::io::Result<()>,
    ) -> Result<(), E> {
        self.rows("reports/hunt_rotated.sql", part)
    }

    /// Every list that succeeded, by its scope.
    pub fn lists<E: From<EngineError> + From<std::io::Error>>(
        &self,
        part: impl FnMut(Part<'_>) -> std::io::Result<()>,
    ) -> Result<(), E> {
        self.rows("reports/hunt_lists.sql", part)
    }

    pub(super) fn rows<E: From<EngineError> + From<std::io::Error>>(
        &self,
        file: &str,
        part: impl FnMut(Part<'_>) -> std::io::Result<()>,
    ) -> Result<(), E> {
        let hunt = &self.hunt;
        let mut parts = Parts::new(part);
        hunt.engine.query(sql::file(file), &[], hunt.cancel, |batch| Ok(parts.take(batch)?))
    }
}
