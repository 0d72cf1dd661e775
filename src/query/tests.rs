//! What passes the gate and what does not, what a query may use up, and what the saved queries answer.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::test_lake::{Request, TestLake};
use super::*;
use crate::cancel::{Cancel, Stopped};
use crate::engine::{Engine, EngineError};
use crate::report::rows;

fn lake() -> TestLake {
    TestLake::new(&[
        Request::get("2026-11-20T08:00:00Z", "db"),
        Request { username: Some("bob".to_owned()), ..Request::get("2026-11-21T08:00:00Z", "db") },
        Request::on("2026-11-21T09:00:00Z", "create", "pods", "web"),
    ])
}

/// Rows as text, one line each.
fn ask(
    engine: &Engine,
    sql: &str,
    values: &BTreeMap<String, Value>,
    timeout: Duration,
) -> Result<Vec<String>, QueryError> {
    let mut answered = Vec::new();
    run(engine, sql, values, timeout, &Cancel::default(), |batch| {
        answered.extend(rows::values(batch).map(|row| serde_json::Value::Array(row.unwrap()).to_string()));
        Ok(())
    })?;
    Ok(answered)
}

const LONG: Duration = Duration::from_secs(60);

fn files_with_hashes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files =
        walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file());
    files
        .filter(|entry| !entry.path().components().any(|part| part.as_os_str() == "spill"))
        .map(|entry| (entry.path().to_owned(), Sha256::digest(fs::read(entry.path()).unwrap()).to_vec()))
        .collect()
}

/// A lake with a folder beside it that must stay unread and unwritten, and a link that leads there.
struct Fortress {
    lake: TestLake,
    outside: PathBuf,
    link: PathBuf,
}

const CANARY: &str = "the-canary-sings";

impl Fortress {
    fn new() -> Self {
        let lake = lake();
        let outside = lake.folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("canary.csv"), format!("a\n{CANARY}\n")).unwrap();
        let canary = TestLake::new(&[Request::get("2026-11-20T08:00:00Z", CANARY)]);
        fs::copy(&canary.files[0], outside.join("canary.parquet")).unwrap();
        let link = lake.files[0].with_file_name("link.parquet");
        std::os::unix::fs::symlink(outside.join("canary.parquet"), &link).unwrap();
        Self { lake, outside, link }
    }

    fn fill(&self, sql: &str) -> String {
        let deep = format!("{}requests{}", "(SELECT * FROM ".repeat(60_000), ")".repeat(60_000));
        sql.replace("{LAKE}", self.lake.files[0].to_str().unwrap())
            .replace("{OUTSIDE}", self.outside.to_str().unwrap())
            .replace("{LINK}", self.link.to_str().unwrap())
            .replace("{DEEP}", &deep)
    }
}

#[test]
fn hostile_statements_are_refused_or_ended_and_change_nothing() {
    let fortress = Fortress::new();
    let engine = fortress.lake.engine();
    let gate = Gate::open().unwrap();
    let before = files_with_hashes(fortress.lake.folder.path());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile_sql");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let expected =
            text.lines().find_map(|line| line.strip_prefix("-- expect: ")).expect("an expect line");
        assert!(text.starts_with("-- tries: "), "{name}");
        let sql = fortress.fill(&text);
        let passed = gate.check(&sql);
        match expected {
            "refused" => assert!(matches!(passed, Err(QueryError::Gate(_))), "{name}: {passed:?}"),
            "ended" => {
                passed.unwrap_or_else(|error| panic!("{name}: {error}"));
                let started = Instant::now();
                let answer = ask(&engine, &sql, &BTreeMap::new(), Duration::from_millis(700));
                assert!(
                    matches!(answer, Err(QueryError::TimedOut(_) | QueryError::Engine(_))),
                    "{name}: {answer:?}"
                );
                assert!(started.elapsed() < Duration::from_secs(20), "{name} took {:?}", started.elapsed());
            }
            "harmless" => {
                passed.unwrap_or_else(|error| panic!("{name}: {error}"));
                let answer = ask(&engine, &sql, &BTreeMap::new(), LONG).unwrap();
                assert!(!answer.join("\n").contains(CANARY), "{name}");
            }
            other => panic!("{name} expects {other}"),
        }
        seen += 1;
    }
    assert!(seen >= 60, "{seen}");
    assert_eq!(files_with_hashes(fortress.lake.folder.path()), before);
    assert_eq!(ask(&engine, "SELECT count(*) FROM requests", &BTreeMap::new(), LONG).unwrap(), ["[3]"]);
}

/// The engine's own wall: should a text ever pass the gate, it still reads nothing outside of the lake.
#[test]
fn without_the_gate_nothing_outside_is_read() {
    let fortress = Fortress::new();
    let engine = fortress.lake.engine();
    let before = files_with_hashes(fortress.lake.folder.path());
    for sql in [
        "SELECT * FROM read_text('{OUTSIDE}/canary.csv')",
        "SELECT * FROM read_csv('{OUTSIDE}/canary.csv')",
        "SELECT * FROM '{OUTSIDE}/canary.csv'",
        "SELECT * FROM read_parquet('{OUTSIDE}/canary.parquet')",
        "SELECT * FROM read_parquet('{LAKE}/../../../../outside/canary.parquet')",
        "SELECT * FROM read_parquet('{LINK}')",
        "SELECT * FROM glob('{OUTSIDE}/*')",
        "COPY (SELECT 1) TO '{OUTSIDE}/written.csv'",
        "ATTACH '{OUTSIDE}/written.db' AS w",
        "EXPORT DATABASE '{OUTSIDE}/export'",
        "LOAD httpfs",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT * FROM query('FROM read_text(''{OUTSIDE}/canary.csv'')')",
    ] {
        let answer = ask(&engine, &fortress.fill(sql), &BTreeMap::new(), LONG);
        assert!(answer.is_err(), "{sql}: {answer:?}");
    }
    assert_eq!(files_with_hashes(fortress.lake.folder.path()), before);
}

#[test]
fn questions_pass_and_are_answered() {
    let lake = lake();
    let (engine, gate) = (lake.engine(), Gate::open().unwrap());
    let sum = format!("SELECT {}", ["1"; 900].join(" + "));
    for sql in [
        "SELECT username, count(*) FROM requests GROUP BY ALL ORDER BY ALL",
        "FROM audit_events SELECT verb",
        "FROM requests",
        "VALUES (1), (2)",
        "DESCRIBE audit_events",
        "DESCRIBE SELECT verb FROM requests",
        "SUMMARIZE SELECT verb FROM requests",
        "SHOW TABLES",
        "WITH Users AS (SELECT username FROM requests) SELECT * FROM users, USERS AS other",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
        "SELECT * FROM (PIVOT requests ON verb IN ('get', 'create') USING count(*) GROUP BY username)",
        "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b",
        "SELECT verb, row_number() OVER (PARTITION BY username ORDER BY event_time) FROM requests QUALIFY true",
        "SELECT u.ip FROM requests, LATERAL (SELECT unnest(source_ips) AS ip) u",
        "SELECT * FROM requests SEMI JOIN audit_events USING (audit_id)",
        "SELECT list_transform(source_ips, lambda ip: upper(ip)), COLUMNS('user.*') FROM main.requests",
        "SELECT * FROM range(3) UNION SELECT * FROM generate_series(1, 2) ORDER BY 1",
        "SELECT is_system_principal(username), activities(verb, resource, subresource, name, username, \
            impersonated_username, request_object, response_status) FROM requests",
        "SELECT json_extract(user_extra, '$.arn') FROM requests USING SAMPLE 2",
        "(SELECT 1);",
        sum.as_str(),
    ] {
        gate.check(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        ask(&engine, sql, &BTreeMap::new(), LONG).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

#[test]
fn says_why_a_text_does_not_pass() {
    let gate = Gate::open().unwrap();
    let message = |sql: &str| gate.check(sql).unwrap_err().to_string();
    assert!(message("SELECT 1; SELECT 2").contains("2 statements"));
    assert!(message("SELEC 1").contains("SELEC"), "{}", message("SELEC 1"));
    assert!(message("DROP VIEW requests").contains("only reading"));
    assert!(message("WITH x AS (COPY (SELECT 1) TO 'y') SELECT 1").contains("COPY_QUERY_NODE"));
    assert!(message("FROM request").contains("request cannot be read"));
    assert!(message("SELECT getenv('HOME')").contains("environment"));
    assert!(message("SELECT '\0'").contains("byte 8"));
}

#[test]
fn a_cancelled_query_ends_as_cancelled() {
    let (lake, cancel) = (lake(), Cancel::default());
    let engine = lake.engine();
    let other = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        other.cancel();
    });
    let sql = "SELECT count(*) FROM range(100000000) a, range(100000000) b";
    let ended = run(&engine, sql, &BTreeMap::new(), LONG, &cancel, |_| Ok(()));
    assert!(matches!(ended, Err(QueryError::Engine(EngineError::Cancelled(Stopped)))), "{ended:?}");
}

#[test]
fn a_missing_parameter_is_named() {
    let lake = lake();
    let answer = ask(&lake.engine(), "SELECT * FROM requests WHERE username = $who", &BTreeMap::new(), LONG);
    assert!(answer.unwrap_err().to_string().contains("$who"));
}

fn saved_answer(engine: &Engine, name: &str, given: &[(&str, &str)]) -> Vec<String> {
    let file = saved::find(name, None).unwrap();
    let given: Vec<_> = given.iter().map(|(k, v)| ((*k).to_owned(), Some((*v).to_owned()))).collect();
    let values = file.bind(&given).unwrap();
    Gate::open().unwrap().check(&file.sql).unwrap_or_else(|error| panic!("{name}: {error}"));
    ask(engine, &file.sql, &values, LONG).unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

#[test]
fn saved_queries_answer() {
    let lake = TestLake::new(&[
        Request::get("2026-11-01T08:00:00Z", "db"),
        Request { username: Some("bob".to_owned()), ..Request::get("2026-11-20T08:00:00Z", "db") },
        Request { code: Some(403), ..Request::get("2026-11-20T08:01:00Z", "api") },
        Request { namespace: None, ..Request::at("2026-11-20T08:02:00Z", "list") },
        Request {
            subresource: Some("exec".to_owned()),
            uri: "/api/v1/namespaces/default/pods/web/exec?command=sh&command=-c".to_owned(),
            code: Some(101),
            ..Request::on("2026-11-20T08:03:00Z", "create", "pods", "web")
        },
        Request {
            request_object: Some(
                r#"{"roleRef":{"kind":"ClusterRole","name":"admin"},"subjects":[{"name":"eve"}]}"#.to_owned(),
            ),
            ..Request::on("2026-11-20T08:04:00Z", "create", "clusterrolebindings", "mine")
        },
        Request {
            subresource: Some("token".to_owned()),
            ..Request::on("2026-11-20T08:05:00Z", "create", "serviceaccounts", "robot")
        },
        Request {
            username: Some("system:anonymous".to_owned()),
            code: Some(401),
            user_agent: "curl/8".to_owned(),
            ..Request::get("2026-11-20T08:06:00Z", "db")
        },
        Request { username: None, ..Request::get("2026-11-20T08:07:00Z", "x") },
    ]);
    let engine = lake.engine();
    let answer = |name, given: &[(&str, &str)]| saved_answer(&engine, name, given);
    let since = ("since", "2026-11-10");

    let readers = answer("secret_readers", &[("name", "db")]);
    assert_eq!(readers.len(), 3, "{readers:?}");
    assert!(
        readers[0].starts_with(r#"["prod","default","eve",["get"],1,1,0,0,0,"2026-11-01T08:00:00.000000Z""#),
        "{readers:?}"
    );
    assert_eq!(
        answer("secret_readers", &[("name", "db"), since, ("until", "2026-11-20T08:06:00Z")]).len(),
        1
    );
    assert_eq!(answer("user_activity", &[("username", "eve")]).len(), 5);
    let denied = answer("denied_by_user", &[]);
    assert!(denied[0].starts_with(r#"["eve",1,1,["get secrets"]"#), "{denied:?}");
    assert_eq!((denied.len(), answer("denied_by_user", &[("minimum", "2")]).len()), (2, 0));
    let lists = answer("cluster_wide_lists", &[]);
    assert!(lists.len() == 1 && lists[0].starts_with(r#"["prod","eve","list""#), "{lists:?}");
    let users = answer("first_seen_users", &[since]);
    assert_eq!(users.len(), 3, "{users:?}");
    assert!(users[0].starts_with(r#"["bob""#));
    let agents = answer("first_seen_user_agents", &[since]);
    assert!(agents.len() == 1 && agents[0].starts_with(r#"["curl/8""#), "{agents:?}");
    let exec = answer("pod_exec", &[]);
    assert!(
        exec.len() == 1 && exec[0].contains(r#""web","exec","create","eve",null,"success",101,["sh","-c"]"#),
        "{exec:?}"
    );
    let roles = answer("role_changes", &[]);
    assert!(
        roles.len() == 1 && roles[0].contains(r#""ClusterRole admin","[{\"name\":\"eve\"}]""#),
        "{roles:?}"
    );
    let agents = answer("user_agents", &[("rows", "1")]);
    assert!(agents.len() == 1 && agents[0].starts_with(r#"["kubectl/v1.30",8,"#), "{agents:?}");
    let talkers = answer("top_talkers", &[]);
    assert!(talkers.len() == 4 && talkers[0].starts_with(r#"["eve",6,5,1,0,0,3,"#), "{talkers:?}");
    assert_eq!(answer("top_talkers", &[("include_system", "false")]).len(), 3);
    let anonymous = answer("anonymous", &[]);
    assert_eq!(anonymous.len(), 2, "{anonymous:?}");
    let tokens = answer("service_account_tokens", &[]);
    assert!(
        tokens.len() == 1 && tokens[0].starts_with(r#"["eve","prod","default","robot",1,1"#),
        "{tokens:?}"
    );
    let day = answer("user_day", &[("username", "eve"), ("day", "2026-11-20")]);
    assert_eq!(day.len(), 5, "{day:?}");
    assert!(day[2].contains("T1609 exec into a pod"), "{day:?}");
}
