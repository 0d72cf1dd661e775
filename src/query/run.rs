//! Runs a query over an engine, to an end in any case: its rows, a timeout, or a Ctrl-C.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use arrow::record_batch::RecordBatch;

use super::gate::{self, GateError, Origin};
use super::{ParameterError, Value};
use crate::cancel::{Cancel, Stopped};
use crate::engine::{Engine, EngineError, Param};

/// Why a query gave no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error(transparent)]
    Gate(#[from] GateError),
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error("the query was ended after {}: give it more with --timeout, or narrow it", humantime::format_duration(*.0))]
    TimedOut(Duration),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("cannot write the answer")]
    Write(#[from] std::io::Error),
}

/// The gate's own DuckDB, which describes texts and has no lake.
pub struct Gate {
    engine: Engine,
}

impl Gate {
    /// Opens the connection that texts are described on.
    pub fn open() -> Result<Self, QueryError> {
        Ok(Self { engine: Engine::without_lake()? })
    }

    /// Lets a text pass or says why not.
    pub fn check(&self, sql: &str) -> Result<(), QueryError> {
        self.check_of(sql, Origin::Query)
    }

    /// The same for a text that may read more, or less.
    pub fn check_of(&self, sql: &str, origin: Origin) -> Result<(), QueryError> {
        gate::check_text(sql)?;
        let mut json = String::new();
        let params = [("sql", Param::Text(sql.to_owned()))];
        self.engine.query::<QueryError>(
            "SELECT json_serialize_sql($sql)::VARCHAR AS description",
            &params,
            &Cancel::default(),
            |batch| {
                let cells = crate::engine::Cells::new(batch);
                for row in 0..cells.rows() {
                    json = cells.text(row, "description")?.unwrap_or_default();
                }
                Ok(())
            },
        )?;
        Ok(gate::check_serialized(&json, origin)?)
    }
}

/// Runs a text that passed the gate, and hands on its batches; the first has no row and tells the columns.
pub fn run(
    engine: &Engine,
    sql: &str,
    values: &BTreeMap<String, Value>,
    timeout: Duration,
    cancel: &Cancel,
    each: impl FnMut(&RecordBatch) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let params: Vec<(&str, Param)> =
        values.iter().map(|(name, value)| (name.as_str(), value.into())).collect();
    // Its own, so that the time of one query does not end others that run beside it.
    let cancel = cancel.part();
    let deadline = Deadline::start(timeout, &cancel);
    match engine.query(sql, &params, &cancel, each) {
        Err(QueryError::Engine(EngineError::Cancelled(Stopped))) if deadline.has_passed() => {
            Err(QueryError::TimedOut(timeout))
        }
        ended => ended,
    }
}

impl From<&Value> for Param {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Text(text) => Self::Text(text.clone()),
            Value::Integer(number) => Self::Int(*number),
            Value::Boolean(flag) => Self::Bool(*flag),
        }
    }
}

/// Sets a [`Cancel`] when a time has passed, unless it is dropped before.
struct Deadline {
    passed: Arc<AtomicBool>,
    _alive: Sender<()>,
}

impl Deadline {
    fn start(timeout: Duration, cancel: &Cancel) -> Self {
        let (alive, gone) = channel::<()>();
        let passed = Arc::new(AtomicBool::new(false));
        let (flag, cancel) = (Arc::clone(&passed), cancel.clone());
        thread::spawn(move || {
            if gone.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout) && !cancel.is_cancelled() {
                flag.store(true, Ordering::SeqCst);
                cancel.cancel();
            }
        });
        Self { passed, _alive: alive }
    }

    fn has_passed(&self) -> bool {
        self.passed.load(Ordering::SeqCst)
    }
}
