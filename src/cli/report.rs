//! `kubetrawl report`: a stored hunt's answer with everything behind it.

use std::path::PathBuf;

use anyhow::Context;

use super::Session;
use super::catalog::CatalogArgs;
use super::exit::Exit;
use super::hunts;
use super::output::Output;
use super::shown;
use super::values::{LakeArgs, ResourceArgs};
use crate::detect::{HuntReport, Rule};
use crate::lake::Lake;
use crate::query::session::LakeSession;
use crate::report::escape::CsvReader;
use crate::report::gather::{self, LakeEvidence};
use crate::report::{self, Format, View, detail, html, markdown};

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

    #[command(flatten)]
    faces: FaceArgs,

    #[command(flatten)]
    catalog: CatalogArgs,

    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    resources: ResourceArgs,
}

/// What every verb takes that shows a hunt's answer with its evidence.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct FaceArgs {
    /// Write every alert, secret, request, event and secret to rotate into this folder too, as CSV files
    #[arg(long, value_name = "DIR")]
    detail: Option<PathBuf>,

    /// Write CSV for programs: no apostrophe before what a spreadsheet would run as a formula
    #[arg(long)]
    raw: bool,

    /// Alerts that an HTML page shows with charts and runbook, the most serious first
    #[arg(long, value_name = "N", default_value_t = html::Limits::default().detailed)]
    detailed: usize,
}

/// The formats of a hunt's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormatArg {
    /// For a person at a terminal
    Table,
    /// One row per alert
    Csv,
    /// One document
    Json,
    /// One alert a line
    Ndjson,
    /// One OCSF Detection Finding a line, for a SIEM
    Ocsf,
    /// One page with charts and runbooks
    Html,
    /// For a ticket
    Markdown,
}

pub(super) fn run(args: &ReportArgs, session: &Session) -> anyhow::Result<Exit> {
    let mut output = Output::open(args.output.as_deref())?;
    let lake = Lake::open(&args.lake.folder())?;
    let report = stored(&lake, args.hunt.as_deref())?;
    let view = shown::view(args.output.as_deref(), false, session);
    let catalog = args.catalog.load(session)?;
    let rule = catalog.find(&report.hunted_with()?.rule).ok();
    let shown = Shown { format: args.format, faces: &args.faces, view, resources: &args.resources, rule };
    shown.write(&lake, &report, &mut output, session)?;
    output.finish()?;
    Ok(Exit::Done)
}

/// How an answer is to be shown.
pub(super) struct Shown<'a> {
    pub format: FormatArg,
    pub faces: &'a FaceArgs,
    pub view: View,
    pub resources: &'a ResourceArgs,
    /// The rule that gave the answer, where it is known: only its evidence needs it.
    pub rule: Option<&'a Rule>,
}

impl Shown<'_> {
    /// Writes the answer, and the folder of details where one is asked for.
    pub fn write(
        &self,
        lake: &Lake,
        report: &HuntReport,
        output: &mut Output,
        session: &Session,
    ) -> anyhow::Result<()> {
        let is_long = matches!(self.format, FormatArg::Html | FormatArg::Markdown);
        if !is_long && self.faces.detail.is_none() {
            return self.write_short(report, output);
        }
        let parameters = report.hunted_with()?;
        let rule = self.rule.with_context(|| {
            format!(
                "the hunt's rule {} is not among the rules: name its folder with --rules",
                parameters.rule
            )
        })?;
        let over = LakeSession::open_to_recount(lake, self.resources.limits())?;
        let mut source = LakeEvidence::new(&over.engine, rule, &parameters, report, &session.cancel)?;
        let lost = source.lost(report);
        if lost > 0 {
            session.console.warn(&format!(
                "the lake has changed since this hunt and no longer gives {lost} of its alerts: what was read, and what must \
                be rotated for it, is not in this report. Run `kubetrawl hunt` again"
            ));
        }
        match self.format {
            FormatArg::Html => {
                let limits = html::Limits { detailed: self.faces.detailed, ..html::Limits::default() };
                let coverage = report.summary.coverage.as_ref();
                let grounds = gather::grounds(lake, coverage, &session.cancel)?;
                html::write(report, &grounds, limits, &mut source, output)?;
            }
            FormatArg::Markdown => {
                markdown::write(report, markdown::Limits::default(), &mut source, output)?;
            }
            _ => self.write_short(report, output)?,
        }
        if let Some(folder) = &self.faces.detail {
            detail::write(report, self.reader(), &mut source, folder)?;
            tell_left_out(&source, report, session);
        }
        Ok(())
    }

    fn write_short(&self, report: &HuntReport, output: &mut Output) -> anyhow::Result<()> {
        let format = match self.format {
            FormatArg::Csv => Format::Csv,
            FormatArg::Json => Format::Json,
            FormatArg::Ndjson => Format::Ndjson,
            FormatArg::Ocsf => Format::Ocsf,
            FormatArg::Table | FormatArg::Html | FormatArg::Markdown => Format::Table,
        };
        Ok(report::write(report, format, View { csv: self.reader(), ..self.view }, output)?)
    }

    fn reader(&self) -> CsvReader {
        if self.faces.raw { CsvReader::Program } else { CsvReader::Spreadsheet }
    }
}

/// CSV files have no room for what they leave out.
fn tell_left_out(source: &LakeEvidence<'_>, report: &HuntReport, session: &Session) {
    for alert in report.open() {
        if let Some(left_out) = source.left_out(alert) {
            session.console.note(&format!("alert {}: {left_out}", alert.alert_id));
        }
    }
}

/// The one stored hunt whose id begins so, or the latest of all.
fn stored(lake: &Lake, prefix: Option<&str>) -> anyhow::Result<HuntReport> {
    if let Some(prefix) = prefix {
        return Ok(hunts::find(lake, prefix)?.1);
    }
    let id = lake.hunts()?.pop().context("the lake keeps no hunt: run `kubetrawl hunt` on it first")?;
    lake.hunt(&id)?.with_context(|| format!("the hunt {id} is gone"))
}
