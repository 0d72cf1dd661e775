//! kube-apiserver's audit log, compressed in another way than by gzip.

use std::io::{self, Write};
use std::path::PathBuf;

use bzip2::write::BzEncoder;
use liblzma::write::XzEncoder;
use lz4_flex::frame::FrameEncoder;

use super::kube_apiserver::ApiServer;
use super::{Container, Framing, Packing, Roll, Source};

/// Compressed at a time, and of a file, before compression.
const STREAM: usize = 1 << 20;
const FILE: u64 = 64 << 20;

/// Presets of xz and bzip2 go to 9; these are quick.
const XZ_PRESET: u32 = 1;

type Compress = fn(&[u8]) -> io::Result<Vec<u8>>;

pub struct Compressed {
    extension: &'static str,
    compress: Compress,
}

impl Compressed {
    pub fn xz(_cluster: &str) -> Self {
        Self { extension: "xz", compress: xz }
    }

    pub fn bz2(_cluster: &str) -> Self {
        Self { extension: "bz2", compress: bz2 }
    }

    pub fn lz4(_cluster: &str) -> Self {
        Self { extension: "lz4", compress: lz4 }
    }
}

impl Container for Compressed {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn path(&self, _lane: usize, _opened: i64, part: u32) -> PathBuf {
        format!("audit-{part}.log.{}", self.extension).into()
    }

    fn roll(&self) -> Roll {
        Roll::Size(FILE)
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { between: "\n", message_bytes: STREAM, ..Framing::LINES }
    }

    fn packing(&self) -> Option<Box<dyn Packing>> {
        Some(Box::new(Streams(self.compress)))
    }
}

/// One stream after another, which every reader takes as one.
struct Streams(Compress);

impl Packing for Streams {
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>) {
        // In memory, nothing fails.
        let written = (self.0)(message);
        debug_assert!(written.is_ok(), "{written:?}");
        packed.extend(written.unwrap_or_default());
    }
}

fn xz(message: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = XzEncoder::new(Vec::new(), XZ_PRESET);
    encoder.write_all(message)?;
    encoder.finish()
}

fn bz2(message: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(message)?;
    encoder.finish()
}

fn lz4(message: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = FrameEncoder::new(Vec::new());
    encoder.write_all(message)?;
    encoder.finish().map_err(io::Error::from)
}
