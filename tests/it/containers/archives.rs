//! Files in archives count as they do outside of them.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::bad_input::accounting;
use crate::evidence::log;
use crate::support::World;

const MIB: usize = 1 << 20;

fn tar(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, name, text.as_bytes()).expect("in memory");
    }
    archive.into_inner().expect("in memory")
}

/// What a lake of these sources says of its coverage and of itself.
fn said(world: &World, lake: &str, sources: &[&str]) -> (Value, Value) {
    let ingest = [&["ingest", "--lake", lake][..], sources].concat();
    world.run(&ingest).expect_code(0);
    let verb = |verb: &[&str]| world.run(&[verb, &["--lake", lake, "--format", "json"]].concat());
    (verb(&["coverage"]).expect_code(0).json(), verb(&["lake", "info"]).expect_code(0).json())
}

#[test]
fn coverage_and_sources_are_counted_as_if_there_were_no_archive() {
    let world = World::new();
    let one = log() + "no JSON\nnor this\n";
    let other = log().replace("\"ann\"", "\"bob\"").replace("\"id-", "\"other-") + "{\"kind\":\"Eve\n";
    world.write("one.log", &one);
    world.write("other.log", &other);
    let inner = tar(&[("x/other.log", &other)]);
    let mut all = tar::Builder::new(tar(&[("one.log", &one)]));
    let mut header = tar::Header::new_gnu();
    header.set_size(inner.len() as u64);
    // Without the two blocks that end an archive, more can follow.
    all.get_mut().truncate(one.len().next_multiple_of(512) + 512);
    all.append_data(&mut header, "inner.tar", inner.as_slice()).expect("in memory");
    world.write("all.tar", all.into_inner().expect("in memory"));
    let (loose, loose_info) = said(&world, "loose", &["one.log", "other.log"]);
    let (archived, archived_info) = said(&world, "archived", &["all.tar"]);
    assert_eq!(archived, loose);
    assert!(loose.to_string().contains("\"rejects\":3"), "{loose}");
    assert_eq!(
        (&archived_info["sources"], &archived_info["rows"]),
        (&loose_info["sources"], &loose_info["rows"])
    );
    // Read once more, and taken back, it leaves no count behind.
    world.run(&["ingest", "all.tar", "--lake", "archived", "--again"]).expect_code(0);
    let again = world.run(&["coverage", "--lake", "archived", "--format", "json"]).expect_code(0).json();
    assert_eq!(again, loose);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// Files of sixteen megabytes of zeros.
fn zip_of_zeros(files: usize) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let zeros = vec![0; 16 * MIB];
    for file in 0..files {
        archive.start_file(format!("{file}.log"), SimpleFileOptions::default()).expect("in memory");
        archive.write_all(&zeros).expect("in memory");
    }
    archive.finish().expect("in memory").into_inner()
}

/// A gzipped tar with so many megabytes of zeros before a log.
fn zeros_before(log: &str, zeros: usize) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for (name, length) in [("0.log", zeros * MIB), ("a.log", log.len())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(length as u64);
        let zeros = std::io::repeat(0).take(length as u64);
        let bytes: Box<dyn Read> = if name == "a.log" { Box::new(log.as_bytes()) } else { Box::new(zeros) };
        archive.append_data(&mut header, name, bytes).expect("in memory");
    }
    archive.into_inner().and_then(GzEncoder::finish).expect("in memory")
}

/// The same in one more archive, which takes the repetition out that one layer leaves.
fn nested(inner: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    let mut header = tar::Header::new_gnu();
    header.set_size(inner.len() as u64);
    archive.append_data(&mut header, "inner.tgz", inner).expect("in memory");
    archive.into_inner().and_then(GzEncoder::finish).expect("in memory")
}

#[test]
fn a_bomb_in_layers_costs_itself_alone() {
    let world = World::new();
    // No layer grows what it gets more than a thousand times; both together grow it a hundred thousand times.
    let zip = zip_of_zeros(96);
    let bomb = gzip(&zip);
    assert!(
        zip.len() > 96 * 16 * MIB / 2_000 && bomb.len() < zip.len() / 10,
        "{} in {}",
        zip.len(),
        bomb.len()
    );
    world.write("logs/zip.gz", bomb);
    let tgz = zeros_before(&log(), 1_536);
    let nested = nested(&tgz);
    assert!(
        tgz.len() > 1_536 * MIB / 2_000 && nested.len() < tgz.len() / 10,
        "{} in {}",
        tgz.len(),
        nested.len()
    );
    world.write("logs/nested.tgz", nested);
    world.write("logs/good.log", log());
    let report = accounting(&world, &["logs"], 4);
    assert_eq!(report["rows"], 60, "{report}");
    let problems = report["problems"].as_array().expect("problems");
    for source in ["zip.gz", "nested.tgz"] {
        let is_told = |problem: &Value| {
            let text = |key: &str| problem[key].as_str().unwrap_or_default();
            text("uri").contains(source) && text("message").contains("bomb")
        };
        assert!(problems.iter().any(is_told), "{report}");
    }
}

#[test]
fn a_source_that_became_a_bomb_is_read_again_no_further() {
    let world = World::new();
    let cut = format!("{{\"kind\":\"Event\",\"x\":\"{}\n", "y".repeat(2 * MIB));
    let log = log() + &cut;
    world.write("case.tgz", nested(&zeros_before(&log, 1)));
    let hunt = world.run(&["hunt", "case.tgz", "--lake", "lake", "--format", "json"]).expect_code(0).json();
    let alert = hunt["alerts"][0]["alert_id"].as_str().expect("an alert").to_owned();
    world.write("case.tgz", nested(&zeros_before(&log, 1_536)));
    let again = world.run(&["lake", "reingest-rejects", "--lake", "lake", "--format", "json"]).json();
    assert_eq!((&again["tried"], &again["lost"]), (&1.into(), &1.into()), "{again}");
    world.run(&["evidence", &alert, "--lake", "lake", "--out", "case"]).expect_code(4);
    let manifest = std::fs::read_to_string(world.path("case/manifest.json")).expect("a manifest");
    assert!(manifest.contains("bomb"), "{manifest}");
}
