//! The table of what must be rotated, on small lakes.

use serde_json::{Map, Value, json};

use super::{AllowEntry, AllowField, AllowList, Catalog, GroupColumn, HuntParameters, Recount, hunt};
use crate::cancel::Cancel;
use crate::query::test_lake::{Request, TestLake};
use crate::report::evidence::Part;
use crate::report::gather::GatherError;
use crate::runbook::Reach;

/// The rows of a table as objects.
#[derive(Default)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Value>,
}

impl Table {
    fn take(&mut self, part: Part<'_>) -> std::io::Result<()> {
        match part {
            Part::Columns(names) => self.columns = names.to_vec(),
            Part::Row(row) => {
                let cells = self.columns.iter().cloned().zip(row.iter().cloned());
                self.rows.push(Value::Object(cells.collect::<Map<_, _>>()));
            }
        }
        Ok(())
    }
}

/// The rows of both tables, for a hunt with threshold 3.
fn exposed(requests: &[Request], by: Vec<GroupColumn>) -> (Vec<Value>, Vec<Value>) {
    exposed_but(requests, by, &[])
}

/// The same with these users known.
fn exposed_but(requests: &[Request], by: Vec<GroupColumn>, known: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let lake = TestLake::new(requests);
    let cancel = Cancel::default();
    let catalog = Catalog::own().unwrap();
    let rule = catalog.find("Kubernetes.BulkSecretAccess").unwrap();
    let entry = |user: &&str| AllowEntry {
        entry: "allow.toml:1".to_owned(),
        reason: "a test".to_owned(),
        owner: "a@example.com".to_owned(),
        expires: None,
        patterns: [(AllowField::Username, vec![(*user).to_owned()])].into(),
    };
    let allow = AllowList { today: "2026-11-25".to_owned(), entries: known.iter().map(entry).collect() };
    let parameters = HuntParameters { threshold: 3, by, allow, ..HuntParameters::of(rule) };
    let report = hunt(&lake.engine(), rule, &parameters, &cancel).unwrap();
    let engine = lake.engine();
    let mut recount = Recount::new(&engine, rule, &parameters, &cancel).unwrap();
    let Reach { around, past } = Reach::default();
    recount.expose(report.open(), past, around).unwrap();
    let (mut secrets, mut lists) = (Table::default(), Table::default());
    recount.rotation::<GatherError>(|part| secrets.take(part)).unwrap();
    recount.lists::<GatherError>(|part| lists.take(part)).unwrap();
    for (table, column) in [(&secrets, "secret"), (&lists, "scope")] {
        assert!(table.columns.iter().any(|name| name == column), "{:?}", table.columns);
    }
    (secrets.rows, lists.rows)
}

fn read(who: &str, time: &str, name: &str) -> Request {
    Request { username: Some(who.to_owned()), ..Request::get(&format!("2026-11-20T{time}Z"), name) }
}

/// Three secrets of its own that raise an alert at noon.
fn alert(who: &str) -> Vec<Request> {
    ["12:00:00", "12:00:01", "12:00:02"]
        .iter()
        .enumerate()
        .map(|(n, time)| read(who, time, &format!("{who}-{n}")))
        .collect()
}

fn create(day: &str, verb: &str, namespace: &str, name: &str) -> Request {
    Request {
        username: Some("system:admin".to_owned()),
        verb: verb.to_owned(),
        namespace: Some(namespace.to_owned()),
        ..Request::get(&format!("{day}Z"), name)
    }
}

fn names(rows: &[Value]) -> Vec<String> {
    rows.iter()
        .map(|row| format!("{}/{}", row["namespace"].as_str().unwrap(), row["secret"].as_str().unwrap()))
        .collect()
}

#[test]
fn joins_what_all_alerts_read_and_leaves_out_what_failed() {
    let mut requests = [alert("ann"), alert("ben")].concat();
    requests.push(read("ann", "12:10:00", "shared"));
    requests.push(read("ben", "12:20:00", "shared"));
    requests.push(Request { code: Some(403), ..read("ann", "12:11:00", "denied") });
    requests.push(Request { code: Some(404), ..read("ann", "12:11:00", "absent") });
    requests.push(read("quiet", "12:12:00", "of-nobody"));
    requests.push(Request { time: "2026-11-18T12:00:00Z".to_owned(), ..read("ann", "12:00:00", "long-ago") });
    let (rows, lists) = exposed(&requests, vec![GroupColumn::Username]);
    assert_eq!(
        names(&rows),
        ["ann-0", "ann-1", "ann-2", "ben-0", "ben-1", "ben-2", "shared"]
            .map(|name| format!("default/{name}"))
    );
    assert_eq!((&rows[6]["reads"], &rows[6]["usernames"]), (&json!(2), &json!(["ann", "ben"])));
    assert_eq!(rows[6]["how"], "read");
    assert!(lists.is_empty());
}

#[test]
fn a_list_returned_what_stood_there_at_its_time() {
    let mut requests = alert("ann");
    requests.extend([
        create("2026-11-01T08:00:00", "create", "a", "standing"),
        create("2026-11-01T08:00:00", "create", "a", "deleted"),
        create("2026-11-02T08:00:00", "delete", "a", "deleted"),
        create("2026-11-01T08:00:00", "create", "a", "made-again"),
        create("2026-11-02T08:00:00", "delete", "a", "made-again"),
        create("2026-11-03T08:00:00", "update", "a", "made-again"),
        create("2026-11-20T12:20:00", "create", "a", "made-later"),
        create("2026-11-01T08:00:00", "create", "b", "elsewhere"),
        Request {
            cluster: Some("test".to_owned()),
            ..create("2026-11-01T08:00:00", "create", "a", "other-cluster")
        },
        Request {
            name: None,
            namespace: Some("a".to_owned()),
            verb: "list".to_owned(),
            ..read("ann", "12:05:00", "")
        },
        Request {
            name: None,
            namespace: Some("a".to_owned()),
            verb: "list".to_owned(),
            ..read("ann", "12:06:00", "")
        },
    ]);
    let (rows, lists) = exposed(&requests, vec![GroupColumn::Username]);
    let listed: Vec<&Value> = rows.iter().filter(|row| row["how"] != "read").collect();
    assert_eq!(names(&rows)[..2], ["a/made-again", "a/standing"]);
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["how"], "listed with its namespace");
    assert_eq!(listed[0]["known_from"], "2026-11-03T08:00:00.000000Z");
    assert_eq!(
        (&listed[1]["first_read"], &listed[1]["last_read"]),
        (&json!("2026-11-20T12:05:00.000000Z"), &json!("2026-11-20T12:06:00.000000Z"))
    );
    assert_eq!((&lists[0]["scope"], &lists[0]["lists"]), (&json!("namespace"), &json!(2)));

    requests.push(Request {
        name: None,
        namespace: None,
        verb: "list".to_owned(),
        ..read("ann", "12:07:00", "")
    });
    let (rows, lists) = exposed(&requests, vec![GroupColumn::Username]);
    assert!(
        names(&rows).contains(&"b/elsewhere".to_owned())
            && !names(&rows).contains(&"a/made-later".to_owned())
    );
    assert_eq!(
        lists.iter().map(|row| row["scope"].as_str().unwrap()).collect::<Vec<_>>(),
        ["cluster", "namespace"]
    );
}

/// Only what nobody but known readers read stays where it is.
#[test]
fn what_only_silenced_alerts_read_is_left_out() {
    let mut requests = [alert("ann"), alert("ben")].concat();
    requests.push(read("ann", "12:10:00", "shared"));
    requests.push(read("ben", "12:20:00", "shared"));
    requests.push(read("ann", "12:11:00", "of-ann"));
    let by = || vec![GroupColumn::Username];
    let (rows, _) = exposed_but(&requests, by(), &["ann"]);
    assert_eq!(names(&rows), ["ben-0", "ben-1", "ben-2", "shared"].map(|name| format!("default/{name}")));
    assert_eq!(rows[3]["usernames"], json!(["ben"]));
    let (rows, _) = exposed_but(&requests, by(), &["ann", "ben"]);
    assert!(rows.is_empty());
}

#[test]
fn alerts_of_other_groups_have_a_table_too() {
    let requests = [alert("ann"), alert("ben")].concat();
    let (rows, _) = exposed(&requests, vec![GroupColumn::SourceIp]);
    assert_eq!(rows.len(), 6);
    let (rows, _) = exposed(&[], vec![GroupColumn::Username]);
    assert!(rows.is_empty());
}
