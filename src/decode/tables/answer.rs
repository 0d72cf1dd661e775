//! The way through an answer to the rows of its tables.

use std::io;

use super::damaged;
use super::header::{column, is_known, named, raw_column, text_column};
use super::window::{LONGEST, Window};
use crate::decode::decompress::Whole;
use crate::decode::fields::{Fields, elements, quoted, scalar};
use crate::decode::scan::{self, Scan};

/// What the columns of a table may take: they are held, and their names written with every row.
const LONGEST_COLUMNS: usize = 64 << 10;

/// What is told of an error that an answer names.
const LONGEST_NOTICE: usize = 400;

/// Columns of the tables that Kusto adds to each answer, of which all of one line are there: what was asked for with which
/// options, how it went (v1 and v2), and a list of the tables.
const ADDED: [&[&str]; 3] =
    [&["TableId", "Key", "Value"], &["StatusCode", "SubActivityId"], &["Ordinal", "PrettyName"]];

/// The columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// As JSON strings.
    pub names: Vec<String>,
    /// Whether the rows are audit records, or have them as text.
    pub is_known: bool,
    /// Whether the rows tell of the answer. They are no records, so that they count as none, of whatever kind.
    pub is_added: bool,
}

impl Columns {
    fn of(list: &str) -> Self {
        let names: Vec<String> = elements(list).into_iter().map(name).collect();
        let text = if is_known(&names) { None } else { raw_column(&names).or_else(|| text_column(&names)) };
        let is_known = text.is_some() || is_known(&names);
        let has = |column: &&str| names.iter().any(|name| name == column);
        let is_added = names == ["Value"] || ADDED.iter().any(|added| added.iter().all(has));
        Self { names: named(names.iter().map(|name| quoted(name)).collect(), text), is_known, is_added }
    }
}

/// The name of a column, which stands alone or in an object.
fn name(element: &str) -> String {
    let object = Fields::of(element).ok();
    let text = object
        .as_ref()
        .map_or_else(|| scalar(element), |object| object.text("name").or_else(|| object.text("ColumnName")));
    column(&text.unwrap_or_default()).to_owned()
}

/// What is open where the walk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// An object with columns and rows, or around tables that have them.
    Table,
    Tables,
    Rows,
}

/// A walk through an answer.
pub(super) struct Walk {
    pub text: Window,
    open: Vec<Level>,
    /// Nothing in the innermost was passed yet.
    is_fresh: bool,
    /// Those that were named last: the rows of a table may come in several objects behind the one that names them.
    columns: Option<Columns>,
    /// Whether the first table that was asked for is one of audit records.
    pub is_known: Option<bool>,
    /// The error that the answer names.
    notice: Option<String>,
}

impl Walk {
    pub(super) fn new(reader: Whole) -> io::Result<Self> {
        let mut text = Window::new(reader);
        text.fill(too_long)?;
        text.pass_mark();
        let (open, is_fresh) = (Vec::new(), true);
        Ok(Self { text, open, is_fresh, columns: None, is_known: None, notice: None })
    }

    /// The columns of the row that the walk stands at.
    pub(super) fn columns(&self) -> &Columns {
        const NONE: &Columns = &Columns { names: Vec::new(), is_known: false, is_added: true };
        self.columns.as_ref().unwrap_or(NONE)
    }

    /// Begins with an answer; false where there is none.
    pub(super) fn begin(&mut self) -> io::Result<bool> {
        let Some(byte) = self.peek()? else { return Ok(false) };
        (self.columns, self.is_known, self.notice) = (None, None, None);
        match byte {
            b'{' => self.enter(Level::Table),
            b'[' => self.enter(Level::Tables),
            _ => return Err(damaged("what stands behind the answer is none")),
        }
        Ok(true)
    }

    /// Goes to the next row; false at the end of the answer.
    pub(super) fn find_row(&mut self) -> io::Result<bool> {
        while let Some(&level) = self.open.last() {
            if !self.go_on(level)? {
                continue;
            }
            match level {
                Level::Rows => return Ok(true),
                Level::Tables if self.here()? == b'{' => self.enter(Level::Table),
                Level::Tables => self.skip()?,
                Level::Table => self.field()?,
            }
        }
        // Else records that are no answer, behind one, would be passed over in silence.
        if self.is_known.is_none() {
            return Err(damaged("what stands behind the answer is none"));
        }
        match self.notice.take() {
            Some(notice) => Err(damaged(&format!("the answer is not whole, as it says: {notice}"))),
            None => Ok(false),
        }
    }

    /// Goes on in the innermost; false where that ends.
    fn go_on(&mut self, level: Level) -> io::Result<bool> {
        let byte = self.here()?;
        if byte == if level == Level::Table { b'}' } else { b']' } {
            self.text.pass(1);
            self.open.pop();
            self.is_fresh = false;
            return Ok(false);
        }
        if !std::mem::take(&mut self.is_fresh) {
            if byte != b',' {
                return Err(broken());
            }
            self.text.pass(1);
            self.here()?;
        }
        Ok(true)
    }

    fn enter(&mut self, level: Level) {
        self.text.pass(1);
        self.open.push(level);
        self.is_fresh = true;
    }

    fn field(&mut self) -> io::Result<()> {
        if self.here()? != b'"' {
            return Err(broken());
        }
        let length = self.length()?;
        let key = String::from_utf8_lossy(self.text.pass(length)).into_owned();
        if self.here()? != b':' {
            return Err(broken());
        }
        self.text.pass(1);
        let is_list = self.here()? == b'[';
        match key.trim_matches('"') {
            "columns" | "Columns" | "fields" if is_list => self.named()?,
            "rows" | "Rows" if is_list => {
                let columns =
                    self.columns.as_ref().ok_or_else(|| damaged("rows come before their columns"))?;
                if !columns.is_added {
                    self.is_known.get_or_insert(columns.is_known);
                }
                self.enter(Level::Rows);
            }
            "tables" | "Tables" if is_list && self.open.len() == 1 => self.enter(Level::Tables),
            "error" | "OneApiErrors" => self.noticed()?,
            _ => self.skip()?,
        }
        Ok(())
    }

    fn named(&mut self) -> io::Result<()> {
        let length = self.length()?;
        if length > LONGEST_COLUMNS {
            return Err(damaged(&format!("columns of more than {LONGEST_COLUMNS} bytes")));
        }
        self.columns = Some(Columns::of(&String::from_utf8_lossy(self.text.pass(length))));
        Ok(())
    }

    /// Log Analytics and Kusto send what they have, and behind it an error, where a result has more rows or bytes than they
    /// give at a time.
    fn noticed(&mut self) -> io::Result<()> {
        let length = self.length()?;
        let error = String::from_utf8_lossy(self.text.pass(length));
        if !matches!(error.as_ref(), "null" | "{}" | "[]") {
            self.notice = Some(error.chars().take(LONGEST_NOTICE).collect());
        }
        Ok(())
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self) -> io::Result<()> {
        let length = self.length()?;
        self.text.pass(length);
        Ok(())
    }

    /// The length of the value that the walk stands at, all of which is then there.
    fn length(&mut self) -> io::Result<usize> {
        loop {
            match scan::any_value(self.text.bytes(), 0) {
                Scan::End(0) | Scan::Broken(_) => return Err(broken()),
                Scan::End(length) => return Ok(length),
                Scan::More if self.text.is_end() => return Err(cut()),
                Scan::More => self.text.fill(too_long)?,
            }
        }
    }

    /// The next byte that is no blank, with the walk at it.
    pub(super) fn here(&mut self) -> io::Result<u8> {
        self.peek()?.ok_or_else(cut)
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let blanks = scan::skip_blanks(self.text.bytes(), 0);
            self.text.pass(blanks);
            match self.text.bytes().first() {
                Some(&byte) => return Ok(Some(byte)),
                None if self.text.is_end() => return Ok(None),
                None => self.text.fill(too_long)?,
            }
        }
    }
}

pub(super) fn broken() -> io::Error {
    damaged("the JSON of the answer is broken")
}

fn cut() -> io::Error {
    damaged("the answer ends inside a value; fetch it again")
}

pub(super) fn too_long() -> io::Error {
    damaged(&format!("a row or another value of the answer is longer than {LONGEST} bytes"))
}
