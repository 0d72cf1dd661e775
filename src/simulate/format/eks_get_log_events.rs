//! `aws logs get-log-events` of each audit stream, a page on each line.

use std::path::PathBuf;

use super::eks::EksCluster;
use super::{Container, Framing, Source, hourly, quoted};
use crate::simulate::template::mark;

/// A page of the API.
const PAGE_BYTES: usize = 1024 * 1024;

pub struct EksGetLogEvents(EksCluster);

impl EksGetLogEvents {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for EksGetLogEvents {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        format!(
            r#"{{"timestamp":{},"message":{},"ingestionTime":{}}}"#,
            mark::STAGE_EPOCH_MILLIS,
            quoted(&record),
            mark::ARRIVED_EPOCH_MILLIS
        )
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("get-log-events-{lane}"), opened, "json")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing {
            head: "",
            open: r#"{"events":["#,
            between: ",",
            close: "],\"nextForwardToken\":\"f/36850000000000000000\",\"nextBackwardToken\":\"b/36850000000000000000\"}\n",
            message_bytes: PAGE_BYTES,
        }
    }
}
