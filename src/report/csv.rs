//! RFC 4180 for spreadsheets: one row per alert that is not silenced, a column per field, group columns after the username.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::Value as Json;

use super::escape::{self, CsvReader};
use super::fields::{self, FIELDS, Value};
use super::rows::value::plain;
use crate::detect::{Alert, HuntReport};

/// Where the group columns stand among the fields.
const GROUP_AFTER: &str = "username";

pub(super) fn write(report: &HuntReport, reader: CsvReader, out: &mut dyn Write) -> io::Result<()> {
    let groups: BTreeSet<&str> = report.open().flat_map(fields::group).map(|(name, _)| name).collect();
    let mut writer = writer(out);
    writer.write_record(header(&groups)).map_err(into_io)?;
    for alert in report.open() {
        writer
            .write_record(row(alert, &groups, reader).iter().map(|cell| cell.as_bytes()))
            .map_err(into_io)?;
    }
    writer.flush()
}

/// The column names, which an answer without alerts has too.
fn header(groups: &BTreeSet<&str>) -> Vec<String> {
    let mut names = Vec::new();
    for field in FIELDS {
        names.push(field.name.to_owned());
        if field.name == GROUP_AFTER {
            names.extend(groups.iter().map(|group| escape::csv_cell(group).into_owned()));
        }
    }
    names
}

fn row<'a>(alert: &'a Alert, groups: &BTreeSet<&str>, reader: CsvReader) -> Vec<Cow<'a, str>> {
    let mut cells = Vec::new();
    for field in FIELDS {
        cells.push(cell(field.of(alert), reader));
        if field.name == GROUP_AFTER {
            cells.extend(groups.iter().map(|group| {
                let value = fields::group(alert).find(|(name, _)| name == group);
                value.map_or(Cow::Borrowed(""), |(_, value)| cell(value, reader))
            }));
        }
    }
    cells
}

fn cell(value: Value<'_>, reader: CsvReader) -> Cow<'_, str> {
    match value {
        Value::Text(text) => escape::csv_cell_for(text, reader),
        Value::Other(text) => Cow::Owned(escape::csv_cell_for(&text, reader).into_owned()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Flag(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
        Value::List(elements) => Cow::Owned(escape::csv_list_for(elements, reader)),
        Value::Numbers(numbers) => {
            Cow::Owned(numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(";"))
        }
    }
}

/// Writes CSV as every face does.
pub(super) fn writer<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}

/// Numbers stay numbers, negative ones too; text and lists of text are neutralised.
pub(super) fn value_cell(value: &Json, reader: CsvReader) -> String {
    match value {
        Json::Number(number) => number.to_string(),
        Json::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(plain).collect();
            escape::csv_list_for(elements.iter().map(String::as_str), reader)
        }
        other => escape::csv_cell_for(&plain(other), reader).into_owned(),
    }
}

/// The failure of a CSV writer.
pub(super) fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn written(report: &HuntReport) -> String {
        let mut out = Vec::new();
        write(report, CsvReader::Spreadsheet, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn shows_alerts() {
        insta::assert_snapshot!(written(&sample::report()));
    }

    #[test]
    fn an_answer_without_alerts_is_a_header() {
        let text = written(&sample::empty_report());
        assert!(text.starts_with("rule_id,alert_id,title,"));
        assert_eq!(text.lines().count(), 1);
        assert!(text.ends_with("\r\n"));
    }

    #[test]
    fn a_program_gets_no_apostrophe() {
        let mut out = Vec::new();
        write(&sample::hostile_report(), CsvReader::Program, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\"=HYPERLINK(") && !text.contains("'="));
        assert!(!text.replace("\r\n", "").chars().any(escape::is_hidden));
    }

    #[test]
    fn reads_back() {
        let report = sample::hostile_report();
        let text = written(&report);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), report.alerts.len());
        for row in &rows {
            assert_eq!(row.len(), headers.len());
            for value in row {
                assert!(!value.starts_with(['=', '+', '-', '@']), "{value}");
                assert!(!value.chars().any(escape::is_hidden), "{value}");
            }
        }
    }
}
