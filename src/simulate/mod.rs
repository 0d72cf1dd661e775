//! Audit logs as real clusters write them, with attacks planted in them and the truth about
//! them beside: what every end-to-end test and benchmark stands on.
//!
//! ```text
//! World ──> Background ─┐
//!   └─────> Plan ───────┴─> Timeline ──> Container's templates ──> files
//!              └─> Truth ────────────────────────────────────────> truth.json
//! ```
//!
//! The plan (attacks and look-alikes) depends on seed, cluster, start and days alone, so that
//! every container holds the same ones. Nothing depends on the clock or on threads: the same
//! options give the same bytes.

mod attacks;
mod background;
mod body;
mod call;
pub(crate) mod capture;
mod clock;
mod event;
mod format;
mod lookalikes;
mod output;
mod plan;
#[cfg(test)]
pub(crate) mod planted;
mod rng;
mod template;
#[cfg(test)]
mod tests;
mod timeline;
mod truth;
mod world;

pub use format::Format;
pub use truth::{Attack, Expected, Truth};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cancel::Cancel;
use background::Background;
use call::{Call, Level, Stage};
use format::Container;
use output::Output;
use plan::Plan;
use template::Template;
use timeline::Timeline;
use world::World;

/// What stands before a record's bodies is shorter than this.
const MIN_CUT: usize = 2_048;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct SimulateOptions {
    /// The folder that the logs go to; it must be empty or not there.
    pub out: PathBuf,
    /// Where the truth goes, `out/truth.json` without it. A file that is there already is joined
    /// with, so that several simulations can share one.
    pub truth: Option<PathBuf>,
    pub format: Format,
    /// How many days the log spans, from midnight UTC on.
    pub days: u32,
    /// How many records an API server's own log has, with every stage. EKS' policy omits some
    /// stages and GKE logs most requests once: those write fewer records of the same requests.
    pub records: u64,
    pub seed: u64,
    /// The cluster's name: lower-case letters, digits and dashes, as it is part of host and user names.
    pub cluster: String,
    /// Midnight of the first day, microseconds since 1970-01-01T00:00Z.
    pub start: i64,
    /// Gzip for containers that are plain text.
    pub compress: bool,
    /// Reads of secrets are logged with long answers, and records cut after so many bytes.
    pub cut: Option<usize>,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Simulated {
    pub truth: Truth,
    pub truth_path: PathBuf,
    pub records: u64,
    pub files: u64,
    /// Before compression.
    pub bytes: u64,
    /// Of the records alone, without what their container wraps around them.
    pub inner: u64,
}

/// Why nothing, or not everything, was simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    #[error(
        "a log of {days} days with all attacks needs at least {minimum} records, not {asked}: try --records {minimum}"
    )]
    TooFewRecords { asked: u64, minimum: u64, days: u32 },
    #[error("a log spans at least one day and at most 3650, not {0}: try --days 1")]
    Days(u32),
    #[error("{0:?} cannot be a cluster's name: try up to 40 lower-case letters, digits and dashes")]
    Cluster(String),
    #[error("nothing cuts records of {0}: try --format eks-firehose or aks-storage, or leave --cut out")]
    NeverCut(&'static str),
    #[error("a cut after {0} bytes would leave no caller of a request: try --cut {MIN_CUT}")]
    CutTooShort(usize),
    #[error("the folder {} is not empty: name another with --out, or empty it", .0.display())]
    NotEmpty(PathBuf),
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is not a truth.json: move it away, or name another with --truth", path.display())]
    Truth { path: PathBuf, source: serde_json::Error },
    #[error("cancelled, the logs in {} are not complete", .0.display())]
    Cancelled(PathBuf),
}

impl SimulateError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// Writes the logs and the truth about them.
///
/// # Errors
/// When the options ask for what cannot be, or a file cannot be written.
pub fn run(options: &SimulateOptions, cancel: &Cancel) -> Result<Simulated, SimulateError> {
    check(options)?;
    let world = World::new(options.seed, &options.cluster);
    let plan = plan(&world, options);
    let minimum = plan.records();
    if options.records < minimum {
        return Err(SimulateError::TooFewRecords { asked: options.records, minimum, days: options.days });
    }
    let truth_path = options.truth.clone().unwrap_or_else(|| options.out.join("truth.json"));
    let mut truth = plan.truth.clone();
    if truth_path.exists() {
        truth.join(Truth::read(&truth_path)?);
    }
    prepare(&options.out)?;
    let background = Background::new(&world);
    let mut simulated = write_logs(options, &background, &plan, cancel)?;
    truth.write(&truth_path)?;
    simulated.truth_path = truth_path;
    Ok(simulated)
}

fn plan(world: &World, options: &SimulateOptions) -> Plan {
    let mut plan = Plan::new(options.start, options.days);
    attacks::plan(world, options.seed, &mut plan);
    lookalikes::plan(world, options.seed, &mut plan);
    plan.finish()
}

fn check(options: &SimulateOptions) -> Result<(), SimulateError> {
    if !(1..=3650).contains(&options.days) {
        return Err(SimulateError::Days(options.days));
    }
    let name = options.cluster.as_bytes();
    let is_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    if name.is_empty() || name.len() > 40 || !name.iter().all(is_name) {
        return Err(SimulateError::Cluster(options.cluster.clone()));
    }
    if let Some(cut) = options.cut {
        if options.format.container(&options.cluster).cut("").is_none() {
            return Err(SimulateError::NeverCut(options.format.as_str()));
        }
        if cut < MIN_CUT {
            return Err(SimulateError::CutTooShort(cut));
        }
    }
    Ok(())
}

fn prepare(out: &Path) -> Result<(), SimulateError> {
    fs::create_dir_all(out).map_err(SimulateError::io("create", out))?;
    let mut entries = fs::read_dir(out).map_err(SimulateError::io("read", out))?;
    if entries.next().is_some() { Err(SimulateError::NotEmpty(out.to_owned())) } else { Ok(()) }
}

/// A call as its container writes it.
struct Rendered {
    lane: usize,
    /// With the bytes of the record itself.
    stages: [Option<(u64, Template)>; Stage::ALL.len()],
}

impl Rendered {
    fn new(container: &dyn Container, call: &Call, cut: Option<usize>) -> Self {
        let source = container.source();
        let lane = source.lane(call);
        let stages = Stage::ALL.map(|stage| {
            let record = source.record(call, stage).filter(|_| container.holds(call))?;
            let record = cut.and_then(|limit| cut_at(container, &record, limit)).unwrap_or(record);
            let inner = record.len() as u64;
            Some((inner, Template::new(container.wrap(lane, record))))
        });
        Self { lane, stages }
    }
}

/// The record cut as its container has long ones, where it is longer than `limit` bytes.
fn cut_at(container: &dyn Container, record: &str, limit: usize) -> Option<String> {
    if record.len() <= limit {
        return None;
    }
    container.cut(&record[..template::outside_marks(record, limit)])
}

/// A call as it is logged where records are cut: successful reads of secrets with an answer too long for the limit.
fn with_long_answer(call: &Call, limit: usize) -> Call {
    let mut call = call.clone();
    if plan::secret_key(&call).is_some() && call.code < 400 {
        call.level = Level::RequestResponse;
        call.response = Some(body::long_secret(limit));
    }
    call
}

fn write_logs(
    options: &SimulateOptions,
    background: &Background,
    plan: &Plan,
    cancel: &Cancel,
) -> Result<Simulated, SimulateError> {
    let container = options.format.container(&options.cluster);
    let calls = background.calls.iter().chain(&plan.calls);
    let rendered: Vec<_> = calls
        .map(|call| match options.cut {
            Some(limit) => Rendered::new(&*container, &with_long_answer(call, limit), options.cut),
            None => Rendered::new(&*container, call, None),
        })
        .collect();
    let mut output = Output::new(&options.out, &*container, options.compress);
    let (mut records, mut inner) = (0, 0);
    let emit = |call: usize, stage: Stage, values: &template::Values| {
        let call = &rendered[call];
        match &call.stages[stage as usize] {
            Some((length, template)) => {
                records += 1;
                inner += length;
                output.write(call.lane, template, values)
            }
            None => Ok(()),
        }
    };
    Timeline::new(background, plan, options.seed, emit).play(options.records, cancel)?;
    output.finish()?;
    if cancel.is_cancelled() {
        return Err(SimulateError::Cancelled(options.out.clone()));
    }
    let truth = plan.truth.clone();
    let (files, bytes) = (output.files, output.bytes);
    Ok(Simulated { truth, truth_path: PathBuf::new(), records, files, bytes, inner })
}
