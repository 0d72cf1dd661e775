//! Fluentd: the event under `message`, as text or, with a JSON parser, as an object.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Source, hourly, quoted};
use crate::simulate::template::mark;

pub struct Fluentd {
    parsed: bool,
}

impl Fluentd {
    pub fn text(_cluster: &str) -> Self {
        Self { parsed: false }
    }

    pub fn parsed(_cluster: &str) -> Self {
        Self { parsed: true }
    }
}

impl Container for Fluentd {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let message = if self.parsed { record } else { quoted(&record) };
        format!(
            r#"{{"@timestamp":"{}Z","tag":"kube-apiserver-audit","hostname":"control-plane-1","message":{message}}}"#,
            mark::STAGE_TIME
        )
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("buffer.audit", opened, "log")
    }
}
