//! The program is killed at random moments, and run again: the lake comes out as if it had not been.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::World;

/// SIGKILLs for each of these; together a hundred.
const KILLS: [(&str, u32); 4] = [("ingest", 30), ("again", 20), ("drop", 25), ("compact", 25)];

fn event(n: u32) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"id-{n}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/a/secrets/s{n}","verb":"get","user":{{"username":"ann"}},"sourceIPs":["10.0.0.1"],"objectRef":{{"resource":"secrets","namespace":"a","name":"s{n}","apiVersion":"v1"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"2026-11-0{}T10:{:02}:{:02}.000000Z"}}"#,
        1 + n % 3,
        n / 60 % 60,
        n % 60
    ) + "\n"
}

fn events(numbers: std::ops::Range<u32>) -> String {
    numbers.map(event).collect()
}

/// Logs, and a lake of two ingests; the third source is what the killed ingest reads.
fn prepared() -> World {
    let world = World::new();
    world.write("b.log", events(0..600) + "no JSON\n");
    world.write("c.log", events(500..900) + "no JSON either\n");
    world.write("a.log", events(300..800) + "nor this\n");
    for log in ["b.log", "c.log"] {
        world.run(&["ingest", log]).expect_code(0);
    }
    world
}

fn arguments(verb: &str) -> Vec<&str> {
    match verb {
        "ingest" => vec!["ingest", "a.log"],
        "again" => vec!["ingest", "b.log", "--again", "--cluster", "c"],
        "drop" => vec!["lake", "drop", "b.log"],
        _ => vec!["lake", "compact"],
    }
}

/// Rows and rejects as text, in a total order, the same for a world in any folder.
fn shape(world: &World) -> (Vec<String>, Vec<String>) {
    let folder = world.path("");
    let folder = folder.to_str().expect("a name").trim_end_matches('/');
    let short = |text: String| text.replace(folder, "");
    let rows = crate::lake::dump(&world.path("lake")).into_iter().map(short).collect();
    let rejects = world.run(&["lake", "rejects", "--format", "ndjson"]).expect_code(0).stdout;
    let mut rejects: Vec<String> = rejects.lines().map(|line| short(line.to_owned())).collect();
    rejects.sort();
    (rows, rejects)
}

/// A copy of a lake; hard links would share what is written.
fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let target = to.join(entry.path().strip_prefix(from).expect("inside"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).expect("a folder");
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[test]
fn a_hundred_kills_lose_nothing_and_double_nothing() {
    let (mut killed, mut kills) = (0, 0);
    for (verb, times) in KILLS {
        let world = prepared();
        copy(&world.path("lake"), &world.path("before"));
        let started = Instant::now();
        world.run(&arguments(verb)).expect_code(0);
        let whole = started.elapsed();
        let expected = committed(&world);
        for round in 0..times {
            std::fs::remove_dir_all(world.path("lake")).expect("a lake");
            copy(&world.path("before"), &world.path("lake"));
            let mut child = world
                .command(&arguments(verb))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the program starts");
            // Spread over the run by the golden ratio: never twice the same moment.
            let part = (f64::from(round) * 0.618_033_988_75).fract() * 1.1;
            std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * part));
            child.kill().expect("a kill");
            let ended = child.wait().expect("an end");
            kills += 1;
            killed += u32::from(ended.code().is_none());
            let again = world.run(&arguments(verb));
            // What had come to its end is told so: a source is dropped once.
            assert!(
                again.code == 0 || verb == "drop" && again.stderr.contains("taken back already"),
                "{}",
                again.stderr
            );
            world.run(&["lake", "check"]).expect_code(0);
            assert_eq!(committed(&world), expected, "{verb}, round {round}");
        }
    }
    eprintln!("{kills} runs, {killed} of them killed before their end");
    assert!(killed >= 50, "only {killed} of {kills} were killed before their end");
}

/// What the lake holds once the files that were replaced have gone, as other engines then see it.
fn committed(world: &World) -> (Vec<String>, Vec<String>) {
    let commits = world.path("lake/_kubetrawl/commits");
    let mut replaced = Vec::new();
    for entry in std::fs::read_dir(commits).expect("commits") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a record");
        let commit: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let paths = commit["files_replaced"].as_array().expect("a list").clone();
        replaced.extend(paths.into_iter().map(|path| path.as_str().expect("a path").to_owned()));
    }
    for path in replaced {
        let _ = std::fs::remove_file(world.path("lake").join(path));
    }
    shape(world)
}

#[test]
fn a_limit_on_file_sizes_ends_with_an_error_and_the_lake_as_before() {
    let world = prepared();
    world.write("large.log", events(2_000..30_000));
    let before = committed(&world);
    let program = env!("CARGO_BIN_EXE_kubetrawl");
    let limited = format!("ulimit -f 8; exec '{program}' ingest large.log");
    let output = std::process::Command::new("bash")
        .args(["-c", &limited])
        .current_dir(world.path(""))
        .output()
        .expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error:") && stderr.to_lowercase().contains("too large"), "{stderr}");
    assert_eq!(committed(&world), before);
    world.run(&["ingest", "large.log"]).expect_code(0);
    world.run(&["lake", "check"]).expect_code(0);
}

#[test]
fn a_second_ingest_waits_for_the_first() {
    let world = prepared();
    world.write("d.log", events(1_000..9_000));
    world.write("e.log", events(9_000..9_500));
    let spawn = |log| world.command(&["ingest", log]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let children = [spawn("d.log"), spawn("e.log")];
    for child in children {
        assert!(child.expect("the program starts").wait().expect("an end").success());
    }
    world.run(&["lake", "check"]).expect_code(0);
    assert_eq!(crate::lake::dump(&world.path("lake")).len(), 900 + 8_500);
}

/// Runs a verb, and meanwhile counts the rows that readers see, by how many of them saw each count.
fn watched(world: &World, arguments: &[&str]) -> std::collections::BTreeMap<u64, u32> {
    let mut seen = std::collections::BTreeMap::new();
    let child = world.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the program starts");
    loop {
        let ended = child.try_wait().expect("a state");
        let query = "select count(*) as rows, count(distinct audit_id) as ids from audit_events";
        let counts = world.run(&["query", query, "--format", "json"]).expect_code(0).json();
        let (rows, ids) = (counts[0]["rows"].as_u64(), counts[0]["ids"].as_u64());
        assert_eq!(rows, ids, "a row is there twice");
        *seen.entry(rows.expect("a count")).or_default() += 1;
        if let Some(status) = ended {
            assert!(status.success(), "{arguments:?}");
            return seen;
        }
    }
}

#[test]
fn readers_see_one_commit_and_only_one() {
    let world = prepared();
    world.write("d.log", events(1_000..16_000));
    let mut counts = 900;
    for (arguments, after) in [
        (&["ingest", "d.log"][..], 15_900),
        (&["lake", "compact"], 15_900),
        (&["ingest", "d.log", "--again", "--threads", "1"], 15_900),
        (&["lake", "drop", "d.log"], 900),
    ] {
        let seen = watched(&world, arguments);
        eprintln!("{arguments:?}: readers saw {seen:?}");
        assert!(seen.keys().all(|rows| [counts, after].contains(rows)), "{arguments:?}: {seen:?}");
        assert!(seen.contains_key(&after), "{arguments:?}: {seen:?}");
        counts = after;
    }
    world.run(&["lake", "check"]).expect_code(0);
}
