//! The logs are read back with serde_json, in their own way for each container, and hunted in
//! with a count that is as naive as it can be.

mod seen;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use seen::{Seen, micros, read};

const WINDOW: i64 = 30 * 60 * 1_000_000;
const START: i64 = 1_793_491_200_000_000;

fn options(out: &Path, format: Format, seed: u64) -> SimulateOptions {
    SimulateOptions {
        out: out.to_owned(),
        truth: None,
        format,
        days: 1,
        records: 4_000,
        seed,
        cluster: "test-1".to_owned(),
        start: START,
        compress: false,
        cut: None,
    }
}

fn simulate(options: &SimulateOptions) -> Simulated {
    run(options, &Cancel::default()).unwrap()
}

/// Every file of a folder but `truth.json`, by its relative path.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file() && entry.file_name() != "truth.json");
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn texts(root: &Path) -> Vec<String> {
    let logs = files(root).into_iter().filter(|(name, _)| !name.ends_with("write-test"));
    logs.map(|(_, bytes)| String::from_utf8(seen::unpacked(bytes)).unwrap()).collect()
}

fn is_system(user: &str) -> bool {
    let kube_system = user.starts_with("system:serviceaccount:kube-system:");
    kube_system || user.starts_with("system:") && !user.contains("serviceaccount")
}

fn reads(seen: &[Seen]) -> impl Iterator<Item = &Seen> {
    seen.iter().filter(|s| s.resource == "secrets" && matches!(s.verb.as_str(), "get" | "list" | "watch"))
}

/// The most distinct secrets that each user read in any closed window of thirty minutes.
fn peaks(seen: &[Seen]) -> BTreeMap<&str, usize> {
    let mut by_user: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for read in reads(seen) {
        by_user.entry(&read.user).or_default().push(read);
    }
    let peak = |reads: &[&Seen]| {
        let window = |last: &Seen| {
            let inside = reads.iter().filter(|r| r.time <= last.time && r.time >= last.time - WINDOW);
            inside.map(|r| (&r.key, r.key.1.is_none().then_some(&r.verb))).collect::<BTreeSet<_>>().len()
        };
        reads.iter().map(|last| window(last)).max().unwrap_or(0)
    };
    by_user.into_iter().map(|(user, reads)| (user, peak(&reads))).collect()
}

/// Checks the truth against the naive count.
fn assert_true(seen: &[Seen], truth: &Truth) {
    let peaks = peaks(seen);
    let over = peaks.iter().filter(|(user, peak)| **peak >= 15 && !is_system(user));
    assert_eq!(over.map(|(user, _)| *user).collect::<Vec<_>>(), truth.alerted);
    let whole = reads(seen).filter(|s| s.verb != "get" && s.key == (None, None) && !is_system(&s.user));
    let listers: BTreeSet<_> = whole.map(|s| s.user.as_str()).collect();
    let exposed = truth.attacks.iter().filter(|attack| attack.expected == Expected::Exposure);
    assert_eq!(listers, exposed.map(|attack| attack.username.as_str()).collect());
    assert!(truth.quiet.iter().all(|user| peaks[user.as_str()] < 15 || is_system(user)));
    assert!(truth.quiet.iter().any(|user| peaks[user.as_str()] >= 200 && is_system(user)));
    assert!(truth.below.iter().all(|user| (1..15).contains(&peaks[user.as_str()])));
    for attack in &truth.attacks {
        let own: Vec<_> = reads(seen).filter(|s| s.user == attack.username).collect();
        let distinct: BTreeSet<_> = own.iter().map(|s| (&s.verb, &s.key)).collect();
        assert_eq!(distinct.len(), attack.distinct_secrets, "{attack:?}");
        assert_eq!(clock::rfc3339(own[0].time), attack.first);
        assert_eq!(clock::rfc3339(own[own.len() - 1].time), attack.last);
        assert_eq!(own.iter().all(|s| s.denied), attack.kind == "denied");
    }
}

#[test]
fn every_container_holds_the_same_requests_and_they_are_what_the_truth_says() {
    let mut first: Option<Vec<Seen>> = None;
    for &format in Format::ALL {
        let folder = tempfile::tempdir().unwrap();
        let simulated = simulate(&options(folder.path(), format, 5));
        let (seen, records) = read(folder.path());
        assert_eq!(records, simulated.records, "{}", format.as_str());
        let secrets: Vec<_> = reads(&seen).cloned().collect();
        if format == Format::AksAuditAdmin {
            assert!(secrets.is_empty() && !seen.is_empty());
            continue;
        }
        assert_true(&seen, &simulated.truth);
        assert_eq!(*first.get_or_insert_with(|| secrets.clone()), secrets, "{}", format.as_str());
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_does_not() {
    for &format in Format::ALL {
        let made = |seed| {
            let folder = tempfile::tempdir().unwrap();
            simulate(&options(folder.path(), format, seed));
            files(folder.path())
        };
        let once = made(1);
        assert!(once == made(1), "{}", format.as_str());
        assert!(once != made(2), "{}", format.as_str());
    }
}

#[test]
fn cut_records_end_where_their_log_service_ends_them() {
    for (format, end) in [(Format::EksGetLogEvents, "[Truncated...]"), (Format::AksStorage, "")] {
        let folder = tempfile::tempdir().unwrap();
        simulate(&SimulateOptions { cut: Some(4_000), ..options(folder.path(), format, 5) });
        let mut cut = 0;
        for value in texts(folder.path()).iter().flat_map(|text| seen::values(text)) {
            let log = |value: &Value| value.as_str().map(|text| text.trim_end().to_owned());
            let mut messages: Vec<String> = log(&value["properties"]["log"]).into_iter().collect();
            messages
                .extend(value["events"].as_array().into_iter().flatten().filter_map(|e| log(&e["message"])));
            for message in messages {
                match serde_json::from_str::<Value>(&message) {
                    Ok(_) => assert!(message.len() <= 4_000),
                    Err(_) => {
                        let kept = message.strip_suffix(end).unwrap();
                        assert!((3_900..=4_000).contains(&kept.len()) && !kept.contains('~'), "{kept}");
                        cut += 1;
                    }
                }
            }
        }
        assert!(cut > 300, "{cut}");
    }
}

#[test]
fn records_are_as_many_as_asked_for_in_the_order_of_their_stages_with_ids_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    simulate(&SimulateOptions { records: 5_001, ..options(folder.path(), Format::KubeApiserver, 9) });
    let text = texts(folder.path()).concat();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 5_001);
    assert!(events.is_sorted_by_key(|event| micros(&event["stageTimestamp"])));
    assert!(!events.is_sorted_by_key(|event| micros(&event["requestReceivedTimestamp"])));
    let ids: HashSet<_> = events.iter().map(|e| (text_of(e, "auditID"), text_of(e, "stage"))).collect();
    assert_eq!(ids.len(), events.len());
    let started: HashSet<_> = of_stage(&events, "ResponseStarted");
    let completed: HashSet<_> = of_stage(&events, "ResponseComplete");
    assert!(!started.is_empty() && !started.is_subset(&completed), "some watches never complete");
    assert!(text.contains(&body::base64(b"planted-secret-value-1")), "secret values to redact");
    assert!(!text.contains("~~"), "every mark has its value");
}

fn text_of<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap()
}

fn of_stage<'a>(events: &'a [Value], stage: &str) -> HashSet<&'a str> {
    events.iter().filter(|event| event["stage"] == stage).map(|event| text_of(event, "auditID")).collect()
}

#[test]
fn clock_boundary_attacks_hide_from_bins() {
    for seed in 0..20 {
        let world = World::new(seed, "test-1");
        let plan = plan(&world, &options(Path::new(""), Format::KubeApiserver, seed));
        let attack = plan.truth.attacks.iter().find(|attack| attack.kind == "clock-boundary").unwrap();
        let times = plan.planned.iter().filter(|p| plan.calls[p.call].actor.username == attack.username);
        let mut bins: BTreeMap<i64, usize> = BTreeMap::new();
        for planned in times {
            *bins.entry(planned.received.div_euclid(WINDOW)).or_default() += 1;
        }
        assert_eq!(bins.into_values().collect::<Vec<_>>(), [10, 10]);
    }
}

#[test]
fn too_few_records_name_the_minimum_and_the_minimum_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path(), Format::KubeApiserver, 3);
    options.records = 10;
    let error = run(&options, &Cancel::default()).unwrap_err();
    let SimulateError::TooFewRecords { minimum, .. } = error else { panic!("{error}") };
    options.records = minimum;
    let simulated = simulate(&options);
    assert_eq!(simulated.records, minimum);
    assert_true(&read(folder.path()).0, &simulated.truth);
}

#[test]
fn options_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = options(folder.path(), Format::KubeApiserver, 3);
    let refused = |options: &SimulateOptions| run(options, &Cancel::default()).unwrap_err();
    assert!(matches!(refused(&SimulateOptions { days: 0, ..good.clone() }), SimulateError::Days(0)));
    let name = SimulateOptions { cluster: "../up".to_owned(), ..good.clone() };
    assert!(matches!(refused(&name), SimulateError::Cluster(_)));
    let cut = SimulateOptions { cut: Some(4_000), format: Format::GkeLogEntries, ..good.clone() };
    assert!(matches!(refused(&cut), SimulateError::NeverCut("gke-log-entries")));
    let short = SimulateOptions { cut: Some(100), ..good.clone() };
    assert!(matches!(refused(&short), SimulateError::CutTooShort(100)));
    fs::write(folder.path().join("mine"), "").unwrap();
    assert!(matches!(refused(&good), SimulateError::NotEmpty(_)));
}

#[test]
fn a_shared_truth_holds_the_users_of_all_clusters() {
    let folder = tempfile::tempdir().unwrap();
    let truth = folder.path().join("truth.json");
    for (i, &format) in Format::ALL.iter().take(5).enumerate() {
        let mut options = options(&folder.path().join(format.as_str()), format, i as u64);
        options.cluster = format!("test-{i}");
        options.truth = Some(truth.clone());
        simulate(&options);
    }
    let joined = Truth::read(&truth).unwrap();
    assert_eq!((joined.alerted.len(), joined.below.len(), joined.attacks.len()), (25, 10, 35));
    assert!(joined.alerted.is_sorted() && joined.quiet.is_sorted());
}

#[test]
fn hourly_files_hold_their_hour_and_compression_changes_nothing_else() {
    let (plain, packed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = options(plain.path(), Format::AksStorage, 4);
    simulate(&options);
    simulate(&SimulateOptions { out: packed.path().to_owned(), compress: true, ..options });
    assert_eq!(texts(plain.path()), texts(packed.path()));
    let files = files(plain.path());
    assert!(files.len() >= 24);
    for (name, bytes) in &files {
        let hour = name.split("/h=").nth(1).unwrap()[..2].to_owned();
        for line in std::str::from_utf8(bytes).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            assert_eq!(record["time"].as_str().unwrap()[11..13], hour);
        }
    }
}

#[test]
fn files_roll_by_size_and_keep_every_record() {
    let folder = tempfile::tempdir().unwrap();
    let options = SimulateOptions { records: 120_000, ..options(folder.path(), Format::KubeApiserver, 8) };
    let simulated = simulate(&options);
    assert!(simulated.files >= 2);
    assert_eq!(texts(folder.path()).iter().map(|text| text.lines().count()).sum::<usize>(), 120_000);
    let names: Vec<_> = files(folder.path()).into_keys().collect();
    assert!(names[0].starts_with("audit-2026-11-01T") && names[names.len() - 1] == "audit.log", "{names:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nobody_but_the_planted_reaches_the_threshold(seed: u64, days in 1_u32..5, more in 0_u64..20_000) {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(folder.path(), Format::KubeApiserver, seed);
        options.days = days;
        options.records = 2_500 + more;
        let simulated = simulate(&options);
        assert_true(&read(folder.path()).0, &simulated.truth);
    }
}
