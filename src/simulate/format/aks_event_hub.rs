//! AKS audit logs from an Event Hub: message bodies `{"records":[...]}`, one after the other, in
//! a file for each hour as a consumer writes them.

use std::path::PathBuf;

use super::aks::ManagedCluster;
use super::{Container, Framing, Source, folders};

/// The size of a message in the basic tier.
const MESSAGE_BYTES: usize = 256 * 1024;

pub struct AksEventHub(ManagedCluster);

impl AksEventHub {
    pub fn new(cluster: &str) -> Self {
        Self(ManagedCluster::new(cluster))
    }
}

impl Container for AksEventHub {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        self.0.diagnostic(record)
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        format!("insights-logs-kube-audit/0/{}.json", folders(opened)).into()
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing {
            head: "",
            open: "{\"records\":[",
            between: ",",
            close: "]}\n",
            message_bytes: MESSAGE_BYTES,
        }
    }
}
