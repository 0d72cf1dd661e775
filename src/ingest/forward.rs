//! The frames of sources at given offsets, each source read forward once.

use crate::decode::{Body, Chunk, Content, Frame, Records};
use crate::sources::{Source, split_members, uri_to_path};

/// How often a source is begun anew for offsets that go back: two contents of one name can leave rejects in
/// turn.
const TURNS: u32 = 16;

/// The source that was asked for last.
#[derive(Default)]
pub(super) struct Forward {
    uri: String,
    open: Option<Open>,
    turns: u32,
}

struct Open {
    records: Records,
    chunk: Chunk,
    frame: usize,
}

impl Forward {
    /// The frame that begins at an offset of a source; none where the source cannot be read that far, or
    /// none begins there.
    pub(super) fn frame(&mut self, uri: &str, offset: u64) -> Option<(&Chunk, &Frame)> {
        if self.uri != uri {
            (self.uri, self.open, self.turns) = (uri.to_owned(), Open::new(uri), 1);
        } else if self.turns < TURNS && self.open.as_ref().is_none_or(|open| open.is_behind(offset)) {
            (self.open, self.turns) = (Open::new(uri), self.turns + 1);
        }
        if !self.open.as_mut()?.go_to(offset) {
            return None;
        }
        let open = self.open.as_ref()?;
        Some((&open.chunk, open.chunk.frames.get(open.frame)?))
    }
}

impl Open {
    fn new(uri: &str) -> Option<Self> {
        // Standard input has no path.
        let (file, members) = split_members(uri)?;
        let source = Source::file(uri_to_path(file)?);
        // A folder, a pipe or a device that took the name would be no source.
        source.size()?;
        let (reader, seekable) = source.open_file().ok()?;
        let mut body = Body::of_source(reader, seekable);
        for member in &members {
            body = body.member(&member.name, member.turn).ok()??;
        }
        let Content::Records(records) = body.open().ok()?.content else { return None };
        let chunk = Chunk { number: 0, offset: 0, first_row: None, data: Vec::new(), frames: Vec::new() };
        Some(Self { records, chunk, frame: 0 })
    }

    fn is_behind(&self, offset: u64) -> bool {
        match self.chunk.frames.get(self.frame) {
            Some(frame) => self.chunk.frame_offset(frame) > offset,
            None => self.chunk.offset > offset,
        }
    }

    /// Goes on to the frame at an offset; says whether one begins there.
    fn go_to(&mut self, offset: u64) -> bool {
        loop {
            if let Some(number) = self.chunk.seek(self.frame, offset) {
                self.frame = number;
                return self.chunk.frame_offset(&self.chunk.frames[number]) == offset;
            }
            // Where the stream breaks off, what follows cannot be had either.
            let Ok(Some(chunk)) = self.records.next_chunk() else { return false };
            (self.chunk, self.frame) = (chunk, 0);
        }
    }
}
