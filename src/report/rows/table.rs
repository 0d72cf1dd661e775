//! For a person at a terminal: columns where they fit, else each row as a card of names and values.
//!
//! Widths are measured on the first rows. A cell that does not fit is wrapped, never cut, and a long list
//! that is folded says how much of it is not shown.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde_json::Value;

use super::super::View;
use super::super::escape;
use super::super::text;
use super::super::time;
use super::value::plain;
use super::{RowWriter, into_io, values};

/// Rows that are held to measure the columns by.
const MEASURED: usize = 1_000;
/// Elements of a list that are shown without `--wide`.
const FOLD: usize = 10;
/// The narrowest a column may become before rows turn into cards.
const NARROWEST: usize = 12;
const GAP: usize = 2;

pub(super) struct Writer<W: Write> {
    names: Vec<String>,
    view: View,
    out: W,
    held: Vec<Vec<String>>,
    layout: Option<Layout>,
    rows: u64,
}

enum Layout {
    /// Columns' widths.
    Columns(Vec<usize>),
    Cards,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(schema: &SchemaRef, view: View, out: W) -> Self {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Self::with_names(&names, view, out)
    }

    fn with_names(names: &[&str], view: View, out: W) -> Self {
        let names = names.iter().map(|name| escape::terminal(name).into_owned()).collect();
        let view = View { width: view.width.max(View::LEAST_WIDTH), ..view };
        Self { names, view, out, held: Vec::new(), layout: None, rows: 0 }
    }

    fn push(&mut self, row: &[Value]) -> io::Result<()> {
        let cells: Vec<String> = row.iter().map(|value| cell(value, self.view.wide)).collect();
        if let Some(layout) = self.layout.take() {
            self.write_row(&layout, &cells)?;
            self.layout = Some(layout);
            return Ok(());
        }
        self.held.push(cells);
        if self.held.len() < MEASURED { Ok(()) } else { self.lay_out() }
    }

    /// Decides on the layout and writes what was held for it.
    fn lay_out(&mut self) -> io::Result<()> {
        if self.layout.is_some() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let layout = self.choose(&held);
        if let Layout::Columns(widths) = &layout {
            self.write_lines(widths, &self.names.clone())?;
            let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
            writeln!(self.out, "{}", rule.join(&"─".repeat(GAP)))?;
        }
        for cells in &held {
            self.write_row(&layout, cells)?;
        }
        self.layout = Some(layout);
        Ok(())
    }

    /// The columns' widths without any wrapping.
    fn natural(&self, held: &[Vec<String>]) -> Vec<usize> {
        let mut widths: Vec<usize> = self.names.iter().map(|name| text::width(name)).collect();
        for cells in held {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = text::width(cell).max(*width);
            }
        }
        widths
    }

    fn choose(&self, held: &[Vec<String>]) -> Layout {
        let widths = self.natural(held);
        let room = self.view.width.saturating_sub(GAP * widths.len().saturating_sub(1));
        match shrink(widths, room) {
            Some(widths) => Layout::Columns(widths),
            None => Layout::Cards,
        }
    }

    fn write_row(&mut self, layout: &Layout, cells: &[String]) -> io::Result<()> {
        self.rows += 1;
        match layout {
            Layout::Columns(widths) => self.write_lines(widths, cells),
            Layout::Cards => self.write_card(cells),
        }
    }

    fn write_lines(&mut self, widths: &[usize], cells: &[String]) -> io::Result<()> {
        let wrapped: Vec<Vec<String>> =
            cells.iter().zip(widths).map(|(cell, width)| text::wrap(cell, *width, 0)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        for index in 0..height {
            let mut line = String::new();
            let mut wanted = 0;
            for (lines, width) in wrapped.iter().zip(widths) {
                let part = lines.get(index).map_or("", String::as_str);
                line.push_str(&" ".repeat(wanted));
                line.push_str(part);
                wanted = GAP + width.saturating_sub(text::width(part));
            }
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn write_card(&mut self, cells: &[String]) -> io::Result<()> {
        let label = self.names.iter().map(|name| text::width(name)).max().unwrap_or(0).min(24);
        let room = self.view.width.saturating_sub(label + GAP).max(NARROWEST);
        writeln!(self.out, "row {}", self.rows)?;
        let names = self.names.clone();
        for (name, cell) in names.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            self.write_lines(&[label, room], &[name.clone(), cell.clone()])?;
        }
        writeln!(self.out)
    }

    /// Of an answer that does not fit and is held whole, the columns that are the same in every row
    /// stand above it.
    fn lift(&mut self) -> io::Result<()> {
        let Some(first) = self.held.first().filter(|_| self.layout.is_none() && self.held.len() > 1) else {
            return Ok(());
        };
        let same: Vec<bool> =
            (0..first.len()).map(|at| self.held.iter().all(|row| row.get(at) == first.get(at))).collect();
        let fits = self.natural(&self.held).iter().map(|width| width + GAP).sum::<usize>() <= self.view.width;
        if fits || same.iter().all(|same| *same) || !same.contains(&true) {
            return Ok(());
        }
        let shown =
            self.names.iter().zip(first).zip(&same).filter(|((_, cell), same)| **same && !cell.is_empty());
        let lines: Vec<String> = shown.map(|((name, cell), _)| format!("{name} {cell}")).collect();
        for line in lines {
            let lines = text::wrap(&format!("in every row: {line}"), self.view.width, 2);
            lines.iter().try_for_each(|line| writeln!(self.out, "{line}"))?;
        }
        keep_different(&mut self.names, &same);
        self.held.iter_mut().for_each(|row| keep_different(row, &same));
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.lift()?;
        self.lay_out()?;
        let rows = if self.rows == 1 { "row" } else { "rows" };
        writeln!(self.out, "({} {rows})", text::number(self.rows))?;
        self.out.flush()
    }
}

impl<W: Write> RowWriter for Writer<W> {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        for row in values(batch) {
            self.push(&row.map_err(into_io)?)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.close()
    }
}

pub(super) fn write(
    columns: &[&str],
    rows: &[Vec<Value>],
    view: View,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = Writer::with_names(columns, view, out);
    for row in rows {
        writer.push(row)?;
    }
    writer.close()
}

fn keep_different(cells: &mut Vec<String>, same: &[bool]) {
    let mut same = same.iter();
    cells.retain(|_| same.next() != Some(&true));
}

/// Takes room from the widest columns until all fit; none where they can't.
fn shrink(mut widths: Vec<usize>, room: usize) -> Option<Vec<usize>> {
    let needed: usize = widths.iter().map(|width| (*width).min(NARROWEST)).sum();
    if needed > room {
        return None;
    }
    let (mut low, mut high) = (NARROWEST, room);
    // The largest cap under which all columns fit.
    while low < high {
        let cap = (low + high).div_ceil(2);
        if widths.iter().map(|width| (*width).min(cap)).sum::<usize>() <= room {
            low = cap
        } else {
            high = cap - 1
        }
    }
    widths.iter_mut().for_each(|width| *width = (*width).min(low));
    Some(widths)
}

/// A cell as a terminal may show it, on one line.
fn cell(value: &Value, wide: bool) -> String {
    let text = match value {
        Value::Array(items) => {
            let shown = if wide || items.len() <= FOLD + 1 { items.len() } else { FOLD };
            let mut text = items[..shown].iter().map(plain).collect::<Vec<_>>().join(", ");
            if shown < items.len() {
                text.push_str(&format!(", and {} more", items.len() - shown));
            }
            text
        }
        // A space in the place of the T: a narrow column breaks there.
        Value::String(text) if time::is_time(text) => text.replacen('T', " ", 1),
        other => plain(other),
    };
    escape::terminal(&text).into_owned()
}
