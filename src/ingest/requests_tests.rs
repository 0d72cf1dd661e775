//! What the lake knows of requests, through all that can happen to it: the view `requests` is the same as over files of
//! which nothing is known.

use proptest::prelude::*;

use super::tests::{Bench, event};
use crate::cancel::Cancel;
use crate::engine::{Cells, Engine, EngineError, EngineFile, EngineOptions, FLOOR, RESERVED};
use crate::lake::drop::Target;
use crate::lake::{Lake, LakeFile, Requests};
use crate::sources::path_to_uri;

/// A request: its resource, its source and its record there.
type Request = (Option<String>, Option<String>, Option<i64>);

const STAGES: [&str; 4] = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];

/// A record of one of few requests: a stage of it, told once or twice, and now and then by another audit id.
fn record() -> impl Strategy<Value = String> {
    (0..8_u64, 0..4_usize, 0..3_u32, 0..6_u8, prop::bool::weighted(0.2)).prop_map(
        |(request, stage, instant, resource, repeated)| {
            let stage_time = format!(".{}00001Z\"}}", instant + 1);
            let text =
                event(request).replace(".100001Z\"}", &stage_time).replace("ResponseComplete", STAGES[stage]);
            let text = match resource {
                0 => text.replace("secrets", "configmaps"),
                1 => without_resource(&text),
                _ => text,
            };
            if repeated { text.replace("\"id-", "\"other-") } else { text }
        },
    )
}

fn without_resource(event: &str) -> String {
    let (head, rest) = event.split_once("\"objectRef\":").unwrap();
    let (_, tail) = rest.split_once("},").unwrap();
    format!("{head}{tail}").replace("/api/v1/namespaces/n/secrets/", "/healthz/")
}

/// What happens to a lake.
#[derive(Debug, Clone)]
enum Change {
    Ingest(Vec<String>),
    Compact(u64),
    /// One of the sources.
    Drop(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => prop::collection::vec(record(), 1..25).prop_map(Change::Ingest),
        2 => prop::sample::select(&[1_u64, 1 << 30][..]).prop_map(Change::Compact),
        1 => (0..4_usize).prop_map(Change::Drop),
    ]
}

/// The requests in some files: their resource and where they stand.
fn requests(bench: &Bench, files: Vec<EngineFile>) -> Vec<Request> {
    requests_where(bench, files, "true")
}

/// As [`requests`], those that a condition in SQL leaves.
fn requests_where(bench: &Bench, files: Vec<EngineFile>, condition: &str) -> Vec<Request> {
    let options = EngineOptions {
        files,
        memory: RESERVED + FLOOR,
        threads: 1,
        temp: bench.folder.path().join("spill"),
        temp_limit: Some(0),
    };
    let mut found = Vec::new();
    Engine::open(&options)
        .unwrap()
        .query(
            &format!(
                "SELECT resource, source_uri, source_record FROM requests WHERE {condition} ORDER BY ALL"
            ),
            &[],
            &Cancel::default(),
            |batch| {
                let cells = Cells::new(batch);
                for row in 0..cells.rows() {
                    let text = |name| cells.text(row, name);
                    found.push((text("resource")?, text("source_uri")?, cells.int(row, "source_record")?));
                }
                Ok::<_, EngineError>(())
            },
        )
        .unwrap();
    found
}

fn files(bench: &Bench) -> Vec<LakeFile> {
    Lake::open(&bench.lake).unwrap().snapshot().unwrap().files
}

fn make(bench: &mut Bench, number: usize, change: &Change) {
    match change {
        Change::Ingest(records) => {
            let name = format!("{number}.log");
            bench.write(
                &name,
                records.iter().flat_map(|r| format!("{r}\n").into_bytes()).collect::<Vec<u8>>().as_slice(),
            );
            bench.ingest(&[&name]);
        }
        Change::Compact(target) => {
            bench.compact(*target).unwrap();
        }
        // A source that never was, or is gone already, leaves the lake as it is.
        Change::Drop(source) => {
            let _ = bench.drop(&Target::Source(path_to_uri(&bench.log(&format!("{source}.log")))));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_of_requests_changes_none(
        first in prop::collection::vec(record(), 5..40),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let mut bench = Bench::new();
        make(&mut bench, 0, &Change::Ingest(first));
        for (number, change) in (1..).zip(&changes) {
            make(&mut bench, number, change);
            let files = files(&bench);
            let known: Vec<EngineFile> = files.iter().map(EngineFile::from).collect();
            let unknown = files.iter().map(|file| EngineFile::from(file.path.clone())).collect();
            let of_all = requests(&bench, unknown);
            for (condition, resource) in [
                ("resource = 'secrets'", Some("secrets")),
                ("resource = 'configmaps'", Some("configmaps")),
                ("resource IS NULL", None),
            ] {
                let expected: Vec<Request> =
                    of_all.iter().filter(|request| request.0.as_deref() == resource).cloned().collect();
                prop_assert_eq!(requests_where(&bench, known.clone(), condition), expected);
            }
            prop_assert_eq!(requests(&bench, known), of_all);
        }
    }
}

#[test]
fn a_compaction_tells_the_requests_for_secrets_apart() {
    let stages = |ids: std::ops::Range<u64>, stage: &str| -> Vec<u8> {
        ids.flat_map(|id| format!("{}\n", event(id).replace("ResponseComplete", stage)).into_bytes())
            .collect()
    };
    let mut bench = Bench::new();
    bench.write("begun.log", &stages(0..30, "RequestReceived"));
    bench.write("done.log", &stages(0..21, "ResponseComplete"));
    bench.ingest(&["begun.log"]);
    bench.ingest(&["done.log"]);
    assert!(files(&bench).iter().all(|file| file.requests == Requests::Unknown));
    bench.compact(1 << 30).unwrap();
    let rows = |bench: &Bench, what: Requests| -> u64 {
        files(bench).iter().filter(|file| file.requests == what).map(|file| file.record.rows).sum()
    };
    assert_eq!((rows(&bench, Requests::Latest), rows(&bench, Requests::Superseded)), (30, 21));
    // What comes later to one of the three days can supersede what is there.
    bench.write("late.log", &stages(27..28, "ResponseComplete"));
    bench.ingest(&["late.log"]);
    assert_eq!((rows(&bench, Requests::Latest), rows(&bench, Requests::Superseded)), (20, 21));
    // What superseded others may be gone from all days.
    bench.drop(&Target::Source(path_to_uri(&bench.log("done.log")))).unwrap();
    assert_eq!((rows(&bench, Requests::Latest), rows(&bench, Requests::Superseded)), (0, 0));
    bench.compact(1 << 30).unwrap();
    assert_eq!((rows(&bench, Requests::Latest), rows(&bench, Requests::Superseded)), (30, 1));
    bench.assert_sound();
}

#[test]
fn a_day_of_one_file_is_told_apart_too_and_then_left() {
    let mut bench = Bench::new();
    bench.write("a.log", event(0).as_bytes());
    bench.ingest(&["a.log"]);
    assert_eq!(bench.compact(1 << 30).unwrap().days, 1);
    assert!(files(&bench).iter().all(|file| file.requests == Requests::Latest));
    assert_eq!(bench.compact(1 << 30).unwrap().commit, None);
    bench.assert_sound();
}

#[test]
fn where_too_much_happened_at_once_nothing_is_told_apart() {
    let at_once = |ids: std::ops::Range<u64>| -> Vec<u8> {
        let record = |id: u64| event(0).replace("id-0", &format!("id-{id}")) + "\n";
        ids.flat_map(|id| record(id).into_bytes()).collect()
    };
    let mut bench = Bench::new();
    bench.write("a.log", &at_once(0..1_500));
    bench.write("b.log", &at_once(1_500..3_000));
    bench.ingest(&["a.log"]);
    bench.ingest(&["b.log"]);
    bench.compact(1 << 30).unwrap();
    let files = files(&bench);
    assert!(files.iter().all(|file| file.requests == Requests::Unknown));
    assert_eq!(requests(&bench, files.iter().map(EngineFile::from).collect()).len(), 3_000);
    bench.assert_sound();
}
