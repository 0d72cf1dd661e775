//! Halves of a surrogate pair that stand alone, as `\ud83d` in JSON: whoever cuts a text between two UTF-16 units writes
//! them. RFC 8259 lets them stand (<https://www.rfc-editor.org/rfc/rfc8259#section-8.2>) and no string of ours can hold them.

/// The text with `\ufffd` in their place, as Go's decoder reads them; none where it has no such half. A half that is escaped
/// once more is left to who reads the text inside.
pub(super) fn mended(text: &str) -> Option<String> {
    let mut mended: Option<Vec<u8>> = None;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', bytes.get(at..)?) {
        let escape = at + found;
        at = match (unit(bytes, escape), unit(bytes, escape + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => escape + 12,
            (Some(0xd800..=0xdfff), _) => {
                let mended = mended.get_or_insert_with(|| bytes.to_vec());
                mended[escape..escape + 6].copy_from_slice(b"\\ufffd");
                escape + 6
            }
            _ => escape + 2,
        };
    }
    mended.and_then(|mended| String::from_utf8(mended).ok())
}

/// The UTF-16 unit that an escape at a place stands for.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_that_stand_alone_are_replaced() {
        for (text, expected) in [
            (r#"{"a":"x\ud83d"}"#, Some(r#"{"a":"x\ufffd"}"#)),
            (r#"{"a":"\uDC00\ud83dy"}"#, Some(r#"{"a":"\ufffd\ufffdy"}"#)),
            (r#"{"a":"\ud83d\ude00"}"#, None),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, Some(r#"{"a":"\ufffd\ud83d\ude00"}"#)),
            (r#"{"a":"\\ud83d"}"#, None),
            (r#"{"a":"\ud83"#, None),
            (r#"{"a":"b\"#, None),
            ("plain", None),
        ] {
            assert_eq!(mended(text).as_deref(), expected, "{text}");
        }
    }
}
