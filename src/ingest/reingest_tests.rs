//! Rejects that a newer program can read.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::archive_tests::tar;
use super::super::tests::{Bench, event, events};
use super::super::{IngestOptions, run};
use super::*;
use crate::decode::{Reject, RejectCode, RejectReason};
use crate::hash::sha256;
use crate::lake::Accounting;
use crate::lake::drop::Target;
use crate::lake::rejects::RejectRecord;
use crate::progress::Silent;
use crate::sources::{PathPattern, path_to_uri};

/// A verb that cannot be read stands for an event that an older program could not read; so long that the text of
/// the event keeps its length, also with escaped quotes.
const SHOWN: &str = r#""verb":"get""#;
const HIDDEN: &str = r#""verb":[   ]"#;
const HIDDEN_IN_TEXT: &str = r#""verb":[     ]"#;

fn hidden(id: u64) -> String {
    event(id).replacen(SHOWN, HIDDEN, 1) + "\n"
}

/// Makes of what was ingested what an older program would have left: the rejects are those of the
/// records, and the files hold them as they are.
fn upgrade(bench: &Bench, names: &[&str]) {
    let mut frames = HashMap::new();
    for name in names {
        let before = fs::read_to_string(bench.log(name)).unwrap();
        let after: String = before.split_inclusive('\n').map(shown).collect();
        assert_eq!(before.len(), after.len());
        for (before, after) in before.lines().zip(after.lines()) {
            frames.insert(sha256(before), after.to_owned());
        }
        fs::write(bench.log(name), after).unwrap();
    }
    renew(bench, &frames);
}

/// Makes the rejects those of these texts, which are told by the hashes of what was ingested.
fn renew(bench: &Bench, texts: &HashMap<String, String>) {
    let snapshot = Lake::open(&bench.lake).unwrap().snapshot().unwrap();
    for (_, relative) in snapshot.rejects() {
        let path = bench.lake.join(relative);
        let old: Vec<RejectRecord> = rejects::read(&path).unwrap().map(Result::unwrap).collect();
        let mut file = RejectWriter::new(&path);
        for reject in old {
            file.write(&renewed(reject, texts)).unwrap();
        }
        file.finish().unwrap();
    }
}

/// A line with what was hidden in it, also in base64.
fn shown(line: &str) -> String {
    let Some((head, rest)) = line.split_once("\"data\":\"") else {
        return line.replacen(HIDDEN, SHOWN, 1);
    };
    let (data, tail) = rest.split_once('"').unwrap();
    let data = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
    let data = data.replace(&HIDDEN_IN_TEXT.replace('"', "\\\""), &SHOWN.replace('"', "\\\""));
    format!("{head}\"data\":\"{}\"{tail}", STANDARD.encode(data))
}

fn renewed(reject: RejectRecord, frames: &HashMap<String, String>) -> RejectRecord {
    let text = reject.text.clone().unwrap_or_default();
    if !text.contains(HIDDEN) && !text.contains(HIDDEN_IN_TEXT) {
        return reject;
    }
    let text = match frames.get(&reject.sha256) {
        Some(line) => line.clone(),
        None => text.replacen(HIDDEN_IN_TEXT, SHOWN, 1),
    };
    let reason = RejectReason { code: RejectCode::NotAudit, detail: "an older program".into() };
    let bytes = Reject { reason, bytes: text.as_bytes() };
    let mut new = RejectRecord::new(&reject.source, reject.record, reject.offset, &bytes);
    new.part = reject.part;
    if let Some(part) = &mut new.part {
        part.sha256 = sha256(&frames[&part.sha256]);
    }
    new
}

/// Two files with hidden events among others and among junk; one hidden event stands in both files, and one of
/// b.log is a visible one of a.log.
fn prepared() -> Bench {
    let mut bench = Bench::new();
    let a = [events(0..20), hidden(20).into(), b"no JSON\n".to_vec(), hidden(21).into(), events(22..30)];
    let b = [events(100..105), hidden(20).into(), hidden(3).into(), hidden(105).into(), b"junk\n".to_vec()];
    bench.write("a.log", &a.concat());
    bench.write("b.log", &b.concat());
    bench.ingest(&["a.log"]);
    bench.ingest(&["b.log"]);
    assert_eq!((bench.rows().len(), bench.rejects().len()), (33, 7));
    upgrade(&bench, &["a.log", "b.log"]);
    bench.assert_sound();
    bench
}

fn again(bench: &mut Bench) -> Result<ReingestReport, IngestError> {
    bench.now += 1;
    let now = Timestamp::from_second(bench.now).unwrap();
    let options = ReingestOptions { memory: 1 << 28, now, wait: Wait::No };
    reingest(&Lake::open(&bench.lake).unwrap(), options, &Cancel::default())
}

/// The rows that a clean ingest of the same files gives.
fn clean(bench: &Bench, names: &[&str], options: impl Fn(IngestOptions) -> IngestOptions) -> Vec<String> {
    let mut other = Bench::new();
    other.lake = bench.folder.path().join("clean");
    for name in names {
        let source = vec![bench.log(name).to_str().unwrap().to_owned()];
        let now = Timestamp::from_second(other.now).unwrap();
        run(&options(IngestOptions::new(other.lake.clone(), source, now)), &Silent, &Cancel::default())
            .unwrap();
    }
    let rows = other.rows();
    fs::remove_dir_all(&other.lake).unwrap();
    rows
}

#[test]
fn what_can_be_read_now_leaves_the_rejects_and_nothing_is_twice() {
    let mut bench = prepared();
    let report = again(&mut bench).unwrap();
    let expected = ReingestReport {
        commit: Some(3),
        tried: 7,
        read: 5,
        from_source: 5,
        records: 5,
        rows: 3,
        duplicates: 2,
        left: 2,
        ..ReingestReport::default()
    };
    assert_eq!(report, expected);
    assert_eq!(bench.rows(), clean(&bench, &["a.log", "b.log"], |options| options));
    let left: Vec<_> = bench.rejects().into_iter().map(|reject| reject.text.unwrap()).collect();
    assert_eq!(left, ["no JSON", "junk"]);
    bench.assert_sound();
    let lake = Lake::open(&bench.lake).unwrap();
    let told = Accounting::of(&lake, &lake.snapshot().unwrap()).unwrap();
    let expected = Accounting {
        commits: 3,
        sources: 2,
        records: 31 + 9,
        rows: 36,
        duplicates: 2,
        rejects: [("not-json".to_owned(), 2)].into(),
        other: BTreeMap::new(),
    };
    assert_eq!(told, expected);
    let second = again(&mut bench).unwrap();
    assert_eq!((second.commit, second.tried, second.read, bench.commits()), (None, 2, 0, 3));
    assert!(bench.ingest(&["a.log"]).commit.is_some(), "its content is another than was ingested");
    assert_eq!(bench.rows().len(), 36);
    bench.assert_sound();
}

#[test]
fn what_was_kept_stands_in_for_a_source_that_is_gone_or_has_changed() {
    for changed in [false, true] {
        let mut bench = prepared();
        let expected = clean(&bench, &["a.log", "b.log"], |options| options);
        for name in ["a.log", "b.log"] {
            if changed {
                bench.write(name, &events(500..560));
            } else {
                fs::remove_file(bench.log(name)).unwrap();
            }
        }
        let report = again(&mut bench).unwrap();
        assert_eq!((report.read, report.from_source, report.left, report.lost), (5, 0, 2, 0));
        assert_eq!(bench.rows(), expected);
        bench.assert_sound();
        assert_eq!(again(&mut bench).unwrap().commit, None);
    }
}

#[test]
fn a_line_in_pieces_is_put_together_again() {
    let text = |hidden: &str, visible: &str| {
        let [(a, b), (c, d)] = [hidden, visible].map(|event| event.trim_end().split_at(200));
        let lines = [("stdout P", a), ("stderr P", c), ("stderr F", d), ("stdout F", b)];
        lines.map(|(tag, piece)| format!("2026-11-22T10:00:01.5Z {tag} {piece}\n")).concat()
    };
    let line = |event: &str| format!("2026-11-22T10:00:01.5Z stdout P {}", event.trim_end());
    let (before, after) = (hidden(1), event(1));
    let frames = [text(&before, &event(2)), text(&after, &event(2))];
    let mut bench = Bench::new();
    bench.write("a.log", frames[0].as_bytes());
    bench.ingest(&["a.log"]);
    assert_eq!((bench.rows().len(), bench.rejects().len()), (1, 1));
    bench.write("a.log", frames[1].as_bytes());
    let frames = frames.each_ref().map(|frame| frame.trim_end());
    let texts = [(sha256(frames[0]), frames[1].to_owned()), (sha256(line(&before)), line(&after))];
    renew(&bench, &texts.into());
    let report = again(&mut bench).unwrap();
    assert_eq!((report.read, report.from_source, report.rows, report.left), (1, 1, 1, 0));
    assert_eq!(bench.rows(), clean(&bench, &["a.log"], |options| options));
    bench.assert_sound();
}

#[test]
fn rejects_of_files_in_archives_are_read_there_again() {
    let log = [events(0..20), hidden(20).into(), b"no JSON\n".to_vec(), events(21..22)].concat();
    let archive = tar(&[("x/a.log", log), ("b.log", events(100..105))]);
    for gone in [false, true] {
        let mut bench = Bench::new();
        bench.write("all.tar", &archive);
        bench.ingest(&["all.tar"]);
        assert_eq!((bench.rows().len(), bench.rejects().len()), (26, 2));
        upgrade(&bench, &["all.tar"]);
        let expected = clean(&bench, &["all.tar"], |options| options);
        if gone {
            fs::remove_file(bench.log("all.tar")).unwrap();
        }
        let report = again(&mut bench).unwrap();
        assert_eq!((report.read, report.from_source, report.left), (1, u64::from(!gone), 1), "{report:?}");
        assert_eq!(bench.rows(), expected);
        bench.assert_sound();
        assert_eq!(again(&mut bench).unwrap().commit, None);
    }
}

#[test]
fn rows_have_what_was_said_of_their_source_and_are_marked_where_values_were_masked() {
    let body = r#""requestObject":{"kind":"Secret","stringData":{"p":"planted-secret"}},"requestReceived"#;
    let secret = event(7).replacen("\"requestReceived", body, 1);
    for gone in [false, true] {
        let mut bench = Bench::new();
        bench.write(
            "a.log",
            &[events(0..3), secret.replacen(SHOWN, HIDDEN, 1).into(), b"\n".to_vec()].concat(),
        );
        let source = vec![bench.log("a.log").to_str().unwrap().to_owned()];
        let now = Timestamp::from_second(bench.now).unwrap();
        let with =
            |options| IngestOptions { cluster: Some(PathPattern::parse("prod-7").unwrap()), ..options };
        let options = with(IngestOptions::new(bench.lake.clone(), source, now));
        run(&options, &Silent, &Cancel::default()).unwrap();
        upgrade(&bench, &["a.log"]);
        let kept = bench.rejects();
        assert!(!kept[0].text.as_ref().unwrap().contains("planted"), "{kept:?}");
        let expected = clean(&bench, &["a.log"], with);
        if gone {
            fs::remove_file(bench.log("a.log")).unwrap();
        }
        assert_eq!(again(&mut bench).unwrap().rows, 1);
        assert_eq!(bench.rows(), expected, "gone: {gone}");
        assert!(bench.rows().iter().all(|row| row.contains("prod-7") && !row.contains("planted")));
        bench.assert_sound();
    }
}

#[test]
fn a_part_is_read_with_what_stands_around_it_or_not_at_all() {
    let message = |n: u64, hide: bool| {
        let message = if hide { event(n).replacen(SHOWN, HIDDEN_IN_TEXT, 1) } else { event(n) };
        serde_json::json!({"id": "1", "timestamp": 1_795_341_600_000_i64, "message": message})
    };
    let subscription = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/eks/c/cluster",
        "logStream": "kube-apiserver-audit-1", "logEvents": [message(0, false), message(1, true), message(2, false)]
    });
    let line = serde_json::json!({"awslogs": {"data": STANDARD.encode(subscription.to_string())}})
        .to_string()
        + "\n";
    for gone in [false, true] {
        let mut bench = Bench::new();
        bench.write("a.log", &[line.clone().into_bytes(), events(5..6)].concat());
        bench.ingest(&["a.log"]);
        let rejects = bench.rejects();
        assert_eq!(rejects[0].part.as_ref().map(|part| part.index), Some(1), "{rejects:?}");
        upgrade(&bench, &["a.log"]);
        let expected = clean(&bench, &["a.log"], |options| options);
        if gone {
            fs::remove_file(bench.log("a.log")).unwrap();
        }
        let report = again(&mut bench).unwrap();
        assert_eq!((report.read, report.lost), (u64::from(!gone), u64::from(gone)), "{report:?}");
        if !gone {
            assert_eq!(bench.rows(), expected);
        }
        bench.assert_sound();
    }
}

#[test]
fn what_was_read_after_all_goes_with_its_source_and_its_commit() {
    for target in [None, Some(1)] {
        let mut bench = prepared();
        again(&mut bench).unwrap();
        let a = path_to_uri(&bench.log("a.log"));
        let target = target.map_or(Target::Source(a), Target::Commit);
        let report = bench.drop(&target).unwrap();
        assert_eq!(report.ingest_again, [path_to_uri(&bench.log("b.log"))], "it lost two records to a.log");
        assert_eq!((report.rows, report.rejects), (30, 1));
        bench.ingest(&["b.log"]);
        assert_eq!(bench.rows(), clean(&bench, &["b.log"], |options| options));
        bench.assert_sound();
    }
}

#[test]
fn faults_are_made_good_by_the_next_run() {
    let mut bench = prepared();
    let faults = bench.break_at_every_change(&mut |bench| again(bench).is_ok());
    eprintln!("{faults} faults in trying rejects again");
}

#[test]
fn a_lake_without_rejects_is_left_alone() {
    let mut bench = Bench::new();
    bench.write("a.log", &events(0..3));
    bench.ingest(&["a.log"]);
    assert_eq!(again(&mut bench).unwrap(), ReingestReport::default());
    assert!(Path::new(&bench.lake.join("_kubetrawl/staging")).read_dir().unwrap().next().is_none());
}
