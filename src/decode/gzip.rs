//! Gzip: a small file at once, which takes a third of the time; all others as a stream.

use std::io::{self, BufRead, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use libdeflater::{Decompressor, crc32};
use memchr::memmem;

use super::decompress::{Failing, Whole};

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
            None => Box::new(MultiGzDecoder::new(Cursor::new(stored))),
        },
        Ok(_) => Box::new(MultiGzDecoder::new(Cursor::new(stored).chain(reader))),
        Err(error) => {
            let rest = io::BufReader::new(Failing(Some(error)));
            Box::new(MultiGzDecoder::new(Cursor::new(stored).chain(rest)))
        }
    }
}

/// The text of an undamaged file of one member, with nothing behind it; none of any other.
fn at_once(stored: &[u8]) -> Option<Vec<u8>> {
    let (_, trailer) = stored.split_last_chunk::<8>()?;
    let [.., a, b, c, d] = *trailer;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    // The bytes of a member's beginning may stand inside one too: then the stream finds out.
    if length > MOST_TEXT || memmem::find(&stored[1..], &MEMBER).is_some() {
        return None;
    }
    let mut text = vec![0; length];
    let given = Decompressor::new().gzip_decompress(stored, &mut text).ok()?;
    let whole = given == length && trailer[..4] == crc32(&text).to_le_bytes();
    whole.then_some(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(mut reader: impl Read) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut text = Vec::new();
        let error = reader.read_to_end(&mut text).err();
        (text, error.map(|error| error.kind()))
    }

    #[test]
    fn one_whole_member_is_read_at_once_and_nothing_else() {
        let text = b"{\"a\":1}\n".repeat(1_000);
        let whole = member(&text);
        assert_eq!(at_once(&whole), Some(text));
        let cut = &whole[..whole.len() - 1];
        let mut damaged = whole.clone();
        damaged[20] ^= 1;
        for other in
            [cut, &damaged, &[whole.clone(), whole.clone()].concat(), &[&whole[..], b"more"].concat(), b""]
        {
            assert_eq!(at_once(other), None);
        }
    }

    proptest! {
        #[test]
        fn reads_what_the_stream_reads(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..3),
            behind in prop::collection::vec(any::<u8>(), 0..12),
            cut in 0..40_usize,
        ) {
            let mut stored: Vec<u8> = texts.iter().flat_map(|text| member(text)).chain(behind).collect();
            stored.truncate(stored.len().saturating_sub(cut.saturating_sub(20)));
            prop_assert_eq!(read(gzip(Cursor::new(stored.clone()))), read(MultiGzDecoder::new(Cursor::new(stored))));
        }

    }

    #[test]
    fn a_large_file_is_read_as_a_stream() {
        let number = |n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes();
        let noise: Vec<u8> = (0..MOST_STORED as u32).flat_map(number).collect();
        let stored = member(&noise);
        assert!(stored.len() > MOST_STORED);
        assert!(read(gzip(Cursor::new(stored))) == (noise, None));
    }
}
