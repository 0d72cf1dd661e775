//! EKS: Amazon Security Lake's audit records, as OCSF's class 6003 (API Activity), in NDJSON or Parquet.
//!
//! The resource's type is `resource;subresource`, the ARN of the caller stands in `cloud.account.uid`, and what has no
//! place in OCSF in `unmapped`. Source: OCSF's published mapping of EKS audit logs.

use crate::decode::LogType;
use crate::decode::decoder::Job;
use crate::decode::fields::{Fields, Object, elements, hand_out, list, quoted};
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Context, Failure};

pub(super) const NAME: &str = "security-lake";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("class_uid") && shape.has("api") && shape.has("actor")
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    let api = fields.object("api");
    let product = fields.object("metadata").object("product").text("name").unwrap_or_default();
    let uid = fields.text("class_uid");
    if uid.as_deref() != Some("6003") || !(product.contains("EKS") || product.contains("Kubernetes")) {
        job.other(&format!("ocsf:{}", if product.is_empty() { "unknown" } else { &product }));
        return Ok(());
    }
    let cloud = fields.object("cloud");
    let arn = cloud.object("account").text("uid");
    let account = arn.as_deref().map(|uid| uid.split(':').nth(4).unwrap_or(uid));
    let region = cloud.text("region");
    let context = Context {
        log_type: Some(LogType::EksAudit),
        account,
        region: region.as_deref(),
        cut: job.is_cut(),
        ..Context::default()
    };
    hand_out(job, &event(fields, &api, arn.as_deref()), record.text, &context, false)
}

fn event(fields: &Fields<'_>, api: &Fields<'_>, arn: Option<&str>) -> String {
    let request = fields.object("http_request");
    let unmapped = fields.json("unmapped").unwrap_or_default();
    let unmapped = Fields::of(&unmapped).unwrap_or_default();
    let times = |field: &str, older: &str| stamp(fields, older).or_else(|| stamp(fields, field));
    Object::new()
        .text("kind", Some("Event"))
        .text("apiVersion", Some("audit.k8s.io/v1"))
        .text("level", fields.object("metadata").text("log_level"))
        .text("auditID", api.object("request").text("uid"))
        .text("stage", fields.text("message"))
        .text("requestURI", request.object("url").text("path"))
        .text("verb", api.text("operation"))
        .json("user", user(fields, arn))
        .json("impersonatedUser", unmapped.json("impersonatedUser"))
        .json("sourceIPs", source_ips(fields))
        .text("userAgent", request.text("user_agent"))
        .json("objectRef", object_ref(fields, api))
        .json("responseStatus", status(&api.object("response")))
        .text("requestReceivedTimestamp", times("start_time", "start_time_dt"))
        .text("stageTimestamp", times("time", "time_dt"))
        .json("annotations", annotations(fields, &unmapped))
        .finish()
}

fn user(fields: &Fields<'_>, arn: Option<&str>) -> Option<String> {
    let actor = fields.object("actor");
    let (user, session) = (actor.object("user"), actor.object("session"));
    let groups = user.raw("groups").map(elements).unwrap_or_default();
    let groups = groups.into_iter().filter_map(|group| Fields::of(group).ok()?.text("name"));
    let one = |value: Option<std::borrow::Cow<'_, str>>| value.and_then(|value| list([quoted(&value)]));
    let extra = Object::new()
        .json("arn", arn.and_then(|arn| list([quoted(arn)])))
        .json("canonicalArn", one(session.text("issuer")))
        .json("accessKeyId", one(session.text("credential_uid")))
        .json("sessionName", one(session.text("uid")))
        .some();
    Object::new()
        .text("username", user.text("name"))
        .text("uid", user.text("uid"))
        .json("groups", list(groups.map(|group| quoted(&group))))
        .json("extra", extra)
        .some()
}

fn source_ips(fields: &Fields<'_>) -> Option<String> {
    let endpoint = fields.object("src_endpoint");
    let first = endpoint.text("ip").map(|ip| quoted(&ip));
    let between = endpoint.raw("intermediate_ips").map(elements).unwrap_or_default();
    list(first.into_iter().chain(between.into_iter().map(str::to_owned)))
}

fn object_ref(fields: &Fields<'_>, api: &Fields<'_>) -> Option<String> {
    let resource =
        elements(fields.raw("resources")?).into_iter().next().and_then(|json| Fields::of(json).ok())?;
    let kind = resource.text("type")?;
    let (name, subresource) = kind.split_once(';').unwrap_or((&kind, ""));
    Object::new()
        .text("resource", Some(name))
        .text("subresource", Some(subresource).filter(|text| !text.is_empty()))
        .text("namespace", resource.text("namespace"))
        .text("name", resource.text("name"))
        .text("apiGroup", api.object("group").text("name"))
        .text("apiVersion", api.text("version"))
        .some()
}

fn status(response: &Fields<'_>) -> Option<String> {
    Object::new()
        .json("code", response.raw("code"))
        .text("reason", response.text("error"))
        .text("message", response.text("error_message"))
        .some()
}

/// The annotations that are left, and the reason that became a policy's name.
fn annotations(fields: &Fields<'_>, unmapped: &Fields<'_>) -> Option<String> {
    unmapped.json("annotations").map(Into::into).or_else(|| {
        let decision = unmapped.text("annotations.authorization.k8s.io/decision");
        let reason = fields.object("policy").text("name");
        Object::new()
            .text("authorization.k8s.io/decision", decision)
            .text("authorization.k8s.io/reason", reason)
            .some()
    })
}

/// A time as text: RFC 3339, or milliseconds since 1970.
fn stamp(fields: &Fields<'_>, field: &str) -> Option<String> {
    let text = fields.text(field)?;
    match time::from_millis(&text) {
        Some(micros) => jiff::Timestamp::from_microsecond(micros).ok().map(|time| time.to_string()),
        None => Some(text.into()),
    }
}
