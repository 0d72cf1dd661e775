//! Runs the sections of a runbook, and prints them for a person to run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Column, Runbook, RunbookError, RunbookReport, SCHEMA, Section, Step, Subject};
use crate::cancel::Cancel;
use crate::engine::Engine;
use crate::query::file::fill;
use crate::query::{self, QueryError, QueryFile, Value};
use crate::report::rows;

/// Runs the steps for a subject; each section may take `timeout`.
///
/// # Errors
/// When a section cannot be run, takes too long, or the work is cancelled.
pub fn run(
    engine: &Engine,
    runbook: &Runbook,
    subject: &Subject,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<RunbookReport, RunbookError> {
    let parameters = subject.parameters();
    let mut steps = Vec::new();
    for planned in &runbook.steps {
        let mut sections = Vec::new();
        for section in &planned.sections {
            let file = &section.file;
            let section = answer(engine, file, &parameters, timeout, cancel)
                .map_err(|source| RunbookError::Section { section: file.name.clone(), source })?;
            sections.push(section);
        }
        steps.push(Step { number: planned.number, title: planned.title.to_owned(), sections });
    }
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
    let parameters = subject.parameters();
    let sections = runbook.steps.iter().flat_map(|step| &step.sections);
    sections.map(|section| (section.file.name.clone(), fill(&section.file.sql, &parameters))).collect()
}

fn answer(
    engine: &Engine,
    file: &QueryFile,
    parameters: &BTreeMap<String, Value>,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<Section, QueryError> {
    let mut columns = Vec::new();
    let mut answered = Vec::new();
    query::run(engine, &file.sql, parameters, timeout, cancel, |batch| {
        if columns.is_empty() {
            columns = batch.schema().fields().iter().map(|field| column(file, field.name())).collect();
        }
        for row in rows::values(batch) {
            answered.push(row.map_err(std::io::Error::other)?);
        }
        Ok(())
    })?;
    Ok(Section {
        name: file.name.clone(),
        title: file.title.clone(),
        question: file.meaning.clone(),
        sql: fill(&file.sql, parameters),
        columns,
        rows: answered,
    })
}

fn column(file: &QueryFile, name: &str) -> Column {
    let meaning = file.columns.iter().find(|(column, _)| column == name).map(|(_, meaning)| meaning.clone());
    Column { name: name.to_owned(), meaning }
}
