//! What a lake holds and whether it is sound, as text that is safe for a terminal.

use std::fmt::Write as _;

use super::text::{bytes, count, number, width};
use super::{escape, time};
use crate::ingest::ReingestReport;
use crate::lake::check::{CheckReport, Damage};
use crate::lake::compact::CompactReport;
use crate::lake::drop::DropReport;
use crate::lake::gaps::Gap;
use crate::lake::info::{CommitInfo, LakeInfo};
use crate::lake::rejects::RejectRecord;
use crate::lake::utc;
use crate::normalize::schema;

/// How many days, commits or gaps are shown before it is said how many more there are.
const SHOWN: usize = 40;

/// How much of a reject's bytes is shown; JSON has all that is kept.
const REJECT_CHARS: usize = 200;

/// `kubetrawl lake info`.
pub fn info(info: &LakeInfo) -> String {
    let mut text = String::new();
    let mut entry = |label: &str, value: &str| {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{label:<12} {}", escape::terminal(value));
    };
    entry("rows", &number(info.rows));
    entry("files", &format!("{} ({})", number(info.files), bytes(info.bytes)));
    if let (Some(first), Some(last)) = (info.first_time, info.last_time) {
        entry("event times", &format!("{} to {}", time::to_the_second(first), time::to_the_second(last)));
    }
    let mut clusters: Vec<&str> =
        info.clusters.iter().map(|name| name.as_deref().unwrap_or("(none)")).collect();
    if info.more_clusters {
        clusters.push("and others, too many to list");
    }
    entry("clusters", &clusters.join(", "));
    entry("log types", &info.log_types.join(", "));
    entry("sources", &number(info.sources));
    entry("rejects", &number(info.rejects));
    table(&mut text, &["day", "rows", "files", "bytes"], &info.days, |day| {
        vec![day.event_date.clone(), number(day.rows), number(day.files), bytes(day.bytes)]
    });
    let columns =
        ["commit", "made", "by", "sources", "records in", "rows", "removed", "duplicates", "rejects"];
    table(&mut text, &columns, &info.commits, commit);
    text
}

fn commit(commit: &CommitInfo) -> Vec<String> {
    let kind = serde_json::to_value(commit.kind).ok();
    vec![
        number(commit.number),
        time::to_the_second(commit.created),
        kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default().to_owned(),
        number(commit.sources),
        number(commit.records_in),
        number(commit.rows),
        number(commit.removed),
        number(commit.duplicates),
        number(commit.rejects),
    ]
}

/// The last rows of a list under their headings, numbers to the right.
fn table<T>(text: &mut String, headings: &[&str], all: &[T], cells: impl Fn(&T) -> Vec<String>) {
    if all.is_empty() {
        return;
    }
    let hidden = all.len().saturating_sub(SHOWN);
    let rows: Vec<Vec<String>> = all[hidden..].iter().map(cells).collect();
    let widths: Vec<usize> = headings
        .iter()
        .enumerate()
        .map(|(at, heading)| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0).max(heading.len()))
        .collect();
    text.push('\n');
    if hidden > 0 {
        let _ = writeln!(text, "{} more before these; --format json has all", number(hidden as u64));
    }
    let mut line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}"));
        let _ = writeln!(text, "{}", padded.collect::<Vec<_>>().join("  "));
    };
    line(&headings.iter().map(|&heading| heading.to_owned()).collect::<Vec<_>>());
    rows.iter().for_each(|row| line(row));
}

/// `kubetrawl lake schema`.
pub fn columns() -> String {
    let widest =
        |of: fn(&(&str, String, &str)) -> usize| schema::described().map(|c| of(&c)).max().unwrap_or(0);
    let (names, types) = (widest(|c| c.0.len()), widest(|c| c.1.len()));
    schema::described()
        .map(|(name, kind, meaning)| format!("{name:<names$}  {kind:<types$}  {meaning}\n"))
        .collect()
}

/// `kubetrawl lake check`.
pub fn check(report: &CheckReport) -> String {
    let mut text = format!(
        "{} in {} ({}), {}, {} checked\n",
        count(report.rows, "row", "rows"),
        count(report.files, "file", "files"),
        bytes(report.bytes),
        count(report.rejects, "reject", "rejects"),
        count(report.commits, "commit", "commits"),
    );
    for damage in &report.damage {
        text.push_str(&damaged(damage));
    }
    for stray in &report.strays {
        let _ = writeln!(
            text,
            "stray    {}: no commit names it; kubetrawl does not read it, other engines do",
            escape::terminal(stray)
        );
    }
    for gap in report.gaps.iter().take(SHOWN) {
        text.push_str(&silent(gap));
    }
    if report.gaps.len() > SHOWN {
        let _ = writeln!(text, "{} more gaps; --format json has all", report.gaps.len() - SHOWN);
    }
    text.push_str(if report.sound { "the lake is sound\n" } else { "the lake is damaged\n" });
    text
}

fn damaged(damage: &Damage) -> String {
    let mut text =
        format!("damaged  {}: {}\n", escape::terminal(&damage.path), escape::terminal(&damage.detail));
    let Some(held) = &damage.held else { return text };
    let names = held.clusters.iter().flatten().map(|name| name.as_deref().unwrap_or("(none)"));
    let clusters = match &held.clusters {
        Some(_) => names.collect::<Vec<_>>().join(", "),
        None => "many".to_owned(),
    };
    let _ = writeln!(
        text,
        "         it held {} of commit {}, {} to {}, clusters: {}",
        count(held.rows, "row", "rows"),
        held.commit,
        utc::text(held.first_time),
        utc::text(held.last_time),
        escape::terminal(&clusters)
    );
    for source in &held.sources {
        let _ = writeln!(text, "         from {}", escape::terminal(source));
    }
    text
}

fn silent(gap: &Gap) -> String {
    format!(
        "gap      {}: no record from {} to {}\n",
        escape::terminal(gap.cluster.as_deref().unwrap_or("(no cluster)")),
        time::to_the_second(gap.from),
        time::to_the_second(gap.until)
    )
}

/// `kubetrawl lake drop`.
pub fn dropped(report: &DropReport) -> String {
    let mut text = format!(
        "took {} and {} of {} out of the lake, as commit {}\n",
        count(report.rows, "row", "rows"),
        count(report.rejects, "reject", "rejects"),
        count(report.sources.len() as u64, "source", "sources"),
        report.commit
    );
    for source in &report.sources {
        let _ = writeln!(text, "  {}", escape::terminal(source));
    }
    if !report.ingest_again.is_empty() {
        text.push_str(
            "these may have lost a record that one of those had too; their rows stay, and to have all of them \
             ingest them again:\n",
        );
    }
    for source in &report.ingest_again {
        let _ = writeln!(text, "  {}", escape::terminal(source));
    }
    text.push_str(&unfinished(report.unfinished.as_ref()));
    text
}

/// `kubetrawl lake compact`.
pub fn compacted(report: &CompactReport) -> String {
    let Some(commit) = report.commit else {
        return "no day has files to merge: there is nothing to do\n".to_owned();
    };
    let mut text = format!(
        "merged {} ({}) of {} into {} ({}), as commit {commit}; the old ones go with the first write that comes \
         24 hours later\n",
        count(report.files_before, "file", "files"),
        bytes(report.bytes_before),
        count(report.days, "day", "days"),
        number(report.files_after),
        bytes(report.bytes_after),
    );
    text.push_str(&unfinished(report.unfinished.as_ref()));
    text
}

/// `kubetrawl lake reingest-rejects`.
pub fn reingested(report: &ReingestReport) -> String {
    let tried = count(report.tried, "reject", "rejects");
    let mut text = match report.commit {
        None => format!("tried {tried} again: none can be read now\n"),
        Some(commit) => format!(
            "tried {tried} again, as commit {commit}: {} can be read now ({} from the source, {} from what was \
             kept)\n{}: {}, {}, {} of other kinds\n",
            number(report.read),
            number(report.from_source),
            number(report.read.saturating_sub(report.from_source)),
            count(report.records, "record", "records"),
            count(report.rows, "row", "rows"),
            count(report.duplicates, "duplicate", "duplicates"),
            number(report.other.values().sum::<u64>()),
        ),
    };
    if report.lost > 0 {
        let _ = writeln!(
            text,
            "{} could not be tried: the source is gone or has changed, and not all that is needed was kept",
            number(report.lost)
        );
    }
    text.push_str(&unfinished(report.unfinished.as_ref()));
    text
}

fn unfinished(message: Option<&String>) -> String {
    message.map_or_else(String::new, |message| format!("{}\n", escape::terminal(message)))
}

/// One of `kubetrawl lake rejects`: reason and place, then the bytes that are kept.
pub fn reject(reject: &RejectRecord) -> String {
    let kept = reject.kept().unwrap_or_default();
    let kept = String::from_utf8_lossy(&kept);
    let head: String = kept.chars().take(REJECT_CHARS).collect();
    let more = if head.len() < kept.len() { " ..." } else { "" };
    format!(
        "{}  {}  record {} at {}, {}: {}\n    {}{more}\n",
        reject.reason,
        escape::terminal(&reject.source),
        reject.record,
        reject.offset,
        bytes(reject.length),
        escape::terminal(&reject.detail),
        escape::terminal(&head)
    )
}
