//! GKE audit logs as Cloud Logging's sink to a bucket writes them: LogEntry as JSON Lines, by
//! log name and hour.

use std::path::PathBuf;

use super::gke::{GkeCluster, LOG_NAMES};
use super::{Container, Source};
use crate::simulate::clock::{civil, hour};

pub struct GkeLogEntries(GkeCluster);

impl GkeLogEntries {
    pub fn new(cluster: &str) -> Self {
        Self(GkeCluster::new(cluster))
    }
}

impl Container for GkeLogEntries {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        let (year, month, day) = civil(opened);
        let hour = hour(opened);
        format!(
            "cloudaudit.googleapis.com/{}/{year:04}/{month:02}/{day:02}/{hour:02}:00:00_{hour:02}:59:59_S0.json",
            LOG_NAMES[lane]
        )
        .into()
    }
}
