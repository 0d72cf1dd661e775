//! A runbook's answer: tables under headings, one JSON document, a line per row, or a folder of CSV files.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{View, escape, json, rows};
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
    step: u8,
    section: &'a str,
    row: Map<String, Value>,
}

/// A line per row, with its alert, step and section.
pub fn write_ndjson(report: &RunbookReport, out: &mut dyn Write) -> io::Result<()> {
    for step in &report.steps {
        for section in &step.sections {
            for row in &section.rows {
                let row = names(section).into_iter().map(str::to_owned).zip(row.iter().cloned()).collect();
                let alert_id = report.alert_id.as_deref();
                json::write_line(&Line { alert_id, step: step.number, section: &section.name, row }, out)?;
            }
        }
    }
    out.flush()
}

/// A file per section, named as the section, in a folder that is made where there is none.
pub fn write_csv_folder(report: &RunbookReport, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for section in report.steps.iter().flat_map(|step| &step.sections) {
        let file = File::create(folder.join(format!("{}.csv", section.name)))?;
        rows::write_csv(&names(section), &section.rows, &mut BufWriter::new(file))?;
    }
    Ok(())
}

fn names(section: &Section) -> Vec<&str> {
    section.columns.iter().map(|column| column.name.as_str()).collect()
}
