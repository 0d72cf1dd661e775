//! `kubetrawl report`: a stored hunt's answer with everything behind it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::Session;
use super::exit::Exit;
use super::output::Output;
use super::values::{LakeArgs, ResourceArgs};
use crate::detect::rules;
use crate::detect::{HuntParameters, HuntReport};
use crate::lake::Lake;
use crate::query::session::{LakeSession, Limits};
use crate::report::escape::CsvReader;
use crate::report::evidence::EvidenceSource;
use crate::report::gather::{self, LakeEvidence};
use crate::report::{self, Format, View, detail, html, markdown};

/// Disk that the queries may use.
const TEMPORARY: u64 = 16 << 30;

/// Write a report of a stored hunt: each alert with its charts, its runbook, and what to rotate
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl report --output report.html                the latest hunt as one HTML page
  kubetrawl report 20261123T1200 --output report.html  the beginning of an id will do
  kubetrawl report --format markdown                   for a ticket
  kubetrawl report --format csv --detail evidence/     every secret and request, as CSV files
  kubetrawl report --format ocsf                       for a SIEM

The HTML page needs no network and no script to be read. CSV cells that a spreadsheet would run as
formulas get an apostrophe; --raw leaves it out.")]
pub struct ReportArgs {
    /// The hunt's id, or as much of it as is unique; the latest without it
    #[arg(value_name = "HUNT")]
    hunt: Option<String>,

    /// Format of the report
    #[arg(long, value_enum, default_value_t = FormatArg::Html)]
    format: FormatArg,

    /// Write the report to a file, which appears when it is whole
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write secrets, requests, timeline and rotation into this folder too, as CSV files
    #[arg(long, value_name = "DIR")]
    detail: Option<PathBuf>,

    /// Write CSV for programs: no apostrophe before formulas
    #[arg(long)]
    raw: bool,

    /// Alerts that the HTML page shows with charts and runbook, the most serious first
    #[arg(long, value_name = "N", default_value_t = html::Limits::default().detailed)]
    detailed: usize,

    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    resources: ResourceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatArg {
    Html,
    Markdown,
    Csv,
    Json,
    Ocsf,
}

pub(super) fn run(args: &ReportArgs, session: &Session) -> anyhow::Result<Exit> {
    let mut output = Output::open(args.output.as_deref())?;
    let lake = Lake::open(&args.lake.folder())?;
    let report = stored(&lake, args.hunt.as_deref())?;
    let parameters: HuntParameters =
        serde_json::from_value(report.parameters.clone()).context("the hunt's parameters cannot be read")?;
    let rule = rules::find(&parameters.rule)?;
    let limits =
        Limits { memory: args.resources.memory, threads: args.resources.threads(), temporary: TEMPORARY };
    let over = LakeSession::open(&lake, limits)?;
    let mut source = LakeEvidence::new(&over.engine, &rule, &parameters, &session.cancel)?;
    write(args, &lake, &report, &mut source, &mut output)?;
    if let Some(folder) = &args.detail {
        write_detail(&report, reader(args.raw), &mut source, folder)?;
    }
    output.finish()?;
    Ok(Exit::Done)
}

fn write(
    args: &ReportArgs,
    lake: &Lake,
    report: &HuntReport,
    source: &mut dyn EvidenceSource,
    output: &mut Output,
) -> anyhow::Result<()> {
    let view = View { csv: reader(args.raw), ..View::default() };
    match args.format {
        FormatArg::Html => {
            let limits = html::Limits { detailed: args.detailed, ..html::Limits::default() };
            html::write(report, &gather::grounds(&lake.snapshot()?), limits, source, output)?;
        }
        FormatArg::Markdown => markdown::write(report, markdown::Limits::default(), source, output)?,
        FormatArg::Csv => report::write(report, Format::Csv, view, output)?,
        FormatArg::Json => report::write(report, Format::Json, view, output)?,
        FormatArg::Ocsf => report::write(report, Format::Ocsf, view, output)?,
    }
    Ok(())
}

fn write_detail(
    report: &HuntReport,
    reader: CsvReader,
    source: &mut dyn EvidenceSource,
    folder: &Path,
) -> anyhow::Result<()> {
    Ok(detail::write(report, reader, source, folder)?)
}

fn reader(raw: bool) -> CsvReader {
    if raw { CsvReader::Program } else { CsvReader::Spreadsheet }
}

/// The one stored hunt whose id begins so, or the latest of all.
fn stored(lake: &Lake, prefix: Option<&str>) -> anyhow::Result<HuntReport> {
    let ids = lake.hunts()?;
    let id = match prefix {
        None => ids.last().context("the lake keeps no hunt: run `kubetrawl hunt` on it first")?,
        Some(prefix) => {
            let found: Vec<&String> = ids.iter().filter(|id| id.starts_with(prefix)).collect();
            match found.as_slice() {
                [id] => *id,
                [] => bail!("the lake keeps no hunt {prefix}: see `kubetrawl hunts`"),
                _ => bail!("{prefix} begins the ids of several hunts: give more of it"),
            }
        }
    };
    lake.hunt(id)?.with_context(|| format!("the hunt {id} is gone"))
}
