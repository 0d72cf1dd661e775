//! `kubetrawl diff`: what changed from one hunt to another.

use super::Session;
use super::answer::{AnswerArgs, AnswerFormat};
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

    #[command(flatten)]
    answer: AnswerArgs,

    #[command(flatten)]
    lake: LakeArgs,
}

pub(super) fn run(args: &DiffArgs, _session: &Session) -> anyhow::Result<Exit> {
    let mut output = Output::open(args.answer.output.as_deref())?;
    let lake = Lake::open(&args.lake.folder())?;
    let (before, after) = (hunts::find(&lake, &args.before)?, hunts::find(&lake, &args.after)?);
    let found =
        diff::diff(Side { id: &before.0, report: &before.1 }, Side { id: &after.0, report: &after.1 });
    match args.answer.format {
        AnswerFormat::Table => difference::write_table(&found, &mut output)?,
        AnswerFormat::Csv => difference::write_csv(&found, &mut output)?,
        AnswerFormat::Json => json::write_pretty(&found, &mut output)?,
    }
    output.finish()?;
    Ok(Exit::Done)
}
