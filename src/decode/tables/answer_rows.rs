//! Answers of query APIs, in which a table is the names of its columns and then rows of values:
//!
//! - Log Analytics, `{"tables":[{"columns":[{"name":..}],"rows":[[..]]}]}`:
//!   <https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format>;
//! - Azure Data Explorer, v1 `{"Tables":[{"Columns":[{"ColumnName":..}],"Rows":[[..]]}]}` and v2, a list of frames of which
//!   some are such tables: <https://learn.microsoft.com/kusto/api/rest/response>,
//!   <https://learn.microsoft.com/kusto/api/rest/response-v2>;
//! - Splunk's `json_rows`, `{"fields":["_raw"],"rows":[[..]]}`.

use std::io::{self, Cursor};

use super::Rows;
use super::answer::{Walk, broken, too_long};
use crate::decode::decompress::Whole;
use crate::decode::scan::{self, Scan};

/// Whether a file begins with an answer of audit records: the columns of its first table, but for those that Kusto adds,
/// stand before the rows and are such a table's.
pub(in crate::decode) fn is_answer(head: &[u8]) -> bool {
    // Most that is no answer has neither.
    let has_rows =
        [&b"\"rows\""[..], b"\"Rows\""].iter().any(|key| memchr::memmem::find(head, key).is_some());
    has_rows && Walk::new(Box::new(Cursor::new(head.to_vec()))).is_ok_and(begins_known)
}

fn begins_known(mut walk: Walk) -> bool {
    let mut goes_on = walk.begin().unwrap_or(false);
    while goes_on && walk.is_known.is_none() {
        goes_on = walk.find_row().is_ok_and(|row| row && (walk.is_known.is_some() || walk.skip().is_ok()));
    }
    walk.is_known.unwrap_or(false)
}

/// The rows of an answer, or of one behind the other, without those that have no value at all.
pub(in crate::decode) struct AnswerRows(Walk);

impl AnswerRows {
    pub(in crate::decode) fn open(reader: Whole) -> io::Result<Self> {
        let mut walk = Walk::new(reader)?;
        walk.begin()?;
        Ok(Self(walk))
    }

    /// Writes the row that the walk stands at. Of one that was cut it is a cut object, which ends inside the value of its
    /// last cell.
    fn write(&mut self, json: &mut Vec<u8>) -> io::Result<()> {
        let is_list = self.0.here()? == b'[';
        loop {
            let (start, is_end) = (json.len(), self.0.text.is_end());
            let (row, names) = (self.0.text.bytes(), &self.0.columns().names);
            let step = if is_list { cells(row, names, json) } else { object(row, json) };
            match step {
                Scan::End(length) => {
                    self.0.text.pass(length);
                    return Ok(());
                }
                Scan::Broken(_) => {
                    json.truncate(start);
                    return Err(broken());
                }
                Scan::More if is_end => {
                    let length = self.0.text.bytes().len();
                    self.0.text.pass(length);
                    return Ok(());
                }
                Scan::More => {
                    json.truncate(start);
                    self.0.text.fill(too_long)?;
                }
            }
        }
    }
}

impl Rows for AnswerRows {
    fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool> {
        let start = json.len();
        loop {
            if !self.0.find_row()? {
                if self.0.begin()? {
                    continue;
                }
                return Ok(false);
            }
            if self.0.columns().is_added {
                self.0.skip()?;
                continue;
            }
            self.write(json)?;
            if json.len() > start {
                return Ok(true);
            }
        }
    }
}

/// Writes what stands in place of a row: Kusto tells of an error there. It is a record that cannot be read.
fn object(bytes: &[u8], json: &mut Vec<u8>) -> Scan {
    if !bytes.starts_with(b"{") {
        return Scan::Broken(0);
    }
    let scan = scan::value(bytes, 0);
    let length = if let Scan::End(length) = scan { length } else { bytes.len() };
    json.extend_from_slice(&bytes[..length]);
    scan
}

/// Writes the cells that have a value, as an object: as much of it as is there.
fn cells(bytes: &[u8], names: &[String], json: &mut Vec<u8>) -> Scan {
    let start = json.len();
    let mut names = names.iter();
    let mut at = scan::skip_blanks(bytes, 1);
    if bytes.get(at) == Some(&b']') {
        return Scan::End(at + 1);
    }
    loop {
        let name = names.next();
        let value = scan::any_value(bytes, at);
        let end = match value {
            Scan::End(end) if end > at => end,
            Scan::More => bytes.len(),
            Scan::End(_) | Scan::Broken(_) => return Scan::Broken(at),
        };
        let cell = &bytes[at..end];
        if let Some(name) = name.filter(|_| !matches!(cell, b"null" | b"\"\"" | b"")) {
            json.push(if json.len() == start { b'{' } else { b',' });
            json.extend_from_slice(name.as_bytes());
            json.push(b':');
            json.extend_from_slice(cell);
        }
        if value == Scan::More {
            return Scan::More;
        }
        at = scan::skip_blanks(bytes, end);
        match bytes.get(at) {
            Some(b',') => at = scan::skip_blanks(bytes, at + 1),
            Some(b']') => {
                if json.len() > start {
                    json.push(b'}');
                }
                return Scan::End(at + 1);
            }
            Some(_) => return Scan::Broken(at),
            None => return Scan::More,
        }
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
