//! JSON: an array of objects, or an object a line.
//!
//! Values are kept as they are; hidden characters are spelled as `\u....`, which is the same string to
//! any reader of JSON.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde_json::Value;

use super::super::escape;
use super::{RowWriter, into_io, values};

pub(super) struct Writer<W: Write> {
    names: Vec<String>,
    out: W,
    is_array: bool,
    rows: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn array(schema: &SchemaRef, mut out: W) -> io::Result<Self> {
        out.write_all(b"[")?;
        Ok(Self { names: names(schema), out, is_array: true, rows: 0 })
    }

    pub(super) fn lines(schema: &SchemaRef, out: W) -> Self {
        Self { names: names(schema), out, is_array: false, rows: 0 }
    }

    fn write_row(&mut self, row: &[Value]) -> io::Result<()> {
        if self.is_array {
            self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
        }
        self.rows += 1;
        for (index, (name, value)) in self.names.iter().zip(row).enumerate() {
            self.out.write_all(if index == 0 { b"{" } else { b"," })?;
            self.out.write_all(visible(&Value::String(name.clone())).as_bytes())?;
            self.out.write_all(b":")?;
            self.out.write_all(visible(value).as_bytes())?;
        }
        self.out.write_all(if self.is_array { b"}" } else { b"}\n" })
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
        if self.is_array {
            self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()
    }
}

/// Column names; the second of two equal ones gets `_2`, as an object has each key once.
fn names(schema: &SchemaRef) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in schema.fields() {
        let mut name = field.name().clone();
        let mut copy = 1;
        while names.contains(&name) {
            copy += 1;
            name = format!("{}_{copy}", field.name());
        }
        names.push(name);
    }
    names
}

/// JSON text without hidden characters. Outside of strings JSON has none, so each stands in one.
fn visible(value: &Value) -> String {
    let text = value.to_string();
    if !text.chars().any(escape::is_hidden) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len() + 16), |mut shown, c| {
        if escape::is_hidden(c) {
            shown.push_str(&escape::json_escape(c));
        } else {
            shown.push(c);
        }
        shown
    })
}
