//! Three implementations of one detection, compared on generated histories: detect.sql, the second
//! method of `verify`, and a naive, quadratic one in Rust that shares nothing with them, not even
//! what a record matches and counts as. This is what makes an upgrade of DuckDB safe.
//!
//! `KUBETRAWL_HISTORIES` sets how many histories each property looks at.

mod allow;
mod history;
mod naive;
mod properties;
mod tuning;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::hunt::Hunt;
use super::verify::verify;
use super::{Alert, Catalog, HuntParameters, HuntReport, hunt};
use crate::cancel::Cancel;
use crate::decode::AuditEvent;
use crate::detect::allow::Silencer;
use crate::engine::{Engine, EngineFile, EngineOptions, Param};
use crate::lake::Requests;
use crate::lake::writer::{self, MergeLimits, StagedFile};
use crate::normalize::{Defaults, Place, RowBuilder};
use naive::NaiveAlert;

/// A lake of one history, and an engine over it.
struct Bench {
    engine: Engine,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(events: &[AuditEvent<'static>], threads: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let staged = write(events.iter().enumerate(), "all", folder.path());
        let files = staged.into_iter().map(|file| file.path.into()).collect();
        Self::over(files, threads, folder)
    }

    /// The same history in three parts, and their days merged as a compaction does it.
    fn compacted(events: &[AuditEvent<'static>], threads: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut days: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for first in 0..3 {
            let part = events.iter().enumerate().skip(first).step_by(3);
            for file in write(part, &format!("part-{first}"), folder.path()) {
                days.entry(file.event_date).or_default().push(file.path);
            }
        }
        let limits = MergeLimits { batch_rows: 5, file_bytes: 1 << 30 };
        let mut files = Vec::new();
        for (number, paths) in days.values().enumerate() {
            let mut parts = 0;
            let mut name = || {
                parts += 1;
                format!("merged-{number}-{parts}.parquet")
            };
            let merged = writer::merge_day(paths, folder.path(), &mut name, limits).unwrap();
            files.extend(merged.into_iter().map(|file| {
                let requests = file.part.map(Requests::from).unwrap_or_default();
                EngineFile { requests, ..file.path.into() }
            }));
        }
        Self::over(files, threads, folder)
    }

    fn over(files: Vec<EngineFile>, threads: usize, folder: tempfile::TempDir) -> Self {
        let engine = Engine::open(&EngineOptions {
            files,
            memory: 512 << 20,
            threads,
            temp: folder.path().join("spill"),
            temp_limit: None,
        })
        .unwrap();
        Self { engine, _folder: folder }
    }

    fn alerts(&self, parameters: &HuntParameters) -> Vec<Alert> {
        hunt(&self.engine, &rule(), parameters, &Cancel::default()).unwrap().alerts
    }

    /// The whole answer where every read is counted.
    fn counted_in_full(&self, parameters: &HuntParameters) -> HuntReport {
        let (rule, cancel) = (rule(), Cancel::default());
        let mut hunt = Hunt::new(&self.engine, &rule, parameters, &cancel).unwrap();
        let silencer = Silencer::of(parameters).unwrap();
        hunt.read().unwrap();
        if let Some(silencer) = &silencer {
            silencer.read(&mut hunt).unwrap();
        }
        hunt.answer(silencer).unwrap()
    }

    /// How many reads there are, and how many of them are counted.
    fn narrowed(&self, parameters: &HuntParameters) -> (i64, i64) {
        let (rule, cancel) = (rule(), Cancel::default());
        let hunt = Hunt::new(&self.engine, &rule, parameters, &cancel).unwrap();
        let reads = || {
            let mut reads = 0;
            hunt.each("SELECT count(*) AS reads FROM reads", |cells, row| {
                reads = cells.int(row, "reads")?.unwrap_or_default();
                Ok(())
            })
            .unwrap();
            reads
        };
        hunt.read().unwrap();
        let all = reads();
        hunt.narrow().unwrap();
        (all, reads())
    }

    /// The alerts by detect.sql with buckets of another width, and read in portions of so many reads.
    fn alerts_in_buckets(&self, parameters: &HuntParameters, bucket: i64, portion: i64) -> Vec<Alert> {
        let (rule, cancel) = (rule(), Cancel::default());
        let mut hunt = Hunt::new(&self.engine, &rule, parameters, &cancel).unwrap();
        hunt.bind("bucket", Param::Int(bucket));
        hunt.portion = portion;
        hunt.count().unwrap();
        hunt.alerts().unwrap()
    }
}

/// Writes events as files of a lake, with their numbers in the history: of equal stages of a request the first counts.
fn write<'a>(
    events: impl Iterator<Item = (usize, &'a AuditEvent<'static>)>,
    prefix: &str,
    folder: &Path,
) -> Vec<StagedFile> {
    let mut rows = RowBuilder::new();
    for (number, event) in events {
        let place = Place { source_uri: "history", source_record: number as i64, source_offset: 0 };
        rows.append(event, &place, &Defaults::default());
    }
    let mut files = 0;
    let mut name = || {
        files += 1;
        format!("{prefix}-{files}.parquet")
    };
    match rows.rows() {
        0 => Vec::new(),
        _ => {
            let written = writer::write(&rows.finish(), folder, &mut name).unwrap();
            written.into_iter().map(|written| written.file).collect()
        }
    }
}

fn rule() -> super::Rule {
    Catalog::own().unwrap().find("Kubernetes.BulkSecretAccess").unwrap().clone()
}

/// What both can say of an alert.
fn comparable(alert: &Alert) -> NaiveAlert {
    NaiveAlert {
        alert_id: alert.alert_id.clone(),
        crossed_at: alert.crossed_at.clone(),
        first_seen: alert.first_seen.clone(),
        last_seen: alert.last_seen.clone(),
        continuing: alert.continuing,
        high: alert.severity == super::Severity::High,
        peak_distinct: alert.peak_distinct,
        distinct_secrets: alert.distinct_secrets,
        outcomes: [alert.requests, alert.succeeded, alert.denied, alert.failed, alert.unknown],
        lists: [
            alert.cluster_wide_lists,
            alert.cluster_wide_lists_succeeded,
            alert.namespace_lists,
            alert.namespace_lists_succeeded,
        ],
        silenced_by: alert.silenced_by.iter().map(|by| by.entry.parse().unwrap()).collect(),
    }
}

/// Compares all three on one history; what differs, or how many alerts they agree on, and how many
/// of them are silenced.
fn compare(
    bench: &Bench,
    events: &[AuditEvent<'_>],
    parameters: &HuntParameters,
) -> Result<(usize, usize), String> {
    let expected = naive::alerts(events, &rule().rule_id, parameters);
    let found: Vec<NaiveAlert> = bench.alerts(parameters).iter().map(comparable).collect();
    if found != expected {
        return Err(format!("detect.sql found {found:#?}, the reference {expected:#?} with {parameters:?}"));
    }
    let verified = verify(&bench.engine, &rule(), parameters, &Cancel::default()).unwrap();
    if !verified.agrees() {
        return Err(format!("{:#?} with {parameters:?}", verified.differences));
    }
    Ok((expected.len(), expected.iter().filter(|alert| !alert.silenced_by.is_empty()).count()))
}

fn text(text: &str) -> Option<Cow<'static, str>> {
    Some(Cow::Owned(text.to_owned()))
}
