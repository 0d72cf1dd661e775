//! `aws logs get-query-results`: what Logs Insights found, each result a list of fields, ten thousand results at most.

use std::path::PathBuf;

use super::eks::{ACCOUNT, EksCluster};
use super::{Container, Framing, Source, hourly, quoted};
use crate::simulate::template::mark;

/// Some ten thousand results.
const ANSWER_BYTES: usize = 12 * 1024 * 1024;

pub struct EksInsightsJson(EksCluster);

impl EksInsightsJson {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for EksInsightsJson {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, lane: usize, record: String) -> String {
        let fields = [
            ("@timestamp", mark::STAGE_SPACED.to_owned()),
            ("@message", record),
            ("@logStream", self.0.streams[lane].clone()),
            ("@log", format!("{ACCOUNT}:{}", self.0.group())),
            ("@ptr", format!("Cq8BCm{}", mark::RECORD_ID)),
        ];
        let field =
            |(field, value): &(&str, String)| format!(r#"{{"field":"{field}","value":{}}}"#, quoted(value));
        format!("[{}]", fields.iter().map(field).collect::<Vec<_>>().join(","))
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("query-results-{lane}"), opened, "json")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing {
            head: "",
            open: r#"{"results":["#,
            between: ",",
            close: "],\"statistics\":{\"recordsMatched\":0.0,\"recordsScanned\":0.0,\"bytesScanned\":0.0},\"status\":\"Complete\"}\n",
            message_bytes: ANSWER_BYTES,
        }
    }
}
