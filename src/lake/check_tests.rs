use std::path::PathBuf;

use jiff::Timestamp;

use super::*;
use crate::ingest::{self, IngestOptions};
use crate::lake::Lake;
use crate::progress::Silent;

/// A lake of two ingests, with a reject.
fn lake() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    for (name, hour) in [("a.log", 10), ("b.log", 11)] {
        let event = |n: u32| {
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{name}-{n}","stage":"ResponseComplete","requestURI":"/api","verb":"get","user":{{"username":"u"}},"requestReceivedTimestamp":"2026-11-01T{hour}:00:{n:02}.000000Z"}}"#
            ) + "\n"
        };
        let log = folder.path().join(name);
        fs::write(&log, (0..20).map(event).collect::<String>() + "no JSON\n").unwrap();
        let sources = vec![log.to_str().unwrap().to_owned()];
        let options =
            IngestOptions::new(lake.clone(), sources, Timestamp::from_second(1_700_000_000).unwrap());
        ingest::run(&options, &Silent, &Cancel::default()).unwrap();
    }
    (folder, lake)
}

fn checked(lake: &Path) -> CheckReport {
    Lake::open(lake).unwrap().check(&Cancel::default()).unwrap()
}

#[test]
fn a_sound_lake_is_sound() {
    let (_folder, lake) = lake();
    let report = checked(&lake);
    assert!(report.sound, "{report:?}");
    assert_eq!((report.commits, report.files, report.rows, report.rejects), (2, 2, 40, 2));
    assert_eq!((report.damage, report.strays, report.gaps), (vec![], vec![], vec![]));
}

#[test]
fn a_flipped_byte_a_cut_and_a_loss_are_told_with_what_was_held() {
    for at in 0..3 {
        let (_folder, lake) = lake();
        let file = Lake::open(&lake).unwrap().snapshot().unwrap().files.remove(1);
        let mut bytes = fs::read(&file.path).unwrap();
        let middle = bytes.len() / 2;
        match at {
            0 => bytes[middle] ^= 1,
            1 => bytes.truncate(middle),
            _ => {}
        }
        fs::write(&file.path, &bytes).unwrap();
        if at == 2 {
            fs::remove_file(&file.path).unwrap();
        }
        let report = checked(&lake);
        assert!(!report.sound);
        assert!(report.damage.iter().all(|damage| damage.path == file.record.path), "{report:?}");
        let held = report.damage[0].held.as_ref().unwrap();
        assert_eq!((held.commit, held.rows, held.first_time), (2, 20, file.record.first_time));
        assert!(held.sources.len() == 1 && held.sources[0].ends_with("/b.log"), "{held:?}");
    }
}

#[test]
fn damaged_records_rejects_and_strangers_are_told() {
    let (_folder, lake) = lake();
    let layout = Layout::open(&lake).unwrap();
    let number = |what: &str, by: &str| {
        let text = fs::read_to_string(layout.commit(2)).unwrap();
        assert!(text.contains(what), "{text}");
        fs::write(layout.commit(2), text.replace(what, by)).unwrap();
        checked(&lake).damage
    };
    let damage = number(r#""records_in": 21"#, r#""records_in": 22"#);
    assert!(damage.iter().any(|d| d.detail.contains("accounting")), "{damage:?}");
    number(r#""records_in": 22"#, r#""records_in": 21"#);
    fs::copy(
        layout.rejects().join(fs::read_dir(layout.rejects()).unwrap().next().unwrap().unwrap().file_name()),
        layout.events().join("event_date=2026-11-01/x.parquet"),
    )
    .unwrap();
    assert_eq!(checked(&lake).strays, ["audit_events/event_date=2026-11-01/x.parquet"]);
    fs::remove_dir_all(layout.rejects()).unwrap();
    assert_eq!(checked(&lake).damage.len(), 2);
    fs::write(layout.commit(1), "{").unwrap();
    let damage = checked(&lake).damage;
    assert!(damage.iter().any(|d| d.path.ends_with("00000001.json")), "{damage:?}");
}
