//! DESIGN's invariants that can be read off the source: above all what must not be there.

use std::path::{Path, PathBuf};

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "no Rust files in {folder}");
    files
}

/// The code of a file up to its unit tests, comments left out.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).expect("a readable source file");
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line.to_string()))
        .collect()
}

/// Unit tests in files of their own.
fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        part == "tests.rs"
            || part == "tests"
            || part.ends_with("_tests")
            || part.ends_with("_tests.rs")
            || part == "testing.rs"
    })
}

fn offences(folder: &str, words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in rust_files(folder) {
        let shown = path.display().to_string();
        if is_test(path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("a file of the project"))
            || allowed.iter().any(|a| shown.contains(a))
        {
            continue;
        }
        for (number, line) in code(&path) {
            if words.iter().any(|w| line.contains(w)) {
                found.push(format!("{shown}:{number}: {}", line.trim()));
            }
        }
    }
    found
}

#[test]
fn only_the_engine_names_duckdb() {
    let found = offences("src", &["duckdb::", "use duckdb"], &["src/engine/"]);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_stage_prints() {
    let words = ["println!", "print!(", "dbg!(", "io::stdout()", "io::stderr()"];
    let found = offences("src", &words, &["src/cli/", "src/main.rs"]);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn stages_before_the_engine_do_not_stop_the_program() {
    let words = ["process::exit", "todo!(", "unimplemented!("];
    let found = offences("src", &words, &["src/cli/", "src/main.rs"]);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn now_is_a_parameter_of_every_query() {
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sql")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the SQL folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|e| e != "sql") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a readable SQL file");
            for (number, line) in text.lines().enumerate() {
                let code = line.split("--").next().unwrap_or_default().to_lowercase();
                if ["now()", "current_timestamp", "current_date", "today()"].iter().any(|w| code.contains(w))
                {
                    found.push(format!("{}:{}: {line}", path.display(), number + 1));
                }
                let names_parquet = code.contains("read_parquet");
                if names_parquet && !path.ends_with("sql/schema/audit_events.sql") {
                    found.push(format!("{}:{}: {line}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_source_file_outgrows_its_reader() {
    let long: Vec<String> = rust_files("src")
        .into_iter()
        .filter_map(|path| {
            let lines = std::fs::read_to_string(&path).expect("a readable source file").lines().count();
            (lines > 600).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
