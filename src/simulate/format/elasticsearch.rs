//! Elasticsearch: what Filebeat's documents become, as an answer to a search, as elasticdump writes them, or as the CSV of
//! Kibana's Discover.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Framing, Source, csv, hourly, quoted};
use crate::simulate::template::mark;

/// Ten thousand hits, which a search gives at most.
const ANSWER_BYTES: usize = 12 * 1024 * 1024;

#[derive(Clone, Copy)]
enum Form {
    Search,
    Dump,
    Csv,
}

pub struct Elasticsearch(Form);

impl Elasticsearch {
    pub fn search(_cluster: &str) -> Self {
        Self(Form::Search)
    }

    pub fn dump(_cluster: &str) -> Self {
        Self(Form::Dump)
    }

    pub fn csv(_cluster: &str) -> Self {
        Self(Form::Csv)
    }
}

impl Container for Elasticsearch {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        if matches!(self.0, Form::Csv) {
            return csv::row([mark::STAGE_MILLIS, "control-plane-1", &record]);
        }
        format!(
            r#"{{"_index":"audit-2026.11","_id":"{}","_score":1.0,"_source":{{"@timestamp":"{}Z","agent":{{"type":"filebeat"}},"log":{{"offset":0,"file":{{"path":"/var/log/kubernetes/kube-apiserver/audit.log"}}}},"message":{}}}}}"#,
            mark::RECORD_ID,
            mark::STAGE_MILLIS,
            quoted(&record)
        )
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        match self.0 {
            Form::Search => hourly("search", opened, "json"),
            Form::Dump => hourly("audit", opened, "ndjson"),
            Form::Csv => hourly("discover", opened, "csv"),
        }
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        match self.0 {
            Form::Search => Framing {
                head: "",
                open: r#"{"took":3,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":{"value":10000,"relation":"gte"},"max_score":1.0,"hits":["#,
                between: ",",
                close: "]}}\n",
                message_bytes: ANSWER_BYTES,
            },
            Form::Dump => Framing::LINES,
            Form::Csv => Framing { head: "@timestamp,\"host.name\",message\n", ..Framing::LINES },
        }
    }
}
