//! The decoder and the row builder behind it, on any bytes at all.

use kubetrawl::decode::{
    Chunk, Content, DecodeError, DecodeOptions, Decoded, Decoder, Frame, Limits, MAX_DEPTH, Opened, Records,
};
use kubetrawl::normalize::{Defaults, Place, RowBuilder};

const LIMITS: Limits = Limits { chunk: 1 << 12, frame: 1 << 16, kept: 1 << 10 };

/// Decodes what the bytes are, as an ingest does; a decoder that has seen other records gives the same.
pub fn check(data: &[u8]) {
    check_opened(Opened::with_limits(Box::new(std::io::Cursor::new(data.to_vec())), None, LIMITS), 0);
}

/// The same for what is in archives.
fn check_opened(opened: Result<Opened, DecodeError>, depth: usize) {
    let Ok(opened) = opened else { return };
    match opened.content {
        Content::Records(records) => check_records(records),
        Content::Archive(mut archive) if depth < MAX_DEPTH => {
            while let Ok(Some(member)) = archive.next_member() {
                if let Ok(body) = member.body {
                    check_opened(Opened::member(body, &member.within, LIMITS), depth + 1);
                }
            }
        }
        Content::Archive(_) => {}
    }
}

fn check_records(mut chunks: Records) {
    let (mut seasoned, mut rows) = (Decoder::new(DecodeOptions::default()), RowBuilder::new());
    let mut bytes = 0;
    // A small input may grow a thousand times.
    while let Ok(Some(chunk)) = chunks.next_chunk() {
        for frame in &chunk.frames {
            let outcomes = outcomes(&mut seasoned, &chunk, frame, Some(&mut rows));
            let fresh = self::outcomes(&mut Decoder::default(), &chunk, frame, None);
            assert_eq!(outcomes, fresh, "it depends on what came before");
            assert!(!outcomes.is_empty() || is_blank(chunk.bytes(frame)), "a frame without an outcome");
        }
        bytes += chunk.data.len();
        if bytes > 4 << 20 {
            break;
        }
    }
    rows.finish();
}

/// Byte order marks and white space are no record.
fn is_blank(frame: &[u8]) -> bool {
    String::from_utf8_lossy(frame)
        .trim_matches(|c: char| c == '\u{feff}' || c.is_ascii_whitespace())
        .is_empty()
}

/// What comes out of a frame, in words; events become rows.
fn outcomes(
    decoder: &mut Decoder,
    chunk: &Chunk,
    frame: &Frame,
    mut rows: Option<&mut RowBuilder>,
) -> Vec<String> {
    let mut outcomes = Vec::new();
    decoder.decode_frame(chunk, frame, &mut |decoded| {
        outcomes.push(format!("{decoded:?}"));
        if let (Decoded::Event(event), Some(rows)) = (decoded, &mut rows) {
            let place = Place { source_uri: "file:///fuzz", source_record: 0, source_offset: 0 };
            rows.append(event, &place, &Defaults::default());
        }
    });
    outcomes
}

/// The outcomes of a record that is alone, in words.
pub(crate) fn of_record(record: &[u8], each: &mut dyn FnMut(&Decoded<'_>)) {
    Decoder::default().decode(record, &mut |decoded| each(&decoded));
}
