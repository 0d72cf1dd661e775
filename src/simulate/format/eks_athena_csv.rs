//! What Athena writes of a query of the log group's messages, as a Firehose put them into a bucket: CSV, all of it in
//! quotes.

use std::path::PathBuf;

use super::eks::{ACCOUNT, EksCluster};
use super::{Container, Framing, Source, csv, hourly};
use crate::simulate::template::mark;

pub struct EksAthenaCsv(EksCluster);

impl EksAthenaCsv {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for EksAthenaCsv {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, lane: usize, record: String) -> String {
        let (group, stream) = (self.0.group(), &self.0.streams[lane]);
        csv::row([ACCOUNT, &group, stream, mark::DIGITS, mark::STAGE_EPOCH_MILLIS, &record])
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("athena-{lane}"), opened, "csv")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        let head = "\"owner\",\"loggroup\",\"logstream\",\"id\",\"timestamp\",\"message\"\n";
        Framing { head, ..Framing::LINES }
    }
}
