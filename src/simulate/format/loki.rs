//! Grafana Loki: what logcli prints, as text or as JSON, and what the API answers a query.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Framing, Source, hourly, quoted};
use crate::simulate::template::mark;

/// Five thousand lines, which a query gives at most.
const ANSWER_BYTES: usize = 6 * 1024 * 1024;

#[derive(Clone, Copy)]
enum Form {
    Text,
    Json,
    Answer,
}

pub struct Loki {
    form: Form,
    cluster: String,
    open: String,
}

impl Loki {
    pub fn text(cluster: &str) -> Self {
        Self::new(Form::Text, cluster)
    }

    pub fn json(cluster: &str) -> Self {
        Self::new(Form::Json, cluster)
    }

    pub fn answer(cluster: &str) -> Self {
        Self::new(Form::Answer, cluster)
    }

    fn new(form: Form, cluster: &str) -> Self {
        let open = format!(
            r#"{{"status":"success","data":{{"resultType":"streams","result":[{{"stream":{{"cluster":"{cluster}","job":"audit"}},"values":["#
        );
        Self { form, cluster: cluster.to_owned(), open }
    }
}

impl Container for Loki {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let cluster = &self.cluster;
        match self.form {
            Form::Text => format!(r#"{}Z {{cluster="{cluster}", job="audit"}} {record}"#, mark::STAGE_MILLIS),
            Form::Json => format!(
                r#"{{"labels":{{"cluster":"{cluster}","job":"audit"}},"line":{},"timestamp":"{}Z"}}"#,
                quoted(&record),
                mark::STAGE_TIME
            ),
            Form::Answer => format!(r#"["{}000",{}]"#, mark::STAGE_EPOCH_MICROS, quoted(&record)),
        }
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        match self.form {
            Form::Text => hourly("logcli", opened, "log"),
            Form::Json => hourly("logcli", opened, "jsonl"),
            Form::Answer => hourly("query_range", opened, "json"),
        }
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        match self.form {
            Form::Answer => Framing {
                head: "",
                open: &self.open,
                between: ",",
                close: "]}],\"stats\":{\"summary\":{\"totalLinesProcessed\":5000}}}}\n",
                message_bytes: ANSWER_BYTES,
            },
            _ => Framing::LINES,
        }
    }
}
