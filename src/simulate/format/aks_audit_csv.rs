//! What the Azure portal exports of a query over AKSAudit: CSV, dynamic columns as JSON.

use std::path::PathBuf;

use super::aks::ManagedCluster;
use super::{Container, Framing, Source, aks_audit, csv, hourly};

pub struct AksAuditCsv {
    cluster: ManagedCluster,
    header: String,
}

impl AksAuditCsv {
    pub fn new(cluster: &str) -> Self {
        let header = csv::row(aks_audit::header(" [UTC]")) + "\n";
        Self { cluster: ManagedCluster::new(cluster), header }
    }
}

impl Container for AksAuditCsv {
    fn source(&self) -> &dyn Source {
        &self.cluster
    }

    fn cut(&self, _kept: &str) -> Option<String> {
        None
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        csv::row(aks_audit::row(&self.cluster, "AKSAudit", &record))
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("query_data", opened, "csv")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { head: &self.header, ..Framing::LINES }
    }
}
