//! Tests of usual YAML: what is written is what the parser makes of it.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::super::yaml::{Read, parsed};
use super::super::yaml_scalars::LONGEST_KEY;
use super::*;
use crate::decode::testing::json as any_json;

/// Whether a text is usual; then it is as the parser reads it.
fn is_usual(text: &str) -> bool {
    let (mut usual, mut any) = (b"before".to_vec(), b"before".to_vec());
    let is_usual = write(text, &mut usual);
    let read = if is_usual { parsed(text, true, &mut any) } else { Read::Whole };
    assert_eq!(
        (String::from_utf8_lossy(&usual), read),
        (String::from_utf8_lossy(&any), Read::Whole),
        "{text}"
    );
    is_usual
}

#[test]
fn what_programs_write_is_usual() {
    for text in [
        "a: 1\nb: ~\nc:\nd: -0.5\ne: 1e5\nf: true x\n1: null\n",
        "a:\n- b\n-\n- - c\n  -\n- d: 1\n  e:\n  - 2\nf: {}\n'g': []\n",
        "a:\n  - b:\n      c: d\n    e: f\n  - x\n\n\nb:   y  \n",
        "  - a: 1\n    b: 2\n  -   - x\n      - z\n",
        "a: it's a \"b\" c:d e#f\n  - g\n\n\n  h\nb: ::1\nc: -x\nd: ?y\n",
        "a: 'b c\n\n  d''e  \n  f'\n'@type': ''\n'b': '\n\n  '\n",
        "\"a\\u00e9\\U0001F600\": \"b\\\n  \\ c\\/\\x07\\N\\  \n  d\\\"\\\\\\n\\\n\n  e\\0\"\n",
        "a: |\n  b: \"c\"\n\n   d # e\n\nb: |-\n    x\n\nc: |+\n  y\n\n\nd: >-\n  a\n  b\n   c\n   d\n\n  e\n",
        "a:\n  long\nb:\n\n  - 'c'\nc:\n    \"d\"\n",
        "- |\n  a\n- >\n  b\n  c\n",
        "\u{e9}: \u{fffd}\u{a0}\u{ffee}\u{2028}\n",
    ] {
        assert!(is_usual(text), "{text}");
    }
    assert!(is_usual(&format!("{}: x\n", "k".repeat(LONGEST_KEY))));
    assert!(is_usual(&format!("{}x\n", "- ".repeat(MAX_DEPTH))));
}

#[test]
fn what_is_not_usual_is_left_to_the_parser() {
    for text in [
        "",
        "\n",
        "a: b",
        "a text\n",
        "'a'\n",
        "{}\n",
        "|\n  a\n",
        "a: &b c\n",
        "a: *b\n",
        "a: !b c\n",
        "&a b: c\n",
        "a: b # c\n",
        "# a\nb: c\n",
        "a: [1]\n",
        "a: {b: c}\n",
        "a:\tb\n",
        "\ta: b\n",
        "? a\n: b\n",
        "%YAML 1.2\n---\na: b\n",
        "---\na: b\n",
        "a: b\n...\n",
        "a: b\n---\nc: d\n",
        "a: b\r\n",
        "a: \u{7f}\n",
        "a: \u{85}\n",
        "a: \u{feff}\n",
        "a: \u{ffff}\n",
        "a : b\n",
        "a: b: c\n",
        "a: b:\n",
        "a: 'b': c\n",
        "a: - b\n",
        "a: b\n  c: d\n",
        "a: 'b\n",
        "a: 'b\nc'\n",
        "a: \"b\n---\nc\"\n",
        "a: 'b' c\n",
        "a: \"\\ud83d\\ude00\"\n",
        "a: \"\\ud83d\"\n",
        "a: \"\\q\"\n",
        "a: \"\\x4\"\n",
        "a: \"\\U00110000\"\n",
        "a: |2\n    b\n",
        "a: |\n\n  b\n",
        "a: |\nb: c\n",
        "a: |x\n  b\n",
        "a: b\n- c\n",
        "- a\nb: c\n",
        "-\nb: c\n",
        "  a: b\nc: d\n",
        "a:\n  b: c\n d: e\n",
        "a:\n    b\n  c: d\n",
        "a: @b\n",
        "a: `b\n",
        "a: ,b\n",
        "- %b\n",
        "a: \"b\n  c\": d\n",
        "- a\n - b: c\n",
        "'a\n  b': c\n",
    ] {
        assert!(!is_usual(text), "{text}");
    }
    assert!(!is_usual(&format!("{}: x\n", "k".repeat(LONGEST_KEY + 1))));
    assert!(!is_usual(&format!("{}x\n", "- ".repeat(MAX_DEPTH + 1))));
}

#[test]
fn cases_are_read_as_the_parser_does() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/containers");
    let mut usual = 0;
    for entry in walkdir::WalkDir::new(folder) {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(path).unwrap();
            let documents = text.split("---\n").map(str::to_owned);
            let elements = text.split("\n- ").map(|element| format!("- {element}\n"));
            usual += documents.chain(elements).filter(|text| is_usual(text)).count();
        }
    }
    assert!(usual > 10, "{usual}");
}

/// Writes values, as a program that makes these choices one after the other does.
struct Program<'c> {
    choices: std::iter::Cycle<std::slice::Iter<'c, usize>>,
    yaml: String,
}

impl Program<'_> {
    fn choose(&mut self, count: usize) -> usize {
        self.choices.next().map_or(0, |choice| choice % count)
    }

    fn indent(&mut self, column: usize) {
        self.yaml.extend(std::iter::repeat_n(' ', column));
    }

    /// A mapping or a list from this column on.
    fn nested(&mut self, value: &Value, column: usize) {
        let fields = value.as_object().into_iter().flatten().map(|(key, value)| (Some(key), value));
        let elements = value.as_array().into_iter().flatten().map(|value| (None, value));
        for (number, (key, value)) in fields.chain(elements).enumerate() {
            if number > 0 {
                self.indent(column);
            }
            match key {
                Some(key) => {
                    let key = if self.choose(2) == 0 && is_word(key) { key.clone() } else { escaped(key) };
                    self.yaml.push_str(&key);
                    self.yaml.push(':');
                }
                None => self.yaml.push('-'),
            }
            self.value(value, column, key.is_some());
        }
    }

    fn value(&mut self, value: &Value, column: usize, is_of_key: bool) {
        let is_empty =
            value.as_array().is_some_and(Vec::is_empty) || *value == Value::Object(serde_json::Map::new());
        if !(value.is_array() || value.is_object()) || is_empty {
            return self.scalar(value, column);
        }
        let further = if is_of_key && value.is_array() { self.choose(3) } else { 1 + self.choose(3) };
        if is_of_key || self.choose(4) == 0 {
            self.yaml.push('\n');
            self.indent(column + further);
            self.nested(value, column + further);
        } else {
            self.indent(further);
            self.nested(value, column + 1 + further);
        }
    }

    fn scalar(&mut self, value: &Value, column: usize) {
        if value.is_null() && self.choose(2) == 0 {
            return self.yaml.push('\n');
        }
        let place = self.choose(8);
        if place == 0 {
            self.yaml.push('\n');
        }
        self.indent(if place == 0 { column + 1 } else { 1 });
        let text = match value {
            Value::String(text) => self.text(text, column),
            value => value.to_string(),
        };
        self.yaml.push_str(&text);
        self.yaml.push('\n');
    }

    fn text(&mut self, text: &str, column: usize) -> String {
        let ends =
            [" ", &format!(" \n{}", " ".repeat(column + 2)), &format!("\n\n \n{}", " ".repeat(column + 1))];
        let is_printable = is_printable(text.as_bytes());
        match self.choose(5) {
            0 if text.split(' ').all(is_word) => text.replace(' ', ends[self.choose(3)]),
            1 if is_printable && !text.contains('\n') => {
                format!("'{}'", text.replace('\'', "''").replace(' ', ends[self.choose(3)]))
            }
            2 if is_printable && !text.is_empty() && !text.starts_with([' ', '\n']) => {
                let header = ["|", "|-", "|+", ">", ">-", ">+"][self.choose(6)];
                let end = format!("\n{}", " ".repeat(column + 1 + self.choose(3)));
                format!("{header}{end}{}", text.replace('\n', &end))
            }
            3 => escaped(text).replace(' ', &format!("\\{}\\ ", ends[1].trim_start_matches(' '))),
            _ => escaped(text),
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// In quotes, with nothing in it that is not ASCII.
fn escaped(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        '"' | '\\' => format!("\\{character}"),
        '\n' => "\\n".to_owned(),
        ' '..='~' => character.to_string(),
        ..='\u{ff}' => format!("\\x{:02x}", u32::from(character)),
        ..='\u{ffff}' => format!("\\u{:04X}", u32::from(character)),
        _ => format!("\\U{:08x}", u32::from(character)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn written() -> impl Strategy<Value = String> {
    let value = any_json(4).prop_map(|value| serde_json::json!({"a": value, "b": [value]}));
    (value, prop::collection::vec(0_usize..24, 1..40), 0_usize..3).prop_map(|(value, choices, column)| {
        let mut program = Program { choices: choices.iter().cycle(), yaml: " ".repeat(column) };
        program.nested(if choices.len() % 2 == 0 { &value } else { &value["b"] }, column);
        program.yaml
    })
}

const BITS: &[&str] = &[
    "\n", " ", "  ", "- ", ":", ": ", "'", "\"", "\\", " #", "{}", "[", "|\n", ">-\n", "? ", "&a ", "*a",
    "!", "---\n", "...", "\t", "\r", "\u{85}", "\u{feff}", "\u{e9}", "\n\n", "\n ", "\n- ", "\na: ", "a:\n",
    "null", "1", "\\u12", "\\xe9", "\\\n",
];

proptest! {
    #[test]
    fn whatever_programs_write_is_usual(text in written()) {
        prop_assert!(is_usual(&text), "{text}");
    }

    #[test]
    fn changed_texts_are_read_as_the_parser_does(
        text in written(),
        changes in prop::collection::vec((any::<Index>(), 0_usize..6, prop::sample::select(BITS)), 1..5),
    ) {
        let mut characters: Vec<char> = text.chars().collect();
        for (at, removed, bit) in changes {
            let at = at.index(characters.len() + 1);
            let end = (at + removed.saturating_sub(2)).min(characters.len());
            characters.splice(at..end, bit.chars());
        }
        is_usual(&characters.into_iter().collect::<String>());
    }

    #[test]
    fn lines_in_any_order_are_read_as_the_parser_does(
        text in written(),
        moves in prop::collection::vec((any::<Index>(), any::<Index>(), 0_usize..4), 1..4),
    ) {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        for (from, to, further) in moves {
            let line = lines.remove(from.index(lines.len()));
            let line = if further == 3 { line.trim_start_matches(' ').to_owned() } else { " ".repeat(further) + &line };
            lines.insert(to.index(lines.len() + 1), line);
        }
        is_usual(&lines.concat());
    }

    #[test]
    fn any_text_is_read_as_the_parser_does(text in "[ \n:ab'\"|>#!?\\\\-]{0,40}\n") {
        is_usual(&text);
    }
}
