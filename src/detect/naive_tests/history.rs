//! Histories and parameters to compare on.
//!
//! Times are few and far between, and fall on the edges of windows: that is where counts go wrong.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{allow, text};
use crate::decode::{AuditEvent, EventTimeSource, LogType};
use crate::detect::{GroupColumn, HuntParameters, SecretKey, Since, WindowMode};

/// 2026-11-22T23:50:00Z: histories cross midnight, so that they lie in several files.
const BEGINNING: i64 = 1_795_391_400_000_000;

const MINUTE: i64 = 60_000_000;

/// From a microsecond to days.
const WINDOWS: &[i64] = &[1, 2, 1_000, MINUTE, 30 * MINUTE, 26 * 60 * MINUTE, 3 * 24 * 60 * MINUTE];

/// Around the 60 seconds in which a cut response is looked for, and a repeated Audit-ID comes again.
const LATER: &[i64] = &[-60_000_001, -60_000_000, -1, 0, 1, 1_000_000, 59_999_999, 60_000_000, 60_000_001];

/// A history in the order it arrives in, and what to hunt with.
#[derive(Debug, Clone)]
pub struct Case {
    pub events: Vec<AuditEvent<'static>>,
    pub parameters: Vec<HuntParameters>,
}

pub fn case(reads: std::ops::Range<usize>, users: usize) -> impl Strategy<Value = Case> {
    case_over(9, reads, users)
}

/// A history of so many half windows.
pub fn case_over(halves: i64, reads: std::ops::Range<usize>, users: usize) -> impl Strategy<Value = Case> {
    select(WINDOWS).prop_flat_map(move |window| {
        let span = Span { window, halves };
        let events = vec(request(span, users), reads.clone())
            .prop_map(|requests| requests.into_iter().flatten().collect::<Vec<_>>())
            .prop_shuffle();
        (events, vec(parameters(span), 1..4)).prop_map(|(events, parameters)| Case { events, parameters })
    })
}

/// What the times of a history lie in.
#[derive(Debug, Clone, Copy)]
struct Span {
    window: i64,
    halves: i64,
}

/// A time at, just before or just after a multiple of half the window, or anywhere near.
fn time(Span { window, halves }: Span) -> impl Strategy<Value = i64> {
    let edges = (0..halves, select(&[-1, 0, 0, 0, 1][..]))
        .prop_map(move |(halves, off)| BEGINNING + halves * window / 2 + off);
    let anywhere = (0..window.saturating_mul(halves / 3).max(4)).prop_map(|off| BEGINNING + off);
    prop_oneof![3 => edges, 1 => anywhere]
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Option<&'static str>> {
    weighted(0.85, select(words))
}

/// One request as one to three records: its stages, some of them twice.
fn request(span: Span, users: usize) -> impl Strategy<Value = Vec<AuditEvent<'static>>> {
    const USERS: &[&str] = &[
        "eve",
        "mallory",
        "system:serviceaccount:prod:app",
        "system:admin",
        "gke-node",
        "system:serviceaccount:kube-system:gc",
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
    ];
    const EXTRA: &[&str] = &[
        r#"{"sessionName":["s1"],"arn":["arn:x"]}"#,
        r#"{"arn":["arn:x"]}"#,
        r#"{"sessionName":[]}"#,
        r#"{"sessionName":[""],"arn":["arn:y"]}"#,
        r#"{"sessionName":[""],"arn":[""]}"#,
        "no JSON",
    ];
    let who = (
        weighted(0.9, select(&USERS[..users])),
        weighted(0.2, select(&["", "victim", "other"][..])),
        weighted(0.3, select(EXTRA)),
        vec(select(&["10.0.0.1", "10.0.0.2"][..]), 0..3),
        word(&["kubectl", "curl"]),
    );
    let what = (
        select(&["get", "get", "get", "list", "watch", "create"][..]),
        word(&["one", "two"]),
        weighted(0.8, select(&["", "prod", "dev"][..])),
        weighted(0.8, select(&["", "a", "b", "c", "d", "e"][..])),
        weighted(0.9, select(&["/u", "/v", ""][..])),
        prop_oneof![12 => Just(("", "secrets", None)), 1 => Just(("apps", "secrets", None)),
            1 => Just(("", "pods", None)), 1 => Just(("", "secrets", Some("status")))],
    );
    let and_then = (
        weighted(0.15, (select(LATER), prop::bool::weighted(0.2))),
        prop_oneof![5 => Just(Vec::new()), 1 => vec(select(LATER), 1..3)],
    );
    let how = (
        weighted(0.8, select(&[200, 201, 403, 401, 404, 500, 0][..])),
        weighted(0.1, select(&["allow", "forbid"][..])),
        weighted(0.8, 0..40_u32),
        vec(select(&["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"][..]), 1..4),
        select(&LogType::ALL[..]),
    );
    (time(span), who, what, how, and_then).prop_map(move |(event_time, who, what, how, and_then)| {
        let mut event = event(event_time, how.4);
        event.username = who.0.and_then(text);
        event.impersonated_username = who.1.and_then(text);
        event.user_extra = who.2.and_then(text);
        event.source_ips = who.3.into_iter().filter_map(text).collect();
        event.user_agent = who.4.and_then(text);
        event.verb = text(what.0);
        event.cluster = what.1.and_then(text);
        event.namespace = what.2.and_then(text);
        event.name = what.3.and_then(text);
        event.request_uri = what.4.and_then(text);
        (event.api_group, event.resource) = (text(what.5.0), text(what.5.1));
        event.subresource = what.5.2.and_then(text);
        event.authz_decision = how.1.and_then(text);
        // Ids repeat, as a client may choose them; a record without one has a hash.
        match how.2 {
            Some(id) => event.audit_id = text(&format!("id-{id}")),
            None => event.record_id = text("hash"),
        }
        let stages = how.3.iter().map(|stage| {
            let code = how.0.filter(|_| *stage != "RequestReceived");
            AuditEvent { stage: text(stage), response_code: code, ..event.clone() }
        });
        let mut records: Vec<_> = stages.collect();
        for later in &and_then.1 {
            let again = records[0].clone();
            records.push(AuditEvent { event_time: event_time + later, ..again });
        }
        records.extend(and_then.0.map(|(later, in_object)| cut(&event, later, how.0, in_object)));
        records
    })
}

/// The response to a request as it is read when its end was cut, with its container's time, or even
/// what was read, when the cut is `in_object`.
fn cut(event: &AuditEvent<'static>, later: i64, code: Option<i32>, in_object: bool) -> AuditEvent<'static> {
    let event_time = event.event_time + later;
    AuditEvent {
        event_time,
        event_time_source: EventTimeSource::Container,
        stage_time: None,
        stage: text("ResponseComplete"),
        response_code: code.filter(|_| !in_object),
        name: event.name.clone().filter(|_| !in_object),
        truncated: true,
        salvaged: true,
        ..event.clone()
    }
}

/// Two requests, each told twice at the same stage and time: the first record of each succeeded, the second was denied.
pub fn told_twice() -> Vec<AuditEvent<'static>> {
    [("id-1", 200), ("id-2", 200), ("id-1", 403), ("id-2", 403)]
        .map(|(audit_id, code)| AuditEvent {
            audit_id: text(audit_id),
            stage: text("ResponseComplete"),
            verb: text("get"),
            resource: text("secrets"),
            name: text(audit_id),
            username: text("eve"),
            response_code: Some(code),
            ..event(BEGINNING, LogType::KubernetesAudit)
        })
        .to_vec()
}

fn event(event_time: i64, log_type: LogType) -> AuditEvent<'static> {
    AuditEvent {
        event_time,
        event_time_source: EventTimeSource::RequestReceivedTimestamp,
        stage_time: Some(event_time),
        log_type,
        cluster: None,
        account: None,
        region: None,
        log_stream: None,
        audit_id: None,
        record_id: None,
        stage: None,
        level: None,
        verb: None,
        request_uri: None,
        user_agent: None,
        api_group: None,
        api_version: None,
        resource: None,
        subresource: None,
        namespace: None,
        name: None,
        username: None,
        user_uid: None,
        user_groups: Vec::new(),
        user_extra: None,
        impersonated_username: None,
        impersonated_groups: Vec::new(),
        source_ips: Vec::new(),
        response_code: None,
        response_reason: None,
        response_status: None,
        authz_decision: None,
        authz_reason: None,
        annotations: None,
        request_object: None,
        response_object: None,
        truncated: false,
        salvaged: false,
    }
}

fn parameters(span: Span) -> impl Strategy<Value = HuntParameters> {
    let window = span.window;
    let bound = || weighted(0.3, time(span));
    (
        1..5_i64,
        select(vec![0, 1, window / 2, window, window.saturating_mul(2)]),
        subsequence(GroupColumn::ALL.to_vec(), 1..=GroupColumn::ALL.len()),
        prop::bool::weighted(0.5),
        select(&[SecretKey::Qualified, SecretKey::Name][..]),
        prop::bool::weighted(0.3),
        select(&WindowMode::ALL[..]),
        (bound(), bound()),
        allow::lists(),
    )
        .prop_map(
            move |(threshold, dedup, by, by_user, secret_key, include_system, window_mode, bounds, allow)| {
                HuntParameters {
                    rule: "Kubernetes.BulkSecretAccess".to_owned(),
                    since: bounds.0.map(Since::At),
                    until: bounds.1.map(Since::At),
                    newest: None,
                    threshold,
                    window,
                    dedup,
                    by: if by_user { vec![GroupColumn::Username] } else { by },
                    secret_key,
                    include_system,
                    window_mode,
                    allow,
                }
            },
        )
}
