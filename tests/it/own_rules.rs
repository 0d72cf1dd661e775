//! Rules of a user's own, from a folder.

use serde_json::Value;

use crate::support::{World, project};

/// A folder with a copy of the rule of whole-cluster lists, under another name.
fn rules(world: &World) {
    let own = project("sql/rules/kubernetes.secrets_dump");
    for name in ["rule.yml", "matches.sql", "runbook/1_1_lists.sql"] {
        let text = std::fs::read_to_string(own.join(name)).expect("a file");
        let text =
            text.replace("Kubernetes.SecretsDump", "My.Dump").replace("Kubernetes Secrets", "My Secrets");
        world.write(&format!("rules/my_dump/{name}"), text);
    }
}

fn event(user: &str, uri: &str) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{user}","stage":"ResponseComplete","requestURI":"{uri}","verb":"list","user":{{"username":"{user}"}},"objectRef":{{"resource":"secrets","apiVersion":"v1"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"2026-11-01T10:00:00.000000Z"}}"#
    ) + "\n"
}

#[test]
fn a_rule_of_ones_own_is_listed_tested_hunted_verified_and_followed_up() {
    let world = World::new();
    rules(&world);
    world.write("audit.log", event("eve", "/api/v1/secrets"));
    let listed = world.run(&["rules", "list", "--rules", "rules"]).expect_code(0).stdout;
    assert!(listed.contains("my_dump  My.Dump, High") && listed.contains("from rules/my_dump"), "{listed}");
    let tested = world.run(&["rules", "test", "my_dump", "--rules", "rules", "--junit", "tests.xml"]);
    assert!(tested.expect_code(0).stdout.contains("0 failed"));
    let junit = std::fs::read_to_string(world.path("tests.xml")).expect("tests.xml");
    assert!(junit.contains("<testsuite name=\"My.Dump\"") && junit.contains("failures=\"0\""), "{junit}");
    world.run(&["ingest", "audit.log", "--lake", "lake"]).expect_code(0);
    let hunt = ["hunt", "--lake", "lake", "--rules", "rules", "--rule", "my_dump", "--format", "json"];
    let hunt = world.run(&hunt).expect_code(0).json();
    assert_eq!(hunt["alerts"][0]["title"], "My Secrets Dumped Across All Namespaces by [eve]");
    assert_eq!(hunt["summary"]["coverage"]["rule_id"], "My.Dump");
    let id = hunt["alerts"][0]["alert_id"].as_str().expect("an id").to_owned();
    world.run(&["verify", "--lake", "lake", "--rules", "rules", "--rule", "My.Dump"]).expect_code(0);
    let runbook =
        world.run(&["runbook", &id, "--lake", "lake", "--rules", "rules/my_dump", "--format", "json"]);
    assert_eq!(runbook.expect_code(0).json()["steps"][0]["sections"][0]["name"], "1_1_lists");
    world.run(&["report", "--lake", "lake", "--rules", "rules", "--output", "report.html"]).expect_code(0);
    let unknown = world.run(&["report", "--lake", "lake"]).expect_code(1);
    assert!(unknown.stderr.contains("name its folder with --rules"), "{}", unknown.stderr);
}

#[test]
fn a_rule_without_a_runbook_is_reported_like_any_other() {
    let world = World::new();
    rules(&world);
    std::fs::remove_dir_all(world.path("rules/my_dump/runbook")).expect("a runbook");
    world.write("audit.log", event("eve", "/api/v1/secrets"));
    world.run(&["ingest", "audit.log", "--lake", "lake"]).expect_code(0);
    let common = ["--lake", "lake", "--rules", "rules"];
    for format in ["html", "markdown", "table"] {
        let hunt = [&["hunt", "--rule", "my_dump", "--format", format], &common[..]].concat();
        assert!(world.run(&hunt).expect_code(0).stdout.contains("eve"), "{format}");
    }
    world
        .run(&[&["report", "--output", "report.html", "--detail", "detail"], &common[..]].concat())
        .expect_code(0);
    let followed =
        world.run(&[&["hunt", "--rule", "my_dump", "--runbook"], &common[..]].concat()).expect_code(1);
    assert!(followed.stderr.contains("there is no runbook for the rule My.Dump"), "{}", followed.stderr);
}

/// What the runbooks of a hunt read together is cut to what the sections of our own rules look at.
#[test]
fn a_runbook_of_ones_own_sees_the_whole_lake_after_a_hunt_too() {
    let world = World::new();
    rules(&world);
    let section = "-- title: Others\n-- question: What did others answer?\n\
        -- param username VARCHAR: the user\n-- column username: who\n-- column request_uri: what\n\
        -- column annotations: as logged\n\
        SELECT username, request_uri, annotations FROM requests WHERE username IS DISTINCT FROM $username\n\
        ORDER BY username\n";
    world.write("rules/my_dump/runbook/1_2_others.sql", section);
    let other = event("bob", "/api/v1/configmaps").replace(r#""secrets","#, r#""configmaps","#);
    let other = other.replace(r#""verb""#, r#""annotations":{"team":"red"},"verb""#);
    world.write("audit.log", event("eve", "/api/v1/secrets") + &other);
    let common = ["--lake", "lake", "--rules", "rules"];
    world.run(&["ingest", "audit.log", "--lake", "lake"]).expect_code(0);
    let hunt = [&["hunt", "--rule", "my_dump", "--format", "ndjson", "--runbook"], &common[..]].concat();
    let hunt = world.run(&hunt).expect_code(0).stdout;
    let lines: Vec<Value> = hunt.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let after = lines.iter().find(|line| line["schema"] == "kubetrawl/runbook/1").expect("a runbook");
    let others = &after["steps"][0]["sections"][1];
    assert_eq!(others["rows"], serde_json::json!([["bob", "/api/v1/configmaps", r#"{"team":"red"}"#]]));
    let id = after["alert_id"].as_str().expect("an id");
    let alone = world.run(&[&["runbook", id, "--format", "json"], &common[..]].concat());
    assert_eq!(alone.expect_code(0).json(), *after);
    world.run(&[&["report", "--output", "report.html"], &common[..]].concat()).expect_code(0);
    let html = std::fs::read_to_string(world.path("report.html")).expect("report.html");
    assert!(html.contains("/api/v1/configmaps"));
}

/// Ours counts lists of one cluster as one; this rule counts each request.
#[test]
fn a_rule_can_count_something_else() {
    let world = World::new();
    rules(&world);
    let matches = std::fs::read_to_string(world.path("rules/my_dump/matches.sql")).expect("matches.sql");
    world.write(
        "rules/my_dump/matches.sql",
        matches.replace(", resource\n", ", resource, audit_id AS request\n"),
    );
    let counted = std::fs::read_to_string(project("sql/rules/kubernetes.bulk_secret_access/counted.sql"));
    let key = "secret_key(key_mode, verb, cluster, namespace, name, request_uri) AS secret_key";
    let counted = counted.expect("counted.sql").replace(key, "request AS secret_key");
    world.write("rules/my_dump/counted.sql", counted);
    let lists = ["one", "two", "three"].map(|id| {
        event("eve", "/api/v1/secrets").replace(r#""auditID":"eve""#, &format!(r#""auditID":"{id}""#))
    });
    world.write("audit.log", lists.concat());
    world.run(&["ingest", "audit.log", "--lake", "lake"]).expect_code(0);
    for (rule, distinct) in [("my_dump", 3), ("kubernetes.secrets_dump", 1)] {
        let hunt = ["hunt", "--lake", "lake", "--rules", "rules", "--rule", rule, "--format", "json"];
        let hunt = world.run(&hunt).expect_code(0).json();
        assert_eq!(hunt["alerts"][0]["peak_distinct"], distinct, "{rule}");
        assert_eq!(hunt["alerts"][0]["requests"], 3, "{rule}");
    }
}

#[test]
fn a_broken_rule_is_refused_with_file_line_and_reason() {
    for (file, from, to, place, reason) in [
        ("rule.yml", "Threshold: 1", "Threshold: many", "rule.yml", "12"),
        ("matches.sql", "AND verb = 'list'", "AND verb == = 'list'", "matches.sql, line", "syntax error"),
        (
            "matches.sql",
            "query_table(relation)",
            "read_text('/etc/hostname')",
            "matches.sql, line",
            "read_text",
        ),
        ("runbook/1_1_lists.sql", "FROM requests", "FROM request", "1_1_lists.sql, line", "request"),
    ] {
        let world = World::new();
        rules(&world);
        let path = format!("rules/my_dump/{file}");
        let text = std::fs::read_to_string(world.path(&path)).expect("a file");
        assert!(text.contains(from), "{from}");
        world.write(&path, text.replacen(from, to, 1));
        let run = world.run(&["rules", "list", "--rules", "rules"]).expect_code(1);
        assert!(run.stderr.contains(place) && run.stderr.contains(reason), "{from}: {}", run.stderr);
    }
}

#[test]
fn coverage_says_what_a_rule_cannot_see() {
    let world = World::new();
    let admin = event("eve", "/api/v1/nodes").replace('"', "\\\"");
    let record = format!(
        r#"{{"time":"2026-11-01T10:00:00Z","resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C","category":"kube-audit-admin","operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","properties":{{"log":"{}","stream":"stdout","pod":"kube-apiserver"}}}}"#,
        admin.trim_end().trim_end_matches("\\n")
    );
    world.write("aks.json", record + "\n");
    let hunt = world.run(&["hunt", "aks.json", "--lake", "lake", "--format", "json"]).expect_code(0);
    assert!(hunt.stderr.contains("coverage      can't fire: "), "{}", hunt.stderr);
    assert!(hunt.stderr.contains("only kube-audit-admin"), "{}", hunt.stderr);
    assert_eq!(hunt.json()["summary"]["coverage"]["reasons"][0]["reason"], "admin_only");
    let coverage = world.run(&["coverage", "--lake", "lake", "--format", "json"]).expect_code(0).json();
    assert_eq!(coverage["schema"], "kubetrawl/coverage/1");
    assert_eq!(coverage["days"][0]["log_stream"], "kube-audit-admin");
    assert_eq!(coverage["rules"][0]["verdict"], "cannot_fire");
    let csv = world.run(&["coverage", "--lake", "lake", "--format", "csv"]).expect_code(0);
    assert!(csv.stdout.starts_with("cluster,log_type,log_stream,event_date,records,"), "{}", csv.stdout);
    assert!(csv.stderr.contains("can't fire"), "{}", csv.stderr);
}
