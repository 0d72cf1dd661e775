//! Events and log entries whose fields were flattened (`user.username`): by what ships them, by a search that answers with
//! chosen fields, and as the columns of tables. Also with a part of them still nested. The nested record is put together
//! and read as any other, so that what is masked in it is masked here.
//!
//! Datadog writes `@` before a name, Splunk `{}` behind that of a list, Elastic's integration `kubernetes.audit.` before all.

use std::borrow::Cow;

use super::gke_log_entry::decode_entry;
use super::kube_apiserver::parse;
use super::{gke_entry, shipper};
use crate::decode::dotted::{Paths, own_name, says_something};
use crate::decode::fields::{Fields, Object};
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::time;
use crate::decode::wire::{Context, Failure, as_str, may_be_event};

pub(super) const NAME: &str = "flattened";

/// What the keys begin with, in a record that is an Event's and one that has it inside.
const PREFIX: &str = "kubernetes.audit.";
const WITHIN: [&str; 2] = ["kubernetes", "kubernetes.audit"];

/// Objects in an Event and in a log entry.
const EVENT_OBJECTS: [&str; 7] = [
    "user",
    "user.extra",
    "impersonatedUser",
    "impersonatedUser.extra",
    "objectRef",
    "responseStatus",
    "annotations",
];
const ENTRY_OBJECTS: [&str; 8] = [
    "resource",
    "resource.labels",
    "labels",
    "operation",
    "protoPayload",
    "protoPayload.authenticationInfo",
    "protoPayload.requestMetadata",
    "protoPayload.status",
];

/// What a dotted key of an Event begins with, and one of a log entry.
const OF_EVENTS: [&str; 8] = [
    "user",
    "objectRef",
    "responseStatus",
    "annotations",
    "sourceIPs",
    "impersonatedUser",
    "requestObject",
    "responseObject",
];
const OF_ENTRIES: [&str; 4] = ["protoPayload", "resource", "labels", "operation"];

/// Texts of an Event that stand at its top.
const EVENT_TEXTS: [&str; 13] = [
    "kind",
    "apiVersion",
    "level",
    "k8s_audit_level",
    "auditID",
    "stage",
    "requestURI",
    "verb",
    "userAgent",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "p_log_type",
    "p_source_label",
];

/// One of these an Event has beside its user, and another of these or of the next: `verb` is a word of other logs.
const EVENT_MARKS: [&str; 3] = ["auditID", "requestURI", "verb"];
const MORE_MARKS: [&str; 6] = [
    "stage",
    "sourceIPs",
    "objectRef.resource",
    "responseStatus.code",
    "requestReceivedTimestamp",
    "annotations.authorization.k8s.io/decision",
];

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    let may_hold = |key: &str| is_dotted(key) || key == "protoPayload" || WITHIN.contains(&key);
    shape.fields().is_some_and(|fields| fields.all().any(|(key, value)| may_hold(key) && value != "null"))
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    if let Some(json) = event_of(fields) {
        return hand_out(job, fields, &json, record.text);
    }
    let json = entry_of(fields).ok_or(Failure::NotMine)?;
    decode_entry(job, gke_entry::Entry::of(&json)?, record.text)
}

/// Whether a key is one that flattening makes of an Event's or a log entry's.
pub(in crate::decode) fn is_dotted(key: &str) -> bool {
    // Nearly no key of other records has one.
    memchr::memchr(b'.', key.as_bytes()).is_some_and(|_| {
        let (path, is_of_event) = (own_path(key), key.starts_with(PREFIX));
        is_of_event || path.split_once('.').is_some_and(is_parent)
    })
}

fn is_parent((name, _): (&str, &str)) -> bool {
    OF_EVENTS.contains(&name) || OF_ENTRIES.contains(&name)
}

/// A key without what was written before and behind it.
fn own_path(key: &str) -> &str {
    let key = own_name(key);
    key.strip_prefix(PREFIX).unwrap_or(key)
}

/// Whether columns of such names hold what tells an Event or a log entry.
pub(in crate::decode) fn is_table(names: &[impl AsRef<str>]) -> bool {
    let has = |path: &str| names.iter().any(|name| own_path(name.as_ref()) == path);
    is_event(has) || is_entry(has)
}

/// Whether an Event is to be read here, by its text: what it lacks is there in dotted keys.
pub(super) fn holds_event(record: &str) -> bool {
    Fields::of(record).is_ok_and(|fields| is_event_of(&fields))
}

/// The same of one whose fields were read.
pub(super) fn is_event_of(fields: &Fields<'_>) -> bool {
    // Mostly the keys are the paths, and no others have to be made.
    let has = |path: &str| fields.all().any(|(key, value)| key == path && says_something(value));
    lacks_object(fields) && (is_event(has) || event_paths(fields).is_some())
}

fn lacks_object(fields: &Fields<'_>) -> bool {
    let mut is_dotted = [false; OF_EVENTS.len()];
    for (key, _) in fields.all() {
        let key = own_name(key);
        let name = memchr::memchr(b'.', key.as_bytes()).map(|end| &key[..end]);
        if let Some(at) = OF_EVENTS.iter().position(|known| Some(*known) == name) {
            is_dotted[at] = true;
        }
    }
    let is_nested = |name: &str| fields.raw(name).is_some_and(|json| json.starts_with(['{', '[']));
    OF_EVENTS.iter().zip(is_dotted).any(|(name, is_dotted)| is_dotted && !is_nested(name))
}

/// The same of a log entry.
pub(super) fn holds_entry(record: &str) -> bool {
    Fields::of(record).is_ok_and(|fields| {
        (has_dotted(&fields) || has_dotted_inside(&fields)) && entry_paths(&fields).is_some()
    })
}

/// Whether a record has a key at its top that was flattened.
pub(super) fn has_dotted(fields: &Fields<'_>) -> bool {
    fields.all().any(|(key, _)| is_dotted(key))
}

fn has_dotted_inside(fields: &Fields<'_>) -> bool {
    let inside = ["protoPayload", "resource"].map(|name| fields.object(name));
    inside.iter().any(|fields| fields.all().any(|(key, _)| key.contains('.')))
}

fn is_event(has: impl Fn(&str) -> bool) -> bool {
    let marks = EVENT_MARKS.iter().filter(|mark| has(mark)).count();
    let more = || MORE_MARKS.iter().any(|mark| has(mark));
    has("user.username") && (marks > 1 || (marks > 0 && more()))
}

fn is_entry(has: impl Fn(&str) -> bool) -> bool {
    let is_told =
        ["resourceName", "authenticationInfo.principalEmail", "authenticationInfo.principalSubject"];
    has("protoPayload.methodName") && is_told.iter().any(|path| has(&format!("protoPayload.{path}")))
}

fn event_paths<'f>(fields: &'f Fields<'_>) -> Option<Paths<'f>> {
    if !fields.all().any(|(key, _)| matches!(own_path(key), "user" | "user.username")) {
        return None;
    }
    let has_prefix = fields.all().any(|(key, _)| key.starts_with(PREFIX));
    let prefixes: &[&str] = if has_prefix { &[PREFIX, ""] } else { &[""] };
    let paths = |prefix: &&str| Paths::of(fields, prefix, &EVENT_OBJECTS);
    prefixes.iter().map(paths).find(|paths| is_event(|path| paths.has(path)))
}

fn entry_paths<'f>(fields: &'f Fields<'_>) -> Option<Paths<'f>> {
    if !fields.all().any(|(key, _)| matches!(own_name(key), "protoPayload" | "protoPayload.methodName")) {
        return None;
    }
    let paths = Paths::of(fields, "", &ENTRY_OBJECTS);
    is_entry(|path| paths.has(path)).then_some(paths)
}

/// The Event of a record's fields, or of those of the objects that Elastic's integration puts it in.
fn event_of(fields: &Fields<'_>) -> Option<String> {
    if let Some(paths) = event_paths(fields) {
        return Some(event(paths));
    }
    let [around, within] = WITHIN.map(|name| fields.object(name));
    let inside = Paths::of(&around, "audit.", &EVENT_OBJECTS);
    if is_event(|path| inside.has(path)) {
        return Some(event(inside));
    }
    [&around.object("audit"), &within].into_iter().find_map(|fields| event_paths(fields).map(event))
}

fn entry_of(fields: &Fields<'_>) -> Option<String> {
    entry_paths(fields).map(entry)
}

/// Hands out the Event whose JSON was put together of a record.
fn hand_out(job: &mut Job<'_>, fields: &Fields<'_>, json: &str, record: &str) -> Result<(), Failure> {
    let context = Context {
        log_type: job.options.log_type,
        time: shipper::TIMES.iter().find_map(|name| time::stamp(&fields.text(name)?)),
        cut: job.is_cut(),
        partial: true,
        ..Context::default()
    };
    let event = parse(json)?;
    if !may_be_event(as_str(&event.kind), as_str(&event.api_version)) {
        return Err(Failure::NotMine);
    }
    let event = event.into_audit(record, &context)?;
    job.event(&event);
    Ok(())
}

fn event(mut paths: Paths<'_>) -> String {
    paths.make_number("responseStatus.code");
    let secret = Secret::of_event(&paths);
    let event = EVENT_TEXTS.iter().fold(Object::new(), |event, name| event.json(name, paths.text(name)));
    event
        .json("user", user(&paths, "user"))
        .json("impersonatedUser", user(&paths, "impersonatedUser"))
        .json("sourceIPs", paths.texts("sourceIPs", Some(KIBANAS)))
        .json("objectRef", texts(&paths, OBJECT_REF).some())
        .json("responseStatus", status(&paths, "responseStatus", secret))
        .json("requestObject", secret.body(&paths, "requestObject"))
        .json("responseObject", secret.body(&paths, "responseObject"))
        .json("annotations", paths.map("annotations", secret == Secret::Unknown))
        .finish()
}

/// What Kibana writes between the values of a list.
const KIBANAS: &str = ", ";

fn user(paths: &Paths<'_>, at: &str) -> Option<String> {
    // Nearly no record has both users, and a name is made for each of these paths.
    if !paths.lead_through(at) {
        return None;
    }
    Object::new()
        .json("username", paths.text(&format!("{at}.username")))
        .json("uid", paths.text(&format!("{at}.uid")))
        .json("groups", paths.texts(&format!("{at}.groups"), Some(KIBANAS)))
        .json("extra", paths.map_of_lists(&format!("{at}.extra")))
        .some()
}

/// Texts of an object, and their paths.
type Names = [(&'static str, &'static str)];

const OBJECT_REF: &Names = &[
    ("resource", "objectRef.resource"),
    ("namespace", "objectRef.namespace"),
    ("name", "objectRef.name"),
    ("apiGroup", "objectRef.apiGroup"),
    ("apiVersion", "objectRef.apiVersion"),
    ("subresource", "objectRef.subresource"),
];
const PAYLOAD: &Names = &[
    ("serviceName", "protoPayload.serviceName"),
    ("methodName", "protoPayload.methodName"),
    ("resourceName", "protoPayload.resourceName"),
];
const CALLER: &Names = &[
    ("principalEmail", "protoPayload.authenticationInfo.principalEmail"),
    ("principalSubject", "protoPayload.authenticationInfo.principalSubject"),
    ("authoritySelector", "protoPayload.authenticationInfo.authoritySelector"),
];
const METADATA: &Names = &[
    ("callerIp", "protoPayload.requestMetadata.callerIp"),
    ("callerIP", "protoPayload.requestMetadata.callerIP"),
    ("callerSuppliedUserAgent", "protoPayload.requestMetadata.callerSuppliedUserAgent"),
];
const RESOURCE_LABELS: &Names = &[
    ("project_id", "resource.labels.project_id"),
    ("location", "resource.labels.location"),
    ("cluster_name", "resource.labels.cluster_name"),
];
const OPERATION: &Names = &[("id", "operation.id"), ("first", "operation.first"), ("last", "operation.last")];

fn texts(paths: &Paths<'_>, names: &Names) -> Object {
    names.iter().fold(Object::new(), |object, (name, path)| object.json(name, paths.text(path)))
}

/// The status: what is not known to be of something else could quote a Secret, so that its words are left out.
fn status<'p>(paths: &'p Paths<'_>, at: &str, secret: Secret) -> Option<Cow<'p, str>> {
    if !paths.lead_through(at) {
        return None;
    }
    let whole = if secret == Secret::Unknown { None } else { paths.body(at, true) };
    whole.or_else(|| {
        let field = |name: &str| paths.single(&format!("{at}.{name}"));
        let status = Object::new().json("code", field("code")).json("reason", field("reason"));
        status.json("status", field("status")).some().map(Cow::Owned)
    })
}

/// What a record that was put together says of its bodies, and of patches in its annotations. Which part of them is masked
/// is told by the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secret {
    Is,
    IsNot,
    Unknown,
}

impl Secret {
    fn of_event(paths: &Paths<'_>) -> Self {
        match paths.word("objectRef.resource").as_deref() {
            Some("secrets") => Self::Is,
            None if paths.word("requestURI").is_none() => Self::Unknown,
            _ => Self::IsNot,
        }
    }

    fn of_entry(paths: &Paths<'_>) -> Self {
        let method = paths.word("protoPayload.methodName").unwrap_or_default();
        match paths.word("protoPayload.resourceName") {
            None => Self::Unknown,
            Some(path) if path.contains("/secrets") && method.contains(".secrets.") => Self::Is,
            Some(_) => Self::IsNot,
        }
    }

    fn body<'p>(self, paths: &'p Paths<'_>, path: &str) -> Option<Cow<'p, str>> {
        if self == Self::Unknown { None } else { paths.body(path, self == Self::Is) }
    }
}

fn entry(mut paths: Paths<'_>) -> String {
    paths.make_number("protoPayload.status.code");
    let secret = Secret::of_entry(&paths);
    let payload = texts(&paths, PAYLOAD)
        .json("authenticationInfo", texts(&paths, CALLER).some())
        .json("requestMetadata", texts(&paths, METADATA).some())
        .json("request", secret.body(&paths, "protoPayload.request"))
        .json("response", secret.body(&paths, "protoPayload.response"))
        .json("status", status(&paths, "protoPayload.status", secret));
    let resource = Object::new()
        .json("type", paths.text("resource.type"))
        .json("labels", texts(&paths, RESOURCE_LABELS).some());
    Object::new()
        .json("insertId", paths.text("insertId"))
        .json("logName", paths.text("logName"))
        .json("timestamp", paths.text("timestamp"))
        .json("resource", resource.some())
        .json("labels", paths.map("labels", secret == Secret::Unknown))
        .json("operation", texts(&paths, OPERATION).some())
        .json("protoPayload", payload.some())
        .finish()
}
