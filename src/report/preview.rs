//! What an ingest would make of files, as text that is safe for a terminal.

use std::fmt::Write as _;

use super::text::{count, number, width};
use super::{escape, time};
use crate::ingest::Preview;
use crate::ingest::preview::{FilePreview, RejectPreview, SAMPLE_RECORDS, Verdict};

/// How many clusters and containers of a file are named.
const SHOWN: usize = 3;

/// Numbers stand to the right.
const HEADINGS: [(&str, bool); 9] = [
    ("RECOGNISED AS", false),
    ("RECORDS", true),
    ("ROWS", true),
    ("REJECTS", true),
    ("OTHER", true),
    ("CLUSTER", false),
    ("FIRST (UTC)", false),
    ("LAST (UTC)", false),
    ("FILE", false),
];

/// A line for each file, then what would be rejected and what cannot be read, then a summary.
pub fn text(preview: &Preview) -> String {
    let mut text = String::new();
    table(&mut text, &preview.files);
    for file in &preview.files {
        notes(&mut text, file);
    }
    for problem in &preview.problems {
        line(&mut text, &format!("unreadable: {}", problem.message));
    }
    text.push_str(&summary(preview));
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "{}", escape::terminal(line));
}

fn table(text: &mut String, files: &[FilePreview]) {
    if files.is_empty() {
        return;
    }
    let rows: Vec<[String; 9]> = files.iter().map(cells).collect();
    let headings = HEADINGS.map(|(heading, _)| heading.to_owned());
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|at| rows.iter().chain([&headings]).map(|row| width(&row[at])).max().unwrap_or(0))
        .collect();
    for row in [&headings].into_iter().chain(&rows) {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths[at] - width(cell));
            let (before, after) =
                if HEADINGS[at].1 { (padding.as_str(), "") } else { ("", padding.as_str()) };
            let gap = if at == 0 { "" } else { "  " };
            let _ = write!(line, "{gap}{before}{cell}{after}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push('\n');
}

fn cells(file: &FilePreview) -> [String; 9] {
    let is_log = file.verdict == Verdict::Log;
    let if_log = |n: u64| if is_log { number(n) } else { String::new() };
    // More follow behind the sample.
    let more = if is_log && !file.whole { "+" } else { "" };
    let clusters = file.clusters.iter().map(|name| name.as_deref().unwrap_or("(none)").to_owned());
    let at = |time: Option<i64>| time.map(time::to_the_second).unwrap_or_default();
    let cells = [
        recognised(file),
        if_log(file.records) + more,
        if_log(file.rows),
        if_log(file.rejects.values().map(|reject| reject.count).sum()),
        if_log(file.other.values().sum()),
        list(clusters.collect()),
        at(file.first_time),
        at(file.last_time),
        file.uri.clone(),
    ];
    cells.map(|cell| escape::terminal(&cell).into_owned())
}

/// `gzip, csv, aks-log-analytics`.
fn recognised(file: &FilePreview) -> String {
    let verdict = match file.verdict {
        Verdict::Log => list(file.containers.keys().cloned().collect()),
        Verdict::Archive => "archive".to_owned(),
        Verdict::NotALog => "not a log".to_owned(),
        Verdict::Empty => "empty".to_owned(),
        Verdict::Unreadable => "unreadable".to_owned(),
    };
    let forms = file.forms.iter().map(|form| (*form).to_owned());
    forms.chain([verdict]).collect::<Vec<_>>().join(", ")
}

fn list(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    if more > 0 {
        names.push(format!("{} more", number(more as u64)));
    }
    names.join(", ")
}

/// What would be rejected of a file, and what cannot be read.
fn notes(text: &mut String, file: &FilePreview) {
    let rejects = file.rejects.iter().filter(|_| file.verdict == Verdict::Log);
    for (reason, RejectPreview { count: of, record, detail }) in rejects {
        let many = count(*of, "record", "records");
        line(text, &format!("{}: {many} {reason}, the first is number {record}: {detail}", file.uri));
    }
    let others = file.other.iter().map(|(kind, n)| format!("{kind} {}", number(*n)));
    if file.verdict == Verdict::Log && !file.other.is_empty() {
        line(text, &format!("{}: other kinds: {}", file.uri, others.collect::<Vec<_>>().join(", ")));
    }
    if let Some(problem) = &file.problem {
        line(text, &format!("{}: {problem}", file.uri));
    }
}

fn summary(preview: &Preview) -> String {
    let of = |verdict| preview.files.iter().filter(|file| file.verdict == verdict).count() as u64;
    let unreadable = of(Verdict::Unreadable) + preview.problems.len() as u64;
    let archives = of(Verdict::Archive);
    let parts = [
        (1, count(of(Verdict::Log), "log", "logs")),
        (archives, count(archives, "archive", "archives")),
        (of(Verdict::NotALog), format!("{} not a log", number(of(Verdict::NotALog)))),
        (of(Verdict::Empty), format!("{} empty", number(of(Verdict::Empty)))),
        (unreadable, format!("{} unreadable", number(unreadable))),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(_, words)| words).collect();
    let more = if preview.files.iter().any(|file| file.verdict == Verdict::Log && !file.whole) {
        format!(" (+: more follow behind the first {})", number(SAMPLE_RECORDS))
    } else {
        String::new()
    };
    format!("{}{more}; nothing was written\n", parts.join(", "))
}
