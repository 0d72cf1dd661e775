//! Where one record ends and the next begins, decided from the bytes alone: the same bytes give the same
//! frames however they are buffered.
//!
//! - A NUL ends a line as a newline does. A file that is truncated while its writer goes on begins with a hole of them,
//!   and one that outlived a power cut can have one anywhere. A record that was cut ends there at the latest.
//! - Between frames, whitespace (form feeds too), commas and byte order marks are skipped. `[` before an
//!   object opens a list, whose elements are frames; `]` closes it. So does one before the results of a query of
//!   CloudWatch, which are lists of `{"field":...}`.
//! - A line that begins with `{` and ends with `}` is a frame, if the next line can't continue it. It may
//!   hold several values (`{}{}`); the decoder takes them apart.
//! - Any other object is followed token by token to its end, over lines.
//! - Where the tokens break (a raw newline in a string, a token that can't follow, the end of the input), the
//!   record was cut. Its frame then ends before the first later line that begins a record: one whose first
//!   character stands no further right than where the record's own line begins, and isn't `}`, `]`, `"` or a comma that leads
//!   no object; on the record's own line, it ends at `}{"`, as concatenated objects join. So a cut
//!   record costs one record; one that another is glued to without a newline takes that with it.
//! - Anything else is a line of text.
//! - A line that a container runtime wrote in pieces is a frame with what stands between them (`decode/pieces.rs`).
//! - An object that outgrows the limit and holds its records in a list (`{"records":[...`, `{"hits":{"hits":[...`) is
//!   opened: its elements become the frames. Any other frame over the limit is too long; what is skipped then is the
//!   rest of its line, or, for an object over several lines, all up to the line that begins the
//!   next record or closes this one.
//! - What follows is looked for no further ahead than a frame may be long, however much is buffered.

use memchr::{memchr2, memchr2_iter, memrchr2};

use super::pieces::{self, Group};
use super::scan::{self, Scan};
use lists::wrapped_list;
use resume::{Line, resume};

pub(super) mod lists;
mod resume;

/// Looked ahead for a line's end; a longer line is followed token by token.
const LINE_WINDOW: usize = 1 << 20;
/// Bytes of scanning in vain after which the next scans are kept shorter, and their least length. A file of
/// many records cut open costs a constant factor, not its square.
const WASTE: usize = 4 << 10;

/// The next thing in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A frame, trimmed; framing goes on at `next`.
    Frame { start: usize, end: usize, next: usize },
    /// A frame that outgrew the limit; framing goes on after what `skip` tells to leave out, from `next`.
    TooLong { start: usize, next: usize, skip: Skip },
    /// More bytes are needed, beginning with the one at `keep`. At the end of the input: nothing is left.
    More { keep: usize },
}

/// What to leave out after a frame that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skip {
    Line,
    Block { column: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    List,
    /// In the list of an opened wrapper.
    Wrapped,
    /// After the list of an opened wrapper.
    Tail,
}

/// The state of framing between two steps. Positions are those of the buffer it is given.
#[derive(Debug)]
pub(super) struct Framing {
    max: usize,
    scan_limit: usize,
    place: Place,
    /// Objects around the list of an opened wrapper.
    around: usize,
    /// Of the position where the next step begins.
    column: usize,
    /// Where its line begins to hold something other than separators; `None` while it holds none.
    indent: Option<usize>,
    /// Lines before this position are not pieces of one that is longer.
    apart: usize,
    /// No newline stands in `from..to`; if `found`, one stands at `to`.
    newline: Newline,
}

#[derive(Debug, Default, Clone, Copy)]
struct Newline {
    from: usize,
    to: usize,
    found: bool,
}

impl Framing {
    /// Frames of at most `max` bytes.
    pub(super) fn new(max: usize) -> Self {
        let newline = Newline::default();
        Self {
            max,
            scan_limit: max,
            place: Place::Top,
            around: 0,
            column: 0,
            indent: None,
            apart: 0,
            newline,
        }
    }

    /// Tells that the buffer lost `count` bytes at its front.
    pub(super) fn shifted(&mut self, count: usize) {
        self.apart = self.apart.saturating_sub(count);
        let Newline { from, to, found } = self.newline;
        self.newline = match to.checked_sub(count) {
            Some(to) => Newline { from: from.saturating_sub(count), to, found },
            None => Newline::default(),
        };
    }

    /// Finds what comes next from `position`; `eof` says that the buffer ends where the input ends.
    pub(super) fn step(&mut self, buffer: &[u8], position: usize, eof: bool) -> Step {
        let mut position = position;
        if self.place == Place::Tail {
            let seen = self.seen(buffer, position);
            match scan::rest_of_objects(seen, position, self.around) {
                Scan::End(end) => position = self.moved(buffer, position, end),
                Scan::More if !eof && !self.is_full(buffer, position) => {
                    return Step::More { keep: position };
                }
                Scan::More | Scan::Broken(_) => {}
            }
            self.place = Place::Top;
        }
        let start = match self.separators(buffer, position, eof) {
            Ok(start) => start,
            Err(keep) => return Step::More { keep },
        };
        let step = match (self.place, buffer[start]) {
            (Place::Top | Place::Tail, b'{') => {
                self.line(buffer, start, eof).unwrap_or_else(|| self.exact(buffer, start, eof))
            }
            (Place::Top | Place::Tail, _) => self.text(buffer, start, eof),
            (_, b'{' | b'[') => self.exact(buffer, start, eof),
            (_, _) => self.scalar(buffer, start, eof),
        };
        if let Step::Frame { next, .. } = step {
            self.moved(buffer, start, next);
        }
        step
    }

    /// Leaves out bytes after a frame that is too long. Gives the position up to which they are left out, and
    /// whether that was all.
    pub(super) fn skip(&mut self, buffer: &[u8], position: usize, eof: bool, skip: Skip) -> (usize, bool) {
        let rest = &buffer[position..];
        let Skip::Block { column } = skip else {
            (self.column, self.indent) = (0, None);
            return line_end(rest).map_or((buffer.len(), eof), |found| (position + found + 1, true));
        };
        for newline in line_ends(rest) {
            let newline = position + newline;
            let seen = self.seen(buffer, newline);
            match Line::after(seen, newline) {
                None if eof || self.is_full(buffer, newline) => {}
                None => return (newline, false),
                Some(line) if line.begins_record(seen, column) => {
                    (self.column, self.indent) = (0, None);
                    return (newline + 1, true);
                }
                Some(line) if line.column <= column && matches!(buffer[line.first], b'}' | b']') => {
                    (self.column, self.indent) = (line.column + 1, Some(line.column));
                    return (line.first + 1, true);
                }
                Some(_) => {}
            }
        }
        (buffer.len(), eof)
    }

    /// Keeps the column and the indent while going from one position to another; gives the latter.
    fn moved(&mut self, buffer: &[u8], from: usize, to: usize) -> usize {
        let mut line = &buffer[from..to];
        if let Some(newline) = last_line_end(line) {
            line = &line[newline + 1..];
            (self.column, self.indent) = (0, None);
        }
        let content = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b',' | b'[' | b']'));
        self.indent = self.indent.or(content.map(|content| self.column + content));
        self.column += line.len();
        to
    }

    /// The column that the record beginning here is laid out from: that of its line, since what is nested in
    /// a record is indented further than its line and not than its own start.
    fn margin(&self) -> usize {
        self.indent.unwrap_or(self.column)
    }

    /// The first position that belongs to a frame, or the position to keep bytes from.
    fn separators(&mut self, buffer: &[u8], position: usize, eof: bool) -> Result<usize, usize> {
        let mut at = position;
        let outcome = loop {
            let Some(&byte) = buffer.get(at) else { break Err(at) };
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b'\0' | b'\x0c' | b',' => at += 1,
                0xef if buffer[at..].starts_with(b"\xef\xbb\xbf") => at += 3,
                0xef if !eof && b"\xef\xbb\xbf".starts_with(&buffer[at..]) => break Err(at),
                b']' if self.place != Place::Top => {
                    at += 1;
                    if self.place == Place::Wrapped {
                        self.place = Place::Tail;
                        break Err(at);
                    }
                    self.place = Place::Top;
                }
                b'[' if self.place == Place::Top => match self.opens_list(buffer, at, eof) {
                    Some(true) => {
                        self.place = Place::List;
                        at += 1;
                    }
                    Some(false) => break Ok(at),
                    None => break Err(at),
                },
                _ => break Ok(at),
            }
        };
        let (Ok(reached) | Err(reached)) = outcome;
        self.moved(buffer, position, reached);
        outcome
    }

    /// The buffer up to where a frame that starts here must end.
    fn seen<'a>(&self, buffer: &'a [u8], start: usize) -> &'a [u8] {
        &buffer[..buffer.len().min(start + self.max)]
    }

    /// Whether the input goes on behind that.
    fn is_full(&self, buffer: &[u8], start: usize) -> bool {
        buffer.len() - start > self.max
    }

    /// The first byte from `at` that is no whitespace, in what is seen from `start`: `Some(None)` where that
    /// holds none, `None` where it takes more bytes to tell.
    fn what_follows(&self, buffer: &[u8], start: usize, at: usize, eof: bool) -> Option<Option<u8>> {
        let seen = self.seen(buffer, start);
        let byte = seen.get(scan::skip_blanks(seen, at)).copied();
        (byte.is_some() || eof || self.is_full(buffer, start)).then_some(byte)
    }

    /// Whether the bracket at a position opens a list; `None` where it takes more bytes to tell.
    fn opens_list(&self, buffer: &[u8], start: usize, eof: bool) -> Option<bool> {
        match self.what_follows(buffer, start, start + 1, eof)? {
            Some(b'{' | b']') => Some(true),
            Some(b'[') => self.are_results(buffer, start, eof),
            _ => Some(false),
        }
    }

    /// Whether a query's results begin at a position.
    fn are_results(&self, buffer: &[u8], start: usize, eof: bool) -> Option<bool> {
        lists::are_results(self.seen(buffer, start), start)
            .or_else(|| (eof || self.is_full(buffer, start)).then_some(false))
    }

    /// The next newline from `start`, where it stands before `end`.
    fn newline(&mut self, buffer: &[u8], start: usize, end: usize) -> Option<usize> {
        let end = end.min(buffer.len());
        let known = self.newline;
        let searched = if (known.from..=known.to).contains(&start) {
            known
        } else {
            Newline { from: start, to: start, found: false }
        };
        if !searched.found && searched.to < end {
            let found = line_end(&buffer[searched.to..end]);
            let to = found.map_or(end, |found| searched.to + found);
            self.newline = Newline { from: searched.from, to, found: found.is_some() };
        } else {
            self.newline = searched;
        }
        Some(self.newline).filter(|known| known.found && known.to < end).map(|known| known.to)
    }

    fn text(&mut self, buffer: &[u8], start: usize, eof: bool) -> Step {
        match self.newline(buffer, start, start + self.max) {
            Some(newline) => self.whole_line(buffer, start, newline, eof),
            None if self.is_full(buffer, start) => self.too_long(buffer, start),
            None if eof => frame(buffer, start, buffer.len(), buffer.len()),
            None => Step::More { keep: start },
        }
    }

    /// A line with an end, and the others that it goes on in.
    fn whole_line(&mut self, buffer: &[u8], start: usize, end: usize, eof: bool) -> Step {
        let mut end = end;
        if start >= self.apart && pieces::goes_on(&buffer[start..end]) {
            let is_full = self.is_full(buffer, start);
            match pieces::group(self.seen(buffer, start), start, eof && !is_full) {
                Group::End(last) => end = last,
                Group::None(before) => self.apart = before,
                Group::More if is_full => self.apart = start + self.max,
                Group::More => return Step::More { keep: start },
            }
        }
        frame(buffer, start, end, (end + 1).min(buffer.len()))
    }

    /// A line that is a frame by its two ends; `None` where only its tokens can tell.
    fn line(&mut self, buffer: &[u8], start: usize, eof: bool) -> Option<Step> {
        let window = LINE_WINDOW.min(self.max);
        let Some(newline) = self.newline(buffer, start, start + window) else {
            let short = buffer.len() - start < window;
            return match (short, eof) {
                (true, false) => Some(Step::More { keep: start }),
                (true, true) => {
                    let step = frame(buffer, start, buffer.len(), buffer.len());
                    ends_with_brace(buffer, step).then_some(step)
                }
                (false, _) => None,
            };
        };
        let step = frame(buffer, start, newline, newline + 1);
        if !ends_with_brace(buffer, step) {
            return None;
        }
        match self.what_follows(buffer, start, newline, eof) {
            Some(Some(b',' | b']' | b'}')) => None,
            Some(_) => Some(self.whole_line(buffer, start, newline, eof)),
            None => Some(Step::More { keep: start }),
        }
    }

    fn exact(&mut self, buffer: &[u8], start: usize, eof: bool) -> Step {
        let mut limit = self.scan_limit;
        loop {
            let seen = &buffer[..buffer.len().min(start + limit)];
            match scan::value(seen, start) {
                Scan::End(end) => {
                    self.scan_limit = self.scan_limit.saturating_mul(2).min(self.max);
                    return frame(buffer, start, end, end);
                }
                Scan::Broken(at) => return self.broken(buffer, start, at, eof),
                Scan::More if buffer.len() <= start + limit => {
                    return if eof {
                        self.broken(buffer, start, seen.len(), true)
                    } else {
                        Step::More { keep: start }
                    };
                }
                Scan::More => {}
            }
            let opened = (self.place == Place::Top).then(|| wrapped_list(seen, start, 1)).flatten();
            if let Some((inside, around)) = opened {
                (self.place, self.around) = (Place::Wrapped, around);
                self.moved(buffer, start, inside);
                return Step::More { keep: inside };
            }
            if resume(seen, start, self.margin(), false, self.place).is_some() {
                return self.broken(buffer, start, seen.len(), eof);
            }
            if limit == self.max {
                return self.too_long(buffer, start);
            }
            limit = self.max;
        }
    }

    /// The frame of a value whose tokens break at `broken_at`.
    fn broken(&mut self, buffer: &[u8], start: usize, broken_at: usize, eof: bool) -> Step {
        let seen = self.seen(buffer, start);
        let ends_here = eof && seen.len() == buffer.len();
        match resume(seen, start, self.margin(), ends_here, self.place) {
            Some(next) => {
                if broken_at.saturating_sub(next) > WASTE {
                    self.scan_limit = (self.scan_limit / 2).max(WASTE).min(self.max);
                }
                frame(buffer, start, next, next)
            }
            None if self.is_full(buffer, start) => self.too_long(buffer, start),
            None => Step::More { keep: start },
        }
    }

    /// An element of a list that is neither an object nor a list.
    fn scalar(&mut self, buffer: &[u8], start: usize, eof: bool) -> Step {
        let seen = self.seen(buffer, start);
        let found = match seen[start] {
            b'"' => scan::string(seen, start + 1),
            _ => scan::literal(seen, start),
        };
        match found {
            Scan::End(end) if end > start => match self.what_follows(buffer, start, end, eof) {
                Some(Some(b',' | b']')) => frame(buffer, start, end, end),
                Some(_) => self.text(buffer, start, eof),
                None => Step::More { keep: start },
            },
            Scan::More if !eof && !self.is_full(buffer, start) => Step::More { keep: start },
            _ => self.text(buffer, start, eof),
        }
    }

    fn too_long(&self, buffer: &[u8], start: usize) -> Step {
        let end = start + self.max;
        let lines = self.place != Place::Top || buffer[start] == b'{';
        match last_line_end(&buffer[start..end]).filter(|_| lines) {
            Some(newline) => {
                Step::TooLong { start, next: start + newline, skip: Skip::Block { column: self.margin() } }
            }
            None => Step::TooLong { start, next: end, skip: Skip::Line },
        }
    }
}

/// Where the first line of some bytes ends.
fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr2(b'\n', b'\0', bytes)
}

fn line_ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
    memchr2_iter(b'\n', b'\0', bytes)
}

fn last_line_end(bytes: &[u8]) -> Option<usize> {
    memrchr2(b'\n', b'\0', bytes)
}

fn frame(buffer: &[u8], start: usize, end: usize, next: usize) -> Step {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'\0';
    let last = buffer[start..end].iter().rposition(|byte| !is_blank(byte));
    Step::Frame { start, end: last.map_or(start, |last| start + last + 1), next }
}

fn ends_with_brace(buffer: &[u8], step: Step) -> bool {
    matches!(step, Step::Frame { end, .. } if buffer[..end].ends_with(b"}"))
}
