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

/// Who opens the CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CsvReader {
    /// A spreadsheet, which runs what looks like a formula.
    #[default]
    Spreadsheet,
    /// A program, which wants no apostrophe that is not in the log. Hidden characters stay spelled out.
    Program,
}

/// A CSV cell as a spreadsheet may open it: hidden characters spelled out, and an apostrophe
/// before what would run as a formula, also behind a `;`. Quoting is the CSV writer's.
///
/// Where the comma is the decimal mark, spreadsheets take `;` for the separator: what stands behind one is
/// then the beginning of a cell.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    csv_cell_for(text, CsvReader::Spreadsheet)
}

/// A CSV cell for this reader.
pub fn csv_cell_for(text: &str, reader: CsvReader) -> Cow<'_, str> {
    if reader == CsvReader::Program || !text.split(';').any(starts_formula) {
        return terminal(text);
    }
    let neutral = |part: &str| {
        let apostrophe = if starts_formula(part) { "'" } else { "" };
        format!("{apostrophe}{}", terminal(part))
    };
    Cow::Owned(text.split(';').map(neutral).collect::<Vec<_>>().join(";"))
}

/// A list in one CSV cell for this reader: each element as [`csv_cell_for`], joined by `;`, with `;` and `\` inside
/// an element escaped by `\`.
pub fn csv_list_for<'a>(elements: impl IntoIterator<Item = &'a str>, reader: CsvReader) -> String {
    let mut cell = String::new();
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            cell.push(';');
        }
        for c in csv_cell_for(element, reader).chars() {
            if matches!(c, ';' | '\\') {
                cell.push('\\');
            }
            cell.push(c);
        }
    }
    cell
}

/// Apostrophes before a formula count as one of its starts: a reader can then always take one
/// apostrophe off again, and no value of the log is mistaken for a neutralised one. Quotes count too: behind
/// a separator the file's doubled ones would be read as an empty pair.
fn starts_formula(text: &str) -> bool {
    text.trim_start_matches(['\'', '"']).starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Text inside an HTML element or a quoted attribute: hidden characters spelled out, and what
/// could begin markup or end a quoted value as a character reference (HTML 13.2.5).
///
/// The apostrophe and the backtick have no named reference in every version of HTML: they are numbers.
pub fn html(text: &str) -> Cow<'_, str> {
    let shown = terminal(text);
    if !shown.contains(['&', '<', '>', '"', '\'', '`']) {
        return shown;
    }
    let mut escaped = String::with_capacity(shown.len() + 16);
    for c in shown.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '`' => escaped.push_str("&#96;"),
            _ => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Text as a code span of Markdown, also inside a table: nothing in a code span is markup, a
/// link or a mention (CommonMark 6.1).
///
/// The fence is longer than any run of backticks inside. A pipe would end a table's cell even in a code
/// span (GFM, tables), and whether a backslash before it is itself escaped differs between
/// renderers: it is spelled out as hidden characters are.
pub fn markdown(text: &str) -> String {
    let shown = terminal(text).replace('|', "\\u{7c}");
    let fence = "`".repeat(longest_run(&shown, '`') + 1);
    // One space on both sides is taken off again where both are there; an empty span is none.
    if shown.is_empty() || shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']) {
        format!("{fence} {shown} {fence}")
    } else {
        format!("{fence}{shown}{fence}")
    }
}

/// A word as a shell reads it back. Hidden characters are spelled out in the form that bash, zsh, ksh and
/// POSIX since 2024 have for them.
pub fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.chars().any(is_hidden) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut quoted = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if is_hidden(c) => {
                let mut bytes = [0; 4];
                // In octal, which ends after three digits whatever follows.
                quoted.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\{byte:03o}")));
            }
            c => quoted.push(c),
        }
    }
    quoted + "'"
}

fn longest_run(text: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
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

    fn without_apostrophes(cell: &str) -> String {
        let plain = |part: &str| part[usize::from(starts_formula(part))..].to_owned();
        cell.split(';').map(plain).collect::<Vec<_>>().join(";")
    }

    /// What would begin a cell where `;` separates them, with the quotes that the file doubles.
    fn parts(cell: &str) -> impl Iterator<Item = &str> {
        cell.split(';').map(|part| part.trim_start_matches('"'))
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
        assert_eq!(csv_cell("a;=b;c;\"\"=d"), "a;'=b;c;'\"\"=d");
        let list = csv_list_for(["=1", r"a;b\c", "", "x;@y"], CsvReader::Spreadsheet);
        assert_eq!(list, r"'=1;a\;b\\c;;x\;'@y");
    }

    #[test]
    fn json_escapes_in_two_halves() {
        assert_eq!(json_escape('\u{202e}'), r"\u202e");
        assert_eq!(json_escape('\u{e0041}'), r"\udb40\udc41");
    }

    /// What a browser makes of text without markup.
    fn from_html(text: &str) -> String {
        let named =
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#96;", "`"), ("&amp;", "&")];
        named.iter().fold(text.to_owned(), |text, (reference, c)| text.replace(reference, c))
    }

    #[test]
    fn html_has_no_markup_left() {
        assert_eq!(html("</script><b a='1'>&"), "&lt;/script&gt;&lt;b a=&#39;1&#39;&gt;&amp;");
        assert_eq!(html("a\u{202e}b"), r"a\u{202e}b");
    }

    #[test]
    fn markdown_spans_hold_everything() {
        assert_eq!(markdown("@team #1 <b> *x* [a](b)"), "`@team #1 <b> *x* [a](b)`");
        assert_eq!(markdown("a``b"), "```a``b```");
        assert_eq!(markdown("`"), "`` ` ``");
        assert_eq!(markdown(r"a\|b"), r"`a\\u{7c}b`");
        assert_eq!(markdown(""), "`  `");
    }

    #[test]
    fn a_shell_reads_words_back() {
        assert_eq!(shell("a@b.example"), "a@b.example");
        assert_eq!(shell("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell("\u{1b}7'\\\u{202e}"), r"$'\0337\'\\\342\200\256'");
        for word in ["", "a b", "it's `id` $(id) \\", "\n\t\u{1b}[2J'\\n\u{e0041}", "漢字 \u{200d}9"] {
            assert!(!shell(word).chars().any(is_hidden), "{word:?}");
            let script = format!("printf %s {}", shell(word));
            let read = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(read.stdout).unwrap(), word);
        }
    }

    proptest! {
        #[test]
        fn html_comes_back_and_holds_no_markup(text in hostile_text()) {
            let escaped = html(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'', '`']));
            prop_assert_eq!(from_html(&escaped), terminal(&text));
        }

        #[test]
        fn no_markdown_span_ends_early(text in "[`|\\\\ a\n]{0,12}") {
            let span = markdown(&text);
            let fence = span.chars().take_while(|c| *c == '`').count();
            let inner = &span[fence..span.len() - fence];
            prop_assert!(span.ends_with(&"`".repeat(fence)));
            prop_assert!(longest_run(inner, '`') < fence && !inner.contains(['|', '\n']));
            prop_assert!(!inner.is_empty());
        }

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
            let cell = csv_list_for(texts.iter().map(String::as_str), CsvReader::Spreadsheet);
            let elements = split_list(&cell);
            for part in elements.iter().flat_map(|element| parts(element)).chain(parts(&cell)) {
                prop_assert!(!part.starts_with(['=', '+', '-', '@', '\t', '\r']));
            }
            let back: Vec<String> = elements.iter().map(|element| without_apostrophes(element)).collect();
            prop_assert_eq!(back, texts);
        }
    }
}
