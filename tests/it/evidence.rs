//! The original records behind an alert, as they are handed to somebody who trusts nobody.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Run, World};

/// One stage of a read of a secret; the events of `n` and `stage` are alike in all tests.
fn event(n: u32, stage: &str) -> Value {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": format!("id-{n}"),
        "stage": stage, "requestURI": format!("/api/v1/namespaces/a/secrets/s{n}"), "verb": "get",
        "user": {"username": "ann"}, "sourceIPs": ["10.0.0.1"], "userAgent": "curl/8 \"é漢\"",
        "objectRef": {"resource": "secrets", "namespace": "a", "name": format!("s{n}"), "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": format!("2026-11-01T10:00:{:02}.000000Z", n % 60),
        "stageTimestamp": format!("2026-11-01T10:00:{:02}.000500Z", n % 60),
    })
}

/// Twenty reads in two stages each, between reads by somebody else that are no evidence.
pub fn log() -> String {
    let mut text = String::new();
    for n in 0..20 {
        let mut bystander = event(100 + n, "ResponseComplete");
        bystander["user"]["username"] = json!(format!("bystander-{n}"));
        for event in [event(n, "RequestReceived"), bystander, event(n, "ResponseComplete")] {
            text.push_str(&event.to_string());
            text.push('\n');
        }
    }
    text
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ingests, hunts, and gives the id of the one alert.
fn alert(world: &World, source: &str) -> String {
    let hunt = ["hunt", source, "--lake", "lake", "--format", "json"];
    let hunt = world.run(&hunt).expect_code(0).json();
    assert_eq!(hunt["alerts"].as_array().map(Vec::len), Some(1), "{hunt}");
    hunt["alerts"][0]["alert_id"].as_str().expect("an id").to_owned()
}

fn evidence(world: &World, alert: &str) -> Run {
    world.run(&["evidence", alert, "--lake", "lake", "--out", "case"])
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

/// The lines of the index, after everything that the folder says of itself was compared with it.
fn verified(world: &World) -> (Value, Vec<(Value, Vec<u8>)>) {
    let case = world.path("case");
    let manifest = json_file(&case.join("manifest.json"));
    assert_eq!(manifest["schema"], "kubetrawl/evidence/2");
    let index = fs::read(case.join("records/index.ndjson")).expect("an index");
    assert_eq!(manifest["index"]["sha256"], sha256(&index));
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for source in manifest["sources"].as_array().expect("sources") {
        let readings = source["readings"].as_array().expect("readings");
        let written = readings.iter().map(|reading| &reading["file"]).chain([&source["lake_file"]]);
        for file in written.filter(|file| !file.is_null()) {
            let name = file["name"].as_str().expect("a name");
            let bytes = fs::read(case.join(name)).expect("a file of records");
            assert_eq!(file["sha256"], sha256(&bytes), "{name}");
            files.insert(name.to_owned(), bytes);
        }
    }
    let on_disk = fs::read_dir(case.join("records")).expect("records").count();
    assert_eq!(on_disk, files.len() + 1, "files that the manifest does not name");
    let lines = String::from_utf8(index).expect("UTF-8");
    let records = lines.lines().map(|line| {
        let entry: Value = serde_json::from_str(line).expect("a line of JSON");
        let number = |name: &str| usize::try_from(entry[name].as_u64().expect(name)).expect("a length");
        let from = number("file_offset");
        let bytes = files[entry["file"].as_str().expect("a file")][from..from + number("length")].to_vec();
        assert_eq!(entry["sha256"], sha256(&bytes));
        (entry, bytes)
    });
    (manifest.clone(), records.collect())
}

/// The original records are these bytes at these offsets of the text, and nothing else.
fn expect_original(text: &str, records: &[(Value, Vec<u8>)]) {
    assert_eq!(records.len(), 40);
    for (entry, bytes) in records {
        assert_eq!(entry["from"], "source");
        let offset = usize::try_from(entry["source_offset"].as_u64().expect("an offset")).expect("usize");
        assert_eq!(&text.as_bytes()[offset..offset + bytes.len()], bytes.as_slice());
        let event: Value = serde_json::from_slice(bytes).expect("the whole record");
        assert_eq!(event["user"]["username"], "ann");
        assert_eq!((&event["auditID"], &event["stage"]), (&entry["audit_id"], &entry["stage"]));
    }
}

#[test]
fn every_stage_is_given_byte_for_byte() {
    let world = World::new();
    let path = world.write("audit.log", log());
    let id = alert(&world, "audit.log");
    let run = evidence(&world, &id[..6]).expect_code(0);
    assert!(run.stderr.contains("secret values included"), "{}", run.stderr);
    let (manifest, records) = verified(&world);
    expect_original(&log(), &records);
    assert_eq!(manifest["alert"]["alert_id"], id.as_str());
    let hash = sha256(&fs::read(path).expect("the log"));
    assert_eq!(manifest["sources"][0]["readings"][0]["sha256"], hash);
    assert_eq!(manifest["sources"][0]["sha256_at_ingest"], json!([hash]));
    assert_eq!(manifest["parameters"]["threshold"], 15);
    assert!(manifest["versions"]["duckdb"].as_str().is_some_and(|version| version.starts_with('v')));
}

#[test]
fn compressed_sources_give_what_was_compressed() {
    let world = World::new();
    let stored = gzip(log().as_bytes());
    world.write("audit.log.gz", &stored);
    let id = alert(&world, "audit.log.gz");
    evidence(&world, &id).expect_code(0);
    let (manifest, records) = verified(&world);
    expect_original(&log(), &records);
    assert_eq!(manifest["sources"][0]["readings"][0]["sha256"], sha256(&stored));
}

#[test]
fn files_in_archives_give_their_own_bytes() {
    let world = World::new();
    let stored = gzip(log().as_bytes());
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in [("logs/readme", b"nothing".as_slice()), ("logs/audit.log.gz", &stored)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name, bytes).expect("a member");
    }
    world.write("all.tar", archive.into_inner().expect("an archive"));
    let id = alert(&world, "all.tar");
    evidence(&world, &id).expect_code(0);
    let (manifest, records) = verified(&world);
    expect_original(&log(), &records);
    let source = &manifest["sources"][0];
    assert!(
        source["uri"].as_str().is_some_and(|uri| uri.ends_with("/all.tar!logs/audit.log.gz")),
        "{source}"
    );
    assert_eq!(source["readings"][0]["sha256"], sha256(&stored));
}

#[test]
fn records_of_one_body_share_its_bytes() {
    let world = World::new();
    let record = |n: u32| {
        json!({
            "category": "kube-audit", "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
            "resourceId": "/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C",
            "time": format!("2026-11-01T10:00:{:02}.000600Z", n % 60),
            "properties": {"log": event(n, "ResponseComplete").to_string(), "stream": "stdout", "pod": "kube-apiserver-0"},
        })
    };
    let body =
        |range: std::ops::Range<u32>| json!({"records": range.map(record).collect::<Vec<_>>()}).to_string();
    let bodies = [body(0..9), body(9..20)];
    world.write("PT1H.json", bodies.join("\n"));
    let id = alert(&world, "PT1H.json");
    evidence(&world, &id).expect_code(0);
    let (manifest, records) = verified(&world);
    assert_eq!((&manifest["original"], &manifest["from_lake"]), (&json!(20), &json!(0)));
    for (n, (entry, bytes)) in records.iter().enumerate() {
        assert_eq!(bytes.as_slice(), bodies[usize::from(n >= 9)].as_bytes(), "{entry}");
    }
    let file = world.path("case").join(records[0].0["file"].as_str().expect("a file"));
    assert_eq!(
        fs::read(file).expect("the records").len(),
        bodies.iter().map(|body| body.len() + 1).sum::<usize>()
    );
}

#[test]
fn what_a_source_no_longer_holds_is_given_from_the_lake_and_named() {
    for (removed, reason) in [(true, "it is gone"), (false, "it has changed")] {
        let world = World::new();
        let kept =
            world.write("logs/b.log", log().lines().skip(30).map(|l| format!("{l}\n")).collect::<String>());
        let lost =
            world.write("logs/a.log", log().lines().take(30).map(|l| format!("{l}\n")).collect::<String>());
        let id = alert(&world, "logs");
        if removed {
            fs::remove_file(&lost).expect("removed");
        } else {
            // The records still stand where they stood; what a bystander did is another now.
            let text = fs::read_to_string(&lost).expect("the log");
            fs::write(&lost, text.replace("bystander-9", "bystander-8")).expect("written");
        }
        let run = evidence(&world, &id).expect_code(4);
        assert!(run.stderr.contains("a.log") && run.stderr.contains(reason), "{}", run.stderr);
        let (manifest, records) = verified(&world);
        assert_eq!((&manifest["original"], &manifest["from_lake"]), (&json!(20), &json!(20)));
        let problems: Vec<&Value> = manifest["sources"]
            .as_array()
            .expect("sources")
            .iter()
            .map(|source| &source["problem"])
            .collect();
        assert!(
            problems[0].as_str().is_some_and(|problem| problem.contains(reason)) && problems[1].is_null()
        );
        for (entry, bytes) in &records {
            let is_lost = entry["source_uri"].as_str().is_some_and(|uri| uri.ends_with("a.log"));
            assert_eq!(entry["from"], if is_lost { "lake" } else { "source" });
            if is_lost {
                let row: Value = serde_json::from_slice(bytes).expect("a row");
                assert_eq!((&row["audit_id"], &row["username"]), (&entry["audit_id"], &json!("ann")));
                assert!(row.get("source_offset").is_some() && row.get("response_code").is_some());
            }
        }
        assert!(kept.exists());
    }
}

/// Lines `range` of the log.
fn part(range: std::ops::Range<usize>) -> String {
    log().lines().skip(range.start).take(range.len()).map(|line| format!("{line}\n")).collect()
}

fn append(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .expect("appended");
}

#[test]
fn a_log_that_has_grown_still_gives_what_was_read_of_it() {
    let later = event(99, "ResponseComplete").to_string() + "\n";
    for (name, before, after) in [
        ("audit.log", log().into_bytes(), later.clone().into_bytes()),
        ("audit.log.gz", gzip(log().as_bytes()), gzip(later.as_bytes())),
    ] {
        let world = World::new();
        let path = world.write(name, &before);
        let id = alert(&world, name);
        append(&path, &after);
        evidence(&world, &id).expect_code(0);
        let (manifest, records) = verified(&world);
        expect_original(&log(), &records);
        let reading = &manifest["sources"][0]["readings"][0];
        assert_eq!(reading["size_at_ingest"], before.len());
        assert_eq!(reading["size"], before.len() + after.len());
        assert_eq!(manifest["sources"][0]["sha256_at_ingest"], json!([sha256(&before)]));
        assert_eq!(reading["sha256"], sha256(&fs::read(path).expect("the log")));
    }
}

#[test]
fn a_log_that_was_read_as_it_grew_and_was_rotated_gives_each_record_once() {
    let world = World::new();
    let ingest = || world.run(&["ingest", "logs", "--lake", "lake"]).expect_code(0);
    let path = world.write("logs/audit.log", part(0..15));
    ingest();
    append(&path, part(15..30).as_bytes());
    ingest();
    fs::rename(&path, world.path("logs/audit-1.log")).expect("rotated");
    // The numbers of these records are those of others in the log before.
    world.write("logs/audit.log", part(30..60));
    ingest();
    let hunt = world.run(&["hunt", "--lake", "lake", "--format", "json"]).expect_code(0).json();
    let id = hunt["alerts"][0]["alert_id"].as_str().expect("an alert").to_owned();
    let run = evidence(&world, &id).expect_code(0);
    assert!(run.stderr.contains("20 records stand in file://"), "{}", run.stderr);
    let (manifest, records) = verified(&world);
    assert_eq!((&manifest["original"], &manifest["from_lake"]), (&json!(40), &json!(0)));
    let ids: std::collections::BTreeSet<String> =
        records.iter().map(|(entry, _)| format!("{} {}", entry["audit_id"], entry["stage"])).collect();
    assert_eq!(ids.len(), 40);
    let readings = manifest["sources"][0]["readings"].as_array().expect("readings");
    let given: Vec<(&str, &Value)> = readings
        .iter()
        .map(|reading| (reading["uri"].as_str().expect("a URI"), &reading["original"]))
        .map(|(uri, original)| (&uri[uri.rfind('/').expect("a path") + 1..], original))
        .collect();
    assert_eq!(given, [("audit.log", &json!(20)), ("audit-1.log", &json!(20))]);

    // Without the rotated one, those of its records come from the lake that the new one has others in place of.
    fs::remove_file(world.path("logs/audit-1.log")).expect("removed");
    fs::remove_dir_all(world.path("case")).expect("removed");
    evidence(&world, &id).expect_code(4);
    let (manifest, records) = verified(&world);
    assert_eq!((&manifest["original"], &manifest["from_lake"], records.len()), (&json!(20), &json!(20), 40));
}

#[test]
fn sources_that_were_moved_are_found_where_from_says() {
    let world = World::new();
    let stored = gzip(log().as_bytes());
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(stored.len() as u64);
    archive.append_data(&mut header, "logs/audit.log.gz", stored.as_slice()).expect("a member");
    let archive = archive.into_inner().expect("an archive");
    for (name, bytes) in [("here/audit.log", log().as_bytes()), ("here/all.tar", archive.as_slice())] {
        let world = World::new();
        world.write(name, bytes);
        let id = alert(&world, name);
        fs::rename(world.path("here"), world.path("there")).expect("moved");
        let run = evidence(&world, &id).expect_code(4);
        assert!(run.stderr.contains("it is gone"), "{}", run.stderr);
        fs::remove_dir_all(world.path("case")).expect("removed");
        let found = ["evidence", &id, "--lake", "lake", "--out", "case", "--from", "there"];
        world.run(&found).expect_code(0);
        expect_original(&log(), &verified(&world).1);
    }
    world.write("saved.log", log());
    world.run_with_input(&["ingest", "-", "--lake", "lake"], log().as_bytes()).expect_code(0);
    let hunt = world.run(&["hunt", "--lake", "lake", "--format", "json"]).expect_code(0).json();
    let id = hunt["alerts"][0]["alert_id"].as_str().expect("an alert");
    let from = |from| world.run(&["evidence", id, "--lake", "lake", "--out", "case", "--from", from]);
    from("saved.log").expect_code(0);
    expect_original(&log(), &verified(&world).1);
    assert!(from("no-such-folder").expect_code(1).stderr.contains("no-such-folder"));
}

#[test]
fn standard_input_is_given_from_the_lake() {
    let world = World::new();
    let ingest = ["ingest", "-", "--lake", "lake"];
    world.run_with_input(&ingest, log().as_bytes()).expect_code(0);
    let hunt = world.run(&["hunt", "--lake", "lake", "--format", "json"]).expect_code(0).json();
    let id = hunt["alerts"][0]["alert_id"].as_str().expect("an alert");
    evidence(&world, id).expect_code(4);
    let (manifest, records) = verified(&world);
    assert_eq!(manifest["from_lake"], 40);
    assert_eq!(manifest["sources"][0]["problem"], "standard input cannot be read again");
    assert!(records.iter().all(|(entry, _)| entry["from"] == "lake"));
}

#[test]
fn the_folder_is_its_owners_and_must_be_empty() {
    let world = World::new();
    world.write("audit.log", log());
    let id = alert(&world, "audit.log");
    world.write("case/notes.txt", "mine");
    let refused = evidence(&world, &id).expect_code(1);
    assert!(refused.stderr.contains("not empty"), "{}", refused.stderr);
    assert_eq!(fs::read_dir(world.path("case")).expect("the folder").count(), 1);
    fs::remove_dir_all(world.path("case")).expect("removed");

    evidence(&world, &id).expect_code(0);
    let mode = |name: &str| fs::metadata(world.path(name)).expect("metadata").permissions().mode() & 0o777;
    assert_eq!((mode("case"), mode("case/records")), (0o700, 0o700));
    for name in ["case/manifest.json", "case/records/index.ndjson", "case/records/00001.original"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    evidence(&world, "ffffffffffffffff").expect_code(1);
    for inside in ["lake", "lake/case", "./lake/../lake/a/b"] {
        let refused = world.run(&["evidence", &id, "--lake", "lake", "--out", inside]).expect_code(2);
        assert!(refused.stderr.contains("outside of the lake"), "{}", refused.stderr);
    }
    assert!(!world.path("lake/case").exists());
}

#[test]
fn the_request_that_a_cut_response_answers_is_evidence_too() {
    let world = World::new();
    let mut text = String::new();
    for n in 0..20 {
        let whole = event(n, "ResponseComplete").to_string();
        let (head, _) = whole.split_once("\"requestReceivedTimestamp\"").expect("its times at the end");
        let received = event(n, "RequestReceived");
        text += &format!("2026-11-01T10:00:{n:02}.300Z {received}\n");
        text += &format!(
            "2026-11-01T10:00:{n:02}.700Z {head}\"responseObject\":{{\"kind\":\"Secr[Truncated...]\n"
        );
    }
    // The same request once more, with the same Audit-ID; nothing answers it, so that it stands for itself.
    let mut repeated = event(0, "RequestReceived");
    repeated["requestReceivedTimestamp"] = json!("2026-11-01T10:00:30.000000Z");
    text += &format!("2026-11-01T10:00:30.100Z {repeated}\n");
    world.write("000000", &text);
    let alert = alert(&world, "000000");
    evidence(&world, &alert).expect_code(0);
    let (manifest, records) = verified(&world);
    assert_eq!(manifest["alert"]["requests"], 21);
    let of = |stage: &str| records.iter().filter(|(entry, _)| entry["stage"] == stage).count();
    assert_eq!((of("RequestReceived"), of("ResponseComplete"), records.len()), (21, 20, 41));
}
