//! `kubetrawl lake reingest-rejects`: what could not be read, once more.

use jiff::Timestamp;

use super::ShownArgs;
use crate::cli::Session;
use crate::cli::exit::Exit;
use crate::cli::values;
use crate::ingest::{self, ReingestOptions};
use crate::lake::{Lake, Wait};
use crate::report::lake;

/// Try the rejects again, after an upgrade of kubetrawl
///
/// Each is read from its source where that is still there and unchanged, else from the bytes that were
/// kept. What can be read now leaves the rejects and becomes a row, a duplicate or another kind; the rest
/// stays as it is.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl lake reingest-rejects
  kubetrawl lake reingest-rejects --format json

It is one commit, and none where nothing could be read. To read whole sources again, also records that
were no rejects, use `kubetrawl ingest --again`.")]
pub(super) struct ReingestArgs {
    #[command(flatten)]
    shown: ShownArgs,

    /// Memory that the whole process stays in
    #[arg(long, value_name = "SIZE", default_value = values::DEFAULT_MEMORY, value_parser = values::size)]
    memory: u64,
}

pub(super) fn run(args: &ReingestArgs, session: &Session) -> anyhow::Result<Exit> {
    let opened = Lake::open(&args.shown.lake.folder())?;
    let options = ReingestOptions { memory: args.memory, now: Timestamp::now(), wait: Wait::Forever };
    let report = ingest::reingest(&opened, options, &session.cancel)?;
    super::show(&report, args.shown.format, lake::reingested)?;
    Ok(Exit::Done)
}
