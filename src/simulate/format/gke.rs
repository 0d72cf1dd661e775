//! The audit log of a GKE cluster: Cloud Logging's LogEntry, in two logs.

use serde_json::{Map, Value, json};

use super::Source;
use crate::simulate::call::{Call, Stage, Stages, Target};
use crate::simulate::event;
use crate::simulate::template::mark;

/// The last parts of the logs' names, by lane.
pub const LOG_NAMES: [&str; 2] = ["activity", "data_access"];
const LOCATION: &str = "europe-west1";

/// A GKE cluster in Google's terms.
pub struct GkeCluster {
    cluster: String,
    pub project: String,
}

impl GkeCluster {
    pub fn new(cluster: &str) -> Self {
        Self { cluster: cluster.to_owned(), project: format!("{cluster}-project") }
    }

    fn entry(&self, call: &Call, stage: Stage) -> Value {
        let log_name = LOG_NAMES[self.lane(call)];
        json!({
            "insertId": mark::RECORD_ID,
            "labels": event::annotations(call),
            "logName": format!("projects/{}/logs/cloudaudit.googleapis.com%2F{log_name}", self.project),
            "operation": operation(call, stage),
            "protoPayload": payload(call),
            "receiveTimestamp": format!("{}123Z", mark::ARRIVED),
            "resource": {
                "labels": {"cluster_name": self.cluster, "location": LOCATION, "project_id": self.project},
                "type": "k8s_cluster",
            },
            "timestamp": format!("{}Z", mark::RECEIVED),
        })
    }
}

impl Source for GkeCluster {
    /// A request is one entry; a watch is one when it starts and one when it ends.
    fn record(&self, call: &Call, stage: Stage) -> Option<String> {
        (stage != Stage::RequestReceived).then(|| event::escape_as_go(&self.entry(call, stage).to_string()))
    }

    fn lanes(&self) -> usize {
        LOG_NAMES.len()
    }

    fn lane(&self, call: &Call) -> usize {
        usize::from(matches!(call.verb, "get" | "list" | "watch"))
    }
}

fn operation(call: &Call, stage: Stage) -> Value {
    let mut operation = Map::new();
    if stage == Stage::ResponseStarted || call.stages != Stages::Watch {
        operation.insert("first".to_owned(), json!(true));
    }
    operation.insert("id".to_owned(), json!(mark::AUDIT_ID));
    if stage == Stage::ResponseComplete {
        operation.insert("last".to_owned(), json!(true));
    }
    operation.insert("producer".to_owned(), json!("k8s.io"));
    Value::Object(operation)
}

fn payload(call: &Call) -> Value {
    let (method, resource) = match &call.target {
        Some(target) => (method_name(call, target), resource_name(target)),
        None => ("io.k8s.get".to_owned(), call.path.trim_start_matches('/').to_owned()),
    };
    let mut payload = json!({
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": {"principalEmail": call.actor.username},
        "authorizationInfo": [{"granted": !call.is_denied(), "permission": method, "resource": resource}],
        "methodName": method,
        "requestMetadata": {"callerIp": call.actor.ip, "callerSuppliedUserAgent": call.actor.user_agent},
        "resourceName": resource,
        "serviceName": "k8s.io",
        "status": status(call),
    });
    for (key, body) in [("request", &call.request), ("response", &call.response)] {
        if let (Some(body), Some(target)) = (body, &call.target) {
            payload[key] = typed(body, target);
        }
    }
    payload
}

/// A google.rpc.Status.
fn status(call: &Call) -> Value {
    let code = match call.code {
        403 => 7,
        404 => 5,
        409 => 10,
        _ => return json!({}),
    };
    json!({"code": code, "message": call.message()})
}

/// `io.k8s.core.v1.pods.exec.create`: the group is its first word, and for RBAC `authorization.rbac`.
fn method_name(call: &Call, target: &Target) -> String {
    let group = match target.group {
        "" => "core",
        "rbac.authorization.k8s.io" => "authorization.rbac",
        group => group.split('.').next().unwrap_or(group),
    };
    let subresource = target.subresource.map(|s| format!(".{s}")).unwrap_or_default();
    format!("io.k8s.{group}.{}.{}{subresource}.{}", target.version, target.resource, call.verb)
}

fn resource_name(target: &Target) -> String {
    let group = if target.group.is_empty() { "core" } else { target.group };
    let mut name = format!("{group}/{}", target.version);
    let namespace = target.namespace.as_ref().map(|namespace| format!("namespaces/{namespace}"));
    let parts = [namespace.as_deref(), Some(target.resource), target.name.as_deref(), target.subresource];
    for part in parts.into_iter().flatten() {
        name.push('/');
        name.push_str(part);
    }
    name
}

/// A body with the type that Cloud Logging puts first.
fn typed(body: &Value, target: &Target) -> Value {
    let group = if target.group.is_empty() { "core.k8s.io" } else { target.group };
    let kind = body["kind"].as_str().unwrap_or_default();
    let mut object = Map::new();
    object.insert("@type".to_owned(), json!(format!("{group}/{}.{kind}", target.version)));
    object.extend(body.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    Value::Object(object)
}
