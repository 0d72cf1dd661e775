//! Amazon Security Lake's records of an EKS cluster as JSON Lines: OCSF's class 6003, API Activity, in the published
//! mapping of EKS audit logs, which keeps no bodies and no key of `user.extra` beyond four.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::eks::{EksCluster, REGION};
use super::{Container, Source, folders, parsed, quoted};
use crate::simulate::template::mark;

pub struct EksSecurityLake(EksCluster);

impl EksSecurityLake {
    pub fn new(cluster: &str) -> Self {
        Self(EksCluster::new(cluster))
    }
}

impl Container for EksSecurityLake {
    fn source(&self) -> &dyn Source {
        &self.0
    }

    fn cut(&self, _kept: &str) -> Option<String> {
        None
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let mut row = without_nulls(ocsf(&parsed(&record))).to_string();
        // Times are numbers.
        for mark in [mark::STAGE_EPOCH_MILLIS, mark::RECEIVED_EPOCH_MILLIS] {
            row = row.replace(&quoted(mark), mark);
        }
        row
    }

    fn path(&self, lane: usize, opened: i64, _part: u32) -> PathBuf {
        format!("EKS_AUDIT/2.0/region={REGION}/{}/{lane}.json", folders(opened)).into()
    }
}

/// An Event in OCSF's terms; absent fields are null.
fn ocsf(event: &Value) -> Value {
    let (user, object, status) = (&event["user"], &event["objectRef"], &event["responseStatus"]);
    let extra = |name: &str| user["extra"][name][0].clone();
    let ips = event["sourceIPs"].as_array().cloned().unwrap_or_default();
    let groups = user["groups"].as_array().cloned().unwrap_or_default();
    let mut unmapped = Map::new();
    for key in ["annotations", "impersonatedUser"] {
        unmapped.insert(key.to_owned(), event[key].clone());
    }
    json!({
        "metadata": {
            "log_level": event["level"], "product": {"name": "Amazon EKS", "vendor_name": "AWS", "version": event["apiVersion"]},
            "profiles": ["cloud", "datetime"], "version": "1.1.0",
        },
        "time": mark::STAGE_EPOCH_MILLIS, "time_dt": event["stageTimestamp"],
        "start_time": mark::RECEIVED_EPOCH_MILLIS, "start_time_dt": event["requestReceivedTimestamp"],
        "message": event["stage"],
        "cloud": {"account": {"uid": extra("arn")}, "provider": "AWS", "region": REGION},
        "api": {
            "operation": event["verb"], "request": {"uid": event["auditID"]}, "version": object["apiVersion"],
            "group": {"name": object["apiGroup"]},
            "response": {"code": status["code"], "error": status["reason"], "error_message": status["message"]},
        },
        "http_request": {"url": {"path": event["requestURI"]}, "user_agent": event["userAgent"]},
        "actor": {
            "user": {
                "name": user["username"], "uid": user["uid"],
                "groups": groups.into_iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
            },
            "session": {
                "credential_uid": extra("accessKeyId"), "issuer": extra("canonicalArn"), "uid": extra("sessionName"),
            },
        },
        "src_endpoint": {"ip": ips.first(), "intermediate_ips": ips.get(1..)},
        "resources": resources(object),
        "policy": {"name": event["annotations"]["authorization.k8s.io/reason"]},
        "unmapped": unmapped,
        "class_name": "API Activity", "class_uid": 6003, "category_name": "Application Activity", "category_uid": 6,
        "severity": "Informational", "severity_id": 1,
        "activity_id": activity(event["verb"].as_str().unwrap_or_default()),
    })
}

fn resources(object: &Value) -> Value {
    let Some(resource) = object["resource"].as_str() else { return Value::Null };
    let subresource = object["subresource"].as_str().map(|name| format!(";{name}")).unwrap_or_default();
    json!([{
        "namespace": object["namespace"], "name": object["name"], "type": format!("{resource}{subresource}"),
        "version": object["apiVersion"],
    }])
}

fn activity(verb: &str) -> u8 {
    match verb {
        "create" => 1,
        "get" | "watch" => 2,
        "update" | "patch" => 3,
        "delete" => 4,
        _ => 99,
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, value)| (key, without_nulls(value)))
                .filter(|(_, v)| !v.is_null())
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
