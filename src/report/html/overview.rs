//! All alerts: in time, and as a list.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use super::Limits;
use super::page::Page;
use super::tables;
use crate::detect::{Alert, Severity};
use crate::report::fields;
use crate::report::text::{count, number};
use crate::report::time;

/// Users with a lane of their own; the others share one.
const LANES: usize = 20;
/// Alerts of a lane that fall into one of these slices are one mark.
const SLICES: i64 = 400;

pub fn section(page: &mut Page<'_>, alerts: &[&Alert], limits: Limits) -> io::Result<()> {
    if alerts.is_empty() {
        return Ok(());
    }
    page.markup("<section aria-labelledby=\"alerts\">\n<h2 id=\"alerts\">All alerts</h2>\n")?;
    timeline(page, alerts)?;
    list(page, alerts, limits)?;
    page.markup("</section>\n")
}

/// The alerts of one user, or of all those without a lane.
struct Lane<'a> {
    name: String,
    alerts: Vec<&'a Alert>,
}

fn lanes<'a>(alerts: &[&'a Alert]) -> Vec<Lane<'a>> {
    let mut by_user: BTreeMap<Cow<'_, str>, Vec<&Alert>> = BTreeMap::new();
    // The most serious come first, and so do the lanes of those who raised them.
    let mut order: Vec<Cow<'_, str>> = Vec::new();
    for &alert in alerts {
        let name = fields::who(alert);
        let lane = by_user.entry(name.clone()).or_insert_with(|| {
            order.push(name);
            Vec::new()
        });
        lane.push(alert);
    }
    let (own, shared) = order.split_at(order.len().min(LANES));
    let mut lanes: Vec<Lane<'_>> = own
        .iter()
        .map(|name| Lane { name: name.to_string(), alerts: by_user.remove(name).unwrap_or_default() })
        .collect();
    if !shared.is_empty() {
        let others = count(shared.len() as u64, "other user", "other users");
        let alerts = shared.iter().flat_map(|name| by_user.remove(name).unwrap_or_default()).collect();
        lanes.push(Lane { name: others.to_string(), alerts });
    }
    lanes
}

fn timeline(page: &mut Page<'_>, alerts: &[&Alert]) -> io::Result<()> {
    let times = |of: fn(&Alert) -> &str| alerts.iter().filter_map(move |alert| time::micros(of(alert)));
    let (Some(from), Some(to)) = (times(|a| &a.first_seen).min(), times(|a| &a.last_seen).max()) else {
        return Ok(());
    };
    let to = to.max(from.saturating_add(1));
    page.markup(
        "<figure class=\"timeline\">\n<figcaption>When each user's alerts were raised (UTC)</figcaption>\n",
    )?;
    for lane in lanes(alerts) {
        page.markup("<div class=\"lane\"><span class=\"who\">")?;
        page.value(&lane.name)?;
        page.markup("</span>")?;
        marks(page, &lane, from, to)?;
        page.markup("</div>\n")?;
    }
    page.markup("<div class=\"ticks\"><span>")?;
    page.text(&time::to_the_second(from))?;
    page.markup("</span><span>")?;
    page.text(&time::to_the_second(to))?;
    page.markup("</span></div>\n</figure>\n")
}

/// What is drawn where a lane's alerts are too close to be told apart.
struct Mark {
    from: i64,
    to: i64,
    alerts: u64,
    is_high: bool,
    crossed_at: String,
}

fn marks(page: &mut Page<'_>, lane: &Lane<'_>, from: i64, to: i64) -> io::Result<()> {
    let span = to.saturating_sub(from);
    let mut marks: BTreeMap<(i64, Severity), Mark> = BTreeMap::new();
    for alert in &lane.alerts {
        let (Some(first), Some(last)) = (time::micros(&alert.first_seen), time::micros(&alert.last_seen))
        else {
            continue;
        };
        let slice = i128::from(first.saturating_sub(from)) * i128::from(SLICES) / i128::from(span);
        let key = (i64::try_from(slice).unwrap_or(0), alert.severity);
        let mark = marks.entry(key).or_insert_with(|| Mark {
            from: first,
            to: last,
            alerts: 0,
            is_high: alert.severity == Severity::High,
            crossed_at: alert.crossed_at.clone(),
        });
        mark.alerts += 1;
        mark.from = mark.from.min(first);
        mark.to = mark.to.max(last);
    }
    page.markup("<svg role=\"img\" width=\"100%\" height=\"22\" aria-label=\"")?;
    page.text(&count(lane.alerts.len() as u64, "alert", "alerts"))?;
    page.markup("\"><line class=\"axis\" x1=\"0\" x2=\"100%\" y1=\"11\" y2=\"11\"/>")?;
    for mark in marks.values() {
        draw(page, mark, from, span)?;
    }
    page.markup("</svg>")
}

#[expect(clippy::cast_precision_loss, reason = "a drawing is exact to a hundredth of a percent")]
fn draw(page: &mut Page<'_>, mark: &Mark, from: i64, span: i64) -> io::Result<()> {
    let percent = |time: i64| time.saturating_sub(from) as f64 / span as f64 * 100.0;
    let width = (percent(mark.to) - percent(mark.from)).max(0.4);
    page.markup(if mark.is_high {
        "<rect class=\"high\" y=\"4\" height=\"14\" rx=\"2\" x=\""
    } else {
        "<rect class=\"medium\" y=\"4\" height=\"14\" rx=\"2\" x=\""
    })?;
    page.length(percent(mark.from).min(100.0 - width))?;
    page.markup("%\" width=\"")?;
    page.length(width)?;
    page.markup("%\"><title>")?;
    if mark.alerts == 1 {
        page.text(&mark.crossed_at)?;
    } else {
        page.text(&count(mark.alerts, "alert", "alerts"))?;
    }
    page.markup("</title></rect>")
}

fn list(page: &mut Page<'_>, alerts: &[&Alert], limits: Limits) -> io::Result<()> {
    tables::begin(page, "All alerts")?;
    page.markup(
        "<thead><tr><th scope=\"col\">severity</th><th scope=\"col\">user</th>\
         <th scope=\"col\">crossed at (UTC)</th><th scope=\"col\" class=\"n\">most in a window</th>\
         <th scope=\"col\" class=\"n\">secrets</th><th scope=\"col\" class=\"n\">requests</th>\
         <th scope=\"col\" class=\"n\">succeeded</th><th scope=\"col\">alert</th></tr></thead>\n<tbody>\n",
    )?;
    for (position, alert) in alerts.iter().take(limits.listed).enumerate() {
        row(page, alert, position, limits)?;
    }
    page.markup("</tbody></table></div>\n")?;
    if alerts.len() > limits.listed {
        page.markup("<p class=\"more\">")?;
        let left = number((alerts.len() - limits.listed) as u64);
        page.text(&format!("and {left} more, in the CSV and the JSON of this hunt"))?;
        page.markup("</p>\n")?;
    }
    Ok(())
}

fn row(page: &mut Page<'_>, alert: &Alert, position: usize, limits: Limits) -> io::Result<()> {
    page.markup("<tr><td class=\"s\">")?;
    severity(page, alert.severity)?;
    page.markup("</td><td>")?;
    page.value(&fields::user(alert))?;
    for (name, value) in alert.group.iter().flatten() {
        page.markup(" <small>")?;
        page.text(&format!("{} ", name.replace('_', " ")))?;
        page.cell(value)?;
        page.markup("</small>")?;
    }
    page.markup("</td><td class=\"t\">")?;
    page.text(&crate::report::text::to_the_second(&alert.crossed_at))?;
    page.markup("</td>")?;
    for n in [alert.peak_distinct, alert.distinct_secrets, alert.requests, alert.succeeded] {
        page.markup("<td class=\"n\">")?;
        page.number(n)?;
        page.markup("</td>")?;
    }
    page.markup("<td class=\"s\">")?;
    if position < limits.detailed {
        page.markup("<a href=\"#")?;
        page.alert_anchor(position)?;
        page.markup("\"><code>")?;
        page.text(&alert.alert_id)?;
        page.markup("</code></a>")?;
    } else {
        page.markup("<code>")?;
        page.text(&alert.alert_id)?;
        page.markup("</code>")?;
    }
    page.markup("</td></tr>\n")
}

/// The severity as a word in its color.
pub fn severity(page: &mut Page<'_>, severity: Severity) -> io::Result<()> {
    page.markup(match severity {
        Severity::High => "<span class=\"badge high\">HIGH</span>",
        Severity::Medium => "<span class=\"badge medium\">MEDIUM</span>",
    })
}
