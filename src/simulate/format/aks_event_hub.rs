//! AKS audit logs from an Event Hub: message bodies `{"records":[...]}`, one after the other, in
//! a file for each hour as a consumer writes them.

use std::path::PathBuf;

use super::aks::ManagedCluster;
use super::{Container, Framing};
use crate::simulate::call::{Call, Stage};
use crate::simulate::clock::{civil, hour};

/// The size of a message in the basic tier.
const MESSAGE_BYTES: usize = 256 * 1024;

pub struct AksEventHub(ManagedCluster);

impl AksEventHub {
    pub fn new(cluster: &str) -> Self {
        Self(ManagedCluster::new(cluster))
    }
}

impl Container for AksEventHub {
    fn record(&self, call: &Call, stage: Stage) -> Option<String> {
        Some(self.0.record(call, stage))
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        let (year, month, day) = civil(opened);
        format!("insights-logs-kube-audit/0/{year:04}/{month:02}/{day:02}/{:02}.json", hour(opened)).into()
    }

    fn framing(&self) -> Framing {
        Framing { open: "{\"records\":[", between: ",", close: "]}\n", message_bytes: MESSAGE_BYTES }
    }
}
