//! Columns under construction, for the types of `schema::ColumnType`.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::builder::{
    BooleanBuilder, Int32Builder, Int64Builder, ListBuilder, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Field};

use super::distinct::Distinct;

/// The values of one column of finished rows.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    Texts(Texts),
    Lists(Lists),
    Array(ArrayRef),
}

impl Values {
    /// As Arrow has them.
    pub(crate) fn array(&self) -> ArrayRef {
        match self {
            Self::Texts(texts) => texts.array(),
            Self::Lists(lists) => lists.array(),
            Self::Array(array) => Arc::clone(array),
        }
    }
}

/// Strings that repeat: most columns hold a few values, and a batch then little more than its bodies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    /// Per row, in `distinct`.
    pub(crate) numbers: Vec<u32>,
    pub(crate) distinct: Distinct,
}

impl Texts {
    #[inline]
    pub(super) fn push(&mut self, value: Option<&str>) {
        let number = match (value, self.numbers.last()) {
            (None, _) => 0,
            (Some(value), Some(&last)) if last > 0 && self.distinct.is(last, value) => last,
            (Some(value), _) => self.distinct.number(value),
        };
        self.numbers.push(number);
    }

    /// Adds what `mask` makes of a string; gives whether that is another one. A string that is here already is not
    /// looked at again: it stands in the rows, so there is nothing in it to mask.
    #[inline]
    pub(super) fn push_masked<'v>(
        &mut self,
        value: Option<&'v str>,
        mask: impl Fn(&'v str) -> Cow<'v, str>,
    ) -> bool {
        let known = match (value, self.numbers.last()) {
            (None, _) => Some(0),
            (Some(value), Some(&last)) if last > 0 && self.distinct.is(last, value) => Some(last),
            (Some(value), _) => self.distinct.find(value),
        };
        match (known, value) {
            (Some(known), _) => {
                self.numbers.push(known);
                false
            }
            (None, value) => self.push_masked_anew(value, mask),
        }
    }

    /// The same for a string that is looked at in any case, as what is masked in it depends on more than itself.
    pub(super) fn push_masked_anew<'v>(
        &mut self,
        value: Option<&'v str>,
        mask: impl Fn(&'v str) -> Cow<'v, str>,
    ) -> bool {
        let (stored, is_masked) = masked(value, mask);
        self.push(stored.as_deref());
        is_masked
    }

    /// A row's string.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let number = self.numbers[row];
        (number > 0).then(|| self.distinct.get(number))
    }

    fn array(&self) -> ArrayRef {
        let mut builder = StringViewBuilder::with_capacity(self.numbers.len());
        (0..self.numbers.len()).for_each(|row| builder.append_option(self.get(row)));
        Arc::new(builder.finish())
    }
}

/// Lists of strings that repeat. An empty list is null: the records don't tell them apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists {
    /// Per row, the number of its list from 1; 0 for null.
    pub(crate) numbers: Vec<u32>,
    pub(crate) elements: Distinct,
    /// The distinct lists: of each, the numbers of its elements as four bytes each, written as text.
    lists: Distinct,
    scratch: String,
}

impl Lists {
    pub(super) fn push(&mut self, values: &[Cow<'_, str>]) {
        let number = match self.numbers.last() {
            _ if values.is_empty() => 0,
            Some(&last) if last > 0 && self.is(last, values) => last,
            _ => self.number(values),
        };
        self.numbers.push(number);
    }

    fn is(&self, number: u32, values: &[Cow<'_, str>]) -> bool {
        let mut elements = self.list(number);
        values.iter().all(|value| elements.next().is_some_and(|element| self.elements.is(element, value)))
            && elements.next().is_none()
    }

    fn number(&mut self, values: &[Cow<'_, str>]) -> u32 {
        self.scratch.clear();
        for value in values {
            let mut number = self.elements.number(value);
            for _ in 0..DIGITS {
                self.scratch.push(char::from((number % 128) as u8));
                number /= 128;
            }
        }
        self.lists.number(&self.scratch)
    }

    /// The numbers of a list's elements.
    pub(crate) fn list(&self, number: u32) -> impl Iterator<Item = u32> {
        let digits = self.lists.get(number).as_bytes();
        digits
            .chunks_exact(DIGITS)
            .map(|digits| digits.iter().rev().fold(0, |number, digit| number * 128 + u32::from(*digit)))
    }

    fn array(&self) -> ArrayRef {
        let element = Field::new("element", DataType::Utf8View, true);
        let mut builder = ListBuilder::new(StringViewBuilder::new()).with_field(element);
        for &number in &self.numbers {
            if number > 0 {
                self.list(number)
                    .for_each(|element| builder.values().append_value(self.elements.get(element)));
            }
            builder.append(number > 0);
        }
        Arc::new(builder.finish())
    }
}

/// A number's digits to the base of 128, which makes ASCII of it.
const DIGITS: usize = 5;

/// One column of a batch under construction.
pub(super) trait Column: Default {
    fn finish(&mut self) -> Values;

    /// Takes the memory of values that are no longer needed.
    fn reuse(&mut self, _values: Values) {}

    /// Bytes held by the values.
    fn bytes(&self) -> usize;
}

/// Strings of which few repeat: ids and bodies.
#[derive(Default)]
pub(super) struct Unique(Texts);

#[derive(Default)]
pub(super) struct Time(TimestampMicrosecondBuilder);

#[derive(Default)]
pub(super) struct Integer(Int32Builder);

#[derive(Default)]
pub(super) struct BigInt(Int64Builder);

#[derive(Default)]
pub(super) struct Flag(BooleanBuilder);

impl Unique {
    #[inline]
    pub(super) fn push(&mut self, value: Option<&str>) {
        let Texts { numbers, distinct } = &mut self.0;
        numbers.push(value.map_or(0, |value| distinct.push(value)));
    }

    /// Adds what `mask` makes of a string; gives whether that is another one.
    pub(super) fn push_masked<'v>(
        &mut self,
        value: Option<&'v str>,
        mask: impl Fn(&'v str) -> Cow<'v, str>,
    ) -> bool {
        let (stored, is_masked) = masked(value, mask);
        self.push(stored.as_deref());
        is_masked
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

/// What is stored of a string, and whether that is another one.
fn masked<'v>(
    value: Option<&'v str>,
    mask: impl Fn(&'v str) -> Cow<'v, str>,
) -> (Option<Cow<'v, str>>, bool) {
    let stored = value.map(mask);
    let is_masked = matches!(stored, Some(Cow::Owned(_)));
    (stored, is_masked)
}

macro_rules! impl_column {
    ($($column:ident($kind:ident): |$builder:ident| $allocated:expr;)*) => {
        $(impl Column for $column {
            fn finish(&mut self) -> Values {
                Values::Array(Arc::new(self.0.finish()))
            }

            /// Arrow does not give the memory back; but as much will be needed again, and growing takes twice as much.
            fn reuse(&mut self, values: Values) {
                if let Values::Array(array) = values {
                    self.0 = $kind::with_capacity(array.len());
                }
            }

            fn bytes(&self) -> usize {
                let $builder = &self.0;
                $allocated
            }
        })*
    };
}

impl_column! {
    Time(TimestampMicrosecondBuilder): |builder| size_of_val(builder.values_slice());
    Integer(Int32Builder): |builder| size_of_val(builder.values_slice());
    BigInt(Int64Builder): |builder| size_of_val(builder.values_slice());
    Flag(BooleanBuilder): |builder| arrow::array::ArrayBuilder::len(builder).div_ceil(4);
}

impl Column for Texts {
    fn finish(&mut self) -> Values {
        Values::Texts(std::mem::take(self))
    }

    fn reuse(&mut self, values: Values) {
        if let Values::Texts(mut texts) = values {
            texts.numbers.clear();
            texts.distinct.clear();
            *self = texts;
        }
    }

    fn bytes(&self) -> usize {
        self.numbers.len() * size_of::<u32>() + self.distinct.bytes()
    }
}

impl Column for Unique {
    fn finish(&mut self) -> Values {
        self.0.finish()
    }

    fn reuse(&mut self, values: Values) {
        self.0.reuse(values);
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl Column for Lists {
    fn finish(&mut self) -> Values {
        Values::Lists(std::mem::take(self))
    }

    fn reuse(&mut self, values: Values) {
        if let Values::Lists(mut lists) = values {
            lists.numbers.clear();
            lists.elements.clear();
            lists.lists.clear();
            *self = lists;
        }
    }

    fn bytes(&self) -> usize {
        self.numbers.len() * size_of::<u32>() + self.elements.bytes() + self.lists.bytes()
    }
}
