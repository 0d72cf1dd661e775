//! `kubetrawl ingest`: logs into a lake.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;

use super::Session;
use super::exit::{Exit, Usage};
use super::output::Output;
use super::progress::Bar;
use super::values::{LakeArgs, ResourceArgs};
use crate::decode::LogType;
use crate::ingest::preview::Verdict;
use crate::ingest::{self, IngestOptions, IngestReport, Preview, Watch};
use crate::progress::Silent;
use crate::report::{accounting, json, preview};
use crate::sources::PathPattern;

/// Read audit logs into a lake of Parquet files
///
/// Files, folders (with everything below), globs and - for standard input; plain, in gzip, zstd, xz, bzip2 or
/// lz4, in tar and zip archives, as JSON or CSV, all told by content. EKS, AKS, GKE and kube-apiserver logs are told
/// apart record by record. All of an ingest becomes visible at once or not at all, and what the lake already holds
/// is skipped.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl ingest /var/log/kubernetes/audit/
  kubetrawl ingest 's3-export/**/*.gz' --lake /srv/lake
  kubetrawl ingest logs/ --cluster '{account}/{cluster}/**' --account '{account}/{cluster}/**'
      the cluster and the account are the first two folders below logs/
  zcat audit.log.gz | kubetrawl ingest - --cluster prod-1
  kubetrawl ingest /var/log/kubernetes/audit/ --watch --every 30s
  kubetrawl ingest logs/ --cluster prod-2 --again
      the cluster was wrong the first time
  kubetrawl ingest --dry-run handed-over.zip
      what each file is taken for, from its beginning; nothing is written

It ends with the accounting on standard error: every record that was read is a row, a reject, a
duplicate or another kind, each counted. Rejects are kept in LAKE/_kubetrawl/rejects.")]
pub struct IngestArgs {
    #[command(flatten)]
    sources: SourceArgs,

    #[command(flatten)]
    lake: LakeArgs,

    #[command(flatten)]
    resources: ResourceArgs,

    /// Keep the values of secrets and tokens in the rows; rejects stay masked
    #[arg(long)]
    no_redact: bool,

    /// Read what the lake has of these contents once more: it replaces what they gave before, as one commit
    #[arg(long, conflicts_with = "watch")]
    again: bool,

    /// How to show the accounting; json goes to standard output
    #[arg(long, value_enum, default_value_t)]
    format: AccountingFormat,

    /// Say what each file is taken for, from its first records, and write nothing, not even a lake
    #[arg(long, conflicts_with = "watch")]
    dry_run: bool,

    /// Follow the files and folders until stopped: what changes is ingested, of what grows only the new part
    #[arg(long)]
    watch: bool,

    /// How often --watch looks for changes, such as 5s or 1m
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = every)]
    every: Duration,
}

/// What to read, and what its records are when they do not say so themselves.
#[derive(Debug, Clone, clap::Args)]
pub struct SourceArgs {
    /// Files, folders, globs, or - for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<String>,

    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// How to read sources; of a lake, which was read before, they say nothing.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadingArgs {
    /// Cluster of records that name none: a name, or a pattern such as '{account}/{cluster}/**' over the source's path
    #[arg(long, requires = "sources", value_name = "NAME|PATTERN", value_parser = |text: &str| pattern(text, "cluster"))]
    pub cluster: Option<PathPattern>,

    /// Account, subscription or project of records that name none: a name or a pattern
    #[arg(long, requires = "sources", value_name = "NAME|PATTERN", value_parser = |text: &str| pattern(text, "account"))]
    pub account: Option<PathPattern>,

    /// Region of records that name none: a name or a pattern
    #[arg(long, requires = "sources", value_name = "NAME|PATTERN", value_parser = |text: &str| pattern(text, "region"))]
    pub region: Option<PathPattern>,

    /// Log type of bare audit events, which look alike everywhere: eks, aks, gke or kubernetes
    #[arg(long, requires = "sources", value_name = "TYPE", value_parser = log_type)]
    pub log_type: Option<LogType>,

    /// End with exit code 4 when a record was rejected
    #[arg(long, requires = "sources")]
    pub strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum AccountingFormat {
    #[default]
    Text,
    Json,
}

impl ReadingArgs {
    /// The options of an ingest of these sources.
    pub fn options(&self, sources: &[String], lake: PathBuf, resources: &ResourceArgs) -> IngestOptions {
        IngestOptions {
            cluster: self.cluster.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
            log_type: self.log_type,
            threads: resources.threads(),
            memory: resources.memory,
            ..IngestOptions::new(lake, sources.to_vec(), Timestamp::now())
        }
    }
}

/// How often to look for changes: a look that never pauses would take a core.
fn every(text: &str) -> Result<Duration, String> {
    const LEAST: Duration = Duration::from_millis(100);
    match humantime::parse_duration(text) {
        Ok(span) if span >= LEAST => Ok(span),
        Ok(_) => Err("more often than every 100ms: try one such as 10s".to_owned()),
        Err(error) => Err(format!("{text:?} is no span ({error}): try one such as 10s")),
    }
}

/// A value, or a pattern that says where it stands in the path.
fn pattern(text: &str, name: &str) -> Result<PathPattern, String> {
    let pattern = PathPattern::parse(text).map_err(|error| error.to_string())?;
    if pattern.names().is_empty() || pattern.names().iter().any(|known| known == name) {
        return Ok(pattern);
    }
    Err(format!("{text:?} does not say where the {name} stands: it has no {{{name}}}"))
}

fn log_type(text: &str) -> Result<LogType, String> {
    use LogType::{AzureMonitorActivity, EksAudit, GcpAuditLog, KubernetesAudit};
    let known = [
        ("eks", EksAudit),
        ("aks", AzureMonitorActivity),
        ("gke", GcpAuditLog),
        ("kubernetes", KubernetesAudit),
    ];
    known
        .into_iter()
        .find(|(word, log_type)| text.eq_ignore_ascii_case(word) || text == log_type.as_str())
        .map(|(_, log_type)| log_type)
        .ok_or_else(|| format!("{text:?} is no log type: it is one of eks, aks, gke, kubernetes"))
}

pub(super) fn run(args: &IngestArgs, session: &Session) -> anyhow::Result<Exit> {
    let options = IngestOptions {
        redact: !args.no_redact,
        again: args.again,
        ..args.sources.reading.options(&args.sources.sources, args.lake.folder(), &args.resources)
    };
    if args.dry_run {
        return look(args, &options, session);
    }
    if args.no_redact {
        session
            .console
            .warn("--no-redact: the lake will hold the values of secrets and tokens as they were logged");
    }
    if args.watch {
        return follow(args, &options, session);
    }
    if args.again && options.sources.iter().any(|source| source == "-") {
        anyhow::bail!(Usage(
            "standard input cannot be read again: leave out --again, or name files and folders"
        ));
    }
    let report = read(&options, session)?;
    tell(&report, args.format, session)?;
    require_something(&report)?;
    Ok(outcome(&report, args.sources.reading.strict))
}

fn tell(report: &IngestReport, format: AccountingFormat, session: &Session) -> anyhow::Result<()> {
    match format {
        AccountingFormat::Text => session.console.text(&accounting::text(report)),
        AccountingFormat::Json => {
            let mut out = Output::open(None)?;
            accounting::json(report, &mut out).context("cannot write the accounting")?;
            out.flush()?;
            out.finish()?;
        }
    }
    Ok(())
}

/// Shows what an ingest would make of the sources.
fn look(args: &IngestArgs, options: &IngestOptions, session: &Session) -> anyhow::Result<Exit> {
    let found = ingest::preview(options, &session.cancel);
    let mut out = Output::open(None)?;
    match args.format {
        AccountingFormat::Text => out.write_all(preview::text(&found).as_bytes()),
        AccountingFormat::Json => json::write_pretty(&found, &mut out),
    }
    .context("cannot write to standard output")?;
    out.finish()?;
    anyhow::ensure!(!session.cancel.is_cancelled(), "stopped before all files were looked at");
    Ok(found_outcome(&found, args.sources.reading.strict))
}

/// As the ingest would end, as far as the beginnings of the files tell.
fn found_outcome(found: &Preview, strict: bool) -> Exit {
    let readable = found.files.iter().any(|file| file.verdict != Verdict::Unreadable);
    let complete = found.problems.is_empty() && found.files.iter().all(|file| file.problem.is_none());
    let rejected = found.files.iter().any(|file| !file.rejects.is_empty() && file.verdict == Verdict::Log);
    if !readable && !complete {
        Exit::Failed
    } else if !complete || (strict && rejected) {
        Exit::Partial
    } else {
        Exit::Done
    }
}

/// Ends well when it is stopped, or at the first accounting that cannot be written.
fn follow(args: &IngestArgs, options: &IngestOptions, session: &Session) -> anyhow::Result<Exit> {
    if options.sources.iter().any(|source| source == "-") {
        anyhow::bail!(Usage(
            "standard input cannot be followed: leave out --watch, or name files and folders"
        ));
    }
    let mut failed = None;
    let watch = Watch { every: args.every, clock: &Timestamp::now };
    ingest::watch(options, &watch, &Silent, &session.cancel, &mut |report| {
        let worth_telling = report.commit.is_some() || !report.is_complete();
        if worth_telling && let Err(error) = tell(report, args.format, session) {
            session.cancel.cancel();
            failed = Some(error);
        }
    })?;
    failed.map_or(Ok(Exit::Done), Err)
}

/// Ingests with a progress bar.
pub fn read(options: &IngestOptions, session: &Session) -> anyhow::Result<IngestReport> {
    let bar = Bar::new();
    let report = ingest::run(options, &bar, &session.cancel);
    drop(bar);
    Ok(report?)
}

/// Nothing was read, for the reasons that the accounting gives.
pub fn require_something(report: &IngestReport) -> anyhow::Result<()> {
    anyhow::ensure!(!nothing_read(report), "none of the sources could be read");
    Ok(())
}

/// How an ingest ended, as an exit code.
pub fn outcome(report: &IngestReport, strict: bool) -> Exit {
    if nothing_read(report) {
        Exit::Failed
    } else if !report.is_complete() || (strict && report.rejected() > 0) {
        Exit::Partial
    } else {
        Exit::Done
    }
}

fn nothing_read(report: &IngestReport) -> bool {
    let read = report.sources > 0
        || !(report.skipped.is_empty() && report.not_a_log.is_empty() && report.empty.is_empty());
    !read && !report.is_complete()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Problem;

    #[test]
    fn a_pattern_says_where_its_own_value_stands() {
        assert!(pattern("prod", "cluster").is_ok() && pattern("{account}/{cluster}/**", "cluster").is_ok());
        let told = pattern("{account}/**", "cluster").unwrap_err();
        assert_eq!(told, "\"{account}/**\" does not say where the cluster stands: it has no {cluster}");
    }

    #[test]
    fn what_could_not_be_read_decides_how_an_ingest_ends() {
        let problem = Problem { uri: None, message: "no such file".into() };
        let missing = IngestReport { problems: vec![problem], ..IngestReport::default() };
        assert_eq!(outcome(&missing, false), Exit::Failed);
        assert_eq!(outcome(&IngestReport { sources: 1, ..missing }, false), Exit::Partial);
        let rejects = IngestReport { rejects: [("cut".into(), 1)].into(), ..IngestReport::default() };
        assert_eq!(outcome(&rejects, false), Exit::Done);
        assert_eq!(outcome(&rejects, true), Exit::Partial);
    }

    #[test]
    fn log_types_have_short_and_full_names() {
        assert_eq!(log_type("EKS"), Ok(LogType::EksAudit));
        assert_eq!(log_type("GCP.AuditLog"), Ok(LogType::GcpAuditLog));
        assert!(log_type("syslog").unwrap_err().contains("eks"));
    }
}
