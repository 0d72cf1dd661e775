//! Files in archives are sources like any other.

use std::collections::BTreeSet;
use std::io::Write;

use super::tests::{Bench, event, events};
use super::*;
use crate::ingest::preview::Verdict;
use crate::lake::drop::Target;
use crate::progress::Silent;
use crate::sources::path_to_uri;

pub(super) fn tar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        // Names as no library would write them.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn uri(bench: &Bench, name: &str) -> String {
    let (file, member) =
        name.split_once('!').map_or((name, String::new()), |(file, name)| (file, format!("!{name}")));
    path_to_uri(&bench.log(file)) + &member
}

/// The sources that the lake counts as read, without the folder they are in.
fn sources(bench: &Bench) -> BTreeSet<String> {
    let snapshot = crate::lake::Lake::open(&bench.lake).unwrap().snapshot().unwrap();
    let logs = uri(bench, "");
    snapshot.sources().iter().map(|(_, source)| source.uri.replace(&logs, "")).collect()
}

/// Three logs, one of them compressed and one in an archive of its own, beside what is none.
fn handed_over() -> Vec<u8> {
    let inner = tar(&[("c.log", events(200..300))]);
    gzip(&tar(&[
        ("x/a.log", events(0..100)),
        ("../b.log.gz", gzip(&events(100..200))),
        ("/inner.tar", inner),
        ("readme", b"nothing\n".to_vec()),
        (".hidden", events(900..950)),
    ]))
}

#[test]
fn each_file_in_an_archive_is_a_source_of_its_own() {
    let mut bench = Bench::new();
    bench.write("all.tgz", &handed_over());
    let report = bench.ingest(&["all.tgz"]);
    assert_eq!((report.rows, report.sources, report.problems.len()), (300, 3, 0), "{report:?}");
    assert_eq!(report.not_a_log, [uri(&bench, "all.tgz!readme")]);
    let expected = [
        "all.tgz",
        "all.tgz!../b.log.gz",
        "all.tgz!/inner.tar",
        "all.tgz!/inner.tar!c.log",
        "all.tgz!x/a.log",
    ];
    assert_eq!(sources(&bench), expected.map(String::from).into());
    bench.assert_sound();
    let before = bench.rows();
    let again = bench.ingest(&["all.tgz"]);
    assert_eq!((again.commit, again.skipped.len()), (None, 1), "the archive alone is looked at: {again:?}");
    // The same logs, unpacked.
    bench.write("a.log", &events(0..100));
    bench.write("b.log.gz", &gzip(&events(100..200)));
    let loose = bench.ingest(&["a.log", "b.log.gz"]);
    assert_eq!((loose.commit, loose.skipped.len()), (None, 2));
    assert_eq!(bench.rows(), before);
}

#[test]
fn what_is_dropped_of_an_archive_can_be_read_again() {
    let mut bench = Bench::new();
    bench.write("all.tgz", &handed_over());
    bench.ingest(&["all.tgz"]);
    let before = bench.rows();
    let one = bench.drop(&Target::Source(uri(&bench, "all.tgz!x/a.log"))).unwrap();
    assert_eq!((one.rows, one.sources.len()), (100, 1));
    let again = bench.ingest(&["all.tgz"]);
    assert_eq!((again.rows, again.skipped.len()), (100, 2), "{again:?}");
    assert_eq!(bench.rows(), before);
    let inner = bench.drop(&Target::Source(uri(&bench, "all.tgz!/inner.tar"))).unwrap();
    assert_eq!((inner.rows, inner.sources.len()), (100, 2));
    let all = bench.drop(&Target::Source(uri(&bench, "all.tgz"))).unwrap();
    assert_eq!(all.rows, 200);
    assert!(sources(&bench).is_empty(), "{:?}", sources(&bench));
    assert_eq!(bench.ingest(&["all.tgz"]).rows, 300);
    assert_eq!(bench.rows(), before);
    bench.assert_sound();
}

#[test]
fn an_archive_with_a_file_that_is_known_from_elsewhere_is_not_known_itself() {
    let mut bench = Bench::new();
    bench.write("a.log", &events(0..100));
    bench.ingest(&["a.log"]);
    bench.write("all.tgz", &handed_over());
    let report = bench.ingest(&["all.tgz"]);
    assert_eq!((report.rows, report.skipped.len()), (200, 1));
    bench.drop(&Target::Source(uri(&bench, "a.log"))).unwrap();
    assert_eq!(bench.ingest(&["all.tgz"]).rows, 100);
    bench.assert_sound();
}

#[test]
fn a_damaged_archive_costs_what_is_left_of_it() {
    let mut bench = Bench::new();
    let whole = tar(&[("a.log", events(0..100)), ("b.log", events(100..200)), ("c.log", events(200..300))]);
    bench.write("cut.tar", &whole[..whole.len() / 2]);
    let report = bench.ingest(&["cut.tar"]);
    assert!((100..200).contains(&report.rows), "{report:?}");
    assert!(!report.problems.is_empty());
    bench.assert_sound();
    bench.write("cut.tar", &whole);
    let report = bench.ingest(&["cut.tar"]);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(bench.rows().len(), 300);
    bench.write("no.tar", &tar(&[("a", b"x".to_vec()), ("b", Vec::new())]));
    assert_eq!(bench.ingest(&["no.tar"]).not_a_log, [uri(&bench, "no.tar")]);
    bench.assert_sound();
}

#[test]
fn archives_are_opened_only_so_deep() {
    let mut bench = Bench::new();
    let mut archive = tar(&[("a.log", events(0..10))]);
    for _ in 0..3 {
        archive = tar(&[("deeper.tar", archive), ("b.log", events(10..20))]);
    }
    bench.write("deep.tar", &archive);
    let report = bench.ingest(&["deep.tar"]);
    assert_eq!(report.rows, 10);
    assert!(report.problems[0].message.contains("inside 3 others"), "{report:?}");
}

#[test]
fn paths_in_archives_name_clusters() {
    let bench = Bench::new();
    bench.write("all.tar", &tar(&[("./1111/prod/a.log", events(0..3))]));
    let source = bench.log("all.tar").to_str().unwrap().to_owned();
    let mut options = IngestOptions::new(bench.lake.clone(), vec![source], jiff::Timestamp::UNIX_EPOCH);
    options.cluster = crate::sources::PathPattern::parse("{account}/{cluster}/**").ok();
    run(&options, &Silent, &Cancel::default()).unwrap();
    assert!(bench.rows().iter().all(|row| row.contains("|prod|")));
}

#[test]
fn rows_of_tables_are_numbered() {
    let mut bench = Bench::new();
    let mut csv = b"TimeGenerated [UTC],log_s,Category\n".to_vec();
    for id in 5..7 {
        let cell = event(id).replace('"', "\"\"");
        writeln!(csv, "\"11/22/2026, 10:00:00 AM\",\"{cell}\n\",kube-audit").unwrap();
    }
    csv.extend_from_slice(b"x,{,kube-audit\n");
    bench.write("1.csv", &csv);
    let report = bench.ingest(&["1.csv"]);
    assert_eq!((report.rows, report.rejected()), (2, 1), "{report:?}");
    let rows = bench.rows();
    for (id, file, record, offset) in [(5, "1.csv", 0, 0), (6, "1.csv", 1, 1)] {
        let row = rows.iter().find(|row| row.contains(&format!("|id-{id}|"))).unwrap();
        assert!(row.contains(&format!("{}|{record}|{offset}", uri(&bench, file))), "{row}");
    }
    let reject = &bench.rejects()[0];
    assert_eq!((reject.record, reject.offset), (2, 2));
    // Written to since: read from its start, since rows are not followed.
    writeln!(csv, "x,\"{}\",kube-audit", event(7).replace('"', "\"\"")).unwrap();
    bench.write("1.csv", &csv);
    let grown = bench.ingest(&["1.csv"]);
    assert_eq!((grown.rows, grown.duplicates), (1, 2));
}

#[test]
fn a_preview_tells_what_an_ingest_would_do_and_writes_nothing() {
    let bench = Bench::new();
    bench.write("all.tgz", &handed_over());
    bench.write(
        "a.log",
        &[events(0..3), b"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"user\":{}}\n".to_vec()]
            .concat(),
    );
    bench.write("long.log", &events(0..3_000));
    bench.write("note.txt", b"a note\n");
    bench.write("empty", b"");
    bench.write("cut.gz", &gzip(&events(0..100))[..100]);
    let logs = bench.log("").to_str().unwrap().to_owned();
    let gone = bench.log("gone").to_str().unwrap().to_owned();
    let mut options = IngestOptions::new(bench.lake.clone(), vec![logs, gone], jiff::Timestamp::UNIX_EPOCH);
    options.cluster = crate::sources::PathPattern::parse("prod").ok();
    let found = preview(&options, &Cancel::default());
    assert!(!bench.lake.exists());
    assert_eq!(found.problems.len(), 1);
    let prefix = uri(&bench, "");
    let told: Vec<_> = found
        .files
        .iter()
        .map(|file| (file.uri.replace(&prefix, ""), file.verdict, file.rows, file.records, file.whole))
        .collect();
    let row = |name: &str, verdict, rows, records, whole| (name.to_owned(), verdict, rows, records, whole);
    let expected = [
        row("a.log", Verdict::Log, 3, 4, true),
        row("all.tgz", Verdict::Archive, 0, 0, true),
        row("all.tgz!x/a.log", Verdict::Log, 100, 100, true),
        row("all.tgz!../b.log.gz", Verdict::Log, 100, 100, true),
        row("all.tgz!/inner.tar", Verdict::Archive, 0, 0, true),
        row("all.tgz!/inner.tar!c.log", Verdict::Log, 100, 100, true),
        row("all.tgz!readme", Verdict::NotALog, 0, 1, true),
    ];
    assert_eq!(told[..7], expected);
    let of = |name: &str| found.files.iter().find(|file| file.uri.ends_with(name)).unwrap();
    assert_eq!((of("long.log").records, of("long.log").whole), (preview::SAMPLE_RECORDS, false));
    assert_eq!((of("note.txt").verdict, of("empty").verdict), (Verdict::NotALog, Verdict::Empty));
    assert!(of("cut.gz").problem.as_ref().is_some_and(|problem| problem.contains("gzip")));
    let log = of("/a.log");
    assert_eq!(log.clusters, [Some("prod".to_owned())].into());
    assert_eq!(log.containers, [("kube-apiserver".to_owned(), 4)].into());
    assert_eq!((log.rejects["no-time"].count, log.rejects["no-time"].record), (1, 3));
    assert_eq!(of("!../b.log.gz").forms, ["gzip"]);
    assert!(log.first_time < log.last_time);
}
