//! What shells and `man` are given.

use crate::support::World;

#[test]
fn completions_and_manual_pages_come_from_the_program_itself() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.run(&["completions", shell]).expect_code(0).stdout;
        assert!(script.contains("kubetrawl") && script.contains("evidence"), "{shell}");
    }
    world.run(&["completions", "no-such-shell"]).expect_code(2);
    let page = world.run(&["man"]).expect_code(0).stdout;
    assert!(page.starts_with(".") && page.contains(".TH kubetrawl 1"), "{page}");
    world.run(&["man", "--out", "pages"]).expect_code(0);
    let hunt = std::fs::read_to_string(world.path("pages/kubetrawl-hunt.1")).expect("a page");
    assert!(hunt.contains("threshold") && hunt.contains("Examples"), "{hunt}");
}

#[test]
fn arguments_that_do_not_go_together_are_wrong_usage() {
    let world = World::new();
    let wrong: [&[&str]; 6] = [
        &["hunt", "--runbook", "--format", "csv"],
        &["hunt", "--since", "2026-11-02", "--until", "2026-11-01"],
        &["runbook", "some-alert", "--format", "csv"],
        &["query"],
        &["ingest", "-", "--again"],
        &["ingest", "-", "--watch"],
    ];
    for arguments in wrong {
        let told = world.run(arguments).expect_code(2).stderr;
        assert!(told.starts_with("error: "), "{arguments:?}: {told}");
    }
}
