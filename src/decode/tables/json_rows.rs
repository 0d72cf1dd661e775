//! Arrow's rows as JSON.

use std::io;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, NullableEncoder, make_encoder};
use arrow::json::{Encoder, EncoderFactory};

use super::damaged;
use crate::decode::strings::quote;

/// The longest row, in about the bytes of its values.
const LONGEST: usize = 64 << 20;

/// Text that is made at a time, in whole rows: little, as memory is taken for it with each file.
const TEXT: usize = 128 << 10;

/// What a number or a time takes, at most, and what stands around any value.
const SCALAR: usize = 32;

/// The rows of one batch after another. A list of short references can stand for any length of text, so only so much is
/// made of it at a time.
#[derive(Default)]
pub(super) struct JsonRows {
    rows: Option<StructArray>,
    /// No row of the batch can be too long, so that none of them is measured.
    are_short: bool,
    /// The first row that is not in `text`.
    next: usize,
    text: Vec<u8>,
    /// Where the rows in `text` end, and which of them comes next.
    ends: Vec<usize>,
    given: usize,
}

impl JsonRows {
    /// Goes on with the rows of a batch, once there are none left of the one before.
    pub(super) fn go_on(&mut self, batch: RecordBatch) {
        self.rows = Some(batch.into());
        self.next = 0;
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
        let options = EncoderOptions::default().with_encoder_factory(Arc::new(TextEncoders));
        if self.next == 0 {
            self.are_short = longest(&rows) <= LONGEST;
        }
        let mut encoder = make_encoder(&field, &rows, &options)?;
        while self.next < rows.len() && self.text.len() < TEXT {
            if !self.are_short && left(&rows, self.next, LONGEST).is_none() {
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

/// Has texts quoted as all others here. Arrow's own way looks at each byte, which was a tenth of what an ingest of Parquet did.
#[derive(Debug)]
struct TextEncoders;

impl EncoderFactory for TextEncoders {
    fn make_default_encoder<'a>(
        &self,
        _: &'a FieldRef,
        array: &'a dyn Array,
        _: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let encoder = |texts| NullableEncoder::new(Box::new(TextEncoder(texts)), array.nulls().cloned());
        Ok(array.as_string_view_opt().map(encoder))
    }
}

struct TextEncoder<'a>(&'a StringViewArray);

impl Encoder for TextEncoder<'_> {
    fn encode(&mut self, row: usize, json: &mut Vec<u8>) {
        quote(self.0.value(row), json);
    }
}

/// What the longest row takes, at most: its parts may be longest in different rows.
fn longest(array: &dyn Array) -> usize {
    let most = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or_default();
    let list = |values: &dyn Array, offsets: &OffsetBuffer<i32>| {
        most(&mut offsets.lengths()).saturating_mul(longest(values))
    };
    let value = match array.data_type() {
        DataType::Utf8 => most(&mut array.as_string::<i32>().offsets().lengths()),
        DataType::Utf8View => most(&mut array.as_string_view().lengths().map(|length| length as usize)),
        DataType::BinaryView => 2 * most(&mut array.as_binary_view().lengths().map(|length| length as usize)),
        DataType::FixedSizeBinary(length) => usize::try_from(*length).unwrap_or_default().saturating_mul(2),
        DataType::List(_) => list(array.as_list::<i32>().values(), array.as_list::<i32>().offsets()),
        DataType::Map(..) => list(array.as_map().entries(), array.as_map().offsets()),
        DataType::Struct(_) => {
            let columns = array.as_struct().columns().iter();
            columns.fold(0, |sum: usize, column| sum.saturating_add(longest(column)))
        }
        _ => 0,
    };
    value.saturating_add(SCALAR)
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

/// The one form of a zone that Arrow writes without a list of them. Parquet keeps times in UTC whatever zone it names.
const UTC: &str = "+00:00";

/// The columns with their texts as references to where they were read, so that a text that comes often is held once, and
/// with times in a zone that can be written.
pub(super) fn with_views(fields: &Fields) -> Fields {
    fields.iter().map(|field| Arc::new(with_view(field))).collect()
}

fn with_view(field: &Field) -> Field {
    let inner = |field: &Field| Arc::new(with_view(field));
    let data_type = match field.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some(UTC.into())),
        DataType::List(item) => DataType::List(inner(item)),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(with_views(fields)),
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ListBuilder, StringViewBuilder};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_row_takes_more_than_the_longest_can(
            rows in prop::collection::vec((prop::option::of(".{0,9}"), prop::collection::vec(".{0,9}", 0..4)), 1..9),
        ) {
            let (mut texts, mut lists) = (StringViewBuilder::new(), ListBuilder::new(StringViewBuilder::new()));
            for (text, list) in &rows {
                texts.append_option(text.as_ref());
                lists.append_value(list.iter().map(Some));
            }
            let columns: [(&str, ArrayRef, bool); 2] =
                [("text", Arc::new(texts.finish()), true), ("list", Arc::new(lists.finish()), true)];
            let batch = StructArray::from(RecordBatch::try_from_iter_with_nullable(columns).unwrap());
            let most = longest(&batch);
            prop_assert!((0..rows.len()).all(|row| left(&batch, row, most).is_some()));
            if rows.len() == 1 && rows[0].0.is_some() && rows[0].1.len() == 1 {
                prop_assert_eq!(left(&batch, 0, most), Some(0));
            }
        }
    }
}
