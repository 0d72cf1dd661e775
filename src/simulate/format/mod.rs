//! The containers that logs are written in. A further one is a file here and a line in [`Format`].
//!
//! A container wraps the records of a [`Source`]: an API server's own Events, or what a cloud makes of them.

mod aks;
mod aks_audit;
mod aks_audit_admin;
mod aks_audit_csv;
mod aks_audit_json;
mod aks_audit_rest;
mod aks_diagnostics;
mod aks_diagnostics_csv;
mod aks_diagnostics_json;
mod aks_event_hub;
mod aks_event_hub_capture;
mod aks_storage;
mod archive;
mod compressed;
mod cri;
mod csv;
mod eks;
mod eks_athena_csv;
mod eks_cloudwatch_export;
mod eks_console_csv;
mod eks_filter_log_events;
mod eks_firehose;
mod eks_get_log_events;
mod eks_insights_csv;
mod eks_insights_json;
mod eks_kinesis;
mod eks_lambda;
mod eks_security_lake;
mod eks_security_lake_parquet;
mod eks_sentinel;
mod elasticsearch;
mod event_list;
mod filebeat;
mod flattened;
mod fluent_bit;
mod fluentd;
mod gke;
mod gke_bigquery;
mod gke_log_entries;
mod gke_pubsub;
mod gke_sentinel;
mod gke_yaml;
mod kube_apiserver;
mod loki;
mod oc_node_logs;
mod otlp;
mod panther;
mod splunk;
mod subscription;
mod syslog;
mod viaq;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::call::{Call, Stage};
use super::clock::{HOUR, MINUTE, civil, hour};

/// When a container's file ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roll {
    /// After so many bytes before compression.
    Size(u64),
    /// With every full hour of the stage time.
    Hourly,
}

/// What stands around the records of a file.
#[derive(Debug, Clone, Copy)]
pub struct Framing<'a> {
    /// Before all messages of a file; a message of its own.
    pub head: &'a str,
    /// Before the first record of a message.
    pub open: &'a str,
    /// After a record that another one of the same message follows.
    pub between: &'a str,
    /// After the last record of a message.
    pub close: &'a str,
    /// A message is closed once it holds so many bytes; 0 where each record is one.
    pub message_bytes: usize,
}

impl Framing<'static> {
    /// Records that are lines.
    pub const LINES: Self = Self { head: "", open: "", between: "", close: "\n", message_bytes: 0 };
    /// All records of a file as one JSON array, a record on each line.
    pub const ARRAY: Self =
        Self { head: "", open: "[\n", between: ",\n", close: "\n]\n", message_bytes: usize::MAX };
}

/// Whose log it is: its records as they are before a container wraps them.
pub trait Source: Sync {
    /// The record of a call at a stage, with marks (`template::mark`) for what changes; None
    /// where this log has no such record.
    fn record(&self, call: &Call, stage: Stage) -> Option<String>;

    /// The number of files written at the same time: streams, log names.
    fn lanes(&self) -> usize {
        1
    }

    /// The lane of a call's records, less than [`Self::lanes`].
    fn lane(&self, _call: &Call) -> usize {
        0
    }

    /// A record of which `kept` are the bytes before the cut; None where nothing cuts this log's records.
    fn cut(&self, _kept: &str) -> Option<String> {
        None
    }
}

/// What makes other bytes of whole messages, one file's worth.
pub trait Packing {
    /// Appends what becomes of a message.
    fn pack(&mut self, message: &[u8], packed: &mut Vec<u8>);
}

/// How one container writes records and names its files.
pub trait Container: Sync {
    fn source(&self) -> &dyn Source;

    /// Whether the container has the records of a call.
    fn holds(&self, _call: &Call) -> bool {
        true
    }

    /// A record of which `kept` are the bytes before the cut; None where records aren't cut on their way here, or
    /// their fields stand apart.
    fn cut(&self, kept: &str) -> Option<String> {
        self.source().cut(kept)
    }

    /// A record of the source as this container holds it.
    fn wrap(&self, _lane: usize, record: String) -> String {
        record
    }

    /// The file that a lane's records go to, under the output folder: `opened` is the stage time
    /// of its first record, `part` counts the files of the lane from 0.
    fn path(&self, lane: usize, opened: i64, part: u32) -> PathBuf;

    /// The name that a file gets when the next one begins at `time`, where it gets another.
    fn rotated(&self, _path: &Path, _time: i64) -> Option<PathBuf> {
        None
    }

    fn roll(&self) -> Roll {
        Roll::Hourly
    }

    fn framing(&self, _lane: usize) -> Framing<'_> {
        Framing::LINES
    }

    /// For a new file, where its messages aren't written as they are. Messages must then be small.
    fn packing(&self) -> Option<Box<dyn Packing>> {
        None
    }

    /// Whether files are gzip even if nobody asks for it. The path then stays as it is.
    fn gzip(&self) -> bool {
        false
    }

    /// Small files that an export holds besides the log: path and content.
    fn extras(&self) -> Vec<(PathBuf, &'static str)> {
        Vec::new()
    }
}

macro_rules! formats {
    ($($variant:ident $name:literal $make:expr,)*) => {
        /// The containers by the name that `--format` takes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum Format {
            #[default]
            $($variant,)*
        }

        impl Format {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The container of a cluster of this name.
            pub fn container(self, cluster: &str) -> Box<dyn Container> {
                match self {
                    $(Self::$variant => Box::new($make(cluster)),)*
                }
            }
        }
    };
}

formats! {
    KubeApiserver "kube-apiserver" kube_apiserver::KubeApiserver::new,
    EventList "event-list" event_list::EventList::new,
    EksCloudwatchExport "eks-cloudwatch-export" eks_cloudwatch_export::EksCloudwatchExport::new,
    EksFirehose "eks-firehose" eks_firehose::EksFirehose::new,
    EksLambda "eks-lambda" eks_lambda::EksLambda::new,
    EksKinesis "eks-kinesis" eks_kinesis::EksKinesis::new,
    EksFilterLogEvents "eks-filter-log-events" eks_filter_log_events::EksFilterLogEvents::new,
    EksGetLogEvents "eks-get-log-events" eks_get_log_events::EksGetLogEvents::new,
    EksInsightsJson "eks-insights-json" eks_insights_json::EksInsightsJson::new,
    EksInsightsCsv "eks-insights-csv" eks_insights_csv::EksInsightsCsv::new,
    EksConsoleCsv "eks-console-csv" eks_console_csv::EksConsoleCsv::new,
    EksAthenaCsv "eks-athena-csv" eks_athena_csv::EksAthenaCsv::new,
    EksSentinel "eks-sentinel" eks_sentinel::EksSentinel::new,
    EksSecurityLake "eks-security-lake" eks_security_lake::EksSecurityLake::new,
    EksSecurityLakeParquet "eks-security-lake-parquet" eks_security_lake_parquet::EksSecurityLakeParquet::new,
    AksStorage "aks-storage" aks_storage::AksStorage::new,
    AksEventHub "aks-event-hub" aks_event_hub::AksEventHub::new,
    AksEventHubCapture "aks-event-hub-capture" aks_event_hub_capture::AksEventHubCapture::new,
    AksDiagnosticsJson "aks-diagnostics-json" aks_diagnostics_json::AksDiagnosticsJson::new,
    AksDiagnosticsCsv "aks-diagnostics-csv" aks_diagnostics_csv::AksDiagnosticsCsv::new,
    AksAuditJson "aks-audit-json" aks_audit_json::AksAuditJson::new,
    AksAuditRest "aks-audit-rest" aks_audit_rest::AksAuditRest::new,
    AksAuditCsv "aks-audit-csv" aks_audit_csv::AksAuditCsv::new,
    AksAuditAdmin "aks-audit-admin" aks_audit_admin::AksAuditAdmin::new,
    GkeLogEntries "gke-log-entries" gke_log_entries::GkeLogEntries::new,
    GkeYaml "gke-yaml" gke_yaml::GkeYaml::new,
    GkePubsub "gke-pubsub" gke_pubsub::GkePubsub::new,
    GkeBigquery "gke-bigquery" gke_bigquery::GkeBigquery::new,
    GkeSentinel "gke-sentinel" gke_sentinel::GkeSentinel::new,
    GkeFlattened "gke-flattened" flattened::Flattened::entries,
    FluentBit "fluent-bit" fluent_bit::FluentBit::text,
    FluentBitParsed "fluent-bit-parsed" fluent_bit::FluentBit::parsed,
    Fluentd "fluentd" fluentd::Fluentd::text,
    FluentdParsed "fluentd-parsed" fluentd::Fluentd::parsed,
    Filebeat "filebeat" filebeat::Filebeat::new,
    Viaq "viaq" viaq::Viaq::new,
    Flattened "flattened" flattened::Flattened::events,
    Otlp "otlp" otlp::Otlp::new,
    Panther "panther" panther::Panther::new,
    SplunkCsv "splunk-csv" splunk::Splunk::csv,
    SplunkJson "splunk-json" splunk::Splunk::lines,
    SplunkResults "splunk-results" splunk::Splunk::results,
    ElasticsearchSearch "elasticsearch-search" elasticsearch::Elasticsearch::search,
    Elasticdump "elasticdump" elasticsearch::Elasticsearch::dump,
    KibanaCsv "kibana-csv" elasticsearch::Elasticsearch::csv,
    LokiQuery "loki-query" loki::Loki::answer,
    Logcli "logcli" loki::Loki::text,
    LogcliJson "logcli-json" loki::Loki::json,
    Cri "cri" cri::Cri::new,
    Syslog "syslog" syslog::Syslog::new,
    OcNodeLogs "oc-node-logs" oc_node_logs::OcNodeLogs::new,
    Tar "tar" archive::Archive::tar,
    TarGz "tar-gz" archive::Archive::tar_gz,
    Zip "zip" archive::Archive::zip,
    Xz "xz" compressed::Compressed::xz,
    Bz2 "bz2" compressed::Compressed::bz2,
    Lz4 "lz4" compressed::Compressed::lz4,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|format| format.as_str()).collect();
            format!("no format is named {name:?}, try one of: {}", names.join(", "))
        })
    }
}

/// `2026-11-01T13-05-00.000`, as log rotation names files.
fn file_time(micros: i64) -> String {
    let (year, month, day) = civil(micros);
    let (hour, minute) = (hour(micros), micros.rem_euclid(HOUR) / MINUTE);
    let millis = micros.rem_euclid(MINUTE) / 1000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{:02}.{:03}", millis / 1000, millis % 1000)
}

/// `2026/11/01/13`, as many exporters name folders.
fn folders(micros: i64) -> String {
    let (year, month, day) = civil(micros);
    format!("{year:04}/{month:02}/{day:02}/{:02}", hour(micros))
}

/// `name-2026-11-01T13.ext`, for what a person or a shipper saves by the hour.
fn hourly(name: &str, micros: i64, extension: &str) -> PathBuf {
    let (year, month, day) = civil(micros);
    format!("{name}-{year:04}-{month:02}-{day:02}T{:02}.{extension}", hour(micros)).into()
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The JSON of a record that a container takes apart.
fn parsed(record: &str) -> serde_json::Value {
    // Only what the simulator wrote itself comes here.
    serde_json::from_str(record).unwrap_or_default()
}
