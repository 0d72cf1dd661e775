//! The only place where output is made safe for what reads it.
//!
//! Names, user agents, URIs and annotations are chosen by whoever sent the request. A terminal
//! obeys control sequences and reorders text at bidirectional marks, a spreadsheet runs what
//! looks like a formula. JSON keeps every value and only spells the same characters as `\u....`.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character is invisible, or changes how the text around it is shown.
///
/// Control characters (C0, DEL, C1), Unicode's format characters (category Cf: bidirectional
/// marks, zero-width joiners, tags), line and paragraph separators, and the other characters with
/// the property `Default_Ignorable_Code_Point` (UCD, DerivedCoreProperties.txt): variation
/// selectors and fillers, with which text is smuggled past a reader.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Text as a terminal may show it: hidden characters are spelled out, as `\n` or `\u{202e}`.
///
/// The answer holds no control character at all, so it is always one line.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            push_spelled(&mut shown, c);
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn push_spelled(shown: &mut String, c: char) {
    match c {
        '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
        _ => shown.extend(c.escape_unicode()),
    }
}

/// A CSV cell as a spreadsheet may open it: hidden characters spelled out, and an apostrophe
/// before what would run as a formula. Quoting is the CSV writer's.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let shown = terminal(text);
    if starts_formula(text) { Cow::Owned(format!("'{shown}")) } else { shown }
}

/// A list in one CSV cell: each element as [`csv_cell`], joined by `;`, with `;` and `\` inside
/// an element escaped by `\`.
pub fn csv_list<'a>(elements: impl IntoIterator<Item = &'a str>) -> String {
    let mut cell = String::new();
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            cell.push(';');
        }
        for c in csv_cell(element).chars() {
            if matches!(c, ';' | '\\') {
                cell.push('\\');
            }
            cell.push(c);
        }
    }
    cell
}

/// Apostrophes before a formula count as one of its starts: a reader can then always take one
/// apostrophe off again, and no value of the log is mistaken for a neutralised one.
fn starts_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Writes a hidden character as JSON's `\u....`, in two halves above U+FFFF.
pub(super) fn json_escape(c: char) -> String {
    let mut units = [0u16; 2];
    c.encode_utf16(&mut units).iter().fold(String::new(), |mut spelled, unit| {
        // Writing to a String cannot fail.
        let _ = write!(spelled, "\\u{unit:04x}");
        spelled
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text in which hostile characters are as likely as plain ones.
    fn hostile_text() -> impl Strategy<Value = String> {
        let hidden = prop::sample::select(vec![
            '\u{0}',
            '\t',
            '\r',
            '\n',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{61c}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{e0041}',
        ]);
        let marks = prop::sample::select(vec!['\'', '=', '+', '-', '@', ';', '\\', '"', ',', 'a']);
        prop::collection::vec(prop_oneof![hidden, marks, any::<char>()], 0..24)
            .prop_map(|chars| chars.into_iter().collect())
    }

    /// What a reader of the CSV does to get a list's elements back.
    fn split_list(cell: &str) -> Vec<String> {
        let mut elements = vec![String::new()];
        let mut chars = cell.chars();
        while let Some(c) = chars.next() {
            match (c, elements.last_mut()) {
                (';', _) => elements.push(String::new()),
                ('\\', Some(element)) => element.extend(chars.next()),
                (_, Some(element)) => element.push(c),
                (_, None) => unreachable!("there is always an element"),
            }
        }
        elements
    }

    fn without_apostrophe(cell: &str) -> &str {
        if starts_formula(cell) { &cell[1..] } else { cell }
    }

    #[test]
    fn spells_out_what_cannot_be_seen() {
        assert_eq!(terminal("a\u{1b}[31mb\u{202e}c\n\u{9b}d"), r"a\u{1b}[31mb\u{202e}c\n\u{9b}d");
        assert_eq!(terminal("plain, ünïcödé, 漢字, שלום"), "plain, ünïcödé, 漢字, שלום");
    }

    #[test]
    fn neutralises_cells_and_elements() {
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            assert!(csv_cell(&format!("{start}cmd|' /C calc'!A0")).starts_with('\''), "{start:?}");
        }
        assert_eq!(csv_cell("a=b"), "a=b");
        assert_eq!(csv_list(["=1", r"a;b\c", ""]), r"'=1;a\;b\\c;");
    }

    #[test]
    fn json_escapes_in_two_halves() {
        assert_eq!(json_escape('\u{202e}'), r"\u202e");
        assert_eq!(json_escape('\u{e0041}'), r"\udb40\udc41");
    }

    proptest! {
        #[test]
        fn a_terminal_never_gets_a_hidden_character(text in hostile_text()) {
            prop_assert!(!terminal(&text).chars().any(is_hidden));
            prop_assert!(!csv_cell(&text).chars().any(is_hidden));
        }

        #[test]
        fn no_element_starts_a_formula_and_all_come_back(
            texts in prop::collection::vec(hostile_text(), 1..6)
        ) {
            let texts: Vec<String> = texts.iter().map(|text| terminal(text).into_owned()).collect();
            let cell = csv_list(texts.iter().map(String::as_str));
            let elements = split_list(&cell);
            for element in &elements {
                prop_assert!(!element.starts_with(['=', '+', '-', '@', '\t', '\r']));
            }
            let back: Vec<&str> = elements.iter().map(|element| without_apostrophe(element)).collect();
            prop_assert_eq!(back, texts);
        }
    }
}
