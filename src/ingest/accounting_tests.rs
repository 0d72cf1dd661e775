//! What a lake says of its records after changes that count them again.

use jiff::Timestamp;

use super::tests::{Bench, events};
use super::*;
use crate::lake::Accounting;
use crate::lake::drop::Target;
use crate::progress::Silent;
use crate::sources::path_to_uri;

const KLOG: &[u8] = b"I0619 08:07:21.502238       1 a.go:1] x\n";
const JUNK: &[u8] = b"no JSON\n";

fn told(bench: &Bench) -> Accounting {
    let lake = Lake::open(&bench.lake).unwrap();
    Accounting::of(&lake, &lake.snapshot().unwrap()).unwrap()
}

/// What the same files give that are read once.
fn of_new(bench: &Bench, names: &[&str]) -> Accounting {
    let mut other = Bench::new();
    for name in names {
        std::fs::copy(bench.log(name), other.log(name)).unwrap();
    }
    other.ingest(names);
    told(&other)
}

/// Three files with rejects and other kinds, of which b.log has ten rows of a.log's.
fn three() -> Bench {
    let bench = Bench::new();
    bench.write("a.log", &[&events(0..20), JUNK, KLOG].concat());
    bench.write("b.log", &[&events(10..30), JUNK, JUNK, KLOG].concat());
    bench.write("c.log", &[&events(100..105), JUNK, KLOG, KLOG].concat());
    bench
}

fn source(bench: &Bench, name: &str) -> Target {
    Target::Source(path_to_uri(&bench.log(name)))
}

#[test]
fn it_is_the_sum_of_what_was_read() {
    let mut bench = three();
    bench.ingest(&["a.log"]);
    bench.ingest(&["b.log", "c.log"]);
    let expected = Accounting {
        commits: 2,
        sources: 3,
        records: 22 + 23 + 8,
        rows: 35,
        duplicates: 10,
        rejects: [("not-json".to_owned(), 4)].into(),
        other: [("klog".to_owned(), 4)].into(),
    };
    assert_eq!(told(&bench), expected);
    bench.compact(1 << 30).unwrap();
    assert_eq!(told(&bench), expected);
}

#[test]
fn what_was_taken_back_no_longer_counts() {
    let mut bench = three();
    bench.ingest(&["a.log", "b.log", "c.log"]);
    let target = source(&bench, "b.log");
    bench.drop(&target).unwrap();
    assert_eq!(told(&bench), of_new(&bench, &["a.log", "c.log"]));
    let target = source(&bench, "c.log");
    bench.drop(&target).unwrap();
    assert_eq!(told(&bench), of_new(&bench, &["a.log"]));
    let target = source(&bench, "a.log");
    bench.drop(&target).unwrap();
    assert_eq!(told(&bench), Accounting::default());
}

#[test]
fn what_was_read_again_counts_once() {
    let mut bench = three();
    bench.ingest(&["a.log", "c.log"]);
    let before = told(&bench);
    for names in [vec!["a.log"], vec!["a.log", "c.log"]] {
        bench.now += 1;
        let sources = names.iter().map(|name| bench.log(name).to_str().unwrap().to_owned()).collect();
        let now = Timestamp::from_second(bench.now).unwrap();
        let options = IngestOptions { again: true, ..IngestOptions::new(bench.lake.clone(), sources, now) };
        assert!(run(&options, &Silent, &Cancel::default()).unwrap().removed > 0);
        assert_eq!(Accounting { commits: before.commits, ..told(&bench) }, before);
    }
    assert_eq!(told(&bench).commits, 1);
}
