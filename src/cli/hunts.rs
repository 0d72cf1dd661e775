//! `kubetrawl hunts`: the hunts that a lake keeps.

use std::io::Write;

use anyhow::{Context, bail};

use super::Session;
use super::catalog::CatalogArgs;
use super::exit::Exit;
use super::output::Output;
use super::shown;
use super::values::{LakeArgs, ResourceArgs};
use crate::causes::chain;
use crate::detect::HuntReport;
use crate::hunt::{self, HuntOptions};
use crate::lake::{Lake, StoredHunt};
use crate::report::text::{count, number};
use crate::report::{self, Format, escape, parameters, summary};
use crate::runbook::{self, FindError, FoundAlert};

/// List, show and repeat the hunts that a lake keeps
#[derive(Debug, Clone, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  kubetrawl hunts                             all of them with their parameters, oldest first
  kubetrawl hunts show 20261123T1200          the beginning of an id will do
  kubetrawl hunts rerun 20261123T1200         the same parameters over the lake as it is now"
)]
pub struct HuntsArgs {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    lake: LakeArgs,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Command {
    /// Show a stored hunt's answer
    Show(ShowArgs),
    /// Run a stored hunt's parameters over the lake as it is now, and store the answer
    Rerun(RerunArgs),
}

#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl hunts show 20261123T1200
  kubetrawl hunts show 20261123T1200 --format json")]
struct ShowArgs {
    #[command(flatten)]
    hunt: OneHunt,

    /// Format of the alerts
    #[arg(long, value_enum, default_value_t = FormatArg::Table)]
    format: FormatArg,

    /// Show all of long lists in the table
    #[arg(long)]
    wide: bool,
}

#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl hunts rerun 20261123T1200
  kubetrawl hunts rerun 20261123T1200 --format csv")]
struct RerunArgs {
    #[command(flatten)]
    show: ShowArgs,

    #[command(flatten)]
    catalog: CatalogArgs,

    #[command(flatten)]
    resources: ResourceArgs,
}

#[derive(Debug, Clone, clap::Args)]
struct OneHunt {
    /// The hunt's id, or as much of it as is unique
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    lake: LakeArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatArg {
    Table,
    Csv,
    Json,
    Ndjson,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Table => Self::Table,
            FormatArg::Csv => Self::Csv,
            FormatArg::Json => Self::Json,
            FormatArg::Ndjson => Self::Ndjson,
        }
    }
}

pub(super) fn run(args: &HuntsArgs, session: &Session) -> anyhow::Result<Exit> {
    match &args.command {
        None => list(&Lake::open(&args.lake.folder())?, session),
        Some(Command::Show(args)) => {
            let (_, report) = find(&Lake::open(&args.hunt.lake.folder())?, &args.hunt.id)?;
            show(&report, args, session)
        }
        Some(Command::Rerun(args)) => rerun(args, session),
    }
}

fn list(lake: &Lake, session: &Session) -> anyhow::Result<Exit> {
    let mut output = Output::open(None)?;
    let ids = lake.hunts()?;
    if ids.is_empty() {
        session.console.note("the lake keeps no hunt yet: run `kubetrawl hunt`");
    }
    let mut exit = Exit::Done;
    for id in ids {
        let report = match lake.hunt(&id) {
            Ok(Some(report)) => report,
            Ok(None) => continue,
            Err(error) => {
                session.console.warn(&chain(&error));
                exit = Exit::Partial;
                continue;
            }
        };
        let mut alerts = count(report.open().count() as u64, "alert", "alerts");
        if report.summary.silenced > 0 {
            alerts.push_str(&format!(", {} silenced", number(report.summary.silenced)));
        }
        let given = parameters::given(&report);
        let given: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = format!("{id}  {alerts}  {}", given.join(" "));
        writeln!(output, "{}", escape::terminal(&line))?;
    }
    output.finish()?;
    Ok(exit)
}

fn show(report: &HuntReport, args: &ShowArgs, session: &Session) -> anyhow::Result<Exit> {
    let mut output = Output::open(None)?;
    let view = shown::view(None, args.wide, session);
    report::write(report, args.format.into(), view, &mut output)?;
    output.finish()?;
    session.console.text(&summary::text(report));
    Ok(Exit::Done)
}

fn rerun(args: &RerunArgs, session: &Session) -> anyhow::Result<Exit> {
    let lake = Lake::open(&args.show.hunt.lake.folder())?;
    let (_, stored) = find(&lake, &args.show.hunt.id)?;
    let parameters = stored
        .hunted_with()
        .with_context(|| format!("the hunt {} cannot be run again", args.show.hunt.id))?;
    let options = HuntOptions {
        rule: args.catalog.load(session)?.find(&parameters.rule)?.clone(),
        since: parameters.since,
        until: parameters.until,
        threshold: Some(parameters.threshold),
        window: Some(parameters.window),
        dedup: Some(parameters.dedup),
        by: parameters.by,
        secret_key: parameters.secret_key,
        window_mode: parameters.window_mode,
        include_system: parameters.include_system,
        allow: parameters.allow,
        lake_allow: false,
        memory: args.resources.memory,
        threads: args.resources.threads(),
    };
    let (report, stored) = hunt::run(&lake, &options, &session.cancel)?;
    let exit = show(&report, &args.show, session)?;
    tell_stored(&stored, session);
    Ok(exit)
}

/// The hunt whose id begins with `prefix`.
pub(super) fn find(lake: &Lake, prefix: &str) -> anyhow::Result<(String, HuntReport)> {
    let ids: Vec<String> = lake.hunts()?.into_iter().filter(|id| id.starts_with(prefix)).collect();
    let [id] = ids.as_slice() else {
        if ids.is_empty() {
            bail!("the lake keeps no hunt {prefix}: `kubetrawl hunts` lists them");
        }
        bail!("{prefix} begins the ids of several hunts: {}: give more of it", ids.join(", "));
    };
    let report = lake.hunt(id)?.with_context(|| format!("the hunt {id} is gone"))?;
    Ok((id.clone(), report))
}

/// Says where a hunt did not go.
pub(super) fn tell_stored(stored: &StoredHunt, session: &Session) {
    if let StoredHunt::NotStored(reason) = stored {
        let told = format!("the lake cannot be written ({reason}), so the hunt is not stored in it");
        session.console.warn(&told);
    }
}

/// The alert whose id begins with `prefix`; says which hunts could not be read on the way to it.
pub(super) fn find_alert(lake: &Lake, prefix: &str, session: &Session) -> Result<FoundAlert, FindError> {
    let found = runbook::find_alert(lake, prefix)?;
    for why in &found.unread {
        session.console.warn(&format!("a later hunt was passed over: {why}"));
    }
    Ok(found)
}
