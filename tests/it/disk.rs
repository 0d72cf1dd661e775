//! Disks that are full, read-only or broken. Tests run as root in places: a mount, a preloaded library and a limit hold
//! for root too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bad_input::{accounting, event};
use crate::lake::dump;
use crate::support::{World, passed_over};

fn events(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|n| event(n) + "\n").collect()
}

/// A mount that ends with the test.
struct Mounted(PathBuf);

impl Mounted {
    /// `mount` with these arguments and the folder; none where that is not allowed. A file-size limit
    /// (`crash.rs`) and the injected faults of the library's tests cover then what these tests do.
    fn new(arguments: &[&str], folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(arguments).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        if !mounted {
            passed_over("nothing can be mounted here");
        }
        mounted.then(|| Self(folder.to_path_buf()))
    }

    fn again(&self, options: &str) {
        let status = Command::new("mount").args(["-o", options]).arg(&self.0).status().expect("mount");
        assert!(status.success(), "{options}");
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_ends_with_an_error_and_the_lake_as_before() {
    let world = World::new();
    let Some(disk) = Mounted::new(&["-t", "tmpfs", "-o", "size=256k", "tmpfs"], &world.path("disk")) else {
        return;
    };
    world.write("a.log", events(0..100));
    world.write("large.log", events(1_000..40_000));
    world.run(&["ingest", "a.log", "--lake", "disk/lake"]).expect_code(0);
    let before = dump(&world.path("disk/lake"));
    assert_eq!(before.len(), 100);
    for verb in [
        &["ingest", "large.log", "--lake", "disk/lake"][..],
        &["ingest", "a.log", "--again", "--lake", "disk/lake"],
    ] {
        if verb[1] == "a.log" {
            let rest = std::process::Command::new("sh")
                .args(["-c", "head -c 2000000 /dev/zero > filler 2> /dev/null; true"])
                .current_dir(world.path("disk"))
                .status();
            rest.expect("a shell");
        }
        let run = world.run(verb).expect_code(1);
        assert!(run.stderr.contains("No space left"), "{}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        assert_eq!(dump(&world.path("disk/lake")), before);
    }
    std::fs::remove_file(world.path("disk/filler")).expect("the filler");
    disk.again("remount,size=64m");
    world.run(&["ingest", "large.log", "--lake", "disk/lake"]).expect_code(0);
    world.run(&["lake", "check", "--lake", "disk/lake"]).expect_code(0);
    assert_eq!(dump(&world.path("disk/lake")).len(), 39_100);
}

#[test]
fn a_lake_on_a_read_only_mount_is_hunted_and_not_written() {
    let world = World::new();
    world.write("a.log", events(0..40));
    world.write("b.log", events(40..50));
    world.run(&["ingest", "a.log", "--lake", "lake"]).expect_code(0);
    let lake = world.path("lake");
    let shown = world.path("shown");
    let Some(disk) = Mounted::new(&["--bind", lake.to_str().expect("a name")], &shown) else { return };
    disk.again("remount,ro,bind");
    let hunt = world.run(&["hunt", "--lake", "shown", "--format", "json"]).expect_code(0);
    assert_eq!(hunt.json()["alerts"][0]["distinct_secrets"], 40);
    assert!(hunt.stderr.contains("not stored"), "{}", hunt.stderr);
    world.run(&["lake", "check", "--lake", "shown"]).expect_code(0);
    world.run(&["query", "select count(*) from audit_events", "--lake", "shown"]).expect_code(0);
    let run = world.run(&["ingest", "b.log", "--lake", "shown"]).expect_code(1);
    assert!(run.stderr.contains("Read-only file system"), "{}", run.stderr);
}

#[test]
fn a_read_error_halfway_costs_the_rest_of_that_file() {
    let world = World::new();
    let library = world.path("read_error.so");
    let source = crate::support::project("tests/it/read_error.c");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl").status();
    assert!(built.is_ok_and(|status| status.success()), "a C compiler is needed, as for DuckDB");
    let whole = events(0..2_000);
    world.write("bad.failing", &whole);
    world.write("good.log", events(5_000..5_010));
    let output = world
        .command(&["ingest", "bad.failing", "good.log", "--lake", "lake", "--format", "json"])
        .env("LD_PRELOAD", &library)
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let problem = &report["problems"][0];
    assert!(problem["uri"].as_str().is_some_and(|uri| uri.ends_with("bad.failing")), "{report}");
    assert!(problem["message"].as_str().is_some_and(|text| text.contains("Input/output error")), "{report}");
    let read = whole[..65_536].matches('\n').count() as u64;
    assert!(report["rows"].as_u64().expect("rows") >= read + 10, "{report}");
    world.run(&["lake", "check"]).expect_code(0);
    // The disk is whole again: the same command completes it, and nothing is there twice.
    accounting(&world, &["bad.failing", "good.log"], 0);
    world.run(&["lake", "check"]).expect_code(0);
    assert_eq!(dump(&world.path("lake")).len(), 2_010);
}

#[test]
fn many_empty_files_strange_names_and_loops_are_passed_through() {
    use std::os::unix::ffi::OsStringExt;
    let world = World::new();
    let folder = world.path("logs");
    for part in 0..100 {
        let part = folder.join(part.to_string());
        std::fs::create_dir_all(&part).expect("a folder");
        for n in 0..1_000 {
            std::fs::File::create(part.join(format!("{n}.log"))).expect("a file");
        }
    }
    let name = std::ffi::OsString::from_vec(b"new\nline \xff\x1b[2J.log".to_vec());
    std::fs::write(folder.join(name), events(0..3)).expect("a file");
    std::os::unix::fs::symlink(&folder, folder.join("7/loop")).expect("a link");
    std::os::unix::fs::symlink("nowhere", folder.join("8/broken")).expect("a link");
    std::os::unix::fs::symlink("mirror", folder.join("mirror")).expect("a link");
    let run = world.run(&["ingest", "logs", "--lake", "lake"]);
    assert!([0, 4].contains(&run.code), "{}", run.stderr);
    assert!(run.stderr.len() < 100_000 && !run.stderr.contains("\u{1b}[2J"), "{}", run.stderr.len());
    let rows = dump(&world.path("lake"));
    assert!(rows.len() == 3 && rows[0].contains("new%0Aline%20%FF%1B%5B2J.log"), "{rows:?}");
    world.run(&["lake", "check"]).expect_code(0);
}

#[test]
fn decompression_bombs_cost_their_file_alone() {
    let world = World::new();
    let zeros = zstd::encode_all(&vec![0_u8; 64 << 20][..], 1).expect("in memory");
    world.write("logs/bomb.log.zst", zeros.repeat(40));
    world.write("logs/good.log", events(0..5));
    let report = accounting(&world, &["logs"], 4);
    assert_eq!(report["rows"], 5, "{report}");
    let message = report["problems"][0]["message"].as_str().expect("a message");
    assert!(message.contains("bomb"), "{message}");
}

#[test]
fn a_hunt_on_a_full_disk_gives_its_answer_all_the_same() {
    let world = World::new();
    let Some(disk) = Mounted::new(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"], &world.path("disk")) else {
        return;
    };
    world.write("a.log", events(0..100));
    world.run(&["ingest", "a.log", "--lake", "disk/lake"]).expect_code(0);
    // Until nothing goes in any more, which is an error here.
    let _ = std::fs::write(world.path("disk/filler"), vec![1; 4 << 20]);
    let hunt =
        world.run(&["hunt", "--lake", "disk/lake", "--threshold", "1", "--format", "csv"]).expect_code(0);
    assert!(hunt.stdout.lines().count() > 1, "{}", hunt.stdout);
    assert!(hunt.stderr.contains("the lake cannot be written (no storage space)"), "{}", hunt.stderr);
    let hunts = std::fs::read_dir(world.path("disk/lake/_kubetrawl/hunts"));
    assert_eq!(hunts.map_or(0, Iterator::count), 0);
    drop(disk);
}
