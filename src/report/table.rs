//! For a person at a terminal: a list of all alerts, then a card per alert.
//!
//! Nothing is cut. What does not fit is wrapped, and a long list that is folded says how much
//! of it is not shown. Both are written row by row: ten thousand alerts never stand in memory as text.

mod card;
mod overview;
mod spark;

use std::io::{self, Write};

use serde_json::Value;
use tabled::settings::Color;

use super::View;
use super::text::number;
use crate::detect::{Alert, HuntReport, Severity};

pub(super) fn write(report: &HuntReport, view: View, out: &mut dyn Write) -> io::Result<()> {
    let view = View { width: view.width.max(View::LEAST_WIDTH), ..view };
    let alerts: Vec<&Alert> = report.open().collect();
    if alerts.is_empty() {
        let silenced = report.summary.silenced;
        let note = if silenced > 0 { format!(" ({} silenced)", number(silenced)) } else { String::new() };
        return writeln!(out, "no alerts{note}");
    }
    if alerts.len() > 1 {
        overview::write(&alerts, view, out)?;
    }
    let threshold = report.parameters.get("threshold").and_then(Value::as_i64);
    for (index, alert) in alerts.iter().enumerate() {
        if index > 0 || alerts.len() > 1 {
            writeln!(out)?;
        }
        writeln!(out, "{}", card::of(alert, threshold, view))?;
    }
    Ok(())
}

fn severity_color(severity: Severity) -> Color {
    match severity {
        Severity::High => Color::FG_RED | Color::BOLD,
        Severity::Medium => Color::FG_YELLOW,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::{escape, sample, text};

    fn written(report: &HuntReport, view: View) -> String {
        let mut out = Vec::new();
        write(report, view, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fits_three_terminals() {
        for width in [80, 120, 200] {
            let text = written(&sample::report(), View { width, ..View::default() });
            insta::assert_snapshot!(format!("table_{width}"), text);
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        insta::assert_snapshot!(written(&sample::hostile_report(), View::default()));
    }

    #[test]
    fn says_that_there_is_nothing() {
        assert_eq!(written(&sample::empty_report(), View::default()), "no alerts\n");
    }

    #[test]
    fn folds_long_lists_and_says_so() {
        let mut report = sample::report();
        report.alerts[0].secrets = (0..100).map(|n| format!("prod/default/secret-{n:03}")).collect();
        let folded = written(&report, View { width: 200, ..View::default() });
        assert!(folded.contains("and 80 more"), "{folded}");
        assert!(!folded.contains("secret-099"));
        let wide = written(&report, View { wide: true, ..View::default() });
        assert!(wide.contains("secret-099") && !wide.contains("--wide"));
    }

    /// Scripts written from right to left, letters of two columns, joined emoji, and the longest name.
    fn names() -> Vec<String> {
        let joined = "👩\u{200d}👩\u{200d}👧\u{200d}👦🏽";
        let mut names: Vec<String> =
            ["سارة-المسؤولة", "שרה@חברה.example", "漢字ユーザー", "e\u{301}ve-한국어"]
                .map(str::to_owned)
                .into();
        names.push(joined.repeat(12));
        names.push("n".repeat(253));
        names.push("名".repeat(126));
        names
    }

    #[test]
    fn any_script_fits_three_terminals() {
        let mut report = sample::many(7);
        for (alert, name) in report.alerts.iter_mut().zip(names()) {
            alert.username = Some(name.clone());
            alert.namespaces = names();
            alert.secrets = vec![name.clone(), format!("prod/{name}/{name}")];
            alert.user_agents = names();
            alert.title = format!("Kubernetes Secret Enumeration by [{name}]");
        }
        for width in [80, 120, 200] {
            let text = written(&report, View { width, ..View::default() });
            for line in text.lines() {
                assert!(text::width(line) <= width, "{width}: {line}");
                assert!(!line.chars().any(escape::is_hidden), "{line}");
            }
            let borders: Vec<usize> =
                text.lines().filter(|line| line.starts_with(['╭', '│', '╰'])).map(text::width).collect();
            assert!(borders.windows(2).all(|pair| pair[0] == pair[1]), "cards of one width at {width}");
            insta::assert_snapshot!(format!("table_scripts_{width}"), text);
        }
    }

    #[test]
    fn colors_only_when_asked() {
        let plain = written(&sample::report(), View::default());
        let colored = written(&sample::report(), View { color: true, ..View::default() });
        assert!(!plain.contains('\u{1b}'));
        assert!(colored.contains("\u{1b}[31m"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn is_never_wider_than_the_terminal_nor_obeyed_by_it(
            texts in prop::collection::vec(any::<String>(), 1..6),
            width in 0usize..220,
        ) {
            let mut report = sample::report();
            for (index, alert) in report.alerts.iter_mut().enumerate() {
                alert.username = texts.get(index).cloned();
                alert.title = texts.concat();
                alert.secrets.clone_from(&texts);
                alert.user_agents.clone_from(&texts);
            }
            let text = written(&report, View { width, ..View::default() });
            for line in text.lines() {
                prop_assert!(text::width(line) <= width.max(View::LEAST_WIDTH), "{line}");
                prop_assert!(!line.chars().any(escape::is_hidden));
            }
        }
    }
}
