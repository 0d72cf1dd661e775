use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::decode::testing::record;

/// Gives `step` bytes a read.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(self.1).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

const SMALL: Limits = Limits { chunk: 64, frame: 400, kept: 32 };
const ROOMY: Limits = Limits { chunk: 1 << 12, frame: 1 << 20, kept: 64 };

fn frames_of(bytes: &[u8], limits: Limits, step: usize) -> Vec<(u64, Vec<u8>, bool)> {
    let mut reader = ChunkReader::new(Slow(bytes, step), limits);
    let mut frames = Vec::new();
    let mut number = 0;
    loop {
        // What memory held before is of no meaning.
        reader.reuse(|| Some(b"{\"old\":1}\n".to_vec()));
        let Some(chunk) = reader.next_chunk().unwrap() else { break };
        assert_eq!(chunk.number, number);
        assert!(!chunk.frames.is_empty());
        number += 1;
        for frame in &chunk.frames {
            let offset = chunk.frame_offset(frame);
            let data = chunk.bytes(frame).to_vec();
            assert_eq!(&bytes[offset as usize..offset as usize + data.len()], data, "offset {offset}");
            frames.push((offset, data, frame.problem.is_some()));
        }
    }
    assert!(reader.next_chunk().unwrap().is_none());
    frames
}

fn texts(text: &str) -> Vec<String> {
    let frames = frames_of(text.as_bytes(), ROOMY, 1 << 20);
    frames.into_iter().map(|(_, data, _)| String::from_utf8(data).unwrap()).collect()
}

#[test]
fn a_frame_that_an_offset_lies_in_begins_there() {
    let frame = |start, len, problem| Frame { start, len, problem };
    let chunk = || Chunk {
        number: 1,
        offset: 100,
        first_row: None,
        data: b"{}{}{}\n{}\n[[[".to_vec(),
        frames: vec![
            frame(0, 6, None),
            frame(7, 2, None),
            frame(10, 3, Some(RejectReason { code: RejectCode::TooLong, detail: String::new() })),
        ],
    };
    let seek = |from, offset| {
        let mut chunk = chunk();
        let number = chunk.seek(from, offset)?;
        let frame = &chunk.frames[number];
        Some((number, chunk.frame_offset(frame), chunk.bytes(frame).to_vec()))
    };
    assert_eq!(seek(0, 0), Some((0, 100, b"{}{}{}".to_vec())));
    assert_eq!(seek(0, 102), Some((0, 102, b"{}{}".to_vec())));
    assert_eq!(seek(0, 106), Some((1, 107, b"{}".to_vec())));
    assert_eq!(seek(1, 100), Some((1, 107, b"{}".to_vec())));
    // What is only the head of a frame stays one; nor does anything begin inside a row.
    assert_eq!(seek(0, 111), None);
    let mut rows = Chunk { first_row: Some(40), ..chunk() };
    assert_eq!((rows.seek(0, 41), rows.seek(0, 43), rows.frames[1].start), (Some(1), None, 7));
}

#[test]
fn frames_what_files_look_like() {
    for (text, expected) in [
        ("", vec![]),
        (" \r\n\n", vec![]),
        ("[]", vec![]),
        ("{\"a\":1}\r\n{\"b\":2}", vec!["{\"a\":1}", "{\"b\":2}"]),
        ("\u{feff}{\"a\":1}\n\u{feff}{\"b\":2}\n", vec!["{\"a\":1}", "{\"b\":2}"]),
        ("{\"a\":1},\n{\"b\":2},\n", vec!["{\"a\":1}", "{\"b\":2}"]),
        ("{\"a\":1}{\"b\":2}\n{\"c\":3}", vec!["{\"a\":1}{\"b\":2}", "{\"c\":3}"]),
        ("{\n \"a\": 1\n}{\n \"b\": 2\n}\n", vec!["{\n \"a\": 1\n}", "{\n \"b\": 2\n}"]),
        ("[{\"a\":1},{\"b\":2}]\n{\"c\":3}\n", vec!["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]),
        ("[\n{\"a\":1}\n,{\"b\":[{}]}\n,null, \"x\" ]", vec!["{\"a\":1}", "{\"b\":[{}]}", "null", "\"x\""]),
        ("{\"a\":{}\n}\n", vec!["{\"a\":{}\n}"]),
        (
            "I0101 x\n2019-08-09T18:00:00.000Z {\"a\":1}\n[x] y\n",
            vec!["I0101 x", "2019-08-09T18:00:00.000Z {\"a\":1}", "[x] y"],
        ),
        ("{\"a\":1} rest\n{\"b\":2}\n", vec!["{\"a\":1}", "rest", "{\"b\":2}"]),
        ("\0\0\0{\"a\":1}\n\0\0{\n \"b\": 2\n}\n\0\0", vec!["{\"a\":1}", "{\n \"b\": 2\n}"]),
        ("\0x {\"a\":1}\0\0{\"b\":2}", vec!["x {\"a\":1}", "{\"b\":2}"]),
    ] {
        assert_eq!(texts(text), expected, "{text:?}");
    }
}

#[test]
fn a_cut_record_costs_one_record() {
    for (text, expected) in [
        ("{\"a\":\"x\n{\"b\":1}\n", vec!["{\"a\":\"x", "{\"b\":1}"]),
        ("{\"a\":\n{\"b\":1}\n{\"c\":1}\n", vec!["{\"a\":", "{\"b\":1}", "{\"c\":1}"]),
        ("{\"a\":[\n{\"b\":1}", vec!["{\"a\":[", "{\"b\":1}"]),
        ("{\"a\":{\"b\":1}\n{\"c\":1}\n", vec!["{\"a\":{\"b\":1}", "{\"c\":1}"]),
        (
            "{\n  \"a\": {\n    \"b\": \"x\n{\n  \"c\": 1\n}\n",
            vec!["{\n  \"a\": {\n    \"b\": \"x", "{\n  \"c\": 1\n}"],
        ),
        (
            "{\n  \"a\": [\n\n  \"lost\": 1\n}\nE1 klog\n{\"c\":1}",
            vec!["{\n  \"a\": [\n\n  \"lost\": 1\n}", "E1 klog", "{\"c\":1}"],
        ),
        (
            "[\n  {\n    \"a\": \"x\n  {\n    \"b\": 1\n  }\n]\n",
            vec!["{\n    \"a\": \"x", "{\n    \"b\": 1\n  }"],
        ),
        (
            "{\"a\":1}{\"b\":{\"c\":2}{\"d\":4}{\"e\":5}\n\"",
            vec!["{\"a\":1}{\"b\":{\"c\":2}{\"d\":4}{\"e\":5}", "\""],
        ),
        ("{\"a\":\"x\0\0\0{\"b\":1}\n", vec!["{\"a\":\"x", "{\"b\":1}"]),
        ("{\n \"a\": \"x\0\0\0{\n \"b\": 1\n}\n", vec!["{\n \"a\": \"x", "{\n \"b\": 1\n}"]),
        ("{\"a\":", vec!["{\"a\":"]),
    ] {
        assert_eq!(texts(text), expected, "{text:?}");
    }
}

#[test]
fn a_long_line_costs_one_record_and_little_memory() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5_000));
    for other in ["{\"b\":1}", "plain text"] {
        let text = format!("{other}\n{long}\n{other}\n{}\n{other}", "y".repeat(5_000));
        let frames = frames_of(text.as_bytes(), SMALL, 50);
        let problems: Vec<bool> = frames.iter().map(|frame| frame.2).collect();
        assert_eq!(problems, [false, true, false, true, false]);
        assert_eq!(frames[1].1, &long.as_bytes()[..32]);
        for whole in [0, 2, 4] {
            assert_eq!(frames[whole].1, other.as_bytes());
        }
    }
}

#[test]
fn a_hole_of_any_length_costs_the_record_that_it_cuts() {
    let text = format!("{{\"a\":\"x{}{{\"b\":1}}\n", "\0".repeat(5_000));
    let frames = frames_of(text.as_bytes(), SMALL, 100);
    let expected = [(0, b"{\"a\":\"x".to_vec(), false), (5_007, b"{\"b\":1}".to_vec(), false)];
    assert_eq!(frames, expected);
}

#[test]
fn a_long_pretty_record_costs_one_record() {
    let body: Vec<u32> = (0..2_000).collect();
    let long = serde_json::to_string_pretty(&json!({"a": body})).unwrap();
    let text = format!("{{\n  \"b\": 1\n}}\n{long}{{\n  \"c\": 1\n}}\n{long}\n{{\"d\": 1}}\n");
    let frames = frames_of(text.as_bytes(), SMALL, 1 << 20);
    let problems: Vec<bool> = frames.iter().map(|frame| frame.2).collect();
    assert_eq!(problems, [false, true, false, true, false]);
}

#[test]
fn a_large_envelope_is_opened() {
    let records: Vec<Value> = (0..100).map(|n| json!({"n": n, "items": [{"x": "]}"}]})).collect();
    for wrapper in [
        json!({"kind": "EventList", "metadata": {"a": [1]}, "items": records}),
        json!({"records": records, "next": {"token": [1, "]"]}}),
        json!({"_shards": {"failed": 0}, "hits": {"hits": records, "total": {"value": 100}}, "took": 3}),
        json!({"data": {"result": records, "resultType": "streams", "stats": {"a": {}}}, "status": "success"}),
    ] {
        for text in [wrapper.to_string(), serde_json::to_string_pretty(&wrapper).unwrap()] {
            let text = format!("{text}{{\"after\":1}}\n");
            let frames = frames_of(text.as_bytes(), SMALL, 1 << 20);
            let values: Vec<Value> = frames.iter().map(|f| serde_json::from_slice(&f.1).unwrap()).collect();
            assert_eq!(values.len(), 101, "{text}");
            assert_eq!(values[..100], records);
        }
    }
}

#[test]
fn many_records_cut_open_cost_little() {
    let text = "{\"\":[\n".repeat(200_000);
    let limits = Limits::default();
    let mut reader = ChunkReader::new(text.as_bytes(), limits);
    let mut count = 0;
    while let Some(chunk) = reader.next_chunk().unwrap() {
        count += chunk.frames.len();
    }
    assert_eq!(count, 200_000);
}

#[test]
fn an_error_comes_after_what_was_read() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let mut reader = ChunkReader::new(b"{\"a\":1}\n{\"b\"".chain(Fails), Limits::default());
    assert_eq!(reader.next_chunk().unwrap().unwrap().frames.len(), 2);
    assert!(matches!(reader.next_chunk(), Err(DecodeError::Read { offset: 12, .. })));
    assert!(reader.next_chunk().unwrap().is_none());
}

/// How a record is written, and what may stand around it.
#[derive(Debug, Clone, Copy)]
enum Style {
    Compact,
    Pretty,
}

#[derive(Debug, Clone)]
struct Written {
    record: Value,
    style: Style,
    /// Cut at this share of its length.
    cut: Option<f64>,
    /// What ends it; a cut record is always ended by a newline.
    ending: &'static str,
}

fn written() -> impl Strategy<Value = Written> {
    let style = prop_oneof![Just(Style::Compact), Just(Style::Pretty)];
    let cut = proptest::option::weighted(0.2, 0.0..1.0f64);
    let ending =
        prop_oneof![Just("\n"), Just("\r\n"), Just(""), Just(",\n"), Just("\n\n \u{feff}"), Just("\0\0")];
    (record(), style, cut, ending).prop_map(|(record, style, cut, ending)| Written {
        record,
        style,
        cut,
        ending,
    })
}

impl Written {
    /// The text, and whether the record in it is whole.
    fn text(&self) -> (String, bool) {
        let whole = match self.style {
            Style::Compact => self.record.to_string(),
            Style::Pretty => serde_json::to_string_pretty(&self.record).unwrap(),
        };
        let Some(cut) = self.cut else { return (whole, true) };
        let mut end = 1 + (cut * (whole.len() - 1) as f64) as usize;
        while !whole.is_char_boundary(end) {
            end -= 1;
        }
        let is_whole = end == whole.len();
        (whole[..end].to_owned(), is_whole)
    }
}

fn document(records: &[Written], list: bool) -> (String, Vec<Value>) {
    let mut text = String::from(if list { "[" } else { "" });
    let mut whole = Vec::new();
    for (index, written) in records.iter().enumerate() {
        let (record, is_whole) = written.text();
        text += &record;
        if list {
            text += match (index + 1 == records.len(), is_whole) {
                (true, _) => "\n]",
                (false, true) => [",", ",\n"][index % 2],
                (false, false) => "\n",
            };
        } else {
            text += if is_whole { written.ending } else { "\n" };
        }
        if is_whole {
            whole.push(written.record.clone());
        }
    }
    (text, whole)
}

/// The values in a frame that are records, whatever else it holds.
fn values(frame: &[u8]) -> Vec<Value> {
    let mut stream = serde_json::Deserializer::from_slice(frame).into_iter::<Value>();
    let mut values = Vec::new();
    while let Some(Ok(value)) = stream.next() {
        values.push(value);
    }
    values.into_iter().filter(|value| value.get("auditID").is_some()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_whole_record_is_framed_once(
        records in proptest::collection::vec(written(), 0..12),
        list in any::<bool>(),
        step in 1usize..200,
    ) {
        let (text, whole) = document(&records, list);
        let frames = frames_of(text.as_bytes(), ROOMY, step);
        let found: Vec<Value> = frames.iter().flat_map(|frame| values(&frame.1)).collect();
        prop_assert_eq!(found, whole, "{}", text);
    }

    #[test]
    fn the_same_bytes_give_the_same_frames(
        records in proptest::collection::vec(written(), 0..12),
        list in any::<bool>(),
        step in 1usize..200,
        chunk in 1usize..300,
    ) {
        let (text, _) = document(&records, list);
        let limits = Limits { chunk, ..SMALL };
        let frames = frames_of(text.as_bytes(), limits, step);
        prop_assert_eq!(frames, frames_of(text.as_bytes(), SMALL, 1 << 20));
    }

    #[test]
    fn any_bytes_are_framed_without_panic(
        bytes in proptest::collection::vec(prop_oneof![
            Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b':'), Just(b','), Just(b'\\'),
            Just(b'\n'), Just(0), Just(b' '), Just(b'1'), Just(0xef), any::<u8>()], 0..1500),
        chunk in 1usize..300,
    ) {
        let limits = Limits { chunk, ..SMALL };
        let frames = frames_of(&bytes, limits, 97);
        let mut end = 0;
        for (offset, data, _) in &frames {
            prop_assert!(*offset >= end, "frames overlap");
            end = offset + data.len() as u64;
        }
        prop_assert_eq!(frames, frames_of(&bytes, SMALL, 1 << 20));
    }
}
