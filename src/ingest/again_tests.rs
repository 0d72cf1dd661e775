//! Contents that are read once more, with `--again`.

use std::fs;

use jiff::Timestamp;

use super::archive_tests::tar;
use super::tests::{Bench, event, events};
use super::*;
use crate::lake::drop::Target;
use crate::progress::Silent;
use crate::sources::{PathPattern, path_to_uri};

fn again(bench: &mut Bench, names: &[&str], cluster: &str) -> Result<IngestReport, IngestError> {
    bench.now += 1;
    let sources = names.iter().map(|name| bench.log(name).to_str().unwrap().to_owned()).collect();
    let options = IngestOptions {
        again: true,
        cluster: Some(PathPattern::parse(cluster).unwrap()),
        ..IngestOptions::new(bench.lake.clone(), sources, Timestamp::from_second(bench.now).unwrap())
    };
    run(&options, &Silent, &Cancel::default())
}

/// What a clean ingest of the same files gives.
fn clean(bench: &Bench, names: &[&str], cluster: &str) -> (Vec<String>, usize) {
    let mut other = Bench::new();
    other.lake = bench.folder.path().join("clean");
    let sources: Vec<String> =
        names.iter().map(|name| bench.log(name).to_str().unwrap().to_owned()).collect();
    let options = IngestOptions {
        cluster: Some(PathPattern::parse(cluster).unwrap()),
        ..IngestOptions::new(other.lake.clone(), sources, Timestamp::from_second(other.now).unwrap())
    };
    run(&options, &Silent, &Cancel::default()).unwrap();
    let found = (other.rows(), other.rejects().len());
    fs::remove_dir_all(&other.lake).unwrap();
    found
}

fn shape(bench: &Bench) -> (Vec<String>, usize) {
    (bench.rows(), bench.rejects().len())
}

#[test]
fn an_archive_is_read_again_with_every_file_in_it() {
    let mut bench = Bench::new();
    let log = [events(0..50), b"no JSON\n".to_vec()].concat();
    bench.write("all.tar", &tar(&[("x/a.log", log.clone()), ("b.log", events(100..150))]));
    again(&mut bench, &["all.tar"], "wrong").unwrap();
    let report = again(&mut bench, &["all.tar"], "right").unwrap();
    assert_eq!(
        (report.commit, report.rows, report.removed, report.rejected()),
        (Some(2), 100, 100, 1),
        "{report:?}"
    );
    assert_eq!(shape(&bench), clean(&bench, &["all.tar"], "right"));
    assert_eq!(bench.ingest(&["all.tar"]).commit, None);
    bench.assert_sound();
    // One of the files without the archive: it is replaced alone, and with its new name.
    bench.write("a.log", &log);
    let one = again(&mut bench, &["a.log"], "loose").unwrap();
    assert_eq!((one.rows, one.removed), (50, 50), "{one:?}");
    let rows = bench.rows();
    assert_eq!(rows.iter().filter(|row| row.contains("|loose|")).count(), 50);
    assert_eq!(rows.iter().filter(|row| row.contains("|right|")).count(), 50);
    bench.assert_sound();
    // An archive that no longer holds a file would lose its rows.
    bench.write("all.tar", &tar(&[("x/a.log", log)]));
    let lost = again(&mut bench, &["all.tar"], "right");
    assert!(matches!(lost, Err(IngestError::NotAgain { .. } | IngestError::OtherContent { .. })), "{lost:?}");
    assert_eq!(bench.rows(), rows);
    bench.assert_sound();
}

#[test]
fn a_wrong_cluster_is_replaced_as_one_commit() {
    let mut bench = Bench::new();
    bench.write("a.log", &[events(0..50), b"no JSON\n".to_vec()].concat());
    bench.write("b.log", &[events(100..150), b"no JSON\n".to_vec()].concat());
    again(&mut bench, &["a.log", "b.log"], "wrong").unwrap();
    let report = again(&mut bench, &["a.log"], "right").unwrap();
    assert_eq!((report.commit, report.rows, report.removed, report.rejected()), (Some(2), 50, 50, 1));
    let rows = bench.rows();
    assert_eq!(rows.len(), 100);
    assert!(rows.iter().all(|row| row.contains("a.log") == row.contains("|right|")), "{}", rows[0]);
    assert_eq!(bench.rejects().len(), 2);
    bench.assert_sound();
    again(&mut bench, &["a.log", "b.log"], "right").unwrap();
    assert_eq!(shape(&bench), clean(&bench, &["a.log", "b.log"], "right"));
    assert_eq!(bench.ingest(&["a.log", "b.log"]).commit, None);
    bench.assert_sound();
    assert_eq!(bench.drop(&Target::Commit(3)).unwrap().rows, 100);
    bench.assert_sound();
}

#[test]
fn all_that_a_grown_and_rotated_file_gave_is_replaced() {
    let mut bench = Bench::new();
    bench.write("audit.log", &events(0..20));
    bench.ingest(&["audit.log"]);
    bench.write("audit.log", &events(0..30));
    bench.ingest(&["audit.log"]);
    fs::rename(bench.log("audit.log"), bench.log("audit-1.log")).unwrap();
    bench.write("audit-1.log", &events(0..40));
    bench.write("audit.log", &events(40..45));
    bench.ingest(&["audit.log", "audit-1.log"]);
    bench.assert_sound();
    // Its name has another content too, so it cannot be replaced alone.
    let before = shape(&bench);
    let refused = again(&mut bench, &["audit-1.log"], "c");
    let Err(IngestError::OtherContent { uri, commits }) = refused else { panic!("{refused:?}") };
    assert_eq!((uri, commits), (path_to_uri(&bench.log("audit.log")), vec![3]));
    assert_eq!(shape(&bench), before);
    let report = again(&mut bench, &["audit.log", "audit-1.log"], "c").unwrap();
    assert_eq!((report.rows, report.removed), (45, 45));
    assert_eq!(shape(&bench), clean(&bench, &["audit.log", "audit-1.log"], "c"));
    bench.assert_sound();
}

#[test]
fn a_file_that_was_moved_takes_its_rows_along_and_new_files_are_simply_read() {
    let mut bench = Bench::new();
    bench.write("old.log", &events(0..20));
    bench.ingest(&["old.log"]);
    fs::rename(bench.log("old.log"), bench.log("new.log")).unwrap();
    bench.write("more.log", &events(50..60));
    let report = again(&mut bench, &["new.log", "more.log"], "c").unwrap();
    assert_eq!((report.rows, report.removed), (30, 20));
    assert!(bench.rows().iter().all(|row| !row.contains("old.log")));
    bench.assert_sound();
}

#[test]
fn who_lost_a_record_to_what_is_replaced_is_told() {
    let mut bench = Bench::new();
    bench.write("a.log", &events(0..60));
    bench.write("b.log", &events(30..90));
    bench.ingest(&["a.log"]);
    bench.ingest(&["b.log"]);
    let report = again(&mut bench, &["a.log"], "c").unwrap();
    assert_eq!(report.ingest_again, [path_to_uri(&bench.log("b.log"))]);
    assert_eq!(bench.ingest(&["b.log"]).rows, 30);
    assert_eq!(bench.rows().len(), 120, "b.log is of no cluster");
    bench.assert_sound();
}

#[test]
fn what_cannot_be_read_again_keeps_what_it_gave() {
    let mut bench = Bench::new();
    bench.write("a.log", &events(0..20));
    bench.ingest(&["a.log"]);
    let before = shape(&bench);
    let report = again(&mut bench, &["gone.log"], "c").unwrap();
    assert_eq!((report.commit, report.problems.len()), (None, 1));
    assert_eq!(shape(&bench), before);
}

#[test]
fn faults_are_made_good_by_the_next_run() {
    let mut bench = Bench::new();
    bench.write("a.log", &[events(0..40), b"no JSON\n".to_vec()].concat());
    bench.write("b.log", &[event(20).into_bytes(), events(60..70), b"no JSON\n".to_vec()].concat());
    bench.ingest(&["a.log"]);
    bench.ingest(&["b.log"]);
    let faults = bench.break_at_every_change(&mut |bench| again(bench, &["a.log"], "c").is_ok());
    eprintln!("{faults} faults in an ingest that replaces");
}
