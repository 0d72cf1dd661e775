//! The audit event in Kubernetes' own terms, as every container decodes to it.

use std::borrow::Cow;

use crate::hash::sha256;

/// Where a record comes from, in the names that Panther's log types use; `Kubernetes.Audit` is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogType {
    EksAudit,
    AzureMonitorActivity,
    GcpAuditLog,
    KubernetesAudit,
}

impl LogType {
    pub const ALL: [Self; 4] =
        [Self::EksAudit, Self::AzureMonitorActivity, Self::GcpAuditLog, Self::KubernetesAudit];

    /// The log type of that name, as [`Self::as_str`] gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|log_type| log_type.as_str() == name)
    }

    /// The value of the `log_type` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EksAudit => "Amazon.EKS.Audit",
            Self::AzureMonitorActivity => "Azure.MonitorActivity",
            Self::GcpAuditLog => "GCP.AuditLog",
            Self::KubernetesAudit => "Kubernetes.Audit",
        }
    }
}

/// Which field `event_time` was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventTimeSource {
    /// `requestReceivedTimestamp`
    RequestReceivedTimestamp,
    /// `timestamp`: GKE's LogEntry, and events of 2017.
    Timestamp,
    /// The container's own time, for a salvaged record whose times were cut off, or one of chosen fields that has none.
    Container,
}

impl EventTimeSource {
    /// The value of the `event_time_source` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestReceivedTimestamp => "requestReceivedTimestamp",
            Self::Timestamp => "timestamp",
            Self::Container => "container",
        }
    }
}

/// One audit record, borrowed from the bytes it was decoded from wherever its strings hold no
/// escapes. Field meanings are the columns' (`normalize::schema`); JSON fields hold the text as logged.
///
/// Times are microseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone)]
pub struct AuditEvent<'a> {
    pub event_time: i64,
    pub event_time_source: EventTimeSource,
    pub stage_time: Option<i64>,
    pub log_type: LogType,
    pub cluster: Option<Cow<'a, str>>,
    pub account: Option<Cow<'a, str>>,
    pub region: Option<Cow<'a, str>>,
    pub log_stream: Option<Cow<'a, str>>,
    /// auditID; GKE's operation.id
    pub audit_id: Option<Cow<'a, str>>,
    /// GKE's insertId. The content hash of records without any id is filled in by the decoder too,
    /// so that a record always has one of the two.
    pub record_id: Option<Cow<'a, str>>,
    pub stage: Option<Cow<'a, str>>,
    pub level: Option<Cow<'a, str>>,
    pub verb: Option<Cow<'a, str>>,
    pub request_uri: Option<Cow<'a, str>>,
    pub user_agent: Option<Cow<'a, str>>,
    /// The core group is the empty string; null where there is no objectRef.
    pub api_group: Option<Cow<'a, str>>,
    pub api_version: Option<Cow<'a, str>>,
    pub resource: Option<Cow<'a, str>>,
    pub subresource: Option<Cow<'a, str>>,
    pub namespace: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
    pub username: Option<Cow<'a, str>>,
    pub user_uid: Option<Cow<'a, str>>,
    pub user_groups: Vec<Cow<'a, str>>,
    /// JSON
    pub user_extra: Option<Cow<'a, str>>,
    pub impersonated_username: Option<Cow<'a, str>>,
    pub impersonated_groups: Vec<Cow<'a, str>>,
    pub source_ips: Vec<Cow<'a, str>>,
    /// HTTP
    pub response_code: Option<i32>,
    pub response_reason: Option<Cow<'a, str>>,
    /// JSON, the status object as logged
    pub response_status: Option<Cow<'a, str>>,
    pub authz_decision: Option<Cow<'a, str>>,
    pub authz_reason: Option<Cow<'a, str>>,
    /// JSON
    pub annotations: Option<Cow<'a, str>>,
    /// JSON, not yet redacted
    pub request_object: Option<Cow<'a, str>>,
    /// JSON, not yet redacted
    pub response_object: Option<Cow<'a, str>>,
    /// The record was cut by its producer.
    pub truncated: bool,
    /// The record was read from a cut record.
    pub salvaged: bool,
}

/// The `record_id` of a record that has no id of its own: the first 32 hex digits of its bytes' SHA-256.
/// Equal records get equal ids, and nothing else does.
pub fn content_hash(record: &[u8]) -> String {
    let mut hash = sha256(record);
    hash.truncate(32);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_hashes_are_sha_256() {
        assert_eq!(content_hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223");
    }

    #[test]
    fn log_types_are_known_by_name() {
        for log_type in LogType::ALL {
            assert_eq!(LogType::from_name(log_type.as_str()), Some(log_type));
        }
        assert_eq!(LogType::from_name("AWS.CloudTrail"), None);
    }
}
