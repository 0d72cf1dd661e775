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

use super::hunt::Hunt;
use super::verify::verify;
use super::{Alert, Catalog, HuntParameters, hunt};
use crate::cancel::Cancel;
use crate::decode::AuditEvent;
use crate::engine::{Engine, EngineOptions, Param};
use crate::lake::writer;
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
        let mut rows = RowBuilder::new();
        for (number, event) in (0..).zip(events) {
            let place = Place { source_uri: "history", source_record: number, source_offset: 0 };
            rows.append(event, &place, &Defaults::default());
        }
        let mut files = 0;
        let mut name = || {
            files += 1;
            format!("{files}.parquet")
        };
        let staged = match rows.rows() {
            0 => Vec::new(),
            _ => writer::write(&rows.finish(), folder.path(), &mut name).unwrap(),
        };
        let engine = Engine::open(&EngineOptions {
            files: staged.into_iter().map(|written| written.file.path).collect(),
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
