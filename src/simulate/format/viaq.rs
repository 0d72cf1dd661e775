//! OpenShift's ViaQ: keys beside the event's own, its level overwritten and kept elsewhere, keys in another order.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::kube_apiserver::ApiServer;
use super::{Container, Source, hourly, parsed};

pub struct Viaq;

impl Viaq {
    pub fn new(_cluster: &str) -> Self {
        Self
    }
}

impl Container for Viaq {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let mut event = parsed(&record);
        let added = json!({
            "@timestamp": event["requestReceivedTimestamp"], "hostname": "control-plane-1.example",
            "k8s_audit_level": event["level"], "log_type": "audit", "log_source": "kubeAPI", "tag": ".k8s-audit.log",
            "openshift": {"cluster_id": "00000000-0000-4000-8000-000000000000", "sequence": 1},
        });
        event["level"] = json!("default");
        let mut keys: Vec<(String, Value)> = [event, added].into_iter().flat_map(fields).collect();
        keys.sort_by(|(a, _), (b, _)| a.cmp(b));
        Value::Object(keys.into_iter().collect::<Map<_, _>>()).to_string()
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("audit", opened, "json")
    }
}

fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
