//! EKS: Amazon Security Lake's audit records, as OCSF's class 6003 (API Activity), in NDJSON or Parquet.
//!
//! The resource's type is `resource;subresource`, the ARN of the caller stands in `cloud.account.uid`, and what has no
//! place in OCSF in `unmapped`. Source: OCSF's published mapping of EKS audit logs.

use std::borrow::Cow;

use crate::decode::LogType;
use crate::decode::fields::{Fields, Object, elements, list, quoted, records};
use crate::decode::job::Job;
use crate::decode::nested::Nested;
use crate::decode::quick;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Context, Event, Failure, ObjectRef, Raw, Text, User};

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
    let unmapped = fields.json("unmapped").unwrap_or_default();
    let made = Made::of(fields, &api, &Fields::of(&unmapped).unwrap_or_default(), arn.as_deref());
    let event = event(fields, &api, &made)?.into_audit(record.text, &context)?;
    job.event(&event);
    Ok(())
}

/// Values of an Event that do not stand in the record as they are, as JSON.
struct Made<'a> {
    extra: Option<String>,
    impersonated_user: Option<Cow<'a, str>>,
    source_ips: Option<String>,
    status: Option<String>,
    annotations: Option<Cow<'a, str>>,
}

impl<'a> Made<'a> {
    fn of(fields: &Fields<'_>, api: &Fields<'_>, unmapped: &Fields<'a>, arn: Option<&str>) -> Self {
        Self {
            extra: extra(&fields.object("actor").object("session"), arn),
            impersonated_user: unmapped.json("impersonatedUser"),
            source_ips: source_ips(fields),
            status: status(&api.object("response")),
            annotations: annotations(fields, unmapped),
        }
    }
}

fn event<'a>(fields: &Fields<'a>, api: &Fields<'a>, made: &'a Made<'_>) -> Result<Event<'a>, Failure> {
    let request = fields.object("http_request");
    let times = |field: &str, older: &str| stamp(fields, older).or_else(|| stamp(fields, field));
    let mut nested = Nested::default();
    Ok(Event {
        level: fields.object("metadata").text("log_level").map(Text),
        audit_id: api.object("request").text("uid").map(Text),
        stage: fields.text("message").map(Text),
        request_uri: request.object("url").text("path").map(Text),
        verb: api.text("operation").map(Text),
        user: Some(user(&fields.object("actor").object("user"), made.extra.as_deref())),
        impersonated_user: nested.read(
            made.impersonated_user.as_deref(),
            quick::user_of,
            "impersonatedUser",
        )?,
        source_ips: nested.read(made.source_ips.as_deref(), quick::texts_of, "sourceIPs")?,
        user_agent: request.text("user_agent").map(Text),
        object_ref: object_ref(fields, api),
        response_status: nested.status(made.status.as_deref()),
        request_received_timestamp: times("start_time", "start_time_dt").map(Text),
        stage_timestamp: times("time", "time_dt").map(Text),
        annotations: nested.annotations(made.annotations.as_deref()),
        parts: nested.parts(),
        ..Event::default()
    })
}

fn user<'a>(user: &Fields<'a>, extra: Option<&'a str>) -> User<'a> {
    let groups = user.raw("groups").map(records).unwrap_or_default();
    let groups = groups.into_iter().filter_map(|group| group.into_fields().text("name"));
    User {
        username: user.text("name").map(Text),
        uid: user.text("uid").map(Text),
        groups: Some(groups.map(Text).collect()),
        extra: extra.map(Raw),
    }
}

fn extra(session: &Fields<'_>, arn: Option<&str>) -> Option<String> {
    Object::new()
        .listed("arn", arn)
        .listed("canonicalArn", session.text("issuer"))
        .listed("accessKeyId", session.text("credential_uid"))
        .listed("sessionName", session.text("uid"))
        .some()
}

fn source_ips(fields: &Fields<'_>) -> Option<String> {
    let endpoint = fields.object("src_endpoint");
    let first = endpoint.text("ip").map(|ip| quoted(&ip));
    let between = endpoint.raw("intermediate_ips").map(elements).unwrap_or_default();
    list(first.into_iter().chain(between.into_iter().map(str::to_owned)))
}

fn object_ref<'a>(fields: &Fields<'a>, api: &Fields<'a>) -> Option<ObjectRef<'a>> {
    let resource = records(fields.raw("resources")?).into_iter().next()?.into_fields();
    let (name, subresource) = split(resource.text("type")?);
    Some(ObjectRef {
        resource: Some(Text(name)),
        subresource: Some(Text(subresource)),
        namespace: resource.text("namespace").map(Text),
        name: resource.text("name").map(Text),
        api_group: api.object("group").text("name").map(Text),
        api_version: api.text("version").map(Text),
    })
}

/// The resource and the subresource that a resource's type names; the latter is empty where it has none.
fn split(kind: Cow<'_, str>) -> (Cow<'_, str>, Cow<'_, str>) {
    let at = kind.find(';').unwrap_or(kind.len());
    let rest = (at + 1).min(kind.len());
    match kind {
        Cow::Borrowed(kind) => (kind[..at].into(), kind[rest..].into()),
        Cow::Owned(kind) => (kind[..at].to_owned().into(), kind[rest..].to_owned().into()),
    }
}

fn status(response: &Fields<'_>) -> Option<String> {
    Object::new()
        .json("code", response.raw("code"))
        .text("reason", response.text("error"))
        .text("message", response.text("error_message"))
        .some()
}

/// The annotations that are left, and the reason that became a policy's name.
fn annotations<'a>(fields: &Fields<'_>, unmapped: &Fields<'a>) -> Option<Cow<'a, str>> {
    unmapped.json("annotations").or_else(|| {
        let decision = unmapped.text("annotations.authorization.k8s.io/decision");
        let reason = fields.object("policy").text("name");
        Object::new()
            .text("authorization.k8s.io/decision", decision)
            .text("authorization.k8s.io/reason", reason)
            .some()
            .map(Cow::Owned)
    })
}

/// A time as text: RFC 3339, or milliseconds since 1970.
fn stamp<'a>(fields: &Fields<'a>, field: &str) -> Option<Cow<'a, str>> {
    let text = fields.text(field)?;
    match time::from_millis(&text) {
        Some(micros) => jiff::Timestamp::from_microsecond(micros).ok().map(|time| time.to_string().into()),
        None => Some(text),
    }
}
