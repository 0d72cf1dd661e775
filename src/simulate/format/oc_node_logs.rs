//! `oc adm node-logs --path=kube-apiserver/audit.log`: the node's name before each line.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Source, hourly};

pub struct OcNodeLogs;

impl OcNodeLogs {
    pub fn new(_cluster: &str) -> Self {
        Self
    }
}

impl Container for OcNodeLogs {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        format!("control-plane-1.example {record}")
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("node-logs", opened, "log")
    }
}
