//! Avro and Parquet: any bytes end well, and every row is an object.

use std::io::Cursor;

use kubetrawl::decode::{Content, Opened};
use serde::de::IgnoredAny;

use super::decoder;

/// Rows that are looked at.
const MOST: usize = 1_000;

pub fn check(data: &[u8]) {
    decoder::check(data);
    let Ok(opened) = Opened::new(Box::new(Cursor::new(data.to_vec())), None) else { return };
    let Content::Records(mut records) = opened.content else { return };
    let mut rows = 0;
    while records.are_rows() && rows < MOST {
        let Ok(Some(chunk)) = records.next_chunk() else { return };
        for frame in chunk.frames.iter().filter(|frame| frame.problem.is_none()) {
            let row = str::from_utf8(chunk.bytes(frame)).expect("JSON is UTF-8");
            // Any depth will do, so it is not made a value.
            assert!(row.starts_with('{') && serde_json::from_str::<IgnoredAny>(row).is_ok(), "{row}");
        }
        rows += chunk.frames.len();
    }
}
