//! What is taken for a log, by its first records: an ingest takes what a preview says it would.

use serde_json::{Value, json};

use super::preview::{SAMPLE_RECORDS, Verdict, preview};
use super::tests::{Bench, event};
use super::*;

/// A page as `aws logs filter-log-events` gives them, of which many may have no event.
fn page(messages: &[String]) -> String {
    let events: Vec<Value> = messages.iter().map(|m| json!({"timestamp": 1, "message": m})).collect();
    json!({"events": events, "searchedLogStreams": []}).to_string()
}

fn lines(line: &str, count: u64) -> String {
    format!("{line}\n").repeat(usize::try_from(count).unwrap())
}

#[test]
fn an_ingest_takes_for_a_log_what_a_preview_does() {
    let mut bench = Bench::new();
    let (event, junk) = (event(1), r#"{"level":"info","msg":"started"}"#);
    let files = [
        ("a-page", page(&[]), Verdict::Empty),
        ("blob", r#"{"records":[]}"#.to_owned(), Verdict::Empty),
        ("list", "[]".to_owned(), Verdict::Empty),
        ("pages", page(&[]).repeat(100), Verdict::Empty),
        ("pages-with-an-event", page(&[]).repeat(2_000) + &page(std::slice::from_ref(&event)), Verdict::Log),
        ("late", lines(junk, SAMPLE_RECORDS - 1) + &event, Verdict::Log),
        ("too-late", lines(junk, SAMPLE_RECORDS) + &event, Verdict::NotALog),
        ("junk", lines(junk, 3), Verdict::NotALog),
    ];
    for (name, text, _) in &files {
        bench.write(name, text.as_bytes());
    }
    let logs = bench.log("").to_str().unwrap().to_owned();
    let options = IngestOptions::new(bench.lake.clone(), vec![logs], jiff::Timestamp::UNIX_EPOCH);
    let previewed = preview(&options, &Cancel::default());
    let report = bench.ingest(&[""]);
    for (name, _, expected) in &files {
        let is = |uri: &String| uri.ends_with(&format!("/{name}"));
        let file = previewed.files.iter().find(|file| is(&file.uri)).unwrap();
        let ingested = match (report.empty.iter().any(is), report.not_a_log.iter().any(is)) {
            (true, false) => Verdict::Empty,
            (false, true) => Verdict::NotALog,
            _ => Verdict::Log,
        };
        assert_eq!((file.verdict, ingested), (*expected, *expected), "{name}");
    }
    assert_eq!((report.sources, report.rows + report.duplicates), (2, 2));
}
