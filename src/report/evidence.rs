//! What the long faces show besides the answer itself: how the count grew, what was read where,
//! the runbook's steps, and what the lake knows of its own gaps.
//!
//! Evidence is asked for alert by alert and dropped when it is written, and of a long table a page
//! holds the beginning: neither ten thousand alerts nor a hundred thousand rows stand in memory.

use std::io;

use arrow::record_batch::RecordBatch;
use serde_json::Value;

use super::rows;
use crate::detect::Alert;
use crate::lake::Accounting;

/// A table as it is handed on: its columns once, before any row and also where there is none, then its rows.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    Columns(&'a [String]),
    Row(&'a [Value]),
}

/// Takes a table part by part.
pub type RowSink<'a> = &'a mut dyn FnMut(Part<'_>) -> io::Result<()>;

/// Hands on the batches of one answer, of which the first tells the columns.
pub struct Parts<F> {
    sink: F,
    is_told: bool,
}

impl<F: FnMut(Part<'_>) -> io::Result<()>> Parts<F> {
    pub fn new(sink: F) -> Self {
        Self { sink, is_told: false }
    }

    /// # Errors
    /// When a value cannot be shown, and what the sink returns.
    pub fn take(&mut self, batch: &RecordBatch) -> io::Result<()> {
        if !self.is_told {
            self.is_told = true;
            let names: Vec<String> =
                batch.schema().fields().iter().map(|field| field.name().clone()).collect();
            (self.sink)(Part::Columns(&names))?;
        }
        rows::values(batch).try_for_each(|row| (self.sink)(Part::Row(&row.map_err(io::Error::other)?)))
    }
}

/// Where the faces get an alert's evidence from. What a source does not have gives no rows.
pub trait EvidenceSource {
    /// Told once, before the first is asked for, which alerts are: what they share can be read once.
    fn expect(&mut self, _alerts: &[&Alert]) -> Result<(), EvidenceError> {
        Ok(())
    }

    /// The evidence of one alert, of each section at most this many rows.
    fn evidence(&mut self, alert: &Alert, rows: usize) -> Result<Evidence, EvidenceError>;

    /// Every row of one section of the runbook of one of an alert's users.
    fn section(
        &mut self,
        _alert: &Alert,
        _user: Option<&str>,
        _name: &str,
        _row: RowSink<'_>,
    ) -> Result<(), EvidenceError> {
        Ok(())
    }

    /// Every request of one alert, one row at a time.
    fn requests(&mut self, _alert: &Alert, _row: RowSink<'_>) -> Result<(), EvidenceError> {
        Ok(())
    }

    /// What must be rotated after all alerts of the hunt, a row for each secret.
    fn rotation(&mut self, _row: RowSink<'_>) -> Result<(), EvidenceError> {
        Ok(())
    }

    /// The lists of all alerts that succeeded, whose answers may hold more than the lake knows.
    fn lists(&mut self, _row: RowSink<'_>) -> Result<(), EvidenceError> {
        Ok(())
    }
}

/// Evidence that could not be had, or not be passed on.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("cannot get the evidence of alert {alert_id}")]
    Query {
        alert_id: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot get what the alerts of the hunt have in common")]
    Hunt {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot write the report")]
    Write(#[from] io::Error),
}

/// The source of a report that shows the answer alone.
pub struct NoEvidence;

impl EvidenceSource for NoEvidence {
    fn evidence(&mut self, _: &Alert, _: usize) -> Result<Evidence, EvidenceError> {
        Ok(Evidence::default())
    }
}

/// What is known of one alert besides its fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    pub series: Option<AlertSeries>,
    /// By secrets read, most first; then by cluster and namespace.
    pub namespaces: Vec<NamespaceShare>,
    /// By verb and outcome.
    pub answers: Vec<AnswerShare>,
    /// Of each user that is followed, in the order the alert lists them.
    pub runbooks: Vec<UserRunbook>,
    /// Which of its users are not, and how to follow them.
    pub left_out: Option<String>,
}

/// The distinct secrets in the window over time, as `sql/reports/alert_series.sql` gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSeries {
    pub threshold: i64,
    /// Microseconds.
    pub window: i64,
    /// By time; thinned so that every maximum is kept.
    pub points: Vec<SeriesPoint>,
}

/// One read and what the window held at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesPoint {
    /// Microseconds since 1970-01-01T00:00Z.
    pub event_time: i64,
    pub distinct_secrets: i64,
}

/// What an alert read of one namespace. An absent namespace is the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceShare {
    pub cluster: Option<String>,
    pub namespace: Option<String>,
    pub secrets: i64,
    pub requests: i64,
}

/// How often a verb was answered in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerShare {
    pub verb: String,
    /// success, denied, failed or unknown.
    pub outcome: String,
    pub requests: i64,
}

/// The runbook of one user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserRunbook {
    /// None for records without a username.
    pub username: Option<String>,
    /// In their order.
    pub steps: Vec<Step>,
}

/// One step of the runbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub number: u32,
    pub title: String,
    pub sections: Vec<Section>,
}

/// The answer of one SQL file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// The file's name without its ending: `1_1_secrets`.
    pub name: String,
    pub title: String,
    pub question: String,
    /// The query with its values filled in, ready to be run again.
    pub sql: String,
    pub columns: Vec<String>,
    /// The first of the rows that were found.
    pub rows: Vec<Vec<Value>>,
    pub found: usize,
}

impl UserRunbook {
    /// A section by its name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.steps.iter().flat_map(|step| &step.sections).find(|section| section.name == name)
    }
}

/// The section that says which secrets an alert touched.
pub const SECRETS: &str = "1_1_secrets";
/// The section that says what allowed an alert's reads.
pub const AUTHORIZATION: &str = "2_2_authorization";
/// The section that weighs an alert.
pub const SIGNS: &str = "2_7_signs";
/// The section that joins an alert's findings in order of time.
pub const TIMELINE: &str = "3_7_timeline";
/// The section that says which secrets to rotate.
pub const ROTATION: &str = "4_1_rotate";

/// What the answer rests on besides the hunt: both are shown where they are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grounds {
    pub accounting: Option<Accounting>,
    /// Where the logs make the rule blind: hours without records, levels, cut records.
    pub coverage: Vec<Section>,
}
