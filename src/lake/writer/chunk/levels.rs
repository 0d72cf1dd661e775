//! The rows of a chunk as Parquet has them: levels, and values without nulls.

use std::ops::Range;

use parquet::schema::types::ColumnDescPtr;

use super::{Dictionary, Layout, delta, hybrid};
use crate::normalize::{Lists, Texts};

/// The repetition and definition levels, and the values, of a chunk's rows.
#[derive(Default)]
pub(super) struct Levels {
    repetition: Vec<u32>,
    definition: Vec<u32>,
    /// Numbers of strings, later their positions in the dictionary; nulls have none.
    values: Vec<u32>,
    /// Where each row's levels and values begin, and the last ones end; empty where each row has one value.
    rows: Vec<(u32, u32)>,
    count: usize,
}

impl Levels {
    /// Those of the rows with these numbers.
    pub(super) fn of_texts(&mut self, texts: &Texts, rows: &[u32], nullable: bool) {
        self.clear(rows.len());
        self.values.extend(rows.iter().map(|&row| texts.numbers[row as usize]));
        if nullable {
            self.definition.extend(self.values.iter().map(|&number| u32::from(number > 0)));
        }
        if self.values.contains(&0) {
            let (mut level, mut value) = (0, 0);
            self.rows.push((0, 0));
            self.rows.extend(self.values.iter().map(|&number| {
                level += 1;
                value += u32::from(number > 0);
                (level, value)
            }));
            self.values.retain(|&number| number > 0);
        }
    }

    /// The same of lists; `present` is the definition level of an element.
    pub(super) fn of_lists(&mut self, lists: &Lists, rows: &[u32], present: u32) {
        self.clear(rows.len());
        for &row in rows {
            self.row();
            let before = self.values.len();
            match lists.numbers[row as usize] {
                0 => self.definition.push(0),
                number => self.values.extend(lists.list(number)),
            }
            let elements = self.values.len() - before;
            self.definition.extend(std::iter::repeat_n(present, elements));
            self.repetition.push(0);
            self.repetition.extend(std::iter::repeat_n(1, elements.saturating_sub(1)));
        }
        self.row();
    }

    fn clear(&mut self, count: usize) {
        self.count = count;
        self.repetition.clear();
        self.definition.clear();
        self.values.clear();
        self.rows.clear();
    }

    /// A row begins, or the last one has ended.
    fn row(&mut self) {
        self.rows.push((self.definition.len() as u32, self.values.len() as u32));
    }

    /// Makes a dictionary in which each value has a place of its own.
    pub(super) fn all_differ(&mut self, dictionary: &mut Vec<u32>) {
        dictionary.clear();
        dictionary.extend_from_slice(&self.values);
        self.values.iter_mut().zip(0..).for_each(|(value, position)| *value = position);
    }

    pub(super) fn values(&self) -> &[u32] {
        &self.values
    }

    pub(super) fn values_mut(&mut self) -> &mut [u32] {
        &mut self.values
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.count
    }

    /// The rows of each page.
    pub(super) fn pages(
        &self,
        layout: Layout,
        dictionary: Dictionary<'_>,
        most_rows: usize,
        most_bytes: usize,
    ) -> Vec<Range<usize>> {
        let count = self.count;
        let (mut pages, mut start, mut bytes) = (Vec::new(), 0, 0);
        for row in 0..count {
            if !matches!(layout, Layout::Dictionary { .. }) {
                let values = self.values_of(&(row..row + 1)).iter();
                bytes += values.map(|&at| dictionary.length(at) + size_of::<u32>()).sum::<usize>();
            }
            if row + 1 - start == most_rows || bytes >= most_bytes || row + 1 == count {
                pages.push(start..row + 1);
                (start, bytes) = (row + 1, 0);
            }
        }
        pages
    }

    fn levels_of(&self, rows: &Range<usize>) -> Range<usize> {
        match (self.rows.is_empty(), self.definition.is_empty()) {
            (true, true) => 0..0,
            (true, false) => rows.clone(),
            _ => self.rows[rows.start].0 as usize..self.rows[rows.end].0 as usize,
        }
    }

    fn values_of(&self, rows: &Range<usize>) -> &[u32] {
        match self.rows.is_empty() {
            true => &self.values[rows.clone()],
            false => &self.values[self.rows[rows.start].1 as usize..self.rows[rows.end].1 as usize],
        }
    }

    /// The values of some rows with their nulls, as a page counts them. A required column has no levels.
    pub(super) fn count(&self, rows: &Range<usize>) -> usize {
        self.levels_of(rows).len().max(self.values_of(rows).len())
    }

    pub(super) fn nulls(&self, rows: &Range<usize>) -> u64 {
        (self.count(rows) - self.values_of(rows).len()) as u64
    }

    /// Bytes of the strings of some rows, each as often as it is there.
    pub(super) fn bytes(&self, rows: &Range<usize>, dictionary: Dictionary<'_>) -> usize {
        self.values_of(rows).iter().map(|&position| dictionary.length(position)).sum()
    }

    /// The smallest and the largest string of some rows, of a dictionary in order.
    pub(super) fn bounds<'s>(
        &self,
        rows: &Range<usize>,
        dictionary: Dictionary<'s>,
    ) -> Option<(&'s str, &'s str)> {
        let values = self.values_of(rows);
        let string = |&position: &u32| dictionary.get(position);
        values.iter().min().map(string).zip(values.iter().max().map(string))
    }

    /// The body of a page.
    pub(super) fn page(
        &self,
        rows: &Range<usize>,
        column: &ColumnDescPtr,
        layout: Layout,
        dictionary: Dictionary<'_>,
    ) -> Vec<u8> {
        let strings = match layout {
            Layout::Plain => self.bytes(rows, dictionary),
            _ => 0,
        };
        let mut out = Vec::with_capacity(strings + size_of::<u32>() * rows.len());
        if column.max_rep_level() > 0 {
            append_levels(&self.repetition[self.levels_of(rows)], column.max_rep_level(), &mut out);
        }
        if column.max_def_level() > 0 {
            append_levels(&self.definition[self.levels_of(rows)], column.max_def_level(), &mut out);
        }
        match layout {
            Layout::Dictionary { width } => {
                out.push(width);
                hybrid::encode(self.values_of(rows), width, &mut out);
            }
            Layout::Plain => {
                for &position in self.values_of(rows) {
                    append_plain(dictionary.get(position), &mut out);
                }
            }
            Layout::Delta => {
                let strings = self.values_of(rows).iter().map(|&position| dictionary.get(position));
                delta::strings(strings, &mut out);
            }
        }
        out
    }
}

fn append_levels(levels: &[u32], most: i16, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    hybrid::encode(levels, hybrid::width(most as u32), out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// A string as PLAIN has it: its length, and its bytes.
pub(super) fn append_plain(string: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(string.len() as u32).to_le_bytes());
    out.extend_from_slice(string.as_bytes());
}
