//! CSV: every row with something in it becomes an object of texts, and nothing else does.

use std::io::Cursor;

use kubetrawl::decode::{Content, Opened};
use serde_json::Value;

use super::decoder;

const HEADER: &[u8] = b"@timestamp,@message,\"x \"\"y\"\"\"\n";

pub fn check(data: &[u8]) {
    let bytes = [HEADER, data].concat();
    decoder::check(&bytes);
    let opened = Opened::new(Box::new(Cursor::new(bytes.clone())), None).expect("in memory");
    let Content::Records(mut records) = opened.content else { panic!("an archive") };
    let mut objects = Vec::new();
    while let Some(chunk) = records.next_chunk().expect("in memory") {
        for frame in &chunk.frames {
            objects.push(String::from_utf8(chunk.bytes(frame).to_vec()).expect("JSON is UTF-8"));
        }
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
    let filled = |row: &csv::ByteRecord| row.iter().take(3).any(|cell| !cell.is_empty());
    let rows = reader.byte_records().skip(1).map(|row| row.expect("in memory")).filter(filled);
    assert_eq!(objects.len(), rows.count(), "{objects:?}");
    for line in objects {
        let object: serde_json::Map<String, Value> = serde_json::from_str(&line).expect("an object");
        assert!(object.values().all(Value::is_string) && object.len() <= 3, "{line}");
    }
}
