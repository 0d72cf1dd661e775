//! `kubetrawl lake drop` and `kubetrawl lake compact`.

use jiff::Timestamp;

use super::ShownArgs;
use crate::cli::Session;
use crate::cli::exit::Exit;
use crate::cli::progress::Bar;
use crate::cli::values::{self, ResourceArgs};
use crate::lake::compact::{self, CompactOptions};
use crate::lake::drop::{self, Target};
use crate::lake::{Lake, Wait};
use crate::report::lake;
use crate::sources::typed_to_uri;

/// Take an ingest back: the rows and rejects of a commit's sources, or of one source
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl lake drop 7                        what commit 7 ingested
  kubetrawl lake drop logs/prod/audit.log      what this file gave, in all commits
  kubetrawl lake drop file:///var/log/audit.log

It is one commit, and what was taken back can be ingested again. `kubetrawl lake info` lists the commits.")]
pub(super) struct DropArgs {
    /// Number of a commit, or a source: its path, or its URI as in the column source_uri
    #[arg(value_name = "COMMIT|SOURCE")]
    target: String,

    #[command(flatten)]
    shown: ShownArgs,
}

pub(super) fn drop(args: &DropArgs, session: &Session) -> anyhow::Result<Exit> {
    let lake = Lake::open(&args.shown.lake.folder())?;
    let target = target(&args.target)?;
    let report = drop::drop(lake.layout(), &target, Timestamp::now(), Wait::Forever, &session.cancel)?;
    super::show(&report, args.shown.format, lake::dropped)?;
    Ok(Exit::Done)
}

/// A file whose name is a number is given with its folder: `./7`.
fn target(text: &str) -> anyhow::Result<Target> {
    if let Ok(commit) = text.parse() {
        return Ok(Target::Commit(commit));
    }
    if text.contains("://") || text == crate::sources::STDIN_URI {
        return Ok(Target::Source(text.to_owned()));
    }
    Ok(Target::Source(typed_to_uri(text)?))
}

/// Merge the files of each day into large ones, in which hunts read less
///
/// The rows stay the same. Readers that began before can finish: the old files go with the first write
/// that comes 24 hours later.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl lake compact
  kubetrawl lake compact --size 512MiB")]
pub(super) struct CompactArgs {
    #[command(flatten)]
    shown: ShownArgs,

    /// Merged files end when they have about this size
    #[arg(long, value_name = "SIZE", default_value = "128MiB", value_parser = values::size)]
    size: u64,

    #[command(flatten)]
    resources: ResourceArgs,
}

pub(super) fn compact(args: &CompactArgs, session: &Session) -> anyhow::Result<Exit> {
    let lake = Lake::open(&args.shown.lake.folder())?;
    let options = CompactOptions {
        target: args.size,
        memory: args.resources.memory,
        threads: args.resources.threads(),
    };
    let report = compact::compact(
        lake.layout(),
        options,
        Timestamp::now(),
        Wait::Forever,
        &Bar::new(),
        &session.cancel,
    )?;
    super::show(&report, args.shown.format, lake::compacted)?;
    Ok(Exit::Done)
}
