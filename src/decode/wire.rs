//! The audit.k8s.io Event as it stands in JSON, whatever wraps it, and the way from it to [`AuditEvent`].
//!
//! Key order is free, unknown keys are passed over, nulls and Go's empty strings are absence. Strings borrow
//! from the record, bodies stay text.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::event::content_hash;
pub(super) use super::scalar::{Integer, Millis, Text};
use super::scan::deeper_than;
use super::{AuditEvent, EventTimeSource, LogType, RejectCode, RejectReason, time};

/// Levels of nesting in a body. Custom resource definitions, the deepest real objects, stay below a hundred.
const MAX_DEPTH: usize = 256;

/// A value's JSON, as it stands in the record.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct Raw<'a>(#[serde(borrow, deserialize_with = "raw")] pub &'a str);

impl<'a> From<&'a RawValue> for Raw<'a> {
    fn from(value: &'a RawValue) -> Self {
        Self(value.get())
    }
}

fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'de str, D::Error> {
    <&RawValue>::deserialize(deserializer).map(RawValue::get)
}

/// Why a container could not decode a record.
#[derive(Debug)]
pub(super) enum Failure {
    /// The record is not of this container.
    NotMine,
    Reject(RejectReason),
}

impl Failure {
    pub(super) fn new(code: RejectCode, detail: impl Into<String>) -> Self {
        Self::Reject(RejectReason { code, detail: detail.into() })
    }

    /// Whether the record ends before its value does.
    pub(super) fn is_cut(&self) -> bool {
        matches!(self, Self::Reject(RejectReason { code: RejectCode::Cut, .. }))
    }
}

/// An Event, or an EventList; see the module.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    pub kind: Option<Text<'a>>,
    pub api_version: Option<Text<'a>>,
    /// Of an EventList.
    pub items: Option<Raw<'a>>,
    pub level: Option<Text<'a>>,
    /// ViaQ keeps the level here and writes `default` into `level`.
    #[serde(rename = "k8s_audit_level")]
    pub k8s_audit_level: Option<Text<'a>>,
    #[serde(rename = "auditID")]
    pub audit_id: Option<Text<'a>>,
    pub stage: Option<Text<'a>>,
    #[serde(rename = "requestURI")]
    pub request_uri: Option<Text<'a>>,
    pub verb: Option<Text<'a>>,
    pub user: Option<User<'a>>,
    pub impersonated_user: Option<User<'a>>,
    #[serde(rename = "sourceIPs")]
    pub source_ips: Option<Vec<Text<'a>>>,
    pub user_agent: Option<Text<'a>>,
    pub object_ref: Option<ObjectRef<'a>>,
    pub response_status: Option<Raw<'a>>,
    pub request_object: Option<Raw<'a>>,
    pub response_object: Option<Raw<'a>>,
    pub request_received_timestamp: Option<Text<'a>>,
    pub stage_timestamp: Option<Text<'a>>,
    /// Of 2017, as `metadata.creationTimestamp`.
    pub timestamp: Option<Text<'a>>,
    pub metadata: Option<Raw<'a>>,
    pub annotations: Option<Raw<'a>>,
    /// Splunk's text of the event, beside fields that it took out of it: not the Event itself then.
    #[serde(rename = "_raw")]
    pub of_splunk: Option<Raw<'a>>,
    /// Added by Panther.
    #[serde(rename = "p_log_type")]
    pub p_log_type: Option<Text<'a>>,
    #[serde(rename = "p_source_label")]
    pub p_source_label: Option<Text<'a>>,
    /// A key was flattened that could be one of its own.
    #[serde(skip)]
    pub has_dotted: bool,
    /// Of an Event that `quick` has read; serde leaves it to a second look at the values that are kept as text.
    #[serde(skip)]
    pub parts: Option<Parts<'a>>,
}

/// What columns need of values that are kept as text. Who has read them has also seen that no value nests too deep.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    pub annotations: Annotations<'a>,
    pub status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct User<'a> {
    #[serde(borrow)]
    pub username: Option<Text<'a>>,
    pub uid: Option<Text<'a>>,
    pub groups: Option<Vec<Text<'a>>>,
    pub extra: Option<Raw<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ObjectRef<'a> {
    #[serde(borrow)]
    pub resource: Option<Text<'a>>,
    pub namespace: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    pub api_group: Option<Text<'a>>,
    pub api_version: Option<Text<'a>>,
    pub subresource: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    creation_timestamp: Option<Text<'a>>,
}

/// A Kubernetes Status, as far as columns need it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Status<'a> {
    pub code: Option<Integer>,
    #[serde(borrow)]
    pub reason: Option<Text<'a>>,
}

/// The annotations (on GKE: the labels) that have a column.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Annotations<'a> {
    #[serde(borrow, rename = "authorization.k8s.io/decision")]
    pub decision: Option<Text<'a>>,
    #[serde(rename = "authorization.k8s.io/reason")]
    pub reason: Option<Text<'a>>,
    #[serde(rename = "audit.k8s.io/truncated")]
    pub truncated: Option<Text<'a>>,
}

impl Annotations<'_> {
    /// Whether the API server cut the record down.
    pub(super) fn is_truncated(&self) -> bool {
        self.truncated.as_ref().is_some_and(|value| value.0 == "true")
    }
}

/// What a container knows of an Event that the Event doesn't say itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context<'a> {
    /// Instead of the Event's own `p_log_type`, or of Kubernetes.Audit.
    pub log_type: Option<LogType>,
    pub cluster: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    pub log_stream: Option<&'a str>,
    /// The container's own time, for a record whose times were cut off.
    pub time: Option<i64>,
    /// The record was cut: it needs a user, a verb and a URI, and may have the container's time.
    pub cut: bool,
    /// The record has the fields that somebody chose: it may have the container's time too.
    pub partial: bool,
}

/// Whether a `kind` and `apiVersion` are those of an audit Event, or leave it open.
pub(super) fn may_be_event(kind: Option<&str>, api_version: Option<&str>) -> bool {
    kind.is_none_or(|kind| kind == "Event")
        && api_version.is_none_or(|version| version.starts_with("audit.k8s.io/"))
}

impl<'a> Event<'a> {
    /// Whether this is an audit Event: it says so, or (as items of an EventList may) it leaves its type out
    /// and has what only an audit Event has.
    pub(super) fn is_audit(&self) -> bool {
        let (kind, api_version) = (as_str(&self.kind), as_str(&self.api_version));
        let named = kind.is_some() && api_version.is_some();
        let shaped = self.audit_id.is_some() && (self.stage.is_some() || self.verb.is_some());
        let is_row = self.of_splunk.is_some_and(|raw| raw.0.contains("auditID"));
        may_be_event(kind, api_version) && (named || shaped) && !is_row
    }

    /// The event, with `record` as the text that its content hash is made of where it has no auditID.
    pub(super) fn into_audit(self, record: &str, context: &Context<'a>) -> Result<AuditEvent<'a>, Failure> {
        if self.parts.is_none() {
            let extra = self.user.as_ref().and_then(|user| user.extra);
            let texts = [self.request_object, self.response_object, self.annotations, self.response_status];
            texts.into_iter().chain([extra]).try_for_each(check_depth)?;
        }
        let (event_time, event_time_source) = match self.event_time() {
            Err(Failure::Reject(reason)) if reason.code == RejectCode::NoTime => {
                (time_around(context, reason)?, EventTimeSource::Container)
            }
            outcome => outcome?,
        };
        let stage_time = optional_time(&self.stage_timestamp, "stageTimestamp")?;
        let Parts { annotations, status } = match self.parts {
            Some(parts) => parts,
            None => Parts {
                annotations: part(self.annotations, "annotations")?,
                status: part(self.response_status, "responseStatus")?,
            },
        };
        let user = self.user.unwrap_or_default();
        if context.cut {
            needed(&[
                ("user.username", &user.username),
                ("verb", &self.verb),
                ("requestURI", &self.request_uri),
            ])?;
        }
        let impersonated = self.impersonated_user.unwrap_or_default();
        let has_object = self.object_ref.is_some();
        let object = self.object_ref.unwrap_or_default();
        let audit_id = text(self.audit_id);
        let named_type = self.p_log_type.and_then(|name| LogType::from_name(&name.0));
        Ok(AuditEvent {
            event_time,
            event_time_source,
            stage_time,
            log_type: context.log_type.or(named_type).unwrap_or(LogType::KubernetesAudit),
            cluster: context.cluster.map(Cow::Borrowed).or_else(|| text(self.p_source_label)),
            account: context.account.map(Cow::Borrowed),
            region: context.region.map(Cow::Borrowed),
            log_stream: context.log_stream.map(Cow::Borrowed),
            record_id: audit_id.is_none().then(|| Cow::Owned(content_hash(record.as_bytes()))),
            audit_id,
            stage: text(self.stage),
            level: text(self.k8s_audit_level.or(self.level)),
            verb: text(self.verb),
            request_uri: text(self.request_uri),
            user_agent: text(self.user_agent),
            api_group: has_object.then(|| object.api_group.map_or(Cow::Borrowed(""), |group| group.0)),
            api_version: text(object.api_version),
            resource: text(object.resource),
            subresource: text(object.subresource),
            namespace: text(object.namespace),
            name: text(object.name),
            username: text(user.username),
            user_uid: text(user.uid),
            user_groups: texts(user.groups),
            user_extra: json(user.extra),
            impersonated_username: text(impersonated.username),
            impersonated_groups: texts(impersonated.groups),
            source_ips: texts(self.source_ips),
            response_code: status.code.map(|code| code.0).filter(|&code| code != 0),
            response_reason: text(status.reason),
            response_status: json(self.response_status),
            truncated: context.cut || annotations.is_truncated(),
            authz_decision: text(annotations.decision),
            authz_reason: text(annotations.reason),
            annotations: json(self.annotations),
            request_object: json(self.request_object),
            response_object: json(self.response_object),
            salvaged: context.cut,
        })
    }

    fn event_time(&self) -> Result<(i64, EventTimeSource), Failure> {
        let received = optional_time(&self.request_received_timestamp, "requestReceivedTimestamp")?;
        if let Some(time) = received {
            return Ok((time, EventTimeSource::RequestReceivedTimestamp));
        }
        let time = match optional_time(&self.timestamp, "timestamp")? {
            Some(time) => Some(time),
            None => {
                let metadata: Option<Metadata<'_>> = part(self.metadata, "metadata")?;
                let created = metadata.and_then(|metadata| metadata.creation_timestamp);
                optional_time(&created, "metadata.creationTimestamp")?
            }
        };
        time.map(|time| (time, EventTimeSource::Timestamp)).ok_or_else(|| {
            let detail = "neither requestReceivedTimestamp nor timestamp nor metadata.creationTimestamp";
            Failure::new(RejectCode::NoTime, detail)
        })
    }
}

/// The container's time, of a record that lost its own.
fn time_around(context: &Context<'_>, without: RejectReason) -> Result<i64, Failure> {
    match context.time {
        Some(time) if context.cut || context.partial => Ok(time),
        _ if context.cut => {
            Err(Failure::new(RejectCode::Cut, "no time before the cut, nor around the record"))
        }
        _ => Err(Failure::Reject(without)),
    }
}

/// The text, where there is one.
pub(super) fn as_str<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(|text| text.0.as_ref())
}

/// Refuses what is left of a cut record that doesn't tell who did what to which resource.
pub(super) fn needed(fields: &[(&str, &Option<Text<'_>>)]) -> Result<(), Failure> {
    match fields.iter().find(|(_, text)| as_str(text).is_none_or(str::is_empty)) {
        None => Ok(()),
        Some((field, _)) => Err(Failure::new(RejectCode::Cut, format!("no {field} before the cut"))),
    }
}

/// A string with something in it.
pub(super) fn text<'a>(text: Option<Text<'a>>) -> Option<Cow<'a, str>> {
    text.map(|text| text.0).filter(|text| !text.is_empty())
}

fn texts<'a>(list: Option<Vec<Text<'a>>>) -> Vec<Cow<'a, str>> {
    list.unwrap_or_default().into_iter().map(|text| text.0).collect()
}

/// JSON as logged.
pub(super) fn json<'a>(value: Option<impl Into<Raw<'a>>>) -> Option<Cow<'a, str>> {
    value.map(|value| Cow::Borrowed(value.into().0))
}

/// Refuses bodies that nest too deep for what comes after.
pub(super) fn check_depth<'a>(body: Option<impl Into<Raw<'a>>>) -> Result<(), Failure> {
    match body.map(Into::into) {
        Some(Raw(body)) if deeper_than(body, MAX_DEPTH) => Err(Failure::Reject(too_deep())),
        _ => Ok(()),
    }
}

/// The reject for nesting beyond what is followed.
pub(super) fn too_deep() -> RejectReason {
    RejectReason { code: RejectCode::TooDeep, detail: format!("nested deeper than {MAX_DEPTH} levels") }
}

/// Whether a whole record nests too deep.
pub(super) fn is_too_deep(record: &str) -> bool {
    deeper_than(record, MAX_DEPTH)
}

/// Reads a time; absent and unset are `None`.
pub(super) fn optional_time(value: &Option<Text<'_>>, field: &str) -> Result<Option<i64>, Failure> {
    match as_str(value).filter(|text| !time::is_unset(text)) {
        None => Ok(None),
        Some(text) => time::parse(text).map(Some).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Failure::new(RejectCode::BadTime, format!("{field} is {shown:?}"))
        }),
    }
}

/// Reads a nested value that was kept as text; absent is the default.
pub(super) fn part<'a, T: Deserialize<'a> + Default>(
    value: Option<impl Into<Raw<'a>>>,
    field: &str,
) -> Result<T, Failure> {
    value.map_or_else(
        || Ok(T::default()),
        |value| {
            serde_json::from_str(value.into().0)
                .map_err(|error| Failure::new(RejectCode::WrongType, format!("{field}: {}", message(&error))))
        },
    )
}

/// The same for what is nearly always written in the way that `quick` reads.
pub(super) fn usual_or<'a, T: Deserialize<'a> + Default>(
    value: Option<Raw<'a>>,
    quick: impl Fn(&'a str) -> Option<T>,
    field: &str,
) -> Result<T, Failure> {
    value.and_then(|value| quick(value.0)).map_or_else(|| part(value, field), Ok)
}

/// Serde's message without the place, which would be that in a part of the record, and without the string it
/// quotes, which can be long, or a secret.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |place| &text[..place]);
    match (text.find(" \""), text.rfind("\", expected ")) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &text[..open], &text[close + 1..]),
        _ => text.to_owned(),
    }
}
