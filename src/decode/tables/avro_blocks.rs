//! Avro's object container files: a header with the schema, then blocks of objects, each with its count, its length and the
//! file's marker. No crate is used: those that read Avro believe the counts, or change how other crates here are built.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use super::damaged;
use super::thrift::{varint, zigzag};
use crate::decode::decompress::{Format, Whole, layer};

/// The most that a block may take, stored or uncompressed: it is held as a whole.
const LARGEST: u64 = 64 << 20;

/// The most that memory is taken for before there are bytes for it.
const AT_ONCE: u64 = 4 << 20;

/// The most that a header may take: that of Event Hubs Capture has less than 1 KB.
const LARGEST_HEADER: i64 = 1 << 20;

const MAGIC: &[u8; 4] = b"Obj\x01";
const MARKER: usize = 16;

/// Whether a file begins as one does.
pub(in crate::decode) fn is_avro(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// The blocks of a file.
pub(super) struct Blocks {
    reader: BufReader<Whole>,
    codec: Vec<u8>,
    marker: [u8; MARKER],
}

/// Objects, one after another.
#[derive(Default)]
pub(super) struct Block {
    pub objects: u64,
    pub data: Vec<u8>,
}

impl Blocks {
    /// Reads the header; the blocks, and the schema as JSON.
    pub(super) fn open(reader: Whole) -> io::Result<(Self, Vec<u8>)> {
        let mut reader = BufReader::new(reader);
        let mut magic = [0; MAGIC.len()];
        reader.read_exact(&mut magic)?;
        let (mut schema, mut codec) = (Vec::new(), Vec::new());
        for (key, value) in header(&mut reader)? {
            match key.as_slice() {
                b"avro.schema" => schema = value,
                b"avro.codec" => codec = value,
                _ => {}
            }
        }
        let mut marker = [0; MARKER];
        reader.read_exact(&mut marker)?;
        Ok((Self { reader, codec, marker }, schema))
    }

    /// The next block; `None` at the end.
    pub(super) fn next_block(&mut self) -> io::Result<Option<Block>> {
        if self.reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let (objects, length) = (long(&mut self.reader)?, long(&mut self.reader)?);
        let stored = bytes(&mut self.reader, length)?;
        let mut marker = [0; MARKER];
        self.reader.read_exact(&mut marker)?;
        if marker != self.marker {
            return Err(damaged("a block does not end with the file's marker"));
        }
        let data = self.unpacked(stored)?;
        // An object takes a byte at least: one without any could come any number of times.
        let objects = u64::try_from(objects).ok().filter(|objects| *objects <= data.len() as u64);
        let objects = objects.ok_or_else(|| damaged("a block with an impossible number of objects"))?;
        Ok(Some(Block { objects, data }))
    }

    fn unpacked(&self, stored: Vec<u8>) -> io::Result<Vec<u8>> {
        let format = match self.codec.as_slice() {
            b"" | b"null" => return Ok(stored),
            b"snappy" => return unsnapped(&stored),
            b"deflate" => Format::Deflate,
            b"zstandard" => Format::Zstd,
            b"bzip2" => Format::Bzip2,
            b"xz" => Format::Xz,
            other => {
                let name = String::from_utf8_lossy(other);
                return Err(damaged(&format!("compressed by the unknown codec {name:?}")));
            }
        };
        let reader =
            layer(format, Box::new(Cursor::new(stored)), &Arc::default()).map_err(io::Error::other)?;
        let mut plain = Vec::new();
        reader.take(LARGEST + 1).read_to_end(&mut plain)?;
        if plain.len() as u64 > LARGEST { Err(too_large()) } else { Ok(plain) }
    }
}

/// Snappy's own format knows no checksum; Avro adds one of what is in it.
fn unsnapped(stored: &[u8]) -> io::Result<Vec<u8>> {
    let (stored, sum) =
        stored.split_last_chunk::<4>().ok_or_else(|| damaged("a snappy block without a checksum"))?;
    let length = snap::raw::decompress_len(stored).map_err(io::Error::other)?;
    if length as u64 > LARGEST {
        return Err(too_large());
    }
    let plain = snap::raw::Decoder::new().decompress_vec(stored).map_err(io::Error::other)?;
    let mut crc = flate2::Crc::new();
    crc.update(&plain);
    if crc.sum() == u32::from_be_bytes(*sum) {
        Ok(plain)
    } else {
        Err(damaged("a snappy block has another checksum than it says"))
    }
}

/// The pairs of a file's metadata.
fn header(reader: &mut impl Read) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut pairs = Vec::new();
    let mut left = LARGEST_HEADER;
    loop {
        let count = long(reader)?;
        if count == 0 {
            return Ok(pairs);
        }
        // A negative count has the length in bytes behind it.
        if count < 0 {
            long(reader)?;
        }
        for _ in 0..count.unsigned_abs() {
            let mut text = || {
                let length = long(reader)?;
                left = left.saturating_sub(length.max(1));
                if left < 0 { Err(too_large()) } else { bytes(reader, length) }
            };
            pairs.push((text()?, text()?));
        }
    }
}

/// A number.
pub(super) fn long(reader: &mut impl Read) -> io::Result<i64> {
    varint(reader).map(zigzag)
}

fn bytes(reader: &mut impl Read, length: i64) -> io::Result<Vec<u8>> {
    let length = u64::try_from(length).map_err(|_| damaged("a negative length"))?;
    if length > LARGEST {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(length.min(AT_ONCE) as usize);
    if reader.take(length).read_to_end(&mut bytes)? as u64 == length {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn too_large() -> io::Error {
    damaged(&format!("a block is longer than {LARGEST} bytes"))
}
