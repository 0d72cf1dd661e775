//! What a record looks like from outside: enough to tell its container.

use super::fields::{Fields, string};
use super::wire::Text;

/// A record's outside. A null is as good as absent.
pub(super) enum Shape<'a> {
    Line(&'a str),
    Object { fields: &'a Fields<'a>, keys: Keys },
}

impl<'a> Shape<'a> {
    pub(super) fn object(fields: &'a Fields<'a>) -> Self {
        let keys = fields.all().filter(|(_, value)| *value != "null").map(|(key, _)| Keys::of(key));
        Self::Object { fields, keys: keys.fold(Keys::default(), Keys::and) }
    }

    /// The line, where it is no object.
    pub(super) fn line(&self) -> Option<&'a str> {
        match self {
            Self::Line(line) => Some(line),
            Self::Object { .. } => None,
        }
    }

    /// The fields, where it is an object.
    pub(super) fn fields(&self) -> Option<&'a Fields<'a>> {
        match self {
            Self::Line(_) => None,
            Self::Object { fields, .. } => Some(fields),
        }
    }

    /// Whether the object has a key at its top.
    pub(super) fn has(&self, key: &str) -> bool {
        matches!(self, Self::Object { fields, keys } if keys.may_have(key)
            && fields.all().any(|(known, value)| known == key && value != "null"))
    }

    /// Whether the object has one of these keys at its top.
    pub(super) fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    /// How many keys the object has.
    pub(super) fn count(&self) -> usize {
        self.fields().map_or(0, |fields| fields.all().filter(|(_, value)| *value != "null").count())
    }

    /// `kind` and `apiVersion`, the values that Kubernetes names its types by.
    pub(super) fn type_meta(&self) -> (Option<Text<'a>>, Option<Text<'a>>) {
        self.fields().map_or((None, None), |fields| (text_of(fields, "kind"), text_of(fields, "apiVersion")))
    }
}

/// Keys by a bit for each. Of those that are asked for nearly none is there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Keys(u128);

impl Keys {
    fn of(key: &str) -> Self {
        let byte = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
        let bytes = key.as_bytes();
        Self(1 << ((byte(bytes.first()) + 31 * byte(bytes.last()) + 7 * bytes.len()) % 128))
    }

    fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    fn may_have(self, key: &str) -> bool {
        self.0 & Self::of(key).0 != 0
    }
}

/// All that a [`Shape`] tells of an object: its keys, which of them are null, and what names its type.
#[derive(Debug, Clone, Default)]
pub(super) struct Outline(Vec<u8>);

impl Outline {
    pub(super) fn set(&mut self, fields: &Fields<'_>) {
        self.0.clear();
        for (key, value) in fields.all() {
            self.0.extend_from_slice(key.as_bytes());
            self.0.push(mark(value));
            if let Some(name) = named(key, value) {
                self.0.extend_from_slice(name.as_bytes());
                self.0.push(END);
            }
        }
    }

    pub(super) fn is_of(&self, fields: &Fields<'_>) -> bool {
        let mut rest = self.0.as_slice();
        fields.all().all(|field| behind(rest, field).inspect(|left| rest = left).is_some()) && rest.is_empty()
    }
}

/// Bytes behind the parts of a field in an outline, which stand in no text.
const NULL: u8 = 0xfe;
const END: u8 = 0xff;

fn mark(value: &str) -> u8 {
    if value == "null" { NULL } else { END }
}

/// What names the type of the object that has such a field.
fn named<'f>(key: &str, value: &'f str) -> Option<&'f str> {
    matches!(key, "kind" | "apiVersion").then_some(value)
}

/// What follows a field in an outline that goes on with it.
fn behind<'o>(outline: &'o [u8], (key, value): (&str, &str)) -> Option<&'o [u8]> {
    let (&marked, rest) = outline.strip_prefix(key.as_bytes())?.split_first()?;
    match named(key, value) {
        _ if marked != mark(value) => None,
        Some(name) => rest.strip_prefix(name.as_bytes())?.strip_prefix(&[END]),
        None => Some(rest),
    }
}

/// The text of the last of such fields.
fn text_of<'a>(fields: &Fields<'a>, name: &str) -> Option<Text<'a>> {
    fields.last(name).and_then(string)
}
