//! Splunk: the results of a search, as CSV, as a line of JSON each, or as its API answers.

use std::path::PathBuf;

use super::kube_apiserver::ApiServer;
use super::{Container, Framing, Source, csv, hourly, quoted};
use crate::simulate::template::mark;

/// Some ten thousand results.
const ANSWER_BYTES: usize = 12 * 1024 * 1024;

const HOST: &str = "control-plane-1";
const FILE: &str = "/var/log/kubernetes/kube-apiserver/audit.log";

#[derive(Clone, Copy)]
enum Form {
    Csv,
    Lines,
    Results,
}

pub struct Splunk(Form);

impl Splunk {
    pub fn csv(_cluster: &str) -> Self {
        Self(Form::Csv)
    }

    pub fn lines(_cluster: &str) -> Self {
        Self(Form::Lines)
    }

    pub fn results(_cluster: &str) -> Self {
        Self(Form::Results)
    }
}

impl Container for Splunk {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    /// After `TRUNCATE` bytes.
    fn cut(&self, kept: &str) -> Option<String> {
        Some(kept.to_owned())
    }

    fn wrap(&self, _lane: usize, record: String) -> String {
        let result = |time: &str| {
            let raw = quoted(&record);
            format!(
                r#"{{"_raw":{raw},"_time":"{time}","host":"{HOST}","source":"{FILE}","sourcetype":"kube:audit"}}"#
            )
        };
        match self.0 {
            Form::Csv => {
                let time = format!("{}+0000", mark::STAGE_MILLIS);
                csv::row([record.as_str(), &time, HOST, FILE, "kube:audit"])
            }
            Form::Lines => {
                let result = result(&format!("{} UTC", mark::STAGE_SPACED));
                format!(r#"{{"preview":false,"offset":0,"result":{result}}}"#)
            }
            Form::Results => result(&format!("{}+00:00", mark::STAGE_MILLIS)),
        }
    }

    fn path(&self, _lane: usize, opened: i64, _part: u32) -> PathBuf {
        hourly("search", opened, if matches!(self.0, Form::Csv) { "csv" } else { "json" })
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        match self.0 {
            Form::Csv => {
                Framing { head: "\"_raw\",\"_time\",\"host\",\"source\",\"sourcetype\"\n", ..Framing::LINES }
            }
            Form::Lines => Framing::LINES,
            Form::Results => Framing {
                head: "",
                open: r#"{"preview":false,"init_offset":0,"messages":[],"fields":[{"name":"_raw"},{"name":"_time"}],"results":["#,
                between: ",",
                close: "],\"highlighted\":{}}\n",
                message_bytes: ANSWER_BYTES,
            },
        }
    }
}
