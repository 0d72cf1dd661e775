//! `kubetrawl verify`: whether a hunt's answer is right.

use std::path::PathBuf;

use super::Session;
use super::detection::DetectionArgs;
use super::exit::Exit;
use super::output::Output;
use super::values::{LakeArgs, ResourceArgs};
use crate::hunt;
use crate::lake::Lake;
use crate::report::{json, verification};

/// Hunt by two independent methods and compare every count, every breach and every alert
///
/// The first is the hunt's own, by windowed COUNT(DISTINCT). The second is plain ANSI SQL without
/// it: `kubetrawl rules show` prints both.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl verify                                   the lake in ./lake
  kubetrawl verify --since 30d --by username,cluster the parameters of a hunt
  kubetrawl verify --format json                     for a program

The exit code is 3 when there is a difference.")]
pub struct VerifyArgs {
    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    detection: DetectionArgs,

    /// Format of the answer
    #[arg(long, value_enum, default_value_t = FormatArg::Text)]
    format: FormatArg,

    /// Write the answer to a file, which appears when it is whole
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    resources: ResourceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatArg {
    /// For a person
    Text,
    /// One document
    Json,
}

pub(super) fn run(args: &VerifyArgs, session: &Session) -> anyhow::Result<Exit> {
    let mut output = Output::open(args.output.as_deref())?;
    let lake = Lake::open(&args.lake.folder())?;
    let options = args.detection.options(&args.resources, session)?;
    let found = hunt::verify(&lake, &options, &session.cancel)?;
    match args.format {
        FormatArg::Text => verification::write(&found, &mut output)?,
        FormatArg::Json => json::write_pretty(&found, &mut output)?,
    }
    output.finish()?;
    Ok(if found.agrees() { Exit::Done } else { Exit::Found })
}
