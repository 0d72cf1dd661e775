//! Arrow's rows as JSON.

use std::io;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, make_encoder};

use super::damaged;

/// The longest row, in about the bytes of its values.
const LONGEST: usize = 64 << 20;

/// Text that is made at a time, in whole rows.
const TEXT: usize = 1 << 20;

/// What a number or a time takes, at most, and what stands around any value.
const SCALAR: usize = 32;

/// The rows of a batch. A list of short references can stand for any length of text, so only so much is made of it at a time.
#[derive(Default)]
pub(super) struct JsonRows {
    rows: Option<StructArray>,
    /// The first row that is not in `text`.
    next: usize,
    text: Vec<u8>,
    /// Where the rows in `text` end, and which of them comes next.
    ends: Vec<usize>,
    given: usize,
}

impl JsonRows {
    pub(super) fn new(batch: RecordBatch) -> Self {
        Self { rows: Some(batch.into()), ..Self::default() }
    }

    /// Writes the next row as an object, without the columns that have no value; false at the end.
    pub(super) fn next_row(&mut self, json: &mut Vec<u8>) -> io::Result<bool> {
        if self.given == self.ends.len() {
            self.fill().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            if self.ends.is_empty() {
                return Ok(false);
            }
        }
        let start = if self.given == 0 { 0 } else { self.ends[self.given - 1] };
        json.extend_from_slice(&self.text[start..self.ends[self.given]]);
        self.given += 1;
        Ok(true)
    }

    fn fill(&mut self) -> Result<(), ArrowError> {
        self.text.clear();
        self.ends.clear();
        self.given = 0;
        let Some(rows) = self.rows.take_if(|rows| self.next < rows.len()) else { return Ok(()) };
        let rows: ArrayRef = Arc::new(rows);
        let field = Arc::new(Field::new("row", rows.data_type().clone(), false));
        let options = EncoderOptions::default();
        let mut encoder = make_encoder(&field, &rows, &options)?;
        while self.next < rows.len() && self.text.len() < TEXT {
            if left(&rows, self.next, LONGEST).is_none() {
                if self.ends.is_empty() {
                    let message = format!("a row of more than {LONGEST} bytes");
                    return Err(ArrowError::from_external_error(Box::new(damaged(&message))));
                }
                break;
            }
            encoder.encode(self.next, &mut self.text);
            self.ends.push(self.text.len());
            self.next += 1;
        }
        drop(encoder);
        self.rows = Some(rows.as_struct().clone());
        Ok(())
    }
}

/// What is left of so many bytes after a value; nothing where it takes more.
fn left(array: &dyn Array, row: usize, most: usize) -> Option<usize> {
    let most = most.checked_sub(SCALAR)?;
    if array.is_null(row) {
        return Some(most);
    }
    let list = |values: &dyn Array, offsets: &OffsetBuffer<i32>| {
        let rows = offsets[row] as usize..offsets[row + 1] as usize;
        rows.into_iter().try_fold(most, |most, row| left(values, row, most))
    };
    match array.data_type() {
        DataType::Utf8 => most.checked_sub(array.as_string::<i32>().value_length(row) as usize),
        DataType::Utf8View => most.checked_sub(array.as_string_view().value(row).len()),
        // In JSON they are two digits each.
        DataType::BinaryView => most.checked_sub(2 * array.as_binary_view().value(row).len()),
        DataType::FixedSizeBinary(length) => most.checked_sub(2 * usize::try_from(*length).ok()?),
        DataType::List(_) => list(array.as_list::<i32>().values(), array.as_list::<i32>().offsets()),
        DataType::Map(..) => list(array.as_map().entries(), array.as_map().offsets()),
        DataType::Struct(_) => {
            array.as_struct().columns().iter().try_fold(most, |most, column| left(column, row, most))
        }
        _ => Some(most),
    }
}

/// The columns with their texts as references to where they were read, so that a text that comes often is held once.
pub(super) fn with_views(fields: &Fields) -> Fields {
    fields.iter().map(|field| Arc::new(with_view(field))).collect()
}

fn with_view(field: &Field) -> Field {
    let inner = |field: &Field| Arc::new(with_view(field));
    let data_type = match field.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        DataType::List(item) => DataType::List(inner(item)),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(with_views(fields)),
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}
