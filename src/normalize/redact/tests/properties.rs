//! No secret survives, wherever it stands.

use proptest::prelude::*;

use super::*;

/// A body that holds `secret` in one of the places where a body can.
fn planted(secret: &str, place: usize) -> Value {
    let inner = json!({"kind": "Secret", "data": {"p": secret}}).to_string();
    match place {
        0 => json!({"kind": "Secret", "data": {"p": secret}, "type": "Opaque"}),
        1 => json!({"stringData": {"p": secret}, "apiVersion": "v1", "kind": "Secret"}),
        2 => json!({"items": [{"metadata": {}, "data": {"a": "b", "p": secret}}], "kind": "SecretList"}),
        3 => {
            json!({"kind": "List", "items": [{"kind": "Pod"}, {"kind": "Secret", "data": {"p": [{"q": secret}]}}]})
        }
        4 => json!({"kind": "Table", "rows": [{"object": {"kind": "Secret", "data": {"p": secret}}}]}),
        5 => json!({"kind": "Secret", "metadata": {"annotations":
            {"kubectl.kubernetes.io/last-applied-configuration": inner}}}),
        6 => json!({"kind": "TokenReview", "spec": {"token": secret}}),
        7 => json!({"kind": "TokenRequest", "status": {"token": secret, "expirationTimestamp": "x"}}),
        8 => json!({"kind": "Pod", "x": format!("Bearer eyJhbGciOiJSUzI1NiJ9.{secret}.{secret}")}),
        9 => json!({"metadata": {"annotations": {"copy": inner}}}),
        10 => json!({"kind": "ConfigMap", "data": {"copy": json!({"x": inner}).to_string()}}),
        // These two say nothing of themselves: their context does.
        11 => json!([{"op": "replace", "path": "/data/p", "value": secret}]),
        _ => json!({"data": {"p": secret}}),
    }
}

const PLACES: usize = 13;
const OF_UNKNOWN_KIND: usize = 11;

/// `body` inside an event, escaped `levels` times.
fn event_with(body: &Value, levels: usize) -> String {
    let mut record = json!({"kind": "Event", "verb": "patch", "objectRef": {"resource": "secrets"},
        "requestObject": body, "stageTimestamp": "2026-11-22T10:00:00Z"})
    .to_string();
    for _ in 0..levels {
        record =
            json!({"category": "kube-audit", "properties": {"log": record, "stream": "stdout"}}).to_string();
    }
    record
}

/// Whether eight letters in a row of `secret` stand in `text`.
fn holds_part_of(text: &[u8], secret: &str) -> bool {
    secret.as_bytes().windows(8).any(|part| memmem::find(text, part).is_some())
}

proptest! {
    #[test]
    fn no_planted_secret_survives_in_a_body(
        secret in "[g-z]{20}", place in 0..PLACES, pretty in any::<bool>(), known in any::<bool>(),
    ) {
        let value = planted(&secret, place);
        let given = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let context = if known || place >= OF_UNKNOWN_KIND { Context::Secret } else { Context::Other };
        let masked = body(&given, context);
        prop_assert!(!holds_part_of(masked.as_bytes(), &secret), "{}", masked);
        prop_assert!(serde_json::from_str::<Value>(&masked).is_ok(), "{}", masked);
    }

    #[test]
    fn no_planted_secret_survives_in_a_cut_reject(
        secret in "[g-z]{20}", place in 0..PLACES, levels in 0..3_usize, at in any::<prop::sample::Index>(),
    ) {
        let record = event_with(&planted(&secret, place), levels);
        let cut = at.index(record.len() + 1);
        let head = reject_bytes(&record.as_bytes()[..cut]);
        prop_assert!(!holds_part_of(&head, &secret), "{}", String::from_utf8_lossy(&head));
        let tail = reject_bytes(&record.as_bytes()[cut..]);
        prop_assert!(!holds_part_of(&tail, &secret), "{}", String::from_utf8_lossy(&tail));
    }

    /// As a runtime does that splits lines, and whatever wraps its pieces then.
    #[test]
    fn no_planted_secret_survives_in_a_piece_inside_a_string(
        secret in "[g-z]{20}", place in 0..PLACES, levels in 0..2_usize, wraps in 1..3_usize,
        at in any::<prop::sample::Index>(),
    ) {
        let record = event_with(&planted(&secret, place), levels);
        let mut piece = record[at.index(record.len())..].to_owned();
        for _ in 0..wraps {
            piece = json!({"log": piece, "stream": "stdout"}).to_string();
        }
        for record in [piece.clone(), format!("[{piece},1]"), format!("2026-11-22T10:00:00Z stdout F {piece}")] {
            let masked = reject_bytes(record.as_bytes());
            prop_assert!(!holds_part_of(&masked, &secret), "{}", String::from_utf8_lossy(&masked));
        }
    }

    /// As a log with a hole does, or one that begins in a list: framing goes on at the next brace.
    #[test]
    fn no_planted_secret_survives_in_what_a_brace_begins(
        secret in "[g-z]{20}", pretty in any::<bool>(), items in 1..3_usize, at in any::<prop::sample::Index>(),
    ) {
        let item = json!({"metadata": {"name": "db", "namespace": "a"}, "data": {"p": secret}, "type": "Opaque"});
        let list = json!({"requestObject": {"items": vec![item; items]}, "stage": "x"});
        let text = if pretty { serde_json::to_string_pretty(&list) } else { serde_json::to_string(&list) }.unwrap();
        let braces: Vec<usize> = memchr::memchr_iter(b'{', text.as_bytes()).skip(2).collect();
        let rest = &text.as_bytes()[braces[at.index(braces.len())]..];
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let value = values.next().map(|value| value.unwrap().to_string()).unwrap_or_default();
        for piece in [rest, value.as_bytes()] {
            let masked = reject_bytes(piece);
            prop_assert!(!holds_part_of(&masked, &secret), "{}", String::from_utf8_lossy(&masked));
        }
    }

    #[test]
    fn no_planted_secret_survives_in_a_csv_reject(secret in "[g-z]{20}", place in 0..PLACES, levels in 0..2_usize) {
        let cell = event_with(&planted(&secret, place), levels).replace('"', "\"\"");
        let masked = reject_bytes(format!("2026-11-22,\"{cell}\",x").as_bytes());
        prop_assert!(!holds_part_of(&masked, &secret), "{}", String::from_utf8_lossy(&masked));
    }

    #[test]
    fn any_bytes_can_be_masked(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        reject_bytes(&bytes);
    }

    #[test]
    fn any_punctuation_can_be_masked(text in r#"(secret|token|"data"|"token":|[\\"{}\[\],: ]|a|null|eyJ|\.){0,60}"#) {
        reject_bytes(text.as_bytes());
        body(&text, Context::Secret);
        body(&text, Context::Other);
        uri(&text);
    }

    /// What stands in a row is not looked at again.
    #[test]
    fn what_was_masked_is_masked(
        text in r#"(secret|token|token=|bearer |%3d|%20|"data"|"token":|"kind":"Secret"|[\\"{}\[\],: &=+]|a|1|null|eyJaaaaaaaaaaa|\.){0,40}"#,
        secret in "[g-z]{20}",
        place in 0..PLACES,
    ) {
        for text in [text.clone(), planted(&secret, place).to_string()] {
            for once in [super::text(&text), uri(&text)] {
                prop_assert_eq!(&super::text(&once), &once);
            }
            let once = uri(&text);
            prop_assert_eq!(&uri(&once), &once);
            for context in [Context::Secret, Context::Other] {
                let once = body(&text, context);
                prop_assert_eq!(&body(&once, context), &once);
                prop_assert_eq!(&body(&once, Context::Other), &once);
            }
        }
    }
}
