use crate::decode::{Content, DecodeError, Opened, Records};
use arrow::array::{
    Array, ArrayRef, Int32Array, Int64Array, ListArray, MapBuilder, MapFieldNames, RecordBatch, StringArray,
    StringBuilder, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Field;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::io::Cursor;
use std::sync::Arc;

fn strukt(fields: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, array)| (Arc::new(Field::new(name, array.data_type().clone(), true)), array))
        .collect();
    Arc::new(StructArray::from(fields))
}

fn text(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Two rows with every kind of column that Security Lake has.
fn batch() -> RecordBatch {
    let groups = strukt(vec![("name", text(&[Some("g1"), Some("g2")]))]);
    let item = Arc::new(Field::new("item", groups.data_type().clone(), true));
    let groups: ArrayRef = Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([2, 0]), groups, None));
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let mut unmapped = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    unmapped.keys().append_value("annotations.authorization.k8s.io/decision");
    unmapped.values().append_value("allow");
    unmapped.append(true).unwrap();
    unmapped.append(false).unwrap();
    let user = strukt(vec![("name", text(&[Some("jane"), None])), ("groups", groups)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("class_uid", Arc::new(Int32Array::from(vec![6003, 6003]))),
        ("time", Arc::new(Int64Array::from(vec![1_795_341_600_223, 5]))),
        ("time_dt", Arc::new(TimestampMillisecondArray::from(vec![Some(1_795_341_600_223), None]))),
        ("actor", strukt(vec![("user", user)])),
        ("unmapped", Arc::new(unmapped.finish())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn file(compression: Compression, copies: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(16))
        .build();
    let mut writer = ArrowWriter::try_new(&mut out, batch().schema(), Some(properties)).unwrap();
    for _ in 0..copies {
        writer.write(&batch()).unwrap();
    }
    writer.close().unwrap();
    out
}

fn rows(stored: Vec<u8>) -> (Vec<(u64, String)>, Option<DecodeError>) {
    let opened = match Opened::new(Box::new(Cursor::new(stored)), None) {
        Ok(opened) => opened,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let Content::Records(Records::Rows(mut chunks)) = opened.content else { panic!("no table") };
    let mut rows = Vec::new();
    loop {
        match chunks.next_chunk() {
            Ok(Some(chunk)) => rows.extend(chunk.frames.iter().map(|frame| {
                (chunk.frame_offset(frame), String::from_utf8(chunk.bytes(frame).to_vec()).unwrap())
            })),
            Ok(None) => return (rows, None),
            Err(error) => return (rows, Some(error)),
        }
    }
}

#[test]
fn nested_columns_become_objects() {
    let first = "{\"class_uid\":6003,\"time\":1795341600223,\"time_dt\":\"2026-11-22T10:00:00.223\",\
                 \"actor\":{\"user\":{\"name\":\"jane\",\"groups\":[{\"name\":\"g1\"},{\"name\":\"g2\"}]}},\
                 \"unmapped\":{\"annotations.authorization.k8s.io/decision\":\"allow\"}}";
    let second = "{\"class_uid\":6003,\"time\":5,\"actor\":{\"user\":{\"groups\":[]}}}";
    for compression in [Compression::UNCOMPRESSED, Compression::ZSTD(Default::default()), Compression::SNAPPY]
    {
        let (found, end) = rows(file(compression, 40));
        assert!(end.is_none(), "{end:?}");
        assert_eq!(found.len(), 80);
        for (number, (at, row)) in found.iter().enumerate() {
            assert_eq!((*at, row.as_str()), (number as u64, if number % 2 == 0 { first } else { second }));
        }
    }
}

#[test]
fn times_in_utc_are_written_wherever_they_stand() {
    let micros = TimestampMicrosecondArray::from(vec![1_795_341_600_123_456]).with_timezone("UTC");
    let nanos: ArrayRef =
        Arc::new(TimestampNanosecondArray::from(vec![1_795_341_600_123_456_789]).with_timezone("Asia/Tokyo"));
    let inner = strukt(vec![("at", nanos)]);
    let item = Arc::new(Field::new("item", inner.data_type().clone(), true));
    let list: ArrayRef = Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([1]), inner.clone(), None));
    let columns: [(&str, ArrayRef); 3] = [("time", Arc::new(micros)), ("inner", inner), ("list", list)];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let (found, end) = rows(written(&batch, Compression::SNAPPY));
    assert!(end.is_none(), "{end:?}");
    let row: serde_json::Value = serde_json::from_str(&found[0].1).unwrap();
    let time = |value: &serde_json::Value| crate::decode::time::parse(value.as_str().unwrap());
    for value in [&row["time"], &row["inner"]["at"], &row["list"][0]["at"]] {
        assert_eq!(time(value), Some(1_795_341_600_123_456), "{row}");
    }
}

#[test]
fn damaged_files_say_so() {
    let stored = file(Compression::SNAPPY, 40);
    for length in [4, 8, stored.len() / 2, stored.len() - 1] {
        let (found, end) = rows(stored[..length].to_vec());
        assert!(found.is_empty() && end.is_some(), "{length}");
    }
    for at in (4..stored.len()).step_by(13) {
        let mut garbled = stored.clone();
        garbled[at] ^= 0x55;
        // Whatever comes of it, it comes to an end.
        let (found, _) = rows(garbled);
        assert!(found.len() <= 80, "{at}");
    }
}

/// A file that is nothing but a footer.
fn footer(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u32).to_le_bytes();
    [b"PAR1", bytes, &length, b"PAR1"].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[test]
fn a_footer_that_claims_too_much_is_refused_before_room_is_made_for_it() {
    // A schema (field 2) of structures, each with a name (field 4) and children (field 5).
    let schema = |count: u64| [&[0x29, 0xfc], varint(count).as_slice()].concat();
    let column = |children: u64| [&[0x48, 1, b'a', 0x15], varint(children * 2).as_slice(), &[0]].concat();
    let deep = [schema(50_000), column(1).repeat(50_000)].concat();
    let wide = [schema(1), column(1 << 30)].concat();
    let long = schema(1 << 31);
    let nested = [0x1c].repeat(100_000);
    // A field that is a list (kind 9) of one list of one list ...
    let lists = [&[0x19][..], &[0x19].repeat(1_000_000)].concat();
    let endless = [0xff].repeat(100);
    for (what, bytes) in [
        ("deep", deep),
        ("wide", wide),
        ("long", long),
        ("nested", nested),
        ("lists", lists),
        ("endless", endless),
    ] {
        let (found, end) = rows(footer(&bytes));
        assert!(found.is_empty() && end.is_some(), "{what}");
    }
    let mut huge = footer(&[0]);
    let at = huge.len() - 8;
    huge[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(rows(huge).1.is_some());
}

fn written(batch: &RecordBatch, compression: Compression) -> Vec<u8> {
    let mut out = Vec::new();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    out
}

#[test]
fn a_text_that_stands_in_every_row_is_a_bomb_only_once_all_are_too_long() {
    let long = "a".repeat(1 << 20);
    let batch = |count| {
        let column: ArrayRef = Arc::new(StringArray::from(vec![long.as_str(); count]));
        RecordBatch::try_from_iter([("a", column)]).unwrap()
    };
    let (found, end) = rows(written(&batch(50), Compression::ZSTD(Default::default())));
    assert!(end.is_none(), "{end:?}");
    assert_eq!((found.len(), found[49].1.len()), (50, long.len() + 8));
    // As one list in one row.
    let values = batch(80).column(0).clone();
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    let list: ArrayRef = Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([80]), values, None));
    let list = RecordBatch::try_from_iter([("a", list)]).unwrap();
    let (found, end) = rows(written(&list, Compression::ZSTD(Default::default())));
    assert!(found.is_empty() && format!("{end:?}").contains("a row of more than"), "{end:?}");
}

#[test]
fn a_page_that_is_longer_than_it_says_is_refused() {
    let batch = RecordBatch::try_from_iter([("a", text(&[Some("abc"); 9]))]).unwrap();
    let stored = written(&batch, Compression::GZIP(Default::default()));
    assert!(rows(stored.clone()).1.is_none());
    // The first page's lengths: its kind (field 1), then uncompressed (2) and compressed (3), in numbers of one byte.
    assert_eq!((stored[4], stored[6], stored[8]), (0x15, 0x15, 0x15));
    let mut bomb = stored;
    bomb[7] = 2;
    let (found, end) = rows(bomb);
    assert!(found.is_empty() && format!("{end:?}").contains("longer than it says"), "{end:?}");
}
