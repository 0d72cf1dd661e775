//! The rows of any query, in five faces: table, CSV, JSON, NDJSON and Parquet.
//!
//! Rows come batch by batch and leave batch by batch; a table holds the rows it measures its
//! columns by, and no more.

mod csv;
mod json;
mod parquet;
mod table;
pub mod value;

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use serde_json::Value;

use super::View;

/// The formats that rows come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowFormat {
    #[default]
    Table,
    /// RFC 4180, a header and one line per row.
    Csv,
    /// An array of objects, one per row.
    Json,
    /// One object a line.
    Ndjson,
    Parquet,
}

/// Takes the rows of one answer, in order.
pub trait RowWriter {
    /// Writes the rows of a batch.
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()>;
    /// Writes what ends the answer; without it, it is not complete.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// A writer of rows with these columns.
pub fn writer<'a>(
    format: RowFormat,
    schema: &SchemaRef,
    view: View,
    out: Box<dyn Write + Send + 'a>,
) -> io::Result<Box<dyn RowWriter + 'a>> {
    Ok(match format {
        RowFormat::Table => Box::new(table::Writer::new(schema, view, out)),
        RowFormat::Csv => Box::new(csv::Writer::new(schema, out)?),
        RowFormat::Json => Box::new(json::Writer::array(schema, out)?),
        RowFormat::Ndjson => Box::new(json::Writer::lines(schema, out)),
        RowFormat::Parquet => Box::new(parquet::Writer::new(schema, out)?),
    })
}

/// Rows that are already values, as a table: for answers that are kept, such as a runbook's.
pub fn write_table(columns: &[&str], rows: &[Vec<Value>], view: View, out: &mut dyn Write) -> io::Result<()> {
    table::write(columns, rows, view, out)
}

/// Rows that are already values, as CSV with a header.
pub fn write_csv(columns: &[&str], rows: &[Vec<Value>], out: &mut dyn Write) -> io::Result<()> {
    csv::write(columns, rows, out)
}

/// More rows for a CSV that has its header.
pub fn append_csv(rows: &[Vec<Value>], out: &mut dyn Write) -> io::Result<()> {
    csv::append(rows, out)
}

/// The values of a batch, row by row.
pub fn values(batch: &RecordBatch) -> impl Iterator<Item = Result<Vec<Value>, ArrowError>> + '_ {
    (0..batch.num_rows())
        .map(|row| batch.columns().iter().map(|column| value::of(column.as_ref(), row)).collect())
}

fn into_io(error: ArrowError) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests;
