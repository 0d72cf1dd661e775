//! From a frame to what it holds: finds the container of each record and has it decoded.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::ControlFlow;

use memchr::memmem;
use serde::de::IgnoredAny;

use super::containers::{CONTAINERS, EXACT};
use super::cut::{self, TRUNCATED};
use super::fields::Fields;
use super::pieces;
use super::record::Record;
use super::scan;
use super::shape::Outline;
use super::surrogates;
use super::wire::{Failure, is_too_deep, message, too_deep};
use super::{AuditEvent, Chunk, Decoded, Frame, Limits, LogType, Reject, RejectCode, RejectReason};

/// Envelopes inside envelopes that are followed.
const MAX_ENVELOPES: u8 = 4;

/// Looked at of a frame that is longer, to tell whether it has log records.
const HEAD: usize = 64 << 10;

/// Records in a frame at most, which a frame of the greatest length has if each takes 256 bytes: a megabyte of empty
/// objects must not become half a million of rejects.
const MAX_RECORDS: usize = 1 << 17;

/// What may be unpacked from base64 in a frame, beside the longest text of all: so many times the frame's length. Audit
/// logs are compressed to a 20th or a 60th.
const MAX_GROWTH: usize = 100;

/// A container number for each of the envelopes, and for what stands in none.
type ByDepth<T = usize> = [T; MAX_ENVELOPES as usize + 1];

/// What a decoder is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecodeOptions {
    /// The log type of Events that no container names one for.
    pub log_type: Option<LogType>,
}

/// Decodes frames, one thread's worth. It remembers the last containers, which the next record most likely
/// comes in too; what it gives does not depend on that.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    options: DecodeOptions,
    hints: ByDepth,
    asked: ByDepth<Asked>,
    trail: Trail,
}

/// Records that containers were asked about, the last one first: what they were told of it, and the first that said yes.
#[derive(Debug, Clone, Default)]
struct Asked(Vec<(Outline, usize)>);

impl Asked {
    /// Records of one container differ in which of their fields are null.
    const MOST: usize = 8;

    /// The first container that says yes to a record; they are asked where none like it was among the last.
    fn first(&mut self, fields: &Fields<'_>, ask: impl FnOnce() -> usize) -> usize {
        let known = self.0.iter().position(|(outline, _)| outline.is_of(fields));
        let at = known.unwrap_or_else(|| {
            let mut outline =
                if self.0.len() < Self::MOST { None } else { self.0.pop() }.unwrap_or_default().0;
            outline.set(fields);
            self.0.push((outline, ask()));
            self.0.len() - 1
        });
        self.0[..=at].rotate_right(1);
        self.0[0].1
    }
}

/// The containers around the record that was handed out last, by their numbers.
#[derive(Debug, Clone, Copy, Default)]
struct Trail {
    path: ByDepth,
    length: usize,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    pub fn new(options: DecodeOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The containers that the last record of the last frame came in, the outermost first; none where it was in
    /// no known one.
    pub fn containers(&self) -> impl Iterator<Item = &'static str> {
        self.trail.path[..self.trail.length].iter().map(|&number| CONTAINERS[number].name)
    }

    /// Decodes a frame of a chunk; one with a problem is a reject as it stands.
    pub fn decode_frame(&mut self, chunk: &Chunk, frame: &Frame, sink: &mut dyn FnMut(Decoded<'_>)) {
        let bytes = chunk.bytes(frame);
        match &frame.problem {
            Some(reason) => sink(Decoded::Reject(Reject { reason: reason.clone(), bytes })),
            None => self.decode(bytes, sink),
        }
    }

    /// Whether a frame of a chunk has a record of which this is so. Those behind the first such are left alone.
    pub fn finds(&mut self, chunk: &Chunk, frame: &Frame, is_so: impl Fn(&Decoded<'_>) -> bool) -> bool {
        let bytes = chunk.bytes(frame);
        if let Some(reason) = &frame.problem {
            return is_so(&Decoded::Reject(Reject { reason: reason.clone(), bytes }));
        }
        let mut found = false;
        self.run(bytes, &mut |decoded| {
            found = is_so(&decoded);
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        found
    }

    /// Whether a frame of a chunk has a log record; the records that were looked at are added to `looked_at`. An envelope
    /// of many records is not read to its end where its first ones show it: as rejects they would be log records too.
    pub fn finds_log_record(&mut self, chunk: &Chunk, frame: &Frame, looked_at: &mut u64) -> bool {
        if chunk.bytes(frame).get(..HEAD).is_some_and(has_audit_id) {
            return true;
        }
        let records = Cell::new(0);
        let found = self.finds(chunk, frame, |decoded| {
            records.update(|records| records + 1);
            is_log_record(decoded)
        });
        *looked_at += records.get();
        found
    }

    /// Decodes a frame and calls `sink` once per record in it, in order. Bytes that are no UTF-8 become
    /// U+FFFD, as Go's encoder does it.
    ///
    /// Of more than [`MAX_RECORDS`] the others are one reject, the frame.
    pub fn decode(&mut self, frame: &[u8], sink: &mut dyn FnMut(Decoded<'_>)) {
        let mut records = 0;
        self.run(frame, &mut |decoded| {
            if records == MAX_RECORDS {
                sink(Decoded::Reject(Reject { reason: too_many(), bytes: frame }));
                return ControlFlow::Break(());
            }
            records += 1;
            sink(decoded);
            ControlFlow::Continue(())
        });
    }

    fn run(&mut self, frame: &[u8], sink: &mut Sink<'_>) {
        match pieces::joined(frame) {
            None => _ = self.read(frame, sink),
            Some(lines) => _ = lines.iter().try_for_each(|line| self.read(line, sink)),
        }
    }

    /// Reads a frame's bytes, or a line that its pieces make.
    fn read(&mut self, frame: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
        // Checked first: the lossy conversion alone took a sixth of all decoding.
        let text =
            simdutf8::basic::from_utf8(frame).map_or_else(|_| String::from_utf8_lossy(frame), Cow::Borrowed);
        let is_other = matches!(text, Cow::Owned(_));
        let text = text.trim_start_matches('\u{feff}').trim_ascii();
        let original = is_other.then_some(Original { bytes: frame, of: text.len() });
        let room = Cell::new(Limits::default().frame.saturating_add(frame.len().saturating_mul(MAX_GROWTH)));
        self.trail.length = 0;
        let mut job = Job {
            options: &self.options,
            hints: &mut self.hints,
            asked: &mut self.asked,
            trail: &mut self.trail,
            sink,
            is_over: false,
            envelopes: 0,
            original,
            left: None,
            room: &room,
        };
        job.record(Record::unread(text));
        if job.is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Whether this counts as a log record when it is asked if a file is a log at all: records and known kinds
/// of others do, and rejects that visibly are audit records.
pub fn is_log_record(decoded: &Decoded<'_>) -> bool {
    match decoded {
        Decoded::Event(_) | Decoded::Other(_) => true,
        Decoded::Reject(reject) => match reject.reason.code {
            RejectCode::NoTime | RejectCode::BadTime | RejectCode::WrongType => true,
            _ => has_audit_id(reject.bytes),
        },
    }
}

/// Whether this visibly is an audit record, or holds one as text.
fn has_audit_id(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"\"auditID").is_some() || memmem::find(bytes, b"\\\"auditID").is_some()
}

/// Takes what is decoded; breaks off when that is enough.
type Sink<'s> = dyn FnMut(Decoded<'_>) -> ControlFlow<()> + 's;

/// The bytes that a text was made of which is not what they say.
#[derive(Debug, Clone, Copy)]
struct Original<'o> {
    bytes: &'o [u8],
    /// The length of the text.
    of: usize,
}

/// The decoding of one frame, as containers see it.
pub(super) struct Job<'j> {
    pub options: &'j DecodeOptions,
    /// The container that the last record was in, of as many envelopes.
    hints: &'j mut ByDepth,
    asked: &'j mut ByDepth<Asked>,
    trail: &'j mut Trail,
    sink: &'j mut Sink<'j>,
    /// Nothing more is wanted. Containers with many records leave the others alone, which would be for nothing.
    pub is_over: bool,
    envelopes: u8,
    /// The frame's bytes, where its text is not the same.
    original: Option<Original<'j>>,
    /// While a cut text is decoded: the outcomes that are still to come from it.
    left: Option<u64>,
    /// How much may still be unpacked from base64, at any depth: an envelope in an envelope would multiply it.
    room: &'j Cell<usize>,
}

impl Job<'_> {
    /// Hands out an event.
    pub(super) fn event(&mut self, event: &AuditEvent<'_>) {
        if self.is_cut() && !event.salvaged {
            self.give(Decoded::Event(&AuditEvent { truncated: true, salvaged: true, ..event.clone() }));
        } else {
            self.give(Decoded::Event(event));
        }
    }

    /// Whether the record that is being decoded is the one that the text was cut in: its last one.
    pub(super) fn is_cut(&self) -> bool {
        self.left == Some(1)
    }

    fn give(&mut self, decoded: Decoded<'_>) {
        self.left = self.left.map(|left| left.saturating_sub(1));
        if !self.is_over {
            self.is_over = (self.sink)(decoded).is_break();
        }
    }

    /// Hands out a record that is no Kubernetes audit record, by its kind.
    pub(super) fn other(&mut self, kind: &str) {
        self.give(Decoded::Other(Cow::Borrowed(kind)));
    }

    /// Hands out what could not be decoded. A container that could not make anything of a part of its
    /// record passes [`Failure::NotMine`] here: to the outside it is no audit record then.
    pub(super) fn reject(&mut self, failure: Failure, record: &str) {
        let reason = match failure {
            Failure::Reject(reason) => reason,
            Failure::NotMine => not_audit(record),
        };
        let reason = if self.is_cut() { cut_reason(reason) } else { reason };
        let original = self.original.filter(|original| self.is_cut() || record.len() == original.of);
        let bytes = original.map_or(record.as_bytes(), |original| original.bytes);
        self.give(Decoded::Reject(Reject { reason, bytes }));
    }

    /// How long a text may be that is unpacked next.
    pub(super) fn room(&self) -> usize {
        self.room.get().min(Limits::default().frame)
    }

    /// Counts bytes that were unpacked.
    pub(super) fn unpacked(&self, bytes: usize) {
        self.room.update(|room| room.saturating_sub(bytes));
    }

    /// Decodes the records of an envelope, each in whatever container it is in.
    pub(super) fn envelope<'r>(&mut self, records: impl IntoIterator<Item = Record<'r>>) {
        self.envelopes += 1;
        for record in records {
            self.record(record);
        }
        self.envelopes -= 1;
    }

    fn record(&mut self, record: Record<'_>) {
        let mut left = record;
        while !left.text.is_empty() && !self.is_over {
            if self.envelopes > MAX_ENVELOPES {
                let detail = format!("more than {MAX_ENVELOPES} envelopes around it");
                return self.reject(Failure::new(RejectCode::TooDeep, detail), left.text);
            }
            let hint = self.hints[usize::from(self.envelopes)];
            if hint < EXACT {
                self.enter(hint);
                if (CONTAINERS[hint].decode)(self, &left).is_ok() {
                    return;
                }
            }
            if left.is_read() {
                return self.recognise(left);
            }
            let (first, others) = Record::first_of(left.text);
            self.recognise(first);
            left = Record::unread(others);
        }
    }

    fn recognise(&mut self, mut record: Record<'_>) {
        if let Err(failure) = record.read() {
            return self.broken(failure, record.text);
        }
        let first = self.first_asked(&record);
        for (index, container) in CONTAINERS.iter().enumerate().skip(first) {
            if (container.recognises)(&record.shape()) {
                self.enter(index);
                match (container.decode)(self, &record) {
                    Err(Failure::NotMine) => {}
                    outcome => {
                        self.hints[usize::from(self.envelopes)] = index;
                        if let Err(failure) = outcome {
                            self.refused(failure, record.text);
                        }
                        return;
                    }
                }
            }
        }
        self.trail.length = usize::from(self.envelopes);
        self.refused(Failure::NotMine, record.text);
    }

    /// Rejects a record, unless all that was wrong with it can be mended.
    pub(super) fn refused(&mut self, failure: Failure, record: &str) {
        match surrogates::mended(record) {
            Some(mended) => self.record(Record::unread(&mended)),
            None => self.reject(failure, record),
        }
    }

    /// The first container that takes a record for its own. What they are told of it is mostly what they were told of
    /// one shortly before.
    fn first_asked(&mut self, record: &Record<'_>) -> usize {
        let ask =
            || CONTAINERS.iter().take_while(|container| !(container.recognises)(&record.shape())).count();
        let Ok(fields) = record.fields() else { return ask() };
        self.asked[usize::from(self.envelopes)].first(fields, ask)
    }

    fn enter(&mut self, container: usize) {
        let depth = usize::from(self.envelopes);
        self.trail.path[depth] = container;
        self.trail.length = depth + 1;
    }
}

impl Job<'_> {
    /// Decodes what is left of a record that was cut, and rejects one that is broken in another way.
    ///
    /// Of several records in it, the last one is that which the cut goes through, so they are counted first.
    fn broken(&mut self, failure: Failure, record: &str) {
        if !failure.is_cut() && self.left.is_none() {
            let parts = cut::parts(record);
            if parts.len() > 1 {
                return parts.into_iter().for_each(|part| self.record(Record::unread(part)));
            }
        }
        let closed = if failure.is_cut() && self.left.is_none() { cut::close(record) } else { None };
        let Some(closed) = closed else { return self.reject(failure, record) };
        let mut outcomes = 0;
        let mut count = |_: Decoded<'_>| {
            outcomes += 1;
            ControlFlow::Continue(())
        };
        let bytes = self.original.map_or(record.as_bytes(), |original| original.bytes);
        let original = Some(Original { bytes, of: closed.len() });
        let (options, envelopes, is_over) = (self.options, self.envelopes, false);
        let (left, room) = (Some(u64::MAX), &self.room.clone());
        let (hints, asked, trail) = (&mut *self.hints, &mut *self.asked, &mut *self.trail);
        Job { options, hints, asked, trail, sink: &mut count, is_over, envelopes, original, left, room }
            .record(Record::unread(&closed));
        if outcomes == 0 {
            return self.reject(failure, record);
        }
        let (left, room) = (Some(outcomes), self.room);
        let (hints, asked, trail) = (&mut *self.hints, &mut *self.asked, &mut *self.trail);
        let mut job =
            Job { options, hints, asked, trail, sink: self.sink, is_over, envelopes, original, left, room };
        job.record(Record::unread(&closed));
        self.is_over = job.is_over;
    }
}

/// The reject of what was left of a cut record, for whatever reason that could not be read.
fn cut_reason(reason: RejectReason) -> RejectReason {
    let detail = match reason.code {
        RejectCode::Cut => reason.detail,
        code => format!("what is left of a cut record is {}: {}", code.code(), reason.detail),
    };
    RejectReason { code: RejectCode::Cut, detail }
}

fn too_many() -> RejectReason {
    let detail = format!("more than {MAX_RECORDS} records in one; the others are not read");
    RejectReason { code: RejectCode::TooLong, detail }
}

fn not_audit(record: &str) -> RejectReason {
    let reason = |code, detail: &str| RejectReason { code, detail: detail.to_owned() };
    if serde_json::from_str::<IgnoredAny>(record).is_err() {
        reason(RejectCode::NotJson, "neither JSON nor a known kind of log line")
    } else if is_too_deep(record) {
        too_deep()
    } else {
        reason(RejectCode::NotAudit, "JSON, but no audit record of a known container")
    }
}

/// The reject for a JSON error: where a value ends too early, breaks, or has a field of another type.
pub(super) fn json_failure(error: &serde_json::Error, record: &str) -> Failure {
    use serde_json::error::Category;
    match error.classify() {
        Category::Eof => Failure::new(
            RejectCode::Cut,
            format!("the JSON ends after {} bytes, inside a value", record.len()),
        ),
        Category::Syntax if record.ends_with(TRUNCATED) => Failure::new(
            RejectCode::Cut,
            format!("cut by CloudWatch after {} bytes", record.len() - TRUNCATED.len()),
        ),
        Category::Data => {
            let message = message(error);
            // One that stands twice is named there, and the error comes up behind it.
            let field = field_at(record, error).filter(|_| !message.starts_with("duplicate field"));
            let field = field.map_or(String::new(), |field| format!("{field}: "));
            Failure::new(RejectCode::WrongType, field + &message)
        }
        Category::Syntax | Category::Io => Failure::new(RejectCode::NotJson, error.to_string()),
    }
}

/// The key at the record's top whose value an error stands in.
fn field_at<'r>(record: &'r str, error: &serde_json::Error) -> Option<&'r str> {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', record.as_bytes()).nth(line - 2)? + 1,
    };
    let at = line_start + error.column();
    let fields = scan::fields(record.as_bytes(), 0);
    fields.take_while(|field| field.value < at).last().and_then(|field| record.get(field.key))
}

#[cfg(test)]
#[path = "decoder_tests/mod.rs"]
mod tests;
