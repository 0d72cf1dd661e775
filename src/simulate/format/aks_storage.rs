//! AKS audit logs in a storage account: one append blob of JSON Lines an hour.

use std::path::PathBuf;

use super::aks::ManagedCluster;
use super::{Container, Source};
use crate::simulate::clock::{civil, hour};

pub struct AksStorage(ManagedCluster);

impl AksStorage {
    pub fn new(cluster: &str) -> Self {
        Self(ManagedCluster::new(cluster))
    }
}

impl Container for AksStorage {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        self.0.diagnostic(record)
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        let (year, month, day) = civil(opened);
        let hour = hour(opened);
        format!(
            "insights-logs-kube-audit/resourceId={}/y={year:04}/m={month:02}/d={day:02}/h={hour:02}/m=00/PT1H.json",
            self.0.resource_id
        )
        .into()
    }
}
