//! A runbook's answer: tables under headings, one JSON document, a line per row, or a folder of CSV files.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{View, escape, json, rows, text};
use crate::runbook::{RunbookReport, Section};

/// Rows from which on columns that never change are left out of the table.
const ALIKE: usize = 3;

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
                write_rows(section, view, out)?;
            }
        }
    }
    out.flush()
}

/// A section's table. What is the same in each of several rows is said once, so that the rest fits.
fn write_rows(section: &Section, view: View, out: &mut dyn Write) -> io::Result<()> {
    let (first, others) = match section.rows.as_slice() {
        [first, others @ ..] if others.len() + 1 >= ALIKE => (first, others),
        rows => return rows::write_table(&names(section), rows, view, out),
    };
    let alike = |at: &usize| others.iter().all(|row| row[*at] == first[*at]);
    let (same, differing): (Vec<usize>, Vec<usize>) = (0..first.len()).partition(alike);
    let names = names(section);
    let told: Vec<String> = same
        .iter()
        .filter(|at| !first[**at].is_null() && first[**at] != Value::Array(Vec::new()))
        .map(|at| format!("{} {}", names[*at], rows::value::plain(&first[*at])))
        .collect();
    if !told.is_empty() {
        let told = escape::terminal(&format!("each row: {}", told.join("; "))).into_owned();
        for line in text::wrap(&told, view.width.max(View::LEAST_WIDTH), 2) {
            writeln!(out, "{line}")?;
        }
    }
    let picked: Vec<&str> = differing.iter().map(|at| names[*at]).collect();
    let rows: Vec<Vec<Value>> =
        section.rows.iter().map(|row| differing.iter().map(|at| row[*at].clone()).collect()).collect();
    rows::write_table(&picked, &rows, view, out)
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
