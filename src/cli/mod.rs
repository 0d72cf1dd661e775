//! One file per verb; no logic. The only module that writes to the terminal.
//!
//! A verb's `...Args` are what was typed. Its `run` turns them into the options of the stage that
//! does the work, shows the answer, and says how the run [`exit`]s.

#[cfg(feature = "engine")]
mod allow;
#[cfg(feature = "engine")]
mod answer;
#[cfg(feature = "engine")]
mod catalog;
mod completions;
mod console;
#[cfg(feature = "engine")]
mod coverage;
#[cfg(feature = "engine")]
mod detection;
#[cfg(feature = "engine")]
mod diff;
#[cfg(feature = "engine")]
mod evidence;
mod exit;
#[cfg(feature = "engine")]
mod hunt;
#[cfg(feature = "engine")]
mod hunts;
mod ingest;
mod lake;
mod man;
mod output;
mod progress;
#[cfg(feature = "engine")]
mod query;
#[cfg(feature = "engine")]
mod report;
#[cfg(feature = "engine")]
mod rules;
#[cfg(feature = "engine")]
mod runbook;
#[cfg(feature = "engine")]
mod shown;
mod signals;
mod simulate;
#[cfg(feature = "engine")]
mod times;
#[cfg(feature = "engine")]
mod tune;
mod values;
#[cfg(feature = "engine")]
mod verify;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cancel::{Cancel, Stopped};
use crate::ingest::IngestError;
use console::{Color, Console};
use exit::{Exit, Usage};
use signals::Signals;

/// Trawl months of Kubernetes audit logs on one machine
///
/// Turns EKS, AKS, GKE and plain kube-apiserver audit logs into normalized Parquet, and finds
/// users who read many distinct secrets in a short time.
#[derive(Debug, Parser)]
#[command(
    name = "kubetrawl",
    version = VERSION,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  kubetrawl hunt data/              who enumerated secrets in these logs
  kubetrawl ingest logs/            keep the logs in ./lake, to ask many questions
  kubetrawl hunt --since 30d        ask the lake about its last 30 days

Exit codes:
  0 done    1 could not do it    2 wrong usage    3 found something (alerts with
  --fail-on-alert, a failed test of a rule, a difference, a damaged lake)
  4 done in part (a source could not be read to its end; --strict and rejects)
  130 stopped by Ctrl-C"
)]
struct Args {
    #[command(subcommand)]
    verb: Verb,

    /// Colour the output
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    #[arg(help = "Colour the output: auto, always or never; auto honours NO_COLOR")]
    color: Color,
}

#[cfg(feature = "engine")]
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (with the engine: DuckDB)");
#[cfg(not(feature = "engine"))]
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (built without the engine: no hunt, no rules)");

#[derive(Debug, Subcommand)]
enum Verb {
    Ingest(ingest::IngestArgs),
    Lake(lake::LakeVerbArgs),
    #[cfg(feature = "engine")]
    Hunt(Box<hunt::HuntArgs>),
    #[cfg(feature = "engine")]
    Coverage(coverage::CoverageArgs),
    #[cfg(feature = "engine")]
    Runbook(runbook::RunbookArgs),
    #[cfg(feature = "engine")]
    Evidence(evidence::EvidenceArgs),
    #[cfg(feature = "engine")]
    Query(query::QueryArgs),
    #[cfg(feature = "engine")]
    Hunts(hunts::HuntsArgs),
    #[cfg(feature = "engine")]
    Tune(tune::TuneArgs),
    #[cfg(feature = "engine")]
    Diff(diff::DiffArgs),
    #[cfg(feature = "engine")]
    Report(report::ReportArgs),
    #[cfg(feature = "engine")]
    Verify(verify::VerifyArgs),
    #[cfg(feature = "engine")]
    Rules(rules::RulesArgs),
    Simulate(simulate::SimulateArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// What every verb is given besides its arguments.
struct Session {
    #[cfg(feature = "engine")]
    color: Color,
    console: Console,
    cancel: Cancel,
}

/// The program: reads the command line, runs the verb, reports how it ended.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let matches = Args::command().color(typed_color(&arguments).for_clap()).get_matches_from(&arguments);
    let args = match Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    let cancel = Cancel::default();
    let session = Session {
        #[cfg(feature = "engine")]
        color: args.color,
        console: Console::new(args.color),
        cancel: cancel.clone(),
    };
    let signals = match Signals::watch(&cancel) {
        Ok(signals) => signals,
        Err(error) => {
            session.console.error(&anyhow::Error::new(error).context("cannot watch for Ctrl-C"));
            return Exit::Failed.into();
        }
    };
    let outcome = run(&args.verb, &session);
    end(outcome, &signals, session.console).into()
}

fn run(verb: &Verb, session: &Session) -> anyhow::Result<Exit> {
    match verb {
        Verb::Ingest(args) => ingest::run(args, session),
        Verb::Lake(args) => lake::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Hunt(args) => hunt::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Coverage(args) => coverage::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Runbook(args) => runbook::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Evidence(args) => evidence::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Query(args) => query::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Hunts(args) => hunts::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Tune(args) => tune::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Diff(args) => diff::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Report(args) => report::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Verify(args) => verify::run(args, session),
        #[cfg(feature = "engine")]
        Verb::Rules(args) => rules::run(args, session),
        Verb::Simulate(args) => simulate::run(args, &session.cancel).map(|_| Exit::Done),
        Verb::Completions(args) => completions::run(args),
        Verb::Man(args) => man::run(args),
    }
}

fn end(outcome: anyhow::Result<Exit>, signals: &Signals, console: Console) -> Exit {
    let error = match outcome {
        Ok(exit) => return exit,
        Err(error) => error,
    };
    if let Some(exit) = signals.exit() {
        match stop(&error) {
            Some(told) => console.note(told),
            None => console.error(&error),
        }
        return exit;
    }
    if is_broken_pipe(&error) {
        return Exit::Done;
    }
    console.error(&error);
    if error.is::<Usage>() { Exit::Usage } else { Exit::Failed }
}

/// What to say of a stop, where an error is no more than that: a disk can also fill while a signal comes.
fn stop(error: &anyhow::Error) -> Option<&'static str> {
    let is_ingest = error.chain().any(|cause| cause.is::<IngestError>());
    error.chain().any(|cause| cause.is::<Stopped>()).then_some(match is_ingest {
        true => "stopped; the lake is as it was",
        false => "stopped",
    })
}

/// Whether the reader of the output went away, as `head` does: no error to speak of.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// The `--color` that was typed, read before clap does: help and usage errors follow it too.
fn typed_color(arguments: &[OsString]) -> Color {
    let mut color = Color::Auto;
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let typed = match word {
            "--" => break,
            "--color" => words.next(),
            _ => word.strip_prefix("--color="),
        };
        if let Some(Ok(typed)) = typed.map(|typed| clap::ValueEnum::from_str(typed, false)) {
            color = typed;
        }
    }
    color
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_verb_has_an_example() {
        let mut verbs: Vec<clap::Command> = Args::command().get_subcommands().cloned().collect();
        while let Some(verb) = verbs.pop() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("kubetrawl "), "{} has no example", verb.get_name());
            verbs.extend(verb.get_subcommands().cloned());
        }
    }

    #[test]
    fn the_typed_color_is_found_before_parsing() {
        let typed = |words: &[&str]| typed_color(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(typed(&["kubetrawl", "--color", "never", "--help"]), Color::Never);
        assert_eq!(typed(&["kubetrawl", "hunt", "--color=always"]), Color::Always);
        assert_eq!(typed(&["kubetrawl", "hunt", "--", "--color=always"]), Color::Auto);
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let broken = anyhow::Error::new(io::Error::from(io::ErrorKind::BrokenPipe)).context("cannot write");
        assert!(is_broken_pipe(&broken));
        assert!(!is_broken_pipe(&anyhow::anyhow!("cannot write")));
    }
}
