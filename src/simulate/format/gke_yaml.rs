//! GKE audit logs as `gcloud logging read` prints them where no format is asked for: a document of YAML for each LogEntry.

use std::path::PathBuf;

use super::gke::{GkeCluster, LOG_NAMES};
use super::{Container, Framing, Source, hourly, parsed};

pub struct GkeYaml(GkeCluster);

impl GkeYaml {
    pub fn new(cluster: &str) -> Self {
        Self(GkeCluster::new(cluster))
    }
}

impl Container for GkeYaml {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        // A mark without quotes would become a number. Values of JSON are all that there is to write.
        let options = serde_saphyr::ser_options! { quote_all: true };
        serde_saphyr::to_string_with_options(&parsed(&record), options).unwrap_or_default()
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly(LOG_NAMES[lane], opened, "yaml")
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing { open: "---\n", close: "", ..Framing::LINES }
    }
}
