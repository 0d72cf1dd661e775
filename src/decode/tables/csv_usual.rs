//! Rows of CSV as exports write them: lines of valid UTF-8 with an end, and in them cells that have nothing special in
//! them or are in quotes from end to end. They become JSON where they stand, in one pass: JSON in CSV has a quote every
//! ten bytes, which costs a reader of any CSV several times as much.

use std::io;

use super::csv_rows::too_long;
use super::window::{MARK, Window};
use crate::decode::decompress::Whole;
use crate::decode::strings::{quote_bytes, quote_doubled};

/// The rows up to the first that is not usual.
pub(super) struct UsualRows {
    text: Window,
    /// Reads a row with what stands between its cells. Known to the compiler, that costs nothing.
    row: fn(&[u8], &[String], &mut Vec<u8>) -> Step,
    /// Nothing was read yet.
    is_new: bool,
}

/// What a text begins with.
enum Step {
    /// A row of so many bytes.
    Row(usize),
    /// A row that is not usual.
    Other,
    /// What takes more bytes to tell.
    More,
}

impl UsualRows {
    pub(super) fn new(reader: Whole, delimiter: u8) -> Self {
        let row = match delimiter {
            b';' => row::<b';'>,
            b'\t' => row::<b'\t'>,
            _ => row::<b','>,
        };
        Self { text: Window::new(reader), row, is_new: true }
    }

    /// Reads a row, and writes its cells with the columns' names; gives its bytes. None where it is not usual, or
    /// none is left.
    pub(super) fn next_row(
        &mut self,
        columns: Option<&[String]>,
        json: &mut Vec<u8>,
    ) -> io::Result<Option<&[u8]>> {
        if std::mem::take(&mut self.is_new) {
            self.text.fill(too_long)?;
            self.text.pass_mark();
            // A second one is a part of the first cell, and would not be read as such by itself.
            if self.text.bytes().starts_with(MARK) {
                return Ok(None);
            }
        }
        loop {
            match (self.row)(self.text.bytes(), columns.unwrap_or_default(), json) {
                Step::Row(length) => return Ok(Some(self.text.pass(length))),
                Step::More if !self.text.is_end() => self.text.fill(too_long)?,
                Step::More | Step::Other => return Ok(None),
            }
        }
    }

    /// What is left.
    pub(super) fn rest(&mut self) -> Whole {
        // A blank line, which is no row: at the very start, a byte order mark would be no part of its cell.
        self.text.rest(b"\n")
    }
}

fn row<const DELIMITER: u8>(bytes: &[u8], columns: &[String], json: &mut Vec<u8>) -> Step {
    let start = json.len();
    match cells::<DELIMITER>(bytes, columns, json) {
        Step::Row(length) if simdutf8::basic::from_utf8(&bytes[..length]).is_ok() => {
            if json.len() > start {
                json.push(b'}');
            }
            Step::Row(length)
        }
        other => {
            json.truncate(start);
            if let Step::Row(_) = other { Step::Other } else { other }
        }
    }
}

/// Writes the cells that have a value, as the fields of an object that is still open.
fn cells<const DELIMITER: u8>(bytes: &[u8], columns: &[String], json: &mut Vec<u8>) -> Step {
    // A blank line is no row.
    if matches!(bytes.first(), Some(b'\n' | b'\r')) {
        return Step::Other;
    }
    let start = json.len();
    let mut columns = columns.iter();
    let mut rest = bytes;
    loop {
        let before = json.len();
        let column = columns.next();
        json.push(if before == start { b'{' } else { b',' });
        json.extend_from_slice(column.map_or(b"", |column| column.as_bytes()));
        json.push(b':');
        let value = json.len();
        let Some(behind) = cell::<DELIMITER>(rest, json) else { return Step::More };
        if column.is_none() || json[value..] == *b"\"\"" {
            json.truncate(before);
        }
        rest = match behind {
            [byte, rest @ ..] if *byte == DELIMITER => rest,
            [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => return Step::Row(bytes.len() - rest.len()),
            [] | [b'\r'] => return Step::More,
            _ => return Step::Other,
        };
    }
}

/// Writes a cell as a JSON string; gives what is behind it.
fn cell<'b, const DELIMITER: u8>(bytes: &'b [u8], json: &mut Vec<u8>) -> Option<&'b [u8]> {
    if let Some(inside) = bytes.strip_prefix(b"\"") {
        return quote_doubled(inside, json);
    }
    let is_end = |byte: &u8| *byte == DELIMITER || matches!(byte, b'"' | b'\n' | b'\r');
    let end = bytes.iter().position(is_end)?;
    quote_bytes(&bytes[..end], json);
    Some(&bytes[end..])
}
