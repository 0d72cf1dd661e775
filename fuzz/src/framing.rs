//! Framing: the same records at the same places, however the bytes arrive.

use std::io::Read;

use kubetrawl::decode::{ChunkReader, Limits};

/// Gives a few bytes a read.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(self.1).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// The first two bytes choose the size of chunks and of reads.
pub fn check(data: &[u8]) {
    let Some((&[chunk, step], bytes)) = data.split_first_chunk() else { return };
    let limits = Limits { chunk: 1 + usize::from(chunk), frame: 400, kept: 32 };
    let frames = frames(bytes, limits, 1 + usize::from(step));
    let whole = self::frames(bytes, Limits { chunk: 1 << 16, ..limits }, 1 << 20);
    assert_eq!(frames, whole, "frames depend on how the bytes arrive");
}

/// Offset, length and whether it is too long, of each frame.
fn frames(bytes: &[u8], limits: Limits, step: usize) -> Vec<(u64, usize, bool)> {
    let mut reader = ChunkReader::new(Slow(bytes, step), limits);
    let (mut frames, mut end) = (Vec::new(), 0);
    while let Some(chunk) = reader.next_chunk().expect("nothing fails in memory") {
        for frame in &chunk.frames {
            let (offset, data) = (chunk.frame_offset(frame), chunk.bytes(frame));
            assert!(offset >= end && !data.is_empty(), "frames overlap, or hold nothing");
            end = offset + data.len() as u64;
            assert_eq!(&bytes[offset as usize..end as usize], data, "other bytes than stand at {offset}");
            frames.push((offset, data.len(), frame.problem.is_some()));
        }
    }
    frames
}
