//! Panther's data lake: an EKS event with Panther's own fields beside its own.

use std::path::PathBuf;

use super::eks::EksCluster;
use super::{Container, Source, folders, quoted};
use crate::simulate::template::mark;

pub struct Panther(EksCluster);

impl Panther {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for Panther {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn cut(&self, _kept: &str) -> Option<String> {
        None
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let event = record.strip_suffix('}').unwrap_or(&record);
        format!(
            r#"{event},"p_log_type":"Amazon.EKS.Audit","p_event_time":"{}Z","p_parse_time":"{}Z","p_row_id":"{}","p_schema_version":0,"p_source_label":{}}}"#,
            mark::STAGE_TIME,
            mark::ARRIVED,
            mark::RECORD_ID,
            quoted(&self.0.name)
        )
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        format!("logs/amazon_eks_audit/{}/{lane}.json.gz", folders(opened)).into()
    }

    fn gzip(&self) -> bool {
        true
    }
}
