//! `kubetrawl lake rejects`: what could not be read, and why.

use std::io::Write;

use anyhow::Context;

use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::values::LakeArgs;
use crate::lake::Lake;
use crate::report::{json, lake};

/// Show the records that could not be read: reason, place and bytes
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl lake rejects
  kubetrawl lake rejects --reason not-json --format ndjson

The place is the source, the record's number in it and its offset after decompression. Secret values
are masked in the bytes that are kept.")]
pub(super) struct RejectsArgs {
    #[command(flatten)]
    lake: LakeArgs,

    /// Only those with this reason
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,

    /// How to show them
    #[arg(long, value_enum, default_value_t)]
    format: RejectsFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum RejectsFormat {
    #[default]
    Table,
    /// An array of objects
    Json,
    /// One object a line
    Ndjson,
}

pub(super) fn run(args: &RejectsArgs) -> anyhow::Result<Exit> {
    let lake = Lake::open(&args.lake.folder())?;
    let snapshot = lake.snapshot()?;
    let mut out = Output::open(None)?;
    let array = args.format == RejectsFormat::Json;
    let written = "cannot write to standard output";
    if array {
        out.write_all(b"[").context(written)?;
    }
    let mut before = false;
    for reject in lake.rejects(&snapshot) {
        let reject = reject?;
        if args.reason.as_ref().is_some_and(|reason| *reason != reject.reason) {
            continue;
        }
        if array {
            out.write_all(if before { b",\n" } else { b"\n" }).context(written)?;
        }
        before = true;
        match args.format {
            RejectsFormat::Table => out.write_all(lake::reject(&reject).as_bytes()),
            RejectsFormat::Ndjson => json::write_line(&reject, &mut out),
            RejectsFormat::Json => json::write_value(&reject, &mut out),
        }
        .context(written)?;
    }
    if array {
        out.write_all(b"\n]\n").context(written)?;
    }
    out.finish()?;
    Ok(Exit::Done)
}
