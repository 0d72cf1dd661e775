//! The detection as its description has it, in loops within loops.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::allow;
use crate::decode::{AuditEvent, EventTimeSource};
use crate::detect::{GroupColumn, HuntParameters, SecretKey, Since, WindowMode};

#[derive(Debug, PartialEq)]
pub struct NaiveAlert {
    pub alert_id: String,
    pub crossed_at: String,
    pub first_seen: String,
    pub last_seen: String,
    pub continuing: bool,
    pub high: bool,
    pub peak_distinct: i64,
    pub distinct_secrets: i64,
    /// requests, succeeded, denied, failed, unknown
    pub outcomes: [i64; 5],
    /// cluster-wide, of them succeeded, of a namespace, of them succeeded
    pub lists: [i64; 4],
    /// Numbers of the entries that silence it.
    pub silenced_by: Vec<usize>,
}

type Group = Vec<Option<String>>;
type Key = Vec<Option<String>>;

/// A request that the rule matches.
struct Match<'a> {
    event: &'a AuditEvent<'a>,
    group: Group,
    key: Option<Key>,
}

/// The alerts in the order of answers.
pub fn alerts(events: &[AuditEvent<'_>], rule_id: &str, parameters: &HuntParameters) -> Vec<NaiveAlert> {
    let matches = matches(events, parameters);
    let mut found = Vec::new();
    let groups: BTreeSet<&Group> = matches.iter().map(|m| &m.group).collect();
    for group in groups {
        let of_group: Vec<&Match<'_>> = matches.iter().filter(|m| m.group == *group).collect();
        for (order, alert) in of_one_group(&of_group, group, rule_id, parameters) {
            found.push(((order, nulls_last(group)), alert));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.into_iter().map(|(_, alert)| alert).collect()
}

/// The requests of the hunt that the rule matches.
fn matches<'a>(events: &'a [AuditEvent<'a>], parameters: &HuntParameters) -> Vec<Match<'a>> {
    events
        .iter()
        .enumerate()
        .filter(|(index, _)| is_latest_stage(events, *index) && !is_answered(events, &events[*index]))
        .map(|(_, event)| event)
        .filter(|event| is_match(event, parameters.include_system))
        .filter(|event| parameters.end().is_none_or(|until| event.event_time < until))
        .map(|event| Match { event, group: group(event, parameters), key: key(event, parameters.secret_key) })
        .collect()
}

/// For each group that counts anything: its highest count, and the lower median of its days' highest.
pub fn peaks(events: &[AuditEvent<'_>], parameters: &HuntParameters) -> Vec<(i64, i64, i64)> {
    let parameters = HuntParameters { threshold: 1, ..parameters.clone() };
    let matches = matches(events, &parameters);
    let groups: BTreeSet<&Group> = matches.iter().map(|m| &m.group).collect();
    let mut peaks = Vec::new();
    for group in groups {
        let of_group: Vec<&Match<'_>> = matches.iter().filter(|m| m.group == *group).collect();
        let mut days = BTreeMap::new();
        for (time, count) in breaches(&of_group, &parameters, |_| true) {
            if !matches!(parameters.since, Some(Since::At(since)) if time < since) {
                let highest = days.entry(time.div_euclid(86_400_000_000)).or_insert(0);
                *highest = count.max(*highest);
            }
        }
        let mut highest: Vec<i64> = days.into_values().collect();
        highest.sort_unstable();
        if let Some(peak) = highest.last() {
            peaks.push((*peak, highest[(highest.len() - 1) / 2], highest.len() as i64));
        }
    }
    peaks.sort_unstable();
    peaks
}

fn nulls_last(group: &Group) -> Vec<(bool, Option<String>)> {
    group.iter().map(|value| (value.is_none(), value.clone())).collect()
}

/// Of the records of one request, one of the latest stage stays.
fn is_latest_stage(events: &[AuditEvent<'_>], index: usize) -> bool {
    let event = &events[index];
    !events.iter().enumerate().any(|(other_index, other)| {
        let later = (stage(other), other.stage_time) > (stage(event), event.stage_time);
        let same = (stage(other), other.stage_time) == (stage(event), event.stage_time);
        is_same_request(event, other) && (later || (same && is_first(other, other_index, event, index)))
    })
}

/// Whether a request that has only begun has its end in a cut record: one that lost its own times, and
/// whose container has the time of this request's, or none nearer, within 60 seconds.
pub(super) fn is_answered(events: &[AuditEvent<'_>], event: &AuditEvent<'_>) -> bool {
    let begins = |event: &AuditEvent<'_>| {
        matches!(event.stage.as_deref(), Some("RequestReceived" | "ResponseStarted"))
            && event.event_time_source != EventTimeSource::Container
    };
    let answers = |cut: &AuditEvent<'_>| {
        let nearest = events
            .iter()
            .filter(|begun| begins(begun) && is_answer(cut, begun))
            .map(|begun| ((begun.event_time - cut.event_time).abs(), begun.event_time))
            .filter(|(apart, _)| *apart <= 60_000_000)
            .min();
        is_answer(cut, event) && nearest.is_some_and(|(_, begun)| begun == event.event_time)
    };
    let is_cut = |event: &AuditEvent<'_>| {
        event.salvaged
            && event.event_time_source == EventTimeSource::Container
            && event.stage.as_deref() == Some("ResponseComplete")
    };
    matches!(event.stage.as_deref(), Some("RequestReceived" | "ResponseStarted"))
        && events.iter().any(|cut| is_cut(cut) && answers(cut))
}

fn is_answer(cut: &AuditEvent<'_>, begun: &AuditEvent<'_>) -> bool {
    cut.audit_id.is_some()
        && cut.audit_id == begun.audit_id
        && cut.cluster == begun.cluster
        && cut.request_uri == begun.request_uri
        && cut.verb == begun.verb
        && cut.username == begun.username
        && (&cut.api_group, &cut.resource, &cut.subresource)
            == (&begun.api_group, &begun.resource, &begun.subresource)
        && (&cut.namespace, &cut.name) == (&begun.namespace, &begun.name)
}

/// Between records of one stage and time: the smaller record_id, nulls last, then the earlier record.
fn is_first(one: &AuditEvent<'_>, one_index: usize, other: &AuditEvent<'_>, other_index: usize) -> bool {
    let order = |event: &AuditEvent<'_>, index| {
        (event.record_id.is_none(), event.record_id.as_deref().map(str::to_owned), index)
    };
    order(one, one_index) < order(other, other_index)
}

fn stage(event: &AuditEvent<'_>) -> u8 {
    ["ResponseStarted", "ResponseComplete", "Panic"]
        .iter()
        .position(|stage| Some(*stage) == event.stage.as_deref())
        .map_or(0, |position| position as u8 + 1)
}

fn is_same_request(one: &AuditEvent<'_>, other: &AuditEvent<'_>) -> bool {
    let id =
        |event: &AuditEvent<'_>| event.audit_id.as_deref().or(event.record_id.as_deref()).map(str::to_owned);
    one.event_time == other.event_time
        && one.cluster == other.cluster
        && id(one) == id(other)
        && one.request_uri == other.request_uri
        && one.verb == other.verb
        && one.username == other.username
        && one.api_group == other.api_group
        && one.resource == other.resource
        && one.subresource == other.subresource
}

fn is_match(event: &AuditEvent<'_>, include_system: bool) -> bool {
    let empty = |text: Option<&str>| text.unwrap_or_default().is_empty();
    matches!(event.verb.as_deref(), Some("get" | "list" | "watch"))
        && event.resource.as_deref() == Some("secrets")
        && empty(event.api_group.as_deref())
        && empty(event.subresource.as_deref())
        && (include_system || !event.username.as_deref().is_some_and(is_system))
}

fn is_system(username: &str) -> bool {
    let prefixes = ["system:serviceaccount:kube-system:", "eks:", "masterclient", "gke-", "azure-"];
    prefixes.iter().any(|prefix| username.starts_with(prefix))
        || username == "aksService"
        || (username.starts_with("system:") && !username.contains("serviceaccount"))
}

fn group(event: &AuditEvent<'_>, parameters: &HuntParameters) -> Group {
    let username = event.username.as_deref().map(str::to_owned);
    GroupColumn::ALL
        .into_iter()
        .filter(|column| parameters.by.contains(column))
        .map(|column| match column {
            GroupColumn::Username => username.clone(),
            GroupColumn::EffectiveUser => match event.impersonated_username.as_deref() {
                None | Some("") => username.clone(),
                Some(user) => Some(user.to_owned()),
            },
            GroupColumn::Session => session(event).or_else(|| username.clone()),
            GroupColumn::Cluster => event.cluster.as_deref().map(str::to_owned),
            GroupColumn::SourceIp => event.source_ips.last().map(|ip| ip.to_string()),
            GroupColumn::UserAgent => event.user_agent.as_deref().map(str::to_owned),
        })
        .collect()
}

fn session(event: &AuditEvent<'_>) -> Option<String> {
    let extra: Value = serde_json::from_str(event.user_extra.as_deref()?).ok()?;
    let first = |name: &str| {
        let text = extra.get(name)?.get(0)?.as_str();
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    first("sessionName").or_else(|| first("arn"))
}

/// What the read counts as, as the parts of the key; a key by name has one part.
fn key(event: &AuditEvent<'_>, mode: SecretKey) -> Option<Key> {
    let full = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let (name, namespace) = (full(event.name.as_deref()), full(event.namespace.as_deref()));
    let verb = event.verb.as_deref()?.to_owned();
    let cluster = event.cluster.as_deref().map(str::to_owned);
    let lists = verb == "list" || verb == "watch";
    match (mode, name) {
        (SecretKey::Qualified, Some(name)) => Some(vec![cluster, namespace, Some(name)]),
        (SecretKey::Name, Some(name)) => Some(vec![Some(name)]),
        (_, None) if !lists => None,
        (SecretKey::Qualified, None) => match namespace {
            Some(namespace) => Some(vec![Some(verb), cluster, Some(namespace)]),
            None => Some(vec![Some(verb), cluster]),
        },
        (SecretKey::Name, None) => {
            Some(vec![Some(match namespace.or_else(|| full(event.request_uri.as_deref())) {
                Some(place) => format!("{verb}:{place}"),
                None => verb,
            })])
        }
    }
}

fn of_one_group(
    matches: &[&Match<'_>],
    group: &Group,
    rule_id: &str,
    parameters: &HuntParameters,
) -> Vec<(i64, NaiveAlert)> {
    let since = parameters.begin().unwrap_or(i64::MIN);
    let breaches = breaches(matches, parameters, |_| true);
    let mut alerts = Vec::new();
    let mut open: Vec<(i64, i64)> = Vec::new();
    for (time, count) in breaches.iter().copied().filter(|(time, _)| *time >= since) {
        if open.last().is_some_and(|(last, _)| time - last > parameters.dedup) {
            alerts.push(std::mem::take(&mut open));
        }
        open.push((time, count));
    }
    if !open.is_empty() {
        alerts.push(open);
    }
    let before = breaches.iter().map(|(time, _)| *time).filter(|time| *time < since).max();
    alerts
        .into_iter()
        .enumerate()
        .map(|(number, breaches)| {
            let continuing =
                number == 0 && before.is_some_and(|before| breaches[0].0 - before <= parameters.dedup);
            (breaches[0].0, alert(matches, group, rule_id, parameters, &breaches, continuing))
        })
        .collect()
}

/// The instants at which a window holds enough distinct secrets, with how many it holds. What does
/// not count opens windows all the same.
fn breaches(
    matches: &[&Match<'_>],
    parameters: &HuntParameters,
    counts: impl Fn(&Match<'_>) -> bool,
) -> Vec<(i64, i64)> {
    let mut counted: Vec<&&Match<'_>> = matches.iter().filter(|m| m.key.is_some()).collect();
    counted.sort_by_key(|m| m.event.event_time);
    let window = parameters.window;
    let mut opened = None;
    let mut breaches = Vec::new();
    for one in &counted {
        let time = one.event.event_time;
        let from = match parameters.window_mode {
            WindowMode::Sliding => time - window,
            WindowMode::Tumbling => time.div_euclid(window) * window,
            WindowMode::Anchored => match opened {
                Some(opened) if time - opened <= window => opened,
                _ => *opened.insert(time),
            },
        };
        if !counts(one) {
            continue;
        }
        let within = counted.iter().filter(|m| (from..=time).contains(&m.event.event_time) && counts(m));
        let count = within.map(|m| m.key.clone()).collect::<BTreeSet<_>>().len() as i64;
        if count >= parameters.threshold {
            breaches.push((time, count));
        }
    }
    breaches.dedup();
    breaches
}

fn alert(
    matches: &[&Match<'_>],
    group: &Group,
    rule_id: &str,
    parameters: &HuntParameters,
    breaches: &[(i64, i64)],
    continuing: bool,
) -> NaiveAlert {
    let (crossed, last) = (breaches[0].0, breaches[breaches.len() - 1].0);
    let evidence: Vec<&&Match<'_>> = matches
        .iter()
        .filter(|m| (crossed - parameters.window..=last).contains(&m.event.event_time))
        .collect();
    let times: Vec<i64> = evidence.iter().map(|m| m.event.event_time).collect();
    let outcomes: Vec<&str> = evidence.iter().map(|m| outcome(m.event)).collect();
    let of = |outcome: &str| outcomes.iter().filter(|o| **o == outcome).count() as i64;
    let keys: BTreeSet<&Key> = evidence.iter().filter_map(|m| m.key.as_ref()).collect();
    let crossed_at = written(crossed);
    NaiveAlert {
        alert_id: alert_id(group, rule_id, parameters, &crossed_at),
        crossed_at,
        first_seen: written(*times.iter().min().unwrap()),
        last_seen: written(*times.iter().max().unwrap()),
        continuing,
        high: of("success") > 0,
        peak_distinct: breaches.iter().map(|(_, count)| *count).max().unwrap(),
        distinct_secrets: keys.len() as i64,
        outcomes: [evidence.len() as i64, of("success"), of("denied"), of("failed"), of("unknown")],
        lists: lists(&evidence),
        silenced_by: silenced_by(matches, &evidence, parameters, crossed..=last),
    }
}

/// The entries that leave no breach in an alert; none where a breach is left.
fn silenced_by(
    matches: &[&Match<'_>],
    evidence: &[&&Match<'_>],
    parameters: &HuntParameters,
    alert: std::ops::RangeInclusive<i64>,
) -> Vec<usize> {
    let taken = |m: &Match<'_>| allow::taken_by(m.event, &parameters.allow);
    let left = breaches(matches, parameters, |m| taken(m).is_empty());
    if left.iter().any(|(time, _)| alert.contains(time)) {
        return Vec::new();
    }
    let entries = evidence.iter().filter(|m| m.key.is_some()).flat_map(|m| taken(m));
    entries.collect::<BTreeSet<_>>().into_iter().collect()
}

fn lists(evidence: &[&&Match<'_>]) -> [i64; 4] {
    let mut lists = [0; 4];
    for event in evidence.iter().map(|m| m.event) {
        let empty = |text: Option<&str>| text.unwrap_or_default().is_empty();
        if event.verb.as_deref() == Some("list") && empty(event.name.as_deref()) {
            let at = if empty(event.namespace.as_deref()) { 0 } else { 2 };
            lists[at] += 1;
            lists[at + 1] += i64::from(outcome(event) == "success");
        }
    }
    lists
}

fn outcome(event: &AuditEvent<'_>) -> &'static str {
    let code = event.response_code.unwrap_or(0);
    if event.authz_decision.as_deref() == Some("forbid") || code == 401 || code == 403 {
        "denied"
    } else if code >= 400 {
        "failed"
    } else if code >= 100 {
        "success"
    } else {
        "unknown"
    }
}

fn alert_id(group: &Group, rule_id: &str, parameters: &HuntParameters, crossed_at: &str) -> String {
    let columns = GroupColumn::ALL.into_iter().filter(|column| parameters.by.contains(column));
    let values: Map<String, Value> =
        columns.zip(group).map(|(column, value)| (column.as_str().to_owned(), json!(value))).collect();
    let digest = Sha256::digest(json!([rule_id, values, crossed_at]).to_string());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn written(micros: i64) -> String {
    format!("{:.6}", Timestamp::from_microsecond(micros).unwrap())
}
