//! Avro, Parquet, YAML and the answers of APIs: any bytes end well, and every row is an object, or the begin of JSON.

use std::io::Cursor;

use kubetrawl::decode::{Content, Opened};
use serde::de::IgnoredAny;

use super::decoder;

/// Rows that are looked at.
const MOST: usize = 1_000;

pub fn check(data: &[u8]) {
    decoder::check(data);
    let Ok(opened) = Opened::new(Box::new(Cursor::new(data.to_vec())), None) else { return };
    // Their values are copied as they are, and the last row may be cut.
    let is_answer = opened.forms.contains(&"json-table");
    let is_yaml = opened.forms.contains(&"yaml");
    let Content::Records(mut records) = opened.content else { return };
    let mut rows = 0;
    while records.are_rows() && rows < MOST {
        let Ok(Some(chunk)) = records.next_chunk() else { return };
        for frame in chunk.frames.iter().filter(|frame| frame.problem.is_none()) {
            let row = chunk.bytes(frame);
            assert!(is_yaml || row.starts_with(b"{"));
            // Any depth will do, so it is not made a value.
            let error = serde_json::from_slice::<IgnoredAny>(row).err();
            assert!(is_answer || error.is_none_or(|error| is_yaml && error.is_eof()), "{row:?}");
            assert!(is_answer || str::from_utf8(row).is_ok());
        }
        rows += chunk.frames.len();
    }
}
