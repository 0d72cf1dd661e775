//! `aws logs filter-log-events`, page after page, laid out as the AWS command line lays JSON out.

use std::path::PathBuf;

use super::eks::EksCluster;
use super::{Container, Framing, Source, hourly, quoted};
use crate::simulate::template::mark;

/// A page of the API.
const PAGE_BYTES: usize = 1024 * 1024;

pub struct EksFilterLogEvents(EksCluster);

impl EksFilterLogEvents {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for EksFilterLogEvents {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, lane: usize, record: String) -> String {
        let indent = " ".repeat(12);
        format!(
            "        {{\n{indent}\"logStreamName\": \"{stream}\",\n{indent}\"timestamp\": {time},\n\
             {indent}\"message\": {message},\n{indent}\"ingestionTime\": {ingested},\n\
             {indent}\"eventId\": \"3685{zeros}{id}\"\n        }}",
            stream = self.0.streams[lane],
            time = mark::STAGE_EPOCH_MILLIS,
            message = quoted(&record),
            ingested = mark::ARRIVED_EPOCH_MILLIS,
            zeros = "0".repeat(32),
            id = mark::DIGITS,
        )
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("filter-log-events-{lane}"), opened, "json")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing {
            head: "",
            open: "{\n    \"events\": [\n",
            between: ",\n",
            close: "\n    ],\n    \"searchedLogStreams\": [],\n    \"nextToken\": \"Bxkq6kVGFtq2y_MoigeqscPOdhXVbhiVtLoAmXb5jCqAoBDB\"\n}\n",
            message_bytes: PAGE_BYTES,
        }
    }
}
