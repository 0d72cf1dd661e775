//! How deep and how long a text is, before DuckDB's parser follows it.
//!
//! Strings, quoted names and comments are passed over as DuckDB's scanner does, which is that of PostgreSQL
//! (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>): a quote in a comment begins no string, nor does a
//! parenthesis in a string nest.

/// Of a text outside of strings, quoted names and comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The deepest nesting of parentheses.
    pub deepest: usize,
    /// The most dots in a name.
    pub longest: usize,
}

pub(super) fn extent(sql: &str) -> Extent {
    let bytes = sql.as_bytes();
    let mut extent = Extent::default();
    let (mut open, mut dots, mut at) = (0_usize, 0, 0);
    // The last byte but blanks, and whether blanks came behind it.
    let (mut last, mut apart) = (b' ', false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
        dots = match byte {
            b'.' => dots + 1,
            b'"' if !apart || last == b'.' => dots,
            _ if is_word(byte) && (!apart || last == b'.') => dots,
            _ if byte.is_ascii_whitespace() => dots,
            _ => 0,
        };
        apart = byte.is_ascii_whitespace();
        last = if apart { last } else { byte };
        extent = Extent { deepest: extent.deepest.max(open), longest: extent.longest.max(dots) };
        let in_word = at > 0 && is_word(bytes[at - 1]);
        at += token_length(&bytes[at..], in_word);
    }
    extent
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Bytes of the string, quoted name, comment or single character that a text begins with; of one without an end, all.
fn token_length(text: &[u8], in_word: bool) -> usize {
    let until = |from: usize, end: &[u8]| {
        memchr::memmem::find(&text[from..], end).map_or(text.len(), |at| from + at + end.len())
    };
    match text {
        // A doubled quote ends one token and begins the next.
        [b'\'', ..] => until(1, b"'"),
        [b'"', ..] => until(1, b"\""),
        [b'e' | b'E', b'\'', ..] if !in_word => escaped_length(text),
        [b'-', b'-', ..] => until(2, b"\n"),
        [b'/', b'*', ..] => comment_length(text),
        [b'$', ..] if !in_word => match dollar_tag(text) {
            Some(tag) => until(tag.len(), tag),
            None => 1,
        },
        _ => 1,
    }
}

/// Of `E'...'`, in which a backslash escapes.
fn escaped_length(text: &[u8]) -> usize {
    let mut at = 2;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\'' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Block comments may hold others.
fn comment_length(text: &[u8]) -> usize {
    let (mut at, mut open) = (2, 1);
    while open > 0 && at < text.len() {
        match &text[at..] {
            [b'*', b'/', ..] => (open, at) = (open - 1, at + 2),
            [b'/', b'*', ..] => (open, at) = (open + 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

/// The `$$` or `$tag$` that a text begins with.
fn dollar_tag(text: &[u8]) -> Option<&[u8]> {
    let length = text[1..].iter().take_while(|byte| is_word(**byte)).count();
    let begins_with_digit = text.get(1).is_some_and(u8::is_ascii_digit);
    (!begins_with_digit && text.get(1 + length) == Some(&b'$')).then(|| &text[..length + 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_parser_follows_counts() {
        for (sql, deepest, longest) in [
            ("SELECT ((1)), (2)", 2, 0),
            ("SELECT a . b.c, d.e FROM f.\"g.h\".i", 0, 2),
            ("SELECT ')((' || \"((\" -- ((\n, (1)", 1, 0),
            ("SELECT 'it''s (' || (1)", 1, 0),
            ("SELECT /* ' /* ( */ \" */ ((1)) /* ' */", 2, 0),
            ("SELECT $$ ' ( $$ || $a$ $$ ( $a$ || $1 || ((1))", 2, 0),
            ("SELECT E'\\' (' || ((1)), note'(' ", 2, 0),
            ("SELECT 'open ( ", 0, 0),
            ("SELECT /* open ( ", 0, 0),
        ] {
            assert_eq!(extent(sql), Extent { deepest, longest }, "{sql}");
        }
    }
}
