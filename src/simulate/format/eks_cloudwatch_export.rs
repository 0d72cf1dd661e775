//! A CloudWatch Logs export of an EKS control plane's log group to S3.
//!
//! The container does not name the cluster; the export's prefix does, as
//! `<account>/<region>/<cluster>`, which suits `--cluster '{account}/{region}/{cluster}/**'`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Container, Roll};
use crate::simulate::call::{Actor, ActorKind, Call, Stage};
use crate::simulate::event;
use crate::simulate::rng::Rng;
use crate::simulate::template::mark;

/// AWS' documentation account.
const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
/// An object of an export holds some 64 MiB of text.
const OBJECT_BYTES: u64 = 64 * 1024 * 1024;

pub struct EksCloudwatchExport {
    prefix: PathBuf,
    task: String,
    /// One stream for each of two API servers.
    streams: [String; 2],
}

impl EksCloudwatchExport {
    pub fn new(cluster: &str) -> Self {
        let mut rng = Rng::new(0, cluster);
        let mut stream = || format!("kube-apiserver-audit-{}{}", rng.hex(16), rng.hex(16));
        let streams = [stream(), stream()];
        Self { prefix: [ACCOUNT, REGION, cluster].iter().collect(), task: rng.uuid(), streams }
    }
}

impl Container for EksCloudwatchExport {
    fn record(&self, call: &Call, stage: Stage) -> Option<String> {
        if stage == Stage::RequestReceived && omits_request_received(call) {
            return None;
        }
        Some(format!("{}Z {}", mark::STAGE_MILLIS, event::line(call, stage, extra)))
    }

    fn lanes(&self) -> usize {
        self.streams.len()
    }

    /// A client keeps its connection to one API server.
    fn lane(&self, call: &Call) -> usize {
        call.actor.username.bytes().map(usize::from).sum::<usize>() % self.streams.len()
    }

    fn path(&self, lane: usize, _opened: i64, part: u32) -> PathBuf {
        let stream = self.streams[lane].replace('/', "-");
        self.prefix.join(&self.task).join(stream).join(format!("{part:06}.gz"))
    }

    fn roll(&self) -> Roll {
        Roll::Size(OBJECT_BYTES)
    }

    fn gzip(&self) -> bool {
        true
    }

    fn extras(&self) -> Vec<(PathBuf, &'static str)> {
        vec![(self.prefix.join("aws-logs-write-test"), "Permission Check Successful")]
    }
}

/// EKS' audit policy logs these once.
fn omits_request_received(call: &Call) -> bool {
    call.target.as_ref().is_some_and(|target| {
        matches!(target.resource, "secrets" | "configmaps") || target.subresource == Some("token")
    })
}

/// What the IAM authenticator tells of a caller.
fn extra(actor: &Actor) -> Option<Value> {
    match actor.kind {
        ActorKind::Person => Some(iam("Developer", actor)),
        ActorKind::Node => Some(iam("NodeInstance", actor)),
        ActorKind::ServiceAccount => Some(event::token_extra(actor)),
        ActorKind::Component => None,
    }
}

fn iam(role: &str, actor: &Actor) -> Value {
    let session = actor.username.rsplit(':').next().unwrap_or_default();
    let number = Rng::new(0, &actor.username).hex(12).to_uppercase();
    json!({
        "accessKeyId": [format!("EXAMPLE{number}")],
        "arn": [format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}")],
        "canonicalArn": [format!("arn:aws:iam::{ACCOUNT}:role/{role}")],
        "principalId": [format!("EXAMPLE{number}")],
        "sessionName": [session],
    })
}
