//! From a noisy hunt to a quiet one, as a user gets there: allow-lists, tune, diff.

use serde_json::Value;

use crate::support::World;

/// A world with a lake of simulated logs.
fn lake() -> World {
    let world = World::new();
    world.simulate("logs", &["--seed", "11", "--records", "12000", "--days", "2"]);
    world.run(&["ingest", "logs"]).expect_code(0);
    world
}

fn alerts(hunt: &Value) -> &Vec<Value> {
    hunt["alerts"].as_array().expect("alerts")
}

fn open(hunt: &Value) -> Vec<&Value> {
    alerts(hunt).iter().filter(|alert| alert.get("silenced_by").is_none()).collect()
}

fn entry(lines: &str) -> String {
    format!("[[allow]]\n{lines}\nreason = \"known\"\nowner = \"ops\"\n\n")
}

fn hunts(world: &World) -> Vec<String> {
    let listed = world.run(&["hunts"]).expect_code(0).stdout;
    listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn a_silenced_alert_keeps_its_id_and_is_set_apart_everywhere() {
    let world = lake();
    let before = world.run(&["hunt", "--format", "json"]).expect_code(0).json();
    let known = alerts(&before)[0].clone();
    let user = known["username"].as_str().expect("a username");
    let list = entry(&format!("username = {user:?}")) + &entry("username = \"nobody-*\"");
    world.write("allow.toml", list + &entry("namespace = \"*\"\nexpires = 2020-01-31"));

    let run = world.run(&["hunt", "--allow", "allow.toml", "--format", "json"]).expect_code(0);
    let after = run.json();
    assert_eq!(alerts(&after).len(), alerts(&before).len());
    let silenced: Vec<&Value> =
        alerts(&after).iter().filter(|alert| alert.get("silenced_by").is_some()).collect();
    assert!(!silenced.is_empty());
    for alert in &silenced {
        assert_eq!(alert["username"], user);
        assert_eq!(alert["silenced_by"][0]["entry"], "allow.toml:1");
    }
    let mut unmarked = silenced[0].clone();
    unmarked.as_object_mut().expect("an object").remove("silenced_by");
    assert_eq!(unmarked, known);
    assert_eq!(after["summary"]["silenced"], silenced.len());
    assert_eq!(after["summary"]["alerts"], open(&after).len());
    let fates: Vec<(bool, bool)> = after["summary"]["allow"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|used| (used["expired"] == true, used["reads"].as_i64() > Some(0)))
        .collect();
    assert_eq!(fates, [(false, true), (false, false), (true, true)]);
    for said in
        ["allow.toml:1: took out", "allow.toml:6: matched nothing", "allow.toml:11: expired, 2020-01-31"]
    {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }

    let id = known["alert_id"].as_str().expect("an id");
    let format = |format: &str| {
        world.run(&["hunt", "--allow", "allow.toml", "--format", format]).expect_code(0).stdout
    };
    assert!(!format("csv").contains(id) && !format("ocsf").contains(id) && !format("table").contains(id));
    assert!(format("ndjson").lines().any(|line| line.contains(id) && line.contains("silenced_by")));
    assert!(format("markdown").contains(&format!("- `{id} ")));
    let page = format("html");
    assert!(page.contains("Silenced by the allow-list") && page.contains(id));
    // Its evidence is still there to be looked into.
    world.run(&["runbook", id]).expect_code(0);
}

#[test]
fn what_is_silenced_does_not_fail_and_verify_proves_it() {
    let world = lake();
    world.write("all.toml", entry("username = \"*\""));
    world.run(&["hunt", "--fail-on-alert"]).expect_code(3);
    let quiet = world.run(&["hunt", "--fail-on-alert", "--allow", "all.toml"]).expect_code(0);
    assert!(quiet.stdout.starts_with("no alerts ("), "{}", quiet.stdout);
    for mode in ["sliding", "anchored", "tumbling"] {
        let verified = world.run(&["verify", "--allow", "all.toml", "--window-mode", mode]).expect_code(0);
        assert!(verified.stdout.contains("both methods agree"), "{}", verified.stdout);
    }
}

#[test]
fn the_lakes_own_list_counts_and_a_rerun_keeps_the_list_it_ran_with() {
    let world = lake();
    let list = world.write("lake/_kubetrawl/allow.toml", entry("username = \"*\"\nexpires = 2030-06-30"));
    world.run(&["lake", "check"]).expect_code(0);
    let hunt = |more: &[&str]| {
        let mut arguments = vec!["hunt", "--format", "json", "--today", "2030-06-30"];
        arguments.extend(more);
        world.run(&arguments).expect_code(0).json()
    };
    let with = hunt(&[]);
    assert!(open(&with).is_empty() && !alerts(&with).is_empty());
    assert_eq!(alerts(&with)[0]["silenced_by"][0]["entry"], "_kubetrawl/allow.toml:1");
    let stored = hunts(&world).remove(0);
    assert_eq!(open(&hunt(&["--no-lake-allow"])).len(), alerts(&with).len());
    let late = world.run(&["hunt", "--format", "json", "--today", "2030-07-01"]).expect_code(0).json();
    assert_eq!(open(&late).len(), alerts(&with).len(), "past its last day an entry takes nothing out");

    std::fs::remove_file(list).expect("the list goes");
    let again = world.run(&["hunts", "rerun", &stored, "--format", "json"]).expect_code(0).json();
    assert_eq!(again["alerts"], with["alerts"]);
    assert_eq!(again["parameters"], with["parameters"]);
}

#[test]
fn a_broken_list_is_refused_with_its_place() {
    let world = lake();
    world.write("bad.toml", entry("username = \"a[b\""));
    let refused = world.run(&["hunt", "--allow", "bad.toml"]).expect_code(1);
    assert!(refused.stderr.contains("bad.toml:2: \"a[b\" is no glob"), "{}", refused.stderr);
    world.write("lake/_kubetrawl/allow.toml", "[[allow]]\nusername = \"x\"\nowner = \"ops\"\n");
    let refused = world.run(&["verify"]).expect_code(1);
    assert!(refused.stderr.contains("_kubetrawl/allow.toml:1: missing field `reason`"), "{}", refused.stderr);
    assert!(world.run(&["hunt", "--allow", "absent.toml"]).expect_code(1).stderr.contains("absent.toml"));
}

#[test]
fn tune_says_what_hunts_would_give() {
    let world = lake();
    let first = world.run(&["hunt", "--format", "json"]).expect_code(0).json();
    let user = alerts(&first)[0]["username"].as_str().expect("a username").to_owned();
    world.write("allow.toml", entry(&format!("username = {user:?}")));
    let tuned = world.run(&["tune", "--allow", "allow.toml", "--format", "json"]).expect_code(0).json();
    let thresholds = tuned["thresholds"].as_array().expect("thresholds");
    assert_eq!(thresholds.len(), 96);
    for threshold in [5, 9, 15, 17, 30, 100] {
        let at = &thresholds[threshold - 5];
        let hunt = world
            .run(&[
                "hunt",
                "--allow",
                "allow.toml",
                "--threshold",
                &threshold.to_string(),
                "--format",
                "json",
            ])
            .expect_code(0)
            .json();
        assert_eq!(at["threshold"], threshold);
        assert_eq!(at["alerts"], alerts(&hunt).len(), "{at}");
        assert_eq!(at["silenced"], hunt["summary"]["silenced"], "{at}");
    }
    assert_eq!(tuned["allow"][0]["silences_alone"], thresholds[10]["silenced"]);
    let peak =
        tuned["users"].as_array().expect("users").iter().find(|found| found["username"] == user.as_str());
    assert_eq!(peak.expect("the user")["left_distinct"], 0);

    let table = world.run(&["tune"]).expect_code(0).stdout;
    assert!(table.starts_with("recommended threshold: ") && table.contains("  because "), "{table}");
    let users = world.run(&["tune", "--format", "csv", "--part", "users"]).expect_code(0).stdout;
    assert_eq!(users.lines().count() as u64, tuned["users_counted"].as_u64().expect("a number") + 1);
}

#[test]
fn diff_tells_two_hunts_apart() {
    let world = lake();
    world.write("all.toml", entry("username = \"*\""));
    world.run(&["hunt", "--threshold", "15"]).expect_code(0);
    let one = hunts(&world).remove(0);
    let same = world.run(&["diff", &one, &one]).expect_code(0).stdout;
    assert!(same.starts_with("0 new, 0 gone, 0 changed, "), "{same}");

    let other = |arguments: &[&str]| {
        let known = hunts(&world);
        let mut all = vec!["hunt"];
        all.extend(arguments);
        world.run(&all).expect_code(0);
        hunts(&world).into_iter().find(|id| !known.contains(id)).expect("a new hunt")
    };
    let lower = other(&["--threshold", "8"]);
    let diff = world.run(&["diff", &one, &lower, "--format", "json"]).expect_code(0).json();
    assert_eq!(diff["gone"], serde_json::json!([]));
    assert!(!diff["new"].as_array().expect("alerts").is_empty());
    assert!(diff["parameters"].as_array().expect("parameters").iter().any(|p| p["field"] == "threshold"));
    let back = world.run(&["diff", &lower, &one, "--format", "json"]).expect_code(0).json();
    assert_eq!(back["gone"], diff["new"]);

    let quiet = other(&["--threshold", "15", "--allow", "all.toml"]);
    let csv = world.run(&["diff", &one, &quiet, "--format", "csv"]).expect_code(0).stdout;
    assert!(
        csv.lines().skip(1).all(|line| line.starts_with("changed,") && line.ends_with(",silenced_by")),
        "{csv}"
    );
    assert!(csv.lines().count() > 1);
    let unknown = world.run(&["diff", "nope", &one]).expect_code(1);
    assert!(unknown.stderr.contains("no hunt nope"), "{}", unknown.stderr);
}
