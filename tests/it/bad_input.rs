//! Bad input is normal: a clear message or a counted reject, and everything else still ingested.

use std::io::Write;

use serde_json::Value;

use crate::support::World;

pub fn event(n: u32) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{n}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/a/secrets/s{n}","verb":"get","user":{{"username":"ann"}},"sourceIPs":["10.0.0.1"],"objectRef":{{"resource":"secrets","namespace":"a","name":"s{n}","apiVersion":"v1"}},"responseStatus":{{"metadata":{{}},"code":200}},"requestReceivedTimestamp":"2026-11-01T10:00:{:02}.000000Z","stageTimestamp":"2026-11-01T10:00:{:02}.000500Z"}}"#,
        n % 60,
        n % 60
    )
}

fn events(numbers: impl Iterator<Item = u32>) -> String {
    numbers.map(|n| event(n) + "\n").collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// Ingests into a fresh lake and gives the accounting, which always adds up.
pub fn accounting(world: &World, arguments: &[&str], code: i32) -> Value {
    let mut all = vec!["ingest", "--lake", "lake", "--format", "json"];
    all.extend(arguments);
    let report = world.run(&all).expect_code(code).json();
    let number = |name: &str| report[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}"));
    let sum = |name: &str| -> u64 {
        let kinds = report[name].as_object().unwrap_or_else(|| panic!("{name} in {report}"));
        kinds.values().map(|v| v.as_u64().expect("a count")).sum()
    };
    let ends = number("rows") + sum("rejects") + number("duplicates") + sum("other");
    assert_eq!(number("records_in"), ends, "{report}");
    report
}

#[test]
fn a_bad_line_costs_one_line() {
    let world = World::new();
    let mut text = events(0..10);
    text.push_str("not json at all\n");
    text.push_str(&event(10)[..200]);
    text.push('\n');
    text.push_str(&events(11..20));
    world.write("audit.log", text);
    let report = accounting(&world, &["audit.log"], 0);
    assert_eq!(
        report["rows"].as_u64().expect("rows") + report["rejects"].as_object().map_or(0, |r| r.len() as u64),
        21
    );
    assert!(report["rejects"]["not-json"] == 1, "{report}");
}

#[test]
fn a_hole_of_nuls_costs_no_record_but_the_one_it_cuts() {
    let world = World::new();
    let hole = "\0".repeat(100_000);
    let cut = &event(2)[..200];
    let long = "\0".repeat(40 << 20);
    let text = format!("{hole}{}{cut}{long}{}{hole}", events(0..2), events(3..6));
    world.write("audit.log", text);
    let report = accounting(&world, &["audit.log"], 0);
    assert_eq!(
        (&report["rows"], &report["rejects"]),
        (&5.into(), &serde_json::json!({"cut": 1})),
        "{report}"
    );
}

#[test]
fn strict_turns_rejects_into_an_exit_code() {
    let world = World::new();
    world.write("audit.log", events(0..3) + "not json\n");
    accounting(&world, &["audit.log", "--strict"], 4);
}

#[test]
fn each_kind_of_bad_record_has_its_reason() {
    let world = World::new();
    let no_time = event(1).replace("requestReceivedTimestamp", "x").replace("stageTimestamp", "y");
    let wrong_type = event(2).replace(r#""verb":"get""#, r#""verb":{"a":1}"#);
    let bad_time = event(3).replace("2026-11-01T10", "2026-13-41T10");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let nested = event(4).replace(r#"{"metadata":{},"code":200}"#, &deep);
    let stranger = r#"{"kind":"Pod","apiVersion":"v1"}"#;
    let lines = [&event(0), &no_time, &wrong_type, &bad_time, &nested, stranger, &event(9)];
    world.write("audit.log", lines.join("\n"));
    let report = accounting(&world, &["audit.log"], 0);
    let rejects = &report["rejects"];
    for (code, count) in [("no-time", 1), ("wrong-type", 1), ("bad-time", 1), ("not-audit", 1)] {
        assert_eq!(rejects[code], count, "{code} in {report}");
    }
    assert_eq!(report["records_in"], 7, "{report}");
    assert!(report["rows"].as_u64().expect("rows") >= 2, "{report}");
}

#[test]
fn klog_and_logfmt_are_other_by_name() {
    let world = World::new();
    let klog = "I1101 10:00:00.000000       1 server.go:123] Version: v1.31.0\n";
    let logfmt = "time=\"2026-11-01T10:00:00Z\" level=info msg=\"access granted\" arn=x\n";
    world.write("mixed.log", format!("{klog}{}{logfmt}{klog}", events(0..2)));
    let report = accounting(&world, &["mixed.log"], 0);
    assert_eq!(report["other"], serde_json::json!({"klog": 2, "logfmt": 1}));
    assert_eq!(report["rows"], 2);
}

#[test]
fn a_truncated_gzip_keeps_what_came_before_and_is_named() {
    let world = World::new();
    let whole = gzip(events(0..2_000).as_bytes());
    world.write("cut.log.gz", &whole[..whole.len() / 2]);
    world.write("good.log", events(5_000..5_010));
    let run = world.run(&["ingest", "cut.log.gz", "good.log", "--lake", "lake"]).expect_code(4);
    assert!(run.stderr.contains("cut.log.gz"), "{}", run.stderr);
    let again = accounting(&world, &["good.log"], 0);
    assert_eq!(again["rows"], 0, "the whole file was committed before: {again}");
}

#[test]
fn content_decides_and_never_the_name() {
    let world = World::new();
    world.write("plain.gz", events(0..5));
    world.write("zipped.log", gzip(events(5..9).as_bytes()));
    let mut two = gzip(events(9..11).as_bytes());
    two.extend(gzip(events(11..13).as_bytes()));
    world.write("two-members.txt", two);
    world.write("zstd.bin", zstd::encode_all(events(13..20).as_bytes(), 3).expect("in memory"));
    let report = accounting(&world, &["."], 0);
    assert_eq!(report["rows"], 20, "{report}");
}

#[test]
fn standard_input_is_a_source() {
    let world = World::new();
    let run = world.run_with_input(&["hunt", "-", "--format", "json"], events(0..20).as_bytes());
    let hunt = run.expect_code(0).json();
    assert_eq!(hunt["alerts"][0]["username"], "ann");
    assert_eq!(hunt["alerts"][0]["distinct_secrets"], 20);
}

#[test]
fn what_is_no_log_is_named_and_is_no_reject() {
    let world = World::new();
    world.write("logs/notes.txt", "buy milk\nwater plants\n");
    world.write("logs/pods.json", "{\"kind\":\"PodList\",\"items\":[]}\n");
    world.write("logs/empty.log", "");
    world.write("logs/.hidden/audit.log", events(0..3));
    world.write("logs/_delta/audit.log", events(0..3));
    world.write("logs/audit.log", events(3..6));
    let run = world.run(&["ingest", "logs", "--lake", "logs/lake"]).expect_code(0);
    assert!(run.stderr.contains("not a log"), "{}", run.stderr);
    assert!(run.stderr.contains("notes.txt") && run.stderr.contains("pods.json"), "{}", run.stderr);
    let again =
        world.run(&["ingest", "logs", "--lake", "logs/lake", "--format", "json"]).expect_code(0).json();
    assert_eq!(again["records_in"], 0, "the lake itself and known sources are passed by: {again}");
}

#[test]
fn missing_sources_are_named_and_the_rest_is_ingested() {
    let world = World::new();
    world.write("audit.log", events(0..3));
    let run = world.run(&["ingest", "absent.log", "audit.log", "--lake", "lake"]).expect_code(4);
    assert!(run.stderr.contains("absent.log"), "{}", run.stderr);
    world.run(&["ingest", "absent.log", "--lake", "lake2"]).expect_code(1);
    assert!(!run.stderr.contains("backtrace") && !run.stderr.contains("panicked"));
}

#[test]
fn a_very_long_line_costs_one_record_and_no_memory() {
    let world = World::new();
    let path = world.path("long.log");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
    file.write_all(events(0..3).as_bytes()).expect("written");
    file.write_all(b"{\"kind\":\"Event\",\"x\":\"").expect("written");
    let block = vec![b'a'; 1 << 20];
    for _ in 0..300 {
        file.write_all(&block).expect("written");
    }
    file.write_all(b"\"}\n").expect("written");
    file.write_all(events(3..6).as_bytes()).expect("written");
    file.into_inner().expect("flushed");
    let report = accounting(&world, &["long.log"], 0);
    assert_eq!(report["rows"], 6, "{report}");
    assert_eq!(report["rejects"]["too-long"], 1, "{report}");
}
