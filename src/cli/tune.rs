//! `kubetrawl tune`: which threshold to take, and what the allow-list does.

use super::Session;
use super::answer::{AnswerArgs, AnswerFormat};
use super::detection::DetectionArgs;
use super::exit::Exit;
use super::output::Output;
use super::shown;
use super::values::{LakeArgs, ResourceArgs};
use crate::hunt;
use crate::lake::Lake;
use crate::report::json;
use crate::report::tuning::{self, Part};

/// Show what other thresholds would give, who reads how much, and what the allow-list does
///
/// Counts once, as a hunt does, and tells from the counts what every threshold from 5 to 100 would
/// give; --threshold is the one that the others are compared with. A user's usual count is the
/// median, over the days on which it read anything, of the day's highest.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl tune                                        the lake in ./lake
  kubetrawl tune --since 30d --allow known.toml         with an allow-list that is being written
  kubetrawl tune --format csv --part users              every user, for a spreadsheet
  kubetrawl tune --format json --output tune.json       everything, for a program")]
pub struct TuneArgs {
    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    detection: DetectionArgs,

    #[command(flatten)]
    answer: AnswerArgs,

    /// Which table to write as CSV
    #[arg(long, value_enum, default_value_t = PartArg::Thresholds)]
    part: PartArg,

    #[command(flatten)]
    resources: ResourceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PartArg {
    /// Alerts and users by threshold
    Thresholds,
    /// Every user's highest and usual count
    Users,
    /// What each entry of the allow-list does
    Allow,
}

impl From<PartArg> for Part {
    fn from(part: PartArg) -> Self {
        match part {
            PartArg::Thresholds => Self::Thresholds,
            PartArg::Users => Self::Users,
            PartArg::Allow => Self::Allow,
        }
    }
}

pub(super) fn run(args: &TuneArgs, session: &Session) -> anyhow::Result<Exit> {
    let mut output = Output::open(args.answer.output.as_deref())?;
    let options = args.detection.options(&args.resources, session)?;
    let lake = Lake::open(&args.lake.folder())?;
    let found = hunt::tune(&lake, &options, &session.cancel)?;
    match args.answer.format {
        AnswerFormat::Table => {
            let view = shown::view(args.answer.output.as_deref(), false, session);
            tuning::write_table(&found, view, &mut output)?;
        }
        AnswerFormat::Csv => tuning::write_csv(&found, args.part.into(), &mut output)?,
        AnswerFormat::Json => json::write_pretty(&found, &mut output)?,
    }
    output.finish()?;
    Ok(Exit::Done)
}
