//! An alert's follow-up: what the user did around the alert, whether that is legitimate, what else
//! happened in the past hours, and what must be rotated.
//!
//! A step is a few sections, and a section is one SQL file of the rule's `runbook/` folder, run with bound
//! parameters. What came out is a [`RunbookReport`], which every face shows and nothing else computes on.

mod find;
mod plan;
mod readers;
mod run;
mod share;
mod subject;

#[cfg(test)]
mod tests;

pub use find::{FindError, FoundAlert, find_alert};
pub use plan::{PlannedSection, PlannedStep, Runbook, STEPS};
pub use readers::Readers;
pub use run::{answer, run, sql};
pub use subject::{Counting, Reach, Spans, Subject, SubjectError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::EngineError;
use crate::query::{ParameterError, QueryError};

/// The `schema` of [`RunbookReport`].
pub const SCHEMA: &str = "kubetrawl/runbook/1";

/// A runbook that was run for one alert or one user, step by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunbookReport {
    /// Always [`SCHEMA`].
    pub schema: String,
    pub rule_id: String,
    /// Null for a runbook that was run for a user and a time.
    pub alert_id: Option<String>,
    /// The alert's title, with the user where it has several, or one made of the user and the time.
    pub title: String,
    /// Null for records without a username.
    pub username: Option<String>,
    /// The spans that the steps looked at.
    pub spans: Spans,
    /// In the order of their numbers.
    pub steps: Vec<Step>,
}

/// One step of the runbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// From 1.
    pub number: u8,
    pub title: String,
    /// In the order of their names.
    pub sections: Vec<Section>,
}

/// One question of a step and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// The name of the SQL file, such as `1_1_secrets`: stable, and a valid file name.
    pub name: String,
    pub title: String,
    /// The question that the rows answer. No rows are an answer too.
    pub question: String,
    /// The query with its values written in, as `kubetrawl query` takes it.
    pub sql: String,
    pub columns: Vec<Column>,
    /// As long as `columns` each; cells as `report::rows::value` gives them: text (times are
    /// RFC 3339 in UTC), numbers, booleans, lists, null. What they hold of a log is hostile.
    pub rows: Vec<Vec<Value>>,
}

/// A column of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// What the header says of it; null for what its name says by itself.
    pub meaning: Option<String>,
}

/// Why a runbook could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunbookError {
    #[error("there is no runbook for the rule {rule}")]
    NoRunbook { rule: String },
    #[error("the runbook has no step {step}: it has the steps 1 to {last}")]
    NoStep { step: u8, last: u8 },
    #[error("the runbook's section {section} has a header that cannot be read")]
    Header {
        section: String,
        #[source]
        source: ParameterError,
    },
    #[error("the runbook's section {section} could not be run")]
    Section {
        section: String,
        #[source]
        source: QueryError,
    },
    #[error("what the runbooks share could not be read")]
    Share(#[from] EngineError),
    #[error(transparent)]
    Subject(#[from] SubjectError),
}
