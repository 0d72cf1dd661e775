//! `kubetrawl diff`: what changed from one hunt to another.

use std::path::PathBuf;

use super::Session;
use super::exit::Exit;
use super::hunts;
use super::output::Output;
use super::values::LakeArgs;
use crate::detect::diff::{self, Side};
use crate::lake::Lake;
use crate::report::{difference, json};

/// Compare two stored hunts: which alerts are new, gone and changed
///
/// Alerts correspond when rule and group agree and their evidence overlaps in time, whatever their
/// ids: another threshold moves the moment an alert is named after.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl hunts                                       the stored hunts
  kubetrawl diff 20261123T1200 20261124T0900            the beginnings of two ids will do
  kubetrawl diff 20261123T1200 20261124T0900 --format json")]
pub struct DiffArgs {
    /// The hunt to compare with: its id, or as much of it as is unique
    #[arg(value_name = "BEFORE")]
    before: String,

    /// The hunt to compare
    #[arg(value_name = "AFTER")]
    after: String,

    /// Format of the answer
    #[arg(long, value_enum, default_value_t = FormatArg::Table)]
    format: FormatArg,

    /// Write the answer to a file, which appears when it is whole
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    lake: LakeArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatArg {
    /// For a person at a terminal
    Table,
    /// One row per alert that is new or gone, and per change
    Csv,
    /// One document
    Json,
}

pub(super) fn run(args: &DiffArgs, _session: &Session) -> anyhow::Result<Exit> {
    let mut output = Output::open(args.output.as_deref())?;
    let lake = Lake::open(&args.lake.folder())?;
    let (before, after) = (hunts::find(&lake, &args.before)?, hunts::find(&lake, &args.after)?);
    let found =
        diff::diff(Side { id: &before.0, report: &before.1 }, Side { id: &after.0, report: &after.1 });
    match args.format {
        FormatArg::Table => difference::write_table(&found, &mut output)?,
        FormatArg::Csv => difference::write_csv(&found, &mut output)?,
        FormatArg::Json => json::write_pretty(&found, &mut output)?,
    }
    output.finish()?;
    Ok(Exit::Done)
}
