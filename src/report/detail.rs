//! For a spreadsheet and its auditor: a folder of CSV files, whole and never folded.
//!
//! | file | a row is |
//! |---|---|
//! | alerts.csv | an alert |
//! | secrets.csv | a secret that an alert touched |
//! | requests.csv | a request of an alert, with the place of its record in its source |
//! | timeline.csv | what the user did in the hours around |
//! | rotation.csv | a secret to rotate, over all alerts |
//! | lists.csv | a scope of which lists succeeded, over all alerts: their answers may hold more |
//! | rotation_by_alert.csv | a secret to rotate for one alert |
//!
//! What is of one alert begins with its id. What is of one user follows the user's name where an alert of the hunt has
//! several, whose runbooks are run as far as [`Followed`] goes. Each file is written row by row.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::csv::{into_io, value_cell, writer};
use super::escape::{self, CsvReader};
use super::evidence::{self, EvidenceError, EvidenceSource, Part, RowSink};
use super::fields;
use super::followed::{Followed, USER};
use crate::detect::{Alert, HuntReport};

/// The files that hold a section of the runbook.
const SECTIONS: [(&str, &str); 3] = [
    ("secrets.csv", evidence::SECRETS),
    ("timeline.csv", evidence::TIMELINE),
    ("rotation_by_alert.csv", evidence::ROTATION),
];

/// A folder that could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum DetailError {
    #[error("cannot make the folder {path}", path = .path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot write {path}", path = .path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

/// Writes the files into a folder, which is made where it is not there; files of these names are replaced.
pub fn write(
    report: &HuntReport,
    reader: CsvReader,
    source: &mut dyn EvidenceSource,
    folder: &Path,
) -> Result<(), DetailError> {
    fs::create_dir_all(folder).map_err(|source| DetailError::Folder { path: folder.to_owned(), source })?;
    write_alerts(report, reader, &folder.join("alerts.csv"))?;
    let create = |file: &str| Table::create(folder.join(file), reader);
    let mut rotation = create("rotation.csv")?;
    rotation.fill(&[], |part| source.rotation(part))?;
    rotation.finish()?;
    let mut lists = create("lists.csv")?;
    lists.fill(&[], |part| source.lists(part))?;
    lists.finish()?;
    let alerts: Vec<&Alert> = report.open().collect();
    source.expect(&alerts)?;
    // One header for all alerts: where one has several users, each row says whose it is.
    let is_named = alerts.iter().any(|alert| Followed::of(alert).is_several());
    for (file, section) in SECTIONS {
        let mut table = create(file)?;
        for alert in &alerts {
            for user in Followed::of(alert).users() {
                let of_alert = [("alert_id", alert.alert_id.as_str()), (USER, fields::username(*user))];
                let of_alert = if is_named { &of_alert[..] } else { &of_alert[..1] };
                table.fill(of_alert, |part| source.section(alert, *user, section, part))?;
            }
        }
        table.finish()?;
    }
    let mut requests = create("requests.csv")?;
    for alert in &alerts {
        requests.fill(&[("alert_id", &alert.alert_id)], |part| source.requests(alert, part))?;
    }
    requests.finish()
}

/// What the rows of a table begin with: columns and their values.
type Leading<'a> = &'a [(&'static str, &'a str)];

fn write_alerts(report: &HuntReport, reader: CsvReader, path: &Path) -> Result<(), DetailError> {
    let written = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        super::csv::write(report, reader, &mut out)?;
        out.flush()
    });
    written.map_err(|source| DetailError::File { path: path.to_owned(), source })
}

/// One file; its header is that of the first table it gets.
struct Table {
    path: PathBuf,
    out: csv::Writer<File>,
    reader: CsvReader,
    has_header: bool,
}

impl Table {
    fn create(path: PathBuf, reader: CsvReader) -> Result<Self, DetailError> {
        let file = File::create(&path).map_err(|source| DetailError::File { path: path.clone(), source })?;
        Ok(Self { path, out: writer(file), reader, has_header: false })
    }

    /// Writes the table that `ask` hands on. A source of evidence takes an error of its own kind only: the
    /// file's is put in its place here.
    fn fill(
        &mut self,
        leading: Leading<'_>,
        ask: impl FnOnce(RowSink<'_>) -> Result<(), EvidenceError>,
    ) -> Result<(), DetailError> {
        let mut failed = None;
        let asked = ask(&mut |part| {
            self.part(leading, part).map_err(|error| {
                failed = Some(error);
                io::ErrorKind::Other.into()
            })
        });
        asked.map_err(|error| failed.take().unwrap_or(DetailError::Evidence(error)))
    }

    fn part(&mut self, leading: Leading<'_>, part: Part<'_>) -> Result<(), DetailError> {
        match part {
            Part::Columns(_) if self.has_header => Ok(()),
            Part::Columns(columns) => {
                self.has_header = true;
                let names = leading.iter().map(|(name, _)| (*name).to_owned());
                let names = names.chain(columns.iter().map(|name| escape::csv_cell(name).into_owned()));
                self.record(names.collect())
            }
            Part::Row(row) => {
                let leading =
                    leading.iter().map(|(_, value)| escape::csv_cell_for(value, self.reader).into_owned());
                let cells = row.iter().map(|value| value_cell(value, self.reader));
                self.record(leading.chain(cells).collect())
            }
        }
    }

    fn record(&mut self, cells: Vec<String>) -> Result<(), DetailError> {
        let written = self.out.write_record(cells).map_err(into_io);
        written.map_err(|source| DetailError::File { path: self.path.clone(), source })
    }

    fn finish(mut self) -> Result<(), DetailError> {
        self.out.flush().map_err(|source| DetailError::File { path: self.path, source })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::followed::MOST_USERS;
    use crate::report::sample;

    fn files(
        report: &HuntReport,
        source: &mut dyn EvidenceSource,
        reader: CsvReader,
    ) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new");
        write(report, reader, source, &folder).unwrap();
        let mut files: Vec<(String, String)> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let text = fs::read_to_string(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), text)
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn shows_every_file() {
        let files = files(&sample::report(), &mut sample::Source, CsvReader::Spreadsheet);
        let text: Vec<String> = files.iter().map(|(name, text)| format!("--- {name}\n{text}")).collect();
        insta::assert_snapshot!(text.concat());
    }

    #[test]
    fn rows_say_whose_they_are_where_an_alert_has_several_users() {
        let files = files(&sample::several_report(), &mut sample::Source, CsvReader::Spreadsheet);
        for (name, text) in files {
            let mut rows = csv::Reader::from_reader(text.as_bytes());
            let headers = rows.headers().unwrap().clone();
            let is_named = headers.iter().take(2).eq(["alert_id", "user"]);
            assert_eq!(is_named, SECTIONS.iter().any(|(file, _)| *file == name), "{name}");
            if is_named {
                let users: BTreeSet<String> = rows.records().map(|row| row.unwrap()[1].to_owned()).collect();
                assert_eq!(users.len(), 1 + MOST_USERS, "{name}");
                assert!(users.contains("alice") && users.contains("user 010"), "{users:?}");
            }
        }
    }

    #[test]
    fn no_cell_is_a_formula_unless_a_program_reads_it() {
        for (name, text) in
            files(&sample::hostile_users_report(), &mut sample::HostileSource, CsvReader::Spreadsheet)
        {
            let mut rows = csv::Reader::from_reader(text.as_bytes());
            for cell in
                rows.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
            {
                assert!(!cell.starts_with(['=', '+', '-', '@']), "{name}: {cell}");
                assert!(!cell.chars().any(escape::is_hidden), "{name}: {cell}");
            }
        }
        let raw = files(&sample::hostile_users_report(), &mut sample::HostileSource, CsvReader::Program);
        assert!(raw.iter().any(|(name, text)| name == "secrets.csv" && text.contains("\"=HYPERLINK")));
    }

    #[test]
    fn nothing_is_folded() {
        let mut report = sample::report();
        report.alerts.truncate(1);
        let mut source = sample::LargeSource { rows: 100_000, asked: 0 };
        let files = files(&report, &mut source, CsvReader::Spreadsheet);
        for (name, text) in files {
            if ["secrets.csv", "requests.csv", "rotation.csv"].contains(&name.as_str()) {
                assert_eq!(text.lines().count(), 100_001, "{name}");
            }
        }
    }
}
