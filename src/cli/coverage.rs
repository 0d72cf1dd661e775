//! `kubetrawl coverage`: what there is in a lake, and what the rules cannot see in it.

use anyhow::Context;

use super::Session;
use super::answer::{AnswerArgs, AnswerFormat};
use super::catalog::CatalogArgs;
use super::detection::check_span;
use super::exit::Exit;
use super::output::Output;
use super::shown;
use super::times;
use super::values::LakeArgs;
use crate::detect::Since;
use crate::detect::coverage::of_rule;
use crate::hunt;
use crate::lake::{Lake, LakeCoverage};
use crate::report::coverage as faces;

/// Show what the lake covers by cluster, log and day, and what each rule can see of it
///
/// A rule that finds nothing may have had nothing to see: an AKS cluster that sends kube-audit-admin
/// alone, a GKE one without Data Access logs, an audit policy that leaves out reads of secrets. A rule
/// may miss something where records were cut, could not be read, or are missing for ten minutes
/// in a cluster that otherwise always logs.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl coverage                               the lake in ./lake
  kubetrawl coverage --since 30d                   its last 30 days
  kubetrawl coverage --format csv --output days.csv
  kubetrawl coverage --format json                 days, gaps and rules in one document

Days are whole. Of CSV, which holds the days alone, what the rules can see goes to standard error.")]
pub struct CoverageArgs {
    /// Only days from this time on: a time, a date, or a span such as 30d
    #[arg(long, value_name = "TIME", value_parser = times::bound)]
    since: Option<Since>,

    /// Only days before this time: a time, a date, or a span
    #[arg(long, value_name = "TIME", value_parser = times::bound)]
    until: Option<Since>,

    #[command(flatten)]
    answer: AnswerArgs,

    #[command(flatten)]
    catalog: CatalogArgs,

    #[command(flatten)]
    lake: LakeArgs,
}

pub(super) fn run(args: &CoverageArgs, session: &Session) -> anyhow::Result<Exit> {
    check_span(args.since, args.until)?;
    let mut output = Output::open(args.answer.output.as_deref())?;
    let catalog = args.catalog.load(session)?;
    let snapshot = Lake::open(&args.lake.folder())?.snapshot()?;
    let dates = hunt::dates(&snapshot, args.since, args.until);
    let coverage = LakeCoverage::read(&snapshot, &dates, &session.cancel)?;
    let rules: Vec<_> = catalog.rules().iter().map(|rule| of_rule(rule, &coverage)).collect();
    match args.answer.format {
        AnswerFormat::Table => {
            let view = shown::view(args.answer.output.as_deref(), false, session);
            faces::write_table(&coverage, &rules, view, &mut output)
        }
        AnswerFormat::Csv => faces::write_csv(&coverage, &mut output),
        AnswerFormat::Json => faces::write_json(&coverage, &rules, &mut output),
    }
    .context("cannot write the coverage")?;
    output.finish()?;
    if args.answer.format == AnswerFormat::Csv {
        rules.iter().for_each(|rule| session.console.text(&faces::verdicts(rule)));
    }
    Ok(Exit::Done)
}
