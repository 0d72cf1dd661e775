//! `kubetrawl runbook`: an alert's follow-up.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ArgGroup;
use jiff::Timestamp;

use super::Session;
use super::catalog::CatalogArgs;
use super::detection::DEFAULT_RULE;
use super::exit::{Exit, Usage};
use super::hunts;
use super::output::Output;
use super::shown;
use super::values::{LakeArgs, ResourceArgs};
use crate::detect::alert::UNKNOWN_USER;
use crate::detect::{Alert, Catalog, HuntParameters, HuntReport, Rule};
use crate::lake::Lake;
use crate::query::session::LakeSession;
use crate::query::value::read_time;
use crate::report::fields;
use crate::report::followed::Followed;
use crate::report::runbook::{self as faces, CsvFolder};
use crate::report::{View, escape, json};
use crate::runbook::{
    self, Counting, FoundAlert, Reach, Readers, Runbook, RunbookError, RunbookReport, Subject,
};

/// Follow up an alert: what was read, whether that is legitimate, what else happened, what to rotate
///
/// The alert is taken from the latest stored hunt that has it, with that hunt's parameters. A user
/// and a time will do in its place. Of an alert of several users, the runbooks follow one another.
#[derive(Debug, Clone, clap::Args)]
#[command(group(ArgGroup::new("about").args(["alert", "at"]).required(true)), after_help = "\
Examples:
  kubetrawl runbook 3f9c2a                             all steps; the beginning of an alert's id will do
  kubetrawl runbook 3f9c2a --step 2                    is it legitimate?
  kubetrawl runbook 3f9c2a --sql                       the queries, to change and run with kubetrawl query
  kubetrawl runbook 3f9c2a --format csv --output DIR   a file per section
  kubetrawl runbook 3f9c2a --user eve                  one user of an alert of several
  kubetrawl runbook --user eve --at 2026-11-20T12:00:00Z --hours 72")]
pub struct RunbookArgs {
    /// The alert's id, or as much of it as is unique
    #[arg(value_name = "ALERT_ID")]
    alert: Option<String>,

    /// One of the alert's users; with --at a user to look into, without an alert
    #[arg(long, value_name = "USER")]
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

    /// Format of the answer; csv needs --output with a folder, json is of one user
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
    let about = About::read(args, &lake, &catalog, session)?;
    if args.format == FormatArg::Json && about.subjects.len() > 1 && !args.sql {
        bail!(Usage(
            "the alert is of several users, and JSON is a document of one: name it with --user, or take --format ndjson"
        ));
    }
    let planned = Runbook::of(catalog.find(&about.rule_id)?)?.only(args.step)?;
    if args.sql {
        about.write_sql(&planned, &mut output)?;
        output.finish()?;
        about.tell_left_out(session);
        return Ok(Exit::Done);
    }
    let over = LakeSession::open(&lake, args.resources.limits())?;
    let mut readers = Readers::new(&over.engine);
    // One step alone may look at an hour of the user's history.
    if planned.steps.len() > 1 {
        share(&mut readers, &planned, &about.subjects, session)?;
    }
    let view = shown::view(args.output.as_deref(), args.wide, session);
    let mut face = Face { format: args.format, view, is_named: about.is_named, folder: None, written: 0 };
    if let Some(folder) = &folder {
        face.folder = Some(CsvFolder::create(folder, about.is_named).with_context(|| cannot_write(folder))?);
    }
    let mut without_access = 0;
    for subject in &about.subjects {
        let report = runbook::run(&mut readers, &planned, subject, args.timeout, &session.cancel)?;
        without_access += usize::from(subject.alert_id.is_some() && is_without_access(&report));
        face.write(report, &mut output).with_context(|| match &folder {
            Some(folder) => cannot_write(folder),
            None => "cannot write the runbook".to_owned(),
        })?;
    }
    output.finish()?;
    if without_access > 0 {
        let whose = if without_access < about.subjects.len() { "some users of " } else { "" };
        session.console.warn(&format!(
            "step 1 finds nothing of {whose}this alert in the lake, whose records may have been dropped since the hunt: \
            run `kubetrawl hunt` again"
        ));
    }
    about.tell_left_out(session);
    Ok(Exit::Done)
}

fn cannot_write(folder: &Path) -> String {
    format!("cannot write into the folder {}", folder.display())
}

/// Whether step 1 was run and found nothing.
fn is_without_access(report: &RunbookReport) -> bool {
    let first = report.steps.first().filter(|step| step.number == 1);
    first.is_some_and(|step| step.sections.iter().all(|section| section.rows.is_empty()))
}

/// Reads what the runbooks look at once for all of them.
fn share(
    readers: &mut Readers<'_>,
    planned: &Runbook,
    subjects: &[Subject],
    session: &Session,
) -> Result<(), RunbookError> {
    let users = subjects.iter().map(|subject| subject.username.clone()).collect();
    let spans = subjects.iter().filter_map(|subject| subject.spans.reach());
    match spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) {
        Some(span) => readers.share(planned, &users, span, &session.cancel),
        None => Ok(()),
    }
}

/// Whom the runbooks are about.
struct About {
    rule_id: String,
    subjects: Vec<Subject>,
    /// Whether what is found must say whose it is; so it does of one of several users too.
    is_named: bool,
    /// What to say of the users that are left out.
    left_out: Option<String>,
}

impl About {
    fn read(args: &RunbookArgs, lake: &Lake, catalog: &Catalog, session: &Session) -> anyhow::Result<Self> {
        let reach = Reach { around: args.around, past: Duration::from_secs(u64::from(args.hours) * 3600) };
        if let (Some(user), Some(at)) = (&args.user, args.at) {
            let rule = catalog.find(DEFAULT_RULE)?;
            let counting = Counting::from(&HuntParameters::of(rule));
            let subject = Subject::of_user(&rule.rule_id, Some(user.clone()), at, counting, reach)?;
            let (rule_id, subjects) = (rule.rule_id.clone(), vec![subject]);
            return Ok(Self { rule_id, subjects, is_named: false, left_out: None });
        }
        let FoundAlert { alert, counting, .. } =
            hunts::find_alert(lake, args.alert.as_deref().unwrap_or_default(), session)?;
        let followed = Followed::of(&alert);
        let (users, left_out) = match &args.user {
            Some(user) => (vec![typed(&alert, user)], None),
            None => (followed.users().to_vec(), followed.left_out()),
        };
        let subjects = users.into_iter().map(|user| Subject::of_alert(&alert, user, counting.clone(), reach));
        let subjects = subjects.collect::<Result<_, _>>()?;
        Ok(Self { rule_id: alert.rule_id.clone(), subjects, is_named: followed.is_several(), left_out })
    }

    fn write_sql(&self, planned: &Runbook, output: &mut Output) -> io::Result<()> {
        for subject in &self.subjects {
            let user = fields::username(subject.username.as_deref());
            // A name ends no comment: a line's end is spelled out.
            let whose = if self.is_named { format!(" of {}", escape::terminal(user)) } else { String::new() };
            for (name, sql) in runbook::sql(planned, subject) {
                writeln!(output, "-- {name}{whose}\n{sql};\n")?;
            }
        }
        Ok(())
    }

    fn tell_left_out(&self, session: &Session) {
        if let Some(left_out) = &self.left_out {
            session.console.note(left_out);
        }
    }
}

/// A typed user as the alert has it: what records without a username are shown under stands for them, unless a user is
/// named so.
fn typed<'a>(alert: &Alert, user: &'a str) -> Option<&'a str> {
    let is_unknown = user == UNKNOWN_USER && !alert.users().contains(&Some(user));
    (!is_unknown).then_some(user)
}

/// How the runbooks of one alert are shown, one after another.
struct Face<'a> {
    format: FormatArg,
    view: View,
    is_named: bool,
    folder: Option<CsvFolder<'a>>,
    written: usize,
}

impl Face<'_> {
    fn write(&mut self, report: RunbookReport, output: &mut Output) -> io::Result<()> {
        if let Some(folder) = &mut self.folder {
            return folder.write(report);
        }
        self.written += 1;
        match self.format {
            FormatArg::Json => faces::write_json(&report, output),
            FormatArg::Ndjson => faces::write_ndjson(&report, self.is_named, output),
            FormatArg::Table | FormatArg::Csv => {
                if self.written > 1 {
                    writeln!(output)?;
                }
                faces::write_table(&report, self.view, output)
            }
        }
    }
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
    /// Appends the runbooks of the alerts that are not silenced, in the alerts' order and of each in its users': each
    /// is written before the next is run.
    pub fn write(
        &self,
        lake: &Lake,
        report: &HuntReport,
        output: &mut Output,
        session: &Session,
    ) -> anyhow::Result<()> {
        let counting = Counting::from(&report.hunted_with()?);
        let mut subjects = Vec::new();
        for alert in report.open() {
            let followed = Followed::of(alert);
            for user in followed.users() {
                subjects.push(Subject::of_alert(alert, *user, counting.clone(), Reach::default())?);
            }
            if let Some(left_out) = followed.left_out() {
                session.console.note(&format!("alert {}: {left_out}", alert.alert_id));
            }
        }
        let over = LakeSession::open(lake, self.resources.limits())?;
        let mut readers = Readers::new(&over.engine);
        let planned = Runbook::of(self.rule)?;
        share(&mut readers, &planned, &subjects, session)?;
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
