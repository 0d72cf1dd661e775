//! Events as API servers write them, read in one pass; what is written in another way is left to serde, which
//! gives the same of everything that is read here.
//!
//! It takes a third of serde's time: keys are compared where they stand, and bodies passed over eight bytes at
//! a time.

use super::containers::flattened;
use super::cursor::Cursor;
use super::record::Record;
use super::wire::{Annotations, Event, Integer, ObjectRef, Parts, Raw, Status, Text, User};

/// Reads an Event; `None` where serde must.
pub(super) fn event(record: &str) -> Option<Event<'_>> {
    let mut event = Event::default();
    let mut parts = Parts::default();
    let mut cursor = Cursor::new(record);
    cursor.object(|cursor, key| match key {
        "kind" => put(&mut event.kind, cursor.text()),
        "apiVersion" => put(&mut event.api_version, cursor.text()),
        "level" => put(&mut event.level, cursor.text()),
        "k8s_audit_level" => put(&mut event.k8s_audit_level, cursor.text()),
        "auditID" => put(&mut event.audit_id, cursor.text()),
        "stage" => put(&mut event.stage, cursor.text()),
        "requestURI" => put(&mut event.request_uri, cursor.text()),
        "verb" => put(&mut event.verb, cursor.text()),
        "user" => put(&mut event.user, user(cursor)),
        "impersonatedUser" => put(&mut event.impersonated_user, user(cursor)),
        "sourceIPs" => put(&mut event.source_ips, cursor.list(Cursor::text)),
        "userAgent" => put(&mut event.user_agent, cursor.text()),
        "objectRef" => put(&mut event.object_ref, object_ref(cursor)),
        "responseStatus" => {
            put(&mut event.response_status, raw_of(cursor, |cursor| status(cursor, &mut parts.status)))
        }
        "requestObject" => put(&mut event.request_object, raw(cursor)),
        "responseObject" => put(&mut event.response_object, raw(cursor)),
        "requestReceivedTimestamp" => put(&mut event.request_received_timestamp, cursor.text()),
        "stageTimestamp" => put(&mut event.stage_timestamp, cursor.text()),
        "timestamp" => put(&mut event.timestamp, cursor.text()),
        "metadata" => put(&mut event.metadata, raw(cursor)),
        "annotations" => {
            put(&mut event.annotations, raw_of(cursor, |cursor| annotations(cursor, &mut parts.annotations)))
        }
        "items" => put(&mut event.items, raw(cursor)),
        "_raw" => put(&mut event.of_splunk, raw(cursor)),
        "p_log_type" => put(&mut event.p_log_type, cursor.text()),
        "p_source_label" => put(&mut event.p_source_label, cursor.text()),
        _ => {
            event.has_dotted |= flattened::is_dotted(key);
            cursor.skip()
        }
    })?;
    cursor.end()?;
    event.parts = Some(parts);
    Some(event)
}

fn user<'a>(cursor: &mut Cursor<'a>) -> Option<User<'a>> {
    let mut user = User::default();
    cursor.object(|cursor, key| match key {
        "username" => put(&mut user.username, cursor.text()),
        "uid" => put(&mut user.uid, cursor.text()),
        "groups" => put(&mut user.groups, cursor.list(Cursor::text)),
        "extra" => put(&mut user.extra, raw(cursor)),
        _ => cursor.skip(),
    })?;
    Some(user)
}

fn object_ref<'a>(cursor: &mut Cursor<'a>) -> Option<ObjectRef<'a>> {
    let mut object = ObjectRef::default();
    cursor.object(|cursor, key| match key {
        "resource" => put(&mut object.resource, cursor.text()),
        "namespace" => put(&mut object.namespace, cursor.text()),
        "name" => put(&mut object.name, cursor.text()),
        "apiGroup" => put(&mut object.api_group, cursor.text()),
        "apiVersion" => put(&mut object.api_version, cursor.text()),
        "subresource" => put(&mut object.subresource, cursor.text()),
        _ => cursor.skip(),
    })?;
    Some(object)
}

/// Reads the annotations that have a column.
pub(super) fn annotations<'a>(cursor: &mut Cursor<'a>, annotations: &mut Annotations<'a>) -> Option<()> {
    cursor.object(|cursor, key| match key {
        "authorization.k8s.io/decision" => put(&mut annotations.decision, cursor.text()),
        "authorization.k8s.io/reason" => put(&mut annotations.reason, cursor.text()),
        "audit.k8s.io/truncated" => put(&mut annotations.truncated, cursor.text()),
        _ => cursor.skip(),
    })
}

/// Reads what columns need of a Status.
pub(super) fn status<'a>(cursor: &mut Cursor<'a>, status: &mut Status<'a>) -> Option<()> {
    cursor.object(|cursor, key| match key {
        "code" => put(&mut status.code, cursor.small_number().map(Integer)),
        "reason" => put(&mut status.reason, cursor.text()),
        _ => cursor.skip(),
    })
}

/// The annotations of a text that holds nothing else.
pub(super) fn annotations_of(json: &str) -> Option<Annotations<'_>> {
    let mut read = Annotations::default();
    whole(json, |cursor| annotations(cursor, &mut read))?;
    Some(read)
}

/// The Status of a text that holds nothing else.
pub(super) fn status_of(json: &str) -> Option<Status<'_>> {
    let mut read = Status::default();
    whole(json, |cursor| status(cursor, &mut read))?;
    Some(read)
}

/// The user of a text that holds nothing else.
pub(super) fn user_of(json: &str) -> Option<User<'_>> {
    whole(json, user)
}

/// The objectRef of a text that holds nothing else.
pub(super) fn object_ref_of(json: &str) -> Option<ObjectRef<'_>> {
    whole(json, object_ref)
}

/// The strings of a text that holds a list of nothing else.
pub(super) fn texts_of(json: &str) -> Option<Vec<Text<'_>>> {
    whole(json, |cursor| cursor.list(Cursor::text))
}

/// The elements of a list, as text.
pub(super) fn elements(json: &str) -> Option<Vec<Raw<'_>>> {
    whole(json, |cursor| cursor.list(|cursor| cursor.value().map(Raw)))
}

/// The elements of a list of objects, with their fields.
pub(super) fn records(json: &str) -> Option<Vec<Record<'_>>> {
    whole(json, |cursor| cursor.list(Record::at))
}

/// Whether this is a value.
pub(super) fn is_value(json: &str) -> bool {
    whole(json, Cursor::skip).is_some()
}

/// What a string says.
pub(super) fn text(json: &str) -> Option<Text<'_>> {
    whole(json, Cursor::text)
}

/// What is read of a text, with nothing after it.
pub(super) fn whole<'a, T>(json: &'a str, read: impl FnOnce(&mut Cursor<'a>) -> Option<T>) -> Option<T> {
    let mut cursor = Cursor::new(json);
    let value = read(&mut cursor)?;
    cursor.end()?;
    Some(value)
}

fn raw<'a>(cursor: &mut Cursor<'a>) -> Option<Raw<'a>> {
    cursor.raw().map(Raw)
}

/// The text of a value that is also read.
pub(super) fn raw_of<'a>(
    cursor: &mut Cursor<'a>,
    read: impl FnOnce(&mut Cursor<'a>) -> Option<()>,
) -> Option<Raw<'a>> {
    cursor.text_of(read).map(Raw)
}

/// A key that stands twice is serde's to refuse.
#[inline]
pub(super) fn put<T>(slot: &mut Option<T>, value: Option<T>) -> Option<()> {
    if slot.is_some() {
        return None;
    }
    *slot = Some(value?);
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::testing::json as any_json;

    /// What serde gives, where it is asked for the same.
    fn serde<'a, T: Deserialize<'a> + std::fmt::Debug>(json: &'a str) -> Option<String> {
        serde_json::from_str::<T>(json).ok().map(|value| format!("{value:?}"))
    }

    fn agree(json: &str) {
        let Some(mut event) = event(json) else { return };
        let Parts { annotations, status } = event.parts.take().unwrap();
        agrees(event.annotations, &annotations);
        agrees(event.response_status, &status);
        assert_eq!(Some(format!("{event:?}")), serde::<Event<'_>>(json), "{json}");
    }

    fn agrees<'a, T: Deserialize<'a> + Default + std::fmt::Debug>(text: Option<Raw<'a>>, read: &T) {
        let expected = text.map_or_else(|| Some(format!("{:?}", T::default())), |Raw(json)| serde::<T>(json));
        assert_eq!(Some(format!("{read:?}")), expected, "{text:?}");
    }

    fn usual() -> Value {
        json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "1-2", "stage": "Panic",
            "requestURI": "/api/v1/secrets?limit=1&x=\u{e9}", "verb": "list",
            "user": {"username": "ann", "uid": "7", "groups": ["a", "b\\"], "extra": {"x": ["y"]}},
            "impersonatedUser": {"username": "bob"}, "sourceIPs": ["10.0.0.1"], "userAgent": "kubectl/1 \"x\"",
            "objectRef": {"resource": "secrets", "apiVersion": "v1", "apiGroup": "", "name": "n", "namespace": "ns", "subresource": "s"},
            "responseStatus": {"metadata": {}, "code": 200, "reason": "OK"}, "requestObject": {"a": [1, -2.5e3, null]},
            "responseObject": [true], "requestReceivedTimestamp": "2026-01-01T00:00:00Z", "stageTimestamp": "x",
            "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "", "other": 1},
            "timestamp": "t", "metadata": {"creationTimestamp": "c"}, "p_log_type": "p", "p_source_label": "l",
            "k8s_audit_level": "Request", "items": [], "unknown": {"deep": [[{}]]},
        })
    }

    #[test]
    fn reads_a_usual_event_by_itself() {
        let json = usual().to_string();
        assert!(event(&json).is_some() && event(&format!(" {json} ")).is_some());
        agree(&json);
        agree(&serde_json::to_string_pretty(&usual()).unwrap());
    }

    #[test]
    fn leaves_the_rest_to_serde() {
        for json in [
            r#"{"verb":"get","verb":"get"}"#,
            r#"{"verb":null}"#,
            r#"{"verb":1}"#,
            r#"{"user":[]}"#,
            r#"{"ver\u0062":"get"}"#,
            r#"{"sourceIPs":[null]}"#,
            r#"{} {}"#,
            r#"{"verb":"get""#,
            "",
        ] {
            assert!(event(json).is_none(), "{json}");
        }
        for status in
            [r#"{"code":"200"}"#, r#"{"code":2e2}"#, r#"{"code":12345678901}"#, r#"{"code":01}"#, "[]"]
        {
            assert!(event(&format!(r#"{{"responseStatus":{status}}}"#)).is_none(), "{status}");
        }
        assert!(event(r#"{"annotations":{"authorization.k8s.io/reason":null}}"#).is_none());
    }

    /// The usual event with some fields replaced by any JSON, some left out, some there twice.
    fn unusual() -> impl Strategy<Value = String> {
        let change = (
            any::<prop::sample::Index>(),
            prop_oneof![
                any_json(2).prop_map(|value| Some(value.to_string())),
                Just(None),
                "[0-9.eE+-]{1,11}".prop_map(Some),
            ],
        );
        let parts = prop_oneof![Just(None), Just(Some("annotations")), Just(Some("responseStatus"))];
        let twice = prop::option::weighted(0.2, any::<prop::sample::Index>());
        (parts, proptest::collection::vec(change, 0..4), twice).prop_map(|(part, changes, twice)| {
            let whole = part.map_or_else(usual, |part: &str| usual()[part].clone());
            let mut fields: Vec<(String, String)> = whole
                .as_object()
                .unwrap()
                .iter()
                .map(|(key, value)| (key.clone(), value.to_string()))
                .collect();
            for (at, value) in changes {
                let at = at.index(fields.len().max(1));
                match value {
                    Some(value) => fields[at].1 = value,
                    None if fields.len() > 1 => _ = fields.remove(at),
                    None => {}
                }
            }
            if let Some(at) = twice {
                let again = fields[at.index(fields.len())].clone();
                fields.push(again);
            }
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            let changed = format!("{{{}}}", fields.join(","));
            match part {
                None => changed,
                Some(part) => usual().to_string().replace(&usual()[part].to_string(), &changed),
            }
        })
    }

    proptest! {
        #[test]
        fn agrees_with_serde(json in unusual(), cut in prop::option::weighted(0.2, any::<prop::sample::Index>())) {
            let end = cut.map_or(json.len(), |cut| cut.index(json.len()));
            if json.is_char_boundary(end) {
                agree(&json[..end]);
            }
        }
    }
}
