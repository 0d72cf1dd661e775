//! Counts once and reads the answer of `tune`, by the files of `sql/tune`.

use std::collections::BTreeMap;

use serde_json::json;

use super::recommend::recommend;
use super::{AtThreshold, Line, THRESHOLDS, Tuning, User};
use crate::cancel::Cancel;
use crate::detect::alert::Versions;
use crate::detect::allow::{AllowUse, Silencer};
use crate::detect::group::Group;
use crate::detect::hunt::Hunt;
use crate::detect::parameters::GroupColumn;
use crate::detect::{DetectError, HuntParameters, Rule};
use crate::engine::{Engine, Param};
use crate::lake::utc;
use crate::sql;

/// Users that are named; all are counted.
const MOST: i64 = 100_000;

/// What a hunt with these parameters would give with other thresholds.
///
/// # Errors
/// As [`crate::detect::hunt()`].
pub fn tune(
    engine: &Engine,
    rule: &Rule,
    parameters: &HuntParameters,
    cancel: &Cancel,
) -> Result<Tuning, DetectError> {
    let mut hunt = Hunt::new(engine, rule, parameters, cancel)?;
    let lowest = parameters.threshold.min(*THRESHOLDS.start());
    hunt.bind("lowest", Param::Int(lowest));
    hunt.bind("highest", Param::Int(parameters.threshold.max(*THRESHOLDS.end())));
    hunt.bind("most", Param::Int(MOST));
    hunt.count()?;
    hunt.keep("starts", sql::file("tune/starts.sql"))?;
    hunt.keep("peaks", sql::file("tune/peaks.sql"))?;
    let mut thresholds = thresholds(&hunt)?;
    let allow = match Silencer::of(parameters)? {
        Some(silencer) => with_list(&mut hunt, &silencer, lowest, &mut thresholds)?,
        None => {
            hunt.keep("touched", sql::file("tune/untouched.sql"))?;
            hunt.keep("rest_peaks", sql::file("tune/peaks.sql"))?;
            Vec::new()
        }
    };
    let (users, users_counted) = users(&hunt)?;
    Ok(Tuning {
        schema: "kubetrawl/tune/1".to_owned(),
        versions: Versions { kubetrawl: env!("CARGO_PKG_VERSION").to_owned(), duckdb: engine.version()? },
        parameters: json!(parameters),
        recommendation: recommend(&thresholds, &users, parameters.threshold),
        thresholds,
        users_counted,
        users,
        allow,
    })
}

fn thresholds(hunt: &Hunt<'_>) -> Result<Vec<AtThreshold>, DetectError> {
    let mut thresholds = Vec::new();
    hunt.each(sql::file("tune/thresholds.sql"), |cells, row| {
        let int = |name| cells.int(row, name).map(Option::unwrap_or_default);
        let (threshold, alerts, users) = (int("threshold")?, int("alerts")?, int("users")?);
        thresholds.push(AtThreshold { threshold, alerts, users, silenced: 0 });
        Ok(())
    })?;
    Ok(thresholds)
}

/// Counts again with the list, and with each of its entries alone.
fn with_list(
    hunt: &mut Hunt<'_>,
    silencer: &Silencer<'_>,
    lowest: i64,
    thresholds: &mut [AtThreshold],
) -> Result<Vec<Line>, DetectError> {
    hunt.keep("spans", sql::file("detect/spans.sql"))?;
    silencer.read(hunt)?;
    silencer.take_out(hunt, lowest)?;
    hunt.detect()?;
    hunt.keep("rest_starts", sql::file("tune/starts.sql"))?;
    hunt.keep("rest_peaks", sql::file("tune/peaks.sql"))?;
    let by_threshold = silenced_by(hunt, "tune/silenced.sql", "threshold")?;
    for at in thresholds {
        at.silenced = by_threshold.get(&at.threshold).copied().unwrap_or_default();
    }
    let uses = silencer.uses(hunt, &silencer.silenced(hunt)?)?;
    let entries = i64::try_from(uses.len()).unwrap_or(i64::MAX);
    hunt.bind("entries", Param::Int(entries));
    hunt.keep("pairs", sql::file("tune/pairs.sql"))?;
    hunt.keep("reads", sql::file("tune/pair_reads.sql"))?;
    hunt.detect()?;
    let alone = silenced_by(hunt, "tune/alone.sql", "entry")?;
    let line = |(entry, used): (i64, AllowUse)| {
        let silences_alone = alone.get(&entry).copied().unwrap_or_default();
        Line { used, silences_alone }
    };
    Ok((0..).zip(uses).map(line).collect())
}

/// The column `silenced` of a statement, by another.
fn silenced_by(
    hunt: &Hunt<'_>,
    statement: &str,
    key: &'static str,
) -> Result<BTreeMap<i64, i64>, DetectError> {
    let mut pairs = BTreeMap::new();
    hunt.each(sql::file(statement), |cells, row| {
        let int = |name| cells.int(row, name).map(Option::unwrap_or_default);
        pairs.insert(int(key)?, int("silenced")?);
        Ok(())
    })?;
    Ok(pairs)
}

fn users(hunt: &Hunt<'_>) -> Result<(Vec<User>, i64), DetectError> {
    let (mut users, mut counted) = (Vec::new(), 0);
    hunt.each(sql::file("tune/users.sql"), |cells, row| {
        let group = Group::read(cells, row, &hunt.parameters.by)?;
        let int = |name| cells.int(row, name).map(Option::unwrap_or_default);
        counted = int("users")?;
        let others = group.others();
        users.push(User {
            username: group.value(GroupColumn::Username).flatten().map(str::to_owned),
            group: (!others.is_empty()).then_some(others),
            peak_distinct: int("peak_distinct")?,
            peaked_at: utc::text(cells.time(row, "peaked_at")?.unwrap_or_default()),
            usual_distinct: int("usual_distinct")?,
            active_days: int("active_days")?,
            left_distinct: int("left_distinct")?,
            left_usual: int("left_usual")?,
        });
        Ok(())
    })?;
    Ok((users, counted))
}
