mod redaction;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use jiff::Timestamp;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

use super::*;
use crate::lake::compact::{self, CompactOptions, CompactReport};
use crate::lake::drop::{self, DropReport, Target};
use crate::lake::io::fault::{Fault, KINDS};
use crate::lake::{LakeError, Wait, rejects};
use crate::progress::Silent;

/// A folder with logs and a lake beside it.
pub(super) struct Bench {
    pub folder: tempfile::TempDir,
    pub lake: PathBuf,
    threads: usize,
    memory: u64,
    pub now: i64,
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("logs")).unwrap();
        let lake = folder.path().join("lake");
        Self { folder, lake, threads: 2, memory: 256 << 20, now: 1_700_000_000 }
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join("logs").join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.log(name), bytes).unwrap();
    }

    pub(super) fn try_ingest(&mut self, names: &[&str]) -> Result<IngestReport, IngestError> {
        let sources = names.iter().map(|name| self.log(name).to_str().unwrap().to_owned()).collect();
        self.now += 1;
        let now = Timestamp::from_second(self.now).unwrap();
        let mut options = IngestOptions::new(self.lake.clone(), sources, now);
        (options.threads, options.memory) = (self.threads, self.memory);
        run(&options, &Silent, &Cancel::default())
    }

    pub(super) fn ingest(&mut self, names: &[&str]) -> IngestReport {
        let report = self.try_ingest(names).unwrap();
        let accounted =
            report.rows + report.duplicates + report.rejected() + report.other.values().sum::<u64>();
        assert_eq!(report.records_in, accounted, "{report:?}");
        report
    }

    /// All rows of the lake as text, sorted.
    pub(super) fn rows(&self) -> Vec<String> {
        let snapshot = Lake::open(&self.lake).unwrap().snapshot().unwrap();
        let mut rows = Vec::new();
        for file in &snapshot.files {
            rows.extend(dump(&file.path));
        }
        assert_eq!(rows.len() as u64, snapshot.rows());
        let grown: u64 = snapshot.commits.iter().map(|commit| commit.counts.rows).sum();
        let removed: u64 = snapshot.commits.iter().map(|commit| commit.counts.removed).sum();
        assert_eq!(snapshot.rows(), grown - removed);
        rows.sort();
        rows
    }

    pub(super) fn rejects(&self) -> Vec<rejects::RejectRecord> {
        let lake = Lake::open(&self.lake).unwrap();
        lake.rejects(&lake.snapshot().unwrap()).map(Result::unwrap).collect()
    }

    /// Whether a check finds nothing.
    pub(super) fn assert_sound(&self) {
        let report = Lake::open(&self.lake).unwrap().check(&Cancel::default()).unwrap();
        assert!(report.sound, "{report:?}");
    }

    pub(super) fn drop(&mut self, target: &Target) -> Result<DropReport, LakeError> {
        self.now += 1;
        let now = Timestamp::from_second(self.now).unwrap();
        drop::drop(Lake::open(&self.lake).unwrap().layout(), target, now, Wait::No, &Cancel::default())
    }

    pub(super) fn compact(&mut self, target: u64) -> Result<CompactReport, LakeError> {
        self.now += 1;
        let now = Timestamp::from_second(self.now).unwrap();
        let options = CompactOptions { target, memory: 512 << 20, threads: 2 };
        let lake = Lake::open(&self.lake).unwrap();
        compact::compact(lake.layout(), options, now, Wait::No, &Silent, &Cancel::default())
    }

    pub(super) fn commits(&self) -> u64 {
        Lake::open(&self.lake).unwrap().snapshot().unwrap().commit
    }

    /// Makes every change of the disk that `act` takes fail once in every way. What `act` told as done is done, what
    /// not left all as it was, and the same again gives the lake of a clean run; [`Bench::rows`] and rejects are
    /// compared. Says how many faults that were.
    pub(super) fn break_at_every_change(&mut self, act: &mut dyn FnMut(&mut Self) -> bool) -> u32 {
        let saved = self.folder.path().join("saved");
        copy(&self.lake, &saved);
        let shape = |bench: &Self| (bench.rows(), bench.rejects());
        let before = shape(self);
        assert!(act(self));
        let after = shape(self);
        let mut faults = 0;
        for kind in KINDS {
            for allowed in 0.. {
                fs::remove_dir_all(&self.lake).unwrap();
                copy(&saved, &self.lake);
                let fault = Fault::new(kind, &self.lake, allowed);
                let done = act(self);
                let struck = fault.struck();
                std::mem::drop(fault);
                assert!(
                    shape(self) == if done { after.clone() } else { before.clone() },
                    "{kind:?} {allowed}"
                );
                if !done {
                    assert!(act(self), "{kind:?} {allowed}");
                }
                assert!(shape(self) == after, "{kind:?} {allowed}");
                self.assert_sound();
                if !struck {
                    assert!(allowed > 15, "{allowed}");
                    break;
                }
                faults += 1;
            }
        }
        faults
    }
}

/// A copy of a lake; hard links would share what is written.
pub(super) fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn dump(path: &Path) -> Vec<String> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader.map(Result::unwrap) {
        let options = FormatOptions::default().with_null("NULL");
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column: &std::sync::Arc<dyn Array>| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        let row = |row| columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join("|");
        rows.extend((0..batch.num_rows()).map(row));
    }
    rows
}

pub(super) fn event(id: u64) -> String {
    let (minute, second) = (id / 60 % 60, id % 60);
    let day = 1 + id % 3;
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{id}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/n/secrets/s{id}","verb":"get","user":{{"username":"u{}"}},"sourceIPs":["10.0.0.1"],"objectRef":{{"resource":"secrets","namespace":"n","name":"s{id}","apiVersion":"v1"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"2026-11-0{day}T10:{minute:02}:{second:02}.000001Z","stageTimestamp":"2026-11-0{day}T10:{minute:02}:{second:02}.100001Z"}}"#,
        id % 7
    )
}

pub(super) fn events(ids: impl IntoIterator<Item = u64>) -> Vec<u8> {
    ids.into_iter().flat_map(|id| format!("{}\n", event(id)).into_bytes()).collect()
}

#[test]
fn rows_are_the_same_for_any_number_of_threads_and_any_memory() {
    let mut dumps = Vec::new();
    let shared = tempfile::tempdir().unwrap();
    for name in ["a.log", "b.log", "c.log"] {
        let mut bytes = events((0..6_000).map(|id| if name == "b.log" { id + 5_000 } else { id * 2 }));
        bytes.extend_from_slice(
            b"this is not JSON\n{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\"}\n",
        );
        bytes.extend_from_slice(&events([20_000]));
        fs::write(shared.path().join(name), &bytes).unwrap();
    }
    for (threads, memory) in [(1, 1 << 30), (2, 1 << 30), (4, 1 << 30), (3, 1)] {
        let mut bench = Bench::new();
        (bench.threads, bench.memory) = (threads, memory);
        let mut names = ["a.log", "b.log", "c.log"];
        names.rotate_left(threads % 3);
        let sources =
            names.iter().map(|name| shared.path().join(name).to_str().unwrap().to_owned()).collect();
        let mut options =
            IngestOptions::new(bench.lake.clone(), sources, Timestamp::from_second(bench.now).unwrap());
        (options.threads, options.memory) = (threads, memory);
        let report = run(&options, &Silent, &Cancel::default()).unwrap();
        assert_eq!(report.skipped.len(), 1, "c.log is a.log");
        assert_eq!(report.records_in, 2 * 6_003);
        assert_eq!(report.rejected(), 4);
        let (mut rejects, rows) = (bench.rejects(), bench.rows());
        assert!(rejects.is_sorted());
        rejects.iter_mut().for_each(|reject| reject.source = String::new());
        dumps.push((rows, rejects, report.duplicates, report.rows));
    }
    assert!(dumps.windows(2).all(|pair| pair[0] == pair[1]));
    let numbers: Vec<u64> = dumps[0].1.iter().map(|reject| reject.record).collect();
    assert_eq!(numbers, [6_000, 6_001, 6_000, 6_001]);
}

#[test]
fn the_same_again_changes_nothing() {
    let mut bench = Bench::new();
    bench.write("a.log", &events(0..100));
    bench.write("sub.log", b"");
    bench.write("readme.txt", b"no log\nat all\n");
    let names = ["a.log", "sub.log", "readme.txt"];
    let first = bench.ingest(&names);
    assert_eq!((first.rows, first.not_a_log.len(), first.empty.len()), (100, 1, 1));
    let rows = bench.rows();
    let again = bench.ingest(&names);
    assert_eq!((again.commit, again.records_in, again.skipped.len()), (None, 0, 1));
    assert!(matches!(again.skipped[0].because, SkipReason::Committed(1)));
    assert_eq!((bench.rows(), bench.commits()), (rows, 1));
}

#[test]
fn overlapping_exports_are_stored_once_in_any_order() {
    let parts = [("a.log", 0..60), ("b.log", 30..90), ("c.log", 10..50)];
    let mut results = Vec::new();
    let shared = Bench::new();
    for (name, ids) in &parts {
        shared.write(name, &events(ids.clone()));
    }
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut bench = Bench::new();
        let mut lost = 0;
        for at in order {
            let sources = vec![shared.log(parts[at].0).to_str().unwrap().to_owned()];
            bench.now += 1;
            let now = Timestamp::from_second(bench.now).unwrap();
            let report =
                run(&IngestOptions::new(bench.lake.clone(), sources, now), &Silent, &Cancel::default())
                    .unwrap();
            lost += report.duplicates;
        }
        assert_eq!(lost, 70);
        assert_eq!(bench.commits(), 3);
        results.push(bench.rows());
    }
    assert_eq!(results[0].len(), 90);
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_growing_file_adds_what_is_new() {
    let mut bench = Bench::new();
    bench.write("audit.log", &events(0..50));
    bench.ingest(&["audit.log"]);
    let before = Lake::open(&bench.lake).unwrap().snapshot().unwrap();
    bench.write("audit.log", &events(0..80));
    let grown = bench.ingest(&["audit.log"]);
    assert_eq!((grown.rows, grown.duplicates, grown.records_in), (30, 0, 30));
    let after = Lake::open(&bench.lake).unwrap().snapshot().unwrap();
    assert!(before.files.iter().all(|file| after.files.contains(file)), "nothing is rewritten");
    let mut once = Bench::new();
    fs::copy(bench.log("audit.log"), once.log("audit.log")).unwrap();
    once.ingest(&["audit.log"]);
    let short = |bench: &Bench| -> Vec<String> {
        bench.rows().iter().map(|row| row.replace(bench.folder.path().to_str().unwrap(), "")).collect()
    };
    assert_eq!(short(&once), short(&bench), "numbers and offsets too");
}

#[test]
fn a_broken_stream_is_kept_as_far_as_it_goes_and_completed_later() {
    let mut bench = Bench::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&events(0..20_000)).unwrap();
    let whole = encoder.finish().unwrap();
    bench.write("a.log.gz", &whole[..whole.len() / 2]);
    let half = bench.ingest(&["a.log.gz"]);
    assert!(!half.is_complete() && half.rows > 1_000, "{half:?}");
    let again = bench.ingest(&["a.log.gz"]);
    assert!(!again.is_complete() && again.commit.is_none(), "{again:?}");
    bench.write("a.log.gz", &whole);
    let rest = bench.ingest(&["a.log.gz"]);
    assert!(rest.is_complete());
    assert_eq!(bench.rows().len(), 20_000);
}

#[test]
fn missing_sources_are_told_and_the_rest_is_read() {
    let mut bench = Bench::new();
    bench.write("a.log", &events(0..5));
    let report = bench.ingest(&["a.log", "gone.log"]);
    assert_eq!((report.rows, report.problems.len()), (5, 1));
    let nothing = Bench::new().try_ingest(&["gone.log"]).unwrap();
    assert_eq!((nothing.commit, nothing.problems.len()), (None, 1));
}

#[test]
fn a_stopped_ingest_leaves_the_lake_as_it_was() {
    let bench = Bench::new();
    bench.write("a.log", &events(0..5));
    let sources = vec![bench.log("a.log").to_str().unwrap().to_owned()];
    let cancel = Cancel::default();
    cancel.cancel();
    let options = IngestOptions::new(bench.lake.clone(), sources, Timestamp::from_second(bench.now).unwrap());
    assert!(matches!(run(&options, &Silent, &cancel), Err(IngestError::Cancelled(Stopped))));
    assert_eq!(bench.commits(), 0);
    assert_eq!(fs::read_dir(bench.lake.join("_kubetrawl/staging")).unwrap().count(), 0);
}

/// In an ingest that replaces a committed file.
#[test]
fn a_fault_anywhere_is_made_good_by_the_next_run() {
    let mut bench = Bench::new();
    (bench.threads, bench.memory) = (1, 1);
    bench.write("b.log", &[events(0..40), b"junk\n".to_vec()].concat());
    bench.write("a.log", &[events(20..60), b"more junk\n".to_vec()].concat());
    bench.ingest(&["b.log"]);
    let faults = bench.break_at_every_change(&mut |bench| bench.try_ingest(&["a.log"]).is_ok());
    assert_eq!(bench.commits(), 2);
    eprintln!("{faults} faults in an ingest");
}

/// A content that is in the lake is skipped whatever its name, so its rows keep the name read first.
#[test]
fn equal_content_under_a_smaller_name_changes_nothing() {
    let mut bench = Bench::new();
    bench.write("b.log", &events(0..3));
    bench.write("a.log", &events(0..3));
    bench.ingest(&["b.log"]);
    let rows = bench.rows();
    let report = bench.ingest(&["a.log"]);
    assert_eq!((report.commit, report.skipped.len()), (None, 1));
    assert_eq!(bench.rows(), rows);
}

/// The counts of real files, as an independent script found them. Passed over where
/// `KUBETRAWL_CORPUS` does not name the folder of these files.
#[test]
fn real_files_give_the_rows_they_hold() {
    let Some(corpus) = crate::testing::corpus() else { return };
    let mut bench = Bench::new();
    let kube = corpus.join("kube-apiserver");
    let gke = corpus.join("gke");
    let report = bench.ingest(&[kube.to_str().unwrap()]);
    let records = 2_971 + 100 + 37 + 3 + 1 + 1;
    assert_eq!((report.records_in, report.rows), (records, records), "{report:?}");
    let again = bench.ingest(&[kube.to_str().unwrap()]);
    assert_eq!((again.commit, again.skipped.len()), (None, 6));
    let report = bench.ingest(&[gke.to_str().unwrap()]);
    assert_eq!((report.records_in, report.rows, report.rejected()), (16, 11, 5), "{report:?}");
    assert_eq!(bench.rejects().len(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_split_into_ingests_gives_the_same_rows(
        sources in prop::collection::vec(prop::collection::vec(0..25_u64, 1..20), 1..5),
        cut in 0..5_usize,
        threads in 1..4_usize,
    ) {
        let mut bench = Bench::new();
        bench.threads = threads;
        let names: Vec<String> = (0..sources.len()).map(|n| format!("{n}.log")).collect();
        // A record of its own for each: of sources with equal content only the one that came first is read.
        for (own, (name, ids)) in (100..).zip(names.iter().zip(&sources)) {
            bench.write(name, &events(std::iter::once(own).chain(ids.iter().copied())));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (late, early) = names.split_at(cut.min(names.len()));
        let mut once = Bench::new();
        once.folder = tempfile::tempdir().unwrap();
        once.lake = bench.folder.path().join("other");
        bench.ingest(early);
        bench.ingest(late);
        let sources = names.iter().map(|name| bench.log(name).to_str().unwrap().to_owned()).collect();
        let now = Timestamp::from_second(once.now).unwrap();
        run(&IngestOptions::new(once.lake.clone(), sources, now), &Silent, &Cancel::default()).unwrap();
        if early.is_empty() && late.is_empty() {
            return Ok(());
        }
        prop_assert_eq!(bench.rows(), once.rows());
    }
}
