//! A syslog server's file: RFC 5424's header before each event.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Source, hourly};
use crate::simulate::template::mark;

pub struct Syslog;

impl Syslog {
    pub fn new(_cluster: &str) -> Self {
        Self
    }
}

impl Container for Syslog {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        format!("<110>1 {}Z control-plane-1 kube-apiserver 1 audit - {record}", mark::STAGE_TIME)
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("kube-apiserver", opened, "log")
    }
}
