//! What Microsoft Sentinel's AWS EKS connector writes to S3: a flat row on each line, with the event as a string.

use std::path::PathBuf;

use serde_json::json;

use super::eks::{ACCOUNT, EksCluster, REGION};
use super::{Container, Source, folders, parsed};
use crate::simulate::template::mark;

pub struct EksSentinel(EksCluster);

impl EksSentinel {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for EksSentinel {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn cut(&self, _kept: &str) -> Option<String> {
        None
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let event = parsed(&record);
        json!({
            "TimeGenerated": format!("{}Z", mark::STAGE_TIME),
            "AwsAccountId": ACCOUNT,
            "Region": REGION,
            "ClusterName": self.0.name,
            "Verb": event["verb"],
            "User": event["user"]["username"],
            "SourceIPs": event["sourceIPs"],
            "UserAgent": event["userAgent"],
            "ObjectRef": event["objectRef"].to_string(),
            "ResponseCode": event["responseStatus"]["code"],
            "Stage": event["stage"],
            "AuthDecision": event["annotations"]["authorization.k8s.io/decision"],
            "RawEvent": record,
        })
        .to_string()
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        format!("eks-audit/{}/{lane}.ndjson.gz", folders(opened)).into()
    }

    fn gzip(&self) -> bool {
        true
    }
}
