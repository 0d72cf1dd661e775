//! AKS audit logs as Event Hubs Capture keeps them: an Avro file for each hour, with the messages of an event hub.

use std::path::PathBuf;

use super::aks_event_hub::AksEventHub;
use super::{Container, Framing, Packing, Source, folders};
use crate::simulate::capture;

pub struct AksEventHubCapture(AksEventHub);

impl AksEventHubCapture {
    pub fn new(cluster: &str) -> Self {
        Self(AksEventHub::new(cluster))
    }
}

impl Container for AksEventHubCapture {
    fn source(&self) -> &dyn Source {
        self.0.source()
    }

    fn wrap(&self, lane: usize, record: String) -> String {
        self.0.wrap(lane, record)
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        format!("audit-hubs/insights-logs-kube-audit/0/{}/00/00.avro", folders(opened)).into()
    }

    fn framing(&self, lane: usize) -> Framing<'_> {
        Framing { close: "]}", ..self.0.framing(lane) }
    }

    fn packing(&self) -> Option<Box<dyn Packing>> {
        Some(Box::new(Capture(0)))
    }
}

/// The messages so far.
struct Capture(i64);

impl Packing for Capture {
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>) {
        if self.0 == 0 {
            packed.extend(capture::header("null"));
        }
        packed.extend(capture::block(&capture::message(self.0, message)));
        self.0 += 1;
    }
}
