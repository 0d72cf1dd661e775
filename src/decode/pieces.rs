//! Lines that a container runtime split, as files of `/var/log/containers` have them: those of an API server that writes
//! its audit log to standard output are longer than what a runtime writes at a time.
//!
//! - CRI: `TIME STREAM TAG TEXT`, where the tag of a piece that others follow is `P`, and that of the last one `F`. Pieces
//!   have 16 KiB of containerd (`max_container_log_line_size`) and 8 KiB of CRI-O (conmon's buffer):
//!   <https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>.
//! - Docker's json-file: `{"log":"TEXT","stream":"STREAM","time":"TIME"}`, where the text of a piece that others follow has
//!   16 KiB, to the byte, and that of the last one ends in a newline:
//!   <https://github.com/moby/moby/blob/master/daemon/logger/copier.go>.
//!
//! Standard output and standard error share a file, so that lines of one stand between the pieces of the other.

use std::borrow::Cow;

use memchr::{memchr2, memmem};

use super::containers::plain_text::is_klog;
use super::frame::is_closed;
use super::scan::{self, Scan};
use super::strings::unescaped;

/// What docker reads of a line at a time, in bytes.
pub const DOCKER_PIECE: usize = 16 << 10;
/// What a character that a piece ends in can add to that: each of its bytes becomes U+FFFD.
const REPLACED: usize = 12;
/// Lines of other streams between two pieces at most. Those behind a line whose end never came are none of its own.
const BETWEEN: usize = 256;
/// A time with nanoseconds and an offset, and the space behind it.
const LONGEST_TIME: usize = 36;

/// How an API server's record begins, as it is and in a JSON string.
const RECORDS: [&[u8]; 2] = [
    br#"{"kind":"Event","apiVersion":"audit.k8s.io/"#,
    br#"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/"#,
];

/// The streams that a container's log has lines of.
const STREAMS: [&[u8]; 2] = [b"stdout", b"stderr"];

/// A line of a container's log, taken apart.
struct Piece<'a> {
    /// Its number in [`STREAMS`].
    stream: usize,
    /// Whether the stream's next line goes on with this one.
    goes_on: bool,
    before: &'a [u8],
    text: &'a [u8],
    behind: &'a [u8],
}

impl<'a> Piece<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"{") { Self::of_docker(line) } else { Self::of_cri(line) }
    }

    fn of_cri(line: &'a [u8]) -> Option<Self> {
        // Most lines are none of these, and are not looked through to find that.
        let time = line.iter().take(LONGEST_TIME).position(|byte| *byte == b' ').map(|end| &line[..end])?;
        let is_time = time.first().is_some_and(u8::is_ascii_digit) && time.get(10) == Some(&b'T');
        let rest = &line[time.len() + 1..];
        let stream = STREAMS.iter().position(|stream| rest.starts_with(stream)).filter(|_| is_time)?;
        let rest = rest[STREAMS[stream].len()..].strip_prefix(b" ")?;
        let (tags, text) = rest.split_at(rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len()));
        let text = text.strip_prefix(b" ").unwrap_or_default();
        // Further tags may follow behind a colon.
        let goes_on = match tags.split(|byte| *byte == b':').next()? {
            b"P" if !text.is_empty() => true,
            b"F" => false,
            _ => return None,
        };
        let before = &line[..line.len() - text.len()];
        Some(Self { stream, goes_on, before, text, behind: b"" })
    }

    fn of_docker(line: &'a [u8]) -> Option<Self> {
        const LOG: &[u8] = b"{\"log\":\"";
        const STREAM: &[u8] = b"\"stream\":\"";
        let Scan::End(end) = scan::string(line.starts_with(LOG).then_some(line)?, LOG.len()) else {
            return None;
        };
        let (text, behind) = (&line[LOG.len()..end - 1], &line[end - 1..]);
        let at = memmem::find(behind, STREAM)? + STREAM.len();
        let stream = stream_of(behind[at..].split(|byte| *byte == b'"').next()?)?;
        Some(Self { stream, goes_on: fills_a_piece(text), before: LOG, text, behind })
    }

    /// Whether this cannot be what a line goes on with, whose end was lost then: it begins as a record does, or is a whole
    /// line by itself. No object ends in another, as its end closes more than it opens.
    fn is_apart(&self, line: &Line<'_>) -> bool {
        let is_line = |text: &str| is_klog(text) || is_closed(text.as_bytes()) && line.is_open_object();
        RECORDS.iter().any(|record| self.text.starts_with(record))
            || !self.goes_on && logged(self.text, self.behind).is_some_and(|text| is_line(text.trim_ascii()))
    }
}

/// A text as it was logged; `None` where it is none. What docker's stands in goes on `behind` it.
fn logged<'t>(text: &'t [u8], behind: &[u8]) -> Option<Cow<'t, str>> {
    let text = str::from_utf8(text).ok()?;
    if behind.is_empty() { Some(text.into()) } else { unescaped(text).map(Cow::Owned) }
}

/// A line without CRI's prefix, where it has one.
pub(super) fn without_prefix(line: &str) -> &str {
    Piece::of_cri(line.as_bytes()).and_then(|piece| line.get(piece.before.len()..)).unwrap_or(line)
}

fn stream_of(word: &[u8]) -> Option<usize> {
    STREAMS.iter().position(|stream| *stream == word)
}

/// Whether a text of JSON has as many bytes as docker reads at a time, and no line's end: a backslash and an n that end it can be
/// what was logged.
fn fills_a_piece(text: &[u8]) -> bool {
    if text.len() < DOCKER_PIECE {
        return false;
    }
    let quoted = [b"\"", text, b"\""].concat();
    let is_piece = |text: Cow<'_, str>| {
        (DOCKER_PIECE..=DOCKER_PIECE + REPLACED).contains(&text.len()) && !text.ends_with('\n')
    };
    serde_json::from_slice(&quoted).is_ok_and(is_piece)
}

/// Whether a line, or what begins with it, is a piece that others follow. Asked of every line: most are told by their
/// first bytes, or by being short.
pub(super) fn goes_on(line: &[u8]) -> bool {
    let may_be_piece = match line.first() {
        Some(b'0'..=b'9') => true,
        Some(b'{') => line.len() >= DOCKER_PIECE,
        _ => false,
    };
    may_be_piece && Piece::of(line).is_some_and(|piece| piece.goes_on)
}

/// Whether the last piece of a line is not among these.
pub fn is_open(lines: &[u8]) -> bool {
    let mut open = [false; STREAMS.len()];
    for piece in lines.split(|byte| *byte == b'\n').map_while(Piece::of) {
        open[piece.stream] = piece.goes_on;
    }
    open.contains(&true)
}

/// The lines that belong together with the one that they were looked for from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// They end here.
    End(usize),
    /// No line before this position goes on in a later one.
    None(usize),
    /// More bytes are needed to tell.
    More,
}

/// The lines from `start` to where each that was begun has its last piece, or to one that is of no container's log.
/// `is_all` says that nothing follows `bytes`.
pub(super) fn group(bytes: &[u8], start: usize, is_all: bool) -> Group {
    // Of each stream that awaits a piece: how many lines ago it had one.
    let mut waiting: [Option<usize>; STREAMS.len()] = [None; STREAMS.len()];
    let (mut at, mut end) = (start, start);
    while at < bytes.len() || !is_all {
        let newline = bytes.get(at..).and_then(|rest| memchr2(b'\n', b'\0', rest));
        let line_end = match newline {
            Some(length) => at + length,
            None if is_all => bytes.len(),
            None => return Group::More,
        };
        let Some(piece) = Piece::of(&bytes[at..line_end]) else {
            // A last line without an end may be the begin of a piece.
            end = if newline.is_none() { line_end } else { end };
            break;
        };
        waiting.iter_mut().flatten().for_each(|lines| *lines += 1);
        waiting[piece.stream] = piece.goes_on.then_some(0);
        if waiting.iter().flatten().any(|lines| *lines > BETWEEN) {
            return Group::None(line_end);
        }
        (at, end) = (line_end + 1, line_end);
        // Behind a hole nothing goes on.
        if waiting.iter().all(Option::is_none) || bytes.get(line_end) == Some(&b'\0') {
            break;
        }
    }
    Group::End(end)
}

/// A line of a container's log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Joined {
    pub bytes: Vec<u8>,
    /// It was put together of several pieces, between which another can have been lost.
    pub is_spliced: bool,
}

/// The lines that pieces make, in the order of their ends; what has none comes last. `None` for a line that is whole.
pub(super) fn joined(frame: &[u8]) -> Option<Vec<Joined>> {
    if !goes_on(frame) || !frame.contains(&b'\n') {
        return None;
    }
    let mut lines = Vec::new();
    let mut open: [Option<Line<'_>>; STREAMS.len()] = [const { None }; STREAMS.len()];
    for line in frame.split(|byte| *byte == b'\n') {
        let Some(piece) = Piece::of(line) else {
            lines.push(Joined { bytes: line.to_vec(), is_spliced: false });
            continue;
        };
        let of_stream = &mut open[piece.stream];
        lines.extend(of_stream.take_if(|line| piece.is_apart(line)).map(Line::end));
        of_stream.get_or_insert_with(|| Line::new(&piece)).add(&piece);
        if !piece.goes_on {
            lines.extend(of_stream.take().map(Line::end));
        }
    }
    lines.extend(open.into_iter().flatten().map(Line::end));
    Some(lines)
}

/// A line that is put together, in the form of its first piece.
struct Line<'a> {
    bytes: Vec<u8>,
    /// Where the text begins in them.
    begin: usize,
    behind: &'a [u8],
    pieces: usize,
}

impl<'a> Line<'a> {
    fn new(first: &Piece<'a>) -> Self {
        Self { bytes: first.before.to_vec(), begin: first.before.len(), behind: first.behind, pieces: 0 }
    }

    fn add(&mut self, piece: &Piece<'_>) {
        self.bytes.extend_from_slice(piece.text);
        self.pieces += 1;
    }

    fn is_open_object(&self) -> bool {
        let text = logged(&self.bytes[self.begin..], self.behind);
        text.is_some_and(|text| text.starts_with('{') && scan::value(text.as_bytes(), 0) == Scan::More)
    }

    fn end(mut self) -> Joined {
        self.bytes.extend_from_slice(self.behind);
        Joined { bytes: self.bytes, is_spliced: self.pieces > 1 }
    }
}

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
