//! What drop and compact leave of what was ingested.

use std::fs;

use super::tests::{Bench, copy, event, events};
use super::*;
use crate::lake::LakeError;
use crate::lake::drop::Target;
use crate::lake::writer::ROW_GROUP_ROWS;
use crate::progress::Silent;
use crate::sources::path_to_uri;

fn uri(bench: &Bench, name: &str) -> String {
    path_to_uri(&bench.log(name))
}

fn junk() -> Vec<u8> {
    b"no JSON\n".to_vec()
}

#[test]
fn a_dropped_commit_leaves_the_lake_as_if_it_had_not_been() {
    let mut bench = Bench::new();
    bench.write("a.log", &[events(0..50), junk()].concat());
    bench.write("b.log", &[events(100..170), junk()].concat());
    bench.ingest(&["a.log"]);
    let before = (bench.rows(), bench.rejects());
    bench.ingest(&["b.log"]);
    let report = bench.drop(&Target::Commit(2)).unwrap();
    assert_eq!((report.rows, report.rejects, report.ingest_again.len()), (70, 1, 0));
    assert_eq!((bench.rows(), bench.rejects()), before);
    bench.assert_sound();
    assert!(matches!(bench.drop(&Target::Commit(2)), Err(LakeError::NothingToDrop { .. })));
    assert!(matches!(bench.drop(&Target::Commit(9)), Err(LakeError::NoSuchCommit { .. })));
    let again = bench.ingest(&["a.log", "b.log"]);
    assert_eq!((again.rows, again.skipped.len()), (70, 1));
    bench.assert_sound();
}

#[test]
fn a_duplicate_of_what_is_dropped_comes_back_with_its_source() {
    for order in [["a.log", "b.log"], ["b.log", "a.log"]] {
        let mut bench = Bench::new();
        bench.write("a.log", &events(0..60));
        bench.write("b.log", &events(30..90));
        order.iter().for_each(|name| _ = bench.ingest(&[name]));
        let report = bench.drop(&Target::Source(uri(&bench, "a.log"))).unwrap();
        assert_eq!((report.rows, &report.ingest_again), (60, &vec![uri(&bench, "b.log")]));
        assert_eq!(bench.rows().len(), 30);
        bench.ingest(&["b.log"]);
        let mut alone = Bench::new();
        alone.lake = bench.folder.path().join("alone");
        let sources = vec![bench.log("b.log").to_str().unwrap().to_owned()];
        let now = jiff::Timestamp::from_second(alone.now).unwrap();
        run(&IngestOptions::new(alone.lake.clone(), sources, now), &Silent, &Cancel::default()).unwrap();
        assert_eq!(bench.rows(), alone.rows());
        bench.assert_sound();
    }
}

#[test]
fn rows_of_two_commits_of_one_source_are_not_torn_apart() {
    let mut bench = Bench::new();
    bench.write("a.log", &events(0..10));
    bench.ingest(&["a.log"]);
    bench.write("a.log", &events(200..220));
    bench.ingest(&["a.log"]);
    assert!(matches!(bench.drop(&Target::Commit(1)), Err(LakeError::Shared { .. })));
    assert_eq!(bench.rows().len(), 30);
    assert_eq!(bench.drop(&Target::Source(uri(&bench, "a.log"))).unwrap().rows, 30);
    assert_eq!(bench.rows().len(), 0);
    assert_eq!(bench.ingest(&["a.log"]).rows, 20);
    bench.assert_sound();
}

#[test]
fn compaction_keeps_every_row_in_order_and_old_readers_their_files() {
    let mut bench = Bench::new();
    for part in 0..20 {
        let name = format!("{part}.log");
        bench.write(&name, &events((0..30).map(|n| part * 7 + n * 11)));
        bench.ingest(&[&name]);
    }
    let (rows, before) = (bench.rows(), Lake::open(&bench.lake).unwrap().snapshot().unwrap());
    let report = bench.compact(1 << 30).unwrap();
    assert_eq!((report.days, report.files_after, report.rows), (3, 3, rows.len() as u64));
    assert!(before.files.iter().all(|file| file.path.exists()));
    assert_eq!(bench.rows(), rows);
    bench.assert_sound();
    let after = Lake::open(&bench.lake).unwrap().snapshot().unwrap();
    for file in &after.files {
        let mut merged = 0;
        crate::lake::scan::each_origin(&file.path, &mut |_, _, _| {
            merged += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(merged, file.record.rows);
    }
    assert_eq!(bench.compact(1 << 30).unwrap().commit, None);
    bench.now += 25 * 3600;
    bench.write("late.log", event(5_000).as_bytes());
    bench.ingest(&["late.log"]);
    assert!(before.files.iter().all(|file| !file.path.exists()));
    bench.assert_sound();
}

#[test]
fn faults_in_drop_and_compact_are_made_good_by_the_next_run() {
    let mut bench = Bench::new();
    bench.write("a.log", &[events(0..40), junk()].concat());
    bench.write("b.log", &[events(100..140), junk()].concat());
    bench.ingest(&["a.log", "b.log"]);
    bench.write("c.log", &events(300..310));
    bench.ingest(&["c.log"]);
    let saved = bench.folder.path().join("whole");
    fs::rename(&bench.lake, &saved).unwrap();
    for compacting in [false, true] {
        copy(&saved, &bench.lake);
        let faults = bench.break_at_every_change(&mut |bench| match compacting {
            true => bench.compact(1 << 30).is_ok(),
            false => bench.drop(&Target::Source(uri(bench, "b.log"))).is_ok(),
        });
        eprintln!("{faults} faults in {}", if compacting { "a compaction" } else { "a drop" });
        fs::remove_dir_all(&bench.lake).unwrap();
        fs::remove_dir_all(bench.folder.path().join("saved")).unwrap();
    }
}

/// Of files with several row groups the right rows go, among many with their times.
#[test]
fn rows_far_into_a_file_give_way_to_their_equals() {
    let (mut bench, mut at_once) = (Bench::new(), Bench::new());
    // Of one day, as every third is.
    bench.write("b.log", &events((0..60_000).map(|id| id * 3)));
    bench.write("a.log", &events([3, 89_997, 90_000, 179_994, 179_997]));
    at_once.lake = bench.folder.path().join("at once");
    let sources = ["a.log", "b.log"].map(|name| bench.log(name).to_str().unwrap().to_owned()).to_vec();
    let now = jiff::Timestamp::from_second(at_once.now).unwrap();
    run(&IngestOptions::new(at_once.lake.clone(), sources, now), &Silent, &Cancel::default()).unwrap();
    bench.ingest(&["b.log"]);
    let files = Lake::open(&bench.lake).unwrap().snapshot().unwrap().files;
    assert!(files.iter().any(|file| file.record.rows as usize > ROW_GROUP_ROWS), "{files:?}");
    let report = bench.ingest(&["a.log"]);
    assert_eq!((report.rows, report.duplicates), (0, 5), "{report:?}");
    assert_eq!(bench.rows(), at_once.rows());
    bench.assert_sound();
}
