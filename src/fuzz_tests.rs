//! What the fuzz targets check, on their seeds, on what they found before, and on changes of both: fuzzing that needs no
//! fuzzer. `fuzz/` runs the same checks under libFuzzer.

#[path = "../fuzz/src/lib.rs"]
mod checks;

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// The inputs of a check: `fuzz/seeds/<target>`, and `fuzz/cases/<target>` with what fuzzing found.
fn inputs(target: &str) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    for folder in ["fuzz/seeds", "fuzz/cases"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(target);
        paths.extend(folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()));
    }
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// One change of some bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// Copies a part to another place.
    Copy(Index, usize, Index),
    Cut(Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match self {
            Self::Set(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Set(..) => {}
            Self::Insert(at, new) => {
                let at = place(at, bytes);
                bytes.splice(at..at, new.iter().copied());
            }
            Self::Remove(at, length) => {
                let at = place(at, bytes);
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Self::Copy(from, length, to) => {
                let (from, to) = (place(from, bytes), place(to, bytes));
                let part = bytes[from..(from + length).min(bytes.len())].to_vec();
                bytes.splice(to..to, part);
            }
            Self::Cut(at) => bytes.truncate(place(at, bytes)),
        }
    }
}

/// What JSON, CSV and audit logs are made of.
const WORDS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\\"",
    "\\",
    ",",
    ":",
    "\n",
    "\r\n",
    "null",
    "1e9",
    "\u{feff}",
    "}{\"",
    "[Truncated...]",
    "\"kind\":\"Secret\"",
    "\"data\":",
    "\\u0000",
    "\"auditID\":\"",
    "/",
    ".",
    "v1",
    "eyJhbGciOiJub25lIn0.e30.",
];

fn change() -> impl Strategy<Value = Change> {
    let new = prop_oneof![
        proptest::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 1..8),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), new).prop_map(|(at, new)| Change::Insert(at, new)),
        (any::<Index>(), 1..64_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<Index>(), 1..64_usize, any::<Index>())
            .prop_map(|(from, length, to)| Change::Copy(from, length, to)),
        any::<Index>().prop_map(Change::Cut),
    ]
}

#[test]
fn every_seed_and_every_case_holds() {
    for (target, check) in checks::CHECKS {
        let inputs = inputs(target);
        assert!(!inputs.is_empty(), "{target} has no seed");
        inputs.iter().for_each(|input| check(input));
    }
}

#[test]
fn changed_seeds_hold_too() {
    for (target, check) in checks::CHECKS {
        let seeds = inputs(target);
        let changed = (proptest::sample::select(seeds), proptest::collection::vec(change(), 1..12)).prop_map(
            |(mut bytes, changes)| {
                changes.iter().for_each(|change| change.apply(&mut bytes));
                bytes
            },
        );
        // The same changes in every run: new ones are for the fuzzer.
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, rng);
        if let Err(failure) = runner.run(&changed, |bytes| {
            check(&bytes);
            Ok(())
        }) {
            panic!("{target}: {failure}");
        }
    }
}
