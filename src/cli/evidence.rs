//! `kubetrawl evidence`: the original records behind an alert.

use std::path::PathBuf;

use anyhow::{Context, bail};
use jiff::Timestamp;

use super::Session;
use super::catalog::CatalogArgs;
use super::exit::Exit;
use super::values::{LakeArgs, ResourceArgs};
use crate::detect::HuntParameters;
use crate::evidence::{self, Case, Manifest, NOTICE};
use crate::lake::Lake;
use crate::query::session::{LakeSession, Limits};
use crate::report::text::{count, number};
use crate::runbook::find_alert;

/// Disk that the search for the records may use.
const TEMPORARY: u64 = 16 << 30;

/// Write the original records behind an alert, byte for byte, with their hashes
///
/// The sources are read again. What one no longer holds as it was read is given from the lake, and
/// named. The records are as they were logged, secret values included: only the owner of the
/// folder can read them.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl evidence 3f9c2a --out case-17      the beginning of an alert's id will do
  sha256sum case-17/records/*                  compare with case-17/manifest.json

Written are records/NNNNN.original, a file per source with its records one after another;
records/NNNNN.lake.ndjson, rows of the lake in place of records; records/index.ndjson, a line per
record with its place and SHA-256; and manifest.json. Exit code 4: some are rows of the lake.")]
pub struct EvidenceArgs {
    /// The alert's id, or as much of it as is unique
    #[arg(value_name = "ALERT_ID")]
    alert: String,

    /// Folder to write to; it must be empty or not there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    catalog: CatalogArgs,

    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    resources: ResourceArgs,
}

pub(super) fn run(args: &EvidenceArgs, session: &Session) -> anyhow::Result<Exit> {
    let lake = Lake::open(&args.lake.folder())?;
    let found = find_alert(&lake, &args.alert)?;
    let Some(hunt) = lake.hunt(&found.hunt_id)? else { bail!("the hunt {} is gone", found.hunt_id) };
    let parameters: HuntParameters =
        serde_json::from_value(hunt.parameters.clone()).context("the hunt's parameters could not be read")?;
    let catalog = args.catalog.load(session)?;
    let rule = catalog.find(&parameters.rule)?;
    let limits =
        Limits { memory: args.resources.memory, threads: args.resources.threads(), temporary: TEMPORARY };
    let snapshot = lake.snapshot()?;
    let over = LakeSession::open_to_recount(&lake, limits)?;
    let case = Case {
        alert: &found.alert,
        hunt_id: &found.hunt_id,
        rule,
        parameters: &parameters,
        stored_parameters: &hunt.parameters,
        snapshot: &snapshot,
        created: Timestamp::now().to_string(),
    };
    let manifest = evidence::collect(&over.engine, &case, &args.out, &session.cancel)?;
    show(&manifest, args, session);
    Ok(if manifest.from_lake > 0 { Exit::Partial } else { Exit::Done })
}

fn show(manifest: &Manifest, args: &EvidenceArgs, session: &Session) {
    let console = session.console;
    console.note(&format!(
        "evidence of alert {}: {} of {}, {} as they stand there, {} from the lake",
        manifest.alert.alert_id,
        count(manifest.original + manifest.from_lake, "record", "records"),
        count(manifest.sources.len() as u64, "source", "sources"),
        number(manifest.original),
        number(manifest.from_lake),
    ));
    for source in &manifest.sources {
        if let Some(problem) = &source.problem {
            let rows = count(source.from_lake, "record is a row", "records are rows");
            console.warn(&format!("{}: {problem}; {rows} of the lake instead", source.uri));
        }
    }
    console.warn(&format!("{}: {NOTICE}; keep the folder as you keep the log", args.out.display()));
}
