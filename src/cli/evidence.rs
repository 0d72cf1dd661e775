//! `kubetrawl evidence`: the original records behind an alert.

use std::path::{Path, PathBuf};

use anyhow::bail;
use jiff::Timestamp;

use super::Session;
use super::catalog::CatalogArgs;
use super::exit::{Exit, Usage};
use super::hunts;
use super::values::{LakeArgs, ResourceArgs};
use crate::evidence::{self, Case, Manifest, NOTICE};
use crate::lake::Lake;
use crate::query::session::LakeSession;
use crate::report::text::{count, number};
use crate::sources::discover;

/// Write the original records behind an alert, byte for byte, with their hashes
///
/// The sources are read again. Where one is gone or has changed, its records are looked for in the
/// files beside it and in those of --from, by what it held: a rotated or moved log has another name.
/// What is found nowhere as it was read is given from the lake, and named. The records are as they
/// were logged, secret values included: only the owner of the folder can read them.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl evidence 3f9c2a --out case-17      the beginning of an alert's id will do
  sha256sum case-17/records/*                  compare with case-17/manifest.json
  kubetrawl evidence 3f9c2a --out case-17 --from /mnt/archive    the logs were moved since

Written are records/NNNNN.original, a file per source with its records one after another, and
records/NNNNN-N.original, those of them that stand in other files;
records/NNNNN.lake.ndjson, rows of the lake in place of records; records/index.ndjson, a line per
record with its place and SHA-256; and manifest.json. Exit code 4: some are rows of the lake.")]
pub struct EvidenceArgs {
    /// The alert's id, or as much of it as is unique
    #[arg(value_name = "ALERT_ID")]
    alert: String,

    /// Folder to write to; it must be empty or not there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// File, folder or glob to look in too for what a source held that is gone or has changed; may be repeated
    #[arg(long, value_name = "SOURCE")]
    from: Vec<String>,

    #[command(flatten)]
    catalog: CatalogArgs,

    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    resources: ResourceArgs,
}

pub(super) fn run(args: &EvidenceArgs, session: &Session) -> anyhow::Result<Exit> {
    let lake = Lake::open(&args.lake.folder())?;
    if is_inside(&args.out, &args.lake.folder())? {
        bail!(Usage("the records are not redacted: write them to a folder outside of the lake"));
    }
    let found = hunts::find_alert(&lake, &args.alert, session)?;
    let Some(hunt) = lake.hunt(&found.hunt_id)? else { bail!("the hunt {} is gone", found.hunt_id) };
    let parameters = hunt.hunted_with()?;
    let catalog = args.catalog.load(session)?;
    let rule = catalog.find(&parameters.rule)?;
    let from = discover(&args.from, &[]);
    if let Some(problem) = from.problems.into_iter().next() {
        return Err(problem.into());
    }
    let snapshot = lake.snapshot()?;
    let over = LakeSession::open_to_recount(&lake, args.resources.limits())?;
    let case = Case {
        alert: &found.alert,
        hunt_id: &found.hunt_id,
        rule,
        parameters: &parameters,
        stored_parameters: &hunt.parameters,
        snapshot: &snapshot,
        from: &from.sources,
        created: Timestamp::now().to_string(),
    };
    let manifest = evidence::collect(&over.engine, &case, &args.out, &session.cancel)?;
    show(&manifest, args, session);
    Ok(if manifest.from_lake > 0 { Exit::Partial } else { Exit::Done })
}

/// Whether a folder, which may not be there yet, lies in another.
fn is_inside(folder: &Path, other: &Path) -> anyhow::Result<bool> {
    let absolute = std::path::absolute(folder)?;
    let there = absolute.ancestors().find_map(|ancestor| ancestor.canonicalize().ok());
    Ok(there.is_some_and(|there| other.canonicalize().is_ok_and(|other| there.starts_with(other))))
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
        for other in
            source.readings.iter().filter(|reading| reading.original > 0 && reading.uri != source.uri)
        {
            let records = count(other.original, "record stands", "records stand");
            console.note(&format!("{}: {records} in {} now", source.uri, other.uri));
        }
        if let Some(problem) = &source.problem {
            let rows = count(source.from_lake, "record is a row", "records are rows");
            console.warn(&format!("{}: {problem}; {rows} of the lake instead", source.uri));
        }
    }
    console.warn(&format!("{}: {NOTICE}; keep the folder as you keep the log", args.out.display()));
}
