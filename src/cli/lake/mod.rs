//! `kubetrawl lake`: what a lake holds, whether it is sound, and changes to it.

mod change;
mod check;
mod info;
mod reingest;
mod rejects;
mod schema;

use std::io::Write;

use anyhow::Context;
use serde::Serialize;

use super::Session;
use super::exit::Exit;
use super::output::Output;
use super::values::LakeArgs;
use crate::report::json;

/// Look after a lake: what it holds, whether it is sound, take an ingest back
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl lake info
  kubetrawl lake check --lake /srv/lake
  kubetrawl lake drop 7                 take the ingest of commit 7 back
  kubetrawl lake schema --format json")]
pub struct LakeVerbArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Command {
    Info(info::InfoArgs),
    Schema(schema::SchemaArgs),
    Check(check::CheckArgs),
    Rejects(rejects::RejectsArgs),
    ReingestRejects(reingest::ReingestArgs),
    Drop(change::DropArgs),
    Compact(change::CompactArgs),
}

/// Which lake, and how to show what is said of it.
#[derive(Debug, Clone, clap::Args)]
struct ShownArgs {
    #[command(flatten)]
    lake: LakeArgs,

    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    format: TextFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum TextFormat {
    #[default]
    Text,
    Json,
}

pub(super) fn run(args: &LakeVerbArgs, session: &Session) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Info(args) => info::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Check(args) => check::run(args, session),
        Command::Rejects(args) => rejects::run(args),
        Command::ReingestRejects(args) => reingest::run(args, session),
        Command::Drop(args) => change::drop(args, session),
        Command::Compact(args) => change::compact(args, session),
    }
}

/// Writes an answer to standard output, as text or as JSON.
fn show<T: Serialize>(value: &T, format: TextFormat, text: fn(&T) -> String) -> anyhow::Result<()> {
    let mut out = Output::open(None)?;
    let written = match format {
        TextFormat::Text => out.write_all(text(value).as_bytes()),
        TextFormat::Json => json::write_pretty(value, &mut out),
    };
    written.context("cannot write to standard output")?;
    out.finish()
}
