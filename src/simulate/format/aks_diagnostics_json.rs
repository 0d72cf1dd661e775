//! `az monitor log-analytics query` over AzureDiagnostics: one pretty-printed JSON array.

use std::path::PathBuf;

use super::aks::ManagedCluster;
use super::aks_diagnostics::{COLUMNS, row};
use super::{Container, Framing, Source, hourly, quoted};

pub struct AksDiagnosticsJson(ManagedCluster);

impl AksDiagnosticsJson {
    pub fn new(cluster: &str) -> Self {
        Self(ManagedCluster::new(cluster))
    }
}

impl Container for AksDiagnosticsJson {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let cells = COLUMNS.iter().zip(row(&self.0, record));
        let cells = cells.map(|(column, cell)| format!("    \"{column}\": {}", quoted(&cell)));
        format!("  {{\n{}\n  }}", cells.collect::<Vec<_>>().join(",\n"))
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("log-analytics", opened, "json")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing::ARRAY
    }
}
