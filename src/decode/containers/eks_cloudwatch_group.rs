//! What the streams of an EKS cluster's log group say, whatever form they come in.
//!
//! The group is `/aws/eks/CLUSTER/cluster`; its streams are named by component, and only one of them is the audit log.

use super::message;
use crate::decode::LogType;
use crate::decode::job::Job;
use crate::decode::wire::Context;

const AUDIT_STREAM: &str = "kube-apiserver-audit";

/// A log group and a stream, as far as they are known.
#[derive(Clone, Copy, Default)]
pub(super) struct Stream<'a> {
    pub group: Option<&'a str>,
    pub stream: Option<&'a str>,
    pub account: Option<&'a str>,
}

impl Stream<'_> {
    /// Decodes one message of the stream; `time` is CloudWatch's, in microseconds.
    pub(super) fn message(&self, job: &mut Job<'_>, time: Option<i64>, text: &str) {
        if let Some(component) = self.stream.and_then(other_component) {
            return job.other(&format!("eks:{component}"));
        }
        let context = Context {
            log_type: Some(LogType::EksAudit),
            cluster: self.group.and_then(cluster),
            account: self.account,
            log_stream: self.stream,
            time,
            cut: job.is_cut(),
            ..Context::default()
        };
        message::decode(job, text, &context);
    }
}

/// The cluster of a group. Insights puts the account in front of it.
fn cluster(group: &str) -> Option<&str> {
    let (_, rest) = group.split_once("/aws/eks/")?;
    rest.strip_suffix("/cluster").filter(|cluster| !cluster.is_empty() && !cluster.contains('/'))
}

/// The component of a stream that is an EKS one, but not the audit log.
fn other_component(stream: &str) -> Option<&str> {
    const COMPONENTS: [&str; 5] = [
        "kube-apiserver",
        "authenticator",
        "kube-controller-manager",
        "cloud-controller-manager",
        "kube-scheduler",
    ];
    let is = |name: &&str| stream.strip_prefix(*name).is_some_and(|rest| rest.starts_with('-'));
    if is(&AUDIT_STREAM) { None } else { COMPONENTS.into_iter().find(is) }
}
