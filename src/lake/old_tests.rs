//! Lakes that earlier versions wrote, `tests/lakes/v<format>`: every later version reads them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Lake;
use crate::cancel::Cancel;
use crate::ingest::{self, IngestOptions};
use crate::progress::Silent;

fn kept(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/lakes/v{version}"))
}

#[test]
fn the_lake_of_format_1_is_read() {
    let lake = Lake::open(&kept(1)).unwrap();
    let snapshot = lake.snapshot().unwrap();
    assert_eq!((snapshot.commit, snapshot.rows(), snapshot.sources().len()), (2, 30, 2));
    let rejects: Vec<_> = lake.rejects(&snapshot).map(Result::unwrap).collect();
    assert_eq!((rejects.len(), rejects[0].reason.as_str()), (1, "not-json"));
    let report = lake.check(&Cancel::default()).unwrap();
    assert!(report.sound, "{report:?}");
}

/// What `tests/lakes/v1` holds, written by this version: the same logs into a lake of its own, which was
/// copied there while format 1 was new. A format 2 gets a folder beside it in the same way.
#[test]
fn the_same_logs_still_give_the_same_lake() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    for (name, first) in [("a.log", 0), ("b.log", 10)] {
        let event = |n: u32| {
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{n}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/n/secrets/s{n}","verb":"get","user":{{"username":"ann","groups":["g"]}},"sourceIPs":["10.0.0.1"],"objectRef":{{"resource":"secrets","namespace":"n","name":"s{n}","apiVersion":"v1"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"2026-11-01T10:00:{n:02}.000000Z"}}"#
            ) + "\n"
        };
        let junk = if first == 0 { "no JSON\n" } else { "" };
        let log = folder.path().join(name);
        std::fs::write(&log, (first..first + 20).map(event).collect::<String>() + junk).unwrap();
        let now = Timestamp::from_second(1_795_000_000 + i64::from(first)).unwrap();
        let sources = vec![log.to_str().unwrap().to_owned()];
        ingest::run(&IngestOptions::new(lake.clone(), sources, now), &Silent, &Cancel::default()).unwrap();
    }
    let counts = |lake: &Path| {
        let snapshot = Lake::open(lake).unwrap().snapshot().unwrap();
        snapshot.commits.iter().map(|commit| commit.counts.clone()).collect::<Vec<_>>()
    };
    assert_eq!(counts(&lake), counts(&kept(1)));
    let format = |lake: &Path| std::fs::read_to_string(lake.join("_kubetrawl/format.json")).unwrap();
    assert_eq!(format(&lake), format(&kept(1)));
}
