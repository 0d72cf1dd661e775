//! An alert's evidence from the lake: the hunt's counts, its requests, and the runbook's steps.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use arrow::record_batch::RecordBatch;

use super::coverage;
use super::evidence::{
    AlertSeries, Evidence, EvidenceError, EvidenceSource, Grounds, Parts, RowSink, Section, Step, UserRunbook,
};
use super::followed::Followed;
use super::rows;
use crate::cancel::Cancel;
use crate::detect::rules::Rule;
use crate::detect::{Alert, DetectError, HuntParameters, HuntReport, Recount, RuleCoverage};
use crate::engine::{Engine, EngineError};
use crate::lake::coverage::Dates;
use crate::lake::{Accounting, Lake, LakeCoverage, LakeError};
use crate::query::value::read_time;
use crate::runbook::{self, Counting, PlannedSection, Reach, Readers, Runbook, RunbookError, Subject};

/// How long one section of a runbook may take.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Evidence that is asked for in the lake, alert by alert.
pub struct LakeEvidence<'a> {
    readers: Readers<'a>,
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
    /// How many open alerts of an answer the lake no longer gives: of these it has no evidence.
    pub fn lost(&self, report: &HuntReport) -> usize {
        report.open().filter(|alert| !self.recount.gives(alert)).count()
    }

    /// What to say of the users of an alert whose runbooks are not run.
    pub fn left_out(&self, alert: &Alert) -> Option<String> {
        Followed::of(alert).left_out().filter(|_| !self.runbook.steps.is_empty())
    }

    /// Counts the hunt again and looks for what must be rotated, once for all of its alerts that are not
    /// silenced.
    pub fn new(
        engine: &'a Engine,
        rule: &'a Rule,
        parameters: &'a HuntParameters,
        report: &HuntReport,
        cancel: &'a Cancel,
    ) -> Result<Self, GatherError> {
        let runbook = Runbook::or_none(rule).map_err(Box::new)?;
        let mut recount = Recount::new(engine, rule, parameters, cancel)?;
        let Reach { around, past } = Reach::default();
        recount.expose(report.open(), past, around)?;
        Ok(Self { readers: Readers::new(engine), cancel, parameters, runbook, recount })
    }

    fn gather(&mut self, alert: &Alert, rows: usize) -> Result<Evidence, GatherError> {
        let points = self.recount.series(alert)?;
        let HuntParameters { threshold, window, .. } = *self.parameters;
        let (namespaces, answers) = self.recount.shares(alert)?;
        let series = (!points.is_empty()).then_some(AlertSeries { threshold, window, points });
        let (runbooks, left_out) = (self.runbooks(alert, rows)?, self.left_out(alert));
        Ok(Evidence { series, namespaces, answers, runbooks, left_out })
    }

    /// Of each user that is followed; none of a rule that has no steps.
    fn runbooks(&mut self, alert: &Alert, rows: usize) -> Result<Vec<UserRunbook>, GatherError> {
        if self.runbook.steps.is_empty() {
            return Ok(Vec::new());
        }
        let runbook = |user: &Option<&str>| {
            let steps = self.steps(&self.subject(alert, *user)?, rows)?;
            Ok(UserRunbook { username: user.map(str::to_owned), steps })
        };
        Followed::of(alert).users().iter().map(runbook).collect()
    }

    fn subject(&self, alert: &Alert, user: Option<&str>) -> Result<Subject, GatherError> {
        Subject::of_alert(alert, user, Counting::from(self.parameters), Reach::default())
            .map_err(|error| GatherError::from(Box::new(RunbookError::from(error))))
    }

    /// The steps, each section with its first rows.
    fn steps(&mut self, subject: &Subject, rows: usize) -> Result<Vec<Step>, GatherError> {
        let cancel = self.cancel;
        let planned = &self.runbook.steps;
        let answered =
            self.readers.ask(planned, |engine, section| folded(engine, section, subject, rows, cancel))?;
        let steps = planned.iter().zip(answered).map(|(planned, sections)| Step {
            number: u32::from(planned.number),
            title: planned.title.to_owned(),
            sections,
        });
        Ok(steps.collect())
    }

    fn whole(
        &self,
        alert: &Alert,
        user: Option<&str>,
        name: &str,
        part: RowSink<'_>,
    ) -> Result<(), GatherError> {
        let Some(planned) = self.runbook.section(name) else { return Ok(()) };
        let subject = self.subject(alert, user)?;
        let mut parts = Parts::new(part);
        answer(self.readers.engine(), planned, &subject, self.cancel, |batch| parts.take(batch))
    }

    /// Reads what the runbooks of these alerts look at once for all of them.
    fn share(&mut self, alerts: &[&Alert]) -> Result<(), GatherError> {
        let owned = |user: &Option<&str>| user.map(str::to_owned);
        let users = |alert: &&Alert| Followed::of(alert).users().iter().map(owned).collect::<Vec<_>>();
        let users: BTreeSet<Option<String>> = alerts.iter().flat_map(users).collect();
        let spans = alerts.iter().filter_map(|alert| {
            let Reach { around, past } = Reach::default();
            let from = read_time(&alert.crossed_at)?.checked_sub(past.max(around)).ok()?;
            Some((from, read_time(&alert.last_seen)?.checked_add(around).ok()?))
        });
        if let Some(span) = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) {
            self.readers.share(&self.runbook, &users, span, self.cancel).map_err(Box::new)?;
        }
        Ok(())
    }
}

/// A section with its first rows.
fn folded(
    engine: &Engine,
    planned: &PlannedSection,
    subject: &Subject,
    limit: usize,
    cancel: &Cancel,
) -> Result<Section, GatherError> {
    let (mut columns, mut rows, mut found) = (Vec::new(), Vec::new(), 0);
    answer(engine, planned, subject, cancel, |batch| {
        columns = names(batch);
        found += batch.num_rows();
        for row in rows::values(batch).take(limit.saturating_sub(rows.len())) {
            rows.push(row.map_err(io::Error::other)?);
        }
        Ok(())
    })?;
    let file = &planned.file;
    let (name, title, question) = (file.name.clone(), file.title.clone(), file.meaning.clone());
    Ok(Section { name, title, question, sql: planned.filled(subject), columns, rows, found })
}

fn answer(
    engine: &Engine,
    planned: &PlannedSection,
    subject: &Subject,
    cancel: &Cancel,
    each: impl FnMut(&RecordBatch) -> io::Result<()>,
) -> Result<(), GatherError> {
    Ok(runbook::answer(engine, planned, subject, TIMEOUT, cancel, each).map_err(Box::new)?)
}

fn names(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|field| field.name().clone()).collect()
}

fn failed_for_all(error: GatherError) -> EvidenceError {
    match error {
        GatherError::Write(error) => EvidenceError::Write(error),
        error => EvidenceError::Hunt { source: error.into() },
    }
}

fn failed(alert: &Alert, error: GatherError) -> EvidenceError {
    match error {
        GatherError::Write(error) => EvidenceError::Write(error),
        error => EvidenceError::Query { alert_id: alert.alert_id.clone(), source: error.into() },
    }
}

impl EvidenceSource for LakeEvidence<'_> {
    fn expect(&mut self, alerts: &[&Alert]) -> Result<(), EvidenceError> {
        self.share(alerts).map_err(failed_for_all)
    }

    fn evidence(&mut self, alert: &Alert, rows: usize) -> Result<Evidence, EvidenceError> {
        self.gather(alert, rows).map_err(|error| failed(alert, error))
    }

    fn section(
        &mut self,
        alert: &Alert,
        user: Option<&str>,
        name: &str,
        part: RowSink<'_>,
    ) -> Result<(), EvidenceError> {
        self.whole(alert, user, name, part).map_err(|error| failed(alert, error))
    }

    fn requests(&mut self, alert: &Alert, part: RowSink<'_>) -> Result<(), EvidenceError> {
        self.recount.requests::<GatherError>(alert, part).map_err(|error| failed(alert, error))
    }

    fn rotation(&mut self, part: RowSink<'_>) -> Result<(), EvidenceError> {
        self.recount.rotation::<GatherError>(part).map_err(failed_for_all)
    }

    fn lists(&mut self, part: RowSink<'_>) -> Result<(), EvidenceError> {
        self.recount.lists::<GatherError>(part).map_err(failed_for_all)
    }
}

/// Where the records of a lake went, and what it covers; `rule` is what the hunt's rule could see.
///
/// # Errors
/// When the rejects or what a file covers cannot be read, or the work was stopped.
pub fn grounds(lake: &Lake, rule: Option<&RuleCoverage>, cancel: &Cancel) -> Result<Grounds, LakeError> {
    let snapshot = lake.snapshot()?;
    let accounting = Some(Accounting::of(lake, &snapshot)?);
    let covered = LakeCoverage::read(&snapshot, &Dates::default(), cancel)?;
    Ok(Grounds { accounting, coverage: coverage::sections(rule, &covered) })
}
