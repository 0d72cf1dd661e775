//! A row of a Log Analytics workspace's tables AKSAudit and AKSAuditAdmin: a column for each field of an event but
//! the impersonated user, which they don't have.

use super::aks::ManagedCluster;
use super::parsed;
use crate::simulate::template::mark;

/// A column, and where its value is from.
const COLUMNS: [(&str, &str); 14] = [
    ("Level", "level"),
    ("AuditId", "auditID"),
    ("Stage", "stage"),
    ("RequestUri", "requestURI"),
    ("Verb", "verb"),
    ("User", "user"),
    ("SourceIps", "sourceIPs"),
    ("UserAgent", "userAgent"),
    ("ObjectRef", "objectRef"),
    ("ResponseStatus", "responseStatus"),
    ("RequestObject", "requestObject"),
    ("ResponseObject", "responseObject"),
    ("RequestReceivedTime", "requestReceivedTimestamp"),
    ("StageReceivedTime", "stageTimestamp"),
];

/// The names of the columns. The portal writes the zone behind those of times.
pub fn header(of_times: &str) -> Vec<String> {
    let first = ["TenantId", "TimeGenerated"];
    let last = ["Annotations", "PodName", "Type", "_ResourceId"];
    let between = COLUMNS.iter().map(|(column, _)| *column);
    let named = |column: &str| match column {
        "TimeGenerated" | "RequestReceivedTime" | "StageReceivedTime" => format!("{column}{of_times}"),
        column => column.to_owned(),
    };
    first.into_iter().chain(between).chain(last).map(named).collect()
}

/// The cells, in the same order; dynamic columns are JSON, and what there is none of is empty.
pub fn row(cluster: &ManagedCluster, table: &str, record: &str) -> Vec<String> {
    let event = parsed(record);
    let cell = |field: &str| match &event[field] {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        dynamic => dynamic.to_string(),
    };
    let mut cells = vec![cluster.subscription.clone(), format!("{}Z", mark::STAGE_TIME)];
    cells.extend(COLUMNS.iter().map(|(_, field)| cell(field)));
    let id = cluster.resource_id.to_lowercase();
    cells.extend([cell("annotations"), cluster.pod.clone(), table.to_owned(), id]);
    cells
}
