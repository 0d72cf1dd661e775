//! What the CloudWatch console's log viewer downloads of a stream: CSV of times and messages.

use std::path::PathBuf;

use super::eks::EksCluster;
use super::{Container, Framing, Source, csv, hourly};
use crate::simulate::template::mark;

pub struct EksConsoleCsv(EksCluster);

impl EksConsoleCsv {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for EksConsoleCsv {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        format!("{},{}", mark::STAGE_EPOCH_MILLIS, csv::row([record]))
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("log-events-viewer-result-{lane}"), opened, "csv")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { head: "timestamp,message\n", ..Framing::LINES }
    }
}
