//! Gzip: a small file at once, which takes a third of the time; all others as a stream.

use std::io::{self, BufRead, Cursor, Read};

use flate2::bufread::GzDecoder;
use libdeflater::{Decompressor, crc32};
use memchr::memmem;

use super::decompress::{Failing, Whole};
use super::error::StreamError;

/// The largest file that is read at once, and the most that it may hold: a reader has memory for as much.
const MOST_STORED: usize = 1 << 20;
const MOST_TEXT: usize = 12 << 20;

/// How a member begins.
const MEMBER: [u8; 3] = [0x1f, 0x8b, 0x08];

/// What the file holds. Nothing tells its errors but the stream.
pub(super) fn gzip(mut reader: impl BufRead + Send + 'static) -> Whole {
    let mut stored = Vec::new();
    let read = (&mut reader).take(MOST_STORED as u64 + 1).read_to_end(&mut stored);
    match read {
        Ok(_) if stored.len() <= MOST_STORED => match at_once(&stored) {
            Some(text) => Box::new(Cursor::new(text)),
            None => Box::new(Members::new(Cursor::new(stored))),
        },
        Ok(_) => Box::new(Members::new(Cursor::new(stored).chain(reader))),
        Err(error) => {
            let rest = io::BufReader::new(Failing(Some(error)));
            Box::new(Members::new(Cursor::new(stored).chain(rest)))
        }
    }
}

/// The text of an undamaged file of members, with nothing behind them; none of any other.
fn at_once(stored: &[u8]) -> Option<Vec<u8>> {
    // The bytes of a member's beginning may stand inside one too: then the stream finds out.
    let ends = memmem::find_iter(stored, &MEMBER).skip(1).chain([stored.len()]);
    let (mut decompressor, mut text) = (Decompressor::new(), Vec::new());
    let mut start = 0;
    for end in ends {
        member(&mut decompressor, &stored[start..end], &mut text)?;
        start = end;
    }
    Some(text)
}

/// Adds what a member holds to a text.
fn member(decompressor: &mut Decompressor, stored: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let (_, trailer) = stored.split_last_chunk::<8>()?;
    let [a, b, c, d, length @ ..] = *trailer;
    let start = text.len();
    let end = start.checked_add(u32::from_le_bytes(length) as usize).filter(|end| *end <= MOST_TEXT)?;
    text.resize(end, 0);
    let text = &mut text[start..];
    let given = decompressor.gzip_decompress(stored, text).ok()?;
    (given == text.len() && crc32(text) == u32::from_le_bytes([a, b, c, d])).then_some(())
}

/// Members one after another. Zeros behind one are padding, of a tape or a block device, as gzip's own tool takes them; other
/// bytes are named as what they are, since the members are whole.
struct Members<R> {
    decoder: Option<GzDecoder<R>>,
    given: u64,
}

impl<R: BufRead> Members<R> {
    fn new(reader: R) -> Self {
        Self { decoder: Some(GzDecoder::new(reader)), given: 0 }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let read = decoder.read(buffer)?;
            self.given += read as u64;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut reader) = self.decoder.take().map(GzDecoder::into_inner) else { break };
            match pass_zeros(&mut reader)? {
                None => break,
                Some(byte) if byte == MEMBER[0] => self.decoder = Some(GzDecoder::new(reader)),
                Some(_) => {
                    let behind = StreamError::Behind { format: "gzip", bytes: self.given };
                    return Err(io::Error::new(io::ErrorKind::InvalidData, behind));
                }
            }
        }
        Ok(0)
    }
}

/// Goes behind zeros; gives the byte that follows them.
fn pass_zeros(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        let (length, zeros) = (buffer.len(), buffer.iter().take_while(|byte| **byte == 0).count());
        let next = buffer.get(zeros).copied();
        reader.consume(zeros);
        if next.is_some() || length == 0 {
            return Ok(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::bufread::MultiGzDecoder;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn stored(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(mut reader: impl Read) -> (Vec<u8>, Option<io::Error>) {
        let mut text = Vec::new();
        let error = reader.read_to_end(&mut text).err();
        (text, error)
    }

    #[test]
    fn whole_members_are_read_at_once_and_nothing_else() {
        let text = b"{\"a\":1}\n".repeat(1_000);
        let whole = stored(&text);
        assert_eq!(at_once(&[whole.clone(), whole.clone()].concat()), Some(text.repeat(2)));
        assert_eq!(at_once(&whole), Some(text));
        let cut = &whole[..whole.len() - 1];
        let mut damaged = whole.clone();
        damaged[20] ^= 1;
        for other in [cut, &damaged, &[&whole[..], &damaged].concat(), &[&whole[..], b"more"].concat(), b""] {
            assert_eq!(at_once(other), None);
        }
    }

    #[test]
    fn zeros_behind_members_are_padding() {
        let (text, zeros) = (b"{\"a\":1}\n".repeat(10), [0; 700]);
        let padded = [&stored(&text)[..], &zeros, &stored(&text), &zeros].concat();
        let (found, error) = read(gzip(Cursor::new(padded)));
        assert!(found == text.repeat(2) && error.is_none());
    }

    #[test]
    fn other_bytes_behind_members_are_named() {
        let text = b"{\"a\":1}\n".repeat(10);
        let is_behind = |error: &io::Error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            matches!(inner, Some(StreamError::Behind { bytes: 80, .. }))
        };
        for (behind, is_named) in
            [(&b"more"[..], true), (b"\0\0m", true), (&MEMBER, false), (b"\x1fmore", false)]
        {
            let (found, error) = read(gzip(Cursor::new([&stored(&text)[..], behind].concat())));
            assert_eq!((found == text, error.as_ref().map(is_behind)), (true, Some(is_named)), "{behind:?}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_the_stream_reads(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..3),
            behind in prop::collection::vec(1..=u8::MAX, 0..12),
            cut in 0..40_usize,
        ) {
            let mut stored: Vec<u8> = texts.iter().flat_map(|text| stored(text)).chain(behind).collect();
            stored.truncate(stored.len().saturating_sub(cut.saturating_sub(20)));
            let (found, error) = read(gzip(Cursor::new(stored.clone())));
            let (expected, broken) = read(MultiGzDecoder::new(Cursor::new(stored)));
            prop_assert_eq!((found, error.is_some()), (expected, broken.is_some()));
        }
    }

    #[test]
    fn a_large_file_is_read_as_a_stream() {
        let number = |n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes();
        let noise: Vec<u8> = (0..MOST_STORED as u32).flat_map(number).collect();
        let stored = stored(&noise);
        assert!(stored.len() > MOST_STORED);
        let (found, error) = read(gzip(Cursor::new(stored)));
        assert!(found == noise && error.is_none());
    }
}
