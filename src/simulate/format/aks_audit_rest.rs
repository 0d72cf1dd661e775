//! What Log Analytics' API answers to a query over AKSAudit: the names of the columns, then rows of values, of which dynamic
//! ones are strings.

use std::path::PathBuf;

use serde_json::json;

use super::aks::ManagedCluster;
use super::{Container, Framing, Source, aks_audit, hourly, quoted};

pub struct AksAuditRest {
    cluster: ManagedCluster,
    /// The answer up to its first row.
    open: String,
}

impl AksAuditRest {
    pub fn new(cluster: &str) -> Self {
        let columns: Vec<_> = aks_audit::header("").iter().map(|name| column(name)).collect();
        let columns = columns.join(",");
        let open = format!(r#"{{"tables":[{{"name":"PrimaryResult","columns":[{columns}],"rows":["#);
        Self { cluster: ManagedCluster::new(cluster), open }
    }
}

/// A column with its type.
fn column(name: &str) -> String {
    let kind = match name {
        "TimeGenerated" | "RequestReceivedTime" | "StageReceivedTime" => "datetime",
        "User" | "SourceIps" | "ObjectRef" | "ResponseStatus" | "RequestObject" | "ResponseObject"
        | "Annotations" => "dynamic",
        _ => "string",
    };
    json!({"name": name, "type": kind}).to_string()
}

impl Container for AksAuditRest {
    fn source(&self) -> &dyn Source {
        &self.cluster
    }

    fn cut(&self, _kept: &str) -> Option<String> {
        None
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let cells = aks_audit::row(&self.cluster, "AKSAudit", &record).into_iter();
        let cells = cells.map(|cell| if cell.is_empty() { "null".to_owned() } else { quoted(&cell) });
        format!("[{}]", cells.collect::<Vec<_>>().join(","))
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("aksaudit", opened, "json")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { head: "", open: &self.open, between: ",", close: "]}]}\n", message_bytes: usize::MAX }
    }
}
