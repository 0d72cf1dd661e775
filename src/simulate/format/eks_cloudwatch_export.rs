//! A CloudWatch Logs export of an EKS control plane's log group to S3.
//!
//! The container does not name the cluster; the export's prefix does, as
//! `<account>/<region>/<cluster>`, which suits `--cluster '{account}/{region}/{cluster}/**'`.

use std::path::PathBuf;

use super::eks::{ACCOUNT, EksCluster, REGION};
use super::{Container, Roll, Source};
use crate::simulate::template::mark;

/// An object of an export holds some 64 MiB of text.
const OBJECT_BYTES: u64 = 64 * 1024 * 1024;

pub struct EksCloudwatchExport(EksCluster);

impl EksCloudwatchExport {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }

    fn prefix(&self) -> PathBuf {
        [ACCOUNT, REGION, &self.0.name].iter().collect()
    }
}

impl Container for EksCloudwatchExport {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        format!("{}Z {record}", mark::STAGE_MILLIS)
    }

    fn path(&self, lane: usize, _opened: i64, part: u32) -> PathBuf {
        let stream = self.0.streams[lane].replace('/', "-");
        self.prefix().join(&self.0.task).join(stream).join(format!("{part:06}.gz"))
    }

    fn roll(&self) -> Roll {
        Roll::Size(OBJECT_BYTES)
    }

    fn gzip(&self) -> bool {
        true
    }

    fn extras(&self) -> Vec<(PathBuf, &'static str)> {
        vec![(self.prefix().join("aws-logs-write-test"), "Permission Check Successful")]
    }
}
