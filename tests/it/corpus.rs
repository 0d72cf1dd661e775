//! Real log files, with the counts an independent script gave.

use serde_json::Value;

use crate::bad_input::accounting;
use crate::support::{World, corpus};

fn count(report: &Value, name: &str) -> u64 {
    match &report[name] {
        Value::Number(n) => n.as_u64().expect("a count"),
        Value::Object(kinds) => kinds.values().map(|v| v.as_u64().expect("a count")).sum(),
        other => panic!("{name}: {other}"),
    }
}

/// File, rows, rejects.
const FILES: &[(&str, u64, u64)] = &[
    ("kube-apiserver/immudb-k8s.log", 2_971, 0),
    ("kube-apiserver/openshift-audit_in.log", 100, 0),
    ("kube-apiserver/audit2rbac-demo.log", 37, 0),
    ("kube-apiserver/rbac-tool-01.json", 3, 0),
    ("kube-apiserver/crowdsec-pod-exec.log", 1, 0),
    ("kube-apiserver/crowdsec-priv-pod.log", 1, 0),
    ("aks/eventhub-records.json", 22, 0),
    ("aks/eventhub-one-record-bom.json", 1, 0),
    ("aks/unwrapped-event-pretty-bom.json", 1, 0),
    ("gke/logentries.jsonl", 11, 5),
];

#[test]
fn every_file_gives_its_counts() {
    let Some(corpus) = corpus() else { return };
    for (file, rows, rejects) in FILES {
        let world = World::new();
        let path = corpus.join(file);
        let report = accounting(&world, &[path.to_str().expect("UTF-8")], 0);
        let duplicates = count(&report, "duplicates");
        assert_eq!(count(&report, "rows") + duplicates, *rows, "rows of {file}: {report}");
        assert_eq!(count(&report, "rejects"), *rejects, "rejects of {file}: {report}");
    }
}

#[test]
fn admission_reviews_never_become_rows() {
    let Some(corpus) = corpus() else { return };
    let world = World::new();
    let path = corpus.join("not-audit/admissionreview.jsonl");
    let run = world.run(&["ingest", path.to_str().expect("UTF-8"), "--lake", "lake"]).expect_code(0);
    assert!(run.stderr.contains("not a log"), "{}", run.stderr);
}

#[test]
fn the_corpus_alerts_on_nobody_and_says_what_was_excluded() {
    let Some(corpus) = corpus() else { return };
    let world = World::new();
    let hunt =
        world.run(&["hunt", corpus.to_str().expect("UTF-8"), "--format", "json"]).expect_code(0).json();
    assert_eq!(hunt["alerts"], serde_json::json!([]));
    let exclusions = hunt["summary"]["exclusions"].as_array().expect("exclusions");
    let reads: u64 = exclusions.iter().map(|e| e["reads"].as_u64().expect("a count")).sum();
    assert!(reads > 0, "{}", hunt["summary"]);
}
