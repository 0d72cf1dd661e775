//! An event for tests: a read of one secret, with every field that can be there.

use crate::decode::{AuditEvent, EventTimeSource, LogType};

/// 2026-11-22T10:00:00Z
pub(crate) const EVENT_TIME: i64 = 1_795_341_600_000_000;

pub(crate) fn event() -> AuditEvent<'static> {
    AuditEvent {
        event_time: EVENT_TIME,
        event_time_source: EventTimeSource::RequestReceivedTimestamp,
        stage_time: Some(EVENT_TIME + 1_500),
        log_type: LogType::EksAudit,
        cluster: Some("prod".into()),
        account: Some("123456789012".into()),
        region: Some("eu-west-1".into()),
        log_stream: Some("kube-apiserver-audit-0123".into()),
        audit_id: Some("4d1f4ef4-7a4c-4a5b-8a60-5d3e7c8d9e0f".into()),
        record_id: None,
        stage: Some("ResponseComplete".into()),
        level: Some("RequestResponse".into()),
        verb: Some("get".into()),
        request_uri: Some("/api/v1/namespaces/shop/secrets/db".into()),
        user_agent: Some("kubectl/v1.29.0".into()),
        api_group: Some("".into()),
        api_version: Some("v1".into()),
        resource: Some("secrets".into()),
        subresource: None,
        namespace: Some("shop".into()),
        name: Some("db".into()),
        username: Some("mallory".into()),
        user_uid: Some("aws-iam-authenticator:123456789012:AROA".into()),
        user_groups: vec!["system:masters".into(), "system:authenticated".into()],
        user_extra: Some(r#"{"sessionName":["mallory"]}"#.into()),
        impersonated_username: None,
        impersonated_groups: Vec::new(),
        source_ips: vec!["198.51.100.7".into(), "10.0.0.4".into()],
        response_code: Some(200),
        response_reason: None,
        response_status: Some(r#"{"metadata":{},"code":200}"#.into()),
        authz_decision: Some("allow".into()),
        authz_reason: Some("RBAC: allowed".into()),
        annotations: Some(r#"{"authorization.k8s.io/decision":"allow"}"#.into()),
        request_object: None,
        response_object: None,
        truncated: false,
        salvaged: false,
    }
}
