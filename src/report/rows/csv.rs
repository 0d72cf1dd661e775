//! RFC 4180 for spreadsheets: a header, a line per row, lists in one cell as everywhere else.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde_json::Value;

use super::super::csv::{self as face, value_cell};
use super::super::escape::{self, CsvReader};
use super::{RowWriter, into_io, values};

pub(super) struct Writer<W: Write> {
    out: csv::Writer<W>,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(schema: &SchemaRef, out: W) -> io::Result<Self> {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Self::with_header(&names, out)
    }

    fn with_header(names: &[&str], out: W) -> io::Result<Self> {
        let mut writer = Self::without_header(out);
        let names = names.iter().map(|name| escape::csv_cell(name).into_owned());
        writer.out.write_record(names).map_err(face::into_io)?;
        Ok(writer)
    }

    fn without_header(out: W) -> Self {
        Self { out: face::writer(out) }
    }

    fn write_row(&mut self, row: &[Value]) -> io::Result<()> {
        let cells = row.iter().map(|value| value_cell(value, CsvReader::Spreadsheet));
        self.out.write_record(cells).map_err(face::into_io)
    }
}

impl<W: Write> RowWriter for Writer<W> {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        for row in values(batch) {
            self.write_row(&row.map_err(into_io)?)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}

pub(super) fn write(columns: &[&str], rows: &[Vec<Value>], out: &mut dyn Write) -> io::Result<()> {
    write_rows(Writer::with_header(columns, out)?, rows)
}

pub(super) fn append(rows: &[Vec<Value>], out: &mut dyn Write) -> io::Result<()> {
    write_rows(Writer::without_header(out), rows)
}

fn write_rows(mut writer: Writer<&mut dyn Write>, rows: &[Vec<Value>]) -> io::Result<()> {
    for row in rows {
        writer.write_row(row)?;
    }
    writer.out.flush()
}
