//! `kubetrawl query`: questions in SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};

use super::Session;
use super::exit::{Exit, Usage};
use super::output::Output;
use super::shown;
use super::values::{self, LakeArgs, ResourceArgs};
use crate::lake::Lake;
use crate::query::session::{LakeSession, Limits};
use crate::query::tokens::tokens;
use crate::query::{self, Gate, ParameterError, QueryError, QueryFile, Value, saved};
use crate::report::rows::{self, RowFormat, RowWriter};
use crate::report::{View, escape};

/// Ask the lake in SQL
///
/// The tables are audit_events (a row per audit record) and requests (a row per API request). The
/// query must be one that only reads. Parameters, $name in the query, are given with --param.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl query \"SELECT username, count(*) FROM requests GROUP BY ALL ORDER BY ALL\"
  kubetrawl query \"DESCRIBE audit_events\"            the columns
  kubetrawl query --list                             the saved queries and their parameters
  kubetrawl query --name secret_readers --param name=db-password
  kubetrawl query --name user_day --param username=eve --param day=2026-11-20 --format csv
  kubetrawl query --file mine.sql --format parquet --output answer.parquet")]
pub struct QueryArgs {
    /// The query
    #[arg(value_name = "SQL", conflicts_with_all = ["file", "name", "list"], allow_hyphen_values = true)]
    sql: Option<String>,

    /// Take the query from a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "list"])]
    file: Option<PathBuf>,

    /// Run a saved query
    #[arg(long, value_name = "SAVED", conflicts_with = "list")]
    name: Option<String>,

    /// List the saved queries with their parameters
    #[arg(long)]
    list: bool,

    /// Folder with saved queries of your own, as .sql files
    #[arg(long, value_name = "DIR")]
    queries: Option<PathBuf>,

    /// Value of a parameter, name=value; a name alone gives null
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,

    /// Show DuckDB's plan of the query instead of running it
    #[arg(long)]
    explain: bool,

    /// Format of the rows
    #[arg(long, value_enum, default_value_t = FormatArg::Table, conflicts_with_all = ["list", "explain"])]
    format: FormatArg,

    /// Write the rows to a file, which appears when it is whole
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Show all of long lists in the table
    #[arg(long)]
    wide: bool,

    /// End the query after this time
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = shown::duration)]
    timeout: Duration,

    /// Disk that the query may use besides its memory
    #[arg(long, value_name = "SIZE", default_value = "16GiB", value_parser = values::size)]
    temporary: u64,

    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    resources: ResourceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatArg {
    Table,
    Csv,
    Json,
    Ndjson,
    Parquet,
}

impl From<FormatArg> for RowFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Table => Self::Table,
            FormatArg::Csv => Self::Csv,
            FormatArg::Json => Self::Json,
            FormatArg::Ndjson => Self::Ndjson,
            FormatArg::Parquet => Self::Parquet,
        }
    }
}

pub(super) fn run(args: &QueryArgs, session: &Session) -> anyhow::Result<Exit> {
    let output = Output::open(args.output.as_deref())?;
    if args.list {
        return list(args, output);
    }
    if args.format == FormatArg::Parquet && args.output.is_none() && io::stdout().is_terminal() {
        bail!(Usage("Parquet is no text for a terminal: give it a file with --output"));
    }
    let file = question(args)?;
    let values = bind(&file, &args.param)?;
    Gate::open()?.check(&file.sql)?;
    let lake = Lake::open(&args.lake.folder())?;
    let limits = Limits { temporary: Some(args.temporary), ..args.resources.limits() };
    let over = LakeSession::open(&lake, limits)?;
    if args.explain {
        return explain(&over, &format!("EXPLAIN {}", file.sql), &values, args, session, output);
    }
    let sql = file.sql;
    let view = shown::view(args.output.as_deref(), args.wide, session);
    answer(&over, &sql, &values, args, view, session, output)?;
    Ok(Exit::Done)
}

fn answer(
    over: &LakeSession,
    sql: &str,
    values: &BTreeMap<String, Value>,
    args: &QueryArgs,
    view: View,
    session: &Session,
    mut output: Output,
) -> anyhow::Result<()> {
    let mut out = Some(&mut output);
    let mut writer: Option<Box<dyn RowWriter + '_>> = None;
    query::run(&over.engine, sql, values, args.timeout, &session.cancel, |batch| {
        if let Some(out) = out.take() {
            writer = Some(rows::writer(args.format.into(), &batch.schema(), view, Box::new(out))?);
        }
        writer.as_mut().map_or(Ok(()), |writer| writer.write(batch)).map_err(QueryError::Write)
    })?;
    writer.map_or(Ok(()), RowWriter::finish).context("cannot write the answer")?;
    output.finish()
}

/// The plan as DuckDB draws it, line by line.
fn explain(
    over: &LakeSession,
    sql: &str,
    values: &BTreeMap<String, Value>,
    args: &QueryArgs,
    session: &Session,
    mut output: Output,
) -> anyhow::Result<Exit> {
    query::run(&over.engine, sql, values, args.timeout, &session.cancel, |batch| {
        for row in rows::values(batch) {
            let row = row.map_err(io::Error::other)?;
            let plan = row.last().map(rows::value::plain).unwrap_or_default();
            plan.lines().try_for_each(|line| writeln!(output, "{}", escape::terminal(line)))?;
        }
        Ok(())
    })?;
    output.finish()?;
    Ok(Exit::Done)
}

fn question(args: &QueryArgs) -> anyhow::Result<QueryFile> {
    Ok(match (&args.sql, &args.file, &args.name) {
        (Some(sql), _, _) => QueryFile::parse("the query", sql)?,
        (_, Some(path), _) => saved::read(path)?,
        (_, _, Some(name)) => saved::find(name, args.queries.as_deref())?,
        _ => bail!(Usage(
            "there is no query: give it as an argument, with --file, or with --name; --list names the saved ones"
        )),
    })
}

/// The values of `--param`; a query without a header takes all that it asks for as text.
fn bind(file: &QueryFile, given: &[String]) -> anyhow::Result<BTreeMap<String, Value>> {
    let given: Vec<(String, Option<String>)> = given
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (pair.clone(), None),
        })
        .collect();
    if !file.parameters.is_empty() {
        return Ok(file.bind(&given)?);
    }
    let asked: BTreeSet<&str> = tokens(&file.sql).filter_map(|token| token.strip_prefix('$')).collect();
    if let Some((unknown, _)) = given.iter().find(|(name, _)| !asked.contains(name.as_str())) {
        return Err(ParameterError::unknown(&file.name, unknown, asked.into_iter()).into());
    }
    let text = |value: Option<String>| value.map_or(Value::Null, Value::Text);
    Ok(given.into_iter().map(|(name, value)| (name, text(value))).collect())
}

fn list(args: &QueryArgs, mut output: Output) -> anyhow::Result<Exit> {
    for file in saved::list(args.queries.as_deref())? {
        writeln!(output, "{}  {}", escape::terminal(&file.name), escape::terminal(&file.title))?;
        if !file.meaning.is_empty() {
            writeln!(output, "    {}", escape::terminal(&file.meaning))?;
        }
        for parameter in &file.parameters {
            let default = match &parameter.default {
                None => " (must be given)".to_owned(),
                Some(Value::Null) => String::new(),
                Some(value) => format!(" = {}", value.literal()),
            };
            let line = format!(
                "{} {}{default}: {}",
                parameter.name,
                parameter.parameter_type.name(),
                parameter.meaning
            );
            writeln!(output, "    --param {}", escape::terminal(&line))?;
        }
    }
    output.finish()?;
    Ok(Exit::Done)
}
