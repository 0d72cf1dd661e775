//! Elastic's agent and Filebeat: the event under `kubernetes.audit`, in ECS' company.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Source, hourly};
use crate::simulate::template::mark;

pub struct Filebeat;

impl Filebeat {
    pub fn new(_cluster: &str) -> Self {
        Self
    }
}

impl Container for Filebeat {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        format!(
            r#"{{"@timestamp":"{}Z","ecs":{{"version":"8.0.0"}},"event":{{"dataset":"kubernetes.audit_logs","kind":"event","module":"kubernetes"}},"host":{{"name":"control-plane-1"}},"input":{{"type":"filestream"}},"kubernetes":{{"audit":{record}}},"log":{{"file":{{"path":"/var/log/kubernetes/kube-apiserver-audit-1.log"}}}}}}"#,
            mark::STAGE_MILLIS
        )
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("filebeat", opened, "ndjson")
    }
}
