//! GKE's log entry, and how it is read from JSON: in one pass where it is written as Google does; serde gives the same of
//! it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::decode::cursor::Cursor;
use crate::decode::quick::{annotations, put, raw_of, status, whole};
use crate::decode::reasons::json_failure;
use crate::decode::wire::{Failure, Parts, Raw, Status, Text};

/// A log entry, as far as it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub insert_id: Option<Text<'a>>,
    pub log_name: Option<Text<'a>>,
    pub timestamp: Option<Text<'a>>,
    pub resource: Option<Resource<'a>>,
    pub labels: Option<Raw<'a>>,
    pub operation: Option<Operation<'a>>,
    pub proto_payload: Option<Payload<'a>>,
    /// BigQuery's name for the payload, whose rows are another container.
    #[serde(rename = "protopayload_auditlog")]
    pub table_payload: Option<IgnoredAny>,
    /// An Event's own, as are the two below; see [`super::kube_apiserver::claims`].
    #[serde(rename = "auditID")]
    pub audit_id: Option<IgnoredAny>,
    pub kind: Option<Raw<'a>>,
    pub api_version: Option<Raw<'a>>,
    /// Of the labels and the response, as an Event has them of its annotations and its status.
    #[serde(skip)]
    pub parts: Option<Parts<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Resource<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    pub labels: Option<ResourceLabels<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ResourceLabels<'a> {
    #[serde(borrow)]
    pub project_id: Option<Text<'a>>,
    pub location: Option<Text<'a>>,
    pub cluster_name: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Operation<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    pub first: Option<Raw<'a>>,
    pub last: Option<Raw<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload<'a> {
    #[serde(borrow)]
    pub service_name: Option<Text<'a>>,
    pub method_name: Option<Text<'a>>,
    pub resource_name: Option<Text<'a>>,
    pub authentication_info: Option<AuthenticationInfo<'a>>,
    pub request_metadata: Option<RequestMetadata<'a>>,
    pub request: Option<Raw<'a>>,
    pub response: Option<Raw<'a>>,
    pub status: Option<Raw<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthenticationInfo<'a> {
    #[serde(borrow)]
    pub principal_email: Option<Text<'a>>,
    pub principal_subject: Option<Text<'a>>,
    pub authority_selector: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestMetadata<'a> {
    #[serde(borrow)]
    pub caller_ip: Option<Text<'a>>,
    #[serde(rename = "callerIP")]
    pub caller_ip_normalised: Option<Text<'a>>,
    pub caller_supplied_user_agent: Option<Text<'a>>,
}

impl<'a> Entry<'a> {
    /// Reads an entry's JSON.
    pub(super) fn of(record: &'a str) -> Result<Self, Failure> {
        match usual(record) {
            Some(entry) => Ok(entry),
            None => serde_json::from_str(record).map_err(|error| json_failure(&error, record)),
        }
    }
}

fn usual(record: &str) -> Option<Entry<'_>> {
    let mut entry = Entry::default();
    let mut parts = Parts::default();
    let mut cursor = Cursor::new(record);
    cursor.object(|cursor, key| match key {
        "insertId" => put(&mut entry.insert_id, cursor.text()),
        "logName" => put(&mut entry.log_name, cursor.text()),
        "timestamp" => put(&mut entry.timestamp, cursor.text()),
        "resource" => put(&mut entry.resource, resource(cursor)),
        "labels" => {
            put(&mut entry.labels, raw_of(cursor, |cursor| annotations(cursor, &mut parts.annotations)))
        }
        "operation" => put(&mut entry.operation, operation(cursor)),
        "protoPayload" => put(&mut entry.proto_payload, payload(cursor, &mut parts.status)),
        "protopayload_auditlog" => put(&mut entry.table_payload, there(cursor)),
        "auditID" => put(&mut entry.audit_id, there(cursor)),
        "kind" => put(&mut entry.kind, cursor.raw().map(Raw)),
        "apiVersion" => put(&mut entry.api_version, cursor.raw().map(Raw)),
        _ => cursor.skip(),
    })?;
    cursor.end()?;
    entry.parts = Some(parts);
    Some(entry)
}

/// The resource's own JSON; `None` where serde must.
pub(super) fn resource_of(json: &str) -> Option<Resource<'_>> {
    whole(json, resource)
}

/// The operation's own JSON; `None` where serde must.
pub(super) fn operation_of(json: &str) -> Option<Operation<'_>> {
    whole(json, operation)
}

fn resource<'a>(cursor: &mut Cursor<'a>) -> Option<Resource<'a>> {
    let mut resource = Resource::default();
    cursor.object(|cursor, key| match key {
        "type" => put(&mut resource.kind, cursor.text()),
        "labels" => put(&mut resource.labels, resource_labels(cursor)),
        _ => cursor.skip(),
    })?;
    Some(resource)
}

fn resource_labels<'a>(cursor: &mut Cursor<'a>) -> Option<ResourceLabels<'a>> {
    let mut labels = ResourceLabels::default();
    cursor.object(|cursor, key| match key {
        "project_id" => put(&mut labels.project_id, cursor.text()),
        "location" => put(&mut labels.location, cursor.text()),
        "cluster_name" => put(&mut labels.cluster_name, cursor.text()),
        _ => cursor.skip(),
    })?;
    Some(labels)
}

fn operation<'a>(cursor: &mut Cursor<'a>) -> Option<Operation<'a>> {
    let mut operation = Operation::default();
    cursor.object(|cursor, key| match key {
        "id" => put(&mut operation.id, cursor.text()),
        "first" => put(&mut operation.first, cursor.raw().map(Raw)),
        "last" => put(&mut operation.last, cursor.raw().map(Raw)),
        _ => cursor.skip(),
    })?;
    Some(operation)
}

fn payload<'a>(cursor: &mut Cursor<'a>, answer: &mut Status<'a>) -> Option<Payload<'a>> {
    let mut payload = Payload::default();
    cursor.object(|cursor, key| match key {
        "serviceName" => put(&mut payload.service_name, cursor.text()),
        "methodName" => put(&mut payload.method_name, cursor.text()),
        "resourceName" => put(&mut payload.resource_name, cursor.text()),
        "authenticationInfo" => put(&mut payload.authentication_info, authentication_info(cursor)),
        "requestMetadata" => put(&mut payload.request_metadata, request_metadata(cursor)),
        "request" => put(&mut payload.request, cursor.raw().map(Raw)),
        "response" => put(&mut payload.response, raw_of(cursor, |cursor| status(cursor, answer))),
        "status" => put(&mut payload.status, cursor.raw().map(Raw)),
        _ => cursor.skip(),
    })?;
    Some(payload)
}

fn authentication_info<'a>(cursor: &mut Cursor<'a>) -> Option<AuthenticationInfo<'a>> {
    let mut caller = AuthenticationInfo::default();
    cursor.object(|cursor, key| match key {
        "principalEmail" => put(&mut caller.principal_email, cursor.text()),
        "principalSubject" => put(&mut caller.principal_subject, cursor.text()),
        "authoritySelector" => put(&mut caller.authority_selector, cursor.text()),
        _ => cursor.skip(),
    })?;
    Some(caller)
}

fn request_metadata<'a>(cursor: &mut Cursor<'a>) -> Option<RequestMetadata<'a>> {
    let mut metadata = RequestMetadata::default();
    cursor.object(|cursor, key| match key {
        "callerIp" => put(&mut metadata.caller_ip, cursor.text()),
        "callerIP" => put(&mut metadata.caller_ip_normalised, cursor.text()),
        "callerSuppliedUserAgent" => put(&mut metadata.caller_supplied_user_agent, cursor.text()),
        _ => cursor.skip(),
    })?;
    Some(metadata)
}

/// That there is a value.
fn there(cursor: &mut Cursor<'_>) -> Option<IgnoredAny> {
    cursor.raw().map(|_| IgnoredAny)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::testing::fields;
    use crate::decode::wire::part;

    fn parts() -> [Value; 5] {
        [
            json!({
                "insertId": "1", "logName": "a/b", "timestamp": "t", "resource": {"type": "k8s_cluster"}, "labels": {"a": "b"},
                "operation": {}, "protoPayload": {}, "protopayload_auditlog": 1, "auditID": 1, "kind": "Event",
                "apiVersion": "v1", "other": [{}],
            }),
            json!({"type": "k8s_cluster", "labels": {"project_id": "p", "location": "l", "cluster_name": "c"}, "x": 1}),
            json!({"id": "1", "first": true, "last": "true", "x": 1}),
            json!({
                "serviceName": "k8s.io", "methodName": "io.k8s.core.v1.secrets.get", "resourceName": "core/v1/secrets",
                "authenticationInfo": {"principalEmail": "a\n"}, "requestMetadata": {}, "request": {}, "response": {"code": 409, "reason": "AlreadyExists"},
                "status": {"code": 7}, "x": 1,
            }),
            json!({
                "principalEmail": "a", "principalSubject": "b", "authoritySelector": "c", "callerIp": "d", "callerIP": "e",
                "callerSuppliedUserAgent": "f", "x": 1,
            }),
        ]
    }

    /// What is read in one pass is what the parser reads, and what it reads of the labels and the response by themselves.
    fn agrees(record: &str) {
        let Some(mut entry) = usual(record) else { return };
        let read = entry.parts.take().expect("read with the entry");
        let parsed: Entry<'_> = serde_json::from_str(record).expect("an entry");
        assert_eq!(format!("{entry:?}"), format!("{parsed:?}"));
        let response = parsed.proto_payload.and_then(|payload| payload.response);
        let annotations = part(parsed.labels, "labels").expect("labels");
        let status = part(response, "response").expect("a response");
        assert_eq!(format!("{read:?}"), format!("{:?}", Parts { annotations, status }));
    }

    #[test]
    fn reads_what_is_usual_by_itself() {
        let [entry, resource, operation, payload, caller] = parts();
        let whole = json!({"protoPayload": payload, "resource": resource, "operation": operation});
        let nested = json!({"protoPayload": {"authenticationInfo": caller, "requestMetadata": caller}});
        for record in [entry, whole, nested] {
            let record = record.to_string();
            assert!(usual(&record).is_some(), "{record}");
            agrees(&record);
        }
    }

    proptest! {
        #[test]
        fn gives_what_the_parser_gives(
            part in proptest::sample::select(parts().to_vec()).prop_flat_map(fields),
            place in proptest::sample::select(vec![
                "@", "{\"resource\":@}", "{\"resource\":{\"labels\":@}}", "{\"operation\":@}", "{\"protoPayload\":@}",
                "{\"protoPayload\":{\"authenticationInfo\":@}}", "{\"protoPayload\":{\"requestMetadata\":@}}",
                "{\"protoPayload\":{\"response\":@}}", "{\"labels\":@}",
            ]),
        ) {
            let record = place.replace('@', &part);
            agrees(&record);
        }
    }
}
