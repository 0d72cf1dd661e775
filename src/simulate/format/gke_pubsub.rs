//! GKE audit logs from a Pub/Sub subscription: the push form of a message on each line, the LogEntry as base64.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::gke::{GkeCluster, LOG_NAMES};
use super::{Container, Framing, Packing, Source, hourly};

pub struct GkePubsub(GkeCluster);

impl GkePubsub {
    pub fn new(cluster: &str) -> Self {
        Self(GkeCluster::new(cluster))
    }
}

impl Container for GkePubsub {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(&format!("pubsub-{}", LOG_NAMES[lane]), opened, "json")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { close: "", ..Framing::LINES }
    }

    fn packing(&self) -> Option<Box<dyn Packing>> {
        let subscription = format!("projects/{}/subscriptions/audit", self.0.project);
        Some(Box::new(Push { subscription, number: 0 }))
    }
}

struct Push {
    subscription: String,
    number: u64,
}

impl Packing for Push {
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>) {
        let id = 9_000_000_000_000_000 + self.number;
        self.number += 1;
        packed.extend(br#"{"message":{"attributes":{"logging.googleapis.com/timestamp":""},"data":""#);
        packed.extend(STANDARD.encode(message).bytes());
        packed.extend(format!(r#"","messageId":"{id}"}},"subscription":"{}"}}"#, self.subscription).bytes());
        packed.push(b'\n');
    }
}
