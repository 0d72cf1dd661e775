//! What a lake covers and what each rule can see of it: as table, CSV and JSON, and as a hunt's one line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::View;
use super::escape;
use super::evidence::Section;
use super::json::write_pretty;
use super::rows;
use super::text::{count, number};
use crate::detect::RuleCoverage;
use crate::detect::coverage::{Blindness, Reason, Verdict};
use crate::lake::LakeCoverage;
use crate::lake::coverage::{DayCoverage, Stream, StreamCounts};
use crate::lake::gaps::Gap;

/// How many reasons a hunt's line gives before it says how many more there are.
const SHOWN: usize = 3;

/// How many rows of each table a page has; `kubetrawl coverage` has all.
const ROWS: usize = 200;

/// Writes the document of schema `kubetrawl/coverage/1`.
pub fn write_json(coverage: &LakeCoverage, rules: &[RuleCoverage], out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        days: Vec<Day<'a>>,
        gaps: &'a [Gap],
        rules: &'a [RuleCoverage],
    }
    let days = coverage.days.iter().map(Day::of).collect();
    write_pretty(&Document { schema: "kubetrawl/coverage/1", days, gaps: &coverage.gaps, rules }, out)
}

/// A stream's day as JSON and CSV have it.
#[derive(Serialize)]
struct Day<'a> {
    cluster: Option<&'a str>,
    log_type: Option<&'a str>,
    log_stream: Option<&'a str>,
    event_date: Option<&'a str>,
    records: u64,
    secret_gets: u64,
    secret_lists: u64,
    secret_watches: u64,
    request_received: u64,
    response_started: u64,
    response_complete: u64,
    panic: u64,
    other_stages: u64,
    truncated: u64,
    salvaged: u64,
    rejects: u64,
    gaps: u64,
    gap_minutes: u64,
}

impl<'a> Day<'a> {
    fn of(day: &'a DayCoverage) -> Self {
        let (stream, counts) = (&day.stream, &day.counts);
        Self {
            cluster: stream.cluster.as_deref(),
            log_type: stream.log_type.as_deref(),
            log_stream: stream.log_stream.as_deref(),
            event_date: day.event_date.as_deref(),
            records: counts.records,
            secret_gets: counts.secret_gets,
            secret_lists: counts.secret_lists,
            secret_watches: counts.secret_watches,
            request_received: counts.request_received,
            response_started: counts.response_started,
            response_complete: counts.response_complete,
            panic: counts.panic,
            other_stages: counts.other_stages,
            truncated: counts.truncated,
            salvaged: counts.salvaged,
            rejects: day.rejects,
            gaps: day.gaps,
            gap_minutes: day.gap_minutes,
        }
    }
}

/// Writes a row for each stream and day; the rules are not in it.
pub fn write_csv(coverage: &LakeCoverage, out: &mut dyn Write) -> io::Result<()> {
    let names = |value: &Value| value.as_object().map(|day| day.keys().cloned().collect::<Vec<_>>());
    let values = |day: &DayCoverage| {
        let Value::Object(day) = json!(Day::of(day)) else { return Vec::new() };
        day.into_iter().map(|(_, value)| value).collect()
    };
    let columns = names(&json!(Day::of(&DayCoverage::default()))).unwrap_or_default();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    rows::write_csv(&columns, &coverage.days.iter().map(values).collect::<Vec<_>>(), out)
}

/// Writes the days as a table, and what each rule can see.
pub fn write_table(
    coverage: &LakeCoverage,
    rules: &[RuleCoverage],
    view: View,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns =
        ["cluster", "log", "day", "records", "reads of secrets", "stages", "cut", "rejects", "gaps"];
    let row = |day: &DayCoverage| {
        let date = json!(day.event_date.as_deref().unwrap_or("unknown"));
        let mut row = cells(&day.stream, &day.counts, day.rejects);
        row.insert(2, date);
        row.push(json!(gaps(day.gaps, day.gap_minutes)));
        row
    };
    rows::write_table(&columns, &coverage.days.iter().map(row).collect::<Vec<_>>(), view, out)?;
    writeln!(out)?;
    for rule in rules {
        write!(out, "{}", verdicts(rule))?;
    }
    Ok(())
}

/// What a rule can see, a line for each reason, safe for a terminal.
pub fn verdicts(rule: &RuleCoverage) -> String {
    let mut text = format!("{}: {}\n", escape::terminal(&rule.rule_id), verdict(rule.verdict));
    for reason in &rule.reasons {
        text.push_str(&format!("  {}\n", escape::terminal(&sentence(reason, true))));
    }
    text
}

/// What a rule can see, in one line for a hunt; nothing where it can fire.
pub fn line(rule: &RuleCoverage) -> Option<String> {
    if rule.verdict == Verdict::CanFire {
        return None;
    }
    let mut reasons: Vec<String> = rule
        .reasons
        .iter()
        .take(SHOWN)
        .map(|reason| sentence(reason, reason.verdict != rule.verdict))
        .collect();
    if rule.reasons.len() > SHOWN {
        reasons.push(format!("and {} more", number((rule.reasons.len() - SHOWN) as u64)));
    }
    Some(format!("{}: {}; see `kubetrawl coverage`", verdict(rule.verdict), reasons.join("; ")))
}

/// The two tables of a page: what the rule can see, and what there is of each log.
pub fn sections(rule: Option<&RuleCoverage>, coverage: &LakeCoverage) -> Vec<Section> {
    let mut sections = Vec::new();
    if let Some(rule) = rule.filter(|rule| rule.verdict != Verdict::CanFire) {
        sections.push(Section {
            name: "coverage_rule".to_owned(),
            title: format!("The rule {}", verdict(rule.verdict)),
            question: "What do the logs leave the rule blind to?".to_owned(),
            columns: ["cluster", "log_type", "there", "because"].map(str::to_owned).to_vec(),
            found: rule.reasons.len(),
            rows: rule
                .reasons
                .iter()
                .take(ROWS)
                .map(|reason| {
                    vec![
                        json!(reason.cluster),
                        json!(reason.log_type),
                        json!(verdict(reason.verdict)),
                        json!(because(reason)),
                    ]
                })
                .collect(),
            ..Section::default()
        });
    }
    let columns = ["cluster", "log", "days", "records", "reads of secrets", "stages", "cut", "rejects"];
    let mut rows = logs(coverage);
    let found = rows.len();
    rows.truncate(ROWS);
    sections.push(Section {
        name: "coverage_logs".to_owned(),
        title: "Logs".to_owned(),
        question: "What is there of each log? kubetrawl coverage has it by day.".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        found,
        rows,
        ..Section::default()
    });
    sections
}

/// The days of each stream, summed up.
fn logs(coverage: &LakeCoverage) -> Vec<Vec<Value>> {
    let same = |a: &DayCoverage, b: &DayCoverage| a.stream == b.stream;
    let sum = |days: &[DayCoverage]| {
        let mut counts = StreamCounts::default();
        days.iter().for_each(|day| counts.add(&day.counts));
        let mut row = cells(&days[0].stream, &counts, days.iter().map(|day| day.rejects).sum());
        row.insert(2, json!(days.iter().filter(|day| day.counts.records > 0).count()));
        row
    };
    coverage.days.chunk_by(same).map(sum).collect()
}

fn cells(stream: &Stream, counts: &StreamCounts, rejects: u64) -> Vec<Value> {
    let log = [stream.log_type.as_deref(), stream.log_stream.as_deref()];
    let log: Vec<&str> = log.into_iter().flatten().collect();
    vec![
        json!(stream.cluster.as_deref().unwrap_or("(none)")),
        json!(if log.is_empty() { "unknown".to_owned() } else { log.join(" ") }),
        json!(number(counts.records)),
        json!(parts(&[
            ("get", counts.secret_gets),
            ("list", counts.secret_lists),
            ("watch", counts.secret_watches)
        ])),
        json!(parts(&[
            ("received", counts.request_received),
            ("started", counts.response_started),
            ("complete", counts.response_complete),
            ("panic", counts.panic),
            ("other", counts.other_stages),
        ])),
        json!(match (counts.truncated, counts.salvaged) {
            (0, _) => "none".to_owned(),
            (cut, salvaged) => format!("{}, {} salvaged", number(cut), number(salvaged)),
        }),
        json!(if rejects == 0 { "none".to_owned() } else { number(rejects) }),
    ]
}

fn parts(parts: &[(&str, u64)]) -> String {
    let some: Vec<String> =
        parts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{} {name}", number(*n))).collect();
    if some.is_empty() { "none".to_owned() } else { some.join(", ") }
}

fn gaps(gaps: u64, minutes: u64) -> String {
    match gaps {
        0 => "none".to_owned(),
        _ => format!("{}, {}", number(gaps), count(minutes, "minute", "minutes")),
    }
}

/// A verdict in words.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::CanFire => "can fire",
        Verdict::MayMiss => "may miss",
        Verdict::CannotFire => "can't fire",
    }
}

fn sentence(reason: &Reason, with_verdict: bool) -> String {
    let place = match (&reason.cluster, &reason.log_type) {
        (Some(cluster), Some(log_type)) => format!("{cluster} ({log_type}): "),
        (None, Some(log_type)) => format!("{log_type}: "),
        (_, None) => String::new(),
    };
    let verdict = if with_verdict { format!("{}, ", verdict(reason.verdict)) } else { String::new() };
    format!("{place}{verdict}{}", because(reason))
}

/// Why, in words.
fn because(reason: &Reason) -> String {
    let n = reason.count;
    let on_days = || count(n, "day", "days");
    match reason.reason {
        Blindness::NoRecords => "no record of the rule's log types".to_owned(),
        Blindness::AdminOnly => {
            format!("only kube-audit-admin, which has no get and no list, on {}", on_days())
        }
        Blindness::NoDataAccess => format!("no data_access log, where reads are, on {}", on_days()),
        Blindness::NoSecretReads => {
            format!("nobody at all reads a secret in {}", count(n, "record", "records"))
        }
        Blindness::Cut => count(n, "cut record", "cut records"),
        Blindness::Gaps => {
            let minutes = count(reason.minutes.unwrap_or_default(), "minute", "minutes");
            format!("{} without a record, {minutes}", count(n, "gap", "gaps"))
        }
        Blindness::Rejects => {
            format!("{} that could not be read", count(n, "record", "records"))
        }
    }
}

#[cfg(test)]
pub(super) use tests::sample;

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(cluster: &str, verdict: Verdict, reason: Blindness, count: u64) -> Reason {
        let minutes = (reason == Blindness::Gaps).then_some(45);
        let (cluster, log_type) = (Some(cluster.to_owned()), Some("Azure.MonitorActivity".to_owned()));
        Reason { cluster, log_type, verdict, reason, count, minutes }
    }

    fn rule(verdict: Verdict, reasons: Vec<Reason>) -> RuleCoverage {
        RuleCoverage { rule_id: "Kubernetes.BulkSecretAccess".into(), verdict, reasons }
    }

    /// One blind cluster, one that is cut, and rejects of nowhere.
    pub fn sample() -> (LakeCoverage, Vec<RuleCoverage>) {
        let day = |cluster: &str, log_stream: &str, date: &str, counts: StreamCounts| DayCoverage {
            stream: Stream {
                cluster: Some(cluster.into()),
                log_type: Some("Azure.MonitorActivity".into()),
                log_stream: Some(log_stream.into()),
            },
            event_date: Some(date.into()),
            counts,
            ..DayCoverage::default()
        };
        let counts = |records, secret_gets, truncated| StreamCounts {
            records,
            secret_gets,
            secret_lists: secret_gets / 10,
            response_complete: records - 5,
            request_received: 5,
            truncated,
            salvaged: truncated / 2,
            ..StreamCounts::default()
        };
        let gap = Gap {
            cluster: Some("=cut\u{1b}[2J".into()),
            from: 1_795_222_800_000_000,
            until: 1_795_225_500_000_000,
        };
        let mut cut = day("=cut\u{1b}[2J", "kube-audit", "2026-11-21", counts(91_000, 12, 4));
        (cut.rejects, cut.gaps, cut.gap_minutes) = (7, 1, 45);
        let days = vec![
            DayCoverage { rejects: 3, ..DayCoverage::default() },
            cut,
            day("blind", "kube-audit-admin", "2026-11-20", counts(1_200, 0, 0)),
            day("blind", "kube-audit-admin", "2026-11-21", counts(1_300, 0, 0)),
        ];
        let reasons = vec![
            reason("=cut\u{1b}[2J", Verdict::MayMiss, Blindness::Cut, 4),
            reason("=cut\u{1b}[2J", Verdict::MayMiss, Blindness::Gaps, 1),
            reason("=cut\u{1b}[2J", Verdict::MayMiss, Blindness::Rejects, 7),
            reason("blind", Verdict::CannotFire, Blindness::AdminOnly, 2),
        ];
        (LakeCoverage { days, gaps: vec![gap] }, vec![rule(Verdict::MayMiss, reasons)])
    }

    fn written(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn shows_days_and_rules_in_every_face() {
        let (coverage, rules) = sample();
        let view = View { width: 160, ..View::default() };
        insta::assert_snapshot!("coverage_table", written(|out| write_table(&coverage, &rules, view, out)));
        insta::assert_snapshot!("coverage_csv", written(|out| write_csv(&coverage, out)));
        insta::assert_snapshot!("coverage_json", written(|out| write_json(&coverage, &rules, out)));
    }

    #[test]
    fn a_hunt_has_one_line_or_none() {
        assert_eq!(line(&rule(Verdict::CanFire, vec![])), None);
        let blind = vec![reason("aks", Verdict::CannotFire, Blindness::AdminOnly, 3)];
        assert_eq!(
            line(&rule(Verdict::CannotFire, blind)).unwrap(),
            "can't fire: aks (Azure.MonitorActivity): only kube-audit-admin, which has no get and no list, \
             on 3 days; see `kubetrawl coverage`"
        );
        let told = line(&sample().1[0]).unwrap();
        assert!(
            told.contains("4 cut records") && told.contains("and 1 more") && !told.contains('\n'),
            "{told}"
        );
    }

    #[test]
    fn the_page_shows_what_the_rule_sees_and_the_logs() {
        let (coverage, rules) = sample();
        let sections = sections(Some(&rules[0]), &coverage);
        assert_eq!(sections.iter().map(|s| s.rows.len()).collect::<Vec<_>>(), [4, 3]);
        assert!(sections.iter().flat_map(|s| &s.rows).all(|row| row.len() == 4 || row.len() == 8));
        assert_eq!(super::sections(None, &coverage).len(), 1);
        let many = vec![reason("blind", Verdict::CannotFire, Blindness::AdminOnly, 2); 1_000];
        let shown = &super::sections(Some(&rule(Verdict::CannotFire, many)), &coverage)[0];
        assert_eq!((shown.rows.len(), shown.found), (ROWS, 1_000));
    }
}
