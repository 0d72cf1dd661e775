//! Fluent Bit: the event under `log`, as text or, with a JSON parser, as an object.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Source, hourly, quoted};
use crate::simulate::template::mark;

pub struct FluentBit {
    parsed: bool,
}

impl FluentBit {
    pub fn text(_cluster: &str) -> Self {
        Self { parsed: false }
    }

    pub fn parsed(_cluster: &str) -> Self {
        Self { parsed: true }
    }
}

impl Container for FluentBit {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let log = if self.parsed { record } else { quoted(&record) };
        format!(
            r#"{{"date":"{}Z","time":"{}123Z","stream":"stdout","_p":"F","log":{log},"kubernetes":{{"pod_name":"kube-apiserver-control-plane-1","namespace_name":"kube-system","container_name":"kube-apiserver"}}}}"#,
            mark::STAGE_TIME,
            mark::STAGE_TIME
        )
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("fluent-bit", opened, "json")
    }
}
