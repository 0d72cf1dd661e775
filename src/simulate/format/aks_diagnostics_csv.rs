//! What the Azure portal exports of a query over AzureDiagnostics: CSV, with the zone in the names of times.

use std::path::PathBuf;

use super::aks::ManagedCluster;
use super::aks_diagnostics::{COLUMNS, row};
use super::{Container, Framing, Source, csv, hourly};

pub struct AksDiagnosticsCsv {
    cluster: ManagedCluster,
    header: String,
}

impl AksDiagnosticsCsv {
    pub fn new(cluster: &str) -> Self {
        let header = COLUMNS.join(",").replace("TimeGenerated", "TimeGenerated [UTC]") + "\n";
        Self { cluster: ManagedCluster::new(cluster), header }
    }
}

impl Container for AksDiagnosticsCsv {
    fn source(&self) -> &dyn Source {
        &self.cluster
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        csv::row(row(&self.cluster, record))
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("query_data", opened, "csv")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { head: &self.header, ..Framing::LINES }
    }
}
