//! `kubetrawl rules`: what there is to hunt with, and whether it works.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;

use super::Session;
use super::catalog::CatalogArgs;
use super::exit::Exit;
use super::output::Output;
use crate::detect::rule_tests::{self, TestOutcome};
use crate::detect::{Catalog, Rule};
use crate::report::{escape, junit, text};
use crate::sql;

/// List the rules, show one, or run their tests
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl rules list
  kubetrawl rules show kubernetes.bulk_secret_access
  kubetrawl rules test
  kubetrawl rules test --rules my-rules/ --junit tests.xml

A folder given to --rules is a rule, or holds folders that are: rule.yml, matches.sql, and if need
be counted.sql, detect.sql, sweep.sql and runbook/, as `rules show` prints ours. A broken rule is
refused with its file, line and reason. Its SQL is yours, and yet only reads, and only the lake: every file passes
the gate of `kubetrawl query`, and the engine is locked.")]
pub struct RulesArgs {
    #[command(subcommand)]
    verb: RulesVerb,
}

#[derive(Debug, Clone, Subcommand)]
enum RulesVerb {
    /// List the rules
    #[command(after_help = "Examples:\n  kubetrawl rules list\n  kubetrawl rules list --rules my-rules/")]
    List {
        #[command(flatten)]
        catalog: CatalogArgs,
    },
    /// Show a rule: its metadata, its runbook, its tests, and its SQL
    #[command(after_help = "Example:\n  kubetrawl rules show kubernetes.bulk_secret_access")]
    Show {
        /// RuleID, or the name of the rule's folder
        rule: String,

        #[command(flatten)]
        catalog: CatalogArgs,
    },
    /// Run the tests of a rule, or of all rules, through the decoder, the normalizer and the SQL
    #[command(after_help = "\
Examples:
  kubetrawl rules test
  kubetrawl rules test kubernetes.bulk_secret_access
  kubetrawl rules test --rules my-rules/ --junit tests.xml

The exit code is 3 when a test failed.")]
    Test {
        /// RuleID, or the name of the rule's folder; all rules without it
        rule: Option<String>,

        /// Write the outcomes as JUnit's XML too, for a CI; the file appears when it is whole
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,

        #[command(flatten)]
        catalog: CatalogArgs,
    },
}

pub(super) fn run(args: &RulesArgs, session: &Session) -> anyhow::Result<Exit> {
    let mut out = Output::open(None)?;
    let exit = match &args.verb {
        RulesVerb::List { catalog } => list(&catalog.load(session)?, &mut out)?,
        RulesVerb::Show { rule, catalog } => show(catalog.load(session)?.find(rule)?, &mut out)?,
        RulesVerb::Test { rule, junit, catalog } => {
            let catalog = catalog.load(session)?;
            let rules = match rule {
                Some(rule) => vec![catalog.find(rule)?],
                None => catalog.rules().iter().collect(),
            };
            test(&rules, junit.as_deref(), session, &mut out)?
        }
    };
    out.finish()?;
    Ok(exit)
}

fn list(catalog: &Catalog, out: &mut Output) -> anyhow::Result<Exit> {
    for rule in catalog.rules() {
        let line = format!("{}  {}, {}", rule.name(), rule.rule_id, rule.severity);
        writeln!(out, "{}", escape::terminal(&line))?;
        let secrets = text::count(rule.threshold, "distinct secret", "distinct secrets");
        let line = format!(
            "  {}: {secrets} in {}; {}",
            rule.display_name,
            text::count(rule.window_minutes, "minute", "minutes"),
            text::count(rule.tests.len() as u64, "test", "tests")
        );
        writeln!(out, "{}", escape::terminal(&line))?;
        if !rule.own {
            writeln!(out, "  from {}", escape::terminal(&rule.folder))?;
        }
    }
    Ok(Exit::Done)
}

fn show(rule: &Rule, out: &mut Output) -> anyhow::Result<Exit> {
    let plain =
        |text: &str| text.lines().map(|line| format!("{}\n", escape::terminal(line))).collect::<String>();
    writeln!(out, "{}", plain(rule.files.get("rule.yml").map_or("", |text| text.as_ref())))?;
    let folder = if rule.own { format!("sql/{}", rule.folder) } else { rule.folder.clone() };
    for name in rule.files.keys().filter(|name| name.ends_with(".sql") && !name.contains('/')) {
        let text = rule.files.get(name).map_or("", |text| sql::statement(text));
        write!(out, "\n-- {}/{name}\n{}", escape::terminal(&folder), plain(&format!("{text};")))?;
    }
    Ok(Exit::Done)
}

fn test(rules: &[&Rule], file: Option<&Path>, session: &Session, out: &mut Output) -> anyhow::Result<Exit> {
    // Opened first: tests should not end at a folder that is not there.
    let mut written = file.map(|file| Output::open(Some(file))).transpose()?;
    let mut tested = Vec::new();
    for rule in rules {
        let temporary = tempfile::Builder::new()
            .prefix("kubetrawl-")
            .tempdir()
            .context("cannot make a folder for temporary files; set TMPDIR to one that can be written")?;
        writeln!(out, "{}", escape::terminal(rule.name()))?;
        let outcomes = rule_tests::run(rule, temporary.path(), &session.cancel)?;
        outcomes.iter().try_for_each(|outcome| write_outcome(outcome, out))?;
        tested.push((rule.rule_id.as_str(), outcomes));
    }
    let outcomes = || tested.iter().flat_map(|(_, outcomes)| outcomes);
    let failed = outcomes().filter(|outcome| outcome.failure.is_some()).count();
    let passed = outcomes().count() - failed;
    writeln!(out, "{} passed, {} failed", text::number(passed as u64), text::number(failed as u64))?;
    if let Some(mut written) = written.take() {
        junit::write(&tested, &mut written).context("cannot write the outcomes as JUnit's XML")?;
        written.finish()?;
    }
    Ok(if failed > 0 { Exit::Found } else { Exit::Done })
}

fn write_outcome(outcome: &TestOutcome, out: &mut Output) -> anyhow::Result<()> {
    let name = escape::terminal(&outcome.name);
    match &outcome.failure {
        None => writeln!(out, "  ok      {name}")?,
        Some(failure) => {
            writeln!(out, "  FAILED  {name}")?;
            for line in failure.lines() {
                writeln!(out, "          {}", escape::terminal(line))?;
            }
        }
    }
    Ok(())
}
