//! OpenTelemetry's collector writing OTLP JSON: a batch of log records on each line, the event in each one's body.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Framing, Source, hourly, quoted};
use crate::simulate::template::mark;

/// The batch processor sends 8,192 records or what 200 ms brought.
const BATCH_BYTES: usize = 256 * 1024;

pub struct Otlp {
    open: String,
}

impl Otlp {
    pub fn new(cluster: &str) -> Self {
        let open = format!(
            r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"k8s.cluster.name","value":{{"stringValue":"{cluster}"}}}},{{"key":"log_type","value":{{"stringValue":"audit"}}}}]}},"scopeLogs":[{{"scope":{{}},"logRecords":["#
        );
        Self { open }
    }
}

impl Container for Otlp {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        format!(
            r#"{{"timeUnixNano":"{}000","observedTimeUnixNano":"{}000","body":{{"stringValue":{}}},"attributes":[{{"key":"k8s.audit.event.level","value":{{"stringValue":"Metadata"}}}}]}}"#,
            mark::STAGE_EPOCH_MICROS,
            mark::STAGE_EPOCH_MICROS,
            quoted(&record)
        )
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("otlp", opened, "jsonl")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { head: "", open: &self.open, between: ",", close: "]}]}]}\n", message_bytes: BATCH_BYTES }
    }
}
