//! What the Azure portal exports of a query over AKSAuditAdmin, which has no get and no list: the rule is blind there.

use std::path::{Path, PathBuf};

use super::aks::ManagedCluster;
use super::{Container, Framing, Source, aks_audit, csv, hourly};
use crate::simulate::call::Call;

pub struct AksAuditAdmin {
    cluster: ManagedCluster,
    header: String,
}

impl AksAuditAdmin {
    pub fn new(cluster: &str) -> Self {
        let header = csv::row(aks_audit::header(" [UTC]")) + "\n";
        Self { cluster: ManagedCluster::new(cluster), header }
    }
}

impl Container for AksAuditAdmin {
    fn source(&self) -> &dyn Source {
        &self.cluster
    }

    fn holds(&self, call: &Call) -> bool {
        !matches!(call.verb, "get" | "list" | "watch")
    }

    fn cut(&self, _kept: &str) -> Option<String> {
        None
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        csv::row(aks_audit::row(&self.cluster, "AKSAuditAdmin", &record))
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        Path::new("admin").join(hourly("query_data", opened, "csv"))
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { head: &self.header, ..Framing::LINES }
    }
}
