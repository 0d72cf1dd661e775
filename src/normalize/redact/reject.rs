//! Masking without structure: a reject may be cut at either end, garbled, or JSON inside strings
//! inside JSON, so nothing is parsed. What cannot be told apart is masked.

use std::ops::Range;

use memchr::memmem;

use super::REDACTED;
use super::names::{MARKS, Named, is_of_logs};
use super::pieces::pieces;
use super::text::{Ending, credentials, merge, quoted};

/// How much of a reject is kept, in bytes. Its length and hash are stored besides.
pub const REJECT_LIMIT: usize = 1 << 20;

/// The bytes of a reject as the lake keeps them: at most [`REJECT_LIMIT`], every value under a
/// sensitive key and every credential masked.
///
/// Sensitive are `stringData`, `token` and last-applied configurations, also where a key is flattened or stands in a pair
/// beside its `value`, and a string under `data` (it can be a whole record in base64, where nothing can be told apart).
/// Other `data` is where the record mentions secrets or tokens, and where nothing says what it is of: an item of a list that
/// was cut names no kind. An object of nothing but strings can be the inside of such data. A value whose end is missing
/// is masked to the end, and so is what an API server quotes of a body. JSON whose head is missing
/// tells nothing of what its strings are, and is masked whole; so is a string that holds such a piece. Keys stay readable.
pub fn reject_bytes(record: &[u8]) -> Vec<u8> {
    let kept = &record[..record.len().min(REJECT_LIMIT)];
    let Some(mut spans) = (!is_tail(kept)).then(|| Scan::new(kept, record).spans()).flatten() else {
        return REDACTED.as_bytes().to_vec();
    };
    spans.extend(pieces(kept));
    spans.extend(Scan::new(kept, record).inside_of_data().unwrap_or_default());
    spans.extend(credentials(kept, Ending::Cut));
    let may_quote = || may_hold_secrets(kept, record) || memmem::find(kept, FLATTENED_MESSAGE).is_some();
    spans.extend(quoted(kept).filter(|_| may_quote()).map(|start| start..kept.len()));
    let mut masked = splice(kept, &merge(spans));
    masked.truncate(REJECT_LIMIT);
    masked
}

/// A field that was chosen out of a record quotes a body too, and what it was about need not be beside it.
const FLATTENED_MESSAGE: &[u8] = b"esponseStatus.message";

/// How often all of a reject may be gone over to see whether masked values hold records.
const MOST_REREADS: usize = 8;

/// Whether the text can be told apart, from its head on.
pub(super) fn is_whole(text: &[u8]) -> bool {
    !is_tail(text) && Scan::new(text, text).spans().is_some()
}

/// Whether the text has the punctuation of JSON but does not begin where a value does. What comes
/// before the first bracket (a time stamp, a syslog header, the quote of a CSV cell) may hold no quote.
fn is_tail(text: &[u8]) -> bool {
    let start = text.iter().position(|b| matches!(b, b'{' | b'['));
    let head = &text[..start.unwrap_or(text.len())];
    let head = if start.is_some() { head.strip_suffix(b"\"").unwrap_or(head) } else { head };
    head.iter().any(|b| matches!(b, b'"' | b'}' | b']' | b'\\'))
        && text.windows(2).any(|pair| pair[0] == b'"' && matches!(pair[1], b':' | b',' | b'}' | b']'))
}

/// A quotation mark. Its level says how many strings of JSON it stands inside of: one that is
/// escaped n times over has 2^n - 1 backslashes of its own, after pairs that belong to the text.
#[derive(Debug, Clone, Copy)]
struct Quote {
    /// The first of its own backslashes.
    start: usize,
    end: usize,
    /// -1 for the quote of a CSV cell, inside which quotes are doubled.
    level: i32,
}

/// An object or a list that is open.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// How many strings are open around it.
    strings: usize,
    /// It says what it is: an object of a kind, or a line of a log.
    says_what: bool,
    /// What the key of a pair says, whose `value` comes next.
    pair: Option<Named>,
}

/// When a value is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sensitive {
    Never,
    /// Unless it holds a record that says itself what it is.
    UnlessRecord,
    Always,
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    /// Quotes are doubled: the record is a CSV cell.
    doubled: bool,
    /// The record mentions secrets or tokens, or is too long to say.
    mentions: bool,
    patch: bool,
    /// The objects and lists that are open, innermost last.
    frames: Vec<Frame>,
    /// Bytes of masked values that may still be looked into: a value in a value is gone over for each.
    rereads: usize,
    /// The levels of the strings that are open around the position, innermost last.
    open: Vec<i32>,
    depth: i64,
    /// A bracket was closed after which none is open.
    ended: bool,
    spans: Vec<Range<usize>>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a [u8], record: &[u8]) -> Self {
        Self {
            text,
            at: 0,
            doubled: memmem::find(text, b"\"\":").is_some() && memmem::find(text, b"{\"\"").is_some(),
            mentions: may_hold_secrets(text, record),
            patch: mentions(text, b"op\"") || mentions(text, b"op\\"),
            frames: Vec::new(),
            rereads: text.len().saturating_mul(MOST_REREADS),
            open: Vec::new(),
            depth: 0,
            ended: false,
            spans: Vec::new(),
        }
    }

    /// The spans to mask, or none where quotes and brackets stand as in no JSON: a bracket closes that was never
    /// opened, a string begins behind the value, or one is followed by what cannot follow. The text is then the tail of
    /// a record, which may begin in a string of the caller's choice, and what looks like a string is what stands between.
    fn spans(mut self) -> Option<Vec<Range<usize>>> {
        while let Some(quote) = self.next_quote(self.at) {
            let outermost = self.open.is_empty();
            if outermost && (!self.count_brackets(self.at..quote.start) || self.depth == 0 && self.ended) {
                return None;
            }
            self.nest(self.at..quote.start);
            self.at = quote.end;
            while self.open.pop_if(|level| *level > quote.level).is_some() {}
            if self.open.pop_if(|level| *level == quote.level).is_some() {
                if self.open.is_empty() && quote.level >= 0 && self.depth > 0 && !self.may_end(quote.end) {
                    return None;
                }
                continue;
            }
            self.open.push(quote.level);
            if let Some((key, value)) = self.key(quote) {
                let sensitive = self.sensitive(key, value);
                if sensitive != Sensitive::Never && self.mask_at(value, quote.level, sensitive) {
                    self.open.pop();
                } else {
                    self.note(key, value);
                }
            }
        }
        let balanced = !self.open.is_empty() || self.count_brackets(self.at..self.text.len());
        balanced.then_some(self.spans)
    }

    fn count_brackets(&mut self, gap: Range<usize>) -> bool {
        for byte in &self.text[gap] {
            match byte {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            if self.depth < 0 {
                return false;
            }
            self.ended |= self.depth == 0 && matches!(byte, b'}' | b']');
        }
        true
    }

    /// Whether a string that ends before this position can stand inside brackets.
    fn may_end(&self, at: usize) -> bool {
        let next = self.text.get(self.skip_space(at));
        next.is_none_or(|next| matches!(next, b':' | b',' | b'}' | b']' | b'\\'))
    }

    fn next_quote(&self, from: usize) -> Option<Quote> {
        let at = from + memchr::memchr(b'"', self.text.get(from..)?)?;
        let backslashes = self.text[from..at].iter().rev().take_while(|&&b| b == b'\\').count();
        let level = backslashes.trailing_ones();
        let start = at - ((1_usize << level) - 1);
        match (self.doubled, self.text.get(at + 1)) {
            (true, Some(b'"')) => Some(Quote { start, end: at + 2, level: level as i32 }),
            (true, _) => Some(Quote { start: at, end: at + 1, level: -1 }),
            (false, _) => Some(Quote { start, end: at + 1, level: level as i32 }),
        }
    }

    /// The key that `open` begins and where its value starts, if it begins one.
    fn key(&self, open: Quote) -> Option<(&'a [u8], usize)> {
        let close = self.next_quote(open.end).filter(|close| close.level == open.level)?;
        let colon = self.skip_space(close.end);
        let is_key = self.text.get(colon) == Some(&b':');
        is_key.then(|| (&self.text[open.end..close.start], self.skip_space(colon + 1)))
    }

    /// Opens and closes what the brackets in a gap do. One in a string's own text closes nothing that is around the string.
    fn nest(&mut self, gap: Range<usize>) {
        let strings = self.open.len();
        while self.frames.pop_if(|frame| frame.strings > strings).is_some() {}
        for byte in &self.text[gap] {
            match byte {
                b'{' | b'[' => self.frames.push(Frame { strings, says_what: false, pair: None }),
                b'}' | b']' => {
                    self.frames.pop_if(|frame| frame.strings == strings);
                }
                _ => {}
            }
        }
    }

    /// Keeps what a key and its value say of the values beside them.
    fn note(&mut self, key: &[u8], value: usize) {
        let is = |name: &str| key.eq_ignore_ascii_case(name.as_bytes());
        let pair = (is("key") || is("name") || is("path")).then(|| self.string(value).map(Named::of));
        let Some(frame) = self.frames.last_mut() else { return };
        frame.says_what |= [&b"kind"[..], b"@type", b"level", b"severity", b"msg"].contains(&key);
        frame.pair = pair.flatten().or(frame.pair);
    }

    fn sensitive(&self, key: &[u8], value: usize) -> Sensitive {
        match Named::of(key) {
            Named::Secret => Sensitive::Always,
            Named::Data => self.sensitive_data(value),
            Named::Other if key.eq_ignore_ascii_case(b"value") => self.sensitive_value(value),
            Named::Other if self.mentions && memmem::find(key, b"\\u00").is_some() => Sensitive::Always,
            Named::Other => Sensitive::Never,
        }
    }

    fn sensitive_data(&self, value: usize) -> Sensitive {
        match self.frames.last() {
            _ if self.mentions || self.is_string(value) => Sensitive::Always,
            Some(frame) if frame.says_what => Sensitive::Never,
            _ if self.is_nested(value) => Sensitive::UnlessRecord,
            _ => Sensitive::Never,
        }
    }

    /// Of the value of a pair, or of a JSON patch. A pair that stands alone can be one of a Secret's data.
    fn sensitive_value(&self, value: usize) -> Sensitive {
        let frame = self.frames.last();
        match frame.and_then(|frame| frame.pair) {
            _ if self.patch && self.mentions => Sensitive::Always,
            Some(Named::Secret) => Sensitive::Always,
            Some(Named::Data) => self.sensitive_data(value),
            Some(Named::Other) if self.mentions && self.is_string(value) => Sensitive::UnlessRecord,
            Some(Named::Other)
                if self.frames.len() == 1 && (self.is_string(value) || self.is_nested(value)) =>
            {
                Sensitive::UnlessRecord
            }
            _ => Sensitive::Never,
        }
    }

    /// Masks the value at a position and goes behind it, or leaves both as they are where the value holds a record.
    fn mask_at(&mut self, value: usize, level: i32, sensitive: Sensitive) -> bool {
        let (at, masked) = (self.at, self.spans.len());
        self.at = value;
        self.mask_value(level);
        let holds_mark = || MARKS.iter().any(|mark| memmem::find(&self.text[value..self.at], mark).is_some());
        let looked = self.at - value;
        if sensitive == Sensitive::Always || looked > self.rereads || !holds_mark() {
            return true;
        }
        self.rereads -= looked;
        self.spans.truncate(masked);
        self.at = at;
        false
    }

    /// The strings of a text that is one object of nothing else, which can be the inside of a Secret's data. A line of a log
    /// has a number in it, or is told by its keys; what holds a record is told by that.
    fn inside_of_data(mut self) -> Option<Vec<Range<usize>>> {
        self.at = self.skip_space(0);
        if self.text.get(self.at) != Some(&b'{')
            || MARKS.iter().any(|mark| memmem::find(self.text, mark).is_some())
        {
            return None;
        }
        self.at += 1;
        loop {
            self.at = self.skip_space(self.at);
            match self.text.get(self.at) {
                None | Some(b'}') => return Some(self.spans),
                Some(b',') => self.at += 1,
                Some(_) => self.member_of_data()?,
            }
        }
    }

    /// Masks the string that a member has; none where it has something else.
    fn member_of_data(&mut self) -> Option<()> {
        let quote = self.quote_at(self.at)?;
        let Some((key, value)) = self.key(quote) else {
            self.spans.push(quote.end..self.text.len());
            self.at = self.text.len();
            return Some(());
        };
        let is_null = self.text[value..].starts_with(b"null");
        if is_of_logs(key) || !(self.is_string(value) || is_null || value >= self.text.len()) {
            return None;
        }
        self.at = value;
        self.mask_value(quote.level);
        Some(())
    }

    /// The text of the string at a position.
    fn string(&self, at: usize) -> Option<&'a [u8]> {
        let open = self.quote_at(at)?;
        let end = self.next_quote(open.end).map_or(self.text.len(), |close| close.start);
        Some(&self.text[open.end..end])
    }

    fn is_nested(&self, value: usize) -> bool {
        matches!(self.text.get(value), Some(b'{' | b'['))
    }

    fn is_string(&self, value: usize) -> bool {
        self.text.get(value + self.backslashes(value)) == Some(&b'"')
    }

    /// Goes over white space, also where it is escaped in a string.
    fn skip_space(&self, mut at: usize) -> usize {
        while let Some(byte) = self.text.get(at) {
            let backslashes = self.backslashes(at);
            match self.text.get(at + backslashes) {
                _ if byte.is_ascii_whitespace() => at += 1,
                Some(b'n' | b'r' | b't') if backslashes > 0 => at += backslashes + 1,
                _ => break,
            }
        }
        at
    }

    fn backslashes(&self, at: usize) -> usize {
        self.text[at..].iter().take_while(|&&b| b == b'\\').count()
    }

    /// Masks the value at the position: a string, a literal, or all that stands in an object or
    /// array but its keys. `level` is that of the quotes of the key; a quote of a lower one ends
    /// the string that all this stands in.
    fn mask_value(&mut self, level: i32) {
        let mut depth = 0;
        // What stands behind a colon is no key, also where another colon follows: of two records one can end in the other.
        let mut behind_colon = true;
        loop {
            self.at = self.skip_space(self.at);
            match self.text.get(self.at) {
                None => return,
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']' | b',') if depth == 0 => return,
                Some(b'}' | b']') => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(separator @ (b',' | b':')) => {
                    behind_colon = *separator == b':';
                    self.at += 1;
                    continue;
                }
                Some(_) => match self.quote_at(self.at) {
                    Some(quote) if quote.level < level => return,
                    Some(quote) => self.mask_string(quote, behind_colon),
                    None => self.mask_literal(),
                },
            }
            if depth == 0 && self.text.get(self.skip_space(self.at)) != Some(&b':') {
                return;
            }
            behind_colon = false;
        }
    }

    /// The quote that begins at a position, if one does.
    fn quote_at(&self, at: usize) -> Option<Quote> {
        let backslashes = self.backslashes(at);
        (self.text.get(at + backslashes) == Some(&b'"'))
            .then(|| self.next_quote(at))
            .flatten()
            .filter(|quote| quote.start == at)
    }

    /// Masks the string that `open` begins, unless it is a key, and goes behind it.
    fn mask_string(&mut self, open: Quote, is_value: bool) {
        let mut close = self.next_quote(open.end);
        while let Some(quote) = close.filter(|quote| quote.level > open.level) {
            close = self.next_quote(quote.end);
        }
        let Some(close) = close else {
            self.spans.push(open.end..self.text.len());
            self.at = self.text.len();
            return;
        };
        let inner_end = close.level < open.level;
        self.at = if inner_end { close.start } else { close.end };
        let is_key = !is_value && !inner_end && self.text.get(self.skip_space(close.end)) == Some(&b':');
        if !is_key && close.start > open.end {
            self.spans.push(open.end..close.start);
        }
    }

    /// Masks what stands outside of quotes up to the next bracket, comma or quote; `null` is kept.
    fn mask_literal(&mut self) {
        let rest = &self.text[self.at..];
        let ends = |b: &u8| matches!(b, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"' | b'\\');
        // Backslashes in front that belong to no quote are part of the literal.
        let backslashes = self.backslashes(self.at);
        let quoted = rest.get(backslashes) == Some(&b'"');
        let own = if quoted { (1 << backslashes.trailing_ones()) - 1 } else { 0 };
        let first = (backslashes - own).max(1);
        let length = rest[first..].iter().position(ends).map_or(rest.len(), |n| first + n);
        if rest[..length].trim_ascii() != b"null" {
            self.spans.push(self.at..self.at + length);
        }
        self.at += length;
    }
}

/// Whether a record, of which this much is kept, mentions secrets or tokens, or is too long to say.
fn may_hold_secrets(kept: &[u8], record: &[u8]) -> bool {
    record.len() > kept.len() || mentions(kept, b"secret") || mentions(kept, b"token")
}

/// Whether a word stands in a text, in any case.
fn mentions(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

fn splice(text: &[u8], spans: &[Range<usize>]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(text.len());
    let mut kept = 0;
    for span in spans {
        masked.extend_from_slice(&text[kept..span.start]);
        masked.extend_from_slice(REDACTED.as_bytes());
        kept = span.end;
    }
    masked.extend_from_slice(&text[kept..]);
    masked
}
