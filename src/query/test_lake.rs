//! Small lakes for tests of SQL: a few requests, written as Parquet, with an engine over them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use crate::decode::{AuditEvent, EventTimeSource, LogType};
use crate::engine::{Engine, EngineFile, EngineOptions, FLOOR, RESERVED};
use crate::normalize::{Defaults, Place, RowBuilder};
use crate::query::value::read_time;

/// One request of eve on a secret, unless said otherwise.
#[derive(Debug, Clone)]
pub struct Request {
    pub time: String,
    pub cluster: Option<String>,
    pub username: Option<String>,
    pub verb: String,
    pub resource: String,
    pub subresource: Option<String>,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub uri: String,
    pub code: Option<i32>,
    pub source_ip: String,
    /// Empty for none.
    pub user_agent: String,
    pub user_extra: Option<String>,
    pub impersonated_username: Option<String>,
    pub authz_reason: Option<String>,
    pub request_object: Option<String>,
    pub stage: String,
    /// What the stages of one request share; none for an id of its own.
    pub audit_id: Option<String>,
    /// Whether it was cut before its own times, and has that of its container.
    pub is_cut: bool,
}

impl Request {
    pub fn at(time: &str, verb: &str) -> Self {
        Self {
            time: time.to_owned(),
            cluster: Some("prod".to_owned()),
            username: Some("eve".to_owned()),
            verb: verb.to_owned(),
            resource: "secrets".to_owned(),
            subresource: None,
            namespace: Some("default".to_owned()),
            name: None,
            uri: "/api/v1/secrets".to_owned(),
            code: Some(200),
            source_ip: "10.0.0.1".to_owned(),
            user_agent: "kubectl/v1.30".to_owned(),
            user_extra: None,
            impersonated_username: None,
            authz_reason: None,
            request_object: None,
            stage: "ResponseComplete".to_owned(),
            audit_id: None,
            is_cut: false,
        }
    }

    /// A get of the secret.
    pub fn get(time: &str, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::at(time, "get") }
    }

    /// A request on something else.
    pub fn on(time: &str, verb: &str, resource: &str, name: &str) -> Self {
        Self { resource: resource.to_owned(), name: Some(name.to_owned()), ..Self::at(time, verb) }
    }
}

/// A folder with a lake's Parquet files.
pub struct TestLake {
    pub folder: TempDir,
    pub files: Vec<PathBuf>,
}

impl TestLake {
    pub fn new(requests: &[Request]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut days: BTreeMap<&str, Vec<(usize, &Request)>> = BTreeMap::new();
        for (number, request) in requests.iter().enumerate() {
            days.entry(&request.time[..10]).or_default().push((number, request));
        }
        let mut files = Vec::new();
        for (day, requests) in days {
            let mut rows = RowBuilder::new();
            for (number, request) in requests {
                append(&mut rows, number, request);
            }
            let path = folder.path().join(format!("lake/audit_events/event_date={day}"));
            fs::create_dir_all(&path).unwrap();
            let path = path.join("0-0.parquet");
            let batch = rows.finish().batch();
            let mut writer =
                ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            files.push(path);
        }
        Self { folder, files }
    }

    pub fn engine(&self) -> Engine {
        let options = EngineOptions {
            files: self.files.iter().cloned().map(EngineFile::from).collect(),
            memory: RESERVED + FLOOR,
            threads: 2,
            temp: self.folder.path().join("spill"),
            temp_limit: Some(64 << 20),
        };
        Engine::open(&options).unwrap()
    }
}

fn append(rows: &mut RowBuilder, number: usize, request: &Request) {
    fn text(text: &Option<String>) -> Option<Cow<'_, str>> {
        text.as_deref().map(Cow::Borrowed)
    }
    let event = AuditEvent {
        event_time: read_time(&request.time).unwrap().as_microsecond(),
        event_time_source: if request.is_cut {
            EventTimeSource::Container
        } else {
            EventTimeSource::RequestReceivedTimestamp
        },
        stage_time: None,
        log_type: LogType::KubernetesAudit,
        cluster: text(&request.cluster),
        account: None,
        region: None,
        log_stream: None,
        audit_id: Some(request.audit_id.clone().unwrap_or_else(|| format!("id-{number}")).into()),
        record_id: None,
        stage: Some(request.stage.as_str().into()),
        level: Some("Metadata".into()),
        verb: Some(request.verb.as_str().into()),
        request_uri: Some(request.uri.as_str().into()),
        user_agent: Some(request.user_agent.as_str().into()).filter(|_| !request.user_agent.is_empty()),
        api_group: Some("".into()),
        api_version: Some("v1".into()),
        resource: Some(request.resource.as_str().into()),
        subresource: text(&request.subresource),
        namespace: text(&request.namespace),
        name: text(&request.name),
        username: text(&request.username),
        user_uid: None,
        user_groups: vec!["system:authenticated".into()],
        user_extra: text(&request.user_extra),
        impersonated_username: text(&request.impersonated_username),
        impersonated_groups: Vec::new(),
        source_ips: vec![request.source_ip.as_str().into()],
        response_code: request.code,
        response_reason: None,
        response_status: None,
        authz_decision: Some("allow".into()),
        authz_reason: text(&request.authz_reason),
        annotations: None,
        request_object: text(&request.request_object),
        response_object: None,
        truncated: request.is_cut,
        salvaged: request.is_cut,
    };
    let source_record = i64::try_from(number).unwrap();
    let place = Place { source_uri: "test.log", source_record, source_offset: source_record };
    rows.append(&event, &place, &Defaults::default());
}
