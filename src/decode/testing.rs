//! Generators that the property tests of this folder share.

use proptest::prelude::*;
use serde_json::Value;

use crate::simulate::capture;

/// Any JSON value, nested at most `depth` levels, with strings that hold brackets, quotes and newlines.
pub(super) fn json(depth: u32) -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-z{}\\[\\],:\"\\\\\n\r ]{0,12}", "\\PC{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// An object, as text, with some of these fields in any order: with the values given or any others, nulls among them,
/// and some twice.
pub(super) fn fields(usual: Value) -> impl Strategy<Value = String> {
    let usual: Vec<(String, Value)> =
        usual.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
    let most = usual.len() + 1;
    let value = prop_oneof![8 => Just(None), 1 => Just(Some(Value::Null)), 1 => json(2).prop_map(Some)];
    let field =
        (proptest::sample::select(usual), value, "[ \n]{0,2}").prop_map(|((key, usual), value, blank)| {
            format!("{blank}{}{blank}:{blank}{}{blank}", Value::from(key), value.unwrap_or(usual))
        });
    proptest::collection::vec(field, 0..=most).prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

/// A record as the framing tests use it: an object with at least one field.
pub(super) fn record() -> impl Strategy<Value = Value> {
    (any::<u32>(), json(3)).prop_map(|(number, body)| serde_json::json!({"auditID": number, "body": body}))
}

/// A file of Event Hubs Capture with these messages, a block for each.
pub(crate) fn avro(codec: &str, bodies: &[&[u8]]) -> Vec<u8> {
    let mut file = capture::header(codec);
    for (number, body) in bodies.iter().enumerate() {
        file.extend(capture::block(&packed(codec, &capture::message(number as i64, body))));
    }
    file
}

fn packed(codec: &str, object: &[u8]) -> Vec<u8> {
    use std::io::Write;
    match codec {
        "deflate" => {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(object).unwrap();
            encoder.finish().unwrap()
        }
        "snappy" => {
            let mut crc = flate2::Crc::new();
            crc.update(object);
            let mut packed = snap::raw::Encoder::new().compress_vec(object).unwrap();
            packed.extend(crc.sum().to_be_bytes());
            packed
        }
        "zstandard" => zstd::encode_all(object, 1).unwrap(),
        _ => object.to_vec(),
    }
}
