//! Answers of a size and a kind that nobody wishes for, in every format.

use std::io::{self, Write};

use super::evidence::{EvidenceSource, NoEvidence};
use super::{Format, View, escape, html, markdown, sample, write};
use crate::detect::HuntReport;

const SHORT: [Format; 5] = [Format::Table, Format::Csv, Format::Json, Format::Ndjson, Format::Ocsf];

/// Counts what is written and keeps the size of the largest piece.
#[derive(Default)]
struct Counter {
    bytes: usize,
    largest: usize,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        self.largest = self.largest.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn text(report: &HuntReport, format: Format) -> String {
    let mut out = Vec::new();
    write(report, format, View::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn page(report: &HuntReport, source: &mut dyn EvidenceSource) -> String {
    let mut out = Vec::new();
    html::write(report, &sample::grounds(), html::Limits::default(), source, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn ticket(report: &HuntReport, source: &mut dyn EvidenceSource) -> String {
    let mut out = Vec::new();
    markdown::write(report, markdown::Limits::default(), source, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn ten_thousand_alerts_are_never_one_piece() {
    let report = sample::many(10_000);
    for format in SHORT {
        let mut counter = Counter::default();
        write(&report, format, View::default(), &mut counter).unwrap();
        assert!(counter.bytes > 10_000 * 1_000, "{format:?}: {} bytes", counter.bytes);
        assert!(counter.largest < 64 << 10, "{format:?}: {} bytes at once", counter.largest);
    }
    let mut source = sample::LargeSource { rows: 3, asked: 0 };
    let ticket = ticket(&report, &mut source);
    assert_eq!(source.asked, markdown::Limits::default().alerts);
    assert!(ticket.ends_with("and 9,980 more alerts\n") && ticket.len() < 1 << 20);
}

/// One user who read a hundred thousand secrets, each with the longest name there is.
fn heavy() -> HuntReport {
    let mut report = sample::report();
    report.alerts.truncate(1);
    let alert = &mut report.alerts[0];
    alert.secrets = (0..100_000).map(|n| format!("prod-1/payments/{n:0>253}")).collect();
    alert.request_uris = alert.secrets.iter().map(|secret| format!("/api/v1/{secret}")).collect();
    (alert.distinct_secrets, alert.peak_distinct) = (100_000, 100_000);
    report
}

#[test]
fn a_hundred_thousand_secrets_are_whole_for_programs_and_folded_for_people() {
    let report = heavy();
    let last = format!("{:0>253}", 99_999);
    for format in [Format::Csv, Format::Json, Format::Ndjson] {
        assert!(text(&report, format).contains(&last), "{format:?}");
    }
    let mut source = sample::LargeSource { rows: 100_000, asked: 0 };
    for folded in [
        text(&report, Format::Table),
        text(&report, Format::Ocsf),
        page(&report, &mut source),
        ticket(&report, &mut source),
    ] {
        assert!(!folded.contains(&last) && folded.len() < 2 << 20, "{} bytes", folded.len());
    }
    assert!(text(&report, Format::Table).contains("and 99,980 more"));
    assert!(ticket(&report, &mut source).contains("100,000 secrets in"));
    assert!(page(&report, &mut source).contains("and 99,800 more, in rotation.csv of --detail"));
}

/// Names of scripts that run from right to left, joined emoji, and the longest that Kubernetes takes.
fn foreign() -> HuntReport {
    let mut report = sample::hostile_report();
    for alert in &mut report.alerts {
        let names = [
            "سارة",
            "שרה@חברה.example",
            "👩\u{200d}👩\u{200d}👧",
            "e\u{301}ve",
            "</script>",
            "=HYPERLINK(1)",
            "\u{1b}[2J",
        ];
        alert.username = Some(names.concat() + &"n".repeat(253));
        alert.namespaces = names.map(str::to_owned).into();
        alert.secrets.extend(names.map(str::to_owned));
        alert.group = serde_json::json!({"session": names.concat()}).as_object().cloned();
    }
    report
}

#[test]
fn no_format_hands_on_what_its_reader_would_obey() {
    let report = foreign();
    let mut texts: Vec<(String, String)> =
        SHORT.iter().map(|format| (format!("{format:?}"), text(&report, *format))).collect();
    texts.push(("Html".into(), page(&report, &mut sample::HostileSource)));
    texts.push(("Markdown".into(), ticket(&report, &mut sample::HostileSource)));
    for (format, text) in &texts {
        let hidden: Vec<char> =
            text.chars().filter(|c| escape::is_hidden(*c) && !matches!(c, '\n' | '\r')).collect();
        assert!(hidden.is_empty(), "{format}: {hidden:?}");
        assert!(text.contains("שרה"), "{format} lost a name");
    }
    let of = |format: &str| &texts.iter().find(|(name, _)| name == format).unwrap().1;
    assert_eq!(of("Html").matches("</script>").count(), 1, "the page's own");
    for row in csv::Reader::from_reader(of("Csv").as_bytes()).records() {
        // A spreadsheet may take either for its separator.
        for cell in row.unwrap().iter().flat_map(|cell| cell.split(';')) {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
    }
    for format in ["Json", "Ndjson", "Ocsf"] {
        assert!(
            of(format).contains("=HYPERLINK(1)") && of(format).contains("\\u001b[2J"),
            "{format} changed a value"
        );
    }
    // A page without any evidence is whole too.
    assert!(page(&report, &mut NoEvidence).contains("&lt;/script&gt;"));
}
