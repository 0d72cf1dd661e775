//! Generators that the property tests of this folder share.

use proptest::prelude::*;
use serde_json::Value;

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

/// A record as the framing tests use it: an object with at least one field.
pub(super) fn record() -> impl Strategy<Value = Value> {
    (any::<u32>(), json(3)).prop_map(|(number, body)| serde_json::json!({"auditID": number, "body": body}))
}
