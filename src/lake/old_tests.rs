//! Lakes that earlier versions wrote, `tests/lakes/v<format>`: every later version reads them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Lake;
use crate::cancel::Cancel;
use crate::ingest::{self, IngestOptions, Silent};

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

/// How `tests/lakes/v1` was written, by the version that had format 1: needs the right to write to
/// /srv/logs.
#[test]
#[ignore = "writes the lake that the test above reads"]
fn write_the_lake_of_format_1() {
    let logs = Path::new("/srv/logs");
    std::fs::create_dir_all(logs).unwrap();
    for (name, first) in [("a.log", 0), ("b.log", 10)] {
        let event = |n: u32| {
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{n}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/n/secrets/s{n}","verb":"get","user":{{"username":"ann","groups":["g"]}},"sourceIPs":["10.0.0.1"],"objectRef":{{"resource":"secrets","namespace":"n","name":"s{n}","apiVersion":"v1"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"2026-11-01T10:00:{n:02}.000000Z"}}"#
            ) + "\n"
        };
        let junk = if first == 0 { "no JSON\n" } else { "" };
        let text: String = (first..first + 20).map(event).collect();
        std::fs::write(logs.join(name), text + junk).unwrap();
        let sources = vec![logs.join(name).to_str().unwrap().to_owned()];
        let now = Timestamp::from_second(1_795_000_000 + i64::from(first)).unwrap();
        let mut options = IngestOptions::new(kept(1), sources, now);
        options.threads = 1;
        ingest::run(&options, &Silent, &Cancel::default()).unwrap();
        std::fs::remove_file(logs.join(name)).unwrap();
    }
}
