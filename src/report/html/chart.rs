//! Drawings in SVG. Lengths are in percent, so that text keeps its size at any width.

use std::io;

use super::page::Page;
use crate::detect::Alert;
use crate::report::evidence::{AlertSeries, AnswerShare, NamespaceShare};
use crate::report::text::{count, number};
use crate::report::time;

/// The plot's place in the drawing, in percent of its height: above are the highest label's
/// letters, below the times.
const TOP: f64 = 9.0;
const BOTTOM: f64 = 86.0;

/// How the distinct secrets in the window grew, with the threshold and the crossing.
pub fn series(page: &mut Page<'_>, alert: &Alert, series: &AlertSeries) -> io::Result<()> {
    let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else {
        return Ok(());
    };
    let axes = Axes::of(series, first.event_time, last.event_time);
    page.markup("<figure class=\"chart\">\n<figcaption>Distinct secrets in ")?;
    page.text(&time::length(series.window))?;
    page.markup("</figcaption>\n<svg role=\"img\" width=\"100%\" height=\"190\" aria-label=\"")?;
    page.text(&described(alert, series))?;
    page.markup("\">\n")?;
    axes.plot(page, series)?;
    axes.crossing(page, alert)?;
    axes.threshold(page, series.threshold)?;
    axes.times(page)?;
    page.markup("</svg>\n</figure>\n")
}

fn described(alert: &Alert, series: &AlertSeries) -> String {
    format!(
        "the count reaches the threshold of {} at {} and {} at most",
        number(series.threshold),
        alert.crossed_at,
        number(alert.peak_distinct)
    )
}

struct Axes {
    from: i64,
    to: i64,
    highest: i64,
}

#[expect(clippy::cast_precision_loss, reason = "a drawing is exact to a hundredth of a percent")]
impl Axes {
    fn of(series: &AlertSeries, from: i64, to: i64) -> Self {
        let peak = series.points.iter().map(|point| point.distinct_secrets).max().unwrap_or(0);
        Self { from, to: to.max(from.saturating_add(1)), highest: peak.max(series.threshold).max(1) }
    }

    fn span(&self) -> i64 {
        self.to.saturating_sub(self.from)
    }

    /// From 0 to 100.
    fn x(&self, at: i64) -> f64 {
        let share = at.saturating_sub(self.from) as f64 / self.span() as f64;
        (share * 100.0).clamp(0.0, 100.0)
    }

    /// From 100 (nothing) to 0.
    fn y(&self, n: i64) -> f64 {
        100.0 - n as f64 / self.highest as f64 * 100.0
    }

    /// In percent of the whole drawing.
    fn y_outside(&self, n: i64) -> f64 {
        TOP + self.y(n) * (BOTTOM - TOP) / 100.0
    }

    /// The count as steps, filled, in a box that is stretched to the drawing's size.
    fn plot(&self, page: &mut Page<'_>, series: &AlertSeries) -> io::Result<()> {
        page.markup("<svg y=\"9%\" height=\"77%\" width=\"100%\" viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\">")?;
        for class in ["<path class=\"area\" d=\"M0 100", "<path class=\"line\" d=\"M0 100"] {
            page.markup(class)?;
            for point in &series.points {
                page.markup("H")?;
                page.length(self.x(point.event_time))?;
                page.markup("V")?;
                page.length(self.y(point.distinct_secrets))?;
            }
            page.markup(if class.contains("area") { "H100V100Z\"/>" } else { "H100\"/>" })?;
        }
        page.markup("</svg>\n<line class=\"axis\" x1=\"0\" x2=\"100%\" y1=\"86%\" y2=\"86%\"/>\n")
    }

    fn threshold(&self, page: &mut Page<'_>, threshold: i64) -> io::Result<()> {
        let y = self.y_outside(threshold);
        page.markup("<line class=\"threshold\" x1=\"0\" x2=\"100%\" y1=\"")?;
        page.length(y)?;
        page.markup("%\" y2=\"")?;
        page.length(y)?;
        page.markup("%\"/>\n<text class=\"threshold-label\" x=\"4\" dy=\"-5\" y=\"")?;
        page.length(y)?;
        page.markup("%\">threshold ")?;
        page.number(threshold)?;
        page.markup("</text>\n")?;
        // The two labels would lie on each other.
        if self.y_outside(self.highest) < y - 9.0 {
            page.markup("<text class=\"label\" x=\"4\" dy=\"-5\" y=\"9%\">")?;
            page.number(self.highest)?;
            page.markup("</text>\n")?;
        }
        Ok(())
    }

    fn crossing(&self, page: &mut Page<'_>, alert: &Alert) -> io::Result<()> {
        let Some(at) = time::micros(&alert.crossed_at) else { return Ok(()) };
        let x = self.x(at);
        page.markup("<line class=\"crossing\" y1=\"9%\" y2=\"86%\" x1=\"")?;
        page.length(x)?;
        page.markup("%\" x2=\"")?;
        page.length(x)?;
        page.markup("%\"><title>crossed at ")?;
        page.text(&alert.crossed_at)?;
        page.markup("</title></line>\n")
    }

    fn times(&self, page: &mut Page<'_>) -> io::Result<()> {
        let places = [
            ("<text class=\"label\" y=\"97%\" x=\"0\">", self.from),
            (
                "<text class=\"label\" y=\"97%\" x=\"50%\" text-anchor=\"middle\">",
                self.from + self.span() / 2,
            ),
            ("<text class=\"label\" y=\"97%\" x=\"100%\" text-anchor=\"end\">", self.to),
        ];
        for (start, at) in places {
            page.markup(start)?;
            page.text(&time::on_axis(at, self.span()))?;
            page.markup("</text>\n")?;
        }
        Ok(())
    }
}

/// How many bars are drawn before the rest is one line.
const BARS: usize = 12;

/// Distinct secrets by namespace.
pub fn namespaces(page: &mut Page<'_>, shares: &[NamespaceShare]) -> io::Result<()> {
    let bars: Vec<Bar<'_>> = shares
        .iter()
        .map(|share| Bar {
            label: Label::Place(share.cluster.as_deref(), share.namespace.as_deref()),
            class: "<rect class=\"bar\" height=\"12\" rx=\"2\" width=\"",
            length: share.secrets,
            note: count(share.requests, "request", "requests"),
        })
        .collect();
    figure(page, "<figcaption>Secrets by namespace</figcaption>", &bars)
}

/// Requests by verb and outcome.
pub fn answers(page: &mut Page<'_>, shares: &[AnswerShare]) -> io::Result<()> {
    let bars: Vec<Bar<'_>> = shares
        .iter()
        .map(|share| Bar {
            label: Label::Answer(&share.verb, &share.outcome),
            class: match share.outcome.as_str() {
                "success" => "<rect class=\"bar success\" height=\"12\" rx=\"2\" width=\"",
                "denied" => "<rect class=\"bar denied\" height=\"12\" rx=\"2\" width=\"",
                _ => "<rect class=\"bar other\" height=\"12\" rx=\"2\" width=\"",
            },
            length: share.requests,
            note: String::new(),
        })
        .collect();
    figure(page, "<figcaption>Requests by verb and outcome</figcaption>", &bars)
}

struct Bar<'a> {
    label: Label<'a>,
    class: &'static str,
    length: i64,
    note: String,
}

enum Label<'a> {
    Place(Option<&'a str>, Option<&'a str>),
    Answer(&'a str, &'a str),
}

fn figure(page: &mut Page<'_>, caption: &'static str, bars: &[Bar<'_>]) -> io::Result<()> {
    if bars.is_empty() {
        return Ok(());
    }
    let longest = bars.iter().map(|bar| bar.length).max().unwrap_or(1).max(1);
    page.markup("<figure class=\"bars\">\n")?;
    page.markup(caption)?;
    page.markup("<dl>\n")?;
    for bar in bars.iter().take(BARS) {
        draw(page, bar, longest)?;
    }
    page.markup("</dl>\n")?;
    if bars.len() > BARS {
        page.markup("<p class=\"more\">")?;
        page.text(&format!("and {} more, in the runbook below", number((bars.len() - BARS) as u64)))?;
        page.markup("</p>\n")?;
    }
    page.markup("</figure>\n")
}

#[expect(clippy::cast_precision_loss, reason = "a bar is exact to a hundredth of a percent")]
fn draw(page: &mut Page<'_>, bar: &Bar<'_>, longest: i64) -> io::Result<()> {
    page.markup("<div><dt>")?;
    match bar.label {
        Label::Place(cluster, namespace) => {
            page.value(namespace.unwrap_or("whole cluster"))?;
            if let Some(cluster) = cluster {
                page.markup(" <small>")?;
                page.value(cluster)?;
                page.markup("</small>")?;
            }
        }
        Label::Answer(verb, outcome) => {
            page.value(verb)?;
            page.markup(" ")?;
            page.text(outcome)?;
        }
    }
    page.markup("</dt><dd>")?;
    page.number(bar.length)?;
    if !bar.note.is_empty() {
        page.markup(" <small>")?;
        page.text(&bar.note)?;
        page.markup("</small>")?;
    }
    page.markup("</dd><dd class=\"track\"><svg aria-hidden=\"true\" width=\"100%\" height=\"12\">")?;
    page.markup(bar.class)?;
    page.length(bar.length as f64 / longest as f64 * 100.0)?;
    page.markup("%\"/></svg></dd></div>\n")
}
