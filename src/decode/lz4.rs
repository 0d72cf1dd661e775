//! lz4 frames. The `lz4_flex` decoder ends at the end of each frame, and takes a stream that is cut between two
//! blocks for one that is whole.

use std::io::{self, BufRead, Read};

use lz4_flex::frame::FrameDecoder;

/// Frames, one after another, up to the end of the input; an error where that is no frame's end.
pub(super) struct Lz4Decoder<R: BufRead> {
    frames: FrameDecoder<Input<R>>,
    /// Whether the last frame has ended.
    ended: bool,
}

/// Notes when there is nothing more.
struct Input<R: BufRead> {
    reader: R,
    exhausted: bool,
}

impl<R: BufRead> Lz4Decoder<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { frames: FrameDecoder::new(Input { reader, exhausted: false }), ended: false }
    }
}

impl<R: BufRead> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.exhausted |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}

impl<R: BufRead> Read for Lz4Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.frames.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                self.ended = false;
                return Ok(read);
            }
            // The end of a frame is read without a look at what follows.
            match (self.frames.get_ref().exhausted, self.ended) {
                (true, true) => return Ok(0),
                (true, false) => return Err(io::ErrorKind::UnexpectedEof.into()),
                (false, _) => self.ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_stream_is_whole_only_at_the_end_of_a_frame() {
        let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(&text).unwrap();
        let stored = encoder.finish().unwrap();
        for length in 4..stored.len() {
            if length > 64 && length < stored.len() - 64 && length % 997 != 0 {
                continue;
            }
            let mut out = Vec::new();
            let result = Lz4Decoder::new(&stored[..length]).read_to_end(&mut out);
            assert!(result.is_err(), "{length} of {}", stored.len());
            assert!(text.starts_with(&out));
        }
        let mut out = Vec::new();
        Lz4Decoder::new(stored.repeat(2).as_slice()).read_to_end(&mut out).unwrap();
        assert!(out == text.repeat(2));
    }
}
