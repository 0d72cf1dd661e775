//! Files in archives count as they do outside of them.

use serde_json::Value;

use crate::evidence::log;
use crate::support::World;

fn tar(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, name, text.as_bytes()).expect("in memory");
    }
    archive.into_inner().expect("in memory")
}

/// What a lake of these sources says of its coverage and of itself.
fn said(world: &World, lake: &str, sources: &[&str]) -> (Value, Value) {
    let ingest = [&["ingest", "--lake", lake][..], sources].concat();
    world.run(&ingest).expect_code(0);
    let verb = |verb: &[&str]| world.run(&[verb, &["--lake", lake, "--format", "json"]].concat());
    (verb(&["coverage"]).expect_code(0).json(), verb(&["lake", "info"]).expect_code(0).json())
}

#[test]
fn coverage_and_sources_are_counted_as_if_there_were_no_archive() {
    let world = World::new();
    let one = log() + "no JSON\nnor this\n";
    let other = log().replace("\"ann\"", "\"bob\"").replace("\"id-", "\"other-") + "{\"kind\":\"Eve\n";
    world.write("one.log", &one);
    world.write("other.log", &other);
    let inner = tar(&[("x/other.log", &other)]);
    let mut all = tar::Builder::new(tar(&[("one.log", &one)]));
    let mut header = tar::Header::new_gnu();
    header.set_size(inner.len() as u64);
    // Without the two blocks that end an archive, more can follow.
    all.get_mut().truncate(one.len().next_multiple_of(512) + 512);
    all.append_data(&mut header, "inner.tar", inner.as_slice()).expect("in memory");
    world.write("all.tar", all.into_inner().expect("in memory"));
    let (loose, loose_info) = said(&world, "loose", &["one.log", "other.log"]);
    let (archived, archived_info) = said(&world, "archived", &["all.tar"]);
    assert_eq!(archived, loose);
    assert!(loose.to_string().contains("\"rejects\":3"), "{loose}");
    assert_eq!(
        (&archived_info["sources"], &archived_info["rows"]),
        (&loose_info["sources"], &loose_info["rows"])
    );
    // Read once more, and taken back, it leaves no count behind.
    world.run(&["ingest", "all.tar", "--lake", "archived", "--again"]).expect_code(0);
    let again = world.run(&["coverage", "--lake", "archived", "--format", "json"]).expect_code(0).json();
    assert_eq!(again, loose);
}
