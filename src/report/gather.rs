//! An alert's evidence from the lake: the hunt's counts, its requests, and the runbook's steps.

use std::io;
use std::time::Duration;

use super::coverage;
use super::evidence::{
    Accounting, AlertSeries, Evidence, EvidenceError, EvidenceSource, Grounds, RowSink, Section, Step,
};
use crate::cancel::Cancel;
use crate::detect::rules::Rule;
use crate::detect::{Alert, DetectError, HuntParameters, Recount, RuleCoverage};
use crate::engine::{Engine, EngineError};
use crate::lake::coverage::Dates;
use crate::lake::{LakeCoverage, LakeError, Snapshot};
use crate::runbook::{self, Counting, Reach, Runbook, RunbookError, Subject, SubjectError};

/// How long one section of a runbook may take.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Evidence that is asked for in the lake, alert by alert.
pub struct LakeEvidence<'a> {
    engine: &'a Engine,
    cancel: &'a Cancel,
    parameters: &'a HuntParameters,
    runbook: Runbook,
    recount: Recount<'a>,
}

/// A hunt whose alerts cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error(transparent)]
    Detect(#[from] DetectError),
    #[error(transparent)]
    Runbook(#[from] Box<RunbookError>),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl<'a> LakeEvidence<'a> {
    /// Counts the hunt again, once for all alerts.
    pub fn new(
        engine: &'a Engine,
        rule: &'a Rule,
        parameters: &'a HuntParameters,
        cancel: &'a Cancel,
    ) -> Result<Self, GatherError> {
        let runbook = Runbook::of(rule).map_err(Box::new)?;
        let recount = Recount::new(engine, rule, parameters, cancel)?;
        Ok(Self { engine, cancel, parameters, runbook, recount })
    }

    fn gather(&mut self, alert: &Alert) -> Result<Evidence, GatherError> {
        let points = self.recount.series(alert)?;
        let HuntParameters { threshold, window, .. } = *self.parameters;
        let (namespaces, answers) = self.recount.shares(alert)?;
        let series = (!points.is_empty()).then_some(AlertSeries { threshold, window, points });
        Ok(Evidence { series, namespaces, answers, steps: self.steps(alert).map_err(Box::new)? })
    }

    /// Nothing for an alert of no one user: the steps are about a user.
    fn steps(&self, alert: &Alert) -> Result<Vec<Step>, RunbookError> {
        let subject = match Subject::of_alert(alert, Counting::from(self.parameters), Reach::default()) {
            Ok(subject) => subject,
            Err(SubjectError::NotByUser { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let report = runbook::run(self.engine, &self.runbook, &subject, TIMEOUT, self.cancel)?;
        Ok(report.steps.into_iter().map(step).collect())
    }
}

fn step(step: runbook::Step) -> Step {
    let sections = step.sections.into_iter().map(section).collect();
    Step { number: u32::from(step.number), title: step.title, sections }
}

fn section(section: runbook::Section) -> Section {
    Section {
        name: section.name,
        title: section.title,
        question: section.question,
        sql: section.sql,
        columns: section.columns.into_iter().map(|column| column.name).collect(),
        rows: section.rows,
    }
}

fn failed(alert: &Alert, error: GatherError) -> EvidenceError {
    match error {
        GatherError::Write(error) => EvidenceError::Write(error),
        error => EvidenceError::Query { alert_id: alert.alert_id.clone(), source: error.into() },
    }
}

impl EvidenceSource for LakeEvidence<'_> {
    fn evidence(&mut self, alert: &Alert) -> Result<Evidence, EvidenceError> {
        self.gather(alert).map_err(|error| failed(alert, error))
    }

    fn requests(&mut self, alert: &Alert, row: RowSink<'_>) -> Result<(), EvidenceError> {
        self.recount.requests::<GatherError>(alert, row).map_err(|error| failed(alert, error))
    }
}

/// The accounting of every commit of a lake, summed up, and what it covers; `rule` is what the hunt's
/// rule could see.
///
/// # Errors
/// When what a file covers cannot be read, or the work was stopped.
pub fn grounds(
    snapshot: &Snapshot,
    rule: Option<&RuleCoverage>,
    cancel: &Cancel,
) -> Result<Grounds, LakeError> {
    let mut sum = Accounting::default();
    let mut rejects = std::collections::BTreeMap::new();
    let mut other = std::collections::BTreeMap::new();
    for commit in &snapshot.commits {
        let counts = &commit.counts;
        sum.commits += 1;
        sum.sources += commit.sources.len() as u64;
        sum.records += counts.records_in;
        sum.rows += counts.rows;
        sum.duplicates += counts.duplicates;
        for (name, n) in &counts.rejects {
            *rejects.entry(name.clone()).or_default() += n;
        }
        for (name, n) in &counts.other {
            *other.entry(name.clone()).or_default() += n;
        }
    }
    sum.rejects = rejects.into_iter().collect();
    sum.other = other.into_iter().collect();
    let covered = LakeCoverage::read(snapshot, &Dates::default(), cancel)?;
    Ok(Grounds { accounting: Some(sum), coverage: coverage::sections(rule, &covered) })
}
