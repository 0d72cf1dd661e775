//! The audit.k8s.io Event of a call, as an API server writes it: with marks for what changes.

use serde_json::{Map, Value, json};

use super::call::{Actor, Call, Level, Stage, Target};
use super::template::mark;

/// The event as one line of JSON. `extra` is what the cluster's authenticator adds to a user.
pub fn line(call: &Call, stage: Stage, extra: impl Fn(&Actor) -> Option<Value>) -> String {
    let received = stage == Stage::RequestReceived;
    let mut event = Map::new();
    let mut put = |key: &str, value: Value| event.insert(key.to_owned(), value);
    put("kind", json!("Event"));
    put("apiVersion", json!("audit.k8s.io/v1"));
    put("level", json!(if call.level == Level::Metadata { "Metadata" } else { "RequestResponse" }));
    put("auditID", json!(mark::AUDIT_ID));
    put("stage", json!(stage.as_str()));
    put("requestURI", json!(call.uri()));
    put("verb", json!(call.verb));
    put("user", user(&call.actor, extra(&call.actor)));
    // Impersonation is known only once the request was authorized, which is after it was received.
    if let (Some(effective), false) = (&call.impersonated, received) {
        put("impersonatedUser", user(effective, None));
    }
    put("sourceIPs", json!([call.actor.ip]));
    put("userAgent", json!(call.actor.user_agent));
    if let Some(target) = &call.target {
        put("objectRef", object_ref(call, target, received));
    }
    if !received {
        put("responseStatus", call.status());
    }
    if let (Some(request), false) = (&call.request, received) {
        put("requestObject", request.clone());
    }
    if let (Some(response), Stage::ResponseComplete) = (&call.response, stage) {
        put("responseObject", response.clone());
    }
    put("requestReceivedTimestamp", json!(format!("{}Z", mark::RECEIVED)));
    put("stageTimestamp", json!(format!("{}Z", mark::STAGE_TIME)));
    if !received {
        put("annotations", annotations(call));
    }
    escape_as_go(&Value::Object(event).to_string())
}

/// The authorizer's annotations of a call.
pub fn annotations(call: &Call) -> Value {
    let (decision, reason) = match call.is_denied() {
        true => ("forbid", ""),
        false => ("allow", call.actor.reason.as_str()),
    };
    json!({"authorization.k8s.io/decision": decision, "authorization.k8s.io/reason": reason})
}

/// `extra` of a service account's token, the same in every cloud.
pub fn token_extra(actor: &Actor) -> Value {
    let pod = actor.username.rsplit(':').next().unwrap_or_default();
    json!({
        "authentication.kubernetes.io/pod-name": [format!("{pod}-0")],
        "authentication.kubernetes.io/pod-uid": [actor.uid],
    })
}

/// Go's encoding/json writes these three as escapes, within strings, where alone they can stand.
pub fn escape_as_go(json: &str) -> String {
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

fn user(actor: &Actor, extra: Option<Value>) -> Value {
    let mut user = json!({"username": actor.username});
    if !actor.uid.is_empty() {
        user["uid"] = json!(actor.uid);
    }
    user["groups"] = json!(actor.groups);
    if let Some(extra) = extra {
        user["extra"] = extra;
    }
    user
}

fn object_ref(call: &Call, target: &Target, received: bool) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: &str| object.insert(key.to_owned(), json!(value));
    put("resource", target.resource);
    if let Some(namespace) = &target.namespace {
        put("namespace", namespace);
    }
    // The name of what is created is known only from the answer, unless the URI holds it.
    let known = !received || call.verb != "create" || target.subresource.is_some();
    if let (Some(name), true) = (&target.name, known) {
        put("name", name);
    }
    if !target.group.is_empty() {
        put("apiGroup", target.group);
    }
    put("apiVersion", target.version);
    if let Some(subresource) = target.subresource {
        put("subresource", subresource);
    }
    Value::Object(object)
}
