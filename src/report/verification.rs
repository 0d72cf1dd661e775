//! What came of counting a hunt twice, as lines for a person.

use std::io::{self, Write};

use serde_json::Value;

use super::escape;
use super::text::{count, number};
use crate::detect::verify::Verification;

/// Writes the outcome, the first differences, and how long each method took.
pub fn write(found: &Verification, out: &mut dyn Write) -> io::Result<()> {
    let compared = format!(
        "{}, {}, {}",
        count(found.counts, "count", "counts"),
        count(found.breaches, "breach", "breaches"),
        count(found.alerts, "alert", "alerts")
    );
    let differences = &found.differences;
    if found.agrees() {
        writeln!(out, "both methods agree on {compared}")?;
    } else {
        writeln!(
            out,
            "of {compared}: {} and {} differ",
            count(differences.counts, "count", "counts"),
            count(differences.alerts, "field of alerts", "fields of alerts")
        )?;
    }
    for difference in &differences.first_counts {
        let group: Vec<String> = difference.group.values().map(value).collect();
        let line = format!(
            "{} {}: detected {}, recomputed {}",
            difference.event_time,
            group.join(", "),
            counted(difference.detected),
            counted(difference.recomputed)
        );
        writeln!(out, "  count  {}", escape::terminal(&line))?;
    }
    for difference in &differences.first_alerts {
        let line = format!(
            "{} {}: detected {}, recomputed {}",
            difference.alert_id, difference.field, difference.detected, difference.recomputed
        );
        writeln!(out, "  alert  {}", escape::terminal(&line))?;
    }
    let seconds = found.seconds;
    writeln!(
        out,
        "reading {:.3} s, detection {:.3} s, recomputation {:.3} s",
        seconds.read, seconds.detect, seconds.recompute
    )
}

fn counted(count: Option<i64>) -> String {
    count.map_or_else(|| "nothing".to_owned(), number)
}

fn value(value: &Value) -> String {
    value.as_str().map_or_else(|| "<UNKNOWN>".to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::detect::alert::Versions;
    use crate::detect::verify::{AlertDifference, CountDifference, Differences, Seconds};

    fn written(differences: Differences) -> String {
        let found = Verification {
            schema: "kubetrawl/verify/1".into(),
            versions: Versions { kubetrawl: "0".into(), duckdb: "0".into() },
            parameters: json!({}),
            counts: 1234,
            breaches: 1,
            alerts: 1,
            differences,
            seconds: Seconds { read: 0.25, detect: 1.0, recompute: 2.0 },
        };
        let mut out = Vec::new();
        write(&found, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn agreement_says_on_how_much() {
        let text = written(Differences::default());
        assert!(text.starts_with("both methods agree on 1,234 counts, 1 breach, 1 alert\n"), "{text}");
        assert!(text.ends_with("reading 0.250 s, detection 1.000 s, recomputation 2.000 s\n"), "{text}");
    }

    #[test]
    fn differences_are_counted_and_the_first_are_shown() {
        let group = Map::from_iter([("username".to_owned(), json!("\u{1b}[2Jeve"))]);
        let text = written(Differences {
            counts: 7,
            alerts: 1,
            first_counts: vec![CountDifference {
                group,
                event_time: "2026-11-22T00:00:00.000000Z".into(),
                detected: Some(15),
                recomputed: None,
            }],
            first_alerts: vec![AlertDifference {
                alert_id: "00ff".into(),
                field: "peak_distinct".into(),
                detected: json!(15),
                recomputed: json!(16),
            }],
        });
        assert!(text.contains("of 1,234 counts, 1 breach, 1 alert: 7 counts and 1 field of alerts differ"));
        assert!(text.contains("eve: detected 15, recomputed nothing"), "{text}");
        assert!(text.contains("alert  00ff peak_distinct: detected 15, recomputed 16"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
