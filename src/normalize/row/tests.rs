use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use proptest::prelude::*;

use super::sample::{EVENT_TIME, event};
use super::*;
use crate::normalize::schema::COLUMNS;

const PLACE: Place<'_> = Place { source_uri: "file:///audit.log", source_record: 7, source_offset: 4_096 };

fn row_with(event: &AuditEvent<'_>, defaults: &Defaults) -> RecordBatch {
    let mut builder = RowBuilder::new();
    builder.append(event, &PLACE, defaults);
    builder.finish().batch()
}

fn row(event: &AuditEvent<'_>) -> RecordBatch {
    row_with(event, &Defaults::default())
}

fn text<'a>(batch: &'a RecordBatch, column: &str) -> Option<&'a str> {
    let column = batch[column].as_string_view();
    column.is_valid(0).then(|| column.value(0))
}

fn list<'a>(batch: &'a RecordBatch, column: &str) -> Option<Vec<&'a str>> {
    let column = batch[column].as_list::<i32>();
    let values = column.values().as_string_view();
    column.is_valid(0).then(|| (0..values.len()).map(|value| values.value(value)).collect())
}

#[test]
fn builders_stand_in_the_order_of_the_schema() {
    assert_eq!(Columns::NAMES, COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
}

#[test]
fn each_field_lands_in_its_column() {
    let batch = row(&event());
    let texts = [
        ("event_time_source", "requestReceivedTimestamp"),
        ("log_type", "Amazon.EKS.Audit"),
        ("cluster", "prod"),
        ("account", "123456789012"),
        ("region", "eu-west-1"),
        ("log_stream", "kube-apiserver-audit-0123"),
        ("audit_id", "4d1f4ef4-7a4c-4a5b-8a60-5d3e7c8d9e0f"),
        ("stage", "ResponseComplete"),
        ("level", "RequestResponse"),
        ("verb", "get"),
        ("request_uri", "/api/v1/namespaces/shop/secrets/db"),
        ("user_agent", "kubectl/v1.29.0"),
        ("api_group", ""),
        ("api_version", "v1"),
        ("resource", "secrets"),
        ("namespace", "shop"),
        ("name", "db"),
        ("username", "mallory"),
        ("user_uid", "aws-iam-authenticator:123456789012:AROA"),
        ("user_extra", r#"{"sessionName":["mallory"]}"#),
        ("response_status", r#"{"metadata":{},"code":200}"#),
        ("outcome", "success"),
        ("authz_decision", "allow"),
        ("authz_reason", "RBAC: allowed"),
        ("annotations", r#"{"authorization.k8s.io/decision":"allow"}"#),
        ("source_uri", "file:///audit.log"),
    ];
    for (column, expected) in texts {
        assert_eq!(text(&batch, column), Some(expected), "{column}");
    }
    for column in ["record_id", "subresource", "impersonated_username", "response_reason", "request_object"] {
        assert_eq!(text(&batch, column), None, "{column}");
    }
    assert_eq!(list(&batch, "user_groups"), Some(vec!["system:masters", "system:authenticated"]));
    assert_eq!(list(&batch, "source_ips"), Some(vec!["198.51.100.7", "10.0.0.4"]));
    assert_eq!(list(&batch, "impersonated_groups"), None);
    let time = |column: &str| batch[column].as_primitive::<TimestampMicrosecondType>().value(0);
    assert_eq!((time("event_time"), time("stage_time")), (EVENT_TIME, EVENT_TIME + 1_500));
    assert_eq!(batch["response_code"].as_primitive::<Int32Type>().value(0), 200);
    let number = |column: &str| batch[column].as_primitive::<Int64Type>().value(0);
    assert_eq!((number("source_record"), number("source_offset")), (7, 4_096));
    for column in ["truncated", "salvaged", "redacted"] {
        assert!(!batch[column].as_boolean().value(0), "{column}");
    }
}

#[test]
fn defaults_fill_in_only_what_the_container_lacks() {
    let defaults =
        Defaults { cluster: Some("c".into()), account: Some("a".into()), region: Some("r".into()) };
    let named = row_with(&event(), &defaults);
    assert_eq!(text(&named, "cluster"), Some("prod"));
    let mut unnamed = event();
    (unnamed.cluster, unnamed.account, unnamed.region) = (None, None, None);
    let filled = row_with(&unnamed, &defaults);
    let places = ["cluster", "account", "region"].map(|column| text(&filled, column));
    assert_eq!(places, [Some("c"), Some("a"), Some("r")]);
    assert_eq!(text(&row(&unnamed), "cluster"), None);
}

#[test]
fn outcomes() {
    let cases = [
        (None, None, "unknown"),
        (Some(0), None, "unknown"),
        (Some(99), None, "unknown"),
        (Some(100), None, "success"),
        (Some(399), Some("allow"), "success"),
        (Some(400), None, "failed"),
        (Some(401), None, "denied"),
        (Some(403), Some("allow"), "denied"),
        (Some(404), None, "failed"),
        (Some(500), Some("forbid"), "denied"),
        (None, Some("forbid"), "denied"),
        (None, Some("allow"), "unknown"),
    ];
    for (code, decision, expected) in cases {
        assert_eq!(outcome(code, decision), expected, "{code:?} {decision:?}");
    }
}

#[test]
fn the_identity_is_of_what_is_stored() {
    let defaults = Defaults { cluster: Some("prod".into()), ..Defaults::default() };
    let mut unnamed = event();
    unnamed.cluster = None;
    let mut builder = RowBuilder::new();
    builder.append(&event(), &PLACE, &Defaults::default());
    builder.append(&unnamed, &PLACE, &defaults);
    builder.append(&unnamed, &PLACE, &Defaults::default());
    let identities = builder.finish().identities;
    assert_eq!(identities[0], identities[1]);
    assert_ne!(identities[0], identities[2]);
}

#[test]
fn masking_is_marked_and_can_be_switched_off() {
    let mut event = event();
    event.response_object = Some(r#"{"kind":"Secret","data":{"password":"aHVudGVyMg=="}}"#.into());
    let masked = row(&event);
    assert_eq!(text(&masked, "response_object"), Some(r#"{"kind":"Secret","data":{"password":"REDACTED"}}"#));
    assert!(masked["redacted"].as_boolean().value(0));

    let mut builder = RowBuilder::without_redaction();
    builder.append(&event, &PLACE, &Defaults::default());
    let kept = builder.finish().batch();
    assert_eq!(text(&kept, "response_object"), event.response_object.as_deref());
    assert!(!kept["redacted"].as_boolean().value(0));
}

#[test]
fn a_record_of_a_secret_is_masked_after_another_with_the_same_annotations() {
    let mut event = event();
    event.annotations = Some(r#"{"note":"x","data":"hunter2"}"#.into());
    let mut other = event.clone();
    other.resource = Some("pods".into());
    let mut builder = RowBuilder::new();
    for event in [&other, &event, &other, &event] {
        builder.append(event, &PLACE, &Defaults::default());
    }
    let batch = builder.finish().batch();
    let annotations = batch["annotations"].as_string_view();
    for row in 0..4 {
        let (is_secret, stored) = (row % 2 == 1, annotations.value(row));
        assert_eq!(stored.contains("hunter2"), !is_secret, "{row}: {stored}");
        assert_eq!(batch["redacted"].as_boolean().value(row), is_secret);
    }
}

#[test]
fn a_finished_builder_starts_again() {
    let mut builder = RowBuilder::new();
    let empty = builder.bytes();
    let body = "x".repeat(1 << 20);
    let mut event = event();
    event.resource = Some("configmaps".into());
    event.request_object = Some(format!("\"{body}\"").into());
    for _ in 0..4 {
        builder.append(&event, &PLACE, &Defaults::default());
    }
    assert_eq!(builder.rows(), 4);
    assert!((4 << 20..9 << 20).contains(&builder.bytes()), "{}", builder.bytes());
    assert_eq!(builder.finish().batch().num_rows(), 4);
    assert_eq!((builder.rows(), builder.bytes()), (0, empty));
    assert_eq!(builder.finish().batch().num_rows(), 0);
}

proptest! {
    /// A block of bodies may be half empty, and the newest is as large as all before it.
    #[test]
    fn held_memory_is_near_the_data(rows in 1..200_usize, size in 0..20_000_usize) {
        let mut builder = RowBuilder::new();
        let empty = builder.bytes();
        let mut event = event();
        event.resource = Some("configmaps".into());
        event.request_object = Some(format!("\"{}\"", "x".repeat(size)).into());
        for _ in 0..rows {
            builder.append(&event, &PLACE, &Defaults::default());
        }
        let bodies = rows * (size + 2);
        prop_assert!(builder.bytes() >= bodies);
        prop_assert!(builder.bytes() <= 4 * bodies + empty + COLUMNS.len() * (16 << 10) + 64 * rows);
    }

    /// A secret value that stands anywhere it can stand is not in the row.
    #[test]
    fn a_planted_secret_never_survives(secret in "[g-z]{20}", place in 0..8_usize, secrets in any::<bool>()) {
        let mut event = event();
        event.resource = Some(if secrets { "secrets" } else { "pods" }.into());
        let jwt = format!("eyJhbGciOiJSUzI1NiJ9.{secret}.c2ln");
        let quoted = Some(format!("{{\"a\":[\"x {jwt}\"]}}").into());
        match place {
            0 => event.request_uri = Some(format!("/api?watch=1&access_token={secret}&x=1").into()),
            1 => event.user_agent = Some(format!("curl Bearer {secret}").into()),
            2 => event.user_extra = quoted,
            3 => event.response_status = quoted,
            4 => event.annotations = quoted,
            5 => event.request_object = quoted,
            6 => event.response_object =
                Some(format!("{{\"items\":[{{\"data\":{{\"p\":\"{secret}\"}},\"kind\":\"Secret\"}}]}}").into()),
            _ => event.request_uri = Some(format!("/proxy/{jwt}").into()),
        }
        let batch = row(&event);
        for column in COLUMNS {
            if let Some(column) = batch[column.name].as_string_view_opt() {
                prop_assert!(!column.iter().flatten().any(|value| value.contains(&secret[..8])));
            }
        }
        prop_assert!(batch["redacted"].as_boolean().value(0));
    }
}
