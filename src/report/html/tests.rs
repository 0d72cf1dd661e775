use super::*;
use crate::report::evidence::{Evidence, NoEvidence};
use crate::report::followed::MOST_USERS;
use crate::report::sample;

fn page(report: &HuntReport, source: &mut dyn EvidenceSource, limits: Limits) -> String {
    let mut out = Vec::new();
    write(report, &sample::grounds(), limits, source, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The content of the page without its style and its script.
fn body(page: &str) -> &str {
    let start = page.find("<body>").unwrap();
    &page[start..page.rfind("<script>").unwrap()]
}

/// Every tag of the page; a `<` that is no tag fails the test.
fn tags(page: &str) -> Vec<String> {
    page.split('<').skip(1).map(|rest| rest[..rest.find('>').expect("an ended tag")].to_owned()).collect()
}

#[test]
fn shows_the_whole_answer() {
    let text = page(&sample::report(), &mut sample::Source, Limits::default());
    insta::assert_snapshot!(body(&text));
}

#[test]
fn users_of_one_alert_have_a_runbook_each() {
    let text = page(&sample::several_report(), &mut sample::Source, Limits::default());
    let (alone, several) = text.split_at(text.find("id=\"alert-2\"").unwrap());
    assert!(!alone.contains("The runbook of"));
    let named: Vec<&str> = several.split("The runbook of <bdi>").skip(1).map(|rest| &rest[..8]).collect();
    assert_eq!((named.len(), named[0], named[9]), (MOST_USERS, "user 001", "user 010"));
    assert_eq!(several.matches("class=\"step\"").count(), 4 * MOST_USERS);
    assert!(several.contains("left out (&#39;user 011&#39;, &#39;&lt;UNKNOWN_USER&gt;&#39;)"));
}

#[test]
fn an_answer_without_alerts_is_a_page() {
    let text = page(&sample::empty_report(), &mut NoEvidence, Limits::default());
    assert!(text.contains("No bulk access to secrets found"));
    assert!(!text.contains("id=\"details\""));
}

#[test]
fn hostile_values_stay_text() {
    let text = page(&sample::hostile_users_report(), &mut sample::HostileSource, Limits::default());
    let body = body(&text);
    assert!(!body.contains("<script") && body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!body.replace('\n', "").chars().any(crate::report::escape::is_hidden));
    let known = sample_tags();
    for tag in tags(body) {
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default().to_owned();
        assert!(known.contains(&name), "<{tag}>");
        assert!(!tag.contains(" on") && !tag.contains("style=") && !tag.contains("src="), "<{tag}>");
        if let Some(target) = tag.split("href=\"").nth(1) {
            assert!(target.starts_with('#'), "<{tag}>");
        }
    }
}

/// The elements that the page of harmless data has.
fn sample_tags() -> std::collections::BTreeSet<String> {
    let text = page(&sample::report(), &mut sample::Source, Limits::default());
    tags(body(&text))
        .iter()
        .map(|tag| tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn elements_are_closed_in_order() {
    let text = page(&sample::hostile_users_report(), &mut sample::HostileSource, Limits::default());
    let mut open: Vec<String> = Vec::new();
    for tag in tags(body(&text)) {
        let name = tag.split(' ').next().unwrap_or_default().trim_end_matches('/').to_owned();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(open, ["body"]);
}

/// Counts what is written and keeps nothing.
struct Counter {
    bytes: usize,
    largest: usize,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes += bytes.len();
        self.largest = self.largest.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn ten_thousand_alerts_and_a_hundred_thousand_secrets_are_folded() {
    let mut report = sample::many(10_000);
    report.alerts[0].peak_distinct = 100_000;
    report.alerts[0].severity = crate::detect::Severity::High;
    report.alerts[0].secrets = (0..100_000).map(|n| format!("prod/payments/secret-{n:06}")).collect();
    let mut counter = Counter { bytes: 0, largest: 0 };
    let mut source = sample::LargeSource { rows: 100_000, asked: 0 };
    write(&report, &sample::grounds(), Limits::default(), &mut source, &mut counter).unwrap();
    assert_eq!(source.asked, Limits::default().detailed);
    assert!(counter.bytes < 8 << 20, "{} bytes", counter.bytes);
    assert!(counter.largest < 1 << 16, "{} bytes at once", counter.largest);

    let text = page(&report, &mut NoEvidence, Limits::default());
    assert!(text.contains("and 9,000 more") && text.contains("and 9,950 more alerts"));
    assert!(text.contains("and 99,990 more"));
}

#[test]
fn an_alert_whose_evidence_fails_fails_the_page() {
    struct Broken;
    impl EvidenceSource for Broken {
        fn evidence(&mut self, alert: &Alert, _: usize) -> Result<Evidence, EvidenceError> {
            Err(EvidenceError::Query { alert_id: alert.alert_id.clone(), source: "no such file".into() })
        }
    }
    let error =
        write(&sample::report(), &Grounds::default(), Limits::default(), &mut Broken, &mut Vec::new());
    assert!(error.unwrap_err().to_string().contains("1f0c6a2b9d3e4f50"));
}
