//! `kubetrawl simulate`: audit logs with planted attacks.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cancel::Cancel;
use crate::simulate::{self, Format, SimulateOptions, Simulated};

/// Write audit logs as real clusters do, with planted attacks and the truth about them
///
/// The logs hold users, nodes, controllers and service accounts at their daily work, seven
/// attacks on secrets, and benign look-alikes. truth.json names the users that a hunt must alert
/// on, those that it must not, and each attack. The same options give the same bytes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl simulate --out logs
      a day of a cluster's audit.log, 100,000 records
  kubetrawl simulate --out logs --format gke-log-entries --days 7 --records 1000000 --seed 42
      a week of GKE's log entries
  kubetrawl hunt logs
      finds the users that logs/truth.json lists under alerted")]
pub struct SimulateArgs {
    /// Folder to write to; it must be empty or not there yet
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Container to write the records in
    #[arg(long, default_value = Format::KubeApiserver.as_str(), value_parser = format_parser())]
    pub format: Format,

    /// Days that the log spans
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub days: u32,

    /// Records that the API server logs, all stages counted; EKS omits some stages, GKE most
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    pub records: u64,

    /// Another seed gives other people, secrets and times
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,

    /// Name of the cluster, which is a part of all user names
    #[arg(long, default_value = "prod-1", value_name = "NAME")]
    pub cluster: String,

    /// First day, in UTC
    #[arg(long, default_value = "2026-11-01", value_name = "DATE", value_parser = midnight)]
    pub start: i64,

    /// Compress files that the container leaves plain with gzip
    #[arg(long)]
    pub compress: bool,

    /// Log secrets with the reads of them, and cut records after BYTES as EKS (at 256 KiB) and AKS (at 16 KiB) do
    #[arg(long, value_name = "BYTES")]
    pub cut: Option<usize>,

    /// Write the truth here instead of DIR/truth.json, joined with what the file holds already
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
}

/// Writes the logs and says on standard error what was written.
///
/// # Errors
/// When the options ask for what cannot be, or a file cannot be written.
pub fn run(args: &SimulateArgs, cancel: &Cancel) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let options = SimulateOptions {
        out: args.out.clone(),
        truth: args.truth.clone(),
        format: args.format,
        days: args.days,
        records: args.records,
        seed: args.seed,
        cluster: args.cluster.clone(),
        start: args.start,
        compress: args.compress,
        cut: args.cut,
    };
    let simulated = simulate::run(&options, cancel)?;
    anstream::eprintln!("{}", summary(&simulated, started.elapsed().as_secs_f64()));
    Ok(ExitCode::SUCCESS)
}

fn summary(simulated: &Simulated, seconds: f64) -> String {
    let Simulated { truth, truth_path, records, files, bytes, .. } = simulated;
    let megabytes = *bytes as f64 / 1e6;
    format!(
        "{records} records, {megabytes:.1} MB in {files} files, {seconds:.1} s ({:.0} MB/s)\n\
         {} attacks, {} users to alert on: see {}",
        megabytes / seconds.max(1e-9),
        truth.attacks.len(),
        truth.alerted.len(),
        truth_path.display(),
    )
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.iter().map(|format| format.as_str()))
        .try_map(|name| name.parse::<Format>())
}

/// Midnight UTC of a date, microseconds since 1970-01-01T00:00Z.
fn midnight(date: &str) -> Result<i64, String> {
    let wrong = |_| format!("{date:?} is no date: try one such as 2026-11-01");
    let date: jiff::civil::Date = date.parse().map_err(wrong)?;
    let midnight: jiff::Timestamp = format!("{date}T00:00:00Z").parse().map_err(wrong)?;
    Ok(midnight.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};

    fn parse(arguments: &[&str]) -> Result<SimulateArgs, clap::Error> {
        let command = SimulateArgs::augment_args(clap::Command::new("simulate"));
        SimulateArgs::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    #[test]
    fn defaults_are_a_day_of_an_api_servers_log() {
        let args = parse(&["simulate", "--out", "logs"]).unwrap();
        assert_eq!((args.format, args.days, args.seed), (Format::KubeApiserver, 1, 1));
        assert_eq!(args.start, 1_793_491_200_000_000);
    }

    #[test]
    fn wrong_formats_and_dates_are_wrong_usage() {
        assert!(parse(&["simulate", "--out", "logs", "--format", "csv"]).is_err());
        assert!(parse(&["simulate", "--out", "logs", "--start", "yesterday"]).is_err());
    }
}
