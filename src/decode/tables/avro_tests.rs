use crate::decode::testing::avro;
use crate::decode::{Chunk, Content, DecodeError, Opened, Records};
use serde_json::json;
use std::io::Cursor;

/// The rows with their numbers, and how they ended.
fn rows(stored: Vec<u8>) -> (Vec<(u64, String)>, Option<DecodeError>) {
    let opened = match Opened::new(Box::new(Cursor::new(stored)), None) {
        Ok(opened) => opened,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let Content::Records(Records::Rows(mut chunks)) = opened.content else { panic!("no table") };
    let mut rows = Vec::new();
    loop {
        match chunks.next_chunk() {
            Ok(Some(chunk)) => rows.extend(of_chunk(&chunk)),
            Ok(None) => return (rows, None),
            Err(error) => return (rows, Some(error)),
        }
    }
}

fn of_chunk(chunk: &Chunk) -> Vec<(u64, String)> {
    let row = |frame| (chunk.frame_offset(frame), String::from_utf8(chunk.bytes(frame).to_vec()).unwrap());
    chunk.frames.iter().map(row).collect()
}

#[test]
fn objects_become_rows_under_every_codec() {
    for codec in ["null", "deflate", "snappy", "zstandard"] {
        let stored = avro(codec, &[b"{\"records\":[]}", b"\xff\x00"]);
        let head = "\"Offset\":\"0\",\"EnqueuedTimeUtc\":\"11/22/2026 10:00:00 AM\",\
                    \"SystemProperties\":{\"x-opt-enqueued-time\":7},\"Properties\":{}";
        let expected = vec![
            (0, format!("{{\"SequenceNumber\":0,{head},\"Body\":{{\"records\":[]}}}}")),
            (1, format!("{{\"SequenceNumber\":1,{head},\"Body\":\"/wA=\"}}")),
        ];
        let (found, end) = rows(stored);
        assert!(end.is_none(), "{codec}: {end:?}");
        assert_eq!(found, expected, "{codec}");
    }
}

/// As BigQuery exports TIMESTAMP.
#[test]
fn times_are_written_as_text() {
    let time = |unit: &str| json!({"type": "long", "logicalType": unit});
    let schema = json!({"type": "record", "name": "Root", "fields": [
        {"name": "micros", "type": ["null", time("timestamp-micros")]}, {"name": "millis", "type": time("timestamp-millis")},
        {"name": "never", "type": time("timestamp-millis")}, {"name": "number", "type": "long"},
    ]});
    let long = |value: i64| {
        let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
        let mut bytes = Vec::new();
        while zigzag >= 0x80 {
            bytes.push(zigzag as u8 | 0x80);
            zigzag >>= 7;
        }
        bytes.push(zigzag as u8);
        bytes
    };
    let text = |text: &str| [long(text.len() as i64), text.as_bytes().to_vec()].concat();
    let sync = [7; 16];
    let header = [long(1), text("avro.schema"), text(&schema.to_string()), long(0), sync.to_vec()].concat();
    let object = [1, 1_795_341_600_123_456, 1_795_341_600_123, i64::MAX, 7].map(long).concat();
    let block = [long(1), long(object.len() as i64), object, sync.to_vec()].concat();
    let (found, end) = rows([b"Obj\x01".to_vec(), header, block].concat());
    let expected = "{\"micros\":\"2026-11-22T10:00:00.123456Z\",\"millis\":\"2026-11-22T10:00:00.123Z\",\
                    \"never\":9223372036854775807,\"number\":7}";
    assert!(end.is_none(), "{end:?}");
    assert_eq!(found, [(0, expected.to_owned())]);
}

#[test]
fn an_unknown_codec_and_a_bomb_are_told() {
    let (found, end) = rows(avro("lzma", &[b"{}"]));
    assert!(found.is_empty() && end.is_some());
    let zeros = vec![0; 65 << 20];
    let (found, end) = rows(avro("zstandard", &[&zeros]));
    assert!(found.is_empty() && end.is_some());
}

#[test]
fn a_cut_file_gives_the_rows_before_the_cut() {
    let stored = avro("snappy", &[&b"{}"[..]; 40]);
    for length in [4, 100, stored.len() / 2, stored.len() - 1] {
        let (found, end) = rows(stored[..length].to_vec());
        assert!(end.is_some() && found.len() < 40, "{length}");
        assert_eq!(found.len() > 5, length > 1000, "{length}: {}", found.len());
    }
}

#[test]
fn garbled_bytes_end_a_file_and_nothing_else() {
    for codec in ["null", "deflate"] {
        let stored = avro(codec, &[&b"{\"records\":[]}"[..]; 20]);
        for at in (4..stored.len()).step_by(7) {
            let mut garbled = stored.clone();
            garbled[at] ^= 0x55;
            // Whatever comes of it, it comes to an end.
            let (found, _) = rows(garbled);
            assert!(found.len() <= 20, "{at}");
        }
    }
}
