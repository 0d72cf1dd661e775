//! zip: members found by the directory at the end. The `zip` crate reads that; what a member holds goes through the
//! same decompressors, and the same limits, as everything else.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use flate2::Crc;
use zip::{CompressionMethod, ZipArchive};

use super::super::decompress::{Format, Total, Whole, layer};
use super::super::error::damaged;
use super::super::seekable::Seekable;
use super::Entry;

/// Whether a file begins with a member, or is an archive without any.
pub(in crate::decode) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// The members of a zip archive, in the order of its directory.
pub(super) struct Zip {
    file: Seekable,
    archive: ZipArchive<Seekable>,
    next: usize,
    /// Members in the directory that the library does not give: of two with one name it knows the last.
    hidden: usize,
    total: Arc<Total>,
}

impl Zip {
    pub(super) fn open(file: Seekable, total: Arc<Total>) -> io::Result<Self> {
        let archive = ZipArchive::new(file.clone()).map_err(io::Error::from)?;
        let entries = entries(&file, archive.central_directory_start())?;
        let hidden = entries.saturating_sub(archive.len());
        Ok(Self { file, archive, next: 0, hidden, total })
    }

    /// The next file.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        while self.next < self.archive.len() {
            let number = self.next;
            self.next += 1;
            let entry = self.archive.by_index_raw(number).map_err(io::Error::from)?;
            if !entry.is_file() {
                continue;
            }
            let name = entry.name_raw().to_vec();
            let sealed = entry.encrypted();
            let (method, crc) = (entry.compression(), entry.crc32());
            let (start, stored, size) = (entry.data_start(), entry.compressed_size(), entry.size());
            let body = match start {
                _ if sealed => Err(encrypted()),
                Some(start) => {
                    let bytes: Whole = Box::new(self.file.at(start).take(stored));
                    unpacked(method, bytes, &self.total).map(|reader| -> Whole {
                        Box::new(Checked { reader, crc: Crc::new(), expected: crc, left: size })
                    })
                }
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            };
            return Ok(Some(Entry { name, body }));
        }
        match std::mem::take(&mut self.hidden) {
            0 => Ok(None),
            hidden => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "{hidden} of its files have the names of others, and were not read: unpack it and ingest them"
                ),
            )),
        }
    }
}

/// How many entries the directory has, which starts at this place: each a head of 46 bytes, a name, further fields and a
/// comment (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, 4.3.12).
fn entries(file: &Seekable, start: u64) -> io::Result<usize> {
    let mut directory = BufReader::new(file.at(start));
    let mut entries = 0;
    let mut head = [0; 46];
    while directory.read_exact(&mut head).is_ok() && head.starts_with(b"PK\x01\x02") {
        let length = |at: usize| u64::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let behind = length(28) + length(30) + length(32);
        io::copy(&mut (&mut directory).take(behind), &mut io::sink())?;
        entries += 1;
    }
    Ok(entries)
}

fn encrypted() -> io::Error {
    let message = "it is encrypted: unpack it with its password and ingest what is in it";
    io::Error::new(io::ErrorKind::Unsupported, message)
}

fn unpacked(method: CompressionMethod, bytes: Whole, total: &Arc<Total>) -> io::Result<Whole> {
    let format = match method {
        CompressionMethod::Stored => return Ok(bytes),
        CompressionMethod::DEFLATE => Format::Deflate,
        CompressionMethod::BZIP2 => Format::Bzip2,
        CompressionMethod::ZSTD => Format::Zstd,
        CompressionMethod::XZ => Format::Xz,
        other => {
            let message = format!("compressed by the method {other}: unpack it and ingest what is in it");
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
    };
    layer(format, bytes, total).map_err(io::Error::other)
}

/// Bytes that must be as many as the directory says, and have its checksum.
struct Checked {
    reader: Whole,
    crc: Crc,
    expected: u32,
    left: u64,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.crc.update(&buffer[..read]);
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(damaged("it is longer than the archive says")),
        }
        if read == 0 && !buffer.is_empty() {
            if self.left > 0 {
                return Err(damaged("it is shorter than the archive says"));
            }
            if self.crc.sum() != self.expected {
                return Err(damaged("its checksum is another than the archive says"));
            }
        }
        Ok(read)
    }
}
