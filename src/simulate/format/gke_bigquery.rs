//! GKE audit logs from Cloud Logging's sink to BigQuery, as `bq extract` writes rows of JSON: bodies as strings, times with
//! a space and ` UTC`, labels under names that columns may have.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::gke::{GkeCluster, LOG_NAMES};
use super::{Container, Source, hourly, parsed};
use crate::simulate::template::mark;

/// A field of the payload, and its column.
const PAYLOAD: [(&str, &str); 9] = [
    ("@type", "type"),
    ("authenticationInfo", "authenticationInfo"),
    ("authorizationInfo", "authorizationInfo"),
    ("methodName", "methodName"),
    ("requestMetadata", "requestMetadata"),
    ("resourceName", "resourceName"),
    ("serviceName", "serviceName"),
    ("request", "requestJson"),
    ("response", "responseJson"),
];

pub struct GkeBigquery(GkeCluster);

impl GkeBigquery {
    pub fn new(cluster: &str) -> Self {
        Self(GkeCluster::new(cluster))
    }
}

impl Container for GkeBigquery {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let entry = parsed(&record);
        let mut row = json!({
            "logName": entry["logName"], "resource": entry["resource"],
            "protopayload_auditlog": payload(&entry["protoPayload"]),
            "timestamp": format!("{} UTC", mark::RECEIVED_SPACED),
            "insertId": entry["insertId"], "labels": labels(&entry["labels"]),
            "operation": entry["operation"],
        });
        if let Some(code) = entry["protoPayload"]["status"]["code"].as_i64() {
            // BigQuery's INT64 is a string in JSON.
            let status =
                json!({"code": code.to_string(), "message": entry["protoPayload"]["status"]["message"]});
            row["protopayload_auditlog"]["status"] = status;
        }
        row.to_string()
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("cloudaudit_googleapis_com_{}", LOG_NAMES[lane]), opened, "json")
    }
}

fn payload(payload: &Value) -> Value {
    let mut columns = Map::new();
    for (field, column) in PAYLOAD {
        match &payload[field] {
            Value::Null => {}
            body if column.ends_with("Json") => {
                _ = columns.insert(column.to_owned(), json!(body.to_string()))
            }
            value => _ = columns.insert(column.to_owned(), value.clone()),
        }
    }
    Value::Object(columns)
}

fn labels(labels: &Value) -> Value {
    let named = labels.as_object().into_iter().flatten();
    let sanitised = |name: &String| name.replace(['.', '/'], "_");
    Value::Object(named.map(|(name, value)| (sanitised(name), value.clone())).collect())
}
