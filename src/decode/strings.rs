//! Strings in JSON text, looked at sixteen and sixty-four bytes at a time.
//!
//! JSON inside a string has an escape every ten bytes or so: what stops at each of them, as searches for a byte do,
//! costs several times what reading the string does. Here escapes are told by a block's bits, all at once.

use wide::u8x16;

const LANES: usize = 16;
const BLOCK: usize = 4 * LANES;
/// Bytes between two escapes, mostly.
const COPIED: usize = 2 * LANES;
/// The last byte of a block.
const LAST: u64 = 1 << (BLOCK - 1);

/// The position of the first byte from `at` that is marked, or else that of the last ones, which fill no lane.
#[inline]
fn in_lanes(bytes: &[u8], mut at: usize, marks: impl Fn(u8x16) -> u32) -> Result<usize, usize> {
    while let Some(lanes) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LANES>) {
        let found = marks(u8x16::new(*lanes));
        if found != 0 {
            return Ok(at + found.trailing_zeros() as usize);
        }
        at += LANES;
    }
    Err(at)
}

/// The position of the first quote, backslash or control character from `at`.
#[inline]
pub(super) fn special(bytes: &[u8], at: usize) -> Option<usize> {
    let at = match in_lanes(bytes, at, is_escaped) {
        Ok(found) => return Some(found),
        Err(rest) => rest,
    };
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
    // Most strings have no escapes.
    let marks = |lanes| equal(lanes, b'"') | equal(lanes, b'\\') | equal(lanes, b'\n');
    let at = match in_lanes(bytes, at, marks) {
        Ok(end) if bytes[end] != b'\\' => return Some(end),
        Ok(at) | Err(at) => at,
    };
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
    // No escape is shorter than what it stands for, so that what is copied at a time always fits behind what is written.
    let mut text = vec![0; bytes.len() + COPIED];
    let (mut from, mut to) = (0, 0);
    let mut blocks = Blocks::new(bytes, 0, |_| 0);
    while let Some((start, block)) = blocks.next() {
        for bit in bits(block.backslashes & !block.escaped) {
            let escape = start + bit;
            // The second half of a character of UTF-16 went with the first.
            if escape < from {
                continue;
            }
            copy(&bytes[from..], escape - from, &mut text[to..]);
            to += escape - from;
            let &byte = bytes.get(escape + 1)?;
            if matches!(byte, b'"' | b'\\' | b'/') {
                // It stands for itself, and is copied with what follows it.
                from = escape + 1;
            } else if byte == b'u' {
                let (character, length) = utf16(&bytes[escape..])?;
                to += character.encode_utf8(&mut text[to..]).len();
                from = escape + length;
            } else {
                text[to] = escaped(byte);
                to += 1;
                from = escape + 2;
            }
        }
    }
    let left = bytes.len() - from;
    copy(&bytes[from..], left, &mut text[to..]);
    text.truncate(to + left);
    String::from_utf8(text).ok()
}

/// Copies so many bytes; what is written behind them is of no meaning.
#[inline]
fn copy(from: &[u8], length: usize, to: &mut [u8]) {
    let mut done = 0;
    // A fixed number of bytes, as copying fewer takes longer, and so does asking whether there are any.
    if let (Some(from), Some(to)) = (from.first_chunk::<COPIED>(), to.first_chunk_mut::<COPIED>()) {
        *to = *from;
        done = COPIED;
    }
    if done < length {
        to[done..length].copy_from_slice(&from[done..length]);
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
    while let Some(block) = rest.first_chunk::<BLOCK>() {
        let start = json.len();
        json.extend_from_slice(block);
        let quotes = marks(block, |lanes| equal(lanes, b'"'));
        let (seconds, others) =
            (seconds(quotes), marks(block, |lanes| equal(lanes, b'\\') | controls(lanes)));
        let (firsts, behind) = (quotes & !seconds, seconds & !quotes);
        // Two quotes take as many bytes as an escaped one.
        bits(firsts).for_each(|first| json[start + first] = b'\\');
        // A first quote at the very end may be the one that stands once.
        let stop = behind | others | (firsts & LAST);
        let stops_at = stop.trailing_zeros() as usize;
        let stop = stop & stop.wrapping_neg();
        json.truncate(start + stops_at);
        rest = &rest[stops_at..];
        if behind & stop != 0 {
            json[start + stops_at - 1] = b'"';
            return Some(rest);
        }
        if others & stop != 0 {
            put_escaped(rest[0], json);
            rest = &rest[1..];
        }
    }
    doubled_to_end(rest, json)
}

/// The same of what is left of such a text.
fn doubled_to_end<'b>(bytes: &'b [u8], json: &mut Vec<u8>) -> Option<&'b [u8]> {
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

/// Writes a byte that does not stand in a JSON string as it is.
#[inline]
pub(super) fn put_escaped(byte: u8, json: &mut Vec<u8>) {
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

/// Copies what stands before the first of some bytes; gives its length.
#[inline]
pub(super) fn copy_before<const N: usize>(stops: [u8; N], from: &[u8], to: &mut Vec<u8>) -> usize {
    copy_until(from, to, |lanes| equal_any(lanes, stops))
}

/// The same with a backslash before quotes and backslashes, of whole blocks alone: fewer bytes are left to others.
pub(super) fn escape_before<const N: usize>(stops: [u8; N], from: &[u8], to: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(block) = from[at..].first_chunk::<BLOCK>() {
        let stop = marks(block, |lanes| equal_any(lanes, stops));
        let length = stop.trailing_zeros() as usize;
        let escapes = marks(block, |lanes| equal_any(lanes, [b'"', b'\\'])) & !stop & stop.wrapping_sub(1);
        let start = to.len();
        to.resize(start + 2 * BLOCK + COPIED, 0);
        let (mut read, mut written) = (at, start);
        for bit in bits(escapes) {
            copy(&from[read..], at + bit - read, &mut to[written..]);
            written += at + bit - read;
            to[written] = b'\\';
            written += 1;
            read = at + bit;
        }
        at += length;
        copy(&from[read..], at - read, &mut to[written..]);
        to.truncate(written + at - read);
        if stop != 0 {
            break;
        }
    }
    at
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

/// The same of several bytes.
#[inline]
fn equal_any<const N: usize>(lanes: u8x16, bytes: [u8; N]) -> u32 {
    let found = bytes.map(|byte| lanes.simd_eq(u8x16::splat(byte)));
    found.into_iter().fold(u8x16::ZERO, |all, found| all | found).to_bitmask()
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
        let quotes = marks(bytes, |lanes| equal(lanes, b'"'));
        let backslashes = marks(bytes, |lanes| equal(lanes, b'\\'));
        let escaped = self.escaped(backslashes);
        let stops = (quotes & !escaped) | marks(bytes, &self.breaks);
        Block { quotes, backslashes, escaped, stops }
    }

    #[inline]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            return std::mem::take(&mut self.carry);
        }
        let escaped = seconds(backslashes & !self.carry) | self.carry;
        self.carry = (backslashes & !escaped) >> (BLOCK - 1);
        escaped
    }
}

/// A bit for each byte of a block that is marked.
#[inline]
fn marks(block: &[u8; BLOCK], marks: impl Fn(u8x16) -> u32) -> u64 {
    let lanes = block.as_chunks::<LANES>().0.iter().enumerate();
    lanes.fold(0, |all, (at, lanes)| all | u64::from(marks(u8x16::new(*lanes))) << (at * LANES))
}

/// Of a run of marks, every second one, and what follows it if the last one has none. Subtracting where runs begin carries
/// through each of them, and bits at odd places tell one parity from the other.
#[inline]
fn seconds(marks: u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    ((marks << 1) | ODD).wrapping_sub(marks) ^ ODD ^ marks
}

#[cfg(test)]
#[path = "strings_tests.rs"]
mod tests;
