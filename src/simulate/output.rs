//! Records into files: framing, rolling, compression, large writes.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use libdeflater::{CompressionLvl, Compressor};

use super::SimulateError;
use super::clock::{Clock, HOUR};
use super::format::{Container, Packing, Roll};
use super::template::{Template, Values};

/// Written, and compressed into one gzip member, at once.
const BLOCK: usize = 1 << 20;
/// Halfway between speed and size: logs compress well at any level.
const GZIP_LEVEL: i32 = 6;

/// The files of one container.
pub struct Output<'a> {
    root: &'a Path,
    container: &'a dyn Container,
    lanes: Vec<Lane>,
    compressor: Option<Gzip>,
    clock: Clock,
    /// Bytes of records and framing, before compression.
    pub bytes: u64,
    pub files: u64,
}

#[derive(Default)]
struct Lane {
    buffer: Vec<u8>,
    file: Option<(File, PathBuf)>,
    /// Stage time from which on records belong to the next file.
    until: i64,
    part: u32,
    /// Bytes of the file that have left the buffer.
    written: u64,
    /// Bytes of the message that is open.
    message: usize,
    packing: Option<Box<dyn Packing>>,
}

impl<'a> Output<'a> {
    /// Files under `root`, gzip where the container or the caller wants it.
    pub fn new(root: &'a Path, container: &'a dyn Container, compress: bool) -> Self {
        let compressor = (compress || container.gzip()).then(Gzip::new);
        let lanes = (0..container.source().lanes()).map(|_| Lane::default()).collect();
        Self { root, container, lanes, compressor, clock: Clock::default(), bytes: 0, files: 0 }
    }

    /// Appends a record to a lane.
    #[inline]
    pub fn write(&mut self, lane: usize, template: &Template, values: &Values) -> Result<(), SimulateError> {
        if self.is_full(lane, values.stage_time) {
            self.close(lane, Some(values.stage_time))?;
        }
        if self.lanes[lane].file.is_none() {
            self.open(lane, values.stage_time)?;
        }
        let framing = self.container.framing(lane);
        let state = &mut self.lanes[lane];
        let before = state.buffer.len();
        let lead = if state.message == 0 { framing.open } else { framing.between };
        state.buffer.extend_from_slice(lead.as_bytes());
        template.render(&mut state.buffer, values, &mut self.clock);
        state.message += state.buffer.len() - before;
        if state.message >= framing.message_bytes {
            state.close_message(framing.close);
        }
        if state.buffer.len() >= BLOCK && state.may_flush() {
            self.flush(lane)?;
        }
        Ok(())
    }

    /// Closes every file and writes what the container has besides.
    pub fn finish(&mut self) -> Result<(), SimulateError> {
        for lane in 0..self.lanes.len() {
            self.close(lane, None)?;
        }
        for (path, content) in self.container.extras() {
            let path = self.root.join(path);
            make_parent(&path)?;
            fs::write(&path, content).map_err(SimulateError::io("write", &path))?;
        }
        Ok(())
    }

    #[inline]
    fn is_full(&self, lane: usize, time: i64) -> bool {
        let state = &self.lanes[lane];
        match self.container.roll() {
            Roll::Hourly => time >= state.until,
            Roll::Size(limit) => state.written + state.buffer.len() as u64 >= limit,
        }
    }

    fn open(&mut self, lane: usize, time: i64) -> Result<(), SimulateError> {
        let state = &mut self.lanes[lane];
        let mut path = self.root.join(self.container.path(lane, time, state.part));
        if self.compressor.is_some() && !self.container.gzip() {
            path.as_mut_os_string().push(".gz");
        }
        make_parent(&path)?;
        let file = File::create_new(&path).map_err(SimulateError::io("create", &path))?;
        state.file = Some((file, path));
        state.until = (time.div_euclid(HOUR) + 1) * HOUR;
        state.part += 1;
        state.written = 0;
        state.packing = self.container.packing();
        state.buffer.extend_from_slice(self.container.framing(lane).head.as_bytes());
        state.pack(0);
        self.files += 1;
        Ok(())
    }

    /// Ends a lane's file; `next` is the time at which the next one begins.
    fn close(&mut self, lane: usize, next: Option<i64>) -> Result<(), SimulateError> {
        let state = &mut self.lanes[lane];
        if state.message > 0 {
            state.close_message(self.container.framing(lane).close);
        }
        self.flush(lane)?;
        let Some((_, path)) = self.lanes[lane].file.take() else { return Ok(()) };
        let renamed = next.and_then(|time| self.container.rotated(&path, time));
        if let Some(mut renamed) = renamed {
            if self.compressor.is_some() {
                renamed.as_mut_os_string().push(".gz");
            }
            fs::rename(&path, renamed).map_err(SimulateError::io("rename", &path))?;
        }
        Ok(())
    }

    fn flush(&mut self, lane: usize) -> Result<(), SimulateError> {
        let state = &mut self.lanes[lane];
        let Some((file, path)) = &mut state.file else { return Ok(()) };
        let size = state.buffer.len() as u64;
        let written = match &mut self.compressor {
            Some(compressor) => file.write_all(&compressor.member(&state.buffer)),
            None => file.write_all(&state.buffer),
        };
        written.map_err(SimulateError::io("write", path))?;
        state.buffer.clear();
        state.written += size;
        self.bytes += size;
        Ok(())
    }
}

impl Lane {
    fn close_message(&mut self, close: &str) {
        self.buffer.extend_from_slice(close.as_bytes());
        // Of a message that isn't packed, the beginning may have left the buffer.
        let start = self.buffer.len().saturating_sub(self.message + close.len());
        self.message = 0;
        self.pack(start);
    }

    /// Makes of the bytes from `start` on what the file's packing makes of them.
    fn pack(&mut self, start: usize) {
        if let Some(packing) = &mut self.packing
            && self.buffer.len() > start
        {
            let message = self.buffer.split_off(start);
            packing.pack(&message, &mut self.buffer);
        }
    }

    /// An open message that will be packed is still needed whole.
    fn may_flush(&self) -> bool {
        self.message == 0 || self.packing.is_none()
    }
}

/// Makes gzip members.
pub struct Gzip(Compressor);

impl Gzip {
    pub fn new() -> Self {
        Self(Compressor::new(CompressionLvl::new(GZIP_LEVEL).unwrap_or_default()))
    }

    /// Nothing for nothing: an empty member is no use to a reader.
    pub fn member(&mut self, data: &[u8]) -> Vec<u8> {
        if data.is_empty() {
            return Vec::new();
        }
        let mut member = vec![0; self.0.gzip_compress_bound(data.len())];
        // The bound makes a lack of space, the only error there is, impossible.
        let len = self.0.gzip_compress(data, &mut member).unwrap_or(0);
        member.truncate(len);
        member
    }
}

fn make_parent(path: &Path) -> Result<(), SimulateError> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(SimulateError::io("create the folder of", path)),
        None => Ok(()),
    }
}
