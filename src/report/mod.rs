//! One model, several faces: the answer of a hunt as table, CSV, JSON, NDJSON and OCSF; and as HTML page,
//! Markdown and folder of CSV files, which show each alert's [`evidence`] too.
//!
//! A face is one file with a `write` over [`HuntReport`]; it writes alert by alert and holds no
//! more than one of them as text. What each format may carry from a log is decided in [`escape`].

pub mod accounting;
mod allow;
pub mod coverage;
mod csv;
pub mod detail;
pub mod difference;
pub mod escape;
pub mod evidence;
#[cfg(test)]
mod extremes_tests;
pub mod fields;
pub mod followed;
#[cfg(feature = "engine")]
pub mod gather;
pub mod html;
pub mod json;
#[cfg(feature = "engine")]
pub mod junit;
pub mod lake;
pub mod markdown;
mod ndjson;
mod ocsf;
pub mod parameters;
pub mod preview;
pub mod rotation;
pub mod rows;
#[cfg(feature = "engine")]
pub mod runbook;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod sample_evidence;
#[cfg(test)]
mod schema_tests;
pub mod summary;
mod table;
pub mod text;
pub mod time;
pub mod tuning;
#[cfg(feature = "engine")]
pub mod verification;

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::detect::HuntReport;
use escape::CsvReader;

/// The formats a hunt's answer comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Table,
    /// RFC 4180, one row per alert.
    Csv,
    /// One document of schema `kubetrawl/hunt/1`.
    Json,
    /// One alert a line.
    Ndjson,
    /// One Detection Finding of the Open Cybersecurity Schema Framework a line.
    Ocsf,
}

/// How a table may use the terminal, and who opens a CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Columns of the terminal; at least [`View::LEAST_WIDTH`] are used.
    pub width: usize,
    pub color: bool,
    /// Show every element of long lists, which are otherwise folded with "and N more".
    pub wide: bool,
    /// Who opens a CSV.
    pub csv: CsvReader,
}

impl View {
    /// Below this a table would be one character a line.
    pub const LEAST_WIDTH: usize = 40;

    /// The width of a table that no terminal shows.
    pub const WIDTH_OF_FILES: usize = 120;
}

impl Default for View {
    fn default() -> Self {
        Self { width: 80, color: false, wide: false, csv: CsvReader::Spreadsheet }
    }
}

/// An answer that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the {format} report")]
pub struct ReportError {
    format: &'static str,
    #[source]
    source: io::Error,
}

/// Writes a hunt's answer in the given format.
pub fn write(
    report: &HuntReport,
    format: Format,
    view: View,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let (name, written) = match format {
        Format::Table => ("table", table::write(report, view, out)),
        Format::Csv => ("CSV", csv::write(report, view.csv, out)),
        Format::Json => ("JSON", json::write(report, out)),
        Format::Ndjson => ("NDJSON", ndjson::write(report, out)),
        Format::Ocsf => ("OCSF", ocsf::write(report, out)),
    };
    written.map_err(|source| ReportError { format: name, source })
}
