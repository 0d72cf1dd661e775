//! A container runtime's log of an API server that writes its audit log to standard output: CRI's prefix before each line.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Roll, Source};
use crate::simulate::template::mark;

/// Kubelet's default, `containerLogMaxSize`.
const MAX_SIZE: u64 = 10 * 1024 * 1024;

pub struct Cri;

impl Cri {
    pub fn new(_cluster: &str) -> Self {
        Self
    }
}

impl Container for Cri {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        format!("{}123Z stdout F {record}", mark::STAGE_TIME)
    }

    fn path(&self, _lane: usize, _opened: i64, part: u32) -> PathBuf {
        format!("kube-system_kube-apiserver-control-plane-1/kube-apiserver/{part}.log").into()
    }

    fn roll(&self) -> Roll {
        Roll::Size(MAX_SIZE)
    }
}
