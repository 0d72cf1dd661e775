//! A hunt counted again, to show how its alerts came about.
//!
//! The counts are the hunt's own, by the same SQL over the same snapshot with the same parameters:
//! an alert is found again by its id.

use std::collections::HashMap;

use super::alert::Alert;
use super::error::DetectError;
use super::group::Group;
use super::hunt::Hunt;
use super::parameters::{GroupColumn, HuntParameters};
use super::rules::Rule;
use crate::cancel::Cancel;
use crate::engine::{Cells, Engine, EngineError, Param};
use crate::lake::utc;
use crate::report::evidence::{AnswerShare, NamespaceShare, Part, SeriesPoint};
use crate::sql;

/// Slices that the time of one alert is cut into, with at most two points each.
const SLICES: i64 = 150;

/// Where an alert lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub id: i64,
    from: i64,
    to: i64,
}

/// The counts of a hunt, kept in the engine's temporary tables.
pub struct Recount<'a> {
    pub(super) hunt: Hunt<'a>,
    pub(super) spans: HashMap<String, Span>,
}

impl<'a> Recount<'a> {
    /// Counts again.
    ///
    /// # Errors
    /// As [`super::hunt()`].
    pub fn new(
        engine: &'a Engine,
        rule: &'a Rule,
        parameters: &'a HuntParameters,
        cancel: &'a Cancel,
    ) -> Result<Self, DetectError> {
        let hunt = Hunt::new(engine, rule, parameters, cancel)?;
        hunt.count()?;
        hunt.keep("spans", sql::file("detect/spans.sql"))?;
        let mut spans = HashMap::new();
        hunt.each(sql::file("reports/alert_spans.sql"), |cells, row| {
            let group = Group::read(cells, row, &parameters.by)?;
            let time = |name| Ok::<_, EngineError>(cells.time(row, name)?.unwrap_or_default());
            let id = cells.int(row, "span_id")?.unwrap_or_default();
            let span = Span { id, from: time("evidence_from")?, to: time("last_breach")? };
            spans.insert(group.alert_id(&rule.rule_id, &utc::text(time("crossed_at")?)), span);
            Ok(())
        })?;
        Ok(Self { hunt, spans })
    }

    /// Whether the lake still gives an alert: since the hunt records may have been taken out of it, or come to it.
    pub fn gives(&self, alert: &Alert) -> bool {
        self.spans.contains_key(&alert.alert_id)
    }

    /// The distinct secrets in the window over the alert's time. Nothing for an alert that the
    /// lake no longer gives.
    pub fn series(&mut self, alert: &Alert) -> Result<Vec<SeriesPoint>, DetectError> {
        let mut points = Vec::new();
        let Some(span) = self.spans.get(&alert.alert_id).copied() else { return Ok(points) };
        self.hunt.bind("span_id", Param::Int(span.id));
        self.hunt.bind("points", Param::Int(SLICES));
        self.hunt.each(sql::file("reports/alert_series.sql"), |cells, row| {
            points.push(SeriesPoint {
                event_time: cells.time(row, "event_time")?.unwrap_or_default(),
                distinct_secrets: cells.int(row, "distinct_secrets")?.unwrap_or_default(),
            });
            Ok(())
        })?;
        Ok(points)
    }

    /// What the alert read where, and how it was answered.
    pub fn shares(&mut self, alert: &Alert) -> Result<(Vec<NamespaceShare>, Vec<AnswerShare>), DetectError> {
        let (mut namespaces, mut answers) = (Vec::new(), Vec::new());
        if !self.gather(alert)? {
            return Ok((namespaces, answers));
        }
        let int =
            |cells: &Cells<'_>, row, name| Ok::<_, EngineError>(cells.int(row, name)?.unwrap_or_default());
        self.hunt.each(sql::file("reports/alert_namespaces.sql"), |cells, row| {
            namespaces.push(NamespaceShare {
                cluster: cells.text(row, "cluster")?,
                namespace: cells.text(row, "namespace")?,
                secrets: int(cells, row, "secrets")?,
                requests: int(cells, row, "requests")?,
            });
            Ok(())
        })?;
        self.hunt.each(sql::file("reports/alert_answers.sql"), |cells, row| {
            answers.push(AnswerShare {
                verb: cells.text(row, "verb")?.unwrap_or_default(),
                outcome: cells.text(row, "outcome")?.unwrap_or_default(),
                requests: int(cells, row, "requests")?,
            });
            Ok(())
        })?;
        Ok((namespaces, answers))
    }

    /// Every request of the alert, row by row.
    pub fn requests<E: From<EngineError> + From<DetectError> + From<std::io::Error>>(
        &mut self,
        alert: &Alert,
        part: impl FnMut(Part<'_>) -> std::io::Result<()>,
    ) -> Result<(), E> {
        if !self.gather(alert)? {
            return Ok(());
        }
        self.rows("reports/alert_requests.sql", part)
    }

    /// Puts the records of the alert's requests, all stages, into the table alert_records; false
    /// for an alert that the lake no longer gives.
    pub fn keep_records(&mut self, alert: &Alert) -> Result<bool, DetectError> {
        if !self.gather(alert)? {
            return Ok(false);
        }
        self.hunt.keep("alert_records", sql::file("reports/alert_records.sql"))?;
        Ok(true)
    }

    /// Puts the alert's requests into the table alert_evidence; false for an unknown alert.
    fn gather(&mut self, alert: &Alert) -> Result<bool, DetectError> {
        let Some(span) = self.spans.get(&alert.alert_id).copied() else { return Ok(false) };
        let by_user = self.hunt.parameters.by.contains(&GroupColumn::Username);
        let users =
            alert.username.clone().filter(|_| by_user).map_or(Param::Null, |u| Param::TextList(vec![u]));
        self.hunt.bind("span_id", Param::Int(span.id));
        self.hunt.bind("evidence_from", Param::Timestamp(span.from));
        self.hunt.bind("evidence_until", Param::Timestamp(span.to.saturating_add(1)));
        self.hunt.bind("users", users);
        self.hunt.keep("alert_evidence", sql::file("reports/alert_evidence.sql"))?;
        Ok(true)
    }
}
