//! `kubetrawl rules`: what there is to hunt with, and whether it works.

use std::io::Write;

use anyhow::Context;
use clap::Subcommand;

use super::Session;
use super::exit::Exit;
use super::output::Output;
use crate::detect::rule_tests::{self, TestOutcome};
use crate::detect::rules::{self, Rule};
use crate::report::escape;
use crate::report::text;
use crate::sql;

/// List the rules, show one, or run their tests
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl rules list
  kubetrawl rules show kubernetes.bulk_secret_access
  kubetrawl rules test")]
pub struct RulesArgs {
    #[command(subcommand)]
    verb: RulesVerb,
}

#[derive(Debug, Clone, Subcommand)]
enum RulesVerb {
    /// List the rules
    #[command(after_help = "Example:\n  kubetrawl rules list")]
    List,
    /// Show a rule: its metadata, its runbook, its tests, and its SQL
    #[command(after_help = "Example:\n  kubetrawl rules show kubernetes.bulk_secret_access")]
    Show {
        /// RuleID, or the name of the rule's folder
        rule: String,
    },
    /// Run the tests of a rule, or of all rules, through the decoder, the normalizer and the SQL
    #[command(after_help = "\
Examples:
  kubetrawl rules test
  kubetrawl rules test kubernetes.bulk_secret_access

The exit code is 3 when a test failed.")]
    Test {
        /// RuleID, or the name of the rule's folder; all rules without it
        rule: Option<String>,
    },
}

pub(super) fn run(args: &RulesArgs, session: &Session) -> anyhow::Result<Exit> {
    let mut out = Output::open(None)?;
    let exit = match &args.verb {
        RulesVerb::List => list(&mut out)?,
        RulesVerb::Show { rule } => show(&rules::find(rule)?, &mut out)?,
        RulesVerb::Test { rule } => test(&chosen(rule.as_deref())?, session, &mut out)?,
    };
    out.finish()?;
    Ok(exit)
}

fn chosen(rule: Option<&str>) -> anyhow::Result<Vec<Rule>> {
    Ok(match rule {
        Some(rule) => vec![rules::find(rule)?],
        None => rules::list()?,
    })
}

/// The name that `--rule` takes and that says what the rule does.
fn name(rule: &Rule) -> &str {
    rule.folder.rsplit('/').next().unwrap_or(&rule.rule_id)
}

fn list(out: &mut Output) -> anyhow::Result<Exit> {
    for rule in rules::list()? {
        writeln!(out, "{}  {}, {}", name(&rule), rule.rule_id, rule.severity)?;
        writeln!(
            out,
            "  {}: {} distinct secrets in {} minutes; {}",
            rule.display_name,
            rule.threshold,
            rule.window_minutes,
            text::count(rule.tests.len() as u64, "test", "tests")
        )?;
    }
    Ok(Exit::Done)
}

fn show(rule: &Rule, out: &mut Output) -> anyhow::Result<Exit> {
    writeln!(out, "{}", rules::text(rule))?;
    for (path, text) in sql::files(&rule.folder) {
        writeln!(out, "\n-- sql/{path}\n{text};")?;
    }
    Ok(Exit::Done)
}

fn test(rules: &[Rule], session: &Session, out: &mut Output) -> anyhow::Result<Exit> {
    let mut failed = 0_u64;
    let mut passed = 0_u64;
    for rule in rules {
        let temporary = tempfile::Builder::new()
            .prefix("kubetrawl-")
            .tempdir()
            .context("cannot make a folder for temporary files; set TMPDIR to one that can be written")?;
        writeln!(out, "{}", name(rule))?;
        for outcome in rule_tests::run(rule, temporary.path(), &session.cancel)? {
            write_outcome(&outcome, out)?;
            if outcome.failure.is_some() { failed += 1 } else { passed += 1 }
        }
    }
    writeln!(out, "{} passed, {} failed", text::number(passed), text::number(failed))?;
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
