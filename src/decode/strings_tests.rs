use proptest::prelude::*;

use super::*;

/// Bytes as they stand in strings, with many escapes, good and bad ones.
fn inside() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-z \u{e9}]{0,20}",
        6 => Just("\\\"".to_owned()),
        3 => Just("\\\\".to_owned()),
        3 => "\\\\{1,70}",
        2 => "\\\\[bfnrt/u]",
        2 => "\\\\u[0-9a-fA-F]{4}",
        1 => "\\\\ud[89ab][0-9a-f]{2}\\\\ud[c-f][0-9a-f]{2}",
        1 => "[\"\n\u{1}\\\\]",
        1 => "[a-z]{60,70}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn close_slowly(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' if !is_escape(bytes, at + 1) => return None,
            b'\\' => at += 2,
            ..b' ' => return None,
            _ => at += 1,
        }
    }
}

fn close_or_newline_slowly(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            b'"' | b'\n' => return Some(at),
            b'\\' if bytes.get(at + 1) != Some(&b'\n') => at += 2,
            _ => at += 1,
        }
    }
}

proptest! {
    #[test]
    fn finds_the_first_special_byte(bytes in proptest::collection::vec(
        prop_oneof![8 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\')], 0..40)) {
        let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '));
        prop_assert_eq!(special(&bytes, 0), expected);
    }

    #[test]
    fn finds_where_a_string_ends(text in inside(), closed in any::<bool>()) {
        let text = format!("{text}{}", if closed { "\" and more" } else { "" });
        let bytes = text.as_bytes();
        prop_assert_eq!(close(bytes, 0), close_slowly(bytes, 0));
        prop_assert_eq!(close_or_newline(bytes, 0), close_or_newline_slowly(bytes, 0));
    }

    #[test]
    fn takes_escapes_as_the_parser_does(text in inside()) {
        let quoted = format!("\"{text}\"");
        if close(quoted.as_bytes(), 1) == Some(quoted.len() - 1) {
            prop_assert_eq!(unescaped(&text), serde_json::from_str::<String>(&quoted).ok());
        }
    }

    #[test]
    fn reads_what_the_writer_wrote(text in "\\PC{0,200}") {
        let quoted = serde_json::Value::from(text.as_str()).to_string();
        prop_assert_eq!(close(quoted.as_bytes(), 1), Some(quoted.len() - 1));
        prop_assert_eq!(unescaped(&quoted[1..quoted.len() - 1]), Some(text));
    }

    #[test]
    fn writes_what_the_writer_writes(text in inside(), other in "[\u{0}-\u{ff}\\PC]{0,80}") {
        for text in [text, other] {
            let mut json = b"x".to_vec();
            quote(&text, &mut json);
            let mut doubled = b"x".to_vec();
            let cell = text.replace('"', "\"\"") + "\",";
            prop_assert_eq!(quote_doubled(cell.as_bytes(), &mut doubled), Some(&b","[..]));
            prop_assert_eq!(&doubled, &json);
            prop_assert_eq!(quote_doubled(&cell.as_bytes()[..cell.len() - 1], &mut doubled), None);
            prop_assert_eq!(String::from_utf8(json), Ok(format!("x{}", serde_json::Value::from(text))));
        }
    }

    #[test]
    fn copies_up_to_a_stop(text in inside()) {
        let stop = text.find(['x', '\n']).unwrap_or(text.len());
        let mut to = b"to".to_vec();
        prop_assert_eq!(copy_before([b'x', b'\n'], text.as_bytes(), &mut to), stop);
        prop_assert_eq!(&to[2..], &text.as_bytes()[..stop]);
        to.truncate(2);
        let length = escape_before([b'x', b'\n'], text.as_bytes(), &mut to);
        prop_assert!(length == stop || length < stop && text.len() - length < BLOCK);
        let escape = |byte: &u8| if matches!(byte, b'"' | b'\\') { vec![b'\\', *byte] } else { vec![*byte] };
        prop_assert_eq!(&to[2..], text.as_bytes()[..length].iter().flat_map(escape).collect::<Vec<_>>());
    }
}
