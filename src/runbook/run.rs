//! Runs the sections of a runbook, and prints them for a person to run.

use std::io;
use std::time::Duration;

use arrow::record_batch::RecordBatch;

use super::{
    Column, PlannedSection, Readers, Runbook, RunbookError, RunbookReport, SCHEMA, Section, Step, Subject,
};
use crate::cancel::Cancel;
use crate::engine::Engine;
use crate::query::{self, QueryFile};
use crate::report::rows;

/// Runs the steps for a subject; each section may take `timeout`.
///
/// # Errors
/// When a section cannot be run, takes too long, or the work is cancelled.
pub fn run(
    readers: &mut Readers<'_>,
    runbook: &Runbook,
    subject: &Subject,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<RunbookReport, RunbookError> {
    let answered =
        readers.ask(&runbook.steps, |engine, section| whole(engine, section, subject, timeout, cancel))?;
    let steps = runbook.steps.iter().zip(answered).map(|(planned, sections)| Step {
        number: planned.number,
        title: planned.title.to_owned(),
        sections,
    });
    let steps = steps.collect();
    Ok(RunbookReport {
        schema: SCHEMA.to_owned(),
        rule_id: subject.rule_id.clone(),
        alert_id: subject.alert_id.clone(),
        title: subject.title.clone(),
        username: subject.username.clone(),
        spans: subject.spans.clone(),
        steps,
    })
}

/// Each section's name and its query with the values written in.
pub fn sql(runbook: &Runbook, subject: &Subject) -> Vec<(String, String)> {
    let sections = runbook.steps.iter().flat_map(|step| &step.sections);
    sections.map(|section| (section.file.name.clone(), section.filled(subject))).collect()
}

fn whole(
    engine: &Engine,
    section: &PlannedSection,
    subject: &Subject,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<Section, RunbookError> {
    let mut columns = Vec::new();
    let mut answered = Vec::new();
    answer(engine, section, subject, timeout, cancel, |batch| {
        if columns.is_empty() {
            let schema = batch.schema();
            columns = schema.fields().iter().map(|field| column(&section.file, field.name())).collect();
        }
        for row in rows::values(batch) {
            answered.push(row.map_err(io::Error::other)?);
        }
        Ok(())
    })?;
    let file = &section.file;
    Ok(Section {
        name: file.name.clone(),
        title: file.title.clone(),
        question: file.meaning.clone(),
        sql: section.filled(subject),
        columns,
        rows: answered,
    })
}

/// Runs one section and hands on its batches; the first has no row and tells the columns.
///
/// # Errors
/// As [`run`], and what `each` returns.
pub fn answer(
    engine: &Engine,
    section: &PlannedSection,
    subject: &Subject,
    timeout: Duration,
    cancel: &Cancel,
    mut each: impl FnMut(&RecordBatch) -> io::Result<()>,
) -> Result<(), RunbookError> {
    let file = &section.file;
    query::run(engine, &file.sql, &subject.parameters(), timeout, cancel, |batch| Ok(each(batch)?))
        .map_err(|source| RunbookError::Section { section: file.name.clone(), source })
}

fn column(file: &QueryFile, name: &str) -> Column {
    let meaning = file.columns.iter().find(|(column, _)| column == name).map(|(_, meaning)| meaning.clone());
    Column { name: name.to_owned(), meaning }
}
