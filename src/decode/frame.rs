//! Chunks of whole records out of a stream, with their offsets, in bounded memory.

use std::io::Read;

use super::error::DecodeError;
use super::framing::{Framing, Skip, Step};
use super::scan::{self, Scan};
use super::{RejectCode, RejectReason};

/// Frames in a chunk at most: a megabyte of one-byte lines must not become a hundred of frames.
pub(super) const MAX_FRAMES: usize = 1 << 16;

/// Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// About the size of a chunk; a chunk ends after the frame that reaches it, or past half of it where what has been
    /// read so far ends.
    pub chunk: usize,
    /// The longest frame that is decoded. A reader holds at most about twice this.
    pub frame: usize,
    /// What is kept of a longer one.
    pub kept: usize,
}

impl Default for Limits {
    /// Chunks of 1 MiB, frames up to 32 MiB (an API server's bodies end at a few), of longer ones 1 MiB.
    fn default() -> Self {
        Self { chunk: 1 << 20, frame: 32 << 20, kept: 1 << 20 }
    }
}

impl Limits {
    /// Memory of an earlier chunk, emptied for the next one; far larger memory, which a long record left, is
    /// let go.
    pub fn spare(&self, mut memory: Vec<u8>) -> Vec<u8> {
        memory.clear();
        if memory.capacity() <= 4 * self.chunk { memory } else { Vec::new() }
    }
}

/// A stretch of a source that holds whole frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// From 0 per source.
    pub number: u64,
    /// Of `data[0]` in the source after decompression.
    pub offset: u64,
    /// Of a table: the number of the row that the first frame holds. Each frame holds one.
    pub first_row: Option<u64>,
    pub data: Vec<u8>,
    /// In order; what stands between them is whitespace and separators.
    pub frames: Vec<Frame>,
}

/// One record's bytes in [`Chunk::data`], or several records in an envelope or on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub start: usize,
    pub len: usize,
    /// Set where the frame must not be decoded: it is too long, and only its head is here.
    pub problem: Option<RejectReason>,
}

impl Chunk {
    /// The frame's bytes.
    pub fn bytes(&self, frame: &Frame) -> &[u8] {
        self.data.get(frame.start..frame.start + frame.len).unwrap_or_default()
    }

    /// The frame's offset in the source after decompression; of a table, the number of its row.
    pub fn frame_offset(&self, frame: &Frame) -> u64 {
        match self.first_row {
            None => self.offset + frame.start as u64,
            Some(row) => row + self.frames.partition_point(|other| other.start < frame.start) as u64,
        }
    }

    /// The first frame, from one on, that stands at an offset or behind it. One that the offset lies in begins there from
    /// now on: objects that are joined on a line are frames of their own while the line has no end, and one frame once it
    /// has, and an earlier reading may have ended, or found a record, between them.
    pub fn seek(&mut self, from: usize, offset: u64) -> Option<usize> {
        (from..self.frames.len()).find(|&number| self.reaches(number, offset))
    }

    fn reaches(&mut self, number: usize, offset: u64) -> bool {
        let frame = &self.frames[number];
        let Some(before) = offset.checked_sub(self.frame_offset(frame)).filter(|before| *before > 0) else {
            return true;
        };
        let inside = self.first_row.is_none() && frame.problem.is_none() && before < frame.len as u64;
        if inside {
            let frame = &mut self.frames[number];
            frame.start += before as usize;
            frame.len -= before as usize;
        }
        inside
    }
}

/// Whether bytes are JSON objects or lists, all of which end in them.
pub fn is_closed(bytes: &[u8]) -> bool {
    let mut at = 0;
    while matches!(bytes.get(at), Some(b'{' | b'[')) {
        let Scan::End(end) = scan::value(bytes, at) else { return false };
        at = scan::skip_blanks(bytes, end);
        at += usize::from(bytes.get(at) == Some(&b','));
        at = scan::skip_blanks(bytes, at);
    }
    at > 0 && at == bytes.len()
}

/// Cuts a stream into [`Chunk`]s. How is written down in `decode/framing/mod.rs`.
pub struct ChunkReader<R> {
    reader: R,
    limits: Limits,
    framing: Framing,
    buffer: Vec<u8>,
    /// Memory for the next buffer.
    spare: Vec<u8>,
    /// Where framing goes on in the buffer.
    position: usize,
    /// Of `buffer[0]`.
    offset: u64,
    number: u64,
    skipping: Option<Skip>,
    eof: bool,
    failure: Option<DecodeError>,
}

impl<R: Read> ChunkReader<R> {
    /// Reads `reader` (see [`super::decompress()`]) from its start.
    pub fn new(reader: R, limits: Limits) -> Self {
        Self {
            reader,
            limits,
            framing: Framing::new(limits.frame.max(1)),
            buffer: Vec::new(),
            spare: Vec::new(),
            position: 0,
            offset: 0,
            number: 0,
            skipping: None,
            eof: false,
            failure: None,
        }
    }

    /// Takes memory that is read into, such as that of earlier chunks, as far as it has none.
    pub fn reuse(&mut self, mut spare: impl FnMut() -> Option<Vec<u8>>) {
        for memory in [&mut self.buffer, &mut self.spare] {
            if memory.capacity() == 0
                && let Some(spare) = spare()
            {
                *memory = self.limits.spare(spare);
            }
        }
    }

    /// Memory that it had and needs no more.
    pub fn left(self) -> Vec<Vec<u8>> {
        vec![self.buffer, self.spare]
    }

    /// The next chunk; `None` at the end. Where the stream breaks off, the chunks with what was read come
    /// first, the record that was cut among them, then the error, then `None`.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, DecodeError> {
        let mut frames = Vec::new();
        loop {
            if let Some(skip) = self.skipping {
                self.skip(skip);
                continue;
            }
            match self.framing.step(&self.buffer, self.position, self.eof) {
                Step::Frame { start, end, next } => {
                    frames.push(Frame { start, len: end - start, problem: None });
                    self.position = next;
                    if next >= self.limits.chunk || frames.len() == MAX_FRAMES {
                        return Ok(Some(self.chunk(frames, next)));
                    }
                }
                Step::TooLong { start, next, skip } => {
                    let len = self.limits.kept.min(next - start);
                    frames.push(Frame { start, len, problem: Some(self.too_long()) });
                    self.skipping = Some(skip);
                    self.position = next;
                    return Ok(Some(self.chunk(frames, start + len)));
                }
                Step::More { keep } => {
                    self.position = keep;
                    // The wrapper's tail is framed in a step of its own, also at the end.
                    if self.eof && keep >= self.buffer.len() {
                        return self.finish(frames);
                    }
                    // What is read next would be copied when the chunk then ends in the midst of it.
                    if keep >= self.limits.chunk / 2 && !frames.is_empty() {
                        return Ok(Some(self.chunk(frames, keep)));
                    }
                    if frames.is_empty() {
                        self.drop_front();
                    }
                    if !self.eof {
                        self.fill();
                    }
                }
            }
        }
    }

    fn finish(&mut self, frames: Vec<Frame>) -> Result<Option<Chunk>, DecodeError> {
        if frames.is_empty() {
            return self.failure.take().map_or(Ok(None), Err);
        }
        let end = self.buffer.len();
        Ok(Some(self.chunk(frames, end)))
    }

    /// Hands out the buffer up to `end`; what follows `position` stays.
    fn chunk(&mut self, frames: Vec<Frame>, end: usize) -> Chunk {
        let mut rest = std::mem::take(&mut self.spare);
        rest.extend_from_slice(&self.buffer[self.position..]);
        let mut data = std::mem::replace(&mut self.buffer, rest);
        data.truncate(end);
        let chunk = Chunk { number: self.number, offset: self.offset, first_row: None, data, frames };
        self.number += 1;
        self.forget();
        chunk
    }

    fn drop_front(&mut self) {
        self.buffer.drain(..self.position);
        self.forget();
    }

    fn forget(&mut self) {
        self.framing.shifted(self.position);
        self.offset += self.position as u64;
        self.position = 0;
    }

    /// Reads on: a chunk, or as much as an unfinished frame already has, so that scanning it again and again
    /// stays linear.
    fn fill(&mut self) {
        let pending = self.buffer.len() - self.position;
        let most = (self.limits.frame + 1).saturating_sub(pending);
        let amount = self.limits.chunk.max(pending).min(most).max(1);
        self.buffer.reserve(amount);
        match (&mut self.reader).take(amount as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.eof = read < amount,
            Err(source) => {
                self.eof = true;
                let offset = self.offset + self.buffer.len() as u64;
                self.failure = Some(DecodeError::Read { offset, source });
            }
        }
    }

    fn skip(&mut self, skip: Skip) {
        let (to, done) = self.framing.skip(&self.buffer, self.position, self.eof, skip);
        self.position = to;
        self.drop_front();
        if done {
            self.skipping = None;
        } else if !self.eof {
            self.fill();
        }
    }

    fn too_long(&self) -> RejectReason {
        let detail = format!("longer than {} bytes; only the start is kept", self.limits.frame);
        RejectReason { code: RejectCode::TooLong, detail }
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
