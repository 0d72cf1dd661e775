//! `kubetrawl lake check`: is it what its commits say?

use super::ShownArgs;
use crate::cli::Session;
use crate::cli::exit::Exit;
use crate::lake::Lake;
use crate::report::lake;

/// Check each commit's accounting and each file's hash, rows and times
///
/// Tells what is damaged and what it held, files that no commit names, and gaps: ten minutes or more
/// without a record in a cluster that has one in 99% of the other minutes of the day.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl lake check
  kubetrawl lake check --format json || echo damaged

Ends with exit code 3 when the lake is damaged; gaps alone are no damage.")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    shown: ShownArgs,
}

pub(super) fn run(args: &CheckArgs, session: &Session) -> anyhow::Result<Exit> {
    let report = Lake::open(&args.shown.lake.folder())?.check(&session.cancel)?;
    super::show(&report, args.shown.format, lake::check)?;
    Ok(if report.sound { Exit::Done } else { Exit::Found })
}
