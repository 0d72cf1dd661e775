//! CSV: every row with something in it becomes an object of texts, and nothing else does.

use std::io::{Cursor, Read};

use kubetrawl::decode::decompress;
use serde_json::Value;

use super::decoder;

const HEADER: &[u8] = b"@timestamp,@message,\"x \"\"y\"\"\"\n";

pub fn check(data: &[u8]) {
    let bytes = [HEADER, data].concat();
    decoder::check(&bytes);
    let mut text = String::new();
    let Ok(mut reader) = decompress(Box::new(Cursor::new(bytes.clone()))) else { return };
    reader.read_to_string(&mut text).expect("JSON is UTF-8");
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
    let filled = |row: &csv::ByteRecord| row.iter().take(3).any(|cell| !cell.is_empty());
    let rows = reader.byte_records().skip(1).map(|row| row.expect("in memory")).filter(filled);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), rows.count(), "{text}");
    for line in lines {
        let object: serde_json::Map<String, Value> = serde_json::from_str(line).expect("an object");
        assert!(object.values().all(Value::is_string) && object.len() <= 3, "{line}");
    }
}
