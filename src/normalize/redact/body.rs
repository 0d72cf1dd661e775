//! Redaction by structure: a body is walked once, and the spans that hold secret values are
//! replaced in its text. Everything else keeps its bytes, its order and its numbers' spelling.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::IgnoredAny;

use super::text::string_end;
use super::{Context, text};

/// What a body becomes that should be walked but is not JSON.
const REDACTED_BODY: &str = "\"REDACTED\"";

static SECRET: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Secret"));
static STRING_DATA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("tringData"));
static TOKEN_KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("token"));
static ESCAPED_ASCII: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u00"));

/// Masks the secret values in a body or in an annotations object, given as JSON text.
///
/// Masked are the values, whatever their type and however deep, under `data`, `stringData`,
/// `token` and the last-applied annotation of Secrets, at any depth (a List, a Table's rows, a
/// patch); `stringData` and a `token` string wherever they stand; a JSON patch's `value` on a
/// Secret; strings that hold the JSON of a Secret; and JSON web tokens. Names of keys and nulls
/// stay: a null in a patch deletes a key. A body that looks as if it held such a value but is not
/// JSON is replaced whole.
pub fn body(json: &str, context: Context) -> Cow<'_, str> {
    if context == Context::Other && !mentions_secret(json.as_bytes()) {
        return text(json);
    }
    if serde_json::from_str::<IgnoredAny>(json).is_err() {
        return Cow::Owned(REDACTED_BODY.to_owned());
    }
    match splice(json, &Walk::new(json, context).masks()) {
        Some(masked) => match text(&masked) {
            Cow::Owned(twice) => Cow::Owned(twice),
            Cow::Borrowed(_) => Cow::Owned(masked),
        },
        None => text(json),
    }
}

/// Whether a text can hold a secret value by structure. Cheap, and right about every text that
/// does: most bodies pass here and are not walked.
fn mentions_secret(json: &[u8]) -> bool {
    names_secret_kind(json)
        || STRING_DATA.find(json).is_some()
        || TOKEN_KEY.find_iter(json).any(|at| is_key_end(&json[at + 5..]))
        // A patch is logged as its client wrote it, and may spell a letter of a key as \u0061;
        // what the API server writes has such escapes only for < > & and control characters.
        || ESCAPED_ASCII.find_iter(json).any(|at| matches!(json.get(at + 4), Some(b'4'..=b'7')))
}

/// Whether some string is `Secret` or `SecretList`, alone or after a dot (GKE's `@type`), at any
/// depth of JSON inside strings.
fn names_secret_kind(json: &[u8]) -> bool {
    SECRET.find_iter(json).any(|at| {
        let before = at.checked_sub(1).map(|before| json[before]);
        let after = &json[at + b"Secret".len()..];
        let after = after.strip_prefix(b"List").unwrap_or(after);
        matches!(before, Some(b'"' | b'.')) && matches!(after.first(), Some(b'"' | b'\\'))
    })
}

/// Whether `"` and `:` follow, with the backslashes of JSON inside strings.
fn is_key_end(after: &[u8]) -> bool {
    let quote = after.iter().position(|&b| b != b'\\').unwrap_or(after.len());
    let Some(rest) = after[quote..].strip_prefix(b"\"") else { return false };
    rest.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b':')
}

/// When a value has to be masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sensitive {
    Never,
    /// When an object around it turns out to be a Secret.
    InSecret,
    Always,
}

/// A value to mask, once it is known that it stands in a Secret.
#[derive(Debug)]
struct Mask {
    span: Range<usize>,
    confirmed: bool,
}

/// An object or array that is still open.
#[derive(Debug)]
struct Frame<'a> {
    object: bool,
    /// The object's own kind is Secret or SecretList.
    secret: bool,
    /// What is masked of the scalars below, whatever their keys.
    under: Sensitive,
    /// The key whose value comes next; none where a key comes next.
    key: Option<Cow<'a, str>>,
    /// The first of the masks that lie in this frame.
    first_mask: usize,
}

/// One pass over JSON known to be valid. The stack is on the heap: depth costs memory only.
struct Walk<'a> {
    json: &'a str,
    at: usize,
    context: Context,
    stack: Vec<Frame<'a>>,
    masks: Vec<Mask>,
}

impl<'a> Walk<'a> {
    fn new(json: &'a str, context: Context) -> Self {
        Self { json, at: 0, context, stack: Vec::new(), masks: Vec::new() }
    }

    /// The spans to mask, in order.
    fn masks(mut self) -> Vec<Range<usize>> {
        while let Some(&byte) = self.json.as_bytes().get(self.at) {
            match byte {
                b'{' | b'[' => self.open(byte == b'{'),
                b'}' | b']' => self.close(),
                b'"' => self.string(),
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                _ => self.literal(),
            }
        }
        if self.context == Context::Secret {
            self.confirm(0);
        }
        self.masks.into_iter().filter(|mask| mask.confirmed).map(|mask| mask.span).collect()
    }

    fn open(&mut self, object: bool) {
        let under = match self.take_key() {
            Some(key) => self.under().max(sensitive_key(&key)),
            None => self.under(),
        };
        self.stack.push(Frame { object, secret: false, under, key: None, first_mask: self.masks.len() });
        self.at += 1;
    }

    fn close(&mut self) {
        if let Some(frame) = self.stack.pop()
            && frame.secret
        {
            self.confirm(frame.first_mask);
        }
        self.at += 1;
    }

    fn string(&mut self) {
        let close = string_end(self.json.as_bytes(), self.at + 1);
        let span = self.at..(close + 1).min(self.json.len());
        self.at = span.end;
        let content = &self.json[span.start + 1..span.end - 1];
        if let Some(frame) = self.stack.last_mut()
            && frame.object
            && frame.key.is_none()
        {
            frame.key = Some(unescape(content));
            return;
        }
        let mut sensitive = self.under();
        match self.take_key() {
            Some(key) if matches!(&*key, "kind" | "@type") => self.note_kind(&unescape(content)),
            Some(key) if key == "token" => sensitive = Sensitive::Always,
            Some(key) => sensitive = sensitive.max(sensitive_key(&key)),
            // A body that is one string says nothing of itself.
            None if self.stack.is_empty() => sensitive = Sensitive::InSecret,
            None => {}
        }
        self.mask(span, sensitive.max(sensitive_string(content)));
    }

    fn literal(&mut self) {
        let rest = &self.json.as_bytes()[self.at..];
        let length = rest.iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(rest.len());
        let length = rest[..length].trim_ascii_end().len().max(1);
        let span = self.at..self.at + length;
        self.at = span.end;
        let sensitive = match self.take_key() {
            Some(key) => self.under().max(sensitive_key(&key)),
            None => self.under(),
        };
        if &self.json[span.clone()] != "null" {
            self.mask(span, sensitive);
        }
    }

    /// The key of the value at hand, so that the next string in this object is a key again.
    fn take_key(&mut self) -> Option<Cow<'a, str>> {
        self.stack.last_mut().and_then(|frame| frame.key.take())
    }

    fn under(&self) -> Sensitive {
        self.stack.last().map_or(Sensitive::Never, |frame| frame.under)
    }

    fn note_kind(&mut self, kind: &str) {
        let kind = kind.rsplit('.').next().unwrap_or(kind);
        if let Some(frame) = self.stack.last_mut()
            && matches!(kind, "Secret" | "SecretList")
        {
            frame.secret = true;
        }
    }

    fn mask(&mut self, span: Range<usize>, sensitive: Sensitive) {
        if sensitive > Sensitive::Never && !matches!(&self.json[span.clone()], "\"\"" | REDACTED_BODY) {
            self.masks.push(Mask { span, confirmed: sensitive == Sensitive::Always });
        }
    }

    fn confirm(&mut self, first: usize) {
        self.masks[first..].iter_mut().for_each(|mask| mask.confirmed = true);
    }
}

fn sensitive_key(key: &str) -> Sensitive {
    if key.eq_ignore_ascii_case("stringData") {
        return Sensitive::Always;
    }
    let named = ["data", "token", "value"].iter().any(|name| key.eq_ignore_ascii_case(name));
    if named || key.ends_with("last-applied-configuration") { Sensitive::InSecret } else { Sensitive::Never }
}

/// Strings that hold JSON: annotations in which tools keep a copy of the object, and the patches
/// that admission webhooks leave in the audit event's annotations.
fn sensitive_string(content: &str) -> Sensitive {
    if !unescape(content).trim_start().starts_with(['{', '[']) {
        Sensitive::Never
    } else if mentions_secret(content.as_bytes()) {
        Sensitive::Always
    } else {
        Sensitive::InSecret
    }
}

fn unescape(content: &str) -> Cow<'_, str> {
    if !content.contains('\\') {
        return Cow::Borrowed(content);
    }
    serde_json::from_str(&format!("\"{content}\"")).map_or(Cow::Borrowed(content), Cow::Owned)
}

fn splice(json: &str, masks: &[Range<usize>]) -> Option<String> {
    if masks.is_empty() {
        return None;
    }
    let mut masked = String::with_capacity(json.len());
    let mut kept = 0;
    for span in masks {
        masked.push_str(&json[kept..span.start]);
        masked.push_str(REDACTED_BODY);
        kept = span.end;
    }
    masked.push_str(&json[kept..]);
    Some(masked)
}
