//! What is read once for many runbooks gives the answers that the lake gives.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use proptest::prelude::*;

use super::*;

/// The runbooks of these users from the lake, from what is read once for each of them, and from what is read once for
/// all.
fn each_way(requests: &[Request], users: &[Option<String>]) -> [Vec<RunbookReport>; 3] {
    let lake = TestLake::new(requests);
    let engine = lake.engine();
    let subjects: Vec<Subject> =
        users.iter().map(|user| Subject { username: user.clone(), ..eve() }).collect();
    let keep = |users: &[Option<String>]| {
        let users: BTreeSet<Option<String>> = users.iter().cloned().collect();
        let mut readers = Readers::new(&engine);
        readers.share(&runbook(), &users, eve().spans.reach().unwrap(), &Cancel::default()).unwrap();
        readers
    };
    let direct = subjects.iter().map(|subject| report(&engine, subject)).collect();
    let alone = subjects.iter().map(|subject| {
        let mut readers = keep(std::slice::from_ref(&subject.username));
        report_by(&mut readers, subject)
    });
    let alone = alone.collect();
    let mut readers = keep(users);
    [direct, alone, subjects.iter().map(|subject| report_by(&mut readers, subject)).collect()]
}

#[test]
fn sections_are_answered_in_their_order_on_both_connections() {
    let lake = TestLake::new(&[prod("2026-11-20T12:00:00Z", "a")]);
    let engine = lake.engine();
    let mut readers = Readers::new(&engine);
    let users = [Some("eve".to_owned())].into();
    let (runbook, cancel) = (runbook(), Cancel::default());
    readers.share(&runbook, &users, eve().spans.reach().unwrap(), &cancel).unwrap();
    let seen = Mutex::new(HashSet::new());
    let until = Instant::now() + LONG;
    let named = |_: &Engine, section: &PlannedSection| {
        seen.lock().unwrap().insert(thread::current().id());
        while seen.lock().unwrap().len() < 2 && Instant::now() < until {
            thread::yield_now();
        }
        Ok::<_, String>(section.file.name.clone())
    };
    let names = |section: &PlannedSection| section.file.name.clone();
    let planned: Vec<Vec<String>> =
        runbook.steps.iter().map(|step| step.sections.iter().map(names).collect()).collect();
    assert_eq!(readers.ask(&runbook.steps, named), Ok(planned));
    assert_eq!(seen.into_inner().unwrap().len(), 2);
    let failing = |_: &Engine, section: &PlannedSection| match section.file.name.as_str() {
        name if name < "2_3" => Ok(()),
        name => Err(name.to_owned()),
    };
    assert_eq!(readers.ask(&runbook.steps, failing), Err("2_3_history".to_owned()));
}

fn user() -> impl Strategy<Value = Option<String>> {
    prop::sample::select(vec![Some("eve"), Some("bob"), Some("admin"), Some("system:anonymous"), None])
        .prop_map(|user| user.map(str::to_owned))
}

fn request() -> impl Strategy<Value = Request> {
    let day = prop::sample::select(vec!["2026-11-05", "2026-11-19", "2026-11-20", "2026-11-21"]);
    let verb = prop::sample::select(vec!["get", "list", "create", "delete", "patch"]);
    let kinds = vec!["secrets", "secrets", "secrets", "rolebindings", "clusterroles", "pods", "configmaps"];
    let place = (prop::sample::select(kinds), 0..4_u8, any::<bool>(), 0..3_u8);
    (day, 0..24_u8, 0..60_u8, verb, place, user(), prop::sample::select(vec![200, 403, 401])).prop_map(
        |(day, hour, minute, verb, (resource, name, has_namespace, ip), username, code)| Request {
            username,
            name: (verb != "list" && name > 0).then(|| format!("n{name}")),
            cluster: (ip != 1).then(|| "prod".to_owned()),
            namespace: has_namespace.then(|| "prod".to_owned()),
            code: Some(code),
            source_ip: format!("10.0.0.{ip}"),
            request_object: (verb == "create")
                .then(|| format!(r#"{{"metadata":{{"name":"n{name}"}},"rules":[]}}"#)),
            authz_reason: Some(
                r#"RBAC: allowed by RoleBinding "n1/prod" of ClusterRole "n2" to User "x""#.to_owned(),
            ),
            ..Request::on(&format!("{day}T{hour:02}:{minute:02}:00Z"), verb, resource, "")
        },
    )
}

/// What a request leaves: its record; or its beginning, and so many seconds later a response that was cut, of which
/// requests with the same id and of the same kind claim one.
fn records() -> impl Strategy<Value = Vec<Request>> {
    let cut = prop::option::weighted(0.3, (0..90_i64, 0..3_u8));
    (request(), cut).prop_map(|(request, cut)| match cut {
        Some((seconds, id)) => cut_after(&request, seconds, &format!("cut-{id}")).into(),
        None => vec![request],
    })
}

fn cut_after(request: &Request, seconds: i64, id: &str) -> [Request; 2] {
    let audit_id = Some(id.to_owned());
    let at = read_time(&request.time).unwrap() + jiff::SignedDuration::from_secs(seconds);
    let cut = Request { time: at.to_string(), is_cut: true, audit_id, ..request.clone() };
    let (time, stage) = (request.time.clone(), "RequestReceived".to_owned());
    [Request { time, stage, is_cut: false, code: None, ..cut.clone() }, cut]
}

#[test]
fn a_cut_response_and_its_request_are_one() {
    let read = prod("2026-11-20T12:00:00Z", "db");
    let [begun, cut] = cut_after(&read, 2, "cut");
    let late = cut_after(&prod("2026-11-20T12:10:00Z", "late"), 61, "late");
    let requests = [vec![begun, cut], late.into()].concat();
    for mut report in each_way(&requests, &[Some("eve".to_owned())]) {
        let secrets = rows_of(&report.remove(0), "1_1_secrets");
        let counted: Vec<(&str, i64)> = secrets
            .iter()
            .map(|row| (row["secret"].as_str().unwrap(), row["requests"].as_i64().unwrap()))
            .collect();
        assert_eq!(counted, [("db", 1), ("late", 2)]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn read_once_gives_what_the_lake_gives(requests in prop::collection::vec(records(), 1..60)) {
        let requests = requests.concat();
        let users = [Some("eve".to_owned()), Some("bob".to_owned()), None];
        let [direct, alone, shared] = each_way(&requests, &users);
        prop_assert_eq!(&direct, &alone);
        prop_assert_eq!(direct, shared);
    }
}
