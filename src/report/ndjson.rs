//! One alert a line, for pipes and log collectors.

use std::io::{self, Write};

use super::json;
use crate::detect::HuntReport;

pub(super) fn write(report: &HuntReport, out: &mut dyn Write) -> io::Result<()> {
    report.alerts.iter().try_for_each(|alert| json::write_line(alert, out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Alert;
    use crate::report::sample;

    #[test]
    fn a_line_is_an_alert() {
        let report = sample::hostile_report();
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let alerts: Vec<Alert> =
            out.split_inclusive(|b| *b == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect();
        assert_eq!(alerts, report.alerts);
    }
}
