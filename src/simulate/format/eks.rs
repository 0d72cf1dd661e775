//! The audit log of an EKS cluster, as it stands in the cluster's CloudWatch log group.

use serde_json::{Value, json};

use super::Source;
use crate::simulate::call::{Actor, ActorKind, Call, Stage};
use crate::simulate::event;
use crate::simulate::rng::Rng;

/// AWS' documentation account.
pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "us-east-1";

/// An EKS cluster in AWS' terms.
pub struct EksCluster {
    pub name: String,
    /// One stream for each of two API servers.
    pub streams: [String; 2],
    /// Of whatever an export of it is given an id for.
    pub task: String,
}

impl EksCluster {
    pub fn new(cluster: &str) -> Self {
        let mut rng = Rng::new(0, cluster);
        let mut stream = || format!("kube-apiserver-audit-{}{}", rng.hex(16), rng.hex(16));
        let streams = [stream(), stream()];
        Self { name: cluster.to_owned(), streams, task: rng.uuid() }
    }

    pub fn group(&self) -> String {
        format!("/aws/eks/{}/cluster", self.name)
    }
}

impl Source for EksCluster {
    fn record(&self, call: &Call, stage: Stage) -> Option<String> {
        if stage == Stage::RequestReceived && omits_request_received(call) {
            return None;
        }
        Some(event::line(call, stage, extra))
    }

    fn lanes(&self) -> usize {
        self.streams.len()
    }

    /// A client keeps its connection to one API server.
    fn lane(&self, call: &Call) -> usize {
        call.actor.username.bytes().map(usize::from).sum::<usize>() % self.streams.len()
    }

    fn cut(&self, kept: &str) -> Option<String> {
        Some(format!("{kept}[Truncated...]"))
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
