//! `kubetrawl lake info`: days, clusters, log types, rows, sizes, commits.

use super::ShownArgs;
use crate::cli::exit::Exit;
use crate::lake::{Lake, LakeInfo};
use crate::report::lake;

/// Show what a lake holds: days, clusters, log types, rows, sizes and commits
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl lake info
  kubetrawl lake info --lake /srv/lake --format json")]
pub(super) struct InfoArgs {
    #[command(flatten)]
    shown: ShownArgs,
}

pub(super) fn run(args: &InfoArgs) -> anyhow::Result<Exit> {
    let snapshot = Lake::open(&args.shown.lake.folder())?.snapshot()?;
    super::show(&LakeInfo::of(&snapshot), args.shown.format, lake::info)?;
    Ok(Exit::Done)
}
