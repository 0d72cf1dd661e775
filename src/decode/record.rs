//! A record on its way to its container.

use super::cursor::Cursor;
use super::fields::Fields;
use super::scan::{self, Scan};
use super::shape::Shape;
use super::wire::Failure;

/// A record, with its fields where they were read to find its container.
pub(super) struct Record<'a> {
    pub text: &'a str,
    fields: Option<Fields<'a>>,
}

impl<'a> Record<'a> {
    /// A record that nobody has looked into.
    pub(super) fn unread(text: &'a str) -> Self {
        Self { text, fields: None }
    }

    /// An object that was read.
    pub(super) fn with(text: &'a str, fields: Fields<'a>) -> Self {
        Self { text, fields: Some(fields) }
    }

    /// The object that a cursor is at, with its fields.
    pub(super) fn at(cursor: &mut Cursor<'a>) -> Option<Self> {
        let mut fields = None;
        let text = cursor.text_of(|cursor| {
            fields = Fields::at(cursor);
            fields.is_some().then_some(())
        })?;
        Some(Self { text, fields })
    }

    /// Whether somebody has looked into it: it is one object then.
    pub(super) fn is_read(&self) -> bool {
        self.fields.is_some()
    }

    /// The first of the objects that are joined in a text, and the others.
    pub(super) fn first_of(text: &'a str) -> (Self, &'a str) {
        if !text.starts_with('{') {
            return (Self::unread(text), "");
        }
        let (first, rest) = match Fields::at_start_of(text) {
            Some((fields, rest)) => {
                (Self { text: &text[..text.len() - rest.len()], fields: Some(fields) }, rest)
            }
            None => match scan::value(text.as_bytes(), 0) {
                Scan::End(end) => (Self::unread(&text[..end]), &text[end..]),
                _ => (Self::unread(text), ""),
            },
        };
        (first, rest.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']))
    }

    /// Reads the fields, where that is still to be done; an object must be valid JSON to its end.
    pub(super) fn read(&mut self) -> Result<(), Failure> {
        if self.fields.is_none() && self.text.starts_with('{') {
            self.fields = Some(Fields::of(self.text)?);
        }
        Ok(())
    }

    /// The fields of a record that was read; a line has none.
    pub(super) fn fields(&self) -> Result<&Fields<'a>, Failure> {
        self.fields.as_ref().ok_or(Failure::NotMine)
    }

    /// The fields; none where it is no object.
    pub(super) fn into_fields(self) -> Fields<'a> {
        self.fields.or_else(|| Fields::of(self.text).ok()).unwrap_or_default()
    }

    /// What `read` makes of the fields, also of a record that was not read; `None` where the parser must look.
    pub(super) fn with_fields<T>(&self, read: impl Fn(&Fields<'a>) -> T) -> Option<T> {
        if let Some(fields) = &self.fields {
            return Some(read(fields));
        }
        let (fields, rest) = Fields::at_start_of(self.text)?;
        rest.is_empty().then(|| read(&fields))
    }

    /// What a record that was read looks like from outside.
    pub(super) fn shape(&self) -> Shape<'_> {
        self.fields.as_ref().map_or(Shape::Line(self.text), Shape::object)
    }
}
