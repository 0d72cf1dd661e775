//! Strings in JSON text, looked at sixteen and sixty-four bytes at a time.
//!
//! JSON inside a string has an escape every ten bytes or so: what stops at each of them, as searches for a byte do,
//! costs several times what reading the string does. Here escapes are told by a block's bits, all at once.

use wide::u8x16;

const LANES: usize = 16;
const BLOCK: usize = 4 * LANES;

/// The position of the first quote, backslash or control character from `at`.
#[inline]
pub(super) fn special(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    while let Some(lanes) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LANES>) {
        let lanes = u8x16::new(*lanes);
        let found = equal(lanes, b'"') | equal(lanes, b'\\') | controls(lanes);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += LANES;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).map(|found| at + found)
}

/// The position of the quote that closes a string, from a place in it that no backslash stands before. `None` where it
/// isn't closed, or holds what a string can't: a control character, or an escape that is none.
pub(super) fn close(bytes: &[u8], at: usize) -> Option<usize> {
    let mut blocks = Blocks::new(bytes, at, controls);
    loop {
        let (start, block) = blocks.next()?;
        let before = block.stops ^ block.stops.wrapping_sub(1);
        let rare = block.escaped & !block.quotes & !block.backslashes & before;
        if !bits(rare).all(|bit| is_escape(bytes, start + bit)) {
            return None;
        }
        if block.stops != 0 {
            let end = start + block.stops.trailing_zeros() as usize;
            return (bytes.get(end) == Some(&b'"')).then_some(end);
        }
    }
}

/// The position of the quote that closes a string, or of the first newline in it, escaped or not.
pub(super) fn close_or_newline(bytes: &[u8], at: usize) -> Option<usize> {
    // Most strings are short.
    if let Some(lanes) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LANES>) {
        let lanes = u8x16::new(*lanes);
        let found = equal(lanes, b'"') | equal(lanes, b'\\') | equal(lanes, b'\n');
        let end = at + found.trailing_zeros() as usize;
        if found != 0 && bytes[end] != b'\\' {
            return Some(end);
        }
    }
    let mut blocks = Blocks::new(bytes, at, |lanes| equal(lanes, b'\n'));
    loop {
        let (start, block) = blocks.next()?;
        if block.stops != 0 {
            return Some(start + block.stops.trailing_zeros() as usize);
        }
    }
}

/// What stands in a string, which [`close`] has found good, without its escapes. `None` where these make no text: half
/// a character of UTF-16.
pub(super) fn unescaped(string: &str) -> Option<String> {
    let bytes = string.as_bytes();
    let mut text = Vec::with_capacity(bytes.len() + LANES);
    let mut from = 0;
    loop {
        from += copy_until(&bytes[from..], &mut text, |lanes| equal(lanes, b'\\'));
        if from == bytes.len() {
            return String::from_utf8(text).ok();
        }
        let &byte = bytes.get(from + 1)?;
        if byte == b'u' {
            let (character, length) = utf16(&bytes[from..])?;
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            from += length;
        } else {
            // Nearly all of them are of a byte, which alone is put far faster than any number of bytes.
            text.push(escaped(byte));
            from += 2;
        }
    }
}

/// Writes a text as a JSON string.
pub(super) fn quote(text: &str, json: &mut Vec<u8>) {
    quote_bytes(text.as_bytes(), json);
}

/// The same of a text's bytes.
pub(super) fn quote_bytes(bytes: &[u8], json: &mut Vec<u8>) {
    json.reserve(bytes.len() + LANES);
    json.push(b'"');
    let mut from = 0;
    loop {
        from += copy_until(&bytes[from..], json, is_escaped);
        let Some(&byte) = bytes.get(from) else { break };
        from += 1;
        put_escaped(byte, json);
    }
    json.push(b'"');
}

/// The same of a text in which quotes stand twice, and which ends at the first that stands once. Gives what is behind
/// that, which must not be nothing: then another quote could follow.
pub(super) fn quote_doubled<'b>(bytes: &'b [u8], json: &mut Vec<u8>) -> Option<&'b [u8]> {
    json.push(b'"');
    let mut rest = bytes;
    loop {
        rest = &rest[copy_until(rest, json, is_escaped)..];
        let &byte = rest.first()?;
        rest = &rest[1..];
        if byte == b'"' {
            if *rest.first()? != b'"' {
                json.push(b'"');
                return Some(rest);
            }
            rest = &rest[1..];
        }
        put_escaped(byte, json);
    }
}

/// A bit for each lane that does not stand in a JSON string as it is.
#[inline]
fn is_escaped(lanes: u8x16) -> u32 {
    equal(lanes, b'"') | equal(lanes, b'\\') | controls(lanes)
}

#[inline]
fn put_escaped(byte: u8, json: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\x08' => b'b',
        b'\x0c' => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let [high, low] = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
            return json.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
        }
    };
    json.extend_from_slice(&[b'\\', short]);
}

/// Copies what stands before the first byte that is marked; gives its length.
#[inline]
fn copy_until(from: &[u8], to: &mut Vec<u8>, marks: impl Fn(u8x16) -> u32) -> usize {
    let start = to.len();
    let mut at = 0;
    while let Some(lanes) = from.get(at..).and_then(<[u8]>::first_chunk::<LANES>) {
        // All of them, as copying fewer takes longer.
        to.extend_from_slice(lanes);
        let found = marks(u8x16::new(*lanes));
        if found != 0 {
            at += found.trailing_zeros() as usize;
            to.truncate(start + at);
            return at;
        }
        at += LANES;
    }
    let rest = &from[at..];
    let mut lanes = [b'x'; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    let plain = rest.len().min(marks(u8x16::new(lanes)).trailing_zeros() as usize);
    to.extend_from_slice(&rest[..plain]);
    at + plain
}

/// What an escape with this letter stands for.
#[inline]
fn escaped(letter: u8) -> u8 {
    match letter {
        b'b' => b'\x08',
        b'f' => b'\x0c',
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        byte => byte,
    }
}

/// The character that an escape with a number stands for, and its length.
fn utf16(escape: &[u8]) -> Option<(char, usize)> {
    let first = unit(escape)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = escape.get(6..).and_then(unit)?;
    let mut pair = char::decode_utf16([first as u16, second as u16]);
    Some((pair.next()?.ok()?, 12))
}

/// The number in `\u0000`.
fn unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
}

/// Whether a backslash before this position begins an escape.
fn is_escape(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    match rest.first() {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
        Some(b'u') => rest.get(1..5).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => false,
    }
}

/// A bit for each lane that holds the byte.
#[inline]
fn equal(lanes: u8x16, byte: u8) -> u32 {
    lanes.simd_eq(u8x16::splat(byte)).to_bitmask()
}

#[inline]
fn controls(lanes: u8x16) -> u32 {
    lanes.min(u8x16::splat(b' ' - 1)).simd_eq(lanes).to_bitmask()
}

/// The positions of the bits that are set.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}

/// What stands in sixty-four bytes of a string, a bit a byte.
struct Block {
    quotes: u64,
    backslashes: u64,
    /// What a backslash stands before that isn't escaped itself.
    escaped: u64,
    /// Quotes that close the string, and what a string is left off at.
    stops: u64,
}

/// The blocks of a string.
struct Blocks<'b, F> {
    bytes: &'b [u8],
    at: usize,
    breaks: F,
    /// Whether the next block begins with what is escaped.
    carry: u64,
}

impl<'b, F: Fn(u8x16) -> u32> Blocks<'b, F> {
    fn new(bytes: &'b [u8], at: usize, breaks: F) -> Self {
        Self { bytes, at, breaks, carry: 0 }
    }

    /// The next block, with its place.
    #[inline]
    fn next(&mut self) -> Option<(usize, Block)> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        self.at += BLOCK;
        let block = match rest.first_chunk::<BLOCK>() {
            Some(bytes) => self.block(bytes),
            None => {
                let mut bytes = [b'x'; BLOCK];
                bytes[..rest.len()].copy_from_slice(rest);
                self.block(&bytes)
            }
        };
        Some((start, block))
    }

    #[inline]
    fn block(&mut self, bytes: &[u8; BLOCK]) -> Block {
        let (mut quotes, mut backslashes, mut breaks) = (0, 0, 0);
        for (at, lanes) in bytes.as_chunks::<LANES>().0.iter().enumerate() {
            let lanes = u8x16::new(*lanes);
            quotes |= u64::from(equal(lanes, b'"')) << (at * LANES);
            backslashes |= u64::from(equal(lanes, b'\\')) << (at * LANES);
            breaks |= u64::from((self.breaks)(lanes)) << (at * LANES);
        }
        let escaped = self.escaped(backslashes);
        Block { quotes, backslashes, escaped, stops: (quotes & !escaped) | breaks }
    }

    /// Of a run of backslashes, every second one is escaped, and what follows it if the last one isn't. Subtracting
    /// where runs begin carries through each of them, and bits at odd places tell one parity from the other.
    #[inline]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        if backslashes == 0 {
            return std::mem::take(&mut self.carry);
        }
        let escaping = backslashes & !self.carry;
        let codes = ((escaping << 1) | ODD).wrapping_sub(escaping) ^ ODD;
        let escaped = codes ^ (backslashes | self.carry);
        self.carry = (codes & backslashes) >> 63;
        escaped
    }
}

#[cfg(test)]
mod tests {
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
    }
}
