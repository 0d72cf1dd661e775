//! Builders for the types of `schema::ColumnType`, with what they hold in memory.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::builder::{
    BooleanBuilder, Int32Builder, Int64Builder, ListBuilder, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow::array::{ArrayBuilder, ArrayRef};
use arrow::datatypes::{DataType, Field};

/// Rows that a new builder has space for; it doubles from there.
const ROWS: usize = 1024;

/// Strings up to this many bytes are kept once per batch. Most columns repeat a few values: a
/// batch then holds little more than its bodies, and each lookup hashes no more than this.
const REPEATED: u32 = 256;

/// One column of a batch under construction.
pub(super) trait Column: Default {
    fn finish(&mut self) -> ArrayRef;

    /// Bytes allocated.
    fn allocated(&self) -> usize;
}

/// Strings that repeat.
pub(super) struct Text(StringViewBuilder);

/// Strings of which few repeat: ids and bodies.
pub(super) struct Unique(StringViewBuilder);

/// Lists of strings that repeat. An empty list is stored as null: the records don't tell them apart.
pub(super) struct TextList(ListBuilder<StringViewBuilder>);

#[derive(Default)]
pub(super) struct Time(TimestampMicrosecondBuilder);

#[derive(Default)]
pub(super) struct Integer(Int32Builder);

#[derive(Default)]
pub(super) struct BigInt(Int64Builder);

#[derive(Default)]
pub(super) struct Flag(BooleanBuilder);

fn repeating() -> StringViewBuilder {
    StringViewBuilder::with_capacity(ROWS).with_deduplicate_strings().with_max_deduplication_len(REPEATED)
}

impl Default for Text {
    fn default() -> Self {
        Self(repeating())
    }
}

impl Text {
    pub(super) fn push(&mut self, value: Option<&str>) {
        self.0.append_option(value);
    }
}

impl Default for Unique {
    fn default() -> Self {
        Self(StringViewBuilder::with_capacity(ROWS))
    }
}

impl Unique {
    pub(super) fn push(&mut self, value: Option<&str>) {
        self.0.append_option(value);
    }
}

impl Default for TextList {
    fn default() -> Self {
        let element = Field::new("element", DataType::Utf8View, true);
        Self(ListBuilder::with_capacity(repeating(), ROWS).with_field(element))
    }
}

impl TextList {
    pub(super) fn push(&mut self, values: &[Cow<'_, str>]) {
        for value in values {
            self.0.values().append_value(value);
        }
        self.0.append(!values.is_empty());
    }
}

impl Time {
    pub(super) fn push(&mut self, microseconds: Option<i64>) {
        self.0.append_option(microseconds);
    }
}

impl Integer {
    pub(super) fn push(&mut self, value: Option<i32>) {
        self.0.append_option(value);
    }
}

impl BigInt {
    pub(super) fn push(&mut self, value: i64) {
        self.0.append_value(value);
    }
}

impl Flag {
    pub(super) fn push(&mut self, value: bool) {
        self.0.append_value(value);
    }
}

macro_rules! impl_column {
    ($($column:ty: |$builder:ident| $allocated:expr;)*) => {
        $(impl Column for $column {
            fn finish(&mut self) -> ArrayRef {
                Arc::new(self.0.finish())
            }

            fn allocated(&self) -> usize {
                let $builder = &self.0;
                $allocated
            }
        })*
    };
}

impl_column! {
    Text: |builder| builder.allocated_size();
    Unique: |builder| builder.allocated_size();
    TextList: |builder| builder.values_ref().allocated_size()
        + builder.offsets_capacity() * size_of::<i32>()
        + builder.validity_capacity();
    Time: |builder| builder.capacity() * size_of::<i64>();
    Integer: |builder| builder.capacity() * size_of::<i32>();
    BigInt: |builder| builder.capacity() * size_of::<i64>();
    Flag: |builder| builder.len().div_ceil(4);
}
