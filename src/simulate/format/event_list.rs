//! What an API server posts to its audit webhook: an EventList for each batch, whose items leave their type out.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Framing, Source, hourly};

/// Batches hold 400 events at most, which `--audit-webhook-batch-max-size` sets; some 400 KB.
const BATCH_BYTES: usize = 400 * 1024;

pub struct EventList;

impl EventList {
    pub fn new(_cluster: &str) -> Self {
        Self
    }
}

impl Container for EventList {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        record.replacen(r#""kind":"Event","apiVersion":"audit.k8s.io/v1","#, "", 1)
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("webhook", opened, "json")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing {
            head: "",
            open: r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":["#,
            between: ",",
            close: "]}\n",
            message_bytes: BATCH_BYTES,
        }
    }
}
