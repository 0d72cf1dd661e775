//! Tables of any columns, folded lists, and label and value pairs.

use std::io;

use serde_json::Value;

use super::page::Page;
use crate::report::evidence::Section;
use crate::report::text::{count, number};
use crate::report::time;

/// A section of the runbook, folded behind its title, with the query below its rows.
pub fn section(page: &mut Page<'_>, section: &Section, is_open: bool) -> io::Result<()> {
    page.markup(if is_open { "<details open>" } else { "<details>" })?;
    page.markup("<summary><span>")?;
    page.text(&section.title)?;
    page.markup("</span> <small>")?;
    page.text(&count(section.found as u64, "row", "rows"))?;
    page.markup("</small></summary>\n")?;
    if !section.question.is_empty() {
        page.markup("<p class=\"question\">")?;
        page.text(&section.question)?;
        page.markup("</p>\n")?;
    }
    if section.rows.is_empty() {
        page.markup("<p class=\"nothing\">nothing found</p>\n")?;
    } else {
        let Section { title, columns, rows, found, sql, .. } = section;
        let rest =
            if sql.is_empty() { "the answer of kubetrawl coverage" } else { "the answer of the SQL below" };
        table(page, title, columns, rows, *found, rest)?;
    }
    sql(page, &section.sql)?;
    page.markup("</details>\n")
}

fn sql(page: &mut Page<'_>, sql: &str) -> io::Result<()> {
    if sql.is_empty() {
        return Ok(());
    }
    page.markup("<details class=\"sql\"><summary>SQL</summary><pre tabindex=\"0\"><code>")?;
    for line in sql.lines() {
        page.text(line)?;
        page.markup("\n")?;
    }
    page.markup("</code></pre></details>\n")
}

/// A table in a container of its own, which scrolls where the page is too narrow: the first of the rows
/// that were found, and where the rest is.
pub fn table(
    page: &mut Page<'_>,
    caption: &str,
    columns: &[String],
    rows: &[Vec<Value>],
    found: usize,
    rest: &'static str,
) -> io::Result<()> {
    begin(page, caption)?;
    page.markup("<thead><tr>")?;
    let is_number: Vec<bool> = (0..columns.len()).map(|index| is_number_column(rows, index)).collect();
    for (column, is_number) in columns.iter().zip(&is_number) {
        page.markup(if *is_number { "<th scope=\"col\" class=\"n\">" } else { "<th scope=\"col\">" })?;
        page.text(&column.replace('_', " "))?;
        page.markup("</th>")?;
    }
    page.markup("</tr></thead>\n<tbody>\n")?;
    for row in rows {
        page.markup("<tr>")?;
        for (value, is_number) in row.iter().zip(&is_number) {
            page.markup(if *is_number { "<td class=\"n\">" } else { class(value) })?;
            page.cell(value)?;
            page.markup("</td>")?;
        }
        page.markup("</tr>\n")?;
    }
    page.markup("</tbody></table></div>\n")?;
    more(page, found, rows.len(), rest)
}

/// The start of a table that scripts, where they run, make sortable.
pub fn begin(page: &mut Page<'_>, caption: &str) -> io::Result<()> {
    page.markup("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"")?;
    page.text(caption)?;
    page.markup("\"><table class=\"sortable\">\n")
}

/// Says how many rows are left out, and where they are.
fn more(page: &mut Page<'_>, all: usize, shown: usize, rest: &'static str) -> io::Result<()> {
    if all <= shown {
        return Ok(());
    }
    page.markup("<p class=\"more\">")?;
    page.text(&format!("and {} more, in {rest}", number((all - shown) as u64)))?;
    page.markup("</p>\n")
}

fn class(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "<td class=\"n\">",
        Value::String(text) if time::is_time(text) => "<td class=\"t\">",
        Value::Bool(_) | Value::Null => "<td class=\"s\">",
        Value::String(text) if text.len() <= 24 => "<td class=\"s\">",
        _ => "<td>",
    }
}

fn is_number_column(rows: &[Vec<Value>], index: usize) -> bool {
    rows.iter().filter_map(|row| row.get(index)).find(|value| !value.is_null()).is_some_and(Value::is_number)
}

/// A label and its value in a description list.
pub fn entry(page: &mut Page<'_>, label: &str, value: &str) -> io::Result<()> {
    page.markup("<div><dt>")?;
    page.text(label)?;
    page.markup("</dt><dd>")?;
    page.value(value)?;
    page.markup("</dd></div>\n")
}

/// A label and a list; nothing where the list is empty. One more is never folded.
pub fn list(page: &mut Page<'_>, label: &str, elements: &[String], fold: usize) -> io::Result<()> {
    if elements.is_empty() {
        return Ok(());
    }
    let shown = if elements.len() <= fold + 1 { elements.len() } else { fold };
    page.markup("<div><dt>")?;
    page.text(label)?;
    let is_short = elements[..shown].iter().map(String::len).sum::<usize>() < 32 * shown;
    page.markup(if is_short { "</dt><dd><ul class=\"row\">" } else { "</dt><dd><ul>" })?;
    for element in &elements[..shown] {
        page.markup("<li>")?;
        page.value(element)?;
        page.markup("</li>")?;
    }
    if shown < elements.len() {
        page.markup("<li class=\"more\">")?;
        let left = number((elements.len() - shown) as u64);
        page.text(&format!("and {left} more, in the CSV and the JSON"))?;
        page.markup("</li>")?;
    }
    page.markup("</ul></dd></div>\n")
}
