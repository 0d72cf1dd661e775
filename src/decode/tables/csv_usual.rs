//! Rows of CSV as exports write them: lines of valid UTF-8 with an end, and in them cells that have nothing special in
//! them or are in quotes from end to end. They become JSON where they stand, in one pass: JSON in CSV has a quote every
//! ten bytes, which costs a reader of any CSV several times as much.

use std::io::{self, Cursor, Read};

use super::csv_rows::{LONGEST, too_long};
use crate::decode::decompress::{Failing, Whole};
use crate::decode::strings::{quote_bytes, quote_doubled};

/// Bytes read at a time.
const BLOCK: usize = if cfg!(test) { 16 } else { 256 << 10 };

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The rows up to the first that is not usual.
pub(super) struct UsualRows {
    reader: Whole,
    buffer: Vec<u8>,
    /// Where the next row begins in it.
    at: usize,
    /// Nothing was read yet.
    is_new: bool,
    is_end: bool,
    failure: Option<io::Error>,
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
    pub(super) fn new(reader: Whole) -> Self {
        Self { reader, buffer: Vec::new(), at: 0, is_new: true, is_end: false, failure: None }
    }

    /// Reads a row, and writes its cells with the columns' names; gives its bytes. None where it is not usual, or
    /// none is left.
    pub(super) fn next_row(
        &mut self,
        columns: Option<&[String]>,
        json: &mut Vec<u8>,
    ) -> io::Result<Option<&[u8]>> {
        if std::mem::take(&mut self.is_new) {
            self.fill()?;
            self.at = if self.buffer.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
            // A second one is a part of the first cell, and would not be read as such by itself.
            if self.buffer[self.at..].starts_with(BYTE_ORDER_MARK) {
                return Ok(None);
            }
        }
        loop {
            match row(&self.buffer[self.at..], columns.unwrap_or_default(), json) {
                Step::Row(length) => {
                    self.at += length;
                    return Ok(self.buffer.get(self.at - length..self.at));
                }
                Step::More if !self.is_end => self.fill()?,
                Step::More | Step::Other => return Ok(None),
            }
        }
    }

    /// What is left.
    pub(super) fn rest(&mut self) -> Whole {
        // A blank line, which is no row: at the very start, a byte order mark would be no part of its cell.
        let mut rest = b"\n".to_vec();
        rest.extend_from_slice(&self.buffer[self.at..]);
        let reader = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        Box::new(Cursor::new(rest).chain(Failing(self.failure.take())).chain(reader))
    }

    fn fill(&mut self) -> io::Result<()> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.buffer.len() > LONGEST {
            return Err(too_long());
        }
        // As much as there is, so that looking through a long row again and again stays linear.
        let amount = self.buffer.len().max(BLOCK);
        match (&mut self.reader).take(amount as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.is_end = read < amount,
            Err(error) => self.failure = Some(error),
        }
        Ok(())
    }
}

fn row(bytes: &[u8], columns: &[String], json: &mut Vec<u8>) -> Step {
    let start = json.len();
    match cells(bytes, columns, json) {
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
fn cells(bytes: &[u8], columns: &[String], json: &mut Vec<u8>) -> Step {
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
        let Some(behind) = cell(rest, json) else { return Step::More };
        if column.is_none() || json[value..] == *b"\"\"" {
            json.truncate(before);
        }
        rest = match behind {
            [b',', rest @ ..] => rest,
            [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => return Step::Row(bytes.len() - rest.len()),
            [] | [b'\r'] => return Step::More,
            _ => return Step::Other,
        };
    }
}

/// Writes a cell as a JSON string; gives what is behind it.
fn cell<'b>(bytes: &'b [u8], json: &mut Vec<u8>) -> Option<&'b [u8]> {
    if let Some(inside) = bytes.strip_prefix(b"\"") {
        return quote_doubled(inside, json);
    }
    let end = bytes.iter().position(|byte| matches!(byte, b'"' | b',' | b'\n' | b'\r'))?;
    quote_bytes(&bytes[..end], json);
    Some(&bytes[end..])
}
