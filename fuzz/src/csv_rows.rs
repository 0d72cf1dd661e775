//! CSV: every row with something in it becomes an object of texts, and nothing else does. Of one that was cut it is a cut
//! object.

use std::io::Cursor;

use kubetrawl::decode::{Content, Opened};
use serde_json::Value;

use super::decoder;

const HEADER: [&[u8]; 3] = [b"@timestamp", b"@message", b"\"x \"\"y\"\"\"\n"];

pub fn check(data: &[u8]) {
    b",;\t".iter().for_each(|delimiter| between(*delimiter, data));
}

/// Checks rows with this between their cells.
fn between(delimiter: u8, data: &[u8]) {
    let bytes = [&HEADER.join(&delimiter), data].concat();
    decoder::check(&bytes);
    let opened = Opened::new(Box::new(Cursor::new(bytes.clone())), None).expect("in memory");
    let Content::Records(mut records) = opened.content else { panic!("an archive") };
    let mut objects = Vec::new();
    while let Some(chunk) = records.next_chunk().expect("in memory") {
        for frame in &chunk.frames {
            objects.push(String::from_utf8(chunk.bytes(frame).to_vec()).expect("JSON is UTF-8"));
        }
    }
    let filled = |row: &csv::ByteRecord| row.iter().take(3).any(|cell| !cell.is_empty());
    let rows = rows(&bytes, delimiter);
    assert_eq!(objects.len(), rows.iter().filter(|row| filled(row)).count(), "{objects:?}");
    // What is written behind a row that has an end is a row of its own.
    let has_end = self::rows(&[&bytes[..], b"x"].concat(), delimiter).len() > rows.len();
    if !has_end && rows.last().is_some_and(filled) {
        objects.last_mut().into_iter().for_each(close);
    }
    for line in objects {
        let object: serde_json::Map<String, Value> = serde_json::from_str(&line).expect("an object");
        assert!(object.values().all(Value::is_string) && object.len() <= 3, "{line}");
    }
}

/// The rows behind the header.
fn rows(csv: &[u8], delimiter: u8) -> Vec<csv::ByteRecord> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).delimiter(delimiter).from_reader(csv);
    reader.byte_records().skip(1).map(|row| row.expect("in memory")).collect()
}

/// Makes an object of a cut one.
fn close(line: &mut String) {
    let is_object = |line: &str| serde_json::from_str::<serde_json::Map<String, Value>>(line).is_ok();
    if let Some(end) = ["}", "\"}"].iter().find(|end| is_object(&format!("{line}{end}"))) {
        line.push_str(end);
    }
}
