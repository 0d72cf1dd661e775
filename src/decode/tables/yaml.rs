//! YAML to JSON, by the events of a parser.
//!
//! A scalar that is not quoted is null, true, false or a number only where every version of YAML says so and JSON writes it
//! in the same way. Any other is the text that it is: an id such as `1e5` is not quoted by who writes YAML 1.1, and a
//! number in 1.2.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use super::guarded;
use super::window::LONGEST;
use super::yaml_usual;
use crate::decode::strings::quote;

/// What a text turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Whole,
    /// It ends, or cannot be read on, inside a value: so does the JSON then.
    Cut,
    /// It has no value, or null.
    Nothing,
}

/// Appends the JSON of the document that a text is. One that is nothing but a text is no record, and can be the end of a
/// value whose begin is elsewhere, a secret's for one: of it there is no more than a quote. `is_end` says that nothing
/// follows the text: one whose last line has no end was cut then.
pub(super) fn to_json(text: &str, is_end: bool, json: &mut Vec<u8>) -> Read {
    if yaml_usual::write(text, json) { Read::Whole } else { parsed(text, is_end, json) }
}

/// The same of any text.
pub(super) fn parsed(text: &str, is_end: bool, json: &mut Vec<u8>) -> Read {
    let start = json.len();
    // Where the parser panics, that is a record that cannot be read, and no other one's matter.
    guarded::guarded(|| Ok::<_, io::Error>(read(text, is_end, json))).unwrap_or_else(|_| {
        json.truncate(start);
        json.push(b'"');
        Read::Cut
    })
}

fn read(text: &str, is_end: bool, json: &mut Vec<u8>) -> Read {
    let mut options = Options::default();
    options.set_emit_comments(false);
    // As who wrote it has it.
    options.block_scalar_eof_without_line_feed = true;
    let mut writer = Writer::new(json);
    for event in Parser::new_from_str_with_options(text, options) {
        match event.map_or(Step::Broken, |(event, _)| writer.event(event)) {
            Step::On => {}
            Step::End => return writer.end(is_end && !text.ends_with('\n')),
            Step::Broken => break,
        }
    }
    writer.broken()
}

enum Step {
    On,
    End,
    /// JSON has nothing like it.
    Broken,
}

/// A mapping or a list that is open.
struct Open {
    is_map: bool,
    /// It has a bracket where it ends.
    is_flow: bool,
    /// Next comes a key.
    is_key: bool,
    is_empty: bool,
    anchor: usize,
    start: usize,
}

/// The JSON of what stands last in the text.
struct Leaf {
    of: Range<usize>,
    /// Neither a quote nor a bracket tells its end.
    is_bare: bool,
}

struct Writer<'j> {
    json: &'j mut Vec<u8>,
    start: usize,
    open: Vec<Open>,
    /// The JSON of values that aliases stand for.
    anchors: HashMap<usize, Range<usize>>,
    last: Option<Leaf>,
}

impl<'j> Writer<'j> {
    fn new(json: &'j mut Vec<u8>) -> Self {
        let start = json.len();
        Self { json, start, open: Vec::new(), anchors: HashMap::new(), last: None }
    }

    fn event(&mut self, event: Event<'_>) -> Step {
        match event {
            Event::StreamEnd => return Step::End,
            Event::DocumentStart(..) if self.json.len() > self.start => return Step::Broken,
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                if self.open.is_empty() && !(is_plain && is_literal(&text)) {
                    return Step::Broken;
                }
                let start = self.begin();
                if is_plain && !self.is_key() && is_literal(&text) {
                    self.json.extend_from_slice(literal(&text).as_bytes());
                } else {
                    quote(&text, self.json);
                }
                self.passed(start, !matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
                self.value(start, anchor);
            }
            Event::MappingStart(style, anchor, _) => return self.enter(true, style, anchor),
            Event::SequenceStart(style, anchor, _) => return self.enter(false, style, anchor),
            Event::MappingEnd | Event::SequenceEnd => self.leave(),
            Event::Alias(anchor) => {
                let Some(of) = self.anchors.get(&anchor).cloned() else { return Step::Broken };
                let start = self.begin();
                if self.is_key() && self.json.get(of.start) != Some(&b'"') {
                    return Step::Broken;
                }
                // Of aliases in aliases few bytes would become any number.
                if self.json.len() + of.len() > self.start + LONGEST {
                    return Step::Broken;
                }
                self.json.extend_from_within(of);
                self.passed(start, false);
                self.value(start, 0);
            }
            _ => {}
        }
        Step::On
    }

    fn is_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_key)
    }

    /// Makes room for the next key or value; gives where it stands.
    fn begin(&mut self) -> usize {
        if let Some(open) = self.open.last_mut()
            && (!open.is_map || open.is_key)
            && !std::mem::take(&mut open.is_empty)
        {
            self.json.push(b',');
        }
        self.json.len()
    }

    /// A key or a value that began at `start` is whole.
    fn value(&mut self, start: usize, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, start..self.json.len());
        }
        if let Some(open) = self.open.last_mut().filter(|open| open.is_map) {
            if open.is_key {
                self.json.push(b':');
            }
            open.is_key = !open.is_key;
        }
    }

    fn passed(&mut self, start: usize, is_bare: bool) {
        self.last = Some(Leaf { of: start..self.json.len(), is_bare });
    }

    fn enter(&mut self, is_map: bool, style: StructureStyle, anchor: usize) -> Step {
        if self.is_key() {
            return Step::Broken;
        }
        let start = self.begin();
        self.json.push(if is_map { b'{' } else { b'[' });
        let is_flow = style == StructureStyle::Flow;
        self.open.push(Open { is_map, is_flow, is_key: is_map, is_empty: true, anchor, start });
        Step::On
    }

    fn leave(&mut self) {
        let Some(Open { is_map, is_flow, anchor, start, .. }) = self.open.pop() else { return };
        self.json.push(if is_map { b'}' } else { b']' });
        if is_flow {
            self.passed(start, false);
        }
        self.value(start, anchor);
    }

    fn end(&mut self, is_cut: bool) -> Read {
        if matches!(&self.json[self.start..], b"" | b"null") {
            self.json.truncate(self.start);
            return Read::Nothing;
        }
        let Some(Leaf { of, is_bare }) = self.last.take().filter(|_| is_cut) else { return Read::Whole };
        self.json.truncate(of.end);
        if of.start == self.start {
            return self.broken();
        }
        // Inside a string, also where what is there of it looks like a number.
        if is_bare && self.json.pop_if(|byte| *byte == b'"').is_none() {
            self.json.insert(of.start, b'"');
        }
        Read::Cut
    }

    /// What follows cannot be read. A value that is whole before it loses its end, and where there is none one begins.
    fn broken(&mut self) -> Read {
        if self.open.is_empty() && self.json.len() > self.start {
            self.json.pop();
        }
        if self.json.len() == self.start {
            self.json.push(b'"');
        }
        Read::Cut
    }
}

/// Whether a scalar without quotes is no text.
pub(super) fn is_literal(text: &str) -> bool {
    // Most begin like none.
    matches!(text.as_bytes(), [] | [b'~' | b'n' | b't' | b'f' | b'-' | b'0'..=b'9', ..])
        && (matches!(text, "" | "~" | "null" | "true" | "false") || is_number(text))
}

/// What it is in JSON then.
pub(super) fn literal(text: &str) -> Cow<'_, str> {
    if matches!(text, "" | "~") { "null".into() } else { text.into() }
}

/// Digits as JSON has them, with a fraction or without.
fn is_number(text: &str) -> bool {
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    are_digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(are_digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::testing::json as any_json;

    fn written(text: &str, is_end: bool) -> (String, Read) {
        let mut json = b"before".to_vec();
        let read = to_json(text, is_end, &mut json);
        (String::from_utf8(json).unwrap().split_off("before".len()), read)
    }

    fn value(text: &str) -> Value {
        let (json, read) = written(text, true);
        assert_eq!(read, Read::Whole, "{json}");
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn scalars_are_what_every_version_of_yaml_says() {
        for text in [
            "1e5", "0x1f", "0o7", "007", "1_000", ".5", "5.", "+1", "yes", "No", "Null", "True", ".inf",
            "12:30:45",
        ] {
            assert_eq!(value(&format!("a: {text}\n")), json!({"a": text}));
        }
        let text = "a: 71\nb: -1.50\nc: true\nd: ~\ne:\nf: '71'\ng: !!str 71\nh: 2026-01-01T00:00:00Z\n";
        let (json, _) = written(text, true);
        assert_eq!(
            json,
            r#"{"a":71,"b":-1.50,"c":true,"d":null,"e":null,"f":"71","g":"71","h":"2026-01-01T00:00:00Z"}"#
        );
        assert_eq!(value("1: a\ntrue: b\n"), json!({"1": "a", "true": "b"}));
    }

    #[test]
    fn long_and_quoted_texts_are_read_as_they_are_meant() {
        let text = "a: one\n  two\nb: |\n  x: 1\n  y\nc: >-\n  x\n  y\nd: 'it''s'\ne: \"\\u00e9\\n\"\n";
        let expected = json!({"a": "one two", "b": "x: 1\ny\n", "c": "x y", "d": "it's", "e": "\u{e9}\n"});
        assert_eq!(value(text), expected);
    }

    #[test]
    fn aliases_are_what_they_stand_for() {
        let text = "a: &one {b: [1, &two x]}\nc: *one\nd:\n- *two\n*two : y\n";
        let expected = json!({"a": {"b": [1, "x"]}, "c": {"b": [1, "x"]}, "d": ["x"], "x": "y"});
        assert_eq!(value(text), expected);
    }

    #[test]
    fn aliases_do_not_multiply_without_end() {
        let mut text = format!("a0: &a0 {}\n", "x".repeat(1000));
        for level in 1..40 {
            text += &format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1);
        }
        let mut json = Vec::new();
        assert_eq!(to_json(&text, true, &mut json), Read::Cut);
        assert!(json.len() <= LONGEST);
    }

    #[test]
    fn an_alias_of_what_it_stands_in_breaks_off() {
        assert_eq!(written("a: 1\nb: &b [1, *b]\n", true), (r#"{"a":1,"b":[1"#.to_owned(), Read::Cut));
    }

    #[test]
    fn what_json_cannot_have_breaks_off() {
        for (text, json) in [
            ("a: 1\n? [b]\n: 2\n", r#"{"a":1"#),
            ("a: 1\nb: 'x\n", r#"{"a":1,"b":"#),
            ("a: 1\n\tb: 2\n", r#"{"a":"#),
            ("a: [1, 2\n", r#"{"a":[1"#),
            ("\tx: {\n", r#"{"x":{"#),
            ("]\n", "\""),
            ("{a: 1} b\n", r#"{"a":1"#),
        ] {
            assert_eq!(written(text, true), (json.to_owned(), Read::Cut), "{text:?}");
        }
        let deep = format!("a: 1\nb: {}", "[".repeat(100_000));
        assert_eq!(written(&deep, true).1, Read::Cut);
    }

    #[test]
    fn a_text_alone_is_not_kept() {
        for text in ["a text\n", "'a'\n", "|\n  text\n", "&a text\n"] {
            assert_eq!(written(text, true), ("\"".to_owned(), Read::Cut), "{text:?}");
        }
    }

    #[test]
    fn nothing_is_no_value() {
        for text in ["", "---\n", "# only this\n", "--- ~\n", "...\n"] {
            assert_eq!(written(text, true), (String::new(), Read::Nothing), "{text:?}");
        }
    }

    #[test]
    fn what_has_no_end_of_its_last_line_was_cut() {
        for (text, json) in [
            ("a: {b: c}\nd: 'e'", r#"{"a":{"b":"c"},"d":"e""#),
            ("a:\n  b: {}", r#"{"a":{"b":{}"#),
            ("{a: {b: c}}", r#"{"a":{"b":"c"}"#),
            ("a: {b: c}\nd: secr", r#"{"a":{"b":"c"},"d":"secr"#),
            ("a:\n- b: 17", r#"{"a":[{"b":"17"#),
            ("a: |\n  {\"k\"", r#"{"a":"{\"k\""#),
        ] {
            assert_eq!(written(text, true), (json.to_owned(), Read::Cut));
            assert_eq!(written(text, false).1, Read::Whole);
        }
    }

    proptest! {
        /// JSON is YAML, but for what stands for itself outside strings.
        #[test]
        fn json_is_read_as_it_is(json in any_json(4)) {
            let text = serde_json::to_string_pretty(&json).unwrap();
            let mut written = Vec::new();
            let read = to_json(&(text + "\n"), true, &mut written);
            if read == Read::Whole {
                let mut read: Value = serde_json::from_slice(&written).unwrap();
                numbers_as_text(&mut read);
                let mut json = json;
                numbers_as_text(&mut json);
                prop_assert_eq!(read, json);
            }
        }

        #[test]
        fn any_text_gives_json_or_the_begin_of_it(text in "[ \n:{}\\[\\],&*a'\"|>#!?-]{0,60}", is_end: bool) {
            let mut json = Vec::new();
            match to_json(&text, is_end, &mut json) {
                Read::Whole => {
                    serde_json::from_slice::<serde::de::IgnoredAny>(&json).unwrap();
                }
                Read::Cut => {
                    let error = serde_json::from_slice::<serde::de::IgnoredAny>(&json).unwrap_err();
                    prop_assert!(error.is_eof(), "{}", String::from_utf8_lossy(&json));
                }
                Read::Nothing => prop_assert!(json.is_empty()),
            }
        }
    }

    fn numbers_as_text(value: &mut Value) {
        match value {
            Value::Number(number) => *value = Value::String(number.to_string()),
            Value::Array(values) => values.iter_mut().for_each(numbers_as_text),
            Value::Object(fields) => fields.values_mut().for_each(numbers_as_text),
            _ => {}
        }
    }
}
