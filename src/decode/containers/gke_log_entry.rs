//! GKE: Cloud Logging's LogEntry with an AuditLog in protoPayload, as a storage sink writes it (JSON Lines)
//! and as `gcloud logging read --format=json` gives it (one array).
//!
//! Google has no stages, groups, levels or objectRef. The status is a gRPC one, mapped to HTTP; the labels are the
//! Event's annotations. `callerIp` is what is on the wire, `callerIP` what normalised copies have.

use std::borrow::Cow;

use memchr::memmem;
use serde::Deserialize;

use super::gke_entry::{Entry, Payload};
use super::{flattened, kube_apiserver};
use crate::decode::event::content_hash;
use crate::decode::job::Job;
use crate::decode::quick;
use crate::decode::record::Record;
use crate::decode::resource_name;
use crate::decode::shape::Shape;
use crate::decode::wire::{
    Failure, Integer, Parts, Raw, Status, Text, check_depth, json, needed, optional_time, part, text,
    usual_or,
};
use crate::decode::{AuditEvent, EventTimeSource, LogType, RejectCode};

pub(super) const NAME: &str = "gke-log-entry";

const KUBERNETES: &str = "k8s.io";

/// google.rpc.Status
#[derive(Default, Deserialize)]
struct RpcStatus {
    code: Option<Integer>,
}

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    claims(shape.has("protoPayload"), shape.has("logName"), shape.has("resource"))
}

/// Whether the fields of a record say that it is a LogEntry, for containers that may be tried on it before this one
/// is asked.
pub(super) fn claims(has_proto_payload: bool, has_log_name: bool, has_resource: bool) -> bool {
    has_proto_payload || (has_log_name && has_resource)
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    if !record.text.starts_with('{') {
        return Err(Failure::NotMine);
    }
    let entry = Entry::of(record.text);
    if !entry.as_ref().is_ok_and(|entry| is_whole(entry, record.text)) && flattened::holds_entry(record.text)
    {
        return Err(Failure::NotMine);
    }
    decode_entry(job, entry?, record.text)
}

/// Whether nothing of an entry can have been flattened. Those of other logs have no payload, and are many.
fn is_whole(entry: &Entry<'_>, record: &str) -> bool {
    match &entry.proto_payload {
        Some(payload) => {
            payload.method_name.is_some()
                && payload.authentication_info.is_some()
                && entry.labels.is_some()
                && entry.resource.as_ref().is_some_and(|resource| resource.labels.is_some())
        }
        None => memmem::find(record.as_bytes(), b"\"protoPayload.").is_none(),
    }
}

/// The same for an entry that was read from a record.
pub(super) fn decode_entry(job: &mut Job<'_>, entry: Entry<'_>, record: &str) -> Result<(), Failure> {
    let is_event = kube_apiserver::claims(entry.kind, entry.api_version, entry.audit_id.is_some());
    if is_event || entry.table_payload.is_some() {
        return Err(Failure::NotMine);
    }
    match (&entry.proto_payload, &entry.log_name) {
        (Some(payload), _) => match other_service(&entry, payload) {
            None => {
                let event = event(entry, record, job.is_cut())?;
                job.event(&event);
            }
            Some(service) => job.other(&format!("gke:{service}")),
        },
        // The same sinks hold logs that are no audit logs.
        (None, Some(name)) if entry.resource.is_some() => job.other(&format!("gke:{}", log_id(&name.0))),
        _ => return Err(Failure::NotMine),
    }
    Ok(())
}

/// The service, where it isn't Kubernetes. Without a name, the method or the resource tells.
fn other_service<'e>(entry: &'e Entry<'_>, payload: &'e Payload<'_>) -> Option<&'e str> {
    if let Some(service) = &payload.service_name {
        return Some(service.0.as_ref()).filter(|service| *service != KUBERNETES);
    }
    let method = payload.method_name.as_ref().map_or("", |method| method.0.as_ref());
    let kind = entry.resource.as_ref().and_then(|resource| resource.kind.as_ref());
    let kubernetes = method.starts_with("io.k8s.") || kind.is_some_and(|kind| kind.0 == "k8s_cluster");
    (!kubernetes).then_some("unknown")
}

fn event<'a>(entry: Entry<'a>, record: &str, cut: bool) -> Result<AuditEvent<'a>, Failure> {
    let Some(payload) = entry.proto_payload else { return Err(Failure::NotMine) };
    if cut {
        let caller = payload.authentication_info.as_ref();
        needed(&[
            ("principalEmail", caller.map_or(&None, |caller| &caller.principal_email)),
            ("methodName", &payload.method_name),
            ("resourceName", &payload.resource_name),
        ])?;
    }
    if entry.parts.is_none() {
        [payload.request, payload.response, entry.labels].into_iter().try_for_each(check_depth)?;
    }
    let event_time = optional_time(&entry.timestamp, "timestamp")?
        .ok_or_else(|| Failure::new(RejectCode::NoTime, "no timestamp"))?;
    let Parts { annotations: labels, status: answer } = match entry.parts {
        Some(parts) => parts,
        None => Parts {
            annotations: usual_or(entry.labels, quick::annotations_of, "labels")?,
            // The response can be any object, with a code and a reason that mean something else.
            status: usual_or(payload.response, quick::status_of, "response").unwrap_or_default(),
        },
    };
    let (response_code, response_reason) = response(payload.status, answer)?;
    let place = entry.resource.and_then(|resource| resource.labels).unwrap_or_default();
    let operation = entry.operation.unwrap_or_default();
    let caller = payload.authentication_info.unwrap_or_default();
    let metadata = payload.request_metadata.unwrap_or_default();
    let request = Request::parse(payload.method_name, payload.resource_name);
    let audit_id = text(operation.id);
    let hash = || audit_id.is_none().then(|| Cow::Owned(content_hash(record.as_bytes())));
    Ok(AuditEvent {
        event_time,
        event_time_source: EventTimeSource::Timestamp,
        stage_time: None,
        log_type: LogType::GcpAuditLog,
        cluster: text(place.cluster_name),
        account: text(place.project_id),
        region: text(place.location),
        log_stream: text(entry.log_name).map(|name| Cow::Owned(log_id(&name))),
        record_id: text(entry.insert_id).or_else(hash),
        audit_id,
        stage: Some(Cow::Borrowed(stage(operation.first, operation.last))),
        level: None,
        verb: request.verb,
        request_uri: request.uri,
        user_agent: text(metadata.caller_supplied_user_agent),
        api_group: request.api_group,
        api_version: request.api_version,
        resource: request.resource,
        subresource: request.subresource,
        namespace: request.namespace,
        name: request.name,
        username: text(caller.principal_email)
            .or_else(|| text(caller.principal_subject))
            .or_else(|| text(caller.authority_selector)),
        user_uid: None,
        user_groups: Vec::new(),
        user_extra: None,
        impersonated_username: None,
        impersonated_groups: Vec::new(),
        source_ips: text(metadata.caller_ip)
            .or_else(|| text(metadata.caller_ip_normalised))
            .into_iter()
            .collect(),
        response_code: Some(response_code),
        response_reason,
        response_status: json(payload.status),
        truncated: cut || labels.is_truncated(),
        authz_decision: text(labels.decision),
        authz_reason: text(labels.reason),
        annotations: json(entry.labels),
        request_object: json(payload.request),
        response_object: json(payload.response),
        salvaged: cut,
    })
}

/// [`resource_name::Request`] on its own feet: its parts are cut from strings that may be owned.
struct Request<'a> {
    verb: Option<Cow<'a, str>>,
    api_group: Option<Cow<'a, str>>,
    api_version: Option<Cow<'a, str>>,
    resource: Option<Cow<'a, str>>,
    subresource: Option<Cow<'a, str>>,
    namespace: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    uri: Option<Cow<'a, str>>,
}

impl<'a> Request<'a> {
    fn parse(method: Option<Text<'a>>, resource: Option<Text<'a>>) -> Self {
        match (borrowed(&method), borrowed(&resource)) {
            (Ok(method), Ok(resource)) => Self::from(resource_name::parse(method, resource)),
            _ => {
                let (method, resource) = (method.map(|text| text.0), resource.map(|text| text.0));
                Request::from(resource_name::parse(method.as_deref(), resource.as_deref())).into_owned()
            }
        }
    }

    fn into_owned(self) -> Request<'static> {
        let owned = |part: Option<Cow<'_, str>>| part.map(|part| Cow::Owned(part.into_owned()));
        Request {
            verb: owned(self.verb),
            api_group: owned(self.api_group),
            api_version: owned(self.api_version),
            resource: owned(self.resource),
            subresource: owned(self.subresource),
            namespace: owned(self.namespace),
            name: owned(self.name),
            uri: owned(self.uri),
        }
    }
}

impl<'a> From<resource_name::Request<'a>> for Request<'a> {
    fn from(request: resource_name::Request<'a>) -> Self {
        let part = |part: Option<&'a str>| part.map(Cow::Borrowed);
        Self {
            verb: part(request.verb),
            api_group: part(request.api_group),
            api_version: part(request.api_version),
            resource: part(request.resource),
            subresource: part(request.subresource),
            namespace: part(request.namespace),
            name: part(request.name),
            uri: request.uri,
        }
    }
}

/// The text where it borrows from the record or is absent; an error where escapes made it owned.
fn borrowed<'a>(text: &Option<Text<'a>>) -> Result<Option<&'a str>, ()> {
    match text {
        None => Ok(None),
        Some(Text(Cow::Borrowed(text))) => Ok(Some(text)),
        Some(Text(Cow::Owned(_))) => Err(()),
    }
}

/// The HTTP code and the reason. A Status in the response has the API server's own code, which wins.
fn response<'a>(status: Option<Raw<'a>>, answer: Status<'a>) -> Result<(i32, Option<Cow<'a, str>>), Failure> {
    let rpc: RpcStatus = part(status, "protoPayload.status")?;
    let http = answer.code.map(|code| code.0).filter(|code| (100..600).contains(code));
    let code = http.unwrap_or_else(|| http_code(rpc.code.map_or(0, |code| code.0)));
    Ok((code, http.and(text(answer.reason))))
}

/// gRPC's codes in HTTP's terms, as the API server's own answers would have them.
fn http_code(rpc: i32) -> i32 {
    match rpc {
        0 => 200,
        1 => 499,
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        // 2, 13 and 15, and what gRPC doesn't know.
        _ => 500,
    }
}

/// Long-running requests (watch, exec) have two entries: the first is their start.
fn stage(first: Option<Raw<'_>>, last: Option<Raw<'_>>) -> &'static str {
    let is_true = |flag: Option<Raw<'_>>| flag.is_some_and(|flag| matches!(flag.0, "true" | "\"true\""));
    if is_true(first) && !is_true(last) { "ResponseStarted" } else { "ResponseComplete" }
}

/// `data_access` of `projects/p/logs/cloudaudit.googleapis.com%2Fdata_access`.
fn log_id(log_name: &str) -> String {
    let id = log_name.rsplit('/').next().unwrap_or(log_name);
    let id = id.replace("%2F", "/").replace("%2f", "/");
    id.strip_prefix("cloudaudit.googleapis.com/").unwrap_or(&id).to_owned()
}
