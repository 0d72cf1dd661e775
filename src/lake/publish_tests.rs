use std::time::Instant;

use super::super::commit::FileRecord;
use super::super::commit::samples;
use super::super::io::fault::{Fault, KINDS};
use super::super::snapshot::MOVE_WAIT;
use super::*;

const DAY: i64 = 24 * 3600;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn begin(layout: &Layout, now: Timestamp) -> Result<LakeWriter, LakeError> {
    LakeWriter::begin(layout, "ingest", Wait::No, now, &Cancel::default())
}

/// Stages a file and a rejects file, and gives the commit that names them.
fn stage(writer: &LakeWriter, replaced: &[&str]) -> Result<Commit, LakeError> {
    let batch = writer.batch().to_owned();
    let mut commit = samples::commit(writer.commit(CommitKind::Ingest).number, &batch);
    commit.files_added = vec![samples::file(&format!("{batch}-0"), 0, 1)];
    commit.files_replaced = replaced.iter().map(|&path| path.to_owned()).collect();
    commit.rejects = Some(format!("_kubetrawl/rejects/{batch}.ndjson.zst"));
    for name in [format!("{batch}-0.parquet"), format!("{batch}.ndjson.zst")] {
        let path = writer.staging().join(name);
        let mut file = disk::create(&path)?;
        std::io::Write::write_all(&mut file, batch.as_bytes()).map_err(LakeError::io("write", &path))?;
        file.close()?;
    }
    Ok(commit)
}

/// Says why not all files of the commit could be moved.
fn commit_one(layout: &Layout, now: Timestamp) -> Result<Option<String>, LakeError> {
    let done = begin(layout, now)?.change(|writer| stage(writer, &[]).map(Some))?;
    Ok(done.and_then(|done| done.unfinished))
}

fn staged(layout: &Layout) -> usize {
    list(&layout.staging()).unwrap().len()
}

#[test]
fn a_commit_moves_its_files_and_leaves_no_staging() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create_or_open(folder.path()).unwrap();
    assert!(commit_one(&layout, at(0)).unwrap().is_none());
    assert!(commit_one(&layout, at(1)).unwrap().is_none());
    let snapshot = Snapshot::read(&layout).unwrap();
    assert_eq!((snapshot.commit, snapshot.files.len(), staged(&layout)), (2, 2, 0));
    assert!(snapshot.files.iter().all(|file| file.path.starts_with(layout.events())));
    assert_eq!(list(&layout.rejects()).unwrap().len(), 2);
}

#[test]
fn what_is_replaced_goes_with_the_first_write_a_day_later() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create_or_open(folder.path()).unwrap();
    commit_one(&layout, at(0)).unwrap();
    let first = Snapshot::read(&layout).unwrap().files.remove(0);
    let writer = begin(&layout, at(1)).unwrap();
    let mut second = stage(&writer, &[&first.record.path]).unwrap();
    second.created = at(1).as_microsecond();
    assert!(writer.publish(&second).unwrap().is_none());
    let now = Snapshot::read(&layout).unwrap();
    assert_eq!(now.files.iter().map(|f| &f.record).collect::<Vec<&FileRecord>>(), [&second.files_added[0]]);
    begin(&layout, at(DAY)).unwrap().abandon();
    assert!(first.path.exists());
    begin(&layout, at(DAY + 1)).unwrap().abandon();
    assert!(!first.path.exists());
    assert_eq!(Snapshot::read(&layout).unwrap(), now);
}

#[test]
fn a_commit_that_was_not_moved_is_read_from_staging_and_then_moved() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create_or_open(folder.path()).unwrap();
    let writer = begin(&layout, at(0)).unwrap();
    let commit = stage(&writer, &[]).unwrap();
    writer.record(&commit).unwrap();
    drop(writer);
    let before = Snapshot::read(&layout).unwrap();
    assert!(before.files[0].path.starts_with(layout.staging()));
    let started = Instant::now();
    begin(&layout, at(1)).unwrap().abandon();
    assert!(started.elapsed() < MOVE_WAIT, "who moves the files waits for nobody to do it");
    let after = Snapshot::read(&layout).unwrap();
    assert!(after.files[0].path.starts_with(layout.events()));
    assert!(before.files[0].path.exists(), "a reader may still be at it");
    begin(&layout, at(2)).unwrap().abandon();
    assert!(before.files[0].path.exists(), "nor do two writes end it");
    begin(&layout, at(DAY + 1)).unwrap().abandon();
    assert!(!before.files[0].path.exists());
    assert_eq!(staged(&layout), 0);
}

#[test]
fn what_was_staged_goes_where_nothing_is_to_change_or_it_failed() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create_or_open(folder.path()).unwrap();
    let none = begin(&layout, at(0)).unwrap().change(|writer| stage(writer, &[]).map(|_| None));
    assert!(matches!(none, Ok::<_, LakeError>(None)));
    let failed = begin(&layout, at(1)).unwrap().change(|writer| {
        stage(writer, &[])?;
        Err(LakeError::NoSuchCommit { commit: 7 })
    });
    assert!(matches!(failed, Err(LakeError::NoSuchCommit { commit: 7 })));
    assert_eq!((staged(&layout), Snapshot::read(&layout).unwrap()), (0, Snapshot::default()));
}

#[test]
fn an_abandoned_batch_is_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::create_or_open(folder.path()).unwrap();
    let writer = begin(&layout, at(0)).unwrap();
    stage(&writer, &[]).unwrap();
    drop(writer);
    assert_eq!(staged(&layout), 1);
    begin(&layout, at(1)).unwrap().abandon();
    assert_eq!((staged(&layout), Snapshot::read(&layout).unwrap()), (0, Snapshot::default()));
}

/// Every single change to the disk fails, in every way: the lake holds the commit or not, and the next
/// writer brings it into the same state as without.
#[test]
fn a_fault_at_any_change_leaves_all_or_nothing() {
    let (mut struck, mut kept, mut lost) = (0, 0, 0);
    for kind in KINDS {
        for allowed in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let layout = Layout::create_or_open(folder.path()).unwrap();
            let fault = Fault::new(kind, folder.path(), allowed);
            let done = commit_one(&layout, at(0));
            let hit = fault.struck();
            drop(fault);
            let files = Snapshot::read(&layout).unwrap().files.len();
            assert_eq!(files, usize::from(done.is_ok()), "{kind:?} after {allowed} changes: {done:?}");
            begin(&layout, at(1)).unwrap().abandon();
            begin(&layout, at(DAY + 1)).unwrap().abandon();
            let snapshot = Snapshot::read(&layout).unwrap();
            assert_eq!((snapshot.files.len(), staged(&layout)), (files, 0));
            assert!(snapshot.files.iter().all(|file| file.path.starts_with(layout.events())));
            assert_eq!(list(&layout.rejects()).unwrap().len(), files);
            if !hit {
                break;
            }
            struck += 1;
            kept += files;
            lost += 1 - files;
        }
    }
    eprintln!("{struck} faults in a commit: {kept} kept, {lost} lost");
    assert!(struck >= 45 && kept >= 12 && lost >= 24, "{struck} faults: {kept} kept, {lost} lost");
}
