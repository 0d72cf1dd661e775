//! `kubetrawl hunt`: who read many distinct secrets in a short time.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, bail};

use super::detection::DetectionArgs;
use super::exit::{Exit, Usage};
use super::hunts;
use super::ingest::{self, ReadingArgs};
use super::output::Output;
use super::report::{FaceArgs, FormatArg, Shown};
use super::runbook::Appendix;
use super::shown;
use super::values::{LakeArgs, ResourceArgs};
use super::{Session, is_broken_pipe};
use crate::detect::HuntReport;
use crate::hunt::{self, HuntOptions};
use crate::ingest::IngestOptions;
use crate::lake::{Lake, TemporaryLake};
use crate::report::{accounting, escape, summary};

/// Find users who read many distinct secrets in a short time
///
/// Hunts over the lake, or over SOURCEs given directly: these are read into a lake of their own,
/// which is removed at the end unless --lake names one to keep. The alerts go to standard output,
/// what they rest on to standard error. Every hunt is stored in its lake with its parameters.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl hunt data/                                 the logs of a folder, keeping nothing
  kubetrawl hunt                                       the lake in ./lake
  kubetrawl hunt --since 30d --by username,cluster     its last 30 days, clusters apart
  kubetrawl hunt --format csv --output alerts.csv      for a spreadsheet
  kubetrawl hunt logs/ --lake lake --fail-on-alert     keep the lake; exit code 3 on an alert

A span given to --since or --until counts back from the newest event of the lake, not from the
clock. --since is inclusive, --until exclusive; both bound the breaches, so reads of one window
before --since still count. A time without an offset is UTC.")]
pub struct HuntArgs {
    /// Files, folders, globs, or - for standard input; without any, the lake
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,

    #[command(flatten)]
    reading: ReadingArgs,

    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    detection: DetectionArgs,

    #[command(flatten)]
    shown: ShownArgs,

    #[command(flatten)]
    resources: ResourceArgs,
}

/// How to show the answer.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
struct ShownArgs {
    /// Format of the alerts
    #[arg(long, value_enum, default_value_t = FormatArg::Table)]
    format: FormatArg,

    /// Write the alerts to a file, which appears when it is whole
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Show all of long lists in the table
    #[arg(long)]
    wide: bool,

    /// Follow up every alert with its runbook, as a table or as a line of NDJSON after the alerts; of several users, with
    /// one for each
    #[arg(long)]
    runbook: bool,

    #[command(flatten)]
    faces: FaceArgs,

    /// End with exit code 3 when there is an alert that no allow-list silences
    #[arg(long)]
    fail_on_alert: bool,
}

pub(super) fn run(args: &HuntArgs, session: &Session) -> anyhow::Result<Exit> {
    // Opened first: a hunt of an hour should not end at a folder that is not there.
    let output = Output::open(args.shown.output.as_deref())?;
    let options = args.detection.options(&args.resources, session)?;
    if args.shown.runbook && !matches!(args.shown.format, FormatArg::Table | FormatArg::Ndjson) {
        bail!(Usage(
            "--runbook goes with --format table or ndjson; for others run `kubetrawl runbook ALERT_ID --format ...`"
        ));
    }
    if args.sources.is_empty() {
        let lake = Lake::open(&args.lake.folder())?;
        return hunt_and_show(args, &options, &lake, output, session);
    }
    let Some(folder) = &args.lake.lake else {
        let temporary = TemporaryLake::new()
            .context("cannot make a temporary lake; set TMPDIR, or name a lake with --lake")?;
        let lake = temporary.path();
        let reading =
            IngestOptions { once: true, ..args.reading.options(&args.sources, lake, &args.resources) };
        let outcome = ingest_and_hunt(args, &options, &reading, output, session);
        remove(temporary)?;
        if outcome.is_ok() {
            let command = keeping(std::env::args_os());
            session.console.note(&format!("the lake was temporary; to keep it: {command}"));
        }
        return outcome;
    };
    let reading = args.reading.options(&args.sources, folder.clone(), &args.resources);
    ingest_and_hunt(args, &options, &reading, output, session)
}

fn remove(temporary: TemporaryLake) -> anyhow::Result<()> {
    let told = |(folder, error): (PathBuf, _)| {
        anyhow::Error::new(error).context(format!("cannot remove the temporary lake {}", folder.display()))
    };
    temporary.remove().map_err(told)
}

fn ingest_and_hunt(
    args: &HuntArgs,
    options: &HuntOptions,
    reading: &IngestOptions,
    output: Output,
    session: &Session,
) -> anyhow::Result<Exit> {
    let read = ingest::read(reading, session)?;
    session.console.text(&format!("{}\n", accounting::text(&read)));
    ingest::require_something(&read)?;
    let ingested = ingest::outcome(&read, args.reading.strict);
    let hunted = hunt_and_show(args, options, &Lake::open(&reading.lake)?, output, session)?;
    Ok(hunted.or_worse(ingested))
}

fn hunt_and_show(
    args: &HuntArgs,
    options: &HuntOptions,
    lake: &Lake,
    output: Output,
    session: &Session,
) -> anyhow::Result<Exit> {
    let (report, stored) = hunt::run(lake, options, &session.cancel)?;
    // The exit code is the answer's, also where its reader has seen enough.
    if let Err(error) = write_answer(args, options, lake, &report, output, session)
        && !is_broken_pipe(&error)
    {
        return Err(error);
    }
    session.console.text(&format!("\n{}", summary::text(&report)));
    hunts::tell_stored(&stored, session);
    Ok(outcome(&report, args.shown.fail_on_alert))
}

fn write_answer(
    args: &HuntArgs,
    options: &HuntOptions,
    lake: &Lake,
    report: &HuntReport,
    mut output: Output,
    session: &Session,
) -> anyhow::Result<()> {
    let view = shown::view(args.shown.output.as_deref(), args.shown.wide, session);
    let shown = Shown {
        format: args.shown.format,
        faces: &args.shown.faces,
        view,
        resources: &args.resources,
        rule: Some(&options.rule),
    };
    shown.write(lake, report, &mut output, session)?;
    if args.shown.runbook {
        let as_lines = args.shown.format == FormatArg::Ndjson;
        let (rule, resources) = (&options.rule, &args.resources);
        Appendix { rule, as_lines, view, resources }.write(lake, report, &mut output, session)?;
    }
    output.finish()
}

fn outcome(report: &HuntReport, fail_on_alert: bool) -> Exit {
    if fail_on_alert && report.open().next().is_some() { Exit::Found } else { Exit::Done }
}

/// The command line that was typed, with a lake to keep.
fn keeping(arguments: impl Iterator<Item = OsString>) -> String {
    let mut words: Vec<String> = arguments.map(|word| escape::shell(&word.to_string_lossy())).collect();
    let verb = words.iter().position(|word| word == "hunt").map_or(words.len(), |at| at + 1);
    words.insert(verb, "--lake lake".to_owned());
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keeping_command_is_the_typed_one_with_a_lake() {
        let typed = ["kubetrawl", "--color", "never", "hunt", "my logs/", "--cluster", "{a}/**", "it's"];
        assert_eq!(
            keeping(typed.iter().map(OsString::from)),
            r"kubetrawl --color never hunt --lake lake 'my logs/' --cluster '{a}/**' 'it'\''s'"
        );
    }
}
