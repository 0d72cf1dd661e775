//! `kubetrawl runbook`: an alert's follow-up.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;

use super::Session;
use super::catalog::CatalogArgs;
use super::detection::DEFAULT_RULE;
use super::exit::{Exit, Usage};
use super::hunts;
use super::output::Output;
use super::shown;
use super::values::{LakeArgs, ResourceArgs};
use crate::detect::{Catalog, HuntParameters, HuntReport, Rule};
use crate::lake::Lake;
use crate::query::session::{LakeSession, Limits};
use crate::query::value::read_time;
use crate::report::{View, json, runbook as faces};
use crate::runbook::{self, Counting, Reach, Readers, Runbook, Subject, SubjectError};

/// Follow up an alert: what was read, whether that is legitimate, what else happened, what to rotate
///
/// The alert is taken from the latest stored hunt that has it, with that hunt's parameters. A user
/// and a time will do in its place.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl runbook 3f9c2a                             all steps; the beginning of an alert's id will do
  kubetrawl runbook 3f9c2a --step 2                    is it legitimate?
  kubetrawl runbook 3f9c2a --sql                       the queries, to change and run with kubetrawl query
  kubetrawl runbook 3f9c2a --format csv --output DIR   a file per section
  kubetrawl runbook --user eve --at 2026-11-20T12:00:00Z --hours 72")]
pub struct RunbookArgs {
    /// The alert's id, or as much of it as is unique
    #[arg(value_name = "ALERT_ID", required_unless_present = "user", conflicts_with = "user")]
    alert: Option<String>,

    /// A user to look into, without an alert
    #[arg(long, value_name = "USER", requires = "at")]
    user: Option<String>,

    /// The time to look around; without an offset it is UTC
    #[arg(long, value_name = "TIME", requires = "user", value_parser = time)]
    at: Option<Timestamp>,

    /// Only this step
    #[arg(long, value_name = "N")]
    step: Option<u8>,

    /// Print the queries with their values instead of running them
    #[arg(long)]
    sql: bool,

    /// How far "around the alert" reaches before it is crossed and after it is last seen
    #[arg(long, value_name = "SPAN", default_value = "30m", value_parser = shown::duration)]
    around: Duration,

    /// How many hours "the past hours" reach back
    #[arg(long, value_name = "N", default_value_t = 24)]
    hours: u32,

    /// Format of the answer; csv needs --output with a folder
    #[arg(long, value_enum, default_value_t = FormatArg::Table)]
    format: FormatArg,

    /// Write the answer to a file; for csv, a folder that gets a file per section
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Show all of long lists in tables
    #[arg(long)]
    wide: bool,

    /// End a section's query after this time
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = shown::duration)]
    timeout: Duration,

    #[command(flatten)]
    catalog: CatalogArgs,

    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    resources: ResourceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatArg {
    Table,
    Csv,
    Json,
    Ndjson,
}

fn time(text: &str) -> Result<Timestamp, String> {
    read_time(text).ok_or_else(|| format!("{text:?} is no time: try 2026-11-22T08:00:00Z"))
}

/// What a section of a hunt's runbooks may take.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Disk that a runbook's queries may use.
const TEMPORARY: u64 = 16 << 30;

pub(super) fn run(args: &RunbookArgs, session: &Session) -> anyhow::Result<Exit> {
    let folder = match (args.format, &args.output) {
        (FormatArg::Csv, None) if !args.sql => {
            bail!(Usage("CSV has a file for each section: give a folder with --output"))
        }
        (FormatArg::Csv, folder) if !args.sql => folder.clone(),
        _ => None,
    };
    let mut output = Output::open(if folder.is_some() { None } else { args.output.as_deref() })?;
    let lake = Lake::open(&args.lake.folder())?;
    let catalog = args.catalog.load(session)?;
    let subject = subject(args, &lake, &catalog, session)?;
    let planned = Runbook::of(catalog.find(&subject.rule_id)?)?.only(args.step)?;
    if args.sql {
        for (name, sql) in runbook::sql(&planned, &subject) {
            writeln!(output, "-- {name}\n{sql};\n")?;
        }
        output.finish()?;
        return Ok(Exit::Done);
    }
    let limits =
        Limits { memory: args.resources.memory, threads: args.resources.threads(), temporary: TEMPORARY };
    let over = LakeSession::open(&lake, limits)?;
    let mut readers = Readers::new(&over.engine);
    // One step alone may look at an hour of the user's history.
    if let Some(span) = subject.spans.reach().filter(|_| planned.steps.len() > 1) {
        let users = [subject.username.clone()].into();
        readers.share(&planned, &users, span, &session.cancel)?;
    }
    let report = runbook::run(&mut readers, &planned, &subject, args.timeout, &session.cancel)?;
    let first = report.steps.first().filter(|step| step.number == 1);
    let is_empty = first.is_some_and(|step| step.sections.iter().all(|section| section.rows.is_empty()));
    if subject.alert_id.is_some() && is_empty {
        session.console.warn(
            "step 1 finds nothing of this alert in the lake, whose records may have been dropped since the hunt: \
            run `kubetrawl hunt` again",
        );
    }
    if let Some(folder) = folder {
        faces::write_csv_folder(&report, &folder)
            .with_context(|| format!("cannot write into the folder {}", folder.display()))?;
        return Ok(Exit::Done);
    }
    let view = shown::view(args.output.as_deref(), args.wide, session);
    match args.format {
        FormatArg::Json => faces::write_json(&report, &mut output),
        FormatArg::Ndjson => faces::write_ndjson(&report, &mut output),
        FormatArg::Table | FormatArg::Csv => faces::write_table(&report, view, &mut output),
    }
    .context("cannot write the runbook")?;
    output.finish()?;
    Ok(Exit::Done)
}

fn subject(args: &RunbookArgs, lake: &Lake, catalog: &Catalog, session: &Session) -> anyhow::Result<Subject> {
    let reach = Reach { around: args.around, past: Duration::from_secs(u64::from(args.hours) * 3600) };
    if let (Some(user), Some(at)) = (&args.user, args.at) {
        let rule = catalog.find(DEFAULT_RULE)?;
        let counting = Counting::from(&HuntParameters::of(rule));
        return Ok(Subject::of_user(&rule.rule_id, Some(user.clone()), at, counting, reach)?);
    }
    let found = hunts::find_alert(lake, args.alert.as_deref().unwrap_or_default(), session)?;
    Ok(Subject::of_alert(&found.alert, found.counting, reach)?)
}

/// How the runbooks of a hunt's alerts follow its answer.
pub(super) struct Appendix<'a> {
    pub rule: &'a Rule,
    /// NDJSON, a line for each runbook; else tables.
    pub as_lines: bool,
    pub view: View,
    pub resources: &'a ResourceArgs,
}

impl Appendix<'_> {
    /// Appends the runbooks of the alerts that are not silenced, in the alerts' order: each is written before
    /// the next is run.
    pub fn write(
        &self,
        lake: &Lake,
        report: &HuntReport,
        output: &mut Output,
        session: &Session,
    ) -> anyhow::Result<()> {
        let parameters: HuntParameters = serde_json::from_value(report.parameters.clone())
            .context("the hunt's parameters could not be read")?;
        let counting = Counting::from(&parameters);
        let mut subjects = Vec::new();
        for alert in report.open() {
            match Subject::of_alert(alert, counting.clone(), Reach::default()) {
                Ok(subject) => subjects.push(subject),
                Err(of_no_user @ SubjectError::NotByUser { .. }) => {
                    session.console.note(&format!("no runbook for {}: {of_no_user}", alert.alert_id));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let limits =
            Limits { memory: self.resources.memory, threads: self.resources.threads(), temporary: TEMPORARY };
        let over = LakeSession::open(lake, limits)?;
        let mut readers = Readers::new(&over.engine);
        let planned = Runbook::of(self.rule)?;
        let users = subjects.iter().map(|subject| subject.username.clone()).collect();
        let spans = subjects.iter().filter_map(|subject| subject.spans.reach());
        if let Some(span) = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) {
            readers.share(&planned, &users, span, &session.cancel)?;
        }
        for subject in subjects {
            let report = runbook::run(&mut readers, &planned, &subject, TIMEOUT, &session.cancel)?;
            let written = if self.as_lines {
                json::write_line(&report, output)
            } else {
                writeln!(output).and_then(|()| faces::write_table(&report, self.view, output))
            };
            written.context("cannot write the runbook")?;
        }
        Ok(())
    }
}
