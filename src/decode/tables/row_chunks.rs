//! Chunks of a table's rows.

use std::sync::Arc;

use super::Rows;
use crate::decode::decompress::Total;
use crate::decode::error::DecodeError;
use crate::decode::frame::MAX_FRAMES;
use crate::decode::{Chunk, Frame, Limits, RejectCode, RejectReason};

/// Cuts a table into [`Chunk`]s, a frame for each row.
pub struct RowChunks {
    rows: Box<dyn Rows>,
    limits: Limits,
    /// Memory for the next chunk.
    spare: Vec<u8>,
    /// Chunks, rows and bytes of rows so far.
    number: u64,
    row: u64,
    bytes: u64,
    total: Arc<Total>,
    failure: Option<DecodeError>,
    done: bool,
}

impl RowChunks {
    pub(in crate::decode) fn new(rows: impl Rows + 'static, limits: Limits, total: Arc<Total>) -> Self {
        let (rows, spare) = (Box::new(rows), Vec::new());
        Self { rows, limits, spare, number: 0, row: 0, bytes: 0, total, failure: None, done: false }
    }

    /// Bytes of the rows so far, as JSON.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// As [`super::super::ChunkReader::reuse`] has it.
    pub fn reuse(&mut self, mut spare: impl FnMut() -> Option<Vec<u8>>) {
        if self.spare.capacity() == 0
            && let Some(spare) = spare()
        {
            self.spare = self.limits.spare(spare);
        }
    }

    /// As [`super::super::ChunkReader::left`] has it.
    pub fn left(self) -> Vec<Vec<u8>> {
        vec![self.spare]
    }

    /// As [`super::super::ChunkReader::next_chunk`] has it.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, DecodeError> {
        let (mut data, mut frames) = (std::mem::take(&mut self.spare), Vec::new());
        let first_row = self.row;
        while !self.done && data.len() < self.limits.chunk && frames.len() < MAX_FRAMES {
            let start = data.len();
            let row = self.rows.next_row(&mut data);
            let len = data.len().saturating_sub(start);
            self.bytes += len as u64;
            // A text may stand in all rows, or a column's name in front of nothing.
            match row.and_then(|more| self.total.gave("table", len).map(|()| more)) {
                Ok(true) => {
                    self.row += 1;
                    frames.push(self.frame(start, len));
                    if len > self.limits.frame {
                        data.truncate(start + self.limits.kept);
                        break;
                    }
                }
                Ok(false) => {
                    data.truncate(start);
                    self.done = true;
                }
                Err(source) => {
                    data.truncate(start);
                    self.done = true;
                    self.failure = Some(DecodeError::Rows { row: self.row, source });
                }
            }
        }
        if frames.is_empty() {
            return self.failure.take().map_or(Ok(None), Err);
        }
        let chunk = Chunk { number: self.number, offset: 0, first_row: Some(first_row), data, frames };
        self.number += 1;
        Ok(Some(chunk))
    }

    fn frame(&self, start: usize, len: usize) -> Frame {
        let most = self.limits.frame;
        if len <= most {
            return Frame { start, len, problem: None };
        }
        let detail = format!("a row longer than {most} bytes; only the start is kept");
        let problem = Some(RejectReason { code: RejectCode::TooLong, detail });
        Frame { start, len: len.min(self.limits.kept), problem }
    }
}
