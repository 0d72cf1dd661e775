//! Records whose fields have other names or lie elsewhere than an Event's: read by name, and put together again as an
//! Event's JSON. Values stay text all the way, so a body costs a copy and its nesting nothing.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::containers::kube_apiserver::parse;
use super::decoder::{Job, json_failure};
use super::wire::{Context, Failure, Text};

/// An object's fields, in their order.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'a> Fields<'a> {
    pub(super) fn of(json: &'a str) -> Result<Self, Failure> {
        if !json.starts_with('{') {
            return Err(Failure::NotMine);
        }
        serde_json::from_str(json).map_err(|error| json_failure(&error, json))
    }

    /// A field's JSON; `None` for null. Case doesn't matter: exports write their columns as they like.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(key, _)| key.0.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.get()).filter(|json| *json != "null")
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
        if !raw.starts_with('"') {
            return Some(Cow::Borrowed(raw));
        }
        scalar(raw).filter(|text| is_json(text))
    }

    /// The fields of a nested object; none where it is no object.
    pub(super) fn object(&self, name: &str) -> Fields<'a> {
        self.raw(name).and_then(|raw| Self::of(raw).ok()).unwrap_or_default()
    }
}

/// The text of a JSON string or number.
pub(super) fn scalar(json: &str) -> Option<Cow<'_, str>> {
    let text = match json.as_bytes().first()? {
        b'"' => serde_json::from_str::<Text<'_>>(json).ok()?.0,
        b'{' | b'[' => return None,
        _ => Cow::Borrowed(json),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The elements of a JSON list, as text.
pub(super) fn elements(json: &str) -> Vec<&str> {
    let list: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    list.into_iter().map(RawValue::get).collect()
}

/// Only what is whole may be put into a record that is put together.
fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(text).is_ok()
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
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// An object that is put together.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a field, where there is one.
    pub(super) fn json(mut self, key: &str, value: Option<impl AsRef<str>>) -> Self {
        if let Some(value) = value {
            let comma = if self.0.len() > 1 { "," } else { "" };
            self.0.push_str(comma);
            self.0.push_str(&quoted(key));
            self.0.push(':');
            self.0.push_str(value.as_ref());
        }
        self
    }

    /// Adds a string, where there is one.
    pub(super) fn text(self, key: &str, value: Option<impl AsRef<str>>) -> Self {
        self.json(key, value.map(|value| quoted(value.as_ref())))
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// The object, unless nothing was added.
    pub(super) fn some(self) -> Option<String> {
        (self.0.len() > 1).then(|| self.finish())
    }
}

/// A JSON list of such values.
pub(super) fn list(values: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
    (!values.is_empty()).then(|| format!("[{}]", values.join(",")))
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Hands out an Event that was put together from a record; `truncated` where a body was left out of it.
pub(super) fn hand_out(
    job: &mut Job<'_>,
    event: &str,
    record: &str,
    context: &Context<'_>,
    truncated: bool,
) -> Result<(), Failure> {
    let mut event = parse(event)?.into_audit(record, context)?;
    event.truncated |= truncated;
    job.event(&event);
    Ok(())
}
