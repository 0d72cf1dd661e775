//! The tokens of a SQL text, as DuckDB's scanner tells them apart, which is that of PostgreSQL
//! (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>): a quote in a comment begins no string.

/// A text's tokens, which together are the text: strings, quoted names, comments, words and parameters
/// (`$name`) are one each, all else is by the character. What has no end goes to the end of the text.
pub(crate) fn tokens(sql: &str) -> impl Iterator<Item = &str> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let (token, after) = rest.split_at(token_length(rest.as_bytes()));
        rest = after;
        (!token.is_empty()).then_some(token)
    })
}

/// Whether a token is a comment, which separates others as a blank does.
pub(crate) fn is_comment(token: &str) -> bool {
    token.starts_with("--") || token.starts_with("/*")
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn token_length(text: &[u8]) -> usize {
    let until = |from: usize, end: &[u8]| {
        memchr::memmem::find(&text[from..], end).map_or(text.len(), |at| from + at + end.len())
    };
    match text {
        [] => 0,
        // A doubled quote ends one token and begins the next.
        [b'\'', ..] => until(1, b"'"),
        [b'"', ..] => until(1, b"\""),
        [b'e' | b'E', b'\'', ..] => escaped_length(text),
        [b'-', b'-', ..] => until(2, b"\n"),
        [b'/', b'*', ..] => comment_length(text),
        [b'$', ..] => match dollar_tag(text) {
            Some(tag) => until(tag.len(), tag),
            None => 1 + text[1..].iter().take_while(|byte| is_word(**byte)).count(),
        },
        // A dollar may stand within a name.
        [first, ..] if is_word(*first) => {
            text.iter().take_while(|byte| is_word(**byte) || **byte == b'$').count()
        }
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
    use proptest::prelude::*;

    use super::*;

    fn long(sql: &str) -> Vec<&str> {
        tokens(sql).filter(|token| token.len() > 1).collect()
    }

    #[test]
    fn what_is_one_token() {
        for (sql, wanted) in [
            ("a_1 'it''s' \"b.c\"", &["a_1", "'it'", "'s'", "\"b.c\""][..]),
            ("-- ' \n1+$par-$1 --", &["-- ' \n", "$par", "$1", "--"]),
            ("/* ' /* ( */ \" */ ab", &["/* ' /* ( */ \" */", "ab"]),
            ("$$ ' $$||$a$ $$ ' $a$", &["$$ ' $$", "$a$ $$ ' $a$"]),
            ("E'\\' (' note'('", &["E'\\' ('", "note", "'('"]),
            ("a$b$ x$$ 'no end", &["a$b$", "x$$", "'no end"]),
            ("é漢 /* no end é", &["é漢", "/* no end é"]),
        ] {
            assert_eq!(long(sql), wanted, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn all_of_a_text_is_in_its_tokens(sql in "[a$é'\"E\\\\*/ \n-]{0,40}") {
            prop_assert_eq!(tokens(&sql).collect::<String>(), sql);
        }
    }
}
