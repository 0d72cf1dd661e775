//! How deep and how long a text is, before DuckDB's parser follows it.
//!
//! Strings, quoted names and comments are passed over: a parenthesis in one does not nest.

use super::tokens::{is_comment, is_word, tokens};

/// Of a text outside of strings, quoted names and comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The deepest nesting of parentheses.
    pub deepest: usize,
    /// The most dots in a name.
    pub longest: usize,
}

pub(super) fn extent(sql: &str) -> Extent {
    let mut extent = Extent::default();
    let (mut open, mut dots) = (0_usize, 0);
    // What the last token but blanks and comments began with, and whether such came behind it.
    let (mut last, mut apart) = (b' ', false);
    for token in tokens(sql) {
        let first = token.as_bytes()[0];
        if first.is_ascii_whitespace() || is_comment(token) {
            apart = true;
            continue;
        }
        match first {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
        let goes_on = (first == b'"' || is_word(first)) && (!apart || last == b'.');
        dots = match first {
            b'.' => dots + 1,
            _ if goes_on => dots,
            _ => 0,
        };
        (last, apart) = (first, false);
        extent = Extent { deepest: extent.deepest.max(open), longest: extent.longest.max(dots) };
    }
    extent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_parser_follows_counts() {
        for (sql, deepest, longest) in [
            ("SELECT ((1)), (2)", 2, 0),
            ("SELECT a . b.c, d.e FROM f.\"g.h\".i", 0, 2),
            ("SELECT a/* */.b--\n.c, d.e", 0, 2),
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
