//! From a frame to what it holds: finds the container of each record and has it decoded.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::ControlFlow;

use memchr::memmem;

use super::containers::CONTAINERS;
use super::job::{Job, Original, Sink};
use super::pieces;
use super::reasons::too_many_records;
use super::record::Record;
use super::remembered::Remembered;
use super::{Chunk, Decoded, Frame, Limits, LogType, Reject, RejectCode};

/// Looked at of a frame that is longer, to tell whether it has log records.
const HEAD: usize = 64 << 10;

/// Records in a frame at most, which a frame of the greatest length has if each takes 256 bytes: a megabyte of empty
/// objects must not become half a million of rejects.
const MAX_RECORDS: usize = 1 << 17;

/// What may be unpacked from base64 in a frame, beside the longest text of all: so many times the frame's length. Audit
/// logs are compressed to a 20th or a 60th.
const MAX_GROWTH: usize = 100;

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
    remembered: Remembered,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    pub fn new(options: DecodeOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The containers that the last record of the last frame came in, the outermost first; none where it was in
    /// no known one.
    pub fn containers(&self) -> impl Iterator<Item = &'static str> {
        self.remembered.path().iter().map(|&number| CONTAINERS[number].name)
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
                sink(Decoded::Reject(Reject { reason: too_many_records(MAX_RECORDS), bytes: frame }));
                return ControlFlow::Break(());
            }
            records += 1;
            sink(decoded);
            ControlFlow::Continue(())
        });
    }

    fn run(&mut self, frame: &[u8], sink: &mut Sink<'_>) {
        match pieces::joined(frame) {
            None => _ = self.read(frame, false, sink),
            Some(lines) => {
                _ = lines.iter().try_for_each(|line| self.read(&line.bytes, line.is_spliced, sink));
            }
        }
    }

    /// Reads a frame's bytes, or a line that its pieces make.
    fn read(&mut self, frame: &[u8], is_spliced: bool, sink: &mut Sink<'_>) -> ControlFlow<()> {
        // Checked first: the lossy conversion alone took a sixth of all decoding.
        let text =
            simdutf8::basic::from_utf8(frame).map_or_else(|_| String::from_utf8_lossy(frame), Cow::Borrowed);
        let is_other = matches!(text, Cow::Owned(_));
        let text = text.trim_start_matches('\u{feff}').trim_ascii();
        let original = is_other.then_some(Original { bytes: frame, of: text.len() });
        let room = Cell::new(Limits::default().frame.saturating_add(frame.len().saturating_mul(MAX_GROWTH)));
        self.remembered.leave(0);
        let mut job = Job::new(&self.options, &mut self.remembered, sink, original, &room);
        job.is_spliced = is_spliced;
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
    let marks: [&[u8]; 3] = [b"\"auditID", b"\\\"auditID", b".auditID\":"];
    marks.iter().any(|mark| memmem::find(bytes, mark).is_some())
}

#[cfg(test)]
#[path = "decoder_tests/mod.rs"]
mod tests;
