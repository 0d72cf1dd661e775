//! The containers that logs are written in. A further one is a file here and a line in [`Format`].

mod aks;
mod aks_event_hub;
mod aks_storage;
mod eks_cloudwatch_export;
mod gke_log_entries;
mod kube_apiserver;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::call::{Call, Stage};
use super::clock::{HOUR, MINUTE};

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
pub struct Framing {
    /// Before the first record of a message.
    pub open: &'static str,
    /// After a record that another one of the same message follows.
    pub between: &'static str,
    /// After the last record of a message.
    pub close: &'static str,
    /// A message is closed once it holds so many bytes; 0 where each record is one.
    pub message_bytes: usize,
}

impl Framing {
    /// Records that are lines.
    pub const LINES: Self = Self { open: "", between: "", close: "\n", message_bytes: 0 };
}

/// How one container writes records and names its files.
pub trait Container: Sync {
    /// The record of a call at a stage, with marks (`template::mark`) for what changes; None
    /// where this container's log has no such record.
    fn record(&self, call: &Call, stage: Stage) -> Option<String>;

    /// The number of files written at the same time: streams, log names.
    fn lanes(&self) -> usize {
        1
    }

    /// The lane of a call's records, less than [`Self::lanes`].
    fn lane(&self, _call: &Call) -> usize {
        0
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

    fn framing(&self) -> Framing {
        Framing::LINES
    }

    /// Whether files are gzip even if nobody asks for it. The path then ends in `.gz` already.
    fn gzip(&self) -> bool {
        false
    }

    /// Small files that an export holds besides the log: path and content.
    fn extras(&self) -> Vec<(PathBuf, &'static str)> {
        Vec::new()
    }
}

/// The containers by the name that `--format` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    KubeApiserver,
    EksCloudwatchExport,
    AksStorage,
    AksEventHub,
    GkeLogEntries,
}

impl Format {
    pub const ALL: [Self; 5] = [
        Self::KubeApiserver,
        Self::EksCloudwatchExport,
        Self::AksStorage,
        Self::AksEventHub,
        Self::GkeLogEntries,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::KubeApiserver => "kube-apiserver",
            Self::EksCloudwatchExport => "eks-cloudwatch-export",
            Self::AksStorage => "aks-storage",
            Self::AksEventHub => "aks-event-hub",
            Self::GkeLogEntries => "gke-log-entries",
        }
    }

    /// The container of a cluster of this name.
    pub fn container(self, cluster: &str) -> Box<dyn Container> {
        match self {
            Self::KubeApiserver => Box::new(kube_apiserver::KubeApiserver),
            Self::EksCloudwatchExport => Box::new(eks_cloudwatch_export::EksCloudwatchExport::new(cluster)),
            Self::AksStorage => Box::new(aks_storage::AksStorage::new(cluster)),
            Self::AksEventHub => Box::new(aks_event_hub::AksEventHub::new(cluster)),
            Self::GkeLogEntries => Box::new(gke_log_entries::GkeLogEntries::new(cluster)),
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.as_str() == name).ok_or_else(|| {
            format!("no format is named {name:?}, try one of: {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

/// `2026-11-01T13-05-00.000`, as log rotation names files.
fn file_time(micros: i64) -> String {
    let (year, month, day) = super::clock::civil(micros);
    let (hour, minute) = (super::clock::hour(micros), micros.rem_euclid(HOUR) / MINUTE);
    let millis = micros.rem_euclid(MINUTE) / 1000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{:02}.{:03}", millis / 1000, millis % 1000)
}
