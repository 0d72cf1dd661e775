//! GKE audit logs in Microsoft Sentinel's table GKEAuditLogs, a row on each line: the parts of a LogEntry, nested ones
//! as strings.

use std::path::PathBuf;

use serde_json::json;

use super::gke::{GkeCluster, LOG_NAMES};
use super::{Container, Source, hourly, parsed};

pub struct GkeSentinel(GkeCluster);

impl GkeSentinel {
    pub fn new(cluster: &str) -> Self {
        Self(GkeCluster::new(cluster))
    }
}

impl Container for GkeSentinel {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let entry = parsed(&record);
        json!({
            "TimeGenerated": entry["timestamp"],
            "LogType": "GKEAudit",
            "InsertId": entry["insertId"],
            "ReceiveTimestamp": entry["receiveTimestamp"],
            "Resource": entry["resource"].to_string(),
            "Labels": entry["labels"].to_string(),
            "ProtoPayload": entry["protoPayload"].to_string(),
            "Operation": entry["operation"].to_string(),
            "Severity": "INFO",
            "logName": entry["logName"],
            "Type": "GKEAuditLogs_CL",
        })
        .to_string()
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("gkeauditlogs-{}", LOG_NAMES[lane]), opened, "json")
    }
}
