//! `az monitor log-analytics query` over AKSAudit: one pretty-printed JSON array, dynamic columns as strings.

use std::path::PathBuf;

use super::aks::ManagedCluster;
use super::{Container, Framing, Source, aks_audit, hourly, quoted};

pub struct AksAuditJson(ManagedCluster);

impl AksAuditJson {
    pub fn new(cluster: &str) -> Self {
        Self(ManagedCluster::new(cluster))
    }
}

impl Container for AksAuditJson {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn cut(&self, _kept: &str) -> Option<String> {
        None
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let cells = aks_audit::header("").into_iter().zip(aks_audit::row(&self.0, "AKSAudit", &record));
        let cells = cells.map(|(column, cell)| format!("    \"{column}\": {}", quoted(&cell)));
        format!("  {{\n{}\n  }}", cells.collect::<Vec<_>>().join(",\n"))
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("aksaudit", opened, "json")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing::ARRAY
    }
}
