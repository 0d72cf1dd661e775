//! Records whose objects and lists are gone, as shippers and searches flatten them: `user.username`, `sourceIPs.0`.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::gke::{GkeCluster, LOG_NAMES};
use super::kube_apiserver::ApiServer;
use super::{Container, Source, hourly, parsed};

pub struct Flattened {
    source: Box<dyn Source>,
    names: &'static [&'static str],
}

impl Flattened {
    /// An API server's Events.
    pub fn events(_cluster: &str) -> Self {
        Self { source: Box::new(ApiServer), names: &["audit"] }
    }

    /// Cloud Logging's entries.
    pub fn entries(cluster: &str) -> Self {
        Self { source: Box::new(GkeCluster::new(cluster)), names: &LOG_NAMES }
    }
}

impl Container for Flattened {
    fn source(&self) -> &dyn Source {
        &*self.source
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let mut leaves = Map::new();
        flatten(String::new(), parsed(&record), &mut leaves);
        Value::Object(leaves).to_string()
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(self.names[lane], opened, "ndjson")
    }
}

fn flatten(path: String, value: Value, leaves: &mut Map<String, Value>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.into_iter().for_each(|(key, value)| flatten(below(&key), value, leaves));
        }
        Value::Array(values) if !values.is_empty() => {
            let places = values.into_iter().enumerate();
            places.for_each(|(place, value)| flatten(below(&place.to_string()), value, leaves));
        }
        leaf => {
            leaves.insert(path, leaf);
        }
    }
}
