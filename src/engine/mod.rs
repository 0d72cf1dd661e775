//! The only module that names DuckDB: opens it in memory over a snapshot's files, locked down,
//! binds parameters, returns Arrow.

mod cells;
mod error;
mod param;
mod session;
mod views;
mod watch;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use arrow::record_batch::RecordBatch;
use duckdb::{Connection, ToSql};

pub use self::cells::Cells;
pub use self::error::EngineError;
pub use self::param::Param;
use self::watch::Watch;
use crate::cancel::Cancel;
use crate::lake::coverage::FileCoverage;
use crate::lake::{LakeFile, Requests};

/// What an engine works on, and with.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The Parquet files of one snapshot; no others can be read. None is an empty lake.
    pub files: Vec<EngineFile>,
    /// The process's budget in bytes. DuckDB gets it less [`RESERVED`], and no more than [`SIXTEENTHS`] of it.
    pub memory: u64,
    /// 0 for as many as there are cores.
    pub threads: usize,
    /// Where to spill; made when needed. DuckDB lets SQL read and write inside it: give it a folder
    /// that holds nothing else.
    pub temp: PathBuf,
    /// The most bytes that may be spilled; DuckDB's own limit without it.
    pub temp_limit: Option<u64>,
}

/// A Parquet file, and what is known of its rows without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineFile {
    pub path: PathBuf,
    pub requests: Requests,
    /// Whether some rows may be read from cut records.
    pub salvaged: bool,
}

impl From<PathBuf> for EngineFile {
    /// A file of which nothing is known.
    fn from(path: PathBuf) -> Self {
        Self { path, requests: Requests::Unknown, salvaged: true }
    }
}

impl From<&LakeFile> for EngineFile {
    fn from(file: &LakeFile) -> Self {
        let counts = |coverage: &FileCoverage| coverage.streams.iter().any(|s| s.counts.salvaged > 0);
        Self {
            path: file.path.clone(),
            requests: file.requests,
            salvaged: file.record.coverage.as_ref().is_none_or(counts),
        }
    }
}

/// What the rest of the process keeps of the budget.
pub const RESERVED: u64 = 256 << 20;

/// The sixteenths of the budget that DuckDB is given at most. What it allocates beside its limit grows with it: at a limit
/// of 768 MiB, `verify` of 720,000 reads by 100 users in two hours took 1,088 MiB in all, and at 704 MiB 1,014.
pub const SIXTEENTHS: u64 = 11;

/// The least that DuckDB is given, whatever the budget.
pub const FLOOR: u64 = 128 << 20;

/// One DuckDB session over one snapshot of a lake. It reads the files it was given and nothing else.
pub struct Engine {
    connection: Connection,
    options: EngineOptions,
}

impl Engine {
    /// Opens a session with the views and macros of `sql/`, then locks it.
    ///
    /// # Errors
    /// When DuckDB refuses a setting, or a file is no Parquet file of a lake.
    pub fn open(options: &EngineOptions) -> Result<Self, EngineError> {
        Ok(Self { connection: session::open(options)?, options: options.clone() })
    }

    /// Opens a locked session that reads no file and knows no view or macro: for what needs
    /// DuckDB's own functions alone, in half the time.
    ///
    /// # Errors
    /// When DuckDB refuses a setting.
    pub fn without_lake() -> Result<Self, EngineError> {
        let options = session::least();
        Ok(Self { connection: session::open_without_lake(&options)?, options })
    }

    /// Another connection of the same session, for another thread, under the same lock and memory. Each has temporary
    /// tables and views of its own.
    ///
    /// # Errors
    /// When DuckDB refuses it.
    pub fn beside(&self) -> Result<Self, EngineError> {
        let connection = self.connection.try_clone().map_err(EngineError::from_duckdb)?;
        views::bind(&connection, &self.options.files)?;
        Ok(Self { connection, options: self.options.clone() })
    }

    /// Whether DuckDB works on one thread.
    pub fn is_single(&self) -> bool {
        self.options.threads == 1
    }

    /// Runs one statement and hands each batch of rows to `each` as it comes; the first has no
    /// row and tells the columns. Of `params`, those that the statement names are bound.
    ///
    /// # Errors
    /// When the statement fails, names a parameter that is not given, or `cancel` is set meanwhile;
    /// and what `each` returns.
    pub fn query<E: From<EngineError>>(
        &self,
        sql: &str,
        params: &[(&str, Param)],
        cancel: &Cancel,
        mut each: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let watch = Watch::start(self.connection.interrupt_handle(), cancel);
        let failed = |error| watch.explain(EngineError::from_duckdb(error));
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut named: Vec<(String, &Param)> = Vec::new();
        for index in 1..=statement.parameter_count() {
            let name = statement.parameter_name(index).map_err(failed)?;
            let (_, value) = params
                .iter()
                .find(|(given, _)| *given == name)
                .ok_or_else(|| EngineError::Unbound { name: name.clone() })?;
            named.push((name, value));
        }
        let bound: Vec<(&str, &dyn ToSql)> =
            named.iter().map(|(name, value)| (name.as_str(), *value as &dyn ToSql)).collect();
        let stream = statement.stream_arrow(bound.as_slice()).map_err(failed)?;
        each(&RecordBatch::new_empty(stream.get_schema()))?;
        for batch in stream {
            each(&batch.map_err(failed)?)?;
        }
        Ok(())
    }

    /// Runs one statement for its effect.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn execute(&self, sql: &str, params: &[(&str, Param)], cancel: &Cancel) -> Result<(), EngineError> {
        self.query(sql, params, cancel, |_| Ok(()))
    }

    /// Keeps the rows of a SELECT in a temporary table, in place of an older one of that name.
    ///
    /// `table` is a name of this program, never of its input.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn keep(
        &self,
        table: &'static str,
        select: &str,
        params: &[(&str, Param)],
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        self.execute(&format!("CREATE OR REPLACE TEMP TABLE {table} AS {select}"), params, cancel)
    }

    /// Keeps the rows of a SELECT in a table of all connections of the session, in place of an older one of that name.
    /// Queries of an analyst cannot name it.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn keep_for_all(
        &self,
        table: &'static str,
        select: &str,
        params: &[(&str, Param)],
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        self.execute(&format!("CREATE OR REPLACE TABLE cut.{table} AS {select}"), params, cancel)
    }

    /// Reads a table of [`Engine::keep_for_all`] wherever this connection reads the view of that name.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn read_kept(&self, table: &'static str, cancel: &Cancel) -> Result<(), EngineError> {
        self.execute(&format!("CREATE OR REPLACE TEMP VIEW {table} AS FROM cut.{table}"), &[], cancel)
    }

    /// Reads that view again, and drops what was kept, where anything was.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn forget_kept(&self, table: &'static str, cancel: &Cancel) -> Result<(), EngineError> {
        self.execute(&format!("DROP VIEW IF EXISTS temp.{table}"), &[], cancel)?;
        self.execute(&format!("DROP TABLE IF EXISTS cut.{table}"), &[], cancel)
    }

    /// As [`Engine::keep`], unless a temporary table of that name is there already.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn keep_once(
        &self,
        table: &'static str,
        select: &str,
        params: &[(&str, Param)],
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        // Not by IF NOT EXISTS, for which DuckDB plans the SELECT too: 7 ms over the 90 files of a month.
        let is_there = self.connection.prepare(&format!("FROM temp.{table}")).is_ok();
        if is_there { Ok(()) } else { self.keep(table, select, params, cancel) }
    }

    /// Adds the rows of a SELECT to a table of [`Engine::keep`].
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn add(
        &self,
        table: &'static str,
        select: &str,
        params: &[(&str, Param)],
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        self.execute(&format!("INSERT INTO {table} {select}"), params, cancel)
    }

    /// Drops a temporary table, where there is one.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn forget(&self, table: &'static str, cancel: &Cancel) -> Result<(), EngineError> {
        self.execute(&format!("DROP TABLE IF EXISTS temp.{table}"), &[], cancel)
    }

    /// The version of DuckDB, as it names itself.
    ///
    /// # Errors
    /// Never in practice; as [`Engine::query`].
    pub fn version(&self) -> Result<String, EngineError> {
        self.connection.version().map_err(EngineError::from_duckdb)
    }
}
