//! What the CloudWatch console exports of a Logs Insights query: CSV.

use std::path::PathBuf;

use super::eks::{ACCOUNT, EksCluster};
use super::{Container, Framing, Source, csv, hourly};
use crate::simulate::template::mark;

pub struct EksInsightsCsv(EksCluster);

impl EksInsightsCsv {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for EksInsightsCsv {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, lane: usize, record: String) -> String {
        let log = format!("{ACCOUNT}:{}", self.0.group());
        csv::row([mark::STAGE_SPACED, &record, &self.0.streams[lane], &log])
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("logs-insights-results-{lane}"), opened, "csv")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { head: "@timestamp,@message,@logStream,@log\n", ..Framing::LINES }
    }
}
