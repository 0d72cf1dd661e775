//! kube-apiserver's own audit.log: JSON Lines, rotated by size.

use std::path::{Path, PathBuf};

use super::{Container, Roll, Source, file_time};
use crate::simulate::call::{Actor, ActorKind, Call, Stage};
use crate::simulate::event;

/// The default of `--audit-log-maxsize` in most installers: 100 MB.
const MAX_SIZE: u64 = 100 * 1024 * 1024;

/// The Events of an API server that no cloud runs.
pub struct ApiServer;

impl Source for ApiServer {
    fn record(&self, call: &Call, stage: Stage) -> Option<String> {
        let extra =
            |actor: &Actor| (actor.kind == ActorKind::ServiceAccount).then(|| event::token_extra(actor));
        Some(event::line(call, stage, extra))
    }
}

pub struct KubeApiserver;

impl KubeApiserver {
    pub fn new(_cluster: &str) -> Self {
        Self
    }
}

impl Container for KubeApiserver {
    fn source(&self) -> &dyn Source {
        &ApiServer
    }

    /// As if somebody had shortened the lines.
    fn cut(&self, kept: &str) -> Option<String> {
        Some(kept.to_owned())
    }

    fn path(&self, _lane: usize, _opened: i64, _part: u32) -> PathBuf {
        "audit.log".into()
    }

    fn rotated(&self, path: &Path, time: i64) -> Option<PathBuf> {
        Some(path.with_file_name(format!("audit-{}.log", file_time(time))))
    }

    fn roll(&self) -> Roll {
        Roll::Size(MAX_SIZE)
    }
}
