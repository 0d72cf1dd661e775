//! What a record looks like from outside: enough to tell its container.

use super::fields::{Fields, string};
use super::wire::Text;

/// A record's outside. A null is as good as absent.
pub(super) enum Shape<'a> {
    Line(&'a str),
    Object(&'a Fields<'a>),
}

impl<'a> Shape<'a> {
    /// The line, where it is no object.
    pub(super) fn line(&self) -> Option<&'a str> {
        match self {
            Self::Line(line) => Some(line),
            Self::Object(_) => None,
        }
    }

    /// Whether the object has a key at its top.
    pub(super) fn has(&self, key: &str) -> bool {
        matches!(self, Self::Object(fields) if fields.all().any(|(known, value)| known == key && value != "null"))
    }

    /// Whether the object has a single key.
    pub(super) fn is_alone(&self) -> bool {
        matches!(self, Self::Object(fields) if fields.all().filter(|(_, value)| *value != "null").count() == 1)
    }

    /// `kind` and `apiVersion`, the values that Kubernetes names its types by.
    pub(super) fn type_meta(&self) -> (Option<Text<'a>>, Option<Text<'a>>) {
        match self {
            Self::Line(_) => (None, None),
            Self::Object(fields) => (text_of(fields, "kind"), text_of(fields, "apiVersion")),
        }
    }
}

/// All that a [`Shape`] tells of an object: its keys, which of them are null, and what names its type.
#[derive(Debug, Clone, Default)]
pub(super) struct Outline(Vec<u8>);

impl Outline {
    pub(super) fn set(&mut self, fields: &Fields<'_>) {
        self.0.clear();
        fields.all().flat_map(outline).for_each(|part| self.0.extend_from_slice(part));
    }

    pub(super) fn is_of(&self, fields: &Fields<'_>) -> bool {
        let mut rest = self.0.as_slice();
        let mut goes_on = |part| rest.strip_prefix(part).inspect(|left| rest = left).is_some();
        fields.all().flat_map(outline).all(&mut goes_on) && rest.is_empty()
    }
}

/// A field in an outline, with bytes between its parts that stand in no text.
fn outline<'f>((key, value): (&'f str, &'f str)) -> [&'f [u8]; 4] {
    let named = if matches!(key, "kind" | "apiVersion") { value } else { "" };
    let mark: &[u8] = if value == "null" { b"\xfe" } else { b"\xff" };
    [key.as_bytes(), mark, named.as_bytes(), b"\xff"]
}

/// The text of the last of such fields.
fn text_of<'a>(fields: &Fields<'a>, name: &str) -> Option<Text<'a>> {
    fields.last(name).and_then(string)
}
