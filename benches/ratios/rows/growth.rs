//! How cost grows: ingests of ever more logs, compactions of lakes of ever more records, and hunts on them. Nothing is
//! compared but a row with the one before it.

use std::path::{Path, PathBuf};

use super::{clear, kubetrawl, text};
use crate::measure::{Sample, run};
use crate::{Bench, cache};

/// Of the logs, in millions of records, about a gigabyte each.
const INGESTS: [u64; 5] = [1, 2, 4, 8, 16];

/// Of the lakes, in millions of records.
const HUNTS: [u64; 4] = [1, 5, 20, 50];

/// Prints both, as far as `most` millions of records, where their names contain the filter. It takes as many gigabytes
/// of the folder, 16 at most: of larger lakes the logs go as soon as they are ingested.
pub fn print(bench: &Bench, filter: &str, most: u64) {
    let within = |steps: &'static [u64]| steps.iter().copied().filter(move |step| *step <= most);
    if "growth of ingests".contains(filter) {
        println!("{}", Sample::header());
        for records in within(&INGESTS) {
            println!("{}", ingest(bench, records).line(&format!("growth of ingests, {records} million")));
        }
    }
    if "growth of hunts".contains(filter) {
        println!("{}", Sample::header());
        let lake = bench.folder.join("growth-lake");
        clear(&lake);
        let mut held = 0;
        for records in within(&HUNTS) {
            let compaction = add(bench, &lake, held + 1..=records);
            held = records;
            println!("{}", compaction.line(&format!("growth of compactions, {records} million")));
            println!("{}", hunt(bench, &lake).line(&format!("growth of hunts, {records} million")));
        }
    }
}

fn ingest(bench: &Bench, records: u64) -> Sample {
    let logs: Vec<PathBuf> = (1..=records).map(|number| million(bench, number)).collect();
    let lake = bench.folder.join("lake");
    let sources: Vec<&str> = logs.iter().map(|logs| text(logs)).collect();
    Sample::median(bench.runs, || {
        clear(&lake);
        logs.iter().for_each(|logs| cache::drop_pages(logs));
        let mut command = kubetrawl(&["ingest", "--lake", text(&lake)]);
        command.args(&sources);
        run(command)
    })
}

/// Cold, as the lake of another day is.
fn hunt(bench: &Bench, lake: &Path) -> Sample {
    Sample::median(bench.runs, || {
        cache::drop_pages(lake);
        run(kubetrawl(&["hunt", "--lake", text(lake), "--format", "json"]))
    })
}

/// Adds these millions of records to a lake; what it takes to compact it then.
fn add(bench: &Bench, lake: &Path, numbers: std::ops::RangeInclusive<u64>) -> Sample {
    for number in numbers {
        let logs = million(bench, number);
        run(kubetrawl(&["ingest", text(&logs), "--lake", text(lake)]));
        if number > INGESTS[INGESTS.len() - 1] {
            clear(&logs);
        }
    }
    run(kubetrawl(&["lake", "compact", "--lake", text(lake)]))
}

/// A million records of 30 days, other ones for each number, made once.
fn million(bench: &Bench, number: u64) -> PathBuf {
    let folder = bench.folder.join(format!("million-{number:02}"));
    if !folder.exists() {
        let arguments = ["--records", "1000000", "--days", "30", "--seed", &number.to_string()];
        let mut command = kubetrawl(&["simulate", "--out", text(&folder)]);
        command.args(arguments);
        run(command);
    }
    folder
}
