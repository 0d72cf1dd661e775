//! Records whose fields have other names or lie elsewhere than an Event's: read by name. Values stay text, also in JSON
//! that is put together of them, so a body's nesting costs nothing.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use memchr::memchr;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cursor::Cursor;
use super::quick;
use super::reasons::json_failure;
use super::record::Record;
use super::strings::{quote, unescaped};
use super::wire::{Failure, Raw, Text};

/// Fields that memory is taken for at once, those of inner objects too, of a record that is not one of many: OCSF's have
/// 45 to 60.
const USUAL_FIELDS: usize = 64;

/// Objects in an object whose fields are read with it, so that none is gone through again for each around it: so deep, and
/// none more once there are so many.
const DEEPEST: usize = 3;
const MOST_FIELDS: usize = 64;

/// A body can have any number, each of which takes more memory than its few bytes: an object with more fields inside its
/// own is left to the parser, which does not look into them.
const MOST_INSIDE: usize = 1 << 14;

/// An object's fields, in their order.
#[derive(Clone, Default)]
pub(super) struct Fields<'a> {
    /// With those of objects in it, each behind the field that it is the value of.
    all: Rc<Vec<Field<'a>>>,
    own: Range<usize>,
}

struct Field<'a> {
    key: Text<'a>,
    value: &'a str,
    /// How many of the next ones are the value's; `None` where it was not looked into.
    within: Option<usize>,
}

impl Field<'_> {
    /// Case doesn't matter: exports write their columns as they like.
    fn is_named(&self, name: &str) -> bool {
        let key = self.key.0.as_ref();
        // Nearly all are told apart by their length, and of the others most are written in the same way.
        key.len() == name.len() && (key == name || key.eq_ignore_ascii_case(name))
    }
}

impl<'a> Fields<'a> {
    pub(super) fn of(json: &'a str) -> Result<Self, Failure> {
        if !json.starts_with('{') {
            return Err(Failure::NotMine);
        }
        match Self::at_start_of(json) {
            Some((fields, "")) => Ok(fields),
            _ => serde_json::from_str(json).map_err(|error| json_failure(&error, json)),
        }
    }

    /// The fields of the object that a text begins with, and what follows it; `None` where the parser must look.
    pub(super) fn at_start_of(text: &'a str) -> Option<(Self, &'a str)> {
        let mut cursor = Cursor::new(text);
        let mut fields = Vec::with_capacity(USUAL_FIELDS);
        read(&mut cursor, &mut fields, DEEPEST)?;
        Some((fields.into(), cursor.rest()))
    }

    /// The fields of the object that a cursor is at.
    pub(super) fn at(cursor: &mut Cursor<'a>) -> Option<Self> {
        let mut fields = Vec::new();
        read(cursor, &mut fields, DEEPEST)?;
        Some(fields.into())
    }

    /// Keys and values in their order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.own().map(|(_, field)| (field.key.0.as_ref(), field.value))
    }

    fn own(&self) -> impl Iterator<Item = (usize, &Field<'a>)> {
        let all = &self.all[..self.own.end];
        let mut next = self.own.start;
        std::iter::from_fn(move || {
            let (at, field) = (next, all.get(next)?);
            next += 1 + field.within.unwrap_or_default();
            Some((at, field))
        })
    }

    /// The first field of this name, with its place.
    fn find(&self, name: &str) -> Option<(usize, &Field<'a>)> {
        self.own().find(|(_, field)| field.is_named(name))
    }

    /// A field's JSON; `None` for null.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.find(name).map(|(_, field)| field.value).filter(|json| *json != "null")
    }

    /// The same of several fields, in one pass that is short where they come in the order of these names.
    pub(super) fn several<const N: usize>(&self, names: &[&str; N]) -> [Option<&'a str>; N] {
        let mut values = [None; N];
        let mut next = 0;
        for (_, field) in self.own() {
            // From the last one on, as columns are left out oftener than they come in another order.
            let at = (next..N).chain(0..next).find(|&at| field.is_named(names[at]));
            if let Some(at) = at {
                values[at].get_or_insert(field.value);
                next = at + 1;
            }
        }
        values.map(|json| json.filter(|json| *json != "null"))
    }

    /// The JSON of the last field that has exactly this name, null too.
    pub(super) fn last(&self, name: &str) -> Option<&'a str> {
        self.all().filter(|(key, _)| *key == name).last().map(|(_, value)| value)
    }

    /// The first of these fields that there is.
    pub(super) fn first(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.raw(name))
    }

    /// A string's or a number's text; `None` where it is empty.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name).and_then(scalar)
    }

    /// A field's JSON, also where an export made a string of it.
    pub(super) fn json(&self, name: &str) -> Option<Cow<'a, str>> {
        let raw = self.raw(name)?;
        json_of(raw).filter(|text| !raw.starts_with('"') || is_json(text))
    }

    /// The fields of a nested object; none where it is no object.
    pub(super) fn object(&self, name: &str) -> Fields<'a> {
        let Some((at, field)) = self.find(name) else { return Fields::default() };
        self.read_with(at, field).unwrap_or_else(|| Self::of(field.value).unwrap_or_default())
    }

    /// A nested object as a record of its own, with its fields where they were read with this object.
    pub(super) fn record(&self, name: &str) -> Option<Record<'a>> {
        let (at, field) = self.find(name).filter(|(_, field)| field.value.starts_with('{'))?;
        Some(
            self.read_with(at, field)
                .map_or_else(|| Record::unread(field.value), |fields| Record::with(field.value, fields)),
        )
    }

    /// A nested object's fields, of the first field that has exactly this name; `None` where it was not read with this object.
    pub(super) fn inside(&self, name: &str) -> Option<Fields<'a>> {
        let (at, field) = self.own().find(|(_, field)| field.key.0 == name)?;
        self.read_with(at, field)
    }

    fn read_with(&self, at: usize, field: &Field<'a>) -> Option<Fields<'a>> {
        let own = at + 1..at + 1 + field.within?;
        Some(Fields { all: Rc::clone(&self.all), own })
    }
}

/// Reads the fields of the object that a cursor is at, and of objects in it.
fn read<'a>(cursor: &mut Cursor<'a>, fields: &mut Vec<Field<'a>>, deeper: usize) -> Option<()> {
    cursor.object(|cursor, key| {
        let at = fields.len();
        if deeper < DEEPEST && at > MOST_INSIDE {
            return None;
        }
        fields.push(Field { key: Text(Cow::Borrowed(key)), value: "", within: None });
        let inside = deeper > 0 && at < MOST_FIELDS && cursor.begins(b'{');
        let value = cursor.text_of(|cursor| match inside {
            true => read(cursor, fields, deeper - 1),
            false => cursor.skip(),
        })?;
        let within = inside.then(|| fields.len() - at - 1);
        let field = fields.get_mut(at)?;
        (field.value, field.within) = (value, within);
        Some(())
    })
}

impl<'a> From<Vec<Field<'a>>> for Fields<'a> {
    fn from(fields: Vec<Field<'a>>) -> Self {
        Self { own: 0..fields.len(), all: Rc::new(fields) }
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.all()).finish()
    }
}

/// A value's JSON, or what a string says, which may be anything.
pub(super) fn json_of(raw: &str) -> Option<Cow<'_, str>> {
    if raw.starts_with('"') { scalar(raw) } else { Some(Cow::Borrowed(raw)) }
}

/// The text of a JSON string or number.
pub(super) fn scalar(json: &str) -> Option<Cow<'_, str>> {
    let text = match json.as_bytes().first()? {
        b'"' => string(json)?.0,
        b'{' | b'[' => return None,
        _ => Cow::Borrowed(json),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The text of a JSON string, which was read as one before.
pub(super) fn string(json: &str) -> Option<Text<'_>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    match memchr(b'\\', inside.as_bytes()) {
        None => Some(Text(Cow::Borrowed(inside))),
        Some(_) => unescaped(inside).map(|text| Text(Cow::Owned(text))),
    }
}

/// The elements of a JSON list, as text; none where it is no list.
pub(super) fn elements(json: &str) -> Vec<&str> {
    list_of(json).unwrap_or_default()
}

/// The same, where it matters whether it is a list.
pub(super) fn list_of(json: &str) -> Result<Vec<&str>, serde_json::Error> {
    let list = quick::elements(json).map_or_else(|| serde_json::from_str(json), Ok)?;
    Ok(list.into_iter().map(|Raw(element)| element).collect())
}

/// The elements of a JSON list, each with its fields where all are usual objects.
pub(super) fn records(json: &str) -> Vec<Record<'_>> {
    quick::records(json).unwrap_or_else(|| elements(json).into_iter().map(Record::unread).collect())
}

/// Whether a list has nothing in it.
pub(super) fn is_empty(list: &str) -> bool {
    list.strip_prefix('[').is_some_and(|rest| rest.trim_ascii_start().starts_with(']'))
}

/// Only what is whole may be put into a record that is put together.
pub(super) fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) && (quick::is_value(text) || serde_json::from_str::<&RawValue>(text).is_ok())
}

impl<'a> FromIterator<(Cow<'a, str>, &'a str)> for Fields<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, &'a str)>>(fields: I) -> Self {
        let field = |(key, value)| Field { key: Text(key), value, within: None };
        fields.into_iter().map(field).collect::<Vec<_>>().into()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'_>, &RawValue>()? {
                    fields.push(Field { key, value: value.get(), within: None });
                }
                Ok(fields.into())
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// Bytes that memory is taken for at once, of an object that is put together.
const USUAL_OBJECT: usize = 256;

/// An object that is put together.
pub(super) struct Object(Vec<u8>);

impl Object {
    pub(super) fn new() -> Self {
        let mut json = Vec::with_capacity(USUAL_OBJECT);
        json.push(b'{');
        Self(json)
    }

    /// Adds a field, where there is one.
    pub(super) fn json(mut self, key: &str, value: Option<impl AsRef<str>>) -> Self {
        if let Some(value) = value {
            self.key(key);
            self.0.extend_from_slice(value.as_ref().as_bytes());
        }
        self
    }

    /// Adds a string, where there is one.
    pub(super) fn text(mut self, key: &str, value: Option<impl AsRef<str>>) -> Self {
        if let Some(value) = value {
            self.key(key);
            quote(value.as_ref(), &mut self.0);
        }
        self
    }

    /// Adds a list of one string, where there is one.
    pub(super) fn listed(mut self, key: &str, value: Option<impl AsRef<str>>) -> Self {
        if let Some(value) = value {
            self.key(key);
            self.0.push(b'[');
            quote(value.as_ref(), &mut self.0);
            self.0.push(b']');
        }
        self
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        quote(key, &mut self.0);
        self.0.push(b':');
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push(b'}');
        written(self.0)
    }

    /// The object, unless nothing was added.
    pub(super) fn some(self) -> Option<String> {
        (self.0.len() > 1).then(|| self.finish())
    }
}

/// What was put together of texts, which makes it one.
fn written(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_default()
}

/// A JSON list of such values.
pub(super) fn list(values: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let mut list = String::new();
    for value in values {
        list.push(if list.is_empty() { '[' } else { ',' });
        list.push_str(value.as_ref());
    }
    (!list.is_empty()).then(|| list + "]")
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    let mut json = Vec::new();
    quote(text, &mut json);
    written(json)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::decode::testing::{fields, json as any_json};

    proptest! {
        #[test]
        fn gives_what_the_parser_gives(object in fields(json!({"a": "\u{e9}\n", "b": [1, {}], "c\"": null, "d": -1.5e3}))) {
            let parsed: Fields<'_> = serde_json::from_str(&object).unwrap();
            prop_assert_eq!(format!("{:?}", Fields::of(&object).unwrap()), format!("{parsed:?}"));
            if let Some((read, rest)) = Fields::at_start_of(&format!("{object}{{}}")) {
                prop_assert_eq!((format!("{read:?}"), rest), (format!("{parsed:?}"), "{}"));
            }
        }

        #[test]
        fn several_are_as_each_by_itself(keys in "[abAB]{0,6}", names in Just(vec!["a", "b", "c"]).prop_shuffle()) {
            let values = ["null", "1", "\"x\"", "{}"].into_iter().cycle();
            let object: Vec<String> = keys.chars().zip(values).map(|(key, value)| format!("\"{key}\":{value}")).collect();
            let object = format!("{{{}}}", object.join(","));
            let fields = Fields::of(&object).unwrap();
            let names: [&str; 3] = names.try_into().unwrap();
            prop_assert_eq!(fields.several(&names), names.map(|name| fields.raw(name)));
        }

        #[test]
        fn objects_in_objects_are_as_if_read_alone(object in fields(json!({"a": {"b": {"c": {"d": {"e": 1}}}}, "f": {}}))) {
            let (mut fields, mut parsed) = (Fields::of(&object).unwrap(), serde_json::from_str(&object).unwrap());
            for name in ["a", "b", "c", "d", "e"] {
                (fields, parsed) = (fields.object(name), Fields::object(&parsed, name));
                prop_assert_eq!(format!("{fields:?}"), format!("{parsed:?}"));
            }
        }

        #[test]
        fn very_many_fields_in_an_object_are_left_to_the_parser(inside in MOST_INSIDE - 3..MOST_INSIDE + 3) {
            let body = (0..inside).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",");
            let object = format!("{{\"body\":{{{body}}},\"verb\":\"get\"}}");
            let fields = Fields::of(&object).unwrap();
            prop_assert_eq!(fields.all.len() == 2, inside > MOST_INSIDE);
            prop_assert_eq!(fields.object("body").all().count(), inside);
            let verb = fields.text("verb");
            prop_assert_eq!(verb.as_deref(), Some("get"));
        }

        #[test]
        fn lists_and_strings_are_the_parsers(value in any_json(3)) {
            let text = value.to_string();
            let list = serde_json::from_str::<Vec<&RawValue>>(&text).unwrap_or_default();
            prop_assert_eq!(elements(&text), list.iter().map(|element| element.get()).collect::<Vec<_>>());
            prop_assert_eq!(string(&text).map(|text| text.0.into_owned()), serde_json::from_value(value.clone()).ok());
            if let Some(text) = value.as_str() {
                prop_assert_eq!(quoted(text), value.to_string());
            }
        }
    }
}
