//! `kubetrawl lake schema`: the columns of `audit_events` with their meaning.

use std::io::Write;

use anyhow::Context;
use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::normalize::schema;
use crate::report::{json, lake};

/// Show the columns of audit_events with their types and meanings
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl lake schema
  kubetrawl lake schema --format json")]
pub(super) struct SchemaArgs {
    /// How to show them
    #[arg(long, value_enum, default_value_t)]
    format: SchemaFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum SchemaFormat {
    #[default]
    Text,
    Json,
    Markdown,
}

#[derive(Serialize)]
struct Column {
    name: &'static str,
    r#type: String,
    meaning: &'static str,
}

pub(super) fn run(args: &SchemaArgs) -> anyhow::Result<Exit> {
    let mut out = Output::open(None)?;
    let written = match args.format {
        SchemaFormat::Text => out.write_all(lake::columns().as_bytes()),
        SchemaFormat::Markdown => out.write_all(schema::markdown().as_bytes()),
        SchemaFormat::Json => {
            let column = |(name, r#type, meaning)| Column { name, r#type, meaning };
            json::write_pretty(&schema::described().map(column).collect::<Vec<_>>(), &mut out)
        }
    };
    written.context("cannot write to standard output")?;
    out.finish()?;
    Ok(Exit::Done)
}
