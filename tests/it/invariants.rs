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

/// The code of a file without what is only there for tests; comments left out.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).expect("a readable source file");
    let mut lines = text.lines().enumerate();
    let mut code = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            pass_item(&mut lines, &line[..line.len() - line.trim_start().len()]);
        } else if !line.trim_start().starts_with("//") {
            code.push((number + 1, line.to_owned()));
        }
    }
    code
}

/// Goes past the item that begins on the next line; as rustfmt has it, one of several lines ends with a brace under its
/// beginning.
fn pass_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, indent: &str) {
    let end = format!("{indent}}}");
    let mut is_first = true;
    for (_, line) in lines.by_ref() {
        if is_first && line.trim_start().starts_with("#[") {
            continue;
        }
        if (is_first && line.ends_with([';', '}', ','])) || line == end {
            return;
        }
        is_first = false;
    }
}

#[test]
fn only_what_is_for_tests_is_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.rs");
    let text = "one\n#[cfg(test)]\nmod tests;\ntwo\n    #[cfg(test)]\n    fn a() {\n        x\n    }\n    // no\n    three\n#[cfg(test)]\nmod b {\n    y\n}\nfour\n";
    std::fs::write(&path, text).expect("written");
    let lines: Vec<String> = code(&path).into_iter().map(|(_, line)| line.trim().to_owned()).collect();
    assert_eq!(lines, ["one", "two", "three", "four"]);
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
