//! A runbook's answer: tables under headings, one JSON document, a line per row, or a folder of CSV files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::followed::USER;
use super::{View, escape, fields, json, rows};
use crate::runbook::{RunbookReport, Section};

/// Headings, questions and tables. A section without rows says so in a line.
pub fn write_table(report: &RunbookReport, view: View, out: &mut dyn Write) -> io::Result<()> {
    let spans = &report.spans;
    writeln!(out, "{}", escape::terminal(&report.title))?;
    if let Some(alert) = &report.alert_id {
        writeln!(out, "alert {}, crossed at {}", escape::terminal(alert), spans.crossed_at)?;
    }
    writeln!(out, "around the alert: {} to {}", spans.around_from, spans.around_to)?;
    writeln!(out, "the past hours:   {} to {}", spans.past_from, spans.past_to)?;
    for step in &report.steps {
        writeln!(out, "\nStep {}. {}", step.number, step.title)?;
        for section in &step.sections {
            writeln!(out, "\n{}\n{}", section.title, section.question)?;
            if section.rows.is_empty() {
                writeln!(out, "  nothing")?;
            } else {
                rows::write_table(&names(section), &section.rows, view, out)?;
            }
        }
    }
    out.flush()
}

/// The whole report, schema `kubetrawl/runbook/1`.
pub fn write_json(report: &RunbookReport, out: &mut dyn Write) -> io::Result<()> {
    json::write_pretty(report, out)?;
    out.flush()
}

/// One row of one section.
#[derive(Serialize)]
struct Line<'a> {
    alert_id: Option<&'a str>,
    /// Null for records without a username.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Option<&'a str>>,
    step: u8,
    section: &'a str,
    row: Map<String, Value>,
}

/// A line per row, with its alert, step and section; with its user too where the alert has several.
pub fn write_ndjson(report: &RunbookReport, is_named: bool, out: &mut dyn Write) -> io::Result<()> {
    let username = is_named.then_some(report.username.as_deref());
    for step in &report.steps {
        for section in &step.sections {
            for row in &section.rows {
                let row = names(section).into_iter().map(str::to_owned).zip(row.iter().cloned()).collect();
                let alert_id = report.alert_id.as_deref();
                let (step, section) = (step.number, section.name.as_str());
                json::write_line(&Line { alert_id, username, step, section, row }, out)?;
            }
        }
    }
    out.flush()
}

/// A folder with a file per section, named as the section. The rows of several users stand in one file, after a column
/// that says whose they are: no user names a file.
pub struct CsvFolder<'a> {
    folder: &'a Path,
    is_named: bool,
    is_begun: bool,
}

impl<'a> CsvFolder<'a> {
    /// A folder that is made where there is none; `is_named` where the alert has several users.
    pub fn create(folder: &'a Path, is_named: bool) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder, is_named, is_begun: false })
    }

    /// Writes the rows of one runbook: after those of the runbooks before it, in place of what was there.
    pub fn write(&mut self, report: RunbookReport) -> io::Result<()> {
        let user = fields::username(report.username.as_deref());
        for mut section in report.steps.into_iter().flat_map(|step| step.sections) {
            if self.is_named {
                section.rows.iter_mut().for_each(|row| row.insert(0, user.into()));
            }
            self.write_section(&section)?;
        }
        self.is_begun = true;
        Ok(())
    }

    fn write_section(&self, section: &Section) -> io::Result<()> {
        let path = self.folder.join(format!("{}.csv", section.name));
        if self.is_begun {
            let file = OpenOptions::new().append(true).open(path)?;
            return rows::append_csv(&section.rows, &mut BufWriter::new(file));
        }
        let names: Vec<&str> = self.is_named.then_some(USER).into_iter().chain(names(section)).collect();
        rows::write_csv(&names, &section.rows, &mut BufWriter::new(File::create(path)?))
    }
}

fn names(section: &Section) -> Vec<&str> {
    section.columns.iter().map(|column| column.name.as_str()).collect()
}
