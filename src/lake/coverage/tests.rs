use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::*;
use crate::ingest::{self, IngestOptions};
use crate::lake::{Lake, Wait};
use crate::progress::Silent;
use crate::sources::PathPattern;

/// One record, of a verb and a resource, in the minute of the day.
fn event(id: &str, minute: i64, verb: &str, resource: &str) -> String {
    let time = Timestamp::from_second(1_793_491_200 + minute * 60).unwrap();
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{id}-{minute}","stage":"ResponseComplete","requestURI":"/api","verb":"{verb}","user":{{"username":"u"}},"objectRef":{{"resource":"{resource}","namespace":"n","name":"x"}},"requestReceivedTimestamp":"{time:.6}"}}"#
    ) + "\n"
}

/// Two days of a record a minute but for a gap, with rejects before and among them.
fn log() -> String {
    let mut log = "not JSON\n".to_owned();
    for minute in (0..2_880).filter(|minute| !(600..640).contains(minute)) {
        log += &match minute {
            1..=3 => event("a", minute, "get", "secrets"),
            4 => event("a", minute, "list", "secrets"),
            _ => event("a", minute, "get", "pods"),
        };
        if minute == 1_500 {
            log += "not JSON either\n";
        }
    }
    log
}

fn ingest(folder: &Path, name: &str, log: &str) -> PathBuf {
    let lake = folder.join("lake");
    let path = folder.join(name);
    fs::write(&path, log).unwrap();
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let mut options = IngestOptions::new(lake.clone(), vec![path.to_str().unwrap().to_owned()], now);
    options.cluster = Some(PathPattern::parse("prod").unwrap());
    ingest::run(&options, &Silent, &Cancel::default()).unwrap();
    lake
}

fn covered(lake: &Path) -> LakeCoverage {
    let snapshot = Lake::open(lake).unwrap().snapshot().unwrap();
    LakeCoverage::read(&snapshot, &Dates::default(), &Cancel::default()).unwrap()
}

/// The same, as though no commit said what its files cover.
fn counted(lake: &Path) -> LakeCoverage {
    let mut snapshot = Lake::open(lake).unwrap().snapshot().unwrap();
    snapshot.files.iter_mut().for_each(|file| file.record.coverage = None);
    LakeCoverage::read(&snapshot, &Dates::default(), &Cancel::default()).unwrap()
}

#[test]
fn days_gaps_and_rejects_are_told_by_stream_and_day() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ingest(folder.path(), "a.log", &log());
    let coverage = covered(&lake);
    let days: Vec<_> = coverage
        .days
        .iter()
        .map(|day| {
            (day.event_date.as_deref().unwrap(), day.counts.records, day.rejects, day.gaps, day.gap_minutes)
        })
        .collect();
    assert_eq!(days, [("2026-11-01", 1_400, 1, 1, 40), ("2026-11-02", 1_440, 1, 0, 0)]);
    let first = &coverage.days[0];
    assert_eq!(first.stream.cluster.as_deref(), Some("prod"));
    assert_eq!((first.counts.secret_gets, first.counts.secret_lists), (3, 1));
    assert_eq!(first.counts.response_complete, 1_400);
    assert_eq!(coverage.gaps.len(), 1);
    let dates = Dates { first: Some("2026-11-02".into()), last: None };
    let snapshot = Lake::open(&lake).unwrap().snapshot().unwrap();
    let later = LakeCoverage::read(&snapshot, &dates, &Cancel::default()).unwrap();
    assert_eq!(later.days, coverage.days[1..]);
}

#[test]
fn what_commits_say_is_what_the_rows_cover_after_every_change() {
    let folder = tempfile::tempdir().unwrap();
    let lake = ingest(folder.path(), "a.log", &log());
    let again = log().replace("\"a-", "\"b-");
    ingest(folder.path(), "b.log", &again);
    ingest(folder.path(), "twice.log", &(log() + &event("c", 5, "get", "secrets")));
    let whole = covered(&lake);
    assert_eq!(whole, counted(&lake));
    let opened = Lake::open(&lake).unwrap();
    assert!(opened.check(&Cancel::default()).unwrap().sound);
    let now = Timestamp::from_second(1_800_000_100).unwrap();
    crate::lake::compact::compact(
        opened.layout(),
        crate::lake::compact::CompactOptions { target: 1 << 30, memory: 512 << 20, threads: 2 },
        now,
        Wait::No,
        &Silent,
        &Cancel::default(),
    )
    .unwrap();
    assert_eq!(covered(&lake), whole);
    assert_eq!(covered(&lake), counted(&lake));
}

#[test]
fn a_file_of_many_streams_is_counted_when_somebody_asks() {
    let mut counting = Counting::default();
    counting.add(&crate::normalize::RowBuilder::new().finish().batch());
    assert_eq!(counting.finish(), FileCoverage::default());
    let streams = (0..65).map(|n| StreamCoverage {
        stream: Stream { cluster: Some(n.to_string()), ..Stream::default() },
        counts: StreamCounts::default(),
    });
    let mut coverage = FileCoverage { streams: streams.collect(), clusters: Vec::new() };
    assert!(!coverage.is_short());
    coverage.streams.pop();
    assert!(coverage.is_short());
}
