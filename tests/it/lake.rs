//! The lake as a user and as another engine sees it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::bad_input::accounting;
use crate::support::World;

pub fn parquet_files(lake: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(lake.join("audit_events"))
        .into_iter()
        .filter_map(Result::ok)
        .map(|e| e.path().to_path_buf())
        .filter(|p| p.extension().is_some_and(|e| e == "parquet"))
        .collect();
    files.sort();
    files
}

/// Every row of a lake as text, in a total order: two lakes with the same rows give the same dump.
pub fn dump(lake: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    for file in parquet_files(lake) {
        let day =
            file.parent().and_then(Path::file_name).expect("a partition").to_string_lossy().into_owned();
        let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&file).expect("a file"))
            .expect("Parquet")
            .build()
            .expect("a reader");
        for batch in reader {
            let batch = batch.expect("a batch");
            let options = arrow::util::display::FormatOptions::default().with_null("∅");
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|c| {
                    arrow::util::display::ArrayFormatter::try_new(c.as_ref(), &options).expect("a column")
                })
                .collect();
            for row in 0..batch.num_rows() {
                let values: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
                rows.push(format!("{day}|{}", values.join("|")));
            }
        }
    }
    rows.sort();
    rows
}

/// Every file of a folder with its bytes.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file())
        .map(|e| (e.path().to_path_buf(), std::fs::read(e.path()).expect("a file")))
        .collect()
}

#[test]
fn the_same_sources_again_change_nothing() {
    let world = World::new();
    world.simulate("logs", &["--seed", "5", "--records", "8000", "--days", "2"]);
    let first = accounting(&world, &["logs"], 0);
    assert!(first["rows"].as_u64().expect("rows") > 0);
    let before = content(&world.path("lake"));
    let again = accounting(&world, &["logs"], 0);
    assert_eq!(again["records_in"], 0);
    assert_eq!(before.keys().collect::<Vec<_>>(), content(&world.path("lake")).keys().collect::<Vec<_>>());
}

#[test]
fn rows_do_not_depend_on_threads_or_order() {
    let world = World::new();
    let logs = world.simulate("logs", &["--seed", "6", "--records", "20000", "--days", "3"]);
    let mut files: Vec<String> = walkdir::WalkDir::new(&logs)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file() && e.file_name() != "truth.json")
        .map(|e| e.path().display().to_string())
        .collect();
    files.sort();
    let mut dumps = Vec::new();
    for (lake, threads, reverse) in [("one", "1", false), ("four", "4", false), ("reverse", "2", true)] {
        let mut arguments =
            vec!["ingest".to_string(), "--lake".into(), lake.into(), "--threads".into(), threads.into()];
        let mut files = files.clone();
        if reverse {
            files.reverse();
        }
        arguments.extend(files);
        world.run(&arguments).expect_code(0);
        dumps.push(dump(&world.path(lake)));
    }
    assert!(!dumps[0].is_empty());
    assert!(dumps[0] == dumps[1], "one thread and four differ");
    assert!(dumps[0] == dumps[2], "another order of sources differs");
}

#[test]
fn overlapping_exports_are_stored_once() {
    let world = World::new();
    let lines: Vec<String> = (0..40).map(crate::bad_input::event).collect();
    world.write("a.log", lines[..30].join("\n") + "\n");
    world.write("b.log", lines[10..].join("\n") + "\n");
    let both = accounting(&world, &["a.log", "b.log"], 0);
    assert_eq!((&both["rows"], &both["duplicates"]), (&40.into(), &20.into()), "{both}");
    world.write("c.log", lines[5..35].join("\n") + "\n\n");
    let later = accounting(&world, &["c.log"], 0);
    assert_eq!((&later["rows"], &later["duplicates"]), (&0.into(), &30.into()), "{later}");
    assert_eq!(dump(&world.path("lake")).len(), 40);
}

#[test]
fn planted_secret_values_are_nowhere_in_the_lake() {
    let world = World::new();
    let value = "c3VwZXItc2VjcmV0LXZhbHVl";
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";
    let base = crate::bad_input::event(1);
    let with = |body: &str| {
        base.replace(
            r#""requestReceived"#,
            &format!(r#""requestObject":{body},"responseObject":{body},"requestReceived"#),
        )
    };
    let secret = format!(
        r#"{{"kind":"Secret","metadata":{{"annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{{\"data\":{{\"p\":\"{value}\"}}}}"}}}},"data":{{"p":"{value}"}},"stringData":{{"q":"{value}"}}}}"#
    );
    let list = format!(r#"{{"kind":"SecretList","items":[{{"data":{{"p":"{value}"}}}}]}}"#);
    let patch = format!(r#"[{{"op":"replace","path":"/data/p","value":"{value}"}}]"#);
    let token = format!(r#"{{"kind":"TokenRequest","status":{{"token":"{jwt}"}}}}"#);
    let cut = with(&secret);
    let lines = [
        with(&secret),
        with(&list).replace("id-1", "id-2"),
        with(&patch).replace("id-1", "id-3"),
        with(&token)
            .replace("id-1", "id-4")
            .replace(r#""resource":"secrets""#, r#""resource":"serviceaccounts","subresource":"token""#),
        cut[..cut.rfind(value).expect("a value") + value.len()].to_string(),
        crate::bad_input::event(7),
    ];
    world.write("audit.log", lines.join("\n"));
    let report = accounting(&world, &["audit.log"], 0);
    assert!(report["rows"].as_u64().expect("rows") >= 5, "{report}");
    let text = dump(&world.path("lake")).join("\n");
    assert!(text.contains("REDACTED"));
    for planted in [value, jwt] {
        assert!(!text.contains(planted), "{planted} is in a row");
    }
    for (path, bytes) in content(&world.path("lake")) {
        let plain = if path.extension().is_some_and(|e| e == "zst") {
            zstd::decode_all(bytes.as_slice()).expect("zstd")
        } else {
            bytes
        };
        let text = String::from_utf8_lossy(&plain);
        assert!(!text.contains(value) && !text.contains(jwt), "a planted value is in {}", path.display());
    }
}

#[test]
fn values_given_for_cluster_account_and_region_fill_what_the_container_lacks() {
    let world = World::new();
    world.write("acct-1/prod/audit.log", crate::bad_input::event(1));
    let arguments = [
        ".",
        "--cluster",
        "{account}/{cluster}/**",
        "--account",
        "{account}/{cluster}/**",
        "--region",
        "eu-1",
    ];
    accounting(&world, &arguments, 0);
    let rows = dump(&world.path("lake"));
    assert!(rows[0].contains("|prod|acct-1|eu-1|"), "{}", rows[0]);
}
