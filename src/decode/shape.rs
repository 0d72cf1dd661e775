//! What a record looks like from outside: enough to tell its container.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::wire::Text;

/// A record's outside.
pub(super) enum Shape<'a> {
    Line(&'a str),
    Object(Object<'a>),
}

/// An object's keys, and the two values that Kubernetes names its types by. A null is as good as absent.
#[derive(Default)]
pub(super) struct Object<'a> {
    keys: Vec<Text<'a>>,
    kind: Option<Text<'a>>,
    api_version: Option<Text<'a>>,
}

impl<'a> Shape<'a> {
    /// Reads the shape; an object must be valid JSON to its end.
    pub(super) fn of(record: &'a str) -> Result<Self, serde_json::Error> {
        if record.starts_with('{') {
            serde_json::from_str(record).map(Self::Object)
        } else {
            Ok(Self::Line(record))
        }
    }

    /// The line, where it is no object.
    pub(super) fn line(&self) -> Option<&'a str> {
        match self {
            Self::Line(line) => Some(line),
            Self::Object(_) => None,
        }
    }

    /// Whether the object has a key at its top.
    pub(super) fn has(&self, key: &str) -> bool {
        matches!(self, Self::Object(object) if object.keys.iter().any(|known| known.0 == key))
    }

    /// Whether the object has a single key.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self, Self::Object(object) if object.keys.len() == 1)
    }

    /// `kind` and `apiVersion`.
    pub(super) fn type_meta(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Line(_) => (None, None),
            Self::Object(object) => (
                object.kind.as_ref().map(|kind| kind.0.as_ref()),
                object.api_version.as_ref().map(|version| version.0.as_ref()),
            ),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let is_there = match key.0.as_ref() {
                "kind" => set(&mut object.kind, map.next_value()?),
                "apiVersion" => set(&mut object.api_version, map.next_value()?),
                _ => map.next_value::<Option<IgnoredAny>>()?.is_some(),
            };
            if is_there {
                object.keys.push(key);
            }
        }
        Ok(object)
    }
}

/// Keeps the text of a value; whether there is a value.
fn set<'a>(slot: &mut Option<Text<'a>>, value: Option<&'a RawValue>) -> bool {
    *slot = value.and_then(text);
    value.is_some()
}

/// A value's text; `None` where it is no string.
pub(super) fn text(value: &RawValue) -> Option<Text<'_>> {
    serde_json::from_str(value.get()).ok()
}
