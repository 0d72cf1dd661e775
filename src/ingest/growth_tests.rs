//! Files that are ingested again after they grew, were rotated, cut or rewritten.

use std::fs;

use jiff::Timestamp;

use super::tests::{Bench, event, events};
use super::*;
use crate::progress::Silent;
use crate::sources::path_to_uri;

fn how(report: &IngestReport) -> Vec<&Change> {
    report.changed.iter().map(|changed| &changed.how).collect()
}

/// `now` of a bench lies before the time of every file here: its files are being written. This is a
/// time at which they no longer are.
fn much_later(bench: &mut Bench) {
    bench.now = Timestamp::now().as_second() + 3_600;
}

#[test]
fn a_partial_last_line_waits_for_its_rest() {
    let mut bench = Bench::new();
    let whole = events(0..20);
    for cut in [whole.len() - 1, whole.len() - 30, whole.len() - 400] {
        let name = format!("{cut}.log");
        bench.write(&name, &whole[..cut]);
        let first = bench.ingest(&[&name]);
        let complete = cut == whole.len() - 1;
        assert_eq!((first.rejected(), first.waiting.len()), (0, usize::from(!complete)), "{first:?}");
        assert_eq!(first.records_in, if complete { 20 } else { 19 });
        let again = bench.ingest(&[&name]);
        assert_eq!((again.commit, again.records_in), (None, 0));
        bench.write(&name, &events(0..25));
        let rest = bench.ingest(&[&name]);
        assert_eq!(how(&rest).len(), 1);
        // A complete record without an end of line is read again: more could have followed on its line.
        assert_eq!(rest.records_in, 6, "{rest:?}");
        bench.assert_sound();
        let uri = path_to_uri(&bench.log(&name));
        bench.drop(&crate::lake::drop::Target::Source(uri)).unwrap();
        assert_eq!(bench.rows().len(), 0);
    }
}

#[test]
fn a_partial_line_that_stays_is_taken_as_it_is() {
    let mut bench = Bench::new();
    bench.write("a.log", &[events(0..5), event(6).into_bytes()[..40].to_vec()].concat());
    assert_eq!(bench.ingest(&["a.log"]).records_in, 5);
    much_later(&mut bench);
    let rest = bench.ingest(&["a.log"]);
    assert_eq!((rest.records_in, rest.rejected() + rest.rows), (1, 1), "{rest:?}");
    let again = bench.ingest(&["a.log"]);
    assert_eq!((again.commit, again.skipped.len()), (None, 1));
    bench.assert_sound();
}

/// A copy that was not complete, and the same file when it is.
#[test]
fn a_whole_record_takes_the_place_of_what_was_left_of_it() {
    let header = "TenantId,RequestReceivedTime,AuditId,Verb,RequestUri,Stage,User,ObjectRef,ResponseStatus\n";
    let row = r#"t,2026-11-02T03:00:05.123Z,id-0,get,/api/v1/namespaces/n/secrets/s0,ResponseComplete,"{""username"":""eve""}","{""resource"":""secrets"",""namespace"":""n"",""name"":""s0""}","{""code"":200}""#;
    let whole = format!("{header}{row}\n").into_bytes();
    let cut = whole[..whole.len() - 80].to_vec();
    for names in [["cut.csv", "whole.csv"], ["b-cut.csv", "a-whole.csv"], ["same.csv", "same.csv"]] {
        let mut bench = Bench::new();
        bench.write(names[0], &cut);
        assert_eq!(bench.ingest(&[names[0]]).rows, 1);
        bench.write(names[1], &whole);
        let report = bench.ingest(&[names[1]]);
        assert_eq!((report.rows, report.duplicates), (0, 1), "{names:?}");
        let rows = bench.rows();
        assert!(rows.len() == 1 && rows[0].contains("{\"code\":200}"), "{names:?}: {rows:?}");
        bench.assert_sound();
        // And the other way around it stays.
        if names[0] != names[1] {
            let mut bench = Bench::new();
            bench.write(names[1], &whole);
            bench.ingest(&[names[1]]);
            bench.write(names[0], &cut);
            assert_eq!(bench.ingest(&[names[0]]).duplicates, 1);
            assert!(bench.rows()[0].contains(names[1]), "{names:?}");
        }
    }
}

#[test]
fn rotation_truncation_and_rewriting_are_told() {
    let mut bench = Bench::new();
    bench.write("audit.log", &events(0..30));
    bench.ingest(&["audit.log"]);
    fs::rename(bench.log("audit.log"), bench.log("audit-1.log")).unwrap();
    bench.write("audit-1.log", &events(0..40));
    bench.write("audit.log", &events(40..45));
    let rotated = bench.ingest(&["audit.log", "audit-1.log"]);
    let old = path_to_uri(&bench.log("audit.log"));
    assert_eq!(how(&rotated), [&Change::Renamed(old), &Change::Truncated]);
    assert_eq!((rotated.records_in, rotated.rows, rotated.duplicates), (15, 15, 0));
    bench.write("audit.log", &events(100..140));
    let rewritten = bench.ingest(&["audit.log"]);
    assert_eq!((how(&rewritten), rewritten.rows), (vec![&Change::Rewritten], 40));
    bench.assert_sound();
}

#[test]
fn growth_in_many_steps_gives_the_rows_of_one_reading() {
    let mut bench = Bench::new();
    let text = [events(0..200), b"junk in the middle\n".to_vec(), events(200..400)].concat();
    let mut end = 1_000;
    while end < text.len() {
        bench.write("a.log", &text[..end]);
        bench.ingest(&["a.log"]);
        end += 7_919;
    }
    bench.write("a.log", &text);
    bench.ingest(&["a.log"]);
    bench.assert_sound();
    let mut once = Bench::new();
    once.lake = bench.folder.path().join("once");
    let sources = vec![bench.log("a.log").to_str().unwrap().to_owned()];
    let now = Timestamp::from_second(once.now).unwrap();
    run(&IngestOptions::new(once.lake.clone(), sources, now), &Silent, &Cancel::default()).unwrap();
    assert_eq!(bench.rows(), once.rows());
    assert_eq!(bench.rejects(), once.rejects());
}

fn pretty(id: u64) -> String {
    let value: serde_json::Value = serde_json::from_str(&event(id)).unwrap();
    format!("{value:#}\n")
}

fn data_message(id: u64) -> String {
    let (group, stream) = ("/aws/eks/prod/cluster", "kube-apiserver-audit-1");
    let events = serde_json::json!([{"id": "1", "timestamp": 1_793_491_200_000_i64 + id as i64, "message": event(id)}]);
    serde_json::json!({"messageType": "DATA_MESSAGE", "logGroup": group, "logStream": stream, "logEvents": events}).to_string()
}

/// An event as a container runtime logs it, a hundred bytes at a time.
fn pieces(id: u64) -> String {
    let event = event(id);
    let mut pieces: Vec<String> = event
        .as_bytes()
        .chunks(100)
        .map(|piece| format!("2026-11-02T00:00:01Z stdout P {}\n", String::from_utf8_lossy(piece)))
        .collect();
    let last = pieces.pop().unwrap_or_default().replace("stdout P", "stdout F");
    pieces.concat() + &last
}

/// The audit ids of all rows, sorted.
fn ids(bench: &Bench) -> Vec<String> {
    let id = |row: &String| row.split('|').find(|cell| cell.starts_with("id-")).unwrap_or(row).to_owned();
    let mut ids: Vec<String> = bench.rows().iter().map(id).collect();
    ids.sort();
    ids
}

#[test]
fn whatever_is_cut_anywhere_is_whole_once_it_has_grown() {
    let list = |events: &[String]| {
        format!(r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{}]}}"#, events.join(","))
    };
    let events: Vec<String> = (0..4).map(event).collect();
    let array: Vec<String> = (0..4).map(pretty).collect();
    let forms = [
        ("joined", events.concat()),
        ("joined-line", events.concat() + "\n"),
        ("pretty", (0..4).map(pretty).collect()),
        ("pretty-array", format!("[\n{}]\n", array.join(","))),
        ("envelope", list(&events) + "\n"),
        ("messages", (0..4).map(data_message).collect()),
        ("pieces", (0..4).map(pieces).collect()),
    ];
    let expected: Vec<String> = (0..4).map(|id| format!("id-{id}")).collect();
    for (form, text) in forms {
        for cut in
            (1..text.len()).step_by(61).chain(text.match_indices('\n').map(|(at, _)| at + 1).step_by(9))
        {
            let mut bench = Bench::new();
            bench.write("a.log", &text.as_bytes()[..cut]);
            let first = bench.ingest(&["a.log"]);
            bench.write("a.log", text.as_bytes());
            let second = bench.ingest(&["a.log"]);
            assert_eq!(ids(&bench), expected, "{form} cut at {cut}: {first:?} {second:?}");
            assert_eq!(first.rejected() + second.rejected(), 0, "{form} cut at {cut}: {first:?} {second:?}");
        }
    }
}

#[test]
fn a_bad_record_in_a_closed_envelope_makes_no_others_wait() {
    let mut bench = Bench::new();
    let items = format!(
        r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{},{{"kind":"Event"}},{}]}}"#,
        event(1),
        event(2)
    );
    bench.write("a.log", items.as_bytes());
    let report = bench.ingest(&["a.log"]);
    assert_eq!((report.rows, report.rejected(), report.waiting.len()), (2, 1, 0), "{report:?}");
}

#[test]
fn nothing_waits_in_a_lake_that_is_read_into_once() {
    let bench = Bench::new();
    bench.write("a.log", &events(0..5)[..2_000]);
    let sources = vec![bench.log("a.log").to_str().unwrap().to_owned()];
    let options = IngestOptions::new(bench.lake.clone(), sources, Timestamp::from_second(bench.now).unwrap());
    let report = run(&IngestOptions { once: true, ..options }, &Silent, &Cancel::default()).unwrap();
    assert!(report.waiting.is_empty() && report.records_in == report.rows + report.rejected(), "{report:?}");
}

#[test]
fn watching_adds_what_is_written_until_it_is_stopped() {
    let bench = Bench::new();
    bench.write("a.log", &events(0..10));
    let folder = bench.log("").to_str().unwrap().to_owned();
    let options = IngestOptions::new(bench.lake.clone(), vec![folder], Timestamp::now());
    let (cancel, clock) = (Cancel::default(), Timestamp::now);
    let every = std::time::Duration::from_millis(20);
    let mut records = Vec::new();
    watch(&options, &Watch { every, clock: &clock }, &Silent, &cancel, &mut |report| {
        records.push(report.records_in);
        match records.len() {
            1 => bench.write("a.log", &events(0..25)),
            2 => bench.write("b.log", &events(30..34)),
            _ => cancel.cancel(),
        }
    })
    .unwrap();
    assert_eq!(records, [10, 15, 4]);
    bench.assert_sound();
}
