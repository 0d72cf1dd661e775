//! kube-apiserver's own audit.log: JSON Lines, rotated by size.

use std::path::{Path, PathBuf};

use super::{Container, Roll, file_time};
use crate::simulate::call::{ActorKind, Call, Stage};
use crate::simulate::event;

/// The default of `--audit-log-maxsize` in most installers: 100 MB.
const MAX_SIZE: u64 = 100 * 1024 * 1024;

pub struct KubeApiserver;

impl Container for KubeApiserver {
    fn record(&self, call: &Call, stage: Stage) -> Option<String> {
        let extra = |actor: &_| match actor {
            a @ crate::simulate::call::Actor { kind: ActorKind::ServiceAccount, .. } => {
                Some(event::token_extra(a))
            }
            _ => None,
        };
        Some(event::line(call, stage, extra))
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
