//! From stored bytes to text: gzip, zstd, xz, bzip2, lz4 and UTF-16, known by their first bytes and never by a name.
//!
//! UTF-16 is what PowerShell 5 makes of the output of `aws` and `az` that goes to a file with `>`
//! (<https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding>).
//! CloudWatch gzips each record and Firehose may gzip the object again, so layers are taken off one after
//! another. Every layer goes through [`Capped`]: no compressed byte reaches the framing any other way, and
//! limits stand there once.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bzip2::bufread::MultiBzDecoder;
use encoding_rs_io::DecodeReaderBytes;
use flate2::bufread::DeflateDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use super::error::{DecodeError, StreamError};
use super::gzip::gzip;
use super::lz4::Lz4Decoder;

/// Layers of compression that are taken off.
pub const MAX_LAYERS: usize = 4;
/// The largest zstd window that is accepted, as a power of two: what the zstd tool takes without `--long`
/// (128 MiB).
pub const MAX_ZSTD_WINDOW_LOG: u32 = 27;
/// How many times a layer may grow its input before it counts as a bomb. Deflate ends at 1,032; audit logs
/// reach 20 to 60, and a machine's repetition under zstd a few hundred.
pub const MAX_RATIO: u64 = 2_000;
/// The ratio is not looked at before this many bytes: small files may be as dense as they like.
pub const RATIO_FLOOR: u64 = 1 << 30;

const BUFFER: usize = 128 << 10;
const SNIFF: usize = 10;
/// What an xz stream may make its decoder allocate: more than the tool's strongest preset needs (65 MiB).
const XZ_MEMORY: u64 = 256 << 20;

/// Bytes of a source, or what is inside them.
pub(super) type Whole = Box<dyn Read + Send>;

/// A reader of the bytes inside all layers of compression; uncompressed bytes pass as they are.
///
/// A stream that breaks off gives what could be decompressed and then an error with a
/// [`StreamError`] inside that names the layer.
pub fn decompress(reader: Whole) -> Result<Whole, DecodeError> {
    let total = Arc::new(Total::default());
    Ok(take_off(total.stored_in(reader), &total)?.0)
}

/// The same, with the names of the layers that were taken off, the outermost first.
pub(super) fn take_off(reader: Whole, total: &Arc<Total>) -> Result<(Whole, Vec<&'static str>), DecodeError> {
    let mut reader = reader;
    let mut layers = Vec::new();
    for _ in 0..=MAX_LAYERS {
        let (head, whole) = peek(reader, SNIFF)?;
        let Some(format) = Format::of(&head) else { return Ok((whole, layers)) };
        reader = layer(format, whole, total)?;
        layers.push(format.name());
    }
    Err(DecodeError::TooManyLayers(MAX_LAYERS))
}

/// Whether bytes begin as a layer of compression does.
pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    Format::of(&bytes[..bytes.len().min(SNIFF)]).is_some()
}

/// A compression, or an encoding of text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Lz4,
    /// Of either byte order, with its byte order mark.
    Utf16,
    /// As members of a zip have it, without anything around it.
    Deflate,
}

impl Format {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 0x08, ..] => Some(Self::Gzip),
            // A frame, or a skippable frame, with which parallel compressors begin.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // With a block, or empty.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90] => Some(Self::Bzip2),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            // What a log or a table begins with is ASCII.
            [0xff, 0xfe, _, 0, ..] | [0xfe, 0xff, 0, ..] => Some(Self::Utf16),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::Lz4 => "lz4",
            Self::Utf16 => "utf-16",
            Self::Deflate => "deflate",
        }
    }
}

/// The first bytes, and a reader that still gives them. What breaks off within them, and a layer that is damaged at
/// once, looks short here; the error then comes when that is read.
pub(super) fn peek(mut reader: Whole, length: usize) -> Result<(Vec<u8>, Whole), DecodeError> {
    let mut head = Vec::new();
    let broken = match (&mut reader).take(length as u64).read_to_end(&mut head) {
        Ok(_) => None,
        Err(error) if !head.is_empty() => Some(error),
        Err(error) if error.get_ref().is_some_and(|inner| inner.is::<StreamError>()) => Some(error),
        Err(source) => return Err(DecodeError::Sniff { source }),
    };
    let rest: Whole = match broken {
        Some(error) => Box::new(Failing(Some(error))),
        None => reader,
    };
    Ok((head.clone(), Box::new(Cursor::new(head).chain(rest))))
}

/// What one layer of a compression holds. It counts into the total of its source.
pub(super) fn layer(format: Format, reader: Whole, total: &Arc<Total>) -> Result<Whole, DecodeError> {
    let taken = Arc::new(AtomicU64::new(0));
    let input = BufReader::with_capacity(BUFFER, Counted { reader, taken: Arc::clone(&taken) });
    let failed = |source| DecodeError::Layer { format: format.name(), source };
    let reader: Whole = match format {
        Format::Gzip => gzip(input),
        Format::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(failed)?;
            decoder.window_log_max(MAX_ZSTD_WINDOW_LOG).map_err(failed)?;
            Box::new(decoder)
        }
        Format::Xz => {
            let stream =
                Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED).map_err(|error| failed(error.into()))?;
            Box::new(XzDecoder::new_stream(input, stream))
        }
        Format::Bzip2 => Box::new(MultiBzDecoder::new(input)),
        Format::Lz4 => Box::new(Lz4Decoder::new(input)),
        Format::Utf16 => Box::new(DecodeReaderBytes::new(input)),
        Format::Deflate => Box::new(DeflateDecoder::new(input)),
    };
    let total = Arc::clone(total);
    Ok(Box::new(Capped { reader, format: format.name(), taken, given: 0, total }))
}

/// Gives an error that came up when the first bytes were looked at.
pub(super) struct Failing(pub Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Counts what is read through it.
pub(super) struct Counted {
    pub reader: Whole,
    pub taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// What the layers, archives and tables in a source have given together, and what of it was read as it is stored. Each
/// may keep to its own limit, and one in another still be a bomb.
#[derive(Debug, Default)]
pub(super) struct Total {
    stored: Arc<AtomicU64>,
    given: AtomicU64,
}

impl Total {
    /// A source's bytes as they are stored.
    pub(super) fn stored_in(&self, reader: Whole) -> Whole {
        Box::new(Counted { reader, taken: Arc::clone(&self.stored) })
    }

    /// Says how long a source is that is read in any order.
    pub(super) fn is_stored_in(&self, length: u64) {
        self.stored.fetch_max(length, Ordering::Relaxed);
    }

    /// Counts what a layer, an archive or a table has given.
    pub(super) fn gave(&self, format: &'static str, bytes: usize) -> io::Result<()> {
        let given = self.given.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        check_ratio(format, given, self.stored.load(Ordering::Relaxed))
    }
}

fn check_ratio(format: &'static str, given: u64, taken: u64) -> io::Result<()> {
    if given > RATIO_FLOOR && given / taken.max(1) > MAX_RATIO {
        let bomb = StreamError::Bomb { format, ratio: MAX_RATIO, bytes: RATIO_FLOOR };
        return Err(io::Error::new(io::ErrorKind::InvalidData, bomb));
    }
    Ok(())
}

/// One layer with its limits, and with errors that name it.
struct Capped {
    reader: Whole,
    format: &'static str,
    taken: Arc<AtomicU64>,
    given: u64,
    total: Arc<Total>,
}

impl Read for Capped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer).map_err(|source| self.damaged(source))?;
        self.given += read as u64;
        check_ratio(self.format, self.given, self.taken.load(Ordering::Relaxed))?;
        self.total.gave(self.format, read)?;
        Ok(read)
    }
}

impl Capped {
    /// An error of an inner layer already says which one it is.
    fn damaged(&self, source: io::Error) -> io::Error {
        if source.kind() == io::ErrorKind::Interrupted
            || source.get_ref().is_some_and(|inner| inner.is::<StreamError>())
        {
            return source;
        }
        let kind = source.kind();
        io::Error::new(kind, StreamError::Damaged { format: self.format, bytes: self.given, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
        let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn utf16(text: &[u8], unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let text = std::str::from_utf8(text).unwrap();
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
    }

    fn read(bytes: Vec<u8>) -> (Vec<u8>, Option<io::Error>) {
        let mut reader = decompress(Box::new(Cursor::new(bytes))).unwrap();
        let mut out = Vec::new();
        let error = reader.read_to_end(&mut out).err();
        (out, error)
    }

    #[test]
    fn layers_of_a_source_count_together() {
        let total = Total::default();
        total.is_stored_in(1_000);
        assert!(total.gave("gzip", RATIO_FLOOR as usize / 2).is_ok());
        assert!(total.gave("zip", RATIO_FLOOR as usize / 2).is_ok());
        assert!(total.gave("zip", 1).is_err());
        total.is_stored_in(1 << 20);
        assert!(total.gave("zip", 1).is_ok());
    }

    const SURROGATES: &[u8] = "{\"user\":\"\u{1f600}\u{e9}\"}".as_bytes();

    #[test]
    fn takes_members_frames_and_layers_off() {
        let text = b"{\"a\":1}\n".repeat(1000);
        let twice = text.repeat(2);
        for (stored, expected) in [
            (text.clone(), &text),
            (gzip(&text), &text),
            ([gzip(&text), gzip(&text)].concat(), &twice),
            (gzip(&gzip(&text)), &text),
            ([zstd(&text), zstd(&text)].concat(), &twice),
            (gzip(&zstd(&text)), &text),
            ([bzip2(&text), bzip2(&text)].concat(), &twice),
            ([lz4(&text), lz4(&text)].concat(), &twice),
            (bzip2(b""), &Vec::new()),
            (lz4(b""), &Vec::new()),
            (lz4(&bzip2(&text)), &text),
            (utf16(&text, u16::to_le_bytes), &text),
            (gzip(&utf16(&text, u16::to_be_bytes)), &text),
            (utf16(SURROGATES, u16::to_le_bytes), &SURROGATES.to_vec()),
            ([b"\x50\x2a\x4d\x18\x02\0\0\0xx".to_vec(), zstd(&text)].concat(), &text),
        ] {
            let (out, error) = read(stored);
            assert!(error.is_none(), "{error:?}");
            assert!(out == *expected);
        }
    }

    #[test]
    fn short_and_empty_input_is_plain() {
        for text in [&b""[..], b"\x1f", b"\x1f\x8b", b"ab", b"\xff\xfe", b"\xff\xfe{", b"\xfe\xff\xff\0"] {
            assert_eq!(read(text.to_vec()).0, text);
        }
    }

    #[test]
    fn a_cut_stream_gives_what_there_is_and_names_the_layer() {
        let text: Vec<u8> = (0..200_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for (stored, name) in [
            (gzip(&text), "gzip"),
            (zstd(&text), "zstd"),
            (gzip(&gzip(&text)), "gzip"),
            (bzip2(&text), "bzip2"),
            (lz4(&text), "lz4"),
        ] {
            let (out, error) = read(stored[..stored.len() / 2].to_vec());
            assert!(out.len() > 10_000 && text.starts_with(&out));
            let error = error.unwrap();
            let inner = error.get_ref().unwrap().downcast_ref::<StreamError>().unwrap();
            assert!(matches!(inner, StreamError::Damaged { format, .. } if *format == name));
        }
        let (out, error) = read(gzip(&text)[..12].to_vec());
        assert!(out.len() <= 1 && error.is_some());
    }

    #[test]
    fn many_layers_are_refused() {
        let mut stored = b"x".to_vec();
        for _ in 0..=MAX_LAYERS {
            stored = gzip(&stored);
        }
        let error = decompress(Box::new(Cursor::new(stored))).err();
        assert!(matches!(error, Some(DecodeError::TooManyLayers(_))));
    }

    #[test]
    fn a_bomb_is_stopped() {
        let zeros = vec![0u8; 16 << 20];
        let once = zstd(&zeros);
        let (out, error) = {
            let mut reader = decompress(Box::new(Cursor::new(once.repeat(80)))).unwrap();
            let mut count = 0u64;
            let mut buffer = vec![0; 1 << 20];
            loop {
                match reader.read(&mut buffer) {
                    Ok(0) => break (count, None),
                    Ok(n) => count += n as u64,
                    Err(error) => break (count, Some(error)),
                }
            }
        };
        assert!(error.is_some() && out <= RATIO_FLOOR + (1 << 20));
    }
}
