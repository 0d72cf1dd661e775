//! The histories that are heavy to count: a hunt (detect.sql, then the evidence), and beside it verify, which
//! counts by detect.sql and by sweep.sql. Memory is the default budget.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{clear, kubetrawl, text};
use crate::Bench;
use crate::measure::{Comparison, answer, run};

/// 2026-11-01T00:00:00Z, in seconds.
const START: i64 = 1_793_491_200;

/// 100 users, each one secret a second for two hours.
pub fn dense(bench: &Bench) -> Option<Comparison> {
    let reads = (0..7_200).flat_map(|second| {
        (0..100).map(move |user| Read {
            micros: second * 1_000_000 + user * 7_919,
            user: format!("user-{user:02}@example.com"),
            secret: second,
        })
    });
    Some(counted(bench, "dense", reads))
}

/// One service account: 5 million reads over 30 days, of 100,000 secrets.
pub fn long(bench: &Bench) -> Option<Comparison> {
    let apart = 30 * 86_400 * 1_000_000 / LONG;
    let reads = (0..LONG).map(|n| Read {
        micros: n * apart,
        user: "system:serviceaccount:backup:agent".to_owned(),
        // A walk over all of them, in no order.
        secret: n * 48_271 % 100_000,
    });
    Some(counted(bench, "long", reads))
}

const LONG: i64 = 5_000_000;

struct Read {
    /// Since START.
    micros: i64,
    user: String,
    secret: i64,
}

fn counted(bench: &Bench, name: &str, reads: impl Iterator<Item = Read>) -> Comparison {
    let lake = bench.folder.join(format!("{name}-lake"));
    if !lake.exists() {
        let logs = bench.folder.join(format!("{name}-logs"));
        std::fs::create_dir_all(&logs).expect("a new folder");
        let log = write(&logs, reads);
        run(kubetrawl(&["ingest", text(&log), "--lake", text(&lake), "--cluster", "prod"]));
        clear(&logs);
    }
    let verify = || kubetrawl(&["verify", "--lake", text(&lake), "--format", "json"]);
    let hunt = || kubetrawl(&["hunt", "--lake", text(&lake), "--format", "json"]);
    let mut comparison = Comparison::alternate(bench.runs, || (), hunt, verify);
    let verified = answer(verify());
    let seconds = &verified["seconds"];
    comparison.note = format!(
        "{} counts and {} alerts agree; reading {:.2} s, detect.sql {:.2} s, sweep.sql {:.2} s",
        verified["counts"],
        verified["alerts"],
        seconds["read"].as_f64().unwrap_or_default(),
        seconds["detect"].as_f64().unwrap_or_default(),
        seconds["recompute"].as_f64().unwrap_or_default()
    );
    comparison
}

/// One get for each read, as kube-apiserver logs it.
fn write(folder: &Path, reads: impl Iterator<Item = Read>) -> PathBuf {
    let path = folder.join("audit.log");
    let mut out = BufWriter::new(File::create(&path).expect("a new file"));
    for (n, read) in reads.enumerate() {
        let (namespace, secret) = (read.secret % 500, read.secret);
        let time = time(read.micros);
        writeln!(
            out,
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{n:032x}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/ns-{namespace}/secrets/secret-{secret}","verb":"get","user":{{"username":"{}","groups":["system:authenticated"]}},"sourceIPs":["10.0.0.1"],"userAgent":"agent/v1","objectRef":{{"resource":"secrets","namespace":"ns-{namespace}","name":"secret-{secret}","apiVersion":"v1"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"{time}","stageTimestamp":"{time}"}}"#,
            read.user
        )
        .expect("room on the disk");
    }
    out.flush().expect("room on the disk");
    path
}

/// RFC 3339 of a time after START, in the same month.
fn time(micros: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(START * 1_000_000 + micros).expect("a time");
    format!("{time:.6}")
}
